package chaos_test

import (
	"fmt"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// BenchmarkCarry measures what the link itself costs each message, with no
// rule, with eight that never strike, and with eight that draw their chance.
func BenchmarkCarry(b *testing.B) {
	never := func(i int) *chaos.Rule {
		return &chaos.Rule{ID: fmt.Sprint("F", i), Fault: &faults.Lose{}, Fact: plant.KindReceipt, Attempts: 1}
	}
	draw := func(i int) *chaos.Rule {
		return &chaos.Rule{ID: fmt.Sprint("F", i), Fault: &faults.Lose{}, P: 1e-12}
	}
	for name, rules := range map[string]func(int) *chaos.Rule{"no rule": nil, "8 rules that do not match": never, "8 rules that draw": draw} {
		b.Run(name, func(b *testing.B) {
			l := newLink("erp")
			e := confirmation("4711", 1)
			l.Ordinals.Add(e.Fact)
			for i := range 8 {
				if rules != nil {
					l.Arm(rules(i))
				}
			}
			m := about("confirmations", e)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%10_000 == 0 {
					l.Journal = evidence.NewJournal(nil) // its growth is not what is measured
				}
				if _, err := l.Carry(b.Context(), m, simulators.FromSUT, applied); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
