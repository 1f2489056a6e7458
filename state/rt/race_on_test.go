//go:build race

package rt_test

const raced = true
