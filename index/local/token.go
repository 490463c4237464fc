package local

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"lostpost/index"
)

// A token is what a page continues after: date and id of its last row, and what
// it was sorted by if that is neither. It names a place in the order, not a
// number of rows, so it stays right while mail is added. Of the id there are
// the first tokenID octets: 20 characters can still be typed off a screen, and
// of messages of one second no two begin alike.
const (
	tokenDate = 6 // octets
	tokenID   = 8
	tokenKey  = 8
	tokenLen  = 1 + tokenDate + tokenID // the first octet is a check
)

// token is the place of c.
func (c *candidate) token(order index.Sort) string {
	date := binary.BigEndian.AppendUint64(nil, uint64(c.date-noDate))
	b := append(make([]byte, 1, tokenLen+tokenKey), date[len(date)-tokenDate:]...)
	b = append(b, c.id[:tokenID]...)
	if order == index.Relevance || order == index.Largest {
		b = binary.BigEndian.AppendUint64(b, uint64(c.key))
	}
	b[0] = tokenCheck(b[1:], order)
	return base64.RawURLEncoding.EncodeToString(b)
}

// tokenCheck tells tokens from other words, and those of one order from those
// of another.
func tokenCheck(b []byte, order index.Sort) byte {
	return byte(crc32.ChecksumIEEE(b)) + byte(order)
}

// parseToken gives the place of a token: a candidate that stands right behind
// every one whose id begins so.
func parseToken(s string, order index.Sort) (candidate, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	long := order == index.Relevance || order == index.Largest
	if err != nil || len(b) != tokenLen && !long || len(b) != tokenLen+tokenKey && long || b[0] != tokenCheck(b[1:], order) {
		return candidate{}, fmt.Errorf("index: %q is no page of a search in this order", s)
	}
	b = b[1:]
	c := candidate{date: int64(binary.BigEndian.Uint64(append([]byte{0, 0}, b[:tokenDate]...))) + noDate}
	c.id = append(bytes.Clone(b[tokenDate:][:tokenID]), bytes.Repeat([]byte{0xff}, keyLen-tokenID)...)
	switch order {
	case index.Newest:
		c.key = c.date
	case index.Oldest:
		c.key = -c.date
	default:
		c.key = int64(binary.BigEndian.Uint64(b[tokenDate+tokenID:]))
	}
	return c, nil
}
