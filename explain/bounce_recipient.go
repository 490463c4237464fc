package explain

import "strings"

// recipient makes the answer about one of them. whole is all of the notice,
// frame what it says became of the mail, alone that there is no other
// recipient, by the reporting host.
func (n *notice) recipient(s *subject, whole *remark, frame string, alone bool, by string) Recipient {
	rec := Recipient{Address: s.addr, Action: action(s.action), RemoteHost: s.remote, Evidence: s.places}
	if s.original != "" && !strings.EqualFold(s.original, s.addr) && strings.Contains(s.original, "@") {
		rec.Original = s.original
	}
	if rec.Action == "" {
		rec.Action = frame
	}
	rec.Final = rec.Action == "failed"
	own := append(append([]string{}, s.diagnostic...), s.said...)
	all := own
	if alone || len(s.said) == 0 {
		all = append(own[:len(own):len(own)], whole.text)
	} else {
		whole = nil // it speaks of others too
	}
	rec.Status = statusOf(s.status, all)
	for _, t := range all {
		if rec.Reply == "" {
			rec.Reply, _ = findReply(t, 0)
		}
	}
	rec.Said = saidBy(all)
	if rec.Action == "failed" || rec.Action == "delayed" {
		remarks := make([]*remark, 0, len(own))
		for _, t := range own {
			remarks = append(remarks, newRemark(t))
		}
		rec.why(provider(strings.ToLower(s.remote+" "+by+" "+rec.Said)), remarks, whole)
	}
	switch {
	case rec.Status != "":
		rec.StatusFrom = "stated"
	default:
		if rec.Status = inferred(rec); rec.Status != "" {
			rec.StatusFrom = "inferred"
		}
	}
	return rec
}

// why finds the reason.
func (r *Recipient) why(provider string, own []*remark, whole *remark) {
	f := find(provider, r.Status, own, whole)
	r.Reason = f.reason
	switch {
	case (r.Reply == "521" || r.Reply == "556") && !told(own):
		r.Reason = reasonHostUnknown // the host takes no mail at all, RFC 7504
	case f.reason != reasonNetwork:
	case r.Action == "delayed" && !told(own):
		r.Reason = reasonExpired // a code says that it waits, and nothing why
	case r.Action == "failed" && strings.HasPrefix(r.Status, "4") && anyHas(own, "timed out"):
		r.Reason = reasonExpired // nobody tries again, though nothing but time ran out
	}
	if f.means != nil && r.Reason == f.reason {
		r.Means, r.Who = f.means.text, f.means.who
	}
}

// statusOf is the code that is stated for a recipient: the field's, unless it
// says nothing but its class and the words say more.
func statusOf(field string, raw []string) string {
	if field != "" && !vague(field) && field[0] != '2' {
		return field
	}
	vaguest := field
	for _, t := range raw {
		c := bestCode(t)
		if c == "" || c[0] == '2' || field != "" && field[0] != c[0] && field[0] != '2' {
			continue
		}
		if !vague(c) {
			return c
		}
		if vaguest == "" {
			vaguest = c
		}
	}
	return vaguest
}

// inferred is the code that fits the reason, for a recipient of whom none is
// stated.
func inferred(r Recipient) string {
	class := "5"
	if strings.HasPrefix(r.Reply, "4") || r.Action == "delayed" {
		class = "4"
	}
	switch r.Reason {
	case reasonUserUnknown:
		return class + ".1.1"
	case reasonHostUnknown:
		return class + ".1.2"
	case reasonFull:
		return class + ".2.2"
	case reasonSuspended:
		return class + ".2.1"
	case reasonTooLarge:
		return class + ".3.4"
	case reasonExpired:
		return class + ".4.7"
	case reasonBlocked, reasonPolicy, reasonSpam, reasonAuth:
		return class + ".7.1"
	}
	return ""
}

// saidBy gives the words of the server: from its reply on, else the first
// statement, on one line.
func saidBy(raw []string) string {
	first := ""
	for _, t := range raw {
		if _, at := findReply(t, 0); at >= 0 {
			first = t[at:]
			break
		}
		if first == "" {
			first = t
		}
	}
	if i := strings.Index(first, "\n\n"); i > 0 {
		first = first[:i]
	}
	first = cutString(strings.Join(strings.Fields(cutString(first, 2000)), " "), 500)
	return strings.TrimRight(first, " #") // Exchange ends it with ##
}
