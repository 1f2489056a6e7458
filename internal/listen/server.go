package listen

import (
	"context"
	"strings"
	"time"
)

const (
	// serverEvery is how often a link behind Sentinel asks whether commands still go to
	// its server. The old master of a failover goes on answering for many seconds.
	serverEvery = 500 * time.Millisecond
	// serverLimit bounds one question.
	serverLimit = time.Second
)

// server returns what tells the server that commands go to from others, or "" where
// that is always the same or is not to be known.
func (l *link) server() (string, error) {
	if !l.hub.client.Switches() {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(l.hub.ctx, serverLimit)
	defer cancel()
	id, err := l.hub.client.Server(ctx)
	if err != nil && strings.HasPrefix(err.Error(), "NOPERM ") {
		return "", nil
	}
	return id, err
}

// follow closes moved once commands go to another server than that, and ends with ctx.
func (l *link) follow(ctx context.Context, id string, moved chan<- struct{}) {
	tick := time.NewTicker(serverEvery)
	defer tick.Stop()
	for {
		if now, err := l.server(); err == nil && now != id {
			close(moved)
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// pass has fences pass, unless commands go to another server by now, whose
// announcements the link does not hear.
func (l *link) pass(fences []*fence, id string) {
	if len(fences) == 0 {
		return
	}
	l.hub.awaitTold()
	if id == "" {
		for _, f := range fences {
			f.pass()
		}
		return
	}
	l.hub.wg.Go(func() {
		if now, err := l.server(); err == nil && now == id {
			for _, f := range fences {
				f.pass()
			}
		}
	})
}
