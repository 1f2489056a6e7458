// Package redistest starts real redis-server processes for tests.
//
//	srv := redistest.Start(t, redistest.WithAOF())
//	rdb := srv.Client(t)
//	srv.Restart(t) // same port, same data
//
// A process listens on a free loopback port, keeps its files in the test's
// temporary directory, and ends with the test, even with one that is killed.
// Without the redis-server binary the test is skipped, or fails where
// STATE_REQUIRE_REDIS=1 is set. Nothing here waits longer than ten seconds.
package redistest
