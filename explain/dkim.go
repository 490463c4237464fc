package explain

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"lostpost/decode/header"
)

// A signature is a DKIM-Signature that is being checked.
type signature struct {
	Signature
	field      header.Field
	value      []byte   // b=
	want       []byte   // bh=
	names      []string // h=, lower case
	relaxHead  bool
	relaxBody  bool
	sha1       bool
	ed25519    bool
	limit      int64 // l=, -1: none
	expires    time.Time
	body       *bodyHash
	unreadable bool
}

// tags reads a tag list, RFC 6376 section 3.2. White space inside values is
// taken out.
func tags(raw []byte) map[string]string {
	m := map[string]string{}
	for part := range bytes.SplitSeq(raw, []byte(";")) {
		name, value, ok := bytes.Cut(part, []byte("="))
		if !ok || len(m) >= 32 {
			continue
		}
		n := strings.TrimSpace(string(name))
		if _, twice := m[n]; !twice {
			m[n] = strings.Join(strings.Fields(oneLine(value)), "")
		}
	}
	return m
}

// readSignature reads the field. What makes it unreadable stands in Problem.
func readSignature(f header.Field) *signature {
	s := &signature{field: f, limit: -1}
	s.BodyHash, s.Result = "unknown", "none"
	if len(f.Raw) > maxStatement {
		s.fail("the field is too long")
		return s
	}
	t := tags(f.Raw)
	s.Domain, s.Selector, s.Identity = asciiDomain(t["d"]), strings.ToLower(t["s"]), strings.ToLower(t["i"])
	s.Algorithm = strings.ToLower(t["a"])
	switch s.Algorithm {
	case "rsa-sha256":
	case "":
		s.Algorithm = "rsa-sha256"
	case "rsa-sha1":
		s.sha1 = true
	case "ed25519-sha256":
		s.ed25519 = true
	default:
		s.fail("the algorithm is not known")
	}
	head, body, _ := strings.Cut(strings.ToLower(t["c"]), "/")
	s.relaxHead, s.relaxBody = head == "relaxed", body == "relaxed"
	var err error
	if s.want, err = base64.StdEncoding.DecodeString(t["bh"]); err != nil || len(s.want) == 0 {
		s.fail("it has no hash of the body")
	}
	if s.value, err = base64.StdEncoding.DecodeString(t["b"]); err != nil || len(s.value) == 0 {
		s.fail("it has no signature")
	}
	if l, ok := t["l"]; ok {
		if s.limit, err = strconv.ParseInt(l, 10, 64); err != nil || s.limit < 0 {
			s.fail("its length cannot be read")
		}
		s.Partial = true
	}
	for n := range strings.SplitSeq(strings.ToLower(t["h"]), ":") {
		s.names = append(s.names, strings.TrimSpace(n))
	}
	if !slices.Contains(s.names, "from") {
		s.fail("it does not cover the From field")
	}
	if x, err := strconv.ParseInt(t["x"], 10, 64); err == nil {
		s.expires = time.Unix(x, 0)
	}
	if s.Domain == "" {
		s.fail("it names no domain")
	}
	return s
}

func (s *signature) fail(why string) {
	s.unreadable = true
	if s.Problem == "" {
		s.Problem = why
	}
}

// checkSignatures reads all signatures, hashes the body once for all of them,
// and verifies those whose key can be had. The error is q.r's or ctx's.
func (q *inquiry) checkSignatures() error {
	if len(q.signatures) == 0 {
		return nil
	}
	var list []*signature
	for _, f := range q.signatures {
		s := readSignature(f)
		s.Offset = q.base + f.Offset
		list = append(list, s)
	}
	err := q.hashBody(list)
	for _, s := range list {
		if err == nil && s.body != nil {
			s.BodyHash = "differs"
			if bytes.Equal(s.body.Sum(), s.want) {
				s.BodyHash = "match"
			}
		}
		if !s.unreadable && q.opt.Key != nil {
			q.verify(s)
		}
		q.rep.Auth.DKIM = append(q.rep.Auth.DKIM, s.Signature)
	}
	return err
}

// hashBody runs the body through the hashes of all signatures in one reading.
func (q *inquiry) hashBody(list []*signature) error {
	var all []io.Writer
	for _, s := range list {
		if s.unreadable {
			continue
		}
		var sum hash.Hash = sha256.New()
		if s.sha1 {
			sum = sha1.New()
		}
		s.body = &bodyHash{relaxed: s.relaxBody, limit: s.limit, sum: sum}
		all = append(all, s.body)
	}
	if len(all) == 0 || q.r == nil {
		return nil
	}
	in := io.NewSectionReader(q.r, q.body, max(q.end-q.body, 0))
	buf := make([]byte, min(32<<10, max(q.end-q.body, 1)))
	for {
		n, err := in.Read(buf)
		for _, w := range all {
			w.Write(buf[:n]) // a bodyHash takes all
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := q.ctx.Err(); err != nil {
			return err
		}
	}
}

// verify asks for the key and checks the signature with it, RFC 6376 section
// 6.1. A key that is not there is no proof of anything: keys are changed.
func (q *inquiry) verify(s *signature) {
	record, err := q.opt.Key(q.ctx, s.Selector+"._domainkey."+s.Domain)
	switch {
	case err != nil:
		s.Key, s.Problem = "error", oneLine([]byte(err.Error()))
		return
	case record == "":
		s.Key = "none"
		return
	}
	key, state := publicKey(record, s)
	s.Key = state
	if key == nil {
		return
	}
	signed := signedHeader(q.m.Header, s.names, s.field, s.relaxHead)
	switch {
	case !check(key, signed, s):
		s.Result, s.Problem = "fail", "the signature does not fit the header"
	case s.BodyHash != "match":
		s.Result, s.Problem = "fail", "the body is not as signed"
	case s.sha1:
		s.Result, s.Problem = "weak", "rsa-sha1 proves nothing any more (RFC 8301)"
	case !s.expires.IsZero() && q.arrived().After(s.expires):
		s.Result, s.Problem = "expired", "it had expired when the mail arrived"
	default:
		s.Result, s.Verified = "pass", true
	}
}

// arrived is when the reader's own server took the mail, else when the newest
// line was written; zero if no line says.
func (q *inquiry) arrived() time.Time {
	t := &q.rep.Trace
	if t.Edge >= 0 && !t.Hops[t.Edge].Time.IsZero() {
		return t.Hops[t.Edge].Time
	}
	if len(t.Hops) > 0 {
		return t.Hops[0].Time
	}
	return time.Time{}
}

// publicKey reads a key record, RFC 6376 section 3.6.1. state is ok, revoked
// or unusable.
func publicKey(record string, s *signature) (key crypto.PublicKey, state string) {
	t := tags([]byte(record))
	if v, ok := t["v"]; ok && v != "DKIM1" {
		return nil, "unusable"
	}
	p, ok := t["p"]
	if ok && p == "" {
		return nil, "revoked"
	}
	hashes := t["h"]
	if hashes != "" && !slices.Contains(strings.Split(hashes, ":"), strings.TrimPrefix(strings.TrimPrefix(s.Algorithm, "rsa-"), "ed25519-")) {
		return nil, "unusable"
	}
	b, err := base64.StdEncoding.DecodeString(p)
	if err != nil {
		return nil, "unusable"
	}
	if s.ed25519 {
		if t["k"] != "ed25519" || len(b) != ed25519.PublicKeySize {
			return nil, "unusable"
		}
		return ed25519.PublicKey(b), "ok"
	}
	if k := t["k"]; k != "" && k != "rsa" {
		return nil, "unusable"
	}
	k, err := x509.ParsePKIXPublicKey(b)
	if err != nil {
		k, err = x509.ParsePKCS1PublicKey(b)
	}
	r, isRSA := k.(*rsa.PublicKey)
	if err != nil || !isRSA || r.N.BitLen() < minKey || r.N.BitLen() > maxKey {
		return nil, "unusable"
	}
	return r, "ok"
}

// Bits of RSA keys that are taken: RFC 8301 section 3.2, and a bound on work.
const (
	minKey = 1024
	maxKey = 8192
)

// check verifies the octets of a signature.
func check(key crypto.PublicKey, signed []byte, s *signature) bool {
	switch k := key.(type) {
	case ed25519.PublicKey:
		sum := sha256.Sum256(signed)
		return ed25519.Verify(k, sum[:], s.value)
	case *rsa.PublicKey:
		if s.sha1 {
			sum := sha1.Sum(signed)
			return rsa.VerifyPKCS1v15(k, crypto.SHA1, sum[:], s.value) == nil
		}
		sum := sha256.Sum256(signed)
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], s.value) == nil
	}
	return false
}

// ParseKeys reads a file of DKIM records, "name TAB record" a line, by their
// names. Lines that begin with # do not count.
//
// Errors: r's own, and one that names the first line without a tab.
func ParseKeys(r io.Reader) (map[string]string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxKeys))
	if err != nil {
		return nil, err
	}
	keys, n := map[string]string{}, 0
	for line := range strings.Lines(string(b)) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, record, ok := strings.Cut(line, "\t")
		if !ok {
			return nil, fmt.Errorf("line %d is not a name, a tab and a record", n)
		}
		keys[asciiDomain(name)] = strings.TrimSpace(record)
	}
	return keys, nil
}

// maxKeys is the largest file of keys that is read, in octets.
const maxKeys = 16 << 20
