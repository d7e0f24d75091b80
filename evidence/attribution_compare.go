package evidence

import (
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// A Difference is one field in which a claim departs from the truth.
type Difference struct{ Field, Want, Got string }

// Compare lists where a claim departs from the truth it stands for: keys and
// codes byte by byte, quantities exactly in base units, instants to the second
// whatever their zone. What the claim leaves unsaid is no difference, unless
// leaving it out loses a meaning the books need.
func Compare(m *Measure, truth, claim plant.Event) []Difference {
	if truth.Fact == nil || claim.Fact == nil || alike(truth, claim) {
		return nil
	}
	if truth.Fact.Kind() != claim.Fact.Kind() {
		return []Difference{{"kind", string(truth.Fact.Kind()), string(claim.Fact.Kind())}}
	}
	ds := keyDifferences(truth.Fact.Keys(), claim.Fact.Keys())
	ds = append(ds, quantityDifferences(m, truth.Fact, claim.Fact)...)
	ds = append(ds, fieldDifferences(truth.Fact, claim.Fact)...)
	if !claim.At.IsZero() && !sameInstant(truth.At, claim.At) {
		ds = append(ds, Difference{"time", clock(truth.At), clock(claim.At)})
	}
	return ds
}

// Compare lists where a claim departs from f. Of what nobody has dated a claim may
// say any instant.
func (f *FactView) Compare(m *Measure, claim plant.Event) []Difference {
	if f.Undated {
		claim.At = time.Time{}
	}
	return Compare(m, f.Event, claim)
}

// alike is the fast way to see that a claim repeats its truth, but for the
// counter, which is no field of a fact, and for times that it leaves unsaid.
func alike(truth, claim plant.Event) bool {
	if !claim.At.IsZero() && !sameInstant(truth.At, claim.At) {
		return false
	}
	switch t := truth.Fact.(type) {
	case plant.Confirmed:
		c, ok := claim.Fact.(plant.Confirmed)
		if !ok || !unsaidOrSame(t.Start, c.Start) || !unsaidOrSame(t.End, c.End) {
			return false
		}
		c.Start, c.End, c.Counter = t.Start, t.End, t.Counter
		return c == t
	case plant.Consumed:
		c, ok := claim.Fact.(plant.Consumed)
		c.Counter = t.Counter
		return ok && c == t
	case plant.OperationStarted:
		return claim.Fact == plant.Fact(t)
	case plant.Scrapped:
		c, ok := claim.Fact.(plant.Scrapped)
		c.Counter = t.Counter
		return ok && c == t
	}
	return false
}

func unsaidOrSame(truth, claim time.Time) bool {
	return claim.IsZero() || sameInstant(truth, claim)
}

func keyDifferences(want, got plant.Keys) (ds []Difference) {
	add := func(field, want, got string) {
		if got != "" && want != got {
			ds = append(ds, Difference{field, want, got})
		}
	}
	add("order", string(want.Order), string(got.Order))
	add("operation", string(want.Operation), string(got.Operation))
	add("material", string(want.Material), string(got.Material))
	add("lot", string(want.Lot), string(got.Lot))
	add("serial", string(want.Serial), string(got.Serial))
	add("case", string(want.Case), string(got.Case))
	add("machine", string(want.Machine), string(got.Machine))
	add("work center", string(want.WorkCenter), string(got.WorkCenter))
	add("calendar", want.Calendar, got.Calendar)
	return ds
}

// quantityDifferences compares amounts with their units.
func quantityDifferences(m *Measure, truth, claim plant.Fact) (ds []Difference) {
	item := m.Item(truth)
	add := func(field string, want, got plant.Quantity) {
		if got.Unit == "" {
			got.Unit = want.Unit // left unsaid
		}
		w, exact := m.Base(item, want)
		g, exactToo := m.Base(item, got)
		off := w.Amount.Sub(g.Amount)
		switch {
		case w.Amount == 0 && g.Amount == 0:
		case w == g:
		case w.Unit == g.Unit && !(exact && exactToo) && off >= -1 && off <= 1: // the last digit kept was rounded
		case m.same(item, want, got): // by a definition that was changed in the run
		default:
			ds = append(ds, Difference{field, want.String(), got.String()})
		}
	}
	if t, ok := truth.(plant.Confirmed); ok {
		c := claim.(plant.Confirmed)
		add("yield", t.Yield, c.Yield)
		add("scrap", t.Scrap, c.Scrap)
		add("rework", t.Rework, c.Rework)
		return ds
	}
	if want, ok := Amount(truth); ok {
		got, _ := Amount(claim)
		add("quantity", want, got)
	}
	return ds
}

// quantities are compared with their units, keys by themselves.
var handled = []string{"quantity", "unit", "yield", "scrap", "rework", "material", "lot"}

// needed are fields whose loss loses meaning even if the claim merely leaves
// them unsaid.
var needed = []string{"lot", "material", "reason", "revision", "decision", "item"}

func fieldDifferences(truth, claim plant.Fact) (ds []Difference) {
	want, got := truth.Fields(), claim.Fields()
	said := make(map[string]string, len(got))
	lists := map[string]bool{} // kinds of list entries the claim has any of
	for _, f := range got {
		said[f.Name] = f.Value
		if list, _, ok := strings.Cut(f.Name, " "); ok {
			lists[list] = true
		}
	}
	for _, f := range want {
		value, ok := said[f.Name]
		delete(said, f.Name)
		list, _, entry := strings.Cut(f.Name, " ")
		switch {
		case value == f.Value || f.Value == "":
		case entry && !ok && !lists[list]: // the dialect does not carry the list
		case entry || (value == "" && slices.Contains(needed, f.Name)):
			ds = append(ds, Difference{f.Name, f.Value, orNothing(value)})
		case value == "" || slices.Contains(handled, f.Name) || sameTime(f.Value, value):
		default:
			ds = append(ds, Difference{f.Name, f.Value, value})
		}
	}
	for _, f := range got { // list entries that are not true
		if _, left := said[f.Name]; left && strings.Contains(f.Name, " ") {
			ds = append(ds, Difference{f.Name, "nothing", f.Value})
		}
	}
	return ds
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// sameInstant compares to the second: many interfaces carry no more.
func sameInstant(a, b time.Time) bool {
	d := a.Sub(b)
	return d > -time.Second && d < time.Second
}

func sameTime(a, b string) bool {
	x, err := time.Parse(time.RFC3339Nano, a)
	if err != nil {
		return false
	}
	y, err := time.Parse(time.RFC3339Nano, b)
	return err == nil && sameInstant(x, y)
}

func clock(t time.Time) string { return t.Format("2006-01-02 15:04:05 -07:00") }
