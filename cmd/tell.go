package cmd

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/html"
	"github.com/andon-rig/andon/reports/jsonreport"
	"github.com/andon-rig/andon/reports/junit"
	"github.com/andon-rig/andon/reports/live"
	"github.com/andon-rig/andon/reports/markdown"
	"github.com/andon-rig/andon/reports/text"
)

// Files that a gate leaves beside its bundles.
const (
	reportText = "report.txt"
	reportJSON = "gate.json"
	reportHTML = "report.html"
)

// outFlags are how results are told.
type outFlags struct {
	json     bool
	junit    string
	html     string
	markdown string
	quiet    bool
	plain    bool
	shown    bool // progress has been shown
}

func (f *outFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	f.addFiles(c)
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	flags.BoolVar(&f.plain, "plain", false, "no colour and no redrawing")
}

// addFiles adds the flags that name files to write.
func (f *outFlags) addFiles(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.junit, "junit", "", "also write a JUnit XML `file`")
	flags.StringVar(&f.html, "html", "", "also write one self-contained HTML `file`")
	flags.StringVar(&f.markdown, "markdown", "", "also write a Markdown summary for the pages of CI hosts to this `file`")
}

// files are the flags that name files, in their order.
func (f *outFlags) files() []struct{ flag, path string } {
	return []struct{ flag, path string }{{"--junit", f.junit}, {"--html", f.html}, {"--markdown", f.markdown}}
}

// terminal reports whether w is a terminal that may be drawn on, and how wide
// it is.
func terminal(w World, out io.Writer, plain bool) (bool, int) {
	f, ok := out.(*os.File)
	if plain || !ok || w.Env("TERM") == "dumb" || !term.IsTerminal(int(f.Fd())) {
		return false, 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return true, 0
	}
	return true, width
}

// color reports whether out may be coloured; see https://no-color.org.
func color(w World, out io.Writer, plain bool) bool {
	tty, _ := terminal(w, out, plain)
	return tty && w.Env("NO_COLOR") == ""
}

// progress shows on stderr how n scenarios get on. Done ends that and must be
// called before results are told.
func progress(w World, f outFlags, n int) (watch func(harness.Progress), done func()) {
	if f.quiet {
		return nil, func() {}
	}
	tty, width := terminal(w, w.Stderr, f.plain)
	d := live.New(w.Stderr, n, live.Options{Terminal: tty, Color: color(w, w.Stderr, f.plain), Width: width})
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { d.Run(ctx) })
	return func(p harness.Progress) { follow(d, p) }, func() {
		stop()
		wg.Wait()
		d.Close()
	}
}

// follow tells the display what becomes of a scenario.
func follow(d *live.Display, p harness.Progress) {
	id := p.Scenario.Metadata.ID
	if p.Done != nil {
		d.Done(*p.Done)
		return
	}
	d.Start(id, p.Scenario.Metadata.Title)
	if p.Plan == nil || p.Plan.Journal == nil {
		return
	}
	s := &status{id: id, display: d, began: p.Plan.Floor.Now(), lasts: shift(p)}
	p.Plan.Journal.Watch(s.see)
}

// shift is how long the scenario lasts in plant time.
func shift(p harness.Progress) time.Duration { return cmp.Or(p.Scenario.Time.Shift.D, 8*time.Hour) }

// status sums up a journal while it grows. Its methods are serial, as the
// journal calls them.
type status struct {
	id      string
	display *live.Display
	began   time.Time // plant time
	lasts   time.Duration
	now     live.Status
	armed   []string
}

func (s *status) see(r evidence.Record) {
	switch b := r.Body.(type) {
	case evidence.Truth:
		if b.Sink == "" {
			return
		}
		s.now.Facts++
	case evidence.Effect:
		s.now.Effects++
	case evidence.Step:
		if b.Name == "play" || b.Name == "settle" {
			s.now.Phase = b.Name
		}
		if b.Name == "settle" {
			s.now.Share = 1
		}
	case evidence.Disturbance:
		s.disturbance(b)
	default:
		return
	}
	if s.now.Phase == "play" && !r.Plant.IsZero() && s.lasts > 0 {
		s.now.Share = max(s.now.Share, float64(r.Plant.Sub(s.began))/float64(s.lasts))
	}
	s.display.Update(s.id, s.now)
}

// disturbance keeps the last fault that is in force.
func (s *status) disturbance(b evidence.Disturbance) {
	switch b.Phase {
	case evidence.Armed:
		s.armed = append(s.armed, b.Fault)
	case evidence.Healed:
		for i, id := range s.armed {
			if id == b.Fault {
				s.armed = append(s.armed[:i:i], s.armed[i+1:]...)
				break
			}
		}
	}
	s.now.Fault = ""
	if n := len(s.armed); n > 0 {
		s.now.Fault = s.armed[n-1]
	}
}

// tell reports g on stdout and in the files that were asked for, and returns
// its exit status.
func tell(w World, f outFlags, g reports.Gate) error {
	onScreen, _ := terminal(w, w.Stdout, f.plain)
	live, _ := terminal(w, w.Stderr, f.plain)
	if f.json || f.html != "" || f.markdown != "" {
		figures(g.Scenarios)
	}
	var r reports.Reporter = text.Reporter{Color: color(w, w.Stdout, f.plain), Seen: onScreen && live && !f.quiet && f.shown}
	if f.json {
		r = jsonreport.Reporter{}
	}
	troubles(w, g)
	if err := r.Report(w.Stdout, g); err != nil {
		return &rigError{err}
	}
	if err := f.write(w, g); err != nil {
		return err
	}
	if g.Exit != 0 {
		return exit(g.Exit)
	}
	return nil
}

// write reports g in the files that were asked for.
func (f outFlags) write(w World, g reports.Gate) error {
	for _, one := range []struct {
		path string
		r    reports.Reporter
	}{{f.junit, junit.Reporter{}}, {f.html, html.Reporter{Faults: w.Catalog.FaultNames()}}, {f.markdown, markdown.Reporter{}}} {
		if one.path == "" {
			continue
		}
		if err := report(one.path, one.r, g); err != nil {
			return &rigError{err}
		}
	}
	if f.markdown != "" && w.Env("GITHUB_ACTIONS") == "true" {
		return ofMachine(markdown.Annotate(w.Stderr, g))
	}
	return nil
}

// figures reads from the journals what reports show beside the findings. A
// journal that cannot be read has no figures, and the scenario says why.
func figures(of []reports.Scenario) {
	for i := range of {
		s := &of[i]
		if s.Bundle == "" || s.Figures != nil {
			continue
		}
		b, err := bundle.Open(s.Bundle)
		if err != nil {
			s.Notes = append(s.Notes, "there are no figures: "+err.Error())
			continue
		}
		s.Figures = reports.FiguresOf(b.History(), *s)
	}
}

// troubles says on stderr what kept the rig from its work, in full and once.
func troubles(w World, g reports.Gate) {
	said := map[string]bool{}
	for _, s := range g.Scenarios {
		if s.Error == "" || said[s.Error] {
			continue
		}
		said[s.Error] = true
		fmt.Fprintf(w.Stderr, "andon: %s: %s\n", s.ID, printable(s.Error))
	}
}

// printable keeps a SUT's words from steering the terminal.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || unicode.IsPrint(c) {
			return c
		}
		return '·'
	}, strings.ReplaceAll(text, "\t", "    "))
}

// keep writes the reports of g into its folder.
func keep(w World, g reports.Gate) error {
	if g.Bundle == "" {
		return nil
	}
	figures(g.Scenarios)
	for name, r := range map[string]reports.Reporter{
		reportText: text.Reporter{}, reportJSON: jsonreport.Reporter{}, reportHTML: html.Reporter{Faults: w.Catalog.FaultNames()},
	} {
		if err := report(filepath.Join(g.Bundle, name), r, g); err != nil {
			return &rigError{err}
		}
	}
	return nil
}

// report writes one report to a file, with the folders it needs.
func report(path string, r reports.Reporter, g reports.Gate) error {
	var b bytes.Buffer
	if err := r.Report(&b, g); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}
