package local

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/index"
)

const withAttachments = `From: Anna <anna@kvist.example>
Date: Fri, 1 Mar 2024 10:00:00 +0100
Subject: papers
Content-Type: multipart/mixed; boundary=b

--b

See the enclosed files.
--b
Content-Disposition: attachment; filename=terms.txt

The warranty ends early
--b
Content-Disposition: attachment; filename=plan.rtf
Content-Type: application/rtf

{\rtf1 summer begins with plum\'e8 trees}
--b--
`

// attached is a message read with what is attached to it.
func attached(t *testing.T) index.Document {
	d := message(t, withAttachments)
	raw := strings.ReplaceAll(withAttachments, "\n", "\r\n")
	m, err := decode.Decode(t.Context(), bytes.NewReader([]byte(raw)), int64(len(raw)), decode.Options{Attachments: true})
	must(t, err)
	d.Message = m
	return d
}

func TestWordsInsideAttachmentsAreFound(t *testing.T) {
	d := attached(t)
	ix := open(t, t.TempDir(), Options{})
	apply(t, ix, 1, d, note(t, 2, "other", "nothing of it"))
	for _, c := range []struct {
		query string
		hits  int64
	}{
		{"attached:warranty", 1},
		{"warranty", 1},
		{"attached:plumè", 1},
		{`attached:"warranty ends early"`, 1},
		{`attached:"early summer"`, 0}, // the end of one file, the beginning of the next
		{"attached:early near/10 attached:summer", 0},
		{"body:warranty", 0},
		{"attached:enclosed", 0},
		{"filename:terms.txt attached:trees", 1},
	} {
		r, err := ix.Search(t.Context(), index.Request{Query: parse(t, c.query), Count: true})
		must(t, err)
		if r.Total != c.hits {
			t.Errorf("%s: got %d, want %d", c.query, r.Total, c.hits)
		}
	}
}

func TestSnippetOfAnAttachment(t *testing.T) {
	whole := attached(t)
	asked := 0
	ix := open(t, t.TempDir(), Options{
		Message: func(context.Context, archive.ID) (*decode.Message, error) {
			return message(t, withAttachments).Message, nil
		},
		Attached: func(context.Context, archive.ID) (*decode.Message, error) {
			asked++
			return whole.Message, nil
		},
	})
	apply(t, ix, 1, whole)
	for _, c := range []struct {
		query, part, mark string
		asked             int
	}{
		{"enclosed", "", "enclosed", 0}, // the text has it: attachments are not read again
		{"trees", "3", "trees", 1},
		{"attached:warranty", "2", "warranty", 2},
		{"subject:papers", "", "", 2},
	} {
		r, err := ix.Search(t.Context(), index.Request{Query: parse(t, c.query), Marks: true})
		must(t, err)
		h := r.Hits[0]
		mark := ""
		if i := slices.IndexFunc(h.Snippet, func(s index.Span) bool { return s.Mark }); i >= 0 {
			mark = h.Snippet[i].Text
		}
		if h.Part != c.part || mark != c.mark || asked != c.asked {
			t.Errorf("%s: part %q, mark %q, read %d times, want %q, %q, %d", c.query, h.Part, mark, asked, c.part, c.mark, c.asked)
		}
	}
}
