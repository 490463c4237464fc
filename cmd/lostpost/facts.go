package main

import (
	"strings"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/drafts"
	"lostpost/explain"
)

// indexFacts are the further terms of a message in the index: of a notice about
// delivery what it is, its reasons and its codes; of a draft what it is.
func indexFacts(e archive.Entry, m *decode.Message) []string {
	return append(explain.Facts(m), draftFacts(e, m)...)
}

// draftFacts are the states that the copies of a message have by themselves,
// as they lay when the message was indexed. Which of several drafts is the
// latest only lostpost drafts can say, since it knows them all.
func draftFacts(e archive.Entry, m *decode.Message) []string {
	var out []string
	for _, p := range e.Places {
		if !drafts.Possible(p, m.Header) {
			continue
		}
		state := drafts.Judge(p, m, nil).State
		if state == drafts.None {
			continue
		}
		out = append(out, "draft:"+string(state))
		if state == drafts.Queued {
			out = append(out, "draft:unsent") // as it is said
		}
		if state.Lost() {
			out = append(out, "draft") // is:draft
		}
	}
	return out
}

// reasonRows are the reasons of a delivery notice (lostpost stats --by reason).
// Other messages are in no row.
func reasonRows(m *decode.Message) []string {
	var out []string
	for _, f := range explain.Facts(m) {
		if r, ok := strings.CutPrefix(f, "reason:"); ok {
			out = append(out, r)
		}
	}
	return out
}
