package indextest

import (
	"errors"
	"slices"
	"testing"

	"lostpost/archive"
	"lostpost/index/query"
)

// TestCorpusIsSound sees that the corpus itself is what an engine can be held
// to: it loads, every query parses, means the same when written canonically,
// and every message is found by some query that names few.
func TestCorpusIsSound(t *testing.T) {
	c := mail(t)
	if len(c.queries) < 60 {
		t.Errorf("%d queries, want at least 60", len(c.queries))
	}
	named := map[string]bool{}
	seen := map[string]bool{}
	for _, q := range c.queries {
		if seen[q.query] {
			t.Errorf("%s is asked twice", q.query)
		}
		seen[q.query] = true
		e := parse(t, q.query)
		if again := parse(t, e.String()); !query.Equal(e, again) {
			t.Errorf("%s is %s, which is %s", q.query, e, again)
		}
		if len(q.want) < 4 {
			for _, name := range q.want {
				named[name] = true
			}
		}
	}
	for _, name := range c.names {
		if !named[name] {
			t.Errorf("no query is about %s", name)
		}
	}
}

func TestDocumentsAreDecoded(t *testing.T) {
	c := mail(t)
	for _, name := range c.names {
		d := c.docs[name]
		if d.Message.Text == "" || d.Message.Subject == "" || len(d.Entry.Places) == 0 || d.Entry.Size == 0 {
			t.Errorf("%s: text %q, subject %q, %d places", name, d.Message.Text, d.Message.Subject, len(d.Entry.Places))
		}
		if d.Message.Date.IsZero() != (name == "undated") {
			t.Errorf("%s: date %v", name, d.Message.Date)
		}
	}
	if d := c.docs["photo"]; len(d.Entry.Places) != 2 || d.Entry.Places[1].Mailbox != "Family/2018 Trip" {
		t.Errorf("photo: places %+v", d.Entry.Places)
	}
	if d := c.docs["bounce"]; !slices.Equal(d.Facts, []string{"bounce", "reason:mailboxfull"}) {
		t.Errorf("bounce: facts %q", d.Facts)
	}
}

func TestMessageGivesWhatWasPut(t *testing.T) {
	for _, d := range append(mail(t).list("tokyo"), letter(t, 1, day0, "a letter")) {
		m, err := Message(t.Context(), d.Entry.ID)
		if err != nil || m != d.Message {
			t.Errorf("got %v, %v, want the message that was put", m, err)
		}
	}
	if _, err := Message(t.Context(), archive.ID{1}); !errors.Is(err, archive.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestCrowdedHasEqualDates(t *testing.T) {
	docs := crowded(t, 60)
	slices.SortFunc(docs, newestFirst)
	equal := 0
	for i := 1; i < len(docs); i++ {
		if docs[i].Message.Date.Equal(docs[i-1].Message.Date) {
			equal++
			if compareIDs(docs[i-1].Entry.ID, docs[i].Entry.ID) >= 0 {
				t.Error("messages of one date are not in order of their ids")
			}
		}
	}
	if equal < 40 {
		t.Errorf("%d equal dates, want at least 40", equal)
	}
}
