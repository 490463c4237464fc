package attach

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ledongthuc/pdf"
)

const (
	maxPages     = 100_000
	maxPageDepth = 64  // nodes of the page tree in each other
	maxForms     = 8   // form XObjects in each other
	maxStates    = 256 // graphics states that q saves
)

// readPDF gives the text of a PDF (ISO 32000-1): title and keywords, then page
// after page what stands in its content, forms and annotations, in the order
// in which it is drawn. Text and error may come together. It panics no more
// than the library lets it, but may hang or take memory without bound: it is
// for a process of its own.
func readPDF(b []byte, most int, deadline time.Time) (string, error) {
	b = tidyPDF(b)
	text, err := openPDF(b, most, deadline)
	if text != "" || err == nil || errors.Is(err, ErrEncrypted) || errors.Is(err, ErrLimit) {
		return text, err
	}
	// Nothing could be read, perhaps because objects are not where the table
	// says. The file stays a damaged one, whatever is found.
	if rebuilt := rebuildPDF(b); rebuilt != nil {
		text, _ = openPDF(rebuilt, most, deadline)
	}
	return text, err
}

// openPDF reads a file that is as the library wants it.
func openPDF(b []byte, most int, deadline time.Time) (string, error) {
	p := &pdfReader{most: most, deadline: deadline, fonts: map[string]*pdfFont{},
		fallback: &pdfFont{simple: winAnsi{}, other: meanWidth}}
	p.fail(guard(func() { p.file(b) }))
	return p.out.String(), p.err
}

// guard turns a panic of the library into an error.
func guard(f func()) (err error) {
	defer func() {
		if x := recover(); x != nil {
			if e, ok := x.(error); ok {
				err = e
				return
			}
			err = fmt.Errorf("%v", x)
		}
	}()
	f()
	return nil
}

// tidyPDF makes a file what the library wants it to be: "%PDF-1." at octet 0,
// "%%EOF" at the end (ISO 32000-1 sections 7.5.2, 7.5.5). Gateways add lines,
// programs write "%PDF-2.0" or end the header with a blank; readers of PDF have
// always taken that. It may write into b.
func tidyPDF(b []byte) []byte {
	if i := bytes.Index(b[:min(len(b), LookAt)], []byte("%PDF-")); i > 0 {
		b = b[i:]
	}
	const header, marker = "%PDF-1.7\n", "%%EOF"
	if len(b) < len(header) {
		return b
	}
	copy(b, header)
	if i := bytes.LastIndex(b, []byte(marker)); i >= 0 {
		return b[:i+len(marker)]
	}
	return append(b, "\n"+marker...)
}

// A pdfReader is a file that is being read.
type pdfReader struct {
	most     int
	deadline time.Time
	out      bytes.Buffer
	fonts    map[string]*pdfFont // by their dictionaries as text
	fallback *pdfFont            // of text whose own cannot be had
	nodes    int                 // of the page tree
	err      error               // the first thing that went wrong
}

// fail notes an error; the first counts.
func (p *pdfReader) fail(err error) {
	if p.err == nil && err != nil {
		p.err = err
	}
}

func (p *pdfReader) file(b []byte) {
	r, err := pdf.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		if strings.Contains(err.Error(), "encrypt") { // also of a kind that the library does not know
			err = ErrEncrypted
		}
		p.fail(err)
		return
	}
	trailer := r.Trailer()
	p.fail(guard(func() {
		for _, key := range []string{"Title", "Subject", "Keywords"} {
			if s := trailer.Key("Info").Key(key).Text(); s != "" {
				p.out.WriteString(s + "\n")
			}
		}
	}))
	p.pages(trailer.Key("Root").Key("Pages"), pdf.Value{}, 0)
}

// pages reads a node of the page tree. Resources are inherited on the way
// down: the way up may be a circle.
func (p *pdfReader) pages(node, resources pdf.Value, depth int) {
	p.nodes++
	if depth > maxPageDepth || p.nodes > maxPages || p.over() {
		p.fail(ErrLimit)
		return
	}
	if own := node.Key("Resources"); own.Kind() == pdf.Dict {
		resources = own
	}
	kids := node.Key("Kids")
	if kids.Kind() != pdf.Array {
		p.page(node, resources)
		return
	}
	for i := 0; i < kids.Len() && !p.over(); i++ {
		p.fail(guard(func() { p.pages(kids.Index(i), resources, depth+1) }))
	}
	if p.over() {
		p.fail(ErrLimit)
	}
}

// page writes the text of a page, then that of its annotations: what was
// filled into a form stands there.
func (p *pdfReader) page(page, resources pdf.Value) {
	p.fail(guard(func() { p.draw(page.Key("Contents"), resources, identity, 0) }))
	annotations := page.Key("Annots")
	for i := 0; i < annotations.Len() && !p.over(); i++ {
		p.fail(guard(func() {
			look := annotations.Index(i).Key("AP").Key("N")
			if look.Kind() == pdf.Stream {
				p.draw(look, look.Key("Resources"), identity, 0)
			}
		}))
	}
	p.newLine()
}

func (p *pdfReader) newLine() {
	if b := p.out.Bytes(); len(b) > 0 && b[len(b)-1] != '\n' {
		p.out.WriteByte('\n')
	}
}

// over reports whether reading must stop.
func (p *pdfReader) over() bool {
	return p.out.Len() >= p.most || time.Now().After(p.deadline)
}

// rebuildPDF writes a new table of objects behind a file whose own cannot be
// read; nil if there is no catalog. Objects in object streams are not found.
func rebuildPDF(b []byte) []byte {
	type place struct{ number, generation, at int }
	var places []place
	root := -1
	for at := 0; ; {
		i := bytes.Index(b[at:], []byte(" obj"))
		if i < 0 || len(places) > 1_000_000 {
			break
		}
		end := at + i
		at = end + len(" obj")
		start := end
		for start > 0 && (b[start-1] == ' ' || '0' <= b[start-1] && b[start-1] <= '9') && end-start < 20 {
			start--
		}
		var o place
		if n, _ := fmt.Sscanf(string(b[start:end]), "%d %d", &o.number, &o.generation); n != 2 || o.number < 0 || o.number > 1<<22 {
			continue
		}
		for b[start] == ' ' {
			start++
		}
		o.at = start
		places = append(places, o)
		if head := b[at:min(len(b), at+512)]; bytes.Contains(head, []byte("/Catalog")) {
			if stop := bytes.Index(head, []byte("endobj")); stop < 0 || bytes.Index(head, []byte("/Catalog")) < stop {
				root = len(places) - 1
			}
		}
	}
	if root < 0 {
		return nil
	}
	var out bytes.Buffer
	out.Write(b)
	table := out.Len() + 1
	out.WriteString("\nxref\n")
	most := 0
	// Of an object that is there twice the last counts: the library keeps the
	// first entry that it reads.
	for i := len(places) - 1; i >= 0; i-- {
		o := places[i]
		most = max(most, o.number)
		fmt.Fprintf(&out, "%d 1\n%010d %05d n \n", o.number, o.at, o.generation)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root %d %d R >>\nstartxref\n%d\n%%%%EOF", most+1, places[root].number, places[root].generation, table)
	return out.Bytes()
}

// draw reads a content stream: that of a page, a form, an annotation.
func (p *pdfReader) draw(content, resources pdf.Value, ctm matrix, depth int) {
	k := &canvas{pdfReader: p, resources: resources, depth: depth, names: map[string]*pdfFont{}, now: state{ctm: ctm, scale: 1}}
	scan := pdfScanner{s: p.streamOctets(content)}
	for n := 1; ; n++ {
		op, ok := scan.next()
		if !ok {
			return
		}
		if n%256 == 0 && p.over() {
			panic(ErrLimit) // guard takes it
		}
		k.do(op, scan.args)
	}
}
