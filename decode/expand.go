package decode

import "io"

// expandPart decodes the body of an encoded container into memory and gives
// the parts in it. If there is nothing to be read, p stays a leaf.
func (st *session) expandPart(p *Part) []*Part {
	if p.src.depth >= st.lim.Depth {
		p.problem(Problem{Code: LimitDepth, Offset: p.Body, Lost: true})
		return nil
	}
	if st.over() {
		return nil
	}
	room := min(maxContainer, st.expand)
	b, err := readAll(io.LimitReader(p.Open(), room+1), min(room, p.end-p.body))
	if err != nil && p.src.err == nil {
		p.src.err = err
	}
	if int64(len(b)) > room {
		b = b[:room]
		p.problem(Problem{Code: LimitContainer, Offset: p.Body, Lost: true})
	}
	st.expand -= int64(len(b))
	if p.winmail() {
		return st.openWinmail(p, b)
	}
	if p.signed() {
		var ok bool
		if b, ok = signedContent(b); !ok {
			return nil
		}
	}
	src := memSource(b, p.src.depth+1)
	k := st.newWalker(src)
	if p.multipart() {
		k.multipartBody(p)
	} else {
		k.run(k.begin(0, p, true))
	}
	parts := k.finish()
	st.noteLimits(p)
	return parts
}

// multipartBody reads a source that is the body of p.
//
// QUIRK: RFC 2045 section 6.4: a multipart is not encoded. Some gateways encode
// it as a whole. If no delimiter occurs in the body as it stands, it is decoded
// and read. Test: testdata/quirks/multipart-encoded.eml
func (k *walker) multipartBody(p *Part) {
	// The walker needs a multipart whose range lies in the decoded octets.
	q := &Part{MediaType: p.MediaType, Params: p.Params, st: k.st, src: k.w.s, end: k.w.s.size}
	k.push(q, p.Params["boundary"])
	k.run(0)
	for _, c := range k.parts {
		if c.parent == q {
			c.parent = p
		}
	}
	p.kids = q.kids
	for _, n := range q.Problems {
		p.problem(n)
	}
	if p.kids > 0 {
		p.problem(Problem{Code: MultipartEncoded, Offset: p.Body})
	}
}

// readAll is io.ReadAll into a buffer that is large enough at once.
func readAll(r io.Reader, hint int64) ([]byte, error) {
	b := make([]byte, 0, hint+512)
	for {
		n, err := r.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return b, err
		}
		if len(b) == cap(b) {
			b = append(b, 0)[:len(b)]
		}
	}
}
