package books

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// List answers a query for the list of definitions: by identifier, or with
// "by" set to "changed" in the order in which they were changed, which is what
// readers use who want to know what is new. Of the latter,
//
//	"id"      is the only one to be listed
//	"since"   leaves out what did not change after that instant. Times are in
//	          whole seconds, so what changes in the second of the last record
//	          a reader has seen is not "since" it
//	"after"   is a cursor, which counts records that changed at the same time
//	          one by one; it is given with every page that has a record
//	"offset"  counts rows, and every change moves one to the end
func (t *Items) List(q simulators.Query) simulators.Answer {
	all := t.All()
	if id := q.Where["id"]; id != "" {
		all = slices.DeleteFunc(all, func(i simulators.ItemState) bool { return string(i.Item.ID) != id })
	}
	switch by := q.Where["by"]; {
	case by == "changed":
		return changes(q, all)
	case by != "" && by != "id":
		return simulators.Answer{Refusal: Refuse(QueryUnknown, "by %q is neither id nor changed", by)}
	case q.Where["since"] != "":
		return simulators.Answer{Refusal: Refuse(QueryUnknown, "since needs by=changed")}
	}
	return Page(q, all, func(i simulators.ItemState) string { return string(i.Item.ID) })
}

// changes is the list in the order of changes.
func changes(q simulators.Query, all []simulators.ItemState) simulators.Answer {
	limit, offset, refusal := window(q)
	if refusal != nil {
		return simulators.Answer{Refusal: refusal}
	}
	if d, err := time.ParseDuration(q.Where[simulators.WhereResolution]); err == nil && d > 0 {
		for i := range all {
			all[i].Changed = all[i].Changed.Truncate(d)
		}
	}
	slices.SortStableFunc(all, inOrder)
	if s := q.Where["since"]; s != "" {
		since, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return simulators.Answer{Refusal: Refuse(QueryUnknown, "since %q is not an instant (RFC 3339)", s)}
		}
		all = slices.DeleteFunc(all, func(i simulators.ItemState) bool { return !i.Changed.After(since) })
	}
	moved := -1
	if s := q.Where["after"]; s != "" {
		last, ok := placed(s)
		if !ok {
			return simulators.Answer{Refusal: Refuse(QueryUnknown, "after %q is not a cursor of this list", s)}
		}
		offset = len(all)
		if at := slices.IndexFunc(all, func(i simulators.ItemState) bool { return inOrder(i, last) > 0 }); at >= 0 {
			offset = at
		}
		if q.Where[simulators.WhereMoved] != "" {
			moved = offset - 1
		}
	}
	whole := all
	if q.Where[simulators.WhereRepeat] != "" {
		offset--
	}
	all = all[min(max(0, offset), len(all)):]
	all = all[:min(limit, len(all))]
	a := simulators.Answer{Found: []any{}, Cursor: q.Where["after"]}
	for _, i := range all {
		a.Found = append(a.Found, i)
		a.Cursor = cursor(i)
	}
	if moved >= 0 && len(all) < limit {
		a.Found = append(a.Found, whole[moved]) // where the reader goes on from stays behind it
	}
	return a
}

func inOrder(a, b simulators.ItemState) int {
	return cmp.Or(a.Changed.Compare(b.Changed), cmp.Compare(a.Item.ID, b.Item.ID))
}

// cursor names the place of i in the list of changes.
func cursor(i simulators.ItemState) string {
	return i.Changed.UTC().Format(time.RFC3339) + "~" + string(i.Item.ID)
}

// placed reads a cursor.
func placed(s string) (i simulators.ItemState, ok bool) {
	at, id, ok := strings.Cut(s, "~")
	t, err := time.Parse(time.RFC3339, at)
	i.Changed = t
	i.Item.ID = plant.ItemID(id)
	return i, ok && err == nil
}
