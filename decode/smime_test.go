package decode

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// der writes a value of a definite length.
func der(tag byte, content string) string {
	n := len(content)
	switch {
	case n < 0x80:
		return string([]byte{tag, byte(n)}) + content
	case n < 0x100:
		return string([]byte{tag, 0x81, byte(n)}) + content
	}
	return string([]byte{tag, 0x82, byte(n >> 8), byte(n)}) + content
}

// ber writes a value of an indefinite length.
func ber(tag byte, content string) string { return string([]byte{tag, 0x80}) + content + "\x00\x00" }

// cms writes a SignedData around an octet string.
func cms(wrap func(byte, string) string, octets string) string {
	return wrap(0x30, der(0x06, string(signedData))+wrap(0xa0, wrap(0x30,
		der(0x02, "\x01")+wrap(0x31, wrap(0x30, der(0x06, "\x2a\x03")))+
			wrap(0x30, der(0x06, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")+wrap(0xa0, octets))+der(0x31, ""))))
}

func TestSignedContent(t *testing.T) {
	long := strings.Repeat("needle ", 60)
	for _, c := range []struct {
		name, in, want string
		ok             bool
	}{
		{"DER", cms(der, der(0x04, "text")), "text", true},
		{"DER, long", cms(der, der(0x04, long)), long, true},
		{"BER", cms(ber, ber(0x24, der(0x04, "te")+der(0x04, "xt"))), "text", true},
		{"BER, pieces in pieces", cms(ber, ber(0x24, ber(0x24, der(0x04, "te"))+der(0x24, der(0x04, "x"))+der(0x04, "t"))), "text", true},
		{"definite pieces", cms(der, der(0x24, der(0x04, "te")+der(0x04, "xt"))), "text", true},
		{"cut in the content", cms(der, der(0x04, long))[:200], long[:200-len(cms(der, der(0x04, long)))+len(long)+2], true},
		{"no content", der(0x30, der(0x06, string(signedData))+der(0xa0, der(0x30, der(0x02, "\x01")+der(0x31, "")+der(0x30, der(0x06, "\x2a\x03"))))), "", false},
		{"encrypted", der(0x30, der(0x06, "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03")+der(0xa0, der(0x30, ""))), "", false},
		{"empty", "", "", false},
		{"deep", strings.Repeat("\x30\x80", 1_000_000), "", false},
		{"length of 8 octets", "\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := signedContent([]byte(c.in))
			if ok != c.ok || string(got) != c.want {
				t.Errorf("got %.40q (%d), %v, want %.40q (%d), %v", got, len(got), ok, c.want, len(c.want), c.ok)
			}
		})
	}
}

func TestSignedMessageIsEntered(t *testing.T) {
	inner := "Content-Type: multipart/mixed; boundary=x\n\n--x\n\nThe parcel is here.\n--x--\n"
	msg := lines("Subject: signed", `Content-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"`,
		"Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte(cms(der, der(0x04, inner)))))
	m := decodeBytes(t, []byte(msg))
	if m.Text != "The parcel is here.\n" || len(m.Parts) != 3 || m.Parts[2].Path() != "1/1.1" {
		t.Errorf("got text %q, %d parts", m.Text, len(m.Parts))
	}
	named := strings.Replace(msg, "application/pkcs7-mime", "application/octet-stream", 1)
	if m := decodeBytes(t, []byte(named)); m.Text != "The parcel is here.\n" {
		t.Errorf("known by its name alone: got text %q", m.Text)
	}
	sealed := strings.Replace(msg, "signed-data", "enveloped-data", 1)
	if m := decodeBytes(t, []byte(sealed[:strings.Index(sealed, "\n\n")]+"\n\nMIAG\n")); len(m.Parts) != 1 || !m.Parts[0].Leaf() {
		t.Errorf("got %d parts of a body that cannot be read, want 1", len(m.Parts))
	}
}

// FuzzSignedContent: the content is never longer than the body.
func FuzzSignedContent(f *testing.F) {
	f.Add([]byte(cms(der, der(0x04, "text"))))
	f.Add([]byte(cms(ber, ber(0x24, der(0x04, "te")+der(0x04, "xt")))))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, _ := signedContent(b); len(got) > len(b) {
			t.Errorf("%d octets out of %d", len(got), len(b))
		}
	})
}

// TestMutatedSignedContent: 1,000 bodies that were damaged at random give at
// most what is in them.
func TestMutatedSignedContent(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		b := []byte(cms(ber, ber(0x24, der(0x04, "The parcel ")+der(0x04, strings.Repeat("is here. ", 20)))))
		for range 1 + rng.IntN(6) {
			switch i := rng.IntN(len(b)); rng.IntN(3) {
			case 0:
				b[i] = byte(rng.Uint32())
			case 1:
				b = append(b[:i], b[min(len(b), i+1+rng.IntN(9)):]...)
			default:
				b = b[:i+1]
			}
			if len(b) == 0 {
				b = []byte{0x30}
			}
		}
		if content, _ := signedContent(b); len(content) > len(b) {
			t.Fatalf("%x: %d octets of %d", b, len(content), len(b))
		}
	}
}
