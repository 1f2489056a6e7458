package redistest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// protocolError reports bytes that are no RESP.
type protocolError string

func (e protocolError) Error() string { return string(e) }

// maxBulk is the longest string that Redis sends or takes by default.
const maxBulk = 512 << 20

// readFrame reads one whole value of RESP2 or RESP3, with the attributes that
// precede it, and returns it as it came, in buf if that is long enough.
func readFrame(r *bufio.Reader, buf []byte) ([]byte, error) {
	for missing := 1; missing > 0; missing-- {
		begin := len(buf)
		var err error
		if buf, err = appendLine(r, buf); err != nil {
			return buf, midFrame(err, len(buf) > 0)
		}
		line := buf[begin : len(buf)-2]
		if len(line) == 0 {
			return buf, protocolError("an empty line")
		}
		switch line[0] {
		case '+', '-', ':', '_', ',', '#', '(':
			continue
		case '$', '=', '!', '*', '~', '>', '%', '|':
		default:
			return buf, protocolError(fmt.Sprintf("an unknown type %q", line[0]))
		}
		n, err := strconv.Atoi(string(line[1:]))
		if err != nil || n < -1 || n > maxBulk {
			return buf, protocolError(fmt.Sprintf("a length of %.20q", line))
		}
		n = max(n, 0)
		switch line[0] {
		case '$', '=', '!':
			if line[1] == '-' {
				continue
			}
			begin = len(buf)
			buf = append(buf, make([]byte, n+2)...)
			if _, err := io.ReadFull(r, buf[begin:]); err != nil {
				return buf, midFrame(err, true)
			}
		case '*', '~', '>':
			missing += n
		case '%':
			missing += 2 * n
		case '|':
			missing += 2*n + 1
		}
	}
	return buf, nil
}

// appendLine appends a line with its end, which is CRLF.
func appendLine(r *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		buf = append(buf, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err == nil && !bytes.HasSuffix(buf, []byte("\r\n")) {
			err = protocolError("a line that does not end in CRLF")
		}
		return buf, err
	}
}

// midFrame tells the end of a connection between values from one within.
func midFrame(err error, begun bool) error {
	if begun && errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// strs returns the strings at the head of an array of RESP, at most limit of
// them, and up to the first element that is none.
func strs(frame []byte, limit int) []string {
	_, rest, _ := bytes.Cut(frame, []byte("\r\n"))
	var found []string
	for len(rest) > 0 && rest[0] == '$' && len(found) < limit {
		line, data, _ := bytes.Cut(rest[1:], []byte("\r\n"))
		n, err := strconv.Atoi(string(line))
		if err != nil || n < 0 {
			break
		}
		found = append(found, string(data[:n]))
		rest = data[n+2:]
	}
	return found
}

// isPush reports whether a reply answers no request: a push of RESP3 or, where
// a subscription was asked for in RESP2, an array that looks like a message.
// The event is what it tells of.
func isPush(frame []byte, subscribed bool) (event string, push bool) {
	if frame[0] != '>' && (frame[0] != '*' || !subscribed) {
		return "", false
	}
	if head := strs(frame, 1); len(head) > 0 {
		event = head[0]
	}
	if frame[0] == '>' {
		return event, true
	}
	switch event {
	case "message", "pmessage", "smessage":
		return event, true
	default:
		return event, subscribes(strings.ToUpper(event))
	}
}

// subscribes reports whether a command is answered with pushes alone.
func subscribes(command string) bool {
	switch command {
	case "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "UNSUBSCRIBE", "PUNSUBSCRIBE", "SUNSUBSCRIBE":
		return true
	default:
		return false
	}
}
