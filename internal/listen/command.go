package listen

// chunk is how many channels go into one command, which bounds how long the server
// is busy with it.
const chunk = 500

const (
	subscribe    = "subscribe"
	psubscribe   = "psubscribe"
	unsubscribe  = "unsubscribe"
	punsubscribe = "punsubscribe"
	ping         = "ping"
)

// command is one command on its way. Redis answers commands in the order in which
// they were sent: one with channels by a reply for each, in order, or by one error
// for all.
type command struct {
	word     string
	channels []*channel
	left     int      // replies to come
	fences   []*fence // of a ping
}

func (c command) names() []string {
	names := make([]string, len(c.channels))
	for i, ch := range c.channels {
		names[i] = ch.name
	}
	return names
}

// commands returns commands with one word each, none with more channels than a chunk.
func commands(word string, channels []*channel) []command {
	var all []command
	for len(channels) > 0 {
		n := min(len(channels), chunk)
		all = append(all, command{word: word, channels: channels[:n:n], left: n})
		channels = channels[n:]
	}
	return all
}

// subscribing reports whether the command subscribes.
func (c command) subscribing() bool { return c.word == subscribe || c.word == psubscribe }
