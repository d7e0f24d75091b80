package dialecttest

import (
	"encoding/json"

	"github.com/andon-rig/andon/simulators/plant"
)

// An Option of [Run] says where a dialect differs from others for a reason of
// its own.
type Option func(*expectations)

type expectations struct {
	says     func(text string) bool
	within   func(plant.Event) plant.Event
	told     []plant.Kind
	statuses map[string]int
	named    map[plant.Kind]bool
}

// Named lists the kinds of facts that a dialect announces by the name of what
// changed, for the receiver to read it: what it encodes it understands as that
// question.
func Named(kinds ...plant.Kind) Option {
	return func(x *expectations) {
		for _, k := range kinds {
			x.named[k] = true
		}
	}
}

// Within maps any event to one that the interface has fields for, where it has
// fewer than facts have: only such must come back as they were.
func Within(within func(plant.Event) plant.Event) Option {
	return func(x *expectations) { x.within = within }
}

// Told are kinds of facts that the system announces without saying all of them,
// and that nobody sends it: what is announced of them is not read again.
func Told(kinds ...plant.Kind) Option {
	return func(x *expectations) { x.told = kinds }
}

// Says names the texts that the form of a dialect can say at all; of any other
// it must refuse to make a message. Without it a dialect says everything.
func Says(says func(text string) bool) Option {
	return func(x *expectations) { x.says = says }
}

// Statuses are those with which a dialect words some of the answers, by the
// name of the subtest, where the interface has others than HTTP has words for.
func Statuses(by map[string]int) Option {
	return func(x *expectations) { x.statuses = by }
}

// sayable reports whether every text of e can be said.
func (x expectations) sayable(e plant.Event) bool {
	b, err := json.Marshal(e)
	if err != nil {
		return false
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return false
	}
	return x.all(tree)
}

func (x expectations) all(v any) bool {
	switch v := v.(type) {
	case string:
		return x.says(v)
	case []any:
		for _, one := range v {
			if !x.all(one) {
				return false
			}
		}
	case map[string]any:
		for _, one := range v {
			if !x.all(one) {
				return false
			}
		}
	}
	return true
}
