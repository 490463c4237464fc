package unpack

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"strings"
)

// blockSize is the unit of a tar.
const blockSize = 512

// A tarWalk goes through one tar. From a section of the container files are
// given in place; from a stream each passes through a spool, the tar itself
// never does.
type tarWalk struct {
	*inner
	src    *tarInput
	whole  section // the tar, if seekable
	places map[string]section
}

// tar goes through a tar. After a header that cannot be read it looks for the
// next that can.
//
// QUIRK: POSIX ends a tar with two blocks of zeros. People join tars with cat,
// which leaves more behind them. We look behind the end too.
// Test: TestFilesGivesEachKind, "two tars joined".
func (in *inner) tar() bool {
	t := &tarWalk{inner: in, src: &tarInput{budget: in.budget}}
	if s, ok := in.parent.content.(section); ok {
		sr := io.NewSectionReader(s.r, s.off, s.n)
		t.src.r, t.src.seeker = sr, sr
		t.whole, t.places = s, make(map[string]section)
	} else {
		t.src.r = in.parent.content.stream()
	}
	for {
		more, err := t.members()
		if !more {
			return false
		}
		if err != io.EOF && !in.damaged(&DamageError{t.reached(), tarDamage(err)}) {
			return false
		}
		found, err := t.src.nextHeader()
		if err != nil && !in.damaged(&DamageError{t.reached(), err}) {
			return false
		}
		if !found {
			return true
		}
	}
}

// reached is how far the tar was read. To skip an entry that is cut off the
// reader goes beyond its end.
func (t *tarWalk) reached() int64 {
	if t.src.seeker != nil {
		return min(t.src.pos, t.whole.n)
	}
	return t.src.pos
}

// members goes through the entries up to the end or to damage, which is err.
func (t *tarWalk) members() (more bool, err error) {
	tr := tar.NewReader(t.src)
	for {
		h, err := tr.Next()
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return true, err
		}
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
			more = t.entry(h.Name, h.ModTime, t.content(h, tr))
		case tar.TypeLink:
			if place, ok := t.places[h.Linkname]; ok {
				more = t.entry(h.Name, h.ModTime, place)
			} else {
				more = t.bad(h.Name, fmt.Errorf("%w: %s", ErrLink, SafeName(h.Linkname)))
			}
		default: // folders, symbolic links, devices, pipes
			more = true
		}
		if !more {
			return false, nil
		}
	}
}

// content gives an entry's octets: in place if they lie in one piece.
func (t *tarWalk) content(h *tar.Header, tr *tar.Reader) content {
	if isSparse(h) {
		// A hole costs nothing in the tar and everything to read.
		in := &counter{n: t.src.pos, budget: t.budget}
		return newSpool(&meter{src: tr, in: in, lim: t.lim, budget: t.budget}, t.lim.TempDir)
	}
	if t.src.seeker == nil {
		return newSpool(&tarReader{r: tr, size: h.Size}, t.lim.TempDir)
	}
	place := section{t.whole.r, t.whole.off + t.src.pos, h.Size}
	if rest := t.whole.n - t.src.pos; h.Size > rest {
		place.n = max(rest, 0)
		return cutSection{place, cutOff(place.n, h.Size)}
	}
	if len(t.places) < maxNames {
		t.places[h.Name] = place
	}
	return place
}

func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// tarReader words the error of an entry that is cut off.
type tarReader struct {
	r       io.Reader
	n, size int64
}

func (t *tarReader) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.n += int64(n)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = cutOff(t.n, t.size)
	}
	return n, err
}

func cutOff(have, want int64) error {
	return fmt.Errorf("cut off after %d of %d octets: %w", have, want, io.ErrUnexpectedEOF)
}

func tarDamage(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the tar is cut off: %w", err)
	}
	return fmt.Errorf("the tar is damaged: %w", err)
}

// A tarInput knows its place, so that the next 512-octet block can be found
// after damage. Its Seek fails on a stream, which archive/tar expects and then
// reads what it would skip.
type tarInput struct {
	r      io.Reader
	seeker io.Seeker // nil for a stream
	pos    int64
	budget *budget
	failed error // of the source, other than its end
}

func (t *tarInput) Read(p []byte) (int, error) {
	n, err := t.r.Read(p)
	t.pos += int64(n)
	if berr := t.budget.spend(int64(n)); berr != nil {
		err = berr
	}
	if err != nil && err != io.EOF {
		t.failed = err
	}
	return n, err
}

func (t *tarInput) Seek(offset int64, whence int) (int64, error) {
	if t.seeker == nil {
		return 0, errors.ErrUnsupported
	}
	pos, err := t.seeker.Seek(offset, whence)
	if err == nil {
		t.pos = pos
	}
	return pos, err
}

// nextHeader goes to the next block that is a header with a good checksum. An
// error is one of the source, told the first time that it comes up.
func (t *tarInput) nextHeader() (found bool, err error) {
	if t.failed != nil {
		return false, nil
	}
	if odd := t.pos % blockSize; odd != 0 {
		if _, err := io.CopyN(io.Discard, t, blockSize-odd); err != nil {
			return false, t.failed
		}
	}
	var block [blockSize]byte
	for {
		if _, err := io.ReadFull(t, block[:]); err != nil {
			return false, t.failed
		}
		if !isTarHeader(block[:]) {
			continue
		}
		if t.seeker != nil {
			_, err := t.Seek(-blockSize, io.SeekCurrent)
			return err == nil, err
		}
		t.r = io.MultiReader(strings.NewReader(string(block[:])), t.r)
		t.pos -= blockSize
		return true, nil
	}
}
