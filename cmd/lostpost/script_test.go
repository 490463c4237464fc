package main

import (
	"archive/tar"
	"archive/zip"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the expected output of the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lostpost": func() { os.Exit(realMain()) }})
}

// TestScripts runs testdata/script: one behaviour of one command each.
func TestScripts(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("LOSTPOST_ARCHIVE", filepath.Join(e.WorkDir, "archive"))
			e.Setenv("TZ", "UTC")
			e.Setenv("ESC", "\x1b")
			e.Setenv("EXPORTS", filepath.Join(root, "testdata", "exports"))
			e.Setenv("QUIRKS", filepath.Join(root, "testdata", "quirks"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"attach":   cmdAttach,
			"code":     cmdCode,
			"zip":      cmdZip,
			"tar":      cmdTar,
			"fill":     cmdFill,
			"prepend":  cmdPrepend,
			"truncate": cmdTruncate,
			"lines":    cmdLines,
			"imap":     cmdIMAP,
			"pop3":     cmdPOP3,
		},
	})
}

// code N PROGRAM ARG...: the program must end with exit code N.
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// zip OUT FILE...: packs files under their names.
func cmdZip(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	w := zip.NewWriter(f)
	for _, name := range args[1:] {
		e, err := w.Create(filepath.ToSlash(name))
		ts.Check(err)
		_, err = e.Write([]byte(ts.ReadFile(name)))
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(f.Close())
}

// tar OUT NAME=FILE...: packs files under any names, also bad ones.
func cmdTar(ts *testscript.TestScript, neg bool, args []string) {
	f, err := os.Create(ts.MkAbs(args[0]))
	ts.Check(err)
	w := tar.NewWriter(f)
	for _, arg := range args[1:] {
		name, file, ok := strings.Cut(arg, "=")
		if !ok {
			ts.Fatalf("tar: %q is not NAME=FILE", arg)
		}
		data := ts.ReadFile(file)
		ts.Check(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data)), Typeflag: tar.TypeReg}))
		_, err := w.Write([]byte(data))
		ts.Check(err)
	}
	ts.Check(w.Close())
	ts.Check(f.Close())
}

// fill FILE OCTET COUNT: appends COUNT times the octet with that number.
func cmdFill(ts *testscript.TestScript, neg bool, args []string) {
	octet, err := strconv.ParseUint(args[1], 0, 8)
	ts.Check(err)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	ts.Check(err)
	_, err = f.WriteString(strings.Repeat(string([]byte{byte(octet)}), n))
	ts.Check(err)
	ts.Check(f.Close())
}

// prepend FILE HEAD: puts the content of HEAD in front of FILE.
func cmdPrepend(ts *testscript.TestScript, neg bool, args []string) {
	head, tail := ts.ReadFile(args[1]), ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(head+tail), 0o644))
}

// truncate FILE N: cuts a file to N octets, or by -N octets.
func cmdTruncate(ts *testscript.TestScript, neg bool, args []string) {
	n, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	st, err := os.Stat(ts.MkAbs(args[0]))
	ts.Check(err)
	if n < 0 {
		n += st.Size()
	}
	ts.Check(os.Truncate(ts.MkAbs(args[0]), n))
}

// lines N: stdout of the last command has N lines.
func cmdLines(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile("stdout"), "\n"); (got == want) == neg {
		ts.Fatalf("stdout has %d lines, want %d", got, want)
	}
}
