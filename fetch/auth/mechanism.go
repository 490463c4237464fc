package auth

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
)

// A Channel says who can read what is sent.
type Channel uint8

// Open may be read by anybody on the way; Private is encrypted, or does not
// leave this machine.
const (
	Open Channel = iota
	Private
)

// Mechanism chooses how to sign in, from the names of the SASL mechanisms that
// a server offers, in any case and order. On a Private channel it prefers what
// is most often done right: PLAIN, then LOGIN, then CRAM-MD5. On an Open one
// CRAM-MD5 comes first, because it does not show the password.
//
// Errors: ErrNoMechanism, with the names that were offered.
func Mechanism(offered []string, ch Channel, user string, s Secret) (sasl.Client, error) {
	has := map[string]bool{}
	for _, o := range offered {
		has[strings.ToUpper(o)] = true
	}
	order := []string{sasl.Plain, sasl.Login, cramMD5}
	if ch == Open {
		order = []string{cramMD5, sasl.Plain, sasl.Login}
	}
	for _, name := range order {
		if !has[name] {
			continue
		}
		switch name {
		case sasl.Plain:
			return sasl.NewPlainClient("", user, s.Reveal()), nil
		case sasl.Login:
			return &loginClient{user: user, secret: s}, nil
		default:
			return &cramClient{user: user, secret: s}, nil
		}
	}
	return nil, fmt.Errorf("%w: the server offers %s, known here are %s", ErrNoMechanism,
		listed(offered), strings.Join(order, ", "))
}

func listed(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}

// A loginClient answers the two questions of LOGIN.
//
// QUIRK: the draft has the prompts "Username:" and "Password:", and go-sasl's
// client sends the name at once and insists on "Password:". Servers ask in
// other words and do not all take an initial answer, so the first question is
// answered with the name and the second with the password, whatever they say.
// Test: TestLoginAnswersInOrder.
type loginClient struct {
	user   string
	secret Secret
	asked  int
}

func (c *loginClient) Start() (mech string, ir []byte, err error) {
	c.asked = 0
	return sasl.Login, nil, nil
}

func (c *loginClient) Next([]byte) ([]byte, error) {
	c.asked++
	switch c.asked {
	case 1:
		return []byte(c.user), nil
	case 2:
		return []byte(c.secret.Reveal()), nil
	}
	return nil, sasl.ErrUnexpectedServerChallenge
}

const cramMD5 = "CRAM-MD5"

// A cramClient is CRAM-MD5 (RFC 2195): the name and an HMAC of the challenge.
type cramClient struct {
	user   string
	secret Secret
	done   bool
}

func (c *cramClient) Start() (mech string, ir []byte, err error) {
	c.done = false
	return cramMD5, nil, nil
}

func (c *cramClient) Next(challenge []byte) ([]byte, error) {
	if c.done {
		return nil, sasl.ErrUnexpectedServerChallenge
	}
	c.done = true
	mac := hmac.New(md5.New, []byte(c.secret.Reveal()))
	mac.Write(challenge)
	return []byte(c.user + " " + hex.EncodeToString(mac.Sum(nil))), nil
}
