package state

// dueHeap holds the watched keys that are to be looked at some time, the earliest
// first, for package heap.
type dueHeap []*watched

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *dueHeap) Push(x any) {
	k, _ := x.(*watched)
	k.index = len(*h)
	*h = append(*h, k)
}

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	k.index = -1
	(*h)[last] = nil
	*h = (*h)[:last]
	return k
}
