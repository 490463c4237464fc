package decode

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestDecodeChoosesTheBetterAlternative(t *testing.T) {
	page := "<p>one two three four five six seven eight nine ten eleven</p>"
	for _, c := range []struct{ name, plain, html, want string }{
		{"plain", "one two three", "<p>one two <b>three</b></p>", "one two three\n"},
		{"empty plain", "", "<p>one two three</p>", "one two three\n"},
		{"stub", "See HTML", "<p>one two three</p>", "one two three\n"},
		{"stub, but no more in the HTML", "one two", "<p>one</p>", "one two\n"},
		{"a tenth", "a line", page, "one two three four five six seven eight nine ten eleven\n"},
		{"no HTML", "one", "", "one\n"},
		{"words of a script without blanks", "会議の資料", page, "会議の資料\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			msg := lines("Content-Type: multipart/alternative; boundary=x", "",
				"--x", "Content-Type: text/plain; charset=utf-8", "", c.plain,
				"--x", "Content-Type: text/html; charset=utf-8", "", c.html, "--x--")
			if got := decodeBytes(t, []byte(msg)).Text; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestDecodeGivesOtherAlternativesWhenAsked(t *testing.T) {
	msg := lines("Content-Type: multipart/alternative; boundary=x", "", "--x", "", "one two three",
		"--x", "Content-Type: text/html", "", "<p>one two three four</p>", "--x--")
	for _, asked := range []bool{false, true} {
		m, err := Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), Options{Alternatives: asked})
		if err != nil {
			t.Fatal(err)
		}
		if want := "one two three\n"; m.Text != want {
			t.Errorf("asked %v: text %q, want %q", asked, m.Text, want)
		}
		var got []string
		for _, a := range m.Unshown {
			got = append(got, a.Part.Path()+" "+a.Text)
		}
		if want := map[bool]string{true: "2 one two three four"}[asked]; strings.Join(got, "|") != want {
			t.Errorf("asked %v: unshown %q, want %q", asked, got, want)
		}
	}
}

func TestDecodeReadsAttachedTextsWhenAsked(t *testing.T) {
	msg := lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "", "one",
		"--x", "Content-Disposition: attachment; filename=a.txt", "", "two", "--x--")
	for _, asked := range []bool{false, true} {
		m, err := Decode(context.Background(), strings.NewReader(msg), int64(len(msg)), Options{Attachments: asked})
		if err != nil {
			t.Fatal(err)
		}
		if want := "one\n"; m.Text != want {
			t.Errorf("attachments %v: text %q, want %q", asked, m.Text, want)
		}
		var got []string
		for _, a := range m.Attached {
			got = append(got, a.Part.Path()+" "+a.Text)
		}
		if want := map[bool]string{true: "2 two"}[asked]; strings.Join(got, "|") != want {
			t.Errorf("attachments %v: attached %q, want %q", asked, got, want)
		}
	}
}

func TestDecodeUsesTheCharsetOfTheBodyForRawFields(t *testing.T) {
	m := decodeBytes(t, []byte("Subject: \xef\xd4\xde\xa3\xd4 \xda\xc1 \xcb\xd7\xc1\xd2\xd4\xc1\xcc\n"+
		"Content-Type: text/plain; charset=koi8-r\n\n\xf7\xd3\xd4\xd2\xc5\xde\xc1 \xd7 \xde\xc5\xd4\xd7\xc5\xd2\xc7\n"))
	if want := "Отчёт за квартал"; m.Subject != want {
		t.Errorf("got %q, want %q", m.Subject, want)
	}
	if want := "Встреча в четверг\n"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
}

func TestDecodeUsesTheCharsetOfTheSubjectForABodyWithoutLabel(t *testing.T) {
	for _, c := range []struct{ name, subject, want string }{
		{"koi8-r", "=?koi8-r?B?9MXT1A==?=", "Да\n"},
		{"koi8-r, second word", "a =?koi8-r?B?9MXT1A==?=", "Да\n"},
		{"plain", "a", "äÁ\n"},
		{"utf-8 says nothing", "=?utf-8?B?w7w=?=", "äÁ\n"},
		{"a word without an end", "=?koi8-r", "äÁ\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if m := decodeBytes(t, []byte("Subject: "+c.subject+"\n\n\xe4\xc1\n")); m.Text != c.want {
				t.Errorf("got %q, want %q", m.Text, c.want)
			}
		})
	}
}

func TestProblemsOfOneCodeAreCounted(t *testing.T) {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=x\n\n")
	for range 50 {
		b.WriteString("--x\nContent-Transfer-Encoding: x-none\n\none\n")
	}
	b.WriteString("--x--\n")
	n, last := 0, Problem{}
	for _, p := range decodeBytes(t, []byte(b.String())).Problems {
		if p.Code == EncodingUnknown {
			n, last = n+1, p
		}
	}
	if n != 21 || last.Detail != "and 30 more" {
		t.Errorf("got %d problems, the last %q, want 21 and \"and 30 more\"", n, last.Detail)
	}
}

func TestLimits(t *testing.T) {
	inner := "Subject: a\n\ntext\n"
	for range 5 {
		inner = "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n" +
			strings.ReplaceAll(inner, "=", "=3D")
	}
	for _, c := range []struct {
		name, msg string
		lim       Limits
		want      Code
	}{
		{"text", "Subject: a\n\n" + strings.Repeat("a", 100), Limits{TextBytes: 10}, LimitText},
		{"encoded text", "Content-Transfer-Encoding: base64\n\n" + strings.Repeat("YWFh", 100), Limits{TextBytes: 10}, LimitText},
		{"depth", inner, Limits{Depth: 3}, LimitDepth},
		{"parts", nest(20, true), Limits{Parts: 5}, LimitParts},
		{"time", nest(20, true), Limits{Time: 1}, LimitTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Decode(context.Background(), strings.NewReader(c.msg), int64(len(c.msg)), Options{Limits: c.lim})
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range m.Problems {
				if p.Code == c.want && p.Lost {
					return
				}
			}
			t.Errorf("got %v, want %s with Lost", m.Problems, c.want)
		})
	}
}

func TestDecodeStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m, err := Decode(ctx, strings.NewReader("Subject: a\n\nb\n"), 14, Options{})
	if m == nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestDecodeGivesWhatWasReadBeforeAnError(t *testing.T) {
	msg := "Subject: a\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\n\n" + strings.Repeat("two\n", 1<<19)
	m, err := Decode(context.Background(), brokenReader{strings.NewReader(msg)}, int64(len(msg)), Options{})
	if !errors.Is(err, errBroken) {
		t.Fatalf("got error %v, want %v", err, errBroken)
	}
	if m.Subject != "a" || !strings.HasPrefix(m.Text, "one\n\ntwo\n") {
		t.Errorf("got subject %q, text %.20q", m.Subject, m.Text)
	}
}

func TestFilesInsideATextAreParts(t *testing.T) {
	m := decodeBytes(t, []byte(lines("Subject: a", "", "See:", "begin 644 dir/a.txt", "#86)C", "`", "end", "bye")))
	if m.Text != "See:\nbye\n" || len(m.Parts) != 2 {
		t.Fatalf("got text %q and %d parts", m.Text, len(m.Parts))
	}
	f := m.Parts[1]
	if b, err := readAll(f.Open(), 0); err != nil || string(b) != "abc" || f.FileName != "a.txt" || !f.Attachment || f.Path() != "1/1" {
		t.Errorf("got %q, %v, name %q, path %s", b, err, f.FileName, f.Path())
	}
}

func TestFileNamesHaveNoPath(t *testing.T) {
	for name, want := range map[string]string{
		`../../etc/passwd`: "passwd", `C:\a\b.txt`: "b.txt", "a\x00b\x1b.txt": "ab.txt", "a\nb.txt": "a b.txt", "/": "", "..": "",
	} {
		if got := baseName(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestExternalBodyIsALine(t *testing.T) {
	m := decodeBytes(t, []byte(lines("Content-Type: message/external-body; access-type=URL; URL=\"http://files.example/x.pdf\"", "", "Content-Type: application/pdf", "", "phantom")))
	if want := "[not in this message, access-type: URL, url: http://files.example/x.pdf]\n"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
}

func TestAPieceOfAMessageSaysSo(t *testing.T) {
	m := decodeBytes(t, []byte(lines("Content-Type: message/partial; id=a; number=1; total=3", "", "Subject: in", "", "one")))
	if len(m.Problems) != 1 || m.Problems[0].Code != MessagePartial || m.Problems[0].Detail != "piece 1 of 3" {
		t.Errorf("got problems %v", m.Problems)
	}
	if !strings.HasSuffix(m.Text, "\none\n") {
		t.Errorf("got text %q", m.Text)
	}
}

func TestUnsigned(t *testing.T) {
	const sig = "-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----\n"
	for _, c := range []struct{ name, in, want string }{
		{"whole", clearSigned + "Hash: SHA256\n\na\n- -- b\n" + sig, "a\n-- b\n"},
		{"text around", "x\n" + clearSigned + "\na\n" + sig + "y\n", "x\na\ny\n"},
		{"two", clearSigned + "\na\n" + sig + clearSigned + "\nb\n" + sig, "a\nb\n"},
		{"no empty line", clearSigned + "a b\nc\n" + sig, "a b\nc\n"},
		{"signature without end", clearSigned + "\na\n-----BEGIN PGP SIGNATURE-----\n\niQEz\nwords that follow\n", "a\nwords that follow\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := unsigned(c.in); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestJoinFlowed(t *testing.T) {
	for _, c := range []struct {
		name, in string
		delsp    bool
		want     string
	}{
		{"RFC 3676 4.1", "a \nb\nc\n", false, "a b\nc\n"},
		{"4.2 delsp", "日 \n本\n", true, "日本\n"},
		{"4.3 signature is fixed", "a \n-- \nb\n", false, "a \n-- \nb\n"},
		{"4.4 stuffing", " >a\n From b\n", false, ">a\nFrom b\n"},
		{"4.5 quotes", "> a \n> b\n>> c \n> d\n", false, "> a b\n>> c \n> d\n"},
		{"empty quoted line", ">\n> a\n", false, ">\n> a\n"},
		{"open at the end", "a ", false, "a \n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := joinFlowed(c.in, c.delsp); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestPartialID(t *testing.T) {
	for _, c := range []struct{ name, field, want string }{
		{"a piece", `message/partial; id="a@x.example"; number=2; total=3`, "a@x.example"},
		{"no id", "message/partial; number=2", ""},
		{"a whole", "text/plain; id=a", ""},
		{"no name of a program", "message/partial; id=" + strings.Repeat("a", 256), ""},
	} {
		if got := decodeBytes(t, []byte(lines("Content-Type: "+c.field, "", "text"))).PartialID(); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestJoin(t *testing.T) {
	piece := func(n int, total string, body string) Piece {
		msg := fmt.Sprintf("From: a@one.example\nSubject: outer %d\nMessage-ID: <%d@one.example>\n"+
			"Content-Type: message/partial; id=\"p@one.example\"; number=%d%s\n\n%s", n, n, n, total, body)
		return Piece{strings.NewReader(msg), int64(len(msg))}
	}
	one := piece(1, "", "Subject: whole\nMessage-ID: <w@one.example>\nFrom: inner@one.example\nContent-Type: text/html\n\n<p>one\n")
	two := piece(2, "; total=3", "two\n")
	three := piece(3, "; total=3", "three</p>\n")
	want := "From: a@one.example\nSubject: whole\nMessage-ID: <w@one.example>\nContent-Type: text/html\n\n<p>one\ntwo\nthree</p>\n"
	for name, pieces := range map[string][]Piece{
		"in order": {one, two, three}, "backwards": {three, two, one}, "twice": {two, one, one, three, two},
	} {
		var b strings.Builder
		missing, err := Join(&b, pieces)
		if err != nil || missing != nil || b.String() != want {
			t.Errorf("%s: got %q, missing %v, error %v, want %q", name, b.String(), missing, err, want)
		}
	}
	var b strings.Builder
	if missing, err := Join(&b, []Piece{two}); err != nil || fmt.Sprint(missing) != "[1 3]" || b.Len() > 0 {
		t.Errorf("got missing %v, error %v, %d octets, want [1 3], none, none", missing, err, b.Len())
	}
	other := "Content-Type: message/partial; id=q; number=1; total=1\n\nx"
	plain := "Subject: a\n\nb"
	huge := "Content-Type: message/partial; id=q; number=1; total=2000000000\n\nx"
	for want, pieces := range map[error][]Piece{
		ErrForeign:    {one, two, {strings.NewReader(other), int64(len(other))}},
		ErrNotPartial: {one, {strings.NewReader(plain), int64(len(plain))}},
		ErrPieces:     {{strings.NewReader(huge), int64(len(huge))}},
	} {
		if _, err := Join(&b, pieces); !errors.Is(err, want) {
			t.Errorf("got error %v, want %v", err, want)
		}
	}
	if _, err := Join(&b, nil); !errors.Is(err, ErrPieces) {
		t.Errorf("got error %v, want %v", err, ErrPieces)
	}
}

func TestOther(t *testing.T) {
	msg := lines("Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Content-Type: multipart/mixed; boundary=x", "",
		"--x", "Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "", "Gr=FC=DFe aus K=F6ln",
		"--x", "Content-Type: application/pdf", "Content-Disposition: attachment; filename=a.pdf", "", "%PDF", "--x--")
	ctx := context.Background()
	for _, name := range []string{Enmime, GoMessage} {
		m, err := Other(ctx, name, strings.NewReader(msg), int64(len(msg)))
		if err != nil {
			t.Fatal(err)
		}
		if m.Subject != "Grüße" || m.Text != "Grüße aus Köln\n" || len(m.Parts) != 2 || m.Parts[1].FileName != "a.pdf" {
			t.Errorf("%s: got subject %q, text %q, %d parts", name, m.Subject, m.Text, len(m.Parts))
		}
		one := "Content-Type: text/plain; charset=koi8-r\n\n\xf7\xd3\xd4\xd2\xc5\xde\xc1\n"
		if m, err := Other(ctx, name, strings.NewReader(one), int64(len(one))); err != nil || m.Text != "Встреча\n" {
			t.Errorf("%s: got %+v, error %v", name, m, err)
		}
		deep := nest(24, false) // exponential in enmime, hence refused
		start := time.Now()
		if _, err := Other(ctx, name, strings.NewReader(deep), int64(len(deep))); !errors.Is(err, ErrTooHard) {
			t.Errorf("%s: got error %v, want %v", name, err, ErrTooHard)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: took %v to refuse", name, d)
		}
	}
	if _, err := Other(ctx, "mutt", strings.NewReader(msg), int64(len(msg))); !errors.Is(err, ErrDecoder) {
		t.Errorf("got error %v, want %v", err, ErrDecoder)
	}
}

func TestGuardTurnsAPanicIntoAnError(t *testing.T) {
	_, err := guard(context.Background(), func() (*Message, error) { panic("bad index") })
	if err == nil || err.Error() != "panic: bad index" {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	stop := make(chan bool)
	defer close(stop)
	_, err = guard(ctx, func() (*Message, error) { <-stop; return nil, nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestSecondReadingAddsOnlyWhatIsNew(t *testing.T) {
	msg := "Subject: a\n\nThe parcel is here.\n"
	d := &reading{st: newSession(context.Background(), Limits{}, int64(len(msg))), m: &Message{}}
	d.second(context.Background(), strings.NewReader(msg), int64(len(msg)))
	if len(d.m.Parts) != 1 || d.m.Text != "The parcel is here.\n" || d.m.Parts[0].Problems[0].Code != SecondReading {
		t.Errorf("got %d parts, text %q", len(d.m.Parts), d.m.Text)
	}
	d.second(context.Background(), strings.NewReader(msg), int64(len(msg)))
	if len(d.m.Parts) != 1 {
		t.Errorf("got %d parts after a second time, want 1", len(d.m.Parts))
	}
}

// checkMessage holds what must be true of any input.
func checkMessage(t *testing.T, size int64, m *Message) {
	t.Helper()
	if !utf8.ValidString(m.Text) || !utf8.ValidString(m.Subject) {
		t.Error("text or subject is not valid UTF-8")
	}
	for _, p := range m.Parts {
		if !utf8.ValidString(p.FileName) {
			t.Errorf("part %s: name is not valid UTF-8", p.Path())
		}
	}
	checkRanges(t, size, m.Parts)
}

// checkRanges holds that ranges lie inside the message and inside their
// parents, and that siblings do not overlap.
func checkRanges(t *testing.T, size int64, parts []*Part) {
	t.Helper()
	last := map[*Part]int64{}
	for _, p := range parts {
		if p.file != nil || p.foreign {
			continue
		}
		if p.Offset < 0 || p.Body < p.Offset || p.End < p.Body {
			t.Fatalf("part %s: range %d %d %d", p.Path(), p.Offset, p.Body, p.End)
		}
		if p.src.depth == 0 && p.End > size {
			t.Fatalf("part %s ends at %d of %d", p.Path(), p.End, size)
		}
		up := p.parent
		if up == nil || p.src != up.src || p.inText {
			continue
		}
		if p.Offset < up.Body || p.End > up.End {
			t.Fatalf("part %s: range %d-%d is not inside %d-%d", p.Path(), p.Offset, p.End, up.Body, up.End)
		}
		if p.Offset < last[up] {
			t.Fatalf("part %s begins at %d inside the one before, which ends at %d", p.Path(), p.Offset, last[up])
		}
		last[up] = p.End
	}
}
