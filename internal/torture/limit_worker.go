package main

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/typedstate/typedstate/state"
)

// workerEnv is set in the environment of this program where it is to be a worker.
const workerEnv = "TORTURE_WORKER"

// limitPrefix is that of the store of all limiters.
const limitPrefix = "limits:"

// workerOrder is what a worker is told at first. All that it is told later is to stop.
type workerOrder struct {
	Worker, Clients int
	Seed            uint64
	On              string // the deployment
	Addrs           []string
	// Proxies are where the servers are reached, by their addresses.
	Proxies map[string]string
	Calls   string        // of limitCallsNamed
	Per     time.Duration // of the windows
}

// limitWorker is a process of clients.
type limitWorker struct {
	order    workerOrder
	calls    limitCalls
	limiters []*openLimiter
	ids      atomic.Int64
	odd      *complaints
	count    scriptCount

	mu      sync.Mutex
	harvest harvest
}

// isWorker reports whether this process was started as a worker.
func isWorker() bool { return os.Getenv(workerEnv) != "" }

// work is a worker's whole life: it takes its order, says that it is ready, makes calls
// until it is told to stop, and tells what came of them. Without its parent it ends at once.
func work(in io.Reader, out io.Writer, errs io.Writer) int {
	logging.Disable()
	orders, report := gob.NewDecoder(in), gob.NewEncoder(out)
	var order workerOrder
	if err := orders.Decode(&order); err != nil {
		fmt.Fprintln(errs, "torture: a worker without an order:", err)
		return exitUsage
	}
	w := &limitWorker{order: order, calls: limitCallsNamed[order.Calls], odd: newComplaints()}
	closeClients, err := w.open()
	if err == nil {
		err = report.Encode(true)
	}
	if err != nil {
		fmt.Fprintln(errs, "torture: a worker that cannot begin:", err)
		return exitBroken
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		var stop bool
		if err := orders.Decode(&stop); err != nil {
			os.Exit(exitBroken) // the parent is gone
		}
	}()
	var clients sync.WaitGroup
	for i := range order.Clients {
		c := &limitClient{limitWorker: w, rand: rand.New(rand.NewPCG(order.Seed, uint64(order.Worker*order.Clients+i)))} //nolint:gosec // a run is to be repeatable, not secret
		clients.Go(func() { c.run(ctx) })
	}
	clients.Wait()
	closeClients()
	w.harvest.Sent, w.harvest.Answered, w.harvest.Refused = w.count.sent.Load(), w.count.answered.Load(), w.count.refused.Load()
	w.harvest.Complaints = w.odd.seen
	if err := report.Encode(&w.harvest); err != nil {
		fmt.Fprintln(errs, "torture: a worker that cannot report:", err)
		return exitBroken
	}
	return exitOK
}

// open makes the clients and the limiters of each kind.
func (w *limitWorker) open() (closeAll func(), err error) {
	var clients [2]redis.UniversalClient
	var stores [2]*state.Store
	for i := range clients {
		clients[i] = w.client(i == 1)
		stores[i], err = state.New(clients[i], state.Options{Prefix: limitPrefix, EnableSet: true, EnableRemove: true})
		if err != nil {
			return nil, err
		}
	}
	for _, k := range limitKinds {
		s := stores[0]
		if k.alone {
			s = stores[1]
		}
		l, err := openKind(w.calls, s, k, w.order.Per)
		if err != nil {
			return nil, err
		}
		w.limiters = append(w.limiters, l)
	}
	return func() {
		for _, c := range clients {
			_ = c.Close() // what it was for is done
		}
	}, nil
}

// client returns a client of the deployment, by way of the proxies. It repeats commands as
// go-redis does by default, which the library has to prevent.
func (w *limitWorker) client(counted bool) redis.UniversalClient {
	const connections = 16
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		if proxy := w.order.Proxies[addr]; proxy != "" {
			addr = proxy
		}
		return (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, addr)
	}
	hook := func(c interface{ AddHook(redis.Hook) }) {
		if counted {
			c.AddHook(&w.count)
		}
	}
	switch w.order.On {
	case "cluster":
		c := redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: w.order.Addrs, Dialer: dial, PoolSize: connections, ContextTimeoutEnabled: true, DialerRetries: 1, DisableIdentity: true,
		})
		c.OnNewNode(func(node *redis.Client) { hook(node) })
		return c
	case "sentinel":
		c := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "main", SentinelAddrs: w.order.Addrs, Dialer: dial, PoolSize: connections, ContextTimeoutEnabled: true, DialerRetries: 1, DisableIdentity: true,
		})
		hook(c)
		return c
	default:
		c := redis.NewClient(&redis.Options{
			Addr: w.order.Addrs[0], Dialer: dial, PoolSize: connections, ContextTimeoutEnabled: true, DialerRetries: 1, DisableIdentity: true,
		})
		hook(c)
		return c
	}
}

// wrong counts an answer that must not be.
func (w *limitWorker) wrong(l *openLimiter, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrongLocked(l, err)
}

func (w *limitWorker) wrongLocked(l *openLimiter, err error) {
	w.harvest.Wrong++
	w.odd.add(l.kind.name, err)
}
