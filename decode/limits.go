package decode

import (
	"context"
	"time"
)

// Limits bound work on hostile input. Reaching one is a Problem, not an error.
// A field that is zero or negative has its default. What is decoded of one
// header field is bounded by decode/header: 64 KiB, and 1 MiB of addresses.
type Limits struct {
	Depth     int           // encoded containers in each other, 0: 100; plain nesting has no limit
	Parts     int           // 0: 100,000; more are counted
	TextBytes int64         // octets of a text leaf, 0: 32 MiB
	Time      time.Duration // for Decode of a message, 0: 10 s
}

// Options for Decode; the zero value is useful.
type Options struct {
	Limits
	Attachments  bool // also Message.Attached: the text of attached files
	Alternatives bool // also Message.Unshown: the text of alternatives that are not shown
	Links        bool // in HTML the whole target of tracking links, not their host alone

	// PDF reads PDF attachments: see decode/attach, which says why it must be
	// in another process. nil: they are not read, with attachment-not-read.
	PDF func(ctx context.Context, file []byte) (string, error)
}

const (
	defaultDepth     = 100
	defaultParts     = 100_000
	defaultTextBytes = 32 << 20
	defaultTime      = 10 * time.Second

	maxContainer = 64 << 20 // octets of one decoded container
	maxBlocks    = 1000     // files inside one text
	maxPieces    = 10_000   // pieces of a message/partial
	maxFields    = 100_000  // header fields kept of one section
	inMemory     = 1 << 20  // a message up to this size is read at once
	windowSize   = 1 << 18  // octets of a larger message in memory while its structure is read
)

func (l Limits) withDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = defaultDepth
	}
	if l.Parts <= 0 {
		l.Parts = defaultParts
	}
	if l.TextBytes <= 0 {
		l.TextBytes = defaultTextBytes
	}
	if l.Time <= 0 {
		l.Time = defaultTime
	}
	return l
}

// A session is what one reading of one message shares between its sources:
// limits, what is left of them, and the deadline.
type session struct {
	lim      Limits
	ctx      context.Context
	deadline time.Time // zero: none
	parts    int       // parts made so far
	extra    int       // parts beyond lim.Parts, only counted
	expand   int64     // octets that decoded containers may still take
	rescan   int64     // octets that may still be read a second time to sniff boundaries
	late     bool      // the deadline has passed
	links    bool      // Options.Links
	hint     string
}

func newSession(ctx context.Context, lim Limits, size int64) *session {
	return &session{
		lim:    lim.withDefaults(),
		ctx:    ctx,
		expand: 10*size + maxContainer,
		rescan: 4*size + inMemory,
	}
}

// over reports whether reading must stop: the context ended or time is up.
func (st *session) over() bool {
	if st.late || st.ctx.Err() != nil {
		return true
	}
	st.late = !st.deadline.IsZero() && time.Now().After(st.deadline)
	return st.late
}

// release ends the deadline and lets go of the context: what is read of a part
// later is bounded by the context of that call.
func (st *session) release() {
	st.ctx, st.deadline, st.late = context.Background(), time.Time{}, false
}
