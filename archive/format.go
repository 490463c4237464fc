package archive

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"lostpost/archive/ledger"
	"lostpost/archive/maildir"
	"lostpost/internal/durable"
)

// formatText is the first line of FORMAT.
const formatText = "lostpost archive 1"

// A format is what the file FORMAT says.
type format struct {
	identity string
	sep      string // before "2," in file names
}

// readFormat reads FORMAT. Errors: fs.ErrNotExist; *FormatError.
func readFormat(disk durable.FS, dir string) (format, error) {
	f, err := disk.Open(filepath.Join(dir, "FORMAT"))
	if err != nil {
		return format{}, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 4096))
	if err != nil {
		return format{}, err
	}
	lines := strings.Split(string(text), "\n")
	if lines[0] != formatText {
		return format{}, &FormatError{Dir: dir, Have: lines[0], Want: formatText}
	}
	ft := format{sep: ":"}
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, " ")
		switch name {
		case "identity":
			ft.identity = value
		case "separator":
			ft.sep = value
		}
	}
	if ft.identity == "" || ft.sep != ":" && ft.sep != ";" {
		return format{}, &FormatError{Dir: dir, Have: strings.Join(lines, " "), Want: formatText}
	}
	return ft, nil
}

// writeFormat gives the archive a new identity. FORMAT is replaced by rename,
// so it is there as a whole or not at all.
func writeFormat(disk durable.FS, dir, sep string, now time.Time) (format, error) {
	ft := format{identity: randomHex(16), sep: sep}
	name := filepath.Join(dir, "FORMAT.new")
	if err := disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return format{}, err
	}
	text := fmt.Sprintf("%s\nidentity %s\ncreated %s\nseparator %s\n", formatText, ft.identity, stamp(now), sep)
	if err := writeFile(disk, name, []byte(text)); err != nil {
		return format{}, err
	}
	if err := disk.Rename(name, filepath.Join(dir, "FORMAT")); err != nil {
		return format{}, err
	}
	return ft, disk.Barrier(nil, []string{dir})
}

// writeFile makes a new file with durable octets; its name is not durable yet.
func writeFile(disk durable.FS, name string, octets []byte) error {
	f, err := disk.Create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(octets)
	if err == nil {
		err = disk.Barrier([]durable.File{f}, nil)
	}
	return errors.Join(err, f.Close())
}

// randomHex gives n random octets as hex digits.
func randomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails (crypto/rand)
	return hex.EncodeToString(b)
}

// own are the names that an archive has in its folder. A folder with others
// and without FORMAT is somebody else's.
var own = map[string]bool{
	"FORMAT": true, "FORMAT.new": true, "lock": true, "ledger": true, "mail": true,
	"cache": true, "quarantine": true, "index": true,
}

// vacant reports whether an archive may be made in dir: it is absent, empty, or
// holds only what an archive holds (a stopped init, a lost FORMAT).
func vacant(disk durable.FS, dir string) error {
	names, err := disk.List(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, n := range names {
		if !own[n] {
			return fmt.Errorf("%s holds %s: %w", dir, n, ErrForeign)
		}
	}
	return nil
}

// prepare makes what an archive lacks: folders, ledger, FORMAT last. It is
// called with the lock held and reports what had to be made anew in an archive
// that was complete before. A lost ledger gives a new identity, because
// positions in the old one mean nothing now and an index must start again.
func prepare(disk durable.FS, dir string, now time.Time) (ft format, mended []Finding, err error) {
	ft, err = readFormat(disk, dir)
	fresh := errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return ft, nil, err
	}
	for _, sub := range []string{"cur", "new", "tmp"} {
		if err := disk.MkdirAll(filepath.Join(dir, "mail", sub)); err != nil {
			return ft, nil, err
		}
	}
	name := filepath.Join(dir, "ledger")
	_, err = disk.Stat(name)
	lost := errors.Is(err, fs.ErrNotExist)
	if err != nil && !lost {
		return ft, nil, err
	}
	if lost {
		if !fresh {
			mended = append(mended, Finding{Code: CodeLedgerLost, Path: "ledger", Detail: "made anew"})
			if ft, err = writeFormat(disk, dir, ft.sep, now); err != nil {
				return ft, nil, err
			}
		}
		if err := makeLedger(disk, dir, name, now, fresh); err != nil {
			return ft, nil, err
		}
	}
	if fresh {
		ft, err = writeFormat(disk, dir, maildir.Sep, now)
	}
	return ft, mended, err
}

// makeLedger writes the first line. A ledger made anew for existing mail says
// that a run has begun, so that the sweep takes the mail in.
func makeLedger(disk durable.FS, dir, name string, now time.Time, fresh bool) error {
	text := ledger.Append(nil, kindHead, stamp(now), headText)
	if !fresh {
		text = ledger.Append(text, kindBegin, stamp(now))
	}
	if err := writeFile(disk, name, text); err != nil {
		return err
	}
	return disk.Barrier(nil, []string{dir})
}
