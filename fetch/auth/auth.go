// Package auth finds the secret of a mail account and signs in with it.
//
// A secret comes from a command, a file, a systemd credential, a .netrc file
// or a question on the terminal, in this order (Lookup). It is carried as a
// Secret, which no fmt verb, JSON encoder or logger prints; only Reveal gives
// the octets.
//
// Promises. A secret is never in an argument of a process, in an error or in a
// log. A file that other users may read is refused. A command ends within its
// time. Mechanism chooses how to sign in, and sends a password that can be
// read only where the caller says that nobody listens.
//
// SASL is RFC 4422; PLAIN RFC 4616, LOGIN draft-murchison-sasl-login, CRAM-MD5
// RFC 2195. Keyrings and OAuth are not here.
package auth

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A Secret is a password or the like. Its zero value is none.
type Secret struct {
	// A pointer, because fmt looks into unexported fields of what holds a
	// Secret without asking Format.
	octets *string
}

// NewSecret wraps the octets of a secret.
//
// Errors: ErrBadSecret if they are empty or hold a line end or NUL, which
// would end a command in the middle and start another.
func NewSecret(s string) (Secret, error) {
	if s == "" || strings.ContainsAny(s, "\r\n\x00") {
		return Secret{}, ErrBadSecret
	}
	return Secret{&s}, nil
}

// Reveal gives the octets. What becomes of them is the caller's business.
func (s Secret) Reveal() string {
	if s.octets == nil {
		return ""
	}
	return *s.octets
}

// IsZero reports whether s is no secret.
func (s Secret) IsZero() bool { return s.octets == nil }

// covered is how a Secret shows itself.
const covered = "(secret)"

// String covers the secret.
func (s Secret) String() string { return covered }

// Format covers the secret, for every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, covered) }

// MarshalText covers the secret, for encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(covered), nil }

// LogValue covers the secret, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(covered) }

// CheckUser reports whether name can be sent as the name of a user.
//
// Errors: ErrBadUser if it is empty or holds a control character, which could
// end a command in the middle and start another.
func CheckUser(name string) error {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return ErrBadUser
	}
	return nil
}

var (
	// ErrNoSecret says that none of the places holds a secret.
	ErrNoSecret = errors.New("no password found")
	// ErrBadSecret says that what was found cannot be a password.
	ErrBadSecret = errors.New("the password is empty, or has a line end in it")
	// ErrBadUser says that a user name holds a control character.
	ErrBadUser = errors.New("the user name is empty, or has a control character in it")
	// ErrExposed says that a file with a secret can be read by other users.
	ErrExposed = errors.New("other users may read it")
	// ErrNoMechanism says that a server offers no way to sign in that is
	// known here and allowed.
	ErrNoMechanism = errors.New("no way to sign in")
)
