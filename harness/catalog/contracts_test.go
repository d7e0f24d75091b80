package catalog_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/race"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/dialects/ion"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
	"github.com/andon-rig/andon/simulators/dialects/staging"
	"github.com/andon-rig/andon/simulators/transports/tables"
)

var update = flag.Bool("update", false, "rewrite what the code makes in docs: contracts, surfaces.md")

// folder is the book of our own interfaces.
const folder = "../../docs/contracts"

// own reads the book of our own interfaces.
func own(t testing.TB) *contracts.Book {
	t.Helper()
	b, err := contracts.Load(os.DirFS(folder), "docs/contracts", catalog.Standard().Contracts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// document is the document of one of our own contracts.
func document[D contracts.Document](t testing.TB, b *contracts.Book, provider, contract, version string) D {
	t.Helper()
	c := b.Contract(provider, contract)
	if c == nil || c.Half(version) == nil {
		t.Fatalf("docs/contracts has no %s/%s %s", provider, contract, version)
	}
	d, ok := c.Half(version).Document.(D)
	if !ok {
		t.Fatalf("%s/%s is %T", provider, contract, c.Half(version).Document)
	}
	return d
}

var idLine = regexp.MustCompile(`(?m)^  "\$id": .*\n`)

// made are the documents that the code makes, by their place in the book.
func made(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{
		"neutral/endpoint/v1/openapi.json": append(neutral.OpenAPI(""), '\n'),
		"neutral/events/v1/asyncapi.json":  append(neutral.AsyncAPI(""), '\n'),
		"sap-s4/services/v2/openapi.json":  saps4.OpenAPI(),
		"sap-s4/idocs/v2/documents.xsd":    saps4.IDocSchema(),
		"sap-s4/functions/v2/calls.xsd":    saps4.FunctionSchema(),
		"staging/tables/v1/tables.sql":     []byte(tables.DDL(staging.Dialect{}.Tables(), tables.PostgreSQL)),
	}
	for _, version := range []string{"v2", "v3"} { // of the service; the documents are the same
		all["infor-ion/bods/"+version+"/documents.xsd"] = ion.Schema()
	}
	for name, text := range b2mml.Schemas() {
		all["b2mml-xml/bods/v7/"+name] = text
	}
	for contract, settings := range fileForms {
		for name, text := range files.Layouts(settings) {
			all[contract+"/v1/"+name] = text
		}
	}
	for _, name := range append(neutral.Names(), "common") {
		b, err := neutral.Schema(name)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.ReplaceAll(idLine.ReplaceAll(b, nil), []byte(`"common.json#`), []byte(`"common/values.json#`))
		file := name + ".json"
		if name == "common" {
			file = "common/values.json"
		}
		all["neutral/messages/v1/"+file] = b
	}
	return all
}

// What the code says of itself is what the book says of it.
func TestContractsAreThoseOfTheCode(t *testing.T) {
	all := made(t)
	for name, want := range all {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("docs/contracts/%s is not what the code makes (%v): go test ./harness/catalog -run Contracts -update rewrites it, and make contracts says whom that breaks", name, err)
		}
	}
	for name := range all {
		names, err := filepath.Glob(filepath.Join(folder, filepath.FromSlash(path.Dir(name)), "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range names {
			rel, _ := filepath.Rel(folder, n)
			if _, ok := all[filepath.ToSlash(rel)]; !ok && filepath.Base(n) != "common" {
				t.Errorf("docs/contracts/%s is made by nobody", filepath.ToSlash(rel))
			}
		}
	}
}

func TestEveryDialectIsAContract(t *testing.T) {
	b := own(t)
	for _, d := range catalog.Standard().Dialects {
		party, version, _ := strings.Cut(d.Name, "/")
		found := false
		for _, c := range b.Contracts {
			found = found || c.Provider == party && c.Half(version) != nil && c.Recorded(version) != nil
		}
		if !found {
			t.Errorf("dialect %s has no contract in docs/contracts, or nothing is recorded of it", d.Name)
		}
	}
	if !b.File.Frozen || !b.File.Closed {
		t.Error("docs/contracts/book.yaml must be frozen and closed")
	}
}

// judge is a document that knows all about an exchange.
type judge interface {
	contracts.Checker
	contracts.Measurer
	contracts.Watcher
}

// announced is m as it crosses a link to an integration.
func announced(m simulators.Message) contracts.Exchange {
	x := contracts.Exchange{Request: contracts.Part{Method: "POST", Path: "/" + m.Name, Body: m.Body, Headers: map[string][]string{}}}
	for k, v := range m.Header {
		x.Request.Headers[k] = []string{v}
	}
	return x
}

// goldens are the messages that the dialect's documentation shows.
func goldens(t *testing.T) (all []simulators.Message) {
	t.Helper()
	shown, err := filepath.Glob("../../simulators/dialects/neutral/testdata/*.json")
	if err != nil || len(shown) < len(neutral.Names()) {
		t.Fatalf("%d golden messages, %v", len(shown), err)
	}
	names := neutral.Names()
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	for _, f := range shown {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var body bytes.Buffer // as it travels: the files are indented for people
		if err := json.Compact(&body, text); err != nil {
			t.Fatal(err)
		}
		base := strings.TrimSuffix(filepath.Base(f), ".json")
		name := map[string]string{"machine-pieces": neutral.MachineCounts}[base]
		for _, n := range names {
			if name == "" && strings.HasPrefix(base, n) {
				name = n
			}
		}
		m := simulators.Message{Verb: "post", Name: name, Body: body.Bytes(), Header: map[string]string{"Content-Type": "application/json"}}
		ask, err := neutral.Dialect{}.Decode(m)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		m.Events = ask.Claims
		all = append(all, m)
	}
	return all
}

// Golden messages keep the contract, and what the faults make of them does
// not, unless they only add.
func TestGoldenMessagesKeepTheContract(t *testing.T) {
	messages := document[judge](t, own(t), "neutral", "messages", "v1")
	damaging := []chaos.Drift{
		chaos.DriftRenamed, chaos.DriftNull, chaos.DriftType, chaos.DriftEnum, chaos.DriftComma, chaos.DriftExponent,
		chaos.DriftManyDecimals, chaos.DriftNegative, chaos.DriftNoOffset, chaos.DriftCutOff, chaos.DriftCharset,
	}
	tried := map[chaos.Drift]int{}
	for _, m := range goldens(t) {
		if found, covered := messages.Check(announced(m)); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", m.Name, covered, found)
		}
		for _, d := range messages.Undeclared(announced(m)) {
			t.Errorf("%s: %s %s is not declared", m.Name, d.Kind, d.Path)
		}
		for _, d := range damaging {
			if bad, ok := rewording.Of(neutral.Dialect{})(m, d); ok {
				tried[d]++
				if found, _ := messages.Check(announced(bad)); len(found) == 0 {
					t.Errorf("%s under %s keeps the contract", m.Name, d)
				}
			}
		}
		for _, d := range []chaos.Drift{chaos.DriftExtraField, chaos.DriftNamespace} {
			more, ok := rewording.Of(neutral.Dialect{})(m, d)
			if found, _ := messages.Check(announced(more)); !ok || len(found) > 0 || len(messages.Undeclared(announced(more))) == 0 {
				t.Errorf("%s under %s: %v, undeclared %v", m.Name, d, found, messages.Undeclared(announced(more)))
			}
		}
	}
	for _, d := range damaging {
		if tried[d] == 0 {
			t.Errorf("no message could drift by %s", d)
		}
	}
}

// relics are names that no golden message bears, with the reason why they are
// declared all the same.
var relics = map[string]string{
	"@OtherValue=Consumed":        "B2MML has a word of its own; the form for words it has not is taken too",
	"@OtherValue=Produced":        "as before",
	"@OtherValue=Yield Produced":  "as before",
	"@OtherValue=Returned Sample": "as before",
	"$=Consumed":                  "a word may also stand in an object",
	"$=Produced":                  "as before",
	"$=Yield Produced":            "as before",
	"$=Returned Sample":           "as before",
	"$=Scrap":                     "as before",
	"$=Rework":                    "as before",
	"MaterialUse=Scrap":           "taken from senders that have extended the list of words",
	"MaterialUse=Rework":          "as before",
	"UnitOfMeasure=MIN":           "labor is written in seconds and understood in minutes",
	"UnitOfMeasure=HUR":           "and in hours",
}

// What a document declares is a name that some message bears: a name that the
// code has given up does not live on in the document.
func TestNothingIsDeclaredThatNobodySays(t *testing.T) {
	messages := document[judge](t, own(t), "neutral", "messages", "v1")
	said := map[string]bool{}
	for _, m := range goldens(t) {
		for _, p := range messages.Used(announced(m)) {
			said[lastName(p)] = true
		}
	}
	for _, p := range messages.Parts() {
		name := lastName(p)
		if said[name] == (relics[name] != "") {
			t.Errorf("%s: %s is said by a message: %v; listed as a relic: %v", p, name, said[name], relics[name] != "")
			said[name] = relics[name] == "" // once
		}
	}
}

// lastName is the last name of a path, with the value if it is one of a list.
func lastName(path string) string {
	value := ""
	if i := strings.IndexByte(path, '='); i >= 0 {
		path, value = path[:i], path[i:]
	}
	return path[strings.LastIndexByte(path, '.')+1:] + value
}

func TestBrokenPromisesFailLint(t *testing.T) {
	today := time.Now()
	cases := []struct {
		name, file, before, after string
		severity                  contracts.Severity
	}{
		{"as it stands", "neutral/messages/v1/holds.json", "", "", contracts.Safe},
		{"field renamed", "neutral/messages/v1/confirmations.json", `"PersonID"`, `"OperatorID"`, contracts.Breaking},
		{"field demanded", "neutral/messages/v1/holds.json", `"required": ["ID", `, `"required": ["Disposition", "ID", `, contracts.Breaking},
		{"word removed", "neutral/messages/v1/common/values.json", `["SEC", "MIN", "HUR"]`, `["SEC", "MIN"]`, contracts.Breaking},
		{"field added", "neutral/messages/v1/common/values.json", `"DataType": {"description": "Not read."}`, `"DataType": {}, "Source": {}`, contracts.Safe},
		{"answer renamed", "neutral/endpoint/v1/openapi.json", `"access_token"`, `"accessToken"`, contracts.Breaking},
		{"operation gone", "neutral/endpoint/v1/openapi.json", `"/postings": {`, `"/entries": {`, contracts.Breaking},
		{"operation renamed", "neutral/events/v1/asyncapi.json", `"announce-holds"`, `"announce-blocks"`, contracts.Safe},
		{"subject changed", "neutral/events/v1/asyncapi.json", `"andon.{endpoint}.holds"`, `"andon.{endpoint}.blocks"`, contracts.Breaking},
		{"column renamed", "files/delimited/v1/confirmations.layout.yaml", `name: YIELD`, `name: GOOD`, contracts.Breaking},
		{"column needed", "files/delimited/v1/consumptions.layout.yaml", `{name: LOT}`, `{name: LOT, needed: true}`, contracts.Breaking},
		{"column moved", "files-fixed/fixed/v1/orders.layout.yaml", `{name: ORDER, width: 20,`, `{name: ORDER, width: 24,`, contracts.Breaking},
		{"column of a table gone", "staging/tables/v1/tables.sql", "  quality_case VARCHAR(60) NOT NULL,\n", "", contracts.Breaking},
		{"column of a table narrowed", "staging/tables/v1/tables.sql", "reference VARCHAR(250)", "reference VARCHAR(60)", contracts.Breaking},
		{"column of a table added", "staging/tables/v1/tables.sql", "  reference VARCHAR(250)", "  shift VARCHAR(10),\n  reference VARCHAR(250)", contracts.Safe},
		{"rows of a table belong to nobody", "staging/tables/v1/tables.sql", " REFERENCES orders (id) ON DELETE CASCADE", "", contracts.Breaking},
		{"element renamed", "b2mml-xml/bods/v7/b2mml.xsd", `name="PostingDate"`, `name="PostedDate"`, contracts.Breaking},
		{"property renamed", "sap-s4/services/v2/openapi.json", `"OrderID"`, `"OrderNumber"`, contracts.Breaking},
		{"status gone", "sap-s4/services/v2/openapi.json", `"201": {`, `"205": {`, contracts.Breaking},
		{"key of an event renamed", "sap-s4/events/v2/events.json", `"ManufacturingOrder"`, `"OrderID"`, contracts.Breaking},
		{"field of an IDoc renamed", "sap-s4/idocs/v2/documents.xsd", `name="GAMNG"`, `name="GAMNGE"`, contracts.Breaking},
		{"field of a ticket gone", "sap-s4/functions/v2/calls.xsd", `<xs:element name="EX_IDENT" type="guid" minOccurs="0"/>`, ``, contracts.Breaking},
		{"BOD gone", "b2mml-xml/bods/v7/b2mml.xsd", `name="GetMaterialLot"`, `name="QueryMaterialLot"`, contracts.Breaking},
		{"report demands more", "exceptions/report/v1/openapi.yaml", "required: [class]", "required: [class, reason]", contracts.Breaking},
	}
	for _, c := range cases[:race.Rounds(len(cases), 3)] {
		t.Run(c.name, func(t *testing.T) {
			book, contract := fstest.MapFS{}, path.Dir(path.Dir(c.file))
			if strings.Contains(c.file, "/common/") {
				contract = path.Dir(contract)
			}
			if err := fs.WalkDir(os.DirFS(folder), ".", func(p string, d fs.DirEntry, err error) error {
				if err == nil && d.Type().IsRegular() && (p == "book.yaml" || strings.HasPrefix(p, contract+"/")) {
					var text []byte
					text, err = os.ReadFile(filepath.Join(folder, filepath.FromSlash(p)))
					book[p] = &fstest.MapFile{Data: text}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			was := string(book[c.file].Data)
			if !strings.Contains(was, c.before) {
				t.Fatalf("%s does not say %s", c.file, c.before)
			}
			book[c.file] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(was, c.before, c.after))}
			changed, err := contracts.Load(book, "docs/contracts", catalog.Standard().Contracts)
			if err != nil {
				t.Fatal(err)
			}
			steps, problems := changed.Kept(today)
			if len(problems) > 0 || len(steps) != 1 {
				t.Fatalf("%d steps, %v", len(steps), problems)
			}
			worst := contracts.Safe
			for _, s := range steps {
				worst = max(worst, contracts.Worst(s.Changes))
				if s.Err != nil {
					t.Error(s.Err)
				}
			}
			if worst != c.severity {
				t.Errorf("%s, want %s", worst, c.severity)
			}
		})
	}
}
