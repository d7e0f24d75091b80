package harness_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/sut/container/enginetest"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// The faults in this file befall the build: the bundled one, between an ERP that
// speaks a dialect and a MES, in whole runs.

// brokenBuild is a run in which the build is killed, asked to stop, and frozen. It
// is away for longer than the plant waits for anybody, so that others notice. The
// first try of a confirmation may fall into an outage, so that any strikes.
const brokenBuild = `
  - {id: sut-kill, fault: sut-kill, at: erp, direction: from-sut, hits: {fact: confirmation, nth: 2, per: run, attempts: 1}, with: {moment: after-apply-before-reply, down: {wall: 2500ms}}}
  - {id: sut-restart, fault: sut-restart, at: erp, direction: from-sut, hits: {fact: confirmation, nth: 4, per: run}, max: 1, with: {moment: after-reply, down: {wall: 2500ms}}}
  - {id: sut-pause, fault: sut-pause, at: erp, direction: from-sut, hits: {fact: confirmation, nth: 8, per: run}, max: 1, with: {moment: before-apply, for: {wall: 3s}}}`

// otherBreaks are those that are played with -everything only: each needs a run of
// its own.
var otherBreaks = []string{"sut-detach", "sut-memory", "sut-disk-full", "sut-scale", "sut-upgrade", "sut-restore", "sut-clock", "packet-loss", "packet-duplicate", "packet-corrupt", "packet-reorder"}

// buildBridge compiles the bundled build.
func buildBridge(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "bridge")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../examples/bridge/cmd/bridge")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // so that an image needs nothing else
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return bin
}

// boxed is the same rig with the build in a container.
func boxed(t *testing.T, f harness.File, bin string) harness.File {
	t.Helper()
	enginetest.Need(t)
	dir := filepath.Dir(bin)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY bridge /bridge\nENTRYPOINT [\"/bridge\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f.SUT.Process, f.SUT.Container = nil, &harness.ContainerSpec{Image: enginetest.Build(t, dir)}
	return f
}

// bridged is the rig of the bundled build around an ERP that speaks a dialect, in
// which tokens outlast the run: who signs in again has forgotten his.
func bridged(t *testing.T, dialect, bin string) harness.File {
	t.Helper()
	f, _, err := harness.BundledWith(dialect)
	if err != nil {
		t.Fatal(err)
	}
	f.SUT.Process.Command = []string{bin}
	if f.SUT.Previous == nil {
		f.SUT.Previous = &harness.PreviousSpec{Env: map[string]string{"BATCH": "1"}}
	}
	for name, e := range f.Endpoints {
		e.Policy.TokenTTL = yamlfile.Duration{D: time.Hour, Domain: yamlfile.WallTime}
		f.Endpoints[name] = e
	}
	return f
}

// life is what a run shows of the build's.
type life struct {
	struck  map[string]int
	signIns int           // at ERP and MES
	notNow  int           // announcements that it has not taken when it was asked to
	outages []int         // of each time that it was down, how often others noticed: such announcements, and sign-ins anew
	silence time.Duration // the longest between two things that it said
	posted  int
	owed    int  // facts of the plant that the ERP is to be told
	back    bool // it was started again, or beside itself, and got ready
}

// spared are those of the faults that never struck.
func (l life) spared(faults []string) (never []string) {
	for _, f := range faults {
		if l.struck[f] == 0 {
			never = append(never, f)
		}
	}
	return never
}

// lived plays one run with these faults and returns what it shows; none is a run on
// a good day.
func lived(t *testing.T, f harness.File, withFaults string) life {
	t.Helper()
	text := "apiVersion: andon/v1\nkind: Scenario\nmetadata: {id: T, title: \"What befalls the build\"}\nseed: 3\nplant: {open: 1}\ngiven: {orders: {count: 5}}\nfloor: {confirmation: 20}\n"
	if withFaults != "" {
		text += "faults:" + withFaults + "\n"
	}
	ss, err := scenarios.Parse("t.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := harness.Build(harness.Setup{Catalog: catalog.Standard(), File: f, Scenario: ss[0], Seed: 3, Run: "T-3", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	findings, err := r.RunAndKeep(t.Context())
	records := r.Plan.Journal.Records()
	if cerr := r.Close(); err != nil || cerr != nil {
		t.Fatal(err, cerr)
	}
	for _, f := range findings {
		if f.Verdict == evidence.Violated {
			t.Errorf("the sound build is blamed: %s %s: %s", f.Oracle, f.Rule, f.Text)
		}
	}
	return lifeOf(records, f.SUT.Receives["erp"] != "")
}

// lifeOf reads a journal; pushes is true if the ERP calls the build, as the MES
// does.
func lifeOf(records []evidence.Record, pushes bool) life {
	l := life{struck: map[string]int{}}
	down := -1
	var said []time.Duration
	for _, r := range records {
		switch b := r.Body.(type) {
		case evidence.Disturbance:
			if b.Phase == evidence.Struck {
				l.struck[b.Fault]++
			}
		case evidence.Attempt:
			said = append(said, b.Start)
			if strings.HasSuffix(b.Name, "token") && b.Acted.Outcome.Took() {
				if l.signIns++; down < 0 && len(l.outages) > 0 {
					l.outages[len(l.outages)-1]++
				}
			}
		case evidence.Truth:
			if b.Sink == "erp" {
				l.owed++
			}
		case evidence.Effect:
			if b.Endpoint == "erp" {
				l.posted++
			}
		case evidence.Offer:
			if (b.Endpoint == "mes" || pushes) && !b.Result.Outcome.Took() {
				if l.notNow++; down >= 0 {
					l.outages[down]++
				}
			}
		case evidence.Step:
			switch b.Name {
			case "sut.kill", "sut.stop":
				down, l.outages = len(l.outages), append(l.outages, 0)
			case "sut.start":
				down = -1
				l.back = l.back || b.Text != ""
			case "sut.single":
				l.back = true
			}
		}
	}
	slices.Sort(said)
	for i := 1; i < len(said); i++ {
		l.silence = max(l.silence, said[i]-said[i-1])
	}
	return l
}

// breakBuilds has the build at the ERP of each dialect killed, restarted and
// frozen, and with everything whatever else can befall it here.
func breakBuilds(t *testing.T, m *below) {
	bin := buildBridge(t)
	for _, part := range catalog.Standard().Dialects {
		t.Run(part.Name, func(t *testing.T) {
			t.Parallel()
			f := bridged(t, part.Name, bin)
			calm := lived(t, f, "")
			if calm.notNow > 0 || len(calm.outages) > 0 || calm.posted == 0 || calm.posted != calm.owed {
				t.Fatalf("a good day is not one: %+v", calm)
			}
			befall := []string{"sut-kill", "sut-restart", "sut-pause"}
			hard := lived(t, f, brokenBuild)
			for again := 0; again < 3 && (slices.Contains(hard.outages, 0) || len(hard.spared(befall)) > 0); again++ { // the plant was done before a busy machine came to the fault
				hard = lived(t, f, brokenBuild)
			}
			if spared := hard.spared(befall); len(spared) > 0 {
				t.Errorf("%v never struck", spared)
			}
			if len(hard.outages) != 2 || slices.Contains(hard.outages, 0) {
				t.Errorf("it was down two times, and others noticed %v times", hard.outages)
			}
			for again := 0; again < 3 && calm.silence >= hard.silence; again++ { // the machine was busy
				calm = lived(t, f, "")
			}
			if hard.silence < 2*time.Second || calm.silence >= hard.silence {
				t.Errorf("it was frozen for three seconds, and was silent for %s, on a good day for %s", hard.silence, calm.silence)
			}
			if hard.posted != hard.owed {
				t.Errorf("%d things are posted of %d", hard.posted, hard.owed)
			}
			if !t.Failed() {
				for _, fault := range befall {
					m.saw(fault, part.Name, "")
				}
			}
			if *everything {
				for _, fault := range otherBreaks {
					t.Run(fault, func(t *testing.T) { breakOther(t, m, part.Name, f, fault, calm) })
				}
			}
		})
	}
}

// breakOther plays a run of its own under one fault of the build.
func breakOther(t *testing.T, m *below, dialect string, f harness.File, fault string, calm life) {
	info, _ := faults.Find(fault)
	if fault == "sut-detach" {
		f = boxed(t, f, f.SUT.Process.Command[0])
	}
	if err := f.FeasibleFault(info); err != nil {
		t.Skipf("cannot be carried out here: %v", err)
	}
	with := map[string]string{
		"sut-memory": "spare: 0, for: {wall: 1s}, down: {wall: 50ms}", "sut-disk-full": "for: {wall: 500ms}", "sut-scale": "for: {wall: 1s}",
		"sut-upgrade": "both: {wall: 300ms}", "sut-restore": "down: {wall: 50ms}", "sut-clock": "for: {wall: 1s}, offset: {wall: 2h}", "sut-detach": "for: {wall: 3s}",
	}[fault]
	hard := lived(t, f, fmt.Sprintf("\n  - {id: f, fault: %s, at: erp, direction: from-sut, hits: {fact: confirmation, nth: 3, per: run, attempts: 1}, with: {%s}}", fault, with))
	if hard.struck["f"] == 0 {
		t.Error("it never struck")
	}
	t.Logf("signed in %d times, on a good day %d times; did not take %d announcements, on a good day %d; posted %d and %d; was silent for %s and %s", hard.signIns, calm.signIns, hard.notNow, calm.notNow, hard.posted, calm.posted, hard.silence, calm.silence)
	silent := fault == "sut-detach" && hard.silence > 2*time.Second && hard.silence > calm.silence
	if hard.signIns == calm.signIns && hard.notNow == calm.notNow && !hard.back && !silent {
		t.Error("nobody saw anything of it")
	}
	if !t.Failed() {
		m.saw(fault, dialect, byCommand)
	}
}

// excusedBreak says why a fault of the build cannot be played by the command
// either; "" if it can, on a machine that has what it needs.
func excusedBreak(p chaos.ProcessFault) string {
	switch {
	case p.Do == chaos.Shape:
		return "needs a kernel with netem: andon doctor says whether there is one"
	case p.Do == chaos.SetClock:
		return "needs a build that asks the C library for the time, and the bundled one asks the kernel"
	}
	return ""
}
