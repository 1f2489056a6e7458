//go:build !race

package rt_test

// slowdown is how much longer code may take.
const slowdown = 1
