package local_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/index"
	"lostpost/index/local"
	"lostpost/index/query"
)

// From an empty folder to the first answer.
func Example() {
	dir, err := os.MkdirTemp("", "local-example-*")
	if err == nil {
		err = errors.Join(findInvoice(context.Background(), dir), os.RemoveAll(dir))
	}
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1 of 2: <a@post.example>
}

func findInvoice(ctx context.Context, dir string) error {
	w, err := archive.OpenWriter(ctx, filepath.Join(dir, "archive"), archive.Options{})
	if err != nil {
		return err
	}
	defer w.Close()
	for id, text := range map[string]string{
		"a": "From: Anna <anna@post.example>\nMessage-ID: <a@post.example>\nSubject: the open invoice\n\n240 euros.\n",
		"b": "From: Ben <ben@post.example>\nMessage-ID: <b@post.example>\nSubject: lunch\n\nAt noon?\n",
	} {
		if _, err := w.Add(ctx, archive.Meta{Origin: "example:" + id}, strings.NewReader(text)); err != nil {
			return err
		}
	}
	if err := w.Commit(ctx); err != nil {
		return err
	}

	ix, err := local.Open(filepath.Join(dir, "index"), local.Options{Archive: w.Identity()})
	if err != nil {
		return err
	}
	defer ix.Close()
	report, err := index.Update(ctx, ix, w.Archive, index.Options{})
	if err != nil {
		return err
	}
	q, err := query.Parse("from:anna invoice", time.Now())
	if err != nil {
		return err
	}
	res, err := ix.Search(ctx, index.Request{Query: q})
	if err != nil {
		return err
	}
	for _, h := range res.Hits {
		path, err := w.Path(ctx, h.ID)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, mid, _ := strings.Cut(string(b), "Message-ID: ")
		mid, _, _ = strings.Cut(mid, "\n")
		fmt.Printf("%d of %d: %s\n", res.Total, report.Added, mid)
	}
	return nil
}
