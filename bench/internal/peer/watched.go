package peer

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
	"github.com/typedstate/typedstate/state"
)

var watchedFamily = state.Define("watched:<userID>", state.FamilyOptions[model.Session]{
	TTL: ttl, Codec: model.SessionJSON, Watch: true,
})

// Watches are ways to have another goroutine hear of a change: a session that is
// written until the loop of a watch has it, and beside it a word that is published
// until a subscriber has received it.
func (e *Env) Watches() []suite.Side {
	return []suite.Side{heard(suite.Ours, e.watch()), heard("publish", e.publish())}
}

// telling is a way to tell a number to a goroutine that listens.
type telling struct {
	// listen hands on what it hears until it fails or ctx ends.
	listen func(ctx context.Context, hand func(n uint32)) error
	tell   func(ctx context.Context, n uint32) error
}

// watch writes a session and watches its key.
func (e *Env) watch() telling {
	k := watchedFamily.Key(model.UserID(count)) // whose session no other job writes
	v := model.SampleSession(count)
	return telling{
		listen: func(ctx context.Context, hand func(uint32)) error {
			for event, err := range state.Watch(ctx, e.Store, k) {
				if err != nil {
					return err
				}
				hand(event.Value.Revision)
			}
			return ctx.Err()
		},
		tell: func(ctx context.Context, n uint32) error {
			v.Revision = n
			return k.Set(ctx, e.Store, v)
		},
	}
}

// publish sends a word on a channel and receives it.
func (e *Env) publish() telling {
	const channel = theirPrefix + "news"
	return telling{
		listen: func(ctx context.Context, hand func(uint32)) error {
			sub := e.GoRedis.Subscribe(ctx, channel)
			defer func() { _ = sub.Close() }()
			if _, err := sub.Receive(ctx); err != nil { // that it has subscribed
				return err
			}
			hand(0)
			for {
				m, err := sub.ReceiveMessage(ctx)
				if err != nil {
					return err
				}
				n, err := strconv.ParseUint(m.Payload, 10, 32)
				if err != nil {
					return err
				}
				hand(uint32(n))
			}
		},
		tell: func(ctx context.Context, n uint32) error {
			return e.GoRedis.Publish(ctx, channel, strconv.FormatUint(uint64(n), 10)).Err()
		},
	}
}

// heard is the side of a telling: an operation is over once it was told and heard. The
// goroutine that listens ends with the clients.
func heard(name string, t telling) suite.Side {
	ctx := context.Background()
	news := make(chan uint32, 1)
	failed := make(chan error, 1)
	begin := sync.OnceFunc(func() {
		go func() { failed <- t.listen(ctx, func(n uint32) { news <- n }) }()
	})
	next := uint32(0)
	hear := func(want uint32) error {
		select {
		case n := <-news:
			if n != want {
				return fmt.Errorf("%d was heard in place of %d", n, want)
			}
			return nil
		case err := <-failed:
			return fmt.Errorf("nothing more is heard: %w", err)
		}
	}
	once := func() error {
		next++
		if err := t.tell(ctx, next); err != nil {
			return err
		}
		return hear(next)
	}
	return suite.Side{
		Name: name,
		Check: sync.OnceValue(func() error {
			begin()
			select { // what there is at first
			case <-news:
			case err := <-failed:
				return err
			}
			return once()
		}),
		Work: block.Load{Callers: 1, Call: func(int, int) error { return once() }},
	}
}

// Watched is writing sessions of a family that is declared to be watched, and so
// announces them, beside one that is not.
func (e *Env) Watched() []suite.Side {
	users := Sessions()
	plain := e.OursJSON()
	plain.Name = "unwatched"
	watched := Way[model.Session]{
		Name: suite.Ours,
		Get: func(ctx context.Context, userID string) (model.Session, error) {
			return watchedFamily.Key(userID).Get(ctx, e.Store)
		},
		Set: func(ctx context.Context, userID string, v *model.Session) error {
			return watchedFamily.Key(userID).Set(ctx, e.Store, *v)
		},
	}
	return []suite.Side{users.Keep(watched).Setting(1), users.Keep(plain).Setting(1)}
}
