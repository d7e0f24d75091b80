package relay

import (
	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
)

// Handshake says what is wrong with the TLS handshake that begins on the
// connection which the far end knows as name, and writes down that it is. Who
// terminates TLS behind the relay asks it at each.
func (r *Relay) Handshake(name string) chaos.Cert {
	r.mu.Lock()
	c := r.byName[name]
	for _, a := range r.rules {
		a.began++
	}
	r.mu.Unlock()
	if c == nil {
		return chaos.CertGood
	}
	for _, h := range c.hits() {
		if cert := h.a.t.Cert; cert != chaos.CertGood && h.strike("%s", presented[cert]) {
			if r.config.Riders != nil && !cert.OfClient() {
				r.config.Riders.Watch(name, h.trusted)
			}
			return cert
		}
	}
	return chaos.CertGood
}

// trusted writes down that the SUT sent a message to who had shown it a
// certificate that must not be trusted.
func (h *hit) trusted(to chaos.Rider) {
	r := h.c.r
	r.config.Journal.Append(evidence.Disturbance{
		Fault: h.a.ID, Kind: h.a.Kind, Phase: evidence.Struck, At: r.config.Name, Key: chaos.ConnKey(h.c.n), Message: to.Message, Facts: to.Facts, Attempt: to.Attempt,
		Stranger: true, What: "sent to who had " + presented[h.a.t.Cert],
	})
}

// presented says for people what a handshake met.
var presented = map[chaos.Cert]string{
	chaos.CertExpired:       "shown a certificate that has expired",
	chaos.CertWrongHost:     "shown a certificate of another host",
	chaos.CertUnknownCA:     "shown a certificate of an authority that nobody knows",
	chaos.CertClientRefused: "asked for a client certificate, and none is good enough",
	chaos.CertClientExpired: "asked for a client certificate, and told that it has expired",
	chaos.CertClientUnknown: "asked for a client certificate, and told that nobody knows who issued it",
}

// idle says why a may have struck nobody; the relay's mu is held.
func (a *armed) idle() string {
	switch {
	case a.strikes > 0 || a.passive:
	case a.t.Cert != chaos.CertGood && a.began == 0:
		return "nobody began a TLS handshake while it was in force"
	case a.t.Door == chaos.DoorRefuse && a.ear != nil:
		return "nobody was connected when it was armed, and nobody tried to connect"
	case a.t.Door == chaos.DoorRefuse:
		return "nobody was connected when it was armed, and whom the kernel refuses can be told only by who may open raw sockets on Linux (root, CAP_NET_RAW)"
	}
	return ""
}
