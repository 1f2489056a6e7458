package exec

// Limit sets how much may wait for a node before the first call.
func (c *Client) Limit(calls, bytes int) { c.lanes.limits.calls, c.lanes.limits.bytes = calls, bytes }

// Waiting returns how many calls wait for the one node, and how many round trips to
// it are under way.
func (c *Client) Waiting() (calls, convoys int) {
	l := c.lanes.only
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count, len(l.convoys)
}

// SlotOf returns the slot of a key.
func SlotOf(key string) int { return slotOf(key) }
