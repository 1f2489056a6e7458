package listen

import "strings"

// Subject is what a listener wants to hear of.
type Subject struct {
	// Key is the full name of a key, or a glob pattern of such names.
	Key string
	// Pattern says that Key is a pattern. Its keys may be on all masters of a Cluster,
	// so it is lost for a moment when any slot moves. One with a hash tag before its
	// first glob character, as in "app:{7}:*", has one slot and is heard as a key is.
	Pattern bool
}

// oneSlot reports whether all keys of the subject are in the slot of its Key as that
// stands. A glob character before the hash tag could stand for another tag.
func (s Subject) oneSlot() bool {
	if !s.Pattern {
		return true
	}
	text := s.Key
	if i := strings.IndexAny(text, `*?[\`); i >= 0 {
		text = text[:i]
	}
	_, rest, _ := strings.Cut(text, "{")
	return strings.Index(rest, "}") > 0
}

// Message tells of a change of one key.
type Message struct {
	// Key is the full name of the key.
	Key string
	// Text is what was announced on the channel of the key or, of a Native
	// message, the server's name for what happened, such as "set" or "expired".
	Text string
	// Native says that the server has told of it by itself.
	Native bool
}

// Listener is told what a hub hears. Its methods are called from goroutines of
// the hub, at times from several at once; they must not block and not call the
// hub.
type Listener interface {
	// Heard is called with each message. Those of one key come in the order in
	// which its node has published them. It is called at times before Ready, too.
	Heard(Message)
	// Ready is called when all that is published from now on will be heard: once
	// at first, and again each time after that was not so for a while.
	Ready()
	// Lost is called when a connection broke or could not be made, or another node
	// has come to own the key, with why. What is heard before Ready is called again
	// may be not all. Each attempt that fails is told, and the hub never gives up,
	// not even where a password is wrong.
	Lost(error)
	// Failed is called at most once, when nothing more will be heard: the hub or
	// the client is closed, or the server refuses permission.
	Failed(error)
}

// Channel returns the channel on which changes of the key are announced; of a
// pattern of keys, the pattern of their channels. A user who may have &app:* in an
// ACL may SUBSCRIBE to Channel("app:1"), but a pattern is compared literally there:
// PSUBSCRIBE to Channel("app:*") takes &app:*:__watch, or all channels.
func Channel(key string) string { return key + ":__watch" }
