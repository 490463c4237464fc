package wire

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// maxLine is how much of one line of the dialogue the transcript holds, in
// octets.
const maxLine = 400

// hidden stands in place of a secret.
const hidden = "(secret)"

// A transcript writes the dialogue to a log. Only what it is told to gets
// there: a protocol tells it commands and status lines, never message text.
type transcript struct {
	log *slog.Logger

	secret sync.Mutex
	hide   []string
}

// Hide makes secrets unreadable in all later lines of the transcript and in
// what Scrub returns, also in base64.
func (t *transcript) Hide(secrets ...string) {
	t.secret.Lock()
	defer t.secret.Unlock()
	for _, s := range secrets {
		if s == "" {
			continue
		}
		t.hide = append(t.hide, s, base64.StdEncoding.EncodeToString([]byte(s)))
	}
}

// Scrub gives a text of the server in a form that can be shown: without
// secrets and control characters, in valid UTF-8, cut to 400 octets.
func (t *transcript) Scrub(s string) string {
	t.secret.Lock()
	for _, h := range t.hide {
		s = strings.ReplaceAll(s, h, hidden)
	}
	t.secret.Unlock()
	return printable(s)
}

// printable makes a text of a server safe to show.
func printable(s string) string {
	s = strings.TrimRight(s, "\r\n")
	cut := len(s) > maxLine
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return utf8.RuneError
		}
		return r // what is no UTF-8 is utf8.RuneError already
	}, s[:min(len(s), maxLine)])
	if len(s) > maxLine {
		cut, s = true, s[:maxLine]
	}
	if !cut {
		return s
	}
	// The cut may have gone through a character.
	for range utf8.UTFMax {
		r, n := utf8.DecodeLastRuneInString(s)
		if r != utf8.RuneError {
			break
		}
		s = s[:len(s)-n]
	}
	return s + "…"
}

// LogSent notes a line that was sent. What is secret in it must have been
// named to Hide, or left out.
func (t *transcript) LogSent(line string) { t.line("C", line) }

// LogReceived notes a line that came. It must not be message text.
func (t *transcript) LogReceived(line string) { t.line("S", line) }

func (t *transcript) line(who, line string) {
	if t.logs() {
		t.note(who, "line", t.Scrub(line))
	}
}

func (t *transcript) logs() bool {
	return t.log != nil && t.log.Enabled(context.Background(), slog.LevelDebug)
}

func (t *transcript) note(msg string, args ...any) {
	if t.log != nil {
		t.log.Debug(msg, args...)
	}
}
