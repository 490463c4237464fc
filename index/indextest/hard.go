package indextest

import (
	"bytes"
	"crypto/sha256"
	"path"
	"slices"
	"testing"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
)

// hardFolder has messages that are hard to find, one keyword each: charsets,
// transfer encodings, languages, headers, structures, attachments. All were
// written for this suite. scripts/bench_index.py asks other programs the same.
const hardFolder = "testdata/hard"

// RunHard sees that every keyword of the hard messages finds its message. opt
// is how messages are decoded; what needs a reader of PDF files is passed over
// if it has none.
func RunHard(t *testing.T, opt decode.Options, open func(t *testing.T, dir string) index.Index) {
	s := &suite{dir: t.TempDir(), open: open}
	s.start(t)
	t.Cleanup(func() { s.ix.Close() })
	rows, err := lines("hard/keywords.tsv", 3)
	if err != nil {
		t.Fatal(err)
	}
	opt.Attachments, opt.Alternatives = true, true
	var docs []index.Document
	ids := map[string]archive.ID{}
	for i, row := range rows {
		raw, err := testdata.ReadFile(path.Join(hardFolder, row[0]+".eml"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := decode.Decode(t.Context(), bytes.NewReader(raw), int64(len(raw)), opt)
		if err != nil {
			t.Fatal(err)
		}
		id := archive.ID(sha256.Sum256(raw))
		ids[row[0]] = id
		docs = append(docs, index.Document{
			Entry:   archive.Entry{ID: id, Key: id, Size: int64(len(raw)), Seq: int64(i + 1), Places: []archive.Meta{{}}},
			Message: m,
		})
	}
	s.put(t, int64(len(docs)), docs...)
	for _, row := range rows {
		t.Run(row[0], func(t *testing.T) {
			if row[2] == "pdf" && opt.PDF == nil {
				t.Skip("no reader of PDF files")
			}
			r := s.search(t, index.Request{Query: parse(t, row[1]), Widen: true, Limit: 1000})
			if !slices.ContainsFunc(r.Hits, func(h index.Hit) bool { return h.ID == ids[row[0]] }) {
				t.Errorf("%s does not find %s (%d hits)", row[1], row[0], len(r.Hits))
			}
		})
	}
}
