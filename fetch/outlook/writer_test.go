package outlook

import (
	"encoding/binary"
	"fmt"
	"time"
	"unicode/utf16"

	"lostpost/decode/mapi"
)

// A storage is an item to be written into a compound file.
type storage struct {
	name    string
	head    int    // octets before the first property
	fixed   []byte // the property stream without its head
	streams []namedStream
	inner   []*storage
	parts   int  // recipients and attachments
	plain   bool // no item: it has no properties
}

type namedStream struct {
	name string
	data []byte
}

// byStorage is the AttachMethod of an object of OLE.
const byStorage = 6

// newMessage is an item of mail.
func newMessage() *storage {
	s := &storage{head: headTop}
	s.text(mapi.MessageClass, "IPM.Note")
	return s
}

func (s *storage) property(t mapi.Type, id uint16, value []byte) {
	b := binary.LittleEndian.AppendUint16(nil, uint16(t))
	b = binary.LittleEndian.AppendUint16(b, id)
	b = append(b, 0, 0, 0, 0)
	s.fixed = append(s.fixed, append(append(b, value...), make([]byte, 8-len(value))...)...)
}

func (s *storage) int(id uint16, v uint32) {
	s.property(mapi.Int32, id, binary.LittleEndian.AppendUint32(nil, v))
}

func (s *storage) time(id uint16, t time.Time) {
	s.property(mapi.Time, id, binary.LittleEndian.AppendUint64(nil, uint64(t.Unix()+11644473600)*1e7))
}

// octets is a property with a stream of its own.
func (s *storage) octets(t mapi.Type, id uint16, b []byte) {
	s.property(t, id, binary.LittleEndian.AppendUint32(nil, uint32(len(b))))
	s.streams = append(s.streams, namedStream{fmt.Sprintf("__substg1.0_%04X%04X", id, uint16(t)), b})
}

func (s *storage) text(id uint16, text string) { s.octets(mapi.Unicode, id, wide(text)) }
func (s *storage) text8(id uint16, text string) {
	s.octets(mapi.String8, id, []byte(text))
}

func wide(text string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// part adds a recipient or an attachment.
func (s *storage) part(kind string) *storage {
	p := &storage{name: fmt.Sprintf("__%s_version1.0_#%08X", kind, s.parts), head: headPart}
	s.parts++
	s.inner = append(s.inner, p)
	return p
}

func (s *storage) recipient(kind uint32, name, addr string) *storage {
	r := s.part("recip")
	r.int(mapi.RecipientType, kind)
	r.text(mapi.DisplayName, name)
	r.text(mapi.AddressType, "SMTP")
	r.text(mapi.EmailAddress, addr)
	return r
}

func (s *storage) attach(name string, data []byte) *storage {
	a := s.part("attach")
	a.int(mapi.AttachMethod, byValue)
	a.text(mapi.AttachLongFilename, name)
	a.octets(mapi.Binary, mapi.AttachData, data)
	return a
}

// embed attaches a message.
func (s *storage) embed(name string, message *storage) {
	a := s.part("attach")
	a.int(mapi.AttachMethod, byMessage)
	a.text(mapi.DisplayName, name)
	message.name, message.head = "__substg1.0_3701000D", headEmbedded
	a.inner = append(a.inner, message)
}

// categories names the property "Keywords" and gives it values.
func (s *storage) categories(values ...string) {
	names := &storage{name: nameStorage, plain: true}
	text := wide("Keywords")
	names.streams = []namedStream{
		{"__substg1.0_00020102", publicStrings},
		{"__substg1.0_00030102", []byte{0, 0, 0, 0, 3<<1 | 1, 0, 5, 0}},
		{"__substg1.0_00040102", append(binary.LittleEndian.AppendUint32(nil, uint32(len(text))), text...)},
	}
	s.inner = append(s.inner, names)
	s.octets(mapi.Unicode|mapi.Several, 0x8005, make([]byte, 4*len(values)))
	for i, v := range values {
		s.streams = append(s.streams, namedStream{fmt.Sprintf("__substg1.0_8005101F-%08X", i), wide(v)})
	}
}

// A writer puts a compound file together (MS-CFB, version 3).
type writer struct {
	dir       []byte
	fat, mini []uint32
	sectors   []byte // after the header
	small     []byte // the mini stream
}

const sectorSize, miniSize = 512, 64

// build writes the file.
func (s *storage) build() []byte {
	w := &writer{}
	w.entry("Root Entry", kindRoot)
	w.fill(0, s)
	w.setChain(0, w.put(w.small), len(w.small))
	dir := w.put(pad(w.dir, sectorSize))
	var table []byte
	for _, n := range w.mini {
		table = binary.LittleEndian.AppendUint32(table, n)
	}
	miniFAT := w.put(padFree(table))
	header := make([]byte, sectorSize)
	copy(header, compoundMagic)
	binary.LittleEndian.PutUint16(header[24:], 0x3e)
	binary.LittleEndian.PutUint16(header[26:], 3)
	binary.LittleEndian.PutUint16(header[28:], 0xfffe)
	binary.LittleEndian.PutUint16(header[30:], 9)
	binary.LittleEndian.PutUint16(header[32:], 6)
	binary.LittleEndian.PutUint32(header[48:], dir)
	binary.LittleEndian.PutUint32(header[56:], 4096)
	binary.LittleEndian.PutUint32(header[60:], miniFAT)
	binary.LittleEndian.PutUint32(header[68:], endOfChain)
	for i := 76; i < sectorSize; i += 4 {
		binary.LittleEndian.PutUint32(header[i:], noEntry)
	}
	first := len(w.fat)
	count := (first + 126) / 127 // the table lists its own sectors too
	for range count {
		w.fat = append(w.fat, 0xfffffffd)
	}
	table = nil
	for _, n := range w.fat {
		table = binary.LittleEndian.AppendUint32(table, n)
	}
	for i := range count {
		binary.LittleEndian.PutUint32(header[76+4*i:], uint32(first+i))
	}
	return append(append(header, w.sectors...), padFree(table)...)
}

// fill writes what is in s into the entry at.
func (w *writer) fill(at int, s *storage) {
	streams := append([]namedStream{}, s.streams...)
	if !s.plain {
		streams = append(streams, namedStream{propertyStream, append(make([]byte, s.head), s.fixed...)})
	}
	from, field := at, 76 // child of the storage, then right sibling of the one before
	link := func(n int) {
		binary.LittleEndian.PutUint32(w.dir[128*from+field:], uint32(n))
		from, field = n, 72
	}
	for _, st := range streams {
		n := w.entry(st.name, kindStream)
		link(n)
		if len(st.data) >= 4096 {
			w.setChain(n, w.put(st.data), len(st.data))
		} else {
			w.setChain(n, w.putSmall(st.data), len(st.data))
		}
	}
	for _, inner := range s.inner {
		n := w.entry(inner.name, kindStorage)
		link(n)
		w.fill(n, inner)
	}
}

func (w *writer) entry(name string, kind byte) int {
	e := make([]byte, 128)
	text := wide(name)
	copy(e, text)
	binary.LittleEndian.PutUint16(e[64:], uint16(len(text)+2))
	e[66] = kind
	for _, field := range []int{68, 72, 76} {
		binary.LittleEndian.PutUint32(e[field:], noEntry)
	}
	w.dir = append(w.dir, e...)
	return len(w.dir)/128 - 1
}

func (w *writer) setChain(entry int, start uint32, size int) {
	e := w.dir[128*entry:]
	binary.LittleEndian.PutUint32(e[116:], start)
	binary.LittleEndian.PutUint64(e[120:], uint64(size))
}

// put writes a chain of sectors.
func (w *writer) put(b []byte) uint32 {
	if len(b) == 0 {
		return endOfChain
	}
	start := uint32(len(w.fat))
	b = pad(b, sectorSize)
	w.sectors = append(w.sectors, b...)
	w.fat = chain(w.fat, len(b)/sectorSize)
	return start
}

func (w *writer) putSmall(b []byte) uint32 {
	if len(b) == 0 {
		return endOfChain
	}
	start := uint32(len(w.mini))
	b = pad(b, miniSize)
	w.small = append(w.small, b...)
	w.mini = chain(w.mini, len(b)/miniSize)
	return start
}

func chain(table []uint32, n int) []uint32 {
	for range n - 1 {
		table = append(table, uint32(len(table)+1))
	}
	return append(table, endOfChain)
}

func pad(b []byte, unit int) []byte {
	return append(b[:len(b):len(b)], make([]byte, -len(b)&(unit-1))...)
}

// padFree fills the last sector of a table with marks of free sectors.
func padFree(b []byte) []byte {
	for len(b)%sectorSize != 0 {
		b = append(b, 0xff)
	}
	return b
}
