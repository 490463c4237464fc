package explain

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"iter"
	"slices"
	"time"
)

// A Delivery is what became of one message for one recipient, as a mail log
// has it. Of what the log does not say, a field has its zero value.
type Delivery struct {
	Host      string // that wrote the log
	QueueID   string
	MessageID string // without angle brackets
	From      string // envelope sender, "" of a notice
	To        string
	Original  string // before an alias was expanded
	Relay     string // "mx.example.org[192.0.2.1]:25", "none" if none was reached
	Status    string // the last one: sent, deferred, bounced, expired, ...
	DSN       string
	Reply     string        // the words behind the last status
	Delay     time.Duration // from the arrival of the message to the last attempt
	Delays    string        // its four parts in seconds: before the queue, in it, connecting, sending
	Size      int64         // octets of the message
	First     time.Time     // first line about the message
	Last      time.Time     // last line about this recipient
	Removed   bool          // the message left the queue
}

// Outcome explains the last reply, as Line does.
func (d *Delivery) Outcome() Recipient {
	rec := Line(d.Reply)
	rec.Address, rec.Original, rec.RemoteHost = d.To, d.Original, d.Relay
	if isCode(d.DSN) {
		rec.Status, rec.StatusFrom = d.DSN, "stated"
	}
	switch d.Status {
	case "sent":
		rec.Action, rec.Reason, rec.Means, rec.Who, rec.Advice = "delivered", "", "", "", nil
	case "deferred":
		rec.Action = "delayed"
	default:
		rec.Action = "failed"
	}
	rec.Final = d.Status != "deferred"
	return rec
}

// maxOpen is how many messages a log may have in the queue at a time. Beyond
// it the oldest are taken for done, so that memory stays bounded; 100,000 take
// some 60 MB.
const maxOpen = 100_000

// maxSameID is how many unfinished messages with one queue id are kept.
const maxSameID = 4

// maxLogRecipients is how many recipients of one message are told apart.
const maxLogRecipients = 10_000

// Log joins a Postfix mail log into one Delivery a recipient. files are its
// pieces, oldest first, each as it is or compressed with gzip; a message may
// begin in one and end in another. Deliveries come when their message leaves
// the queue, those of messages that are still in it at the end, in order of
// their last lines. Lines of other programs, and lines that are cut, are
// passed over; memory is bounded by the messages that are in the queue.
//
// Stamps are those of RFC 3164, of which the year is found by going back from
// now, or of RFC 3339 as rsyslog and journalctl write them.
//
// Errors: those of files, once; what was read before it came.
func Log(now time.Time, files ...io.Reader) iter.Seq2[Delivery, error] {
	return func(yield func(Delivery, error) bool) {
		j := &journal{open: map[string]*passage{}, yield: yield, stamps: stamps{now: now}}
		for _, f := range files {
			err := j.read(f)
			if j.stopped {
				return
			}
			if err != nil {
				j.flush()
				if !j.stopped {
					yield(Delivery{}, err)
				}
				return
			}
		}
		j.flush()
	}
}

// A passage is one message on its way through the queue.
type passage struct {
	key        string
	done       bool
	first      time.Time
	from, mid  string
	host, id   string
	size       int64
	wanted     int64 // recipients that the queue counts
	recipients []Delivery
	index      map[string]int // of recipients, once there are many
	older      *passage       // an unfinished one with the same queue id
}

// A journal is a log that is being read.
type journal struct {
	open    map[string]*passage // by host and queue id, the newest
	count   int                 // of passages that are open
	order   []*passage          // in order of their first lines
	key     []byte              // scratch
	stamps  stamps
	yield   func(Delivery, error) bool
	stopped bool
}

// maxLine is the longest line that is looked at; the rest of a longer one is
// passed over.
const maxLine = 64 << 10

// read goes through one piece of the log.
func (j *journal) read(f io.Reader) error {
	br := bufio.NewReaderSize(f, maxLine)
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(br)
		if err != nil {
			return err
		}
		br = bufio.NewReaderSize(zr, maxLine)
	}
	for {
		l, err := br.ReadSlice('\n')
		if err == nil || err == io.EOF && len(l) > 0 {
			j.line(bytes.TrimRight(l, "\r\n"))
		}
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = br.ReadSlice('\n')
		}
		switch {
		case j.stopped, err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// line takes one line.
func (j *journal) line(l []byte) {
	e, ok := readEntry(l)
	if !ok {
		return
	}
	at := j.stamps.time(e.stamp)
	j.key = append(append(append(j.key[:0], e.host...), ' '), e.id...)
	p := j.open[string(j.key)]
	if p == nil || len(p.recipients) > 0 && e.arrives() {
		p = j.begin(e, at, p)
	}
	switch e.kind() {
	case entryMessageID:
		p.mid = string(bytes.Trim(e.value("message-id="), "<>"))
	case entryQueued:
		p.from = string(bytes.Trim(e.value("from="), "<>"))
		p.size, p.wanted = number(e.value("size=")), number(e.value("nrcpt="))
	case entryExpired:
		p.oldest(func(p *passage) bool { return p.waits(nil) }).expire(at)
	case entryDelivery:
		to := bytes.Trim(e.value("to="), "<>")
		p.oldest(func(p *passage) bool { return p.waits(to) }).delivery(e, to, at)
	case entryRemoved:
		j.close(p.oldest((*passage).finished), true)
	}
}

// oldest picks, of the messages that share a queue id, the oldest one for which
// a line can be; the newest if it is for none. Postfix gives an id anew when
// its message is gone, but lines may be missing.
func (p *passage) oldest(can func(*passage) bool) *passage {
	best := p
	for x := p.older; x != nil; x = x.older {
		if can(x) {
			best = x
		}
	}
	return best
}

// waits reports whether a recipient is to be tried again: to, or any if it is
// nil.
func (p *passage) waits(to []byte) bool {
	return slices.ContainsFunc(p.recipients, func(d Delivery) bool {
		return d.Status == "deferred" && (to == nil || d.To == string(to))
	})
}

// finished reports whether every recipient has its outcome.
func (p *passage) finished() bool {
	return len(p.recipients) > 0 && int64(len(p.recipients)) >= p.wanted && !p.waits(nil)
}

// expire notes that the time for those who wait is over.
func (p *passage) expire(at time.Time) {
	for i := range p.recipients {
		if d := &p.recipients[i]; d.Status == "deferred" {
			d.Status, d.Last = "expired", at
		}
	}
}

// begin opens a story. older has the same queue id; it is closed if nothing is
// left to be said of it.
func (j *journal) begin(e entry, at time.Time, older *passage) *passage {
	if older != nil && older.finished() {
		next := older.older
		j.close(older, false)
		older = next
	}
	depth := 0
	for x := older; x != nil; x = x.older {
		if depth++; depth == maxSameID {
			j.close(x, false)
			break
		}
	}
	p := &passage{key: string(j.key), first: at, host: string(e.host), id: string(e.id), older: older}
	j.open[p.key] = p
	j.order = append(j.order, p)
	j.count++
	for j.count > maxOpen {
		if oldest := j.order[0]; !oldest.done {
			j.close(oldest, false)
		}
		j.order = j.order[1:]
	}
	if len(j.order) > 2*j.count+1000 {
		j.order = slices.DeleteFunc(j.order, func(p *passage) bool { return p.done })
	}
	return p
}

// delivery notes one attempt for one recipient.
func (p *passage) delivery(e entry, to []byte, at time.Time) {
	d := p.recipient(to)
	if d == nil {
		return
	}
	if d.Original == "" {
		d.Original = string(bytes.Trim(e.value("orig_to="), "<>"))
	}
	d.Relay, d.DSN, d.Delays = string(e.value("relay=")), string(e.value("dsn=")), string(e.value("delays="))
	d.Delay = seconds(e.value("delay="))
	d.Status, d.Reply = e.status()
	d.Last = at
}

// recipient finds the Delivery of an address, or adds one; nil if there are
// too many.
func (p *passage) recipient(to []byte) *Delivery {
	if p.index != nil {
		if i, ok := p.index[string(to)]; ok {
			return &p.recipients[i]
		}
	} else {
		for i := range p.recipients {
			if p.recipients[i].To == string(to) {
				return &p.recipients[i]
			}
		}
	}
	if len(p.recipients) >= maxLogRecipients {
		return nil
	}
	p.recipients = append(p.recipients, Delivery{To: string(to)})
	if p.index != nil {
		p.index[string(to)] = len(p.recipients) - 1
	} else if len(p.recipients) > 20 {
		p.index = map[string]int{}
		for i := range p.recipients {
			p.index[p.recipients[i].To] = i
		}
	}
	return &p.recipients[len(p.recipients)-1]
}

// close ends a story and gives out its deliveries.
func (j *journal) close(p *passage, removed bool) {
	j.unlink(p)
	p.done = true
	j.count--
	for _, d := range p.deliveries(removed) {
		if j.stopped {
			return
		}
		j.stopped = !j.yield(d, nil)
	}
	p.recipients, p.index = nil, nil
}

// unlink takes a story out of those that are open.
func (j *journal) unlink(p *passage) {
	newest := j.open[p.key]
	switch {
	case newest != p:
		for x := newest; x != nil; x = x.older {
			if x.older == p {
				x.older = p.older
			}
		}
	case p.older != nil:
		j.open[p.key] = p.older
	default:
		delete(j.open, p.key)
	}
}

// deliveries completes them with what is known of the message.
func (p *passage) deliveries(removed bool) []Delivery {
	for i := range p.recipients {
		d := &p.recipients[i]
		d.Host, d.QueueID, d.MessageID, d.From = p.host, p.id, p.mid, p.from
		d.Size, d.First, d.Removed = p.size, p.first, removed
	}
	return p.recipients
}

// flush gives out what is still in the queue.
func (j *journal) flush() {
	var rest []Delivery
	for _, p := range j.order {
		if !p.done {
			rest = append(rest, p.deliveries(false)...)
		}
	}
	slices.SortStableFunc(rest, func(a, b Delivery) int { return cmp.Or(a.Last.Compare(b.Last), a.First.Compare(b.First)) })
	for _, d := range rest {
		if j.stopped {
			return
		}
		j.stopped = !j.yield(d, nil)
	}
}
