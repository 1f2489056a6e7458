// Package exec is how a command reaches Redis: once. go-redis by itself repeats a
// request whose reply was lost, and Redis then applies it twice. Here the library
// sends each command once, and this package decides what is tried again:
//
//   - a read, when the connection broke or the server was not ready;
//   - a write, only on proof that it was not executed ([NotExecuted]): no
//     connection was to be had, or the server refused the command as a whole.
//
// A [Command] is made by [Read], [Get], [Write] or a [Script]. [Client.Do] sends
// one, [Client.Send] a [Batch] that shares round trips. Both give a [Reply] for
// each command, whatever the deployment. A batch with [Batch.Replicate] waits for
// replicas on the connection that wrote.
//
// The file mark.go holds the one trick on which the rest is built: it knows whether
// go-redis has begun to write a command to a connection.
//
// While few calls of [Client.Do] are under way to a node, each is sent by itself,
// which is fastest then. Above that they queue in a lane (lane.go), from which
// convoys (convoy.go) take all that waits in one pipeline each. Every call is still
// sent once and judged by itself; it returns with its own context, and what it
// leaves behind travels on in memory of its own. What is large goes by itself
// always. A convoy that is stuck has others start beside it. What waits for a node
// of a Cluster whose slots have moved is recalled.
package exec
