package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"lostpost/decode"
	"lostpost/index"
	"lostpost/index/local"
)

// joined gives the message of which an archived message is a piece: of the
// first piece the whole, of the others a line that says where it is shown. If
// pieces are missing it names them, and d is what this piece says by itself.
func (it *item) joined(ctx context.Context, d *decode.Message, opt decode.Options) (*decode.Message, error) {
	ix, err := local.OpenReader(filepath.Join(it.arc.Dir(), "index"), local.Options{})
	if errors.Is(err, fs.ErrNotExist) {
		return d, nil // nobody knows where the others are
	}
	if err != nil {
		return nil, err
	}
	defer ix.Close()
	w, err := index.Join(ctx, ix, it.arc, d.PartialID(), it.id)
	number := strings.TrimSpace(d.Parts[0].Params["number"])
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil: // they do not fit together
		return d, nil
	case w.Octets == nil:
		missing := make([]string, len(w.Missing))
		for i, n := range w.Missing {
			missing[i] = fmt.Sprint(n)
		}
		say(d, fmt.Sprintf("piece %s of a message; not in the archive: %s", number, strings.Join(missing, ", ")), true)
		return d, nil
	case w.First != it.id:
		say(d, fmt.Sprintf("piece %s of a message; all of it stands at %s", number, w.First.String()[:12]), false)
		return d, nil
	}
	return decode.Decode(ctx, bytes.NewReader(w.Octets), int64(len(w.Octets)), opt)
}

// say puts a line in brackets before the text of d.
func say(d *decode.Message, line string, lost bool) {
	d.Text = strings.TrimRight("["+line+"]\n"+d.Text, "\n") + "\n"
	if lost {
		d.Problems = append(d.Problems, decode.Problem{Code: decode.MessagePartial, Part: d.Parts[0], Lost: true, Detail: line})
	}
}
