package explain

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"lostpost/decode"
)

// FuzzExplain: no input makes it panic; what it says is text, names places
// inside the message, and stays within its words.
func FuzzExplain(f *testing.F) {
	names, err := filepath.Glob("testdata/samples/*.eml")
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, c := range receivedCases {
		f.Add([]byte("Received: " + c.field + "\nFrom: ada@a.example\n\nx\n"))
	}
	contacts := NewContacts([]string{"Thomas Berg <thomas@berg-travel.example>"})
	key := func(context.Context, string) (string, error) { return newKeyRecord, nil }
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decode.Decode(context.Background(), bytes.NewReader(b), int64(len(b)), decode.Options{})
		if err != nil {
			t.Skip()
		}
		rep, err := Message(context.Background(), bytes.NewReader(b), int64(len(b)), m, Options{Contacts: contacts, Key: key})
		if err != nil {
			t.Fatal(err)
		}
		checkReport(t, rep, int64(len(b)))
	})
}

// checkReport holds a report against what the package promises.
func checkReport(t *testing.T, rep *Report, size int64) {
	t.Helper()
	v := &rep.Verdict
	if !slices.Contains([]string{ThroughAccount, ForgedFrom, DisplayName, LookAlike, Forwarded, List, CannotTell}, v.Kind) {
		t.Errorf("verdict %q", v.Kind)
	}
	for _, fact := range slices.Concat(v.Evidence, v.Against, rep.Trace.Problems) {
		if fact.Offset < -1 || fact.Offset > size {
			t.Errorf("%q stands at %d of %d", fact.Text, fact.Offset, size)
		}
		if !utf8.ValidString(fact.Text) || !utf8.ValidString(fact.Value) {
			t.Errorf("%q: not text", fact.Text)
		}
	}
	if v.Kind == ThroughAccount && !rep.Auth.Aligned {
		t.Error("through an account, and nobody vouches for it")
	}
	if v.Kind == ForgedFrom && rep.Trace.Edge < 0 {
		t.Error("forged, and no server of the reader says so")
	}
	for i, h := range rep.Trace.Hops {
		if (h.Trust == TrustOwn) != (i <= rep.Trace.Edge) || h.HasDelay && h.Delay < 0 || h.Skewed && h.HasDelay {
			t.Errorf("hop %d: %+v", i, h)
		}
	}
}

// What must never be claimed, EXPLAIN.md section 3.2, in any sentence of this
// package.
func TestWordsThatAreNeverSaid(t *testing.T) {
	for _, n := range []string{"authres.go", "line.go", "names.go", "say.go", "trace.go", "verdict.go", "words.go"} {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			code, _, _ := strings.Cut(line, "//")
			for _, word := range []string{"genuine", "hacked", " scam", "country", "located"} {
				if strings.Contains(strings.ToLower(code), `"`) && strings.Contains(strings.ToLower(code), word) {
					t.Errorf("%s:%d says %q", n, i+1, word)
				}
			}
		}
	}
}
