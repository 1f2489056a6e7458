package redistest

import (
	"bufio"
	"math"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// awaited is a request whose reply is still to come.
type awaited struct {
	command string
	fault   Fault
}

// queue holds the requests of one connection in the order of their replies.
type queue struct {
	mu   sync.Mutex
	list []awaited
	// subscribed says that a RESP2 connection may carry messages.
	subscribed atomic.Bool
	resp3      atomic.Bool
}

// push adds a request and reports whether no other is waiting.
func (q *queue) push(a awaited) (alone bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = append(q.list, a)
	return len(q.list) == 1
}

func (q *queue) head() (awaited, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.list) == 0 {
		return awaited{}, false
	}
	return q.list[0], true
}

func (q *queue) pop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.list = q.list[1:]
}

// flushing is a connection to read from that first sends what was collected
// for the other side: a reader with a buffer comes here only when that is empty.
type flushing struct {
	read  func([]byte) (int, error)
	flush func() error
}

func (f flushing) Read(b []byte) (int, error) {
	if err := f.flush(); err != nil {
		return 0, err
	}
	return f.read(b)
}

// requestOf returns the arguments of a request, its name in upper case.
func requestOf(frame []byte) []string { return upper(strs(frame, math.MaxInt)) }

func upper(request []string) []string {
	if len(request) == 0 {
		return []string{""}
	}
	request[0] = strings.ToUpper(request[0])
	return request
}

// forward passes requests on to the server until the client leaves.
func (l *link) forward() {
	to := &valve{conn: l.server, link: l, way: &l.up}
	w := bufio.NewWriterSize(to, 32<<10)
	r := bufio.NewReaderSize(flushing{read: l.client.Read, flush: w.Flush}, 32<<10)
	var buf []byte
	for {
		frame, err := readFrame(r, buf[:0])
		if err == nil && frame[0] != '*' {
			err = protocolError("a request that is no array")
		}
		if err != nil {
			l.failed(err)
			break
		}
		buf = keep(frame)
		if l.lost.Load() {
			continue
		}
		if !l.request(w, frame) {
			return
		}
	}
	if l.linger() {
		return
	}
	defer close(l.left)
	// What the client sent is executed though it is gone, and nothing tells
	// better than the server's own end when that is done.
	if err := w.Flush(); err != nil {
		l.close()
		return
	}
	to.end()
	_ = l.server.SetReadDeadline(time.Now().Add(farewell))
}

// request forwards one request, and reports whether more may follow.
func (l *link) request(w *bufio.Writer, frame []byte) bool {
	head := upper(strs(frame, 2))
	fault := l.proxy.decide(frame)
	if fault.kind == refuseRequest {
		if w.Flush() != nil || !l.hold(fault.delay) {
			l.close()
		} else if l.pending.push(awaited{fault: fault}) {
			// Nothing is to come, and the other goroutine ends the connection
			// when it next looks for something.
			_ = l.server.SetReadDeadline(time.Unix(1, 0))
		}
		return false
	}
	if head[0] == "HELLO" && len(head) > 1 {
		l.pending.resp3.Store(head[1] == "3")
	}
	if subscribes(head[0]) {
		l.pending.subscribed.Store(true)
	}
	l.pending.push(awaited{command: head[0], fault: fault})
	_, err := w.Write(frame)
	if err != nil {
		l.close()
	}
	return err == nil
}

// answer passes replies on to the client until the server or a fault ends it.
func (l *link) answer() {
	w := bufio.NewWriterSize(&valve{conn: l.client, link: l, way: &l.down}, 32<<10)
	r := bufio.NewReaderSize(flushing{read: l.server.Read, flush: w.Flush}, 32<<10)
	// What precedes a fault still reaches the client.
	defer w.Flush() //nolint:errcheck // the connection is over
	var buf []byte
	for {
		frame, err := readFrame(r, buf[:0])
		if err != nil {
			l.failed(err)
			return
		}
		buf = keep(frame)
		if !l.reply(w, frame) && !l.lost.Load() {
			return
		}
	}
}

// reply deals with one reply, and reports whether more may follow.
func (l *link) reply(w *bufio.Writer, frame []byte) bool {
	event, push := isPush(frame, l.pending.subscribed.Load() && !l.pending.resp3.Load())
	a, waiting := l.pending.head()
	if waiting && push {
		// A subscription is answered by the first push that confirms it.
		waiting = subscribes(a.command) && strings.EqualFold(event, a.command)
	}
	if !waiting {
		_, err := w.Write(frame)
		return err == nil
	}
	l.pending.pop()
	l.proxy.answered(a.command, frame[0] == '-' || frame[0] == '!', a.fault.kind == dropReply || a.fault.kind == cutReply)
	if a.fault.delay > 0 || a.fault.kind == stallReply {
		if w.Flush() != nil || !l.hold(a.fault.delay) {
			return false
		}
	}
	switch a.fault.kind {
	case dropReply:
		return false
	case cutReply:
		_, _ = w.Write(frame[:len(frame)/2])
		return false
	case stallReply:
		l.hold(stallLimit)
		return false
	}
	_, err := w.Write(frame)
	if next, waiting := l.pending.head(); waiting && next.fault.kind == refuseRequest {
		return false
	}
	return err == nil
}

// keep returns a frame's memory for the next one, unless it is a lot.
func keep(frame []byte) []byte {
	if cap(frame) > 1<<20 {
		return nil
	}
	return frame
}
