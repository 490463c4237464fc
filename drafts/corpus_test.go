package drafts

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"lostpost/archive"
)

// collections are the parts of corpora/decode that are mail as it lay in
// somebody's mailbox. The other parts are test messages of programs.
var collections = []string{"spamassassin-easy-ham-1", "spamassassin-easy-ham-2", "spamassassin-hard-ham-1", "spamassassin-spam-1", "spamassassin-spam-2", "sisimai"}

// received1000 gives 1,000 real messages, spread evenly over the collections.
// Without the corpora beside the checkout the test is skipped.
func received1000(t testing.TB) (names, raw []string) {
	t.Helper()
	shared := os.Getenv("LOSTPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(shared, "corpora", "decode", "decode.tar.zst"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("shared/corpora is not beside the checkout; set LOSTPOST_SHARED")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderMaxWindow(1<<27))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	mail := map[string]string{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !slices.Contains(collections, path.Base(path.Dir(h.Name))) {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, h.Name)
		mail[h.Name] = string(b)
	}
	slices.Sort(names)
	all := names
	names = nil
	for i := range 1000 {
		names = append(names, all[i*len(all)/1000])
		raw = append(raw, mail[names[i]])
	}
	return names, raw
}

// carrierLines are the fields of carriers, with their folded lines.
var carrierLines = regexp.MustCompile(`(?mi)^(?:received|return-path|delivered-to|x-received|authentication-results):.*\n(?:[ \t].*\n)*`)

// TestReceivedMailIsNoDraft looks at 1,000 received messages wherever people
// keep them, and once more without the lines of servers, as some exports write
// them.
func TestReceivedMailIsNoDraft(t *testing.T) {
	names, raw := received1000(t)
	drafts, probable := 0, 0
	for i, text := range raw {
		m := read(t, text)
		for _, meta := range []archive.Meta{{}, {Mailbox: "INBOX"}, {Mailbox: "Work"}, {Mailbox: "Drafts"}, {Flags: "DS"}, {Mailbox: "Trash"}} {
			switch v := Judge(meta, m, nil); {
			case v.State == Probable:
				probable++
				t.Logf("%s in %q is said to be probably a draft: %+v", names[i], meta.Mailbox, v.Evidence)
			case v.State.Lost():
				drafts++
				t.Errorf("%s in %q is called %s: %+v", names[i], meta.Mailbox, v.State, v.Evidence)
			}
		}
	}
	t.Logf("of %d received messages in six places %d are called draft, %d probable", len(raw), drafts, probable)
	if probable > 2 {
		t.Errorf("%d are called probable, want 2 at most", probable)
	}
	drafts, probable = 0, 0
	for i, text := range raw {
		head, body, _ := strings.Cut(text, "\n\n")
		m := read(t, carrierLines.ReplaceAllString(head+"\n", "")+"\n"+body)
		switch v := Judge(archive.Meta{}, m, nil); {
		case v.State == Probable:
			probable++
			t.Logf("%s without the lines of servers is said to be probably a draft: %+v", names[i], v.Evidence)
		case v.State.Lost():
			drafts++
			t.Errorf("%s without the lines of servers is called %s: %+v", names[i], v.State, v.Evidence)
		}
	}
	t.Logf("without the lines of servers %d are called draft, %d probable", drafts, probable)
	if probable > 20 {
		t.Errorf("%d are called probable", probable)
	}
}

// TestVersionsOfRealTexts makes drafts with revisions of the texts of 1,000
// real messages and compares the families with those that were made, pair by
// pair.
func TestVersionsOfRealTexts(t *testing.T) {
	_, raw := received1000(t)
	r := rand.New(rand.NewPCG(13, 2026)) // the seed is part of the test
	type base struct{ subject, text string }
	var bases []base
	seen := map[string]bool{}
	for _, text := range raw {
		m := read(t, text)
		words := strings.Fields(cut(m.Text, 20_000))
		// The collections hold the same circular several times: texts that
		// share a fifth with an earlier one are no strangers.
		shared := 0
		var grams []string
		for i := range max(len(words)-4, 0) {
			g := strings.Join(words[i:i+5], " ")
			grams = append(grams, g)
			if seen[g] {
				shared++
			}
		}
		if len(words) < 25 || 5*shared > len(grams) {
			continue
		}
		for _, g := range grams {
			seen[g] = true
		}
		bases = append(bases, base{strings.Join(strings.Fields(m.Subject), " "), strings.Join(words, " ")})
	}
	var list []*Candidate
	var truth []int
	for i, b := range bases {
		text, subject := b.text, b.subject
		if r.IntN(5) == 0 {
			subject = "" // it is often written last
		}
		if r.IntN(3) == 0 {
			text = first(text, 0.6)
		}
		at := r.IntN(14 * 24 * 60)
		for k := range 1 + r.IntN(4) {
			c := candidate(t, archive.Meta{Mailbox: "Drafts"}, saved(fmt.Sprintf("%d.%d", i, k), subject, text, at))
			list, truth = append(list, c), append(truth, i)
			text, subject, at = revise(r, text), b.subject, at+1+r.IntN(3*24*60)
		}
	}
	order := r.Perm(len(list))
	of := map[*Candidate]int{}
	var mixed []*Candidate
	for _, i := range order {
		mixed, of[list[i]] = append(mixed, list[i]), truth[i]
	}
	var wanted, said, right int
	size := map[int]int{}
	for _, i := range truth {
		wanted += size[i]
		size[i]++
	}
	for _, f := range group(t, mixed...) {
		for i, a := range f.Versions {
			for _, b := range f.Versions[:i] {
				said++
				if of[a] == of[b] {
					right++
				}
			}
		}
	}
	precision, recall := float64(right)/float64(said), float64(right)/float64(wanted)
	f1 := 2 * precision * recall / (precision + recall)
	t.Logf("%d texts, %d drafts, %d pairs: precision %.4f, recall %.4f, F1 %.4f", len(bases), len(list), wanted, precision, recall, f1)
	if f1 < 0.98 {
		t.Errorf("F1 %.4f", f1)
	}
}

// first gives the beginning of a text.
func first(text string, part float64) string {
	words := strings.Fields(text)
	return strings.Join(words[:max(int(part*float64(len(words))), 12)], " ")
}

// revise does what somebody does between two saves: words are changed, added
// and cut here and there, sometimes a paragraph is added or the end taken away.
func revise(r *rand.Rand, text string) string {
	words := strings.Fields(text)
	pick := func() string { return fmt.Sprintf("%s%d", words[r.IntN(len(words))], r.IntN(100)) }
	for range 1 + r.IntN(1+len(words)/25) {
		i := r.IntN(len(words))
		switch r.IntN(3) {
		case 0:
			words[i] = pick()
		case 1:
			words = slices.Insert(words, i, pick())
		default:
			words = slices.Delete(words, i, min(i+1+r.IntN(4), len(words)))
		}
	}
	switch r.IntN(5) {
	case 0:
		for range len(words) / 4 {
			words = append(words, pick())
		}
	case 1:
		words = words[:len(words)*3/4]
	}
	return strings.Join(words, " ")
}
