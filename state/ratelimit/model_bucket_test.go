package ratelimit_test

import (
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// bucketModel is a bucket that leaks: a token is per units, and n units leak in each
// microsecond. Numbers of any size are exact, and none is rounded but in an answer.
type bucketModel struct {
	n, per, capacity *big.Int // capacity in units
	grants           []*grant
}

func newBucketModel(l ratelimit.Limit) *bucketModel {
	n, per := big.NewInt(l.N()), big.NewInt(l.Per().Microseconds())
	return &bucketModel{n: n, per: per, capacity: new(big.Int).Mul(big.NewInt(l.Capacity()), per)}
}

// level returns the units in the bucket, from the first grant on.
func (m *bucketModel) level(now int64) *big.Int {
	level, at := new(big.Int), now
	leak := func(to int64) {
		level.Sub(level, new(big.Int).Mul(big.NewInt(to-at), m.n))
		if level.Sign() < 0 {
			level.SetInt64(0)
		}
		at = to
	}
	for i, g := range m.grants {
		if i == 0 {
			at = g.at
		}
		leak(g.at)
		level.Add(level, m.units(g.n))
	}
	leak(now)
	return level
}

func (m *bucketModel) units(tokens int64) *big.Int {
	return new(big.Int).Mul(big.NewInt(tokens), m.per)
}

func (m *bucketModel) may(now int64) int64 {
	free := new(big.Int).Sub(m.capacity, m.level(now))
	return new(big.Int).Div(free, m.per).Int64() // rounds down
}

func (m *bucketModel) must(now int64) int64 { return m.may(now) }

func (m *bucketModel) granted(now, n int64) *grant {
	g := &grant{at: now, n: n}
	m.grants = append(m.grants, g)
	return g
}

func (m *bucketModel) refunded(g *grant, n int64) { g.n -= n }

func (m *bucketModel) reset() { m.grants = nil }

// until returns how long it takes until the level is at most that of units, rounded up.
func (m *bucketModel) until(now int64, units *big.Int) time.Duration {
	over := new(big.Int).Sub(m.level(now), units)
	if over.Sign() <= 0 {
		return 0
	}
	over.Add(over, m.n).Sub(over, big.NewInt(1)).Div(over, m.n)
	return time.Duration(over.Int64()) * time.Microsecond
}

// retryAfter returns how long it takes until n tokens would be granted.
func (m *bucketModel) retryAfter(now, n int64) time.Duration {
	room := new(big.Int).Sub(m.capacity, m.units(n))
	if room.Sign() < 0 {
		return math.MaxInt64
	}
	return m.until(now, room)
}

func (m *bucketModel) nextAfter(now int64) time.Duration {
	if m.level(now).Sign() == 0 {
		return 0
	}
	return m.retryAfter(now, m.may(now)+1)
}

func (m *bucketModel) resetAfter(now int64) time.Duration { return m.until(now, new(big.Int)) }

// queueModel is a bucket that knows which units are left of each grant, in the order in
// which they drain. Of one that is refunded, what was left of it at the latest grant is
// taken out: nothing was granted since that the tokens could have let pass twice.
type queueModel struct {
	*bucketModel
	at   int64
	left []*big.Int // of grants
}

// drained returns what is left of each grant at that time.
func (m *queueModel) drained(now int64) []*big.Int {
	out := new(big.Int).Mul(big.NewInt(now-m.at), m.n)
	left := make([]*big.Int, len(m.left))
	for i, of := range m.left {
		part := new(big.Int).Set(out)
		if part.Cmp(of) > 0 {
			part.Set(of)
		}
		left[i] = new(big.Int).Sub(of, part)
		out.Sub(out, part)
	}
	return left
}

func (m *queueModel) may(now int64) int64 {
	free := new(big.Int).Set(m.capacity)
	for _, left := range m.drained(now) {
		free.Sub(free, left)
	}
	return free.Div(free, m.per).Int64()
}

func (m *queueModel) must(now int64) int64 { return m.may(now) }

func (m *queueModel) granted(now, n int64) *grant {
	m.left, m.at = append(m.drained(now), m.units(n)), now
	return m.bucketModel.granted(now, n)
}

func (m *queueModel) refunded(g *grant, n int64) {
	for i, one := range m.grants {
		if one == g {
			back := m.units(n)
			if back.Cmp(m.left[i]) > 0 {
				back.Set(m.left[i])
			}
			m.left[i].Sub(m.left[i], back)
		}
	}
}

func (m *queueModel) reset() {
	m.left = nil
	m.bucketModel.reset()
}

func TestTheModelOfABucketIsTheGenericCellRateAlgorithm(t *testing.T) {
	t.Parallel()
	// ITU-T I.371 says it with times: a token is a cell, and T microseconds long.
	const T, burst = 700, 5
	m := newBucketModel(ratelimit.Bucket("b", 1, T*time.Microsecond).WithBurst(burst))
	next := int64(0) // the theoretical arrival time
	for now := int64(0); now < 100*T; now += 137 + now%211 {
		conforms := max(next, now)-now <= (burst-1)*T
		require.Equal(t, conforms, m.may(now) >= 1, "at %d", now)
		if conforms {
			m.granted(now, 1)
			next = max(next, now) + T
		}
	}
}
