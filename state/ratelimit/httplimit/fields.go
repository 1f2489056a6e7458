package httplimit

import (
	"net/http"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// The fields, as net/http spells every name.
const (
	policyField          = "Ratelimit-Policy"
	limitField           = "Ratelimit"
	retryField           = "Retry-After"
	legacyLimitField     = "X-Ratelimit-Limit"
	legacyRemainingField = "X-Ratelimit-Remaining"
	legacyResetField     = "X-Ratelimit-Reset"
)

// maxInteger is the largest Integer of a Structured Field (RFC 9651, 3.3.1). A limit can be
// larger.
const maxInteger = 999_999_999_999_999

// list is a Structured Field List of Strings with parameters that are Integers. A string of
// a limit's name and a prefix has nothing to escape.
type list []byte

func (l list) item(name string) list {
	if len(l) > 0 {
		l = append(l, ", "...)
	}
	l = append(l, '"')
	l = append(l, name...)
	return append(l, '"')
}

func (l list) parameter(name string, value int64) list {
	l = append(l, ';')
	l = append(l, name...)
	l = append(l, '=')
	return strconv.AppendInt(l, min(value, maxInteger), 10)
}

// addTo adds the list to those that h has of that name: those of middleware further out. One
// without items must not be sent.
func (l list) addTo(h http.Header, name string) {
	if len(l) > 0 {
		h.Add(name, string(l))
	}
}

// policies appends the limits of c as they are in RateLimit-Policy.
func (c Check) policies(to list) list {
	for _, l := range c.limits {
		if l.IsShadow() {
			continue
		}
		to = to.item(c.prefix+l.Name()).parameter("q", l.N())
		if l.Per()%time.Second == 0 {
			to = to.parameter("w", int64(l.Per()/time.Second))
		}
	}
	return to
}

// usages appends the limits after a call as they are in RateLimit.
func (c Check) usages(to list, d ratelimit.Decision) list {
	for _, u := range d.Limits {
		if u.Limit.IsShadow() {
			continue
		}
		to = to.item(c.prefix+u.Limit.Name()).parameter("r", u.Remaining)
		if u.NextAfter > 0 {
			to = to.parameter("t", seconds(u.NextAfter))
		}
	}
	return to
}

// violated returns the names of the limits that have denied a call.
func (c Check) violated(d ratelimit.Decision) []string {
	var names []string
	for _, u := range d.Limits {
		if u.Denied && !u.Limit.IsShadow() {
			names = append(names, c.prefix+u.Limit.Name())
		}
	}
	return names
}

// setRetryAfter has h say when a request that was denied can come again, if ever. It is never
// earlier than the t of a limit that denied it, since both are rounded alike.
func setRetryAfter(h http.Header, after time.Duration) {
	if after != ratelimit.Never {
		h.Set(retryField, strconv.FormatInt(seconds(after), 10))
	}
}

// setLegacy has h say u in the fields that are older than the draft. Limit is what there can
// be at once, so that Remaining is never more.
func setLegacy(h http.Header, u ratelimit.Usage) {
	h.Set(legacyLimitField, strconv.FormatInt(u.Limit.Capacity(), 10))
	h.Set(legacyRemainingField, strconv.FormatInt(u.Remaining, 10))
	h.Set(legacyResetField, strconv.FormatInt(seconds(u.ResetAfter), 10))
}

// seconds rounds up, so that who comes back then is not early.
func seconds(d time.Duration) int64 {
	s := int64(d / time.Second)
	if d%time.Second > 0 {
		s++
	}
	return s
}
