package staging

import (
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
)

// actionColumn says what a row of a table with several kinds of rows is.
const actionColumn = "action"

// A table is one, and the records of package files that its rows are. Of a
// table whose rows are of several kinds the column "action" says which.
type table struct {
	simulators.Table
	records []string // "ORD"
	actions []string // of each record; none if there is one kind of row
}

func (t *table) action(record string) string {
	if len(t.actions) == 0 {
		return ""
	}
	return t.actions[slices.Index(t.records, record)]
}

// tables is every table there is.
var tables = []table{
	out("orders", "", "orders, and what becomes of them", "release ORD", "change CHG", "cancel CAN"),
	out("order_operations", "orders", "operations of an order, in their sequence", "OPR"),
	out("order_components", "orders", "what the operations of an order need", "CMP"),
	out("decisions", "", "what quality has decided on a lot that was held", "DEC"),
	out("items", "", "materials, each time that one changes", "ITM"),
	out("item_units", "items", "other units of a material, by their factor to its own", "UOM"),
	out("boms", "", "bills of material, each time that one changes", "BOM"),
	out("bom_components", "boms", "what is needed for the quantity of the bill", "CMP"),
	out("routings", "", "standard routings, each time that one changes", "RTG"),
	out("routing_operations", "routings", "their operations, in their sequence", "OPR"),
	out("work_centers", "", "work centers, each time that one changes", "WCT"),
	out("work_center_machines", "work_centers", "their machines", "MCH"),
	out("calendars", "", "the hours of a site, each time that they change", "CAL"),
	out("calendar_shifts", "calendars", "shifts, at times of the clocks of the zone", "SHF"),
	loads,
	in("operation_starts", "", "an operation has begun", "STA"),
	in("confirmations", "", "what an operation has made", "CNF"),
	in("consumptions", "", "what an operation has used up", "CON"),
	in("scrap", "", "what was lost besides", "SCR"),
	in("rework", "", "what has to be made good", "REW"),
	in("receipts", "", "finished goods, put into stock", "RCV"),
	in("receipt_serials", "receipts", "their serial numbers", "SER"),
	in("inspections", "", "results of an inspection", "INS"),
	in("holds", "", "lots that quality has blocked", "HLD"),
}

// Columns of loads, and that by which a row says in which load it is.
const (
	loadColumn  = "load_id"
	loadTable   = "table_name"
	loadCount   = "row_count"
	loadClosed  = "closed_at"
	loadsName   = "loads"
	loadIDWidth = 40
)

// loads has a row for each load of all records of a table, which closes it: as
// many rows there are in it, and no other is.
var loads = table{Table: simulators.Table{Name: loadsName, Way: simulators.ToSUT, Doc: "loads of all records of a table, each closed by its row here",
	Columns: []simulators.Column{{Name: loadColumn, Form: simulators.ColumnText, Width: loadIDWidth, Needed: true}, {Name: loadTable, Form: simulators.ColumnText, Width: 60, Needed: true},
		{Name: loadCount, Form: simulators.ColumnWhole, Needed: true}, {Name: loadClosed, Form: simulators.ColumnText, Width: 40}}}}

// loaded are the tables that can be loaded as a whole.
var loaded = []string{"items", "boms", "routings", "work_centers", "calendars"}

func out(name, below, doc string, kinds ...string) table {
	return newTable(name, below, doc, simulators.ToSUT, kinds)
}

func in(name, below, doc string, kinds ...string) table {
	return newTable(name, below, doc, simulators.FromSUT, kinds)
}

func newTable(name, below, doc string, way simulators.Direction, kinds []string) table {
	t := table{Table: simulators.Table{Name: name, Below: below, Doc: doc, Way: way}}
	for _, k := range kinds {
		action, record, several := strings.Cut(k, " ")
		if !several {
			record = k
		} else {
			t.actions = append(t.actions, action)
		}
		t.records = append(t.records, record)
	}
	if len(t.actions) > 0 {
		t.Columns = []simulators.Column{{Name: actionColumn, Form: simulators.ColumnText, Width: 10, Values: t.actions}}
	}
	for _, r := range t.records {
		for _, c := range files.Columns(r) {
			if c := column(c); !slices.ContainsFunc(t.Columns, func(o simulators.Column) bool { return o.Name == c.Name }) {
				c.Needed = slices.Contains(strings.Fields(needed[r]), c.Name)
				t.Columns = append(t.Columns, c)
			}
		}
	}
	if slices.Contains(loaded, name) {
		t.Columns = append(t.Columns, simulators.Column{Name: loadColumn, Form: simulators.ColumnText, Width: loadIDWidth})
	}
	return t
}

// needed are the columns that rows of the SUT do not do without. What a system
// writes has its reference; the rest may go missing with the next release.
var needed = map[string]string{
	"ORD": "reference", "DEC": "reference", "ITM": "reference", "BOM": "reference", "RTG": "reference", "WCT": "reference", "CAL": "reference",
	"STA": "reference happened_at order_no operation",
	"CNF": "reference happened_at order_no operation counter yield unit",
	"CON": "reference happened_at order_no operation counter material quantity unit",
	"SCR": "reference happened_at order_no operation counter material quantity unit",
	"REW": "reference happened_at order_no operation counter quantity unit",
	"RCV": "reference happened_at order_no counter material lot quantity unit",
	"SER": "serial",
	"INS": "reference happened_at order_no operation counter material passed failed",
	"HLD": "reference happened_at lot quality_case",
}

// renamed are columns that a record calls otherwise: what a header line calls END is a word of SQL.
var renamed = map[string]string{
	"AT": "happened_at", "ORDER": "order_no", "TEXT": "description", "WORKCENTER": "work_center", "CASE": "quality_case", "START": "start_at", "END": "end_at",
	"DUE": "due_at", "SETUP": "setup_seconds", "CYCLE": "cycle_seconds", "LABOR": "labor_seconds", "FINAL": "is_final", "INSPECT": "inspect_here", "LINES": "line_count",
}

// widths of texts that are no identifiers.
var widths = map[string]int{"reference": 250, "description": 250, "reason": 250}

// columnName is what a column of a record is called in a table.
func columnName(record string) string {
	if n, ok := renamed[record]; ok {
		return n
	}
	return strings.ToLower(record)
}

func column(c files.Column) simulators.Column {
	out := simulators.Column{Name: columnName(c.Name), Form: simulators.ColumnText, Width: c.Width}
	switch c.Form {
	case files.Whole:
		out.Form, out.Width = simulators.ColumnWhole, 0
	case files.Decimal:
		out.Form, out.Width = simulators.ColumnDecimal, 6
	case files.Seconds:
		out.Form, out.Width = simulators.ColumnDecimal, 9
	case files.Instant:
		out.Width = 40
	case files.Text:
		out.Width = widths[out.Name]
		if out.Width == 0 {
			out.Width = 60 // identifiers of any system, as they are
		}
	}
	return out
}

// tableOf finds the table of a record that begins a fact, or of one that
// belongs to a row of above.
func tableOf(record, above string) *table {
	for i := range tables {
		if tables[i].Below == above && slices.Contains(tables[i].records, record) {
			return &tables[i]
		}
	}
	return nil
}

// named finds a table by its name; nil if there is none.
func named(name string) *table {
	for i := range tables {
		if tables[i].Name == name {
			return &tables[i]
		}
	}
	return nil
}

// Tables implements [simulators.Tabular].
func (Dialect) Tables() []simulators.Table {
	all := make([]simulators.Table, len(tables))
	for i, t := range tables {
		all[i] = t.Table
	}
	return all
}
