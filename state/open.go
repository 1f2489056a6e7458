package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/redis/go-redis/v9"
)

// Open connects to Redis and returns a store on it. The server is the one that
// url names, such as "redis://user:password@localhost:6379/0" or "rediss://…"
// for TLS, in the form of [redis.ParseURL]; or, if url is empty, the servers that
// Options.Redis names. It is an error to give both or none.
//
// Open sends PING and fails if no server answers it. The client that it makes
// has ContextTimeoutEnabled set, so that deadlines of a context bound the time on
// the network, and DialerRetries is 1 unless it is given, as the store tries again
// by itself. [Store.Close] closes it. Errors never hold the URL, which can hold a
// password.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	client, err := dial(url, o.Redis)
	if err != nil {
		return nil, fmt.Errorf("state: Open: %w", err)
	}
	o.Redis = nil
	s, err := newStore(client, o)
	if err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("state: Open: %w", err)
	}
	s.owned = true
	if err := s.Ping(ctx); err != nil {
		_ = client.Close()
		return nil, fmt.Errorf("state: Open: %w", err)
	}
	return s, nil
}

func dial(url string, universal *redis.UniversalOptions) (redis.UniversalClient, error) {
	switch {
	case url != "" && universal != nil:
		return nil, errors.New("both a URL and Options.Redis are given; give one")
	case url != "":
		o, err := redis.ParseURL(url)
		if err != nil {
			return nil, errors.New("the URL does not parse; it has the form redis://user:password@host:6379/0, " +
				"or rediss:// for TLS, with special characters in the password as %HH")
		}
		o.ContextTimeoutEnabled = true
		o.DialerRetries = cmp.Or(o.DialerRetries, 1)
		return redis.NewClient(o), nil
	case universal != nil:
		o := *universal
		o.ContextTimeoutEnabled = true
		o.DialerRetries = cmp.Or(o.DialerRetries, 1)
		return redis.NewUniversalClient(&o), nil
	default:
		return nil, errors.New("neither a URL nor Options.Redis is given")
	}
}

// New returns a store on a client that the caller has made and will close; it
// sends nothing. The client should have ContextTimeoutEnabled set; New logs a
// warning if it has not.
//
// While more than a few calls are under way to a server, they share pipelines. Hooks
// of the client, such as those for tracing, then see a pipeline of several callers'
// commands, with a context that has none of their values; an [Observer] is told of
// each call with its own. A hook must call next once: if it repeats a pipeline that
// failed, writes in it that were answered end with [ErrUnknownOutcome].
//
// It fails for a nil client, for a *redis.Ring, which has no Cluster slots, and for
// a *redis.AutoPipeliner, which would hold back single commands.
func New(client redis.UniversalClient, o Options) (*Store, error) {
	s, err := newStore(client, o)
	if err != nil {
		return nil, fmt.Errorf("state: New: %w", err)
	}
	return s, nil
}

func checkClient(client redis.UniversalClient) error {
	if v := reflect.ValueOf(client); client == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return errors.New("the client is nil")
	}
	switch client.(type) {
	case *redis.Ring:
		return errors.New("a *redis.Ring spreads keys by a hash of its own; use a *redis.ClusterClient")
	case *redis.AutoPipeliner:
		return errors.New("a *redis.AutoPipeliner is no client; give the client that it was made from")
	}
	return nil
}
