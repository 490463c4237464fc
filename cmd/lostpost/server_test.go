package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/rogpeppe/go-internal/testscript"
)

// The servers of the scripts know one user.
const (
	serverUser     = "anna"
	serverPassword = "apple tree"
)

// imap [-tls] VAR [MAILBOX=FILE...]: starts an IMAP server in memory with these
// messages and sets VAR to its host:port. With -tls its authority is in ca.pem.
func cmdIMAP(ts *testscript.TestScript, neg bool, args []string) {
	secure := len(args) > 0 && args[0] == "-tls"
	if secure {
		args = args[1:]
	}
	user := imapmemserver.NewUser(serverUser, serverPassword)
	ts.Check(user.Create("INBOX", nil))
	at := time.Date(2024, 3, 5, 10, 0, 0, 0, time.UTC)
	for _, arg := range args[1:] {
		box, file, ok := strings.Cut(arg, "=")
		if !ok {
			ts.Fatalf("imap: %q is not MAILBOX=FILE", arg)
		}
		if _, err := user.Status(box, &imap.StatusOptions{}); err != nil {
			ts.Check(user.Create(box, nil))
		}
		text := strings.ReplaceAll(ts.ReadFile(file), "\n", "\r\n")
		at = at.Add(time.Hour)
		_, err := user.Append(box, literal{strings.NewReader(text)}, &imap.AppendOptions{Flags: []imap.Flag{imap.FlagFlagged}, Time: at})
		ts.Check(err)
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	s := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Logger: log.New(io.Discard, "", 0), InsecureAuth: true,
	})
	l := listen(ts, args[0], secure)
	ts.Defer(func() { s.Close() })
	go s.Serve(l)
}

// A literal is a message for imapmemserver.
type literal struct{ *strings.Reader }

// listen opens a port of loopback and tells the script.
func listen(ts *testscript.TestScript, name string, secure bool) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(name, "localhost:"+port)
	if !secure {
		return l
	}
	cert, ca := certificate(ts)
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), ca, 0o644))
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
}

// certificate makes a certificate for localhost that lives for this test.
func certificate(ts *testscript.TestScript) (tls.Certificate, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	now := time.Now()
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	ts.Check(err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// pop3 [-cut N] VAR FILE...: starts a POP3 server with these messages and sets
// VAR to its host:port. With -cut it hangs up in the middle of message N, on
// its first connection only.
func cmdPOP3(ts *testscript.TestScript, neg bool, args []string) {
	p := &popServer{}
	if args[0] == "-cut" {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		p.cut, args = n, args[2:]
	}
	for _, file := range args[1:] {
		p.mail = append(p.mail, strings.ReplaceAll(ts.ReadFile(file), "\n", "\r\n"))
	}
	l := listen(ts, args[0], false)
	ts.Defer(func() { l.Close() })
	go func() {
		for first := true; ; first = false {
			c, err := l.Accept()
			if err != nil {
				return // the script has ended
			}
			go p.serve(c, first)
		}
	}()
}

// A popServer is the server side of RFC 1939, as far as fetching goes.
type popServer struct {
	mail []string
	cut  int // message in the middle of which the first connection ends, 0 for none
}

func (p *popServer) serve(c net.Conn, first bool) {
	defer c.Close()
	say := func(format string, args ...any) { fmt.Fprintf(c, format+"\r\n", args...) }
	say("+OK ready")
	lines := bufio.NewScanner(c)
	user := ""
	for lines.Scan() {
		word, arg, _ := strings.Cut(lines.Text(), " ")
		switch strings.ToUpper(word) {
		case "CAPA":
			say("+OK\r\nUSER\r\nUIDL\r\nTOP\r\n.")
		case "USER":
			user = arg
			say("+OK")
		case "PASS":
			if user != serverUser || arg != serverPassword {
				say("-ERR [AUTH] no such user or password")
				continue
			}
			say("+OK")
		case "STAT":
			n := 0
			for _, m := range p.mail {
				n += len(m)
			}
			say("+OK %d %d", len(p.mail), n)
		case "LIST", "UIDL":
			var list []string
			for i, m := range p.mail {
				what := strconv.Itoa(len(m))
				if strings.EqualFold(word, "UIDL") {
					what = fmt.Sprintf("uid-%d", i+1)
				}
				list = append(list, fmt.Sprintf("%d %s", i+1, what))
			}
			if n, err := strconv.Atoi(arg); err == nil && 1 <= n && n <= len(list) {
				say("+OK %s", list[n-1])
				continue
			}
			say("+OK\r\n%s", strings.Join(append(list, "."), "\r\n"))
		case "RETR", "TOP":
			n, _ := strconv.Atoi(strings.Fields(arg)[0])
			if n < 1 || n > len(p.mail) {
				say("-ERR no such message")
				continue
			}
			body := strings.ReplaceAll("\r\n"+p.mail[n-1], "\r\n.", "\r\n..")[2:]
			if first && n == p.cut {
				fmt.Fprintf(c, "+OK\r\n%s", body[:len(body)/2])
				return
			}
			fmt.Fprintf(c, "+OK\r\n%s.\r\n", body)
		case "QUIT":
			say("+OK")
			return
		case "NOOP", "RSET":
			say("+OK")
		default:
			say("-ERR what?")
		}
	}
}
