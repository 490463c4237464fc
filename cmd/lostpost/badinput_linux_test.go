package main

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// peak is the largest memory of a process in octets. The test binary that
// stands in for the program is some 10 MB larger.
func (e ended) peak() int64 {
	return e.state.SysUsage().(*syscall.Rusage).Maxrss << 10
}

// wantPeak checks that a process stayed below a number of MB.
func (e ended) wantPeak(t *testing.T, what string, mb int64) {
	t.Helper()
	t.Logf("%s: peak %d MB, %v CPU", what, e.peak()/1e6, e.state.UserTime()+e.state.SystemTime())
	if e.peak() > mb*1e6 {
		t.Errorf("%s took %d MB of memory, want at most %d", what, e.peak()/1e6, mb)
	}
}

// writeBig makes a message with one base64 attachment; it has size octets.
func writeBig(t *testing.T, name string, size int64) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	n, _ := fmt.Fprint(w, "From: Ann <ann@ex.example>\r\nSubject: the film\r\nMessage-ID: <film@ex.example>\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe attachment is large.\r\n"+
		"--b\r\nContent-Type: video/mp4\r\nContent-Disposition: attachment; filename=film.mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	raw := make([]byte, 57)
	for left := size - int64(n) - 7; left >= 78; left -= 78 {
		for i := range raw {
			raw[i] = byte(rand.Uint32())
		}
		w.WriteString(base64.StdEncoding.EncodeToString(raw))
		w.WriteString("\r\n")
	}
	w.WriteString("--b--\r\n")
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
}

func TestBadInputMessageOf200MB(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 400 MB")
	}
	h := newHouse(t)
	writeBig(t, h.path("film.eml"), 200_000_000)
	e := h.run("import", "film.eml")
	e.want(t, 0, "1 seen = 1 stored")
	e.wantPeak(t, "import", 150)
	e = h.run("text", "film.eml")
	e.want(t, 0, "The attachment is large.", "[attachment 2: film.mp4, 146 MB]")
	e.wantPeak(t, "text", 150)
	e = h.run("text", "--json", "--parts", "film.eml")
	e.want(t, 0, `"name":"film.mp4"`)
	e.wantPeak(t, "text --json --parts", 150)
	e = h.run("search", "film")
	e.want(t, 0, "1 of 1 message.")
	e.wantPeak(t, "search", 150)
	e = h.run("check")
	e.want(t, 0, "All well.")
	e.wantPeak(t, "check", 150)
	e = h.run("extract", "<film@ex.example>", "-o", "out")
	e.want(t, 0, "film.mp4  146 MB")
	e.wantPeak(t, "extract", 150)
}

// TestBadInputText: what a sender can make small and a reader large.
func TestBadInputText(t *testing.T) {
	parts := func(n int) string {
		return "From: Ann <ann@ex.example>\nSubject: parts\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" +
			strings.Repeat("--b\n\nx\n", n) + "--b--\n"
	}
	for _, c := range []struct {
		name, text string
		code       int
		words      string
	}{
		{"10,000 parts", parts(10_000), 0, ""},
		{"1,000,000 parts", parts(1_000_000), 3, "limit-parts"},
		{"9 MB of zeros", letter("zeros", strings.Repeat("\x00", 9_000_000)), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			file := h.write("bad.eml", c.text)
			e := h.run("import", file)
			e.want(t, 0, "1 seen = 1 stored")
			e.wantPeak(t, "import", 250)
			for _, args := range [][]string{{"text"}, {"text", "--json"}, {"text", "--json", "--parts"}} {
				cmd := h.command(append(args, file)...)
				cmd.Stdout = io.Discard
				e := finish(t, cmd)
				e.want(t, c.code)
				e.wantPeak(t, strings.Join(args, " "), 200)
			}
			if c.words != "" {
				h.run("text", file).want(t, c.code, c.words)
			}
		})
	}
}

func TestBadInputZipBomb(t *testing.T) {
	h := newHouse(t)
	f, err := os.Create(h.path("bomb.zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	w, err := z.Create("a.mbox")
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "From ann@ex.example Tue Mar  5 10:00:00 2024\n"+letter("bomb", ""))
	zeros := make([]byte, 1<<20)
	for range 600 {
		w.Write(zeros)
	}
	if w, err = z.Create("one.eml"); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, letter("one", "The first."))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	e := h.run("import", "bomb.zip")
	e.want(t, 3, "bomb.zip!a.mbox", "like a zip bomb")
	e.wantPeak(t, "import", 150)
	h.run("search", "subject:one").want(t, 0, "1 of ")
	h.run("check").want(t, 0, "All well.")
	e = h.run("text", "bomb.zip")
	e.want(t, 3, "The first.", "like a zip bomb")
}

// smallDisk mounts a file system of a few MB in the house.
func smallDisk(t *testing.T, h *house, size string) (dir string, grow func(string)) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a small file system")
	}
	dir = h.path("disk")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("no small file system can be mounted here: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir, func(size string) {
		if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT, "size="+size); err != nil {
			t.Fatal(err)
		}
	}
}

// writeMbox makes an mbox of n messages of about 8 kB and gives its path.
func writeMbox(h *house, name string, n int) string {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "From ann@ex.example Tue Mar  5 10:00:00 2024\nFrom: ann@ex.example\nSubject: number %d\nMessage-ID: <%d@ex.example>\n\n", i, i)
		for range 80 {
			for range 8 {
				fmt.Fprintf(&b, "word%08d ", rand.IntN(500)) // few words: the index is not what is tested
			}
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	return h.write(name, b.String())
}

// TestBadInputDiskFull: the import says so, counts only what is really there,
// and the same command goes on when there is room.
func TestBadInputDiskFull(t *testing.T) {
	for _, index := range []string{"--no-index=false", "--no-index"} {
		t.Run(index, func(t *testing.T) {
			h := newHouse(t)
			disk, grow := smallDisk(t, h, "8m")
			h.env = []string{"LOSTPOST_ARCHIVE=" + filepath.Join(disk, "archive")}
			mbox := writeMbox(h, "many.mbox", 2000)
			e := h.run("import", index, "--report", h.path("report"), mbox)
			e.want(t, 2, "the disk is full", "Make room; the same command goes on.", "not finished")
			var seen, stored, there, failed, unkept int
			account := e.out[strings.Index(e.out, "\n")+1:]
			n, err := fmt.Sscanf(strings.ReplaceAll(account, ",", ""), "%d seen = %d stored + %d already there + %d not readable + %d not stored yet",
				&seen, &stored, &there, &failed, &unkept)
			if n < 4 || seen != stored+there+failed+unkept {
				t.Fatalf("the account does not add up (%v): %s", err, e.out)
			}
			e = h.run("check")
			if e.code != 3 && e.code != 0 {
				t.Errorf("check after a full disk: exit code %d\n%s%s", e.code, e.out, e.err)
			}
			if want := fmt.Sprintf("files      %d of %d present", stored, stored); !strings.HasPrefix(e.out, want) {
				t.Errorf("%d were reported as stored:\n%s", stored, e.out)
			}
			grow("300m")
			h.run("import", mbox).want(t, 0, "2,000 seen = ", "0 not readable")
			h.run("check").want(t, 0, "files      2,000 of 2,000 present", "index  2,000 of 2,000", "All well.")
			h.run("search", "--output", "count", "*").want(t, 0, "2000")
		})
	}
}

// TestBadInputFileSizeLimit: the same with ulimit -f, where there is no root.
func TestBadInputFileSizeLimit(t *testing.T) {
	h := newHouse(t)
	writeBig(t, h.path("film.eml"), 6_000_000)
	h.write("one.eml", letter("one", "The first."))
	cmd := h.command()
	cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-c", "ulimit -f 4096 && exec lostpost import one.eml film.eml"}
	e := finish(t, cmd)
	e.want(t, 2, "a file may not grow further", "the same command goes on", "1 seen = 1 stored")
	h.run("import", "one.eml", "film.eml").want(t, 0, "2 seen = 1 stored + 1 already there")
	h.run("check").want(t, 0, "files      2 of 2 present", "All well.")
}

// nobody makes commands of the house run without any rights, if we are root.
func nobody(t *testing.T, h *house) func(args ...string) ended {
	t.Helper()
	exe, err := exec.LookPath("lostpost")
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() != 0 {
		return h.run
	}
	// The folders of tests are closed to others.
	dir, err := os.MkdirTemp("", "lostpost-nobody-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	h.dir = dir
	home := h.path("home")
	program := h.path("lostpost")
	b, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{os.Chmod(dir, 0o755), os.Mkdir(home, 0o755), os.Chown(home, 65534, 65534), os.WriteFile(program, b, 0o755)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	h.env = []string{"HOME=" + home, "LOSTPOST_ARCHIVE=" + filepath.Join(home, "archive"), "XDG_STATE_HOME=" + home}
	return func(args ...string) ended {
		t.Helper()
		cmd := h.command(args...)
		cmd.Path = program
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return finish(t, cmd)
	}
}

func TestBadInputFolderWithoutRights(t *testing.T) {
	h := newHouse(t)
	run := nobody(t, h)
	h.write("tree/one.eml", letter("one", "The first."))
	h.write("tree/locked/two.eml", letter("two", "The second."))
	h.write("tree/secret.eml", letter("three", "The third."))
	for _, name := range []string{"tree/locked", "tree/secret.eml"} {
		if err := os.Chmod(h.path(name), 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { os.Chmod(h.path("tree/locked"), 0o755) })
	run("import", h.path("tree")).want(t, 3, "3 seen = 1 stored + 0 already there + 2 not readable",
		"tree/locked     no right to read it", "tree/secret.eml     no right to read it")
	run("check", "--report", "all").want(t, 0, "tree/locked")
	run("import", h.path("tree/locked")).want(t, 2, "not allowed: ", "tree/locked", "Check the rights of that place.")
	run("import", h.path("tree/locked"), h.path("tree/one.eml")).want(t, 2, "not allowed: ", "1 seen = 0 stored + 1 already there")
	run("text", h.path("tree/secret.eml")).want(t, 2, "not allowed: ")
	run("text", h.path("tree")).want(t, 3, "The first.", "tree/locked: no right to read it")
}

func TestBadInputReadOnlyArchive(t *testing.T) {
	h := newHouse(t)
	run := nobody(t, h)
	one := h.write("one.eml", letter("one", "The first."))
	two := h.write("two.eml", letter("two", "The second."))
	run("import", one).want(t, 0, "1 seen = 1 stored")
	found := run("search", "--output", "ids", "first")
	found.want(t, 0)
	id := strings.TrimSpace(found.out)
	files := found.out + run("search", "--output", "files", "first").out
	arc := filepath.Dir(h.path("home/archive/x"))
	if os.Getuid() != 0 {
		arc = h.path("archive")
	}
	walk(t, arc, func(p string, dir bool) error {
		return os.Chmod(p, map[bool]os.FileMode{true: 0o555, false: 0o444}[dir])
	})
	t.Cleanup(func() {
		walk(t, arc, func(p string, dir bool) error { return os.Chmod(p, 0o755) })
	})
	run("search", "first").want(t, 0, "1 of 1 message.")
	run("show", id).want(t, 0, "The first.")
	run("dump", "-o", "-").want(t, 0, "The first.")
	run("check").want(t, 0, "All well.")
	for _, args := range [][]string{{"import", two}, {"index", "--rebuild"}, {"check", "--repair"}} {
		e := run(args...)
		e.want(t, 2, "not allowed: ", "Check the rights of that place.")
	}
	if now := run("search", "--output", "ids", "first").out + run("search", "--output", "files", "first").out; now != files {
		t.Errorf("the archive changed:\n%s%s", files, now)
	}
}

// walk calls fn for everything below dir, folders after what they hold.
func walk(t *testing.T, dir string, fn func(path string, dir bool) error) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		// A folder that may not be listed is made so first.
		if err := fn(dir, true); err != nil {
			t.Fatal(err)
		}
		if list, err = os.ReadDir(dir); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range list {
		p := filepath.Join(dir, e.Name())
		if e.IsDir() {
			walk(t, p, fn)
		} else if err := fn(p, false); err != nil {
			t.Fatal(err)
		}
	}
	if err := fn(dir, true); err != nil {
		t.Fatal(err)
	}
}
