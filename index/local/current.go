package local

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"lostpost/internal/durable"
)

// schema changes whenever segments of before would be read wrongly: names or
// meaning of fields, keys, columns.
const schema = 4

const (
	currentName = "CURRENT"
	currentNew  = "CURRENT.new"
	lockName    = "lock"
	magic       = "lostpost index 1"
)

// A current is what the file CURRENT says: the one state of an index. Its text:
//
//	lostpost index 1
//	engine bleve-scorch
//	schema 4
//	analysis 5f0c...           fingerprint of package analyze
//	generation 12
//	documents 39877
//	archive 7d3e... 88012331   identity and cursor; its number is its place here
//	crc 1a2b3c4d               CRC-32C of all before it
//
// Lines of other names are passed over.
type current struct {
	schema     int
	analysis   string
	generation int64
	documents  int64
	archives   []followed
}

// A followed is one archive and how far the index covers it.
type followed struct {
	identity string
	cursor   int64
}

const engineName = "bleve-scorch"

// A damagedError says that CURRENT, or what it names, cannot be used. The
// writer builds the index again; a reader has nothing to answer from.
type damagedError struct{ what string }

func (e *damagedError) Error() string { return "index: " + e.what }

// Is makes a damaged index look like an absent one to a reader: the cure is
// the same.
func (e *damagedError) Is(target error) bool { return target == fs.ErrNotExist }

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// readCurrent reads CURRENT in dir.
//
// Errors: fs.ErrNotExist if there is none; *damagedError if it is damaged or
// of another program.
func readCurrent(dir string) (*current, error) {
	b, err := os.ReadFile(filepath.Join(dir, currentName))
	if err != nil {
		return nil, err
	}
	return parseCurrent(b)
}

func parseCurrent(b []byte) (*current, error) {
	at := bytes.LastIndex(b, []byte("\ncrc "))
	if at < 0 || !bytes.HasPrefix(b, []byte(magic+"\n")) {
		return nil, &damagedError{"CURRENT is not an index of this program"}
	}
	body, sum := b[:at+1], strings.TrimSpace(string(b[at+len("\ncrc "):]))
	if want := fmt.Sprintf("%08x", crc32.Checksum(body, castagnoli)); sum != want {
		return nil, &damagedError{"CURRENT is damaged"}
	}
	c := &current{}
	engine := ""
	for line := range strings.Lines(string(body)) {
		name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		var err error
		switch name {
		case "engine":
			engine = rest
		case "schema":
			c.schema, err = strconv.Atoi(rest)
		case "analysis":
			c.analysis = rest
		case "generation":
			c.generation, err = strconv.ParseInt(rest, 10, 64)
		case "documents":
			c.documents, err = strconv.ParseInt(rest, 10, 64)
		case "archive":
			identity, cursor, _ := strings.Cut(rest, " ")
			f := followed{identity: identity}
			f.cursor, err = strconv.ParseInt(cursor, 10, 64)
			c.archives = append(c.archives, f)
		}
		if err != nil {
			return nil, &damagedError{"CURRENT: " + err.Error()}
		}
	}
	if engine != engineName || c.generation < 1 {
		return nil, &damagedError{"CURRENT is of another engine"}
	}
	return c, nil
}

func (c *current) bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nengine %s\nschema %d\nanalysis %s\ngeneration %d\ndocuments %d\n",
		magic, engineName, c.schema, c.analysis, c.generation, c.documents)
	for _, f := range c.archives {
		fmt.Fprintf(&b, "archive %s %d\n", f.identity, f.cursor)
	}
	fmt.Fprintf(&b, "crc %08x\n", crc32.Checksum(b.Bytes(), castagnoli))
	return b.Bytes()
}

// cursor is the cursor of an archive, 0 if it is not followed.
func (c *current) cursor(identity string) int64 {
	for _, f := range c.archives {
		if f.identity == identity {
			return f.cursor
		}
	}
	return 0
}

// number is the number of an archive in keys.
func (c *current) number(identity string) (byte, bool) {
	for i, f := range c.archives {
		if f.identity == identity {
			return byte(i), true
		}
	}
	return 0, false
}

// publish makes c the state of the index: the folder of its generation is
// durable already, CURRENT is replaced as a whole.
func (c *current) publish(dir string) error {
	name := filepath.Join(dir, currentNew)
	if err := durable.OS.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := durable.OS.Create(name)
	if err != nil {
		return err
	}
	if _, err = f.Write(c.bytes()); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := durable.OS.Rename(name, filepath.Join(dir, currentName)); err != nil {
		return err
	}
	return durable.OS.Barrier(nil, []string{dir})
}

// withdraw removes CURRENT: nothing is published any more.
func withdraw(dir string) error {
	err := durable.OS.Remove(filepath.Join(dir, currentName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return durable.OS.Barrier(nil, []string{dir})
}
