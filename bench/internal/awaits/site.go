package awaits

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/bench/internal/server"
	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// Hearing is what those who wait hear of what is published.
type Hearing int

// What they hear.
const (
	// Nobody waits.
	Nobody Hearing = iota
	// Heard is all of it.
	Heard
	// Lost is nothing, though all that is seen of subscriptions is as it should be.
	Lost
	// Refused is nothing, as their user of Redis may not subscribe.
	Refused
)

// String says it in a few words.
func (h Hearing) String() string {
	return [...]string{Nobody: "nobody waits", Heard: "messages are heard", Lost: "all messages are lost", Refused: "may not subscribe"}[h]
}

const (
	// The names of connections.
	workerName, waiterName = "worker", "waiter"

	user, password = "waiter", "secret"
)

// Site is where the jobs are: a single server, or a Cluster.
type Site struct {
	admin []*redis.Client
	dial  func(name string, h Hearing) redis.UniversalClient
	close func() error
}

// withUser may do everything but publish and subscribe.
func withUser() redistest.Option {
	return redistest.WithUser(user, password, "~*", "+@all", "resetchannels")
}

// Single starts a single server.
func Single() (*Site, error) {
	s, err := server.Start(withUser())
	if err != nil {
		return nil, err
	}
	return newSite([]*redistest.Server{s.Server}, s.Close, func(name string, h Hearing) redis.UniversalClient {
		o := &redis.Options{Addr: s.Addr, ClientName: name, ContextTimeoutEnabled: true, DialerRetries: 1}
		switch h {
		case Lost:
			o.Dialer = deafDial
		case Refused:
			o.Username, o.Password = user, password
		default:
		}
		return redis.NewClient(o)
	}), nil
}

// Cluster starts a Cluster of three masters.
func Cluster() (*Site, error) {
	c, err := server.StartCluster(3, withUser())
	if err != nil {
		return nil, err
	}
	return newSite(c.Nodes(), c.Close, func(name string, h Hearing) redis.UniversalClient {
		o := &redis.ClusterOptions{ClientName: name, ContextTimeoutEnabled: true, DialerRetries: 1}
		for _, n := range c.Nodes() {
			o.Addrs = append(o.Addrs, n.Addr())
		}
		switch h {
		case Lost:
			o.Dialer = deafDial
		case Refused:
			o.Username, o.Password = user, password
		default:
		}
		return redis.NewClusterClient(o)
	}), nil
}

func newSite(nodes []*redistest.Server, closeAll func() error, dial func(string, Hearing) redis.UniversalClient) *Site {
	s := &Site{close: closeAll, dial: dial}
	for _, n := range nodes {
		s.admin = append(s.admin, redis.NewClient(n.Options()))
	}
	return s
}

// Close ends all of it.
func (s *Site) Close() error {
	for _, c := range s.admin {
		_ = c.Close() // its server ends
	}
	return s.close()
}

// store returns a store whose connections have that name, and what closes it.
func (s *Site) store(name string, h Hearing) (*state.Store, func(), error) {
	client := s.dial(name, h)
	store, err := state.New(client, state.Options{Prefix: "awaits:", EnableSet: true})
	if err != nil {
		_ = client.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return store, func() {
		_ = store.Close()
		_ = client.Close()
	}, nil
}

// clear forgets all jobs.
func (s *Site) clear(ctx context.Context) error {
	for _, c := range s.admin {
		if err := c.FlushAll(ctx).Err(); err != nil {
			return err
		}
	}
	return nil
}

// ServerVersion returns the version of Redis.
func (s *Site) ServerVersion(ctx context.Context) (string, error) {
	info, err := s.admin[0].InfoMap(ctx, "server").Result()
	if err != nil {
		return "", err
	}
	return info["Server"]["redis_version"], nil
}
