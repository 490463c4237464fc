package attach

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test binary the program that reads PDF, when it is asked.
func TestMain(m *testing.M) {
	if os.Getenv("ATTACH_TEST_SERVE") != "" {
		if Serve(os.Stdin, os.Stdout) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// newPool makes a Pool of n processes of the test binary.
func newPool(t testing.TB, n int) *Pool {
	t.Helper()
	p := NewPool(n, func() *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "ATTACH_TEST_SERVE=1")
		return cmd
	})
	t.Cleanup(p.Close)
	return p
}

// circle is a PDF whose table of objects says that the one before it is
// itself: the library reads it for ever.
func circle() []byte {
	b := string(pdfPage("BT (never) Tj ET", helvetica))
	_, table, _ := strings.Cut(b, "startxref\n")
	table, _, _ = strings.Cut(table, "\n")
	return []byte(strings.Replace(b, "/Root", "/Prev "+table+" /Root", 1))
}

func TestPoolKillsWhatTakesTooLong(t *testing.T) {
	p := newPool(t, 1)
	p.limit = 300 * time.Millisecond
	start := time.Now()
	if _, err := p.PDF(context.Background(), circle()); !errors.Is(err, ErrLimit) {
		t.Errorf("got %v, want ErrLimit", err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
	p.limit = pdfTime
	text, err := p.PDF(context.Background(), pdfPage("BT /F1 9 Tf (after it) Tj ET", helvetica))
	if text != "after it\n" || err != nil {
		t.Errorf("the next file: got %q, %v", text, err)
	}
}

func TestPoolOutlivesAProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the system sets no limit that the test could reach")
	}
	// A table of objects that would take 4 GB: more than the process may have.
	bomb := []byte("%PDF-1.5\n1 0 obj\n<< /Type /XRef /Size 100000000 /W [1 1 1] /Length 0 >>\nstream\n\nendstream\nendobj\nstartxref\n9\n%%EOF")
	p := newPool(t, 1)
	if _, err := p.PDF(context.Background(), bomb); !errors.Is(err, errDied) {
		t.Errorf("got %v, want errDied", err)
	}
	if text, err := p.PDF(context.Background(), pdfPage("BT /F1 9 Tf (after it) Tj ET", helvetica)); text != "after it\n" || err != nil {
		t.Errorf("the next file: got %q, %v", text, err)
	}
}

func TestPoolEndsWithTheContext(t *testing.T) {
	p := newPool(t, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if _, err := p.PDF(ctx, circle()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the error of the context", err)
	}
	if _, err := p.PDF(ctx, circle()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("no slot was free: got %v, want the error of the context", err)
	}
}

func TestPoolThatCannotStart(t *testing.T) {
	p := NewPool(1, func() *exec.Cmd { return exec.Command("/nonexistent/reader") })
	defer p.Close()
	for range 2 {
		if _, err := p.PDF(context.Background(), circle()); err == nil {
			t.Error("got no error")
		}
	}
}
