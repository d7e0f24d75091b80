// Package live shows how a gate is getting on, while it does: one region that
// is drawn again and again on a terminal, plain lines elsewhere.
//
// It writes for people, to stderr. Nothing it shows is a result; results are
// told by the reporters when all is judged.
package live

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/text"
)

// Options say where the progress is shown.
type Options struct {
	Terminal bool             // redraw in place; else write plain lines
	Color    bool             // the caller looks at NO_COLOR and the terminal
	Width    int              // columns; 0 means 80
	Now      func() time.Time // nil means time.Now
}

// Times between two drawings of the region, and between two signs of life
// where lines are plain.
const (
	redraw    = 120 * time.Millisecond
	heartbeat = 10 * time.Second
)

// A Status is how far a running scenario has come. Zero fields are not shown.
type Status struct {
	Phase    string // "play", "settle"
	Share    float64
	Facts    int
	Effects  int
	Open     int    // facts that are accepted and not posted yet
	Fault    string // in force now
	Findings int
}

// A Display shows progress. Its methods are safe for concurrent use; what goes
// wrong in writing is ignored, because progress must not stop a run.
type Display struct {
	o Options

	out sync.Mutex // guards w, and is taken before mu
	w   io.Writer

	// mu guards what follows. It is never held while something is written, so
	// that a terminal that does not read cannot hold up who calls Update.
	mu      sync.Mutex
	began   time.Time
	spoke   time.Time // last time a plain line was written
	drawn   int       // lines of the region on the terminal
	frame   int
	total   int
	done    [4]int
	running []*scene
	partial []byte // of a log line
	sums    Status
	text    strings.Builder // what to write when mu is given back
}

// A scene is a scenario that is running.
type scene struct {
	id, title string
	since     time.Time
	status    Status
}

// New returns a Display of total scenarios that writes to w.
func New(w io.Writer, total int, o Options) *Display {
	if o.Width <= 0 {
		o.Width = 80
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	now := o.Now()
	return &Display{w: w, o: o, total: total, began: now, spoke: now}
}

// Run keeps the display alive until ctx is done.
func (d *Display) Run(ctx context.Context) {
	t := time.NewTicker(redraw)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			d.Tick()
		case <-ctx.Done():
			return
		}
	}
}

// Start tells that a scenario begins.
func (d *Display) Start(id, title string) {
	defer d.begin()()
	d.running = append(d.running, &scene{id: id, title: title, since: d.o.Now()})
	if !d.o.Terminal {
		d.say("start %s %s", id, title)
	}
}

// Update tells how far a scenario has come. It is cheap: nothing is drawn.
func (d *Display) Update(id string, s Status) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, sc := range d.running {
		if sc.id == id {
			sc.status = s
		}
	}
}

// Done tells that a scenario has been judged.
func (d *Display) Done(s reports.Scenario) {
	defer d.begin()()
	d.running = slices.DeleteFunc(d.running, func(sc *scene) bool { return sc.id == s.ID })
	if s.Verdict >= 0 && int(s.Verdict) < len(d.done) {
		d.done[s.Verdict]++
	}
	d.sums.Facts += s.Facts
	d.sums.Effects += s.Effects
	d.sums.Findings += len(s.Open())
	sign := text.Sign(s.Verdict)
	if d.o.Color {
		sign = text.Color(s.Verdict) + sign + "\x1b[0m"
	}
	d.erase()
	fmt.Fprintf(&d.text, " %s %s\n", sign, explain.Clean(text.Line(s, d.o.Width-4), d.o.Width-4))
	d.spoke = d.o.Now()
	d.draw()
}

// Log returns a writer for what others have to say meanwhile: whole lines go
// above the region.
func (d *Display) Log() io.Writer { return logWriter{d} }

type logWriter struct{ d *Display }

// Write implements io.Writer.
func (l logWriter) Write(p []byte) (int, error) {
	d := l.d
	defer d.begin()()
	d.partial = append(d.partial, p...)
	n := bytes.LastIndexByte(d.partial, '\n') + 1
	if n == 0 {
		return len(p), nil
	}
	d.erase()
	d.text.Write(d.partial[:n])
	d.partial = append(d.partial[:0], d.partial[n:]...)
	d.draw()
	return len(p), nil
}

// Tick draws the region anew or, where lines are plain, gives a sign of life
// if there was none for ten seconds.
func (d *Display) Tick() {
	defer d.begin()()
	d.frame++
	if d.o.Terminal {
		d.erase()
		d.draw()
		return
	}
	if d.o.Now().Sub(d.spoke) >= heartbeat {
		d.say("%s", d.pulse())
	}
}

// Close takes the region away. Nothing must be told afterwards.
func (d *Display) Close() {
	defer d.begin()()
	d.erase()
	if len(d.partial) > 0 {
		fmt.Fprintf(&d.text, "%s\n", d.partial)
		d.partial = nil
	}
	d.running = nil
	d.total = 0
}

// begin takes the display; what it returns writes what was said and gives the
// display back.
func (d *Display) begin() (end func()) {
	d.out.Lock()
	d.mu.Lock()
	return func() {
		text := d.text.String()
		d.text.Reset()
		d.mu.Unlock()
		if text != "" {
			_, _ = io.WriteString(d.w, text)
		}
		d.out.Unlock()
	}
}

// say writes a plain line.
func (d *Display) say(format string, args ...any) {
	fmt.Fprintf(&d.text, "andon: %s\n", explain.Clean(strings.TrimSpace(fmt.Sprintf(format, args...)), 200))
	d.spoke = d.o.Now()
}

// pulse is all there is to see, in one line.
func (d *Display) pulse() string {
	parts := []string{fmt.Sprintf("%d/%d done", d.finished(), d.total)}
	for _, sc := range d.running {
		parts = append(parts, strings.TrimRight(sc.id+" "+sc.status.words(), " ")+" "+d.since(sc.since))
	}
	return strings.Join(append(parts, fmt.Sprintf("findings=%d", d.findings())), "  ")
}

// words are the parts of a status that say something.
func (s Status) words() string {
	var ws []string
	if s.Phase != "" {
		ws = append(ws, s.Phase)
	}
	if s.Share > 0 {
		ws = append(ws, fmt.Sprintf("%.0f%%", 100*min(s.Share, 1)))
	}
	for _, n := range []struct {
		name string
		n    int
	}{{"facts", s.Facts}, {"effects", s.Effects}, {"open", s.Open}} {
		if n.n > 0 {
			ws = append(ws, fmt.Sprintf("%s=%d", n.name, n.n))
		}
	}
	if s.Fault != "" {
		ws = append(ws, "fault="+s.Fault)
	}
	return strings.Join(ws, " ")
}

// erase takes the region off the terminal.
func (d *Display) erase() {
	if d.drawn > 0 {
		fmt.Fprintf(&d.text, "\x1b[%dA\r\x1b[J", d.drawn)
		d.drawn = 0
	}
}

// draw puts the region on the terminal.
func (d *Display) draw() {
	if !d.o.Terminal || d.total == 0 {
		return
	}
	for _, line := range d.region() {
		d.text.WriteString(explain.Clean(line, d.o.Width-1) + "\n")
		d.drawn++
	}
}

var spinner = []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")

func (d *Display) region() (lines []string) {
	for _, sc := range d.running {
		line := fmt.Sprintf(" %c %-8s %-24s", spinner[d.frame%len(spinner)], sc.id, explain.Clean(sc.title, 24))
		if sc.status.Share > 0 {
			line += " " + bar(sc.status.Share)
		}
		lines = append(lines, line+" "+sc.status.words()+" "+d.since(sc.since))
	}
	if waiting := d.total - d.finished() - len(d.running); waiting > 0 {
		lines = append(lines, fmt.Sprintf(" · %d waiting", waiting))
	}
	lines = append(lines, strings.Repeat("─", min(77, d.o.Width-1)))
	sums := d.sums
	for _, sc := range d.running {
		sums.Facts += sc.status.Facts
		sums.Effects += sc.status.Effects
	}
	return append(lines, fmt.Sprintf(" %d/%d done · holds %d · violated %d · facts %d · effects %d · findings %d · %s", d.finished(), d.total,
		d.done[evidence.Holds], d.done[evidence.Violated], sums.Facts, sums.Effects, d.findings(), d.since(d.began)))
}

func (d *Display) finished() (n int) {
	for _, c := range d.done {
		n += c
	}
	return n
}

func (d *Display) findings() int {
	n := d.sums.Findings
	for _, sc := range d.running {
		n += sc.status.Findings
	}
	return n
}

func (d *Display) since(t time.Time) string { return fmt.Sprintf("%.0fs", d.o.Now().Sub(t).Seconds()) }

// bar shows a share as ten blocks.
func bar(share float64) string {
	n := int(10 * min(max(share, 0), 1))
	return strings.Repeat("▓", n) + strings.Repeat("░", 10-n)
}
