package header

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/emersion/go-message/mail"
)

func codesOf(faults []Fault) string {
	var codes []string
	for _, f := range faults {
		if !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return strings.Join(codes, " ")
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, in string
		fields   string // "Name=value|Name=value"
		body     string
		codes    string
	}{
		{"rfc 5322 appendix A.1.1", "From: John Doe <jdoe@machine.example>\r\nSubject: Saying Hello\r\n\r\nThis is a message\r\n",
			"From=John Doe <jdoe@machine.example>|Subject=Saying Hello", "This is a message\r\n", ""},
		{"fold", "Subject: a\r\n b\r\n\tc\r\nTo: d\r\n\r\nx", "Subject=a b\tc|To=d", "x", ""},
		{"LF", "A: 1\nB: 2\n\nx", "A=1|B=2", "x", ""},
		{"value on the next line", "A:\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n\nx", "A=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "x", "header-value-unindented"},
		{"clauses of Received", "Received: from a.example\nby b.example id 1;\nTue, 04 Mar 2025\n\nx",
			"Received=from a.exampleby b.example id 1;Tue, 04 Mar 2025", "x", "header-value-unindented"},
		{"text after Received", "Received: from a.example; Tue, 04 Mar 2025\nby the way, hello\n", "Received=from a.example; Tue, 04 Mar 2025", "by the way, hello\n", "header-no-blank-line"},
		{"words on the next line", "A:\nthis is the text, which begins without an empty line\n", "A=", "this is the text, which begins without an empty line\n", "header-no-blank-line"},
		{"CR", "A: 1\rB: 2\r\rx", "A=1|B=2", "x", ""},
		{"CR CR LF", "A: 1\r\r\nB: 2\r\r\n\r\r\nx", "A=1|B=2", "x", ""},
		{"no body", "A: 1\r\nB: 2", "A=1|B=2", "", ""},
		{"empty", "", "", "", ""},
		{"empty line only", "\r\nx", "", "x", ""},
		{"empty value", "Subject:\r\nTo: a\r\n\r\n", "Subject=|To=a", "", ""},
		{"bom", "\xef\xbb\xbfSubject: a\r\n\r\nx", "Subject=a", "x", "header-bom"},
		{"mbox line", "From a@b Tue Mar  4 10:11:12 2025\nSubject: a\n\nx", "Subject=a", "x", "header-mbox-line"},
		{"quoted mbox line", ">From a@b Tue Mar  4 10:11:12 2025\nSubject: a\n\nx", "Subject=a", "x", "header-mbox-line"},
		{"From with a blank", "From : a@b.example\nSubject: a\n\nx", "From=a@b.example|Subject=a", "x", "header-space-before-colon"},
		{"empty lines first", "\r\n\r\nSubject: a\r\n\r\nx", "Subject=a", "x", "header-blank-first"},
		{"empty line, then prose with a colon", "\r\nNote: this is text\r\n", "", "Note: this is text\r\n", ""},
		{"continuation first", "  for <a@b>; x\r\nSubject: a\r\n\r\nx", "Subject=a", "x", "header-continuation-first"},
		{"indented prose", "  Dear Carl,\r\n\r\nx", "", "  Dear Carl,\r\n\r\nx", ""},
		{"prose", "Dear Carl,\r\nhow are you\r\n", "", "Dear Carl,\r\nhow are you\r\n", ""},
		{"junk among fields", "To: a\r\nscanned and found clean\r\nSubject: b\r\n\r\nx", "To=a|Subject=b", "x", "header-line-without-colon"},
		{"continuation of junk", "To: a\r\njunk\r\n more junk\r\nSubject: b\r\n\r\nx", "To=a|Subject=b", "x", "header-line-without-colon"},
		{"only a colon", "To: a\r\n: lost\r\nSubject: b\r\n\r\nx", "To=a|Subject=b", "x", "header-name-empty"},
		{"broken field last", "Subject: b\r\nX-Script/a/ b: c\r\n\r\nx", "Subject=b", "x", "header-line-without-colon"},
		{"no empty line", "Subject: a\r\nDear Carl, it is here.\r\nRoom: 12\r\n", "Subject=a", "Dear Carl, it is here.\r\nRoom: 12\r\n", "header-no-blank-line"},
		{"boundary ends it", "Content-Type: text/plain\r\n--b1\r\nContent-Type: a/b\r\n", "Content-Type=text/plain", "--b1\r\nContent-Type: a/b\r\n", ""},
		{"blank continuation", "Subject: a\r\n \r\n b\r\n\r\nx", "Subject=a  b", "x", ""},
		{"blank line ends it", "Subject: a\r\n \r\nDear Carl,\r\n", "Subject=a", "Dear Carl,\r\n", ""},
		{"parameter without indentation", "Content-Type: a/b;\r\nboundary=\"x\"\r\nTo: c\r\n\r\n", "Content-Type=a/b;boundary=\"x\"|To=c", "", "header-parameter-unindented"},
		{"8-bit name", "X-Gr\xf6\xdfe: 3\r\nTo: a\r\n\r\n", `X-Gr\xf6\xdfe=3|To=a`, "", "header-name-8bit"},
		{"NUL", "Subject: a\x00b\r\n\r\n", "Subject=a\x00b", "", "header-nul"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, n, faults := Parse([]byte(c.in), 0)
			var fields []string
			for f := range h.All() {
				fields = append(fields, f.Name+"="+unfold(f.Raw))
				if strings.HasPrefix(f.Name, "X-Gr") {
					continue
				}
				if !strings.HasPrefix(c.in[f.Offset:], f.Name) {
					t.Errorf("%s: the offset %d is not that of the name", f.Name, f.Offset)
				}
			}
			if got := strings.Join(fields, "|"); got != c.fields {
				t.Errorf("got fields %q, want %q", got, c.fields)
			}
			if got := c.in[n:]; got != c.body {
				t.Errorf("got body %q, want %q", got, c.body)
			}
			if got := codesOf(faults); got != c.codes {
				t.Errorf("got faults %q, want %q", got, c.codes)
			}
			if h.Len() != len(fields) {
				t.Errorf("got length %d, want %d", h.Len(), len(fields))
			}
		})
	}
}

func TestParsePartTakesAnEmptyLineAsTheHeader(t *testing.T) {
	h, n, _ := ParsePart([]byte("\r\nSubject: this is the body\r\n"), 0)
	if h.Len() != 0 || n != 2 {
		t.Errorf("got %d fields, body at %d, want none, at 2", h.Len(), n)
	}
}

func TestParseBounds(t *testing.T) {
	in := strings.Repeat("X-A: b\r\n", 1000) + "\r\nbody"
	h, n, faults := Parse([]byte(in), 10)
	if h.Len() != 10 || in[n:] != "body" || codesOf(faults) != "limit-header-fields" {
		t.Errorf("got %d fields, body %q, faults %q", h.Len(), in[n:], codesOf(faults))
	}
	junk := strings.Repeat("junk\r\n", 100_000)
	in = "Subject: a\r\n" + junk + "To: b\r\n\r\nbody"
	allocs := testing.AllocsPerRun(1, func() { h, n, faults = Parse([]byte(in), 0) })
	if h.Len() != 2 || in[n:] != "body" || len(faults) > maxFaults {
		t.Errorf("got %d fields, body %q, %d faults", h.Len(), in[n:], len(faults))
	}
	if last := faults[len(faults)-1].Detail; last != "100000 in all" {
		t.Errorf("got detail %q, want the number of lines", last)
	}
	if allocs > 40 {
		t.Errorf("got %.0f allocations for lines that are no field, want a fixed number", allocs)
	}
}

func TestEnvelope(t *testing.T) {
	h, _, _ := Parse([]byte(">From ada@example.org Tue Mar  4 10:11:12 2025\nSubject: a\n\n"), 0)
	if got, want := h.Envelope(), "From ada@example.org Tue Mar  4 10:11:12 2025"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestValues(t *testing.T) {
	h, _, _ := Parse([]byte("Received: one\r\nreceived: two\r\n three\r\nTo: a\r\n\r\n"), 0)
	if got := h.Values("RECEIVED"); !slices.Equal(got, []string{"one", "two three"}) {
		t.Errorf("got %q", got)
	}
	if !h.Has("to") || h.Has("cc") || h.Value("cc") != "" || h.Value("TO") != "a" {
		t.Error("Has and Value do not agree with the fields")
	}
	var zero Header
	if text, faults := zero.Text("Subject", ""); zero.Len() != 0 || text != "" || faults != nil {
		t.Error("the zero Header has something")
	}
}

func TestDecodeText(t *testing.T) {
	for _, c := range []struct{ name, in, hint, want, codes string }{
		{"plain", "Hello Carl", "", "Hello Carl", ""},
		{"rfc 2047 section 8, 1", "=?ISO-8859-1?Q?a?=", "", "a", ""},
		{"rfc 2047 section 8, 2", "=?ISO-8859-1?Q?a?= b", "", "a b", ""},
		{"rfc 2047 section 8, 3", "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "", "ab", ""},
		{"rfc 2047 section 8, 5", "=?ISO-8859-1?Q?a?=\r\n    =?ISO-8859-1?Q?b?=", "", "ab", ""},
		{"rfc 2047 section 8, 6", "=?ISO-8859-1?Q?a_b?=", "", "a b", ""},
		{"rfc 2047 section 8, 7", "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "", "a b", ""},
		{"rfc 2047 section 8, name", "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=", "", "If you can read this yo", ""},
		{"character over B words", "=?utf-8?B?R3LD?=\r\n =?utf-8?B?tsOfZQ==?=", "", "Größe", ""},
		{"character over Q words, language and case", "=?utf-8*sl?Q?omre=C5?= =?UTF-8?q?=BEje?=", "", "omrežje", ""},
		{"shift_jis over words", "=?shift_jis?B?ie+LYw==?= =?shift_jis?Q?=82=CC?=", "", "会議の", ""},
		{"unknown charset", "=?x-strange?B?R3LDtsOfZQ==?=", "", "Größe", "charset-unknown"},
		{"charset default", "=?default?Q?Gr=F6=DFe?=", "", "Größe", "charset-missing"},
		{"no padding", "=?utf-8?B?R3LDtsOfZQ?=", "", "Größe", ""},
		{"padding doubled", "=?utf-8?B?R3LDtsOfZQ====?=", "", "Größe", ""},
		{"junk in B", "=?utf-8?B?R3LD*tsOfZQ==?=", "", "Größe", "word-bad-octets"},
		{"glued", "Re:=?utf-8?Q?Gr=C3=B6=C3=9Fe?=(neu)", "", "Re:Größe(neu)", ""},
		{"glued words", "=?utf-8?Q?a?==?utf-8?Q?b?=", "", "ab", ""},
		{"raw blanks", "=?utf-8?Q?Gr=C3=B6=C3=9Fe f=C3=BCr alle?=", "", "Größe für alle", ""},
		{"raw octets in a word", "=?utf-8?Q?Größe_f=C3=BCr?=", "", "Größe für", ""},
		{"folded inside", "=?utf-8?B?R3LDt\r\n sOfZQ==?=", "", "Größe", ""},
		{"no end", "=?utf-8?B?R3LDtsOfZQ==", "", "Größe", "word-unclosed"},
		{"no end before a word", "=?utf-8?Q?a_=?utf-8?Q?b?=", "", "a b", "word-unclosed"},
		{"no end, text after B", "=?utf-8?B?R3LDtsOfZQ== neu", "", "Größe neu", "word-unclosed"},
		{"question mark before the end", "=?utf-8?Q?gr=C3=BCn??=", "", "grün?", ""},
		{"question mark before an escape", "=?utf-8?Q?gr=C3=BCn?=20ja?=", "", "grün? ja", ""},
		{"empty word", "=?utf-8?Q??= Order", "", "Order", ""},
		{"no charset", "=??Q?Gr=C3=B6=C3=9Fe?=", "", "Größe", "charset-missing"},
		{"soft break in Q", "=?utf-8?Q?Gr=\r\n =C3=B6=C3=9Fe?=", "", "Gr öße", ""},
		{"no word", "a =?b c =?utf-8?X?d?= e", "", "a =?b c =?utf-8?X?d?= e", ""},
		{"equals in Q", "=?utf-8?Q?a=b?=", "", "a=b", "word-bad-octets"},
		{"cp1252 as latin-1", "=?iso-8859-1?Q?5_=80?=", "", "5 €", "charset-false-label"},
		{"utf-7", "=?utf-7?Q?Gr+APYA3w-e?=", "", "Größe", ""},
		{"iso-2022-jp without closing escape", "=?iso-2022-jp?B?GyRCMnE1RA==?=", "", "会議", ""},
		{"raw utf-8", "Größe", "", "Größe", ""},
		{"raw with hint", "\xef\xd4\xde\xa3\xd4", "koi8-r", "Отчёт", "charset-missing"},
		{"raw iso-2022-jp that looks like a word", "\x1b$B=?=?\x1b(B a", "", "戎戎 a", "charset-missing"},
		{"NUL and controls", "a\x00b\x07 c", "", "ab c", ""},
		{"line end in a word", "=?utf-8?Q?a=0D=0A_b?=", "", "a b", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, faults := DecodeText([]byte(c.in), c.hint)
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if codes := codesOf(faults); codes != c.codes {
				t.Errorf("got faults %q, want %q", codes, c.codes)
			}
		})
	}
}

func TestTextIsBounded(t *testing.T) {
	h, _, _ := Parse([]byte("Subject: "+strings.Repeat("a ", 1<<20)+"\r\n\r\n"), 0)
	text, faults := h.Text("Subject", "")
	if len(text) > maxField || codesOf(faults) != "limit-field-bytes" {
		t.Errorf("got %d octets, faults %q", len(text), codesOf(faults))
	}
}

func TestParseDate(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T15:55:06Z"}, // RFC 5322 appendix A.1.1
		{"Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n               -0330 (Newfoundland Time)", "1969-02-14T03:02:00Z"},
		{"21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06Z"}, // appendix A.6.2
		{"Tue, 4 Mar 2025 10:11:12 +0100 (CET)", "2025-03-04T09:11:12Z"},
		{"Tue, 4 Mar 2025 10:11:12", "2025-03-04T10:11:12Z"},
		{"4 Mar 2025", "2025-03-04T00:00:00Z"},
		{"Tue Mar  4 10:11:12 2025", "2025-03-04T10:11:12Z"},        // asctime
		{"Tue Mar  4 10:11:12 MST 2025", "2025-03-04T17:11:12Z"},    // date(1)
		{"Tuesday, 04-Mar-25 10:11:12 EST", "2025-03-04T15:11:12Z"}, // RFC 850
		{" 4-Mar-2025 10:11:12 +0100", "2025-03-04T09:11:12Z"},      // IMAP
		{"2025-03-04T10:11:12Z", "2025-03-04T10:11:12Z"},            // ISO 8601
		{"2025-03-04T10:11:12.345+01:00", "2025-03-04T09:11:12Z"},
		{"2025-03-04 10:11:12", "2025-03-04T10:11:12Z"},
		{"Tue, 04 Mar 2025 10.11.12 +0100", "2025-03-04T09:11:12Z"},
		{"Di, 4 Mrz 2025 10:11:12 +0100", "2025-03-04T09:11:12Z"},
		{"mar., 4 févr. 2025 10:11:12 +0100", "2025-02-04T09:11:12Z"},
		{"3/14/2025 2:05:06 PM", "2025-03-14T14:05:06Z"},
		{"14.3.2025 12:05", "2025-03-14T12:05:00Z"},
		{"Tue, 04 Mar 2025 12:11:12 AM +0000", "2025-03-04T00:11:12Z"},
		{"Tue, 04 Mar 2025 23:59:60 +0000", "2025-03-05T00:00:00Z"},
		{"Tue, 04 Mar 2025 24:00:00 +0000", "2025-03-05T00:00:00Z"},
		{"Tue, 04 Mar 2025 10:11:12 +9900", "2025-03-04T10:11:12Z"},
		{"Tue, 04 Mar 125 10:11:12 +0000", "2025-03-04T10:11:12Z"},
		{"Thu, 029 Apr 2011 23:34:45 +0900", "2011-04-29T14:34:45Z"}, // a day of three digits
		{"Mon, 30 Feb 2025 10:11:12 +0000", ""},
		{"yesterday", ""}, {"", ""}, {"12:30", ""}, {"Tue, " + strings.Repeat(" :", 500_000), ""},
	} {
		got, ok := ParseDate(c.in)
		text := ""
		if ok {
			text = got.UTC().Format(time.RFC3339)
		}
		if text != c.want {
			t.Errorf("%.60q: got %q, want %q", c.in, text, c.want)
		}
	}
}

// TestDatesAgainstGoMessage compares every form of RFC 5322 with go-message.
func TestDatesAgainstGoMessage(t *testing.T) {
	base := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 300 {
		when := base.Add(time.Duration(i) * 997 * time.Hour).In(time.FixedZone("", (i%27-13)*1800))
		for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 -0700", "2 Jan 2006 15:04:05 -0700", "2 Jan 06 15:04 -0700", "Mon, 2 Jan 2006 15:04:05 GMT"} {
			s := when.Format(layout)
			var h mail.Header
			h.Set("Date", s)
			want, err := h.Date()
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := ParseDate(s); !ok || !got.Equal(want) {
				t.Errorf("%q: got %v, %v, want %v", s, got, ok, want)
			}
		}
	}
}

// TestQuirkMessages compares what a message of testdata/quirks says of its
// date, recipients and references with what is read.
func TestQuirkMessages(t *testing.T) {
	files, err := filepath.Glob("../../testdata/quirks/*.eml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	checked := 0
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		h, _, _ := Parse(b, 0)
		date, _ := h.Date()
		var to []string
		all, _ := h.Addresses("To", "")
		for _, a := range all {
			to = append(to, strings.TrimSpace(a.Name+" <"+a.Addr+">"))
		}
		for field, got := range map[string]string{
			"Date":       date.UTC().Format(time.RFC3339),
			"To":         strings.Join(to, " | "),
			"References": strings.Join(h.MessageIDs("References"), " "),
		} {
			if !h.Has("X-Lostpost-Expect-" + field) {
				continue
			}
			checked++
			if want := h.Value("X-Lostpost-Expect-" + field); got != want {
				t.Errorf("%s: got %s %q, want %q", filepath.Base(name), field, got, want)
			}
		}
	}
	if checked < 4 {
		t.Errorf("got %d expectations, want at least 4", checked)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("From: Ada <ada@example.org>\r\nSubject: =?utf-8?Q?a?=\r\n\r\nx"))
	f.Add([]byte("Subject: =?utf-8?B?R3LD?= =?x?q?a"))
	f.Add([]byte("Content-Type: text/plain; charset=\"a; filename*0*=utf-8''%C3; filename*1=\"b\"c\"\n"))
	f.Add([]byte("To: g: a@b, \"c\\\" <d@e>; (x(y)) <f@g\nDate: 4 Mar 25 10:11 EST\nReferences: <a@b> c@d\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := bytes.Clone(b)
		for _, parse := range []func([]byte, int) (Header, int, []Fault){Parse, ParsePart} {
			h, n, faults := parse(b, 100)
			if n < 0 || n > len(b) {
				t.Fatalf("the body begins at %d of %d", n, len(b))
			}
			for _, x := range faults {
				if x.Offset > int64(len(b)) {
					t.Errorf("%s at %d of %d", x.Code, x.Offset, len(b))
				}
			}
			at := int64(-1)
			for f := range h.All() {
				if f.Offset <= at || f.Offset >= int64(n) || f.Name == "" {
					t.Fatalf("field %q at %d after %d, header of %d", f.Name, f.Offset, at, n)
				}
				at = f.Offset
				checkField(t, h, f)
			}
		}
		checkMedia(t, ParseMedia(b, ""))
		if !bytes.Equal(b, before) {
			t.Fatal("the input was changed")
		}
	})
}

func checkField(t *testing.T, h Header, f Field) {
	text, _ := DecodeText(f.Raw, "koi8-r")
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\n\x00\x1b") {
		t.Fatalf("%q is read as %q", f.Raw, text)
	}
	all, _ := h.Addresses(f.Name, "")
	for _, a := range all {
		if !utf8.ValidString(a.Name+a.Addr) || a == (Address{}) {
			t.Fatalf("%q is read as %+v", f.Raw, a)
		}
	}
	for _, id := range h.MessageIDs(f.Name) {
		if !utf8.ValidString(id) || strings.ContainsAny(id, "<> \r\n") {
			t.Fatalf("%q is read as the id %q", f.Raw, id)
		}
	}
	ParseDate(h.Value(f.Name))
	checkMedia(t, h.Media(f.Name, ""))
}

func checkMedia(t *testing.T, m Media) {
	if !utf8.ValidString(m.Type) {
		t.Fatalf("the type is %q", m.Type)
	}
	for name, value := range m.Params {
		if name != "boundary" && !utf8.ValidString(value) || !utf8.ValidString(name) {
			t.Fatalf("the parameter is %q=%q", name, value)
		}
	}
}
