package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"lostpost/decode/header"
	"lostpost/drafts"
)

func TestEarlyAnswers(t *testing.T) {
	start := time.Date(2024, 3, 5, 10, 0, 0, 0, time.UTC)
	e := &early{since: start}
	mia := []header.Address{{Name: "Mia", Addr: "mia@fjord.example"}}
	for range 3 { // three versions
		e.add(&drafts.Candidate{Subject: "For my children", To: mia})
	}
	e.add(&drafts.Candidate{})
	if got := e.take(start.Add(time.Second / 2)); got != nil {
		t.Errorf("told before anybody waits: %q", got)
	}
	want := []string{"to Mia: For my children", "(nobody): (no subject)"}
	if got := e.take(start.Add(time.Second)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for i := range 100 {
		e.add(&drafts.Candidate{Subject: string(rune('a' + i))})
	}
	if got := e.take(start.Add(2 * time.Second)); len(got) != maxEarly-2 {
		t.Errorf("%d answers more, want %d in all", len(got), maxEarly)
	}
}

func TestMailPrograms(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		".thunderbird/x1.default/prefs.js", ".thunderbird/Crash Reports/log", "Library/Mail/V10/x", ".local/share/evolution/mail/local/x",
		".local/share/local-mail/inbox/x", "AppData/Roaming/Thunderbird/Profiles/w 2.default/prefs.js", "AppData/Local/Microsoft/Outlook/anna.ost",
		"Mail/inbox/1", ".claws-mail/imapcache/x",
	} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o000); err != nil { // opening it would fail
			t.Fatal(err)
		}
	}
	env := map[string]string{"HOME": dir, "APPDATA": filepath.Join(dir, "AppData", "Roaming"), "LOCALAPPDATA": filepath.Join(dir, "AppData", "Local")}
	a := &app{env: func(name string) string { return env[name] }}
	list := func(searched ...string) []string {
		var out []string
		for _, p := range a.mailPrograms(searched) {
			line := p.program + " " + filepath.ToSlash(p.path[len(dir)+1:])
			if p.unread {
				line += " unread"
			}
			out = append(out, line)
		}
		return out
	}
	want := []string{
		"Thunderbird .thunderbird/x1.default", "Thunderbird AppData/Roaming/Thunderbird/Profiles/w 2.default", "Apple Mail Library/Mail/V10",
		"Evolution .local/share/evolution/mail", "KMail .local/share/local-mail", "Claws Mail .claws-mail/imapcache",
		"Outlook AppData/Local/Microsoft/Outlook/anna.ost unread",
	}
	if got := list(); !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	// What was searched a moment ago is no place to look next.
	if got := list(filepath.Join(dir, ".thunderbird")); !slices.Equal(got, want[1:]) {
		t.Errorf("after .thunderbird: %q", got)
	}
	if got := list(filepath.Join(dir, ".thunderbird", "x1.default", "Mail", "Inbox")); !slices.Equal(got, want) {
		t.Errorf("after one file of it: %q", got)
	}
	if got := list(dir); got != nil {
		t.Errorf("after all of it: %q", got)
	}
	env = nil
	if got := list(); got != nil {
		t.Errorf("without an environment: %q", got)
	}
}

func TestShellQuote(t *testing.T) {
	for in, want := range map[string]string{
		"~/.thunderbird/x1.default": "~/.thunderbird/x1.default",
		"~/Library/My Mail":         "~/'Library/My Mail'",
		"/mnt/it's":                 `'/mnt/it'\''s'`,
		"/mnt/a&b":                  "'/mnt/a&b'",
	} {
		if got := shellQuote(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
