package saps4

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// This file reads IDocs. It is strict about the fields that it understands, and
// leaves all others: the basic types have hundreds of them.

// readIDoc implements [Dialect.Decode] of an IDoc.
func (d Dialect) readIDoc(m simulators.Message) (simulators.Ask, error) {
	root, err := xmltree.Parse(m.Body)
	if err != nil {
		return simulators.Ask{}, refuse(codeMalformed, "the body is no XML: %v", err)
	}
	if root.Space != IDocSpace {
		return simulators.Ask{}, refuse(codeMalformed, "%s is in the namespace %q, not in that of IDocs, %q", clip(root.Name), clip(root.Space), IDocSpace)
	}
	r := &idocReader{d: d}
	read := map[string]func(*xmltree.Node, *xmltree.Node) plant.Fact{orderIDoc: r.order, itemIDoc: r.item, centerIDoc: r.center}[root.Name]
	if read == nil {
		return simulators.Ask{}, refuse(codeMalformed, "IDocs of type %q are not known here, only %s, %s and %s", clip(root.Name), orderIDoc, itemIDoc, centerIDoc)
	}
	var f plant.Fact
	document := r.one(root, "IDOC")
	control := r.one(document, "EDI_DC40")
	if of := r.text(control, "MESTYP"); r.err == nil && !strings.HasPrefix(root.Name, of) || of == "" {
		r.fail(control, "MESTYP is %q in a document of type %s", clip(of), root.Name)
	}
	at := r.serial(control)
	if r.err == nil {
		f = read(document, control)
	}
	if r.err != nil {
		return simulators.Ask{}, r.err
	}
	return simulators.Ask{Claims: []plant.Event{{ID: plant.EventID(first(m.Header["Andon-Event"], plant.Natural(f))), At: at, Fact: f}}}, nil
}

// An idocReader keeps the first thing that is wrong, with its line. After it,
// whatever it reads is nothing.
type idocReader struct {
	d   Dialect
	err error
}

func (r *idocReader) fail(n *xmltree.Node, format string, args ...any) {
	if r.err != nil {
		return
	}
	where := ""
	if n != nil {
		where = fmt.Sprintf("line %d: %s: ", n.Line, n.Name)
	}
	r.err = refuse(codeMalformed, "%s%s", where, fmt.Sprintf(format, args...))
}

// one is the segment of a name in n, of which there must be one.
func (r *idocReader) one(n *xmltree.Node, name string) *xmltree.Node {
	all := r.all(n, name)
	if len(all) == 1 {
		return all[0]
	}
	if n != nil {
		r.fail(n, "has %d segments %s, and needs one", len(all), name)
	}
	return nil
}

// leading is the first segment of a name in n; nil if there is none.
func (r *idocReader) leading(n *xmltree.Node, name string) *xmltree.Node {
	if all := r.all(n, name); len(all) > 0 {
		return all[0]
	}
	return nil
}

// all are the segments of a name in n.
func (r *idocReader) all(n *xmltree.Node, name string) (all []*xmltree.Node) {
	if n == nil {
		return nil
	}
	for _, c := range n.Children {
		if c.Name == name {
			all = append(all, c)
		}
	}
	return all
}

// text is what a field of n says; "" if it is not there.
func (r *idocReader) text(n *xmltree.Node, name string) string {
	all := r.all(n, name)
	switch {
	case len(all) == 0:
		return ""
	case len(all) > 1:
		r.fail(n, "has the field %s %d times", name, len(all))
	case len(all[0].Children) > 0:
		r.fail(n, "the field %s has elements in it", name)
	}
	return all[0].Text
}

// must is a field that cannot be left out.
func (r *idocReader) must(n *xmltree.Node, name string) string {
	s := r.text(n, name)
	if s == "" {
		r.fail(n, "%s is missing", name)
	}
	return s
}

// amount is a number of quantities: 200, 3560.1 or 1.000000000000000E+01. What is
// not told is 0.
func (r *idocReader) amount(n *xmltree.Node, name string) plant.Decimal {
	s := strings.TrimSpace(r.text(n, name))
	if s == "" {
		return 0
	}
	if !strings.ContainsAny(s, "eE") {
		v, err := plant.ParseDecimal(s)
		if err != nil {
			r.fail(n, "%s is %q, which is no number such as 12.500", name, clip(s))
		}
		return v
	}
	v, err := strconv.ParseFloat(s, 64)
	if scaled := v * float64(plant.One); err == nil && strings.Trim(s, "0123456789.+-eE") == "" && math.Abs(scaled) < math.MaxInt64/2 {
		return plant.Decimal(math.Round(scaled))
	}
	r.fail(n, "%s is %q, which is no number such as 1.000000000000000E+01", name, clip(s))
	return 0
}

// count is a whole number; what is not told is 0.
func (r *idocReader) count(n *xmltree.Node, name string) int {
	s := r.text(n, name)
	if s == "" {
		return 0
	}
	v, err := strconv.Atoi(s)
	if err != nil {
		r.fail(n, "%s is %q, which is no whole number", name, clip(s))
	}
	return v
}

// instant is a date and a time of the system's zone, in two fields. Zeros for a
// date say none, and 24 o'clock is the end of that day.
func (r *idocReader) instant(n *xmltree.Node, day, clock string) time.Time {
	date, at := r.text(n, day), r.text(n, clock)
	if date == "" || date == noDay {
		return time.Time{}
	}
	if at == "" {
		at = noClock
	}
	ends := at == endOfDay
	if ends {
		at = noClock
	}
	t, err := time.ParseInLocation("20060102150405", date+at, r.d.Settings.zone())
	if err != nil || len(date) != 8 || len(at) != 6 {
		r.fail(n, "%s and %s are %q and %q, which is no date such as 20260302 with a time such as 053000", day, clock, clip(date), clip(r.text(n, clock)))
		return time.Time{}
	}
	if ends {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// serial is when a document was made, to the microsecond; nothing if it does not
// say so.
func (r *idocReader) serial(n *xmltree.Node) time.Time {
	s := r.text(n, "SERIAL")
	if s == "" {
		return time.Time{}
	}
	if len(s) == 20 {
		if t, err := time.Parse("20060102150405.000000", s[:14]+"."+s[14:]); err == nil {
			return t.In(r.d.Settings.zone())
		}
	}
	r.fail(n, "SERIAL is %q, which are not the twenty digits of an instant", clip(s))
	return time.Time{}
}

// lasts is a duration: a number with its unit beside it.
func (r *idocReader) lasts(n *xmltree.Node, value, unit string) time.Duration {
	v, u := r.amount(n, value), r.text(n, unit)
	one := map[string]time.Duration{"": time.Second, "S": time.Second, "SEC": time.Second, "MIN": time.Minute, "H": time.Hour, "HUR": time.Hour, "STD": time.Hour, "TAG": 24 * time.Hour, "DAY": 24 * time.Hour}[u]
	limit := plant.Decimal(math.MaxInt64)
	if one > 0 {
		limit /= plant.Decimal(one / time.Second)
	}
	if one == 0 || v < 0 || v > limit/1000 {
		if v != 0 {
			r.fail(n, "%s is %s %s, which is no duration", value, v, clip(u))
		}
		return 0
	}
	return time.Duration(v) * time.Microsecond * (one / time.Second)
}

// long is a material's number: the long form, and the short one where only that
// is told.
func (r *idocReader) long(n *xmltree.Node) plant.ItemID {
	return plant.ItemID(first(r.text(n, "MATNR_LONG"), r.text(n, "MATNR")))
}

// order reads an order: its release, a change or that it is taken back.
func (r *idocReader) order(document, control *xmltree.Node) plant.Fact {
	head := r.one(document, "E1AFKOL")
	own := r.leading(head, "Z1AFKOL")
	id := r.d.Settings.order(r.must(head, "AUFNR"))
	gone, released := false, false
	for _, s := range r.all(head, "E1JSTKL") {
		stat := r.must(s, "STAT")
		gone, released = gone || stat == statusFlagged || stat == statusGone, released || stat == statusReleased
	}
	version := r.count(own, "VERSION")
	if gone {
		return plant.OrderCancelled{Order: id, Version: version}
	}
	if !released && r.err == nil {
		r.fail(head, "order %s has no status %s: what is not released is nobody's work yet", clip(string(id)), statusReleased)
	}
	o := plant.Order{ID: id, Item: r.long(head), Revision: r.text(own, "REVLV"), Priority: r.count(own, "PRIOK"),
		Quantity: plant.Quantity{Amount: r.amount(head, "GAMNG"), Unit: plant.Unit(r.must(head, "GMEIN"))},
		Start:    orBasic(r.instant(head, "GSTRS", "GSUZS"), r.instant(head, "GSTRP", "GSUZP")), Due: orBasic(r.instant(head, "GLTRS", "GLUZS"), r.instant(head, "GLTRP", "GLUZP"))}
	sequences := r.all(head, "E1AFFLL")
	if f := r.text(control, "MESFCT"); f == functionChanged || f == "" && len(sequences) == 0 {
		return plant.OrderChanged{Order: id, Version: version, Quantity: o.Quantity, Due: o.Due, Priority: o.Priority}
	}
	if o.Item == "" {
		r.fail(head, "MATNR and MATNR_LONG are missing")
	}
	o.Lot = plant.LotID(r.text(r.leading(head, "E1AFPOL"), "CHARG")) // what is made; others come with it
	r.sequences(&o, sequences)
	return plant.OrderReleased{Order: o}
}

// orBasic is an instant as it is scheduled; if it is not, the basic one.
func orBasic(scheduled, basic time.Time) time.Time {
	if scheduled.IsZero() {
		return basic
	}
	return scheduled
}

// sequences reads the operations of an order, and its components in the order in
// which they are reserved.
func (r *idocReader) sequences(o *plant.Order, all []*xmltree.Node) {
	type reserved struct {
		position int
		plant.Component
	}
	var needs []reserved
	for _, s := range all {
		for _, n := range r.all(s, "E1AFVOL") {
			if r.deleted(n) {
				continue
			}
			op := plant.Operation{ID: plant.OperationID(r.text(n, "VORNR")), Description: r.text(n, "LTXA1"), WorkCenter: plant.WorkCenterID(r.text(n, "ARBPL")),
				Setup: r.lasts(n, "VGW01", "VGE01"), Cycle: r.lasts(n, "VGW02", "VGE02"), Inspect: r.text(r.leading(n, "Z1AFVOL"), "INSPECT") == "X"}
			if base := r.amount(n, "BMSCH"); base > plant.One { // standard values are for so many pieces
				op.Cycle = time.Duration(float64(op.Cycle) / (float64(base) / float64(plant.One)))
			}
			if op.ID != "" {
				o.Operations = append(o.Operations, op)
			}
			for _, c := range r.all(n, "E1RESBL") {
				need := reserved{r.count(c, "RSPOS"), plant.Component{Material: r.long(c), Operation: op.ID, Quantity: plant.Quantity{Amount: r.amount(c, "BDMNG"), Unit: plant.Unit(r.text(c, "MEINS"))}}}
				if need.Material == "" {
					r.fail(c, "MATNR and MATNR_LONG are missing")
				}
				if own := r.leading(c, "Z1RESBL"); r.text(own, "ELSEWHERE") == "X" {
					need.Operation = plant.OperationID(r.text(own, "VORNR"))
				}
				needs = append(needs, need)
			}
		}
	}
	slices.SortStableFunc(needs, func(a, b reserved) int { return cmp.Compare(a.position, b.position) })
	for _, n := range needs {
		o.Components = append(o.Components, n.Component)
	}
}

// deleted reports whether an operation is in the order no more.
func (r *idocReader) deleted(n *xmltree.Node) bool {
	for _, s := range r.all(n, "E1JSTVL") {
		if r.must(s, "STAT") == statusGone {
			return true
		}
	}
	return false
}

// item reads a material.
func (r *idocReader) item(document, _ *xmltree.Node) plant.Fact {
	n := r.one(document, "E1MARAM")
	own := r.leading(n, "Z1MARAM")
	i := plant.Item{ID: r.long(n), Unit: plant.Unit(r.must(n, "MEINS")), Lots: r.text(n, "XCHPF") == "X", Retired: r.text(n, "LVORM") == "X" || r.text(n, "MSGFN") == segmentDeleted,
		Revision: r.text(own, "REVLV"), Decimals: r.count(own, "ANDEC")}
	if i.ID == "" {
		r.fail(n, "MATNR and MATNR_LONG are missing")
	}
	for _, t := range r.all(n, "E1MAKTM") {
		if english := r.text(t, "SPRAS_ISO") == "EN" || r.text(t, "SPRAS") == "E"; english || i.Description == "" {
			i.Description = r.text(t, "MAKTX")
			if english {
				break
			}
		}
	}
	for _, p := range r.all(n, "E1MARCM") {
		i.Serials = i.Serials || r.text(p, "SERNP") != ""
		i.Lots = i.Lots || r.text(p, "XCHPF") == "X"
	}
	for _, u := range r.all(n, "E1MARMM") {
		num, den := r.factor(u, "UMREZ"), r.factor(u, "UMREN")
		if unit := plant.Unit(r.must(u, "MEINH")); r.err == nil && !(unit == i.Unit && num == den) { // the base unit is listed there as well
			i.Units = append(i.Units, plant.AltUnit{Unit: unit, Factor: plant.Factor{Num: num, Den: den}})
		}
	}
	return plant.ItemChanged{Item: i, Version: r.count(own, "VERSION")}
}

// factor is a part of a fraction by which units are converted.
func (r *idocReader) factor(n *xmltree.Node, name string) int64 {
	s := r.must(n, name)
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < 1 {
		r.fail(n, "%s is %q, which is no whole number above 0", name, clip(s))
	}
	return v
}

// center reads a work center.
func (r *idocReader) center(document, _ *xmltree.Node) plant.Fact {
	n := r.one(document, "E1CRHDL")
	own := r.leading(n, "Z1CRHDL")
	w := plant.WorkCenter{ID: plant.WorkCenterID(r.must(n, "ARBPL")), Manual: r.text(n, "VERWE") == laborCenter, Efficiency: r.count(own, "NGRAD")}
	for _, t := range r.all(n, "E1CRTXL") {
		if w.Description == "" || r.text(t, "SPRAS") == "E" {
			w.Description = r.text(t, "KTEXT")
		}
	}
	for _, m := range r.all(own, "Z1CRMCL") {
		w.Machines = append(w.Machines, plant.MachineID(r.must(m, "MACHINE")))
	}
	return plant.CenterChanged{WorkCenter: w, Version: r.count(own, "VERSION")}
}
