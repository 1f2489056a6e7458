package ratelimit

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/typedstate/typedstate/internal/limitspec"
)

// limits are checked limits, and what the scripts are told of them.
type limits struct {
	list []Limit
	args []any
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
	l := limits{list: slices.Clone(given), args: []any{"@"}}
	for _, one := range specs {
		l.args = append(l.args, one.Name)
	}
	for _, one := range specs {
		l.args = appendNumbers(l.args, one)
	}
	return l, nil
}

// appendNumbers appends what take.lua is told of a limit besides its name.
func appendNumbers(args []any, s limitspec.Limit) []any {
	kind, numbers := "w", [3]int64{s.N, s.Per.Microseconds(), slotMicros(s)}
	if s.Kind == limitspec.Bucket {
		n, per := s.Units()
		kind, numbers = "b", [3]int64{s.Capacity() * per, n, per}
	}
	if s.Shadow {
		kind = strings.ToUpper(kind)
	}
	args = append(args, kind)
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

// index returns where the limit of that name is, or -1.
func (l *limits) index(name string) int {
	return slices.IndexFunc(l.list, func(one Limit) bool { return one.Name() == name })
}

// usages returns what a script replies of the limits: for each the tokens that remain, and
// three times.
func (l *limits) usages(numbers []int64) []Usage {
	if len(numbers) == 0 {
		return nil // of a receipt of other limits
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
