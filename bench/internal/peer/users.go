package peer

import (
	"context"
	"errors"
	"fmt"
	"sync"

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

// Keep has a way keep the users' values.
func (u Users[T]) Keep(w Way[T]) Kept {
	ctx := context.Background()
	return Kept{
		name:  w.Name,
		check: sync.OnceValue(func() error { return u.check(ctx, w) }),
		get: func(n int) error {
			v, err := w.Get(ctx, u.ids[n])
			if err == nil && u.owner(v) != u.ids[n] {
				err = errWrong
			}
			return err
		},
		set: func(n int) error { return w.Set(ctx, u.ids[n], &u.values[n]) },
	}
}

// check writes all values and reads them back.
func (u Users[T]) check(ctx context.Context, w Way[T]) error {
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
