package archive

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"lostpost/archive/ledger"
)

// benchMail makes n messages of 17.7 kB on average, as the mail of a real
// archive, with random content that no file system can squeeze.
func benchMail(n int) [][]byte {
	r := rand.NewChaCha8([32]byte{1})
	sizes := rand.New(r)
	out := make([][]byte, n)
	for i := range out {
		b := make([]byte, 2000+sizes.IntN(31400))
		r.Read(b)
		copy(b, fmt.Sprintf("Subject: %d\n\n", i))
		out[i] = b
	}
	return out
}

// BenchmarkCommit stores 5,000 messages (88 MB) durably, and beside it, in the
// same run and alternately, does the same with every file and folder synced one
// by one. "share" is the time of the first in that of the second; at most 0.25
// is the aim. Run it with -benchtime=1x.
func BenchmarkCommit(b *testing.B) {
	mail := benchMail(5000)
	var ours, single time.Duration
	for b.Loop() {
		start := time.Now()
		storeAll(b, filepath.Join(b.TempDir(), "a"), mail)
		ours += time.Since(start)
		start = time.Now()
		syncEach(b, b.TempDir(), mail)
		single += time.Since(start)
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "commit-s")
	b.ReportMetric(single.Seconds()/float64(b.N), "one-by-one-s")
	b.ReportMetric(ours.Seconds()/single.Seconds(), "share")
}

func storeAll(b testing.TB, dir string, mail [][]byte) {
	w := openW(b, dir)
	for i, m := range mail {
		if _, err := w.Add(ctx, Meta{Origin: fmt.Sprintf("file:bench@%d", i), Received: day}, bytes.NewReader(m)); err != nil {
			b.Fatal(err)
		}
	}
	must(b, w.Close())
}

// syncEach is what a careful program without batches does.
func syncEach(b testing.TB, dir string, mail [][]byte) {
	for _, sub := range []string{"tmp", "cur"} {
		must(b, os.Mkdir(filepath.Join(dir, sub), 0o700))
	}
	cur, err := os.Open(filepath.Join(dir, "cur"))
	must(b, err)
	defer cur.Close()
	for _, m := range mail {
		name := fmt.Sprintf("%x", sha256.Sum256(m))
		f, err := os.Create(filepath.Join(dir, "tmp", name))
		must(b, err)
		_, err = f.Write(m)
		must(b, err)
		must(b, f.Sync())
		must(b, f.Close())
		must(b, os.Rename(filepath.Join(dir, "tmp", name), filepath.Join(dir, "cur", name)))
		must(b, cur.Sync())
	}
}

// BenchmarkOpenWriter opens an archive of 1,000,000 ledger lines for writing.
func BenchmarkOpenWriter(b *testing.B) {
	dir := bigLedger(b, 1_000_000)
	for b.Loop() {
		w := openW(b, dir)
		must(b, w.Close())
	}
}

// BenchmarkListNothingNew asks an archive of 500,000 messages what is new, as
// a command that has just started.
func BenchmarkListNothingNew(b *testing.B) {
	dir := bigLedger(b, 500_000)
	a := openR(b, dir)
	st, err := a.Stat(ctx)
	must(b, err)
	must(b, (&Writer{Archive: a}).saveIDs())
	for b.Loop() {
		a, err := Open(dir, Options{})
		must(b, err)
		if got := entries(b, a, st.Seq); len(got) != 0 {
			b.Fatalf("%d entries", len(got))
		}
		must(b, a.Close())
	}
}

// bigLedger makes an archive whose ledger has n messages; their files are not
// there.
func bigLedger(b testing.TB, n int) string {
	dir := filepath.Join(b.TempDir(), "a")
	must(b, openW(b, dir).Close())
	var text []byte
	for i := range n {
		id := sha256.Sum256([]byte(fmt.Sprint(i)))
		text = storedLine(text, day, id, id, 17700, Meta{Origin: fmt.Sprintf("file:mail.mbox@%d", i*17700), Mailbox: "Lists/golang", Received: day})
	}
	text = ledger.Append(text, kindClean, stamp(day))
	f, err := os.OpenFile(filepath.Join(dir, "ledger"), os.O_WRONLY|os.O_APPEND, 0)
	must(b, err)
	_, err = f.Write(text)
	must(b, err)
	must(b, f.Close())
	return dir
}
