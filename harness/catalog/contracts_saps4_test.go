package catalog_test

import (
	"cmp"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
)

// An edmx is the $metadata of a service, as far as entities need it.
type edmx struct {
	Types []struct {
		Name string `xml:",attr"`
		Keys []struct {
			Name string `xml:",attr"`
		} `xml:"Key>PropertyRef"`
		Properties []struct {
			Name, Type, Nullable string `xml:",attr"`
			MaxLength            int    `xml:",attr"`
		} `xml:"Property"`
		Navigations []struct {
			Name, Relationship string `xml:",attr"`
		} `xml:"NavigationProperty"`
	} `xml:"DataServices>Schema>EntityType"`
	Associations []struct {
		Name string `xml:",attr"`
		Ends []struct {
			Type, Role string `xml:",attr"`
		} `xml:"End"`
	} `xml:"DataServices>Schema>Association"`
	Sets []struct {
		Name, EntityType string `xml:",attr"`
	} `xml:"DataServices>Schema>EntityContainer>EntitySet"`
	Calls []struct {
		Name       string `xml:",attr"`
		Parameters []struct {
			Name      string `xml:",attr"`
			MaxLength int    `xml:",attr"`
		} `xml:"Parameter"`
	} `xml:"DataServices>Schema>EntityContainer>FunctionImport"`
}

var serviceName = regexp.MustCompile(`"(API_[A-Z0-9_]+|YY1_[A-Z0-9_]+_CDS)"`)

// entitySchemas are the entities of sap-s4/v2 as JSON Schemas, one for each set
// and for each call: what $metadata says, in a format of the book.
func entitySchemas(t *testing.T) map[string][]byte {
	t.Helper()
	sources, err := filepath.Glob("../../simulators/dialects/saps4/*.go")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, file := range sources {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range serviceName.FindAllSubmatch(text, -1) {
			if meta := saps4.Metadata(string(m[1])); meta != nil {
				serviceSchemas(t, meta, all)
			}
		}
	}
	if len(all) < 7 {
		t.Errorf("%d entities of sap-s4/v2: are its services called otherwise now?", len(all))
	}
	return all
}

func serviceSchemas(t *testing.T, meta []byte, into map[string][]byte) {
	t.Helper()
	var e edmx
	if err := xml.Unmarshal(meta, &e); err != nil {
		t.Fatal(err)
	}
	sets := map[string]string{} // by the name of the type
	for _, s := range e.Sets {
		sets[local(s.EntityType)] = s.Name
	}
	put := func(name string, properties map[string]any, required []string) {
		b, err := json.MarshalIndent(map[string]any{
			"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties, "required": append([]string{}, required...),
		}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := "sap-s4/entities/v2/" + name + ".json"
		if before := into[file]; before != nil && string(before) != string(b)+"\n" {
			t.Errorf("two services of sap-s4/v2 have a set called %s, and not the same", name)
		}
		into[file] = append(b, '\n')
	}
	for _, typ := range e.Types {
		properties, keys := map[string]any{}, []string{}
		for _, k := range typ.Keys {
			keys = append(keys, k.Name)
		}
		for _, p := range typ.Properties {
			properties[p.Name] = edmValue(t, p.Type, p.MaxLength, p.Nullable == "false")
		}
		for _, n := range typ.Navigations {
			properties[n.Name] = map[string]any{"type": "object", "properties": map[string]any{
				"results": map[string]any{"type": "array", "items": map[string]any{"$ref": sets[e.target(n.Relationship)] + ".json"}},
			}}
		}
		put(sets[typ.Name], properties, keys)
	}
	for _, c := range e.Calls {
		properties, required := map[string]any{}, []string{}
		for _, p := range c.Parameters {
			properties[p.Name] = map[string]any{"type": "string", "maxLength": p.MaxLength}
			required = append(required, p.Name)
		}
		put(c.Name, properties, required)
	}
}

// target is the type that a navigation leads to.
func (e edmx) target(relationship string) string {
	for _, a := range e.Associations {
		for _, end := range a.Ends {
			if a.Name == local(relationship) && end.Role == "To" {
				return local(end.Type)
			}
		}
	}
	return ""
}

func local(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// edmValue is a type of OData V2 as its JSON has it, where numbers that must
// stay exact, days and times are texts.
func edmValue(t *testing.T, edm string, max int, demanded bool) map[string]any {
	t.Helper()
	v := map[string]any{}
	kind := "string"
	switch edm {
	case "Edm.String":
		if max > 0 {
			v["maxLength"] = max
		}
	case "Edm.Boolean":
		kind = "boolean"
	case "Edm.Int32", "Edm.Int16", "Edm.Byte":
		kind = "integer"
	case "Edm.Decimal", "Edm.DateTime", "Edm.DateTimeOffset", "Edm.Time", "Edm.Guid", "Edm.Int64", "Edm.Double":
		v["format"] = strings.ToLower(edm)
	default:
		t.Errorf("the JSON of %s is not known here", edm)
	}
	v["type"] = []string{kind, "null"}
	if demanded {
		v["type"] = kind
	}
	return v
}

// exchangeIn reads a golden exchange of a dialect.
func exchangeIn(t *testing.T, file string) dialecttest.Exchange {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	x, err := dialecttest.ReadExchange(text)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return x
}

var setInPath = regexp.MustCompile(`/sap/[A-Z0-9_]+(?:;v=\d+)?/([A-Za-z0-9_]+)`)

// An entityIn is one that a golden exchange shows, of a set.
type entityIn struct {
	set  string
	body map[string]any
}

// entitiesOf are the entities of a body: bare, in d, or a list in d.results. What
// is deferred is not there.
func entitiesOf(t *testing.T, set string, body []byte) (all []entityIn) {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(body, &root); err != nil {
		t.Fatalf("%s: %v", set, err)
	}
	if d, ok := root["d"].(map[string]any); ok {
		root = d
	}
	list, ok := root["results"].([]any)
	if !ok {
		list = []any{root}
	}
	for _, one := range list {
		e, _ := one.(map[string]any)
		all = append(all, entityIn{set, bared(e)})
	}
	return all
}

// bared is an entity without what OData says about it.
func bared(e map[string]any) map[string]any {
	out := map[string]any{}
	for name, v := range e {
		inner, _ := v.(map[string]any)
		rows, isList := inner["results"].([]any)
		switch {
		case name == "__metadata" || inner["__deferred"] != nil:
		case isList:
			var bare []any
			for _, r := range rows {
				row, _ := r.(map[string]any)
				bare = append(bare, bared(row))
			}
			out[name] = map[string]any{"results": bare}
		default:
			out[name] = v
		}
	}
	return out
}

// numbered is e with the keys that the system chooses and a sender leaves out.
func numbered(t *testing.T, set string, e map[string]any) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, "sap-s4/entities/v2", set+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Required   []string
		Properties map[string]struct {
			Properties struct {
				Results struct {
					Items struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for _, key := range schema.Required {
		if e[key] == nil {
			e[key] = "1"
		}
	}
	for name, v := range e {
		inner, _ := v.(map[string]any)
		rows, _ := inner["results"].([]any)
		for _, r := range rows {
			numbered(t, strings.TrimSuffix(schema.Properties[name].Properties.Results.Items.Ref, ".json"), r.(map[string]any))
		}
	}
	return e
}

// TestGoldenExchangesOfSAPKeepTheContract holds the entities of every golden
// exchange of sap-s4/v2 against the schemas of its sets, and entities that are
// not so.
func TestGoldenExchangesOfSAPKeepTheContract(t *testing.T) {
	d := document[*jsonschema.Document](t, own(t), "sap-s4", "entities", "v2")
	check := func(e entityIn) []contracts.Breach {
		s := d.For(e.set, false)
		if s == nil {
			t.Fatalf("the contract has no %s", e.set)
		}
		b, err := json.Marshal(e.body)
		if err != nil {
			t.Fatal(err)
		}
		return s.Breaches(b, false)
	}
	files, err := filepath.Glob("../../simulators/dialects/saps4/testdata/*.http")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d golden exchanges, %v", len(files), err)
	}
	seen := map[string]entityIn{}
	for _, file := range files {
		x := exchangeIn(t, file)
		at := setInPath.FindStringSubmatch("/" + x.Request.Name)
		if at == nil || strings.HasSuffix(x.Request.Name, "$batch") {
			continue // an event, or several in one
		}
		if name := filepath.Base(file); name == "get-nothing.http" || name == "get-count.http" {
			continue // an empty list, and a number: no entity
		}
		set := at[1]
		var all []entityIn
		if len(x.Request.Body) > 0 && x.Reply.Result.Status < 300 {
			for _, e := range entitiesOf(t, set, x.Request.Body) {
				all = append(all, entityIn{set, numbered(t, set, e.body)})
			}
		}
		if returned := map[string]string{"CancelProdnOrdConf": "ProdnOrdConf2", "Cancel": "A_MaterialDocumentHeader"}; len(x.Reply.Body) > 0 && x.Reply.Result.Status < 300 {
			all = append(all, entitiesOf(t, cmp.Or(returned[set], set), x.Reply.Body)...)
		}
		if len(all) == 0 && x.Reply.Result.Status < 300 && x.Reply.Result.Status != 204 {
			t.Errorf("%s: shows no entity", filepath.Base(file))
		}
		for _, e := range all {
			if found := check(e); len(found) > 0 {
				t.Errorf("%s: %s: %v", filepath.Base(file), e.set, found)
			}
			for name := range e.body {
				if !slices.Contains(d.Parts(), e.set+"."+name) {
					t.Errorf("%s: %s.%s is not declared", filepath.Base(file), e.set, name)
				}
			}
			seen[e.set] = e
		}
	}
	t.Logf("entities of %d sets", len(seen))
	if len(seen) < 15 {
		t.Errorf("entities of %d sets only", len(seen))
	}
	for name, c := range map[string]struct {
		set, property string
		is            any
	}{
		"a number for a decimal":  {"ProdnOrdConf2", "ConfirmationYieldQuantity", 61},
		"a text for a flag":       {"ProdnOrdConf2", "IsFinalConfirmation", "X"},
		"a number for a date":     {"ProdnOrdConf2", "PostingDate", 1772409600000},
		"no key":                  {"ProdnOrdConf2", "ConfirmationGroup", nil},
		"a key that is too long":  {"ProdnOrdConf2", "ConfirmationCount", "000000001"},
		"a flag that is too long": {"A_ProductionOrder_2", "OrderIsReleased", "true"},
		"a list for an object":    {"A_ProductionOrder_2", "to_ProductionOrderOperation", []any{}},
		"an item that is none":    {"A_ProductionOrder_2", "to_ProductionOrderOperation", map[string]any{"results": []any{map[string]any{"WorkCenter": 1}}}},
		"a text for a count":      {"A_ProductionOrder_2", "YY1_Version_ORD", "2"},
		"no material":             {"A_Product", "Product", nil},
		"a text for lots":         {"A_Product", "IsBatchManagementRequired", "true"},
		"no batch":                {"Batch", "Batch", nil},
		"a year of five digits":   {"A_MaterialDocumentHeader", "MaterialDocumentYear", "20260"},
	} {
		e, shown := seen[c.set]
		if !shown {
			t.Errorf("%s: no golden exchange shows a %s", name, c.set)
			continue
		}
		bad := entityIn{c.set, map[string]any{}}
		for k, v := range e.body {
			bad.body[k] = v
		}
		if bad.body[c.property] = c.is; c.is == nil {
			delete(bad.body, c.property)
		}
		if found := check(bad); len(found) == 0 {
			t.Errorf("%s: %s.%s = %v keeps the contract", name, c.set, c.property, c.is)
		}
	}
}

// TestGoldenIDocsKeepTheContract: every golden IDoc keeps the schema that the code
// makes of its table of segments, and a damaged one does not.
func TestGoldenIDocsKeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "sap-s4", "idocs", "v2")
	all, err := filepath.Glob("../../simulators/dialects/saps4/testdata/idoc-*.http")
	if err != nil || len(all) < 5 {
		t.Fatalf("%d golden IDocs, %v", len(all), err)
	}
	for _, file := range all {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		x, err := dialecttest.ReadExchange(text)
		if err != nil {
			t.Fatal(err)
		}
		if found, covered := d.Check(posted(x.Request.Body)); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", filepath.Base(file), covered, found)
		}
		for _, damage := range [][2]string{{"DOCNUM>", "DOCNO>"}, {`BEGIN="1"`, `BEGIN="2"`}, {"<CREDAT>2026", "<CREDAT>26"}, {"<SNDPRN>", "<UNHEARD/><SNDPRN>"}, {"VERSION>", "VERS>"}} {
			bad := strings.ReplaceAll(string(x.Request.Body), damage[0], damage[1])
			if bad == string(x.Request.Body) {
				t.Fatalf("%s: there is no %q", file, damage[0])
			}
			if found, _ := d.Check(posted([]byte(bad))); len(found) == 0 {
				t.Errorf("%s: %q for %q keeps the contract", filepath.Base(file), damage[1], damage[0])
			}
		}
	}
}

// TestCallsKeepTheContract: the golden calls of the function, and its answers, keep
// the schema that the code makes, and damaged ones do not; nor is the published
// answer, where it is there, anything else.
func TestCallsKeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "sap-s4", "functions", "v2")
	check := func(name string, body []byte, damages ...[2]string) {
		t.Helper()
		if found, covered := d.Check(posted(body)); !covered || len(found) > 0 {
			t.Errorf("%s: covered %v, %v", name, covered, found)
		}
		for _, damage := range damages {
			bad := strings.Replace(string(body), damage[0], damage[1], 1)
			if bad == string(body) {
				t.Fatalf("%s: there is no %q", name, damage[0])
			}
			if found, _ := d.Check(posted([]byte(bad))); len(found) == 0 {
				t.Errorf("%s: %q for %q keeps the contract", name, damage[1], damage[0])
			}
		}
	}
	ofAnswers := [][2]string{{"<TYPE>", "<TYPE>X"}, {"<NUMBER>", "<NUMBER>A"}, {"<MESSAGE/>", ""}, {"<ROW>", "<ROW>-"}, {"<ES_RETURN>", "<NEW/><ES_RETURN>"}}
	for _, name := range []string{"confirmation", "operation-started", "rework", "with-goods", "refused"} {
		x := exchangeIn(t, "../../simulators/dialects/saps4/testdata/function-"+name+".http")
		check(name, x.Request.Body, [][2]string{{"<ORDERID>", "<ORDER>1</ORDER><ORDERID>"}, {"<POSTG_DATE>2026", "<POSTG_DATE>26"}, {"<EX_IDENT>", "<EX_IDENT>G"}, {"OPERATION>", "OPER>"}, {"IS_TIMETICKETS>", "IT_TIMETICKETS>"}}...)
		check("the answer to "+name, x.Reply.Body, ofAnswers...)
	}
	sample, err := os.ReadFile("../../../shared/standards/sap-idoc/PRODORDCONF_CREATE_TT_RESPONSE.xml")
	if os.IsNotExist(err) {
		t.Skip("the published answer is not in ../shared/standards/sap-idoc, so that it is not shown that it keeps the contract; get it from github.com/SAP-samples/digital-manufacturing-extension-samples to run this")
	}
	if err != nil {
		t.Fatal(err)
	}
	check("the published answer", sample, ofAnswers...)
}
