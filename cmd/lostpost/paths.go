package main

import (
	"bytes"
	"io"
	"os"

	"github.com/spf13/pflag"
)

// pathList is --files-from and -0, on every command that takes paths.
type pathList struct {
	from string
	nul  bool
}

func (l *pathList) register(fl *pflag.FlagSet) {
	fl.StringVar(&l.from, "files-from", "", "read paths from `FILE` (- for stdin), one a line")
	fl.BoolVarP(&l.nul, "null", "0", false, "with --files-from: NUL between paths")
}

// paths gives args and what --files-from lists.
func (l *pathList) paths(a *app, args []string) ([]string, error) {
	if l.from == "" {
		return args, nil
	}
	var b []byte
	var err error
	if l.from == "-" {
		b, err = io.ReadAll(a.in)
	} else {
		b, err = os.ReadFile(l.from)
	}
	if err != nil {
		return nil, err
	}
	sep := []byte("\n")
	if l.nul {
		sep = []byte{0}
	}
	for _, line := range bytes.Split(b, sep) {
		if !l.nul {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
		if len(line) > 0 {
			args = append(args, string(line))
		}
	}
	return args, nil
}
