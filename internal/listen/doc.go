// Package listen hears what Redis publishes. A [Hub] has one connection to each
// node that it must hear, whatever the number of listeners, and comes back by
// itself when one breaks.
//
// A listener wants to know of the changes of one key, or of all keys that match a
// pattern ([Subject]). It is told of what is announced on the channel of a key
// ([Channel]), and of what the server itself tells of changes, where it is
// configured to (notify-keyspace-events).
//
// A message is lost if a connection breaks before it has come, and no server
// says so. The hub does: [Listener.Lost] when the connection breaks, and
// [Listener.Ready] once everything that is published from then on will be heard.
// Whoever reads what it wants to know after Ready misses nothing. [Hub.Fence] tells
// when all was heard that was published until now.
package listen
