package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"os"
	"path/filepath"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/archive/maildir"
	"lostpost/decode"
	"lostpost/fetch/mbox"
)

// mbox writes one mbox. The file appears under its name when it is whole.
func (x *exporter) mbox(ctx context.Context, name string, group []exportCopy, tick func()) error {
	if x.flags.out == "-" {
		if x.app.outTerminal() {
			return fail(exitFailed, "Send it to a file: … > FILE", "raw octets are not written to a terminal.")
		}
		return x.mboxTo(ctx, x.app.buf, group, tick)
	}
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		if err == nil {
			err = fail(exitFailed, "Give another name; nothing is overwritten.", "%s is there already.", name)
		}
		return err
	}
	if x.flags.dryRun {
		x.written += int64(len(group))
		return nil
	}
	return newFile(name, func(w io.Writer) error { return x.mboxTo(ctx, w, group, tick) })
}

func (x *exporter) mboxTo(ctx context.Context, out io.Writer, group []exportCopy, tick func()) error {
	w := mbox.NewWriter(out)
	for _, c := range group {
		err := withArchived(ctx, x.arc, c.id, func(it *item) error {
			root, err := rootPart(it)
			if err != nil {
				return err
			}
			sender := ""
			if root != nil {
				sender = envelopeSender(root)
			}
			received := c.place.Received
			if received.IsZero() && root != nil {
				received, _ = root.Header.Date()
			}
			body := io.MultiReader(strings.NewReader(statusFields(c.place.Flags, root)+x.labelFields(c.place, root)),
				&unixLines{in: bufio.NewReader(io.NewSectionReader(it.r, 0, it.size))})
			return w.Append(sender, received, body)
		})
		if err != nil {
			return err
		}
		x.written++
		x.bytes += c.size
		tick()
	}
	return w.Flush()
}

// envelopeSender is the address for a From_ line.
func envelopeSender(root *decode.Part) string {
	for _, name := range []string{"Return-Path", "From", "Sender"} {
		list, _ := root.Header.Addresses(name, "")
		for _, x := range list {
			if x.Addr != "" && !strings.ContainsAny(x.Addr, " \t") {
				return x.Addr
			}
		}
	}
	return ""
}

// statusFields are the flags as mail programs keep them in an mbox: Status R
// (read) O (seen by the program before); X-Status A (answered), D, F, T
// (draft). Nothing is added where no flag is set or the header root says the
// same: then the mbox holds the octets as they arrived, but for line ends.
func statusFields(f archive.Flags, root *decode.Part) string {
	if f == "" {
		return ""
	}
	st, x := "O", ""
	if strings.Contains(string(f), "S") {
		st = "RO"
	}
	for _, c := range []struct{ ours, theirs string }{{"R", "A"}, {"T", "D"}, {"F", "F"}, {"D", "T"}} {
		if strings.Contains(string(f), c.ours) {
			x += c.theirs
		}
	}
	if root != nil && root.Header.Value("Status") == st && root.Header.Value("X-Status") == x {
		return ""
	}
	out := "Status: " + st + "\n"
	if x != "" {
		out += "X-Status: " + x + "\n"
	}
	return out
}

// labelFields are the labels and keywords as header fields, if asked for and
// not in the header root already.
func (x *exporter) labelFields(p archive.Meta, root *decode.Part) string {
	if !x.flags.labels || root == nil {
		return ""
	}
	out := ""
	if l := labels(p); len(l) > 0 && !root.Header.Has("X-Gmail-Labels") {
		for i, s := range l {
			if strings.Contains(s, ",") {
				l[i] = `"` + strings.ReplaceAll(s, `"`, "") + `"`
			}
		}
		out += "X-Gmail-Labels: " + encodedList(l, ",") + "\n"
	}
	var words []string
	for _, t := range p.Traits {
		if k, ok := strings.CutPrefix(t, "keyword:"); ok {
			words = append(words, k)
		}
	}
	if len(words) > 0 && !root.Header.Has("X-Keywords") {
		out += "X-Keywords: " + encodedList(words, ", ") + "\n"
	}
	return out
}

// encodedList joins names in one header field: no control can end it, and what
// is not ASCII is encoded (RFC 2047), in several words if it is long.
func encodedList(names []string, sep string) string {
	s := oneLine(strings.Join(names, sep))
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return strings.ReplaceAll(mime.BEncoding.Encode("utf-8", s), "?= =?", "?=\n =?")
}

// maildir writes one folder of a Maildir.
func (x *exporter) maildir(ctx context.Context, dir string, group []exportCopy, tick func()) error {
	if !x.flags.dryRun {
		if err := makeMaildir(x.flags.out, dir); err != nil {
			return err
		}
	}
	have, err := baseNames(filepath.Join(dir, "cur"), filepath.Join(dir, "new"))
	if err != nil {
		return err
	}
	for _, c := range group {
		base := c.id.String()
		name := maildir.Name(base, maildir.Sep, maildir.CleanFlags(string(c.place.Flags)))
		if err := x.file(ctx, filepath.Join(dir, "cur", name), have[base], c); err != nil {
			return err
		}
		have[base] = true
		tick()
	}
	return nil
}

// makeMaildir makes the folders of dir and of root, which a Maildir++ has also
// where no message lies in it.
func makeMaildir(root, dir string) error {
	for _, d := range []string{root, dir} {
		for _, sub := range []string{"cur", "new", "tmp"} {
			if err := os.MkdirAll(filepath.Join(d, sub), 0o777); err != nil {
				return err
			}
		}
	}
	if filepath.Clean(dir) == filepath.Clean(root) {
		return nil
	}
	// Maildir++ marks every folder but the first with this file.
	f, err := os.OpenFile(filepath.Join(dir, "maildirfolder"), os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	return f.Close()
}

// baseNames lists what lies in Maildir folders, without flags. A folder that
// is not there is empty.
func baseNames(dirs ...string) (map[string]bool, error) {
	have := map[string]bool{}
	for _, d := range dirs {
		list, err := os.ReadDir(d)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range list {
			base, _, _ := maildir.Split(e.Name())
			have[base] = true
		}
	}
	return have, nil
}

// eml writes one folder of .eml files, named as dump names its texts.
func (x *exporter) eml(ctx context.Context, dir string, group []exportCopy, tick func()) error {
	for _, c := range group {
		name := ""
		err := withArchived(ctx, x.arc, c.id, func(it *item) error {
			root, err := rootPart(it)
			if err == nil && root != nil {
				name = emlName(root, c)
			}
			return err
		})
		if err != nil {
			return err
		}
		if name == "" {
			name = c.id.String()[:16] + ".eml"
		}
		full := filepath.Join(dir, name)
		_, err = os.Lstat(full)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := x.file(ctx, full, err == nil, c); err != nil {
			return err
		}
		tick()
	}
	return nil
}

// emlName is date, time, words of the subject, and so many digits of the id
// that two messages never share a name: 64 bits.
func emlName(root *decode.Part, c exportCopy) string {
	when, ok := root.Header.Date()
	if !ok {
		when = c.place.Received
	}
	name := "0000-00-00 0000"
	if !when.IsZero() {
		name = when.UTC().Format("2006-01-02 1504")
	}
	subject, _ := root.Header.Text("Subject", "")
	if words := slug(subject); words != "" {
		name += " " + words
	}
	return name + " " + c.id.String()[:16] + ".eml"
}

// file writes the stored octets of one message to a new file, with the time of
// its arrival, unless there is one.
func (x *exporter) file(ctx context.Context, name string, there bool, c exportCopy) error {
	if there {
		x.kept++
		return nil
	}
	x.written++
	x.bytes += c.size
	if x.flags.dryRun {
		return nil
	}
	err := withArchived(ctx, x.arc, c.id, func(it *item) error {
		extra := ""
		if x.flags.labels {
			root, err := rootPart(it)
			if err != nil {
				return err
			}
			extra = x.labelFields(c.place, root)
		}
		return newFile(name, func(w io.Writer) error {
			_, err := io.Copy(w, io.MultiReader(strings.NewReader(extra), io.NewSectionReader(it.r, 0, it.size)))
			return err
		})
	})
	if err == nil && !c.place.Received.IsZero() {
		err = os.Chtimes(name, time.Time{}, c.place.Received)
	}
	return err
}

// newFile writes a file beside its place and gives it its name when it is
// whole, so that a run that was stopped leaves no half file that counts. What
// has the name meanwhile stays: a link is made only where nothing is.
func newFile(name string, fill func(io.Writer) error) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	tmp := dir
	if filepath.Base(dir) == "cur" {
		tmp = filepath.Join(filepath.Dir(dir), "tmp") // nobody reads there
	}
	f, err := os.CreateTemp(tmp, ".lostpost-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(fill(w), w.Flush(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), name)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	// FAT and some network file systems have no links.
	if _, serr := os.Lstat(name); serr == nil {
		return fs.ErrExist
	}
	return os.Rename(f.Name(), name)
}

// unixLines reads CRLF as LF. A CR alone stays.
type unixLines struct {
	in *bufio.Reader
}

// Read fills p line by line.
func (u *unixLines) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if n > 0 && u.in.Buffered() == 0 {
			break // give what there is before waiting for more
		}
		c, err := u.in.ReadByte()
		if err != nil {
			if n > 0 && errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
		if c == '\r' {
			if next, err := u.in.Peek(1); err == nil && next[0] == '\n' {
				continue
			}
		}
		p[n] = c
		n++
	}
	return n, nil
}
