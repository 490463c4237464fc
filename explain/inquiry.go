package explain

import (
	"context"
	"io"
	"strings"

	"lostpost/decode"
	"lostpost/decode/header"
)

// An inquiry is the reading of one message: what its header has, and what was
// found out so far.
type inquiry struct {
	ctx  context.Context
	r    io.ReaderAt
	m    *decode.Message
	opt  Options
	rep  *Report
	base int64 // offset of the header section in the message
	body int64 // and of what follows it
	end  int64

	statements []statement
	signatures []header.Field
	own        []string // organisations and hosts of the reader
	returnPath string   // address in Return-Path, "" if it is empty or not there
	from       []header.Address
	known      *Contacts
}

// A statement is a field in which a server says what it checked.
type statement struct {
	Stated
	field header.Field
	above int // Received fields above it
}

// gather goes over the header once: hops, statements, signatures.
func (q *inquiry) gather() {
	if len(q.m.Parts) > 0 {
		p := q.m.Parts[0]
		q.base, q.body, q.end = p.Offset, p.Body, p.End
	}
	t := &q.rep.Trace
	n := 0
	for f := range q.m.Header.All() {
		if strings.EqualFold(f.Name, "Received") {
			n++
		}
	}
	t.Hops = make([]Hop, 0, n)
	var buf []token
	for f := range q.m.Header.All() {
		switch strings.ToLower(f.Name) {
		case "received":
			r := readReceived(f.Raw, buf)
			buf = r.tokens
			h := r.hop()
			h.Offset = q.base + f.Offset
			t.Hops = append(t.Hops, h)
		case "authentication-results", "arc-authentication-results", "received-spf":
			if len(q.statements) < maxStatements {
				q.statements = append(q.statements, statement{field: f, above: len(t.Hops)})
			}
		case "dkim-signature":
			if len(q.signatures) < maxSignatures {
				q.signatures = append(q.signatures, f)
			}
		}
	}
	q.from, _ = q.m.Header.Addresses("From", "")
	if list, _ := q.m.Header.Addresses("Return-Path", ""); len(list) > 0 {
		q.returnPath = list[0].Addr
	}
	a := &q.rep.Auth
	if len(q.from) > 0 {
		a.From = q.from[0].Addr
		a.FromDomain = domainOf(a.From)
	}
	q.known = q.opt.Contacts
	if q.known == nil {
		q.known = &Contacts{} // its maps are nil, and have nothing
	}
}

// Limits of what is read of one header.
const (
	maxStatements = 100 // fields in which servers say what they checked
	maxSignatures = 10  // signatures: more is a way to make readers work
)

// fact makes a Fact that rests on a field.
func (q *inquiry) fact(f header.Field, sentence string) Fact {
	return Fact{Text: sentence, Field: f.Name, Offset: q.base + f.Offset, Value: short(oneLine(f.Raw[:min(len(f.Raw), 4*maxValue)]))}
}

// named makes a Fact that rests on the first field of a name.
func (q *inquiry) named(name, sentence string) Fact {
	for f := range q.m.Header.All() {
		if strings.EqualFold(f.Name, name) {
			return q.fact(f, sentence)
		}
	}
	return Fact{Text: sentence, Offset: -1}
}

// hopFact makes a Fact that rests on a Received field.
func (q *inquiry) hopFact(i int, sentence string) Fact {
	h := &q.rep.Trace.Hops[i]
	return Fact{Text: sentence, Field: "Received", Offset: h.Offset, Value: short(h.Raw)}
}

// maxValue is how many octets of a field a Fact shows.
const maxValue = 300

func short(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "") + "…"
}
