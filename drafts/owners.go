package drafts

import (
	"slices"
	"strings"

	"lostpost/archive"
	"lostpost/decode/header"
)

// maxOwners bounds how many addresses are taken for the owner's. Somebody with
// more is a list that was filed under Sent, and then nothing is known.
const maxOwners = 1000

// Owners are the addresses of the person whose mail it is. The zero value knows
// none; a nil one too.
type Owners struct {
	sure   map[string]bool // wrote what lies in Sent, or what says itself that it is a draft
	likely map[string]bool // wrote what lies in Drafts: people drag received mail there
}

// Learn looks at one message. Who wrote what lies in Sent, Drafts or Outbox,
// and was not carried there by a server, is the owner.
func (o *Owners) Learn(meta archive.Meta, h header.Header) {
	f := look(meta, h)
	if f.carried || f.other != "" || !(f.roles.sent || f.roles.drafts || f.roles.outbox) {
		return
	}
	list := &o.sure
	if f.roles.drafts && f.sum() < draftsWeight+3 { // 3: one sign more, or all that a finished message has is missing
		list = &o.likely
	}
	if *list == nil {
		*list = make(map[string]bool)
	}
	for _, a := range f.from {
		if len(*list) < maxOwners {
			(*list)[a] = true
		}
	}
}

// addrs are the addresses to go by. Drafts alone are asked only where nothing
// better is known.
func (o *Owners) addrs() map[string]bool {
	switch {
	case o == nil:
		return nil
	case len(o.sure) > 0:
		return o.sure
	}
	return o.likely
}

// Has reports whether addr is one of them, in any case of letters.
func (o *Owners) Has(addr string) bool { return o.addrs()[strings.ToLower(addr)] }

func (o *Owners) known() bool {
	n := len(o.addrs())
	return n > 0 && n < maxOwners
}

func (o *Owners) any(addrs []string) bool {
	return slices.ContainsFunc(addrs, func(a string) bool { return o.addrs()[a] })
}
