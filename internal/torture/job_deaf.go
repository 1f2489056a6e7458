package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
)

// deafConn is a connection on which no message comes that was published. All else comes, the
// confirmations of subscriptions too, so that nobody notices.
type deafConn struct {
	net.Conn
	mu   sync.Mutex
	from *bufio.Reader
	left []byte
}

func deaf(c net.Conn) net.Conn { return &deafConn{Conn: c, from: bufio.NewReader(c)} }

// Read returns what has come besides messages.
func (c *deafConn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.left) == 0 {
		value, err := wholeValue(c.from, nil)
		if err != nil {
			return 0, err
		}
		if !isMessage(value) {
			c.left = value
		}
	}
	n := copy(b, c.left)
	c.left = c.left[n:]
	return n, nil
}

// isMessage reports whether a value of RESP2 or RESP3 is a message.
func isMessage(value []byte) bool {
	_, rest, _ := bytes.Cut(value, []byte("\r\n"))
	return (value[0] == '>' || value[0] == '*') &&
		(bytes.HasPrefix(rest, []byte("$7\r\nmessage\r\n")) || bytes.HasPrefix(rest, []byte("$8\r\npmessage\r\n")))
}

// wholeValue appends one value of RESP2 or RESP3 with all that is in it.
func wholeValue(r *bufio.Reader, to []byte) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return to, err
	}
	to = append(to, line...)
	var values int
	switch line[0] {
	case '$', '=', '!':
		n, err := strconv.Atoi(string(bytes.TrimSpace(line[1:])))
		if err != nil || n < 0 {
			return to, err
		}
		to = append(to, make([]byte, n+2)...)
		_, err = io.ReadFull(r, to[len(to)-n-2:])
		return to, err
	case '*', '~', '>':
		values = 1
	case '%':
		values = 2
	case '+', '-', ':', '_', ',', '#', '(':
		return to, nil
	default:
		return to, fmt.Errorf("a value of the type %q", line[0])
	}
	n, err := strconv.Atoi(string(bytes.TrimSpace(line[1:])))
	for range n * values {
		if to, err = wholeValue(r, to); err != nil {
			break
		}
	}
	return to, err
}
