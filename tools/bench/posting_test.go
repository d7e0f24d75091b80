package main

import (
	"bufio"
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
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
	before := heap()
	var workers atomic.Int64
	b.ReportAllocs()
	b.SetParallelism(16) // several wait for the disk together, as they do behind HTTP
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
	b.ReportMetric(float64(heap()-before)/float64(b.N), "kept-B/op")
	runtime.KeepAlive(e)
}

// heap is what is in use once garbage is gone.
func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestSkipReadsOneAnswerAfterTheOther(t *testing.T) {
	r := bufio.NewReader(strings.NewReader("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}" +
		"HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n" + "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
	for _, want := range []int{201, 409} {
		if got, err := skip(r); got != want || err != nil {
			t.Errorf("got %d (%v), want %d", got, err, want)
		}
	}
	if got, err := skip(r); err == nil {
		t.Errorf("an answer of unknown length was skipped as %d", got)
	}
	for _, bad := range []string{"", "nonsense\r\n", "HTTP/1.1 2x1 Created\r\n\r\n", "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n{}"} {
		if got, err := skip(bufio.NewReader(strings.NewReader(bad))); err == nil {
			t.Errorf("%q was skipped as %d", bad, got)
		}
	}
}
