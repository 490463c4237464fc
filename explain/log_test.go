package explain

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

// mailLog is written for this test. It holds what makes logs hard: mixed
// messages, a retry, an alias, a queue id that comes again, lines of other
// programs, a cut line.
const mailLog = `Dec 31 23:59:58 mx postfix/smtpd[11]: 3F1A2B: client=pc[198.51.100.7], sasl_method=PLAIN, sasl_username=me
Dec 31 23:59:58 mx dovecot: imap-login: Login: user=<me>
Dec 31 23:59:58 mx postfix/cleanup[12]: 3F1A2B: message-id=<m1@sender.example>
Dec 31 23:59:59 mx postfix/qmgr[13]: 3F1A2B: from=<me@sender.example>, size=2140, nrcpt=2 (queue active)
Jan  1 00:00:01 mx postfix/smtpd[11]: NOQUEUE: reject: RCPT from x[192.0.2.9]: 554 5.7.1 no
Jan  1 00:00:02 mx postfix/smtp[14]: Untrusted TLS connection established to mx.firm.example[192.0.2.7]:25: TLSv1.3
Jan  1 00:00:02 mx postfix/smtp[14]: 3F1A2B: to=<"odd, name"@firm.example>, relay=mx.firm.example[192.0.2.7]:25, conn_use=2, delay=4.5, delays=0.1/3/0.4/1, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 77 (for <x>))
Jan  1 00:00:03 mx postfix/smtp[15]: 3F1A2B: to=<eva@full.example>, orig_to=<team@sender.example>, relay=none, delay=5, delays=0.1/3/2/0, dsn=4.4.1, status=deferred (connect to full.example[192.0.2.8]:25: Connection timed out)
Jan  1 01:00:03 mx postfix/smtp[15]: 3F1A2B: to=<eva@full.example>, orig_to=<team@sender.example>, relay=full.example[192.0.2.8]:25, delay=3605, delays=0.1/3603/1/1, dsn=5.2.2, status=bounced (host full.example[192.0.2.8] said: 552 5.2.2 Mailbox full (in reply to RCPT TO command))
Jan  1 01:00:04 mx postfix/bounce[16]: 3F1A2B: sender non-delivery notification: 4C4C4C
Jan  1 01:00:04 mx postfix/qmgr[13]: 3F1A2B: removed
Jan  1 02:00:00 mx postfix/smtpd[11]: 3F1A2B: client=pc[198.51.100.7]
Jan  1 02:00:00 mx postfix/cleanup[12]: 3F1A2B: message-id=<m2@sender.example>
Jan  1 02:00:00 mx postfix/qmgr[13]: 3F1A2B: from=<>, size=900, nrcpt=1 (queue active)
Jan  1 02:00:01 mx postfix/smtp[14]: 3F1A2B: to=<tom@slow.example>, relay=none, delay=1, delays=0.1/0/1/0, dsn=4.4.1, status=deferred (connect to slow.example[192.0.2.8]:25: Connection refused)
Jan  6 02:00:01 mx postfix/qmgr[13]: 3F1A2B: from=<>, status=expired, returned to sender
Jan  6 02:00:02 mx postfix/smtp[14]: 5D5D5D: to=<cut@firm.example>, relay=mx.firm.example[192.0.2.7]:25, delay=4.5, del`

func logRows(t *testing.T, files ...io.Reader) []string {
	t.Helper()
	now := time.Date(2026, 1, 20, 12, 0, 0, 0, time.UTC)
	var rows []string
	for d, err := range Log(now, files...) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf("%s %s <%s> <%s> %s %s %s %d %v %s %s", d.QueueID, d.MessageID, d.From, d.To, d.Status, d.DSN, d.Delay, d.Size, d.Removed,
			d.First.Format("2006-01-02T15:04:05"), d.Last.Format("2006-01-02T15:04:05")))
	}
	return rows
}

var mailLogRows = []string{
	`3F1A2B m1@sender.example <me@sender.example> <"odd, name"@firm.example> sent 2.0.0 4.5s 2140 true 2025-12-31T23:59:58 2026-01-01T00:00:02`,
	`3F1A2B m1@sender.example <me@sender.example> <eva@full.example> bounced 5.2.2 1h0m5s 2140 true 2025-12-31T23:59:58 2026-01-01T01:00:03`,
	`3F1A2B m2@sender.example <> <tom@slow.example> expired 4.4.1 1s 900 false 2026-01-01T02:00:00 2026-01-06T02:00:01`,
	`5D5D5D  <> <cut@firm.example>   4.5s 0 false 2026-01-06T02:00:02 2026-01-06T02:00:02`,
}

func TestLogTellsOneStoryARecipient(t *testing.T) {
	if got := logRows(t, strings.NewReader(mailLog)); !slices.Equal(got, mailLogRows) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(mailLogRows, "\n"))
	}
}

// TestLogInPieces: a story may begin in one piece and end in another, which may
// be compressed.
func TestLogInPieces(t *testing.T) {
	half := strings.Index(mailLog, "Jan  1 01:00:03")
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	if _, err := io.WriteString(zw, mailLog[:half]); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	if got := logRows(t, &packed, strings.NewReader(mailLog[half:])); !slices.Equal(got, mailLogRows) {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
}

// TestLogSharedQueueID: an id comes again while its older message still waits.
func TestLogSharedQueueID(t *testing.T) {
	to := func(addr, status string) string {
		return "Jan  1 00:00:05 mx postfix/smtp[14]: 3F1A2B: to=<" + addr + ">, relay=none, delay=1, dsn=4.0.0, status=" + status + " (x)\n"
	}
	begin := "Jan  1 00:00:00 mx postfix/smtpd[11]: 3F1A2B: client=pc\nJan  1 00:00:00 mx postfix/qmgr[13]: 3F1A2B: from=<me@a.example>, size=%d, nrcpt=1 (queue active)\n"
	removed := "Jan  1 00:00:06 mx postfix/qmgr[13]: 3F1A2B: removed\n"
	log := fmt.Sprintf(begin, 1) + to("old@b.example", "deferred") + fmt.Sprintf(begin, 2) + to("new@b.example", "sent") + removed + to("old@b.example", "bounced") + removed
	var got []string
	for d := range Log(time.Unix(1.7e9, 0), strings.NewReader(log)) {
		got = append(got, fmt.Sprintf("%s %s %d %v", d.To, d.Status, d.Size, d.Removed))
	}
	if want := []string{"new@b.example sent 2 true", "old@b.example bounced 1 true"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var many strings.Builder
	for i := range 100 {
		many.WriteString(fmt.Sprintf(begin, 1) + to(fmt.Sprintf("u%d@b.example", i), "deferred"))
	}
	n := 0
	for range Log(time.Unix(1.7e9, 0), strings.NewReader(many.String())) {
		n++
	}
	if n != 100 {
		t.Errorf("of 100 messages with one id: got %d", n)
	}
}

func TestLogStampsOfRFC3339(t *testing.T) {
	for _, stamp := range []string{"2026-01-01T00:00:02.123456+01:00", "2026-01-01T00:00:02+0100", "2026-01-01T00:00:02+01:00"} {
		l := stamp + " mx postfix/smtp[14]: 3F1A2B: to=<a@b.example>, relay=none, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (ok)\n"
		for d, err := range Log(time.Now(), strings.NewReader(l)) {
			if want := time.Date(2025, 12, 31, 23, 0, 2, 0, time.UTC); err != nil || !d.Last.Truncate(time.Second).Equal(want) {
				t.Errorf("%s: got %v, %v", stamp, d.Last, err)
			}
		}
	}
}

func TestLogGivesOutcomes(t *testing.T) {
	var got []string
	for d := range Log(time.Date(2026, 1, 20, 0, 0, 0, 0, time.UTC), strings.NewReader(mailLog)) {
		r := d.Outcome()
		got = append(got, r.Address+" "+r.Action+" "+r.Reason)
	}
	want := []string{`"odd, name"@firm.example delivered `, "eva@full.example failed mailboxfull", "tom@slow.example failed networkerror", "cut@firm.example failed "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLogPassesErrorsOn(t *testing.T) {
	broken := errors.New("disk")
	n := 0
	var last error
	for _, err := range Log(time.Now(), io.MultiReader(strings.NewReader(mailLog+"\n"), iotest.ErrReader(broken))) {
		n, last = n+1, err
	}
	if n != len(mailLogRows)+1 || !errors.Is(last, broken) {
		t.Errorf("got %d rows and %v", n, last)
	}
	for range Log(time.Now(), strings.NewReader(mailLog)) {
		break // a reader may stop at any row
	}
}

// TestLogBoundsMemory: messages that never leave the queue are given out when
// there are too many.
func TestLogBoundsMemory(t *testing.T) {
	var log bytes.Buffer
	for i := range maxOpen + 10 {
		fmt.Fprintf(&log, "Jan  1 00:00:02 mx postfix/smtp[14]: %08X: to=<a@b.example>, relay=none, delay=1, dsn=4.4.1, status=deferred (no)\n", i)
	}
	n := 0
	for _, err := range Log(time.Now(), &log) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != maxOpen+10 {
		t.Errorf("got %d rows", n)
	}
}

func FuzzLog(f *testing.F) {
	f.Add([]byte(mailLog))
	f.Add([]byte("2026-01-01T00:00:02Z mx postfix/qmgr[1]: ABCDEF: from=<, status=expired\n2026-01-01T00:00:02Z mx postfix/smtp[1]: ABCDEF: to=<>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows := bytes.Count(b, []byte("to="))
		n := 0
		for _, err := range Log(time.Unix(1.7e9, 0), bytes.NewReader(b)) {
			if err == nil {
				n++
			}
		}
		if n > rows {
			t.Errorf("%d rows of %d lines", n, rows)
		}
	})
}

func BenchmarkLog(b *testing.B) {
	log := []byte(strings.Repeat(mailLog[:strings.LastIndexByte(mailLog, '\n')+1], 1000))
	b.SetBytes(int64(len(log)))
	for b.Loop() {
		for range Log(time.Unix(1.7e9, 0), bytes.NewReader(log)) {
		}
	}
}
