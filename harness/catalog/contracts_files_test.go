package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/layout"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/files"
)

// fileForms are the contracts of files/v1, and the settings that each is of.
var fileForms = map[string]files.Settings{"delimited": {}, "fixed": {Layout: files.Fixed}}

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

func TestGoldenFilesKeepTheContract(t *testing.T) {
	b := own(t)
	for _, c := range []struct {
		ending    string
		contract  judge
		otherwise judge
	}{
		{".csv", document[judge](t, b, "files", "delimited", "v1"), document[judge](t, b, "files", "fixed", "v1")},
		{".fixed.txt", document[judge](t, b, "files", "fixed", "v1"), document[judge](t, b, "files", "delimited", "v1")},
		{".1252.csv", described(t, files.Settings{Encoding: files.Windows1252, Decimal: files.Comma}), described(t, files.Settings{})},
	} {
		for name, body := range goldenFiles(t, c.ending) {
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
