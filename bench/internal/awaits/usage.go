package awaits

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
)

// Usage is processor time.
type Usage struct {
	// Process is that of this process, and Redis that of all servers.
	Process, Redis time.Duration
}

func (u Usage) minus(v Usage) Usage { return Usage{u.Process - v.Process, u.Redis - v.Redis} }

func (s *Site) usage(ctx context.Context) (u Usage, err error) {
	u.Process = processTime()
	for _, c := range s.admin {
		info, err := c.InfoMap(ctx, "cpu").Result()
		if err != nil {
			return u, err
		}
		for _, name := range []string{"used_cpu_user", "used_cpu_sys"} {
			seconds, err := strconv.ParseFloat(info["CPU"][name], 64)
			if err != nil {
				return u, err
			}
			u.Redis += time.Duration(seconds * float64(time.Second))
		}
	}
	return u, nil
}

// usageBetween returns what waits until then and returns what was used between two moments.
func (s *Site) usageBetween(ctx context.Context, from, to time.Time) func() (Usage, error) {
	var (
		all, at Usage
		err     error
		done    = make(chan struct{})
	)
	go func() {
		defer close(done)
		for _, moment := range []time.Time{from, to} {
			select {
			case <-time.After(time.Until(moment)):
			case <-ctx.Done():
				err = ctx.Err()
				return
			}
			before := at
			if at, err = s.usage(ctx); err != nil {
				return
			}
			all = at.minus(before)
		}
	}()
	return func() (Usage, error) {
		<-done
		return all, err
	}
}

// Connections are the most that those who wait had at a time.
type Connections struct {
	// All are all of them, and Subscribed those with a subscription.
	All, Subscribed int
}

// between is how often they are counted.
const between = 250 * time.Millisecond

// watchConnections counts connections until the function that it returns is called, which
// returns the most that there were.
func (s *Site) watchConnections(ctx context.Context) func() (Connections, error) {
	ctx, cancel := context.WithCancel(ctx)
	var (
		most Connections
		err  error
		done = make(chan struct{})
	)
	go func() {
		defer close(done)
		for {
			var now Connections
			if now, err = s.connections(ctx); err != nil {
				return
			}
			most = Connections{max(most.All, now.All), max(most.Subscribed, now.Subscribed)}
			select {
			case <-ctx.Done():
				return
			case <-time.After(between):
			}
		}
	}()
	return func() (Connections, error) {
		cancel()
		<-done
		if errors.Is(err, context.Canceled) {
			err = nil
		}
		return most, err
	}
}

// connections asks all servers for the connections of those who wait.
func (s *Site) connections(ctx context.Context) (n Connections, err error) {
	for _, c := range s.admin {
		list, err := c.ClientList(ctx).Result()
		if err != nil {
			return n, err
		}
		for line := range strings.Lines(list) {
			fields := make(map[string]string)
			for f := range strings.FieldsSeq(line) {
				name, value, _ := strings.Cut(f, "=")
				fields[name] = value
			}
			if fields["name"] != waiterName {
				continue
			}
			n.All++
			if fields["sub"] != "0" || fields["psub"] != "0" || fields["ssub"] != "0" {
				n.Subscribed++
			}
		}
	}
	return n, nil
}
