package durable

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Sim is a disk in memory that keeps what was synced apart from what was not.
// After Stop, or after the operation at which a power cut was ordered with
// StopAt, nothing more happens on it; Crash then gives the disk as it may look
// when the power is back: names whose folder was not synced may be there or
// not, octets that were not synced may be there, cut off, or zero.
//
// A name is made durable by a sync of its folder and by nothing else. The two
// halves of a rename are separate: the new name may be there and the old one as
// well, but never neither. Files only grow. The zero Sim is an empty disk.
// It is meant for tests, and any test may use it in the place of OS.
type Sim struct {
	// Hook, if not nil, is called before each operation that changes the
	// disk: create, write, sync, syncdir, rename, link, remove, settime,
	// mkdir. An error is returned instead of doing it, except Skip, which
	// does nothing and reports success. Set it before use.
	Hook func(op, name string) error

	mu      sync.Mutex
	root    *simNode
	pending []*simOp // names not durable yet, in order
	ops     int
	stopAt  int // 0: never
	stopped bool
}

// ErrPowerCut is what every operation gives after the power cut.
var ErrPowerCut = errors.New("power cut")

// ErrSkip is an error for Hook: report success and do nothing, as a program that
// forgot the operation.
var ErrSkip = errors.New("skip")

// A simNode is a file or a folder.
type simNode struct {
	data   []byte
	synced int // so many octets are durable
	mtime  time.Time
	live   map[string]*simNode // of a folder: names now; nil for a file
	safe   map[string]*simNode // names that are durable
}

// A simOp is a name that came or went and is not durable yet.
type simOp struct {
	dir   *simNode
	name  string
	node  *simNode // nil: the name went
	needs *simOp   // an op without which this one does not happen
	kept  bool
}

func newDir() *simNode {
	return &simNode{live: map[string]*simNode{}, safe: map[string]*simNode{}, mtime: time.Now()}
}

// StopAt orders a power cut before operation n, counted from 1.
func (s *Sim) StopAt(n int) { s.mu.Lock(); defer s.mu.Unlock(); s.stopAt = n }

// Stop cuts the power now.
func (s *Sim) Stop() { s.mu.Lock(); defer s.mu.Unlock(); s.stopped = true }

// Ops is how many operations that change the disk there were.
func (s *Sim) Ops() int { s.mu.Lock(); defer s.mu.Unlock(); return s.ops }

// change counts an operation and says whether it may be done. The mutex is held.
func (s *Sim) change(op, name string) error {
	if s.stopped {
		return ErrPowerCut
	}
	s.ops++
	if s.stopAt > 0 && s.ops >= s.stopAt {
		s.stopped = true
		return ErrPowerCut
	}
	if s.Hook != nil {
		return s.Hook(op, name)
	}
	return nil
}

// skipped makes success of ErrSkip.
func skipped(err error) error {
	if errors.Is(err, ErrSkip) {
		return nil
	}
	return err
}

// find walks to a name; dir is its folder, node is nil if there is none.
func (s *Sim) find(op, name string) (dir *simNode, base string, node *simNode, err error) {
	if s.stopped {
		return nil, "", nil, ErrPowerCut
	}
	if s.root == nil {
		s.root = newDir()
	}
	dir, node = nil, s.root
	for part := range strings.SplitSeq(filepath.ToSlash(filepath.Clean(name)), "/") {
		if part == "" || part == "." {
			continue
		}
		if node == nil || node.live == nil {
			return nil, "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
		}
		dir, base = node, part
		node = dir.live[part]
	}
	return dir, base, node, nil
}

func (s *Sim) have(op, name string) (*simNode, error) {
	_, _, n, err := s.find(op, name)
	if err == nil && n == nil {
		err = &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, err
}

// set makes or removes a name.
func (s *Sim) set(dir *simNode, base string, node *simNode, needs *simOp) *simOp {
	if node == nil {
		delete(dir.live, base)
	} else {
		dir.live[base] = node
	}
	dir.mtime = time.Now()
	op := &simOp{dir: dir, name: base, node: node, needs: needs}
	s.pending = append(s.pending, op)
	return op
}

func (s *Sim) create(name string, node *simNode) (*simNode, error) {
	dir, base, have, err := s.find("create", name)
	if err != nil {
		return nil, err
	}
	if have != nil {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	s.set(dir, base, node, nil)
	return node, nil
}

// Create implements FS.
func (s *Sim) Create(name string) (File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change("create", name); err != nil {
		return nil, err
	}
	n, err := s.create(name, &simNode{mtime: time.Now()})
	if err != nil {
		return nil, err
	}
	return &simFile{s, n, name}, nil
}

// Append implements FS.
func (s *Sim) Append(name string) (File, error) {
	s.mu.Lock()
	n, err := s.have("open", name)
	s.mu.Unlock()
	if errors.Is(err, fs.ErrNotExist) {
		return s.Create(name)
	}
	if err != nil {
		return nil, err
	}
	return &simFile{s, n, name}, nil
}

// Open implements FS.
func (s *Sim) Open(name string) (File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.have("open", name)
	if err != nil {
		return nil, err
	}
	return &simFile{s, n, name}, nil
}

// Rename implements FS.
func (s *Sim) Rename(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change("rename", to); err != nil {
		return skipped(err)
	}
	fromDir, fromBase, n, err := s.find("rename", from)
	if err == nil && n == nil {
		err = &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	if err != nil {
		return err
	}
	toDir, toBase, have, err := s.find("rename", to)
	if err != nil || have == n {
		return err // POSIX: two names of one file stay as they are
	}
	made := s.set(toDir, toBase, n, nil)
	s.set(fromDir, fromBase, nil, made)
	return nil
}

// Link implements FS.
func (s *Sim) Link(from, to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change("link", to); err != nil {
		return skipped(err)
	}
	n, err := s.have("link", from)
	if err == nil {
		_, err = s.create(to, n)
	}
	return err
}

// Remove implements FS.
func (s *Sim) Remove(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	dir, base, n, err := s.find("remove", name)
	if err == nil && n == nil {
		err = &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return err
	}
	if err := s.change("remove", name); err != nil {
		return skipped(err)
	}
	s.set(dir, base, nil, nil)
	return nil
}

// List implements FS.
func (s *Sim) List(dir string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.have("list", dir)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(n.live)), nil
}

// Stat implements FS.
func (s *Sim) Stat(name string) (fs.FileInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.have("stat", name)
	if err != nil {
		return nil, err
	}
	return simInfo{filepath.Base(name), int64(len(n.data)), n.mtime, n.live != nil}, nil
}

// SetTime implements FS.
func (s *Sim) SetTime(name string, t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change("settime", name); err != nil {
		return skipped(err)
	}
	n, err := s.have("settime", name)
	if err == nil {
		n.mtime = t
	}
	return err
}

// Mkdir implements FS.
func (s *Sim) Mkdir(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change("mkdir", name); err != nil {
		return skipped(err)
	}
	_, err := s.create(name, newDir())
	return err
}

// MkdirAll implements FS.
func (s *Sim) MkdirAll(dir string) error {
	s.mu.Lock()
	n, err := s.have("mkdir", dir)
	s.mu.Unlock()
	if err == nil && n.live == nil {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: fs.ErrExist}
	}
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	up := filepath.Dir(dir)
	if up != dir {
		if err := s.MkdirAll(up); err != nil {
			return err
		}
	}
	if err := s.Mkdir(dir); err != nil {
		return err
	}
	return s.Barrier(nil, []string{up})
}

// Barrier implements FS.
func (s *Sim) Barrier(files []File, dirs []string) error {
	for _, f := range files {
		if err := f.Sync(); err != nil {
			return err
		}
	}
	for _, d := range dirs {
		if err := s.syncDir(d); err != nil {
			return err
		}
	}
	return nil
}

func (s *Sim) syncDir(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.change("syncdir", name); err != nil {
		return skipped(err)
	}
	n, err := s.have("syncdir", name)
	if err != nil {
		return err
	}
	n.safe = maps.Clone(n.live)
	for _, op := range s.pending {
		if op.dir != n {
			continue
		}
		op.kept = true
		if op.needs != nil && !op.needs.kept { // the other half of a rename
			op.needs.kept = true
			op.needs.dir.safe[op.needs.name] = op.needs.node
		}
	}
	s.pending = slices.DeleteFunc(s.pending, func(op *simOp) bool { return op.kept })
	return nil
}

// A simFile is an open file of a Sim.
type simFile struct {
	s    *Sim
	n    *simNode
	name string
}

func (f *simFile) Write(p []byte) (int, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if err := f.s.change("write", f.name); err != nil {
		if errors.Is(err, ErrSkip) {
			return len(p), nil
		}
		return 0, err
	}
	f.n.data = append(f.n.data, p...)
	f.n.mtime = time.Now()
	return len(p), nil
}

func (f *simFile) ReadAt(p []byte, off int64) (int, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if f.s.stopped {
		return 0, ErrPowerCut
	}
	if off >= int64(len(f.n.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.n.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *simFile) Sync() error {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if err := f.s.change("sync", f.name); err != nil {
		return skipped(err)
	}
	f.n.synced = len(f.n.data)
	return nil
}

func (f *simFile) Size() (int64, error) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	if f.s.stopped {
		return 0, ErrPowerCut
	}
	return int64(len(f.n.data)), nil
}

func (f *simFile) Close() error { return nil }

// A simInfo is what Sim.Stat gives.
type simInfo struct {
	name  string
	size  int64
	mtime time.Time
	dir   bool
}

func (i simInfo) Name() string       { return i.name }
func (i simInfo) Size() int64        { return i.size }
func (i simInfo) ModTime() time.Time { return i.mtime }
func (i simInfo) IsDir() bool        { return i.dir }
func (i simInfo) Sys() any           { return nil }
func (i simInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o700
	}
	return 0o600
}
