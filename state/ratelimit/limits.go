package ratelimit

import (
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/internal/limitspec"
)

// limits are checked limits, and what the scripts are told of them.
type limits struct {
	list []Limit
	args [][]any // of each limit
}

// newLimits returns the limits, or what is wrong with them.
func newLimits(given []Limit) (limits, error) {
	specs := make([]limitspec.Limit, len(given))
	for i, l := range given {
		specs[i] = l.spec
	}
	if _, err := limitspec.Check(specs); err != nil {
		return limits{}, err
	}
	l := limits{list: slices.Clone(given)}
	for _, s := range specs {
		l.args = append(l.args, arguments(s))
	}
	return l, nil
}

// arguments returns what subject.lua is told of a limit.
func arguments(s limitspec.Limit) []any {
	kind, numbers := "w", [3]int64{s.N, s.Per.Microseconds(), slotMicros(s)}
	if s.Kind == limitspec.Bucket {
		n, per := s.Units()
		kind, numbers = "b", [3]int64{s.Capacity() * per, n, per}
	}
	if s.Shadow {
		kind = string(kind[0] - 'a' + 'A')
	}
	args := []any{kind, s.Name}
	for _, n := range numbers {
		args = append(args, strconv.FormatInt(n, 10))
	}
	return args
}

// slotMicros returns how long a slot of a window is.
func slotMicros(s limitspec.Limit) int64 {
	slots := s.Slots
	if slots == 0 {
		slots = limitspec.DefaultSlots
	}
	return max(1, s.Per.Microseconds()/int64(slots))
}

// append appends what the scripts are told of the limits with those names, or of all of them.
func (l *limits) append(args []any, names []string) ([]any, error) {
	for i, one := range l.list {
		if names == nil || slices.Contains(names, one.Name()) {
			args = append(args, l.args[i]...)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(l.list, func(one Limit) bool { return one.Name() == name }) {
			return nil, ErrUnknownLimit
		}
	}
	return args, nil
}

// usages returns what a script replies of the limits: for each the tokens that remain, and
// three times.
func (l *limits) usages(numbers []int64) []Usage {
	if len(numbers) == 0 {
		return nil
	}
	all := make([]Usage, len(l.list))
	for i := range all {
		of := numbers[4*i:]
		all[i] = Usage{
			Limit:      l.list[i],
			Remaining:  of[0],
			Denied:     of[1] != 0,
			RetryAfter: micros(of[1]),
			NextAfter:  micros(of[2]),
			ResetAfter: micros(of[3]),
		}
	}
	return all
}

// micros returns that many microseconds, and [Never] for less than none.
func micros(n int64) time.Duration {
	if n < 0 || n > math.MaxInt64/int64(time.Microsecond) {
		return Never
	}
	return time.Duration(n) * time.Microsecond
}
