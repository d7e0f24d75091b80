package books

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// List answers a query for the list of definitions; see [List].
func (t *Items) List(q simulators.Query) simulators.Answer {
	return List(q, t.All(), func(i *simulators.ItemState) (string, *time.Time) { return string(i.Item.ID), &i.Changed })
}

// List answers a query for a list of master data, which is given in the order
// of its identifiers: so, or with "by" set to "changed" in the order in which
// they were changed, which is what readers use who want to know what is new. Of
// tells the identifier of one and when it was changed. Of the latter,
//
//	"id"      is the only one to be listed
//	"since"   leaves out what did not change after that instant. Times are in
//	          whole seconds, so what changes in the second of the last record
//	          a reader has seen is not "since" it
//	"after"   is a cursor, which counts records that changed at the same time
//	          one by one; it is given with every page that has a record
//	"offset"  counts rows, and every change moves one to the end
func List[T any](q simulators.Query, all []T, of func(*T) (id string, changed *time.Time)) simulators.Answer {
	name := func(i T) string { id, _ := of(&i); return id }
	if id := q.Where["id"]; id != "" {
		all = slices.DeleteFunc(all, func(i T) bool { return name(i) != id })
	}
	switch by := q.Where["by"]; {
	case by == "changed":
		return changes(q, all, of)
	case by != "" && by != "id":
		return simulators.Answer{Refusal: Refuse(QueryUnknown, "by %q is neither id nor changed", by)}
	case q.Where["since"] != "":
		return simulators.Answer{Refusal: Refuse(QueryUnknown, "since needs by=changed")}
	}
	return Page(q, all, name)
}

// changes is the list in the order of changes.
func changes[T any](q simulators.Query, all []T, of func(*T) (string, *time.Time)) simulators.Answer {
	place := func(i T) mark { id, at := of(&i); return mark{*at, id} }
	limit, offset, refusal := window(q)
	if refusal != nil {
		return simulators.Answer{Refusal: refusal}
	}
	if d, err := time.ParseDuration(q.Where[simulators.WhereResolution]); err == nil && d > 0 {
		for i := range all {
			_, at := of(&all[i])
			*at = at.Truncate(d)
		}
	}
	all = fitting(q, all)
	slices.SortStableFunc(all, func(a, b T) int { return place(a).compare(place(b)) })
	if s := q.Where["since"]; s != "" {
		since, err := time.Parse(time.RFC3339, s)
		if err != nil {
			return simulators.Answer{Refusal: Refuse(QueryUnknown, "since %q is not an instant (RFC 3339)", s)}
		}
		all = slices.DeleteFunc(all, func(i T) bool { return !place(i).at.After(since) })
	}
	moved := -1
	if s := q.Where["after"]; s != "" {
		last, ok := placed(s)
		if !ok {
			return simulators.Answer{Refusal: Refuse(QueryUnknown, "after %q is not a cursor of this list", s)}
		}
		offset = len(all)
		if at := slices.IndexFunc(all, func(i T) bool { return place(i).compare(last) > 0 }); at >= 0 {
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
	a := simulators.Answer{Found: []any{}, Cursor: q.Where["after"], Total: len(whole), More: len(all) > limit}
	all = all[:min(limit, len(all))]
	for _, i := range all {
		a.Found = append(a.Found, i)
		a.Cursor = place(i).cursor()
	}
	if moved >= 0 && len(all) < limit {
		a.Found = append(a.Found, whole[moved]) // where the reader goes on from stays behind it
	}
	return a
}

// mark is the place of a record in the list of changes.
type mark struct {
	at time.Time
	id string
}

func (m mark) compare(o mark) int { return cmp.Or(m.at.Compare(o.at), cmp.Compare(m.id, o.id)) }

// cursor names the place.
func (m mark) cursor() string { return m.at.UTC().Format(time.RFC3339) + "~" + m.id }

// placed reads a cursor.
func placed(s string) (m mark, ok bool) {
	at, id, ok := strings.Cut(s, "~")
	t, err := time.Parse(time.RFC3339, at)
	return mark{t, id}, ok && err == nil
}
