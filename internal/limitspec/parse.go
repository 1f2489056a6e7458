package limitspec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Parse returns the limit that a directive's option of that kind gives, such as
// "1000/1h,burst=200". Whether there can be such a limit is for [Check] to say. If the text
// is wrong, at is the byte of it where.
func Parse(kind Kind, text string) (l Limit, at int, err error) {
	l.Kind = kind
	rate, rest, more := strings.Cut(text, ",")
	tokens, per, ok := strings.Cut(rate, "/")
	if l.N, err = number(tokens, 0); err != nil {
		return l, 0, err
	}
	if !ok {
		return l, len(rate), errors.New(`there is no time; give one after a "/", such as ` + tokens + "/1m")
	}
	if l.Per, err = time.ParseDuration(per); err != nil {
		return l, len(tokens) + 1, fmt.Errorf("%q is no Go duration, such as 1s, 1m or 24h", per)
	}
	at = len(rate)
	seen := make(map[string]bool)
	for more {
		at++
		var option string
		option, rest, more = strings.Cut(rest, ",")
		name, value, hasValue := strings.Cut(option, "=")
		if seen[name] {
			return l, at, fmt.Errorf("%q stands twice", name)
		}
		seen[name] = true
		if inside, err := l.set(name, value, hasValue); err != nil {
			return l, at + inside, err
		}
		at += len(option)
	}
	if !seen["name"] {
		l.Name = defaultName(l)
	}
	return l, 0, nil
}

// samples are values of options, for messages.
var samples = map[string]string{"name": "spike", "burst": "200", "slots": "64"}

// set sets what one option after the rate says. If it is wrong, at is the byte of it where.
func (l *Limit) set(name, value string, hasValue bool) (at int, err error) {
	inValue := len(name) + len("=")
	switch {
	case name == "":
		return 0, errors.New("there is nothing after the comma; write a limit without spaces")
	case name == "shadow" && hasValue:
		return inValue, errors.New("shadow takes no value")
	case name == "shadow":
		l.Shadow = true
		return 0, nil
	case name != "name" && name != l.Kind.special():
		return 0, fmt.Errorf("a %v has no %q; there are %s, shadow and name", l.Kind, name, l.Kind.special())
	case !hasValue:
		return 0, fmt.Errorf("%s needs a value, such as %[1]s=%s", name, samples[name])
	case name == "name":
		l.Name = value
		return inValue, checkName(value)
	}
	n, err := number(value, 1)
	switch {
	case err != nil:
		return inValue, err
	case name == "burst":
		l.Burst = n
	case n > MaxSlots:
		return inValue, fmt.Errorf("%d slots are too many; give 1 to %d", n, MaxSlots)
	default:
		l.Slots = int(n)
	}
	return 0, nil
}

// special returns the name of the option that only limits of that kind have.
func (k Kind) special() string {
	if k == Bucket {
		return "burst"
	}
	return "slots"
}

// number reads a number of at least that much, in digits alone.
func number(text string, least uint64) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n < least {
		return 0, fmt.Errorf("%q is no whole number from %d to 2^63-1; write it in digits, such as 100", text, least)
	}
	return int64(n), nil
}
