package decode

import (
	"strings"
	"testing"
	"time"
)

func TestCalendarText(t *testing.T) {
	invitation := lines("BEGIN:VCALENDAR", "METHOD:REQUEST", "BEGIN:VTIMEZONE", "TZID:Europe/Berlin", "BEGIN:STANDARD", "DTSTART:16010101T030000",
		"END:STANDARD", "END:VTIMEZONE", "BEGIN:VEVENT", "SUMMARY;LANGUAGE=de:Gr\u00fc\u00dfe\\, K\u00f6ln", "DTSTART;TZID=\"Europe/Berlin\":20250304T100000",
		"DTEND;TZID=Europe/Berlin:20250304T113000", "LOCATION:Room 4\\; first floor", "RRULE:FREQ=WEEKLY;COUNT=3",
		"ORGANIZER;CN=\"Ada: the first\":mailto:ada@a.example", "ATTENDEE;PARTSTAT=ACCEPTED;CN=Ben:MAILTO:ben@b.example",
		"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:eve@b.example", "DESCRIPTION:Bring the gree", " n folder.\\nAnd a pen.",
		"BEGIN:VALARM", "DESCRIPTION:Reminder", "END:VALARM", "END:VEVENT", "END:VCALENDAR")
	for _, c := range []struct{ name, in, want string }{
		{"invitation", invitation, "Invitation: Grüße, Köln\nWhen: 2025-03-04 10:00 Europe/Berlin to 2025-03-04 11:30 Europe/Berlin\n" +
			"Repeats: freq weekly, count 3\nWhere: Room 4; first floor\nOrganizer: Ada: the first <ada@a.example>\n" +
			"Attendee: Ben <ben@b.example> (accepted)\nAttendee: eve@b.example\n\nBring the green folder.\nAnd a pen.\n"},
		{"all day, cancelled", lines("BEGIN:VCALENDAR", "METHOD:CANCEL", "BEGIN:VEVENT", "SUMMARY:Party", "DTSTART;VALUE=DATE:20250304", "END:VEVENT"),
			"Event cancelled: Party\nWhen: 2025-03-04\n"},
		{"two entries", lines("BEGIN:VTODO", "SUMMARY:one", "DUE:20250304T101112Z", "END:VTODO", "BEGIN:VJOURNAL", "SUMMARY:two", "END:VJOURNAL"),
			"Task: one\nDue: 2025-03-04 10:11 UTC\n\nNote: two\n"},
		{"cut", lines("BEGIN:VEVENT", "SUMMARY:one"), "Event: one\n"},
		{"a date that is none", lines("BEGIN:VEVENT", "SUMMARY:one", "DTSTART:tomorrow", "END:VEVENT"), "Event: one\nWhen: tomorrow\n"},
		{"no calendar", "hello\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := calendarText(c.in); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestVCardText(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"3.0", lines("BEGIN:VCARD", "VERSION:3.0", "TEL;TYPE=work:+49 221 4711", "item1.EMAIL;TYPE=INTERNET:ada@a.example", "N:Groß;Ada;;Dr.;",
			"FN:Dr. Ada Groß", "ORG:Parcels Ltd.;Folders", "ADR;TYPE=home:;;Ring 5;Köln;;50667;Germany", "PHOTO;ENCODING=b:/9j/4AAQ", " SkZJRg==",
			"NOTE:two\\nlines", "END:VCARD"),
			"Dr. Ada Groß\nParcels Ltd., Folders\nMail: ada@a.example\nTelephone: +49 221 4711\nAddress: Ring 5, Köln, 50667, Germany\nNote: two lines\n"},
		{"two cards, no FN", lines("BEGIN:VCARD", "N:Groß;Ada", "END:VCARD", "BEGIN:VCARD", "N:Ben", "TITLE:Clerk", "END:VCARD"), "Ada Groß\n\nBen\nClerk\n"},
		{"none", "hello\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := vcardText(c.in); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestSourceOfACalendarIsUnchanged(t *testing.T) {
	body := lines("BEGIN:VCALENDAR", "BEGIN:VEVENT", "SUMMARY:Party", "END:VEVENT", "END:VCALENDAR")
	m := decodeBytes(t, []byte("Content-Type: text/calendar; method=PUBLISH\n\n"+body))
	if want := "Event: Party\n"; m.Text != want {
		t.Errorf("got text %q, want %q", m.Text, want)
	}
	if src, err := m.Parts[0].Source(t.Context()); src != body || err != nil {
		t.Errorf("got source %q, %v, want %q", src, err, body)
	}
}

func TestContentLinesTimeGrowsWithTheInput(t *testing.T) {
	for name, s := range map[string]string{
		"folds":       "BEGIN:VEVENT\nSUMMARY:a" + strings.Repeat("\n b", 500_000),
		"soft breaks": "BEGIN:VCARD\nNOTE;ENCODING=QUOTED-PRINTABLE:a" + strings.Repeat("=\nb=", 300_000),
		"parameters":  "BEGIN:VEVENT\nATTENDEE" + strings.Repeat(";A=b", 300_000) + ":x",
		"attendees":   "BEGIN:VEVENT\n" + strings.Repeat("ATTENDEE:mailto:a@a.example\n", 100_000),
		"backslashes": "BEGIN:VCARD\nORG:" + strings.Repeat(`\;`, 500_000),
		"entries":     strings.Repeat("BEGIN:VEVENT\nEND:VEVENT\n", 100_000),
	} {
		begin := time.Now()
		calendarText(s)
		vcardText(s)
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s: %v", name, d)
		}
	}
}

func FuzzContentLines(f *testing.F) {
	f.Add("BEGIN:VEVENT\nDTSTART;TZID=\"a:b\":20250304T100000\nSUMMARY:a\\n\n b\nEND:VEVENT\n")
	f.Add("BEGIN:VCARD\nN;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:=C3=\n=BC;b\nEND:VCARD\n")
	f.Fuzz(func(t *testing.T, s string) {
		if got := calendarText(s); len(got) > 4*len(s)+100 {
			t.Errorf("%d octets of %d", len(got), len(s))
		}
		vcardText(s)
	})
}

func TestArmourIsNamed(t *testing.T) {
	armour := "Version: X 1\n\nhQEMA0\n=abcd\n"
	for _, c := range []struct{ name, in, want string }{
		{"message", "Hello\n-----BEGIN PGP MESSAGE-----\n" + armour + "-----END PGP MESSAGE-----\nBye\n", "Hello\n[PGP message]\nBye\n"},
		{"key", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n" + armour + "-----END PGP PUBLIC KEY BLOCK-----\n", "[PGP public key block]\n"},
		{"cut", "-----BEGIN PGP MESSAGE-----\n" + armour + "and then text\n", "[PGP message]\nand then text\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := decodeBytes(t, []byte("Subject: a\n\n"+c.in))
			if m.Text != c.want {
				t.Errorf("got %q, want %q", m.Text, c.want)
			}
			if len(m.Problems) != 1 || m.Problems[0].Code != PGPArmour || m.Problems[0].Lost {
				t.Errorf("got problems %v, want %s", m.Problems, PGPArmour)
			}
		})
	}
	if m := decodeBytes(t, []byte("Subject: a\n\nI wrote -----BEGIN PGP MESSAGE----- there\n")); len(m.Problems) > 0 {
		t.Errorf("got problems %v, want none", m.Problems)
	}
}

func TestSourceJoinsDelSpLinesOnlyWhereNoBlankIs(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"Japanese", "来週の会議の \n資料です。 \nよろしく。\n", "来週の会議の資料です。よろしく。\n"},
		{"English", "maybe the  \nstudents\n", "maybe the  \nstudents\n"},
		{"Korean has blanks", "회의 \n자료\n", "회의 \n자료\n"},
		{"quoted", "> 会議 \n> 資料\n", "> 会議 \n> 資料\n"},
		{"end", "会議 \n", "会議 \n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := decodeBytes(t, []byte("Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes\n\n"+c.in))
			if got, _ := m.Parts[0].Source(t.Context()); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNameIsAsGivenAndFileNameIsSafe(t *testing.T) {
	m := decodeBytes(t, []byte("Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"../a/=?utf-8?Q?b=0Ac.pdf?=\"\n\nx\n"))
	if p := m.Parts[0]; p.Name != "../a/b c.pdf" || p.FileName != "b c.pdf" {
		t.Errorf("got %q and %q", p.Name, p.FileName)
	}
}

func TestEnclosedMessageThatBeginsWithAnEmptyLineHasNoFields(t *testing.T) {
	m := decodeBytes(t, []byte(lines("Content-Type: multipart/mixed; boundary=x", "", "--x", "Content-Type: message/rfc822", "", "",
		"Subject: inner", "", "text", "--x--")))
	if want := "Subject: inner\n\ntext\n"; m.Text != want {
		t.Errorf("got %q, want %q", m.Text, want)
	}
	if got := m.Parts[2].Header.Has("Subject"); got {
		t.Error("the enclosed message has a Subject field")
	}
}
