package mbox

import (
	"slices"
	"strconv"
	"strings"

	"lostpost/archive"
	"lostpost/archive/role"
	"lostpost/decode/header"
)

// status is what mail programs noted in the header about the message.
type status struct {
	flags  archive.Flags
	traits []string
}

// states reads the fields in which mail programs keep flags and labels.
func states(h header.Header) status {
	var letters, traits []string
	set := func(flag string, on bool) {
		if on {
			letters = append(letters, flag)
		}
	}
	// Status: R read, O old; X-Status: A answered, F flagged, D deleted, T
	// draft (c-client; also Dovecot, mutt, alpine).
	st := strings.Join(h.Values("Status"), "")
	xst := strings.Join(h.Values("X-Status"), "")
	set("S", strings.Contains(st, "R"))
	set("R", strings.Contains(xst, "A"))
	set("F", strings.Contains(xst, "F"))
	set("D", strings.Contains(xst, "T"))
	deleted := strings.Contains(xst, "D") || strings.Contains(st, "D")

	// Thunderbird, nsMsgMessageFlags.
	moz := hexField(h, "X-Mozilla-Status")
	set("S", moz&0x0001 != 0)
	set("R", moz&0x0002 != 0)
	set("F", moz&0x0004 != 0)
	set("P", moz&0x1000 != 0)
	deleted = deleted || moz&0x0008 != 0
	moz2 := hexField(h, "X-Mozilla-Status2")
	deleted = deleted || moz2&0x00200000 != 0
	if moz&0x0800 != 0 {
		traits = append(traits, "queued")
	}
	if moz2&0x01000000 != 0 {
		traits = append(traits, "role:templates")
	}
	for _, v := range h.Values("X-Mozilla-Keys") {
		for _, k := range strings.Fields(v) {
			traits = append(traits, "keyword:"+k)
		}
	}

	// Evolution's old mbox: "uid-flags", both hexadecimal.
	if _, v, ok := strings.Cut(h.Value("X-Evolution"), "-"); ok {
		v, _, _ = strings.Cut(v, "-")
		evo, _ := strconv.ParseUint(strings.TrimSpace(v), 16, 32)
		set("R", evo&0x01 != 0)
		set("D", evo&0x04 != 0)
		set("F", evo&0x08 != 0)
		set("S", evo&0x10 != 0)
		deleted = deleted || evo&0x02 != 0
	}

	if h.Has("X-Gmail-Labels") {
		v, _ := h.Text("X-Gmail-Labels", "utf-8")
		seen := true
		for _, name := range labels(v) {
			traits = append(traits, "label:"+name)
			flag := gmail[strings.ToLower(name)]
			seen = seen && flag != unread
			set("F", flag == starred)
			if role.Of(name) == role.Drafts {
				set("D", true)
				traits = append(traits, "role:drafts")
			}
		}
		set("S", seen)
	}
	if deleted {
		traits = append(traits, "deleted")
	}
	slices.Sort(letters)
	return status{archive.Flags(strings.Join(slices.Compact(letters), "")), traits}
}

// hexField is the value of a field of hexadecimal digits, 0 if there is none.
func hexField(h header.Header, name string) uint64 {
	v, err := strconv.ParseUint(strings.TrimSpace(h.Value(name)), 16, 32)
	if err != nil {
		return 0
	}
	return v
}

// gmail are the labels of Google Takeout that stand for flags, in lower case.
// Takeout writes them in the language of the account. One in a language that is
// missing here stays a label, and the message counts as read. What a label says
// of the place (Drafts, Sent) is known to archive/role.
var gmail = flagLabels(map[string]string{
	unread: "unread|ungelesen|non lus|no leídos|no leídas|da leggere|não lidas|não lidos|ongelezen|nieprzeczytane|olästa|ulæst|ulæste|ulest|uleste|" +
		"lukematon|lukemattomat|nepřečtené|neprečítané|olvasatlan|necitite|непрочитанные|непрочитані|непрочетени|μη αναγνωσμένα|okunmamış|okunmayan|" +
		"未読|읽지않음|읽지 않음|未读|未讀|chưa đọc|belum dibaca|no llegits|nepročitano|neprebrano|neskaityti|nelasīti|lugemata|לא נקרא|غير مقروء|غير مقروءة|خوانده\u200cنشده",
	starred: "starred|markiert|suivis|destacados|speciali|com estrela|met ster|oznaczone gwiazdką|stjärnmärkt|stjernemarkeret|stjernemerket|" +
		"tähdellä merkityt|s hvězdičkou|s hviezdičkou|csillagozott|cu stea|помеченные|із зірочкою|със звезда|με αστέρι|yıldızlı|" +
		"スター付き|별표편지함|별표|已加星标|已加星號|có gắn dấu sao|berbintang|destacats|označeno zvjezdicom|z zvezdico|pažymėti žvaigždute|ar zvaigznīti|tähega|מסומן בכוכב|مميز بنجمة|ستاره\u200cدار",
})

const unread, starred = "unread", "starred"

// flagLabels turns lists of names into a table by name.
func flagLabels(lists map[string]string) map[string]string {
	m := make(map[string]string)
	for flag, names := range lists {
		for name := range strings.SplitSeq(names, "|") {
			m[name] = flag
		}
	}
	return m
}
