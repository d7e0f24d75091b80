package main

import (
	"fmt"
	"io"
	"os"
	"time"
)

const stallSeconds = 5

// stall has a server stand still for a second and looks at what is told of it.
func (l *loader) stall() error {
	for _, connections := range []string{"1", "8", "64"} {
		var got loaded
		l.sink.watch(2 * stallSeconds * 1000)
		var stood int64
		n, err := l.stalled(func() (err error) {
			stood = l.sink.stall.Load()
			_, got, err = l.load("--emit-only", "--body", l.path("unique.json"), "--url", l.sink.url(), "--rate", "1000", "--duration", fmt.Sprintf("%ds", stallSeconds), "--connections", connections, "--pacing-budget", "1m")
			return err
		})
		if err != nil {
			return err
		}
		truth, err := l.sink.waits(1000, stood)
		if err != nil {
			return err
		}
		ack := got.Latency["ack"]
		row("a stall, "+connections+" connections, p90, vs what the server saw", fmt.Sprintf("%.1f ms", ack.P90), fmt.Sprintf("%.1f ms", truth.p90), ack.P90/truth.p90, "0.97 to 1.03")
		row("a stall, "+connections+" connections, p99, vs what the server saw", fmt.Sprintf("%.1f ms", ack.P99), fmt.Sprintf("%.1f ms", truth.p99), ack.P99/truth.p99, "0.97 to 1.03")
		row("a stall, "+connections+" connections, confirmations that arrived", fmt.Sprint(n), fmt.Sprint(stallSeconds*1000), float64(n)/(stallSeconds*1000), "1 to 1")
	}
	for _, name := range []string{"vegeta", "fortio", "bombardier", "hey", "k6"} {
		args := l.atRate(name, 1000, stallSeconds)
		if args == nil {
			continue
		}
		var t percentiles
		n, err := l.stalled(func() error {
			_, out, err := l.run(args)
			if err != nil {
				return err
			}
			t, err = l.tells(name, out)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("  a stall as %s tells it: p90 %.1f ms, p99 %.1f ms; %d of %d requests arrived\n", name, t.p90, t.p99, n, stallSeconds*1000)
	}
	return nil
}

// stalled is how many requests come while the server stands still for a second,
// two seconds from now.
func (l *loader) stalled(during func() error) (int64, error) {
	l.sink.stall.Store(time.Now().Add(2 * time.Second).UnixNano())
	defer l.sink.stall.Store(0)
	before := l.sink.count.Load()
	err := during()
	return l.sink.count.Load() - before, err
}

// remember has ten million confirmations go through a pump, in batches: what
// that takes, and how long it takes to judge them.
func (l *loader) remember() error {
	var some, all loaded
	load := func(to *loaded, rate, seconds int) error {
		return l.pumped(func(through ...string) (err error) {
			_, *to, err = l.load(append(through, "--rate", fmt.Sprint(rate), "--duration", fmt.Sprintf("%ds", seconds), "--batch", "100", "--connections", loadConnections, "--pacing-budget", "10m", "--give-up", "10m", "--drain", "10m")...)
			if err == nil && to.Verdict != "held" {
				err = fmt.Errorf("andon load is %s: %v", to.Verdict, to.Why)
			}
			return err
		})
	}
	if err := load(&some, 200_000, 5); err != nil {
		return err
	}
	if err := load(&all, 200_000, 50); err != nil {
		return err
	}
	if all.Sent.First != 10_000_000 || some.Sent.First != 1_000_000 {
		return fmt.Errorf("%d and %d confirmations were sent, not a million and ten", some.Sent.First, all.Sent.First)
	}
	plain, err := l.plainReading()
	if err != nil {
		return err
	}
	more := float64(all.Memory-some.Memory) / 9
	row("memory for 10 M confirmations, vs 1 M", fmt.Sprintf("%d MiB", all.Memory>>20), fmt.Sprintf("%d MiB", some.Memory>>20), float64(all.Memory)/float64(some.Memory), "≤ 320 MiB")
	row("memory for each further million, vs 1 M", fmt.Sprintf("%.1f MiB", more/(1<<20)), fmt.Sprintf("%d MiB", some.Memory>>20), more/float64(some.Memory), "≤ 28 MiB")
	row("judging 10 M confirmations, vs reading their journal", all.Judging.Round(time.Millisecond).String(), plain.Round(time.Millisecond).String(), float64(all.Judging)/float64(plain), "≤ 1.5 s")
	fmt.Printf("  judging took %s of CPU\n", all.JudgeBy.Round(time.Millisecond))
	return nil
}

// plainReading is how long it takes to read the journal of the last load and do
// nothing with it.
func (l *loader) plainReading() (time.Duration, error) {
	began := time.Now()
	for _, name := range []string{"sent.bin", "posted.bin"} {
		f, err := os.Open(l.path("out/" + name))
		if err != nil {
			return 0, err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, make([]byte, 1<<20))
		_ = f.Close()
		if err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}
