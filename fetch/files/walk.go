package files

import (
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lostpost/fetch/maildir"
)

// An item is one thing at the place: a file, the top of a tree of Maildirs, or a
// reason why there is neither.
type item struct {
	path    string      // on disk
	rel     string      // below the place, "/" between levels; the base name for a lone file
	info    fs.FileInfo // of the file, links followed; nil with err
	kind    string      // a kind of NotMail if it is no regular file, else ""
	maildir bool        // a folder: fetch/maildir reads what is below it in folders cur and new
	part    part        // of a Maildir, in which a file lies
	err     error       // why it cannot be looked at
}

// A part is where in a tree of Maildirs a folder or file lies.
type part uint8

const (
	outside part = iota
	within       // in the tree, but in none of the following
	covered      // in a folder cur or new, which fetch/maildir reads
	tmp          // in a folder tmp, where a message is written before it is whole
)

// below gives the part of folder name, which lies in dir of part p. It agrees
// with fetch/maildir on which folders that one reads, so that none is read
// twice or by nobody.
func (p part) below(dir, name string) part {
	switch {
	case p == covered, p == tmp:
		return outside
	case p == within && (name == "cur" || name == "new"):
		return covered
	case p == within && name == "tmp" && (isFolder(dir, "cur") || isFolder(dir, "new")):
		return tmp
	}
	return p
}

func isFolder(dir, name string) bool {
	info, err := os.Lstat(filepath.Join(dir, name))
	return err == nil && info.IsDir()
}

// walk yields what is at root, depth first and in the order of names, so that
// it is the same on every run. It opens no files.
//
// Links to files are followed, links to folders are not: a circle of them would
// never end, and what lies behind one can be named on its own. root itself may
// be a link. Devices, pipes and sockets are yielded with their kind: opening
// one may block for ever or have effects.
func walk(root string) iter.Seq[item] {
	return func(yield func(item) bool) {
		info, err := os.Stat(root)
		if err != nil || !info.IsDir() {
			yield(classify(item{path: root, rel: filepath.Base(root), info: info, err: err}))
			return
		}
		w := &walker{yield: yield}
		w.folder(root, "", outside)
	}
}

type walker struct{ yield func(item) bool }

// folder goes through one folder. It holds the names of that folder and its
// parents in memory: about 60 octets a file.
func (w *walker) folder(dir, rel string, p part) bool {
	names, err := folderNames(dir)
	if err != nil && !w.yield(item{path: dir, rel: rel, err: err, part: p}) {
		return false
	}
	if p == outside && isMaildir(dir, names) {
		if p = within; !w.yield(item{path: dir, rel: rel, maildir: true}) {
			return false
		}
	}
	for _, name := range names {
		it := item{path: filepath.Join(dir, name), rel: name, part: p}
		if rel != "" {
			it.rel = rel + "/" + name
		}
		it.info, it.err = os.Lstat(it.path)
		if it.err == nil && it.info.IsDir() {
			if !w.folder(it.path, it.rel, p.below(dir, name)) {
				return false
			}
			continue
		}
		link := it.err == nil && it.info.Mode()&fs.ModeSymlink != 0
		if link {
			it.followLink()
		}
		if p == covered && (link || name[0] == '.') {
			it.part = within // fetch/maildir passes over these
		}
		if !w.yield(classify(it)) {
			return false
		}
	}
	return true
}

// isMaildir reports whether dir, which holds names, is the top of a Maildir. A
// copy of one may have lost its empty folders new and tmp; then the names in cur
// must be those of a Maildir.
func isMaildir(dir string, names []string) bool {
	if _, found := slices.BinarySearch(names, "cur"); !found {
		return false
	}
	if maildir.Is(dir) {
		return true
	}
	f, err := os.Open(filepath.Join(dir, "cur"))
	if err != nil {
		return false
	}
	defer f.Close()
	some, _ := f.Readdirnames(10)
	return slices.ContainsFunc(some, maildirName.MatchString)
}

// maildirName is a unique name of a Maildir: seconds since 1970, a dot, or else
// the flags of another naming.
var maildirName = regexp.MustCompile(`^[0-9]{9,11}\.|[:;!]2,[A-Za-z]*$`)

func (it *item) followLink() {
	link := it.info
	it.info, it.err = os.Stat(it.path)
	switch {
	case it.err == nil && it.info.IsDir():
		it.kind = kindLink
	case it.err != nil && !errors.Is(it.err, fs.ErrPermission):
		// Thunderbird's lock is a link to "127.0.1.1:+4711".
		it.info, it.err, it.kind = link, nil, kindDangling
	}
}

// folderNames gives the sorted names in dir, those read before an error too.
func folderNames(dir string) ([]string, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.SortFunc(names, strings.Compare)
	return names, err
}

func classify(it item) item {
	switch {
	case it.err != nil:
		it.info = nil
	case it.kind == "" && !it.info.Mode().IsRegular():
		it.kind = kindSpecial
	}
	return it
}
