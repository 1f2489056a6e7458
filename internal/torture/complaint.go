package main

import (
	"fmt"
	"sync"
)

// complaints keeps a few examples of what went wrong, to be told beside a figure.
type complaints struct {
	mu   sync.Mutex
	seen map[string]int
}

func newComplaints() *complaints { return &complaints{seen: map[string]int{}} }

func (c *complaints) add(what string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := fmt.Sprintf("%s: %v", what, err)
	if _, known := c.seen[text]; known || len(c.seen) < 8 {
		c.seen[text]++
	}
}

func (c *complaints) tell(b *bench) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for text, n := range c.seen {
		b.tb.Logf("%d times: %s", n, text)
	}
}
