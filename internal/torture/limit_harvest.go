package main

// harvest is what a worker returns in the end.
type harvest struct {
	Charges []charge
	// Calls are requests for tokens, of which Decisions were answered, not counting those
	// on a client of their own; Denied and Receipts are among them.
	Calls, Decisions, Denied, Receipts int64
	Unknown, Failed, Wrong             int64
	Refunds, RefundErrors              int64
	// UnknownTogether are the calls on the shared client whose outcome is unknown.
	UnknownTogether int64
	// Sent are the scripts sent on the clients of their own, of which Answered were executed
	// and Refused were not.
	Sent, Answered, Refused int64
	Complaints              map[string]int
}

// add adds what another worker has told.
func (h *harvest) add(o harvest) {
	h.Charges = append(h.Charges, o.Charges...)
	for _, n := range []struct {
		to   *int64
		more int64
	}{
		{&h.Calls, o.Calls}, {&h.Decisions, o.Decisions}, {&h.Denied, o.Denied}, {&h.Receipts, o.Receipts},
		{&h.Unknown, o.Unknown}, {&h.Failed, o.Failed}, {&h.Wrong, o.Wrong},
		{&h.Refunds, o.Refunds}, {&h.RefundErrors, o.RefundErrors}, {&h.UnknownTogether, o.UnknownTogether},
		{&h.Sent, o.Sent}, {&h.Answered, o.Answered}, {&h.Refused, o.Refused},
	} {
		*n.to += n.more
	}
	if h.Complaints == nil {
		h.Complaints = map[string]int{}
	}
	for text, n := range o.Complaints {
		h.Complaints[text] += n
	}
}
