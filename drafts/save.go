package drafts

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"lostpost/decode/header"
)

// dropped are the fields that Save leaves out, in lower case: what servers wrote,
// and what programs wrote for themselves while the text was edited or filed.
var dropped = map[string]bool{
	"received": true, "return-path": true, "delivered-to": true, "x-received": true, "x-original-to": true, "envelope-to": true,
	"delivery-date": true, "authentication-results": true, "received-spf": true, "dkim-signature": true,
	"fcc": true, "x-unsent": true, "x-identity-key": true, "x-account-key": true, "x-draft-info": true, "x-cursor-pos": true,
	"x-our-replyto": true, "x-reply-uid": true, "x-reply-mbox": true, "x-uniform-type-identifier": true,
	"x-universally-unique-identifier": true, "status": true, "x-status": true, "x-keywords": true, "x-uid": true, "x-imap": true,
	"content-length": true, "lines": true, "x-gm-thrid": true, "x-gmail-labels": true, "x-evolution": true, "x-lostpost-damage": true,
}

// droppedPrefixes are families of such fields.
var droppedPrefixes = []string{"x-mozilla-", "x-apple-", "x-evolution-", "x-kmail-", "x-claws-", "x-sylpheed-", "x-mutt-", "arc-"}

// maxHeader bounds the header section that is held in memory, in octets.
const maxHeader = 16 << 20

// ErrHeader is returned by Save for a header section of more than 16 MiB.
var ErrHeader = errors.New("the header is too long to be a draft")

// Save writes a message that mail programs open for editing (X-Unsent: 1, as
// Outlook, Live Mail, Apple Mail and Thunderbird know it). original is read at
// most twice; the fields that were written by servers or by a program for itself
// are left out, all others and the body are copied octet for octet, so
// attachments are what they were. quoted says that the message comes from an
// mbox (see Quoted): then one ">" is taken from body lines that begin with
// ">From ".
//
// Errors: ErrHeader, those of original and of w.
func Save(w io.Writer, original io.ReaderAt, size int64, quoted bool) error {
	head, n, err := readHeader(original, size)
	if err != nil {
		return err
	}
	h, _, _ := header.Parse(head, 0)
	eol := "\n"
	if bytes.Contains(head, []byte("\r\n")) {
		eol = "\r\n"
	}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "X-Unsent: 1%s", eol)
	for f := range kept(h) {
		fmt.Fprintf(out, "%s:%s%s", f.Name, f.Raw, eol)
	}
	out.WriteString(eol)
	body := bufio.NewReaderSize(io.NewSectionReader(original, n, size-n), 64<<10)
	if start, _ := body.Peek(10); bytes.HasPrefix(start, []byte("--------")) && bytes.IndexByte(start, '\n') >= 8 {
		// nmh's line of dashes stands for the empty line that was written above.
		if _, err := body.Discard(bytes.IndexByte(start, '\n') + 1); err != nil {
			return err
		}
	}
	if quoted {
		err = unquote(out, body)
	} else {
		_, err = io.Copy(out, body)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// readHeader gives the beginning of the message with the whole header section
// in it, and where the body begins.
func readHeader(r io.ReaderAt, size int64) (head []byte, n int64, err error) {
	for length := int64(64 << 10); ; length *= 4 {
		head = make([]byte, min(length, size))
		if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), head); err != nil && len(head) > 0 {
			return nil, 0, err
		}
		_, end, _ := header.Parse(head, 0)
		switch {
		case end < len(head) || size <= length:
			return head, int64(end), nil
		case length >= maxHeader:
			return nil, 0, ErrHeader
		}
	}
}

// kept yields the fields that belong to the text.
func kept(h header.Header) iter.Seq[header.Field] {
	return func(yield func(header.Field) bool) {
		own := int64(0) // Claws and Sylpheed end a block of their own with this field
		for f := range h.All() {
			if strings.HasSuffix(strings.ToLower(f.Name), "-end-special-headers") {
				own = f.Offset + 1
			}
		}
		for f := range h.All() {
			if f.Offset < own || drop(f.Name) {
				continue
			}
			if !yield(f) {
				return
			}
		}
	}
}

func drop(name string) bool {
	name = strings.ToLower(name)
	for _, p := range droppedPrefixes {
		if strings.HasPrefix(name, p) {
			return true
		}
	}
	return dropped[name]
}

// unquote copies r and takes one ">" from lines that begin with ">" and "From ".
func unquote(w io.Writer, r *bufio.Reader) error {
	begin := true // of a line
	for {
		piece, err := r.ReadSlice('\n')
		if rest := bytes.TrimLeft(piece, ">"); begin && len(rest) < len(piece) && bytes.HasPrefix(rest, []byte("From ")) {
			piece = piece[1:]
		}
		if _, werr := w.Write(piece); werr != nil {
			return werr
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil && err != bufio.ErrBufferFull:
			return err
		}
		begin = err == nil
	}
}
