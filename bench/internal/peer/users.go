package peer

import (
	"context"
	"errors"
	"fmt"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
)

// count is how many users there are, and so how many keys.
const count = 1000

// errWrong is what a side fails with that did not read what it wrote.
var errWrong = errors.New("the value read is not the one written")

// Users are the values that a way keeps.
type Users[T interface{ Equal(T) bool }] struct {
	ids    []string
	values []T
	// owner returns the ID that a value names; what is read is held against it.
	owner func(T) string
}

// Sessions returns the users' sessions.
func Sessions() Users[model.Session] {
	return users(model.SampleSession, func(s model.Session) string { return s.UserID })
}

// Presences returns what the users are doing.
func Presences() Users[model.Presence] {
	return users(model.SamplePresence, func(p model.Presence) string { return p.UserID })
}

func users[T interface{ Equal(T) bool }](sample func(int) T, owner func(T) string) (u Users[T]) {
	u.owner = owner
	for n := range count {
		u.ids = append(u.ids, model.UserID(n))
		u.values = append(u.values, sample(n))
	}
	return u
}

// pick returns the user of a caller's i-th operation: all of them in turn, far
// from its own last one and from those of the other callers.
func pick(caller, i int) int { return (caller*397 + i*271) % count }

// Getting is reading by callers at the same time.
func (u Users[T]) Getting(w Way[T], callers int) suite.Side {
	ctx := context.Background()
	return suite.Side{Name: w.Name, Check: u.check(w), Work: block.Load{Callers: callers, Call: func(caller, i int) error {
		n := pick(caller, i)
		v, err := w.Get(ctx, u.ids[n])
		if err == nil && u.owner(v) != u.ids[n] {
			err = errWrong
		}
		return err
	}}}
}

// Setting is writing by callers at the same time.
func (u Users[T]) Setting(w Way[T], callers int) suite.Side {
	ctx := context.Background()
	return suite.Side{Name: w.Name, Check: u.check(w), Work: block.Load{Callers: callers, Call: func(caller, i int) error {
		n := pick(caller, i)
		return w.Set(ctx, u.ids[n], &u.values[n])
	}}}
}

// check writes all values and reads them back.
func (u Users[T]) check(w Way[T]) func() error {
	return func() error {
		ctx := context.Background()
		for n, id := range u.ids {
			if err := w.Set(ctx, id, &u.values[n]); err != nil {
				return err
			}
		}
		for n, id := range u.ids {
			v, err := w.Get(ctx, id)
			if err != nil {
				return err
			}
			if !v.Equal(u.values[n]) {
				return fmt.Errorf("%s: %w", id, errWrong)
			}
		}
		return nil
	}
}
