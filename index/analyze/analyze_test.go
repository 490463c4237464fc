package analyze

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// show writes tokens as "pos:term pos:term".
func show(tokens []Token) string {
	var b strings.Builder
	for i, t := range tokens {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%d:%s", t.Pos, t.Term)
	}
	return b.String()
}

func TestText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"punctuation alone", " -- & ... ", ""},
		{"case", "Open INVOICES now", "0:open 1:invoices 2:now"},
		{"inner punctuation", "don't re-read a_b", "0:don 1:t 2:re 3:read 4:a 5:b"},
		{"URL", "http://kvist.example/a?b=1", "0:http 1:kvist 2:example 3:a 4:b 5:1"},
		{"letters with digits", "QX1234 3rd", "0:qx1234 1:3rd"},
		{"typographic apostrophe", "don’t", "0:don 1:t"},
		{"apostrophe that is called a letter", "donʼt", "0:don 1:t"},

		{"file number", "71450/36214", "0:71450 0:7145036214 1:36214"},
		{"sum", "1.234,56", "0:1 1:234 2:56"},
		{"millions", "1,234,567", "0:1 0:1234567 1:234 2:567"},
		{"date", "2019-03-14", "0:2019 0:20190314 1:03 2:14"},
		{"telephone with blanks", "0171/123 45-67", "0:0171 0:01711234567 1:123 2:45 3:67"},
		{"telephone with country", "+49 (30) 123 4567", "0:49 0:49301234567 1:30 2:123 3:4567"},
		{"numbers side by side", "1000 2000 3000", "0:1000 1:2000 2:3000"},
		{"table of digits", "0 11111 22222 33333 44444", "0:0 1:11111 2:22222 3:33333 4:44444"},
		{"number before a word", "0171-1234567 call", "0:0171 0:01711234567 1:1234567 2:call"},
		{"Arabic digits", "١٢٣", "0:123"},
		{"full-width digits", "１２３", "0:123"},
		{"fraction", "½", "0:1 1:2"},

		{"umlauts", "grün", "0:grun 0:gruen"},
		{"umlaut of two characters", "gru\u0308n", "0:grun 0:gruen"},
		{"umlauts in capitals", "ÄRÖ", "0:aro 0:aeroe"},
		{"Danish", "Ærø Århus", "0:aero 0:aeroe 1:arhus 1:aarhus"},
		{"sharp s", "Straße STRASSE ẞ", "0:strasse 1:strasse 2:ss"},
		{"letters without decomposition", "Łódź đ þorn cœur", "0:lodz 1:d 2:thorn 3:coeur"},
		{"Turkish i", "İstanbul ISI ısı", "0:istanbul 1:isi 2:isi"},
		{"accents", "naïve café señor", "0:naive 1:cafe 2:senor"},
		{"Vietnamese", "Nguyễn Đường", "0:nguyen 1:duong"},
		{"ligature", "ﬁnal", "0:final"},
		{"full width", "ＡＢＣ", "0:abc"},
		{"trade mark", "Kvist™", "0:kvisttm"},
		{"soft hyphen", "Ver\u00adtrag", "0:vertrag"},
		{"zero width", "ver\u200btrag\ufeff a\u2060b", "0:vertrag 1:ab"},

		{"Greek", "ΟΔΟΣ οδός Ἀθῆναι", "0:οδοσ 1:οδοσ 2:αθηναι"},
		{"Cyrillic keeps its letters", "ёлка йод Її", "0:елка 1:йод 2:її"},
		{"Cyrillic of two characters", "и\u0306од", "0:йод"},
		{"Russian stress", "за\u0301мок", "0:замок"},
		{"Arabic vowels", "الْعَرَبِيَّة", "0:العربيه"},
		{"Arabic alef and tatweel", "أحمد احـمد", "0:احمد 1:احمد"},
		{"Persian", "کتابی", "0:كتابي"},
		{"Hebrew points", "שָׁלוֹם", "0:שלום"},
		{"Hindi keeps its vowels", "हिन्दी", "0:हिन्दी"},
		{"Armenian ligature", "և", "0:եւ"},

		{"Chinese", "新年快乐", "0:新年 1:年快 2:快乐 3:乐"},
		{"one character", "快", "0:快"},
		{"Chinese with Latin", "用iPhone手机", "0:用 1:iphone 2:手机 3:机"},
		{"Chinese over a line end", "新年\n快乐", "0:新年 1:年快 2:快乐 3:乐"},
		{"Chinese over CRLF", "新年\r\n快", "0:新年 1:年快 2:快"},
		{"Chinese over a paragraph", "新年\n\n快乐", "0:新年 1:年 2:快乐 3:乐"},
		{"Japanese punctuation", "東京。京都", "0:東京 1:京 2:京都 3:都"},
		{"half-width katakana", "ｶﾞｷ", "0:がき 1:き"},
		{"Korean lines end between words", "한국\n어", "0:한국 1:국 2:어"},
		{"Korean of letters", "\u1112\u1161\u11ab국", "0:한국 1:국"},
		{"Thai", "ไทย", "0:ไท 1:ทย 2:ย"},
		{"ideograph with variation selector", "葛\U000E0100城", "0:葛城 1:城"},
		{"picture", "Party🎉🎉now", "0:party 1:🎉 2:🎉 3:now"},

		{"long word", strings.Repeat("a", 70), "0:" + strings.Repeat("a", 64)},
		{"long word is cut between characters", "a" + strings.Repeat("я", 40), "0:a" + strings.Repeat("я", 31)},
		{"base64", "QWxhZGRpbjpvcGVuIHNlc2FtZTEyMzQ1Njc4OTA", "0:qwxhzgrpbjpvcgvuihnlc2ft"},
		{"hex", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "0:da39a3ee5e6b4b0d3255bfef"},
		{"long word with a number", "uebersichtsfahrplan2019neu", "0:uebersichtsfahrplan2019neu"},
		{"not UTF-8", "a\xffb \xc3", "0:a 1:b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(Text(nil, c.text)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestOffsets(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string // what stands at the offsets of each token
	}{
		{"Das GRÜNE Haus", []string{"Das", "GRÜNE", "GRÜNE", "Haus"}},
		{"Ver\u00adtrag, ja", []string{"Ver\u00adtrag", "ja"}},
		{"gru\u0308n", []string{"gru\u0308n", "gru\u0308n"}},
		{"新年快", []string{"新年", "年快", "快"}},
		{"ｶﾞｷ", []string{"ｶﾞｷ", "ｷ"}},
		{"71450/36214", []string{"71450", "71450/36214", "36214"}},
		{"a " + strings.Repeat("b", 300), []string{"a", strings.Repeat("b", 300)}},
		{"cafe\u0301", []string{"cafe\u0301"}},
	} {
		t.Run(c.text[:min(12, len(c.text))], func(t *testing.T) {
			var got []string
			for _, tok := range Text(nil, c.text) {
				got = append(got, c.text[tok.Start:tok.End])
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAddress(t *testing.T) {
	for _, c := range []struct{ name, addr, want string }{
		{"Anna Groß", "anna.gross@Mail.Kvist.example", "0:anna 1:gross 3:anna.gross@mail.kvist.example 3:anna 4:gross 5:mail 6:kvist 7:example"},
		{"", "a@b.example", "0:a@b.example 0:a 1:b 2:example"},
		{"Anna", "", "0:anna"},
		{"", "jörg@kvist.example", "0:jorg@kvist.example 0:joerg@kvist.example 0:jorg 0:joerg 1:kvist 2:example"},
		{"", "postmaster", "0:postmaster"},
		{"", "", ""},
	} {
		t.Run(c.addr, func(t *testing.T) {
			if got := show(Address(nil, c.name, c.addr)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestFileName(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"IMG_vertrag_final_2019.jpg", "0:img_vertrag_final_2019.jpg 0:img 1:vertrag 2:final 3:2019 4:jpg"},
		{"scan0042.pdf", "0:scan0042.pdf 0:scan 1:0042 2:pdf"},
		{"Verträge 2019.docx", "0:vertrage 2019.docx 0:vertraege 2019.docx 0:vertrage 0:vertraege 1:2019 2:docx"},
		{"README", "0:readme"},
		{"合同2019.pdf", "0:合同2019.pdf 0:合同 1:同 2:2019 3:pdf"},
		{"", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := show(FileName(nil, c.name)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestPositionsGoOn(t *testing.T) {
	tokens := Text(nil, "one two")
	tokens = Text(tokens, "three")
	tokens = Address(tokens, "", "a@b.example")
	tokens = FileName(tokens, "c.pdf")
	want := "0:one 1:two 2:three 102:a@b.example 102:a 103:b 104:example 204:c.pdf 204:c 205:pdf"
	if got := show(tokens); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFold(t *testing.T) {
	for _, c := range []struct{ text, base, alt string }{
		{"Straße", "strasse", ""},
		{"GRÜN a/b", "grun a/b", "gruen a/b"},
		{"新年 ｶﾞ", "新年 ガ", ""},
		{"a\u00adb", "ab", ""},
		{"", "", ""},
	} {
		if base, alt := Fold(c.text); base != c.base || alt != c.alt {
			t.Errorf("%q: got %q and %q, want %q and %q", c.text, base, alt, c.base, c.alt)
		}
	}
}

// sample has a case of every rule.
const sample = "Open invoices, 71450/36214; don't re-read http://kvist.example/a_b?c=1 " +
	"Grüße aus Ærø, ŁÓDŹ, Øresund, İstanbul ısı, Straße ẞ, cœur naı\u0308ve, u\u0308ber, ﬁnal ＡＢＣ１２ soft\u00adhyphen zero\u200bwidth " +
	"Ελληνικός ΟΔΟΣ ёлка йод за\u0301мок الْعَرَبِيَّة أحمد مدرسة على کتاب שָׁלוֹם हिन्दी ภาษาไทย ລາວ ខ្មែរ မြန်မာ " +
	"新年快乐\n春节 東京タワー ｶﾞｷﾞ 한국어를 🎉 ١٢٣ ½ ² № ™ ǆ " +
	"0171/123 45-67 +49 (0)30 1234567 1.234,56 2019-03-14 192.168.100.20 1,234,567 " +
	"QWxhZGRpbjpvcGVuIHNlc2FtZTEyMzQ1Njc4OTA da39a3ee5e6b4b0d3255bfef95601890afd80709 " +
	"Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"

// rules is a hash of what the rules make of the sample.
func rules() string {
	tokens := Text(nil, sample)
	tokens = Address(tokens, "Jörg Ægir", "jorg.aegir+x@Mail.Kvist.example")
	tokens = FileName(tokens, "IMG_Verträge2019-final.tar.gz")
	h := fnv.New64a()
	for _, t := range tokens {
		fmt.Fprintf(h, "%d %d %d %s\n", t.Pos, t.Start, t.End, t.Term)
	}
	fmt.Fprint(h, Gap, maxTerm, cutTerm, maxWhole)
	return fmt.Sprintf("%016x", h.Sum64())
}

// TestFingerprint: the sample must have a term of every rule, or a changed rule
// would not change the fingerprint.
func TestFingerprint(t *testing.T) {
	if got := rules(); got != Fingerprint {
		t.Errorf("the rules have changed: Fingerprint must be %q", got)
	}
	var terms []string
	for _, tok := range Text(nil, sample) {
		terms = append(terms, tok.Term)
	}
	for _, want := range []string{
		"7145036214", "grusse", "gruesse", "aero", "lodz", "istanbul", "isi", "strasse", "coeur", "naive", "final", "abc12", "softhyphen", "zerowidth",
		"οδοσ", "елка", "йод", "замок", "العربيه", "احمد", "مدرسه", "كتاب", "שלום", "हिन्दी", "ภา", "乐春", "がぎ", "한국", "🎉", "123",
		"01711234567", "1234567", "qwxhzgrpbjpvcgvuihnlc2ft", "da39a3ee5e6b4b0d3255bfef",
	} {
		if !slices.Contains(terms, want) {
			t.Errorf("no term %q in the sample", want)
		}
	}
}

func TestASCIIWordsCostNoAllocation(t *testing.T) {
	text := strings.Repeat("the folder with open invoices is on the shelf ", 100)
	tokens := Text(nil, text)
	if n := testing.AllocsPerRun(20, func() { tokens = Text(tokens[:0], text) }); n > 0 {
		t.Errorf("got %v allocations for 900 words, want none", n)
	}
}

// TestSteadyIsNFKC: what isSteady promises of a character is what the tables of
// x/text say of it.
func TestSteadyIsNFKC(t *testing.T) {
	for r := rune(0); r < 0x11000; r++ {
		if !isSteady(r) {
			continue
		}
		p := norm.NFKC.PropertiesString(string(r))
		if !p.BoundaryBefore() || norm.NFKC.String(string(r)) != string(r) {
			t.Errorf("%U is not its own NFKC, or joins with the one before", r)
		}
	}
}

// TestHostileTextsEndSoon: half a megabyte of anything is read at once.
func TestHostileTextsEndSoon(t *testing.T) {
	for _, s := range []string{
		"½", "\u0301", "a\u0301", "ﷺ", "ﷺa", "新\n", "新", "1-", "0 ", "01 ", "1.", "ｶﾞ", "\u1100", "\u1100\u1161\u11a8", "한\u11a8",
		"é", "e\u0301\u0323", "\u0e33", "a", "A", "aA1", "\u200b", "ｶ", "新\ufe00", "\xff", "Å", "\u0344", "²a", "🎉", "\u0f73\u0f71",
	} {
		text := strings.Repeat(s, 1<<19/len(s))
		start := time.Now()
		Text(nil, text)
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%q half a megabyte long took %v", s, d)
		}
	}
}

// check sees that tokens keep what Text promises of them.
func check(t *testing.T, text string, tokens []Token) {
	t.Helper()
	pos := 0
	for _, tok := range tokens {
		if tok.Pos < pos || tok.Pos > pos+1 {
			t.Fatalf("%q: position %d follows %d", text, tok.Pos, pos)
		}
		pos = tok.Pos
		if tok.Start < 0 || tok.Start >= tok.End || tok.End > len(text) {
			t.Fatalf("%q: term %q at [%d:%d] of %d octets", text, tok.Term, tok.Start, tok.End, len(text))
		}
		if tok.Term == "" || !utf8.ValidString(tok.Term) || len(tok.Term) > maxTerm {
			t.Fatalf("%q: term %q", text, tok.Term)
		}
	}
}

// holds is what an engine does with a Pattern.
func holds(p Pattern, tokens []Token) bool {
	for _, w := range p.Whole {
		for _, tok := range tokens {
			if tok.Term == w || p.Prefix && strings.HasPrefix(tok.Term, w) {
				return true
			}
		}
	}
	at := map[int][]string{}
	for _, tok := range tokens {
		at[tok.Pos] = append(at[tok.Pos], tok.Term)
	}
	for start := range at {
		found := len(p.Slots) > 0
		for i, slot := range p.Slots {
			found = found && slices.ContainsFunc(at[start+i], func(term string) bool {
				return slices.ContainsFunc(slot, func(want string) bool {
					return term == want || p.Prefix && i == len(p.Slots)-1 && strings.HasPrefix(term, want)
				})
			})
		}
		if found {
			return true
		}
	}
	return false
}

// findsItsWords sees that every word of text, typed as a query, finds it.
func findsItsWords(t *testing.T, text string) {
	t.Helper()
	tokens := Text(nil, text)
	check(t, text, tokens)
	for _, word := range strings.Fields(text) {
		p := Query(Words, word, false)
		if len(p.Slots) == 0 {
			if len(Text(nil, word)) > 0 {
				t.Fatalf("%q has words, but no pattern", word)
			}
			continue
		}
		if !holds(p, tokens) {
			t.Fatalf("%q does not find %q: %+v in %s", word, text, p, show(tokens))
		}
	}
}

// alphabet has what the rules are about.
var alphabet = strings.Split("a b Z 0 1 7 ü Ü u\u0308 ß é e\u0301 \u0301 İ ı Ł æ Ø ﬁ ½ ² Ａ １ ς Σ ё й и\u0306 أ ـ ة \u064b ש \u05b8 ह ि 新 年 快 ｶ ﾞ か ー 한 \u1112\u1161\u11ab ท ั ไ က 🎉 ' - / . , _ @ ( ) + – ’ \u00ad \u200b \u200d \ufeff \ufe0f ʼ № ™ ǆ \xff \xc3 ﷺ \u034f", " ")

func TestEveryWordFindsItsText(t *testing.T) {
	findsItsWords(t, sample)
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	for range 3000 {
		var b strings.Builder
		for range 1 + rnd.IntN(40) {
			if rnd.IntN(6) == 0 {
				b.WriteString([]string{" ", "\n", "\r\n", "  "}[rnd.IntN(4)])
			}
			b.WriteString(alphabet[rnd.IntN(len(alphabet))])
		}
		findsItsWords(t, b.String())
	}
}

func FuzzAnalyze(f *testing.F) {
	f.Add(sample)
	f.Add(strings.Join(alphabet, ""))
	f.Add("新年\n快乐 0171/123 45-67")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		findsItsWords(t, text)
		check(t, text, scan(nil, text, 0, true))
		Address(nil, text, text)
		Fold(text)
		for _, kind := range []Kind{Words, Addresses, FileNames} {
			if p := Query(kind, text, true); len(p.Slots) == 0 && p.Prefix {
				t.Fatalf("%q: a beginning of nothing", text)
			}
		}
		if p := Query(FileNames, text, false); len(p.Slots) > 0 && !holds(p, FileName(nil, text)) {
			t.Fatalf("file name %q is not found", text)
		}
		if p := Query(Addresses, text, false); len(p.Slots) > 0 && !holds(p, Address(nil, "", text)) {
			t.Fatalf("address %q is not found", text)
		}
	})
}
