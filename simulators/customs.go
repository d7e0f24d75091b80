package simulators

import "github.com/andon-rig/andon/simulators/plant"

// A Customary dialect has customs that a rig file need not repeat: who changes
// the dialect of an endpoint, and nothing else, gets those of the new one.
type Customary interface {
	Dialect
	// Customs are what holds at this dialect unless a rig file says otherwise.
	Customs() Customs
}

// Customs are lines of a rig file that follow from a dialect.
type Customs struct {
	// Transport is what its messages travel by; "" means http.
	Transport string
	// Attribution is where a message of the SUT names the fact that caused it, as
	// a rig file words it; "" if the dialect has a place of its own for that.
	Attribution string
	// Lists are kinds of facts for which it has no announcement: they are found in
	// its lists.
	Lists []plant.Kind
}
