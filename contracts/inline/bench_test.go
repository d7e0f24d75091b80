package inline_test

import (
	"testing"

	"github.com/andon-rig/andon/contracts/inline"
)

// BenchmarkJudge is what one exchange costs: by a JSON Schema alone, and by a
// pact beside it.
func BenchmarkJudge(b *testing.B) {
	for _, c := range []struct {
		name   string
		change map[string]string
	}{
		{"schema", map[string]string{"erp/orders/consumers/mes/3.2/orders.pact.json": ""}},
		{"schema and pact", nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := inline.New(setting(b, c.change))
			x := post("2.0", good, 201, `{"doc":"7"}`)
			b.ReportAllocs()
			for b.Loop() {
				if h := r.Judge(x); len(h.Breaches) > 0 {
					b.Fatal(h.Breaches)
				}
			}
		})
	}
}
