package main

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/typedstate/typedstate/state"
)

// spectator is one watcher and what it was shown. It checks each event when it comes.
type spectator struct {
	*watching
	keys  map[recordKey]*numbered // those that it watches
	watch func(ctx context.Context, show func(recordKey, state.Event[record], error))
	slow  bool // it stalls between events

	mu     sync.Mutex
	trails map[recordKey]*trail
	last   map[recordKey]scene
}

// scene is what a key looked like: what is stored, and until when.
type scene struct {
	token state.Token
	until time.Time
}

func sceneOf(t state.Token, left time.Duration) scene {
	s := scene{token: t}
	if t != state.Absent() {
		s.until = time.Now().Add(left)
	}
	return s
}

// alike is by how much two readings of one deadline may differ. Two deadlines of the
// writers differ by seconds.
const alike = 500 * time.Millisecond

func (s scene) same(other scene) bool {
	return s.token == other.token && s.until.Sub(other.until).Abs() < alike
}

const longestStall = 2 * time.Second

// attend watches until ctx ends.
func (p *spectator) attend(ctx context.Context) {
	r := p.rand()
	p.watch(ctx, func(k recordKey, e state.Event[record], err error) {
		if err != nil {
			if ctx.Err() == nil {
				p.failed.Add(1)
				p.odd.add("a watch", err)
			}
			return
		}
		p.note(k, &e)
		if p.slow && !p.ending.Load() {
			pause(p.awake, time.Duration(r.Int64N(int64(longestStall))))
		}
	})
	if ctx.Err() == nil {
		p.failed.Add(1)
		p.odd.add("a watch", errors.New("it has ended"))
	}
}

// note checks an event.
func (p *spectator) note(key recordKey, e *state.Event[record]) {
	at := now()
	k := p.keys[key]
	if k == nil {
		p.blame(errors.New("an event of a key that is not watched"))
		return
	}
	p.events.Add(1)
	g := glimpse{n: e.Value.N, kind: e.Kind, gap: e.Gap, skipped: int64(e.Skipped), until: at + int64(e.TTL)}
	if g.gap {
		p.gaps.Add(1)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trails[key]
	if t == nil {
		t = &trail{}
		p.trails[key] = t
	}
	if e.Found && e.Value.Key != k.text {
		p.blame(errors.New("a value of another key"))
	}
	if g.gap {
		for other, t := range p.trails {
			if other != key {
				t.doubt(&p.keys[other].diary, p.lossy)
			}
		}
	}
	if wrong := t.see(&k.diary, g, p.lossy); wrong != nil {
		p.blame(wrong)
	}
	p.late(at, t.lag(&k.diary, g.n, p.calm.since()))
	shown := sceneOf(e.Token, e.TTL)
	if last, known := p.last[key]; known && !g.gap && last.same(shown) {
		p.repeats.Add(1)
	}
	p.last[key] = shown
}

func (p *spectator) blame(why error) {
	p.silent.Add(1)
	p.odd.add("a watcher", why)
}

// late notes how long it took until something was shown, unless the spectator is slow
// by itself.
func (p *spectator) late(at, acked int64) {
	if p.slow || acked == math.MaxInt64 || acked > at {
		return
	}
	for lag := at - acked; ; {
		worst := p.worst.Load()
		if lag <= worst || p.worst.CompareAndSwap(worst, lag) {
			return
		}
	}
}

// overdue notes how long it has been since what was not shown yet.
func (p *spectator) overdue() {
	at, since := now(), p.calm.since()
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, t := range p.trails {
		p.late(at, t.owed(&p.keys[key].diary, since))
	}
}

// begun reports whether something was shown of each key.
func (p *spectator) begun() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.last) == len(p.keys)
}

// stale counts the keys of which the last event is not what is stored.
func (p *spectator) stale(stored map[recordKey]scene) (n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.keys {
		shown, known := p.last[key]
		if !known { // and so it has shown none
			shown.token = state.Absent()
		}
		if !shown.same(stored[key]) {
			n++
		}
	}
	return n
}
