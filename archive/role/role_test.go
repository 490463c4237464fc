package role

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func TestOf(t *testing.T) {
	for _, tt := range []struct {
		name string
		want Role
	}{
		{"Drafts", Drafts},
		{"DRAFTS", Drafts},
		{"draft", Drafts},
		{"postponed-msgs", Drafts},
		{"Entwürfe", Drafts},
		{norm.NFD.String("Entwürfe"), Drafts},
		{"Entw&APw-rfe", Drafts},
		{"Entw%C3%BCrfe", Drafts},
		{"&BCcENQRABD0EPgQyBDgEOgQ4-", Drafts},
		{"[Gmail]/Brouillons", Drafts},
		{"[Google Mail]/Bozze", Drafts},
		{"INBOX.Drafts", Drafts},
		{"Drafts (jadwiga)", Drafts},
		{"Piszkozatok", Drafts},
		{"下書き", Drafts},
		{"پیش\u200cنویس\u200cها", Drafts},
		{"پیشنویسها", Drafts},
		{"Luonnokset", Drafts},
		{"ｄｒａｆｔｓ", Drafts},
		{"  Sent   Items ", Sent},
		{"sent-mail", Sent},
		{"Éléments envoyés", Sent},
		{"GÖNDERİLMİŞ ÖĞELER", Sent},
		{"Gesendete Elemente", Sent},
		{"Unsent%20Messages", Outbox},
		{"Unsent Messages", Outbox},
		{"Boîte d’envoi", Outbox},
		{"Out", Out},
		{"Deleted Messages", Trash},
		{"lixo", Trash},
		{"Junk Email", Junk},
		{"Templates", Templates},
		{"Posteingang", Inbox},
		{"INBOX", Inbox},
		{"Archives", Archive},

		{"", None},
		{"Drafts of the novel", None},
		{"Entwürfe/2019", None},
		{"My list of drafts", None},
		{"Overdrafts", None},
		{"Presented", None},
		{"(Drafts)", None},
		{"Entw&APw", None},
		{"R&D", None},
		{"50% off", None},
		{"Work", None},
		{strings.Repeat("Drafts ", 100), None},
	} {
		if got := Of(tt.name); got != tt.want {
			t.Errorf("Of(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestTable holds the table to its form: known roles, no empty name, and no
// name that is both drafts and sent, for that would call sent mail a draft.
func TestTable(t *testing.T) {
	known := map[Role]bool{Inbox: true, Drafts: true, Sent: true, Trash: true, Junk: true, Outbox: true, Out: true, Templates: true, Archive: true}
	roles := map[string]Role{}
	languages := map[Role]int{}
	for line := range strings.Lines(namesTSV) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(fields) != 3 || !known[Role(fields[0])] {
			t.Errorf("bad line %q", line)
			continue
		}
		languages[Role(fields[0])]++
		for _, name := range strings.Split(fields[2], " | ") {
			key := normal(name)
			if key == "" {
				t.Errorf("empty name in %q", line)
			}
			was := roles[key]
			if was == Drafts && Role(fields[0]) == Sent {
				t.Errorf("%q is drafts and sent", name)
			}
			if was == None {
				roles[key] = Role(fields[0])
			}
		}
	}
	for _, r := range []Role{Drafts, Sent} {
		if languages[r] < 35 {
			t.Errorf("%s has names in %d languages, want 35 or more", r, languages[r])
		}
	}
}

// measured are the languages that the table is meant to have whole; of these
// nearly all names must be known.
var measured = strings.Fields("de_DE fr_FR es_ES it_IT pt_BR pt_PT nl_NL sv_SE da_DK nb_NO fi_FI pl_PL cs_CZ sk_SK hu_HU ro_RO bg_BG ru_RU uk_UA " +
	"el_GR tr_TR he_IL ar ja_JP ko_KR zh_CN zh_TW vi_VN id_ID ca_ES hr_HR sl_SI lt_LT lv_LV et_EE fa_IR en_US en_GB")

// TestCoverage compares with the names of folder-names.tsv where the corpora
// lie beside the checkout: no name of drafts may be one of sent here, or the
// other way round.
func TestCoverage(t *testing.T) {
	shared := os.Getenv("LOSTPOST_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	f, err := os.Open(filepath.Join(shared, "corpora", "recover", "folder-names.tsv"))
	if err != nil {
		t.Skip("no corpora beside this checkout")
	}
	defer f.Close()
	type count struct{ known, all, main, mainAll int }
	counts := map[Role]count{}
	seen := map[string]bool{}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		fields := strings.Split(sc.Text(), "\t")
		if fields[0] == "role" || len(fields) < 3 || seen[fields[0]+normal(fields[2])] {
			continue
		}
		want, got := Role(fields[0]), Of(fields[2])
		seen[fields[0]+normal(fields[2])] = true
		if want == Drafts && got == Sent || want == Sent && got == Drafts {
			t.Errorf("%q (%s) is %s there and %s here", fields[2], fields[1], want, got)
		}
		c := counts[want]
		c.all++
		if got == want {
			c.known++
		}
		if slices.Contains(measured, fields[1]) {
			c.mainAll++
			if got == want {
				c.main++
			} else {
				t.Logf("not known: %s %s %s", fields[0], fields[1], fields[2])
			}
		}
		counts[want] = c
	}
	for r, c := range counts {
		t.Logf("%s: %d of %d names known, of the languages it is meant for %d of %d", r, c.known, c.all, c.main, c.mainAll)
		if (r == Drafts || r == Sent) && c.main < c.mainAll {
			t.Errorf("%s: %d of %d names known", r, c.main, c.mainAll)
		}
	}
}

func FuzzOf(f *testing.F) {
	for _, s := range []string{"Drafts", "Entw&APw-rfe", "&", "&-", "&AP-", "%zz", "[Gmail]/x", " (", "a (b)", "İ\u0307"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, b := Of(s), Of(" "+s+" "); a != b && len(s) < maxName-2 {
			t.Errorf("Of(%q) = %q, with spaces around it %q", s, a, b)
		}
	})
}
