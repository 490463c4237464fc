package mapi

import (
	"testing"
	"time"
)

func TestPropertyValues(t *testing.T) {
	if got := (Property{Type: Int32, Values: [][]byte{{0xfe, 0xff, 0xff, 0xff}}}).Int(); got != -2 {
		t.Errorf("Int32: got %d, want -2", got)
	}
	if got := (Property{Type: Boolean, Values: [][]byte{{1, 0}}}).Int(); got != 1 {
		t.Errorf("Boolean: got %d, want 1", got)
	}
	if got := (Property{Type: Int32, Values: [][]byte{{1}}}).Int(); got != 0 {
		t.Errorf("cut Int32: got %d, want 0", got)
	}
	// 2025-03-04 10:11:12 UTC is 133855566720000000 times 100 ns after 1601.
	when := Property{Type: Time, Values: [][]byte{{0x00, 0xe0, 0x8d, 0xc1, 0xed, 0x8c, 0xdb, 0x01}}}.Time()
	if want := time.Date(2025, 3, 4, 10, 11, 12, 0, time.UTC); !when.Equal(want) {
		t.Errorf("Time: got %v, want %v", when, want)
	}
	for _, n := range []uint64{0, 1<<64 - 1} {
		if got := FileTime(n); !got.IsZero() {
			t.Errorf("FileTime(%d): got %v, want none", n, got)
		}
	}
}

func TestPropertyText(t *testing.T) {
	for _, c := range []struct {
		name string
		p    Property
		page int
		want string
	}{
		{"code page", Property{Type: String8, Values: [][]byte{[]byte("\xcf\xf0\xe8\x00xx")}}, 1251, "При"},
		{"Unicode", Property{Type: Unicode, Values: [][]byte{[]byte("\x1f\x04\x3d\xd8\x00\xde\x00\x00a\x00")}}, 0, "П😀"},
		{"odd octets", Property{Type: Unicode, Values: [][]byte{[]byte("a\x00b")}}, 0, "a"},
		{"code page of two octets", Property{Type: String8, Values: [][]byte{[]byte("\x89\xef\x8b\x63")}}, 932, "会議"},
		{"another type", Property{Type: Binary, Values: [][]byte{[]byte("abc")}}, 0, ""},
		{"no value", Property{Type: String8}, 0, ""},
	} {
		if got := c.p.Text(c.page); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPropertiesGet(t *testing.T) {
	ps := Properties{{ID: Subject, Type: String8, Values: [][]byte{[]byte("first")}}, {ID: Subject, Type: String8, Values: [][]byte{[]byte("second")}}}
	if got := ps.Text(Subject, 1252); got != "first" {
		t.Errorf("got %q, want the first", got)
	}
	if got := ps.Text(Body, 1252); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}

func TestLocaleCodePage(t *testing.T) {
	for locale, want := range map[int]int{
		0x0409: 1252, 0x0407: 1252, 0x0419: 1251, 0x0405: 1250, 0x0408: 1253, 0x041f: 1254, 0x040d: 1255, 0x0c01: 1256, 0x0425: 1257, 0x042a: 1258,
		0x041e: 874, 0x0411: 932, 0x0804: 936, 0x0412: 949, 0x0404: 950, 0x0c04: 950, 0x081a: 1250, 0x0c1a: 1251,
		0: 0, 0x0400: 0, 0x007f: 0, 0x10419: 1251, -1: 1252,
	} {
		if got := LocaleCodePage(locale); got != want {
			t.Errorf("%#04x: got %d, want %d", locale, got, want)
		}
	}
}

func TestCharsetNamesAreKnown(t *testing.T) {
	for page, want := range map[int]string{
		1252: "windows-1252", 28592: "iso-8859-2", 874: "windows-874", 850: "ibm850", 65001: "utf-8", 950: "big5", 0: "", 99999: "",
	} {
		if got := Charset(page); got != want {
			t.Errorf("%d: got %q, want %q", page, got, want)
		}
	}
}
