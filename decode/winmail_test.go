package decode

import (
	"encoding/base64"
	"encoding/binary"
	"io"
	"strings"
	"testing"
)

// attribute writes a TNEF attribute.
func attribute(level byte, id uint32, data string) string {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := uint16(0)
	for _, c := range []byte(data) {
		sum += uint16(c)
	}
	return string(b) + data + string(binary.LittleEndian.AppendUint16(nil, sum))
}

func word(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

const tnefStart = "\x78\x9f\x3e\x22\x01\x00"

// tnefFile writes an attachment.
func tnefFile(name, data string) string {
	return attribute(2, 0x69002, strings.Repeat("\x00", 14)) + attribute(2, 0x18010, name+"\x00") + attribute(2, 0x6800f, data)
}

// binaryProp writes a property of octets.
func binaryProp(id uint32, data string) string {
	return word(id<<16|0x102) + word(1) + word(uint32(len(data))) + data + strings.Repeat("\x00", -len(data)&3)
}

// storedRTF is a compressed RTF body that is not compressed.
func storedRTF(rtf string) string {
	return word(uint32(len(rtf)+12)) + word(uint32(len(rtf))) + "MELA" + word(0) + rtf
}

// winmailMessage is a message with a text and a winmail.dat.
func winmailMessage(text, stream string) []byte {
	return []byte(lines("Subject: budget", "Content-Type: multipart/mixed; boundary=x", "", "--x", "", text,
		"--x", "Content-Type: application/ms-tnef; name=winmail.dat", "Content-Disposition: attachment; filename=winmail.dat",
		"Content-Transfer-Encoding: base64", "", base64.StdEncoding.EncodeToString([]byte(stream)), "--x--"))
}

func TestWinmailIsOpened(t *testing.T) {
	stream := tnefStart + attribute(1, 0x69007, word(1252)+word(0)) + attribute(1, 0x2800c, "See the budget.\x00") +
		tnefFile(`C:\tmp\list.csv`, "pear;3\r\nplum;12\r\n") + tnefFile("bin.dat", "a\rb\rc\r")
	m := decodeBytes(t, winmailMessage("See the budget.", stream))
	var got []string
	for _, p := range m.Parts {
		b, err := io.ReadAll(p.Open())
		if err != nil {
			t.Fatal(err)
		}
		if p.Path() == "2" && string(b) != stream {
			t.Errorf("winmail.dat itself has %d octets, want %d", len(b), len(stream))
		}
		if strings.HasPrefix(p.Path(), "2/") {
			got = append(got, p.Path()+" "+p.MediaType+" "+p.Name+" "+p.FileName+" "+string(b))
		}
		if want := p.FileName == "list.csv" || p.FileName == "bin.dat"; p.Attachment != want {
			t.Errorf("%s %q: attachment %v, want %v", p.Path(), p.Name, p.Attachment, want)
		}
	}
	want := []string{"2/1 text/plain   See the budget.", "2/2 application/octet-stream C:\\tmp\\list.csv list.csv pear;3\r\nplum;12\r\n",
		"2/3 application/octet-stream bin.dat bin.dat a\rb\rc\r"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	if m.Text != "See the budget.\n" {
		t.Errorf("got text %q: the body of winmail.dat says nothing new", m.Text)
	}
}

func TestBodyOfWinmailIsShownIfItSaysMore(t *testing.T) {
	for _, c := range []struct{ name, body, want string }{
		{"plain", attribute(1, 0x2800c, "The parcel is h\xe9re.\x00"), "The parcel is hére.\n"},
		{"HTML", attribute(1, 0x69003, word(1)+binaryProp(0x1013, "<p>The <b>parcel</b> is here.</p>")), "The parcel is here.\n"},
		{"RTF", attribute(1, 0x69003, word(1)+binaryProp(0x1009, storedRTF(`{\rtf1\ansi The parcel is h\'e9re.\par}`))), "The parcel is hére.\n"},
		{"HTML inside RTF", attribute(1, 0x69003, word(1)+binaryProp(0x1009, storedRTF(`{\rtf1\fromhtml1{\*\htmltag64 <p>}The parcel{\*\htmltag84 <br>}\htmlrtf\par\htmlrtf0 is here.}`))), "The parcel\nis here.\n"},
		{"plain before RTF", attribute(1, 0x2800c, "The parcel is here.\x00") + attribute(1, 0x69003, word(1)+binaryProp(0x1009, storedRTF(`{\rtf1 other}`))), "The parcel is here.\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := decodeBytes(t, winmailMessage("Hello", tnefStart+attribute(1, 0x69007, word(1252)+word(0))+c.body))
			if want := "Hello\n\n" + c.want; m.Text != want {
				t.Errorf("got %q, want %q", m.Text, want)
			}
		})
	}
}

func TestMessageInsideWinmailIsEntered(t *testing.T) {
	inner := tnefStart + attribute(1, 0x18004, "Inner\x00") + attribute(1, 0x2800c, "needle in a haystack\x00") + tnefFile("deep.txt", "x")
	object := "\x07\x03\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" + inner
	props := word(1) + word(0x3701000d) + word(1) + word(uint32(len(object))) + object + strings.Repeat("\x00", -len(object)&3)
	m := decodeBytes(t, winmailMessage("Hello", tnefStart+attribute(2, 0x69002, "")+attribute(2, 0x69005, props)))
	if want := "Hello\n\nSubject: Inner\n\nneedle in a haystack\n"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
	if last := m.Parts[len(m.Parts)-1]; last.Path() != "2/1/2" || last.FileName != "deep.txt" || !last.Attachment {
		t.Errorf("got %s %q", last.Path(), last.FileName)
	}
}

// TestWinmailInWinmailIsBounded: each level is read again by the one below it.
func TestWinmailInWinmailIsBounded(t *testing.T) {
	stream := tnefStart + attribute(1, 0x2800c, "needle\x00")
	for range 150 {
		object := "\x07\x03\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46" + stream
		stream = tnefStart + attribute(2, 0x69002, "") +
			attribute(2, 0x69005, word(1)+word(0x3701000d)+word(1)+word(uint32(len(object)))+object+strings.Repeat("\x00", -len(object)&3))
	}
	m := decodeBytes(t, winmailMessage("Hello", stream))
	deepest := m.Parts[len(m.Parts)-1]
	if len(deepest.Problems) == 0 || deepest.Problems[0].Code != LimitDepth {
		t.Errorf("got %d parts, problems of the last %v, want %s", len(m.Parts), deepest.Problems, LimitDepth)
	}
}

func TestWinmailThatIsNone(t *testing.T) {
	m := decodeBytes(t, winmailMessage("Hello", "PK\x03\x04 something else"))
	if last := m.Parts[len(m.Parts)-1]; last.FileName != "winmail.dat" || !last.Attachment {
		t.Errorf("got %+v, want an attachment", last)
	}
}
