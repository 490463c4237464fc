package wire

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"
)

// TimeoutError: the server was silent for too long.
type TimeoutError struct {
	Addr  string        // host:port
	Doing string        // "connect", "TLS handshake", "read", "write", "answer"
	After time.Duration // the limit that was reached
}

func (e *TimeoutError) Error() string {
	switch e.Doing {
	case "read":
		return fmt.Sprintf("%s sent nothing for %s", e.Addr, e.After)
	case "write":
		return fmt.Sprintf("%s took nothing for %s", e.Addr, e.After)
	case "answer":
		return fmt.Sprintf("%s did not end its answer within %s", e.Addr, e.After)
	}
	return fmt.Sprintf("%s: no %s within %s", e.Addr, e.Doing, e.After)
}

// Timeout reports true, as net.Error wants it.
func (e *TimeoutError) Timeout() bool { return true }

// CertError: the server's certificate is refused.
type CertError struct {
	Host string
	Why  string // a plain sentence about the certificate, without the host
	Todo string // what the user may do, a plain sentence, or ""
	Err  error
}

func (e *CertError) Error() string { return "the certificate of " + e.Host + " " + e.Why }

// Unwrap gives what crypto/x509 said, or nil.
func (e *CertError) Unwrap() error { return e.Err }

// explain says in plain words why connecting or the handshake did not work.
func (c *Conn) explain(ctx context.Context, doing string, limit time.Duration, err error) error {
	var cert *CertError
	var verify *tls.CertificateVerificationError
	var timeout net.Error
	var record tls.RecordHeaderError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &cert):
		return cert
	case errors.As(err, &verify):
		return c.refuse(verify)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return &TimeoutError{Addr: c.addr, Doing: doing, After: limit}
	case errors.As(err, &record):
		return fmt.Errorf("%s does not speak TLS at this point: %w", c.addr, err)
	}
	return fmt.Errorf("%s %s: %w", doing, c.addr, bare(err))
}

// bare takes away the addresses and operations that package net puts around
// what the system said.
func bare(err error) error {
	var op *net.OpError
	var call *os.SyscallError
	if errors.As(err, &op) {
		err = op.Err
	}
	if errors.As(err, &call) {
		err = call.Err
	}
	return err
}

// refuse words what is wrong with a certificate.
func (c *Conn) refuse(err *tls.CertificateVerificationError) error {
	e := &CertError{Host: c.host, Why: "is refused: " + err.Err.Error(), Err: err}
	leaf := err.UnverifiedCertificates[0]
	e.Todo = "If the key is known to be right, give --pin-sha256 " + fmt.Sprintf("%x", PinOf(leaf)) + "."
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var issuer x509.UnknownAuthorityError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Why = period(invalid.Cert, time.Now())
	case errors.As(err, &name):
		e.Why = "is for other names: " + names(leaf)
	case errors.As(err, &issuer):
		e.Why = "comes from an unknown issuer: " + who(leaf)
		e.Todo = "If the issuer is known to be right, give its certificate with --cafile. " + e.Todo
	}
	return e
}

// period says on which side of its time a certificate is.
func period(cert *x509.Certificate, now time.Time) string {
	if now.Before(cert.NotBefore) {
		return "is valid only from " + cert.NotBefore.UTC().Format(time.DateOnly) + " on; the clock of this computer says " + now.UTC().Format(time.DateOnly)
	}
	return "expired on " + cert.NotAfter.UTC().Format(time.DateOnly)
}

// names lists the first names a certificate is for.
func names(cert *x509.Certificate) string {
	all := append([]string(nil), cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "none that counts (it has no subject alternative names)"
	}
	more := ""
	if len(all) > 5 {
		all, more = all[:5], fmt.Sprintf(" and %d more", len(all)-5)
	}
	for i, s := range all {
		all[i] = printable(s)
	}
	return strings.Join(all, ", ") + more
}

// who names the issuer of a certificate.
func who(cert *x509.Certificate) string {
	if cert.Subject.String() == cert.Issuer.String() {
		return "it is signed by itself"
	}
	return printable(cert.Issuer.String())
}
