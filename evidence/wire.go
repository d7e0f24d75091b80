package evidence

// Wire is an exchange as both sides sent it, as far as the rest of its record
// does not tell: what a contract needs to judge it. What faults of ours made of
// it on its way is not in it.
type Wire struct {
	Method  string            `json:"method,omitempty"` // of HTTP, in capitals; "" if something else carried it
	Path    string            `json:"path"`             // of the URL, or the topic, subject or file name
	Query   map[string]string `json:"query,omitempty"`
	Headers map[string]string `json:"headers,omitempty"` // names in canonical HTTP form; of credentials the scheme only
	Body    string            `json:"body,omitempty"`    // reference into the bundle; "" if it is empty or was not kept
	// Reply is nil if there was none, and if a fault of ours had a hand in what
	// it answers: altered the request, or answered in somebody's place.
	Reply *WireReply `json:"reply,omitempty"`
}

// WireReply is the answer in an exchange.
type WireReply struct {
	Status  int               `json:"status"` // of HTTP, or its like
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"` // as that of the request
}
