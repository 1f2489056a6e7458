package main

import (
	"context"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/state"
)

// jobOrder is what a process of job workers is told at first.
type jobOrder struct {
	Worker  int
	Workers int // goroutines
	Seed    uint64
	On      string // how the servers are reached: single, sentinel or cluster
	Addrs   []string
	// Proxies are where the servers are reached, by their addresses.
	Proxies map[string]string
	Calls   string // of jobCallsNamed
	Lease   time.Duration
}

// jobSide is what a process needs to work on jobs: this one, or one that it has started.
type jobSide struct {
	order    jobOrder
	calls    jobCalls
	hearing  *openTracker
	deaf     *openTracker
	mute     *openTracker // its heartbeats are lost
	replayer *replayer
	note     func(jobNote)
	odd      *complaints
	calm     atomic.Bool // all that is to be done is to come to an end
	rands    atomic.Uint64

	calledTotal, unknown, stale, replays atomic.Int64
}

func (o *jobOrder) side(note func(jobNote)) (s *jobSide, closeAll func(), err error) {
	s = &jobSide{order: *o, calls: jobCallsNamed[o.Calls], note: note, odd: newComplaints()}
	var clients []redis.UniversalClient
	closeAll = func() {
		for _, c := range clients {
			_ = c.Close() // what it was for is done
		}
	}
	direct := o.client(dialer{})
	s.replayer = newReplayer(direct)
	clients = append(clients, direct)
	for _, t := range []struct {
		to    **openTracker
		deaf  bool
		hooks []redis.Hook
	}{{&s.hearing, false, nil}, {&s.deaf, true, nil}, {&s.mute, false, []redis.Hook{mute{}}}} {
		c := o.client(dialer{proxies: o.Proxies, deaf: t.deaf}, append(t.hooks, s.replayer)...)
		clients = append(clients, c)
		store, err := state.New(c, state.Options{Prefix: jobPrefix, EnableSet: true, EnableRemove: true})
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		tracker, err := s.calls.open(store, jobFamily(o.Lease), o.worker())
		if err != nil {
			closeAll()
			return nil, nil, err
		}
		*t.to = &openTracker{tracker, c}
	}
	return s, closeAll, nil
}

func (o *jobOrder) worker() string { return "process " + string(rune('a'+o.Worker%26)) }

// rand returns a source of random choices that follows from the seed.
func (s *jobSide) rand() *rand.Rand {
	return rand.New(rand.NewPCG(s.order.Seed, uint64(s.order.Worker)<<32+s.rands.Add(1))) //nolint:gosec // a run is to be repeatable, not secret
}

// dialer says how a client reaches servers.
type dialer struct {
	proxies map[string]string
	deaf    bool
}

func (d dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	proxy := d.proxies[addr]
	if proxy != "" {
		addr = proxy
	}
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, addr)
	if err == nil && d.deaf && proxy != "" {
		c = deaf(c)
	}
	return c, err
}

// jobReadTimeout is what a reply that never comes costs, where a call has more time.
const jobReadTimeout = 500 * time.Millisecond

// client returns a client of the deployment. It repeats commands as go-redis does by
// default, which the library has to prevent.
func (o *jobOrder) client(d dialer, hooks ...redis.Hook) redis.UniversalClient {
	const connections = 24
	add := func(c interface{ AddHook(redis.Hook) }) {
		for _, h := range hooks {
			c.AddHook(h)
		}
	}
	switch o.On {
	case "cluster":
		c := redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: o.Addrs, Dialer: d.dial, PoolSize: connections, ReadTimeout: jobReadTimeout, ContextTimeoutEnabled: true, DialerRetries: 1, DisableIdentity: true,
		})
		c.OnNewNode(func(node *redis.Client) { add(node) })
		return c
	case "sentinel":
		c := redis.NewFailoverClient(&redis.FailoverOptions{
			MasterName: "main", SentinelAddrs: o.Addrs, Dialer: d.dial, PoolSize: connections, ReadTimeout: jobReadTimeout, ContextTimeoutEnabled: true, DialerRetries: 1, DisableIdentity: true,
		})
		add(c)
		return c
	default:
		c := redis.NewClient(&redis.Options{
			Addr: o.Addrs[0], Dialer: d.dial, PoolSize: connections, ReadTimeout: jobReadTimeout, ContextTimeoutEnabled: true, DialerRetries: 1, DisableIdentity: true,
		})
		add(c)
		return c
	}
}

// called notes a call and what it has shown.
func (s *jobSide) called(n jobNote, shown *jobStatus, err error) fate {
	n.Until, n.Fate = stamp(), fateOf(err)
	s.calledTotal.Add(1)
	if n.Fate == doubtful {
		s.unknown.Add(1)
	}
	if shown != nil {
		n.Seen = sighted(shown, n.Since, n.Until)
	}
	s.note(n)
	return n.Fate
}

// wrong notes an answer that contradicts itself.
func (s *jobSide) wrong(job, text string) {
	at := stamp()
	s.note(jobNote{Job: job, What: noteWrong, Since: at, Until: at, Text: text})
}

// complain keeps an error that nothing explains.
func (s *jobSide) complain(what string, err error) { s.odd.add(what, err) }
