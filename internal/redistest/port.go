package redistest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// Ports are taken from below the range in which systems place outgoing
// connections (32768 and up on Linux), so that a port stays free while its
// server restarts. A cluster node also listens on its port plus 10000.
const (
	lowestPort = 12000
	portCount  = 20000
	busOffset  = 10000
)

// ports remembers what this process handed out: a probed port looks free to a
// second caller until the first one's server has bound it.
var ports = struct {
	sync.Mutex
	taken map[int]bool
}{taken: map[int]bool{}}

// freePort returns a loopback port that nothing listens on, nor on its
// cluster bus. Another process may still take it first.
func freePort() (int, error) {
	for range 200 {
		port := lowestPort + rand.IntN(portCount) //nolint:gosec // nobody gains by guessing it
		if reserve(port) {
			if vacant(port) && vacant(port+busOffset) {
				return port, nil
			}
			release(port)
		}
	}
	return 0, errors.New("no free loopback port found")
}

func reserve(port int) bool {
	ports.Lock()
	defer ports.Unlock()
	if ports.taken[port] {
		return false
	}
	ports.taken[port] = true
	return true
}

func release(port int) {
	ports.Lock()
	defer ports.Unlock()
	delete(ports.taken, port)
}

func vacant(port int) bool {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return false
	}
	return l.Close() == nil
}

func loopback(port int) string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
}

// portTakenError reports that another process bound the port first.
type portTakenError int

func (e portTakenError) Error() string { return fmt.Sprintf("port %d is taken", int(e)) }
