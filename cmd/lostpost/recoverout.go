package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lostpost/archive"
	"lostpost/fetch"
	"lostpost/fetch/dbx"
	"lostpost/fetch/mbox"
	"lostpost/internal/term"
)

// take lists a stretch, or writes it to a file of its own.
func (r *rescue) take(s stretch) error {
	listed := s.note != "" || s.state == "duplicate"
	name := ""
	if r.flags.out != "" && s.body != nil && s.state != "duplicate" {
		*r.written++
		form := "%06d.eml"
		if s.state == "not_mail" {
			form = "%06d.rest"
		}
		name = filepath.Join(r.flags.out, fmt.Sprintf(form, *r.written))
		if err := writeRescued(name, s); err != nil {
			return err
		}
	}
	switch {
	case r.json:
		return writeJSON(r.buf, struct {
			Type   string `json:"type"`
			Path   string `json:"path"`
			Offset int64  `json:"offset"`
			Octets int64  `json:"octets"`
			State  string `json:"state"`
			Reason string `json:"reason,omitempty"`
			File   string `json:"file,omitempty"`
		}{"recovered", r.path, s.at, s.octets, s.state, s.note, name})
	case r.flags.list && listed && !r.quiet:
		what := s.note
		if s.state == "duplicate" {
			what = "a message that is here already"
		} else if s.state == "damaged" {
			what = "damaged: " + what
		}
		r.printf("%s at %s  %s\n", oneLine(r.path), term.Number(s.at), oneLine(what))
	}
	return nil
}

// writeRescued writes one message. A file that is there already is left alone.
func writeRescued(name string, s stretch) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return fail(exitFailed, "Give an empty folder.", "%s exists already.", name)
	}
	if err != nil {
		return err
	}
	if s.state == "damaged" {
		_, err = fmt.Fprintf(f, "X-Lostpost-Damage: %s\n", oneLine(s.note))
	}
	if err == nil {
		_, err = io.Copy(f, s.body)
	}
	return errors.Join(err, f.Close())
}

// printAccount prints what the octets of the file came to. The numbers add up to
// its size.
func (r *rescue) printAccount() error {
	sum, messages := int64(0), int64(0)
	var parts []string
	for _, st := range stretchStates {
		n := r.count[st.state]
		if n == 0 {
			continue
		}
		words := st.words
		if strings.Contains(words, "%s") {
			words = fmt.Sprintf(words, count(n, "message"))
			messages += n
		}
		sum += r.octets[st.state]
		parts = append(parts, term.Number(r.octets[st.state])+" "+words)
	}
	if sum != r.file.size {
		return fmt.Errorf("%s has %d octets, of which %d are accounted for", r.path, r.file.size, sum)
	}
	switch {
	case r.json:
		return writeJSON(r.buf, summary{Type: "summary", Schema: 1, Seen: &messages, Duplicate: ptr(r.count["duplicate"]), Bytes: &sum, Written: r.written})
	case r.quiet:
		return nil
	case messages == 0:
		r.note("no message in %s (%s).", r.path, term.Size(sum))
		return nil
	}
	r.printf("%s: %s bytes = %s\n", oneLine(r.path), term.Number(sum), strings.Join(parts, " + "))
	if r.count["damaged"] > 0 && r.flags.out != "" {
		r.printf("damaged ones say what is missing in a header:  X-Lostpost-Damage\n")
	}
	return nil
}

// archive puts the messages into the archive, below Recovered.
func (r *rescue) archive(ctx context.Context) error {
	name := strings.TrimSuffix(filepath.Base(r.path), filepath.Ext(r.path))
	open := mbox.Open
	if r.isDBX {
		open = dbx.Open
	}
	src, err := open(r.file, fetch.Options{Mailbox: "Recovered/" + name, Log: r.log()})
	if err != nil {
		return err
	}
	defer src.Close()
	w, err := archive.OpenWriter(ctx, r.dir(), archive.Options{Log: r.log()})
	if err != nil {
		return err
	}
	rep, err := fetch.Run(ctx, src, w, fetch.Options{Log: r.log()})
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	if !r.json && !r.quiet {
		r.printf("%s stored + %s already there, in the mailbox Recovered/%s. Search them: lostpost index, lostpost search WORD\n",
			term.Number(rep.Stored), term.Number(rep.Duplicate+rep.Known), oneLine(name))
	}
	return nil
}
