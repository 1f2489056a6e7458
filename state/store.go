package state

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/internal/listen"
)

// Store is a connection to Redis with a prefix and permissions. It is safe for
// concurrent use. [Open] and [New] make one.
type Store struct {
	*connection
	options Options
	prefix  string
	owned   bool
}

// connection is what a store and its tenants share.
type connection struct {
	client redis.UniversalClient
	exec   *exec.Client
	hub    *listen.Hub
	db     int // below 0 if the client does not tell
	closed atomic.Bool
}

// isZero reports whether s was not made by Open or New.
func (s *Store) isZero() bool { return s == nil || s.connection == nil }

func newStore(client redis.UniversalClient, o Options) (*Store, error) {
	if err := checkClient(client); err != nil {
		return nil, err
	}
	if o.Redis != nil {
		return nil, errors.New("Options.Redis is for Open; the client has its own options")
	}
	o, err := withDefaults(o)
	if err != nil {
		return nil, err
	}
	sender := exec.New(client)
	if err := o.Replication.check(sender); err != nil {
		return nil, fmt.Errorf("Options.Replication %w", err)
	}
	if !sender.Timely() {
		slog.Warn("state: the go-redis client has ContextTimeoutEnabled off, so a call that reaches its deadline " +
			"leaves a connection waiting for ReadTimeout; set it in the client's options")
	}
	return &Store{
		connection: &connection{client: client, exec: sender, hub: listen.New(sender), db: sender.DB()},
		options:    o,
		prefix:     o.Prefix,
	}, nil
}

// Tenant returns a store whose keys lie apart from those of every other tenant
// and of s: their prefix is that of s and "~<id>:", which no template and no
// prefix begins with. It has the permissions of s. The operations of a tenant
// whose id is empty fail with [ErrInvalidKey]. Closing a tenant does nothing;
// closing s closes its tenants.
func (s *Store) Tenant(id string) *Store {
	if s == nil {
		return nil
	}
	prefix := keyspec.AppendString([]byte(s.prefix+"~"), id)
	return &Store{connection: s.connection, options: s.options, prefix: string(prefix) + ":"}
}

// ReadOnly returns a view of s that reads and can do nothing else, whatever s is
// allowed. Its reads do not extend the life of a sliding family's values.
func (s *Store) ReadOnly() View {
	if s == nil {
		return View{}
	}
	o := s.options
	o.EnableSet, o.EnableRemove = false, false
	return View{&Store{connection: s.connection, options: o, prefix: s.prefix}}
}

// Ping returns nil if the server answers PING, and an [*Error] if it does not. It
// tries once.
func (s *Store) Ping(ctx context.Context) error {
	o := begin(ctx, target{store: s}, "Ping", nil, 0, 0)
	if o.err == nil {
		o.err = cause(o.ctx, o.do(exec.Read("ping").Once()).Err())
	}
	return o.end()
}

// Client returns the go-redis client that s sends its commands through. What is
// sent through it directly knows neither prefix nor permissions; [Key.Name] gives
// it the name of a key.
//
// It returns nil for a zero Store.
func (s *Store) Client() redis.UniversalClient {
	if s.isZero() {
		return nil
	}
	return s.client
}

// Format prints nothing of the store, as its prefix can name a tenant.
func (Store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "state.Store") }

// Close closes the client if [Open] made it, and ends all watches. Every operation
// after it fails with [ErrClosed]. Closing a store again does nothing and returns nil.
func (s *Store) Close() error {
	if s.isZero() || s.prefix != s.options.Prefix || s.closed.Swap(true) {
		return nil
	}
	s.hub.Close()
	if !s.owned {
		return nil
	}
	return s.client.Close()
}
