package tnef

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"lostpost/decode/mapi"
)

// attr writes an attribute with a right checksum.
func attr(level byte, id uint32, data string) string {
	b := binary.LittleEndian.AppendUint32([]byte{level}, id)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	sum := uint16(0)
	for _, c := range []byte(data) {
		sum += uint16(c)
	}
	return string(b) + data + string(binary.LittleEndian.AppendUint16(nil, sum))
}

func u32(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }

func wide(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s + "\x00")) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// prop writes a property of variable length with its values, or one of fixed
// length.
func prop(t mapi.Type, id uint16, values ...string) string {
	s := u32(uint32(id)<<16 | uint32(t))
	if t.Size() >= 0 && t&mapi.Several == 0 {
		return s + values[0] + strings.Repeat("\x00", -len(values[0])&3)
	}
	s += u32(uint32(len(values)))
	for _, v := range values {
		if t.Size() < 0 {
			s += u32(uint32(len(v)))
		}
		s += v + strings.Repeat("\x00", -len(v)&3)
	}
	return s
}

func props(list ...string) string { return u32(uint32(len(list))) + strings.Join(list, "") }

const (
	rend  = "\x01\x00\xff\xff\xff\xff\x20\x00\x20\x00\x00\x00\x00\x00"
	start = "\x78\x9f\x3e\x22\x01\x00"
)

// sample is a message with all that is read.
func sample() string {
	inner := start + attr(1, 0x69007, u32(1251)+u32(0)) + attr(1, 0x18004, "\xcf\xf0\xe8\xe2\xe5\xf2\x00") + attr(1, 0x2800c, "inner needle\x00")
	return start +
		attr(1, 0x18004, "Gr\xfc\xdfe\x00") + // before the code page
		attr(1, 0x69007, u32(1252)+u32(0)) +
		attr(1, 0x78008, "IPM.Microsoft Mail.Note\x00") +
		attr(1, 0x2800c, "See the budget.\x00trash") +
		attr(1, 0x69003, props(
			prop(mapi.Int32, mapi.InternetCodePage, u32(65001)),
			prop(mapi.Unicode, mapi.MessageClass, wide("IPM.Note")),
			u32(0x80010000|uint32(mapi.Boolean))+strings.Repeat("\x01", 16)+u32(1)+u32(10)+wide("Note")+"\x00\x00"+"\x01\x00\x00\x00",
			u32(0x80020000|uint32(mapi.Int32))+strings.Repeat("\x02", 16)+u32(0)+u32(0x8233)+u32(7),
			prop(mapi.String8|mapi.Several, 5, "one\x00", "three\x00"),
			prop(mapi.Binary, mapi.HTML, "<p>Grüße</p>"))) +
		attr(2, 0x69002, rend) + attr(2, 0x18010, "BUDGET~1.CSV\x00") + attr(2, 0x6800f, "pear;3\r\n") +
		attr(2, 0x69005, props(prop(mapi.Unicode, mapi.AttachLongFilename, wide("Übersicht für März.csv")),
			prop(mapi.String8, mapi.AttachMimeTag, "text/csv\x00"), prop(mapi.Int32, mapi.AttachMethod, u32(1)))) +
		attr(2, 0x69002, rend) + attr(2, 0x6800f, "This is an embedded message.\x00") +
		attr(2, 0x69005, props(prop(mapi.Object, mapi.AttachData, string(messageInterface)+inner), prop(mapi.Int32, mapi.AttachMethod, u32(5)),
			prop(mapi.String8, mapi.DisplayName, "Fwd\x00"))) +
		attr(2, 0x69002, rend) + attr(2, 0x18010, "a.png\x00") + attr(2, 0x6800f, "PNG") +
		attr(2, 0x69005, props(prop(mapi.String8, mapi.AttachContentID, "pic@a.example\x00"), prop(mapi.Boolean, mapi.AttachmentHidden, "\x01\x00")))
}

func read(t *testing.T, s string) *Message {
	t.Helper()
	m, ok := Read([]byte(s))
	if !ok {
		t.Fatal("not TNEF")
	}
	return m
}

func TestReadMessage(t *testing.T) {
	m := read(t, sample())
	if m.Subject != "Grüße" || m.Class != "IPM.Note" || m.CodePage != 1252 {
		t.Errorf("got %q, %q, %d", m.Subject, m.Class, m.CodePage)
	}
	if string(m.Body) != "See the budget." || string(m.HTML) != "<p>Grüße</p>" || m.HTMLPage != 65001 {
		t.Errorf("got bodies %q, %q, %d", m.Body, m.HTML, m.HTMLPage)
	}
	if len(m.Faults) > 0 {
		t.Errorf("got faults %v", m.Faults)
	}
	named := m.Properties.Get(0x8001)
	if named.Name.Text != "Note" || named.Name.Set[0] != 1 || named.Int() != 1 {
		t.Errorf("got %+v", named)
	}
	if n := m.Properties.Get(0x8002); n.Name.Number != 0x8233 || n.Int() != 7 {
		t.Errorf("got %+v", n)
	}
	if v := m.Properties.Get(5).Values; len(v) != 2 || string(v[1]) != "three\x00" {
		t.Errorf("got values %q", v)
	}
}

func TestReadAttachments(t *testing.T) {
	a := read(t, sample()).Attachments
	if len(a) != 3 {
		t.Fatalf("got %d attachments, want 3", len(a))
	}
	if a[0].Name != "Übersicht für März.csv" || a[0].MediaType != "text/csv" || string(a[0].Data) != "pear;3\r\n" || a[0].Embedded {
		t.Errorf("got %+v", a[0])
	}
	if !a[1].Embedded || a[1].Name != "Fwd" || string(a[1].Stub) != "This is an embedded message.\x00" {
		t.Errorf("got %+v", a[1])
	}
	if inner := read(t, string(a[1].Data)); inner.Subject != "Привет" || string(inner.Body) != "inner needle" {
		t.Errorf("got %+v", inner)
	}
	if a[2].Name != "a.png" || a[2].ContentID != "pic@a.example" || !a[2].Hidden {
		t.Errorf("got %+v", a[2])
	}
}

func TestReadDamaged(t *testing.T) {
	file := attr(2, 0x69002, rend) + attr(2, 0x18010, "a.txt\x00") + attr(2, 0x6800f, "needle")
	for _, c := range []struct {
		name, in string
		data     string // of the first attachment
		faults   []string
	}{
		{"sound", start + file, "needle", nil},
		{"wrong checksum", start + file[:len(file)-1] + "\xff", "needle", []string{"tnef-checksum"}},
		{"no checksum at the end", start + file[:len(file)-2], "needle", []string{"tnef-checksum"}},
		{"cut in the octets", start + file[:len(file)-5], "nee", []string{"tnef-cut"}},
		{"cut in a header", start + file + file[:5], "needle", []string{"tnef-garbage"}},
		{"garbage at the end", start + file + strings.Repeat("\x00", 50), "needle", []string{"tnef-garbage"}},
		{"no rendering", start + file[len(attr(2, 0x69002, rend)):], "needle", nil},
		{"octets before the name", start + attr(2, 0x69002, rend) + attr(2, 0x6800f, "needle") + attr(2, 0x18010, "a.txt\x00"), "needle", nil},
		{"4 billion properties", start + file + attr(2, 0x69005, "\xff\xff\xff\xff"), "needle", []string{"tnef-property"}},
		{"property of unknown type", start + file + attr(2, 0x69005, props(u32(0x370500ee)+"xxxx")), "needle", []string{"tnef-property"}},
		{"value beyond the list", start + file + attr(2, 0x69005, props(u32(0x37010102)+u32(1)+u32(100)+"nee")), "nee", []string{"tnef-property"}},
		{"4 billion values", start + file + attr(2, 0x69005, props(u32(0x37051003)+"\xff\xff\xff\xff"+u32(1))), "needle", []string{"tnef-property"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := read(t, c.in)
			var codes []string
			for _, f := range m.Faults {
				codes = append(codes, f.Code)
			}
			if !slices.Equal(codes, c.faults) {
				t.Errorf("got faults %v, want %v", m.Faults, c.faults)
			}
			if len(m.Attachments) != 1 || string(m.Attachments[0].Data) != c.data {
				t.Errorf("got %+v, want the octets %q", m.Attachments, c.data)
			}
		})
	}
}

func TestReadOfOtherFiles(t *testing.T) {
	for _, s := range []string{"", "\x78\x9f", "\x78\x9f\x3e\x22", "PK\x03\x04 zip, not this"} {
		if m, ok := Read([]byte(s)); ok || m != nil {
			t.Errorf("%q: got %+v, %v", s, m, ok)
		}
	}
}

// checkBounds fails if something that was read is not part of the input, or is
// more than it.
func checkBounds(t *testing.T, b []byte, m *Message) {
	t.Helper()
	if len(m.Body)+len(m.HTML)+len(m.RTF) > 3*len(b) || len(m.Attachments) > maxAttachments || len(m.Faults) > maxFaults {
		t.Errorf("%d octets gave bodies of %d, %d, %d, %d attachments, %d faults",
			len(b), len(m.Body), len(m.HTML), len(m.RTF), len(m.Attachments), len(m.Faults))
	}
	for _, a := range m.Attachments {
		if len(a.Data) > len(b) {
			t.Errorf("%d octets gave an attachment of %d", len(b), len(a.Data))
		}
		if inner, ok := Read(a.Data); ok {
			checkBounds(t, a.Data, inner)
		}
	}
}

// TestMutatedStreams: 1,000 streams that were damaged at random are read to
// their end.
func TestMutatedStreams(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		b := []byte(sample())
		for range 1 + rng.IntN(10) {
			switch i := rng.IntN(len(b)); rng.IntN(4) {
			case 0:
				b[i] = byte(rng.Uint32())
			case 1:
				b = append(b[:i], b[min(len(b), i+1+rng.IntN(20)):]...)
			case 2:
				binary.LittleEndian.PutUint32(b[min(i, len(b)-4):], rng.Uint32())
			default:
				b = b[:max(i, 8)]
			}
			for len(b) < 8 {
				b = append(b, 0)
			}
		}
		copy(b, start)
		m, ok := Read(b)
		if !ok {
			t.Fatal("not TNEF")
		}
		checkBounds(t, b, m)
	}
}

// TestTimeGrowsWithTheInput: each of these takes some ten milliseconds, and
// minutes if anything is quadratic.
func TestTimeGrowsWithTheInput(t *testing.T) {
	for name, s := range map[string]string{
		"attributes":  strings.Repeat(attr(2, 0x69002, ""), 200_000),
		"empty lists": strings.Repeat(attr(2, 0x69005, u32(0)), 200_000),
		"properties":  attr(1, 0x69003, u32(1<<31)+strings.Repeat(prop(mapi.Int32, 1, u32(1)), 300_000)),
		"empty texts": attr(1, 0x69003, u32(1)+u32(0x1000001e)+u32(1<<31)+strings.Repeat(u32(0), 300_000)),
	} {
		begin := time.Now()
		m := read(t, start+s)
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s: %v", name, d)
		}
		checkBounds(t, []byte(s), m)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(sample()))
	f.Add([]byte(start + attr(1, 0x69003, "\xff\xff\xff\xff")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, ok := Read(b); ok {
			checkBounds(t, b, m)
		}
	})
}
