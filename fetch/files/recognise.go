package files

import (
	"io"
	"path"
	"strings"

	"lostpost/fetch"
	"lostpost/fetch/mbox"
	"lostpost/fetch/unpack"
)

// A finding says what a file is, by its first octets. One field is set.
type finding struct {
	container bool
	format    *fetch.Format
	foreign   string // mail of a format that is not read
	kind      string // of NotMail
}

// recognise goes from the sure to the likely: vCards and calendars begin with
// what could be a header field, and a settings file may look like anything.
func recognise(head []byte, name string) finding {
	if isOLM(head, name) {
		return finding{format: formatOLM}
	}
	if unpack.Kind(head) != "" {
		return finding{container: true}
	}
	format, sure := bestFormat(head, name)
	if format != nil && sure == fetch.Yes {
		return finding{format: format}
	}
	if foreign := foreignMail(head, name); foreign != "" {
		return finding{foreign: foreign}
	}
	kind := notMailKind(head, name)
	if format != nil && kind == kindOther {
		return finding{format: format}
	}
	if kind == kindOther && isMboxName(name) {
		return finding{format: formatMbox}
	}
	return finding{kind: kind}
}

// isOLM reports whether a container is one format: its files belong together.
func isOLM(head []byte, name string) bool { return formatOLM.Sniff(head, name) == fetch.Yes }

// isMboxName reports whether a file of this name is an mbox whatever its first
// octets are: one that begins with junk or zeros shows no separator there.
func isMboxName(name string) bool {
	ext := strings.ToLower(path.Ext(name))
	return ext == ".mbox" || ext == ".mbx"
}

// deepSize is how far into a file lookDeeper goes, in octets.
const deepSize = 256 << 10

// lookDeeper gives a file that was not recognised a second chance if its name
// is one that mail programs give to mailboxes: an mbox whose start is lost
// ("Inbox", "Lists.2019") must not be taken for a file of another kind.
func lookDeeper(r io.ReaderAt, name string, what finding) finding {
	if what.kind != kindOther || !isPlainName(path.Base(name)) {
		return what
	}
	head := make([]byte, deepSize)
	n, _ := r.ReadAt(head, 0)
	if n > headSize && mbox.Sniff(head[:n], name) != fetch.No {
		return finding{format: formatMbox}
	}
	return what
}

// isPlainName reports whether name has no extension of the usual kind.
func isPlainName(name string) bool {
	ext := strings.TrimPrefix(path.Ext(name), ".")
	return ext == "" || len(ext) > 5 || ext[0] < 'a' || ext[0] > 'z'
}

func bestFormat(head []byte, name string) (best *fetch.Format, sure fetch.Confidence) {
	if len(head) == 0 {
		return nil, fetch.No
	}
	for i := range formats {
		if c := formats[i].Sniff(head, name); c > sure {
			best, sure = &formats[i], c
		}
	}
	return best, sure
}
