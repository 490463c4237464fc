package fetch

import (
	"io/fs"
	"strings"
)

// A OneFile is what the sources of one file have in common, all of a Source but
// Messages, and that they are a Counter, a Marker and a Sizer: embed it. Made by
// NewOneFile.
type OneFile struct {
	Tally
	File    File
	Options Options

	name     string
	messages int64
}

// NewOneFile begins a source of f. messages is how many messages it is known to
// hold, -1 if that must be found out. It does not close f.
func NewOneFile(f File, opt Options, messages int64) *OneFile {
	o := &OneFile{File: f, Options: opt, name: opt.Origin, messages: messages}
	if o.name == "" {
		o.name = FileOrigin(f.Name())
	}
	o.Look = o.look
	return o
}

// Name is the name of the source: Options.Origin, else that of the file.
func (o *OneFile) Name() string { return o.name }

// Close does nothing: who opened the file closes it.
func (o *OneFile) Close() error { return nil }

// Totals gives what is known before reading.
func (o *OneFile) Totals() (messages, octets int64) { return o.messages, o.File.Size() }

// Info is what the system says of the file, nil if nothing.
func (o *OneFile) Info() fs.FileInfo {
	info, err := o.File.Stat()
	if err != nil {
		return nil
	}
	return info
}

// look takes the fingerprint of the file and of what the caller wants.
func (o *OneFile) look() *Fingerprint {
	p := &Fingerprint{}
	p.Add("", o.Info())
	p.AddText("mailbox", o.Options.Mailbox)
	p.AddText("traits", strings.Join(o.Options.Traits, "\n"))
	return p
}
