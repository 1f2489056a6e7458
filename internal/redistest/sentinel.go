package redistest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// masterName is what the sentinels call their master.
const masterName = "main"

// Sentinel is a master with replicas and the sentinels that watch them. Its
// methods that take a context return errors and may be called from any
// goroutine; none takes longer than half a minute, whatever the context.
type Sentinel struct {
	servers   []*Server
	sentinels []*Server
}

// StartSentinel starts a master, its replicas and the sentinels, and returns
// them when all know each other. The options go to the servers, but for lines
// of [WithConfig] that begin with "sentinel", which go to the sentinels; those
// call the master "main", take it for dead after half a second, and so decides
// the majority. They ask and tell each other every 200 ms and not every few
// seconds, so that a deployment settles while a test can wait.
//
// A sentinel that restarts cannot read a password with quotes or spaces back
// from the file that it wrote.
//
// A replica is linked up to a second before the master sends it anything; a WAIT
// after a write tells. After a failover the sentinels may take the new master for
// dead too, with half a second to answer; a test that minds gives them more, with
// WithConfig("sentinel down-after-milliseconds main 1500").
//
// An old master that restarts takes writes until the sentinels demote it,
// about a second later: what they are told then is lost, as in production.
func StartSentinel(tb TB, replicas, sentinels int, opts ...Option) *Sentinel {
	tb.Helper()
	Require(tb)
	s := newSettings(opts)
	if s.tls {
		tb.Fatalf("redistest: start sentinel: WithTLS is for a single server")
	}
	if replicas < 0 || sentinels < 1 {
		tb.Fatalf("redistest: start sentinel: %d sentinels over %d replicas", sentinels, replicas)
	}
	s.lines = append(s.lines, s.masterAuth()...)
	// Sentinels let a server write down whom it follows now.
	s.ownConf = true
	directive := func(line string) bool { return strings.HasPrefix(line, "sentinel ") }
	own := slices.DeleteFunc(slices.Clone(s.lines), func(l string) bool { return !directive(l) })
	s.lines = slices.DeleteFunc(s.lines, directive)

	d := new(Sentinel)
	if err := d.start(tb, s, replicas, sentinels, own); err != nil {
		tb.Fatalf("redistest: start sentinel: %v", err)
	}
	return d
}

func (d *Sentinel) start(tb TB, s settings, replicas, sentinels int, directives []string) error {
	tb.Helper()
	master := newServer(tb, s)
	if err := master.start(); err != nil {
		return err
	}
	s.replicaOf = fmt.Sprintf("127.0.0.1 %d", master.port)
	d.servers = append(d.servers, master)
	for range replicas {
		d.servers = append(d.servers, newServer(tb, s))
	}
	if err := startAll(d.servers[1:]); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), actLimit)
	defer cancel()
	// A sentinel looks for replicas when it first meets the master.
	if err := until(ctx, func() error { return master.online(ctx, replicas) }); err != nil {
		return err
	}
	watch := newSettings(nil)
	watch.pick = s.pick
	watch.args = []string{"--sentinel"}
	watch.ownConf = true
	watch.lines = []string{
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %d %d", masterName, master.port, sentinels/2+1),
		fmt.Sprintf("sentinel down-after-milliseconds %s 500", masterName),
		fmt.Sprintf("sentinel failover-timeout %s 2000", masterName),
		fmt.Sprintf("sentinel parallel-syncs %s %d", masterName, max(replicas, 1)),
	}
	if s.password != "" {
		watch.lines = append(watch.lines, fmt.Sprintf("sentinel auth-pass %s %q", masterName, s.password))
	}
	watch.lines = append(watch.lines, directives...)
	for range sentinels {
		w := newServer(tb, watch)
		w.launched = hasten
		d.sentinels = append(d.sentinels, w)
	}
	if err := startAll(d.sentinels); err != nil {
		return err
	}
	return d.Settled(ctx)
}

// hasten makes a sentinel look and talk more often. Servers before 7.0 refuse,
// and are slower.
func hasten(ctx context.Context, c *redis.Client) error {
	err := c.Do(ctx, "SENTINEL", "DEBUG", "INFO-PERIOD", 200, "PUBLISH-PERIOD", 200).Err()
	if _, refused := errors.AsType[redis.Error](err); refused {
		return nil
	}
	return err
}

// Servers returns the servers that hold the data, the first master first.
func (d *Sentinel) Servers() []*Server { return slices.Clone(d.servers) }

// Sentinels returns the sentinel processes.
func (d *Sentinel) Sentinels() []*Server { return slices.Clone(d.sentinels) }

// Options returns new options for a client that finds the master through the
// sentinels. They are those of [Server.Options] otherwise.
func (d *Sentinel) Options() *redis.FailoverOptions {
	opts := &redis.FailoverOptions{
		MasterName:            masterName,
		Password:              d.servers[0].settings.password,
		ContextTimeoutEnabled: true,
		MaxRetries:            -1,
		DialTimeout:           2 * time.Second,
		DialerRetries:         1,
		DisableIdentity:       true,
	}
	for _, s := range d.sentinels {
		opts.SentinelAddrs = append(opts.SentinelAddrs, s.Addr())
	}
	return opts
}

// Client returns a new client with [Sentinel.Options], closed at the end of
// the test.
func (d *Sentinel) Client(tb TB) *redis.Client {
	tb.Helper()
	c := redis.NewFailoverClient(d.Options())
	tb.Cleanup(func() { closeQuietly(c) })
	return c
}
