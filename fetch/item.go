package fetch

import "lostpost/archive"

// An Item is what became of one message in a Run.
type Item struct {
	Origin string
	ID     archive.ID // zero for a failure
	Result Outcome
	Reason string // of a failure
}

// Outcome is one of the five ends of a message.
type Outcome string

const (
	Archived    Outcome = "archived"    // stored: new octets
	Duplicate   Outcome = "duplicate"   // known octets
	Vanished    Outcome = "vanished"    // gone at its place
	Quarantined Outcome = "quarantined" // put aside
	Pending     Outcome = "pending"     // not had yet
)

// tell hands one item to whoever asked for all of them.
func (r *run) tell(it Item) {
	if r.opt.Item != nil {
		r.opt.Item(it)
	}
}
