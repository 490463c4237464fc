package decode

import "fmt"

// A Problem is a repair or a loss. It is data: it is stored, indexed and shown.
type Problem struct {
	Code   Code
	Part   *Part  // nil if it concerns the whole message
	Offset int64  // octets, as in Part
	Lost   bool   // text or bytes could not be saved
	Detail string // for people, one line, no message text
}

// Code is stable: "charset-unknown", "boundary-missing", "base64-junk", ...
// At most 20 Problems of one code in a message are kept, then a count.
type Code string

// The codes of this package. Those of header fields, transfer encodings and
// charsets come from decode/header, decode/transfer and decode/charset, those
// of winmail.dat from decode/tnef.
const (
	BoundaryAfterClose  Code = "boundary-after-close"   // parts follow the closing delimiter
	BoundaryMissing     Code = "boundary-missing"       // a multipart without any delimiter line: read as one text
	BoundaryNotClosed   Code = "boundary-not-closed"    // the closing delimiter is missing
	BoundaryRepeated    Code = "boundary-repeated"      // an inner multipart uses the boundary of an outer one
	BoundaryUndeclared  Code = "boundary-undeclared"    // the boundary was found by its looks
	DigestHeader        Code = "digest-header"          // a digest part begins with the message's header
	EncodingOnMultipart Code = "encoding-on-multipart"  // a label that does not apply to a multipart
	EncodingOnMessage   Code = "encoding-on-message"    // an enclosed message that really is encoded
	EncodingPlain       Code = "encoding-plain"         // labelled as encoded, but is not
	EncodingRepeated    Code = "encoding-repeated"      // several Content-Transfer-Encoding fields
	EncodingUnknown     Code = "encoding-unknown"       // a transfer encoding that nobody knows
	LimitContainer      Code = "limit-container"        // a decoded container was cut
	LimitDepth          Code = "limit-depth"            // too many encoded containers in each other
	LimitParts          Code = "limit-parts"            // too many parts
	LimitText           Code = "limit-text"             // a text leaf was cut
	LimitTime           Code = "limit-time"             // the time for a message is up
	LineEndsCR          Code = "line-ends-cr"           // CR alone ends the lines
	LineEndsCRCRLF      Code = "line-ends-crcrlf"       // CR CR LF ends the lines
	MediaTypeRepaired   Code = "media-type-repaired"    // the media type is no type/subtype
	MessageUTF16        Code = "message-utf16"          // the whole message is UTF-16
	MessagePartial      Code = "message-partial"        // one piece of a message
	MultipartText       Code = "multipart-text-outside" // text before the first or after the last part
	MultipartEncoded    Code = "multipart-encoded"      // a multipart that really is encoded
	PartHeaderMissing   Code = "part-header-missing"    // a part begins with its text
	PGPArmour           Code = "pgp-armour"             // a PGP message or key stands in the text; nothing is decrypted
	PGPSigned           Code = "pgp-clear-signed"       // the text is clear-signed; nothing is verified
	SecondReading       Code = "second-reading"         // enmime found text that the own reader did not
	TextInBlock         Code = "text-inline-file"       // a file in uuencode, yEnc or BinHex stood in the text
	TNEFBody            Code = "tnef-body"              // the compressed body of a winmail.dat is damaged
	TypeRepeated        Code = "type-repeated"          // several Content-Type fields
)

// maxSame is how many Problems of one code a message keeps.
const maxSame = 20

// A tally gathers Problems and keeps at most maxSame of one code.
type tally struct {
	list []Problem
	seen map[Code]int
	lost map[Code]bool // of those that were not kept
}

func (t *tally) add(ps ...Problem) {
	if len(ps) == 0 {
		return
	}
	if t.seen == nil {
		t.seen = map[Code]int{}
		t.lost = map[Code]bool{}
	}
	for _, p := range ps {
		t.seen[p.Code]++
		if t.seen[p.Code] <= maxSame {
			t.list = append(t.list, p)
		} else if p.Lost {
			t.lost[p.Code] = true
		}
	}
}

// problems gives the list, with one more entry for each code that has more
// than maxSame of its kind.
func (t *tally) problems() []Problem {
	out := t.list
	done := map[Code]bool{}
	for _, p := range t.list {
		n := t.seen[p.Code]
		if n <= maxSame || done[p.Code] {
			continue
		}
		done[p.Code] = true
		out = append(out, Problem{Code: p.Code, Lost: t.lost[p.Code], Detail: fmt.Sprintf("and %d more", n-maxSame)})
	}
	return out
}
