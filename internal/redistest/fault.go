package redistest

import "time"

// Fault is what a [Proxy] does to one request or its reply.
type Fault struct {
	kind  faultKind
	delay time.Duration
}

type faultKind int

const (
	pass faultKind = iota
	dropReply
	cutReply
	stallReply
	refuseRequest
)

// The faults. In all but the last the server executes the request.
var (
	// Pass is none.
	Pass = Fault{kind: pass}
	// DropReply reads the reply in full, throws it away and closes the
	// client's connection.
	DropReply = Fault{kind: dropReply}
	// CutReply sends half of the reply's bytes and closes the connection.
	CutReply = Fault{kind: cutReply}
	// StallReply holds the reply and all that follow on the connection until
	// the client closes it, for at most ten seconds, and closes it then.
	StallReply = Fault{kind: stallReply}
	// RefuseRequest does not forward the request, and closes the connection
	// once the replies to earlier ones have gone out.
	RefuseRequest = Fault{kind: refuseRequest}
)

// stallLimit bounds a stalled reply.
const stallLimit = 10 * time.Second

// Delayed returns the fault d later: the reply is there but held, and with it
// those that follow on the connection. So Pass.Delayed is a stall that ends.
// RefuseRequest holds up the requests behind it instead.
func (f Fault) Delayed(d time.Duration) Fault {
	f.delay = d
	return f
}
