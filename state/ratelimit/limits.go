package ratelimit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/limitspec"
)

// limits are checked limits, and the calls of the script that takes from them.
type limits struct {
	list []Limit
	take *exec.Prepared
}

// newLimits returns the limits, or what is wrong with them by that check.
func newLimits(given []Limit, check func([]limitspec.Limit) (at int, err error)) (limits, error) {
	specs := make([]limitspec.Limit, len(given))
	for i, l := range given {
		specs[i] = l.spec
	}
	if _, err := check(specs); err != nil {
		return limits{}, err
	}
	var args []any
	for _, one := range specs {
		args = append(args, field(one))
	}
	for _, one := range specs {
		args = appendNumbers(args, one)
	}
	return limits{slices.Clone(given), takeScript.Prepare(args...)}, nil
}

// field returns the name of a limit's field in the hash of a subject. What a window with
// another time has counted cannot be told from it, and so is kept apart.
func field(s limitspec.Limit) string {
	if s.Kind == limitspec.Bucket {
		return "b:" + s.Name
	}
	return "w" + strconv.FormatInt(s.Per.Microseconds(), 10) + ":" + s.Name
}

// appendNumbers appends what take.lua is told of a limit besides its field.
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

// fields returns the fields of the limits with those names.
func (l *limits) fields(names []string) ([]any, error) {
	fields := make([]any, len(names))
	for i, name := range names {
		at := slices.IndexFunc(l.list, func(one Limit) bool { return one.Name() == name })
		if at < 0 {
			return nil, fmt.Errorf("%w: %q; there are %v", ErrUnknownLimit, name, l.list)
		}
		fields[i] = field(l.list[at].spec)
	}
	return fields, nil
}
