package archive_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lostpost/archive"
)

// Keeping a message, and reading it back by the hash of its octets.
func Example() {
	ctx := context.Background()
	parent, err := os.MkdirTemp("", "archive-example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(parent)
	dir := filepath.Join(parent, "archive")

	w, err := archive.OpenWriter(ctx, dir, archive.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	msg := "From: Anna <anna@post.example>\r\nSubject: keys\r\n\r\nThey are on the shelf.\r\n"
	meta := archive.Meta{Origin: "example:1", Mailbox: "Letters", Flags: "S", Received: time.Date(2024, 3, 5, 10, 0, 0, 0, time.UTC)}
	r, err := w.Add(ctx, meta, strings.NewReader(msg))
	if err == nil {
		err = w.Close() // commits: from here on it is on the disk
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Result == archive.Stored, r.ID.String()[:8], r.Size)

	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close()
	for e, err := range a.List(ctx, 0) {
		if err != nil {
			fmt.Println(err)
			return
		}
		f, err := a.Get(ctx, e.ID)
		if err != nil {
			fmt.Println(err)
			return
		}
		b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size))
		fmt.Println(e.Places[0].Mailbox, string(b) == msg, errors.Join(err, f.Close()))
	}
	for x, err := range a.Check(ctx, archive.CheckOptions{}) {
		fmt.Println(x.Code, x.Path, err) // nothing: all is well
	}
	// Output:
	// true 9c9df861 73
	// Letters true <nil>
}
