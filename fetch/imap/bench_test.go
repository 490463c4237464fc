package imap

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lostpost/archive"
	"lostpost/fetch"
)

// million writes an archive whose ledger says that it has n messages of a
// mailbox, without the messages: a run in which nothing changed reads none.
func million(b *testing.B, acc Account, n int) string {
	b.Helper()
	dir := b.TempDir()
	w, err := archive.OpenWriter(b.Context(), dir, archive.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "ledger"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriterSize(f, 1<<20)
	const now = "2026-01-02T03:04:05Z"
	place := strings.ReplaceAll(acc.place(), "%", "%25")
	for i := range n {
		id := fmt.Sprintf("%x", sha256.Sum256([]byte{byte(i), byte(i >> 8), byte(i >> 16)}))
		origin := fmt.Sprintf("%sINBOX;uidvalidity=7/;uid=%d", place, i+1)
		ledgerLine(out, "A", now, id, "-", "4096", now, "S", "", "", origin)
	}
	m := mark{"INBOX": {7, uint32(n + 1), uint32(n), 99, today()}}
	ledgerLine(out, "M", now, place, m.String())
	ledgerLine(out, "Z", now)
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return dir
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// ledgerLine writes a line as docs/FORMAT.md has it. An error of w comes again
// with its Flush.
func ledgerLine(w *bufio.Writer, fields ...string) {
	line := strings.Join(fields, "\t")
	fmt.Fprintf(w, "%s\t%08x\n", line, crc32.Checksum([]byte(line), castagnoli))
}

// peak gives the most memory that this process has had, in MB; 0 where the
// system does not tell.
func peak() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	var kb float64
	fmt.Sscan(text, &kb)
	return kb / 1024
}

// BenchmarkNothingChanged opens an archive of a million messages and asks a
// server on which nothing has changed.
func BenchmarkNothingChanged(b *testing.B) {
	const n = 1_000_000
	f := newFake(b, 0)
	f.caps += " LIST-STATUS CONDSTORE"
	f.list = func(c *fakeConn, tag string) bool {
		c.say("* LIST () \"/\" INBOX\r\n* STATUS INBOX (MESSAGES %d UIDNEXT %d UIDVALIDITY 7 HIGHESTMODSEQ 99)\r\n%s OK\r\n", n, n+1, tag)
		return true
	}
	dir := million(b, f.acc, n)
	b.ResetTimer()
	for b.Loop() {
		start := time.Now()
		w, err := archive.OpenWriter(b.Context(), dir, archive.Options{})
		if err != nil {
			b.Fatal(err)
		}
		src, err := New(b.Context(), f.acc, fetch.Options{})
		if err != nil {
			b.Fatal(err)
		}
		rep, err := fetch.Run(b.Context(), src, w, fetch.Options{})
		if err != nil || rep.Known != n || rep.Seen != 0 {
			b.Fatalf("%+v, %v", rep, err)
		}
		c := src.(*source).c.conn
		b.ReportMetric(float64(c.Received()), "octets-down")
		b.ReportMetric(float64(c.Sent()), "octets-up")
		if err := src.Close(); err != nil {
			b.Fatal(err)
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(time.Since(start).Seconds(), "s/run")
	}
	b.ReportMetric(peak(), "MB-peak")
}
