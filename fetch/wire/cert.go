package wire

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// PinOf computes the pin of a certificate.
func PinOf(cert *x509.Certificate) Pin { return sha256.Sum256(cert.RawSubjectPublicKeyInfo) }

// ParsePin reads a pin: 64 hex digits, which may be divided by colons, or the
// base64 that other programs print.
func ParsePin(s string) (Pin, error) {
	var p Pin
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil {
		b, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "sha256//"))
	}
	if err != nil || len(b) != len(p) {
		return p, fmt.Errorf("pin %q is not the SHA-256 of a key: it has 64 hex digits", s)
	}
	return Pin(b), nil
}

// config makes the TLS configuration.
func (c *Conn) config() (*tls.Config, error) {
	cfg := &tls.Config{ServerName: c.host, MinVersion: tls.VersionTLS12}
	if len(c.opt.Pins) > 0 {
		// The chain is not looked at because the key itself is known.
		// VerifyConnection runs in every handshake.
		cfg.InsecureSkipVerify = true
		cfg.VerifyConnection = c.pinned
		return cfg, nil
	}
	if c.opt.CAFile == "" {
		return cfg, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	pem, err := os.ReadFile(c.opt.CAFile)
	if err != nil {
		return nil, fmt.Errorf("certificates of authorities: %w", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("certificates of authorities: %s holds none in PEM form", c.opt.CAFile)
	}
	cfg.RootCAs = pool
	return cfg, nil
}

// pinned compares the server's own key with the pins.
func (c *Conn) pinned(st tls.ConnectionState) error {
	if len(st.PeerCertificates) == 0 {
		return errors.New("the server has no certificate")
	}
	have := PinOf(st.PeerCertificates[0])
	if slices.Contains(c.opt.Pins, have) {
		return nil
	}
	return &CertError{Host: c.host, Why: fmt.Sprintf("has another key than the pinned one: SHA-256 %x", have)}
}
