package dbx

import (
	"encoding/binary"
	"strings"
	"time"
)

// A letter is a message to be built into a file.
type letter struct {
	text     string
	flags    uint32
	unlisted bool // not in the tree, as a deleted message
	free     bool // on the free list too: the first four octets of each segment are overwritten
	header   bool // only the index knows it
}

// A built file knows where its segments are.
type built struct {
	octets   []byte
	segments [][]int // of each letter
	infos    []int
}

// build makes a file as Outlook Express does. The segments of neighbours are
// interleaved, as in a used file.
func build(letters []letter) *built {
	b := &built{octets: make([]byte, headerSize), segments: make([][]int, len(letters)), infos: make([]int, len(letters))}
	copy(b.octets, mailMagic)
	b.texts(letters)
	var pointers []int
	for i, l := range letters {
		if l.unlisted || l.free {
			continue
		}
		b.infos[i] = len(b.octets)
		pointers = append(pointers, len(b.octets))
		b.message(i, l)
	}
	b.tree(pointers)
	return b
}

func (b *built) put(values ...int) {
	for _, v := range values {
		b.octets = binary.LittleEndian.AppendUint32(b.octets, uint32(v))
	}
}

func (b *built) set(off, value int) { binary.LittleEndian.PutUint32(b.octets[off:], uint32(value)) }

func (b *built) texts(letters []letter) {
	for c := 0; ; c++ {
		more := false
		for i, l := range letters {
			if from := c * segmentText; !l.header && from < len(l.text) {
				more = true
				b.segment(i, l, l.text[from:min(from+segmentText, len(l.text))])
			}
		}
		if !more {
			return
		}
	}
}

func (b *built) segment(i int, l letter, text string) {
	at := len(b.octets)
	if before := b.segments[i]; len(before) > 0 {
		b.set(before[len(before)-1]+12, at)
	}
	b.segments[i] = append(b.segments[i], at)
	if l.free {
		b.put(at, freeText, segmentSize, 0)
		text = "\x00\x00\x00\x00" + text[4:]
	} else {
		b.put(at, segmentText, len(text), 0)
	}
	b.octets = append(b.octets, text+strings.Repeat("\x00", segmentText-len(text))...)
}

// received is the time in every message info.
var received = time.Date(2004, 3, 5, 10, 0, 0, 0, time.UTC)

func (b *built) message(i int, l letter) {
	at := len(b.octets)
	entries := []int{0x81 | int(l.flags&0xFF)<<8, 0x12}
	data := binary.LittleEndian.AppendUint64(nil, uint64(received.Unix()+11_644_473_600)*1e7)
	if l.flags > 0xFF {
		entries[0] = 0x01 | len(data)<<8
		data = binary.LittleEndian.AppendUint32(data, l.flags)
	}
	if len(b.segments[i]) > 0 {
		entries = append(entries, 0x84|b.segments[i][0]<<8)
	}
	b.put(at, 4*len(entries)+len(data), len(entries)<<16)
	b.put(entries...)
	b.octets = append(b.octets, data...)
}

// tree makes a root with two children, so that the order is that of a walk.
func (b *built) tree(pointers []int) {
	third := len(pointers) / 3
	if third == 0 {
		b.set(0xE4, b.node(0, pointers, nil))
	} else {
		first := b.node(0, pointers[:third], nil)
		second := b.node(0, pointers[third+1:], nil)
		b.set(0xE4, b.node(first, pointers[third:third+1], []int{second}))
	}
	b.set(0xC4, len(pointers))
}

func (b *built) node(child int, values, children []int) int {
	at := len(b.octets)
	b.put(at, 0, child, 0, len(values)<<8, 0)
	for i, v := range values {
		b.put(v)
		if i < len(children) {
			b.put(children[i], 0)
		} else {
			b.put(0, 0)
		}
	}
	b.octets = append(b.octets, make([]byte, nodeSize-(len(b.octets)-at))...)
	return at
}
