package explain

import (
	"context"
	"io"
	"time"

	"lostpost/decode"
)

// Options say whom the reader trusts and knows; the zero value is offline and
// knows nobody.
type Options struct {
	Trust    []string  // host names or domains whose lines are the reader's own
	Me       []string  // the reader's addresses
	Contacts *Contacts // whom the reader writes to; nil: nobody

	// Key gives the DKIM record of a DNS name ("s1._domainkey.example.org"),
	// "" if there is none. nil: no keys, so signatures are not verified. It is
	// asked at most 10 times for a message.
	Key func(ctx context.Context, name string) (string, error)

	// Find looks a message up in the archive by its Message-ID, without angle
	// brackets, and gives its id there, "" if it is not there. nil: no archive.
	Find func(ctx context.Context, messageID string) (string, error)
}

// What a message is: Report.Kind.
const (
	KindNone      = "none"       // an ordinary message
	KindBounce    = "bounce"     // at least one recipient was not reached and nobody tries again
	KindDelay     = "delay"      // not reached yet
	KindDelivered = "delivered"  // a report of success
	KindFeedback  = "feedback"   // a complaint of a reader, RFC 5965
	KindAutoReply = "auto-reply" // a vacation notice, a challenge
	KindReceipt   = "receipt"    // it was shown to the recipient, RFC 8098
)

// A Report is what there is to say of one message.
type Report struct {
	Kind    string // one of the Kind constants
	Trace   Trace
	Auth    Auth
	Verdict Verdict
	Bounce  *Bounce // nil if it is none
}

// A Fact is one sentence and the line that it rests on.
type Fact struct {
	Text   string // a sentence
	Field  string // name of the header field, "" if it rests on no field
	Offset int64  // of the field or the line in the message, in octets; -1 if it has no place
	Value  string // of the field, unfolded and cut
}

// State says whether a hop was encrypted.
type State string

// The four states. A hop says how the mail came to By and nothing of what
// follows; it never says that a certificate was checked.
const (
	TLSYes     State = "yes"
	TLSNo      State = "no"      // a network hop whose writer records TLS, and did not
	TLSUnknown State = "unknown" // the writer does not record it, or is not known
	TLSLocal   State = "local"   // inside one host or one service: not carried over a network in between
)

// Trust says what a hop is worth.
type Trust string

// Own hops were written by the reader's servers. Every other line may have
// been written by the sender; forged is said of one with proof only.
const (
	TrustOwn        Trust = "own"
	TrustUnverified Trust = "unverified"
	TrustForged     Trust = "forged"
)

// A Trace is the way of a message. Hops are newest first, as in the header.
type Trace struct {
	Hops     []Hop
	Edge     int           // index of the oldest own hop, -1 if there is none
	Sure     int           // index of the oldest own hop that nobody else can have written, -1 if there is none
	Own      string        // organisation of the reader's servers, "" if not known
	Slowest  int           // index of the hop with the longest delay, -1 if no delay is known
	Total    time.Duration // from the Date field, or the oldest hop, to the newest
	Origin   Origin
	Problems []Fact // what speaks against the lines: skew, gaps, proof of forgery
}

// A Hop is one Received field.
type Hop struct {
	From     string // the name that the peer gave, or its address in brackets; as written
	FromName string // the name that the server found for the peer's address
	IP       string // the peer's address as the server recorded it, "" if it did not
	By       string
	Protocol string // keyword of the with clause as written
	TLS      State
	Version  string // of TLS, as written
	Cipher   string
	User     string // who signed in, if recorded
	SignedIn bool   // the peer signed in, whether User is recorded or not
	ID, For  string

	Time  time.Time     // zero if there is none that can be read
	Zone  bool          // the date says its zone; "-0000" does not
	Delay time.Duration // after the hop below, or after Date; 0 if HasDelay is false
	// HasDelay is false where a date is missing or a clock is wrong.
	HasDelay bool
	Skew     time.Duration // how far the clock of By is ahead, if Skewed
	Skewed   bool
	Unsure   bool // this clock or that of a neighbour is wrong
	Trust    Trust
	Reason   string // proof, if Trust is forged

	Raw    string // the field as it stands, without its name, cut at 4 KiB
	Offset int64  // of the field in the message, in octets

	writer form
	helo   string // what the peer called itself, where a comment has it
}

// Origin is where the message comes from as far as can be believed.
type Origin struct {
	IP   string // "" if no address can be believed
	By   string // who recorded it
	Sure bool   // recorded by the reader's own server; else by the sender's provider
	Hop  int    // index of the hop, -1 if it is no hop
}

// Auth is what is said of the sender, and what was checked here.
type Auth struct {
	From       string // address in From
	FromDomain string // its domain in ASCII
	Aligned    bool   // an own server, or a signature verified here, vouches for the domain of From
	SPF        Result // as the reader's own servers state it; Value "" if they do not
	DMARC, ARC Result // likewise
	StatedBy   string // the server that states it
	Results    []Stated
	DKIM       []Signature
}

// A Stated is what one server says of one message: Authentication-Results,
// ARC-Authentication-Results, Received-SPF.
type Stated struct {
	By      string // authserv-id, or the organisation of the server where it writes none
	Field   string
	Offset  int64
	Trusted bool // a server of the reader wrote it
	SPF     Result
	DKIM    []Result
	DMARC   Result
	ARC     Result
	Comp    Result // Microsoft's composite authentication
}

// A Result is one method's result.
type Result struct {
	Value  string // pass, fail, softfail, neutral, none, temperror, permerror; "" if not stated
	Domain string // that it speaks of, "" if not stated
	HELO   bool   // Domain is the name in HELO, not that of the envelope sender
	Reason string
}

// A Signature is a DKIM-Signature field and what can be said of it here.
type Signature struct {
	Domain, Selector string
	Identity         string // i=
	Algorithm        string
	BodyHash         string // match, differs, unknown
	Verified         bool   // with a key
	// Key is "" if no key was asked for, else ok, none (no record), revoked,
	// unusable, error.
	Key     string
	Result  string // pass, fail, expired, weak, none: what came out; none if not verified
	Partial bool   // l= leaves a part of the body unsigned
	Problem string // why it cannot be read or verified
	Offset  int64
}

// Kinds of Verdict.
const (
	ThroughAccount = "through-account"
	ForgedFrom     = "forged-from"
	DisplayName    = "display-name"
	LookAlike      = "look-alike"
	Forwarded      = "forwarded"
	List           = "list"
	CannotTell     = "cannot-tell"
)

// How sure a Verdict is.
const (
	SureCertain = "certain" // verified here with a key
	SureStated  = "stated"  // a server of the reader says so
	SureLikely  = "likely"
	SureOpen    = "open"
)

// A Verdict answers who sent it.
type Verdict struct {
	Kind     string
	Sure     string
	Short    string // the answer in one or two sentences
	Evidence []Fact
	Against  []Fact   // what speaks against it, or should be known with it
	Advice   []string // what to do
	Missing  []string // what would tell, or what stays open
}

// A Bounce is what a server says of mail that the reader sent.
type Bounce struct {
	By         string // the reporting host
	Form       string // how it is written: rfc3464, exim, qmail, ...
	Language   string // of the notice, "" if it is English or not known
	Recipients []Recipient
	Original   *Ref // nil if nothing of it was returned
	Evidence   []Fact
}

// A Ref names another message.
type Ref struct {
	MessageID string // without angle brackets
	Subject   string
	Date      time.Time // zero if not known
	ID        string    // in the archive, if Options.Find found it
}

// A Recipient is what became of one address. Line gives one without Address.
type Recipient struct {
	Address    string
	Original   string // what the sender wrote, if it differs
	Status     string // enhanced code "5.1.1"
	StatusFrom string // stated or inferred
	Reply      string // three digits of the SMTP reply
	Action     string // failed, delayed, delivered, relayed, expanded
	Reason     string // one of the 14 of EXPLAIN.md, "" if no reason is found
	RemoteHost string // who said it
	Said       string // the words of that server
	Means      string // a sentence
	Who        string // whose move it is: you, your-provider, their-side, nobody
	Final      bool   // nobody tries again
	Retry      bool   // sending once more can help
	Advice     []string
	Evidence   []Fact
}

// Message explains one message: its way, who vouches for it, and the bounce if
// it is one. r gives its octets for the body hash of DKIM; m is what decode
// made of them. The network is asked through opt.Key only. The result is never
// nil.
//
// Errors: r's own, opt.Find's, or ctx's; then the result holds what was found
// so far. What opt.Key gives is no error but a fact.
func Message(ctx context.Context, r io.ReaderAt, size int64, m *decode.Message, opt Options) (*Report, error) {
	q := &inquiry{ctx: ctx, r: r, m: m, opt: opt, rep: &Report{}}
	q.gather()
	q.trace()
	err := q.checkSignatures()
	q.statedResults()
	q.judge()
	if err != nil {
		q.rep.Kind = KindNone
		return q.rep, err
	}
	q.rep.Kind, q.rep.Bounce, err = readBounce(ctx, m, opt)
	return q.rep, err
}
