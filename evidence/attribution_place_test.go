package evidence_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

func TestPlaces(t *testing.T) {
	const doc = `<?xml version="1.0"?><b:Sync xmlns:b="urn:b"><b:Row id="F-1"><Ref>R-1</Ref></b:Row><b:Row id="F-2"><Ref> R-2
	</Ref></b:Row></b:Sync>`
	m := simulators.Message{
		Name: "plant/m01/confirmations/F-17", Header: map[string]string{"X-Fact-Id": "000123"},
		Body: []byte(`{"a": {"b.c": [{"id": "000123"}, {"id": 12345678901234567890}], "null": null}, "rows": [{"ref": "r1"}, {"ref": "r2"}, {}]}`),
	}
	x := simulators.Message{Name: "out/CONF_F-17_20260302.xml", Body: []byte(doc)}
	for _, c := range []struct {
		place string
		m     simulators.Message
		want  []string
	}{
		{"header['X-Fact-Id']", m, []string{"000123"}},
		{`header["x-fact-id"]`, m, []string{"000123"}},
		{"header['X-Other']", m, nil},
		{"$.a['b.c'][0].id", m, []string{"000123"}},
		{"$.a['b.c'][1].id", m, []string{"12345678901234567890"}},
		{"$.a['b.c'][2].id", m, nil},
		{"$.a.null", m, nil},
		{"$.a", m, nil},
		{"$.rows[*].ref", m, []string{"r1", "r2"}},
		{"body.rows[1].ref", m, []string{"r2"}},
		{"$.rows.ref", m, nil},
		{"$.a", x, nil},
		{"topic[4]", m, []string{"F-17"}},
		{"topic[-1]", m, []string{"F-17"}},
		{"topic[2]", simulators.Message{Name: "andon.m02.counts"}, []string{"m02"}},
		{"topic[9]", m, nil},
		{"file['CONF_(F-[0-9]+)_']", x, []string{"F-17"}},
		{"file['CONF_(F-[0-9]+)_']", m, nil},
		{"/Sync/Row/@id", x, []string{"F-1", "F-2"}},
		{"/b:Sync/b:Row[2]/Ref/text()", x, []string{"R-2"}},
		{"/*/Row[1]/Ref", x, []string{"R-1"}},
		{"//Ref", x, []string{"R-1", "R-2"}},
		{"/Row/Ref", x, nil},
		{"//Row/@none", x, nil},
		{"//Ref", m, nil},
		{"//r", simulators.Message{Body: []byte(`<!DOCTYPE a [<!ENTITY e "boom">]><r>&e;</r>`)}, nil},
		{"//r", simulators.Message{Body: []byte(strings.Repeat("<r>", 5000) + "x" + strings.Repeat("</r>", 5000))}, nil},
		{"//r", simulators.Message{Body: []byte(`<r>cut`)}, nil},
	} {
		p, err := evidence.ParsePlace(c.place)
		if err != nil {
			t.Errorf("%s: %v", c.place, err)
			continue
		}
		if got := p.In(c.m); !slices.Equal(got, c.want) {
			t.Errorf("%s of %.40s: got %q, want %q", c.place, c.m.Body, got, c.want)
		}
	}
	if got := (evidence.Place{}).In(m); got != nil {
		t.Errorf("nowhere there is %q", got)
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	for _, bad := range []string{"", "X-Fact-Id", "header[X]", "header['']", "$", "$.", "$.a[", "$.a[x]", "$.a[-1]", "/", "//", "/a[0]", "/a//b", "/@id", "topic[0]", "topic[x]", "file['[']", "file['a']", "file['(a)(b)']", "query['x']"} {
		_, err := evidence.ParsePlace(bad)
		if err == nil || !strings.Contains(err.Error(), "use header['NAME']") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func FuzzPlace(f *testing.F) {
	f.Add("$.a[0]['b']", `{"a": [{"b": "c"}]}`)
	f.Add("/a/b[1]/@c", `<a><b c="d"/></a>`)
	f.Add("file['(x+)']", "x")
	f.Fuzz(func(t *testing.T, place, body string) {
		if p, err := evidence.ParsePlace(place); err == nil {
			p.In(simulators.Message{Name: body, Body: []byte(body)})
		}
	})
}
