package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTaskUseAsALibrary builds and runs a program of somebody else: it reads a
// message that no strict parser takes, with the packages that README names.
func TestTaskUseAsALibrary(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program")
	}
	root, err := filepath.Abs("../..")
	check(t, err)
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(libraryProgram), 0o644))
	message := "From: Anna <anna@ex.example>\nSubject: =?utf-8?q?gr=C3=BCner Ordner?=\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nIn the cellar.\n"
	file := filepath.Join(dir, "letter.eml")
	check(t, os.WriteFile(file, []byte(message), 0o644))
	cmd := exec.Command("go", "run", filepath.Join(dir, "main.go"), file)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if want := "grüner Ordner: In the cellar."; err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("got %q, %v; want %q", out, err, want)
	}
}

const libraryProgram = `package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"lostpost/decode"
)

func main() {
	f, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		panic(err)
	}
	m, err := decode.Decode(context.Background(), f, info.Size(), decode.Options{})
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s: %s\n", m.Subject, strings.TrimSpace(m.Text))
}
`
