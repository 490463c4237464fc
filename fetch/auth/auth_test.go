package auth

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

const password = "open sesame; $HOME"

func TestSecretShowsItselfToNobody(t *testing.T) {
	s, err := NewSecret(password)
	if err != nil || s.Reveal() != password {
		t.Fatalf("%q, %v", s.Reveal(), err)
	}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n", s)
		fmt.Fprintf(&b, verb+"\n", struct{ S Secret }{s})
		fmt.Fprintf(&b, verb+"\n", &s)
		fmt.Fprintf(&b, verb+"\n", struct{ s Secret }{s})
	}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "secret", s, "in", struct{ S Secret }{s})
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "secret", s, "in", struct{ S Secret }{s})
	json.NewEncoder(&b).Encode(map[string]any{"s": s, "p": &s})
	for _, bad := range []string{"sesame", fmt.Sprintf("%x", "sesame")} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("shown: %s", b.String())
		}
	}
}

func TestNewSecret(t *testing.T) {
	for _, bad := range []string{"", "a\nb", "a\r", "a\x00b"} {
		if _, err := NewSecret(bad); !errors.Is(err, ErrBadSecret) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if s, err := NewSecret(" blanks stay "); err != nil || s.Reveal() != " blanks stay " || s.IsZero() || !(Secret{}).IsZero() {
		t.Errorf("%q, %v", s.Reveal(), err)
	}
}

func TestCheckUser(t *testing.T) {
	for name, ok := range map[string]bool{"anna@made.example": true, "Jürgen Groß": true, "": false, "a\r\nDELE 1": false, "a\x00b": false, "a\x7f": false} {
		if err := CheckUser(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func write(t *testing.T, mode fs.FileMode, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLookup(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the commands are for a shell of Unix")
	}
	file := write(t, 0o600, password+"\r\nsecond line\n")
	open := write(t, 0o640, password)
	dir := filepath.Dir(write(t, 0o400, password))
	netrc := write(t, 0o600, "machine other.example login anna password wrong\nmachine pop.made.example login anna password \""+password+"\"\n")
	ask := func(context.Context, string) (string, error) { return password, nil }
	for _, tt := range []struct {
		name string
		l    Lookup
		from string
		err  string
	}{
		{"command", Lookup{Command: "echo 'open sesame; $HOME'; echo more", File: file}, "the password command", ""},
		{"command that prints no line end", Lookup{Command: "printf '%s' 'open sesame; $HOME'"}, "the password command", ""},
		{"command that fails", Lookup{Command: "echo 'open sesame'; exit 3", File: file}, "", "the password command: exit status 3"},
		{"command that prints nothing", Lookup{Command: "true"}, "", "the password is empty"},
		{"command that hangs", Lookup{Command: "sleep 10", CommandTime: 50 * time.Millisecond}, "", "not done after 50ms"},
		{"command that leaves a child behind", Lookup{Command: "echo 'open sesame; $HOME'; sleep 5 &"}, "the password command", ""},
		{"command that prints without end", Lookup{Command: "yes 'open sesame; $HOME' | head -n 100000"}, "the password command", ""},
		{"file", Lookup{File: file, Prompt: ask}, "the password file", ""},
		{"file that others may read", Lookup{File: open}, "", "has mode 0640: other users may read it"},
		{"file that is not there", Lookup{File: file + "x", Prompt: ask}, "", "no such file"},
		{"credential", Lookup{CredentialDir: dir, Credential: "secret", Netrc: netrc}, "a systemd credential", ""},
		{"credential outside of its folder", Lookup{CredentialDir: dir, Credential: "../x"}, "", "no password found"},
		{"credential that is not there", Lookup{CredentialDir: dir, Credential: "none", Prompt: ask}, "the terminal", ""},
		{"netrc", Lookup{Netrc: netrc, Prompt: ask}, ".netrc", ""},
		{"netrc that is not there", Lookup{Netrc: netrc + "x", Prompt: ask}, "the terminal", ""},
		{"netrc of others", Lookup{Netrc: open}, "", "other users may read it"},
		{"prompt", Lookup{Prompt: ask}, "the terminal", ""},
		{"nothing", Lookup{}, "", "anna at pop.made.example: no password found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.l.Host, tt.l.User = "pop.made.example", "anna"
			start := time.Now()
			s, from, err := tt.l.Secret(t.Context())
			if d := time.Since(start); d > 4*time.Second {
				t.Errorf("it took %v", d)
			}
			if tt.err == "" {
				if err != nil || s.Reveal() != password || from != tt.from {
					t.Errorf("got %q from %q, %v", s.Reveal(), from, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %v, want %q", err, tt.err)
			}
		})
	}
}

func TestCommandEndsWithItsContext(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the command is for a shell of Unix")
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, _, err := (Lookup{Command: "sleep 10"}).Secret(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestPromptIsAskedAQuestion(t *testing.T) {
	l := Lookup{Host: "pop.made.example", User: "anna", Prompt: func(_ context.Context, q string) (string, error) {
		if q != "Password for anna at pop.made.example: " {
			t.Errorf("asked %q", q)
		}
		return "", errors.New("nobody there")
	}}
	if _, _, err := l.Secret(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody there") {
		t.Error(err)
	}
}

func TestNetrc(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"one line", "machine pop.made.example login anna password one", "one"},
		{"many lines", "machine pop.made.example\n\tlogin anna\n\tpassword one\n", "one"},
		{"another user first", "machine pop.made.example login ben password no machine pop.made.example login anna password one", "one"},
		{"host in another case", "machine POP.made.EXAMPLE login anna password one", "one"},
		{"without a login", "machine pop.made.example password one", "one"},
		{"password before login", "machine pop.made.example password one login anna", "one"},
		{"default", "machine other.example login anna password no\ndefault login anna password one", "one"},
		{"default of another user", "default login ben password no", ""},
		{"comment", "# machine pop.made.example password no\n#\nmachine pop.made.example password one", "one"},
		{"password with a hash", "machine pop.made.example password #one", "#one"},
		{"quotes", `machine pop.made.example password "o \"n\\e"`, `o "n\e`},
		{"account", "machine pop.made.example account password password one", "one"},
		{"macro", "machine other.example password no\nmacdef init\nmachine pop.made.example password no\n\nmachine pop.made.example password one", "one"},
		{"password that is a keyword", "machine pop.made.example password machine login anna", "machine"},
		{"none", "", ""},
		{"cut off", "machine pop.made.example password", ""},
		{"no end of quotes", `machine pop.made.example password "one`, "one"},
	} {
		if got := netrcPassword(tt.text, "pop.made.example", "anna"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine a login b password \"c\\")
	f.Add("macdef x\n\n#\ndefault")
	f.Fuzz(func(t *testing.T, text string) {
		if p := netrcPassword(text, "a", "b"); len(p) > len(text) {
			t.Errorf("longer than the file: %q", p)
		}
	})
}

func TestMechanism(t *testing.T) {
	secret, _ := NewSecret("tanstaaftanstaaf")
	for _, tt := range []struct {
		offered []string
		ch      Channel
		want    string
	}{
		{[]string{"CRAM-MD5", "login", "plain"}, Private, "PLAIN"},
		{[]string{"CRAM-MD5", "Login"}, Private, "LOGIN"},
		{[]string{"cram-md5", "GSSAPI"}, Private, "CRAM-MD5"},
		{[]string{"PLAIN", "CRAM-MD5"}, Open, "CRAM-MD5"},
		{[]string{"PLAIN", "LOGIN"}, Open, "PLAIN"},
	} {
		c, err := Mechanism(tt.offered, tt.ch, "tim", secret)
		if err != nil {
			t.Errorf("%v: %v", tt.offered, err)
			continue
		}
		if mech, _, err := c.Start(); mech != tt.want || err != nil {
			t.Errorf("%v: got %s, %v, want %s", tt.offered, mech, err, tt.want)
		}
	}
	for offered, want := range map[string]string{"": "offers nothing", "GSSAPI NTLM": "offers GSSAPI, NTLM"} {
		if _, err := Mechanism(strings.Fields(offered), Private, "tim", secret); !errors.Is(err, ErrNoMechanism) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", offered, err)
		}
	}
}

// TestCRAMMD5 has the example of RFC 2195 section 2.
func TestCRAMMD5(t *testing.T) {
	secret, _ := NewSecret("tanstaaftanstaaf")
	c, err := Mechanism([]string{"CRAM-MD5"}, Open, "tim", secret)
	if err != nil {
		t.Fatal(err)
	}
	if _, ir, _ := c.Start(); ir != nil {
		t.Errorf("initial response %q", ir)
	}
	got, err := c.Next([]byte("<1896.697170952@postoffice.reston.mci.net>"))
	if want := "tim b913a602c7eda7a495b4e6e7334d3890"; string(got) != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := c.Next(nil); err == nil {
		t.Error("a second challenge is answered")
	}
}

func TestLoginAnswersInOrder(t *testing.T) {
	secret, _ := NewSecret("sesame")
	c, err := Mechanism([]string{"LOGIN"}, Private, "tim", secret)
	if err != nil {
		t.Fatal(err)
	}
	c.Start()
	for _, tt := range []struct{ asked, want string }{{"Benutzer?", "tim"}, {"", "sesame"}} {
		if got, err := c.Next([]byte(tt.asked)); string(got) != tt.want || err != nil {
			t.Errorf("%q: got %q, %v", tt.asked, got, err)
		}
	}
	if _, err := c.Next([]byte("Password:")); err == nil {
		t.Error("a third question is answered")
	}
}
