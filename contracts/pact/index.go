package pact

import (
	"slices"
	"sync"
)

// An index tells which interactions an exchange may be at all, so that a pact
// of ten thousands is not gone through for each exchange. The zero value is
// ready for use.
type index struct {
	once  sync.Once
	calls map[string][]int // by their path, where that is a text
	ruled []int            // calls whose path follows rules
	rest  []int            // messages
	async int              // of these, those that the provider announces
}

// find is the index of d, which must not change afterwards.
func (d *Document) find() *index {
	x := &d.index
	x.once.Do(func() {
		x.calls = map[string][]int{}
		for i, in := range d.Interactions {
			switch {
			case in.Kind == Async:
				x.async++
				x.rest = append(x.rest, i)
			case in.Kind != HTTP:
				x.rest = append(x.rest, i)
			case len(in.Request.Rules.Path) > 0:
				x.ruled = append(x.ruled, i)
			default:
				x.calls[in.Request.Path] = append(x.calls[in.Request.Path], i)
			}
		}
	})
	return x
}

// possible are the interactions that an exchange at path may be, in the order
// of the file. An announcement may be any message.
func (d *Document) possible(path string, fromConsumer bool) (all []*Interaction) {
	x := d.find()
	numbers := x.rest
	if fromConsumer {
		numbers = slices.Concat(x.calls[path], x.ruled, x.rest)
		slices.Sort(numbers)
	}
	for _, i := range numbers {
		all = append(all, d.Interactions[i])
	}
	return all
}
