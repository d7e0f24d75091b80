package main

import (
	"testing"
	"time"
)

func TestWhatPeersPrintIsRead(t *testing.T) {
	l := &loader{}
	for _, c := range []struct {
		name, out string
		want      percentiles
	}{
		{"hey", "  50% in 0.0004 secs\n  90% in 0.0100 secs\n  99%% in 0.5000 secs\n", percentiles{10, 500}},
		{"k6", "http_req_duration......: p(50)=110µs p(90)=1.5ms p(99)=2s\n", percentiles{1.5, 2000}},
		{"fortio", "Fortio running\n{\"DurationHistogram\":{\"Percentiles\":[{\"Percentile\":50,\"Value\":0.001},{\"Percentile\":90,\"Value\":0.25},{\"Percentile\":99,\"Value\":0.5}]}}\nSuccessfully wrote\n", percentiles{250, 500}},
		{"bombardier", `{"result":{"latency":{"percentiles":{"50":100,"90":2000,"99":950000}}}}`, percentiles{2, 950}},
	} {
		got, err := l.tells(c.name, []byte(c.out))
		if err != nil || got != c.want {
			t.Errorf("%s tells %+v, %v; want %+v", c.name, got, err, c.want)
		}
		if got, err := l.tells(c.name, []byte("{}")); err == nil {
			t.Errorf("of nothing %s tells %+v", c.name, got)
		}
	}
}

func TestPunctuality(t *testing.T) {
	s := &sink{}
	arrive := func(late func(i int) time.Duration, step time.Duration) punctuality {
		s.watch(10_000)
		for i := range 4000 {
			s.arrivals = append(s.arrivals, int64(time.Duration(i)*step+late(i)))
		}
		return s.heard(1000)
	}
	even := arrive(func(int) time.Duration { return 0 }, time.Millisecond)
	if even.p99 > time.Microsecond || even.rate < 999.99 || even.rate > 1000.01 {
		t.Errorf("even arrivals are %+v", even)
	}
	late := arrive(func(i int) time.Duration { return time.Duration(i%10/9) * 500 * time.Microsecond }, time.Millisecond)
	if late.p50 > time.Microsecond || late.p99 != 500*time.Microsecond {
		t.Errorf("with every tenth 500 µs late they are %+v", late)
	}
	if slow := arrive(func(int) time.Duration { return 0 }, 1001*time.Microsecond); slow.rate > 999.1 || slow.p50 < 100*time.Microsecond {
		t.Errorf("at a lower rate they are %+v", slow)
	}
	s.watch(10)
	if none := s.heard(1000); none.rate != 0 {
		t.Errorf("without arrivals they are %+v", none)
	}
}

func TestWaitsAreCountedFromWhenRequestsAreDue(t *testing.T) {
	s := &sink{}
	const began, ms = int64(7e9), int64(time.Millisecond)
	play := func(answered func(i int) int64) (percentiles, error) {
		s.watch(10_000)
		for i := range int64(5000) {
			came, said := began+i*ms, began+i*ms
			if i >= 2000 && i < 3000 { // held until the stall is over
				came = began + max(i*ms, 3000*ms-5*ms)
				said = began + 3000*ms
			}
			s.arrivals, s.answers = append(s.arrivals, came), append(s.answers, said+answered(int(i)))
		}
		return s.waits(1000, began+2000*ms)
	}
	within := func(got, want float64) bool { return got > want-2 && got < want+2 }
	if got, err := play(func(int) int64 { return 0 }); err != nil || !within(got.p90, 500) || !within(got.p99, 950) {
		t.Errorf("a second's stall is %+v, %v", got, err)
	}
	if got, err := play(func(i int) int64 { return int64(max(0, i-2000)) * ms / 50 }); err != nil || !within(got.p90, 510) || got.p99 > 955 {
		t.Errorf("with 20 µs for each that waited it is %+v, %v", got, err)
	}
	if _, err := play(func(i int) int64 { return -(began + int64(i)*ms) * int64(i/4999) }); err == nil {
		t.Error("one that was never answered is not missed")
	}
	s.watch(10)
	if _, err := s.waits(1000, began); err == nil {
		t.Error("nothing came, and it is no error")
	}
}
