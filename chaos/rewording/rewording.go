// Package rewording words messages otherwise than was agreed, as the next
// release of a partner might: in whatever dialect they are, in the form in which
// they are on the wire (JSON, XML, files of records, rows of tables).
//
// It knows no dialect by name. What a place in a message means it takes from
// the facts that the message states, from names that are the same wherever
// interfaces are written, and from what the dialect says of its messages anyhow:
// its tables, its records, and its decoder, which tells whether a change
// matters to whoever reads the message.
package rewording

import (
	"bytes"
	"maps"
	"reflect"
	"regexp"
	"slices"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// Of returns how messages of d can be worded otherwise: an announcement or a
// reply in other words, false if nothing in it could be said so. What it returns
// shares nothing that can be changed with what it was given. It is as pure as d,
// and may be called by several goroutines.
func Of(d simulators.Dialect) func(m simulators.Message, how chaos.Drift) (simulators.Message, bool) {
	w := wording{dialect: d}
	if t, ok := d.(simulators.Tabular); ok {
		w.tables = t.Tables()
	}
	if r, ok := d.(simulators.Recorder); ok {
		w.records = r.Records()
	}
	return w.reword
}

// wording is what a dialect says of its messages.
type wording struct {
	dialect simulators.Dialect
	tables  []simulators.Table // of messages that are rows
	records simulators.Records // of messages that are files of records
}

// reword words m so; false if it cannot be.
func (w wording) reword(m simulators.Message, how chaos.Drift) (simulators.Message, bool) {
	announced := len(m.Events) > 0 && m.Result.Outcome == ""
	var body []byte
	ok := false
	switch {
	case !w.happens(how, announced):
	case how == chaos.DriftCutOff:
		body, ok = m.Body[:len(m.Body)*2/3], len(m.Body) > 0
	case how == chaos.DriftEmpty:
		body, ok = nil, len(m.Body) > 0
	case how == chaos.DriftNoOffset:
		body = offset.ReplaceAll(m.Body, []byte("$1"))
		ok = len(body) < len(m.Body)
	default:
		var ways [][]edit
		ways, ok = w.ways(m, how, announced)
		if ok = ok && len(ways) > 0; ok {
			body = w.chosen(m, ways, how, announced)
		}
	}
	if !ok {
		return m, false
	}
	m.Body, m.Header = bytes.Clone(body), maps.Clone(m.Header)
	return m, true
}

// offset is that of an instant, its only group being what stands in front of it.
var offset = regexp.MustCompile(`(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|[+-]\d\d:\d\d)`)

// happens reports whether messages of this form can be wrong so at all. The
// columns of a table have types, which let no comma and no text through, and half
// a row is none; what is wrong with files as such are faults of folders. Replies
// are whole and in the right encoding: other faults are about that.
func (w wording) happens(how chaos.Drift, announced bool) bool {
	switch {
	case !announced && slices.Contains([]chaos.Drift{chaos.DriftCutOff, chaos.DriftEmpty, chaos.DriftNoOffset, chaos.DriftCharset, chaos.DriftNegative}, how):
		return false
	case len(w.tables) > 0 && !announced:
		return how == chaos.DriftExtraField || how == chaos.DriftNull || how == chaos.DriftEnum
	case len(w.tables) > 0:
		return !slices.Contains([]chaos.Drift{chaos.DriftCutOff, chaos.DriftEmpty, chaos.DriftCharset, chaos.DriftType, chaos.DriftComma, chaos.DriftExponent}, how)
	case len(w.records.Types) > 0 && !announced:
		return how == chaos.DriftExtraField || how == chaos.DriftNull || how == chaos.DriftEnum
	case len(w.records.Types) > 0:
		return !slices.Contains([]chaos.Drift{chaos.DriftEmpty, chaos.DriftCharset, chaos.DriftType, chaos.DriftNamespace}, how)
	}
	return true
}

// ways are the places at which m can be changed so, the best first; false if its
// form is not known.
func (w wording) ways(m simulators.Message, how chaos.Drift, announced bool) ([][]edit, bool) {
	said := stated(m.Events)
	if len(w.records.Types) > 0 {
		f, ok := recordsOf(m.Body, w.records)
		if !ok {
			return nil, false
		}
		return f.ways(how, announced, said), true
	}
	d, ok := documentOf(m.Body, announced)
	if !ok {
		return nil, false
	}
	d.typed = w.columns(m.Name)
	return d.ways(how, announced, said), true
}

// columns are those of the table called name with those that detail it; none if
// there are no tables.
func (w wording) columns(name string) (all []simulators.Column) {
	for _, t := range w.tables {
		if t.Name == name || t.Below == name {
			all = append(all, t.Columns...)
		}
	}
	return all
}

// chosen is the body of m changed at the first place that makes the difference
// which is wanted: what only adds is to be understood as before, what damages is
// not. Who reads m is the decoder of its dialect; where that cannot read it, as
// little as anybody knows it of a reply, the first place is taken.
func (w wording) chosen(m simulators.Message, ways [][]edit, how chaos.Drift, announced bool) []byte {
	first := applied(m.Body, ways[0])
	if !announced {
		return first
	}
	before, err := w.dialect.Decode(m)
	if err != nil {
		return first
	}
	for _, way := range ways[:min(len(ways), most)] {
		body := applied(m.Body, way)
		changed := m
		changed.Body = body
		after, err := w.dialect.Decode(changed)
		if same := err == nil && alike(before, after); same == how.Additive() {
			return body
		}
	}
	return first
}

// most is how many places are tried.
const most = 16

// alike reports whether two messages ask the same, whatever their words.
func alike(a, b simulators.Ask) bool {
	return reflect.DeepEqual(a.Claims, b.Claims) && reflect.DeepEqual(a.Target, b.Target) && reflect.DeepEqual(a.Late, b.Late) &&
		a.Ends == b.Ends && a.Entity == b.Entity && (a.Query == nil) == (b.Query == nil) &&
		(a.Query == nil || a.Query.Object == b.Query.Object && maps.Equal(a.Query.Where, b.Query.Where))
}

// An edit replaces what stands at a place.
type edit struct {
	span
	say string
}

type span struct{ from, to int }

// applied is body with its edits.
func applied(body []byte, edits []edit) []byte {
	sorted := slices.Clone(edits)
	slices.SortStableFunc(sorted, func(a, b edit) int { return a.from - b.from })
	var out []byte
	at := 0
	for _, e := range sorted {
		out = append(append(out, body[at:e.from]...), e.say...)
		at = e.to
	}
	return append(out, body[at:]...)
}
