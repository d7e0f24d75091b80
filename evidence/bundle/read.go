package bundle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/explain"
)

// A Bundle is a stored run. What is wrong with it is part of it: a run whose
// evidence has holes can still be read, but its reader is told.
type Bundle struct {
	Path     string
	Plan     evidence.Plan // as the journal has it, else plan.json
	Command  []string
	Records  []evidence.Record
	Findings []evidence.Finding // as stored; nil if the run was never judged
	Verdict  *Verdict           // as stored; nil if the run was never judged
	Rig      []byte
	Scenario []byte

	Cut     *Cut     // nil if the journal ends as it should
	Damage  []Damage // lines that could not be read, in order
	Missing []string // files that a whole bundle has and this one has not

	once     sync.Once // guards what follows
	payloads map[string]Payload
	err      error
}

// A Cut says why a journal ends before its end.
type Cut struct {
	Line   int    // the last line, from 1
	Reason string // for people
}

// Damage is a place in a file that could not be read.
type Damage struct {
	File string
	Line int // from 1; 0 for the whole file
	What string
}

// String names the place as editors do.
func (d Damage) String() string {
	if d.Line == 0 {
		return d.File + ": " + d.What
	}
	return fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.What)
}

// maxDamage is how many places are told one by one.
const maxDamage = 100

// Open reads the bundle in this folder; the path of its journal will do, too.
// It is an error only if there is nothing to read: no folder, no journal and
// no plan, or a format of a later Andon.
func Open(path string) (*Bundle, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open bundle: %w", err)
	}
	if !info.IsDir() {
		if filepath.Base(path) != JournalFile {
			return nil, fmt.Errorf("open bundle: %s is neither a run's folder nor its %s", path, JournalFile)
		}
		path = filepath.Dir(path)
	}
	b := &Bundle{Path: path}
	if err := b.readPlan(); err != nil {
		return nil, fmt.Errorf("open bundle %s: %w", path, err)
	}
	if err := b.readJournal(); err != nil {
		return nil, fmt.Errorf("open bundle %s: %w", path, err)
	}
	if len(b.Missing) == 2 {
		return nil, fmt.Errorf("open bundle: %s holds neither %s nor %s%s", path, PlanFile, JournalFile, runsBelow(path))
	}
	b.Rig = b.optional(RigFile)
	b.Scenario = b.optional(ScenarioFile)
	var judged explain.Document
	b.stored(FindingsFile, &judged)
	b.Findings = judged.Findings
	b.stored(VerdictFile, &b.Verdict)
	b.noteMissing(PayloadsFile, LogFile)
	return b, nil
}

// Began is the wall time at which the run began; zero if that was lost.
func (b *Bundle) Began() time.Time {
	if len(b.Records) > 0 {
		if begin, ok := b.Records[0].Body.(evidence.Begin); ok {
			return begin.Wall
		}
	}
	return time.Time{}
}

// Problems tells in words what is wrong with the bundle, worst first; nothing
// if it is whole. A judgement of a bundle with problems must repeat them.
func (b *Bundle) Problems() []string {
	var ps []string
	if b.Cut != nil {
		ps = append(ps, fmt.Sprintf("the run was cut: %s", b.Cut.Reason))
	}
	for _, d := range b.Damage {
		ps = append(ps, d.String())
	}
	for _, m := range b.Missing {
		ps = append(ps, m+" is missing")
	}
	return ps
}

// History makes the records ready for judging. What is wrong with the bundle
// goes with them, so that judges do not take a hole for an absence; a plan that
// the journal has lost is taken from plan.json.
func (b *Bundle) History() *evidence.History {
	records := b.Records
	if (len(records) == 0 || records[0].Seq != 1) && b.Plan.Run != "" {
		records = append([]evidence.Record{{Seq: 1, Body: evidence.Begin{Plan: b.Plan}}}, records...)
	}
	var unreadable []string
	for _, d := range b.Damage {
		if d.File == JournalFile {
			unreadable = append(unreadable, d.String())
		}
	}
	return evidence.NewHistory(records, unreadable...)
}

// Payload returns the payload a record refers to.
func (b *Bundle) Payload(ref string) (Payload, error) {
	b.once.Do(func() { b.payloads, b.err = readPayloads(filepath.Join(b.Path, PayloadsFile)) })
	p, ok := b.payloads[ref]
	switch {
	case ok:
		return p, nil
	case b.err != nil:
		return p, fmt.Errorf("read payload %s: %w", ref, b.err)
	}
	return p, fmt.Errorf("read payload %s: it is not in %s", ref, PayloadsFile)
}

// SaveJudgement replaces the stored findings and verdict by new ones.
func (b *Bundle) SaveJudgement(fs []evidence.Finding, v Verdict) error {
	r := &Redactor{} // the journal they derive from has been redacted already
	if err := writeFindings(b.Path, r, b.Plan, fs); err != nil {
		return fmt.Errorf("save judgement: %w", err)
	}
	if err := writeVerdict(b.Path, r, v); err != nil {
		return fmt.Errorf("save judgement: %w", err)
	}
	b.Findings, b.Verdict = fs, &v
	return nil
}

func (b *Bundle) readPlan() error {
	text, err := os.ReadFile(filepath.Join(b.Path, PlanFile))
	if errors.Is(err, fs.ErrNotExist) {
		b.Missing = append(b.Missing, PlanFile)
		return nil
	} else if err != nil {
		return err
	}
	var head struct{ Format string }
	if json.Unmarshal(text, &head) == nil && head.Format != "" && head.Format != Format {
		return fmt.Errorf("its format is %q and this Andon reads %q: use the version that made it, or a later one", head.Format, Format)
	}
	var p planFile
	if err := json.Unmarshal(text, &p); err != nil {
		b.damage(PlanFile, 0, err.Error())
		return nil
	}
	b.Plan, b.Command = p.Plan, p.Command
	return nil
}

func (b *Bundle) readJournal() error {
	f, err := os.Open(filepath.Join(b.Path, JournalFile))
	if errors.Is(err, fs.ErrNotExist) {
		b.Missing = append(b.Missing, JournalFile)
		b.Cut = &Cut{Reason: "there is no journal"}
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	j, err := ReadJournal(f)
	if err != nil {
		return err
	}
	b.Records, b.Cut = j.Records, j.Cut
	b.Damage = append(b.Damage, j.Damage...)
	if len(b.Records) > 0 {
		if begin, ok := b.Records[0].Body.(evidence.Begin); ok {
			b.Plan = begin.Plan
		}
	}
	return nil
}

// optional reads a file that a run may do without.
func (b *Bundle) optional(name string) []byte {
	text, err := os.ReadFile(filepath.Join(b.Path, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.damage(name, 0, err.Error())
	}
	return text
}

// stored reads a file into v if it is there.
func (b *Bundle) stored(name string, v any) {
	text := b.optional(name)
	if text == nil {
		b.noteMissing(name)
		return
	}
	if err := json.Unmarshal(text, v); err != nil {
		b.damage(name, 0, err.Error())
	}
}

func (b *Bundle) noteMissing(names ...string) {
	for _, n := range names {
		if _, err := os.Stat(filepath.Join(b.Path, n)); errors.Is(err, fs.ErrNotExist) {
			b.Missing = append(b.Missing, n)
		}
	}
}

func (b *Bundle) damage(file string, line int, what string) {
	b.Damage = append(b.Damage, Damage{file, line, what})
}

// runsBelow helps a user who named the folder above the one that was meant.
func runsBelow(path string) string {
	found, _ := filepath.Glob(filepath.Join(path, "*", JournalFile))
	if len(found) == 0 {
		return ""
	}
	names := make([]string, 0, len(found))
	for _, f := range found[:min(len(found), 5)] {
		names = append(names, filepath.Dir(f))
	}
	return "; name one of the runs in it, such as " + strings.Join(names, ", ")
}

// readPayloads reads what can be read; payloads are evidence for people, so a
// damaged one is simply not there.
func readPayloads(path string) (map[string]Payload, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ps := map[string]Payload{}
	r := bufio.NewReaderSize(f, 256<<10)
	for {
		line, err := r.ReadBytes('\n')
		var p Payload
		if len(bytes.TrimSpace(line)) > 0 && json.Unmarshal(line, &p) == nil && p.ID != "" {
			ps[p.ID] = p
		}
		if err == io.EOF {
			return ps, nil
		} else if err != nil {
			return ps, err
		}
	}
}
