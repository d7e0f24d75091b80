package plant

import "testing"

// BenchmarkRun is a shift with a thousand orders, from its making to its end.
func BenchmarkRun(b *testing.B) {
	events := 0
	for b.Loop() {
		f, err := New(Config{Seed: 1, Orders: 1000})
		if err != nil {
			b.Fatal(err)
		}
		view := newBooks(f.Master())
		for {
			if _, ok := f.Next(); !ok {
				break
			}
			for _, e := range f.Advance(view) {
				view.post(e)
				events++
			}
		}
	}
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
