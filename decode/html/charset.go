package html

import (
	"bytes"
	"strings"
)

// charsetWindow is how far Charset looks. Browsers look at 1,024 octets; mail
// has long comments and style sheets before its meta element.
const charsetWindow = 64 << 10

// Charset gives the charset that the first 64 KiB of the document declare, as
// it is written there: the charset or http-equiv attribute of a meta element
// (HTML standard, 13.2.3.2) or an XML declaration. It gives "" if there is
// none. A label that its own declaration refutes, as UTF-16 in octets that read
// as ASCII, is given as "utf-8".
func Charset(src []byte) string {
	if len(src) > charsetWindow {
		src = src[:charsetWindow]
	}
	label := xmlEncoding(src)
	if label == "" {
		label = metaCharset(string(src))
	}
	if len(label) >= 6 && strings.EqualFold(label[:6], "utf-16") {
		return "utf-8"
	}
	return label
}

// xmlEncoding reads <?xml version="1.0" encoding="..."?>.
func xmlEncoding(src []byte) string {
	src = bytes.TrimLeft(src, " \t\r\n\f")
	if !bytes.HasPrefix(src, []byte("<?xml")) {
		return ""
	}
	decl, _, _ := bytes.Cut(src, []byte(">"))
	_, rest, ok := bytes.Cut(decl, []byte("encoding"))
	if !ok {
		return ""
	}
	return labelIn("charset" + string(rest))
}

func metaCharset(src string) string {
	s := scanner{src: src}
	var t token
	for {
		s.next(&t)
		if t.kind == endToken {
			return ""
		}
		if t.kind != openToken || !strings.EqualFold(t.data, "meta") {
			continue
		}
		if label := metaLabel(&s, t.at+len(t.data)); label != "" {
			return label
		}
	}
}

// metaLabel reads the attributes of a meta element at src[i].
func metaLabel(s *scanner, i int) string {
	var content string
	var equiv bool
	for {
		i = skipSpace(s.src, i)
		if i >= len(s.src) || s.src[i] == '>' {
			break
		}
		var key, val string
		key, val, i = s.attr(i)
		switch {
		case strings.EqualFold(key, "charset"):
			if val = strings.Trim(unescape(val), " \t\r\n\f\"'"); val != "" {
				return val
			}
		case strings.EqualFold(key, "content"):
			content = unescape(val)
		case strings.EqualFold(key, "http-equiv"):
			equiv = strings.EqualFold(strings.TrimSpace(val), "content-type")
		}
	}
	if !equiv {
		return ""
	}
	return labelIn(content)
}

// labelIn finds charset=label in the value of a Content-Type field.
func labelIn(s string) string {
	low := strings.ToLower(s)
	if len(low) != len(s) {
		s = low // letters of other scripts: no label has them
	}
	for {
		n := strings.Index(low, "charset")
		if n < 0 {
			return ""
		}
		low, s = low[n+len("charset"):], s[n+len("charset"):]
		s = strings.TrimLeft(s, " \t\r\n\f")
		low = low[len(low)-len(s):]
		if !strings.HasPrefix(s, "=") {
			continue
		}
		s = strings.TrimLeft(s[1:], " \t\r\n\f")
		if s != "" && (s[0] == '"' || s[0] == '\'') {
			label, _, _ := strings.Cut(s[1:], s[:1])
			return strings.TrimSpace(label)
		}
		if n := strings.IndexAny(s, " \t\r\n\f;"); n >= 0 {
			s = s[:n]
		}
		return s
	}
}
