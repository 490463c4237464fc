package pop3

import (
	"crypto/sha256"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
)

// A cut is a connection that ends after some octets of what the server says.
type cut struct {
	net.Conn
	left int
}

func (c *cut) Write(p []byte) (int, error) {
	if len(p) <= c.left {
		c.left -= len(p)
		return c.Conn.Write(p)
	}
	c.Conn.Write(p[:c.left])
	c.Conn.Close()
	return c.left, net.ErrClosed
}

// TestCutAnywhere cuts the first connection of a short dialogue after every so
// many octets, after each if LOSTPOST_CUTS is set, and that of a long one at
// random points, LOSTPOST_CUTS of them. The same command again must end with
// every message once, byte for byte.
func TestCutAnywhere(t *testing.T) {
	step, random := 13, 20
	if n, err := strconv.Atoi(os.Getenv("LOSTPOST_CUTS")); err == nil {
		step, random = 1, n
	}
	for _, caps := range [][]string{nil, pipelining} {
		short := &server{caps: caps, mails: five()}
		for after := 0; after < 1500; after += step {
			cutAfter(t, short, after)
		}
		long := &server{caps: caps, mails: many(200)}
		for range random {
			cutAfter(t, long, rand.IntN(40_000))
		}
	}
}

// cutAfter runs twice against a copy of the server whose first connection is
// cut.
func cutAfter(t *testing.T, like *server, after int) {
	t.Helper()
	s := (&server{caps: like.caps, mails: like.mails, wrap: func(n int, c net.Conn) net.Conn {
		if n == 1 {
			return &cut{c, after}
		}
		return c
	}}).start(t)
	have := memory{}
	_ = have.take(t, s) // that it ends with an error is right
	if err := have.take(t, s); err != nil {
		t.Errorf("cut after %d octets, next run: %v", after, err)
	}
	var want []string
	for _, m := range s.mails {
		want = append(want, m.octets)
	}
	var got []string
	for _, o := range have {
		got = append(got, o)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("cut after %d octets: %d messages came, want %d: %.300q", after, len(got), len(want), got)
	}
}

// memory is a State in memory: the octets by origin.
type memory map[string]string

func (m memory) Known(origin string) (archive.ID, bool) {
	o, ok := m[origin]
	return sha256.Sum256([]byte(o)), ok
}

func (m memory) Mark() string { return "" }

// take takes all that is new on a server.
func (m memory) take(t *testing.T, s *server) error {
	t.Helper()
	acc := s.account()
	acc.Wire.Idle = 500 * time.Millisecond
	src, err := newSource(t.Context(), acc, fetch.Options{}, small)
	if err != nil {
		return err
	}
	defer src.Close()
	for msg, err := range src.Messages(t.Context(), m) {
		if msg == nil {
			return err
		}
		if err != nil {
			continue
		}
		octets := make([]byte, msg.Size)
		if n, err := msg.Body.Read(octets); err != nil || n != len(octets) {
			t.Errorf("%s: %d octets, %v", msg.Origin, n, err)
		}
		m[msg.Origin] = string(octets)
	}
	return nil
}
