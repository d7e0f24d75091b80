// Package bundle keeps one run on disk: a folder with what was planned, the
// journal, the payloads and what was made of them, from which the run can be
// judged, reported and replayed by anybody later.
//
// It knows nothing of how a run is made or judged. README.md describes the
// files for readers that are not written in Go.
package bundle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
)

// Format names the layout of a bundle. A reader refuses other majors.
const Format = "andon.bundle/v1"

// Names of the files of a bundle.
const (
	PlanFile     = "plan.json"
	JournalFile  = "journal.jsonl"
	PayloadsFile = "payloads.jsonl"
	RigFile      = "rig.yaml"
	ScenarioFile = "scenario.yaml"
	LogFile      = "sut.log"
	FindingsFile = "findings.json"
	VerdictFile  = "verdict.json"
)

// Inputs is what a run is known by before it begins.
type Inputs struct {
	Plan     evidence.Plan // Plan.Run names the folder
	Command  []string      // the command line, for people and for replay
	Rig      []byte        // the rig file as given; nil if there was none
	Scenario []byte        // the scenario file as given; nil if there was none
	Redactor *Redactor     // nil redacts by the names of fields only
}

// planFile is what plan.json holds.
type planFile struct {
	Format  string        `json:"format"`
	Command []string      `json:"command,omitempty"`
	Plan    evidence.Plan `json:"plan"`
}

// Verdict is what verdict.json holds.
type Verdict struct {
	Verdict  evidence.Verdict `json:"verdict"`
	Exit     int              `json:"exit"`
	Andon    string           `json:"andon"` // version that judged
	Run      string           `json:"run"`
	Scenario string           `json:"scenario"`
	Seed     uint64           `json:"seed"`
	Text     string           `json:"text,omitempty"` // why it is no better
}

// A Writer is the bundle of a run under way. All its methods are safe for
// concurrent use.
type Writer struct {
	dir      string
	redactor *Redactor
	plan     evidence.Plan // says whose findings they are
	journal  *journalFile
	payloads *payloadFile
	log      *os.File

	mu     sync.Mutex // guards what follows
	logs   []*logStream
	closed bool
}

// runName is deliberately narrow: the name of a run stands in file names, URLs
// and number ranges.
var runName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// Create makes the folder of a run below dir and opens its files. A folder
// that exists already is left alone and is an error: evidence is never
// overwritten.
func Create(dir string, in Inputs) (*Writer, error) {
	if !runName.MatchString(in.Plan.Run) {
		return nil, fmt.Errorf("create bundle: run name %q: use letters, digits, dot, dash and underscore", in.Plan.Run)
	}
	if in.Redactor == nil {
		in.Redactor = &Redactor{}
	}
	path := filepath.Join(dir, in.Plan.Run)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create bundle: %w", err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("create bundle: %s is there already: choose another --out or move it away; runs are never overwritten", path)
		}
		return nil, fmt.Errorf("create bundle: %w", err)
	}
	w := &Writer{dir: path, redactor: in.Redactor, plan: in.Plan}
	if err := w.begin(in); err != nil {
		w.closeFiles()
		return nil, fmt.Errorf("create bundle: %w", err)
	}
	return w, nil
}

// begin writes what is known beforehand and opens what grows.
func (w *Writer) begin(in Inputs) error {
	plan, err := json.Marshal(planFile{Format, in.Command, in.Plan})
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	if err := writeJSON(filepath.Join(w.dir, PlanFile), w.redactor.Line(plan)); err != nil {
		return err
	}
	for name, text := range map[string][]byte{RigFile: in.Rig, ScenarioFile: in.Scenario} {
		if text == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(w.dir, name), w.redactor.Text(text), 0o644); err != nil {
			return err
		}
	}
	payloads, err := w.open(PayloadsFile)
	if err != nil {
		return err
	}
	w.payloads = newPayloadFile(payloads, w.redactor)
	journal, err := w.open(JournalFile)
	if err != nil {
		return err
	}
	w.journal = &journalFile{out: journal, redactor: w.redactor, payloads: w.payloads}
	w.log, err = w.open(LogFile)
	return err
}

func (w *Writer) open(name string) (*os.File, error) {
	return os.OpenFile(filepath.Join(w.dir, name), os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o644)
}

// Path is the folder of the bundle.
func (w *Writer) Path() string { return w.dir }

// Journal is where an [evidence.Journal] writes its lines. Secrets are
// redacted on the way, and payloads reach their file before the records that
// refer to them reach this one.
func (w *Writer) Journal() io.Writer { return w.journal }

// Store keeps a payload and returns the reference a record names it by; ""
// for an empty one. Equal payloads are kept once. A payload that cannot be
// written is noticed by the journal's next flush.
func (w *Writer) Store(body []byte) string { return w.payloads.store(body) }

// Log returns a new stream into the SUT's log. Each stream, such as stdout and
// stderr, is kept in whole lines. Writes never fail, lest a full disk stop the
// SUT: what is wrong is told by Close.
func (w *Writer) Log() io.Writer {
	s := &logStream{out: w.log, redactor: w.redactor}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logs = append(w.logs, s)
	return s
}

// Redact tells the bundle of one more secret, such as a token just issued. It
// must be called before anybody is told the secret.
func (w *Writer) Redact(name, value string) error { return w.redactor.Add(name, value) }

// WritePlan replaces the plan by one that is complete: ports and policies are
// known only when everything has been opened.
func (w *Writer) WritePlan(p evidence.Plan, command []string) error {
	b, err := json.Marshal(planFile{Format, command, p})
	if err != nil {
		return fmt.Errorf("encode plan: %w", err)
	}
	return writeJSON(filepath.Join(w.dir, PlanFile), w.redactor.Line(b))
}

// WriteFindings stores what the judges found, replacing what was there.
func (w *Writer) WriteFindings(fs []evidence.Finding) error {
	return writeFindings(w.dir, w.redactor, w.plan, fs)
}

// WriteVerdict stores the verdict, replacing what was there.
func (w *Writer) WriteVerdict(v Verdict) error { return writeVerdict(w.dir, w.redactor, v) }

// Close brings everything to disk and reports what went wrong since Create.
// The journal must have been flushed before.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil
	}
	w.closed = true
	var errs []error
	for _, s := range w.logs {
		errs = append(errs, s.finish())
	}
	errs = append(errs, w.payloads.flush(), w.journal.failure(), w.closeFiles())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close bundle %s: %w", w.dir, err)
	}
	return nil
}

func (w *Writer) closeFiles() error {
	var errs []error
	if w.journal != nil {
		errs = append(errs, w.journal.out.Sync(), w.journal.out.Close())
	}
	if w.payloads != nil {
		errs = append(errs, w.payloads.out.Sync(), w.payloads.out.Close())
	}
	if w.log != nil {
		errs = append(errs, w.log.Close())
	}
	return errors.Join(errs...)
}

func writeFindings(dir string, r *Redactor, p evidence.Plan, fs []evidence.Finding) error {
	b, err := json.Marshal(explain.Document{Schema: explain.DocumentVersion, Andon: p.Andon, Run: p.Run, Scenario: p.Scenario, Seed: p.Seed, Findings: fs})
	if err != nil {
		return fmt.Errorf("encode findings: %w", err)
	}
	return writeJSON(filepath.Join(dir, FindingsFile), r.Line(b))
}

func writeVerdict(dir string, r *Redactor, v Verdict) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode verdict: %w", err)
	}
	return writeJSON(filepath.Join(dir, VerdictFile), r.Line(b))
}

// writeJSON writes compact JSON indented, by way of a second file, so that a
// reader meets the old text or the new one and never half of it.
func writeJSON(path string, compact []byte) error {
	var text bytes.Buffer
	if err := json.Indent(&text, compact, "", "  "); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	text.WriteByte('\n')
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, text.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
