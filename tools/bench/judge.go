package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/evidence/oracles/journaltest"
)

// Sizes of the journals that are judged, in records. With ten times the records
// a cost that is linear is ten times as high.
var sizes = []int{100_000, 1_000_000, 10_000_000}

// Memory of a process that judges ten million records.
const (
	mostMemory = 20 << 30 // the collector keeps it below this
	perRecord  = 1600     // bytes, at the least: what must be free before it is worth beginning
)

// judgement is what one process took to judge one journal.
type judgement struct {
	Records int
	Took    time.Duration // to join the records and have every oracle look at them
	Decode  time.Duration // to decode as many records with encoding/json, from a sample
	Peak    int64         // resident memory at its highest, journal included, in bytes; 0 if the system does not say
}

// judging prints what it takes to judge journals of each size up to o.records,
// with and without ids in what the SUT posts. Each is judged in a process of
// its own, so that its memory is its own too.
func judging(o options) error {
	judges := len(oracles.Standard())
	for _, bare := range []bool{false, true} {
		var before judgement
		for _, n := range sizes {
			if n > o.records {
				continue
			}
			what := fmt.Sprintf("%d judges, %d records, %s", judges, n, map[bool]string{false: "with ids", true: "without ids"}[bare])
			if free := available(); free > 0 && free < int64(n)*perRecord {
				fmt.Printf("%-44s left out: it takes more than %d MiB, and %d MiB are free\n", what, n*perRecord>>20, free>>20)
				continue
			}
			rounds := o.rounds
			if n >= 10_000_000 {
				rounds = 1 // long enough to be no chance
			}
			j, err := judgedApart(n, rounds, bare)
			if err != nil {
				return fmt.Errorf("judge %d records: %w", n, err)
			}
			target := ""
			if n == 1_000_000 {
				target = "< 5 s, < 2 GB; peer is encoding/json"
			}
			row(what, j.Took.Round(time.Millisecond).String(), j.Decode.Round(time.Millisecond).String(), float64(j.Took)/float64(j.Decode), target)
			fmt.Printf("  %.2f µs a record, %d MiB resident at most, %d bytes a record%s\n", perRecordMicros(j), j.Peak>>20, j.Peak/int64(j.Records), growth(before, j))
			before = j
		}
	}
	return nil
}

func perRecordMicros(j judgement) float64 {
	return float64(j.Took) / float64(j.Records) / float64(time.Microsecond)
}

// growth says how much more the larger of two journals took.
func growth(before, j judgement) string {
	if before.Records == 0 {
		return ""
	}
	return fmt.Sprintf("; %.1f × the time for %.1f × the records", float64(j.Took)/float64(before.Took), float64(j.Records)/float64(before.Records))
}

// judgedApart judges in a child process.
func judgedApart(n, rounds int, bare bool) (j judgement, err error) {
	self, err := os.Executable()
	if err != nil {
		return j, err
	}
	c := exec.Command(self, "-judge", strconv.Itoa(n), "-rounds", strconv.Itoa(rounds), fmt.Sprintf("-bare=%t", bare))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return j, err
	}
	return j, json.Unmarshal(out, &j)
}

// judgeHere judges a journal of n records so many times and writes what that
// took to standard output.
func judgeHere(n, rounds int, bare bool) error {
	debug.SetMemoryLimit(mostMemory)
	records := journaltest.Busy(n, bare)
	times := make([]time.Duration, rounds)
	for i := range times {
		debug.FreeOSMemory() // what the round before left is not this one's
		began := time.Now()
		findings := oracles.JudgeAll(evidence.NewHistory(records), oracles.Standard())
		times[i] = time.Since(began)
		if v := worst(findings); v != evidence.Holds {
			return fmt.Errorf("the benchmark's own journal is judged %s: %+v", v, findings[0])
		}
	}
	j := judgement{Records: len(records), Took: median(times), Peak: peak()}
	sample := records[:min(n, 100_000)]
	decode, err := decoding(sample)
	if err != nil {
		return err
	}
	j.Decode = decode * time.Duration(n) / time.Duration(len(sample))
	return json.NewEncoder(os.Stdout).Encode(j)
}

func worst(fs []evidence.Finding) (w evidence.Verdict) {
	for _, f := range fs {
		if f.Verdict != evidence.Vacuous {
			w = max(w, f.Verdict)
		}
	}
	return w
}

// decoding takes the time to decode records, which any judge of a stored run
// must at least do.
func decoding(records []evidence.Record) (time.Duration, error) {
	lines := make([][]byte, len(records))
	for i, r := range records {
		b, err := json.Marshal(r)
		if err != nil {
			return 0, err
		}
		lines[i] = b
	}
	began := time.Now()
	for _, l := range lines {
		var r evidence.Record
		if err := json.Unmarshal(l, &r); err != nil {
			return 0, err
		}
	}
	return time.Since(began), nil
}

// peak is the most memory that this process has had resident; 0 where the
// system does not say.
func peak() int64 { return kilobytes("/proc/self/status", "VmHWM:") }

// available is the memory that can be had without swapping; 0 where the system
// does not say.
func available() int64 { return kilobytes("/proc/meminfo", "MemAvailable:") }

// kilobytes reads a figure in kB from a file of the proc file system, in bytes.
func kilobytes(file, name string) int64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
			n, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(rest)), " kB"), 10, 64)
			return n << 10
		}
	}
	return 0
}
