package explain

import (
	"slices"
	"testing"
	"time"
)

func TestGroups(t *testing.T) {
	var g Groups
	add := func(n int, action, reason, addr string, day int) {
		for range n {
			g.Add(&Bounce{Recipients: []Recipient{{Address: addr, Action: action, Reason: reason}}}, time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC))
		}
	}
	add(61, "delayed", reasonRate, "a@yahoo.de", 4)
	add(40, "delayed", reasonRate, "b@aol.com", 3)
	add(16, "delayed", reasonRate, "c@sky.com", 9)
	add(4, "failed", reasonUserUnknown, "d@mail.firm.example", 5)
	add(1, "failed", reasonUserUnknown, "e@one.example", 5)
	add(1, "failed", reasonUserUnknown, "f@two.example", 6)
	add(1, "failed", "", "g@three.example", 7)
	add(9, "delivered", "", "h@three.example", 7)
	var got []string
	for _, x := range g.List() {
		got = append(got, x.String())
	}
	want := []string{
		"117 at Yahoo, AOL, Sky: slowed down (tried again) since 3 March 2026",
		"4 at firm.example: no such mailbox on 5 March 2026",
		"2 at one.example, two.example: no such mailbox since 5 March 2026",
		"1 at three.example: not delivered, no reason is given on 7 March 2026",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if list := new(Groups).List(); len(list) != 0 {
		t.Errorf("nothing added: got %v", list)
	}
}
