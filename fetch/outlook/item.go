package outlook

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"lostpost/decode/mapi"
)

// The names of MS-OXMSG section 2 inside the compound file.
const (
	propertyStream  = "__properties_version1.0"
	nameStorage     = "__nameid_version1.0"
	valueStream     = "__SUBSTG1.0_" // and identifier and type in hexadecimal
	recipientPrefix = "__RECIP_VERSION1.0_#"
	attachPrefix    = "__ATTACH_VERSION1.0_#"
)

// Octets before the first property in a property stream (MS-OXMSG 2.4.1).
const (
	headTop      = 32
	headEmbedded = 24
	headPart     = 8 // of a recipient or an attachment
)

// maxText is the longest text or list that is read, in octets.
const maxText = 32 << 20

// maxValues bounds the values of a property that is a list.
const maxValues = 10_000

// An item is a message, a recipient or an attachment: a storage with properties.
type item struct {
	file    *file
	streams map[string]*entry // what lies in the storage, names in upper case
	fixed   mapi.Properties   // values that stand in the property stream itself
	page    int               // code page of texts in octets, 0 if nothing says it
}

// A file is one .msg while it is read.
type file struct {
	*compound
	keywords uint16 // identifier of the property with the categories, 0 if there is none
	damage   error  // the first thing that could not be read
}

// hurt notes what is damaged.
func (f *file) hurt(err error) {
	if f.damage == nil {
		f.damage = err
	}
}

// item reads the storage e, with head octets before its first property.
func (f *file) item(e *entry, head int, page int) *item {
	it := &item{file: f, streams: f.children(e), page: page}
	b := it.octets(strings.ToUpper(propertyStream))
	for b = b[min(head, len(b)):]; len(b) >= 16; b = b[16:] {
		p := mapi.Property{Type: mapi.Type(binary.LittleEndian.Uint16(b)), ID: binary.LittleEndian.Uint16(b[2:])}
		if n := p.Type.Size(); n > 0 && n <= 8 {
			p.Values = [][]byte{b[8 : 8+n]}
			it.fixed = append(it.fixed, p)
		}
	}
	return it
}

// isItem reports whether anything in the storage is a property. An office
// document with a message in it has none at its top.
func (it *item) isItem() bool {
	for name := range it.streams {
		if strings.HasPrefix(name, valueStream) || strings.EqualFold(name, propertyStream) {
			return true
		}
	}
	return false
}

// setPage looks for the code page of the texts: that of the message, that of
// the language of whoever wrote it, that of its Internet form.
func (it *item) setPage() {
	page := int(it.fixed.Get(mapi.MessageCodePage).Int())
	if mapi.Charset(page) == "" {
		page = mapi.LocaleCodePage(int(it.fixed.Get(mapi.MessageLocale).Int()))
	}
	if internet := int(it.fixed.Get(mapi.InternetCodePage).Int()); page == 0 && internet != 20127 { // US-ASCII says nothing of octets above 0x7f
		page = internet
	}
	if mapi.Charset(page) != "" {
		it.page = page
	}
}

// octets reads a stream of the storage; nil if there is none.
func (it *item) octets(name string) []byte {
	e := it.streams[name]
	if e == nil || e.kind != kindStream {
		return nil
	}
	s, err := it.file.open(e)
	if err != nil {
		it.file.hurt(fmt.Errorf("%s: %w", e.name, err))
	}
	b, err := s.read(maxText)
	if err != nil {
		it.file.hurt(fmt.Errorf("%s: %w", e.name, err))
	}
	return b
}

// has reports whether the property has a value in a stream of its own.
func (it *item) has(id uint16, t mapi.Type) bool { return it.streams[streamName(id, t)] != nil }

func streamName(id uint16, t mapi.Type) string {
	return fmt.Sprintf("%s%04X%04X", valueStream, id, uint16(t))
}

// property reads a property, whichever type it is kept in; the zero Property if
// there is none. The streams are found by their names, so that damage to the
// property stream does not hide them.
func (it *item) property(id uint16) mapi.Property {
	for _, t := range []mapi.Type{mapi.Unicode, mapi.String8, mapi.Binary} {
		if it.has(id, t) {
			return mapi.Property{ID: id, Type: t, Values: [][]byte{it.octets(streamName(id, t))}}
		}
	}
	return it.fixed.Get(id)
}

// text is a property of text with the NUL at its end, if it has one, taken off.
func (it *item) text(id uint16) string {
	p := it.property(id)
	if p.Type == mapi.Binary {
		return mapi.Text(p.Octets(), it.page)
	}
	return p.Text(it.page)
}

// firstText is the first of the properties that has a text.
func (it *item) firstText(ids ...uint16) string {
	for _, id := range ids {
		if s := it.text(id); strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

// int is a property that is a number.
func (it *item) int(id uint16) int64 { return it.fixed.Get(id).Int() }

// list reads a property that is a list of texts: each value is a stream.
func (it *item) list(id uint16) []string {
	var out []string
	for _, t := range []mapi.Type{mapi.Unicode, mapi.String8} {
		name := streamName(id, t|mapi.Several)
		if it.streams[name] == nil {
			continue
		}
		for i := range maxValues {
			value := fmt.Sprintf("%s-%08X", name, i)
			if it.streams[value] == nil {
				break
			}
			p := mapi.Property{Type: t, Values: [][]byte{it.octets(value)}}
			out = append(out, p.Text(it.page))
		}
	}
	return out
}

// parts gives the storages whose names begin with prefix, in the order of
// their numbers.
func (it *item) parts(prefix string) []*entry {
	var names []string
	for name, e := range it.streams {
		if strings.HasPrefix(name, prefix) && e.kind == kindStorage {
			names = append(names, name)
		}
	}
	slices.Sort(names) // eight hexadecimal digits each
	list := make([]*entry, len(names))
	for i, name := range names {
		list[i] = it.streams[name]
	}
	return list
}

// publicStrings is the property set of the categories (MS-OXPROPS 1.3.2).
var publicStrings = []byte{0x29, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46}

// readNames finds the identifier under which this file keeps the categories:
// the named property "Keywords" (MS-OXMSG 2.2.3).
func (f *file) readNames(top *item) {
	e := top.streams[strings.ToUpper(nameStorage)]
	if e == nil {
		return
	}
	names := &item{file: f, streams: f.children(e)}
	sets, list, texts := names.octets(valueStream+"00020102"), names.octets(valueStream+"00030102"), names.octets(valueStream+"00040102")
	for ; len(list) >= 8; list = list[8:] {
		at, kind, index := int64(binary.LittleEndian.Uint32(list)), binary.LittleEndian.Uint16(list[4:]), binary.LittleEndian.Uint16(list[6:])
		set := int(kind >> 1)
		public := set == 2 || set >= 3 && len(sets) >= (set-2)*16 && bytes.Equal(sets[(set-3)*16:(set-2)*16], publicStrings)
		if kind&1 == 0 || !public || at+4 > int64(len(texts)) || index >= 0x8000 {
			continue
		}
		b := texts[at+4:]
		if n := int64(binary.LittleEndian.Uint32(texts[at:])); n <= int64(len(b)) && mapi.UTF16(b[:n]) == "Keywords" {
			f.keywords = 0x8000 + index
			return
		}
	}
}
