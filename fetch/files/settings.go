package files

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"lostpost/archive"
	"lostpost/fetch/profile"
)

// settings are what mail programs keep beside the mail, read when the first
// file beside or below them is. They lie on disk; in a container they come in
// any order, and are not looked at.
type settings struct {
	prefs     map[string]*profile.Prefs // by the folder of a profile
	mhFolder  string                    // the last one
	sequences profile.Sequences         // of mhFolder
	marks     profile.Marks             // of mhFolder
}

// traits gives the traits of the mail in a file or folder: those that the
// caller wants, and the role that the settings of its program give to it.
func (p *pass) traits(disk string) []string {
	dir, below, ok := profile.Root(filepath.ToSlash(disk))
	if !ok {
		return p.opt.Traits
	}
	prefs, seen := p.prefs[dir]
	if !seen {
		if f, err := openRegular(filepath.Join(filepath.FromSlash(dir), "prefs.js")); err == nil {
			prefs = profile.ReadPrefs(f)
			f.Close()
		}
		if p.prefs == nil {
			p.prefs = make(map[string]*profile.Prefs)
		}
		p.prefs[dir] = prefs
	}
	if r := prefs.Role(below); r != "" {
		return append(slices.Clip(p.opt.Traits), "role:"+string(r))
	}
	return p.opt.Traits
}

// mhFlags gives the flags of a message in a folder of MH, and whether it is
// marked as deleted.
func (p *pass) mhFlags(disk string) (flags archive.Flags, deleted bool) {
	dir, name := filepath.Split(disk)
	if dir != p.mhFolder {
		p.mhFolder, p.sequences, p.marks = dir, nil, nil
		if f, err := openRegular(filepath.Join(dir, ".mh_sequences")); err == nil {
			p.sequences = profile.ReadSequences(f)
			f.Close()
		}
		for _, name := range []string{".sylpheed_mark", ".claws_mark"} {
			if f, err := openRegular(filepath.Join(dir, name)); err == nil {
				p.marks = profile.ReadMarks(f)
				f.Close()
			}
		}
	}
	if len(p.marks) > 0 {
		return p.marks.Flags(name)
	}
	return p.sequences.Flags(name), false
}

// partialName is the name of a message of Apple Mail that lacks attachments.
var partialName = regexp.MustCompile(`^([0-9]+)\.partial\.emlx$`)

// openAttachments opens the folder with the attachments that Apple Mail took out
// of the message at disk: "Attachments/7" beside the folder of "7.partial.emlx".
// It gives nil if there is none. Nothing outside of that folder can be reached
// through it.
func openAttachments(disk string) *os.Root {
	m := partialName.FindStringSubmatch(filepath.Base(disk))
	if m == nil {
		return nil
	}
	above, err := os.OpenRoot(filepath.Dir(filepath.Dir(disk)))
	if err != nil {
		return nil
	}
	defer above.Close()
	root, err := above.OpenRoot(filepath.Join("Attachments", m[1]))
	if err != nil {
		return nil
	}
	return root
}

// attachmentPath is a file in such a folder: ".../Attachments/7/2.1/letter.doc".
var attachmentPath = regexp.MustCompile(`^(?:(.*)/)?Attachments/([0-9]+)/[0-9]+(?:\.[0-9]+)*/[^/]+$`)

// isAttachment reports whether the file at disk is one that a message of Apple
// Mail lacks: then it is read with that message and not by itself.
func isAttachment(disk string) bool {
	m := attachmentPath.FindStringSubmatch(filepath.ToSlash(disk))
	if m == nil {
		return false
	}
	_, err := os.Lstat(filepath.Join(filepath.FromSlash(m[1]), "Messages", m[2]+".partial.emlx"))
	return err == nil
}
