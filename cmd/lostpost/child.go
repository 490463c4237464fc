package main

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime"

	"lostpost/decode"
	"lostpost/decode/attach"
)

// readPDF is the only argument of the process that reads PDF attachments for
// another one of this program. It is no command: nobody types it.
const readPDF = "read-pdf-from-stdin"

// servePDF is that process.
func servePDF() int {
	signal.Ignore(os.Interrupt) // the program that asks ends it
	if attach.Serve(os.Stdin, os.Stdout) != nil {
		return exitFailed
	}
	return exitOK
}

// pdfCommand starts this program again. Its name stays: in a test it is what
// makes a test binary this program.
func pdfCommand() *exec.Cmd {
	name, err := os.Executable()
	if err != nil {
		name = os.Args[0]
	}
	cmd := exec.Command(name, readPDF)
	cmd.Args[0] = os.Args[0]
	return cmd
}

// withAttachments are the options for reading a message with what is attached
// to it.
func (a *app) withAttachments() decode.Options {
	if a.pdf == nil {
		a.pdf = attach.NewPool(runtime.GOMAXPROCS(0), pdfCommand)
	}
	return decode.Options{Attachments: true, Alternatives: true, PDF: a.pdf.PDF}
}

// closePDF ends the processes that were started.
func (a *app) closePDF() {
	if a.pdf != nil {
		a.pdf.Close()
	}
}
