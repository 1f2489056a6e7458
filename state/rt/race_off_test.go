//go:build !race

package rt_test

// raced tells that the race detector is on, which makes code slower and pools leaky.
const raced = false
