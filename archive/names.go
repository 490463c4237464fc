package archive

import (
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"lostpost/archive/maildir"
	"lostpost/internal/durable"
)

// Names finds files whose flags other programs may have changed: it tries the
// name that the ledger gives, and on a miss lists the folder once and remembers.
// The Archive's mutex guards it.
type names struct {
	disk    durable.FS
	mail    string // the root of the tree
	sep     string
	folders map[string]*listing
}

// A listing is what stood in the cur and new of one folder.
type listing struct {
	files map[ID]string // ID to "cur/NAME" or "new/NAME"
	stamp [2]time.Time  // modification times of cur and new
	taken time.Time
}

// settled is how long after a change of a folder a listing of it can be
// believed: the time stamps of some file systems step by 10 ms or more.
const settled = 100 * time.Millisecond

var subfolders = [2]string{"cur", "new"}

// path is the name that a message has when nobody changed its flags.
func (n *names) path(id ID, mailbox string, flags Flags) string {
	return filepath.Join(n.mail, maildir.Folder(mailbox), "cur", maildir.Name(id.String(), n.sep, string(flags)))
}

// locate finds the file of id in a mailbox: its path and its flags now.
// Errors: fs.ErrNotExist.
func (n *names) locate(id ID, mailbox string, flags Flags) (string, Flags, error) {
	name := n.path(id, mailbox, flags)
	_, err := n.disk.Stat(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return name, flags, err
	}
	dir := filepath.Join(n.mail, maildir.Folder(mailbox))
	if l := n.folders[dir]; l != nil {
		// An old listing may well be right about this one: while mail comes
		// in, a folder changes all the time.
		if file, ok := l.files[id]; ok {
			if _, err := n.disk.Stat(filepath.Join(dir, file)); err == nil {
				return found(dir, file)
			}
		}
	}
	l, err := n.list(dir)
	if err != nil {
		return "", "", err
	}
	file, ok := l.files[id]
	if !ok {
		return "", "", &fs.PathError{Op: "find", Path: name, Err: fs.ErrNotExist}
	}
	return found(dir, file)
}

// found is the answer of locate for a file of a folder.
func found(dir, file string) (string, Flags, error) {
	_, flags, _ := maildir.Split(file)
	return filepath.Join(dir, file), Flags(flags), nil
}

// list gives the listing of a folder, a new one if the folder has changed.
func (n *names) list(dir string) (*listing, error) {
	var stamp [2]time.Time
	for i, sub := range subfolders {
		st, err := n.disk.Stat(filepath.Join(dir, sub))
		if err == nil {
			stamp[i] = st.ModTime()
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	if l := n.folders[dir]; l != nil && l.stamp == stamp &&
		l.taken.Sub(stamp[0]) > settled && l.taken.Sub(stamp[1]) > settled {
		return l, nil
	}
	l := &listing{files: map[ID]string{}, stamp: stamp, taken: time.Now()}
	for _, sub := range subfolders {
		files, err := n.disk.List(filepath.Join(dir, sub))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			base, _, _ := maildir.Split(f)
			if id, ok := fileID(base); ok {
				if _, taken := l.files[id]; !taken {
					l.files[id] = filepath.Join(sub, f)
				}
			}
		}
	}
	if n.folders == nil {
		n.folders = map[string]*listing{}
	}
	n.folders[dir] = l
	return l, nil
}
