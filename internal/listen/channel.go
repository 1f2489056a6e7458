package listen

import "strings"

// channelID names a channel of a subject. One of announcements and one of the server
// may have the same name, if somebody names keys so.
type channelID struct {
	name    string
	pattern bool
	native  bool
}

// channel is a channel on one link, under the mutex of the hub.
type channel struct {
	channelID

	post      *post // nil if nobody wants it any more
	confirmed bool
	refused   bool
}

// channelsOf returns the channels of a subject.
func (h *Hub) channelsOf(s Subject) []channelID {
	ids := []channelID{{name: Channel(s.Key), pattern: s.Pattern}}
	if h.head != "" && !h.natives.off {
		ids = append(ids, channelID{name: h.head + s.Key, pattern: s.Pattern, native: true})
	}
	return ids
}

// keyOf returns the key of a message on a channel of the subject.
func (h *Hub) keyOf(s *subject, id channelID, channel string) string {
	switch {
	case !s.Pattern:
		return s.Key
	case id.native:
		return strings.TrimPrefix(channel, h.head)
	default:
		return strings.TrimSuffix(channel, Channel(""))
	}
}

// patience is how many commands for the server's own channels must be refused before
// no others are sent.
const patience = 8

// natives is what the server lets the client have of its own channels.
type natives struct {
	heard   bool // one was confirmed
	refused int  // commands
	off     bool // none is wanted
}

// refuse notes that a command for the server's own channels was refused. A user who
// may have none of them is common, and one who may have some is not: so it gives up
// soon, but never if it was of use before.
func (n *natives) refuse() {
	n.refused++
	n.off = n.off || !n.heard && n.refused >= patience
}
