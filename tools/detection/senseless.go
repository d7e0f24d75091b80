package main

import (
	"strings"

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
	if why := c.without(d, erp); why != "" || erp == neutral {
		return why
	}
	switch d {
	case bridge.M59:
		if !tellsLots[erp] {
			return "there is nobody to ask until when a lot may be used"
		}
	case bridge.M22, bridge.M24:
		if here := readsAnswers[erp]; here != "" {
			return "answers are read by a side of its own, and that mistake is " + here + " there"
		}
	}
	return ownManners[erp][d]
}

// without says which help of the ERP's the mistake would do without, and there
// is none.
func (c face) without(d bridge.Defect, erp string) string {
	switch d {
	case bridge.M01, bridge.M02, bridge.M04, bridge.M05, bridge.M23, bridge.M65:
		if c.policy.Dedupe == simulators.DedupeNatural {
			return "what was posted is known by its business key; no other key is read"
		}
	case bridge.M57, bridge.M71:
		if c.policy.Auth == simulators.AuthNone {
			return "there are no tokens to lose or to tell"
		}
	}
	switch d {
	case bridge.M01, bridge.M02, bridge.M04:
		if c.policy.Dedupe == simulators.DedupeNone {
			return "what is posted has no key"
		}
	}
	return ""
}

// tellsLots has the dialects in which an ERP says until when a lot may be used.
var tellsLots = map[string]bool{"b2mml-xml/v7": true, "d365/v1": true, "sap-s4/v2": true}

// readsAnswers names the dialects whose side reads answers by itself, and the
// defects that take one for a yes there.
var readsAnswers = map[string]string{
	"b2mml-xml/v7": "M101 and M103",
	"infor-ion/v3": "M115",
	"infor-ion/v2": "M115",
	"d365/v1":      "M120",
	"sap-s4/v2":    "M114",
	"staging/v1":   "M126, M128 and M129",
}

// ownManners says of single dialects why a defect cannot be one.
var ownManners = map[string]map[bridge.Defect]string{
	"files/v1":     {bridge.M41: nothingConverted},
	"staging/v1":   {bridge.M41: nothingConverted},
	"infor-ion/v3": {bridge.M41: nothingConverted},
	"infor-ion/v2": {bridge.M41: nothingConverted},
	"d365/v1": {
		bridge.M21: oneByOne,
		bridge.M23: oneByOne,
		bridge.M28: noHold,
		bridge.M31: noHold,
		bridge.M32: "a confirmation says its day and no time, and the hour that comes twice is of one day",
		bridge.M41: "what is issued is posted in the unit in which it was said, so that nothing is converted",
	},
	"sap-s4/v2": {bridge.M27: "an order is read when an event names it, so that nothing older than that is passed on"},
}

const (
	nothingConverted = "there is nobody to ask for the units of a material, so that nothing is converted"
	noHold           = "there is no word for holding a lot"
	oneByOne         = "every message is posted by itself, so that there is no batch"
)

func isION(erp string) bool { return strings.HasPrefix(erp, "infor-ion/") }

// ofSide reports whether the side that a defect is a mistake of serves an ERP.
// Both versions of the messaging service of ION have one.
func ofSide(own, erp string) bool { return own == "" || own == erp || isION(own) && isION(erp) }
