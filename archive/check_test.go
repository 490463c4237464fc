package archive

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sound makes an archive of three messages, one of them in two mailboxes.
func sound(t *testing.T) (dir string, ids []ID) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "a")
	w := openW(t, dir)
	for i, text := range []string{"Subject: one\n\n1\n", "Subject: two\r\n\r\n2\r\n", "Subject: three\n\n3\n"} {
		m := Meta{Origin: "file:x@" + string(rune('0'+i)), Mailbox: []string{"", "Sent", "Entwürfe"}[i], Received: day}
		ids = append(ids, add(t, w, m, text).ID)
	}
	add(t, w, Meta{Origin: "file:x@9", Mailbox: "Sent", Received: day}, "Subject: one\n\n1\n")
	must(t, w.Close())
	return dir, ids
}

// codes gives what Check finds, as "code path", severe ones with a "!".
func codes(t *testing.T, dir string, opt CheckOptions) []string {
	t.Helper()
	out := []string{}
	for f, err := range openR(t, dir).Check(ctx, opt) {
		if err != nil {
			t.Fatal(err)
		}
		s := f.Code + " " + f.Path
		if f.Severe {
			s = "!" + s
		}
		out = append(out, s)
	}
	return out
}

func write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(name, []byte(text), 0o600))
}

func appendTo(t *testing.T, name, text string) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = f.WriteString(text)
	must(t, err)
	must(t, f.Close())
}

// TestCheckNamesEachDamage breaks an archive in one way each. Repair, with
// adopt, leaves what after says.
func TestCheckNamesEachDamage(t *testing.T) {
	const sent, drafts = "mail/.Sent/cur/", "mail/.Entw&APw-rfe/cur/"
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string, id []string)
		want   []string // $1 $2 $3 stand for the ids
		after  []string
	}{
		{"nothing", func(*testing.T, string, []string) {}, nil, nil},
		{"torn line", func(t *testing.T, dir string, _ []string) {
			appendTo(t, filepath.Join(dir, "ledger"), "A\t2026-01-0")
		}, []string{"torn-line ledger"}, nil},
		{"changed octet in a ledger line", func(t *testing.T, dir string, id []string) {
			name := filepath.Join(dir, "ledger")
			b, err := os.ReadFile(name)
			must(t, err)
			i := strings.Index(string(b), id[2])
			b[i] ^= 1
			write(t, name, string(b))
		}, []string{"torn-line ledger", "unlisted-file " + drafts + "$3:2,"}, nil},
		{"missing file", func(t *testing.T, dir string, id []string) {
			must(t, os.Remove(filepath.Join(dir, drafts+id[2]+":2,")))
		}, []string{"!missing-file " + drafts + "$3:2,"}, []string{"!missing-file " + drafts + "$3:2,"}},
		{"missing in one mailbox", func(t *testing.T, dir string, id []string) {
			must(t, os.Remove(filepath.Join(dir, sent+id[0]+":2,")))
		}, []string{"missing-place " + sent + "$1:2,"}, nil},
		{"missing folder", func(t *testing.T, dir string, id []string) {
			must(t, os.RemoveAll(filepath.Join(dir, "mail", ".Entw&APw-rfe")))
		}, []string{"!missing-file " + drafts + "$3:2,"}, []string{"!missing-file " + drafts + "$3:2,"}},
		{"changed octet", func(t *testing.T, dir string, id []string) {
			write(t, filepath.Join(dir, drafts+id[2]+":2,"), "Subject: three\n\n4\n")
		}, []string{"!hash-mismatch " + drafts + "$3:2,"}, []string{"!hash-mismatch " + drafts + "$3:2,"}},
		{"changed octet, good copy elsewhere", func(t *testing.T, dir string, id []string) {
			must(t, os.Remove(filepath.Join(dir, sent+id[0]+":2,")))
			write(t, filepath.Join(dir, sent+id[0]+":2,"), "Subject: one\n\n7\n")
		}, []string{"!hash-mismatch " + sent + "$1:2,"}, nil},
		{"wrong size", func(t *testing.T, dir string, id []string) {
			appendTo(t, filepath.Join(dir, drafts+id[2]+":2,"), "more")
		}, []string{"!size-mismatch " + drafts + "$3:2,"}, []string{"!size-mismatch " + drafts + "$3:2,"}},
		{"foreign file", func(t *testing.T, dir string, _ []string) {
			write(t, filepath.Join(dir, "mail/new/170.M1.host"), "Subject: delivered\n\nby others\n")
			write(t, filepath.Join(dir, "mail/dovecot-uidlist"), "3 V1\n")
		}, []string{"foreign-file mail/new/170.M1.host"}, nil},
		{"moved by another program", func(t *testing.T, dir string, id []string) {
			must(t, os.Rename(filepath.Join(dir, drafts+id[2]+":2,"), filepath.Join(dir, "mail/cur/171.M2.host:2,S")))
		}, []string{"foreign-file mail/cur/171.M2.host:2,S", "missing-place " + drafts + "$3:2,"}, nil},
		{"leftover tmp", func(t *testing.T, dir string, _ []string) {
			write(t, filepath.Join(dir, "mail/tmp", strings.Repeat("b", 64)), "half")
			write(t, filepath.Join(dir, "mail/tmp/180.M3.host"), "somebody delivers")
		}, []string{"leftover-tmp mail/tmp/" + strings.Repeat("b", 64)}, nil},
		{"flags changed and moved to new by others", func(t *testing.T, dir string, id []string) {
			must(t, os.Rename(filepath.Join(dir, drafts+id[2]+":2,"), filepath.Join(dir, "mail/.Entw&APw-rfe/new", id[2]+":2,ST")))
		}, nil, nil},
		{"two names in one mailbox", func(t *testing.T, dir string, id []string) {
			must(t, os.Link(filepath.Join(dir, drafts+id[2]+":2,"), filepath.Join(dir, drafts+id[2]+":2,S")))
		}, []string{"double-file " + drafts + "$3:2,S"}, nil},
		{"a further place that no line has", func(t *testing.T, dir string, id []string) {
			must(t, os.Link(filepath.Join(dir, drafts+id[2]+":2,"), filepath.Join(dir, "mail/cur", id[2]+":2,F")))
		}, []string{"unlisted-place mail/cur/$3:2,F"}, nil},
		{"lost ledger", func(t *testing.T, dir string, _ []string) {
			must(t, os.Remove(filepath.Join(dir, "ledger")))
		}, []string{"ledger-lost ledger", "unlisted-file mail/cur/$1:2,", "unlisted-file " + drafts + "$3:2,",
			"unlisted-file " + sent + "$1:2,", "unlisted-file " + sent + "$2:2,"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, ids := sound(t)
			id := []string{ids[0].String(), ids[1].String(), ids[2].String()}
			c.damage(t, dir, id)
			fill := strings.NewReplacer("$1", id[0], "$2", id[1], "$3", id[2]).Replace
			compare := func(when string, want []string) {
				t.Helper()
				got := codes(t, dir, CheckOptions{})
				for i := range want {
					want[i] = fill(want[i])
				}
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("%s: got %q, want %q", when, got, want)
				}
			}
			compare("check", slices.Clone(c.want))
			w := openW(t, dir)
			for _, err := range w.Repair(ctx, true) {
				must(t, err)
			}
			must(t, w.Close())
			compare("check after repair", slices.Clone(c.after))
		})
	}
}

func TestQuickCheckReadsNoOctets(t *testing.T) {
	dir, ids := sound(t)
	name := filepath.Join(dir, "mail/.Entw&APw-rfe/cur", ids[2].String()+":2,")
	write(t, name, "Subject: three\n\n4\n")
	if got := codes(t, dir, CheckOptions{Quick: true}); len(got) != 0 {
		t.Errorf("same size: got %q, want nothing", got)
	}
	appendTo(t, name, "x")
	if got := codes(t, dir, CheckOptions{Quick: true}); len(got) != 1 || !strings.HasPrefix(got[0], "!size-mismatch") {
		t.Errorf("other size: got %q, want size-mismatch", got)
	}
}

func TestCheckPassesOverWhatAWriterMayBeDoing(t *testing.T) {
	dir, _ := sound(t)
	w := openW(t, dir)
	defer w.Close()
	write(t, filepath.Join(dir, "mail/tmp", strings.Repeat("b", 64)), "in work")
	if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
		t.Errorf("got %q, want nothing", got)
	}
}

// TestLostLedgerComesBackFromMail says what is lost with the ledger: origins,
// and the identity, as cursors mean nothing now.
func TestLostLedgerComesBackFromMail(t *testing.T) {
	dir, ids := sound(t)
	before := openR(t, dir).Identity()
	want := entries(t, openR(t, dir), 0)
	must(t, os.Remove(filepath.Join(dir, "ledger")))
	must(t, os.RemoveAll(filepath.Join(dir, "cache")))
	must(t, openW(t, dir).Close())
	a := openR(t, dir)
	if a.Identity() == before {
		t.Error("the identity is the old one")
	}
	got := map[ID]Entry{}
	for _, e := range entries(t, a, 0) {
		got[e.ID] = e
	}
	for _, e := range want {
		g := got[e.ID]
		if g.Key != e.Key || g.Size != e.Size || len(g.Places) != len(e.Places) || !g.Places[0].Received.Equal(day) ||
			g.Places[0].Mailbox != e.Places[0].Mailbox || !strings.HasPrefix(g.Places[0].Origin, "adopted:mail/") {
			t.Errorf("got %+v, want %+v", g, e)
		}
	}
	if len(got) != len(ids) {
		t.Errorf("got %d messages, want %d", len(got), len(ids))
	}
}

func TestImportMendsAMissingFile(t *testing.T) {
	dir, ids := sound(t)
	must(t, os.Remove(filepath.Join(dir, "mail/.Entw&APw-rfe/cur", ids[2].String()+":2,")))
	w := openW(t, dir)
	for range 2 {
		if rc := add(t, w, Meta{Origin: "file:again"}, "Subject: three\n\n3\n"); rc.ID != ids[2] || rc.Result == Stored {
			t.Errorf("got %+v", rc)
		}
	}
	must(t, w.Close())
	if got := codes(t, dir, CheckOptions{}); len(got) != 0 {
		t.Errorf("got %q, want nothing", got)
	}
}
