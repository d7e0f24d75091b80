package main

import "testing"

// BenchmarkHeld is what the row of the same name measures, for a profile.
func BenchmarkHeld(b *testing.B) {
	b.Chdir("../..")
	run, err := contractRun()
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range heldCases {
		b.Run(c.what, func(b *testing.B) {
			rules, err := oneHalf(c.document, c.half)
			if err != nil {
				b.Fatal(err)
			}
			x, err := run.exchange(c.name)
			if err != nil {
				b.Fatal(err)
			}
			if c.body != "" {
				x.Exchange.Request.Body = []byte(c.body)
			}
			b.ReportAllocs()
			for b.Loop() {
				rules.Judge(x)
			}
		})
	}
}
