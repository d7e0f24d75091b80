package catalog_test

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

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
