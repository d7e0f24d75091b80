package inline_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/andon-rig/andon/contracts/inline"
	"github.com/andon-rig/andon/contracts/wire"
)

// never lists what was not exercised: "erp 2.0 field orders.qty".
func never(all []inline.Exercised) (list []string) {
	for _, e := range all {
		if e.Exchanges == 0 {
			list = append(list, e.Half+" at all")
			continue
		}
		for _, p := range e.Parts {
			if !p.Used {
				list = append(list, e.Half+" "+p.Kind+" "+p.Name)
			}
		}
	}
	return list
}

func TestSurvey(t *testing.T) {
	whole := `{"no":"1","qty":2,"state":"open"}`
	outside := wire.Crossing{Endpoint: "erp", Name: "holds", FromSUT: true}
	unheld := post("2.0", whole, 201, `{"doc":"7"}`)
	unheld.Endpoint = "machines"
	for _, c := range []struct {
		name         string
		said         []wire.Crossing
		never, drift []string
		looked       int
	}{
		{"nothing", nil, []string{"erp 1.4 at all", "erp 2.0 at all", "mes 3.2 at all"}, nil, 0},
		{
			"one version", []wire.Crossing{post("2.0", whole, 201, `{"doc":"7"}`)},
			[]string{"erp 1.4 at all", "erp 2.0 value orders.state=closed", "mes 3.2 at all"}, nil, 1,
		},
		{
			"the other version, which promises no answer", []wire.Crossing{post("1.4", whole, 201, `{"doc":"7"}`)},
			[]string{"erp 1.4 value orders.state=closed", "erp 2.0 at all", "mes 3.2 at all"}, nil, 1,
		},
		{
			"all", []wire.Crossing{post("2.0", whole, 201, `{"doc":"7"}`), post("2.0", `{"no":"1","qty":2,"state":"closed"}`, 201, `{"doc":"8"}`), post("1.4", whole, 0, ""), post("1.4", `{"no":"1","qty":2,"state":"closed"}`, 0, ""), post("2.0", `{"no":"1","qty":2}`, 201, `{"doc":"9"}`)},
			nil, nil, 5,
		},
		{
			"beyond what is declared", []wire.Crossing{post("2.0", `{"no":null,"qty":"2","state":"held","plant":"P"}`, 201, `{"doc":"7","by":"x"}`), post("2.0", `{"no":"1","qty":2,"plant":"P"}`, 201, `{"doc":"8"}`)},
			[]string{"erp 1.4 at all", "erp 2.0 value orders.state=closed", "erp 2.0 value orders.state=open", "mes 3.2 at all"},
			[]string{"2 erp 2.0 field orders.plant", "1 erp 2.0 enum orders.state=held", "1 erp 2.0 field orders.reply.by", "1 erp 2.0 null orders.no", "1 erp 2.0 type orders.qty"}, 2,
		},
		{"covered by nothing", []wire.Crossing{outside, unheld}, []string{"erp 1.4 at all", "erp 2.0 at all", "mes 3.2 at all"}, []string{"1  exchange erp holds"}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := setting(t, nil)
			erp := set.Partners["erp"]
			erp.Versions = []string{"1.4", "2.0"}
			set.Partners["erp"] = erp
			s := inline.New(set).NewSurvey()
			for i, x := range c.said {
				s.Add(x, fmt.Sprint("record ", i+1))
			}
			if got := never(s.Coverage()); !slices.Equal(got, c.never) {
				t.Errorf("never exercised %q, want %q", got, c.never)
			}
			var drift []string
			for _, d := range s.Undeclared() {
				drift = append(drift, fmt.Sprintf("%d %s %s %s", d.Count, d.Half, d.Kind, d.Path))
				if d.First != "record 1" {
					t.Errorf("%s was first in %q", d.Path, d.First)
				}
			}
			if !slices.Equal(drift, c.drift) {
				t.Errorf("drift %q, want %q", drift, c.drift)
			}
			if s.Looked() != c.looked {
				t.Errorf("looked at %d exchanges, want %d", s.Looked(), c.looked)
			}
		})
	}
}
