package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"lostpost/decode"
	"lostpost/index/query"
	"lostpost/internal/term"
)

type extractFlags struct {
	out    string
	query  string
	inline bool
	list   bool
	text   bool
}

func (a *app) extractCommand() *cobra.Command {
	var f extractFlags
	cmd := &cobra.Command{
		Use:     "extract ID|FILE|-q QUERY [PATTERN...] -o DIR",
		GroupID: "read",
		Short:   "Attachments to files",
		Long:    "Extract writes the attachments of a message, of a loose file, or of every message that a query finds. PATTERN is a file name with * and ?. Names are made safe and nothing is overwritten. -o - writes one attachment to stdout.",
		Example: "  lostpost extract 2 -o bills/\n  lostpost extract letter.eml '*.pdf' -o .\n  lostpost extract -q 'from:anna has:attachment' -o anna/",
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.extract(cmd.Context(), args, &f)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.out, "output", "o", "", "the folder `DIR`, or - for stdout")
	fl.StringVarP(&f.query, "query", "q", "", "from every message that `QUERY` finds")
	fl.BoolVar(&f.inline, "inline", false, "also pictures and files that stand inside the text")
	fl.BoolVar(&f.list, "list", false, "only list them")
	fl.BoolVarP(&f.list, "dry-run", "n", false, "the same as --list: write nothing")
	fl.BoolVar(&f.text, "text", false, "the text inside PDF, Office, RTF and zip files, as .txt")
	return cmd
}

// extracted counts what one run wrote.
type extracted struct {
	app      *app
	flags    *extractFlags
	patterns []string
	n        int64
	lost     bool
	only     bytes.Buffer // with -o -: held until it is known that there is no other
}

func (a *app) extract(ctx context.Context, args []string, f *extractFlags) error {
	if f.out == "" && !f.list {
		return fail(exitFailed, "Say where: lostpost extract 1 -o DIR, or --list", "nowhere to write.")
	}
	x := &extracted{app: a, flags: f}
	from := func() error {
		if len(args) == 0 {
			return fail(exitFailed, "Give a message: lostpost extract ID -o DIR", "nothing to extract from.")
		}
		x.patterns = args[1:]
		return a.each(ctx, args[:1], func(it *item) error { return x.message(ctx, it) })
	}
	if f.query != "" {
		from = func() error {
			x.patterns = args
			return a.eachHit(ctx, f.query, func(it *item) error { return x.message(ctx, it) })
		}
	}
	for _, p := range args {
		if _, err := path.Match(p, ""); err != nil {
			return fail(exitFailed, "A pattern is a file name with * and ?.", "%q is no pattern.", p)
		}
	}
	if f.out != "" && f.out != "-" && !f.list {
		if err := os.MkdirAll(f.out, 0o777); err != nil {
			return err
		}
	}
	if err := from(); err != nil {
		return err
	}
	if x.n == 0 {
		a.note("no attachment%s.", map[bool]string{true: " has such a name", false: ""}[len(x.patterns) > 0])
		return status(exitNone)
	}
	if f.out == "-" && !f.list {
		if err := a.raw(&x.only); err != nil {
			return err
		}
	}
	if x.lost {
		return status(exitSome)
	}
	return nil
}

// eachHit calls fn for every message that the query finds, newest first.
func (a *app) eachHit(ctx context.Context, text string, fn func(*item) error) error {
	q, err := query.Parse(text, a.now())
	if err != nil {
		return err
	}
	arc, err := a.open()
	if err != nil {
		return err
	}
	defer arc.Close()
	ids, err := a.hits(ctx, q)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := withArchived(ctx, arc, id, fn); err != nil {
			return err
		}
	}
	return nil
}

// message takes the attachments of one message.
func (x *extracted) message(ctx context.Context, it *item) error {
	opt := decode.Options{}
	if x.flags.text {
		opt = x.app.withAttachments()
	}
	d, err := it.decode(ctx, opt)
	if err != nil {
		return err
	}
	for _, p := range d.Parts {
		if !x.wants(p) {
			continue
		}
		name, content := x.content(d, p)
		if content == nil {
			x.app.note("%s: no text in it.", oneLine(attachmentName(p)))
		} else if err := x.part(it, p, name, content); err != nil {
			return err
		}
		for _, pr := range p.Problems {
			x.lost = x.lost || pr.Lost
		}
	}
	return nil
}

// wants reports whether a part is asked for.
func (x *extracted) wants(p *decode.Part) bool {
	if !p.Attachment && !(x.flags.inline && p.Leaf() && !strings.HasPrefix(p.MediaType, "text/")) {
		return false
	}
	if len(x.patterns) == 0 {
		return true
	}
	for _, pat := range x.patterns {
		if ok, _ := path.Match(strings.ToLower(pat), strings.ToLower(p.FileName)); ok {
			return true
		}
	}
	return false
}

// content is what is written of a part, and under which name: its octets, or
// the text in it, nil if there is none.
func (x *extracted) content(d *decode.Message, p *decode.Part) (string, io.Reader) {
	if !x.flags.text {
		return safeName(p), p.Open()
	}
	for _, t := range d.Attached {
		if t.Part == p {
			name := safeName(p)
			if !strings.HasSuffix(name, ".txt") {
				name += ".txt"
			}
			return name, strings.NewReader(t.Text + "\n")
		}
	}
	return "", nil
}

func (x *extracted) part(it *item, p *decode.Part, name string, content io.Reader) error {
	x.n++
	a := x.app
	if x.flags.list {
		a.printf("%s\t%s\t%s\t%s\t%s\n", it.name(), p.Path(), oneLine(attachmentName(p)), p.MediaType, term.Size(decodedSize(p)))
		return nil
	}
	if x.flags.out == "-" {
		if x.n > 1 {
			return fail(exitFailed, "Name one with a pattern, or give a folder with -o.", "several attachments do not fit on stdout.")
		}
		_, err := io.Copy(&x.only, content)
		return err
	}
	name, n, err := writeNew(x.flags.out, name, content)
	if err != nil {
		return err
	}
	if !a.quiet {
		a.printf("%s  %s\n", oneLine(filepath.Join(x.flags.out, name)), term.Size(n))
	}
	return nil
}

// writeNew writes r to a new file in dir and gives the name it took: nothing
// is overwritten, a taken name becomes "r (2).pdf".
func writeNew(dir, name string, r io.Reader) (string, int64, error) {
	ext := filepath.Ext(name)
	base := strings.TrimSuffix(name, ext)
	for i := 1; ; i++ {
		try := name
		if i > 1 {
			try = fmt.Sprintf("%s (%d)%s", base, i, ext)
		}
		f, err := os.OpenFile(filepath.Join(dir, try), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if errors.Is(err, fs.ErrExist) && i < 10_000 {
			continue
		}
		if err != nil {
			return try, 0, err
		}
		n, err := io.Copy(f, r)
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(f.Name()) // half an attachment is not left under its name
		}
		return try, n, err
	}
}

// safeName is the file name of a part, fit for every file system: no path, no
// controls, nothing that Windows or a shell trips over, at most 120 octets.
func safeName(p *decode.Part) string {
	name := safeFile(p.FileName)
	if name == "" {
		name = "part-" + strings.ReplaceAll(strings.ReplaceAll(p.Path(), "/", "-"), ".", "-") + extension(p.MediaType)
	}
	return name
}

// safeFile makes s fit as a file name; "" if nothing is left.
func safeFile(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), isBidi(r), r == unicode.ReplacementChar:
			return -1
		case strings.ContainsRune(`/\:*?"<>|`, r):
			return '_'
		}
		return r
	}, s)
	s = strings.Trim(s, " .")
	if ext := filepath.Ext(s); len(s) > 120 && len(ext) < 20 {
		s = clip(strings.TrimSuffix(s, ext), 120-len(ext)) + ext
	} else {
		s = clip(s, 120)
	}
	if stem, _, _ := strings.Cut(strings.ToUpper(s), "."); reserved[stem] {
		s = "_" + s
	}
	return s
}

// reserved are the names that Windows gives to devices.
var reserved = map[string]bool{"CON": true, "PRN": true, "AUX": true, "NUL": true,
	"COM1": true, "COM2": true, "COM3": true, "COM4": true, "COM5": true, "COM6": true, "COM7": true, "COM8": true, "COM9": true,
	"LPT1": true, "LPT2": true, "LPT3": true, "LPT4": true, "LPT5": true, "LPT6": true, "LPT7": true, "LPT8": true, "LPT9": true}

// clip cuts s to at most n octets, never inside a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n]
}

// extension is a file name's ending for the media types that mail carries
// without a name.
func extension(mediaType string) string {
	switch mediaType {
	case "message/rfc822":
		return ".eml"
	case "text/plain":
		return ".txt"
	case "text/html":
		return ".html"
	case "text/calendar":
		return ".ics"
	case "application/pdf":
		return ".pdf"
	case "image/jpeg":
		return ".jpg"
	case "image/png":
		return ".png"
	case "image/gif":
		return ".gif"
	}
	return ".bin"
}
