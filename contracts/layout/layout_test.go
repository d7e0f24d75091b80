package layout

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/contracttest"
)

const head = "apiVersion: andon/v1\nkind: Layout\n"

// stock is a layout of one type of record, named by a heading.
const stock = head + `delimiter: comma
headings: 1
named: true
lines: lf
records:
  - columns:
      - {name: material, needed: true, length: 10}
      - {name: quantity, form: decimal, digits: 3}
      - {name: state, values: [free, held]}
      - {name: day, form: day, format: YYYYMMDD}
`

// slips is a layout of fixed columns.
const slips = head + `form: fixed
encoding: latin-1
decimal: comma
headings: 1
footings: 1
records:
  - columns:
      - {name: ORDER, width: 8, needed: true, pattern: "[0-9]{8}"}
      - {name: YIELD, start: 11, width: 6, form: decimal}
      - {name: TEXT, width: 5}
`

func read(t testing.TB, text string) *Document {
	t.Helper()
	d, err := Format{}.Read([]contracts.File{{Name: "v/stock.yaml", Data: []byte(text)}})
	if err != nil {
		t.Fatal(err)
	}
	return d.(*Document)
}

func file(name, text string) contracts.Exchange {
	return contracts.Exchange{Request: contracts.Part{Path: name, Body: []byte(text)}}
}

func testdata(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var golden = filepath.Join("..", "..", "simulators", "dialects", "files", "testdata")

func TestConformance(t *testing.T) {
	text := testdata(t, "testdata/orders.layout.yaml")
	good := testdata(t, filepath.Join(golden, "orders.csv"))
	other := func(from, to string) contracts.Exchange {
		return file("in/orders.000001.csv", strings.Replace(good, from, to, 1))
	}
	contracttest.Run(t, Format{}, contracttest.Case{
		Files: []contracts.File{{Name: "1/orders.layout.yaml", Data: []byte(text)}},
		Next:  []contracts.File{{Name: "2/orders.layout.yaml", Data: []byte(strings.Replace(text, "name: LOT}", "name: BATCH}", 1))}},
		Good:  []contracts.Exchange{file("orders.000001.csv", good)},
		Bad:   []contracts.Exchange{other(";200;", ";2OO;"), other("ORD", "ORX"), other(";200;", ";201;"), other("TRL;", "TRX;"), other("HDR;files/v1", "HDR;files/v2"), other(";L-P7-0302", "")},
		Other: []contracts.Exchange{file("holds.000001.csv", good)},
	})
}

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, layout, text, want string }{
		{"named", stock, "material,quantity,state,day\nP-7,1.5,free,20260203\n", ""},
		{"in another order", stock, "day,state,material,quantity\n20260203,held,P-7,\n", ""},
		{"quoted", stock, "material,quantity,state,day\n\"P,\"\"7\",1,free,\n", ""},
		{"number", stock, "material,quantity,state,day\nP-7,\"1,5\",free,\n", `stock.quantity: want a number with a decimal point, got "1,5" in line 2, cell 2 (v/stock.yaml:10:10)`},
		{"digits", stock, "material,quantity,state,day\nP-7,1.2345,free,\n", `stock.quantity: want at most 3 digits behind the mark, got "1.2345" in line 2, cell 2 (v/stock.yaml:10:10)`},
		{"value", stock, "material,quantity,state,day\nP-7,1,lost,\n", `stock.state: want one of free, held, got "lost" in line 2, cell 3 (v/stock.yaml:11:10)`},
		{"day", stock, "material,quantity,state,day\nP-7,1,,2026-02-03\n", `stock.day: want a day as YYYYMMDD, got "2026-02-03" in line 2, cell 4 (v/stock.yaml:12:10)`},
		{"no such day", stock, "material,quantity,state,day\nP-7,1,,20260230\n", `stock.day: want a day as YYYYMMDD, got "20260230" in line 2, cell 4 (v/stock.yaml:12:10)`},
		{"needed", stock, "material,quantity,state,day\n,1,,\n", `stock.material: want a value, got nothing in line 2, cell 1 (v/stock.yaml:9:10)`},
		{"length", stock, "material,quantity,state,day\nABCDEFGHIJK,1,,\n", `stock.material: want at most 10 characters, got "ABCDEFGHIJK" in line 2, cell 1 (v/stock.yaml:9:10)`},
		{"renamed", stock, "material,qty,state,day\nP-7,1,,\n", `stock.qty: want a column that is declared, got "qty" in line 1, cell 2 (v/stock.yaml:8:5)`},
		{"cells", stock, "material,quantity,state,day\nP-7,1\n", `stock: want as many cells as the heading has, got 2 in line 2 (v/stock.yaml:8:5)`},
		{"line ends", stock, "material,quantity,state,day\r\nP-7,1,,\r\n", `stock: want an end of the line by LF alone, got "\r\nP-7,1,,\r\n" in line 1 (v/stock.yaml:1:1)`},
		{"cut off", stock, "material,quantity,state,day\nP-7,1,,", `stock: want an end of the line by LF alone, got the end of the file: it was not written to its end in line 2 (v/stock.yaml:1:1)`},
		{"open quote", stock, "material,quantity,state,day\n\"P-7,1,,\n", `stock: want a quote that is closed, got the end of the file in line 2 (v/stock.yaml:1:1)`},
		{"quote inside", stock, "material,quantity,state,day\nP\"7,1,,\n", `stock: want quotes around the whole of a cell, and doubled inside of it, got "P\"7" in line 2 (v/stock.yaml:1:1)`},
		{"byte order mark", stock, "\ufeffmaterial,quantity,state,day\n", `stock: want a text in utf-8, got a byte order mark at the beginning, and none was agreed upon (v/stock.yaml:1:1)`},
		{"not UTF-8", stock, "material,quantity,state,day\nP\xe4,1,,\n", `stock: want a text in utf-8, got bytes that are not UTF-8 (v/stock.yaml:1:1)`},

		{"fixed", slips, "SLIPS\n00004711    61,5 Geh\xe4\n00004712  -1,000     \nEND\n", ""},
		{"fixed short", slips, "SLIPS\n00004711    61,5\nEND\n", `stock.TEXT: want characters 17 to 21, got a line of 16 in line 2 (v/stock.yaml:12:10)`},
		{"fixed long", slips, "SLIPS\n00004711    61,5 Gehe !\nEND\n", `stock: want a line of 21 characters, got 23 in line 2 (v/stock.yaml:9:5)`},
		{"fixed shifted", slips, "SLIPS\n 00004711   61,5 Gehe\nEND\n", `stock.ORDER: want a text that matches [0-9]{8}, got "0000471" in line 2, character 1 (v/stock.yaml:10:10)`},
		{"point for a comma", slips, "SLIPS\n00004711    61.5 Gehe\nEND\n", `stock.YIELD: want a number with a decimal comma, got "61.5" in line 2, character 11 (v/stock.yaml:11:10)`},
		{"no footing", slips, "SLIPS\n", `stock: want 1 headings and 1 footings, got 1 lines (v/stock.yaml:1:1)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, covered := read(t, c.layout).Check(file("x.csv", c.text))
			got := ""
			if len(found) > 0 {
				got = found[0].String()
			}
			if !covered || got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestFilesDialect holds the layout of orders against what the dialect
// files/v1 writes, whole and damaged.
func TestFilesDialect(t *testing.T) {
	csv := testdata(t, "testdata/orders.layout.yaml")
	comma := strings.Replace(csv, "lines: crlf", "lines: crlf\nencoding: windows-1252\ndecimal: comma", 1)
	good := testdata(t, filepath.Join(golden, "orders.csv"))
	for _, c := range []struct{ name, layout, text, want string }{
		{"as written", csv, good, ""},
		{"windows-1252", comma, testdata(t, filepath.Join(golden, "orders.1252.csv")), ""},
		{"in the wrong encoding", csv, testdata(t, filepath.Join(golden, "orders.1252.csv")), "stock: want a text in utf-8"},
		{"fixed columns", fixedOf(csv), testdata(t, filepath.Join(golden, "orders.fixed.txt")), ""},
		{"without its trailer", csv, good[:strings.Index(good, "TRL")], "stock.TRL: want it at the end"},
		{"a record lost", csv, strings.Replace(good, "CMP;0010;COOLANT;12.5;LTR\r\n", "", 1), "stock.TRL.RECORDS: want the number of records"},
		{"a quantity changed", csv, strings.Replace(good, ";12.5;", ";12.6;", 1), "stock.TRL.TOTAL: want the control total"},
		{"a record below nothing", csv, "HDR;files/v1;orders;ERP;78627a7a4aec4ce8ecf74d82;2026-03-02T05:30:00+01:00\r\nCMP;0010;COOLANT;12.5;LTR\r\nTRL;1;12.5\r\n", "stock.CMP: want a record ORD before it"},
		{"another file", csv, testdata(t, filepath.Join(golden, "holds.csv")), "stock.HDR.NAME: want one of orders"},
		{"no header", csv, good[strings.Index(good, "ORD"):], "stock.HDR: want it at the beginning"},
		{"behind the trailer", csv, good + "CAN;a;2026-03-02T05:30:00+01:00;1;1\r\n", "stock.CAN: want nothing behind the record that ends the file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, covered := read(t, c.layout).Check(file("orders.000001.csv", c.text))
			got := ""
			if len(found) > 0 {
				got = found[0].String()
			}
			if !covered || !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

var inCells = regexp.MustCompile(`(name: (\w+))`)

// fixedOf is the layout of orders in fixed columns, with the widths that the
// dialect's README gives away by its golden files.
func fixedOf(text string) string {
	width := map[string]int{"VERSION": 10, "NAME": 20, "SENDER": 20, "FILE": 40, "CREATED": 35, "RECORDS": 8, "TOTAL": 24, "REFERENCE": 60, "AT": 35, "ORDER": 20, "OPERATION": 12, "MATERIAL": 40,
		"REVISION": 12, "QUANTITY": 20, "UNIT": 8, "START": 35, "DUE": 35, "PRIORITY": 4, "LOT": 20, "TEXT": 40, "WORKCENTER": 20, "SETUP": 20, "CYCLE": 20, "INSPECT": 1}
	order := ""
	text = strings.Replace(text, "type: {cell: 1}", "form: fixed\ntype: {start: 1, width: 3}", 1)
	var lines []string
	for _, line := range strings.Split(text, "\n") {
		if strings.Contains(line, "- type: ") {
			order = line
		}
		lines = append(lines, inCells.ReplaceAllStringFunc(line, func(s string) string {
			n := strings.TrimPrefix(s, "name: ")
			w := width[n]
			if n == "VERSION" && !strings.HasSuffix(order, "HDR") {
				w = 8
			}
			return fmt.Sprintf("%s, width: %d", s, w)
		}))
	}
	return strings.Join(lines, "\n")
}

func TestUndeclared(t *testing.T) {
	open := strings.Replace(stock, "  - columns:", "  - open: true\n    columns:", 1)
	var got []string
	for _, d := range read(t, open).Undeclared(file("x.csv", "material,quantity,state,day,shift\nP-7,many,lost,,A\n")) {
		got = append(got, strings.TrimSpace(d.Kind+" "+d.Path+" "+d.Seen))
	}
	if want := []string{"field stock.shift", "type stock.quantity many", "enum stock.state=lost lost"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if found, _ := read(t, open).Check(file("x.csv", "material,quantity,state,day,shift\nP-7,1,free,,A\n")); len(found) > 0 {
		t.Errorf("an open record: %v", found)
	}
}

func TestReplies(t *testing.T) {
	doc, err := Format{}.Read([]contracts.File{
		{Name: "v/orders.yaml", Data: []byte(testdata(t, "testdata/orders.layout.yaml"))},
		{Name: "v/orders.reply.yaml", Data: []byte(head + "files: [\"orders*\"]\nrecords: [{columns: [{name: STATE, needed: true, values: [ok]}]}]\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	x := file("orders.000001.csv", testdata(t, filepath.Join(golden, "orders.csv")))
	x.Reply = &contracts.Part{Body: []byte("no\n")}
	found, covered := doc.(*Document).Check(x)
	if !covered || len(found) != 1 || !found[0].Reply || found[0].Path != "orders.reply.STATE" {
		t.Errorf("got %v, covered %v", found, covered)
	}
}

func TestChanges(t *testing.T) {
	orders := testdata(t, "testdata/orders.layout.yaml")
	for _, c := range []struct {
		name, text, from, to string
		mode                 contracts.Mode
		want                 []string
	}{
		{"nothing", orders, "", "", contracts.Full, nil},
		{"delimiter", orders, "lines: crlf", "lines: crlf\ndelimiter: tab", contracts.Backward, []string{"breaking FORM_CHANGED stock", "dangerous FORM_CHANGED stock"}},
		{"decimal", orders, "lines: crlf", "lines: crlf\ndecimal: comma", contracts.Full, []string{"breaking FORM_CHANGED stock", "breaking FORM_CHANGED stock"}},
		{"lines of any kind", orders, "lines: crlf", "lines: any", contracts.Backward, []string{"dangerous FORM_CHANGED stock"}},
		{"record removed", orders, "- type: CAN", "- type: DEL", contracts.Backward, []string{"breaking RECORD_REMOVED stock.CAN", "dangerous RECORD_ADDED stock.DEL"}},
		{"record demanded", orders, "records:\n", "records:\n  - {type: EOF, at: end, columns: [{name: X}]}\n", contracts.Backward, []string{"breaking REQUIRED_RECORD_ADDED stock.EOF", "dangerous RECORD_ADDED stock.EOF"}},
		{"column renamed", orders, "name: REVISION", "name: REV", contracts.Backward, []string{"breaking COLUMN_REMOVED stock.ORD.REVISION", "breaking REQUIRED_COLUMN_ADDED stock.ORD.REV", "dangerous COLUMN_ADDED stock.ORD.REV", "dangerous REQUIRED_COLUMN_REMOVED stock.ORD.REVISION"}},
		{"column added at the end", orders, "{name: LOT}", "{name: LOT}\n      - {name: SITE, optional: true}", contracts.Backward, []string{"dangerous COLUMN_ADDED stock.ORD.SITE", "safe COLUMN_ADDED stock.ORD.SITE"}},
		{"named columns swapped", stock, "      - {name: material, needed: true, length: 10}\n      - {name: quantity, form: decimal, digits: 3}\n", "      - {name: quantity, form: decimal, digits: 3}\n      - {name: material, needed: true, length: 10}\n", contracts.Full, nil},
		{"narrower before a gap", slips, "width: 8", "width: 6", contracts.Backward, []string{"breaking WIDTH_CHANGED stock.ORDER", "dangerous WIDTH_CHANGED stock.ORDER"}},
		{"needed", orders, "{name: REVISION}", "{name: REVISION, needed: true}", contracts.Backward, []string{"breaking REQUIRED_ADDED stock.ORD.REVISION"}},
		{"not needed", orders, "{name: ORDER, needed: true, length: 20}", "{name: ORDER, length: 20}", contracts.Full, []string{"breaking REQUIRED_REMOVED stock.ORD.ORDER"}},
		{"shorter", orders, "length: 40", "length: 18", contracts.Backward, []string{"breaking BOUND_TIGHTENED stock.ORD.MATERIAL"}},
		{"fewer digits", orders, "digits: 6", "digits: 3", contracts.Backward, []string{"breaking BOUND_TIGHTENED stock.ORD.QUANTITY"}},
		{"whole numbers", orders, "form: decimal, digits: 6", "form: whole", contracts.Backward, []string{"breaking TYPE_NARROWED stock.ORD.QUANTITY"}},
		{"decimals", orders, "{name: PRIORITY, form: whole}", "{name: PRIORITY, form: decimal}", contracts.Backward, []string{"dangerous TYPE_WIDENED stock.ORD.PRIORITY"}},
		{"pattern", orders, "[0-9a-f]{24}", "[0-9a-f]{32}", contracts.Backward, []string{"dangerous CANNOT_TELL stock.HDR.FILE"}},
		{"value added", stock, "[free, held]", "[free, held, lost]", contracts.Full, []string{"breaking VALUE_ADDED stock.state"}},
		{"value removed", stock, "[free, held]", "[free]", contracts.Backward, []string{"breaking VALUE_REMOVED stock.state"}},
		{"format", stock, "YYYYMMDD", "DDMMYYYY", contracts.Backward, []string{"breaking TYPE_NARROWED stock.day", "dangerous TYPE_WIDENED stock.day"}},
		{"width", slips, "width: 6", "width: 7", contracts.Backward, []string{"breaking COLUMN_MOVED stock.TEXT", "breaking WIDTH_CHANGED stock.YIELD", "dangerous COLUMN_MOVED stock.TEXT", "dangerous WIDTH_CHANGED stock.YIELD"}},
		{"total", orders, "last: 12", "last: 10", contracts.Backward, []string{"breaking CONTROL_CHANGED stock.TRL.TOTAL", "dangerous CONTROL_CHANGED stock.TRL.TOTAL"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes, err := Format{}.Changes(read(t, c.text), read(t, strings.Replace(c.text, c.from, c.to, 1)), c.mode)
			if err != nil {
				t.Fatal(err)
			}
			if got := contracttest.Lines(changes); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q\n%v", got, c.want, changes)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	one := func(column string) string { return head + "records:\n  - columns:\n      - {" + column + "}\n" }
	for _, c := range []struct{ name, text, want string }{
		{"unknown key", one("name: A, widht: 3"), `v/stock.yaml:5:19: unknown key "widht"`},
		{"form", head + "form: csv\nrecords: [{columns: [{name: A}]}]", `"csv"`},
		{"no records", head + "records: []", "has no records"},
		{"two types", head + "records: [{type: A, columns: [{name: A}]}, {type: B, columns: [{name: A}]}]", "does not say where a line has its type"},
		{"type twice", head + "type: {cell: 1}\nrecords: [{type: A, columns: [{name: A}]}, {type: A, columns: [{name: A}]}]", "stands here a second time"},
		{"below nothing", head + "type: {cell: 1}\nrecords: [{type: A, below: [B], columns: [{name: A}]}]", `below "B": there is no such type`},
		{"column twice", head + "records: [{columns: [{name: A}, {name: A}]}]", "column A stands here a second time"},
		{"width of cells", one("name: A, width: 3"), "has a width, and the cells of delimited text have none"},
		{"no width", head + "form: fixed\nrecords: [{columns: [{name: A}]}]", "column A has no width"},
		{"overlap", head + "form: fixed\nrecords: [{columns: [{name: A, width: 5}, {name: B, start: 5, width: 1}]}]", "column B starts at 5, and what is before it ends at 5"},
		{"pattern", one(`name: A, pattern: "("`), "has a pattern that cannot be read"},
		{"pattern that counts", one(`name: A, pattern: "((a{1,100}){1,100}){1,100}"`), "has a pattern that cannot be read"},
		{"format", one("name: A, form: day, format: YYYY-Www"), "has a format with more than"},
		{"format of a text", one("name: A, format: YYYY"), "has a format, which only"},
		{"values", one("name: A, form: whole, values: [one]"), `lists "one", which is not a whole number`},
		{"sums a text", one("name: A, sums: true"), "must be whole or decimal"},
		{"behind optional", head + "records: [{columns: [{name: A, optional: true}, {name: B}]}]", "column B cannot be demanded behind"},
		{"named without heading", head + "named: true\nrecords: [{columns: [{name: A}]}]", "can be named"},
		{"no YAML", head + "records: [", "v/stock.yaml:"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Format{}.Read([]contracts.File{{Name: "v/stock.yaml", Data: []byte(c.text)}})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
		})
	}
}

// TestLargeAndSlow judges files that are made to take long.
func TestLargeAndSlow(t *testing.T) {
	begun := time.Now()
	d := read(t, stock)
	for name, text := range map[string]string{
		"mistakes": "material,quantity,state,day\n" + strings.Repeat("P,x,,\n", 1<<20),
		"cells":    strings.Repeat(",", 1<<24) + "\n",
		"a quote":  `"` + strings.Repeat("\"\"\n", 1<<22),
		"bytes":    strings.Repeat("x", maxSize+1),
	} {
		if found, covered := d.Check(file("x.csv", text)); !covered || len(found) == 0 || len(found) > maxBreaches {
			t.Errorf("%s: %d breaches, covered %v", name, len(found), covered)
		}
	}
	if _, err := (Format{}).Read([]contracts.File{{Name: "v/x.yaml", Data: []byte(head + "records:\n" + strings.Repeat("  - {columns: [{name: A}]}\n", 50<<20/27))}}); err == nil {
		t.Error("a layout of 50 MB was read")
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("took %v", took)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(stock))
	f.Add([]byte(slips))
	f.Add([]byte(testdata(f, "testdata/orders.layout.yaml")))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := Format{}.Read([]contracts.File{{Name: "f.yaml", Data: text}})
		if err != nil {
			return
		}
		d := doc.(*Document)
		d.Parts()
		d.Check(file("f.csv", "a;b\nc\n"))
		if changes, err := (Format{}).Changes(d, d, contracts.Full); err != nil || len(changes) > 0 {
			t.Errorf("a layout differs from itself: %v, %v", changes, err)
		}
	})
}

func FuzzCheck(f *testing.F) {
	delimited, fixed, orders := read(f, stock), read(f, slips), read(f, testdata(f, "testdata/orders.layout.yaml"))
	f.Add([]byte("material,quantity,state,day\nP-7,1.5,free,20260203\n"))
	f.Add([]byte("SLIPS\n00004711    61,5 Geh\xe4\nEND\n"))
	f.Add([]byte(testdata(f, filepath.Join(golden, "orders.csv"))))
	f.Fuzz(func(_ *testing.T, text []byte) {
		for _, d := range []*Document{delimited, fixed, orders} {
			x := contracts.Exchange{Request: contracts.Part{Path: "orders.csv", Body: text}}
			d.Check(x)
			d.Used(x)
			d.Undeclared(x)
		}
	})
}
