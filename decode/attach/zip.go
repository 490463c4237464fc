package attach

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"strings"
	"unicode/utf8"

	"lostpost/decode/charset"
)

// maxMembers is how many files of a zip file are looked at.
const maxMembers = 10_000

// A member is a file in a zip file.
type member struct {
	name      string
	method    uint16
	encrypted bool
	sum       uint32 // CRC-32, 0 if it is not known
	data      []byte // packed; it may go on beyond the end of a deflated file
}

// zip reads a zip file: as a document if it is one, else every file in it.
func (j *job) zip(b []byte) {
	if j.nesting >= maxNesting {
		j.fault(Limit, true, "packed files in each other")
		return
	}
	members := j.members(b)
	if d := documentOf(members); d != nil {
		j.document(d, members)
		return
	}
	j.nesting++
	defer func() { j.nesting-- }()
	for _, m := range members {
		if j.over() || j.room <= 0 {
			return
		}
		if strings.HasSuffix(m.name, "/") {
			continue
		}
		j.line()
		j.write(m.name + "\n")
		if r, ok := j.open(m); ok {
			j.inner(m, r)
		}
	}
}

// inner reads the content of a packed file, if there is text in it.
func (j *job) inner(m member, r io.Reader) {
	head := make([]byte, LookAt)
	n, _ := io.ReadFull(r, head) // an error comes again
	if kind, _ := Look(head[:n], "", m.name); kind == None {
		return // pictures are not unpacked; named as a PDF and none: not worth a fault here
	}
	j.read(j.all(m, io.MultiReader(bytes.NewReader(head[:n]), r)), "", m.name)
}

// members lists the files of a zip file: by its directory, or by the headers
// before each file if the directory is missing or damaged.
func (j *job) members(b []byte) []member {
	// A directory entry needs ten times its octets in memory. The count is an
	// upper bound: files that are zip files themselves have entries too.
	if bytes.Count(b, []byte("PK\x01\x02")) <= 2*maxMembers {
		if z, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err == nil {
			return j.listed(b, z)
		}
	}
	j.fault(Damaged, false, "zip file without a sound directory")
	return j.scanned(b)
}

// listed gives the members that the directory names.
func (j *job) listed(b []byte, z *zip.Reader) []member {
	var ms []member
	for _, f := range z.File {
		if len(ms) >= maxMembers {
			j.fault(Limit, true, "more files in a zip file")
			break
		}
		at, err := f.DataOffset()
		if err != nil || at < 0 || at > int64(len(b)) {
			j.fault(Damaged, true, "zip file with a file that is not where it should be")
			continue
		}
		m := member{name: f.Name, method: f.Method, encrypted: f.Flags&1 != 0, sum: f.CRC32, data: b[at:]}
		if f.CompressedSize64 < uint64(len(m.data)) {
			m.data = m.data[:f.CompressedSize64]
		}
		ms = append(ms, m)
	}
	return named(ms)
}

// scanned finds members by their local headers (APPNOTE.TXT 4.3.7).
func (j *job) scanned(b []byte) []member {
	const fixed = 30
	var ms []member
	for len(ms) < maxMembers {
		i := bytes.Index(b, []byte("PK\x03\x04"))
		if i < 0 || len(b)-i < fixed {
			break
		}
		h := b[i : i+fixed]
		b = b[i+4:]
		packed := int(binary.LittleEndian.Uint32(h[18:]))
		name := int(binary.LittleEndian.Uint16(h[26:]))
		start := fixed - 4 + name + int(binary.LittleEndian.Uint16(h[28:]))
		if start > len(b) {
			continue
		}
		flags, method := binary.LittleEndian.Uint16(h[6:]), binary.LittleEndian.Uint16(h[8:])
		m := member{name: string(b[fixed-4 : fixed-4+name]), method: method, encrypted: flags&1 != 0,
			sum: binary.LittleEndian.Uint32(h[14:]), data: b[start:]}
		if packed > 0 && packed <= len(m.data) {
			// The next header stands behind it: what is packed is not searched.
			b = m.data[packed:]
			m.data = m.data[:packed]
		}
		ms = append(ms, m)
	}
	return named(ms)
}

// named makes text of the names of members.
func named(ms []member) []member {
	for i, m := range ms {
		if !utf8.ValidString(m.name) {
			// APPNOTE.TXT appendix D: without a flag names are in code page 437.
			ms[i].name = charset.Decode([]byte(m.name), "ibm437", "").Text
		}
	}
	return ms
}

// open gives the content of a member; ok is false if it cannot be had.
func (j *job) open(m member) (r io.Reader, ok bool) {
	const stored, deflated, aes = 0, 8, 99
	switch {
	case m.encrypted, m.method == aes:
		j.fault(Encrypted, true, "zip file with a password")
	case m.method == stored:
		return bytes.NewReader(m.data), true
	case m.method == deflated:
		return flate.NewReader(bytes.NewReader(m.data)), true
	default:
		j.fault(NotRead, true, "zip file packed in an unusual way")
	}
	return nil, false
}

// all reads the content of a member as far as there is room for it.
func (j *job) all(m member, r io.Reader) []byte {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(&boundReader{j, r}, j.room+1))
	if n > j.room {
		j.fault(Limit, true, "unpacked octets")
		b.Truncate(int(j.room))
	} else if err != nil || m.sum != 0 && !j.late && crc32.ChecksumIEEE(b.Bytes()) != m.sum {
		j.fault(Damaged, true, "packed file with damaged content")
	}
	j.room -= min(n, j.room)
	return b.Bytes()
}

// A boundReader ends when the job must.
type boundReader struct {
	j *job
	r io.Reader
}

func (b *boundReader) Read(p []byte) (int, error) {
	if b.j.over() {
		return 0, io.EOF
	}
	return b.r.Read(p)
}
