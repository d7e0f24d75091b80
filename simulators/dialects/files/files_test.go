package files

import (
	"errors"
	"flag"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/plant"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestConformance(t *testing.T) { dialecttest.Run(t, Dialect{}) }

// Every delimited form says anything that can be said at all.
func TestConformanceOfOtherSettings(t *testing.T) {
	for name, s := range map[string]Settings{
		"decimal comma, tabs, LF": {Decimal: Comma, Delimiter: Tab, Lines: LF},
		"byte order mark, commas": {Encoding: UTF8BOM, Delimiter: CommaDelimiter},
	} {
		t.Run(name, func(t *testing.T) {
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			for _, kind := range dialecttest.Kinds() {
				t.Run(string(kind), rapid.MakeCheck(func(t *rapid.T) { roundTrip(t, Dialect{s}, kind, false) }))
			}
		})
	}
}

// A form with fixed columns or few characters cannot say everything. Then it
// says so; it never says something else.
func TestWhatCannotBeSaidIsRefused(t *testing.T) {
	for name, s := range map[string]Settings{
		"fixed":        {Layout: Fixed},
		"fixed, comma": {Layout: Fixed, Decimal: Comma, Encoding: Latin1},
		"latin-1":      {Encoding: Latin1},
		"windows-1252": {Encoding: Windows1252, Decimal: Comma},
	} {
		t.Run(name, func(t *testing.T) {
			said := 0
			for _, kind := range dialecttest.Kinds() {
				t.Run(string(kind), rapid.MakeCheck(func(t *rapid.T) {
					if roundTrip(t, Dialect{s}, kind, true) {
						said++
					}
				}))
			}
			enough := 100
			if testing.Short() {
				enough /= 5 // as many fewer are drawn
			}
			if said < enough {
				t.Errorf("only %d events could be said, not %d", said, enough)
			}
		})
	}
}

// roundTrip reports whether d said an event, and fails if what it said is read
// as another one.
func roundTrip(t *rapid.T, d Dialect, kind plant.Kind, mayRefuse bool) bool {
	want := dialecttest.Events(kind).Draw(t, "event")
	ms, err := d.Encode(want)
	if err != nil && !mayRefuse {
		t.Fatal(err)
	}
	if err != nil || len(ms) == 0 {
		return false
	}
	ask, err := d.Decode(ms[0])
	if err != nil {
		t.Fatalf("%v\n%s", err, ms[0].Body)
	}
	if len(ask.Claims) != 1 || !reflect.DeepEqual(ask.Claims[0], want) {
		t.Fatalf("got  %+v\nwant %+v\n%s", ask.Claims, want, ms[0].Body)
	}
	return true
}

// What the golden messages tell of.
var (
	at           = dialecttest.At
	consumption  = dialecttest.Consumption
	confirmation = dialecttest.Confirmation
)

func released() plant.Event {
	return dialecttest.Released("Assemble; test", dialecttest.Casting(), dialecttest.Coolant())
}

// goldens are the files of the README, by name.
func goldens() map[string][]plant.Event {
	day, written := dialecttest.Day(), dialecttest.Engineering()
	return map[string][]plant.Event{
		"orders":           {released(), day["order-changed"][0], day["order-cancelled"][0]},
		"operation-starts": day["operation-started"],
		"confirmations":    day["confirmation"],
		"consumptions":     day["consumptions"],
		"scrap":            day["scrap"],
		"rework":           day["rework"],
		"receipts":         day["receipt"],
		"holds":            day["lot-held"],
		"decisions":        day["lot-decided"],
		"inspections":      day["inspection"],
		"items":            day["item-changed"],
		"boms":             written["bom-changed"],
		"routings":         written["routing-changed"],
		"work-centers":     dialecttest.Site()["work-center-changed"],
		"calendars":        dialecttest.Site()["calendar-changed"],
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	dialecttest.Golden(t, file, got, *update)
}

func TestGoldenFiles(t *testing.T) {
	for _, form := range []struct {
		suffix string
		s      Settings
	}{{".csv", Settings{}}, {".1252.csv", Settings{Encoding: Windows1252, Decimal: Comma}}, {".fixed.txt", Settings{Layout: Fixed}}} {
		for name, events := range goldens() {
			t.Run(name+form.suffix, func(t *testing.T) {
				m, err := Dialect{form.s}.Batch(events...)
				if err != nil {
					t.Fatal(err)
				}
				golden(t, name+form.suffix, m.Body)
				ask, err := Dialect{form.s}.Decode(m)
				if err != nil || !reflect.DeepEqual(ask.Claims, events) {
					t.Errorf("read again: %+v, %v", ask.Claims, err)
				}
			})
		}
	}
}

// TestGoldenResults: a file, and the result file that answers it.
func TestGoldenResults(t *testing.T) {
	batch := func(events ...plant.Event) simulators.Message {
		m, err := Dialect{}.Batch(events...)
		if err != nil {
			t.Fatal(err)
		}
		m.Header["File-Name"] = "consumptions.000017.csv"
		return m
	}
	three := batch(consumption(1, "L-C3-8841", "40"), consumption(2, "L-OLD", "24"), consumption(3, "L-C3-8841", "1"))
	broken := batch(consumption(1, "L-C3-8841", "40"))
	broken.Body, broken.Events = broken.Body[:strings.Index(string(broken.Body), "TRL")], nil
	_, err := Dialect{}.Decode(broken)
	var why *simulators.Refusal
	if !errors.As(err, &why) {
		t.Fatalf("a file without a trailer is refused with %v", err)
	}
	for name, c := range map[string]struct {
		m simulators.Message
		a simulators.Answer
	}{
		"partly": {three, simulators.Answer{Rows: []simulators.Row{{Doc: "4900000001"}, {Refusal: &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "lot L-OLD expired on 2026-02-28"}},
			{Doc: "4900000000", Known: true}}}},
		"malformed": {broken, simulators.Answer{Refusal: why}},
		"throttled": {batch(goldens()["consumptions"]...), simulators.Answer{Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "quota-exceeded",
			Text: "more than 20 requests in 1s", After: 1500 * time.Millisecond}}},
	} {
		t.Run(name, func(t *testing.T) {
			if name != "throttled" { // which answers consumptions.csv
				golden(t, "result-"+name+".request.csv", c.m.Body)
			}
			reply := Dialect{}.Reply(c.m, c.a)
			golden(t, "result-"+name+".csv", reply.Body)
			if _, err := (Settings{}).read(reply.Body); err != nil {
				t.Errorf("a result that cannot be read: %v", err)
			}
		})
	}
}

// A result says when the file was written that it answers, in every form, and
// nothing of it where that cannot be read.
func TestResultsAreDated(t *testing.T) {
	for _, s := range []Settings{{}, {Layout: Fixed}, {Encoding: UTF8BOM, Delimiter: Tab, Lines: LF}} {
		d := Dialect{s}
		m, err := d.Batch(confirmation())
		if err != nil {
			t.Fatal(err)
		}
		whole := m.Body
		for n, want := range map[int]time.Time{len(whole) - 3: confirmation().At, len(whole) / 2: confirmation().At, 20: {}, 0: {}} {
			if got := s.created(whole[:n]); !got.Equal(want) {
				t.Errorf("%+v: of %q it is said to be of %v, want %v", s, whole[:n], got, want)
			}
		}
	}
}

// A result is written in every form, whatever stands in it.
func TestResultsAreWrittenInEveryForm(t *testing.T) {
	for _, s := range []Settings{{Layout: Fixed}, {Encoding: Latin1}, {Layout: Fixed, Encoding: Windows1252}} {
		rapid.Check(t, func(t *rapid.T) {
			m := simulators.Message{Header: map[string]string{"File-Name": rapid.String().Draw(t, "file")}, Events: []plant.Event{{ID: plant.EventID(rapid.String().Draw(t, "reference")), At: at(6, 0, 0)}}}
			r := &simulators.Refusal{Class: simulators.Business, Code: "order-closed", Text: rapid.String().Draw(t, "text")}
			reply := Dialect{s}.Reply(m, simulators.Answer{Rows: []simulators.Row{{Refusal: r}}})
			if _, err := s.read(reply.Body); err != nil {
				t.Fatalf("%v\n%q", err, reply.Body)
			}
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	whole := func(s Settings, events ...plant.Event) string {
		m, err := Dialect{s}.Batch(events...)
		if err != nil {
			t.Fatal(err)
		}
		return string(m.Body)
	}
	csv, comma, written := Settings{}, Settings{Decimal: Comma}, dialecttest.Engineering()
	cnf, con := whole(csv, confirmation()), whole(csv, consumption(1, "L", "40.125"))
	for _, c := range []struct {
		name, file string
		s          Settings
		body, want string
	}{
		{"empty", "confirmations", csv, "", "the file is empty"},
		{"half", "confirmations", csv, cnf[:len(cnf)/2], "not written to its end"},
		{"without its trailer", "confirmations", csv, cnf[:strings.Index(cnf, "TRL")], "the file ends without a record TRL"},
		{"without its last line end", "confirmations", csv, strings.TrimSuffix(cnf, "\r\n"), "the last line has no end"},
		{"a record lost", "consumptions", csv, withoutLine(whole(csv, consumption(1, "L", "1"), consumption(2, "M", "1")), 2), "RECORDS: the trailer counts 2, and there are 1"},
		{"trailer counts more", "confirmations", csv, strings.Replace(cnf, "TRL;1", "TRL;2", 1), "RECORDS: the trailer counts 2, and there are 1"},
		{"trailer adds up to more", "confirmations", csv, strings.Replace(cnf, "TRL;1;61", "TRL;1;62", 1), "TOTAL: the trailer says 62, and the quantities add up to 61"},
		{"two files in one", "confirmations", csv, cnf + cnf, "in the middle of the file"},
		{"decimal comma", "consumptions", csv, strings.ReplaceAll(con, "40.125", "40,125"), `QUANTITY: "40,125" is not a number with a decimal point`},
		{"decimal point", "consumptions", comma, con, `QUANTITY: "40.125" is not a number with a decimal comma`},
		{"thousands", "consumptions", comma, strings.ReplaceAll(whole(comma, consumption(1, "L", "40.125")), "40,125", "1.040,125"), "is not a number with a decimal comma"},
		{"byte order mark", "confirmations", csv, bom + cnf, "begins with a byte order mark"},
		{"another encoding", "confirmations", csv, strings.ReplaceAll(cnf, "R07", "\xc4"), "is not UTF-8"},
		{"another version", "confirmations", csv, strings.Replace(cnf, Version, "files/v9", 1), `line 1, VERSION: "files/v9"`},
		{"another name", "consumptions", csv, cnf, "NAME: the header says"},
		{"a record of another name", "confirmations", csv, strings.Replace(cnf, "CNF;", "CON;", 1), "a record CON has 9 cells"},
		{"a cell too few", "confirmations", csv, strings.Replace(cnf, ";R07", "", 1), "a record CNF has 16 cells after its type, not 15"},
		{"open quote", "confirmations", csv, strings.Replace(cnf, "R07", `"R07`, 1), "a quote is not closed"},
		{"stray quote", "confirmations", csv, strings.Replace(cnf, "R07", `R"07`, 1), "a quote inside a cell"},
		{"after a quote", "confirmations", csv, strings.Replace(cnf, "R07", `"R"07`, 1), "after a closing quote"},
		{"no order", "confirmations", csv, strings.Replace(cnf, ";4711000001;", ";;", 1), "line 2, ORDER: is empty"},
		{"counter zero", "confirmations", csv, strings.Replace(cnf, ";0010;3;", ";0010;0;", 1), "COUNTER: counts from 1"},
		{"local time", "confirmations", csv, strings.Replace(cnf, "07:41:58+01:00;4711", "07:41:58;4711", 1), "is not an instant"},
		{"strange flag", "confirmations", csv, strings.Replace(cnf, ";X;", ";Y;", 1), "FINAL: is X or empty"},
		{"nothing between", "confirmations", csv, cnf[:strings.Index(cnf, "CNF")] + "TRL;0;0\r\n", "no record between header and trailer"},
		{"order without operations", "orders", csv, strings.Split(whole(csv, released()), "OPR")[0] + "TRL;1;200\r\n", "a record ORD without a record OPR"},
		{"a bill without one of its lines", "boms", csv, retold(withoutLine(whole(csv, written["bom-changed"]...), 4), "TRL;3;341.25", "TRL;2;141.25"), "line 2, LINES: 2 records belong to this one, and there are 1"},
		{"a routing without one of its lines", "routings", csv, retold(withoutLine(whole(csv, written["routing-changed"]...), 3), "TRL;3;", "TRL;2;"), "line 2, LINES: 2 records belong to this one, and there are 1"},
		{"a routing without operations", "routings", csv, retold(withoutLine(withoutLine(whole(csv, written["routing-changed"]...), 3), 3), ";2\r\nTRL;3;", ";0\r\nTRL;1;"), "a record RTG without a record OPR"},
		{"an operation of a bill", "boms", csv, retold(whole(csv, written["bom-changed"]...), ";100;EA;2", ";100;EA;1", "CMP;0020;SEAL-12;200;EA", "OPR;0020;;WC-1;;;", "TRL;3;341.25", "TRL;3;141.25"), "a record OPR where none can be"},
		{"a calendar without one of its shifts", "calendars", csv, retold(withoutLine(whole(csv, dialecttest.Site()["calendar-changed"]...), 4), "TRL;3;", "TRL;2;"), "line 2, LINES: 2 records belong to this one, and there are 1"},
		{"no such day", "calendars", csv, retold(whole(csv, dialecttest.Site()["calendar-changed"]...), "Mon Tue", "Mon Die"), `line 3, DAYS: "Die" is not a day`},
		{"no such time", "calendars", csv, retold(whole(csv, dialecttest.Site()["calendar-changed"]...), ";22:30:00;", ";24:30:00;"), `line 4, BEGINS: "24:30:00" is not a time of day`},
		{"stray operation", "orders", csv, strings.Replace(whole(csv, released()), "ORD;", "CMP;", 1), "a record CMP has 4 cells"},
		{"fixed, a line too short", "confirmations", Settings{Layout: Fixed}, strings.Replace(whole(Settings{Layout: Fixed}, confirmation()), "R07 ", "", 1), "and the line ends after"},
		{"fixed, a line too long", "confirmations", Settings{Layout: Fixed}, strings.Replace(whole(Settings{Layout: Fixed}, confirmation()), "R07 ", "R07    ", 1), "characters, and the line"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Dialect{c.s}.Decode(simulators.Message{Verb: "post", Name: c.file, Body: []byte(c.body)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// retold replaces words by others, each of which is there.
func retold(s string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(s, pairs[i]) {
			return "no " + pairs[i]
		}
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// withoutLine leaves out one line, counted from 1.
func withoutLine(s string, n int) string {
	lines := strings.SplitAfter(s, "\r\n")
	return strings.Join(append(lines[:n-1:n-1], lines[n:]...), "")
}

func TestSettingsContradict(t *testing.T) {
	for want, s := range map[string]Settings{
		"layout":                           {Layout: "xml"},
		"encoding":                         {Encoding: "ebcdic"},
		"a comma cannot separate":          {Decimal: Comma, Delimiter: CommaDelimiter},
		"columns of a fixed width have no": {Layout: Fixed, Delimiter: Pipe},
	} {
		if err := s.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %q", s, err, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	forms := []Settings{{}, {Layout: Fixed}, {Encoding: Windows1252, Decimal: Comma}, {Encoding: UTF8BOM, Delimiter: Tab}}
	for _, events := range goldens() {
		for i, s := range forms {
			if m, err := (Dialect{s}).Batch(events...); err == nil {
				f.Add(i, m.Name, m.Body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, form int, name string, body []byte) {
		d := Dialect{forms[max(0, form)%len(forms)]}
		ask, err := d.Decode(simulators.Message{Verb: "post", Name: name, Body: body})
		if err != nil {
			return
		}
		// What is understood can be said, and is then understood alike.
		m, err := d.Batch(ask.Claims...)
		if err != nil {
			t.Skip("a text of more characters than fit its column")
		}
		again, err := d.Decode(m)
		if err != nil || !reflect.DeepEqual(again.Claims, ask.Claims) {
			t.Fatalf("%v\ngot  %+v\nwant %+v", err, again.Claims, ask.Claims)
		}
	})
}
