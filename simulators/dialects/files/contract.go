package files

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// needed are the cells that must not be empty, by type of record.
var needed = map[string]string{
	headType: "VERSION NAME SENDER FILE CREATED",
	tailType: "RECORDS TOTAL",
	"ORD":    "REFERENCE AT ORDER MATERIAL QUANTITY UNIT",
	"OPR":    "OPERATION WORKCENTER",
	"CMP":    "OPERATION MATERIAL QUANTITY UNIT",
	"CHG":    "REFERENCE AT ORDER VERSION QUANTITY UNIT",
	"CAN":    "REFERENCE AT ORDER VERSION",
	"STA":    "REFERENCE AT ORDER OPERATION",
	"CNF":    "REFERENCE AT ORDER OPERATION COUNTER YIELD UNIT",
	"CON":    "REFERENCE AT ORDER OPERATION COUNTER MATERIAL QUANTITY UNIT",
	"SCR":    "REFERENCE AT ORDER OPERATION COUNTER MATERIAL QUANTITY UNIT",
	"REW":    "REFERENCE AT ORDER OPERATION COUNTER QUANTITY UNIT",
	"RCV":    "REFERENCE AT ORDER COUNTER MATERIAL LOT QUANTITY UNIT",
	"SER":    "SERIAL",
	"INS":    "REFERENCE AT ORDER OPERATION COUNTER MATERIAL PASSED FAILED",
	"HLD":    "REFERENCE AT LOT CASE",
	"DEC":    "REFERENCE AT LOT CASE DECISION",
	"ITM":    "REFERENCE AT MATERIAL VERSION UNIT DECIMALS",
	"UOM":    "UNIT NUMERATOR DENOMINATOR",
	"BOM":    "REFERENCE AT MATERIAL VERSION QUANTITY UNIT LINES",
	"RTG":    "REFERENCE AT MATERIAL VERSION LINES",
	"WCT":    "REFERENCE AT WORKCENTER VERSION LINES",
	"MCH":    "MACHINE",
	"CAL":    "REFERENCE AT CALENDAR VERSION ZONE LINES",
	"SHF":    "SHIFT BEGINS ENDS DAYS",
	"RES":    "OUTCOME STATUS ROWS POSTED",
	"ROW":    "NUMBER STATUS",
}

// decisions are what may be decided on a lot.
var decisions = [...]plant.Decision{plant.DecideRelease, plant.DecideUseAsIs, plant.DecideScrap, plant.DecideToRework}

// Layouts describes the files of an interface with these settings, by the name
// that each description has as a file: what a contract of format layout is
// made of. Result files are described once, for whatever file they answer.
func Layouts(s Settings) map[string][]byte {
	all := map[string][]byte{"result.reply.yaml": s.describe(Result, "*", []string{"RES", "ROW"})}
	for _, name := range Names() {
		var records []string
		for _, k := range kinds {
			if w, _ := wordOf(k); w.name == listed(name) {
				records = append(records, w.record)
				records = append(records, belowOf(w.record)...)
			}
		}
		all[name+".layout.yaml"] = s.describe(name, name+"*", records)
	}
	return all
}

// belowOf are the types of record that may belong to one.
func belowOf(record string) (all []string) {
	for _, l := range layouts {
		if l.belongs(record) {
			all = append(all, l.record)
		}
	}
	return all
}

func (s Settings) describe(name, files string, records []string) []byte {
	var b strings.Builder
	put := func(format string, args ...any) { fmt.Fprintf(&b, format, args...) }
	put("# Files called %s of dialect %s, as the code has them.\n", name, Version)
	put("apiVersion: andon/v1\nkind: Layout\nfiles: [%q]\n", files)
	if s.Layout == Fixed {
		put("form: fixed\ntype: {start: 1, width: %d}\n", typeWidth)
	} else {
		delimiter := s.Delimiter
		if delimiter == "" {
			delimiter = Semicolon
		}
		put("delimiter: %s\ntype: {cell: 1}\n", delimiter)
	}
	if s.Encoding != "" {
		put("encoding: %s\n", s.Encoding)
	}
	if s.Decimal == Comma {
		put("decimal: comma\n")
	}
	put("records:\n")
	for _, r := range slices.Concat([]string{headType}, records, []string{tailType}) {
		l := layoutOf(r)
		put("  - type: %s\n", r)
		switch {
		case r == headType:
			put("    at: begin\n")
		case r == tailType:
			put("    at: end\n")
		case l.below != "":
			above := slices.DeleteFunc(strings.Fields(l.below), func(a string) bool { return !slices.Contains(records, a) })
			put("    below: [%s]\n", strings.Join(above, ", "))
		}
		put("    columns:\n")
		for _, c := range l.columns {
			put("      - {%s}\n", strings.Join(s.describeColumn(name, l, c), ", "))
		}
	}
	return []byte(b.String())
}

func (s Settings) describeColumn(file string, l *layout, c column) []string {
	says := []string{"name: " + c.name}
	if s.Layout == Fixed {
		says = append(says, fmt.Sprintf("width: %d", c.width))
	}
	if slices.Contains(strings.Fields(needed[l.record]), c.name) {
		says = append(says, "needed: true")
	}
	switch c.form {
	case whole:
		digits := "[0-9]+"
		if c.name == "COUNTER" || l.record == "UOM" { // they count from 1
			digits = "0*[1-9][0-9]*"
		}
		says = append(says, "form: whole", fmt.Sprintf("pattern: %q", digits))
	case decimal:
		says = append(says, "form: decimal", "digits: 6", fmt.Sprintf("pattern: %q", fmt.Sprintf("-?[0-9]+([%c][0-9]+)?", s.mark())))
	case seconds:
		says = append(says, "form: decimal", "digits: 9", fmt.Sprintf("pattern: %q", fmt.Sprintf("[0-9]+([%c][0-9]+)?", s.mark())))
	case instant:
		says = append(says, "form: instant")
	case yes:
		says = append(says, "values: [X]")
	}
	switch {
	case l.record == headType && c.name == "VERSION":
		says = append(says, "values: ["+Version+"]")
	case l.record == headType && c.name == "NAME":
		says = append(says, "values: ["+file+"]")
	case c.name == "BEGINS" || c.name == "ENDS":
		says = append(says, `pattern: "([01][0-9]|2[0-3]):[0-5][0-9]:00"`)
	case c.name == "DAYS":
		says = append(says, `pattern: "(Sun|Mon|Tue|Wed|Thu|Fri|Sat)( (Sun|Mon|Tue|Wed|Thu|Fri|Sat))*"`)
	case c.name == "DECISION":
		says = append(says, fmt.Sprintf("values: [%s, %s, %s, %s]", decisions[0], decisions[1], decisions[2], decisions[3]))
	case c.name == l.total:
		says = append(says, "summed: true")
	case l.record == tailType && c.name == "RECORDS":
		says = append(says, "counts: true")
	case l.record == tailType && c.name == "TOTAL":
		says = append(says, "sums: true", fmt.Sprintf("last: %d", sumDigits))
	}
	return says
}

// sumDigits is how many digits of a control total before the mark are written.
const sumDigits = 12

var _ simulators.Recorder = Dialect{}

// Records implements [simulators.Recorder]: what [Layouts] says, as data.
func (d Dialect) Records() simulators.Records {
	s := d.Settings
	all := simulators.Records{TypeWidth: typeWidth, Mark: string(s.mark()), Head: headType, Tail: tailType, Sums: map[string]string{}, Last: sumDigits}
	if s.Layout != Fixed {
		all.Delimiter = string(s.delimiter())
	}
	for _, l := range layouts {
		t := simulators.Table{Name: l.record}
		for _, c := range l.columns {
			t.Columns = append(t.Columns, l.told(c))
		}
		all.Types = append(all.Types, t)
		if l.total != "" {
			all.Sums[l.record] = l.total
		}
	}
	return all
}

// told is a column as other packages know one.
func (l *layout) told(c column) simulators.Column {
	t := simulators.Column{Name: c.name, Width: c.width, Needed: slices.Contains(strings.Fields(needed[l.record]), c.name)}
	switch c.form {
	case whole:
		t.Form = simulators.ColumnWhole
	case decimal, seconds:
		t.Form = simulators.ColumnDecimal
	default:
		t.Form = simulators.ColumnText
	}
	switch {
	case c.name == "DECISION":
		for _, d := range decisions {
			t.Values = append(t.Values, string(d))
		}
	case c.form == yes:
		t.Values = []string{"X"}
	}
	return t
}
