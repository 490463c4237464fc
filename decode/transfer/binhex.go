package transfer

import (
	"bytes"
	"encoding/binary"
)

// binhexMark begins the line that RFC 1741 puts before the data.
const binhexMark = "(This file must be converted with BinHex"

const binhexAlphabet = "!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"

var binhexTable = func() (t [256]byte) {
	for i := range t {
		t[i] = 255
	}
	for i := range len(binhexAlphabet) {
		t[binhexAlphabet[i]] = byte(i)
	}
	return t
}()

// binhexDecoder gives the data fork of a BinHex 4.0 file.
type binhexDecoder struct {
	state  lineState
	acc    uint32
	bits   int
	last   byte // of the run-length code
	repeat bool // 0x90 came: a count follows
	seen   bool // last holds an octet
	header []byte
	name   string
	left   int64  // octets of the data fork to come, -1 before the header is read
	crc    uint16 // of what was read of header or data fork
	tail   []byte // the CRC after the data fork
}

func (d *binhexDecoder) decode(dst, src []byte, base int64, eof bool, f *faults) ([]byte, int) {
	at := 0
	if d.state == stateStart {
		at = binhexStart(src)
		if at < 0 {
			d.state = stateIdentity
			f.add("binhex-no-begin", base, false, "")
		} else {
			d.state, d.left = stateData, -1
		}
	}
	if d.state == stateIdentity {
		return append(dst, src...), len(src)
	}
	for ; at < len(src) && d.state == stateData; at++ {
		c := src[at]
		v := binhexTable[c]
		switch {
		case v < 64:
			d.acc = d.acc<<6 | uint32(v)
			if d.bits += 6; d.bits >= 8 {
				d.bits -= 8
				dst = d.octet(dst, byte(d.acc>>d.bits), base+int64(at), f)
			}
		case c == ':':
			d.finish(base+int64(at), f)
		case !blank(c):
			f.add("binhex-bad", base+int64(at), false, "")
		}
	}
	if eof && d.state == stateData {
		d.finish(base+int64(at), f)
	}
	return dst, len(src)
}

// binhexStart gives the offset after the colon that begins the data, -1 if
// there is none: at the start of a line, and after the mark if that is there.
func binhexStart(src []byte) int {
	from := max(bytes.Index(src, []byte(binhexMark)), 0)
	for at := from; at < len(src); {
		text, whole, _ := lineEnd(src[at:])
		line := bytes.TrimLeft(src[at:at+text], " \t")
		if len(line) > 1 && line[0] == ':' && binhexTable[line[1]] < 64 {
			return at + text - len(line) + 1
		}
		at += whole
	}
	return -1
}

// octet takes one octet before the run-length code is undone.
func (d *binhexDecoder) octet(dst []byte, c byte, base int64, f *faults) []byte {
	if d.repeat {
		d.repeat = false
		if c == 0 {
			d.last, d.seen = 0x90, true
			return d.plain(dst, 0x90, base, f)
		}
		for range int(c) - 1 {
			if d.seen {
				dst = d.plain(dst, d.last, base, f)
			}
		}
		return dst
	}
	if c == 0x90 {
		d.repeat = true
		return dst
	}
	d.last, d.seen = c, true
	return d.plain(dst, c, base, f)
}

// plain takes one octet of the file: header, data fork, CRC; the rest, the
// resource fork, is left out.
func (d *binhexDecoder) plain(dst []byte, c byte, base int64, f *faults) []byte {
	switch {
	case d.left < 0:
		d.header = append(d.header, c)
		if n := int(d.header[0]); len(d.header) == n+22 {
			h := d.header
			d.name = string(h[1 : 1+n])
			d.left = int64(binary.BigEndian.Uint32(h[n+12:]))
			if crc16(0, h[:n+20]) != binary.BigEndian.Uint16(h[n+20:]) {
				f.add("binhex-checksum", base, false, "header")
			}
			d.crc = 0
		}
	case d.left > 0:
		d.left--
		d.crc = crc16(d.crc, []byte{c})
		return append(dst, c)
	case len(d.tail) < 2:
		if d.tail = append(d.tail, c); len(d.tail) == 2 && binary.BigEndian.Uint16(d.tail) != d.crc {
			f.add("binhex-checksum", base, false, "data")
		}
	}
	return dst
}

func (d *binhexDecoder) finish(base int64, f *faults) {
	d.state = stateAfter
	if d.left != 0 {
		f.add("binhex-cut", base, true, "")
	}
}

// crc16 is the CRC of XMODEM (polynomial 0x1021), which BinHex uses.
func crc16(crc uint16, b []byte) uint16 {
	for _, c := range b {
		crc ^= uint16(c) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
