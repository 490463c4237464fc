package explain

import (
	"strings"
	"sync"
	"unicode"
)

// confusables maps letters to those that they look like: the part of the data
// of UTS 39 (confusables.txt) that can stand in a domain name, lower case.
var confusables = sync.OnceValue(func() map[rune]rune {
	m := map[rune]rune{}
	for _, pair := range strings.Fields(`
		0o 1l |l ıi ɑa ɡg ʟl ǀl
		аa вb еe һh іi јj кk ӏl мm нh оo рp сc тt уy хx ѕs ԁd ԛq ԝw ѵv ґr гr ьb ѐe ёe ӓa ӧo ӱy үy
		αa βb γy εe ηn ιi κk νv οo ρp σo τt υu χx ωw ϲc ϳj άa έe ήn ίi όo ύu
		աw զq ւi ոn սu օo հh յj ցg գq տs
		ạa ḅb ḍd ẹe ḥh ịi ḳk ḷl ṃm ṇn ọo ṛr ṣs ṭt ụu ṿv ẉw ỵy ẓz łl øo ħh ŧt`) {
		if r := []rune(pair); len(r) == 2 {
			m[r[0]] = r[1]
		}
	}
	return m
})

// skeleton gives what a domain looks like: two domains with the same one are
// hard to tell apart. UTS 39 section 4, and the pairs rn and vv.
func skeleton(s string) string {
	var b strings.Builder
	table := confusables()
	for _, r := range strings.ToLower(s) {
		if c, ok := table[r]; ok {
			r = c
		}
		switch {
		case r == 'l':
			r = 'i' // l, 1 and capital I are one stroke
		case unicode.Is(unicode.Mn, r), unicode.Is(unicode.Cf, r):
			continue
		}
		b.WriteRune(r)
	}
	return strings.NewReplacer("rn", "m", "vv", "w", "ci", "d").Replace(b.String())
}

// mixed reports whether a label of a domain has letters of Latin and of a
// script that looks like it.
func mixed(domain string) bool {
	for l := range strings.SplitSeq(domain, ".") {
		latin, other := false, false
		for _, r := range l {
			latin = latin || unicode.Is(unicode.Latin, r)
			other = other || unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian)
		}
		if latin && other {
			return true
		}
	}
	return false
}
