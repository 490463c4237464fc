package imap

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"lostpost/archive"
	"lostpost/archive/role"
	"lostpost/fetch"
)

// A source is a fetch.Source for one account.
type source struct {
	acc    Account
	opt    fetch.Options
	name   string
	c      *client       // nil: the connection was lost
	lost   int           // connections lost in this run
	pause  time.Duration // before the second new connection; each later one waits that much longer
	day    uint64        // servers without HIGHESTMODSEQ are asked for all flags once on each
	listed int64
	before mark // the mark of the run before
	after  mark // what this run will leave
	ended  bool // all was yielded
	counts []MailboxCount
	spool  spool
}

func (s *source) Name() string { return s.name }

// Close signs out and releases what the source holds. It is safe to call twice.
func (s *source) Close() error {
	err := s.spool.close()
	if s.c != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err = errors.Join(err, s.c.close(ctx))
		s.c = nil
	}
	return err
}

// Listed is how many messages the chosen mailboxes list.
func (s *source) Listed() int64 { return s.listed }

// Mailboxes tells what was found so far, in the order in which it was.
func (s *source) Mailboxes() []MailboxCount { return slices.Clone(s.counts) }

// FinalMark has the numbers of every mailbox that was taken in whole, if the
// source came to its end.
func (s *source) FinalMark() string {
	if !s.ended {
		return ""
	}
	return s.after.String()
}

// errLeft says that the caller has left the loop over Messages.
var errLeft = errors.New("the caller takes no more")

// A yielder takes what Messages yields.
type yielder func(*fetch.Message, error) bool

func (s *source) Messages(ctx context.Context, st fetch.State) iter.Seq2[*fetch.Message, error] {
	return func(yield func(*fetch.Message, error) bool) {
		err := ctx.Err()
		if err == nil {
			err = s.all(ctx, st, yield)
		}
		if err != nil && !errors.Is(err, errLeft) {
			yield(nil, s.acc.explain(ctx, err))
		}
	}
}

// all yields what is new in every mailbox that was chosen.
func (s *source) all(ctx context.Context, st fetch.State, yield yielder) error {
	if s.c == nil {
		return errors.New("the connection is closed")
	}
	release := s.c.conn.Bind(ctx)
	defer func() { release() }()
	dialled := func(c *client) {
		release()
		release = c.conn.Bind(ctx)
	}
	s.before, s.after = parseMark(st.Mark()), mark{}
	every, boxes, err := s.survey()
	for tries := 1; err != nil && ctx.Err() == nil && retryable(err) && !isRefusal(err) && tries < 2*maxTries; tries++ {
		if err := s.again(ctx, err); err != nil {
			return err
		}
		dialled(s.c)
		every, boxes, err = s.survey()
	}
	if err != nil {
		return err
	}
	for _, b := range every {
		if n, ok := s.before[b.path]; ok {
			s.after[b.path] = n // for those that were not chosen
		}
	}
	status := s.c.status
	for _, b := range boxes {
		if now := status[b.raw]; s.before.same(b.path, now, s.day) {
			s.listed += int64(now.messages)
			s.counts = append(s.counts, MailboxCount{Name: b.name, Listed: int64(now.messages)})
			continue
		}
		delete(s.after, b.path)
		s.counts = append(s.counts, MailboxCount{Name: b.name})
		j := newJob(s, b, st, yield)
		j.calm = s.before.flagsOnly(b.path, status[b.raw])
		err := j.run(ctx, dialled)
		for tries := 1; errors.Is(err, errRenumbered) && tries < maxTries; tries++ {
			err = newJob(s, b, st, yield).run(ctx, dialled)
		}
		if err != nil {
			return err
		}
	}
	s.ended = true
	return nil
}

// survey asks which mailboxes there are, chooses those that are to be taken,
// and asks for the numbers of those that were taken before.
func (s *source) survey() (every, chosen []mailbox, err error) {
	if err := s.c.listMailboxes(); err != nil {
		return nil, nil, err
	}
	every = mailboxes(s.c.list)
	chosen, err = choose(every, s.acc.Mailboxes)
	if err != nil {
		return nil, nil, err
	}
	if s.c.caps["X-GM-EXT-1"] && len(s.acc.Mailboxes) == 0 {
		chosen = onceEach(chosen, s.c.list)
	}
	err = s.c.askStatus(slices.DeleteFunc(slices.Clone(chosen), func(b mailbox) bool {
		_, marked := s.before[b.path]
		return !marked
	}))
	return every, chosen, err
}

// count is that of the mailbox in hand.
func (s *source) count() *MailboxCount { return &s.counts[len(s.counts)-1] }

// meta fills in what is stored of a message beside its octets.
func (s *source) meta(b *mailbox, origin string, p *part) archive.Meta {
	m := archive.Meta{Origin: origin, Received: p.date}
	name := b.name
	if b.raw == "INBOX" {
		name = ""
	}
	m.Mailbox = strings.Trim(s.opt.Mailbox+"/"+name, "/")
	m.Traits = append(m.Traits, s.opt.Traits...)
	if r := "role:" + string(b.role); b.role != role.None && !slices.Contains(m.Traits, r) {
		m.Traits = append(m.Traits, r)
	}
	var keywords []string
	m.Flags, keywords = flagsOf(p.flags)
	m.Traits = append(m.Traits, keywords...)
	m.Traits = append(m.Traits, labelTraits(p.labels)...)
	return m
}

// flagsOf gives the Maildir flags of IMAP flags, and the traits for the others.
func flagsOf(flags []string) (archive.Flags, []string) {
	var letters string
	var traits []string
	for _, f := range flags {
		low := strings.ToLower(f)
		switch low {
		case `\seen`:
			letters += "S"
		case `\answered`:
			letters += "R"
		case `\flagged`:
			letters += "F"
		case `\draft`:
			letters += "D"
		case `\deleted`:
			letters += "T"
			traits = append(traits, "deleted")
		case `\recent`: // says something of this session only
		case "$forwarded":
			letters += "P"
			traits = append(traits, "keyword:"+f)
		default:
			traits = append(traits, "keyword:"+f)
		}
	}
	slices.Sort(traits)
	return archive.Flags(letters), slices.Compact(traits)
}

// again connects once more after a connection was lost, unless that was done
// too often, with growing pauses. cause is why it was lost.
func (s *source) again(ctx context.Context, cause error) error {
	if s.c != nil {
		s.c.blame()
		s.c.conn.Close()
		s.c = nil
	}
	if s.lost++; s.lost > maxLost {
		return fmt.Errorf("%d connections were lost, the last one so: %w", s.lost, cause)
	}
	if s.opt.Log != nil {
		s.opt.Log.Info("connection lost, trying again", "source", s.name, "err", cause)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(min(time.Duration(s.lost-1)*s.pause, maxPause)):
	}
	c, err := s.acc.connect(ctx)
	s.c = c
	return err
}

// maxLost bounds the connections that a run may lose, maxPause the time before
// a new one.
const (
	maxLost  = 50
	maxPause = 5 * time.Second
)
