package maildir

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNames(t *testing.T) {
	for _, c := range []struct {
		name, base, flags string
		ok                bool
	}{
		{"abc:2,FS", "abc", "FS", true},
		{"abc;2,FS", "abc", "FS", true},
		{"abc:2,", "abc", "", true},
		{"abc", "abc", "", false},
		{"1700000000.M1P2.host,S=12:2,Sab", "1700000000.M1P2.host,S=12", "Sab", true},
		{"abc:1,x", "abc", "1,x", false},
		{"a;b", "a;b", "", false},
	} {
		base, flags, ok := Split(c.name)
		if base != c.base || flags != c.flags && c.ok || ok != c.ok {
			t.Errorf("Split(%q): got %q %q %v, want %q %q %v", c.name, base, flags, ok, c.base, c.flags, c.ok)
		}
	}
	if got := Name("abc", ":", "FS"); got != "abc:2,FS" {
		t.Errorf("got %q", got)
	}
}

func TestCleanFlags(t *testing.T) {
	for in, want := range map[string]string{"": "", "SF": "FS", "FS": "FS", "SSD": "DS", "S:2,/..": "S", "aS": "Sa"} {
		if got := CleanFlags(in); got != want {
			t.Errorf("CleanFlags(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestFolders(t *testing.T) {
	for mailbox, folder := range map[string]string{
		"":                  "",
		"Sent":              ".Sent",
		"Lists/golang":      ".Lists.golang",
		"Entwürfe":          ".Entw&APw-rfe",
		"Q&A":               ".Q&-A",
		"日本語":               ".&ZeVnLIqe-", // example of RFC 3501 section 5.1.3
		"台北":                ".&U,BTFw-",   // the same
		"😀":                 ".&2D3eAA-",   // a surrogate pair
		"v1.2":              ".v1%2E2",
		"..":                ".%2E%2E",
		"100%":              ".100%",
		"a%2Eb":             ".a%252Eb",
		"a\x00b\n":          ".a%00b%0A",
		`what? <"a|b">*:\`:  `.what%3F %3C%22a%7Cb%22%3E%2A%3A%5C`,
		"space ":            ".space%20",
		"Trash/old/2024.01": ".Trash.old.2024%2E01",
	} {
		got := Folder(mailbox)
		if got != folder {
			t.Errorf("Folder(%q): got %q, want %q", mailbox, got, folder)
		}
		if back, ok := Mailbox(folder); !ok || back != mailbox {
			t.Errorf("Mailbox(%q): got %q, want %q", folder, back, mailbox)
		}
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"inbox": "", "INBOX": "", "INBOX/x": "INBOX/x", "/a//b/": "a/b", "//": "", "a\xffb": "a\uFFFDb",
	} {
		if got := Clean(in); got != want {
			t.Errorf("Clean(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestFolderOfALongNameIsShortAndItsOwn(t *testing.T) {
	a, b := Folder(strings.Repeat("ü/", 200)+"a"), Folder(strings.Repeat("ü/", 200)+"b")
	if len(a) > maxFolder || len(b) > maxFolder || a == b {
		t.Errorf("got %d and %d octets, equal %v", len(a), len(b), a == b)
	}
	if _, ok := Mailbox(a); !ok {
		t.Errorf("Mailbox(%q) is not ok", a)
	}
}

func TestMailboxOfForeignFolders(t *testing.T) {
	for folder, want := range map[string]string{
		".Entwürfe": "Entwürfe", // a program that writes UTF-8
		".a&b":      "a&b",      // no modified UTF-7
		".a&!!!!-b": "a&!!!!-b",
		".a%zz":     "a%zz",
	} {
		if got, ok := Mailbox(folder); !ok || got != want {
			t.Errorf("Mailbox(%q): got %q, want %q", folder, got, want)
		}
	}
	if _, ok := Mailbox("cur"); ok {
		t.Error("cur is not the folder of a mailbox")
	}
}

func FuzzFolder(f *testing.F) {
	for _, s := range []string{"Entwürfe/v1.2", "&-", "%2E", "../../etc", "a\x00/\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folder := Folder(s)
		if len(folder) > maxFolder || strings.ContainsAny(folder, "/\x00\n") {
			t.Fatalf("Folder(%q) is %q", s, folder)
		}
		if folder == "." || folder == ".." {
			t.Fatalf("Folder(%q) leaves the tree", s)
		}
		back, ok := Mailbox(folder)
		if !ok || !utf8.ValidString(back) {
			t.Fatalf("Mailbox(%q) is %q, %v", folder, back, ok)
		}
		if len(s) < 40 && back != Clean(s) {
			t.Errorf("Mailbox(Folder(%q)) is %q", s, back)
		}
		Mailbox("." + s)
	})
}
