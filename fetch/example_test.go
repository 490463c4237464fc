package fetch_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"lostpost/archive"
	"lostpost/fetch"
)

// shoebox is a source: it has a name and yields messages, each with an origin
// that says where its octets are.
type shoebox []string

func (shoebox) Name() string { return "shoebox:attic" }

func (s shoebox) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		for i, text := range s {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			m := &fetch.Message{
				Meta: archive.Meta{Origin: fmt.Sprintf("%s/%d", s.Name(), i+1), Mailbox: "Attic"},
				Size: int64(len(text)),
				Body: strings.NewReader(text),
			}
			if !yield(m, nil) {
				return
			}
		}
	}
}

func (shoebox) Close() error { return nil }

// A source of one's own, and the run that brings its mail into an archive.
func ExampleRun() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "fetch-example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	w, err := archive.OpenWriter(ctx, filepath.Join(dir, "archive"), archive.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer w.Close()
	src := shoebox{
		"From: anna@post.example\n\nThe keys are on the shelf.\n",
		"From: ben@post.example\n\nFound them.\n",
		"From: anna@post.example\n\nThe keys are on the shelf.\n",
	}
	r, err := fetch.Run(ctx, src, w, fetch.Options{})
	fmt.Println(r.Seen, "seen =", r.Stored, "stored +", r.Duplicate, "already there +", r.Failed, "not readable;", err)
	// Output:
	// 3 seen = 2 stored + 1 already there + 0 not readable; <nil>
}
