package main

import (
	"math"
	"sync/atomic"
	"time"
)

// calm is the time in which nothing is broken. How long it takes until a change is
// shown is measured in it alone.
type calm struct{ from atomic.Int64 }

// aftermath is how long after a break it is not calm yet.
const aftermath = 300 * time.Millisecond

func (c *calm) begin() { c.from.Store(now() + int64(aftermath)) }

func (c *calm) end() { c.from.Store(math.MaxInt64) }

// since returns from when it has been calm, or MaxInt64.
func (c *calm) since() int64 { return c.from.Load() }
