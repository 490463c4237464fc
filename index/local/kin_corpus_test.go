package local

import (
	"archive/tar"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"lostpost/decode"
)

// corpusMail gives up to n real messages, spread over corpora/decode. Without
// the shared files beside the checkout the test is skipped.
func corpusMail(t *testing.T, n int) [][]byte {
	t.Helper()
	shared := os.Getenv("LOSTPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(shared, "corpora", "decode", "decode.tar.zst"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("needs corpora/decode: set LOSTPOST_SHARED to the folder of the shared files")
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
	var all [][]byte
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg || !strings.Contains(h.Name, "/messages/") && !strings.HasPrefix(h.Name, "messages/") {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b)
	}
	step := max(len(all)/n, 1)
	var some [][]byte
	for i := 0; i < len(all) && len(some) < n; i += step {
		some = append(some, all[i])
	}
	return some
}

func kinOfMail(t *testing.T, raw []byte) (*kin, *decode.Message) {
	t.Helper()
	m, err := decode.Decode(t.Context(), bytes.NewReader(raw), int64(len(raw)), decode.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := newScratch()
	b := builder{scratch: s, doc: &document{}}
	b.body(m)
	return b.kin, m
}

// rewritten is a message as a server writes it anew: its header but for the
// fields of MIME, further fields, and this text in base64.
func rewritten(raw []byte, fields, mediaType, text string) []byte {
	head, _, _ := strings.Cut(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n\n")
	var b strings.Builder
	skip := false
	for line := range strings.Lines(head + "\n") {
		if line[0] != ' ' && line[0] != '\t' {
			name, _, _ := strings.Cut(strings.ToLower(line), ":")
			skip = strings.HasPrefix(name, "content-") || name == "mime-version"
		}
		if !skip {
			b.WriteString(line)
		}
	}
	fmt.Fprintf(&b, "%sMIME-Version: 1.0\nContent-Type: %s; charset=utf-8\nContent-Transfer-Encoding: base64\n\n", fields, mediaType)
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString([]byte(text))), 76) {
		b.Write(append(line, '\n'))
	}
	return []byte(b.String())
}

// copies are what becomes of one message on its ways.
func copies(raw []byte, text string) [][]byte {
	const (
		footer = "\n_______________________________________________\nGardeners mailing list\nGardeners@lists.kvist.example\nhttps://lists.kvist.example/mailman/listinfo/gardeners\n"
		banner = "CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you recognize the sender and know the content is safe.\n\n"
		virus  = "\n\n-- \nThis e-mail was checked for viruses by Kvist Antivirus, version 7.1.\nhttps://antivirus.kvist.example\n"
	)
	page := "<html><head><meta name=Generator content=\"Microsoft Exchange Server\"></head><body><pre>" + html.EscapeString(banner+text) + "</pre></body></html>"
	return [][]byte{
		rewritten(raw, "List-Id: Gardeners <gardeners.lists.kvist.example>\nPrecedence: list\n", "text/plain", text+footer),
		rewritten(raw, "X-MS-Exchange-Organization-SCL: 1\nX-MS-Has-Attach:\n", "text/html", page),
		rewritten(raw, "X-Virus-Scanned: yes\n", "text/plain", text+virus),
		rewritten(raw, "", "text/plain", text),
	}
}

// A shingled counts the shingles that texts have in common, exactly.
type shingled struct {
	has   map[string][]int // texts by shingle
	sizes []int
}

func shinglesOf(words []string) map[string]bool {
	set := map[string]bool{}
	for i := range words {
		set[strings.Join(words[i:min(i+shingleWords, len(words))], " ")] = true
	}
	return set
}

func (s *shingled) add(words []string) {
	for g := range shinglesOf(words) {
		s.has[g] = append(s.has[g], len(s.sizes))
	}
	s.sizes = append(s.sizes, len(shinglesOf(words)))
}

// like reports whether a text has half of its shingles in common with one that
// was added.
func (s *shingled) like(words []string) bool {
	mine := shinglesOf(words)
	common := map[int]int{}
	for g := range mine {
		for _, i := range s.has[g] {
			common[i]++
		}
	}
	for i, n := range common {
		if 2*n > len(mine)+s.sizes[i]-n {
			return true
		}
	}
	return false
}

// TestNearDuplicatesOfRealMail makes four copies of each of 1,000 real messages
// and sees that exactly the copies of one message are called alike: pairwise
// F1, precision and recall over all pairs that share a term.
func TestNearDuplicatesOfRealMail(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 5,000 messages")
	}
	type copyOf struct {
		k      *kin
		origin int
	}
	var list []copyOf
	seen := map[string]bool{}
	originals := shingled{has: map[string][]int{}}
	origins := 0
	for _, raw := range corpusMail(t, 1000) {
		k, m := kinOfMail(t, raw)
		// The corpus itself has messages twice, and the same spam sent anew.
		// What is the same there is not known, so only one of them is taken.
		name := strings.Join(strings.Fields(m.Text), " ")
		twice := seen[name]
		seen[name] = true
		for _, w := range [][]byte{k.mid[:], k.written[:]} {
			twice = twice || !bytes.Equal(w, make([]byte, whoLen)) && seen[string(w)]
			seen[string(w)] = true
		}
		words := strings.Fields(strings.ToLower(m.Text))
		if twice || originals.like(words) {
			continue
		}
		originals.add(words)
		list = append(list, copyOf{k, origins})
		for _, c := range copies(raw, m.Text) {
			k, _ := kinOfMail(t, c)
			list = append(list, copyOf{k, origins})
		}
		origins++
	}
	has := map[string][]int{}
	found := map[[2]int]bool{}
	for i, c := range list {
		for _, term := range c.k.terms() {
			for _, j := range has[term] {
				if c.k.alike(list[j].k) {
					found[[2]int{j, i}] = true
				}
			}
			has[term] = append(has[term], i)
		}
	}
	right := 0
	for pair := range found {
		if list[pair[0]].origin == list[pair[1]].origin {
			right++
		}
	}
	const pairs = 10 // of five messages
	recall := float64(right) / float64(origins*pairs)
	precision := float64(right) / float64(len(found))
	f1 := 2 * precision * recall / (precision + recall)
	t.Logf("%d messages, %d pairs of copies, %d found: precision %.4f, recall %.4f, F1 %.4f", origins, origins*pairs, len(found), precision, recall, f1)
	if f1 < 0.98 {
		t.Errorf("F1 %.4f, want 0.98", f1)
	}
}
