package header

import (
	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"
)

// goMedia reads a well-formed media type with go-message. ok is false if that
// refuses it.
func goMedia(s string) (t string, params map[string]string, ok bool) {
	defer guard(&ok)
	var h message.Header
	h.Set("Content-Type", s)
	t, params, err := h.ContentType()
	return t, params, err == nil
}

// goAddresses reads a well-formed list of addresses with go-message.
func goAddresses(s string) (list []*mail.Address, ok bool) {
	defer guard(&ok)
	list, err := mail.ParseAddressList(s)
	return list, err == nil
}

// guard makes a panic of go-message a refusal: then our own reader has the
// value.
func guard(ok *bool) {
	if recover() != nil {
		*ok = false
	}
}
