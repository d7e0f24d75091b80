package load

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestReadTrace(t *testing.T) {
	want := []time.Duration{0, 250 * time.Millisecond, 250 * time.Millisecond, 2 * time.Second}
	for name, text := range map[string]string{
		"timestamps":  "2026-03-01T06:00:00Z\n2026-03-01T06:00:00.250Z\n2026-03-01T07:00:00.25+01:00\n2026-03-01T06:00:02Z\n",
		"seconds":     "10\n10.25\n10.25\n12",
		"durations":   "1m\n1m0.25s\n60.25s\n62s\n",
		"a log":       "\ufefftime;order\r\n\"0\";4711\r\n0.25;4712\r\n\r\n# a note\n0.25;4713\r\n2;4714\r\n",
		"with commas": "at,what\n5,a\n5.25,b\n5.25,c\n7,d\n",
	} {
		got, err := ReadTrace(strings.NewReader(text))
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for text, says := range map[string]string{
		"": "no time in it", "time\n": "no time in it", "1\nx\n": `line 2: "x" is no time`, "2\n1\n": "line 2: 1 is before", "-1\n2": "", "a\nb\n": "line 2",
	} {
		if _, err := ReadTrace(strings.NewReader(text)); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

func TestReplay(t *testing.T) {
	t.Parallel()
	times := []time.Duration{0, time.Second, time.Second, 4 * time.Second}
	s, err := Replay(times, 2, 0)
	if err != nil || s.Number() != 4 || s.Due(0) != 0 || s.Due(1) != 500*time.Millisecond || s.Due(2) != 500*time.Millisecond+1 || s.Due(3) != 2*time.Second || s.Length() != 2*time.Second+1 {
		t.Errorf("%v, %+v", err, s)
	}
	if s, err = Replay(times, 1, 3*time.Second); err != nil || s.Number() != 3 || s.Length() != 3*time.Second {
		t.Errorf("cut: %v, %+v", err, s)
	}
	if s := s.from(100); s.Due(101) != time.Second {
		t.Errorf("from 100 on: %s", s.Due(101))
	}
	if _, err := Replay(times, 0, 0); err == nil {
		t.Error("a speed of 0 was taken")
	}
	b, err := json.Marshal(s)
	var again Shape
	if err = errors.Join(err, json.Unmarshal(b, &again)); err != nil || again.Number() != 3 || again.Due(2) != s.Due(2) {
		t.Errorf("as agents get it: %v, %+v", err, again)
	}
	if _, err := json.Marshal(&Shape{trace: make([]time.Duration, mostSentTrace+1)}); err == nil {
		t.Error("a trace longer than NATS takes was sent")
	}
	c := small(t, &passing{t: t}, func(c *Config) {
		c.Shape, _ = Replay(times, 10, 0)
		c.Emit.Most = c.Shape.Number()
	})
	res := mustRun(t, c)
	if res.Verdict != Held || res.Sent.First != 4 || res.Exactly.Posted != 4 || res.Sending < 400*time.Millisecond {
		t.Errorf("%+v", res)
	}
}
