package endpoint

import (
	"maps"
	"slices"
	"strconv"

	"github.com/andon-rig/andon/simulators"
)

// What a [simulators.Manner] asks for is done here, for every system and
// dialect alike.

// handle has the system do what m asks, but for the rows that are refused in
// its place.
func (e *Endpoint) handle(m simulators.Message, ask simulators.Ask) simulators.Answer {
	id := m.ID // to keep no more of m
	post := func(p simulators.Posting) { e.OnPosting(id, p) }
	refused := refusedRows(m.Manner, len(ask.Claims))
	if refused == nil {
		return e.System.Handle(ask, post)
	}
	through := ask
	through.Claims, through.Aliases = nil, nil
	for i, c := range ask.Claims {
		if refused[i] == nil {
			through.Claims = append(through.Claims, c)
			if i < len(ask.Aliases) {
				through.Aliases = append(through.Aliases, ask.Aliases[i])
			}
		}
	}
	var a simulators.Answer
	if len(through.Claims) > 0 {
		if a = e.System.Handle(through, post); a.Refusal != nil || len(a.Rows) != len(through.Claims) {
			return a
		}
	}
	rows := make([]simulators.Row, len(ask.Claims))
	for i := range rows {
		if refused[i] != nil {
			rows[i].Refusal = refused[i]
			continue
		}
		rows[i], a.Rows = a.Rows[0], a.Rows[1:]
	}
	a.Rows = rows
	return a
}

// refusedRows are the refusals of each of n rows; nil if there are none, or if
// it is no batch.
func refusedRows(m *simulators.Manner, n int) []*simulators.Refusal {
	if m == nil || n < 2 || !slices.ContainsFunc(m.Rows[:min(n, len(m.Rows))], func(r *simulators.Refusal) bool { return r != nil }) {
		return nil
	}
	rows := make([]*simulators.Refusal, n)
	copy(rows, m.Rows)
	return rows
}

// told is an answer as it is to be told this time.
func told(m simulators.Message, a simulators.Answer) simulators.Answer {
	if m.Manner == nil || len(a.Rows) < 2 {
		return a
	}
	a.Soft = a.Soft || m.Manner.Soft
	if m.Manner.Told != nil {
		a.Told = slices.DeleteFunc(slices.Clone(m.Manner.Told), func(i int) bool { return i < 0 || i >= len(a.Rows) })
	}
	return a
}

// untold says of the rows of which an answer does not speak that their sender
// cannot know what became of them.
func untold(rows []simulators.Result, told []int) {
	if told == nil {
		return
	}
	for i := range rows {
		if !slices.Contains(told, i) {
			rows[i] = simulators.Result{Outcome: simulators.Unknown, Text: "the answer does not speak of this row"}
		}
	}
}

// forgotten reports whether the answer to m is one that the system itself will
// not remember.
func forgotten(m simulators.Message) bool {
	return m.Manner != nil && m.Manner.Later != nil && m.Manner.Later.Then == simulators.CompletesNever
}

// page answers a question, and a page of a list as it is to be wrong.
func (e *Endpoint) page(m simulators.Message, ask simulators.Ask) simulators.Answer {
	most := e.PolicyNow().Page
	if m.Manner == nil && most == 0 {
		return e.query(ask)
	}
	q := *ask.Query
	if q.Where = maps.Clone(q.Where); q.Where == nil {
		q.Where = map[string]string{}
	}
	ask.Query = &q
	whole := q.Where[simulators.WherePage] != ""
	if most > 0 && !whole {
		q.Where[simulators.WherePage] = strconv.Itoa(most)
	}
	if m.Manner == nil {
		return e.query(ask)
	}
	p := m.Manner.Page
	if p.Most > 0 && !whole {
		q.Where[simulators.WherePage] = strconv.Itoa(p.Most)
	}
	after, offset := q.Where["after"], q.Where["offset"]
	if n, err := strconv.Atoi(offset); err == nil && n > 0 {
		q.Where["offset"] = strconv.Itoa(max(0, n+p.Shift))
	}
	if p.Shift > 0 && after != "" {
		q.Where[simulators.WhereMoved] = "true"
	}
	if p.Repeat && (after != "" || offset != "" && offset != "0") {
		q.Where[simulators.WhereRepeat] = "true"
	}
	if p.Resolution > 0 {
		q.Where[simulators.WhereResolution] = p.Resolution.String()
	}
	a := e.query(ask)
	if p.Loop && after != "" && a.Refusal == nil && len(a.Found) > 0 {
		a.Cursor = after
	}
	return a
}
