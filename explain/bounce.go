package explain

import (
	"context"
	"strings"

	"lostpost/decode"
)

// readBounce tells what kind of message m is (one of the Kind constants) and,
// of a bounce, a delay notice or a report of success, whom it speaks of. The
// error is opt.Find's or ctx's.
//
// A notice is taken apart into what a server wrote and the mail that it sends
// back. Recipients come from the fields of RFC 3464 wherever they stand, then
// from X-Failed-Recipients, then from the words; code and reply from what
// stands nearest to the recipient.
func readBounce(ctx context.Context, m *decode.Message, opt Options) (kind string, b *Bounce, err error) {
	if err := ctx.Err(); err != nil {
		return KindNone, nil, err
	}
	if !mayBeNotice(m) && !isShort(m) {
		return KindNone, nil, nil
	}
	n := readNotice(ctx, m.Parts, m.Header)
	r := n.readReport()
	kind, recipients := n.judge(&r)
	if inner := n.inner(ctx, kind, m.Parts); inner != nil {
		ir := inner.readReport()
		if k, list := inner.judge(&ir); len(list) > 0 {
			n, r, kind, recipients = inner, ir, k, list
		}
	}
	switch kind {
	case KindBounce, KindDelay, KindDelivered:
	default:
		return kind, nil, nil
	}
	b = &Bounce{By: n.reporter(r), Form: n.form(r), Language: n.language(), Recipients: recipients, Original: n.original(), Evidence: n.evidence()}
	for i := range b.Recipients {
		b.Recipients[i].advise()
	}
	if b.Original != nil && b.Original.MessageID != "" && opt.Find != nil {
		b.Original.ID, err = opt.Find(ctx, b.Original.MessageID)
	}
	return kind, b, err
}

// maxUnmarked is how large a message may be, in octets, to be read as a notice
// though its header gives no reason to: what sending services write as JSON,
// and challenges, are short.
const maxUnmarked = 16 << 10

// isShort reports whether m is no larger.
func isShort(m *decode.Message) bool {
	return len(m.Parts) > 0 && m.Parts[0].End <= maxUnmarked
}

// judge decides what the message is, and gives the recipients if it is a
// notice about them.
func (n *notice) judge(r *report) (string, []Recipient) {
	switch {
	case n.isFeedback():
		return KindFeedback, nil
	case n.isReceipt():
		return KindReceipt, nil
	}
	if kind, list, ok := n.readEvents(); ok {
		return kind, list
	}
	if !n.isNotice(r) || n.isChallenge() {
		if n.isAutoReply() {
			return KindAutoReply, nil
		}
		return KindNone, nil
	}
	list := n.recipients(r)
	kind := ""
	for _, rec := range list {
		switch rec.Action {
		case "failed":
			kind = KindBounce
		case "delayed":
			if kind != KindBounce {
				kind = KindDelay
			}
		}
	}
	if kind == "" && len(list) > 0 {
		kind = KindDelivered
	}
	if kind == "" { // whom it is about cannot be known
		kind = KindBounce
		if n.frameAction() == "delayed" {
			kind = KindDelay
		}
	}
	return kind, list
}

// A subject is one recipient while statements about it are gathered.
type subject struct {
	block
	addr string
	said []string // by the texts
}

// recipients puts together what fields and words say of each recipient.
func (n *notice) recipients(r *report) []Recipient {
	all := n.mentions(r)
	subjects := n.subjects(r, all)
	index := newMentionIndex(all)
	whole := newRemark(n.text())
	frame := n.frameAction()
	out := make([]Recipient, 0, len(subjects))
	for _, s := range subjects {
		s.said = n.said(strings.ToLower(s.addr), index)
		if len(s.said) == 0 && s.final != "" && s.final != s.addr {
			s.said = n.said(strings.ToLower(s.final), index)
		}
		if len(s.said) == 0 && s.original != "" && s.original != s.addr {
			s.said = n.said(strings.ToLower(s.original), index)
		}
		out = append(out, n.recipient(&s, whole, frame, len(subjects) == 1, r.by))
	}
	return out
}

// subjects lists the recipients, each once.
func (n *notice) subjects(r *report, all []mention) []subject {
	var list []subject
	place := map[string]int{}
	add := func(s subject) {
		key := strings.ToLower(s.addr)
		if key == "" {
			return
		}
		if i, ok := place[key]; ok {
			list[i].merge(s.block)
			return
		}
		place[key] = len(list)
		list = append(list, s)
	}
	for _, b := range r.blocks {
		add(subject{block: b, addr: n.settle(b, all)})
	}
	if len(list) > 0 {
		return list
	}
	for _, a := range n.failedField() {
		add(subject{addr: a})
	}
	picked := named(all)
	if len(list) == 1 && len(picked) == 1 && picked[0].rank >= markAlone && !mentioned(all, list[0].addr) {
		// Behind an alias the field has another address than the text, which
		// names the one that the sender wrote.
		list, place = nil, map[string]int{}
	}
	if len(list) > 0 {
		return list
	}
	if len(picked) == 1 && picked[0].rank < markReply {
		if a := n.onlyAddressee(); a != "" { // better than an address in some sentence
			picked = []mention{{addr: a}}
		}
	}
	for _, m := range picked {
		add(n.expanded(m))
	}
	if len(list) > 0 {
		return list
	}
	n.guessed = true
	if a := n.onlyAddressee(); a != "" {
		add(subject{addr: a})
	}
	return list
}

// mentioned reports whether an address is among the mentions.
func mentioned(all []mention, addr string) bool {
	for _, m := range all {
		if strings.EqualFold(m.addr, addr) {
			return true
		}
	}
	return false
}

// expanded is the subject of a mention. Where Sendmail or Exim says from what alias
// the address came, the alias is what the sender wrote.
func (n *notice) expanded(m mention) subject {
	s := subject{addr: m.addr}
	for i := m.line + 1; i < len(n.lines) && i <= m.line+3; i++ {
		if t := strings.TrimSpace(n.lines[i].text); strings.HasPrefix(t, "(expanded from:") || strings.HasPrefix(t, "(generated from ") {
			if a, _, _, ok := nextAddress(t, 0); ok {
				s.original = a
			}
		}
	}
	return s
}

// merge adds what a second block of the same recipient says.
func (b *block) merge(c block) {
	for _, f := range [...][2]*string{{&b.original, &c.original}, {&b.action, &c.action}, {&b.remote, &c.remote}} {
		if *f[0] == "" {
			*f[0] = *f[1]
		}
	}
	if b.status == "" || vague(b.status) && c.status != "" {
		b.status = c.status
	}
	if len(b.diagnostic) < 10 {
		b.diagnostic = append(b.diagnostic, c.diagnostic...)
	}
}

// settle chooses the address of a block. A bare local name is completed from
// what else the notice names.
func (n *notice) settle(b block, all []mention) string {
	for _, whole := range [...]bool{true, false} { // "ada@store" is an address inside the server
		for _, a := range [...]string{b.final, b.original, b.actual} {
			if _, domain, ok := strings.Cut(a, "@"); ok && (!whole || strings.Contains(domain, ".")) && !strings.HasPrefix(a, "@") {
				return a
			}
		}
	}
	bare := strings.ToLower(b.final)
	if bare == "" {
		bare = strings.ToLower(b.original)
	}
	if bare != "" {
		for _, m := range all {
			if local, _, _ := strings.Cut(m.key, "@"); local == bare {
				return m.addr
			}
		}
	}
	if picked := named(all); len(picked) == 1 {
		return picked[0].addr
	}
	if a := n.onlyAddressee(); a != "" {
		return a
	}
	return b.final
}

// failedField reads X-Failed-Recipients (Exim, Gmail).
func (n *notice) failedField() []string {
	var list []string
	for _, h := range [...]string{"X-Failed-Recipients", "X-Failed-Recipient"} {
		found, _ := n.head.Addresses(h, "")
		for _, a := range found {
			if strings.Contains(a.Addr, "@") && len(list) < maxBlocks {
				list = append(list, a.Addr)
			}
		}
	}
	return list
}

// onlyAddressee is the address that the returned mail was for, if it was for
// one only; else one that the sender wrote into the address of the bounces
// ("bounces+ada=example.org@lists.example", VERP).
func (n *notice) onlyAddressee() string {
	to, _ := n.returned.Addresses("To", "")
	if cc, _ := n.returned.Addresses("Cc", ""); len(to) == 1 && len(cc) == 0 && strings.Contains(to[0].Addr, "@") {
		return to[0].Addr
	}
	for _, a := range n.to {
		local, _, _ := strings.Cut(a.Addr, "@")
		i := strings.LastIndexByte(local, '=')
		if i <= 0 || !strings.Contains(local[i:], ".") {
			continue
		}
		from := strings.LastIndexAny(local[:i], "+-") + 1
		if from > 0 && from < i {
			return local[from:i] + "@" + local[i+1:]
		}
	}
	return ""
}
