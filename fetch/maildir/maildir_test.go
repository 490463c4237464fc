package maildir

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/fetchtest"
)

var mtime = time.Date(2024, 3, 5, 10, 0, 0, 0, time.UTC)

// tree makes files; a name that ends in "/" is a folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("file names with a colon")
	}
	dir := filepath.Join(t.TempDir(), "Maildir")
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o700); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, mtime, mtime); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func open(t *testing.T, dir string, opt fetch.Options) fetch.Source {
	t.Helper()
	src, err := Open(dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	return src
}

// all tells each yield in a line: where, mailbox, flags, traits, body or error.
func all(t *testing.T, src fetch.Source) []string {
	t.Helper()
	var out []string
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if m == nil {
			t.Fatal(err)
		}
		where := strings.TrimPrefix(m.Origin, src.Name())
		if err != nil {
			out = append(out, fmt.Sprintf("%s: %v", where, err))
			continue
		}
		b, err := io.ReadAll(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		if !m.Received.Equal(mtime) || m.Size != int64(len(b)) {
			t.Errorf("%s: received %v, size %d of %d", where, m.Received, m.Size, len(b))
		}
		out = append(out, fmt.Sprintf("%s [%s] %s %v %q", where, m.Mailbox, m.Flags, m.Traits, b))
	}
	return out
}

func check(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestContract(t *testing.T) {
	dir := tree(t, map[string]string{
		"cur/1.a:2,S": "Subject: 1\n\n", "new/2.b": "Subject: 2\n\n", "tmp/": "", "cur/3.c:2,": "",
		".Sent/cur/4.d:2,S": "Subject: 4\n\n",
	})
	fetchtest.Run(t, func(t *testing.T) fetch.Source {
		src, err := Open(dir, fetch.Options{Mailbox: "Box"})
		if err != nil {
			t.Fatal(err)
		}
		return src
	})
}

// TestTree has every kind of folder and of name.
func TestTree(t *testing.T) {
	dir := tree(t, map[string]string{
		"cur/10.M1.host:2,S":              "a",
		"cur/11.M2.host:2,DFPRST":         "b",
		"cur/12.M3.host":                  "c",
		"cur/13.M4.host,S=1:2,":           "d",
		"cur/14.M5.host;2,R":              "e",
		"cur/.hidden":                     "x",
		"cur/15.host:2,ab":                "f",
		"cur/dir/":                        "",
		"new/20.M1.host":                  "g",
		"tmp/30.M1.host":                  "x",
		"dovecot-uidlist":                 "3 V1 N1",
		"dovecot-keywords":                "0 $Forwarded\n1 work\n",
		".Sent/cur/40:2,S":                "h",
		".Lists.go-nuts/new/41":           "i",
		".Entw&APw-rfe/cur/42:2,D":        "j",
		".Empty/cur/":                     "",
		"plain/cur/50:2,":                 "k",
		"plain/in.side/cur/51:2,":         "l",
		".outer.directory/sub/cur/52:2,S": "m",
		"no-maildir/53":                   "x",
	})
	got := all(t, open(t, dir, fetch.Options{}))
	check(t, got, []string{
		`/new/20.M1.host []  [] "g"`,
		`/cur/10.M1.host [] S [] "a"`,
		`/cur/11.M2.host [] DFPRST [deleted] "b"`,
		`/cur/12.M3.host []  [] "c"`,
		`/cur/13.M4.host,S=1 []  [] "d"`,
		`/cur/14.M5.host [] R [] "e"`,
		`/cur/15.host []  [keyword:$Forwarded keyword:work] "f"`,
		`/.Entw&APw-rfe/cur/42 [Entwürfe] D [] "j"`,
		`/.Lists.go-nuts/new/41 [Lists/go-nuts]  [] "i"`,
		`/.Sent/cur/40 [Sent] S [] "h"`,
		`/.outer.directory/sub/cur/52 [outer/sub] S [] "m"`,
		`/plain/cur/50 [plain]  [] "k"`,
		`/plain/in.side/cur/51 [plain/in.side]  [] "l"`,
	})
}

func TestMailboxAndTraitsOfTheCaller(t *testing.T) {
	dir := tree(t, map[string]string{"cur/1:2,": "a", ".Sent/cur/2:2,T": "b"})
	got := all(t, open(t, dir, fetch.Options{Mailbox: "Old/Server", Traits: []string{"x"}, Origin: "file:/elsewhere"}))
	check(t, got, []string{`/cur/1 [Old/Server]  [x] "a"`, `/.Sent/cur/2 [Old/Server/Sent] T [x deleted] "b"`})
}

// TestTreeOfMaildirs has a folder above that is no Maildir itself.
func TestTreeOfMaildirs(t *testing.T) {
	dir := tree(t, map[string]string{"anna/cur/1:2,": "a", "anna/.Sent/new/2": "b", "ben/new/3": "c"})
	check(t, all(t, open(t, dir, fetch.Options{})), []string{`/anna/cur/1 [anna]  [] "a"`, `/anna/.Sent/new/2 [anna/Sent]  [] "b"`, `/ben/new/3 [ben]  [] "c"`})
}

// TestTwoFilesWithOneBaseName breaks the rules of Maildir; none may be lost.
func TestTwoFilesWithOneBaseName(t *testing.T) {
	dir := tree(t, map[string]string{"cur/1:2,": "a", "cur/1:2,S": "b", "new/1": "c"})
	check(t, all(t, open(t, dir, fetch.Options{})), []string{`/new/1 []  [] "c"`, `/cur/1 []  [] "a"`, `/cur/1:2,S [] S [] "b"`})
}

// TestRenamedMeanwhile lets another program rename, move and remove messages
// after the folder was listed.
func TestRenamedMeanwhile(t *testing.T) {
	dir := tree(t, map[string]string{"cur/1:2,": "a", "cur/2:2,": "b", "cur/3:2,": "c", "cur/4:2,": "d"})
	src := open(t, dir, fetch.Options{})
	move := func(from, to string) {
		t.Helper()
		if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "new"), 0o700); err != nil {
		t.Fatal(err)
	}
	var got []string
	for m, err := range src.Messages(t.Context(), fetch.NoState) {
		if m == nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s %v", strings.TrimPrefix(m.Origin, src.Name()), m.Flags, err))
		if len(got) == 1 {
			move("cur/2:2,", "cur/2:2,FS")
			move("cur/3:2,", "new/3")
			if err := os.Remove(filepath.Join(dir, "cur/4:2,")); err != nil {
				t.Fatal(err)
			}
		}
	}
	check(t, got, []string{"/cur/1  <nil>", "/cur/2 FS <nil>", "/cur/3  <nil>", "/cur/4  removed while the folder was read: gone at its place"})
	if mark := src.(fetch.Marker).FinalMark(); mark != "" {
		t.Errorf("a tree that changed has the mark %q", mark)
	}
}

// TestDamagedTree has what cannot be read beside what can.
func TestDamagedTree(t *testing.T) {
	dir := tree(t, map[string]string{"cur/1:2,": "a", "cur/2:2,": "", "cur/3:2,": "c"})
	check(t, all(t, open(t, dir, fetch.Options{})), []string{`/cur/1 []  [] "a"`, `/cur/2: the file is empty`, `/cur/3 []  [] "c"`})
}

// TestFoldersWithoutPermission are named, and the others are read.
func TestFoldersWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	dir := tree(t, map[string]string{"cur/1:2,": "a", ".Bad/cur/4:2,": "d", ".Worse/cur/5:2,": "e"})
	for _, name := range []string{".Bad/cur", ".Worse"} {
		bad := filepath.Join(dir, name)
		if err := os.Chmod(bad, 0); err != nil {
			t.Fatal(err)
		}
		defer os.Chmod(bad, 0o700)
	}
	check(t, all(t, open(t, dir, fetch.Options{})), []string{
		`/cur/1 []  [] "a"`,
		`/.Bad/cur: list: openat .Bad/cur: permission denied`,
		`/.Worse: list: openat .Worse: permission denied`,
	})
}

// TestNamesThatAreNotUTF8 come from old systems.
func TestNamesThatAreNotUTF8(t *testing.T) {
	dir := tree(t, map[string]string{"cur/1\xe4:2,": "a", ".Entw\xfcrfe/cur/2:2,": "b"})
	check(t, all(t, open(t, dir, fetch.Options{})), []string{"/cur/1\xe4 []  [] \"a\"", "/.Entw\xfcrfe/cur/2 [Entw\uFFFDrfe]  [] \"b\""})
}

// TestTooDeep has more folders in each other than are followed.
func TestTooDeep(t *testing.T) {
	deep := strings.Repeat("d/", maxDepth)
	dir := tree(t, map[string]string{deep + "cur/1:2,": "a", deep + "d/cur/2:2,": "b"})
	got := all(t, open(t, dir, fetch.Options{}))
	if len(got) != 2 || !strings.Contains(got[0], "/cur/1 ") || !strings.HasSuffix(got[1], "d/d: list: folders lie too deep in each other") {
		t.Errorf("got %q", got)
	}
}

// TestLinksAreNotFollowed has links out of the tree and a pipe.
func TestLinksAreNotFollowed(t *testing.T) {
	dir := tree(t, map[string]string{"cur/1:2,": "a", "new/": ""})
	outside := tree(t, map[string]string{"cur/2:2,": "secret", "secret": "secret"})
	for name, to := range map[string]string{
		"cur/3:2,S": filepath.Join(outside, "secret"),
		"cur/4:2,S": "/dev/zero",
		".Out":      outside,
		"new/5":     "../cur/1:2,",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	check(t, all(t, open(t, dir, fetch.Options{})), []string{`/cur/1 []  [] "a"`})
}

func TestIs(t *testing.T) {
	dir := tree(t, map[string]string{"a/cur/": "", "a/new/": "", "b/cur/": "", "b/tmp/": "", "c/cur/": "", "d/cur": "file", "d/new/": ""})
	for name, want := range map[string]bool{"a": true, "b": true, "c": false, "d": false, "none": false} {
		if got := Is(filepath.Join(dir, name)); got != want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestPlace(t *testing.T) {
	tests := []struct {
		name    string
		top     int
		mailbox string
		flags   archive.Flags
		ok      bool
	}{
		{"Maildir/cur/1.host:2,SD", 1, "", "DS", true},
		{"Maildir/.Sent.2024/new/1", 1, "Sent/2024", "", true},
		{"cur/1:2,S", 0, "", "S", true},
		{"x//cur/1:2,S", 0, "x", "S", true},
		{"Maildir/tmp/1", 1, "", "", false},
		{"Maildir/cur/.x", 1, "", "", false},
		{"cur/1:2,S", 1, "", "", false},
		{"1", 0, "", "", false},
		{"", 0, "", "", false},
	}
	for _, test := range tests {
		mailbox, flags, ok := Place(test.name, test.top)
		if mailbox != test.mailbox || flags != test.flags || ok != test.ok {
			t.Errorf("%s: got %q %q %v", test.name, mailbox, flags, ok)
		}
	}
}

// FuzzPlace: a mailbox has canonical levels and flags are letters, whatever
// the name.
func FuzzPlace(f *testing.F) {
	f.Add("Maildir/.Sent.2024/cur/1.host:2,SD")
	f.Add("a/.b.directory/../&AOQ-/new/1;2,")
	f.Fuzz(func(t *testing.T, name string) {
		for top := range 3 {
			mailbox, flags, ok := Place(name, top)
			if !ok && (mailbox != "" || flags != "") {
				t.Errorf("%q: not ok, and yet %q %q", name, mailbox, flags)
			}
			if strings.HasPrefix(mailbox, "/") || strings.HasSuffix(mailbox, "/") || strings.Contains(mailbox, "//") {
				t.Errorf("%q: mailbox %q", name, mailbox)
			}
			if strings.Trim(string(flags), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
				t.Errorf("%q: flags %q", name, flags)
			}
		}
	})
}
