package term

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Mode says how progress is shown.
type Mode uint8

// The modes of the flag --progress, and of --no-progress.
const (
	Auto  Mode = iota // Bars on a terminal, else Plain
	Bars              // one moving line a job
	Plain             // one line a job every 30 s
	JSON              // the same as {"type":"progress",...}
	None              // nothing; Print still prints
)

// plainEvery is the pause between two lines of one job in the modes Plain and
// JSON: a log of an hour has 120.
const plainEvery = 30 * time.Second

// Progress shows how far jobs are. Its methods and those of its Jobs may be
// called from any goroutine.
type Progress interface {
	// Start begins a job of total octets, -1 if nobody knows. name is
	// sanitized and cut as needed.
	Start(name string, total int64) Job

	// Print writes a line, above the bars if there are any. The text is
	// not sanitized.
	Print(line string)

	// Close removes what moves. Jobs that are not done are forgotten.
	Close()
}

// A Job is one moving line.
type Job interface {
	// Set says how many octets are done.
	Set(done int64)

	// Done ends the job and removes its line.
	Done()
}

// NewProgress shows progress on w, which is standard error.
func NewProgress(w *os.File, mode Mode) Progress {
	if mode == Auto {
		mode = Plain
		if IsTerminal(w) {
			mode = Bars
		}
	}
	if mode == Bars {
		return newBars(w)
	}
	return &lines{w: w, mode: mode, now: time.Now}
}

// lines is Progress without a terminal.
type lines struct {
	w    io.Writer
	mode Mode
	now  func() time.Time
	mu   sync.Mutex
}

func (l *lines) Start(name string, total int64) Job {
	now := l.now()
	return &lineJob{lines: l, account: account{name: SanitizeLine(name), total: total, start: now}, shown: now}
}

func (l *lines) Print(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprintln(l.w, line)
}

func (l *lines) Close() {}

type lineJob struct {
	*lines
	account
	shown time.Time
	ended bool
}

func (j *lineJob) Set(done int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.done = done
	now := j.now()
	if j.ended || j.mode == None || now.Sub(j.shown) < plainEvery {
		return
	}
	j.shown = now
	if j.mode == JSON {
		fmt.Fprintln(j.w, j.json(now))
	} else {
		fmt.Fprintln(j.w, j.name+": "+j.words(now))
	}
}

func (j *lineJob) Done() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.ended = true
}

// An account is what is known of a job.
type account struct {
	name        string
	done, total int64
	start       time.Time
}

// rate is octets per second since the start, 0 for the first half second.
func (a *account) rate(now time.Time) float64 {
	s := now.Sub(a.start).Seconds()
	if s < 0.5 {
		return 0
	}
	return float64(a.done) / s
}

// left is how long the rest takes at this rate; ok is false if that is unknown.
func (a *account) left(now time.Time) (d time.Duration, ok bool) {
	rate := a.rate(now)
	if rate <= 0 || a.total < 0 {
		return 0, false
	}
	s := float64(max(a.total-a.done, 0)) / rate
	if s > 99*3600 {
		return 0, false
	}
	return time.Duration(s * float64(time.Second)), true
}

// words is "2.9 of 3.8 GB  210 MB/s  4 s left", as much of it as is known.
func (a *account) words(now time.Time) string {
	parts := []string{amount(a.done, a.total)}
	if rate := a.rate(now); rate > 0 {
		parts = append(parts, Size(int64(rate))+"/s")
	}
	if d, ok := a.left(now); ok {
		parts = append(parts, duration(d)+" left")
	}
	return strings.Join(parts, "  ")
}

// amount leaves out the first unit if both are the same.
func amount(done, total int64) string {
	have := Size(done)
	if total < 0 {
		return have
	}
	want := Size(total)
	n, unit, _ := strings.Cut(have, " ")
	if done == 0 || strings.HasSuffix(want, " "+unit) {
		have = n
	}
	return have + " of " + want
}

// duration is "4 s", "3 min", "1 h 20 min".
func duration(d time.Duration) string {
	s := int64((d + time.Second - 1) / time.Second)
	switch {
	case s < 90:
		return fmt.Sprintf("%d s", s)
	case s < 90*60:
		return fmt.Sprintf("%d min", (s+59)/60)
	}
	m := (s + 59) / 60
	return fmt.Sprintf("%d h %d min", m/60, m%60)
}

// json leaves out what is unknown, as all JSON of the program does.
func (a *account) json(now time.Time) string {
	v := struct {
		Type  string   `json:"type"`
		Name  string   `json:"name"`
		Done  int64    `json:"done"`
		Total *int64   `json:"total,omitempty"`
		Rate  int64    `json:"octets_per_s,omitempty"`
		Left  *float64 `json:"left_s,omitempty"`
	}{Type: "progress", Name: a.name, Done: a.done, Rate: int64(a.rate(now))}
	if a.total >= 0 {
		v.Total = &a.total
	}
	if d, ok := a.left(now); ok {
		s := d.Round(100 * time.Millisecond).Seconds()
		v.Left = &s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return `{"type":"progress"}`
	}
	return string(b)
}
