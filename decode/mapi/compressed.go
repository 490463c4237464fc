package mapi

import (
	"encoding/binary"
	"errors"
)

var (
	// ErrNotRTF is returned by UncompressRTF for octets that do not begin with
	// the header of MS-OXRTFCP.
	ErrNotRTF = errors.New("not a compressed RTF body")
	// ErrCut is returned by UncompressRTF, beside what was read, if the octets
	// end too early or the limit was reached.
	ErrCut = errors.New("compressed RTF body is cut")
)

// dictionary is what the compressor of MS-OXRTFCP (2.1.3.1.1) knows at the start.
const dictionary = `{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript \fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0` +
	"\r\n" + `\par \pard\plain\f0\fs20\b\i\u\tab\tx`

const (
	rtfHeader    = 16
	compressed   = 0x75465a4c // "LZFu"
	uncompressed = 0x414c454d // "MELA"
	windowSize   = 4096
)

// UncompressRTF unpacks the value of RTFCompressed, to at most limit octets.
// Its checksum is not looked at: a body that reads is better than none.
//
// Errors: ErrNotRTF; ErrCut, then the result holds what could be read.
func UncompressRTF(b []byte, limit int) ([]byte, error) {
	if len(b) < rtfHeader {
		return nil, ErrNotRTF
	}
	// The first field counts what follows it.
	size, raw := int64(binary.LittleEndian.Uint32(b))+4, int(binary.LittleEndian.Uint32(b[4:]))
	cut := size > int64(len(b))
	in := b[rtfHeader:max(rtfHeader, min(size, int64(len(b))))]
	switch binary.LittleEndian.Uint32(b[8:]) {
	case uncompressed:
		out := in[:min(raw, len(in), limit)]
		if cut || len(out) < raw {
			return out, ErrCut
		}
		return out, nil
	case compressed:
		return inflate(in, min(limit, 9*len(in))) // a reference of 2 octets gives at most 17, a flag octet costs one in eight
	}
	return nil, ErrNotRTF
}

// inflate reads runs of eight tokens: octets, and references into the last
// 4,096 octets of the output (MS-OXRTFCP 3.1.3). A reference to the place that
// is written next ends the text.
func inflate(in []byte, limit int) ([]byte, error) {
	var window [windowSize]byte
	at := copy(window[:], dictionary)
	out := make([]byte, 0, min(4*len(in), limit))
	put := func(c byte) {
		out = append(out, c)
		window[at] = c
		at = (at + 1) % windowSize
	}
	for len(in) > 0 {
		flags := in[0]
		in = in[1:]
		for bit := 0; bit < 8; bit++ {
			if flags>>bit&1 == 0 {
				if len(in) == 0 || len(out) >= limit {
					return out, ErrCut
				}
				put(in[0])
				in = in[1:]
				continue
			}
			if len(in) < 2 {
				return out, ErrCut
			}
			ref := int(in[0])<<8 | int(in[1])
			in = in[2:]
			from, n := ref>>4, ref&15+2
			if from == at {
				return out, nil
			}
			if len(out)+n > limit {
				return out, ErrCut
			}
			for range n {
				put(window[from])
				from = (from + 1) % windowSize
			}
		}
	}
	return out, ErrCut
}
