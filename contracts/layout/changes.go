package layout

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// Changes implements [contracts.Differ].
//
// Compatibility goes by role: a reader must accept every file that a writer of
// the other version can write. Columns are read by where they stand, unless a
// heading names them, so whatever moves one breaks both ways.
func (Format) Changes(before, after contracts.Document, mode contracts.Mode) ([]contracts.Change, error) {
	a, ok1 := before.(*Document)
	b, ok2 := after.(*Document)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two layouts")
	}
	t := &teller{mode: mode, told: map[string]bool{}}
	if len(a.layouts) == 1 && len(b.layouts) == 1 { // the name of a single file means nothing
		t.both(a.layouts[0], b.layouts[0])
	} else {
		t.named(a, b)
	}
	contracts.SortChanges(t.all)
	return t.all, nil
}

func (d *Document) named(l *Layout) *Layout {
	for _, o := range d.layouts {
		if o.name == l.name && o.reply == l.reply {
			return o
		}
	}
	return nil
}

func (t *teller) named(a, b *Document) {
	for _, l := range a.layouts {
		if o := b.named(l); o != nil {
			t.both(l, o)
		} else {
			t.add(contracts.Change{Type: "LAYOUT_REMOVED", Path: l.part(nil, ""), Severity: contracts.Breaking, Message: fmt.Sprintf("The layout of %s was removed.", l.part(nil, "")), Before: l.place(l.Pos)})
		}
	}
	for _, l := range b.layouts {
		if a.named(l) == nil {
			t.add(contracts.Change{Type: "LAYOUT_ADDED", Path: l.part(nil, ""), Severity: contracts.Safe, Message: fmt.Sprintf("The layout of %s was added.", l.part(nil, "")), After: l.place(l.Pos)})
		}
	}
}

// A teller collects changes.
type teller struct {
	mode contracts.Mode
	all  []contracts.Change
	told map[string]bool
	// old is the layout that paths are named by.
	old     *Layout
	forward bool
}

func (t *teller) add(c contracts.Change) {
	key := c.Type + " " + c.Path + " " + c.Message
	if c.Type == contracts.CannotTell {
		key = c.Type + " " + c.Path // once for both ways
	}
	if !t.told[key] {
		t.told[key] = true
		t.all = append(t.all, c)
	}
}

// both compares two versions of one layout, each way.
func (t *teller) both(a, b *Layout) {
	t.old = a
	for _, t.forward = range []bool{false, true} {
		if t.forward {
			t.layouts(b, a)
		} else {
			t.layouts(a, b)
		}
	}
}

// typeNames are names of changes by what is wrong: with old writers and new
// readers, and the other way round.
var typeNames = map[string][2]string{
	"form":     {"FORM_CHANGED", "FORM_CHANGED"},
	"record":   {"RECORD_REMOVED", "RECORD_ADDED"},
	"demanded": {"REQUIRED_RECORD_ADDED", "REQUIRED_RECORD_REMOVED"},
	"place":    {"RECORD_MOVED", "RECORD_MOVED"},
	"gone":     {"COLUMN_REMOVED", "COLUMN_ADDED"},
	"new":      {"REQUIRED_COLUMN_ADDED", "REQUIRED_COLUMN_REMOVED"},
	"moved":    {"COLUMN_MOVED", "COLUMN_MOVED"},
	"width":    {"WIDTH_CHANGED", "WIDTH_CHANGED"},
	"needed":   {"REQUIRED_ADDED", "REQUIRED_REMOVED"},
	"type":     {"TYPE_NARROWED", "TYPE_WIDENED"},
	"value":    {"VALUE_REMOVED", "VALUE_ADDED"},
	"values":   {"VALUES_RESTRICTED", "VALUES_UNRESTRICTED"},
	"bound":    {"BOUND_TIGHTENED", "BOUND_LOOSENED"},
	"rule":     {"RULE_ADDED", "RULE_REMOVED"},
	"control":  {"CONTROL_CHANGED", "CONTROL_CHANGED"},
}

// note tells what readers do not take of what writers write.
func (t *teller) note(kind, path string, writer, reader contracts.Place, format string, args ...any) {
	demanded := t.forward && t.mode.ReadsNew() || !t.forward && t.mode.ReadsOld()
	c := contracts.Change{Path: path, Before: writer, After: reader, Severity: contracts.Dangerous}
	i, who := 0, "Readers of the new version refuse what writers of the old one may write: "
	if t.forward {
		i, who = 1, "Readers of the old version refuse what writers of the new one may write: "
		c.Before, c.After = c.After, c.Before
	}
	what := fmt.Sprintf(format, args...)
	if kind == "unknown" {
		if demanded {
			c.Type, c.Message = contracts.CannotTell, "It cannot be told whether this breaks anybody: "+path+" "+what+"."
			t.add(c)
		}
		return
	}
	if demanded {
		c.Severity = contracts.Breaking
	}
	c.Type, c.Message = typeNames[kind][i], who+path+" "+what+"."
	t.add(c)
}

// layouts holds what w lets writers write against r.
func (t *teller) layouts(w, r *Layout) {
	path := t.old.part(nil, "")
	at, to := w.place(w.Pos), r.place(r.Pos)
	for _, f := range []struct{ name, w, r string }{
		{"form", w.Form, r.Form}, {"encoding", w.Encoding, r.Encoding}, {"delimiter", w.Delimiter, r.Delimiter}, {"quotes", w.Quotes, r.Quotes}, {"decimal", w.Decimal, r.Decimal},
		{"headings", strconv.Itoa(w.Headings), strconv.Itoa(r.Headings)}, {"footings", strconv.Itoa(w.Footings), strconv.Itoa(r.Footings)}, {"named", strconv.FormatBool(w.Named), strconv.FormatBool(r.Named)},
		{"type", fmt.Sprint(w.Type), fmt.Sprint(r.Type)},
	} {
		if f.w != f.r && !(w.fixed() && r.fixed() && (f.name == "delimiter" || f.name == "quotes")) {
			t.note("form", path, at, to, "is written with %s %s and read with %s", f.name, f.w, f.r)
		}
	}
	if r.Lines != "any" && r.Lines != w.Lines {
		t.note("form", path, at, to, "is written with lines %s and read with %s", w.Lines, r.Lines)
	}
	if w.Unfinished && !r.Unfinished {
		t.note("form", path, at, to, "may end without an end of its last line, which they take as cut off")
	}
	for _, own := range w.Records {
		if rec := r.record(own.Type); rec != nil {
			t.records(w, r, own, rec)
		} else if !w.typed() && !r.typed() {
			t.records(w, r, own, r.Records[0])
		} else {
			t.note("record", t.old.part(own, ""), w.place(own.Pos), to, "may be there, and they know no such record")
		}
	}
	for _, rec := range r.Records {
		if rec.At != "" && w.record(rec.Type) == nil && r.typed() {
			t.note("demanded", t.old.part(rec, ""), at, r.place(rec.Pos), "is demanded at the %s, and who wrote it does not know it", rec.At)
		}
	}
}

func (t *teller) records(w, r *Layout, own, rec *Record) {
	path, at, to := t.old.part(own, ""), w.place(own.Pos), r.place(rec.Pos)
	if own.At != rec.At {
		t.note("place", path, at, to, "is written %s and read %s", where(own.At), where(rec.At))
	}
	if len(rec.Below) > 0 && (len(own.Below) == 0 || slices.ContainsFunc(own.Below, func(b string) bool { return !slices.Contains(rec.Below, b) })) {
		t.note("place", path, at, to, "must come below %s, which who wrote it did not keep", strings.Join(rec.Below, " or "))
	}
	if own.Open && !rec.Open {
		t.note("gone", path, at, to, "may have more cells, and they take none that they do not know")
	}
	for _, c := range own.Columns {
		o := rec.column(c.Name)
		at := t.old.part(own, c.Name)
		switch {
		case o == nil && rec.Open && (w.Named || c.at >= len(rec.Columns)):
			t.lost(at, w.place(c.Pos), to)
		case o == nil:
			t.note("gone", at, w.place(c.Pos), to, "may be there, and they take nothing that they do not know")
		case o.at != c.at && !w.Named:
			t.note("moved", at, w.place(c.Pos), r.place(o.Pos), "is written %s, and read %s", w.spot(c), r.spot(o))
		}
		if o != nil {
			t.columns(w, r, c, o, at)
		}
	}
	for _, o := range rec.Columns {
		if own.column(o.Name) == nil && !o.Optional {
			t.note("new", t.old.part(own, o.Name), at, r.place(o.Pos), "is demanded, and who wrote it does not know it")
		} else if own.column(o.Name) == nil && !t.forward {
			t.add(contracts.Change{Type: "COLUMN_ADDED", Path: t.old.part(own, o.Name), Severity: contracts.Safe, Message: t.old.part(own, o.Name) + " was added and may be left out.", Before: at, After: r.place(o.Pos)})
		}
	}
}

// lost tells of a column that nobody reads any more.
func (t *teller) lost(path string, writer, reader contracts.Place) {
	if !t.forward {
		t.add(contracts.Change{Type: "COLUMN_REMOVED", Path: path, Severity: contracts.Dangerous, Message: path + " is not declared any more; readers that use it will miss it.", Before: writer, After: reader})
	}
}

func where(at string) string {
	switch at {
	case "begin":
		return "at the beginning"
	case "end":
		return "at the end"
	}
	return "between the others"
}

// spot says where a column stands.
func (l *Layout) spot(c *Column) string {
	if l.fixed() {
		return "at character " + strconv.Itoa(c.at+1)
	}
	return "in cell " + strconv.Itoa(c.at+1)
}

func (t *teller) columns(w, r *Layout, c, o *Column, path string) {
	at, to := w.place(c.Pos), r.place(o.Pos)
	if w.fixed() && r.fixed() && c.Width != o.Width {
		t.note("width", path, at, to, "has %d characters where it is written and %d where it is read", c.Width, o.Width)
	}
	if o.Needed && !c.Needed {
		t.note("needed", path, at, to, "must not be empty, and who wrote it may leave it so")
	}
	if c.Optional && !o.Optional {
		t.note("needed", path, at, to, "must be there, and who wrote it may leave it out")
	}
	for _, flag := range []struct {
		name string
		w, r bool
	}{{"counts", c.Counts, o.Counts}, {"sums", c.Sums, o.Sums}, {"summed", c.Summed, o.Summed}, {"last", c.Last != o.Last, false}} {
		if flag.w != flag.r {
			t.note("control", path, at, to, "has %s on one side only", flag.name)
		}
	}
	if len(c.Values) > 0 {
		for _, v := range c.Values {
			if want := o.accepts(v, r.mark()); want != "" || o.whole(v) != "" {
				t.note("value", path, at, to, "may be %q, which they do not know", v)
			}
		}
		return
	}
	t.values(r, c, o, path, at, to)
}

// values holds values of any kind against a reader.
func (t *teller) values(r *Layout, c, o *Column, path string, at, to contracts.Place) {
	switch {
	case o.Form == c.Form && c.Format != o.Format, o.Form != c.Form && o.Form != "text" && !(o.Form == "decimal" && c.Form == "whole"):
		t.note("type", path, at, to, "is written as %s and read as %s", c.shape(), o.shape())
		return
	case len(o.Values) > 0:
		t.note("values", path, at, to, "may be any value, and they take only %s", strings.Join(o.Values, ", "))
		return
	}
	if o.Pattern != "" && c.Pattern == "" {
		t.note("rule", path, at, to, "must match %s, which nobody asked of who wrote it", o.Pattern)
	} else if o.Pattern != "" && o.Pattern != c.Pattern {
		t.note("unknown", path, at, to, "must match %s, and who wrote it followed %s", o.Pattern, c.Pattern)
	}
	if o.Digits >= 0 && c.Form == "decimal" && (c.Digits < 0 || c.Digits > o.Digits) {
		t.note("bound", path, at, to, "has at most %d digits behind the mark, and who wrote it may go beyond", o.Digits)
	}
	if longest := max(c.Length, c.Width); o.Length > 0 && (longest == 0 || longest > o.Length) && !(c.Length > 0 && c.Length <= o.Length) {
		t.note("bound", path, at, to, "has at most %d characters, and who wrote it may go beyond", o.Length)
	}
}

// shape names a column's form for people.
func (c *Column) shape() string {
	if c.Format != "" {
		return c.Form + " " + c.Format
	}
	return c.Form
}
