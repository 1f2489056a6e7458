package limitspec_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/limitspec"
)

func window(name string, n int64, per time.Duration) limitspec.Limit {
	return limitspec.Limit{Kind: limitspec.Window, Name: name, N: n, Per: per}
}

func bucket(name string, n int64, per time.Duration, burst int64) limitspec.Limit {
	return limitspec.Limit{Kind: limitspec.Bucket, Name: name, N: n, Per: per, Burst: burst}
}

func TestALimitThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	slots := window("w", 1, time.Second)
	slots.Slots = limitspec.MaxSlots + 1
	burst := window("w", 1, time.Second)
	burst.Burst = 1
	bucketSlots := bucket("b", 1, time.Second, 0)
	bucketSlots.Slots = 1
	for want, limit := range map[string]limitspec.Limit{
		"a zero value":                    {},
		"grants 0 tokens":                 window("w", 0, time.Second),
		"grants -1 tokens":                bucket("w", -1, time.Second, 0),
		"has the time 999µs":              window("w", 1, 999*time.Microsecond),
		"has the time 8785h0m0s":          window("w", 1, 8785*time.Hour),
		"whole microseconds":              window("w", 1, time.Second+1),
		"has no burst":                    burst,
		"has no slots":                    bucketSlots,
		"has 257 slots":                   slots,
		"a burst of -1 tokens":            bucket("b", 1, time.Second, -1),
		"cannot be counted exactly":       bucket("b", 999_983, 24*time.Hour, 0),
		"has 9223372036854775807 tokens":  window("w", math.MaxInt64, time.Second),
		"a name of 0 bytes":               window("", 1, time.Second),
		"a name of 33 bytes":              window("abcdefghijklmnopqrstuvwxyz0123456", 1, time.Second),
		`"Minute" holds other characters`: window("Minute", 1, time.Second),
	} {
		at, err := limitspec.Check([]limitspec.Limit{window("ok", 1, time.Hour*8784), limit})
		require.ErrorContains(t, err, want)
		assert.Equal(t, 1, at, want)
	}
	at, err := limitspec.Check(nil)
	require.ErrorContains(t, err, "there is no limit")
	assert.Zero(t, at)
	at, err = limitspec.Check(make([]limitspec.Limit, 9))
	require.ErrorContains(t, err, "there are 9 limits")
	assert.Equal(t, 8, at)
}

func TestALimitThatCanNeverDecideIsRefused(t *testing.T) {
	t.Parallel()
	shadow := window("b", 100, time.Minute)
	shadow.Shadow = true
	for name, c := range map[string]struct {
		a, b limitspec.Limit
		idle string // the limit that never decides, or ""
	}{
		"the longer window is stricter":      {window("a", 50, time.Hour), window("b", 100, time.Minute), "b"},
		"so it is the other way round":       {window("a", 100, time.Minute), window("b", 50, time.Hour), "a"},
		"the shorter one adds up to less":    {window("a", 10, time.Second), window("b", 600, time.Minute), "b"},
		"and by one to more":                 {window("a", 10, time.Second), window("b", 599, time.Minute), ""},
		"and not in a part more":             {window("a", 10, 7*time.Second), window("b", 90, time.Minute), "b"},
		"which may be more":                  {window("a", 10, 7*time.Second), window("b", 89, time.Minute), ""},
		"two that differ":                    {window("a", 100, time.Minute), window("b", 1000, time.Hour), ""},
		"the same twice":                     {window("a", 1, time.Minute), window("b", 1, time.Minute), "b"},
		"a bucket is below a window":         {window("a", 119, time.Minute), bucket("b", 60, time.Minute, 60), "a"},
		"and by one above it":                {window("a", 118, time.Minute), bucket("b", 60, time.Minute, 60), ""},
		"a window is below a bucket":         {bucket("a", 100, time.Minute, 100), window("b", 100, time.Minute), "a"},
		"its rate is, and its burst is not":  {bucket("a", 100, time.Minute, 99), window("b", 100, time.Minute), ""},
		"its burst is, and its rate is not":  {bucket("a", 100, time.Minute, 100), window("b", 100, 59*time.Second), ""},
		"a bucket is below another":          {bucket("a", 10, time.Second, 5), bucket("b", 100, 9*time.Second, 6), "b"},
		"a bucket refills more slowly":       {bucket("a", 10, time.Second, 7), bucket("b", 90, 10*time.Second, 8), ""},
		"a shadow may be laxer":              {window("a", 50, time.Hour), shadow, ""},
		"numbers beyond 64 bits are no less": {window("a", 1<<51, time.Millisecond), window("b", 1<<52, limitspec.MaxPer), ""},
	} {
		at, err := limitspec.Check([]limitspec.Limit{c.a, c.b})
		if c.idle == "" {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.idle+" can never decide", name)
		assert.Equal(t, 1, at, name)
	}
	_, err := limitspec.Check([]limitspec.Limit{window("a", 1, time.Minute), bucket("a", 5, time.Second, 1)})
	require.ErrorContains(t, err, "two limits have the name a")
}

func TestARateInLowestTerms(t *testing.T) {
	t.Parallel()
	n, per := bucket("b", 1_000_000, 24*time.Hour, 0).Units()
	assert.Equal(t, [2]int64{1, 86_400}, [2]int64{n, per})
	n, per = bucket("b", 7, time.Second, 0).Units()
	assert.Equal(t, [2]int64{7, 1_000_000}, [2]int64{n, per})
}

func TestALimitPrintsAsADirectiveHasIt(t *testing.T) {
	t.Parallel()
	l := bucket("bucket-1h", 1000, time.Hour, 200)
	assert.Equal(t, "bucket=1000/1h,burst=200", l.String())
	l = window("spike", 5, 90*time.Minute)
	l.Slots, l.Shadow = 64, true
	assert.Equal(t, "window=5/1h30m,slots=64,shadow,name=spike", l.String())
}
