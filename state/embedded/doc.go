// Package embedded runs a Redis inside the process, for trying out, tours and
// tests:
//
//	srv, err := embedded.Start()
//	defer srv.Close()
//	store, err := state.New(srv.Client(), state.Options{Prefix: "demo:"})
//
// It is miniredis on connections in memory: no port, no files, TTLs that run
// with the clock, also with the one of a testing/synctest bubble. It is never
// a stand-in for Redis in a service; [Limits] lists what it cannot do.
package embedded
