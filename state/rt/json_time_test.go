package rt_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

var timeCodec = rt.JSON(
	func(e *rt.JSONEncoder, v *time.Time) { e.Time(*v) },
	func(d *rt.JSONDecoder, v *time.Time) { d.Time(v) },
)

func TestJSONTimesOfEveryDay(t *testing.T) {
	t.Parallel()
	first := time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	step := 7
	if raced {
		step = 211
	}
	last := time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC)
	for day, at := 0, first; ; day += step {
		if at = first.AddDate(0, 0, day).Add(time.Duration(day%86400)*time.Second + time.Duration(day%1000)); at.After(last) {
			break
		}
		want, err := at.MarshalJSON()
		require.NoError(t, err)
		got, err := timeCodec.Append(nil, &at)
		require.NoError(t, err)
		if string(want) != string(got) {
			require.Equal(t, string(want), string(got))
		}
		var back time.Time
		require.NoError(t, timeCodec.Decode(got, &back))
		if back != at {
			require.Equal(t, at, back)
		}
	}
}

func TestJSONTimesWriteAsTheyMarshal(t *testing.T) {
	t.Parallel()
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		newYork = time.FixedZone("EST", -5*3600)
	}
	zone := func(offset int) *time.Location { return time.FixedZone("", offset) }
	edge := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, at := range []time.Time{
		{}, time.Now(), time.Now().UTC(), time.Unix(0, 1), time.Unix(1<<62, 0), time.Unix(-1<<62, 0), time.Unix(1<<63-1, 0),
		time.Date(2026, 7, 1, 2, 3, 4, 100, newYork), time.Date(2026, 1, 1, 2, 3, 4, 120000000, newYork), time.Date(1800, 1, 1, 0, 0, 0, 0, newYork),
		time.Unix(0, 0).In(zone(0)), time.Unix(0, 0).In(zone(1)), time.Unix(0, 0).In(zone(-1)), time.Unix(0, 0).In(zone(-59 * 60)),
		time.Unix(0, 0).In(zone(23*3600 + 59*60)), time.Unix(0, 0).In(zone(24 * 3600)), time.Unix(0, 0).In(zone(-24 * 3600)), time.Unix(0, 0).In(zone(19800)),
		edge, edge.Add(time.Second), edge.In(zone(3600)), edge.In(zone(-3600)), edge.Add(time.Hour).In(zone(-3600)), edge.Add(time.Hour).In(zone(-7200)),
		time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC).In(zone(60)), time.Date(0, 1, 1, 0, 0, 0, 0, zone(60)),
	} {
		want, wantErr := at.MarshalJSON()
		got, err := timeCodec.Append(nil, &at)
		if wantErr != nil {
			assert.Error(t, err)
			continue
		}
		require.NoError(t, err)
		assert.Equal(t, string(want), string(got))
		sameDecode[time.Time](t, timeCodec, got)
	}
}

func TestJSONTimesReadAsTheyUnmarshal(t *testing.T) {
	t.Parallel()
	for _, doc := range []string{
		`"2026-01-02T03:04:05+00:00"`, `"2026-01-02T03:04:05-00:00"`, `"2026-01-02T03:04:05.5+05:30"`, `"2026-01-02T03:04:05.123456789123Z"`,
		`"2026-06-31T03:04:05Z"`, `"2026-01-02T03:04:05"`, `"2026-01-02"`, `"2026-01-02 03:04:05Z"`, `"+026-01-02T03:04:05Z"`, `"2026-01-02T03:04:05.-Z"`,
	} {
		var want, got time.Time
		wantErr := json.Unmarshal([]byte(doc), &want)
		err := timeCodec.Decode([]byte(doc), &got)
		assert.Equal(t, wantErr == nil, err == nil, doc)
		assert.Equal(t, want, got, doc)
		sameDecode[time.Time](t, timeCodec, []byte(doc))
	}
	var e *strict.Error
	require.ErrorAs(t, timeCodec.Decode([]byte(`"x"`), new(time.Time)), &e)
	assert.Contains(t, e.Reason, "UnmarshalJSON of time.Time failed")
}
