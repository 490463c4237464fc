package imap

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWaitForMail(t *testing.T) {
	d := newDovecot(t)
	d.fill(t, "", 3, 41)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	begun := make(chan bool, 1)
	ended := make(chan error, 1)
	go func() { ended <- Wait(ctx, d.acc, func() { begun <- true }) }()
	select {
	case <-begun:
	case err := <-ended:
		t.Fatalf("ended before it began: %v", err)
	}
	select {
	case err := <-ended:
		t.Fatalf("ended before anything came: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	name := filepath.Join(d.dir, "new", "1700009999.41.example")
	if err := os.WriteFile(name, []byte("Subject: new\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	d.own(t)
	if err := <-ended; err != nil {
		t.Error(err)
	}

	// The end of the context ends it at once.
	short, stop := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer stop()
	if err := Wait(short, d.acc, func() {}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the error of the context", err)
	}
}

// TestIdleIsRenewed has an IDLE end because its time is over.
func TestIdleIsRenewed(t *testing.T) {
	d := newDovecot(t)
	c, err := d.acc.connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close(t.Context())
	if _, err := c.run("EXAMINE", "INBOX"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		begun := false
		if err := c.idleOnce(50*time.Millisecond, func() { begun = true }); err != nil || !begun {
			t.Errorf("begun %v, %v", begun, err)
		}
	}
}

func TestNoIdle(t *testing.T) {
	f := newFake(t, 1)
	if err := Wait(t.Context(), f.acc, func() { t.Error("it says that it waits") }); !errors.Is(err, ErrNoIdle) {
		t.Errorf("got %v", err)
	}
	f.caps += " IDLE" // said, and not there
	f.fails = "IDLE"
	if err := Wait(t.Context(), f.acc, func() { t.Error("it says that it waits") }); err == nil || errors.Is(err, ErrNoIdle) {
		t.Errorf("got %v", err)
	}
}
