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

// Owners are the addresses of the persons whose mail it is, by account: of two
// exports that are searched together, each is told by what was sent in it. The
// zero value knows none; a nil one too.
type Owners struct {
	accounts map[string]*person // by accountOf
}

// A person owns one account. A nil one is not known.
type person struct {
	sure   map[string]bool // wrote what lies in Sent, or what says itself that it is a draft
	likely map[string]bool // wrote what lies in Drafts: people drag received mail there
}

// accountOf is the export or the account of a server that a message comes from:
// "file:/home/a/takeout.zip", "imaps://anna@imap.example.org". Files that lie
// in no container are one person's, wherever they lie.
func accountOf(origin string) string {
	if scheme, rest, ok := strings.Cut(origin, "://"); ok {
		host, _, _ := strings.Cut(rest, "/")
		return scheme + "://" + host
	}
	if file, _, packed := strings.Cut(origin, "!"); packed {
		return file
	}
	return ""
}

// Learn looks at one message. Who wrote what lies in Sent, Drafts or Outbox,
// and was not carried there by a server, is the owner.
func (o *Owners) Learn(meta archive.Meta, h header.Header) {
	f := look(meta, h)
	if f.carried || f.other != "" || !(f.roles.sent || f.roles.drafts || f.roles.outbox) {
		return
	}
	if o.accounts == nil {
		o.accounts = make(map[string]*person)
	}
	w := o.accounts[f.account]
	if w == nil {
		w = &person{}
		o.accounts[strings.Clone(f.account)] = w
	}
	list := &w.sure
	if f.roles.drafts && f.sum() < draftsWeight+3 { // 3: one sign more, or all that a finished message has is missing
		list = &w.likely
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

// Has reports whether addr, in any case of letters, is that of an owner.
func (o *Owners) Has(addr string) bool {
	if o == nil {
		return false
	}
	for _, w := range o.accounts {
		if w.any([]string{strings.ToLower(addr)}) {
			return true
		}
	}
	return false
}

// of gives the owner of an account.
func (o *Owners) of(account string) *person {
	if o == nil {
		return nil
	}
	return o.accounts[account]
}

// addrs are the addresses to go by. Drafts alone are asked only where nothing
// better is known.
func (w *person) addrs() map[string]bool {
	switch {
	case w == nil:
		return nil
	case len(w.sure) > 0:
		return w.sure
	}
	return w.likely
}

func (w *person) known() bool {
	n := len(w.addrs())
	return n > 0 && n < maxOwners
}

func (w *person) any(addrs []string) bool {
	return slices.ContainsFunc(addrs, func(a string) bool { return w.addrs()[a] })
}
