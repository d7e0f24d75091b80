package contracts_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/graphql"
	"github.com/andon-rig/andon/evidence"
)

var formats = []contracts.Format{graphql.Format{}}

var today = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

const bookText = `apiVersion: andon/v1
kind: Book
environments: [north, south, west]
parties:
  - name: erp
    versions:
      - {version: "1.0", released: 2023-01-01, deprecated: 2024-01-01, sunset: 2025-01-01}
      - {version: "1.4", released: 2024-01-01, deprecated: 2026-06-01, sunset: 2027-01-01, runs-in: [north]}
      - {version: "2.0", released: 2026-01-01, runs-in: [north, south]}
      - {version: "2.1"}
  - name: mes
    versions:
      - {version: "3.1", released: 2024-05-01, runs-in: [north]}
      - {version: "3.2", released: 2026-05-01, runs-in: [south]}
  - name: dashboard
    versions:
      - {version: "0.9", released: 2026-05-01, runs-in: [south]}
`

const contractText = `apiVersion: andon/v1
kind: Contract
format: graphql
mode: full
told: [{header: X-API-Version}]
flow: {direction: from-consumer, covers: [graphql]}
`

func sdl(fields string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("type Query {\n  order(no: ID!): Order\n}\ntype Order {\n  " + fields + "\n}\n")}
}

func document(fields string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte("query Q {\n  order(no: \"1\") { " + fields + " }\n}\n")}
}

func folder() fstest.MapFS {
	return fstest.MapFS{
		"book.yaml":                                       {Data: []byte(bookText)},
		"erp/orders/contract.yaml":                        {Data: []byte(contractText)},
		"erp/orders/1.0/schema.graphql":                   sdl("no: ID!"),
		"erp/orders/1.4/schema.graphql":                   sdl("no: ID! qty: Float! note: String"),
		"erp/orders/2.0/schema.graphql":                   sdl("no: ID! quantity: Float! note: String"),
		"erp/orders/2.1/schema.graphql":                   sdl("no: ID! quantity: Float! note: String"),
		"erp/orders/consumers/mes/3.1/order.graphql":      document("no qty"),
		"erp/orders/consumers/mes/3.2/order.graphql":      document("no quantity"),
		"erp/orders/consumers/dashboard/0.9/note.graphql": document("note"),
	}
}

func load(t *testing.T, f fstest.MapFS) *contracts.Book {
	t.Helper()
	b, err := contracts.Load(f, "contracts", formats)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestStates(t *testing.T) {
	b := load(t, folder())
	for version, want := range map[string]contracts.State{"1.0": contracts.Retired, "1.4": contracts.Deprecated, "2.0": contracts.Supported, "2.1": contracts.Planned} {
		if got := b.Party("erp").Find(version).On(today); got != want {
			t.Errorf("erp %s is %s, want %s", version, got, want)
		}
	}
	if got := b.Party("erp").Find("1.4").On(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); got != contracts.Retired {
		t.Errorf("on its sunset day 1.4 is %s", got)
	}
}

func TestMatrixIsTheFullCrossProduct(t *testing.T) {
	var got []string
	for _, c := range load(t, folder()).Matrix(today, nil) {
		got = append(got, fmt.Sprintf("%s %s/%s %s: %s", c.Consumer, c.ConsumerVersion, c.Provider, c.ProviderVersion, c.Verdict))
	}
	want := []string{
		"dashboard 0.9/erp 1.4: holds", "dashboard 0.9/erp 2.0: holds", "dashboard 0.9/erp 2.1: holds",
		"mes 3.1/erp 1.4: holds", "mes 3.1/erp 2.0: violated", "mes 3.1/erp 2.1: violated",
		"mes 3.2/erp 1.4: violated", "mes 3.2/erp 2.0: holds", "mes 3.2/erp 2.1: holds",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestCanDeploy(t *testing.T) {
	for _, c := range []struct {
		party, version, environment string
		results                     []contracts.Result
		want                        evidence.Verdict
		reason                      string
	}{
		{"erp", "2.1", "south", nil, evidence.Holds, "promises all"},
		{"erp", "2.1", "north", nil, evidence.Violated, `orders: mes 3.1 with erp 2.1: Cannot query field "qty"`},
		{"erp", "1.0", "south", nil, evidence.Violated, "retired since 2025-01-01"},
		{"mes", "3.2", "south", nil, evidence.Holds, "promises all"},
		// Both versions of the provider run there; the newer one does not stand for the older.
		{"mes", "3.2", "north", nil, evidence.Violated, "with erp 1.4"},
		{"mes", "3.1", "north", nil, evidence.Violated, "with erp 2.0"},
		{"erp", "2.1", "west", nil, evidence.Vacuous, "no partner of erp runs in west"},
		{"erp", "2.1", "south", []contracts.Result{{Check: "replay", Contract: "orders", Provider: "erp", ProviderVersion: "2.1", Consumer: "mes", ConsumerVersion: "3.2", Verdict: evidence.Violated, Text: "$.data.order.no is null"}}, evidence.Violated, "replay: $.data.order.no is null"},
		// What was seen of another version says nothing.
		{"erp", "2.1", "south", []contracts.Result{{Check: "replay", Contract: "orders", Provider: "erp", ProviderVersion: "2.0", Consumer: "mes", ConsumerVersion: "3.2", Verdict: evidence.Violated, Text: "of 2.0"}}, evidence.Holds, "promises all"},
	} {
		t.Run(c.party+" "+c.version+" to "+c.environment, func(t *testing.T) {
			d := load(t, folder()).CanDeploy(c.party, c.version, c.environment, today, c.results)
			if d.Verdict != c.want || !strings.Contains(d.Reason, c.reason) {
				t.Errorf("got %s: %s; want %s: …%s…", d.Verdict, d.Reason, c.want, c.reason)
			}
		})
	}
}

func TestResultsOfAnotherDocumentSayNothing(t *testing.T) {
	f := folder()
	b := load(t, f)
	half := b.Contract("erp", "orders").Consumers[2]
	result := func(digest string) string {
		return `{"apiVersion":"andon.results/v1","results":[{"check":"replay","contract":"orders","provider":"erp","providerVersion":"2.1","consumer":"mes","consumerVersion":"3.2","verdict":"violated","text":"seen","digest":"` + digest + `"}]}`
	}
	for digest, want := range map[string]evidence.Verdict{half.Digest: evidence.Violated, "of before": evidence.Holds, "": evidence.Violated} {
		f["results/a.json"] = &fstest.MapFile{Data: []byte(result(digest))}
		results, err := contracts.Results(f, "contracts")
		if err != nil {
			t.Fatal(err)
		}
		d := load(t, f).CanDeploy("erp", "2.1", "south", today, results)
		if d.Verdict != want {
			t.Errorf("digest %q: got %s: %s", digest, d.Verdict, d.Reason)
		}
		if want == evidence.Violated && d.At.File != "contracts/results/a.json" {
			t.Errorf("it stands at %s", d.At)
		}
	}
	for text, want := range map[string]string{"{\n\n]": "contracts/results/a.json:3: is no file of results", `{"apiVersion":"x"}`: `is in format "x"`} {
		f["results/a.json"] = &fstest.MapFile{Data: []byte(text)}
		if _, err := contracts.Results(f, "contracts"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want …%s…", err, want)
		}
	}
}

func TestUnknownIsInconclusive(t *testing.T) {
	f := folder()
	delete(f, "erp/orders/consumers/mes/3.2/order.graphql")
	d := load(t, f).CanDeploy("erp", "2.1", "south", today, nil)
	if d.Verdict != evidence.Inconclusive || !strings.Contains(d.Reason, "nothing says what mes 3.2 relies on") {
		t.Errorf("got %s: %s", d.Verdict, d.Reason)
	}
}

func TestRelyingOnNothingIsVacuous(t *testing.T) {
	f := folder()
	f["erp/orders/consumers/mes/3.2/order.graphql"] = &fstest.MapFile{Data: []byte("query Q { __typename }")}
	d := load(t, f).CanDeploy("erp", "2.1", "south", today, nil)
	if d.Verdict != evidence.Vacuous || !strings.Contains(d.Reason, "relies on nothing") {
		t.Errorf("got %s: %s", d.Verdict, d.Reason)
	}
}

func TestEvolutionNamesWhoUsesWhatBreaks(t *testing.T) {
	f := folder()
	steps := load(t, f).Evolution(today)
	var got []string
	for _, s := range steps {
		got = append(got, fmt.Sprintf("%s > %s: %s %v", s.From.Version, s.To.Version, contracts.Worst(s.Changes), s.Users["Order.qty"]))
	}
	want := []string{"1.4 > 2.0: breaking [mes 3.1]", "2.0 > 2.1: safe []"} // 1.0 is retired
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	f["erp/orders/contract.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(contractText, "mode: full", "mode: full\ntransitive: true", 1))}
	if n := len(load(t, f).Evolution(today)); n != 3 {
		t.Errorf("%d steps of a transitive contract, want 1.4 > 2.0, 1.4 > 2.1, 2.0 > 2.1", n)
	}
}

func TestMistakesInTheBook(t *testing.T) {
	edit := func(file, before, after string) func(fstest.MapFS) {
		return func(f fstest.MapFS) {
			text := string(f[file].Data)
			if !strings.Contains(text, before) {
				t.Fatalf("%s does not say %q", file, before)
			}
			f[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, before, after, 1))}
		}
	}
	for _, c := range []struct {
		name  string
		spoil func(fstest.MapFS)
		want  string
	}{
		{"no book", func(f fstest.MapFS) { delete(f, "book.yaml") }, "contracts/book.yaml: is not there"},
		{"no contract file", func(f fstest.MapFS) { delete(f, "erp/orders/contract.yaml") }, "contracts/erp/orders/contract.yaml: is not there"},
		{"unknown key", edit("book.yaml", "closed", "closd"), ""},
		{"sunset before deprecation", edit("book.yaml", "sunset: 2027-01-01", "sunset: 2026-01-01"), "contracts/book.yaml:8:"},
		{"never released", edit("book.yaml", `{version: "2.1"}`, `{version: "2.1", sunset: 2027-01-01}`), "erp 2.1 ends and was never released"},
		{"no day", edit("book.yaml", "2024-05-01", "May 2024"), `"May 2024" is no day`},
		{"version twice", edit("book.yaml", `"3.2"`, `"3.1"`), `version "3.1" of mes is there twice; it is at contracts/book.yaml:13:`},
		{"environment unknown", edit("book.yaml", "runs-in: [south]}\n  - name", "runs-in: [suoth]}\n  - name"), `did you mean "south"`},
		{"party unknown", func(f fstest.MapFS) { f["erp/orders/consumers/wms/1/x.graphql"] = document("no") }, `contracts/erp/orders/consumers/wms/1: party "wms" is not in book.yaml`},
		{"version unknown", func(f fstest.MapFS) { f["erp/orders/9.9/schema.graphql"] = sdl("no: ID!") }, `version "9.9" of erp is not in book.yaml`},
		{"broken document", func(f fstest.MapFS) {
			f["erp/orders/2.1/schema.graphql"] = &fstest.MapFile{Data: []byte("type Query {")}
		}, "contracts/erp/orders/2.1/schema.graphql:1:"},
		{"two places at once", edit("erp/orders/contract.yaml", "{header: X-API-Version}", "{header: X-API-Version, query: v}"), "names 2 places at once"},
		{"no place in an answer", edit("erp/orders/contract.yaml", "{header: X-API-Version}", "{query: v, reply: true}"), "query v is no place in an answer"},
		{"no place of a key", edit("erp/orders/contract.yaml", "covers: [graphql]", "ordering-key: order"), `ordering-key "order": this is no place in a message`},
		{"a key and nobody who begins", edit("erp/orders/contract.yaml", "direction: from-consumer, covers: [graphql]", "ordering-key: $.order"), "it is not said who begins"},
		{"no version in the pattern", edit("erp/orders/contract.yaml", "{header: X-API-Version}", "{url: /api}"), "does not say where the version is"},
		{"format unknown", edit("erp/orders/contract.yaml", "format: graphql", "format: grapql"), `did you mean "graphql"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := folder()
			if c.name == "unknown key" {
				f["book.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(bookText, "environments:", "closd: true\nenvironments:", 1))}
				c.want = `did you mean "closed"`
			} else {
				c.spoil(f)
			}
			b, err := contracts.Load(f, "contracts", formats)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want …%s…", err, c.want)
			}
			if b == nil {
				t.Error("what could be read is lost")
			}
		})
	}
}

func TestTold(t *testing.T) {
	header := func(name, value string) contracts.Part {
		return contracts.Part{Headers: map[string][]string{name: {value}}}
	}
	for _, c := range []struct {
		told contracts.Told
		part contracts.Part
		want string
	}{
		{contracts.Told{URL: "/v{version}"}, contracts.Part{Path: "/v2/orders"}, "2"},
		{contracts.Told{URL: "/v{version}"}, contracts.Part{Path: "/orders/v2"}, ""},
		{contracts.Told{URL: "/api/{version}/x"}, contracts.Part{Path: "/api/1.4/x/y"}, "1.4"},
		{contracts.Told{Header: "x-api-version"}, header("X-Api-Version", "1.4"), "1.4"},
		{contracts.Told{MediaType: "version"}, header("Content-Type", "application/json; version=2"), "2"},
		{contracts.Told{MediaType: "suffix"}, header("Content-Type", "application/vnd.acme.order-v2.1+json"), "2.1"},
		{contracts.Told{Query: "api-version"}, contracts.Part{Query: map[string][]string{"api-version": {"2026-01"}}}, "2026-01"},
		{contracts.Told{Topic: 2}, contracts.Part{Path: "plant.v3.orders"}, "v3"},
		{contracts.Told{Topic: 4}, contracts.Part{Path: "plant/v3/orders"}, ""},
		{contracts.Told{XMLAttribute: "releaseID"}, contracts.Part{Body: []byte(`<?xml version="1.0"?><!-- x --><A releaseID="7.0"/>`)}, "7.0"},
		{contracts.Told{XMLNamespace: "http://example.com/V{version}"}, contracts.Part{Body: []byte(`<b:A xmlns:b="http://example.com/V0401"/>`)}, "0401"},
		{contracts.Told{DataSchema: "https://x/{version}.json"}, header("Ce-Dataschema", "https://x/1.2.json"), "1.2"},
		{contracts.Told{DataSchema: "https://x/{version}.json"}, contracts.Part{Body: []byte(`{"dataschema":"https://x/1.2.json"}`)}, "1.2"},
		{contracts.Told{Field: "$.meta.version"}, contracts.Part{Body: []byte(`{"meta":{"version":2}}`)}, "2"},
		{contracts.Told{Field: "$.meta.0.v"}, contracts.Part{Body: []byte(`{"meta":[{"v":"3"}]}`)}, "3"},
		{contracts.Told{Field: "$.meta.version"}, contracts.Part{Body: []byte(`{"meta":[`)}, ""},
	} {
		if got := c.told.In(c.part); got != c.want {
			t.Errorf("%s: got %q, want %q", c.told, got, c.want)
		}
	}
}

func TestPlacesMustAgree(t *testing.T) {
	f := contracts.ContractFile{Told: []contracts.Told{{URL: "/v{version}"}, {Header: "X-Version", Optional: true}}}
	x := func(path, header string) contracts.Exchange {
		p := contracts.Part{Path: path}
		if header != "" {
			p.Headers = map[string][]string{"X-Version": {header}}
		}
		return contracts.Exchange{Request: p}
	}
	if v, err := f.VersionOf(x("/v2/orders", "2")); v != "2" || err != nil {
		t.Errorf("got %q, %v", v, err)
	}
	if v, err := f.VersionOf(x("/v2/orders", "")); v != "2" || err != nil {
		t.Errorf("left out: got %q, %v", v, err)
	}
	if _, err := f.VersionOf(x("/v2/orders", "1")); err == nil || !strings.Contains(err.Error(), "two versions") {
		t.Errorf("two versions: got %v", err)
	}
	if _, err := f.VersionOf(x("/orders", "2")); err == nil || !strings.Contains(err.Error(), "tells no version") {
		t.Errorf("none: got %v", err)
	}
}
