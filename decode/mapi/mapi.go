// Package mapi reads the values that Outlook and Exchange keep of an item:
// properties of any type, texts in a code page, and the body, which may be RTF,
// compressed, with the HTML or the plain text that it was made of inside.
//
// Promises. Nothing panics, whatever the octets are. Values are slices of the
// octets that were handed in, not copies. What is unpacked is bounded by a
// limit that the caller names. Texts are valid UTF-8.
//
// It knows no file format: how properties are laid out in winmail.dat is in
// decode/tnef, in .msg and .pst in fetch/outlook.
//
// MS-OXCDATA 2.11 (property types), MS-OXPROPS (identifiers), MS-OXRTFCP
// (compression), MS-OXRTFEX (HTML and text inside RTF), RTF 1.9.1.
package mapi

import (
	"encoding/binary"
	"time"
	"unicode/utf16"
)

// A Type is the type of a property value (MS-OXCDATA 2.11.1). Several is set
// in it when the property has a list of values.
type Type uint16

// The types of values, without Several.
const (
	Null     Type = 0x0001
	Int16    Type = 0x0002
	Int32    Type = 0x0003
	Float32  Type = 0x0004
	Float64  Type = 0x0005
	Currency Type = 0x0006 // 64 bits, 1/10,000 of a unit
	AppTime  Type = 0x0007 // days since the end of 1899, as Float64
	Error    Type = 0x000a
	Boolean  Type = 0x000b // 16 bits
	Object   Type = 0x000d // an interface identifier, then what it reads
	Int64    Type = 0x0014
	String8  Type = 0x001e // in a code page
	Unicode  Type = 0x001f // UTF-16, little endian
	Time     Type = 0x0040 // 100 ns since 1601
	GUID     Type = 0x0048
	Binary   Type = 0x0102

	Several Type = 0x1000
)

// Size is the number of octets of one value, -1 if it differs from value to
// value, 0 for types that are not known.
func (t Type) Size() int {
	switch t &^ Several {
	case Int16, Boolean:
		return 2
	case Int32, Float32, Error:
		return 4
	case Float64, Currency, AppTime, Int64, Time:
		return 8
	case GUID:
		return 16
	case Object, String8, Unicode, Binary:
		return -1
	}
	return 0
}

// The identifiers that mail needs (MS-OXPROPS), by their names there without
// PidTag.
const (
	Importance           = 0x0017
	MessageClass         = 0x001a
	Sensitivity          = 0x0036
	Subject              = 0x0037
	ClientSubmitTime     = 0x0039
	SentRepresentingName = 0x0042
	ReplyRecipientNames  = 0x0050
	SentRepresentingType = 0x0064
	SentRepresentingAddr = 0x0065
	ConversationTopic    = 0x0070
	ConversationIndex    = 0x0071
	TransportHeaders     = 0x007d
	RecipientType        = 0x0c15
	SenderName           = 0x0c1a
	SenderAddressType    = 0x0c1e
	SenderEmailAddress   = 0x0c1f
	DisplayBcc           = 0x0e02
	DisplayCc            = 0x0e03
	DisplayTo            = 0x0e04
	MessageDeliveryTime  = 0x0e06
	MessageFlags         = 0x0e07
	Body                 = 0x1000
	ReportText           = 0x1001
	RTFCompressed        = 0x1009
	HTML                 = 0x1013
	InternetMessageID    = 0x1035
	InternetReferences   = 0x1039
	InReplyTo            = 0x1042
	LastVerb             = 0x1081
	FlagStatus           = 0x1090
	DisplayName          = 0x3001
	AddressType          = 0x3002
	EmailAddress         = 0x3003
	CreationTime         = 0x3007
	ModificationTime     = 0x3008
	AttachData           = 0x3701
	AttachFilename       = 0x3704
	AttachMethod         = 0x3705
	AttachLongFilename   = 0x3707
	AttachPathname       = 0x3708
	AttachLongPathname   = 0x370d
	AttachMimeTag        = 0x370e
	AttachContentID      = 0x3712
	AttachFlags          = 0x3714
	SMTPAddress          = 0x39fe
	InternetCodePage     = 0x3fde
	MessageLocale        = 0x3ff1
	MessageCodePage      = 0x3ffd
	SenderSMTP           = 0x5d01
	SentRepresentingSMTP = 0x5d02
	AttachmentHidden     = 0x7ffe
)

// A Property is an identifier with its values.
type Property struct {
	ID     uint16
	Type   Type
	Name   Name     // of a property with an ID from 0x8000 on
	Values [][]byte // octets of each value, without padding; of a fixed type little endian
}

// A Name is what a named property is called: by number or by text.
type Name struct {
	Set    [16]byte // the GUID of the property set, as it stands in the file
	Number uint32
	Text   string // "" if Number counts
}

// Octets is the first value, nil if there is none. Of an Object the interface
// identifier of 16 octets is the beginning.
func (p Property) Octets() []byte {
	if len(p.Values) == 0 {
		return nil
	}
	return p.Values[0]
}

// Int is the first value of an integer or Boolean type, 0 if it is none.
func (p Property) Int() int64 {
	b := p.Octets()
	switch t := p.Type &^ Several; {
	case (t == Int16 || t == Boolean) && len(b) >= 2:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case (t == Int32 || t == Error) && len(b) >= 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case (t == Int64 || t == Currency) && len(b) >= 8:
		return int64(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// Time is the first value of type Time in UTC, the zero Time if it is none or
// lies before 1601 or after the year 9999.
func (p Property) Time() time.Time {
	b := p.Octets()
	if p.Type&^Several != Time || len(b) < 8 {
		return time.Time{}
	}
	return FileTime(binary.LittleEndian.Uint64(b))
}

// Text is the first value as text: String8 read in the code page, Unicode as
// UTF-16, each up to its first NUL. It is "" for other types.
func (p Property) Text(codePage int) string {
	switch p.Type &^ Several {
	case String8:
		return Text(p.Octets(), codePage)
	case Unicode:
		return UTF16(p.Octets())
	}
	return ""
}

// Properties are those of one item, in the order of the file.
type Properties []Property

// Get is the first property with the identifier, the zero Property if there is
// none.
func (ps Properties) Get(id uint16) Property {
	for _, p := range ps {
		if p.ID == id {
			return p
		}
	}
	return Property{}
}

// Text is Property.Text of the property with the identifier.
func (ps Properties) Text(id uint16, codePage int) string { return ps.Get(id).Text(codePage) }

// FileTime reads a count of 100 ns since 1601 (MS-DTYP 2.3.3); the zero Time if
// it is 0 or lies after the year 9999.
func FileTime(n uint64) time.Time {
	const (
		epoch = 11644473600 // seconds from 1601 to 1970
		last  = 253402300799 + epoch
	)
	if n == 0 || n/1e7 > last {
		return time.Time{}
	}
	return time.Unix(int64(n/1e7)-epoch, int64(n%1e7)*100).UTC()
}

// UTF16 reads UTF-16 in little endian up to the first NUL; halves of pairs
// become U+FFFD.
func UTF16(b []byte) string {
	units := make([]uint16, 0, len(b)/2)
	for i := 0; i+1 < len(b); i += 2 {
		u := binary.LittleEndian.Uint16(b[i:])
		if u == 0 {
			break
		}
		units = append(units, u)
	}
	return string(utf16.Decode(units))
}
