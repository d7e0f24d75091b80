package files

import (
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

var _ simulators.Extractor = Dialect{}

// Extract implements [simulators.Extractor]: a file for each list, with all of its
// records but those that are not in use any more. Its trailer says where it ends.
func (d Dialect) Extract(at time.Time, all []plant.Event) ([]simulators.Message, error) {
	var out []simulators.Message
	for _, l := range Lists(all) {
		name, w := FullName(l.Name), writer{settings: d.Settings}
		for _, e := range l.Present {
			words, _ := wordOf(e.Fact.Kind())
			w.event(words.record, e)
		}
		body, err := w.file(name, "ERP", at)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", name, err)
		}
		out = append(out, simulators.Message{
			Verb: "post", Name: name, Body: body, Events: append(slices.Clone(l.Present), l.Absent...), Absent: len(l.Absent), Key: name + "/" + at.Format(time.RFC3339), Entity: l.Name,
			Header: map[string]string{"Content-Type": d.Settings.contentType()},
		})
	}
	return out, nil
}

// List is all records of one kind as an extract tells them.
type List struct {
	Name    string        // of the files in which their changes are announced
	Present []plant.Event // newest changes
	Absent  []plant.Event // of what is not in use any more, which the extract lacks
}

// Lists sorts records by what lists they are in, in the order in which they come.
func Lists(all []plant.Event) (lists []List) {
	for _, e := range all {
		words, ok := wordOf(e.Fact.Kind())
		if !ok {
			continue
		}
		i := slices.IndexFunc(lists, func(l List) bool { return l.Name == words.name })
		if i < 0 {
			i = len(lists)
			lists = append(lists, List{Name: words.name})
		}
		if f, is := e.Fact.(plant.ItemChanged); is && f.Item.Retired {
			lists[i].Absent = append(lists[i].Absent, e)
			continue
		}
		lists[i].Present = append(lists[i].Present, e)
	}
	return lists
}
