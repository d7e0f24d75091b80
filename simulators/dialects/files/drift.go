package files

import (
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/rewording"
)

var _ simulators.Drifter = Dialect{}

// Drift implements [simulators.Drifter]. The program that writes the files has
// changed, so that its trailer agrees with whatever it writes now: a column
// more, a type of record with another name, a cell that is not filled, a word
// that is on no list, another decimal mark. A file that was cut off has no
// trailer. What a column of a fixed width has no room for cannot happen.
func (d Dialect) Drift(m simulators.Message, how simulators.Drift) (simulators.Message, bool) {
	announced := len(m.Events) > 0 && m.Result.Outcome == ""
	if announced && how == simulators.DriftCutOff {
		m.Body = slices.Clone(m.Body[:len(m.Body)*2/3])
		return m, true
	}
	f, err := d.Settings.read(m.Body)
	if err != nil || len(f.records) == 0 {
		return m, false
	}
	change := inResults
	if announced {
		change = inExports
	}
	w := writer{settings: d.Settings, records: slices.Clone(f.records)}
	if !change(w.records, how) {
		return m, false
	}
	body, err := w.enclosed(f.head)
	if err != nil {
		return m, false
	}
	m.Body = body
	return m, true
}

// inResults changes the record of a result that is about the file.
func inResults(records []record, how simulators.Drift) bool {
	switch r := &records[0]; how {
	case simulators.DriftExtraField:
		r.more = "2031"
		return true
	case simulators.DriftNull:
		return r.say("STATUS", "")
	case simulators.DriftEnum:
		return r.say("STATUS", "299")
	}
	return false
}

// inExports changes what is announced, in the first record that can be changed
// so.
func inExports(records []record, how simulators.Drift) bool {
	switch how {
	case simulators.DriftExtraField: // each record of the type has the column
		for i := range records {
			if records[i].kind == records[0].kind {
				records[i].more = "2031"
			}
		}
		return true
	case simulators.DriftRenamed:
		records[0].called = records[0].kind[:2] + "9"
		return true
	case simulators.DriftNoOffset:
		return bare(records)
	}
	for i := range records {
		if records[i].drift(how) {
			return true
		}
	}
	return false
}

// drift changes one cell; false if none can be changed so.
func (r *record) drift(how simulators.Drift) bool {
	l := layoutOf(r.kind)
	amount := l.total
	was := ""
	if at := l.place(amount); at >= 0 {
		was = r.cells[at]
	}
	switch how {
	case simulators.DriftNull:
		for _, name := range []string{"QUANTITY", "MATERIAL", "LOT", "ORDER"} {
			if at := l.place(name); at >= 0 && r.cells[at] != "" {
				return r.say(name, "")
			}
		}
		return false
	case simulators.DriftEnum:
		return r.say("DECISION", "reclaim")
	}
	if was == "" {
		return false
	}
	switch how {
	case simulators.DriftComma:
		r.otherMark = true
		if !strings.Contains(was, ".") {
			was += ".0"
		}
		return r.say(amount, was)
	case simulators.DriftExponent:
		return r.say(amount, rewording.Exponent(was))
	case simulators.DriftManyDecimals:
		return r.say(amount, rewording.ManyDecimals(was))
	case simulators.DriftNegative:
		return r.say(amount, "-"+was)
	}
	return false
}

// say puts text into a cell; false if there is no such column.
func (r *record) say(column, text string) bool {
	at := layoutOf(r.kind).place(column)
	if at < 0 {
		return false
	}
	r.cells = slices.Clone(r.cells)
	r.cells[at] = text
	return true
}

// bare takes the offset off all instants.
func bare(records []record) (some bool) {
	for i := range records {
		for _, c := range layoutOf(records[i].kind).columns {
			if c.form != instant {
				continue
			}
			at := layoutOf(records[i].kind).place(c.name)
			was := records[i].cells[at]
			end := strings.LastIndexAny(was, "Z+-")
			if end > strings.IndexByte(was, 'T') {
				some = records[i].say(c.name, was[:end])
			}
		}
	}
	return some
}
