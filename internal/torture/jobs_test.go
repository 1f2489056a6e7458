//go:build unix

package main

// brokenTrackers are trackers that a test may choose by their names. A worker looks for
// its own here, too, as it is this program.
func brokenTrackers() {}
