package plant

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

var traceConfig = TraceConfig{
	CSV: "log.csv", Zone: "Europe/Berlin", DateLayout: "2006-01-02 15:04:05", Delimiter: ";", Decimal: ",",
	Columns: map[string]string{
		"order": "Work Order", "operation": "Activity", "workCenter": "Resource", "start": "Start", "end": "Complete",
		"good": "Qty Good", "rejected": "Qty Rejected", "operator": "Worker", "item": "Part", "span": "Span", "total": "Work Order Qty",
	},
	Resources: []string{"LASER 7", "TURN-04", "TURN-05", "Packing"},
}

// line is one row of a generated log.
type line struct {
	order, operation, center string
	start, end               time.Time
	good, rejected           string
	worker, span, total      string
}

func (l line) String() string {
	layout := traceConfig.DateLayout
	return strings.Join([]string{l.order, l.operation, l.center, l.start.Format(layout), l.end.Format(layout), l.good, l.rejected, l.worker, "PART 1", l.span, l.total}, ";")
}

// dirt spoils one row; want is what must be said about it.
type dirt struct {
	severity Severity
	want     string
	spoil    func(*line)
}

var dirts = []dirt{
	{RowUsed, "wrong sum: span", func(l *line) { l.span = "15" }},
	{RowUsed, "wrong sum: total", func(l *line) { l.total = "4711" }},
	{RowUsed, "wrong sum: span", func(l *line) { l.span = "1900-01-05 00:00" }}, // an Excel epoch date
	{RowLeftOut, "start after end", func(l *line) { l.start, l.end = l.end, l.start }},
	{RowUsed, "midnight default", func(l *line) {
		l.start = midnight(l.start)
		l.span = fmt.Sprint(l.end.Sub(l.start).Minutes())
	}},
	{RowUsed, "60-minute default", func(l *line) { l.start, l.span = l.end.Add(-time.Hour), "60" }},
	{RowUsed, `"laser7" is taken for "LASER 7"`, func(l *line) { l.center = "laser7" }},
	{RowUsed, `"HAMMER" is not listed`, func(l *line) { l.center = "HAMMER" }},
	{RowLeftOut, "negative quantity", func(l *line) { l.good = "-3" }},
	{RowLeftOut, "malformed quantity", func(l *line) { l.good = "1.000" }},
	{RowLeftOut, "malformed quantity", func(l *line) { l.rejected = "two" }},
	{RowLeftOut, "missing key: order", func(l *line) { l.order = " " }},
	{RowLeftOut, "missing key: operation", func(l *line) { l.operation = "" }},
	{RowLeftOut, "not UTF-8", func(l *line) { l.worker = "Stra\xdfe" }},
}

// dirtyLog writes a log of at least 1,000 rows, of which every seventh is
// spoilt in one of the ways above, doubled, or overlapping.
func dirtyLog(seed uint64) (csv string, wants map[int]dirt, rows int) {
	luck := newStream(seed, "log", "test")
	zone, _ := time.LoadLocation("Europe/Berlin")
	at := time.Date(2026, 1, 5, 6, 3, 7, 0, zone)
	var b strings.Builder
	b.WriteString("\ufeffWork Order;Activity;Resource;Start;Complete;Qty Good;Qty Rejected;Worker;Part;Span;Work Order  Qty\n")
	wants = map[int]dirt{}
	number := 1
	write := func(s string) { number++; b.WriteString(s + "\n") }
	for i := range 1200 {
		end := at.Add(time.Duration(7+luck.below(41)) * time.Minute)
		l := line{
			order: fmt.Sprintf("ZSU/%05d/01, 4", i/12), operation: fmt.Sprintf("%04d", 10*(1+i%12/4)), center: traceConfig.Resources[i%4],
			start: at, end: end, good: fmt.Sprint(luck.below(30)), rejected: "0", worker: fmt.Sprintf("W%d", i%4),
			span: fmt.Sprint(end.Sub(at).Minutes()),
		}
		// Days are long enough that a spoilt row reaches into no other.
		at = at.Add(2 * time.Hour)
		switch {
		case i%7 != 3:
			write(l.String())
		case i%5 == 0:
			write(l.String())
			write(l.String())
			wants[number] = dirt{RowLeftOut, fmt.Sprintf("exact duplicate of line %d", number-1), nil}
		case i%5 == 1:
			write(l.String())
			l.order, l.worker = l.order+"X", "other"
			write(l.String())
			wants[number] = dirt{RowUsed, fmt.Sprintf("overlaps line %d on work center", number-1), nil}
		default:
			d := dirts[i/7%len(dirts)]
			d.spoil(&l)
			write(l.String())
			wants[number] = d
		}
	}
	return b.String(), wants, number - 1
}

func TestReadTraceListsEveryDirtyRow(t *testing.T) {
	csv, wants, rows := dirtyLog(4711)
	trace, dirty, err := ReadTrace(strings.NewReader(csv), traceConfig)
	if err != nil {
		t.Fatal(err)
	}
	if rows < 1000 || trace.Rows != rows || trace.Clean+trace.Used+trace.LeftOut != rows {
		t.Errorf("%d rows: %d read = %d clean + %d used + %d left out", rows, trace.Rows, trace.Clean, trace.Used, trace.LeftOut)
	}
	reasons, midnights := map[string]bool{}, 0
	for _, d := range dirty {
		want, ok := wants[d.Line]
		said := strings.Join(d.Reasons, "; ")
		if strings.Contains(said, "midnight") {
			midnights++
		}
		switch {
		case !ok && strings.Contains(said, "overlaps") && d.Severity == RowUsed:
			// the row behind a midnight default, which reaches back over it
		case !ok:
			t.Errorf("%s: this row is clean", d)
		case d.Severity != want.severity || !strings.Contains(said, want.want):
			t.Errorf("%s: want %s, %s", d, want.severity, want.want)
		default:
			reasons[want.want] = true
			delete(wants, d.Line)
		}
	}
	for line, want := range wants {
		t.Errorf("line %d: nothing said, want %s", line, want.want)
	}
	for _, d := range dirts {
		if !reasons[d.want] {
			t.Errorf("the log holds no %q", d.want)
		}
	}
	if !slices.IsSortedFunc(dirty, func(a, b DirtyRow) int { return a.Line - b.Line }) {
		t.Error("the list is not in the order of the file")
	}
}

func TestTraceReplays(t *testing.T) {
	csv, _, _ := dirtyLog(4711)
	trace, _, err := ReadTrace(strings.NewReader(csv), traceConfig)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Config{
		"as recorded": {Trace: trace}, "squeezed into a shift": {Trace: trace, Shift: 8 * time.Hour, Start: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), Run: "R1"},
		"some orders": {Trace: trace, Orders: 5},
	} {
		t.Run(name, func(t *testing.T) {
			f := mustNew(t, c)
			start := f.Now()
			events := play(t, f, newBooks(f.Master()), nil)
			if w := f.Waiting(); len(w) > 0 {
				t.Errorf("waiting: %v", w)
			}
			want := map[string]Decimal{}
			rows, orders, operations := 0, map[OrderID]bool{}, map[Keys]bool{}
			for _, o := range trace.orders[:min(cmpOr(c.Orders, len(trace.orders)), len(trace.orders))] {
				for _, r := range o.rows {
					rows++
					orders[o.id], operations[Keys{Order: o.id, Operation: OperationID(r.operation)}] = true, true
					want[r.order+"|"+r.operation] += r.good
				}
			}
			n := kinds(events)
			if n[KindOrderReleased] != len(orders) || n[KindOperationStarted] != len(operations) || n[KindConfirmation] != rows {
				t.Errorf("got %v, want %d orders, %d operations, %d rows", n, len(orders), len(operations), rows)
			}
			finals := map[Keys]int{}
			got := map[string]Decimal{}
			for _, e := range events {
				if r, ok := e.Fact.(Confirmed); ok {
					id := strings.TrimPrefix(string(r.Order), "R1-")
					got[id+"|"+string(r.Operation)] += r.Yield.Amount
					if r.Final {
						finals[Keys{Order: r.Order, Operation: r.Operation}]++
					}
					if r.End.After(e.At) || r.End.Before(r.Start) {
						t.Fatalf("%s: %s to %s, booked %s", e.ID, r.Start, r.End, e.At)
					}
				}
			}
			for k, q := range want {
				if got[k] != q {
					t.Errorf("%s: %s good, the log says %s", k, got[k], q)
				}
			}
			for k, n := range finals {
				if n != 1 {
					t.Errorf("%v has %d final rows", k, n)
				}
			}
			if c.Shift > 0 && f.Now().Sub(start) > c.Shift {
				t.Errorf("took %s", f.Now().Sub(start))
			}
			if c.Run == "" && !strings.HasPrefix(string(events[0].Fact.Keys().Order), "ZSU/") {
				t.Errorf("order %q is not as recorded", events[0].Fact.Keys().Order)
			}
		})
	}
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

func TestReadTraceMistakes(t *testing.T) {
	good := "o,p,s,e,q\n1,10,2026-01-05 06:00,2026-01-05 07:30,5\n"
	columns := map[string]string{"order": "o", "operation": "p", "start": "s", "end": "e", "good": "q"}
	for name, tc := range map[string]struct {
		csv    string
		config TraceConfig
		want   string
	}{
		"unknown column":   {good, TraceConfig{Columns: map[string]string{"ordr": "o"}}, `unknown column "ordr"; known are order`},
		"no columns":       {good, TraceConfig{}, `which header holds "order"`},
		"no such header":   {good, TraceConfig{CSV: "l.csv", Columns: map[string]string{"order": "x", "operation": "p", "start": "s", "end": "e", "good": "q"}}, `l.csv: line 1: no header "x"`},
		"empty":            {"", TraceConfig{Columns: columns}, "header line"},
		"no rows":          {"o,p,s,e,q\n", TraceConfig{Columns: columns}, "none of 0 rows"},
		"nothing usable":   {"o,p,s,e,q\n1,10,x,y,5\n", TraceConfig{Columns: columns}, "line 2: left out"},
		"zone":             {good, TraceConfig{Columns: columns, Zone: "CET/Berlin"}, "IANA"},
		"delimiter":        {good, TraceConfig{Columns: columns, Delimiter: "||"}, "one character"},
		"decimal":          {good, TraceConfig{Columns: columns, Decimal: "'"}, "decimal"},
		"comma twice":      {good, TraceConfig{Columns: columns, Delimiter: ",", Decimal: ","}, "both"},
		"units that clash": {"o,p,s,e,q,u\n1,10,2026-01-05 06:00,2026-01-05 07:30,5,KG\n", TraceConfig{Columns: map[string]string{"order": "o"}}, "which header"},
	} {
		if _, _, err := ReadTrace(strings.NewReader(tc.csv), tc.config); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v does not mention %q", name, err, tc.want)
		}
	}
	if _, err := New(Config{Trace: &Trace{}}); err == nil {
		t.Error("an empty trace runs")
	}
	mixed := "o,p,s,e,q,u\n1,10,2026-01-05 06:00,2026-01-05 06:30,5,KG\n1,10,2026-01-05 07:00,2026-01-05 07:30,5.25,EA\n2,10,2026-01-05T08:00:00Z,2026-01-05T09:30:00+01:00,0.125,KG\n"
	columns["unit"] = "u"
	trace, dirty, err := ReadTrace(strings.NewReader(mixed), TraceConfig{Columns: columns})
	if err != nil || len(dirty) != 1 || dirty[0].Line != 3 || !strings.Contains(dirty[0].String(), "unit EA, but order 1 is in KG since line 2") {
		t.Errorf("mixed units: %v, %v", dirty, err)
	}
	f := mustNew(t, Config{Trace: trace})
	if items := f.Master().Items; len(items) != 1 || items[0].Decimals != 3 || items[0].Unit != "KG" {
		t.Errorf("items: %+v", items)
	}
}

func FuzzReadTrace(f *testing.F) {
	small, _, _ := dirtyLog(1)
	f.Add(strings.Join(strings.SplitAfter(small, "\n")[:60], ""), ";", ",")
	f.Add("Work Order;Activity;Resource;Start;Complete;Qty Good;Qty Rejected;Worker;Part;Span;Work Order Qty\n\"a\nb\";1;\"x\"y;2026-01-05 06:00:00;2026-01-05 06:00:00;1;;;;;\n\"", ";", ".")
	f.Add("\x00\"\n\r\n,,,", ",", "")
	f.Fuzz(func(t *testing.T, csv, delimiter, decimal string) {
		c := traceConfig
		c.Delimiter, c.Decimal = delimiter, decimal
		trace, dirty, err := ReadTrace(strings.NewReader(csv), c)
		if err != nil {
			return
		}
		kept := 0
		for _, o := range trace.orders {
			kept += len(o.rows)
		}
		used := 0
		for _, d := range dirty {
			if d.Severity == RowUsed {
				used++
			}
			if len(d.Reasons) == 0 {
				t.Fatalf("%s: no reason", d)
			}
		}
		if kept != trace.Clean+trace.Used || used != trace.Used || len(dirty) != trace.Used+trace.LeftOut || trace.Clean+len(dirty) != trace.Rows || trace.Clean < 0 {
			t.Fatalf("%d kept, %d listed of %+v", kept, len(dirty), trace)
		}
		floor, err := New(Config{Trace: trace, Shift: 8 * time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		b := newBooks(floor.Master())
		for {
			if _, ok := floor.Next(); !ok {
				break
			}
			for _, e := range floor.Advance(b) {
				b.post(e)
				if e.Fact.Kind() == KindConfirmation {
					rows++
				}
			}
		}
		if rows != kept {
			t.Fatalf("%d of %d rows replayed", rows, kept)
		}
	})
}
