//go:build unix

package files

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"lostpost/fetch"
)

func TestSpecialFilesAreNotOpened(t *testing.T) {
	root := tree(t, map[string]string{"a.eml": letter(1), "sub/b.eml": letter(2)})
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600); err != nil {
		t.Skip("no pipes in this file system:", err)
	}
	listener, err := net.Listen("unix", filepath.Join(root, "socket"))
	if err != nil {
		t.Skip("no sockets in this file system:", err)
	}
	defer listener.Close()
	for name, target := range map[string]string{
		"loop": "loop", "sub/up": "..", "c.eml": "sub/b.eml", "lock": "127.0.1.1:+4711", "null": "/dev/null", "tree": "sub",
	} {
		if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	src := open(t, root)
	equal(t, "messages", told(t, src), []string{"/a.eml : letter 1", "/c.eml : letter 2", "/sub/b.eml sub: letter 2"})
	var notMail []string
	for _, n := range src.NotMail() {
		notMail = append(notMail, n.Kind+": "+strings.Join(n.Names, " "))
	}
	equal(t, "not mail", notMail, []string{"links to folders, not followed: sub/up tree", "links that lead nowhere: lock loop", "devices, pipes and sockets: null pipe socket"})
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
	if _, err := Open(filepath.Join(root, "pipe"), fetch.Options{}); err == nil {
		t.Error("a pipe by name: opened")
	}
	equal(t, "a link to a folder by name", told(t, open(t, filepath.Join(root, "tree"))), []string{"/b.eml : letter 2"})
}

// TestMaildirOfLinks: "search --format links=DIR" makes such a folder, and
// fetch/maildir itself follows no links.
func TestMaildirOfLinks(t *testing.T) {
	root := tree(t, map[string]string{"there/a": letter(1), "m/cur/1700000002.M2.host:2,": letter(2), "m/new/": "", "m/cur/.DS_Store": "\x00\x00\x00\x01Bud1",
		"m/cur/sub/b.eml": letter(3)})
	if err := os.Symlink("../../there/a", filepath.Join(root, "m/cur/1700000001.M1.host:2,FS")); err != nil {
		t.Skip(err)
	}
	src := open(t, filepath.Join(root, "m"))
	equal(t, "messages", told(t, src), []string{"/cur/1700000002.M2.host : letter 2", "/cur/1700000001.M1.host:2,FS  FS: letter 1", "/cur/sub/b.eml cur/sub: letter 3"})
	if n := src.NotMail(); len(n) != 1 || n[0].Kind != kindOther || n[0].Names[0] != "cur/.DS_Store" {
		t.Errorf("not mail: %v", n)
	}
}

// rightsDir is set in a child process that has no rights of root.
const rightsDir = "LOSTPOST_TEST_RIGHTS"

func TestWhatMayNotBeReadIsNamed(t *testing.T) {
	root := os.Getenv(rightsDir)
	if root == "" {
		root = tree(t, map[string]string{"a.eml": letter(1), "locked.eml": letter(2), "folder/c.eml": letter(3), "m/cur/1700000001.M1.host:2,S": letter(4), "m/new/": ""})
		for _, name := range []string{"locked.eml", "folder"} {
			if err := os.Chmod(filepath.Join(root, name), 0); err != nil {
				t.Fatal(err)
			}
		}
		defer os.Chmod(filepath.Join(root, "folder"), 0o700)
	}
	if os.Getuid() == 0 {
		asNobody(t, root)
		return
	}
	src := open(t, root)
	equal(t, "messages", told(t, src), []string{"/a.eml : letter 1", "/folder! no right to read it: permission denied",
		"/locked.eml! no right to read it: permission denied", "/m/cur/1700000001.M1.host m S: letter 4"})
	for _, name := range []string{"locked.eml", "folder"} {
		if _, err := Open(filepath.Join(root, name), fetch.Options{}); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s by name: got %v", name, err)
		}
	}
}

// asNobody runs the test again in a process without root's rights, since root
// may read everything.
func asNobody(t *testing.T, root string) {
	t.Helper()
	exe := filepath.Join(t.TempDir(), "files.test")
	if err := copyFile(exe, os.Args[0]); err != nil {
		t.Fatal(err)
	}
	for dir := root; len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	for dir := filepath.Dir(exe); len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	cmd := exec.Command(exe, "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), rightsDir+"="+root)
	cmd.Dir = os.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil && !strings.Contains(string(out), "--- FAIL") {
		t.Skipf("root reads everything, and no process without its rights can be started: %v", err)
	}
	if err != nil {
		t.Errorf("without root's rights:\n%s", out)
	}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
