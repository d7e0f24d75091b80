package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/layout"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
)

// fileForms are the contracts of files/v1, and the settings that each is of. No
// file says in which form it is, so each form has a party of its own: of two
// contracts of one party, each file would break the one or the other.
var fileForms = map[string]files.Settings{
	"files/delimited":   {},
	"files-fixed/fixed": {Layout: files.Fixed, Encoding: files.Windows1252, Decimal: files.Comma},
}

// goldenFiles are the files that the dialect's documentation shows in one
// form, by their names.
func goldenFiles(t *testing.T, ending string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range files.Names() {
		b, err := os.ReadFile(filepath.Join("../../simulators/dialects/files/testdata", name+ending))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = b
	}
	return all
}

// handed is a file as it crosses a link.
func handed(name string, body []byte) contracts.Exchange {
	return contracts.Exchange{Request: contracts.Part{Path: name + ".000017.csv", Body: body}}
}

// described are the layouts of the code in a form that the book does not show.
func described(t *testing.T, s files.Settings) judge {
	t.Helper()
	var all []contracts.File
	for name, text := range files.Layouts(s) {
		all = append(all, contracts.File{Name: name, Data: text})
	}
	d, err := layout.Format{}.Read(all)
	if err != nil {
		t.Fatal(err)
	}
	return d.(judge)
}

// rewritten are golden files in delimited text as an endpoint with other
// settings writes them.
func rewritten(t *testing.T, s files.Settings) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for name, body := range goldenFiles(t, ".csv") {
		ask, err := files.Dialect{}.Decode(simulators.Message{Verb: "post", Name: name, Body: body})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		d := files.Dialect{Settings: s}
		m, err := d.Batch(ask.Claims...)
		if strings.HasPrefix(name, files.FullName("")) {
			var ms []simulators.Message
			if ms, err = d.Extract(ask.Claims[0].At, ask.Claims); err == nil {
				m = ms[0]
			}
		}
		if err != nil || m.Name != name {
			t.Fatalf("%s is written as %s, %v", name, m.Name, err)
		}
		all[name] = m.Body
	}
	return all
}

func TestGoldenFilesKeepTheContract(t *testing.T) {
	b := own(t)
	delimited, fixed := document[judge](t, b, "files", "delimited", "v1"), document[judge](t, b, "files-fixed", "fixed", "v1")
	for _, c := range []struct {
		ending    string
		files     map[string][]byte
		contract  judge
		otherwise judge
	}{
		{".csv", goldenFiles(t, ".csv"), delimited, fixed},
		{".1252.fixed.txt", rewritten(t, fileForms["files-fixed/fixed"]), fixed, delimited},
		{".fixed.txt", goldenFiles(t, ".fixed.txt"), described(t, files.Settings{Layout: files.Fixed}), delimited},
		{".1252.csv", goldenFiles(t, ".1252.csv"), described(t, files.Settings{Encoding: files.Windows1252, Decimal: files.Comma}), delimited},
	} {
		for name, body := range c.files {
			x := handed(name, body)
			if found, covered := c.contract.Check(x); !covered || len(found) > 0 {
				t.Errorf("%s%s: covered %v, %v", name, c.ending, covered, found)
			}
			if found := c.contract.Undeclared(x); len(found) > 0 {
				t.Errorf("%s%s: undeclared %v", name, c.ending, found)
			}
			if found, covered := c.otherwise.Check(x); covered && len(found) == 0 && (!utf8.Valid(body) || strings.ContainsAny(string(body), ",äöüß")) {
				t.Errorf("%s%s keeps the contract of another form", name, c.ending)
			}
			for what, bad := range map[string]string{
				"without its trailer": string(body[:strings.LastIndex(string(body), "TRL")]),
				"without its header":  string(body[strings.Index(string(body), "\n")+1:]),
				"of another version":  strings.Replace(string(body), files.Version, "files/v2", 1),
			} {
				if found, _ := c.contract.Check(handed(name, []byte(bad))); len(found) == 0 {
					t.Errorf("%s%s %s keeps the contract", name, c.ending, what)
				}
			}
		}
	}
}

// The settings that the party files-fixed is of are those of the rig that plays
// it, and a file in the form of the one party breaks the contract of the other.
func TestEachFormOfFilesIsAParty(t *testing.T) {
	rig, err := os.ReadFile("../../examples/bridge/files-fixed.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := fileForms["files-fixed/fixed"]
	if said := fmt.Sprintf("format: {layout: %s, encoding: %s, decimal: %s}", s.Layout, s.Encoding, s.Decimal); !strings.Contains(string(rig), said) {
		t.Errorf("examples/bridge/files-fixed.yaml has no %s", said)
	}
	b := own(t)
	for id := range fileForms {
		party, contract, _ := strings.Cut(id, "/")
		for _, c := range b.Contracts {
			if c.Provider == party && c.Name != contract {
				t.Errorf("%s has %s besides, against which the same files would be held", id, c.ID())
			}
		}
		for other, s := range fileForms {
			bad := 0
			for name, body := range rewritten(t, s) {
				if found, covered := document[judge](t, b, party, contract, "v1").Check(handed(name, body)); !covered || len(found) > 0 {
					bad++
				}
			}
			if want := map[bool]int{false: len(files.Names())}[id == other]; bad != want {
				t.Errorf("%d files of %s break %s, want %d", bad, other, id, want)
			}
		}
	}
}

func TestResultFilesKeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "files", "delimited", "v1")
	for _, name := range []string{"result-partly", "result-malformed", "result-throttled"} {
		body, err := os.ReadFile("../../simulators/dialects/files/testdata/" + name + ".csv")
		if err != nil {
			t.Fatal(err)
		}
		x := handed("consumptions", goldenFiles(t, ".csv")["consumptions"])
		x.Reply = &contracts.Part{Body: body}
		if found, covered := d.Check(x); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", name, covered, found)
		}
		x.Reply.Body = []byte(strings.Replace(string(body), "RES;", "RES;;", 1))
		if found, _ := d.Check(x); len(found) == 0 || !found[0].Reply {
			t.Errorf("%s with a cell too many: %v", name, found)
		}
	}
}

// What an endpoint answers keeps the contract of its form, and that of no other
// one.
func TestAnswersToFilesKeepTheContract(t *testing.T) {
	b, name := own(t), "consumptions"
	for id, s := range fileForms {
		party, contract, _ := strings.Cut(id, "/")
		body := rewritten(t, s)[name]
		asked := simulators.Message{Verb: "post", Name: name, Body: body, Header: map[string]string{"File-Name": name + ".000017.csv"}}
		ask, err := files.Dialect{Settings: s}.Decode(asked)
		if err != nil || len(ask.Claims) < 2 {
			t.Fatalf("%s: %+v, %v", id, ask, err)
		}
		asked.Events = ask.Claims
		gone := &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "Prüfling: lot L-1 expired"}
		for what, a := range map[string]simulators.Answer{
			"posted":   {Rows: []simulators.Row{{Doc: "4900000001"}, {Doc: "4900000002", Known: true}}},
			"partly":   {Rows: []simulators.Row{{Doc: "4900000001"}, {Refusal: gone}}},
			"refused":  {Refusal: gone},
			"accepted": {Later: true},
			"throttled": {Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "quota-exceeded", Text: "too many",
				After: 1500 * time.Millisecond}},
		} {
			x := handed(name, body)
			x.Reply = &contracts.Part{Body: files.Dialect{Settings: s}.Reply(asked, a).Body}
			d := document[judge](t, b, party, contract, "v1")
			if found, covered := d.Check(x); !covered || len(found) > 0 {
				t.Errorf("%s, %s: covered %v, %v\n%s", id, what, covered, found, x.Reply.Body)
			}
			if !slices.Contains(d.Used(x), "result.reply.RES.OUTCOME") || len(d.Undeclared(x)) > 0 {
				t.Errorf("%s, %s uses %v, undeclared %v", id, what, d.Used(x), d.Undeclared(x))
			}
			x.Reply.Body = []byte(strings.Replace(string(x.Reply.Body), "TRL", "END", 1))
			if found, _ := d.Check(x); len(found) == 0 || !found[0].Reply {
				t.Errorf("%s, %s without its trailer: %v", id, what, found)
			}
		}
	}
}

// The decoder and the contract take and refuse the same cells: each of the
// golden files in delimited text, with each cell put to other values.
func TestFilesAreReadAsTheContractSays(t *testing.T) {
	d, tried := document[judge](t, own(t), "files", "delimited", "v1"), 0
	for name, body := range goldenFiles(t, ".csv") {
		if strings.Contains(string(body), `"`) { // cells with delimiters in them are told apart elsewhere
			body = []byte(strings.NewReplacer(`"`, "", "; ", ", ").Replace(string(body)))
		}
		lines := strings.SplitAfter(string(body), "\r\n")
		for i, line := range lines {
			cells := strings.Split(strings.TrimSuffix(line, "\r\n"), ";")
			for j := 1; j < len(cells); j++ {
				for _, value := range []string{"", "x", "-1", "1.", "0", "1.5", "X", "2026-03-02T06:05:01+01:00", "2026-03-02T06:05:01"} {
					was := cells[j]
					cells[j] = value
					changed := strings.Join(lines[:i], "") + strings.Join(cells, ";") + "\r\n" + strings.Join(lines[i+1:], "")
					cells[j] = was
					_, err := files.Dialect{}.Decode(simulators.Message{Verb: "post", Name: name, Body: []byte(changed)})
					found, _ := d.Check(handed(name, []byte(changed)))
					if err != nil && strings.Contains(err.Error(), "LINES: ") && strings.Contains(err.Error(), "records belong to this one") {
						continue // which records belong to which a layout does not count
					}
					if (err == nil) != (len(found) == 0) {
						t.Errorf("%s line %d, cell %d = %q: decoder %v, contract %v", name, i+1, j+1, value, err, found)
					}
					tried++
				}
			}
		}
	}
	t.Logf("%d cells", tried)
	if tried < 1000 {
		t.Errorf("only %d", tried)
	}
}
