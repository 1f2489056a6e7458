// Package redistest starts real redis-server processes for tests.
//
//	srv := redistest.Start(t, redistest.WithAOF())
//	rdb := srv.Client(t)
//	srv.Restart(t) // same port, same data
//
// A process listens on a free loopback port, keeps its files in the test's
// temporary directory, and ends with the test, even with one that is killed.
// Without the redis-server binary the test is skipped, or fails where
// STATE_REQUIRE_REDIS=1 is set.
//
// # Deployments
//
// [Start] runs one server, with [WithTLS] and [WithUser] as production has
// them. [Replicate] adds a replica to it. [StartCluster] runs a Redis Cluster
// and [StartSentinel] a master that sentinels watch:
//
//	c := redistest.StartCluster(t, 3, 1)
//	rdb := c.Client(t)
//	owner, err := c.Owner("k")
//	err = owner.TryKill()
//	at, err := c.AwaitOwnerChange(ctx, "k", owner)
//	err = owner.TryRestart()
//	err = c.Settled(ctx)
//
// Package deployment lists all of these, and the embedded server, for a conformance suite.
//
// What changes a deployment that runs takes a context and returns an error, so
// that any goroutine may call it.
//
// # Faults
//
// A server crashes with [Server.Kill] and hangs with [Server.Pause]. The
// network fails in a [Proxy], which knows requests from replies and can lose
// exactly one:
//
//	p := redistest.StartProxy(t, srv.Addr())
//	p.SetFault(func(request []string) redistest.Fault {
//		if request[0] == "INCR" {
//			return redistest.DropReply // executed, and the client never knows
//		}
//		return redistest.Pass
//	})
//
// [Proxies] puts one in front of each server of a deployment, for the Dialer in
// a client's options. [StartRawProxy] carries any bytes: a replica that
// replicates through one is cut off from its master by [Proxy.Blackhole],
// whereas a paused one gets all that was sent once it goes on.
//
// # Time
//
// Nothing here waits for ever: a server starts within six seconds and restarts
// within ten, a question to a server takes half a second at most, and what
// concerns a whole deployment half a minute.
package redistest
