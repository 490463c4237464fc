package local

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// acePrefix begins a label of a domain that stands for one with other letters
// (RFC 5890 section 2.3.2.1).
const acePrefix = "xn--"

// maxLabel is the length of a label of a domain (RFC 1035 section 2.3.4).
const maxLabel = 63

// withLetters gives an address with its domain as people write it,
// xn--mller-kva.example as müller.example; ok is false if it is no such domain.
func withLetters(addr string) (s string, ok bool) {
	local, domain, ok := strings.Cut(addr, "@")
	if !ok || len(domain) < len(acePrefix) || !strings.Contains(strings.ToLower(domain), acePrefix) {
		return "", false
	}
	labels := strings.Split(domain, ".")
	ok = false
	for i, l := range labels {
		if len(l) > maxLabel || len(l) < len(acePrefix) || !strings.EqualFold(l[:len(acePrefix)], acePrefix) {
			continue
		}
		if letters, sound := punycode(l[len(acePrefix):]); sound {
			labels[i], ok = letters, true
		}
	}
	return local + "@" + strings.Join(labels, "."), ok
}

// punycode decodes a label (RFC 3492 section 6.2).
func punycode(s string) (string, bool) {
	const base, tMin, tMax, skew, damp, bias0, n0 = 36, 1, 26, 38, 700, 72, 128
	var out []rune
	if at := strings.LastIndexByte(s, '-'); at >= 0 {
		out, s = []rune(s[:at]), s[at+1:]
	}
	n, i, bias := n0, 0, bias0
	for len(s) > 0 {
		from, weight := i, 1
		for k := base; ; k += base {
			if s == "" {
				return "", false
			}
			digit := punycodeDigit(s[0])
			s = s[1:]
			if digit < 0 || digit > (math.MaxInt32-i)/weight {
				return "", false
			}
			i += digit * weight
			t := min(max(k-bias, tMin), tMax)
			if digit < t {
				break
			}
			if weight > math.MaxInt32/(base-t) {
				return "", false
			}
			weight *= base - t
		}
		size := len(out) + 1
		delta := (i - from) / 2
		if from == 0 {
			delta = i / damp
		}
		delta += delta / size
		k := 0
		for delta > (base-tMin)*tMax/2 {
			delta /= base - tMin
			k += base
		}
		bias = k + (base-tMin+1)*delta/(delta+skew)
		n += i / size
		i %= size
		if n > utf8.MaxRune || !utf8.ValidRune(rune(n)) {
			return "", false
		}
		out = slices.Insert(out, i, rune(n))
		i++
	}
	return string(out), true
}

// punycodeDigit is the value of a digit, -1 if c is none.
func punycodeDigit(c byte) int {
	switch {
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return int(c|0x20) - 'a'
	case '0' <= c && c <= '9':
		return int(c) - '0' + 26
	}
	return -1
}
