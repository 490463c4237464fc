package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"lostpost/archive"
	"lostpost/index/local"
	"lostpost/internal/term"
)

func (a *app) doctorCommand() *cobra.Command {
	var report bool
	cmd := &cobra.Command{
		Use:     "doctor",
		GroupID: "keep",
		Short:   "Look at the program, the system, the archive and its surroundings",
		Long:    "Doctor prints one line for each thing that it looks at: ok, look (works, but see what it says) or bad, and what to do. It changes nothing and reads no message; lostpost check does that. Exit code 3: there is something to look at. 2: something is bad, 6: it is the archive.",
		Example: "  lostpost doctor\n  lostpost doctor --report > report.txt\n  lostpost doctor --json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.doctor(cmd.Context(), report)
		},
	}
	cmd.Flags().BoolVar(&report, "report", false, "a text fit for an issue: addresses and paths are blotted out")
	return cmd
}

// An exam is what doctor found of one thing.
type exam struct {
	Type   string `json:"type"` // "exam"
	State  string `json:"state"`
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"`
	Todo   string `json:"todo,omitempty"`
}

func good(name, format string, args ...any) exam {
	return exam{"exam", "ok", name, fmt.Sprintf(format, args...), ""}
}

func look(name, todo, format string, args ...any) exam {
	return exam{"exam", "look", name, fmt.Sprintf(format, args...), todo}
}

func bad(name, todo, format string, args ...any) exam {
	return exam{"exam", "bad", name, fmt.Sprintf(format, args...), todo}
}

func (a *app) doctor(ctx context.Context, report bool) error {
	list := []exam{a.examProgram(), a.examSystem(), a.examPath(), a.examConfig()}
	arc, x := a.examArchive(ctx)
	list = append(list, x)
	code := exitOK
	if x.State == "bad" {
		code = exitBroken
	}
	if arc != nil {
		defer arc.Close()
		list = append(list, a.examIndex(ctx, arc), a.examClock(ctx, arc))
	}
	list = append(list, a.examSpace())
	for _, x := range list {
		switch x.State {
		case "look":
			code = worse(code, exitSome)
		case "bad":
			code = worse(code, exitFailed)
		}
		if report {
			x.Detail, x.Todo = a.blot(x.Detail), a.blot(x.Todo)
		}
		if a.json {
			if err := writeJSON(a.buf, x); err != nil {
				return err
			}
			continue
		}
		a.printf("%-4s %-9s %s\n", x.State, x.Name, oneLine(x.Detail))
		if x.Todo != "" {
			a.printf("%14s %s\n", "", oneLine(x.Todo))
		}
	}
	return statusOf(code)
}

func (a *app) examProgram() exam {
	s := fmt.Sprintf("lostpost %s, %s, archive FORMAT %d, index %d", version, runtime.Version(), archiveFormat, indexFormat)
	if c := commit(); c != "" {
		s += ", commit " + clip(c, 12)
	}
	return good("program", "%s", s)
}

func (a *app) examSystem() exam {
	zone, _ := a.now().Zone()
	return good("system", "%s/%s, %s, time zone %s", runtime.GOOS, runtime.GOARCH, count(int64(runtime.NumCPU()), "core"), zone)
}

// examPath compares the program that runs with the one that the shell finds.
func (a *app) examPath() exam {
	self, err := os.Executable()
	if err != nil {
		return look("$PATH", "", "this program does not know where it lies: %v", err)
	}
	found, err := exec.LookPath("lostpost")
	if err != nil {
		return look("$PATH", "Put it into a folder of $PATH, or type its whole path.", "no lostpost in $PATH; this one is %s", a.tilde(self))
	}
	x, err1 := os.Stat(self)
	y, err2 := os.Stat(found)
	if err := errors.Join(err1, err2); err != nil || !os.SameFile(x, y) {
		return look("$PATH", "Remove one of them.", "the shell finds %s, and this one is %s", a.tilde(found), a.tilde(self))
	}
	return good("$PATH", "%s", a.tilde(found))
}

func (a *app) examConfig() exam {
	file := a.configPath()
	_, err := a.config()
	switch {
	case err != nil:
		f := a.explain(context.Background(), err)
		return bad("config", f.todo, "%s", f.msg)
	case !exists(file):
		return good("config", "none at %s; nothing needs one", a.tilde(file))
	}
	return good("config", "%s", a.tilde(file))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// examArchive opens the archive and looks whether it could be written.
func (a *app) examArchive(ctx context.Context) (*archive.Archive, exam) {
	dir := a.dir()
	arc, err := archive.Open(dir, archive.Options{Log: a.log()})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, look("archive", "Make one by putting mail in it: lostpost import PATH", "none at %s", a.tilde(dir))
	}
	if err != nil {
		f := a.explain(ctx, err)
		return nil, bad("archive", f.todo, "%s", f.msg)
	}
	st, err := arc.Stat(ctx)
	if err != nil {
		f := a.explain(ctx, err)
		return arc, bad("archive", f.todo, "%s", f.msg)
	}
	what := fmt.Sprintf("%s, %s in %s", a.tilde(dir), count(st.Messages, "message"), term.Size(st.Bytes))
	// Opening the lock file for writing needs the rights that a writer needs, and changes nothing.
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_WRONLY, 0)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return arc, look("archive", "Check the rights of that folder.", "%s; it can be read, not written: %v", what, err)
	}
	if err == nil {
		if err := f.Close(); err != nil {
			return arc, look("archive", "Check the disk.", "%s; %v", what, err)
		}
	}
	return arc, good("archive", "%s", what)
}

// examIndex compares the cursor of the index with the end of the ledger.
func (a *app) examIndex(ctx context.Context, arc *archive.Archive) exam {
	ix, err := local.OpenReader(a.indexDir(), local.Options{Log: a.log()})
	if errors.Is(err, fs.ErrNotExist) {
		return look("index", "Make it: lostpost index", "none yet; search does not work without it")
	}
	if err != nil {
		return bad("index", "Make it anew: lostpost index --rebuild", "%v", err)
	}
	defer ix.Close()
	seq, err := ix.Cursor(ctx, arc.Identity())
	if err != nil {
		return bad("index", "Make it anew: lostpost index --rebuild", "%v", err)
	}
	st, err := arc.Stat(ctx)
	if err != nil {
		return bad("index", "See: lostpost check", "%v", err)
	}
	all, err := ix.Search(ctx, everything)
	if err != nil {
		return bad("index", "Make it anew: lostpost index --rebuild", "%v", err)
	}
	if seq < st.Seq {
		return look("index", "Bring it up to date: lostpost index", "%s of %s", term.Number(all.Total), count(st.Messages, "message"))
	}
	return good("index", "complete, %s", count(all.Total, "message"))
}

// examClock looks for a clock that went back: mail is dated by it, and so are
// certificates.
func (a *app) examClock(ctx context.Context, arc *archive.Archive) exam {
	now := a.now()
	var last time.Time
	for x, err := range arc.Accounts(ctx) {
		if err != nil {
			return bad("clock", "See: lostpost check", "%v", err)
		}
		last = x.Time
	}
	switch {
	case now.Year() < 2024:
		return bad("clock", "Set the clock: certificates of servers are refused until then.", "it says %s", now.Format(time.DateTime))
	case last.After(now.Add(time.Minute)):
		return look("clock", "Set the clock.", "it says %s, and the last run was at %s", now.Format(time.DateTime), last.Local().Format(time.DateTime))
	}
	return good("clock", "%s", now.Format("2006-01-02 15:04:05 -0700"))
}

// examSpace looks at the room where the archive is or would be.
func (a *app) examSpace() exam {
	dir := a.dir()
	for !exists(dir) && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
	}
	free, err := freeSpace(dir)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return good("space", "not known on %s", runtime.GOOS)
	case err != nil:
		return look("space", "", "not known: %v", err)
	case free < 100e6:
		return bad("space", "Make room: nothing can be stored soon.", "%s free for the archive", term.Size(free))
	case free < 1e9:
		return look("space", "Make room before the next large import.", "%s free for the archive", term.Size(free))
	}
	return good("space", "%s free for the archive", term.Size(free))
}

var (
	addressForm = regexp.MustCompile(`[^\s<>@:/"']+@[^\s<>@:/"',]+`)
	pathForm    = regexp.MustCompile(`(~|\b[A-Za-z]:)?[/\\][^\s,;:"'()]+`)
)

// blot hides what says who and where: addresses, and all of a path but the
// kind of thing that it is.
func (a *app) blot(s string) string {
	// Whole known paths first: they may hold blanks.
	for _, p := range []struct{ path, name string }{
		{a.dir(), "ARCHIVE"}, {a.configPath(), "CONFIG"}, {a.env("HOME"), "HOME"},
	} {
		if len(p.path) > 1 {
			s = strings.ReplaceAll(s, a.tilde(p.path), p.name)
			s = strings.ReplaceAll(s, p.path, p.name)
		}
	}
	s = addressForm.ReplaceAllString(s, "ADDRESS")
	words := strings.Split(s, " ")
	for i, w := range words {
		if strings.HasPrefix(w, "linux/") || strings.HasPrefix(w, "darwin/") || strings.HasPrefix(w, "windows/") || strings.HasPrefix(w, "freebsd/") {
			continue // system/architecture is no path
		}
		words[i] = pathForm.ReplaceAllString(w, "PATH")
	}
	return strings.Join(words, " ")
}
