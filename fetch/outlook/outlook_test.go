package outlook

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/decode/mapi"
	"lostpost/fetch"
	"lostpost/fetch/fetchtest"
)

// memory is a fetch.File of octets.
type memory struct {
	*bytes.Reader
	name string
}

func (m memory) Name() string               { return m.name }
func (m memory) Stat() (fs.FileInfo, error) { return nil, fs.ErrNotExist }

// diskFile is a fetch.File on disk.
type diskFile struct{ *os.File }

func (f diskFile) Size() int64 {
	info, err := f.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

var (
	sentAt     = time.Date(2024, 3, 5, 8, 0, 0, 0, time.UTC)
	receivedAt = time.Date(2024, 3, 5, 8, 0, 7, 0, time.UTC)
	changedAt  = time.Date(2024, 3, 6, 9, 0, 0, 0, time.UTC)
)

// letter is a message as Outlook sent it.
func letter() *storage {
	s := newMessage()
	s.text(mapi.Subject, "Grüße")
	s.text(mapi.Body, "one\r\ntwo\r\n")
	s.text(mapi.SenderName, "Anna")
	s.text(mapi.SenderEmailAddress, "anna@post.example")
	s.text(mapi.InternetMessageID, "<1@post.example>")
	s.time(mapi.ClientSubmitTime, sentAt)
	s.time(mapi.MessageDeliveryTime, receivedAt)
	s.int(mapi.MessageFlags, flagRead)
	s.recipient(1, "Ben", "ben@post.example")
	s.recipient(2, "", "cleo@post.example")
	return s
}

// draft is a message that was never sent.
func draft() *storage {
	s := newMessage()
	s.text(mapi.Subject, "Unfinished")
	s.text(mapi.Body, "Dear")
	s.time(mapi.CreationTime, sentAt)
	s.time(mapi.ModificationTime, changedAt)
	s.int(mapi.MessageFlags, flagUnsent|flagRead)
	return s
}

func TestContract(t *testing.T) {
	s := letter()
	s.attach("a.bin", bytes.Repeat([]byte{0, 1, 2, 3}, 5000))
	path := filepath.Join(t.TempDir(), "a.msg")
	if err := os.WriteFile(path, s.build(), 0o600); err != nil {
		t.Fatal(err)
	}
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		src, err := Open(diskFile{f}, fetch.Options{Mailbox: "Box", Traits: []string{"x"}})
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}

// TestMail wants each kind of item as this mail, to the octet.
func TestMail(t *testing.T) {
	const head = "From: \"Anna\" <anna@post.example>\nTo: \"Ben\" <ben@post.example>\nCc: <cleo@post.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n" +
		"Date: Tue, 05 Mar 2024 08:00:00 +0000\nMessage-Id: <1@post.example>\nMime-Version: 1.0\n"
	const plain = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n"
	for _, test := range []struct {
		name string
		make func() *storage
		want string
	}{
		{"plain text", letter, head + plain + "\none\ntwo\n"},
		{"draft", draft, "Subject: Unfinished\nDate: Wed, 06 Mar 2024 09:00:00 +0000\nX-Unsent: 1\nMime-Version: 1.0\n" + plain + "\nDear"},
		{"HTML in the Internet code page", func() *storage {
			s := letter()
			s.streams = slices.DeleteFunc(s.streams, func(n namedStream) bool { return strings.Contains(n.name, "1000") })
			s.int(mapi.InternetCodePage, 1251)
			s.octets(mapi.Binary, mapi.HTML, []byte("<p>\xcf\xf0\xe8\xe2\xe5\xf2</p>\x00"))
			return s
		}, head + "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<p>=D0=9F=D1=80=D0=B8=D0=B2=D0=B5=D1=82</p>"},
		{"RTF alone", func() *storage {
			s := letter()
			s.streams = slices.DeleteFunc(s.streams, func(n namedStream) bool { return strings.Contains(n.name, "1000") })
			s.octets(mapi.Binary, mapi.RTFCompressed, stored(`{\rtf1\ansi\ansicpg1252 Gr\'fc\'dfe\par next}`))
			return s
		}, head + plain + "\nGr=C3=BC=C3=9Fe\nnext"},
		{"HTML inside the RTF, and a text", func() *storage {
			s := letter()
			s.octets(mapi.Binary, mapi.RTFCompressed, stored(`{\rtf1\ansi\fromhtml1{\*\htmltag64 <b>}one{\*\htmltag72 </b>}}`))
			return s
		}, head + "Content-Type: multipart/alternative;\n boundary=\"=_HASH_alternative\"\n\n--=_HASH_alternative\n" +
			"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\none\ntwo\n\n--=_HASH_alternative\n" +
			"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<b>one</b>\n--=_HASH_alternative--\n"},
		{"message inside a message", func() *storage {
			s := letter()
			s.embed("inner", draft())
			return s
		}, head + "Content-Type: multipart/mixed;\n boundary=\"=_HASH_mixed\"\n\n--=_HASH_mixed\n" + plain + "\none\ntwo\n\n--=_HASH_mixed\n" +
			"Content-Type: message/rfc822\nContent-Transfer-Encoding: binary\nContent-Disposition: attachment; filename=inner.eml\n\n" +
			"Subject: Unfinished\nDate: Wed, 06 Mar 2024 09:00:00 +0000\nX-Unsent: 1\nMime-Version: 1.0\n" + plain + "\nDear\n--=_HASH_mixed--\n"},
		{"file that lies elsewhere", func() *storage {
			s := letter()
			a := s.part("attach")
			a.int(mapi.AttachMethod, 4)
			a.text(mapi.AttachLongPathname, `\\server\plans\house.pdf`)
			return s
		}, head + "Content-Type: multipart/mixed;\n boundary=\"=_HASH_mixed\"\n\n--=_HASH_mixed\n" + plain + "\none\ntwo\n\n--=_HASH_mixed\n" +
			"Content-Type: text/uri-list\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=house.pdf.url\n\n" +
			"XFxzZXJ2ZXJccGxhbnNcaG91c2UucGRmDQo=\n--=_HASH_mixed--\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, body := readOne(t, test.make().build(), "a.msg")
			got := hashes(strings.ReplaceAll(string(body), "\r\n", "\n"))
			if strings.Contains(strings.ReplaceAll(string(body), "\r\n", ""), "\n") {
				t.Error("a line ends without CR")
			}
			if got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// hashes writes HASH for those in boundaries.
func hashes(s string) string {
	for {
		i := strings.Index(s, "=_")
		if i < 0 || i+34 > len(s) {
			return s
		}
		hash := s[i+2 : i+34]
		if strings.ContainsFunc(hash, func(r rune) bool { return !strings.ContainsRune("0123456789abcdef", r) }) {
			return s
		}
		s = strings.ReplaceAll(s, hash, "HASH")
	}
}

// stored is a compressed RTF body that is not compressed.
func stored(rtf string) []byte {
	n := len(rtf)
	return append([]byte{byte(n + 12), byte((n + 12) >> 8), 0, 0, byte(n), byte(n >> 8), 0, 0, 'M', 'E', 'L', 'A', 0, 0, 0, 0}, rtf...)
}

func TestTransportHeader(t *testing.T) {
	s := letter()
	s.text(mapi.TransportHeaders, "Microsoft Mail Internet Headers Version 2.0\r\nReceived: by mx.example;\r\n\tTue, 5 Mar 2024 08:00:01 +0000\r\n"+
		"From: =?utf-8?q?A?= <anna@post.example>\nContent-Type: text/html;\r\n charset=koi8-r\r\nMIME-Version: 1.0\r\nX-Wörd: 1\r\nMessage-ID: <2@post.example>\r\n\r\n")
	_, body := readOne(t, s.build(), "a.msg")
	want := "Received: by mx.example;\r\n\tTue, 5 Mar 2024 08:00:01 +0000\r\nFrom: =?utf-8?q?A?= <anna@post.example>\r\nX-Wörd: 1\r\nMessage-ID: <2@post.example>\r\n" +
		"To: \"Ben\" <ben@post.example>\r\nCc: <cleo@post.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nDate: Tue, 05 Mar 2024 08:00:00 +0000\r\n" +
		"Mime-Version: 1.0\r\nContent-Type: text/plain"
	if !strings.HasPrefix(string(body), want) {
		t.Errorf("got\n%s\nwant\n%s", body, want)
	}
}

// TestSignedMail wants what was signed to the octet.
func TestSignedMail(t *testing.T) {
	const entity = "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" +
		"a line of more than the usual\t \r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n"
	s := letter()
	s.text(mapi.MessageClass, "")
	s.streams[0].data = wide("IPM.Note.SMIME.MultipartSigned")
	s.attach("smime.p7m", []byte(entity))
	m, body := readOne(t, s.build(), "a.msg")
	if !strings.HasSuffix(string(body), "Mime-Version: 1.0\r\n"+entity) {
		t.Errorf("got\n%s", body)
	}
	if !slices.Equal(m.Traits, []string{"kind:smime"}) {
		t.Errorf("traits %q", m.Traits)
	}
	s = letter()
	s.streams[0].data = wide("IPM.Note.SMIME")
	s.attach("smime.p7m", []byte{1, 2, 3})
	_, body = readOne(t, s.build(), "a.msg")
	if !strings.HasSuffix(string(body), "Content-Type: application/pkcs7-mime; name=\"smime.p7m\"\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\nAQID") {
		t.Errorf("got\n%s", body)
	}
}

func TestReport(t *testing.T) {
	s := letter()
	s.streams[0].data = wide("REPORT.IPM.Note.NDR")
	r := s.inner[0]
	r.int(statusCode, 511)
	r.text(supplementaryInfo, "550 no such user")
	m, body := readOne(t, s.build(), "a.msg")
	for _, want := range []string{
		"Content-Type: multipart/report;\r\n boundary=", "report-type=delivery-status",
		"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; unknown\r\n\r\nFinal-Recipient: rfc822; ben@post.example\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 no such user\r\n",
	} {
		if !strings.Contains(string(body), want) {
			t.Errorf("%q is missing in\n%s", want, body)
		}
	}
	if !slices.Equal(m.Traits, []string{"kind:report"}) {
		t.Errorf("traits %q", m.Traits)
	}
}

func TestMeta(t *testing.T) {
	for _, test := range []struct {
		name     string
		make     func() *storage
		flags    archive.Flags
		received time.Time
		traits   []string
	}{
		{"read", letter, "S", receivedAt, nil},
		{"draft", draft, "S", changedAt, []string{"unsent"}},
		{"told to be sent", func() *storage {
			s := newMessage()
			s.int(mapi.MessageFlags, flagUnsent|flagSubmit)
			s.time(mapi.CreationTime, sentAt)
			return s
		}, "", sentAt, []string{"unsent", "queued"}},
		{"free and busy times with the flag of a draft", func() *storage {
			s := draft()
			s.streams[0].data = wide("IPM.Microsoft.ScheduleData.FreeBusy")
			return s
		}, "S", sentAt, []string{"kind:free-busy"}},
		{"contact", func() *storage {
			s := letter()
			s.streams[0].data = wide("IPM.Contact")
			return s
		}, "S", receivedAt, []string{"kind:contact"}},
		{"answered, forwarded later, to be followed up", func() *storage {
			s := letter()
			s.int(mapi.LastVerb, 104)
			s.int(mapi.FlagStatus, 2)
			s.categories("Work", " Blue house ")
			return s
		}, "FPS", receivedAt, []string{"label:Work", "label:Blue house"}},
		{"nothing but a class", newMessage, "", time.Time{}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			m, _ := readOne(t, test.make().build(), "a.msg")
			if m.Flags != test.flags || !m.Received.Equal(test.received) || !slices.Equal(m.Traits, test.traits) {
				t.Errorf("got %q, %v, %q; want %q, %v, %q", m.Flags, m.Received, m.Traits, test.flags, test.received, test.traits)
			}
		})
	}
}

// TestCodePages has the same subject in several code pages.
func TestCodePages(t *testing.T) {
	for _, test := range []struct {
		name  string
		id    uint16
		value uint32
		text  string
	}{
		{"code page of the message", mapi.MessageCodePage, 1251, "\xcf\xf0\xe8\xe2\xe5\xf2"},
		{"language", mapi.MessageLocale, 0x419, "\xcf\xf0\xe8\xe2\xe5\xf2"},
		{"code page of the Internet form", mapi.InternetCodePage, 20866, "\xf0\xd2\xc9\xd7\xc5\xd4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &storage{head: headTop}
			s.int(test.id, test.value)
			s.text8(mapi.Subject, test.text)
			_, body := readOne(t, s.build(), "a.msg")
			if !strings.HasPrefix(string(body), "Subject: =?utf-8?q?=D0=9F=D1=80=D0=B8=D0=B2=D0=B5=D1=82?=\r\n") {
				t.Errorf("got\n%s", body)
			}
		})
	}
}

// TestObject reads an object of OLE back from the attachment that it became.
func TestObject(t *testing.T) {
	long, short := bytes.Repeat([]byte("0123456789"), 2000), []byte("short")
	object := func(streams ...namedStream) []byte {
		s := letter()
		a := s.part("attach")
		a.int(mapi.AttachMethod, byStorage)
		a.text(mapi.DisplayName, "drawing")
		folder := &storage{name: "Folder", plain: true, streams: []namedStream{{"deep", short}}}
		a.inner = []*storage{{name: "__substg1.0_3701000D", plain: true, streams: streams, inner: []*storage{folder}}}
		_, body := readOne(t, s.build(), "a.msg")
		_, encoded, _ := strings.Cut(string(body), "filename=drawing\r\n\r\n")
		encoded, _, _ = strings.Cut(encoded, "--=_")
		b, err := base64.StdEncoding.DecodeString(strings.NewReplacer("\r", "", "\n", "").Replace(encoded))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if got := object(namedStream{"CONTENTS", long}); !bytes.Equal(got, long) {
		t.Errorf("one stream: got %d octets, want %d", len(got), len(long))
	}
	b := object(namedStream{"WordDocument", long}, namedStream{"1Table", short}, namedStream{"empty", nil}, namedStream{"\x01CompObj", bytes.Repeat(short, 100)})
	c, err := openCompound(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	inside := c.children(&c.entries[0])
	for name, want := range map[string][]byte{"WORDDOCUMENT": long, "1TABLE": short, "EMPTY": nil, "\x01COMPOBJ": bytes.Repeat(short, 100)} {
		if inside[name] == nil {
			t.Fatalf("%q is missing", name)
		}
		s, err := c.open(inside[name])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.read(1 << 20); !bytes.Equal(got, want) || err != nil {
			t.Errorf("%q: %d octets, %v, want %d", name, len(got), err, len(want))
		}
	}
	if deep := c.children(inside["FOLDER"]); deep["DEEP"] == nil {
		t.Error("what lies in a storage of the object is missing")
	}
}

// TestMessageIDIsMadeOfTheContent: two saved copies of a message are the same.
func TestMessageIDIsMadeOfTheContent(t *testing.T) {
	without := func(subject string) string {
		s := newMessage()
		s.text(mapi.Subject, subject)
		_, body := readOne(t, s.build(), "a.msg")
		_, id, _ := strings.Cut(string(body), "Message-Id: ")
		id, _, _ = strings.Cut(id, "\r\n")
		return id
	}
	if a, b := without("x"), without("x"); a != b || !strings.HasSuffix(a, "@outlook.invalid>") {
		t.Errorf("got %q and %q", a, b)
	}
	if without("x") == without("y") {
		t.Error("other content, same Message-ID")
	}
}

func TestSniff(t *testing.T) {
	b := letter().build()
	for _, test := range []struct {
		name string
		head []byte
		want fetch.Confidence
	}{
		{"a.msg", b, fetch.Yes}, {"A.MSG", b, fetch.Yes}, {"a.oft", b, fetch.Yes}, {"a", b, fetch.Maybe}, {"a.doc", b, fetch.Maybe},
		{"a.msg", []byte("From: a"), fetch.No}, {"a.msg", nil, fetch.No},
	} {
		if got := Sniff(test.head[:min(len(test.head), 4096)], test.name); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

// TestWhatIsNoMessage: a compound file of another program yields nothing, a
// damaged one that is named .msg is a failure.
func TestWhatIsNoMessage(t *testing.T) {
	document := &storage{plain: true, streams: []namedStream{{"WordDocument", make([]byte, 5000)}}}
	for _, test := range []struct {
		name    string
		octets  []byte
		failing int
	}{
		{"a.doc", document.build(), 0},
		{"a.msg", document.build(), 0},
		{"a.msg", letter().build()[:600], 1},
		{"a.msg", []byte(compoundMagic), 1},
		{"a.doc", []byte(compoundMagic), 0},
	} {
		src, err := Open(memory{bytes.NewReader(test.octets), test.name}, fetch.Options{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for m, err := range src.Messages(t.Context(), fetch.NoState) {
			n++
			if m == nil || err == nil || m.Body != nil {
				t.Errorf("%s: got %v, %v", test.name, m, err)
			}
		}
		if n != test.failing {
			t.Errorf("%s of %d octets: %d yields, want %d", test.name, len(test.octets), n, test.failing)
		}
	}
}

// TestDamage breaks a chain of sectors: what there is comes with the reason.
func TestDamage(t *testing.T) {
	s := letter()
	s.attach("a.bin", bytes.Repeat([]byte("0123456789abcdef"), 1000))
	whole := s.build()
	for name, sector := range map[string]int{
		"in the attachment": bytes.LastIndex(whole, []byte("0123456789abcdef"))/sectorSize - 4,
		"in the directory":  bytes.Index(whole, wide("__attach"))/sectorSize - 1,
	} {
		t.Run(name, func(t *testing.T) {
			b := bytes.Clone(whole)
			binary.LittleEndian.PutUint32(b[len(b)-sectorSize:][4*sector:], 1_000_000) // not in the file
			src, err := Open(memory{bytes.NewReader(b), "a.msg"}, fetch.Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for m, err := range src.Messages(t.Context(), fetch.NoState) {
				n++
				if m == nil || !errors.Is(err, errCut) || m.Body == nil {
					t.Fatalf("got %v, %v", m, err)
				}
				if body, _ := io.ReadAll(m.Body); !strings.Contains(string(body), "one\r\ntwo") {
					t.Errorf("got\n%s", body)
				}
			}
			if n != 1 {
				t.Errorf("%d yields, want 1", n)
			}
		})
	}
}
