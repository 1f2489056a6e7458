package ratelimit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/limitspec"
)

// limits are checked limits, and the calls of the script that takes from them.
type limits struct {
	list []Limit
	take exec.Prepared
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
	var args []any
	for _, one := range specs {
		args = append(args, one.Name)
	}
	for _, one := range specs {
		args = appendNumbers(args, one)
	}
	return limits{slices.Clone(given), takeScript.Prepare(args...)}, nil
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
