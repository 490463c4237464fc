package attach

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"path"
	"strings"
)

// gzip reads what a gzip file (RFC 1952) was made of, by the name that stands
// in it, else by its own without the ending.
func (j *job) gzip(b []byte, fileName string) {
	if j.nesting >= maxNesting {
		j.fault(Limit, true, "packed files in each other")
		return
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		j.fault(Damaged, true, "gzip file")
		return
	}
	name := z.Name
	if name == "" {
		name = strings.TrimSuffix(fileName, path.Ext(fileName))
	}
	j.nesting++
	defer func() { j.nesting-- }()
	j.inner(member{name: name}, z)
}

// tar reads every file in a tar file (POSIX.1-2001), each behind its name.
func (j *job) tar(b []byte) {
	if j.nesting >= maxNesting {
		j.fault(Limit, true, "packed files in each other")
		return
	}
	j.nesting++
	defer func() { j.nesting-- }()
	r := tar.NewReader(bytes.NewReader(b))
	for n := 0; !j.over() && j.room > 0; n++ {
		h, err := r.Next()
		switch {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			j.fault(Damaged, true, "tar file")
			return
		case n >= maxMembers:
			j.fault(Limit, true, "more files in a tar file")
			return
		case h.Typeflag != tar.TypeReg:
			continue
		}
		j.line()
		j.write(h.Name + "\n")
		j.inner(member{name: h.Name}, r)
	}
}
