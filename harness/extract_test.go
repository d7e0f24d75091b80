package harness

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestAttributionOfEachEndpoint(t *testing.T) {
	rules := map[string]string{"key": "header['X-Fact-Id']", "mes": "$.rows[*].id"}
	m := simulators.Message{Header: map[string]string{"X-Fact-Id": "f1"}, Body: []byte(`{"rows": [{"id": "a"}, {"id": "b"}]}`)}
	for endpoint, want := range map[string][]plant.EventID{"erp": {"f1"}, "mes": {"a", "b"}} {
		if got := attribution(rules, endpoint)(m); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", endpoint, got, want)
		}
	}
	if attribution(nil, "erp") != nil {
		t.Error("without a rule messages are asked all the same")
	}
}

func TestMistakesInAttribution(t *testing.T) {
	const rig = `apiVersion: andon/v1
kind: Rig
sut: {external: {testSystem: true}}
endpoints: {erp: {system: erp}, mes: {system: mes}}
attribution: {`
	for text, want := range map[string]string{
		"erq: \"header['X-Fact-Id']\"": `attribution names the endpoint "erq", which is not there`,
		`erp: X-Fact-Id`:               `attribution.erp: "X-Fact-Id": this is no place in a message; use header['NAME']`,
		`key: "$.a["`:                  "a bracket is not closed",
	} {
		if _, err := ParseFile("andon.yaml", []byte(rig+text+"}\n")); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "andon.yaml") {
			t.Errorf("%s: got %v, want %s", text, err, want)
		}
	}
	if _, err := ParseFile("andon.yaml", []byte(rig+"erp: \"//Row/@id\", key: \"file['(F-.*)\\\\.xml']\"}\n")); err != nil {
		t.Error(err)
	}
}
