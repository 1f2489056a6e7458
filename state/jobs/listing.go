package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/state"
)

// page is how many jobs of a bucket are looked at with one command.
const page = 100

// perState is how much higher the scores of a state are than those of the one before.
const perState = 1 << 42

// listing walks over the jobs in a state, from the highest score down, and among those of
// the same by a number made from the name.
type listing struct {
	bridge.Operation
	tracker *tracker
	state   State
	place   place
	from    string
	follows bool
	buckets [buckets]bucket
}

// bucket is how far the jobs of a bucket were looked at.
type bucket struct {
	found []member // sorted, to be shown
	below int64    // the score from which on to look
	size  int      // how many to look for
	ended bool
}

// member is a job in the sorted set of its bucket.
type member struct {
	name  string
	score int64
	tie   uint32
}

func newMember(name string, score int64) member {
	h := fnv.New32()
	_, _ = h.Write([]byte(name)) // it never fails
	return member{name, score, h.Sum32()}
}

// compare orders members as a list has them.
func (m member) compare(other member) int {
	return cmp.Or(cmp.Compare(other.score, m.score), cmp.Compare(m.tie, other.tie), cmp.Compare(m.name, other.name))
}

// cursor returns where the member is in a list. It holds nothing of the name.
func (m member) cursor() string {
	return strconv.FormatInt(m.score, 36) + "-" + strconv.FormatUint(uint64(m.tie), 36)
}

var errCursor = errors.New("From has a cursor that is none of a list of this state; give that of a Listed")

// parseCursor returns a member that stands before all that follow it.
func (l *listing) parseCursor() (member, error) {
	score, tie, _ := strings.Cut(l.from, "-")
	n, err := strconv.ParseInt(score, 36, 64)
	t, failed := strconv.ParseUint(tie, 36, 32)
	if err != nil || failed != nil || n/perState != int64(l.state) {
		return member{}, errCursor
	}
	return member{"\xff", n, uint32(t)}, nil
}

func (t *tracker) list(ctx context.Context, s State, opts []ListOption, yield func(parts []string, cursor string, r *record, err error) bool) {
	l := listing{Operation: t.begin(ctx, "List", 0, bridge.Get), tracker: t, state: s}
	for _, o := range opts {
		if o != nil {
			o.applyTo(&l)
		}
	}
	wanted := true
	err := l.run(func(m member, r *record) bool {
		parts, _ := t.family.template.ParseKey(m.name)
		wanted = yield(parts, m.cursor(), r, nil)
		return wanted
	})
	if err = l.End(l.Label("", err)); err != nil && wanted {
		yield(nil, "", nil, err)
	}
}

// run calls show with the jobs, until it wants no more.
func (l *listing) run(show func(member, *record) bool) (err error) {
	if err = l.Err(); err != nil {
		return err
	}
	if !l.state.Valid() {
		return fmt.Errorf("%v is none; give jobs.Pending, Running, Succeeded, Failed or Cancelled", l.state)
	}
	if l.place, err = l.tracker.place(l, l.tracker.family.shape); err != nil {
		return err
	}
	first := member{score: int64(l.state+1)*perState - 1}
	if l.follows {
		if first, err = l.parseCursor(); err != nil {
			return err
		}
	}
	for i := range l.buckets {
		l.buckets[i].below, l.buckets[i].size = first.score, page
	}
	for {
		if err := l.fill(first); err != nil {
			return err
		}
		some := l.take()
		if len(some) == 0 {
			return nil
		}
		first = some[len(some)-1]
		if more, err := l.show(some, show); err != nil || !more {
			return err
		}
	}
}

// fill looks for jobs after that one in each bucket of which none is left to be shown.
func (l *listing) fill(after member) error {
	for {
		var b exec.Batch
		replies := map[*bucket]*exec.Reply{}
		for i := range l.buckets {
			k := &l.buckets[i]
			if len(k.found) == 0 && !k.ended {
				replies[k] = b.Add(exec.Read("ZREVRANGEBYSCORE", l.place.index(i), k.below, int64(l.state)*perState, "WITHSCORES", "LIMIT", 0, k.size))
			}
		}
		if len(replies) == 0 {
			return nil
		}
		if l.Closed() {
			return state.ErrClosed
		}
		l.Client().Send(l.Context(), &b)
		for k, reply := range replies {
			if err := k.add(*reply, after); err != nil {
				return l.Cause(err, false)
			}
		}
	}
}

// add notes those of the members in a reply that come after that one. Members of the lowest score
// may go on in the next reply, which begins with it.
func (k *bucket) add(r exec.Reply, after member) error {
	list, err := r.List()
	if err != nil {
		return err
	}
	pairs, err := pairsOf(list)
	if err != nil {
		return err
	}
	k.ended = len(pairs) < k.size
	if !k.ended {
		lowest := pairs[len(pairs)-1].score
		if lowest == k.below {
			k.size *= 2 // until all of that score are there
		}
		pairs = slices.DeleteFunc(pairs, func(m member) bool { return m.score == lowest })
		k.below = lowest
	}
	for _, m := range pairs {
		if after.compare(m) < 0 {
			k.found = append(k.found, m)
		}
	}
	slices.SortFunc(k.found, member.compare)
	return nil
}

// pairsOf returns the members of a reply, which RESP 3 has as pairs and RESP 2 in a row.
func pairsOf(list []any) ([]member, error) {
	var flat []any
	for _, v := range list {
		if pair, ok := v.([]any); ok {
			flat = append(flat, pair...)
		} else {
			flat = append(flat, v)
		}
	}
	var all []member
	for i := 0; i+1 < len(flat); i += 2 {
		name, err := exec.Bytes(flat[i])
		if err != nil {
			return nil, err
		}
		score, ok := flat[i+1].(float64)
		if text, isText := flat[i+1].(string); isText {
			score, err = strconv.ParseFloat(text, 64)
			ok = err == nil
		}
		if !ok {
			return nil, errReply
		}
		all = append(all, newMember(string(name), int64(score)))
	}
	return all, nil
}

// take returns the next jobs of all buckets, as far as it is known that no other comes before
// them.
func (l *listing) take() (some []member) {
	for len(some) < page {
		var best *bucket
		for i := range l.buckets {
			k := &l.buckets[i]
			if len(k.found) == 0 {
				if !k.ended {
					return some
				}
				continue
			}
			if best == nil || k.found[0].compare(best.found[0]) < 0 {
				best = k
			}
		}
		if best == nil {
			return some
		}
		some, best.found = append(some, best.found[0]), best.found[1:]
	}
	return some
}

// show reads the jobs and shows those that are in the state. It returns false if no more are
// wanted, or there are none: all that follow expire earlier than one that has expired.
func (l *listing) show(some []member, show func(member, *record) bool) (more bool, err error) {
	var b exec.Batch
	b.Grow(len(some))
	replies := make([]*exec.Reply, len(some))
	for i, m := range some {
		if _, ours := l.tracker.family.template.ParseKey(m.name); ours {
			replies[i] = b.Add(l.tracker.command(&request{name: m.name, op: opGet}, &l.place))
		}
	}
	l.Client().Send(l.Context(), &b)
	for i, m := range some {
		if replies[i] == nil {
			continue
		}
		answer, err := replyOf(*replies[i])
		switch {
		case err != nil:
			return false, l.Cause(err, false)
		case answer.code == missing && l.state != Running && m.score%perState < answer.now/1000:
			return false, nil
		case answer.record != nil && answer.record.State == l.state:
			if !show(m, answer.record) {
				return false, nil
			}
		}
	}
	return true, nil
}
