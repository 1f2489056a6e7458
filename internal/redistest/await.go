package redistest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// until calls f again and again until it returns nil or the context ends, and
// then says what f last complained of.
func until(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(glance):
		}
	}
}

// first asks all servers at once, each again and again, and returns what f
// first finds with any of them. A server that hangs so delays nobody.
func first[T any](ctx context.Context, servers []*Server, f func(context.Context, *Server) (T, error)) (T, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	found := make(chan T, len(servers))
	var mu sync.Mutex
	complaints := make([]error, len(servers))
	for i, s := range servers {
		go func() {
			_ = until(ctx, func() error {
				v, err := f(ctx, s)
				if err == nil {
					found <- v
					return nil
				}
				mu.Lock()
				defer mu.Unlock()
				if ctx.Err() == nil {
					complaints[i] = fmt.Errorf("%s: %w", s.Addr(), err)
				}
				return err
			})
		}()
	}
	select {
	case v := <-found:
		return v, nil
	case <-ctx.Done():
		mu.Lock()
		defer mu.Unlock()
		var zero T
		return zero, errors.Join(append([]error{context.Cause(ctx)}, complaints...)...)
	}
}

// live returns those of the servers that run and are not paused.
func live(servers []*Server) []*Server {
	var up []*Server
	for _, s := range servers {
		if s.up() {
			up = append(up, s)
		}
	}
	return up
}
