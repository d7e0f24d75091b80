package catalog_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

// nobodys are the kinds of facts that no dialect words, by design: each has a
// sentence below the table instead of a row of dashes.
var nobodys = map[plant.Kind]string{
	plant.KindShipment: "goods go to customers past the MES. The rig alone claims one, in the books of the ERP, to see whether a hold is in force (`ship` in a scenario)",
}

// listed are the objects of the books in whose lists a change is found where
// nothing announces it.
var listed = map[plant.Kind][]string{
	plant.KindItemChanged: {"items"}, plant.KindBillChanged: {"boms"}, plant.KindRoutingChanged: {"routings"},
	plant.KindCenterChanged: {"work-centers"}, plant.KindCalendarChanged: {"calendars"},
}

// unsaid says why a dialect has no word for a kind of fact, or no question for
// an object of the books. Rows and dialects are named as the tables name them.
var unsaid = []struct {
	rows, dialects []string
	why            string
}{
	{[]string{"reversal"}, []string{"files/v1", "staging/v1"}, "no kind of file or table takes a posting back: what is wrong is set right in the ERP by hand"},
	{[]string{"reversal"}, []string{"infor-ion/v3", "infor-ion/v2"}, "of the documents that are named publicly none is known to take a posting back"},
	{[]string{"reversal"}, []string{"d365/v1"}, "the MES interface of Dynamics 365 has no message that takes a posting back"},
	{[]string{"lot-held", "lot-decided", "inspection"}, []string{"d365/v1"}, "the MES interface of Dynamics 365 has no message for quality; whether a lot may be used is asked of `ItemBatches`"},
	{[]string{"machine-count", "machine-state"}, []string{"files/v1", "infor-ion/v3", "infor-ion/v2", "staging/v1", "d365/v1", "sap-s4/v2"}, "telemetry of machines stays below an ERP: machines are endpoints of their own, which speak `neutral/v1` or `b2mml-xml/v7`"},
	{[]string{"stock"}, []string{"neutral/v1"}, "ours, and without a question for stock: what a build needs to know of a lot is whether it may be used"},
	{[]string{"items that have changed"}, []string{"d365/v1"}, "no entity of the standard has a time of change: all is read again and compared"},
	{asks(), []string{"files/v1", "staging/v1"}, "a file or a row asks nothing: what is there is told by changes and extracts, and what became of a posting by its result"},
	{asks(), []string{"infor-ion/v3", "infor-ion/v2"}, "the messaging service carries documents and asks nothing; the products have interfaces of their own for questions, which are not played"},
}

// asks are the rows of the table of questions.
func asks() (rows []string) {
	for _, q := range asked {
		rows = append(rows, q.what)
	}
	return rows
}

// dashes numbers the reasons of a table in the order in which they are needed.
type dashes struct{ reasons []string }

// of is the dash in a row at a dialect, with the number of its reason, or with
// a question mark if nobody has given one.
func (d *dashes) of(row, dialect string) string {
	for _, u := range unsaid {
		if slices.Contains(u.rows, row) && slices.Contains(u.dialects, dialect) {
			i := slices.Index(d.reasons, u.why)
			if i < 0 {
				i, d.reasons = len(d.reasons), append(d.reasons, u.why)
			}
			return fmt.Sprintf("– (%d)", i+1)
		}
	}
	return "– (?)"
}

// list is what the numbers mean.
func (d *dashes) list() string {
	var b strings.Builder
	for i, why := range d.reasons {
		if i == 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%d. %s\n", i+1, why)
	}
	return b.String()
}

// TestEveryDashHasAReason: a dash without one, and a reason without a dash, are
// both out of date, and so is a kind that nobody words when somebody does.
func TestEveryDashHasAReason(t *testing.T) {
	all := catalog.Standard().Dialects
	text := surfaces(all)
	if strings.Contains(text, "(?)") || strings.Contains(text, "– |") {
		t.Errorf("a dash has no reason in unsaid:\n%s", text)
	}
	for _, u := range unsaid {
		for _, name := range u.dialects {
			part, ok := catalog.Find(all, name)
			if !ok {
				t.Errorf("%s is not there, and %q excuses it", name, u.why)
				continue
			}
			for _, row := range u.rows {
				if has(part.New(), row) {
					t.Errorf("%s has %s, and %q excuses it", name, row, u.why)
				}
			}
		}
	}
	for k, why := range nobodys {
		for _, p := range all {
			if has(p.New(), string(k)) {
				t.Errorf("%s has a word for %s, and below the table stands: %s", p.Name, k, why)
			}
		}
	}
}

// has reports whether a dialect has what a row of one of the tables is about.
func has(d simulators.Dialect, row string) bool {
	for _, q := range asked {
		if q.what == row {
			return question(d, q.objects) != ""
		}
	}
	k := plant.Kind(row)
	return !slices.Contains(dialecttest.Kinds(), k) || told(d, k) != ""
}
