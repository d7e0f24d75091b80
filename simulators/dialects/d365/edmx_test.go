package d365

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// edmx is a $metadata document as its readers see it: nothing here knows of the
// entities that it is made of.
type edmx struct {
	Schema struct {
		Namespace string `xml:",attr"`
		Types     []struct {
			Name string `xml:",attr"`
			Keys []struct {
				Name string `xml:",attr"`
			} `xml:"Key>PropertyRef"`
			Properties []struct {
				Name, Type string `xml:",attr"`
			} `xml:"Property"`
		} `xml:"EntityType"`
		Sets []struct {
			Name, EntityType string `xml:",attr"`
		} `xml:"EntityContainer>EntitySet"`
	} `xml:"DataServices>Schema"`
}

// forms are what JSON says of a value of each Edm type in OData V4, where
// decimals are numbers.
var forms = map[string]*regexp.Regexp{
	"Edm.String": regexp.MustCompile(`^"`), "Edm.Int32": regexp.MustCompile(`^-?\d+$`), "Edm.Int64": regexp.MustCompile(`^-?\d+$`),
	"Edm.Decimal": regexp.MustCompile(`^-?\d+(\.\d{1,6})?$`), "Edm.DateTimeOffset": regexp.MustCompile(`^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"$`),
}

// wrong says what of a reply is not as the metadata has it, and how many
// entities it looked at.
func (m edmx) wrong(reply []byte) (n int, all []string) {
	complain := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	var body struct {
		Context string `json:"@odata.context"`
		Value   []json.RawMessage
	}
	if err := json.Unmarshal(reply, &body); err != nil {
		return 0, []string{err.Error()}
	}
	set, single := strings.CutSuffix(strings.TrimPrefix(body.Context, "$metadata#"), "/$entity")
	if single {
		body.Value = []json.RawMessage{reply}
	}
	typeName := ""
	for _, s := range m.Schema.Sets {
		if s.Name == set {
			typeName = strings.TrimPrefix(s.EntityType, m.Schema.Namespace+".")
		}
	}
	for _, t := range m.Schema.Types {
		if t.Name != typeName {
			continue
		}
		for _, raw := range body.Value {
			n++
			var e map[string]json.RawMessage
			if err := json.Unmarshal(raw, &e); err != nil {
				complain("%s: %v", set, err)
			}
			for _, k := range t.Keys {
				if _, said := e[k.Name]; !said {
					complain("%s: key %s is missing", set, k.Name)
				}
			}
			for _, p := range t.Properties {
				v, said := e[p.Name]
				delete(e, p.Name)
				if form := forms[p.Type]; form == nil || said && !form.Match(v) {
					complain("%s: %s is %s, which is no %s", set, p.Name, v, p.Type)
				}
			}
			for name := range e {
				if !strings.HasPrefix(name, "@odata.") {
					complain("%s: %s is in no metadata", set, name)
				}
			}
		}
		return n, all
	}
	return n, append(all, fmt.Sprintf("there is no entity set %q", set))
}

// TestRepliesFitTheMetadata: every reply that is kept as a golden is what
// $metadata promises, and a slip would be seen.
func TestRepliesFitTheMetadata(t *testing.T) {
	var m edmx
	if err := xml.Unmarshal(Dialect{}.Reply(simulators.Message{Verb: "get", Method: "GET", Name: Data + "/$metadata"}, simulators.Answer{}).Body, &m); err != nil {
		t.Fatal(err)
	}
	seen, sets := 0, map[string]bool{}
	for file, x := range exchanges(t) {
		b := x.Reply.Body
		if !strings.HasPrefix(file, "get-") {
			continue
		}
		if strings.Contains(string(b), `"error": {`) {
			continue
		}
		n, wrong := m.wrong(b)
		seen += n
		for _, w := range wrong {
			t.Errorf("%s: %s", file, w)
		}
		if _, rest, ok := strings.Cut(string(b), "$metadata#"); ok && n > 0 {
			set, _, _ := strings.Cut(rest, `"`)
			sets[strings.TrimSuffix(set, "/$entity")] = true
		}
	}
	for _, s := range m.Schema.Sets {
		if !sets[s.Name] {
			t.Errorf("no reply shows an entity of %s", s.Name)
		}
	}
	b := exchanges(t)["get-header"].Reply.Body
	for was, is := range map[string]string{
		`"ScheduledQuantity": 200`: `"ScheduledQuantity": "200"`, `"ProductionOrderNumber"`: `"ProductionOrderNo"`, `"ItemNumber": "`: `"ItemNumber": 7, "Other": "`,
		`"dataAreaId": "demo",`: ``, `T12:00:00Z"`: `T12:00:00"`, `ProductionOrderHeaders`: `ProductionOrders`,
	} {
		altered := strings.Replace(string(b), was, is, 1)
		if altered == string(b) {
			t.Errorf("the reply does not say %s", was)
		}
		if _, wrong := m.wrong([]byte(altered)); len(wrong) == 0 {
			t.Errorf("%s instead of %s was not seen", is, was)
		}
	}
}
