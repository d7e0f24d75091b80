package live_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/live"
)

// screen is a terminal of unlimited height that knows what a Display uses.
type screen struct {
	lines []string
	row   int
}

func (s *screen) Write(p []byte) (int, error) {
	text := string(p)
	for text != "" {
		switch {
		case strings.HasPrefix(text, "\x1b["):
			var up int
			if n, _ := fmt.Sscanf(text, "\x1b[%dA", &up); n == 1 {
				s.row -= up
				text = text[strings.IndexByte(text, 'A')+1:]
			} else if strings.HasPrefix(text, "\x1b[J") {
				s.lines = s.lines[:s.row]
				text = text[3:]
			} else {
				return 0, fmt.Errorf("unknown sequence in %q", text)
			}
		case text[0] == '\r':
			text = text[1:]
		default:
			line, rest, _ := strings.Cut(text, "\n")
			s.lines = append(s.lines[:s.row], line)
			s.row++
			text = rest
		}
	}
	return len(p), nil
}

func (s *screen) String() string { return strings.Join(s.lines, "\n") + "\n" }

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func TestTerminal(t *testing.T) {
	c := &clock{time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	var s screen
	d := live.New(&s, 3, live.Options{Terminal: true, Width: 90, Now: c.Now})
	d.Start("ORD-01", "clean-release")
	d.Start("QUA-02", "delayed-approval\x1b[2J機械")
	d.Update("ORD-01", live.Status{Phase: "play", Share: 0.62, Facts: 40, Effects: 38, Open: 2, Fault: "erp-throttle"})
	c.now = c.now.Add(3 * time.Second)
	d.Tick()
	want := ` ⠙ ORD-01   clean-release            ▓▓▓▓▓▓░░░░ play 62% facts=40 effects=38 open=2 faul…
 ⠙ QUA-02   delayed-approval·[2J機械    3s
 · 1 waiting
─────────────────────────────────────────────────────────────────────────────
 0/3 done · holds 0 · violated 0 · facts 40 · effects 38 · findings 0 · 3s
`
	if got := s.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	fmt.Fprintf(d.Log(), "a warning\nand half ")
	d.Done(reports.Scenario{ID: "ORD-01", Title: "clean-release", Facts: 40, Effects: 40, Wall: 3 * time.Second})
	d.Done(reports.Scenario{ID: "QUA-02", Title: "delayed-approval", Verdict: evidence.Violated, Wall: 4 * time.Second, Findings: []evidence.Finding{{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated}}})
	want = `a warning
 ✓ ORD-01   clean-release               40 facts  40 effects                        3.0 s
 ✗ QUA-02   delayed-approval            exactly-once (O1)                           4.0 s
 · 1 waiting
─────────────────────────────────────────────────────────────────────────────
 2/3 done · holds 1 · violated 1 · facts 40 · effects 40 · findings 1 · 3s
`
	if got := s.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	d.Close()
	if got := s.String(); strings.Contains(got, "waiting") || !strings.HasSuffix(got, "and half \n") {
		t.Errorf("after Close:\n%s", got)
	}
	for _, line := range s.lines {
		if explain.Width(line) > 90 {
			t.Errorf("too wide: %s", line)
		}
	}
}

func TestPlainLines(t *testing.T) {
	c := &clock{time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	var b bytes.Buffer
	d := live.New(&b, 2, live.Options{Now: c.Now})
	d.Start("QUA-02", "delayed approval")
	for range 24 { // twelve seconds
		c.now = c.now.Add(500 * time.Millisecond)
		d.Update("QUA-02", live.Status{Phase: "play", Share: 0.62, Facts: 30, Effects: 28, Open: 2, Fault: "erp-throttle", Findings: 1})
		d.Tick()
	}
	d.Done(reports.Scenario{ID: "QUA-02", Title: "delayed approval", Wall: 12 * time.Second, Facts: 30, Effects: 30})
	d.Close()
	want := `andon: start QUA-02 delayed approval
andon: 0/2 done  QUA-02 play 62% facts=30 effects=28 open=2 fault=erp-throttle 10s  findings=1
 ✓ QUA-02   delayed approval        30 facts  30 effects                 12.0 s
`
	if got := b.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("escape sequences where there is no terminal")
	}
}

// One sign of life in ten seconds, from a display that runs by itself.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bytes.Buffer
		d := live.New(&b, 1, live.Options{})
		d.Start("X", "")
		ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
		defer cancel()
		d.Run(ctx)
		if n := strings.Count(b.String(), "0/1 done"); n != 6 {
			t.Errorf("%d signs of life in 61 s:\n%s", n, b.String())
		}
	})
}

func TestConcurrently(t *testing.T) {
	d := live.New(io.Discard, 8, live.Options{Terminal: true})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			id := fmt.Sprint("S-", i)
			d.Start(id, "")
			for n := range 50 {
				d.Update(id, live.Status{Facts: n})
				d.Tick()
				fmt.Fprintln(d.Log(), "line")
			}
			d.Done(reports.Scenario{ID: id})
		})
	}
	wg.Wait()
	d.Close()
}

// stuck is a terminal that does not read.
type stuck struct{ entered, leave chan struct{} }

func (s stuck) Write(p []byte) (int, error) {
	close(s.entered)
	<-s.leave
	return len(p), nil
}

// A terminal that does not read must not hold up the run.
func TestUpdateDoesNotWait(t *testing.T) {
	s := stuck{make(chan struct{}), make(chan struct{})}
	d := live.New(s, 1, live.Options{Terminal: true})
	var wg sync.WaitGroup
	wg.Go(d.Tick)
	<-s.entered
	d.Update("X", live.Status{}) // returns, or the test never ends
	close(s.leave)
	wg.Wait()
}
