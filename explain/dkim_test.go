package explain

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

// signed are messages to be signed: each shows something of the canonical
// forms.
var signedMessages = map[string]string{
	"plain":         "From: ada@a.example\r\nTo: bob@b.example\r\nSubject: hello\r\n\r\none\r\ntwo\r\n",
	"white space":   "From:  Ada \t<ada@a.example>\r\nSubject: a \t b\r\n folded\r\n\r\none  two\t\r\n \tthree \r\n",
	"empty lines":   "From: ada@a.example\r\nSubject: x\r\n\r\none\r\n\r\n\r\ntwo\r\n\r\n\r\n",
	"no body":       "From: ada@a.example\r\nSubject: x\r\n\r\n",
	"only lines":    "From: ada@a.example\r\nSubject: x\r\n\r\n\r\n\r\n",
	"blank lines":   "From: ada@a.example\r\nSubject: x\r\n\r\n \t\r\n \r\none\r\n  \r\n",
	"no last end":   "From: ada@a.example\r\nSubject: x\r\n\r\none\r\ntwo",
	"twice a field": "From: ada@a.example\r\nSubject: x\r\nSubject: y\r\n\r\none\r\n",
	"long":          "From: ada@a.example\r\nSubject: x\r\n\r\n" + strings.Repeat("a line of  text \r\n", 10_000),
	"utf-8":         "From: =?utf-8?q?Zo=C3=AB?= <zoe@a.example>\r\nSubject: Grüße\r\n\r\nschön\r\n",
}

type keyPair struct {
	signer crypto.Signer
	record string
}

func newKey(t testing.TB, kind string) keyPair {
	t.Helper()
	if kind == "ed25519" {
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return keyPair{priv, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)}
	}
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return keyPair{key, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der)}
}

func sign(t testing.TB, message string, k keyPair, opt dkim.SignOptions) string {
	t.Helper()
	opt.Domain, opt.Selector, opt.Signer = "a.example", "s1", k.signer
	var out bytes.Buffer
	if err := dkim.Sign(&out, strings.NewReader(message), &opt); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func (k keyPair) look(_ context.Context, name string) (string, error) {
	if name == "s1._domainkey.a.example" {
		return k.record, nil
	}
	return "", nil
}

// go-msgauth signs; what it signed must be found whole, also when the file has
// lost its CRs, and what was changed must not.
func TestSignaturesAgainstOracle(t *testing.T) {
	for _, kind := range []string{"rsa", "ed25519"} {
		key := newKey(t, kind)
		for _, form := range []dkim.Canonicalization{dkim.CanonicalizationSimple, dkim.CanonicalizationRelaxed} {
			for name, message := range signedMessages {
				t.Run(fmt.Sprint(kind, " ", form, " ", name), func(t *testing.T) {
					mail := sign(t, message, key, dkim.SignOptions{HeaderCanonicalization: form, BodyCanonicalization: form})
					for _, c := range []struct {
						what, mail, hash, result string
					}{
						{"as signed", mail, "match", "pass"},
						{"line feeds", strings.ReplaceAll(mail, "\r\n", "\n"), "match", "pass"},
						{"text added", mail + "x", "differs", "fail"},
						{"header changed", strings.Replace(mail, "\r\nFrom:", "\r\nFrom: Eve", 1), "match", "fail"},
					} {
						s := readOctets(t, []byte(c.mail), Options{Key: key.look}).Auth.DKIM[0]
						if s.BodyHash != c.hash || s.Result != c.result || s.Verified != (c.result == "pass") {
							t.Errorf("%s: got %s, %s (%s), want %s, %s", c.what, s.BodyHash, s.Result, s.Problem, c.hash, c.result)
						}
					}
					if s := readOctets(t, []byte(mail), Options{}).Auth.DKIM[0]; s.BodyHash != "match" || s.Key != "" || s.Verified {
						t.Errorf("without a key: got %+v", s)
					}
				})
			}
		}
	}
}

// The time that counts is that of the arrival, not that of the reading.
func TestSignatureExpires(t *testing.T) {
	key := newKey(t, "rsa")
	x := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	mail := sign(t, signedMessages["plain"], key, dkim.SignOptions{Expiration: x})
	for date, want := range map[string]string{"Thu, 5 Mar 2026 11:59:00 +0000": "pass", "Thu, 5 Mar 2026 12:01:00 +0000": "expired"} {
		hop := "Received: from a.example (a.example [192.0.2.1]) by mx.own.example with ESMTP id 1; " + date + "\r\n"
		if s := readOctets(t, []byte(hop+mail), Options{Key: key.look}).Auth.DKIM[0]; s.Result != want {
			t.Errorf("%s: got %s, want %s", date, s.Result, want)
		}
	}
}

func TestKeys(t *testing.T) {
	key := newKey(t, "rsa")
	mail := []byte(sign(t, signedMessages["plain"], key, dkim.SignOptions{}))
	broken := errors.New("no answer")
	// 512 bits: RFC 8301 section 3.2 does not let it count.
	small, err := x509.MarshalPKIXPublicKey(&rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 511), E: 65537})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		record string
		err    error
		want   string
	}{
		{key.record, nil, "ok"},
		{strings.TrimPrefix(key.record, "v=DKIM1; "), nil, "ok"},
		{key.record + "; h=sha256", nil, "ok"},
		{key.record + "; h=sha1", nil, "unusable"},
		{"", nil, "none"},
		{"v=DKIM1; p=", nil, "revoked"},
		{"v=DKIM1; p=!", nil, "unusable"},
		{"v=DKIM2; p=AAAA", nil, "unusable"},
		{"v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(small), nil, "unusable"},
		{"", broken, "error"},
	} {
		rep := readOctets(t, mail, Options{Key: func(context.Context, string) (string, error) { return c.record, c.err }})
		s := rep.Auth.DKIM[0]
		if s.Key != c.want || s.Verified != (c.want == "ok") {
			t.Errorf("%q: got key %s, verified %v, want %s", c.record, s.Key, s.Verified, c.want)
		}
		if rep.Verdict.Kind == ForgedFrom {
			t.Errorf("%q: a key that cannot be used is no proof of forgery", c.record)
		}
	}
}

// What cannot be read is said, and never verified.
func TestSignatureFieldsThatCannotBeRead(t *testing.T) {
	const ok = "v=1; a=rsa-sha256; d=a.example; s=s1; h=from; bh=AAAA; b=AAAA"
	for _, c := range []struct{ field, problem string }{
		{ok, ""},
		{strings.Replace(ok, "h=from", "h=subject", 1), "it does not cover the From field"},
		{strings.Replace(ok, "rsa-sha256", "dsa", 1), "the algorithm is not known"},
		{strings.Replace(ok, "bh=AAAA", "bh=", 1), "it has no hash of the body"},
		{strings.Replace(ok, " b=AAAA", "", 1), "it has no signature"},
		{strings.Replace(ok, "d=a.example; ", "", 1), "it names no domain"},
		{ok + "; l=-1", "its length cannot be read"},
		{strings.Repeat("x", 70_000), "the field is too long"},
		{"", "it has no hash of the body"},
	} {
		rep := readOctets(t, []byte("DKIM-Signature: "+c.field+"\nFrom: ada@a.example\n\nx\n"), Options{Key: noKey})
		s := rep.Auth.DKIM[0]
		if s.Problem != c.problem || s.Verified || s.Result == "pass" {
			t.Errorf("%.60q: got problem %q, result %s, want %q", c.field, s.Problem, s.Result, c.problem)
		}
	}
}

func noKey(context.Context, string) (string, error) { return "", nil }

// A length leaves the rest of the text unsigned; that is no proof of it.
func TestPartialSignatureIsNoProof(t *testing.T) {
	sum := sha256.Sum256([]byte("one\r\n"))
	field := "v=1; a=rsa-sha256; c=simple/simple; d=a.example; s=s1; h=from; l=5; bh=" + base64.StdEncoding.EncodeToString(sum[:]) + "; b=AAAA"
	rep := readOctets(t, []byte("DKIM-Signature: "+field+"\nFrom: ada@a.example\n\none\nadded\n"), Options{})
	if s := rep.Auth.DKIM[0]; s.BodyHash != "match" || !s.Partial {
		t.Errorf("got %+v, want a match of a part", s)
	}
	if len(rep.Verdict.Against) != 1 {
		t.Errorf("got %v, want one fact: only a part is covered", rep.Verdict.Against)
	}
}

// The hash does not depend on how the body comes in.
func TestBodyHashInPieces(t *testing.T) {
	body := "a  b \r\n\r\n \r\nlone \r here\r\n\ttab\t\r\n\r\n\r\n"
	for _, relaxed := range []bool{false, true} {
		whole := &bodyHash{relaxed: relaxed, limit: -1, sum: sha256.New()}
		io.WriteString(whole, body)
		want := whole.Sum()
		for n := 1; n < len(body); n++ {
			h := &bodyHash{relaxed: relaxed, limit: -1, sum: sha256.New()}
			for rest := body; rest != ""; {
				k := min(n, len(rest))
				io.WriteString(h, rest[:k])
				rest = rest[k:]
			}
			if !bytes.Equal(h.Sum(), want) {
				t.Fatalf("pieces of %d octets, relaxed %v: another hash", n, relaxed)
			}
		}
	}
}

func TestParseKeys(t *testing.T) {
	keys, err := ParseKeys(strings.NewReader("# saved in 2026\n\nS1._domainkey.A.example.\tv=DKIM1; p=AA\n"))
	if err != nil || len(keys) != 1 || keys["s1._domainkey.a.example"] != "v=DKIM1; p=AA" {
		t.Errorf("got %v, %v", keys, err)
	}
	if _, err := ParseKeys(strings.NewReader("a\tb\nwrong\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("got %v, want the line that is wrong", err)
	}
}
