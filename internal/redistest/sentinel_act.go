package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Master returns the master that most of the sentinels name, whether or not it
// is up. It waits while they do not agree.
func (d *Sentinel) Master(ctx context.Context) (master *Server, err error) {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	err = until(ctx, func() error {
		votes := map[*Server]int{}
		var complaints []error
		for _, s := range live(d.sentinels) {
			named, err := d.named(ctx, s)
			complaints = append(complaints, err)
			if err != nil {
				continue
			}
			if votes[named]++; votes[named] > len(d.sentinels)/2 {
				master = named
				return nil
			}
		}
		return errors.Join(append(complaints, errors.New("the sentinels name no master"))...)
	})
	return master, err
}

// named returns the master that the sentinel tells clients of.
func (d *Sentinel) named(ctx context.Context, sentinel *Server) (master *Server, err error) {
	var at []string
	err = sentinel.ask(ctx, func(ctx context.Context, c *redis.Client) error {
		at, err = c.Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName).StringSlice()
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, s := range d.servers {
		if len(at) == 2 && s.Addr() == net.JoinHostPort(at[0], at[1]) {
			return s, nil
		}
	}
	return nil, fmt.Errorf("no server at %v", at)
}

// AwaitMasterChange returns the time at which a sentinel first told of another
// master than old, and that one was a master.
func (d *Sentinel) AwaitMasterChange(ctx context.Context, old *Server) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	return first(ctx, d.sentinels, func(ctx context.Context, s *Server) (time.Time, error) {
		named, err := d.named(ctx, s)
		if err == nil && named == old {
			err = errors.New("the master is still the old one")
		}
		if err == nil {
			err = named.isMaster(ctx)
		}
		return time.Now(), err
	})
}

// Failover makes the sentinels put a replica in the master's place, and
// returns when all sentinels that are up tell of the new master. Writes that
// the old one still acknowledges meanwhile are lost. The old master may take
// a second more to follow; [Sentinel.Settled] waits for that.
func (d *Sentinel) Failover(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	old, err := d.Master(ctx)
	if err != nil {
		return fmt.Errorf("failover: %w", err)
	}
	var asked time.Time
	refused := errors.New("the master is still the old one")
	err = until(ctx, func() error {
		watchers := live(d.sentinels)
		if len(watchers) == 0 {
			return errDown
		}
		begun := time.Since(asked) < time.Second
		for i, s := range watchers {
			named, err := d.named(ctx, s)
			if err != nil {
				return err
			}
			if named == old {
				// Only the first is asked: two may start a failover each.
				// INPROG and NOGOODSLAVE pass.
				if i == 0 && !begun {
					asked = time.Now()
					if err := s.do(ctx, "SENTINEL", "FAILOVER", masterName); err != nil {
						refused, asked = err, asked.Add(-9*time.Second/10)
					}
				}
				return refused
			}
			if err := named.isMaster(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("failover: %w", err)
	}
	return nil
}

// Settled waits until all servers and sentinels are up and each sentinel knows
// them all, finds nothing wrong with them and names the same master, to which
// all replicas are linked.
func (d *Sentinel) Settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, actLimit)
	defer cancel()
	if err := until(ctx, func() error { return d.settled(ctx) }); err != nil {
		return fmt.Errorf("the sentinels do not settle: %w", err)
	}
	return nil
}

func (d *Sentinel) settled(ctx context.Context) error {
	master, err := d.named(ctx, d.sentinels[0])
	if err != nil {
		return err
	}
	if err := errors.Join(master.isMaster(ctx), master.online(ctx, len(d.servers)-1)); err != nil {
		return err
	}
	for _, s := range d.servers {
		if s == master {
			continue
		}
		if err := s.follows(ctx, master.Addr()); err != nil {
			return err
		}
	}
	want := fmt.Sprintf("name=%s,status=ok,address=%s,slaves=%d,sentinels=%d\r\n",
		masterName, master.Addr(), len(d.servers)-1, len(d.sentinels))
	for _, s := range d.sentinels {
		info, err := s.info(ctx, "sentinel")
		if err != nil {
			return err
		}
		if !strings.Contains(info, want) {
			return fmt.Errorf("%s does not know everybody: want %q in %q", s.Addr(), want, info)
		}
		if err := d.content(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// content returns an error while the sentinel has a complaint about a replica.
func (d *Sentinel) content(ctx context.Context, sentinel *Server) error {
	return sentinel.ask(ctx, func(ctx context.Context, c *redis.Client) error {
		replicas, err := c.Do(ctx, "SENTINEL", "REPLICAS", masterName).Slice()
		if err != nil {
			return err
		}
		for _, r := range replicas {
			if flags := field(r, "flags"); flags != "slave" || field(r, "master-link-status") != "ok" {
				return fmt.Errorf("a sentinel sees a replica as %s", flags)
			}
		}
		return nil
	})
}

// field returns a field of a map that RESP2 sends as a list.
func field(reply any, name string) string {
	switch r := reply.(type) {
	case map[any]any:
		return fmt.Sprint(r[name])
	case []any:
		for i := 0; i+1 < len(r); i += 2 {
			if r[i] == name {
				return fmt.Sprint(r[i+1])
			}
		}
	}
	return ""
}
