// Package drafts tells which messages were never sent, gathers the versions of
// one draft, and shows how they differ.
//
// A message is judged by all evidence at once: where it lies and under which
// labels, the flags that its source knew, the fields that programs write while
// a message is edited, the lines that servers and lists write into mail, what
// is missing, and who wrote it. Each sign alone is wrong somewhere: programs
// leave editing fields in sent copies, servers set \Draft on anything, people
// drag mail into Drafts. The weights stand in drafts.go and facts.go; a
// verdict lists every reason with its weight.
//
// Promises. Nothing here reads a file or an archive, so drafts can be found in
// what was not imported. Nothing panics on any message, and time is linear in
// the number of messages. A Candidate is a few kilobytes, however long its
// message is.
//
// Formats: RFC 5322 fields; the fields and flags of Thunderbird, Apple Mail,
// Outlook Express and Live Mail, Evolution, KMail, Claws, mutt, alpine, nmh,
// Eudora, Roundcube and Gmail's labels. What lies in a store of Outlook comes
// as traits from its reader.
package drafts

import (
	"math"
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/decode"
)

// A State says what became of a message. The values are stable.
type State string

// The states.
const (
	None       State = "none"       // received, or no message that somebody writes
	Draft      State = "draft"      // unfinished, where drafts lie
	Probable   State = "probable"   // some evidence, but not enough
	Queued     State = "queued"     // finished, never left
	Superseded State = "superseded" // an older version of another draft
	Deleted    State = "deleted"    // a draft that was thrown away and is still there
	Sent       State = "sent"       // a copy of what went out
	Template   State = "template"   // kept to be used again
)

// Lost reports whether a text in this state was written and never sent, so that
// it may be what somebody looks for.
func (s State) Lost() bool {
	return s == Draft || s == Probable || s == Queued || s == Superseded || s == Deleted
}

// A Verdict is a State with every reason for and against it.
type Verdict struct {
	State    State
	Score    float64 // 0 to 1: how surely the text was never sent
	Evidence []Evidence
}

// Evidence is one reason. Weight is positive for a draft, negative against one,
// 0 for what is only worth knowing.
type Evidence struct {
	Weight float64
	Reason string // one sentence without its full stop
	Where  string // header field, flag, mailbox; "" if it is something that is missing
}

// threshold is the sum from which on a message is a draft, draftsWeight what it
// is worth to lie in Drafts.
const threshold, draftsWeight = 3, 4

// Judge weighs all evidence: what the source knew (meta) and what the message
// says. It never trusts one flag alone. own are the addresses of the owner of
// the mail, nil or empty if they are not known; they make the verdict surer.
func Judge(meta archive.Meta, m *decode.Message, own *Owners) Verdict {
	return look(meta, m.Header).verdict(own)
}

// verdict sums up what was found in a message.
func (f *facts) verdict(owners *Owners) Verdict {
	own := owners.of(f.account)
	ev, sum := slices.Clone(f.evidence), f.sum()
	foreign := own.known() && len(f.from) > 0 && !own.any(f.from)
	if foreign {
		ev = append(ev, Evidence{-6, "written by " + f.from[0] + ", who is not the owner of this mail", "From"})
		sum -= 6
	} else if !own.any(f.from) && len(f.from) > 0 && strings.HasPrefix(f.from[0], "postmaster@") {
		// Bounces of old servers have nothing else that tells them from a letter.
		ev = append(ev, Evidence{-3, "written by " + f.from[0] + ", which is a program as a rule", "From"})
		sum -= 3
	}
	if r := f.roles; f.other == "" && !r.drafts && !r.outbox && !r.sent {
		ev = append(ev, Evidence{0, "lies in no mailbox for drafts and has no label of one", ""})
	}
	return Verdict{f.state(sum, foreign, own), 1 / (1 + math.Exp(1-sum)), ev}
}

// mayBeLost reports whether the message can be a text that was never sent,
// whoever the owner is. Of others, all mail in Sent above all, less is kept.
func (f *facts) mayBeLost() bool {
	sum := f.sum()
	return sum >= threshold-1 || sum > 0 && f.roles.trash
}

// sum is that of all evidence but who wrote it.
func (f *facts) sum() float64 {
	sum := 0.0
	for _, e := range f.evidence {
		sum += e.Weight
	}
	return sum
}

// state turns the sum into a word.
func (f *facts) state(sum float64, foreign bool, own *person) State {
	against := f.carried || foreign
	mine := own.known() && own.any(f.from)
	switch {
	case f.other != "":
		return None
	case f.roles.templates && !against:
		return Template
	case f.roles.sent && sum < threshold:
		if foreign || f.deleted || f.roles.trash {
			return None // thrown-away mail
		}
		return Sent
	case sum >= threshold && f.sign:
		switch {
		case f.deleted || f.roles.trash:
			return Deleted
		case f.queued:
			return Queued
		}
		return Draft
	case foreign && !f.carried && f.roles.drafts && !f.deleted && !f.roles.trash && !f.roles.sent:
		return Probable // perhaps a second address or person: better shown than lost
	case against:
		return None
	case f.roles.trash && sum > 0:
		return Deleted
	case f.deleted || f.roles.trash:
		return None
	case f.roles.out && f.complete:
		return Sent // Eudora adds Message-ID and Date when it sends
	case f.roles.junk || f.roles.inbox && !mine:
		return None
	case f.letter && (sum >= threshold || sum >= threshold-1 && (mine || f.sign)):
		return Probable // one thing that is missing is no evidence: old mail lacks it
	case mine && f.complete:
		return Sent
	}
	return None
}
