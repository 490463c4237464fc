package maildir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"lostpost/archive"
	"lostpost/archive/maildir"
	"lostpost/fetch"
)

// A folder is the cur or the new of one mailbox.
type folder struct {
	*source
	box, sub, mailbox string
	keywords          map[byte]string // Dovecot's letter to keyword
	seen              map[string]bool // base names that had an origin
}

// message yields one message and closes its file after that.
func (f *folder) message(name string, yield func(*fetch.Message, error) bool) bool {
	m := &fetch.Message{Size: -1}
	base, _, _ := maildir.Split(name)
	// The origin leaves the flags out, since they change. Only where two
	// files have one base name, against the rules of Maildir, the second
	// keeps its whole name.
	origin := base
	if f.seen[base] {
		origin = name
	}
	f.seen[origin] = true
	m.Origin = f.name + "/" + path.Join(f.box, f.sub, origin)
	m.Mailbox = f.mailbox
	file, name, err := f.open(name, base)
	if err != nil {
		return yield(m, err)
	}
	defer file.Close()
	_, flags, _ := maildir.Split(name)
	f.describe(m, flags)
	info, err := file.Stat()
	if err != nil {
		return yield(m, err)
	}
	m.Size, m.Received = info.Size(), info.ModTime()
	if m.Size == 0 {
		return yield(m, errors.New("the file is empty"))
	}
	m.Body = fetch.Section(file, 0, m.Size)
	return yield(m, nil)
}

// open opens a message, looking once for its new name if another program has
// renamed it since it was listed.
func (f *folder) open(name, base string) (*os.File, string, error) {
	file, err := f.root.Open(path.Join(f.box, f.sub, name))
	if !errors.Is(err, fs.ErrNotExist) {
		return file, name, err
	}
	for _, sub := range []string{"cur", "new"} {
		names, _ := f.list(path.Join(f.box, sub))
		for _, n := range names {
			if b, _, _ := maildir.Split(n); b == base {
				file, err = f.root.Open(path.Join(f.box, sub, n))
				if err == nil {
					return file, n, nil
				}
			}
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("removed while the folder was read: %w", fetch.ErrVanished)
	}
	return nil, name, err
}

// describe fills in what the letters of the file name say.
func (f *folder) describe(m *fetch.Message, flags string) {
	m.Traits = append(m.Traits, f.opt.Traits...)
	var kept []byte
	for _, c := range []byte(maildir.CleanFlags(flags)) {
		if k, ok := f.keywords[c]; ok {
			m.Traits = append(m.Traits, "keyword:"+k)
			continue
		}
		kept = append(kept, c)
	}
	m.Flags = archive.Flags(kept)
	if strings.Contains(string(kept), "T") {
		m.Traits = append(m.Traits, "deleted")
	}
}

// keywords reads dovecot-keywords: lines of a number and a name, where the
// numbers 0 to 25 stand for the letters a to z of file names.
func (s *source) keywords(box string) map[byte]string {
	name := path.Join(box, "dovecot-keywords")
	info, err := s.root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<16 {
		return nil
	}
	b, err := s.root.ReadFile(name)
	if err != nil {
		return nil
	}
	m := map[byte]string{}
	for line := range strings.Lines(string(b)) {
		num, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(num); err == nil && 0 <= n && n < 26 && name != "" {
			m['a'+byte(n)] = name
		}
	}
	return m
}
