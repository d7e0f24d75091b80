package inline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
)

const book = `apiVersion: andon/v1
kind: Book
environments: [plant1]
parties:
  - name: erp
    versions:
      - {version: "1.3", released: 2023-01-01, deprecated: 2024-01-01, sunset: 2025-01-01}
      - {version: "1.4", released: 2024-01-01, deprecated: 2026-06-01, sunset: 2027-01-01, runs-in: [plant1]}
      - {version: "2.0", released: 2026-01-01, runs-in: [plant1]}
      - {version: "2.1"}
  - name: mes
    versions: [{version: "3.1", released: 2025-01-01}, {version: "3.2", released: 2026-05-01, runs-in: [plant1]}]
`

const contract = `apiVersion: andon/v1
kind: Contract
told:
  - {header: X-Api-Version}
flow: {direction: from-consumer, covers: [orders], idempotency-key: "header['Idempotency-Key']"}
`

const schema = `{
 "$schema": "https://json-schema.org/draft/2020-12/schema",
 "type": "object",
 "required": ["no", "qty"],
 "properties": {"no": {"type": "string"}, "qty": {"type": "number"}, "state": {"enum": ["open", "closed"]}}
}`

const answers = `{
 "$schema": "https://json-schema.org/draft/2020-12/schema",
 "type": "object",
 "required": ["doc"],
 "properties": {"doc": {"type": "string"}}
}`

// relies is what mes 3.2 relies on when it posts an order.
const relies = `{
 "consumer": {"name": "mes"}, "provider": {"name": "erp"},
 "interactions": [
  {"type": "Synchronous/HTTP", "description": "an order",
   "request": {"method": "POST", "path": "/orders", "body": {"contentType": "application/json", "content": {"no": "1", "qty": 2}},
    "matchingRules": {"body": {"$.no": {"matchers": [{"match": "type"}]}, "$.qty": {"matchers": [{"match": "number"}]}}}},
   "response": {"status": 201, "body": {"contentType": "application/json", "content": {"doc": "7"}},
    "matchingRules": {"body": {"$.doc": {"matchers": [{"match": "regex", "regex": "\\d+"}]}}}}}
 ],
 "metadata": {"pactSpecification": {"version": "4.0"}}
}`

func files(change map[string]string) fstest.MapFS {
	all := map[string]string{
		"book.yaml": book, "erp/orders/contract.yaml": contract,
		"erp/orders/1.3/orders.json": schema, "erp/orders/1.4/orders.json": schema, "erp/orders/2.0/orders.json": schema, "erp/orders/2.0/orders.reply.json": answers,
		"erp/orders/consumers/mes/3.2/orders.pact.json": relies,
	}
	for name, text := range change {
		all[name] = text
	}
	fsys := fstest.MapFS{}
	for name, text := range all {
		if text != "" {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return fsys
}

// setting is that of an SUT which is mes 3.2, at an endpoint that plays erp 2.0.
func setting(t testing.TB, change map[string]string) inline.Setting {
	t.Helper()
	b, err := contracts.Load(files(change), "contracts", []contracts.Format{jsonschema.Format{}, pact.Format{}})
	if err != nil {
		t.Fatal(err)
	}
	return inline.Setting{
		Book: b, Folder: "contracts", Today: time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC), SUT: evidence.Party{Name: "mes", Versions: []string{"3.2"}},
		Partners: map[string]evidence.Party{"erp": {Name: "erp", Versions: []string{"2.0"}}},
	}
}

// post is an order that the SUT posts by a version, and its answer; a status
// of 0 is none.
func post(version, body string, status int, answer string) wire.Crossing {
	headers := map[string][]string{"Content-Type": {"application/json"}, "Idempotency-Key": {"k1"}}
	if version != "" {
		headers["X-Api-Version"] = []string{version}
	}
	x := contracts.Exchange{Request: contracts.Part{Method: "POST", Path: "/orders", Headers: headers, Body: []byte(body)}}
	if status != 0 {
		x.Reply = &contracts.Part{Status: status, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: []byte(answer)}
	}
	return wire.Crossing{Endpoint: "erp", Name: "orders", FromSUT: true, Exchange: x}
}

func with(c wire.Crossing, header, value string) wire.Crossing {
	c.Exchange.Reply.Headers[header] = []string{value}
	return c
}

// told lists breaches in short: "sut contract-promise $.qty".
func told(h *evidence.Held) (all []string) {
	for _, b := range h.Breaches {
		s := fmt.Sprintf("%s %s", b.By, b.Rule)
		if b.Reply {
			s += " reply"
		}
		if b.Unclear {
			s += " unclear"
		}
		all = append(all, strings.TrimSpace(s+" "+b.Path))
	}
	return all
}

const good = `{"no":"1","qty":2}`

func TestJudge(t *testing.T) {
	// 2026-06-01 and 2027-01-01, as the headers write them.
	const deprecation, sunset = "@1780272000", "Fri, 01 Jan 2027 00:00:00 GMT"
	old := func() wire.Crossing { return post("1.4", good, 201, `{"doc":"7"}`) }
	unmatched := post("2.0", good, 201, `{"doc":"7"}`)
	unmatched.Name, unmatched.Exchange.Request.Path = "lots", "/lots"
	announced := post("2.0", good, 0, "")
	announced.FromSUT = false
	for _, c := range []struct {
		name    string
		x       wire.Crossing
		covered []string // whose documents
		want    []string
	}{
		{"as agreed", post("2.0", good, 201, `{"doc":"7"}`), []string{"erp 2.0", "mes 3.2"}, nil},
		{"renamed", post("2.0", `{"no":"1","quantity":2}`, 201, `{"doc":"7"}`), []string{"erp 2.0"}, []string{"sut contract-promise $.qty"}},
		{"null", post("2.0", `{"no":null,"qty":2}`, 201, `{"doc":"7"}`), []string{"erp 2.0"}, []string{"sut contract-promise $.no"}},
		{"new value", post("2.0", `{"no":"1","qty":2,"state":"paused"}`, 201, `{"doc":"7"}`), []string{"erp 2.0"}, []string{"sut contract-promise $.state"}},
		{"the endpoint's answer is not what it promises", post("2.0", good, 201, `{"number":"7"}`), []string{"erp 2.0", "mes 3.2"},
			[]string{"rig contract-promise reply $.doc", "rig contract-reliance reply $.doc"}},
		{"the endpoint's answer is not what is relied on", post("2.0", good, 201, `{"doc":"A7"}`), []string{"erp 2.0", "mes 3.2"}, []string{"rig contract-reliance reply $.doc"}},
		{"nobody heard the answer", post("2.0", good, 0, ""), []string{"erp 2.0", "mes 3.2"}, nil},
		{"refused, which the consumer wrote nothing down about", post("2.0", good, 503, ""), []string{"erp 2.0"}, nil},
		{"another success than is relied on", post("2.0", good, 202, `{"doc":"7"}`), []string{"erp 2.0", "mes 3.2"}, []string{"rig contract-reliance reply status"}},
		{"no version", post("", good, 201, `{"doc":"7"}`), []string{"erp 2.0", "mes 3.2"}, []string{"sut version-not-told header X-Api-Version"}},
		{"no version, and the answer that might tell it is lost", post("", good, 0, ""), []string{"erp 2.0", "mes 3.2"}, nil},
		{"the answer tells the version", with(post("", good, 201, `{"doc":"7"}`), "X-Api-Version", "2.0"), []string{"erp 2.0", "mes 3.2"}, nil},
		{"the answer tells another version", with(post("2.0", good, 201, `{"doc":"7"}`), "X-Api-Version", "1.4"), []string{"erp 2.0", "mes 3.2"},
			[]string{"rig versions-disagree reply header X-Api-Version"}},
		{"unknown version", post("9", good, 201, `{"doc":"7"}`), []string{"mes 3.2"}, []string{"sut version-unknown header X-Api-Version"}},
		{"retired version", post("1.3", good, 410, ""), []string{"erp 1.3"}, []string{"sut version-retired header X-Api-Version"}},
		{"version without a document", post("2.1", good, 201, `{"doc":"7"}`), []string{"mes 3.2"}, []string{"sut version-undocumented unclear"}},
		{"deprecated and said so", with(with(old(), "Deprecation", deprecation), "Sunset", sunset), []string{"erp 1.4", "mes 3.2"}, nil},
		{"deprecated, in another spelling", with(with(old(), "Deprecation", deprecation), "Sunset", "Friday, 01-Jan-27 00:00:00 GMT"), []string{"erp 1.4", "mes 3.2"}, nil},
		{"deprecated and kept quiet", old(), []string{"erp 1.4", "mes 3.2"}, []string{"rig deprecation-notice reply header Deprecation", "rig deprecation-notice reply header Sunset"}},
		{"deprecated on another day", with(with(old(), "Deprecation", "@1"), "Sunset", sunset), []string{"erp 1.4", "mes 3.2"}, []string{"rig deprecation-notice reply header Deprecation"}},
		{"said to end and it does not", with(post("2.0", good, 201, `{"doc":"7"}`), "Sunset", sunset), []string{"erp 2.0", "mes 3.2"}, []string{"rig deprecation-notice reply header Sunset"}},
		{"outside all contracts", unmatched, nil, nil},
		{"in the other direction", announced, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := inline.New(setting(t, nil))
			h := r.Judge(c.x)
			if h == nil {
				t.Fatal("held against nothing")
			}
			var by []string
			for _, i := range h.By {
				by = append(by, r.InForce().Halves[i].ID())
			}
			if !slices.Equal(by, c.covered) {
				t.Errorf("covered by %q, want %q", by, c.covered)
			}
			if got := told(h); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

// TestTheSUTProvides turns the sides: then answers are the SUT's, and so are
// versions that it answers although they are retired.
func TestTheSUTProvides(t *testing.T) {
	s := setting(t, nil)
	s.SUT, s.Partners = evidence.Party{Name: "erp", Versions: []string{"2.0"}}, map[string]evidence.Party{"erp": {Name: "mes", Versions: []string{"3.2"}}}
	r := inline.New(s)
	call := func(version, body string, status int, answer string) wire.Crossing {
		x := post(version, body, status, answer)
		x.FromSUT = false
		return x
	}
	for _, c := range []struct {
		name string
		x    wire.Crossing
		want []string
	}{
		{"as agreed", call("2.0", good, 201, `{"doc":"7"}`), nil},
		{"its answer", call("2.0", good, 201, `{"number":"7"}`), []string{"sut contract-promise reply $.doc", "sut contract-reliance reply $.doc"}},
		{"what the rig asks", call("2.0", `{"no":"1"}`, 201, `{"doc":"7"}`), []string{"rig contract-promise $.qty"}},
		{"retired and answered", call("1.3", good, 201, `{"doc":"7"}`), []string{"rig version-retired header X-Api-Version", "sut version-retired reply status"}},
		{"deprecated and kept quiet", call("1.4", good, 201, `{"doc":"7"}`), []string{"sut deprecation-notice reply header Deprecation", "sut deprecation-notice reply header Sunset"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := told(r.Judge(c.x)); !slices.Equal(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
	h := r.Judge(call("2.0", good, 201, `{"number":"7"}`))
	b := h.Breaches[0]
	if b.Half != "erp 2.0" || b.Contract != "erp/orders" || b.Place != "contracts/erp/orders/2.0/orders.reply.json:4:2" || !slices.Equal(b.Users, []string{"mes 3.2"}) {
		t.Errorf("told as %+v", b)
	}
}

func TestOtherSettings(t *testing.T) {
	t.Run("an endpoint that the book does not know", func(t *testing.T) {
		x := post("2.0", good, 201, "")
		x.Endpoint = "wms"
		if h := inline.New(setting(t, nil)).Judge(x); h != nil {
			t.Errorf("held: %+v", h)
		}
	})
	t.Run("a partner without contracts", func(t *testing.T) {
		s := setting(t, nil)
		s.Partners = map[string]evidence.Party{"erp": {Name: "mes", Versions: []string{"3.2"}}}
		h := inline.New(s).Judge(post("2.0", good, 201, ""))
		if h == nil || len(h.By)+len(h.Breaches) != 0 {
			t.Errorf("held: %+v, want one that nothing covers", h)
		}
	})
	t.Run("two versions side by side and none told", func(t *testing.T) {
		s := setting(t, map[string]string{"erp/orders/contract.yaml": strings.Replace(contract, "{header: X-Api-Version}", "{header: X-Api-Version, optional: true}", 1)})
		s.Partners = map[string]evidence.Party{"erp": {Name: "erp", Versions: []string{"1.4", "2.0"}}}
		want := []string{"sut version-not-told unclear"}
		if got := told(inline.New(s).Judge(post("", good, 201, `{"doc":"7"}`))); !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
	t.Run("another version of the consumer", func(t *testing.T) {
		s := setting(t, nil)
		s.SUT.Versions = []string{"3.1"} // of which nothing says what it relies on
		if got := told(inline.New(s).Judge(post("2.0", good, 201, `{"doc":"A7"}`))); len(got) != 0 {
			t.Errorf("found %q: 3.1 does not rely on what 3.2 does", got)
		}
	})
	t.Run("only a consumer has written something down", func(t *testing.T) {
		s := setting(t, map[string]string{"erp/orders/1.3/orders.json": "", "erp/orders/1.4/orders.json": "", "erp/orders/2.0/orders.json": "", "erp/orders/2.0/orders.reply.json": "",
			"erp/orders/contract.yaml": "apiVersion: andon/v1\nkind: Contract\n"})
		r := inline.New(s)
		if got := told(r.Judge(post("", good, 201, `{"doc":"A7"}`))); !slices.Equal(got, []string{"rig contract-reliance reply $.doc"}) {
			t.Errorf("found %q", got)
		}
		if h := r.Judge(post("", `{"other":1}`, 201, `{"doc":"A7"}`)); len(h.By)+len(h.Breaches) != 0 {
			t.Errorf("nobody wrote anything down about it, and it is held: %+v", h)
		}
	})
	t.Run("two places", func(t *testing.T) {
		s := setting(t, map[string]string{"erp/orders/contract.yaml": strings.Replace(contract, "  - {header", "  - {field: $.v}\n  - {header", 1)})
		want := []string{"sut versions-disagree header X-Api-Version"}
		if got := told(inline.New(s).Judge(post("1.4", `{"no":"1","qty":2,"v":"2.0"}`, 201, `{"doc":"7"}`))); !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
	t.Run("only the answer tells", func(t *testing.T) {
		s := setting(t, map[string]string{"erp/orders/contract.yaml": strings.Replace(contract, "{header: X-Api-Version}", "{header: X-Api-Version, reply: true}", 1)})
		want := []string{"rig version-not-told reply header X-Api-Version"}
		if got := told(inline.New(s).Judge(post("2.0", good, 201, `{"doc":"7"}`))); !slices.Equal(got, want) {
			t.Errorf("found %q, want %q", got, want)
		}
	})
	t.Run("a contract that names nothing is about what its documents are about", func(t *testing.T) {
		s := setting(t, map[string]string{"erp/orders/contract.yaml": strings.Replace(contract, "covers: [orders], ", "", 1),
			"erp/orders/1.3/orders.json": "", "erp/orders/1.4/orders.json": ""}) // with one schema only, which is about everything
		lots := post("", good, 201, "")
		lots.Name, lots.Exchange.Request.Path = "lots", "/lots"
		if h := inline.New(s).Judge(lots); len(h.By)+len(h.Breaches) != 0 {
			t.Errorf("held: %+v", h)
		}
		if got := told(inline.New(s).Judge(post("", good, 201, `{"doc":"7"}`))); !slices.Equal(got, []string{"sut version-not-told header X-Api-Version"}) {
			t.Errorf("found %q", got)
		}
	})
}

// TestKeys reads where the contract says that repetitions are told apart, and
// what must be kept in sequence.
func TestKeys(t *testing.T) {
	flow := func(keys string) map[string]string {
		return map[string]string{"erp/orders/contract.yaml": strings.Replace(contract, `idempotency-key: "header['Idempotency-Key']"`, keys, 1)}
	}
	question := post("2.0", "", 200, "")
	question.Exchange.Request.Method = "GET"
	anonymous := post("2.0", good, 201, `{"doc":"7"}`)
	delete(anonymous.Exchange.Request.Headers, "Idempotency-Key")
	const inBody = `{"no":"1","qty":2,"ref":"r9"}`
	for _, c := range []struct {
		name  string
		keys  string
		x     wire.Crossing
		want  string // found
		key   string // told beside the header Idempotency-Key
		idem  string // by which repetitions are recognised
		order string
	}{
		{"in the usual header", `idempotency-key: "header['Idempotency-Key']"`, post("2.0", good, 201, `{"doc":"7"}`), "[]", "", "k1", ""},
		{"not there", `idempotency-key: "header['Idempotency-Key']"`, anonymous, "[sut idempotency-key-missing header Idempotency-Key]", "", "", ""},
		{"in the body", `idempotency-key: $.ref`, post("2.0", inBody, 201, `{"doc":"7"}`), "[]", "r9", "r9", ""},
		{"not in the body, so that the header is no key", `idempotency-key: $.ref`, post("2.0", good, 201, `{"doc":"7"}`), "[sut idempotency-key-missing $.ref]", "", "", ""},
		{"a question needs none", `idempotency-key: "header['X-Key']"`, question, "[]", "", "k1", ""},
		{"in sequence", `ordering-key: $.no`, post("2.0", good, 201, `{"doc":"7"}`), "[]", "", "k1", "erp/orders 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := inline.New(setting(t, flow(c.keys))).Judge(c.x)
			header := ""
			if v := c.x.Exchange.Request.Headers["Idempotency-Key"]; len(v) > 0 {
				header = v[0]
			}
			if got := fmt.Sprint(told(h)); got != c.want || h.Key != c.key || h.IdemKey(header) != c.idem || h.Sequence != c.order {
				t.Errorf("found %s, key %q, recognised by %q, sequence %q; want %+v", got, h.Key, h.IdemKey(header), h.Sequence, c)
			}
		})
	}
}

// TestAPatternThatTakesTooLong is neither kept nor broken.
func TestAPatternThatTakesTooLong(t *testing.T) {
	slow := strings.Replace(relies, `"\\d+"`, `"(?=a)(a|aa)+$"`, 1)
	s := setting(t, map[string]string{"erp/orders/consumers/mes/3.2/orders.pact.json": slow})
	want := []string{"rig contract-reliance reply unclear $.doc"}
	x := post("2.0", good, 201, `{"doc":"`+strings.Repeat("a", 60)+`!"}`)
	if got := told(inline.New(s).Judge(x)); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestTell(t *testing.T) {
	tells := func(s inline.Setting, c wire.Crossing) string { return fmt.Sprint(inline.New(s).Tell(c)) }
	for _, c := range []struct {
		name string
		x    wire.Crossing
		want string
	}{
		{"a version in force", post("2.0", good, 201, ""), "map[]"},
		{"a deprecated one", post("1.4", good, 201, ""), "map[Deprecation:@1780272000 Sunset:Fri, 01 Jan 2027 00:00:00 GMT]"},
		{"what is refused", post("1.4", good, 422, ""), "map[]"},
	} {
		if got := tells(setting(t, nil), c.x); got != c.want {
			t.Errorf("%s: tells %s, want %s", c.name, got, c.want)
		}
	}
	s := setting(t, map[string]string{"erp/orders/contract.yaml": strings.Replace(contract, "from-consumer", "from-provider", 1)})
	announced := post("", good, 0, "")
	announced.FromSUT = false
	if got := tells(s, announced); got != "map[X-Api-Version:2.0]" {
		t.Errorf("an announcement tells %s", got)
	}
	s = setting(t, map[string]string{"erp/orders/contract.yaml": strings.Replace(contract, "X-Api-Version}", "X-Api-Version, reply: true}", 1)})
	if got := tells(s, post("", good, 201, "")); got != "map[X-Api-Version:2.0]" {
		t.Errorf("an answer tells %s", got)
	}
}

// An interface that only one of the versions in use has can be told by that.
func TestOnlyOneVersionHasTheInterface(t *testing.T) {
	said := post("", `{"no":"1","qty":"2"}`, 0, "")
	for _, c := range []struct {
		name, old string // the document of 1.4
		want      []string
	}{
		{"one", "", []string{"sut contract-promise $.qty"}},
		{"both", schema, []string{"sut version-not-told unclear"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := setting(t, map[string]string{
				"erp/orders/contract.yaml":   "apiVersion: andon/v1\nkind: Contract\nflow: {direction: from-consumer, covers: [orders]}\n",
				"erp/orders/1.3/orders.json": "", "erp/orders/1.4/orders.json": c.old, "erp/orders/consumers/mes/3.2/orders.pact.json": "",
			})
			erp := set.Partners["erp"]
			erp.Versions = []string{"1.4", "2.0"}
			set.Partners["erp"] = erp
			if got := told(inline.New(set).Judge(said)); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
