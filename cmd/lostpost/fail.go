package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"lostpost/archive"
	"lostpost/decode"
	"lostpost/fetch"
	"lostpost/index/query"
)

// Exit codes. They are a promise: docs and `help exit-codes` list them.
const (
	exitOK     = 0
	exitNone   = 1 // done, and the answer is "none"
	exitFailed = 2 // not done
	exitSome   = 3 // done, but some items are reported
	exitSignIn = 4 // sign-in needed or refused
	exitLater  = 5 // try again later
	exitBroken = 6 // the archive is missing, damaged, or of a newer FORMAT
)

// rank orders the exit codes when several apply: 6, 2, 4, 5, 3, 1, 0.
var rank = map[int]int{exitBroken: 6, exitFailed: 5, exitSignIn: 4, exitLater: 3, exitSome: 2, exitNone: 1, exitOK: 0}

// worse gives the code that rules when both apply.
func worse(a, b int) int {
	if rank[a] >= rank[b] {
		return a
	}
	return b
}

// A failure is what a person is told: what happened, what to do, exit code.
type failure struct {
	code      int
	msg, todo string
}

func (f *failure) Error() string { return f.msg }

// status ends a command with a code and no further word.
type status int

func (s status) Error() string { return fmt.Sprintf("exit %d", int(s)) }

// fail makes a failure.
func fail(code int, todo, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...), todo}
}

// explain turns any error into a failure with a sentence and a next step.
func (a *app) explain(ctx context.Context, err error) *failure {
	var (
		f       *failure
		locked  *archive.LockedError
		format  *archive.FormatError
		corrupt *archive.CorruptError
		notMail *fetch.NotMailError
		auth    *fetch.AuthError
		network *fetch.NetError
		syntax  *query.SyntaxError
		stop    stopped
	)
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(context.Cause(ctx), &stop):
		return &failure{stop.code(), "stopped. What was reported is safe.", "The same command goes on where this one ended."}
	case errors.As(err, &locked):
		return &failure{exitLater,
			fmt.Sprintf("the archive %s is in use by %q (process %d on %s, since %s).", a.tilde(locked.Dir), locked.Command, locked.PID, locked.Host, locked.Since.Format("15:04:05")),
			"Try again when it has ended."}
	case errors.As(err, &format):
		return &failure{exitBroken,
			fmt.Sprintf("the archive %s says %q, and this program knows %q.", a.tilde(format.Dir), format.Have, format.Want),
			"Use a newer lostpost. Nothing was changed."}
	case errors.As(err, &corrupt):
		return &failure{exitBroken, fmt.Sprintf("%s is damaged: %s.", a.tilde(corrupt.Path), corrupt.Detail), "See what else is: lostpost check"}
	case errors.As(err, &notMail):
		return &failure{exitFailed, fmt.Sprintf("nothing in %s is mail.", notMail.Path), "See what can be read: lostpost help formats"}
	case errors.As(err, &auth):
		return &failure{exitSignIn, fmt.Sprintf("%s refused the sign-in: %s", auth.Source, auth.Said), "See: lostpost help sign-in"}
	case errors.As(err, &network):
		return &failure{exitLater, fmt.Sprintf("%s: %v.", network.Source, network.Err), "The same command goes on where this one ended."}
	case errors.As(err, &syntax):
		f := &failure{exitFailed, "the query: " + syntax.Error(), "See the language: lostpost help query"}
		if syntax.Suggest != "" {
			f.todo = "Did you mean " + syntax.Suggest + "?"
		}
		return f
	case errors.Is(err, archive.ErrNotFound):
		return &failure{exitNone, strings.TrimPrefix(err.Error(), "archive: ") + ".", "Find messages with: lostpost search WORD"}
	case errors.Is(err, archive.ErrForeign):
		return &failure{exitBroken, strings.TrimPrefix(err.Error(), "archive: ") + ".", "Give a new or empty folder: --archive DIR"}
	case errors.Is(err, decode.ErrTooHard):
		return &failure{exitFailed, "the other decoder is not given this: " + err.Error() + ".", "Leave out --decoder: lostpost reads it."}
	}
	return a.explainSystem(err)
}

// explainSystem does so for errors of the operating system, and for the rest.
func (a *app) explainSystem(err error) *failure {
	var path *fs.PathError
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &failure{exitFailed, fmt.Sprintf("the disk is full: %v.", err), "What was reported is safe. Make room; the same command goes on."}
	case errors.Is(err, syscall.EFBIG):
		return &failure{exitFailed, fmt.Sprintf("a file may not grow further: %v.", err), "What was reported is safe. See ulimit -f, or give another disk; the same command goes on."}
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return &failure{exitFailed, fmt.Sprintf("not allowed: %v.", err), "Check the rights of that place."}
	case errors.As(err, &path) && errors.Is(err, fs.ErrNotExist):
		return &failure{exitFailed, fmt.Sprintf("there is no %s.", a.tilde(path.Path)), "Check the path."}
	case errors.As(err, &path) && errors.Is(err, fs.ErrExist):
		return &failure{exitFailed, fmt.Sprintf("%s is there already.", a.tilde(path.Path)), "Give another name; nothing is overwritten."}
	case errors.As(err, &path) && errors.Is(err, syscall.ENOTDIR):
		return &failure{exitFailed, fmt.Sprintf("%s is not, or does not lie in, a folder.", a.tilde(path.Path)), "Check the path."}
	case errors.As(err, &path) && errors.Is(err, syscall.EISDIR):
		return &failure{exitFailed, fmt.Sprintf("%s is a folder.", a.tilde(path.Path)), "Give a file."}
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return &failure{exitFailed, fmt.Sprintf("too many files are open: %v.", err), "Raise the limit (ulimit -n); the same command goes on."}
	case errors.Is(err, syscall.EIO):
		return &failure{exitFailed, fmt.Sprintf("the disk cannot be read or written: %v.", err), "Copy what can be read to another disk, then try with the copy."}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{exitLater, fmt.Sprintf("it took too long: %v.", err), "Try again."}
	}
	return &failure{exitFailed, strings.TrimSuffix(err.Error(), ".") + ".", "If this looks like a fault of the program, run it again with -vv and report it."}
}
