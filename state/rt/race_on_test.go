//go:build race

package rt_test

const slowdown = 10
