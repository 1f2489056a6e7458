package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/typedstate/typedstate/state"
)

// numbered is a key whose one writer numbers what it does to it.
type numbered struct {
	key   recordKey
	text  string // what its values say of their key
	diary diary
	brief bool // the value that is there expires soon
}

const longestBrief = 40 // milliseconds

// one does one thing to the key. The deed counts as doubtful if doubt says so before
// or after it: a failover may lose it though it is acknowledged.
func (k *numbered) one(s *state.Store, r *rand.Rand, doubt func() bool) error {
	ctx, cancel := patient()
	defer cancel()
	before := doubt()
	err := k.deed(ctx, s, r)
	became := done
	switch {
	case errors.Is(err, state.ErrUnknownOutcome), err == nil && (before || doubt()):
		became = doubtful
	case err != nil:
		became = idle
	}
	k.diary.end(became, now())
	if errors.Is(err, state.ErrNotFound) {
		return nil
	}
	return err
}

// deed begins a deed and does it. It fails with state.ErrNotFound if there was
// nothing to do it to.
func (k *numbered) deed(ctx context.Context, s *state.Store, r *rand.Rand) error {
	// Long lives are of different lengths, so that events tell them apart.
	life := hour + time.Duration(r.IntN(360))*10*time.Second
	long := state.TTL(life)
	switch p := r.IntN(100); {
	case p < 5:
		k.diary.begin(touching, life)
		err := state.Touch(ctx, s, k.key, long)
		k.brief = k.brief && err != nil
		return err
	case p < 15:
		n := k.diary.begin(k.sort(k.brief), 0) // an update leaves the time to live
		_, err := state.Update(ctx, s, k.key, func(v *record) error {
			*v = record{N: n, Key: k.text}
			return nil
		})
		return err
	case p < 19:
		k.diary.begin(removing, 0)
		removed, err := state.Remove(ctx, s, k.key)
		if err == nil && removed == 0 {
			err = state.ErrNotFound
		}
		return err
	case p < 21:
		k.diary.begin(removing, 0)
		_, err := state.Take(ctx, s, k.key)
		return err
	case p < 24:
		k.brief = true
		life = time.Duration(1+r.IntN(longestBrief)) * time.Millisecond
		n := k.diary.begin(fleeting, life)
		err := k.key.Set(ctx, s, record{N: n, Key: k.text}, state.TTL(life))
		if r.IntN(2) == 0 {
			pause(ctx, life)
		}
		return err
	case p < 28:
		k.brief = false
		n := k.diary.begin(storing, life)
		return s.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
			return k.key.Set(ctx, tx, record{N: n, Key: k.text}, long)
		})
	default:
		k.brief = false
		n := k.diary.begin(storing, life)
		return k.key.Set(ctx, s, record{N: n, Key: k.text}, long)
	}
}

func (*numbered) sort(brief bool) deed {
	if brief {
		return fleeting
	}
	return storing
}
