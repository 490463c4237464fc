package compose

import (
	"errors"
	"io"
	"net/mail"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
)

func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		list []Address
		want string
	}{
		{nil, ""},
		{[]Address{{"Anna", "anna@post.example"}}, `"Anna" <anna@post.example>`},
		{[]Address{{"", "anna@post.example"}}, `<anna@post.example>`},
		{[]Address{{"'anna@post.example'", "anna@post.example"}}, `<anna@post.example>`},
		{[]Address{{"Miller, Bob", ""}, {"Zoë", "z@post.example"}}, `"Miller, Bob", =?utf-8?q?Zo=C3=AB?= <z@post.example>`},
		{[]Address{{"Bob", "/O=FIRM/CN=BOB"}}, `"Bob"`},
		{[]Address{{"", "/O=FIRM/CN=BOB"}}, `"/O=FIRM/CN=BOB"`},
		{[]Address{{"", ""}, {" \t", "\x00"}}, ""},
		{[]Address{{"A\r\nBcc: x@y.example", "a@b.example>, <c@d.example"}}, `"A Bcc: x@y.example"`},
		{[]Address{{"A", "@b.example"}, {"B", "b@"}}, `"A", "B"`},
	} {
		if got := Addresses("To", test.list); got.Value != test.want || got.Name != "To" {
			t.Errorf("%q: got %q, want %q", test.list, got.Value, test.want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"":                     "",
		"plain":                "plain",
		" a\r\n\tb\x00c ":      "a b c",
		"Grüße":                "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
		"a\nBcc: x@y.example":  "a Bcc: x@y.example",
		"octets \xff of none":  "=?utf-8?q?octets_=EF=BF=BD_of_none?=",
		"a\u2028b":             "=?utf-8?q?a=E2=80=A8b?=",
		strings.Repeat(" ", 9): "",
	} {
		if got := Text("Subject", in).Value; got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestStored(t *testing.T) {
	for in, want := range map[string]string{
		" a":            "X: a\r\n",
		" a\r\n b\n\tc": "X: a\r\n b\r\n\tc\r\n",
		"a\nb\r\n":      "X:a\r\n\tb\r\n",
		" a\rb\x00":     "X: a\r\n\tb\r\n",
		"":              "X:\r\n",
	} {
		if got := string(Stored("X", []byte(in)).Raw); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

// part gives a file of octets.
func part(name, kind, octets string) File {
	return File{Name: name, MediaType: kind, Size: int64(len(octets)), Open: func() io.ReadCloser { return io.NopCloser(strings.NewReader(octets)) }}
}

var hashes = regexp.MustCompile(`=_[0-9a-f]{32}_`)

func TestMail(t *testing.T) {
	picture := part("a.png", "image/png", "png")
	picture.ContentID, picture.Inline = "<1@x>", true
	referred := part("b.png", "image/png", "png")
	referred.ContentID = "2@x"
	header := []Field{Text("Subject", "x"), {Raw: []byte("Received: by\r\n\tmx\r\n")}}
	const head = "Subject: x\nReceived: by\n\tmx\nMime-Version: 1.0\n"
	const plain = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
	const html = "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
	for _, test := range []struct {
		name string
		m    Message
		want string
	}{
		{"nothing", Message{}, "Mime-Version: 1.0\n" + plain},
		{"text", Message{Header: header, Text: "a\nb\r\nc\rd"}, head + plain + "a\nb\nc\nd"},
		{"HTML", Message{Header: header, HTML: "<p>é"}, head + html + "<p>=C3=A9"},
		{"everything", Message{Header: header, Text: "a", HTML: "<img src=cid:1@x>", Files: []File{
			part("Grüße.txt", "text/plain; charset=x", "hello"), picture, part("", "multipart/mixed", ""),
		}}, head + "Content-Type: multipart/mixed;\n boundary=\"=_HASH_mixed\"\n\n--=_HASH_mixed\n" +
			"Content-Type: multipart/related;\n boundary=\"=_HASH_related\";\n type=\"multipart/alternative\"\n\n--=_HASH_related\n" +
			"Content-Type: multipart/alternative;\n boundary=\"=_HASH_alternative\"\n\n--=_HASH_alternative\n" +
			plain + "a\n--=_HASH_alternative\n" + html + "<img src=3Dcid:1@x>\n--=_HASH_alternative--\n\n--=_HASH_related\n" +
			"Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline; filename=a.png\nContent-Id: <1@x>\n\ncG5n\n--=_HASH_related--\n\n--=_HASH_mixed\n" +
			"Content-Type: text/plain\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.txt\n\naGVsbG8=\n--=_HASH_mixed\n" +
			"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment\n\n\n--=_HASH_mixed--\n"},
		{"picture that the HTML refers to", Message{HTML: "<img src='cid:2@x'>", Files: []File{referred}}, "Mime-Version: 1.0\n" +
			"Content-Type: multipart/related;\n boundary=\"=_HASH_related\"; type=\"text/html\"\n\n--=_HASH_related\n" + html + "<img src=3D'cid:2@x'>\n--=_HASH_related\n" +
			"Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline; filename=b.png\nContent-Id: <2@x>\n\ncG5n\n--=_HASH_related--\n"},
		{"picture without HTML", Message{Text: "a", Files: []File{picture}}, "Mime-Version: 1.0\n" +
			"Content-Type: multipart/mixed;\n boundary=\"=_HASH_mixed\"\n\n--=_HASH_mixed\n" + plain + "a\n--=_HASH_mixed\n" +
			"Content-Type: image/png\nContent-Transfer-Encoding: base64\nContent-Disposition: inline; filename=a.png\nContent-Id: <1@x>\n\ncG5n\n--=_HASH_mixed--\n"},
		{"message", Message{Text: "a", Files: []File{{Message: &Message{Header: header, Text: "b"}}}}, "Mime-Version: 1.0\n" +
			"Content-Type: multipart/mixed;\n boundary=\"=_HASH_mixed\"\n\n--=_HASH_mixed\n" + plain + "a\n--=_HASH_mixed\n" +
			"Content-Type: message/rfc822\nContent-Transfer-Encoding: binary\nContent-Disposition: attachment\n\n" + head + plain + "b\n--=_HASH_mixed--\n"},
		{"message in a file", Message{Text: "a", Files: []File{part("", "message/rfc822", "Subject: x\n\n.\n")}}, "Mime-Version: 1.0\n" +
			"Content-Type: multipart/mixed;\n boundary=\"=_HASH_mixed\"\n\n--=_HASH_mixed\n" + plain + "a\n--=_HASH_mixed\n" +
			"Content-Type: message/rfc822\nContent-Transfer-Encoding: binary\nContent-Disposition: attachment\n\nSubject: x\n\n.\n\n--=_HASH_mixed--\n"},
		{"report", Message{Text: "a", Report: &Report{"delivery-status", "Action: failed\n"}}, "Mime-Version: 1.0\n" +
			"Content-Type: multipart/report;\n boundary=\"=_HASH_report\";\n report-type=delivery-status\n\n--=_HASH_report\n" + plain + "a\n--=_HASH_report\n" +
			"Content-Type: message/delivery-status\n\nAction: failed\n\n--=_HASH_report--\n"},
		{"entity", Message{Header: header, Text: "not written", Entity: &Entity{
			Fields: []Field{{Raw: []byte("Content-Type: application/pkcs7-mime; charset=x\r\n")}, {Raw: []byte("Content-Transfer-Encoding: base64\r\n")}},
			Open:   part("", "", "AQID\r\n").Open,
		}}, head + "Content-Type: application/pkcs7-mime; charset=x\nContent-Transfer-Encoding: base64\n\nAQID\n"},
		{"entity in octets", Message{Entity: &Entity{
			Fields: []Field{{Name: "Content-Type", Value: "application/pkcs7-mime"}}, Open: part("", "", "\x01\x02\x03").Open, Base64: true,
		}}, "Mime-Version: 1.0\nContent-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nAQID"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := readMail(t, &test.m)
			if again := readMail(t, &test.m); again != got {
				t.Errorf("a second time other octets:\n%s", again)
			}
			if got = hashes.ReplaceAllString(strings.ReplaceAll(got, "\r\n", "\n"), "=_HASH_"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func readMail(t *testing.T, m *Message) string {
	t.Helper()
	r := m.Open()
	defer r.Close()
	b, err := io.ReadAll(iotest.OneByteReader(r))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A closeNoter tells whether it was closed.
type closeNoter struct {
	io.Reader
	closed *bool
}

func (c closeNoter) Close() error { *c.closed = true; return nil }

// TestFilesAreClosed, also when the mail is read in part, and when they fail.
func TestFilesAreClosed(t *testing.T) {
	boom := errors.New("input/output error")
	for name, file := range map[string]io.Reader{
		"long":    io.LimitReader(zeros{}, 1<<20),
		"failing": iotest.ErrReader(boom),
	} {
		t.Run(name, func(t *testing.T) {
			closed := false
			m := &Message{Files: []File{{Name: "a", Open: func() io.ReadCloser { return closeNoter{file, &closed} }}}}
			r := m.Open()
			_, err := io.ReadFull(r, make([]byte, 30_000))
			if name == "failing" && !errors.Is(err, boom) || name == "long" && err != nil {
				t.Errorf("read: %v", err)
			}
			r.Close()
			if !closed {
				t.Error("the file is still open")
			}
			if n, err := r.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Errorf("read after Close: %d, %v", n, err)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestCloseWithoutReading(t *testing.T) {
	r := (&Message{Text: "a"}).Open()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

func TestHashTellsMessagesApart(t *testing.T) {
	seen := map[string]int{}
	for i, m := range []Message{
		{}, {Text: "a"}, {HTML: "a"}, {Text: "ab"}, {Text: "a", HTML: "b"}, {Header: []Field{Text("Subject", "a")}},
		{Files: []File{part("a", "", "x")}}, {Files: []File{part("a", "", "xy")}}, {Files: []File{{Message: &Message{}}}}, {Files: []File{{Message: &Message{Text: "a"}}}},
	} {
		if j, twice := seen[m.Hash()]; twice {
			t.Errorf("messages %d and %d have one hash", i, j)
		}
		seen[m.Hash()] = i
	}
}

// FuzzHeader: whatever the values are, the header has one line of each name and
// ends where it should.
func FuzzHeader(f *testing.F) {
	f.Add("a\r\nb", "Miller, Bob", "bob@post.example", " x\n y")
	f.Add("\xff", "\"", "a@b\r\n", "\r")
	f.Fuzz(func(t *testing.T, subject, name, addr, raw string) {
		m := &Message{Text: "the text", Header: []Field{Text("Subject", subject), Addresses("To", []Address{{name, addr}}), Stored("X-Raw", []byte(raw))}}
		r := m.Open()
		defer r.Close()
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		in, err := mail.ReadMessage(strings.NewReader(string(b)))
		if err != nil {
			t.Fatalf("%v in %q", err, b)
		}
		if body, _ := io.ReadAll(in.Body); string(body) != "the text" || len(in.Header) != 6 {
			t.Errorf("got %q", b)
		}
	})
}
