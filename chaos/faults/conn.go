package faults

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// Opened says whose connections a fault of connections strikes.
type Opened string

// Whose connections.
const (
	OpenedBySUT Opened = "by-sut"    // its requests
	OpenedByRig Opened = "by-rig"    // our announcements to its webhooks
	OpenedByAny Opened = "by-either" // both
)

// sides lists whose connections are meant; none said means the SUT's.
func (o Opened) sides() []chaos.Side {
	switch o {
	case OpenedByRig:
		return []chaos.Side{chaos.ByRig}
	case OpenedByAny:
		return []chaos.Side{chaos.BySUT, chaos.ByRig}
	}
	return []chaos.Side{chaos.BySUT}
}

func (o Opened) validate() error {
	switch o {
	case "", OpenedBySUT, OpenedByRig, OpenedByAny:
		return nil
	}
	return fmt.Errorf("opened: %q is not one of by-sut, by-rig, by-either", o)
}

// Way is the direction in which bytes travel.
type Way string

// Ways.
const (
	WayBoth    Way = "both"
	WayToSUT   Way = "to-sut"
	WayFromSUT Way = "from-sut"
)

func (w Way) direction() simulators.Direction {
	if w == WayBoth {
		return ""
	}
	return simulators.Direction(w)
}

func (w Way) validate() error {
	switch w {
	case "", WayBoth, WayToSUT, WayFromSUT:
		return nil
	}
	return fmt.Errorf("way: %q is not one of both, to-sut, from-sut", w)
}

// upon has the reply to a message of the SUT meet t on the connection by which
// it came. That is all a fault of connections does to messages.
func upon(f chaos.ConnFault, d chaos.Delivery, what string) []chaos.Delivery {
	if t := f.Trouble(); d.Conn != "" && d.Direction == simulators.FromSUT && !d.Decided() && d.Wire == nil && t.Replies() {
		d.Wire, d.What = &t, what
	}
	return []chaos.Delivery{d}
}

// connsOnly is why a fault of connections leaves messages alone.
func connsOnly(f chaos.ConnFault, at chaos.Crossing) string {
	switch {
	case !f.Trouble().Replies():
		return "it strikes connections, not messages"
	case at.Direction != simulators.FromSUT:
		return "of messages, it strikes the replies to what the SUT sent"
	}
	return ""
}

// positive refuses what must be more than nothing.
func positive[T ~int | ~int64](name string, v T) error {
	if v <= 0 {
		return fmt.Errorf("%s: %d is not above 0", name, v)
	}
	return nil
}

func positiveWall(name string, w Wall) error {
	if w <= 0 {
		return fmt.Errorf("%s: a time above 0 is needed, such as {wall: 500ms}", name)
	}
	return nil
}

// conns lists the faults of connections, which the relay carries out.
func conns() []Info {
	return slices.Concat(doors(), streams(), ofDatabases(), handshakes(), ofTLS(), ofNames())
}

// relayed is what every fault of connections needs.
const relayed = "real sockets: a rig that is not in memory"

// cutOff is what a SUT must guarantee when connections break.
const cutOff = "every fact posted exactly once after retries, or surfaced; work goes on when it is over"

func doors() []Info {
	return []Info{
		{
			Name: "refuse", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "FLT-06", "CTL-04", "CTL-06"}, Tolerates: cutOff,
			Doc:      "nobody listens at the endpoint's address, and what was connected is reset",
			Observed: "ECONNREFUSED, connection refused; before that ECONNRESET, connection reset by peer",
			New:      func() chaos.Fault { return &Refuse{Opened: OpenedBySUT} },
		}, {
			Name: "connect-hang", Layer: Wire, Needs: relayed + "; on Linux the SYN stays unanswered, elsewhere callers are let in and hear nothing",
			Requirements: []string{"FLT-01", "CTL-04", "CTL-06"}, Tolerates: cutOff,
			Doc:      "whoever connects is not answered; what was connected goes on",
			Observed: "connect timeout (ETIMEDOUT, dial tcp: i/o timeout)",
			New:      func() chaos.Fault { return &ConnectHang{Opened: OpenedBySUT} },
		}, {
			Name: "accept-then-close", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "FLT-06", "CTL-04"}, Tolerates: cutOff,
			Doc:      "a new connection is accepted and closed at once, as by a balancer whose servers have gone",
			Observed: "EOF or ECONNRESET on the first read of a new connection",
			New:      func() chaos.Fault { return &AcceptThenClose{Opened: OpenedBySUT} },
		}, {
			Name: "conn-limit", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-04", "CTL-14", "CTL-24"}, Tolerates: "nothing lost; connections are given back",
			Doc:      "so many connections at once; who is one too many waits or is closed",
			Observed: "connections that succeed and then say nothing, or are reset at once",
			New:      func() chaos.Fault { return &ConnLimit{Limit: 2, Over: OverWait, Opened: OpenedBySUT} },
		}, {
			Name: "flap", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-04", "CTL-05", "CTL-06"}, Tolerates: "bounded retries, no storm, nothing lost or doubled",
			Doc:      "the road comes and goes",
			Observed: "now and then connect timeouts and silence, or refusals and resets",
			New: func() chaos.Fault {
				return &Flap{Up: Wall(3 * time.Second), Down: Wall(2 * time.Second), Gone: GoneSilent, Opened: OpenedBySUT}
			},
		}, {
			Name: "black-hole", Layer: Wire, Needs: relayed + "; on Linux SYNs stay unanswered too", Requirements: []string{"FLT-01", "CTL-04", "CTL-06"}, Tolerates: cutOff,
			Doc:      "nothing gets through in one direction or both, and nobody is told",
			Observed: "request or read timeouts; connect timeouts; later what the kernels have repeated meanwhile",
			New:      func() chaos.Fault { return &BlackHole{Way: WayBoth, Opened: OpenedBySUT} },
		},
	}
}

func streams() []Info {
	byMessage := "; by message it strikes the reply"
	return []Info{
		{
			Name: "reset-mid-request", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-01", "CTL-04"}, Tolerates: cutOff,
			Doc:      "the connection is reset after some bytes from the SUT",
			Observed: "ECONNRESET or EPIPE while the request is written; nothing took effect",
			New:      func() chaos.Fault { return &ResetMidRequest{After: 64, Opened: OpenedBySUT} },
		}, {
			Name: "reset-mid-response", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-01", "CTL-04"}, Tolerates: cutOff,
			Doc:      "the connection is reset after some bytes of the reply" + byMessage,
			Observed: "ECONNRESET while the reply is read, part of which has arrived; the effect exists",
			New:      func() chaos.Fault { return &ResetMidResponse{After: 64, Opened: OpenedBySUT} },
		}, {
			Name: "half-close-early", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-01", "CTL-04"}, Tolerates: cutOff,
			Doc:      "one direction ends in order after some bytes, the other stays open" + byMessage,
			Observed: "unexpected EOF in the middle of a reply; the effect exists",
			New:      func() chaos.Fault { return &HalfCloseEarly{After: 64, Way: WayToSUT, Opened: OpenedBySUT} },
		}, {
			Name: "stall", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-04", "CTL-24"}, Tolerates: cutOff,
			Doc:      "what a connection carries stops for a time, once" + byMessage,
			Observed: "read timeout (i/o timeout, deadline exceeded); the effect may exist",
			New:      func() chaos.Fault { return &Stall{Way: WayToSUT, For: Wall(2 * time.Second), Opened: OpenedBySUT} },
		}, {
			Name: "bandwidth", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "FLT-24"}, Tolerates: "nothing lost or doubled, however slow",
			Doc:      "at most so many bytes a second" + byMessage,
			Observed: "slow transfers; beyond the SUT's timeout an unknown result",
			New:      func() chaos.Fault { return &Bandwidth{Rate: 8192, Way: WayBoth, Opened: OpenedBySUT} },
		}, {
			Name: "slow-first-byte", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-04"}, Tolerates: cutOff,
			Doc:      "the first byte of every reply comes late" + byMessage,
			Observed: "time to first byte; beyond the SUT's timeout an unknown result",
			New:      func() chaos.Fault { return &SlowFirstByte{For: Wall(500 * time.Millisecond), Opened: OpenedBySUT} },
		}, {
			Name: "trickle", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-04"}, Tolerates: cutOff,
			Doc:      "a few bytes at a time, with pauses in between" + byMessage,
			Observed: "short reads; a total timeout although bytes keep coming",
			New: func() chaos.Fault {
				return &Trickle{Chunk: 16, Gap: Wall(20 * time.Millisecond), Way: WayToSUT, Opened: OpenedBySUT}
			},
		}, {
			Name: "idle-kill", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-04", "CTL-24"}, Tolerates: cutOff,
			Doc:      "a connection that was idle is forgotten on the way, as firewalls and address translation do; neither end is told",
			Observed: "a request on a kept-alive connection that is never answered; no FIN, no RST (the kernel still answers keep-alive probes)",
			New:      func() chaos.Fault { return &IdleKill{Idle: Wall(time.Second), Opened: OpenedBySUT} },
		},
	}
}

func handshakes() []Info {
	return []Info{
		{
			Name: "handshake-stall", Layer: Wire, Needs: relayed, Requirements: []string{"FLT-01", "CTL-04"}, Tolerates: cutOff,
			Doc:      "new connections are accepted, and the first reply on each, such as the TLS handshake's, does not come",
			Observed: "TLS handshake timeout",
			New:      func() chaos.Fault { return &HandshakeStall{Existing: ExistingReset, Opened: OpenedBySUT} },
		},
	}
}

// Existing says what becomes of connections that were there when a fault of
// new ones was armed.
type Existing string

// What becomes of them.
const (
	ExistingReset Existing = "reset" // so that everybody has to come anew
	ExistingKeep  Existing = "keep"
)

func (e Existing) validate() error {
	switch e {
	case "", ExistingReset, ExistingKeep:
		return nil
	}
	return fmt.Errorf("existing: %q is not one of reset, keep", e)
}

// errNoBytes refuses to cut before the beginning.
var errNoBytes = errors.New("after: bytes let through cannot be negative")
