package term

import (
	"io"
	"os"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// refresh is how often bars are drawn.
const refresh = 150 * time.Millisecond

// nameColumns is how much of a line the name of a job may take.
const nameColumns = 24

// bars is Progress on a terminal.
type bars struct {
	w  io.Writer
	p  *mpb.Progress
	mu sync.Mutex
	on []*mpb.Bar // every bar that was made
}

func newBars(w *os.File) *bars {
	return &bars{w: w, p: mpb.New(mpb.WithOutput(w), mpb.WithRefreshRate(refresh), mpb.WithAutoRefresh())}
}

func (b *bars) Start(name string, total int64) Job {
	j := &barJob{account: account{name: Truncate(SanitizeLine(name), nameColumns), total: total, start: time.Now()}}
	style := mpb.NopStyle()
	if total > 0 {
		style = mpb.BarStyle().Lbound("").Rbound("").Filler("█").Tip("█").Padding("░")
	}
	// mpb puts a space on each side of the bar.
	j.bar = b.p.New(max(total, 0), style,
		mpb.BarWidth(16),
		mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(j.name+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + j.now() })),
	)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.on = append(b.on, j.bar)
	return j
}

func (b *bars) Print(line string) {
	if _, err := io.WriteString(b.p, line+"\n"); err != nil {
		io.WriteString(b.w, line+"\n") // after Close nothing is drawn over it
	}
}

// Close waits for the last drawing, which removes the bars. Shutdown alone would
// leave the one before it on the screen.
func (b *bars) Close() {
	b.mu.Lock()
	for _, bar := range b.on {
		bar.Abort(true)
	}
	b.mu.Unlock()
	b.p.Wait()
}

type barJob struct {
	bar *mpb.Bar
	mu  sync.Mutex
	account
}

func (j *barJob) Set(done int64) {
	j.mu.Lock()
	j.done = done
	j.mu.Unlock()
	// A bar that reaches its total is finished for ever; Done decides that.
	if j.total > 0 {
		j.bar.SetCurrent(min(done, j.total-1))
	}
}

func (j *barJob) Done() { j.bar.Abort(true) }

func (j *barJob) now() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.words(time.Now())
}
