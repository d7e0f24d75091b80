package main

import (
	"bytes"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// BenchmarkPosting is the way of one confirmation without HTTP around it:
// decode, rules, books, two records on disk, reply.
func BenchmarkPosting(b *testing.B) {
	f, err := os.Create(b.TempDir() + "/journal.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	j := evidence.NewJournal(f)
	e := newERP(j, nil)
	var workers atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		worker := int(workers.Add(1))
		template := bytes.Split(body(worker, 100_000_000), []byte("100000000"))
		for n := 100_000_001; pb.Next(); n++ {
			digits := strconv.Itoa(n)
			m := simulators.Message{Verb: "post", Name: "confirmations", Body: bytes.Join(template, []byte(digits)),
				Header: map[string]string{"Content-Type": "application/json", "Idempotency-Key": strconv.Itoa(worker) + "-" + digits}}
			reply, err := e.Receive(b.Context(), m)
			if err != nil || reply.Result.Status != 201 {
				b.Errorf("answered %d (%v): %s", reply.Result.Status, err, reply.Body)
				return
			}
		}
	})
	b.StopTimer()
	if info, err := f.Stat(); err == nil {
		b.ReportMetric(float64(info.Size())/float64(b.N), "journal-B/op")
	}
}
