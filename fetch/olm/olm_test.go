package olm

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
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

// An entry is a file in the archive.
type entry struct{ name, content string }

// pack makes an archive, its entries in the order given.
func pack(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range entries {
		w, err := z.Create(e.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const top = "Accounts/anna@post.example/com.microsoft.__Messages/"

// property writes one element of a message.
func property(name, value string) string {
	return fmt.Sprintf(`<%s xml:space="preserve">%s</%s>`, name, value, name)
}

func address(kind, name, addr string) string {
	return property(kind, fmt.Sprintf(`<emailAddress OPFContactEmailAddressAddress="%s" OPFContactEmailAddressName="%s"></emailAddress>`, addr, name))
}

func wrap(emails ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?>` + "\n<emails elementCount=\"1\"><email xml:space=\"preserve\">" +
		strings.Join(emails, `</email><email xml:space="preserve">`) + "</email></emails>\n"
}

var (
	attached = entry{top + "Inbox/com.microsoft.__Attachments/plan.txt", "the plan"}
	received = property("OPFMessageCopyBody", "one &amp; two\n") + address("OPFMessageCopyFromAddresses", "Ben", "ben@post.example") +
		address("OPFMessageCopyToAddresses", "Anna", "anna@post.example") + property("OPFMessageCopySentTime", "2024-03-05T08:00:00") +
		property("OPFMessageCopyReceivedTime", "2024-03-05T08:00:07") + property("OPFMessageCopyMessageID", "1@post.example") +
		property("OPFMessageCopySubject", "Grüße") + property("OPFMessageGetIsRead", "1E0") + property("OPFMessageIsOutgoing", "0E0") +
		`<OPFMessageCopyAttachmentList><messageAttachment OPFAttachmentContentType="text/plain" OPFAttachmentName="plan.txt" OPFAttachmentURL="` + attached.name + `"/></OPFMessageCopyAttachmentList>` +
		`<OPFMessageCopyCategoryList><category OPFCategoryCopyName="Work"/><category>Home</category></OPFMessageCopyCategoryList>`
	unsent = property("OPFMessageCopyBody", "Dear") + address("OPFMessageCopyFromAddresses", "Anna", "anna@post.example") +
		property("OPFMessageCopyModDate", "2024-03-06T09:00:00") + property("OPFMessageCopySubject", "Unfinished") + property("OPFMessageIsOutgoing", "1E0")
)

// example is an archive of two messages; an attachment stands behind its message.
func example(t testing.TB) []byte {
	return pack(t,
		entry{"Categories.xml", "<categories/>"},
		entry{top + "Inbox/message_00000.xml", wrap(received)},
		attached,
		entry{top + "Drafts/House/message_00001.xml", wrap(unsent)},
		entry{"Accounts/anna@post.example/Contacts/Contacts.xml", "<contacts><contact/></contacts>"},
	)
}

func open(t testing.TB, b []byte, opt fetch.Options) fetch.Source {
	t.Helper()
	opt.Origin = "file:/a.olm"
	src, err := Open(memory{bytes.NewReader(b), "a.olm"}, opt)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// A told message is one with its octets read, line ends as LF.
type told struct {
	archive.Meta
	body, err string
}

func read(t testing.TB, src fetch.Source) []told {
	t.Helper()
	var out []told
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if m == nil {
			t.Fatal(err)
		}
		item := told{Meta: m.Meta}
		if err != nil {
			item.err = err.Error()
		}
		if m.Body != nil {
			b, err := io.ReadAll(m.Body)
			if err != nil {
				item.err += " body: " + err.Error()
			}
			item.body = strings.ReplaceAll(string(b), "\r\n", "\n")
		}
		out = append(out, item)
	}
	return out
}

func TestContract(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.olm")
	if err := os.WriteFile(path, example(t), 0o600); err != nil {
		t.Fatal(err)
	}
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		src, err := Open(diskFile{f}, fetch.Options{Mailbox: "Mac", Traits: []string{"x"}})
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}

func TestMessages(t *testing.T) {
	got := read(t, open(t, example(t), fetch.Options{Mailbox: "Mac", Traits: []string{"x"}}))
	if len(got) != 2 {
		t.Fatalf("%d messages, want 2", len(got))
	}
	const text = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n"
	for i, want := range []struct {
		meta archive.Meta
		body string
	}{
		{archive.Meta{
			Origin: "file:/a.olm!" + top + "Inbox/message_00000.xml", Mailbox: "Mac/anna@post.example/Inbox", Flags: "S",
			Received: time.Date(2024, 3, 5, 8, 0, 7, 0, time.UTC), Traits: []string{"x", "label:Work", "label:Home"},
		}, "From: \"Ben\" <ben@post.example>\nTo: \"Anna\" <anna@post.example>\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\nDate: Tue, 05 Mar 2024 08:00:00 +0000\n" +
			"Message-Id: <1@post.example>\nMime-Version: 1.0\nContent-Type: multipart/mixed;\n boundary=\"B\"\n\n--B\n" + text + "one & two\n\n--B\n" +
			"Content-Type: text/plain\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=plan.txt\n\ndGhlIHBsYW4=\n--B--\n"},
		{archive.Meta{
			Origin: "file:/a.olm!" + top + "Drafts/House/message_00001.xml", Mailbox: "Mac/anna@post.example/Drafts/House",
			Received: time.Date(2024, 3, 6, 9, 0, 0, 0, time.UTC), Traits: []string{"x", "unsent"},
		}, "From: \"Anna\" <anna@post.example>\nSubject: Unfinished\nDate: Wed, 06 Mar 2024 09:00:00 +0000\nX-Unsent: 1\nMime-Version: 1.0\n" + text + "Dear"},
	} {
		if g := got[i]; fmt.Sprint(g.Meta) != fmt.Sprint(want.meta) || g.err != "" {
			t.Errorf("got %+v, %s\nwant %+v", g.Meta, g.err, want.meta)
		}
		body := got[i].body
		if _, rest, ok := strings.Cut(body, `boundary="`); ok {
			boundary, _, _ := strings.Cut(rest, `"`)
			body = strings.ReplaceAll(body, boundary, "B")
		}
		if body != want.body {
			t.Errorf("got\n%s\nwant\n%s", body, want.body)
		}
	}
}

// TestForms has messages as older and newer versions write them.
func TestForms(t *testing.T) {
	for _, test := range []struct{ name, xml, want string }{
		{"HTML in both", wrap(property("OPFMessageCopyBody", "&lt;html&gt;a") + property("OPFMessageCopyHTMLBody", "&lt;html&gt;b")), "Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<html>b"},
		{"HTML as the text", wrap(property("OPFMessageCopyBody", "&lt;!DOCTYPE html&gt;a")), "text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n<!DOCTYPE html>a"},
		{"namespace", `<m:emails xmlns:m="x"><m:email><m:OPFMessageCopySubject>ns</m:OPFMessageCopySubject></m:email></m:emails>`, "Subject: ns\n"},
		{"no element emails", `<?xml version="1.0"?><email><OPFMessageCopySubject>alone</OPFMessageCopySubject></email>`, "Subject: alone\n"},
		{"addresses as elements", wrap("<OPFMessageCopyCCAddresses><emailAddress><OPFContactEmailAddressAddress>c@d.example</OPFContactEmailAddressAddress></emailAddress></OPFMessageCopyCCAddresses>"), "Cc: <c@d.example>\n"},
		{"recipients by name alone", wrap(property("OPFMessageCopyDisplayTo", "Ben; Cleo")), "To: Ben; Cleo\n"},
		{"references", wrap(property("OPFMessageCopyReferences", "&lt;a@b&gt;c@d,e@f")), "References: <a@b> <c@d> <e@f>\n"},
		{"source", wrap(property("OPFMessageCopySource", "Received: by mx\nSubject: there\nContent-Type: text/html\n\nbody") + property("OPFMessageCopySubject", "here")), "Received: by mx\nSubject: there\nMessage-Id: <"},
		{"control characters", wrap(property("OPFMessageCopySubject", "a\x01b&#x1f;c&#0;d&#128512;")), "Subject: =?utf-8?q?a_b_c_d=F0=9F=98=80?=\n"},
		{"another zone", wrap(property("OPFMessageCopySentTime", "2024-03-05T08:00:00+02:00")), "Date: Tue, 05 Mar 2024 06:00:00 +0000\n"},
		{"entities of HTML", wrap(property("OPFMessageCopySubject", "a&nbsp;&unknown;b")), "Subject: =?utf-8?q?a=C2=A0&unknown;b?=\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := read(t, open(t, pack(t, entry{"Local/com.microsoft.__Messages/Inbox/message_00000.xml", test.xml}), fetch.Options{}))
			if len(got) != 1 || got[0].err != "" || !strings.Contains(got[0].body, test.want) {
				t.Errorf("got %+v, want %q in it", got, test.want)
			}
		})
	}
}

// TestSeveralInOneFile: the second and later ones are told apart by where they
// stand.
func TestSeveralInOneFile(t *testing.T) {
	xml := wrap(received, unsent)
	got := read(t, open(t, pack(t, entry{top + "Inbox/m.xml", xml}), fetch.Options{}))
	want := fmt.Sprintf("file:/a.olm!%sInbox/m.xml@%d", top, strings.LastIndex(xml, "<email "))
	if len(got) != 2 || got[1].Origin != want || !slices.Contains(got[0].Traits, "partial") || slices.Contains(got[1].Traits, "partial") {
		t.Errorf("got %+v, want the second at %s and the first without its attachment", got, want)
	}
}

// TestDamage has archives of which a part is lost. What is whole comes.
func TestDamage(t *testing.T) {
	whole := example(t)
	cut := bytes.LastIndex(whole, []byte("PK\x01\x02")) // in the directory
	flipped := bytes.Clone(whole)
	flipped[bytes.Index(flipped, []byte("message_00000.xml"))+40] ^= 0xff
	broken := pack(t, entry{top + "Inbox/a.xml", "<emails><email><OPFMessageCopySubject>a</OPFMessageCopySubject><OPFMess"}, entry{top + "Inbox/b.xml", wrap(unsent)})
	for _, test := range []struct {
		name        string
		octets      []byte
		whole, lost int
	}{
		{"directory cut off", whole[:cut], 2, 1},
		{"a message is damaged", flipped, 1, 1},
		{"XML cut off", broken, 1, 1},
		{"XML cut off before the message", pack(t, entry{top + "a.xml", "<emails elementCount=\"1\"><ema"}), 0, 1},
		{"XML of no message", pack(t, entry{top + "a.xml", "<emails elementCount=\"0\"></emails>"}), 0, 0},
		{"not a zip", []byte("text"), 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			good, bad := 0, 0
			for _, m := range read(t, open(t, test.octets, fetch.Options{})) {
				if m.err == "" {
					good++
				} else {
					bad++
				}
				if m.err == "" && strings.Contains(m.body, "=?utf-8?q?Gr=C3") && !strings.Contains(m.body, "dGhlIHBsYW4=") {
					t.Errorf("the attachment is missing in\n%s", m.body)
				}
			}
			if good != test.whole || bad != test.lost {
				t.Errorf("%d whole, %d not readable; want %d, %d", good, bad, test.whole, test.lost)
			}
		})
	}
}

// TestAttachmentThatIsDamaged fails when it is read and costs its message only.
func TestAttachmentThatIsDamaged(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, e := range []entry{{top + "Inbox/m.xml", wrap(received)}, {top + "Inbox/n.xml", wrap(unsent)}, attached} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: e.name, Method: zip.Deflate})
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, e.content)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	i := bytes.LastIndex(b.Bytes(), []byte("PK\x01\x02"))
	b.Bytes()[i+16] ^= 0xff // its CRC
	got := read(t, open(t, b.Bytes(), fetch.Options{}))
	if len(got) != 2 || !strings.Contains(got[0].err, "CRC") || got[1].err != "" {
		t.Errorf("got %+v", got)
	}
}

func TestSniff(t *testing.T) {
	plain := pack(t, entry{"a.txt", "x"})
	for _, test := range []struct {
		name string
		head []byte
		want fetch.Confidence
	}{
		{"a.olm", example(t), fetch.Yes},
		{"export.zip", pack(t, entry{top + "Inbox/m.xml", wrap(unsent)}), fetch.Yes},
		{"export.zip", plain, fetch.No}, {"a.olm", plain, fetch.Yes}, {"a.olm", []byte("text"), fetch.No}, {"a.olm", nil, fetch.No},
	} {
		if got := Sniff(test.head[:min(len(test.head), 4096)], test.name); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

// TestContextEndsTheIndex: the first look at a large archive ends too.
func TestContextEndsTheIndex(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	src := open(t, example(t), fetch.Options{}).(*source)
	cancel()
	if err := src.index(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestMutated reads archives that were damaged at random: no panic, none takes
// 2 s or 256 MB. LOSTPOST_MUTATIONS=10000 reads that many.
func TestMutated(t *testing.T) {
	count := 300
	if n, err := strconv.Atoi(os.Getenv("LOSTPOST_MUTATIONS")); err == nil {
		count = n
	}
	rng := rand.New(rand.NewPCG(13, 2))
	xml, whole := []byte(wrap(received, unsent)), example(t)
	var before, after runtime.MemStats
	for i := range count {
		b := bytes.Clone(whole)
		if i%2 == 0 {
			damaged := mutate(rng, bytes.Clone(xml))
			b = pack(t, attached, entry{top + "Inbox/m.xml", string(damaged)})
		} else {
			b = mutate(rng, b)
		}
		runtime.ReadMemStats(&before)
		start := time.Now()
		drain(t, b)
		d := time.Since(start)
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; d > 10*time.Second || used > 256<<20 {
			t.Errorf("file %d: %v, %d MB", i, d, used>>20)
		}
	}
}

func mutate(rng *rand.Rand, b []byte) []byte {
	for range 1 + rng.IntN(8) {
		switch at := rng.IntN(len(b)); rng.IntN(4) {
		case 0:
			b[at] = byte(rng.Uint32())
		case 1:
			b[at] = "<>&;/\"'"[rng.IntN(7)]
		case 2:
			b = append(b[:at], b[min(len(b), at+rng.IntN(20)):]...)
		default:
			if rng.IntN(10) == 0 {
				b = b[:at]
			}
		}
		if len(b) == 0 {
			return []byte("P")
		}
	}
	return b
}

func drain(t *testing.T, b []byte) {
	seen := map[string]bool{}
	for m := range open(t, b, fetch.Options{}).Messages(t.Context(), fetch.NoState) {
		if m == nil {
			t.Fatal("the source ends")
		}
		if m.Body != nil {
			io.Copy(io.Discard, m.Body)
		}
		seen[m.Origin] = true
	}
}

func FuzzOLM(f *testing.F) {
	f.Add([]byte(wrap(received)))
	f.Add([]byte(wrap(unsent, unsent)))
	f.Add([]byte("<email><a><b>&#55296;</a></email>"))
	f.Fuzz(func(t *testing.T, xml []byte) {
		drain(t, pack(t, attached, entry{top + "Inbox/m.xml", string(xml)}))
	})
}
