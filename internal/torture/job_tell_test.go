package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/state/jobs"
)

func TestJobsAreDoubtfulWhileTheyMayBeLost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to int64
		touched  bool
	}{{1, 98_000, false}, {1, 99_000, true}, {350_000, 360_000, true}, {905_000, 910_000, false}} {
		assert.Equal(t, c.touched, spans{{c.from, c.to}}.touched(story()), "%+v", c)
	}
	assert.False(t, spans{}.touched(story()))
}

func TestAwaitsAreJudgedByTheEndOfTheirJob(t *testing.T) {
	t.Parallel()
	const second = 1_000_000
	await := func(since, until, finished int64) jobNote {
		return jobNote{What: noteAwait, Fate: done, Since: since, Until: until, Seen: &sighting{Finished: finished}}
	}
	short := jobNote{What: noteAwait, Fate: idle, Since: 1, Until: 5 * second, Limit: second}
	failed := jobNote{What: noteAwait, Fate: idle, Since: 1, Until: 2, Text: noAnswer}
	for name, c := range map[string]struct {
		note jobNote
		hung int64
		late []int64
	}{
		"in time":  {await(1, 11*second, 10*second), 0, []int64{second}},
		"too late": {await(1, 14*second, 10*second), 1, []int64{4 * second}},
		"too late since the servers were out of reach": {await(1, 27*second, 20*second), 0, []int64{1_700_000}},
		"after the end":          {await(11*second, 12*second, 10*second), 0, nil},
		"long after its context": {short, 1, nil},
		"with an error":          {failed, 0, nil},
		"never":                  {jobNote{What: noteAwait, Fate: idle, Since: 1, Until: 9 * second}, 1, nil},
		"of a job that is gone":  {jobNote{What: noteAwait, Fate: idle, Since: 1, Until: 2, Text: noJob}, 0, nil},
	} {
		tr := &tracking{storms: &storms{acts: spans{{21 * second, 26 * second}}, odd: newComplaints()}}
		tr.judgeAwait(c.note)
		assert.Equal(t, c.hung, tr.hung, name)
		assert.Equal(t, c.late, tr.awaits, name)
		assert.Empty(t, tr.deafAwaits, name)
	}
	assert.Equal(t, int64(9), quantile([]int64{1, 3, 9, 2, 5}, 1))
	assert.Equal(t, int64(3), quantile([]int64{1, 3, 9, 2, 5}, 0.5))
	assert.Zero(t, quantile(nil, 0.5))
}

func TestWhatIsStoredOfJobsIsCompared(t *testing.T) {
	t.Parallel()
	now := time.Now().UnixMilli()
	later := now + 60_000
	const tag = ":__{1.2}"
	place := func(state jobs.State, at int64) float64 { return float64(int64(state)*stateWidth + at) }
	stored := func() *jobStore {
		return &jobStore{
			drift: 1,
			records: map[string]jobRecord{
				jobPrefix + "job:a" + tag: {state: int64(jobs.Succeeded), expires: later},
				jobPrefix + "job:b" + tag: {state: int64(jobs.Running), expires: later, lease: (now + 100) * 1000},
				jobPrefix + "job:c" + tag: {state: tombstone, expires: later},
			},
			indexes: map[string]map[string]float64{jobPrefix + "job:__" + tag + ":jobs": {
				"job:a": place(jobs.Succeeded, later), "job:b": place(jobs.Running, now+100), "job:d": place(jobs.Cancelled, now-100),
			}},
		}
	}
	index := jobPrefix + "job:__" + tag + ":jobs"
	for name, c := range map[string]struct {
		change          func(s *jobStore)
		orphans, errors int
	}{
		"nothing":                    {func(*jobStore) {}, 0, 0},
		"a record without a place":   {func(s *jobStore) { delete(s.indexes[index], "job:a") }, 1, 0},
		"another state":              {func(s *jobStore) { s.indexes[index]["job:a"] = place(jobs.Failed, later) }, 0, 1},
		"another time":               {func(s *jobStore) { s.indexes[index]["job:b"] += 10 }, 0, 1},
		"a place without a record":   {func(s *jobStore) { s.indexes[index]["job:e"] = place(jobs.Pending, later) }, 0, 1},
		"a deleted job with one":     {func(s *jobStore) { s.indexes[index]["job:c"] = place(jobs.Pending, later) }, 0, 1},
		"a deleted job that stays":   {func(s *jobStore) { s.records[jobPrefix+"job:c"+tag] = jobRecord{expires: now + 3_600_000} }, 1, 0},
		"a key that is no job's":     {func(s *jobStore) { s.others = []string{"x"} }, 1, 0},
		"a key that does not expire": {func(s *jobStore) { s.endless = []string{"x"} }, 1, 0},
	} {
		s := stored()
		c.change(s)
		assert.Len(t, s.check(), c.orphans, name)
		assert.Len(t, s.errors, c.errors, "%s: %v", name, s.errors)
	}
}
