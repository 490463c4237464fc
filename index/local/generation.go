package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/internal/durable"
)

const (
	folderPrefix  = "gen-"
	removedPrefix = "removed-"
	rootName      = "root.bolt"
	segmentSuffix = ".zap"
)

func folderOf(generation int64) string { return folderPrefix + strconv.FormatInt(generation, 10) }

// link makes the folder to with the files of from: segments and columns, which
// are never written into, as hard links (copies where the disk has none), and
// root.bolt, which will be written, as a copy. An empty from makes an empty
// folder. It gives the names of the hard links: they are durable already.
func link(from, to string) (linked []string, err error) {
	if err := durable.OS.MkdirAll(to); err != nil {
		return nil, err
	}
	if from == "" {
		return nil, nil
	}
	names, err := durable.OS.List(from)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		a, b := filepath.Join(from, name), filepath.Join(to, name)
		switch {
		case strings.HasSuffix(name, segmentSuffix), strings.HasSuffix(name, placesSuffix):
			if err = durable.OS.Link(a, b); err == nil {
				linked = append(linked, name)
			} else {
				err = copyFile(a, b)
			}
		case name == rootName:
			err = copyFile(a, b)
		}
		if err != nil {
			return nil, err
		}
	}
	return linked, nil
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := durable.OS.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

// prune removes segments that were merged into others, with their columns;
// bleve does so in its own time, which may be after it was closed.
func prune(dir string, keep []string) error {
	for _, segment := range keep {
		keep = append(keep, placesName(segment))
	}
	names, err := durable.OS.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		ours := strings.HasSuffix(name, segmentSuffix) || strings.HasSuffix(name, placesSuffix)
		if ours && !slices.Contains(keep, name) {
			if err := durable.OS.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncFolder makes the files in a folder and their names durable; those of the
// files in done are.
func syncFolder(dir string, done []string) error {
	names, err := durable.OS.List(dir)
	if err != nil {
		return err
	}
	var files []durable.File
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for _, name := range names {
		if slices.Contains(done, name) {
			continue
		}
		// Append opens for writing too, which some systems ask for to sync.
		f, err := durable.OS.Append(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	return durable.OS.Barrier(files, []string{dir})
}

// sweep removes every generation that is not named in keep, and what a stopped
// writer left. A folder is renamed first, so that a reader finds a generation
// whole or not at all. What cannot be removed (open files on Windows) stays for
// the next sweep.
func sweep(dir string, keep ...int64) error {
	names, err := durable.OS.List(dir)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		path := filepath.Join(dir, name)
		if number, ok := strings.CutPrefix(name, folderPrefix); ok {
			n, err := strconv.ParseInt(number, 10, 64)
			if err != nil || slices.Contains(keep, n) {
				continue
			}
			path = filepath.Join(dir, removedPrefix+number)
			if err := durable.OS.Rename(filepath.Join(dir, name), path); err != nil {
				errs = append(errs, err)
				continue
			}
		} else if !strings.HasPrefix(name, removedPrefix) && name != currentNew {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// nextGeneration is a number that no folder in dir bears.
func nextGeneration(dir string, after int64) (int64, error) {
	names, err := durable.OS.List(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, name := range names {
		for _, prefix := range []string{folderPrefix, removedPrefix} {
			if number, ok := strings.CutPrefix(name, prefix); ok {
				if n, err := strconv.ParseInt(number, 10, 64); err == nil {
					after = max(after, n)
				}
			}
		}
	}
	return after + 1, nil
}

// boltTimeout bounds every open of root.bolt. Without it bbolt tries for ever.
// Nobody opens a folder that is being written, so it should never pass.
const boltTimeout = "1s"

// lock takes the lock of the one writer. Errors: *archive.LockedError.
func lock(ctx context.Context, dir string, wait time.Duration) (io.Closer, error) {
	if err := durable.OS.MkdirAll(dir); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if wait == 0 {
		wait = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, max(wait, 0))
	defer cancel()
	c, err := durable.Lock(ctx, filepath.Join(dir, lockName))
	var held *durable.HeldError
	switch {
	case err == nil:
		return c, nil
	case errors.As(err, &held):
		return nil, &archive.LockedError{Dir: dir, Command: held.Command, Host: held.Host, PID: held.PID, Since: held.Since}
	default:
		return nil, fmt.Errorf("index: %w", err)
	}
}
