package wire

import (
	"bufio"
	"bytes"
	"compress/flate"
	"io"
	"net"
	"time"
)

// far is the round trip from which a link is worth compressing: none in a
// house or a data centre takes so long.
const far = 5 * time.Millisecond

// Far reports whether the server is so far away that the link and not the
// processor is what a transfer waits for.
func (c *Conn) Far() bool { return c.connecting >= far }

// Deflate compresses both directions after the server agreed to it (RFC 4978
// section 3). r is the reader through which the dialogue came; what it holds
// is compressed already, and it reads the plain octets afterwards. Received
// and Sent go on to count what goes over the network.
func (c *Conn) Deflate(r *bufio.Reader) error {
	early, err := r.Peek(r.Buffered())
	if err != nil {
		return err
	}
	early = bytes.Clone(early)
	c.mu.Lock()
	defer c.mu.Unlock()
	w, err := flate.NewWriter(c.conn, flate.DefaultCompression)
	if err != nil {
		return err
	}
	c.conn = &deflated{Conn: c.conn, w: w, r: flate.NewReader(io.MultiReader(bytes.NewReader(early), c.conn))}
	r.Reset(c)
	return c.ended
}

// deflated compresses what it writes and inflates what it reads.
type deflated struct {
	net.Conn
	w *flate.Writer
	r io.Reader
}

func (d *deflated) Read(p []byte) (int, error) { return d.r.Read(p) }

func (d *deflated) Write(p []byte) (int, error) {
	n, err := d.w.Write(p)
	if err == nil {
		err = d.w.Flush() // the server is to see the whole of it now
	}
	return n, err
}
