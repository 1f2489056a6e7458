package listen

// flush sends what has changed since the last time. Thousands of changes take a few
// commands, and no reply is waited for.
func (l *link) flush(c *conn) error {
	for _, cmd := range l.due() {
		if err := c.write(cmd); err != nil {
			return err
		}
	}
	return nil
}

// ping asks whether the node is there.
func (l *link) ping(c *conn) error {
	cmd := command{word: ping, left: 1}
	l.expect(cmd)
	return c.write(cmd)
}

// expect notes a command before it is sent, since its reply may come at once.
func (l *link) expect(cmds ...command) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.pending = append(l.pending, cmds...)
}

// due returns the commands that there are to send, and notes them as sent. What
// listeners are told on is in commands of its own: a server may refuse either, and
// refuses a command as a whole.
func (l *link) due() []command {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	var cmds []command
	for _, cmd := range l.again {
		var still []*channel
		for _, c := range cmd.channels {
			// One that was unwanted meanwhile and wanted again is another channel.
			if l.wanted[c.channelID] == c && l.send(c) {
				still = append(still, c)
			}
		}
		cmds = append(cmds, commands(cmd.word, still)...)
	}
	l.again = nil
	type kind struct {
		word   string
		native bool
	}
	groups := map[kind][]*channel{}
	for id := range l.changed {
		wanted, sent := l.wanted[id], l.sent[id]
		word := subscribe
		switch {
		case wanted != nil && sent == nil:
			if !l.send(wanted) {
				continue
			}
			sent = wanted
			if id.pattern {
				word = psubscribe
			}
		case wanted == nil && sent != nil:
			delete(l.sent, id)
			word = unsubscribe
			if id.pattern {
				word = punsubscribe
			}
		default:
			continue
		}
		k := kind{word, id.native}
		groups[k] = append(groups[k], sent)
	}
	clear(l.changed)
	for k, channels := range groups {
		cmds = append(cmds, commands(k.word, channels)...)
	}
	if len(l.fences) > 0 {
		cmds = append(cmds, command{word: ping, left: 1, fences: l.fences})
		l.fences = nil
	}
	l.pending = append(l.pending, cmds...)
	return cmds
}

// send notes that a channel is about to be subscribed. It returns false if the server
// would refuse it.
func (l *link) send(c *channel) bool {
	if c.native && l.hub.natives.off {
		l.refused(c)
	}
	if c.refused {
		return false
	}
	l.sent[c.channelID] = c
	return true
}

// refused notes that there is no such channel of the server for this client.
func (l *link) refused(c *channel) {
	c.refused = true
	if c.post != nil {
		l.hub.settle(c.post.subject)
	}
}
