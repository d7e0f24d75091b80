package saps4

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
)

// edmx is a $metadata document as its readers see it: nothing here knows of the
// table that it is made of.
type edmx struct {
	Schema struct {
		Namespace string `xml:",attr"`
		Types     []struct {
			Name string `xml:",attr"`
			Keys []struct {
				Name string `xml:",attr"`
			} `xml:"Key>PropertyRef"`
			Properties []struct {
				Name, Type, Nullable, MaxLength string `xml:",attr"`
			} `xml:"Property"`
			Navigations []struct {
				Name, Relationship, ToRole string `xml:",attr"`
			} `xml:"NavigationProperty"`
		} `xml:"EntityType"`
		Associations []struct {
			Name string `xml:",attr"`
			Ends []struct {
				Type, Role string `xml:",attr"`
			} `xml:"End"`
		} `xml:"Association"`
		Sets []struct {
			Name, EntityType string `xml:",attr"`
		} `xml:"EntityContainer>EntitySet"`
	} `xml:"DataServices>Schema"`
}

// readEDMX reads what a service says of itself.
func readEDMX(t *testing.T, service string) (m edmx) {
	t.Helper()
	if err := xml.Unmarshal(Metadata(service), &m); err != nil {
		t.Fatalf("%s: %v", service, err)
	}
	return m
}

// forms are what JSON says of a value of each Edm type.
var forms = map[string]*regexp.Regexp{
	"Edm.String": regexp.MustCompile(`^"`), "Edm.Boolean": regexp.MustCompile(`^(true|false)$`), "Edm.Int32": regexp.MustCompile(`^-?\d+$`),
	"Edm.Decimal": regexp.MustCompile(`^"-?\d+(\.\d{1,6})?"$`), "Edm.DateTime": regexp.MustCompile(`^"/Date\(-?\d+\)/"$`),
	"Edm.DateTimeOffset": regexp.MustCompile(`^"/Date\(-?\d+[+-]\d{4}\)/"$`), "Edm.Time": regexp.MustCompile(`^"PT\d\dH\d\dM\d\dS"$`),
	"Edm.Guid": regexp.MustCompile(`^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"$`),
}

// wrong says what of an entity is not as the metadata has it.
func (m edmx) wrong(typeName string, raw json.RawMessage, path string) (all []string) {
	var e map[string]json.RawMessage
	if err := json.Unmarshal(raw, &e); err != nil {
		return []string{path + ": " + err.Error()}
	}
	complain := func(format string, args ...any) { all = append(all, path+fmt.Sprintf(format, args...)) }
	for _, t := range m.Schema.Types {
		if t.Name != typeName {
			continue
		}
		for _, p := range t.Properties {
			v, said := e[p.Name]
			delete(e, p.Name)
			switch {
			case !said:
				complain("/%s: is missing", p.Name)
			case string(v) == "null" && p.Nullable == "false":
				complain("/%s: is null and must not be", p.Name)
			case string(v) != "null" && !forms[p.Type].Match(v):
				complain("/%s: %s is no %s", p.Name, v, p.Type)
			}
		}
		for _, n := range t.Navigations {
			var inner struct {
				Deferred *struct{ URI string } `json:"__deferred"`
				Results  []json.RawMessage
			}
			if err := json.Unmarshal(e[n.Name], &inner); err != nil || inner.Deferred == nil && inner.Results == nil {
				complain("/%s: is neither deferred nor a list of results", n.Name)
			}
			for i, r := range inner.Results {
				all = append(all, m.wrong(m.target(n.Relationship, n.ToRole), r, fmt.Sprintf("%s/%s(%d)", path, n.Name, i))...)
			}
			delete(e, n.Name)
		}
		var meta struct{ URI, Type string }
		if err := json.Unmarshal(e["__metadata"], &meta); err != nil || meta.Type != m.Schema.Namespace+"."+typeName || meta.URI == "" {
			complain("/__metadata: %s", e["__metadata"])
		}
		delete(e, "__metadata")
		for name := range e {
			complain("/%s: is in no metadata", name)
		}
		return all
	}
	return []string{path + ": there is no type " + typeName}
}

func (m edmx) target(relationship, role string) string {
	for _, a := range m.Schema.Associations {
		for _, end := range a.Ends {
			if m.Schema.Namespace+"."+a.Name == relationship && end.Role == role {
				return strings.TrimPrefix(end.Type, m.Schema.Namespace+".")
			}
		}
	}
	return ""
}

// checked holds the body of a reply against the metadata of its service.
func checked(t *testing.T, x dialecttest.Exchange) (n int, all []string) {
	t.Helper()
	r, ok := resolve(x.Request.Name)
	if !ok || r.special != "" || x.Reply.Result.Status/100 != 2 || len(x.Reply.Body) == 0 || r.count {
		return 0, nil
	}
	m := readEDMX(t, r.service.name)
	for _, c := range r.service.calls {
		if c.name == r.call {
			r.set = c.returns
		}
	}
	var body struct{ D json.RawMessage }
	var list struct{ Results []json.RawMessage }
	if err := json.Unmarshal(x.Reply.Body, &body); err != nil {
		return 1, []string{err.Error()}
	}
	if json.Unmarshal(body.D, &list) == nil && list.Results != nil {
		for _, e := range list.Results {
			all = append(all, m.wrong(r.set.name, e, r.set.set)...)
		}
		return len(list.Results), all
	}
	return 1, m.wrong(r.set.name, body.D, r.set.set)
}

// TestRepliesFitTheMetadata: what is answered is what $metadata promises, and a
// slip would be seen.
func TestRepliesFitTheMetadata(t *testing.T) {
	seen := 0
	for name, x := range exchanges(t) {
		n, wrong := checked(t, x)
		seen += n
		for _, w := range wrong {
			t.Errorf("%s: %s", name, w)
		}
	}
	if seen < 10 {
		t.Errorf("%d entities were looked at, want more", seen)
	}
	for was, is := range map[string]string{`"61.000"`: `61.000`, `"OrderID"`: `"OrderId"`, `"PT05H00M00S"`: `"05:00:00"`, `"ConfirmationGroup":"5000000001"`: `"ConfirmationGroup":null`,
		`"/Date(1772433000000+0060)/"`: `"2026-03-02T07:30:00+01:00"`, `"IsFinalConfirmation":false`: `"IsFinalConfirmation":"X"`} {
		x := exchanges(t)["confirmation"]
		body := strings.Replace(string(x.Reply.Body), was, is, 1)
		if body == string(x.Reply.Body) {
			t.Fatalf("the reply does not say %s", was)
		}
		x.Reply.Body = []byte(body)
		if _, wrong := checked(t, x); len(wrong) == 0 {
			t.Errorf("%s instead of %s was not seen", is, was)
		}
	}
}

// TestMetadataIsWhole: every name that a document uses is defined in it.
func TestMetadataIsWhole(t *testing.T) {
	for _, s := range services {
		m := readEDMX(t, s.name)
		types := map[string]bool{}
		for _, et := range m.Schema.Types {
			types[m.Schema.Namespace+"."+et.Name] = true
			names := map[string]bool{}
			for _, p := range et.Properties {
				if names[p.Name] || forms[p.Type] == nil {
					t.Errorf("%s/%s: property %s %s twice, or of an unknown type", s.name, et.Name, p.Name, p.Type)
				}
				names[p.Name] = true
			}
			for _, k := range et.Keys {
				if !names[k.Name] {
					t.Errorf("%s/%s: key %s is no property", s.name, et.Name, k.Name)
				}
			}
			for _, n := range et.Navigations {
				if m.target(n.Relationship, n.ToRole) == "" {
					t.Errorf("%s/%s: %s leads nowhere", s.name, et.Name, n.Name)
				}
			}
			if len(et.Keys) == 0 {
				t.Errorf("%s/%s: has no key", s.name, et.Name)
			}
		}
		for _, set := range m.Schema.Sets {
			if !types[set.EntityType] {
				t.Errorf("%s/%s: is of no type that there is", s.name, set.Name)
			}
		}
	}
	if Metadata("API_NOTHING_SRV") != nil {
		t.Error("a service that is not there has metadata")
	}
}
