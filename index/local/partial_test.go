package local

import (
	"context"
	"encoding/base64"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
)

// scan gives a message with an attached text in base64, cut into three pieces.
func scan(word string) (pieces []string) {
	whole := "Subject: the whole scan\nMessage-ID: <whole@scanner.example>\nMIME-Version: 1.0\n" +
		"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nPage one.\n--b\nContent-Type: text/plain; name=scan.txt\n" +
		"Content-Disposition: attachment; filename=scan.txt\nContent-Transfer-Encoding: base64\n\n" +
		base64.StdEncoding.EncodeToString([]byte(strings.Repeat("some words ", 5)+word+strings.Repeat(" other words", 5))) + "\n--b--\n"
	cuts := []int{0, len(whole) - 120, len(whole) - 60, len(whole)}
	for i := range 3 {
		pieces = append(pieces, fmt.Sprintf("From: scanner@kvist.example\nSubject: scan (%d/3)\nMessage-ID: <%d@scanner.example>\nDate: Tue, 5 Mar 2024 10:00:0%d +0000\nMIME-Version: 1.0\n"+
			"Content-Type: message/partial; id=\"Scan-7@scanner.example\"; number=%d; total=3\n\n%s", i+1, i+1, i, i+1, whole[cuts[i]:cuts[i+1]]))
	}
	return pieces
}

// add stores messages, each behind the name of its mailbox.
func add(t *testing.T, dir string, mail ...string) {
	t.Helper()
	w, err := archive.OpenWriter(t.Context(), dir, archive.Options{})
	must(t, err)
	for i, m := range mail {
		mailbox, raw, _ := strings.Cut(m, "|")
		_, err := w.Add(t.Context(), archive.Meta{Origin: fmt.Sprintf("test:%d-%d", len(mail), i), Mailbox: mailbox}, strings.NewReader(raw))
		must(t, err)
	}
	must(t, w.Close())
}

// TestPiecesAreFoundAsOneMessage: pieces in two mailboxes, out of order, one of
// them twice, the last in a later run.
func TestPiecesAreFoundAsOneMessage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "archive")
	p := scan("hellebore")
	twice := strings.Replace(p[1], "From:", "X-Copy: 2\nFrom:", 1)
	add(t, dir, "Work|"+p[0], "|"+p[1], "Work|"+twice)
	arc, err := archive.Open(dir, archive.Options{})
	must(t, err)
	defer arc.Close()
	ix := open(t, t.TempDir(), Options{})
	update := func() {
		t.Helper()
		_, err := index.Update(t.Context(), ix, arc, index.Options{Decode: decode.Options{Attachments: true}})
		must(t, err)
	}
	update()
	for q, want := range map[string]int{"hellebore": 0, "partial:Scan-7@scanner.example": 3, "partial:yes": 3, "subject:whole": 0} {
		if got := len(find(t, ix, q)); got != want {
			t.Errorf("before the last piece: %s: %d hits, want %d", q, got, want)
		}
	}
	w, err := index.Join(t.Context(), ix, arc, "Scan-7@scanner.example")
	if err != nil || !slices.Equal(w.Missing, []int{3}) || w.Octets != nil || len(w.Pieces) != 3 {
		t.Errorf("got missing %v of %d, %v; want piece 3", w.Missing, len(w.Pieces), err)
	}
	add(t, dir, "|"+p[2])
	update()
	whole := []string{"hellebore", "subject:whole", "filename:scan.txt", "id:whole@scanner.example", "has:attachment"}
	for _, q := range whole {
		got := find(t, ix, q)
		if len(got) != 1 {
			t.Errorf("%s: %d hits, want the first piece", q, len(got))
			continue
		}
		if e, err := arc.Lookup(context.Background(), got[0]); err != nil || e.Places[0].Mailbox != "Work" {
			t.Errorf("%s: found in %+v, %v", q, e.Places, err)
		}
	}
	if got := len(find(t, ix, "partial:scan-7@scanner.example")); got != 4 {
		t.Errorf("%d pieces, want 4", got)
	}
	if ix, err := Open(t.TempDir(), Options{}); err == nil { // all in one run
		_, err := index.Update(t.Context(), ix, arc, index.Options{Decode: decode.Options{Attachments: true}})
		must(t, err)
		for _, q := range whole {
			if got := len(find(t, ix, q)); got != 1 {
				t.Errorf("in one run: %s: %d hits", q, got)
			}
		}
		must(t, ix.Close())
	}
}
