package main

import (
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/simulators"
)

// A face is what of an ERP's interface decides whether a mistake can be
// one.
type face struct{ policy simulators.Policy }

// faceOf is that of an ERP that speaks a dialect.
func (m *measure) faceOf(erp string) (c face) {
	for _, d := range m.base.Catalog.Dialects {
		if d.Name == erp {
			c.policy = d.New().Policy()
		}
	}
	return c
}

// neutral is the dialect whose side of the build asks and is answered in JSON.
const neutral = "neutral/v1"

// senseless says why a defect is no mistake at an ERP; "" if it is one. The
// rules of policy follow from what the dialect promises; the others from where
// the build has the mistake in its code.
func (c face) senseless(d bridge.Defect, erp string) string {
	switch d {
	case bridge.M01, bridge.M05, bridge.M23, bridge.M65:
		if c.policy.Dedupe == simulators.DedupeNatural {
			return "what was posted is known by its business key; no other key is read"
		}
	case bridge.M57, bridge.M71:
		if c.policy.Auth == simulators.AuthNone {
			return "there are no tokens to lose or to tell"
		}
	}
	if erp == neutral {
		return ""
	}
	switch d {
	case bridge.M11:
		return "planted where the side for neutral/v1 reads the status 429"
	case bridge.M38:
		return "planted where the word of neutral/v1 for a retirement is looked for"
	case bridge.M59:
		return "planted where the side for neutral/v1 asks for a lot"
	case bridge.M71:
		return "planted where the side for neutral/v1 has its token"
	case bridge.M22, bridge.M24:
		if erp == "b2mml-xml/v7" {
			return "planted where the side for neutral/v1 reads answers; here that mistake is M101 and M103"
		}
	}
	return ""
}
