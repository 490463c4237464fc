package main

import (
	"encoding/base64"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// attach MESSAGE FILE...: appends files to a multipart message whose boundary
// is "b", in base64.
func cmdAttach(ts *testscript.TestScript, neg bool, args []string) {
	var b strings.Builder
	for _, name := range args[1:] {
		b.WriteString("--b\nContent-Type: application/octet-stream; name=\"" + name + "\"\n" +
			"Content-Disposition: attachment; filename=\"" + name + "\"\nContent-Transfer-Encoding: base64\n\n")
		for code := base64.StdEncoding.EncodeToString([]byte(ts.ReadFile(name))); code != ""; {
			n := min(76, len(code))
			b.WriteString(code[:n] + "\n")
			code = code[n:]
		}
	}
	b.WriteString("--b--\n")
	file := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(file, []byte(ts.ReadFile(args[0])+b.String()), 0o644))
}
