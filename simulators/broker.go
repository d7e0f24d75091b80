package simulators

// Mishaps at a broker.
const (
	// AckLost has the SUT take the message and its acknowledgement not reach
	// the broker, which delivers it again. Sending a message again whose
	// acknowledgement was lost waits for that delivery.
	AckLost MishapKind = "ack-lost"
	// TakenOver has somebody else connect under the client id of the SUT, who
	// is sent the message first.
	TakenOver MishapKind = "taken-over"
	// Offline cuts the SUT off for a time; the message waits in its queue.
	Offline MishapKind = "offline"
	// Retained has the broker keep the message for those who subscribe later.
	Retained MishapKind = "retained"
	// Resubscribed cuts the SUT off so that it subscribes again and is given
	// what was retained.
	Resubscribed MishapKind = "resubscribed"
	// WillSent has the broker say, in the words of the message, that its
	// publisher has died.
	WillSent MishapKind = "will-sent"
	// DeliveryLost loses a delivery on its way to the SUT. The broker delivers
	// the message again, after some that were announced later.
	DeliveryLost MishapKind = "delivery-lost"
	// GivenUp is AckLost by a broker that delivers no more after it.
	GivenUp MishapKind = "given-up"
	// Restarted has the broker stop once it has the message, and start again
	// from its disk.
	Restarted MishapKind = "restarted"
	// Undurable has the broker acknowledge the message, stop before it is on
	// its disk and start again without it. It never arrives.
	Undurable MishapKind = "undurable"
	// LeaderChanged has the broker elect another leader once the SUT has been sent
	// the message: it is told that its requests are void, and its
	// acknowledgement goes to the old leader and is lost.
	LeaderChanged MishapKind = "leader-changed"
	// TooSlow has the broker close the connection of the SUT once it has been
	// sent the message, because it reads too slowly.
	TooSlow MishapKind = "too-slow"
)
