// Command lostpost takes mail out of files and servers, keeps it byte for byte
// in an archive, turns it into readable text and finds anything in it.
//
// Each command has a file of its own: it reads its flags, calls one or two
// functions of the rooms (archive, fetch, decode, index), prints. What all of
// them share: app.go (flags, environment), fail.go (sentences and exit codes),
// output.go (what may go to a terminal), message.go (what an argument names).
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"
)

func main() { os.Exit(realMain()) }

// realMain is main with an exit code, so that tests can run it as a command.
func realMain() int {
	if len(os.Args) == 2 && os.Args[1] == readPDF {
		return servePDF()
	}
	collectLater()
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	sig := make(chan os.Signal, 2)
	signal.Notify(sig, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(sig)
	go func() {
		s, ok := <-sig
		if !ok {
			return
		}
		cancel(stopped{s})
		<-sig // a second one ends at once; the order of durable writes makes that safe
		os.Exit(stopped{s}.code())
	}()
	a := &app{
		in: os.Stdin, out: os.Stdout, err: os.Stderr,
		env: os.Getenv, now: time.Now,
	}
	return a.run(ctx, os.Args[1:])
}

// collectLater lets garbage lie at first. Most commands take some milliseconds
// and megabytes and end; the collector would cost them up to a third of that.
// After a second it works half as often as it usually does.
func collectLater() {
	if os.Getenv("GOGC") != "" {
		return
	}
	usual := debug.SetGCPercent(400)
	time.AfterFunc(time.Second, func() { debug.SetGCPercent(2 * usual) })
}

// stopped is the cause of a context that a signal ended.
type stopped struct{ sig os.Signal }

func (s stopped) Error() string { return "stopped by " + s.sig.String() }

func (s stopped) code() int {
	if n, ok := s.sig.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitFailed
}
