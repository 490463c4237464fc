package auth

import "strings"

// netrcPassword finds the password for user at host in a .netrc file, as
// ftp(1) and curl read it: words, of which "machine", "default", "login",
// "password", "account" and "macdef" mean something. The first entry that fits
// counts; one without a login fits every user. "" if none fits.
func netrcPassword(text, host, user string) string {
	here, login, password := false, "", "" // of the entry being read
	fits := func() bool {
		return here && password != "" && (login == "" || login == user)
	}
	w := words{text: text}
	for {
		word, ok := w.next()
		if !ok {
			break
		}
		if strings.HasPrefix(word, "#") {
			w.skipLine() // only here: a password may begin with it
			continue
		}
		switch word {
		case "machine", "default":
			if fits() {
				return password
			}
			here, login, password = word == "default", "", ""
			if !here {
				name, _ := w.next()
				here = strings.EqualFold(name, host)
			}
		case "login":
			login, _ = w.next()
		case "password":
			password, _ = w.next()
		case "account":
			w.next()
		case "macdef":
			w.skipMacro()
		}
	}
	if fits() {
		return password
	}
	return ""
}

// words divides a .netrc into words. A word in double quotes may hold blanks,
// and a backslash in it makes the next octet plain.
type words struct {
	text string
	pos  int
}

const blanks = " \t\r\n"

func (w *words) next() (string, bool) {
	w.pos = len(w.text) - len(strings.TrimLeft(w.text[w.pos:], blanks))
	if w.pos == len(w.text) {
		return "", false
	}
	if w.text[w.pos] == '"' {
		return w.quoted(), true
	}
	word := w.text[w.pos:]
	if i := strings.IndexAny(word, blanks); i >= 0 {
		word = word[:i]
	}
	w.pos += len(word)
	return word, true
}

func (w *words) quoted() string {
	var b strings.Builder
	for w.pos++; w.pos < len(w.text); w.pos++ {
		switch c := w.text[w.pos]; {
		case c == '"':
			w.pos++
			return b.String()
		case c == '\\' && w.pos+1 < len(w.text):
			w.pos++
			b.WriteByte(w.text[w.pos])
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func (w *words) skipLine() {
	if i := strings.IndexByte(w.text[w.pos:], '\n'); i >= 0 {
		w.pos += i + 1
	} else {
		w.pos = len(w.text)
	}
}

// skipMacro passes over a macro, which ends at an empty line.
func (w *words) skipMacro() {
	for w.pos < len(w.text) {
		start := w.pos
		w.skipLine()
		if strings.Trim(w.text[start:w.pos], blanks) == "" {
			return
		}
	}
}
