// Package exec is how a command reaches Redis. A read may be repeated by the
// client when a connection breaks; a write is sent once, because go-redis
// repeats a request whose reply was lost, and a write that Redis has already
// applied would be applied again.
//
// [Client.Read] and [Client.Write] send one command, [Client.Send] several in
// one round trip to each node, [Client.Script] runs a Lua script by its digest.
// [NotExecuted] tells an error that proves that nothing happened from one that
// leaves it open.
package exec
