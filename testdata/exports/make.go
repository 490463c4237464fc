// Command exports makes the sample exports beside it, which "make try" shows
// and tests import:
//
//	go run ./testdata/exports -o testdata/exports
//
// The same program makes the same octets on every machine: nothing depends on
// the time, on the order of maps or on compression (the zip stores). README.md
// says what is where, expect.txt what a reader must find.
package main

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"
)

func main() {
	log.SetFlags(0)
	dir := flag.String("o", "", "folder to write to")
	flag.Parse()
	if *dir == "" {
		log.Fatal("exports: -o DIR is missing")
	}
	all := takeoutMail()
	write(*dir, "takeout.zip", takeout(all))
	thunderbird(*dir, all)
	loose(*dir, all)
}

// takeout is an export of Gmail: one mbox with CRLF, labels in the header.
func takeout(all []mail) []byte {
	var box bytes.Buffer
	for i, m := range all {
		fmt.Fprintf(&box, "From %d@xxx %s\n", 1790611157495904574+int64(i)*977, m.date.UTC().Format("Mon Jan 02 15:04:05 -0700 2006"))
		box.Write(m.bytes())
		box.WriteString("\n")
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"Takeout/archive_browser.html", []byte(browserPage)},
		{"Takeout/Mail/All mail Including Spam and Trash.mbox", crlf(box.Bytes())},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Modified: time.Date(2024, 3, 9, 8, 0, 0, 0, time.UTC)})
		check(err)
		must(w.Write(f.data))
	}
	check(z.Close())
	return out.Bytes()
}

const browserPage = `<!DOCTYPE html>
<html><head><title>Archive browser</title></head>
<body><h1>Your archive</h1><p>Mail: 1 file. Created on 9 March 2024.</p></body></html>
`

// zeros is the length of the region of the Thunderbird Inbox that a disk lost.
const zeros = 24 << 10

// imported is how many messages of the Takeout were once copied into
// Thunderbird, without a change.
const imported = 22

// thunderbird is a profile: mbox files without an extension, LF, index files
// beside them, empty folders, settings and address books.
func thunderbird(dir string, all []mail) {
	const root, local = "thunderbird/k3x9q2ab.default/", "thunderbird/k3x9q2ab.default/Mail/Local Folders/"
	inbox := inboxMail()
	var box bytes.Buffer
	separate(&box, inbox[:20], true)
	box.Write(make([]byte, zeros))
	separate(&box, inbox[20:], true)
	write(dir, local+"Inbox", box.Bytes())
	for _, f := range []struct {
		name string
		mail []mail
		moz  bool
	}{
		{"Sent", sentMail(), true},
		{"Drafts", draftMail(), true},
		{"Archives.sbd/2019", archiveMail(), true},
		{"Imported from Gmail", all[:imported], false},
	} {
		box.Reset()
		separate(&box, f.mail, f.moz)
		write(dir, local+f.name, box.Bytes())
	}
	for _, name := range []string{"Inbox", "Sent", "Drafts", "Archives", "Archives.sbd/2019", "Imported from Gmail", "Trash"} {
		write(dir, local+name+".msf", []byte(indexFile))
	}
	write(dir, local+"Archives", nil)
	write(dir, local+"Trash", nil)
	write(dir, local+"popstate.dat", []byte("# POP3 State File\n# This is a generated file!  Do not edit.\n\n*pop.apfelhof.example anna\nk 000000d14a5c 1709971200\n"))
	write(dir, local+"msgFilterRules.dat", []byte("version=\"9\"\nlogging=\"no\"\n"))
	write(dir, root+"prefs.js", []byte("// Mozilla User Preferences\nuser_pref(\"mail.account.account1.server\", \"server1\");\nuser_pref(\"mail.server.server1.directory-rel\", \"[ProfD]Mail/Local Folders\");\n"))
	write(dir, root+"abook.sqlite", append([]byte("SQLite format 3\x00\x10\x00\x01\x01\x00\x40\x20\x20"), make([]byte, 492)...))
	write(dir, root+"history.mab", []byte("// <!-- <mdb:mork:z v=\"1.4\"/> -->\n< <(a=c)> (B8=Custom3)(B9=Custom4)>\n<(80=Keiko Tanaka)(81=keiko@kumo.example)>\n"))
}

// indexFile is the beginning of a .msf file. It holds words of a message and is
// none.
const indexFile = "// <!-- <mdb:mork:z v=\"1.4\"/> -->\n< <(a=c)> (B8=subject)(B9=sender)(BA=date)>\n<(80=Windfall)(81=From: Tom Baker)(82=65e6c3a0)>\n{1:^80 {(k^97:c)(s=9)} }\n"

// separate writes mbox as Thunderbird does.
func separate(b *bytes.Buffer, mails []mail, moz bool) {
	for _, m := range mails {
		fmt.Fprintf(b, "From - %s\n", m.date.Format("Mon Jan 02 15:04:05 2006"))
		if moz && !bytes.HasPrefix(m.bytes(), []byte("X-Mozilla-Status")) {
			b.WriteString(mozilla)
		}
		b.Write(m.bytes())
		b.WriteString("\n")
	}
}

// mozilla are the fields in which Thunderbird keeps that a message was read.
const mozilla = "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n"

// loose are single files, as people drag them out of a mail program. Five are
// copies of messages of the other two exports.
func loose(dir string, all []mail) {
	inbox := inboxMail()
	copies := []struct {
		name string
		data []byte
	}{
		{"copy 1.eml", all[17].bytes()},
		{"copy 2.eml", crlf(all[40].bytes())},
		{"Desktop/from agnieszka.eml", append([]byte(mozilla), inbox[0].bytes()...)},
		{"Desktop/from emre.eml", crlf(append([]byte(mozilla), inbox[1].bytes()...))},
		{"Desktop/invoice again.eml", crlf(append([]byte(mozilla), inbox[6].bytes()...))},
	}
	for _, c := range copies {
		write(dir, "loose/"+c.name, c.data)
	}
	for _, l := range looseMail() {
		write(dir, "loose/"+l.name, l.data)
	}
}

func write(dir, name string, data []byte) {
	name = filepath.Join(dir, filepath.FromSlash(name))
	check(os.MkdirAll(filepath.Dir(name), 0o777))
	check(os.WriteFile(name, data, 0o666))
}

func must(_ int, err error) { check(err) }

func check(err error) {
	if err != nil {
		log.Fatal("exports: ", err)
	}
}
