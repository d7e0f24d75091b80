package books

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// TestListInTheOrderOfChanges pages through records of which three changed in
// one second: a cursor leaves none out, since and offset do what they say.
func TestListInTheOrderOfChanges(t *testing.T) {
	nine := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	m := plant.Master{}
	for _, id := range []plant.ItemID{"A", "B", "C", "D", "OLD"} {
		m.Items = append(m.Items, plant.Item{ID: id, Unit: "EA"})
	}
	items := NewItems(m)
	for id, at := range map[plant.ItemID]time.Duration{"C": 0, "A": 200 * time.Millisecond, "B": 900 * time.Millisecond, "D": 2 * time.Second} {
		items.Change(plant.ItemChanged{Item: plant.Item{ID: id, Unit: "EA"}, Version: 1}, nine.Add(at))
	}
	ask := func(where ...string) (ids, cursor string) {
		q := simulators.Query{Object: "items", Where: map[string]string{"by": "changed"}}
		for i := 0; i < len(where); i += 2 {
			q.Where[where[i]] = where[i+1]
		}
		a := items.List(q)
		if a.Refusal != nil {
			return a.Refusal.Code, ""
		}
		var all []string
		for _, f := range a.Found {
			all = append(all, string(f.(simulators.ItemState).Item.ID))
		}
		return strings.Join(all, " "), a.Cursor
	}
	_, second := ask("limit", "2") // OLD A
	of := func(where ...string) (found, total int, more bool) {
		q := simulators.Query{Where: map[string]string{"by": "changed"}, Fits: func(f any) bool { return f.(simulators.ItemState).Item.ID != "B" }}
		for i := 0; i < len(where); i += 2 {
			q.Where[where[i]] = where[i+1]
		}
		a := items.List(q)
		return len(a.Found), a.Total, a.More
	}
	for by, want := range map[string]string{"changed": "2 4 true", "id": "2 4 true"} {
		if found, total, more := of("by", by, simulators.WherePage, "2"); fmt.Sprint(found, total, more) != want {
			t.Errorf("by %s: %d of %d, more: %t; want %s", by, found, total, more, want)
		}
		if found, total, more := of("by", by, simulators.WherePage, "2", "limit", "3", "offset", "2"); fmt.Sprint(found, total, more) != "2 4 false" {
			t.Errorf("by %s, last page: %d of %d, more: %t", by, found, total, more)
		}
	}
	for _, tc := range []struct {
		name  string
		where []string
		want  string
	}{
		{"all", nil, "OLD A B C D"},
		{"first page", []string{"limit", "2"}, "OLD A"},
		{"from the cursor", []string{"after", second, "limit", "2"}, "B C"},
		{"since the second of the last", []string{"since", "2026-03-02T09:00:00Z"}, "D"},
		{"since, by offset", []string{"since", "2026-03-02T08:59:59Z", "offset", "2"}, "C D"},
		{"the row before comes again", []string{"after", second, "limit", "2", simulators.WhereRepeat, "x"}, "A B"},
		{"the row before has moved", []string{"after", second, simulators.WhereMoved, "x"}, "B C D A"},
		{"times of a minute", []string{"since", "2026-03-02T08:59:59Z", simulators.WhereResolution, "1h"}, "A B C D"},
		{"no such cursor", []string{"after", "yesterday"}, QueryUnknown},
		{"no such time", []string{"since", "yesterday"}, QueryUnknown},
		{"no such order", []string{"by", "colour"}, QueryUnknown},
		{"cursor and offset", []string{"after", second, "offset", "1"}, QueryUnknown},
	} {
		if got, _ := ask(tc.where...); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
