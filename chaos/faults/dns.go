package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/andon-rig/andon/chaos"
)

// DNSAnswer has the rig's name server not tell the endpoint's address. What it
// says instead makes three faults.
//
// Layer W: a record that was deleted, a zone that cannot be loaded, a resolver
// that has gone. Observed as a name that does not resolve, for good or for now.
type DNSAnswer struct {
	answer   chaos.Answer
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before; who keeps them does not ask"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *DNSAnswer) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (f *DNSAnswer) Trouble() chaos.Trouble {
	return chaos.Trouble{Names: chaos.Naming{Answer: f.answer}, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *DNSAnswer) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *DNSAnswer) Validate() error { return f.Existing.validate() }

// DNSStale has the rig's name server tell an address at which the endpoint is
// not any more.
//
// Layer W: a server that has moved while a cache, a zone or a hosts file kept
// the old address. Observed as connections refused there; who remembers the
// answer for longer than it may goes on asking there when it is right again.
type DNSStale struct {
	Address  string   `yaml:"address" doc:"the old address, of the loopback interface, where nobody listens"`
	TTL      Wall     `yaml:"ttl" doc:"how long the answer may be remembered, in whole seconds"`
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before; who keeps them does not ask"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *DNSStale) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} }

// Trouble implements [chaos.ConnFault].
func (f *DNSStale) Trouble() chaos.Trouble {
	at, _ := netip.ParseAddr(f.Address) // validated
	return chaos.Trouble{Names: chaos.Naming{Answer: chaos.AnswerStale, Address: at, TTL: f.TTL.d()}, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *DNSStale) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *DNSStale) Validate() error {
	at, err := netip.ParseAddr(f.Address)
	if err == nil && (!at.Is4() || !at.IsLoopback()) {
		err = fmt.Errorf("%s is not in 127.0.0.0/8: the rig sends nobody to strangers", f.Address)
	}
	if err != nil {
		err = fmt.Errorf("address: %w", err)
	}
	ttl := f.TTL.d()
	if ttl < 0 || ttl%time.Second != 0 || ttl > time.Hour {
		err = errors.Join(err, fmt.Errorf("ttl: %s is not a number of whole seconds up to an hour, such as {wall: 5s}", ttl))
	}
	return errors.Join(err, f.Existing.validate())
}

// DNSSlow has the rig's name server answer late, and rightly.
//
// Layer W: a resolver at its limit, a first one in the list that is dead.
// Observed as connecting that takes long before there is a connection, which
// many clients count to no timeout.
type DNSSlow struct {
	For      Wall     `yaml:"for" doc:"how late; none means when it is healed"`
	Existing Existing `yaml:"existing" jsonschema:"enum=reset,enum=keep" doc:"what becomes of connections made before; who keeps them does not ask"`
}

// Apply implements [chaos.Fault]: a message passes unharmed.
func (f *DNSSlow) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return []chaos.Delivery{d} }

// Trouble implements [chaos.ConnFault].
func (f *DNSSlow) Trouble() chaos.Trouble {
	return chaos.Trouble{Names: chaos.Naming{Answer: chaos.AnswerLate, Hold: f.For.d()}, Sweep: f.Existing != ExistingKeep}
}

// Leaves implements [chaos.Choosy].
func (f *DNSSlow) Leaves(at chaos.Crossing) string { return connsOnly(f, at) }

// Validate says what is wrong with the settings.
func (f *DNSSlow) Validate() error {
	return errors.Join(notNegative("for", f.For), f.Existing.validate())
}

// ofNames lists what a name server can say wrongly.
func ofNames() []Info {
	const asking = "an endpoint with a host, and a SUT that asks the rig's name server for it: ${andon.dns}"
	answers := func(a chaos.Answer) func() chaos.Fault {
		return func() chaos.Fault { return &DNSAnswer{answer: a, Existing: ExistingReset} }
	}
	requirements := []string{"FLT-01", "CTL-04", "CTL-06"}
	return []Info{
		{
			Name: "dns-nxdomain", Layer: Wire, Needs: asking, Requirements: requirements, Tolerates: cutOff,
			Doc:      "the endpoint's name does not exist",
			Observed: "no such host (NXDOMAIN, EAI_NONAME, ENOTFOUND, UnknownHostException)",
			New:      answers(chaos.AnswerUnknown),
		}, {
			Name: "dns-servfail", Layer: Wire, Needs: asking, Requirements: requirements, Tolerates: cutOff,
			Doc:      "the name server cannot tell the endpoint's address now",
			Observed: "server misbehaving (SERVFAIL, EAI_AGAIN, temporary failure in name resolution)",
			New:      answers(chaos.AnswerFailure),
		}, {
			Name: "dns-timeout", Layer: Wire, Needs: asking, Requirements: requirements, Tolerates: cutOff,
			Doc:      "the name server does not answer",
			Observed: "lookup: i/o timeout, after the resolver's own patience: 5 s and more",
			New:      answers(chaos.AnswerNone),
		}, {
			Name: "dns-stale", Layer: Wire, Needs: asking, Requirements: requirements, Tolerates: cutOff,
			Doc:      "the endpoint's name leads to an address at which nobody listens any more",
			Observed: "ECONNREFUSED at an address that is not the endpoint's",
			New: func() chaos.Fault {
				return &DNSStale{Address: "127.83.83.83", TTL: Wall(time.Second), Existing: ExistingReset}
			},
		}, {
			Name: "dns-slow", Layer: Wire, Needs: asking, Requirements: requirements, Tolerates: cutOff,
			Doc:      "the name server takes its time",
			Observed: "a long time to connect; beyond the SUT's timeout nothing was sent",
			New:      func() chaos.Fault { return &DNSSlow{For: Wall(2 * time.Second), Existing: ExistingReset} },
		},
	}
}
