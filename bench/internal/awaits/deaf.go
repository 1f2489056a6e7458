package awaits

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"sync/atomic"
	"time"
)

// deafDial dials connections on which all is as on others, but that what is published never
// comes out.
func deafDial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := net.Dialer{Timeout: 2 * time.Second}
	c, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return &deaf{Conn: c}, nil
}

// deaf is such a connection.
type deaf struct {
	net.Conn

	// subscribes is set before the first subscription is sent; until then nothing is published
	// to it, and what comes is left alone.
	subscribes atomic.Bool
	in, out    []byte
}

// Write implements [net.Conn].
func (d *deaf) Write(b []byte) (int, error) {
	if !d.subscribes.Load() && bytes.Contains(bytes.ToLower(b[:min(len(b), 64)]), []byte("subscribe\r\n")) {
		d.subscribes.Store(true)
	}
	return d.Conn.Write(b)
}

// Read implements [net.Conn].
func (d *deaf) Read(b []byte) (int, error) {
	for len(d.out) == 0 {
		n, err := d.Conn.Read(b)
		if !d.subscribes.Load() {
			return n, err
		}
		d.in = append(d.in, b[:n]...)
		for {
			n, whole := reply(d.in)
			if !whole {
				break
			}
			if !published(d.in[:n]) {
				d.out = append(d.out, d.in[:n]...)
			}
			d.in = append(d.in[:0], d.in[n:]...)
		}
		if err != nil && len(d.out) == 0 {
			return 0, err
		}
	}
	n := copy(b, d.out)
	d.out = append(d.out[:0], d.out[n:]...)
	return n, nil
}

// reply returns the length of the reply that b begins with, and whether it is there as a whole.
func reply(b []byte) (length int, whole bool) {
	end := bytes.Index(b, []byte("\r\n"))
	if end < 1 {
		return 0, false
	}
	length = end + 2
	n, err := strconv.Atoi(string(b[1:end]))
	if err != nil {
		n = 0 // a line and no more
	}
	switch b[0] {
	case '$', '=', '!':
		if n >= 0 {
			length += n + 2
		}
		return length, length <= len(b)
	case '%', '|':
		n *= 2
	case '*', '>', '~':
	default:
		return length, true
	}
	for range n {
		part, whole := reply(b[length:])
		if !whole {
			return 0, false
		}
		length += part
	}
	return length, true
}

// published reports whether a reply is a message that somebody has published.
func published(reply []byte) bool {
	if reply[0] != '>' && reply[0] != '*' {
		return false
	}
	parts := bytes.SplitN(reply[:min(len(reply), 64)], []byte("\r\n"), 4) // how many, and the length of the first
	if len(parts) < 4 {
		return false
	}
	switch string(parts[2]) {
	case "message", "smessage", "pmessage":
		return true
	default:
		return false
	}
}
