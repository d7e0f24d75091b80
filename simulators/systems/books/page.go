package books

import (
	"slices"
	"strconv"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// pageSize is how many objects a page shows unless told, and at most where the
// interface has no size of its own.
const pageSize = 500

// Page answers a query for a list with the part after "after", or from the
// "offset"-th row on, at most "limit" long. Id names an element; the cursor is
// the name of the last one shown, and empty at the end. A page that repeats
// begins with the last row of the one before.
func Page[T any](q simulators.Query, all []T, id func(T) string) simulators.Answer {
	limit, offset, refusal := window(q)
	if refusal != nil {
		return simulators.Answer{Refusal: refusal}
	}
	all = fitting(q, all)
	total := len(all)
	var moved []T
	if after := q.Where["after"]; after != "" {
		at := slices.IndexFunc(all, func(t T) bool { return id(t) == after })
		if at < 0 {
			return simulators.Answer{Refusal: Refuse(QueryUnknown, "nothing in this list is called %q", after)}
		}
		offset += at + 1
		if q.Where[simulators.WhereMoved] != "" {
			moved = all[at : at+1]
		}
	}
	if q.Where[simulators.WhereRepeat] != "" {
		offset--
	}
	all = all[min(max(0, offset), len(all)):]
	a := simulators.Answer{Found: []any{}, Total: total, More: len(all) > limit}
	for _, t := range all[:min(limit, len(all))] {
		a.Found = append(a.Found, t)
	}
	if len(all) > limit {
		a.Cursor = id(all[limit-1])
	} else if len(all) < limit && len(moved) > 0 {
		a.Found = append(a.Found, moved[0])
	}
	return a
}

// fitting are those of a list that are asked for.
func fitting[T any](q simulators.Query, all []T) []T {
	if q.Fits == nil {
		return all
	}
	return slices.DeleteFunc(all, func(t T) bool { return !q.Fits(t) })
}

// window reads which part of a list is asked for.
func window(q simulators.Query) (limit, offset int, refusal *simulators.Refusal) {
	limit = pageSize
	if n, err := strconv.Atoi(q.Where[simulators.WherePage]); err == nil && n > 0 {
		limit = n
	}
	if s := q.Where["limit"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return 0, 0, Refuse(QueryUnknown, "limit %q is not a number above 0", s)
		}
		limit = min(n, limit)
	}
	if s := q.Where["offset"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 || q.Where["after"] != "" {
			return 0, 0, Refuse(QueryUnknown, "offset %q is not a number of rows, or there is a cursor beside it", s)
		}
		offset = n
	}
	return limit, offset, nil
}

// Query answers a query for postings by "document", "reference" or "order"; all
// that are given must fit. Who wants the whole list has to say so.
func (l *Ledger) Query(q simulators.Query) simulators.Answer {
	ref, order := q.Where["reference"], q.Where["order"]
	var found []simulators.Posting
	switch {
	case q.Where["document"] != "":
		if p, ok := l.Document(q.Where["document"]); ok {
			found = []simulators.Posting{p}
		}
	case ref != "":
		found = l.OfReference(plant.EventID(ref))
	case order != "":
		found = l.OfEntity(order)
	case q.Where[simulators.WhereAll] != "":
		found = l.All()
	default:
		return simulators.Answer{Refusal: Refuse(QueryUnknown, "postings are found by document, reference or order")}
	}
	found = slices.DeleteFunc(found, func(p simulators.Posting) bool {
		return order != "" && string(p.Claim.Fact.Keys().Order) != order ||
			ref != "" && string(p.Claim.ID) != ref && string(p.Alias) != ref
	})
	return Page(q, found, func(p simulators.Posting) string { return p.Doc })
}
