package plant

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// TraceConfig says how to read a recorded log: a CSV file with one row per
// confirmation, exported from whatever a plant has.
type TraceConfig struct {
	// CSV is the name of the file. Whoever holds the configuration opens it;
	// here it only appears in messages.
	CSV string `json:"csv" yaml:"csv"`
	// Columns maps what we need to the file's headers: order, operation, start,
	// end and good are required; workCenter, rejected, unit, operator, item,
	// reason, quantity (of the order), span (minutes from start to end) and
	// total (good and rejected) are used if given.
	Columns map[string]string `json:"columns" yaml:"columns"`
	// Zone is the IANA name of the zone that times without one are in; UTC by
	// default.
	Zone string `json:"zone,omitempty" yaml:"zone,omitempty"`
	// Delimiter is one character; a comma by default.
	Delimiter string `json:"delimiter,omitempty" yaml:"delimiter,omitempty"`
	// DateLayout is how times are written, in Go's notation; by default ISO
	// 8601 with T or blank, with or without seconds and zone.
	DateLayout string `json:"dateLayout,omitempty" yaml:"dateLayout,omitempty"`
	// Decimal is the decimal sign, "." by default or ",".
	Decimal string `json:"decimal,omitempty" yaml:"decimal,omitempty"`
	// Resources lists the work centers that exist; others are reported.
	Resources []string `json:"resources,omitempty" yaml:"resources,omitempty"`
}

var (
	requiredColumns = []string{"order", "operation", "start", "end", "good"}
	optionalColumns = []string{"workCenter", "rejected", "unit", "operator", "item", "reason", "quantity", "span", "total"}
	isoLayouts      = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"}
)

// Limits of a trace: what is larger is an error, not a slow run.
const (
	maxTraceRows  = 2_000_000
	maxTraceField = 1_000
)

// Validate tells everything that is wrong with c.
func (c TraceConfig) Validate() error {
	var problems []error
	note := func(bad bool, format string, args ...any) {
		if bad {
			problems = append(problems, fmt.Errorf("trace %s: "+format, append([]any{c.CSV}, args...)...))
		}
	}
	known := slices.Concat(requiredColumns, optionalColumns)
	for _, k := range slices.Sorted(maps.Keys(c.Columns)) {
		note(!slices.Contains(known, k), "unknown column %q; known are %s", clip(k), strings.Join(known, ", "))
		note(c.Columns[k] == "", "column %q has no header", clip(k))
	}
	for _, k := range requiredColumns {
		note(c.Columns[k] == "", "columns: say which header holds %q", k)
	}
	_, err := time.LoadLocation(c.Zone)
	note(err != nil, "zone %q is not an IANA name such as Europe/Berlin", clip(c.Zone))
	note(c.Decimal != "" && c.Decimal != "." && c.Decimal != ",", "decimal is %q, must be \".\" or \",\"", clip(c.Decimal))
	d, size := utf8.DecodeRuneInString(c.Delimiter)
	note(c.Delimiter != "" && (size != len(c.Delimiter) || d == utf8.RuneError || strings.ContainsRune("\"\r\n", d)), "delimiter %q must be one character", clip(c.Delimiter))
	note(c.Delimiter == c.Decimal && c.Decimal != "", "delimiter and decimal are both %q", c.Decimal)
	return errors.Join(problems...)
}

// Trace is a recorded log that can be replayed as a plant.
type Trace struct {
	Name string
	// Every row of the file is one of these.
	Rows, Clean, Used, LeftOut int
	// Begin and End of the rows that are replayed.
	Begin, End time.Time

	zone   *time.Location
	orders []*traceOrder
}

// Orders is how many orders the trace replays.
func (t *Trace) Orders() int { return len(t.orders) }

type traceOrder struct {
	id       OrderID
	item     ItemID
	unit     Unit
	quantity Decimal
	line     int // where it first appears
	rows     []traceRow
}

type traceRow struct {
	line           int
	order          string
	operation      string
	center         string
	start, end     time.Time
	good, rejected Decimal
	unit           Unit
	operator       PersonID
	item           ItemID
	reason         string
	quantity       Decimal
}

// Severity says what became of a dirty row.
type Severity string

// Severities.
const (
	RowUsed    Severity = "used"     // replayed, though suspicious
	RowLeftOut Severity = "left out" // cannot be replayed
)

// DirtyRow is a row of a trace that is not as it should be.
type DirtyRow struct {
	Line     int      `json:"line"`
	Severity Severity `json:"severity"`
	Reasons  []string `json:"reasons"`
}

// String writes "line 17: left out: start after end".
func (d DirtyRow) String() string {
	return fmt.Sprintf("line %d: %s: %s", d.Line, d.Severity, strings.Join(d.Reasons, "; "))
}

// ReadTrace reads a log. Rows that are not as they should be are listed, each
// once, in the order of the file; a row is dropped only if it is listed as
// left out. An error means that the file as a whole cannot be read.
func ReadTrace(r io.Reader, c TraceConfig) (*Trace, []DirtyRow, error) {
	if err := c.Validate(); err != nil {
		return nil, nil, err
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, nil, fmt.Errorf("trace %s: load zone: %w", c.CSV, err)
	}
	t := &traceReader{
		config: c, trace: &Trace{Name: c.CSV, zone: zone}, seen: map[string]int{}, dirty: map[int]*DirtyRow{},
		units: map[string]traceUnit{}, spelling: map[string]string{},
	}
	for _, name := range c.Resources {
		t.spelling[fold(name)] = name
	}
	if err := t.read(r); err != nil {
		return nil, nil, fmt.Errorf("trace %s: %w", c.CSV, err)
	}
	t.overlaps("work center", func(r *traceRow) string { return r.center })
	t.overlaps("operator", func(r *traceRow) string { return string(r.operator) })
	dirty := t.sorted()
	t.gather()
	if len(t.rows) == 0 {
		return nil, dirty, fmt.Errorf("trace %s: none of %d rows can be replayed%s", c.CSV, t.trace.Rows, firstOf(dirty))
	}
	return t.trace, dirty, nil
}

func firstOf(dirty []DirtyRow) string {
	if len(dirty) == 0 {
		return ""
	}
	return "; " + dirty[0].String()
}

type traceUnit struct {
	unit Unit
	line int
}

type traceReader struct {
	config   TraceConfig
	trace    *Trace
	place    map[string]int // column to field
	rows     []traceRow
	seen     map[string]int // record to its first line
	dirty    map[int]*DirtyRow
	units    map[string]traceUnit // of each order
	spelling map[string]string    // folded name to the name
}

func (t *traceReader) read(r io.Reader) error {
	reader := csv.NewReader(r)
	reader.FieldsPerRecord, reader.LazyQuotes = -1, true
	if t.config.Delimiter != "" {
		reader.Comma, _ = utf8.DecodeRuneInString(t.config.Delimiter)
	}
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return errors.New("the file is empty: a header line is needed")
	}
	if err != nil {
		return fmt.Errorf("read header: %w", err)
	}
	if err := t.header(header); err != nil {
		return err
	}
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if t.trace.Rows++; t.trace.Rows > maxTraceRows {
			return fmt.Errorf("more than %d rows", maxTraceRows)
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			t.note(syntax.StartLine, RowLeftOut, "malformed row: %v", syntax.Err)
			continue
		}
		if err != nil {
			return fmt.Errorf("read row %d: %w", t.trace.Rows, err)
		}
		line, _ := reader.FieldPos(0)
		t.row(line, record)
	}
}

// header finds the columns. A header that differs only in blanks and case is
// taken if it is the only one.
func (t *traceReader) header(header []string) error {
	header = slices.Clone(header)
	header[0] = strings.TrimPrefix(header[0], "\ufeff")
	t.place = map[string]int{}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(t.config.Columns)) {
		want := t.config.Columns[key]
		at := slices.Index(header, want)
		if at < 0 {
			alike := func(h string) bool { return fold(h) == fold(want) }
			if at = slices.IndexFunc(header, alike); at >= 0 && slices.ContainsFunc(header[at+1:], alike) {
				at = -1
			}
		}
		if at < 0 {
			problems = append(problems, fmt.Errorf("line 1: no header %q for column %s; the file has %q", clip(want), key, clipAll(header)))
			continue
		}
		t.place[key] = at
	}
	return errors.Join(problems...)
}

func clipAll(names []string) []string {
	var clipped []string
	for _, n := range names[:min(len(names), 40)] {
		clipped = append(clipped, clip(n))
	}
	return clipped
}

// fold is a name without blanks and case.
func fold(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }

// note adds a reason to the row at line; left out is worse than used.
func (t *traceReader) note(line int, s Severity, format string, args ...any) {
	d := t.dirty[line]
	if d == nil {
		d = &DirtyRow{Line: line, Severity: s}
		t.dirty[line] = d
	}
	if s == RowLeftOut {
		d.Severity = s
	}
	d.Reasons = append(d.Reasons, fmt.Sprintf(format, args...))
}

func (t *traceReader) sorted() []DirtyRow {
	var list []DirtyRow
	for _, d := range t.dirty {
		list = append(list, *d)
		if d.Severity == RowUsed {
			t.trace.Used++
		} else {
			t.trace.LeftOut++
		}
	}
	t.trace.Clean = t.trace.Rows - len(list)
	slices.SortFunc(list, func(a, b DirtyRow) int { return a.Line - b.Line })
	return list
}

// gather groups the rows by order.
func (t *traceReader) gather() {
	orders := map[string]*traceOrder{}
	for _, r := range t.rows {
		o := orders[r.order]
		if o == nil {
			o = &traceOrder{id: OrderID(r.order), item: r.item, unit: r.unit, line: r.line}
			orders[r.order] = o
			t.trace.orders = append(t.trace.orders, o)
		}
		o.item = cmp.Or(o.item, r.item)
		o.quantity = max(o.quantity, r.quantity)
		o.rows = append(o.rows, r)
		if t.trace.Begin.IsZero() || r.start.Before(t.trace.Begin) {
			t.trace.Begin = r.start
		}
		if r.end.After(t.trace.End) {
			t.trace.End = r.end
		}
	}
	for _, o := range t.trace.orders {
		slices.SortStableFunc(o.rows, func(a, b traceRow) int { return a.end.Compare(b.end) })
		made := map[string]Decimal{}
		for _, r := range o.rows {
			made[r.operation] = made[r.operation].Add(r.good).Add(r.rejected)
		}
		if o.quantity == 0 {
			for _, n := range made {
				o.quantity = max(o.quantity, n)
			}
		}
		if o.quantity == 0 {
			o.quantity = One // an order that only booked time still asked for something
		}
	}
	slices.SortStableFunc(t.trace.orders, func(a, b *traceOrder) int { return a.begin().Compare(b.begin()) })
}

func (o *traceOrder) begin() time.Time {
	begin := o.rows[0].start
	for _, r := range o.rows {
		if r.start.Before(begin) {
			begin = r.start
		}
	}
	return begin
}
