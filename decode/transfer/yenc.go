package transfer

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// yencDecoder reads one yEnc file; what stands around it is left out.
type yencDecoder struct {
	state   lineState
	escaped bool  // the last octet was the escape sign
	inLine  bool  // the window begins inside a line of data
	size    int64 // announced, -1 if not
	got     int64
	crc     uint32
}

func (d *yencDecoder) decode(dst, src []byte, base int64, eof bool, f *faults) ([]byte, int) {
	if d.state == stateStart {
		d.state = stateBefore
		if !hasLine(src, isYencBegin) {
			d.state = stateIdentity
			f.add("yenc-no-begin", base, false, "")
		}
	}
	if d.state == stateIdentity {
		return append(dst, src...), len(src)
	}
	at := 0
	for at < len(src) && d.state != stateAfter {
		text, whole, ok := lineEnd(src[at:])
		if !ok && !eof && at > 0 {
			return dst, at
		}
		dst = d.line(dst, src[at:at+text], base+int64(at), f)
		d.inLine = !ok
		at += whole
	}
	if d.state == stateAfter {
		return dst, len(src)
	}
	if eof && d.state == stateData {
		f.add("yenc-no-end", base+int64(at), false, "")
		d.check("", base, f)
	}
	return dst, at
}

func (d *yencDecoder) line(dst, line []byte, base int64, f *faults) []byte {
	switch {
	case d.state == stateBefore:
		if isYencBegin(line) {
			d.state, d.size = stateData, yencSize(line)
		}
	case !d.inLine && bytes.HasPrefix(line, []byte("=ypart ")):
		d.size = -1 // the size is that of the whole file, of which this is a part
	case !d.inLine && bytes.HasPrefix(line, []byte("=yend")):
		d.state = stateAfter
		d.check(string(cut(line, 1024)), base, f)
	default:
		n := len(dst)
		dst = d.data(dst, line)
		d.got += int64(len(dst) - n)
		d.crc = crc32.Update(d.crc, crc32.IEEETable, dst[n:])
	}
	return dst
}

// data decodes the octets of a line.
func (d *yencDecoder) data(dst, line []byte) []byte {
	for _, c := range line {
		switch {
		case d.escaped:
			dst = append(dst, c-64-42)
			d.escaped = false
		case c == '=':
			d.escaped = true
		case c == '\r':
		default:
			dst = append(dst, c-42)
		}
	}
	return dst
}

// check compares size and CRC with what the end line and the begin line say.
func (d *yencDecoder) check(end string, base int64, f *faults) {
	if d.size >= 0 && d.got != d.size {
		f.add("yenc-size", base, d.got < d.size, fmt.Sprintf("%d octets announced, %d read", d.size, d.got))
	}
	for _, key := range [...]string{" pcrc32=", " crc32="} {
		_, after, ok := strings.Cut(end, key)
		if !ok || key == " crc32=" && d.size < 0 {
			continue
		}
		word, _, _ := strings.Cut(strings.TrimSpace(after), " ")
		if want, err := strconv.ParseUint(word, 16, 32); err == nil && uint32(want) != d.crc {
			f.add("yenc-checksum", base, false, "")
		}
		return
	}
}

// isYencBegin reports whether a line begins a yEnc file.
func isYencBegin(line []byte) bool {
	return bytes.HasPrefix(line, []byte("=ybegin ")) && bytes.Contains(cut(line, 1024), []byte(" name="))
}

// yencSize is the size that a begin line announces, -1 if none.
func yencSize(line []byte) int64 {
	_, after, ok := strings.Cut(string(cut(line, 1024)), " size=")
	if !ok {
		return -1
	}
	word, _, _ := strings.Cut(after, " ")
	n, err := strconv.ParseInt(word, 10, 64)
	if err != nil || n < 0 {
		return -1
	}
	return n
}

// yencName is the file name in a begin line: all after "name=".
func yencName(line []byte) string {
	_, name, _ := strings.Cut(string(cut(line, 2048)), " name=")
	return strings.Trim(strings.TrimSpace(name), `"`)
}
