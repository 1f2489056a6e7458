package state_test

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// delays is a proxy that holds what passes for a while, on connections that
// subscribe and on all others apart, and keeps its order.
type delays struct {
	addr             string
	target           string
	subUp, subDown   atomic.Int64 // nanoseconds
	readUp, readDown atomic.Int64
	subs             atomic.Int64
	done             chan struct{}
}

func delayed(t *testing.T, target string) *delays {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &delays{addr: l.Addr().String(), target: target, done: make(chan struct{})}
	var mu sync.Mutex
	var all []net.Conn
	t.Cleanup(func() {
		_ = l.Close()
		close(d.done)
		mu.Lock()
		defer mu.Unlock()
		for _, c := range all {
			_ = c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", target)
			if err != nil {
				_ = c.Close()
				continue
			}
			mu.Lock()
			all = append(all, c, s)
			mu.Unlock()
			sub := new(atomic.Bool)
			go d.pipe(c, s, sub, true)
			go d.pipe(s, c, sub, false)
		}
	}()
	return d
}

type held struct {
	data []byte
	at   time.Time
}

func (d *delays) pipe(from, to net.Conn, sub *atomic.Bool, up bool) {
	line := make(chan held, 100000)
	go func() {
		for h := range line {
			select {
			case <-time.After(time.Until(h.at)):
			case <-d.done:
			}
			if _, err := to.Write(h.data); err != nil {
				break
			}
		}
		_ = to.Close()
		for range line { //nolint:revive // drains
		}
	}()
	buf := make([]byte, 64<<10)
	var last time.Time
	for {
		n, err := from.Read(buf)
		if n > 0 {
			data := bytes.Clone(buf[:n])
			if up && !sub.Load() && bytes.Contains(data, []byte("subscribe")) {
				sub.Store(true)
				d.subs.Add(1)
			}
			wait := &d.readDown
			switch {
			case sub.Load() && up:
				wait = &d.subUp
			case sub.Load():
				wait = &d.subDown
			case up:
				wait = &d.readUp
			}
			at := time.Now().Add(time.Duration(wait.Load()))
			if at.Before(last) {
				at = last
			}
			last = at
			line <- held{data, at}
		}
		if err != nil {
			close(line)
			return
		}
	}
}
