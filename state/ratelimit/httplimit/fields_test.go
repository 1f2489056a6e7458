package httplimit

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/state/ratelimit"
)

func TestPoliciesAreAStructuredFieldList(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		limits []ratelimit.Limit
		want   string
	}{
		"a window":                      {[]ratelimit.Limit{ratelimit.Window("minute", 100, time.Minute)}, `"p-minute";q=100;w=60`},
		"a bucket":                      {[]ratelimit.Limit{ratelimit.Bucket("hour", 1000, time.Hour)}, `"p-hour";q=1000;w=3600`},
		"the burst is not the quota":    {[]ratelimit.Limit{ratelimit.Bucket("b", 10, time.Second).WithBurst(50)}, `"p-b";q=10;w=1`},
		"a part of a second":            {[]ratelimit.Limit{ratelimit.Window("w", 1, 500*time.Millisecond)}, `"p-w";q=1`},
		"more than a second, not whole": {[]ratelimit.Limit{ratelimit.Window("w", 1, 1500*time.Millisecond)}, `"p-w";q=1`},
		"a shadow":                      {[]ratelimit.Limit{ratelimit.Window("w", 1, time.Second).AsShadow()}, ""},
		"more than an Integer can be":   {[]ratelimit.Limit{ratelimit.Window("w", math.MaxInt64, time.Second)}, `"p-w";q=999999999999999;w=1`},
		"several, a shadow between": {[]ratelimit.Limit{
			ratelimit.Window("a", 1, time.Second),
			ratelimit.Window("b", 2, time.Second).AsShadow(),
			ratelimit.Window("c", 3, time.Second),
		}, `"p-a";q=1;w=1, "p-c";q=3;w=1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := Check{prefix: "p-", limits: tc.limits}
			assert.Equal(t, tc.want, string(c.policies(nil)))
		})
	}
}

func TestUsagesAreAStructuredFieldList(t *testing.T) {
	t.Parallel()
	limit := ratelimit.Window("w", 100, time.Minute)
	for name, tc := range map[string]struct {
		usage ratelimit.Usage
		want  string
	}{
		"nothing used":                {ratelimit.Usage{Limit: limit, Remaining: 100}, `"w";r=100`},
		"some":                        {ratelimit.Usage{Limit: limit, Remaining: 99, NextAfter: 30 * time.Second}, `"w";r=99;t=30`},
		"none left":                   {ratelimit.Usage{Limit: limit, NextAfter: 30*time.Second + time.Microsecond}, `"w";r=0;t=31`},
		"soon":                        {ratelimit.Usage{Limit: limit, NextAfter: time.Microsecond}, `"w";r=0;t=1`},
		"more than an Integer can be": {ratelimit.Usage{Limit: limit, Remaining: math.MaxInt64}, `"w";r=999999999999999`},
		"a shadow":                    {ratelimit.Usage{Limit: limit.AsShadow(), Remaining: 1}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := ratelimit.Decision{Limits: []ratelimit.Usage{tc.usage}}
			assert.Equal(t, tc.want, string(Check{}.usages(nil, d)))
		})
	}
}

func TestAnEmptyListIsNoField(t *testing.T) {
	t.Parallel()
	h := http.Header{}
	list(nil).addTo(h, "Ratelimit")
	assert.Empty(t, h)
}

func TestRetryAfterIsNeverEarly(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]string{
		time.Nanosecond:               "1",
		time.Second:                   "1",
		time.Second + time.Nanosecond: "2",
		ratelimit.Never - 1:           "9223372037",
		ratelimit.Never:               "",
	} {
		h := http.Header{}
		setRetryAfter(h, after)
		assert.Equal(t, want, h.Get("Retry-After"), after)
	}
}

func TestShadowsAreNotAmongTheViolated(t *testing.T) {
	t.Parallel()
	limit := ratelimit.Window("a", 1, time.Second)
	d := ratelimit.Decision{Limits: []ratelimit.Usage{
		{Limit: limit, Denied: true},
		{Limit: ratelimit.Window("b", 1, time.Second)},
		{Limit: ratelimit.Window("c", 1, time.Second).AsShadow(), Denied: true},
	}}
	assert.Equal(t, []string{"p-a"}, Check{prefix: "p-"}.violated(d))
}
