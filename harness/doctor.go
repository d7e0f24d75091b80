package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/harness/sut/compose"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/scenarios"
)

// A State is how well something is.
type State string

// States, from best to worst.
const (
	Well    State = "ok"
	Mind    State = "mind" // works, but somebody should know
	Trouble State = "trouble"
)

// A Symptom is one thing that was looked at.
type Symptom struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Text   string `json:"text"`             // what was seen
	Remedy string `json:"remedy,omitempty"` // what to do about it
}

func well(name, format string, args ...any) Symptom {
	return Symptom{Name: name, State: Well, Text: fmt.Sprintf(format, args...)}
}

func (s Symptom) but(state State, remedy string, args ...any) Symptom {
	s.State, s.Remedy = state, fmt.Sprintf(remedy, args...)
	return s
}

// Least resources with which a run is no gamble.
const (
	leastDisk  = 200 << 20 // bytes
	scarceDisk = 1 << 30
	leastFiles = 256
	fewFiles   = 1024
)

// Diagnose looks at this machine and at the rig, starts the SUT and sends one
// order through it and what the shop floor confirms of it back. See is told
// each symptom as it is found.
func Diagnose(ctx context.Context, o GateOptions, see func(Symptom)) error {
	for _, s := range []Symptom{clock(), zones(o.File.Plant.Zone), disk(), openFiles()} {
		see(s)
	}
	for _, s := range addresses(o.File) {
		see(s)
	}
	for _, s := range told(o.File) {
		see(s)
	}
	for _, s := range engines(ctx, o.File) {
		see(s)
	}
	see(troubles(o.File))
	o.Scenarios, o.Out = []scenarios.Scenario{PlainScenario()}, ""
	if err := o.Check(); errors.As(err, new(*PlanError)) {
		return err
	} else if err != nil {
		see(well("rig", "%s", err).but(Trouble, "the rig cannot be built on this machine as it is"))
		return nil
	}
	return o.roundTrip(ctx, see)
}

// engines looks for what runs the SUT, if that is a container.
func engines(ctx context.Context, f File) (ss []Symptom) {
	if f.SUT.Container == nil && f.SUT.Compose == nil {
		return nil
	}
	version, err := container.Reachable(ctx)
	if err != nil {
		return []Symptom{well("engine", "%s", err).but(Trouble, "the SUT is a container: nothing can be started without an engine")}
	}
	ss = append(ss, well("engine", "Docker engine %s", version))
	if f.SUT.Compose == nil {
		return ss
	}
	command, err := compose.Command(ctx)
	if err != nil {
		return append(ss, well("compose", "%s", err).but(Trouble, "install one of the two"))
	}
	return append(ss, well("compose", "%s", strings.Join(command, " ")))
}

// troubles says which faults cannot be carried out here. None of them is
// needed to work with Andon.
func troubles(f File) Symptom {
	all := faults.All()
	possible, left := f.Feasible(all)
	s := well("faults", "%d of %d faults can be carried out on this rig and machine", len(possible), len(all))
	if len(left) == 0 {
		return s
	}
	return s.but(Mind, "to have the others too:\n%s", strings.Join(left, "\n"))
}

// clock compares the machine's time with what its files say.
func clock() Symptom {
	now := time.Now()
	s := well("clock", "%s", now.Format("2006-01-02 15:04:05 MST"))
	if y := now.Year(); y < 2025 || y > 2100 {
		return s.but(Trouble, "the clock of this machine is wrong; tokens and certificates will not be accepted")
	}
	f, err := os.CreateTemp("", "andon-clock-*")
	if err != nil {
		return well("clock", "%s", err).but(Trouble, "make the folder for temporary files (TMPDIR) writable")
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if info, err := f.Stat(); err == nil {
		if off := info.ModTime().Sub(now).Abs(); off > 2*time.Second {
			return s.but(Mind, "clock and file system are %s apart", off.Round(time.Second))
		}
	}
	return s
}

// zones looks whether plant-local time can be told.
func zones(plantZone string) Symptom {
	for _, name := range []string{"Europe/Berlin", "America/New_York", cmp.Or(plantZone, "UTC")} {
		if _, err := time.LoadLocation(name); err != nil {
			return well("zones", "%s is not known", name).but(Trouble, "use an IANA name such as Europe/Berlin; zone data is part of andon")
		}
	}
	return well("zones", "zone data is there")
}

// disk looks for room for evidence and for the SUT's state.
func disk() Symptom {
	var texts []string
	worst := uint64(1 << 62)
	for _, dir := range []string{".", os.TempDir()} {
		free, err := diskFree(dir)
		if err != nil {
			return well("disk", "the free space of %s is not known: %s", dir, err).but(Mind, "make sure that there is 1 GiB")
		}
		worst = min(worst, free)
		texts = append(texts, fmt.Sprintf("%d MiB free in %s", free>>20, dir))
	}
	s := well("disk", "%s", strings.Join(texts, ", "))
	switch {
	case worst < leastDisk:
		return s.but(Trouble, "make room: a run that cannot write its evidence is worthless")
	case worst < scarceDisk:
		return s.but(Mind, "evidence of many runs may not fit")
	}
	return s
}

// openFiles looks whether enough connections can be open at once.
func openFiles() Symptom {
	n, err := fileLimit()
	if err != nil {
		return well("files", "the limit of open files is not known: %s", err)
	}
	s := well("files", "%d files and connections may be open", n)
	switch {
	case n < leastFiles:
		return s.but(Trouble, "raise the limit: ulimit -n 4096")
	case n < fewFiles:
		return s.but(Mind, "several lanes may not fit; raise the limit: ulimit -n 4096")
	}
	return s
}

// addresses looks whether everything can be bound that will have to be.
func addresses(f File) (ss []Symptom) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return []Symptom{well("ports", "%s", err).but(Trouble, "the loopback interface must be usable: nothing can be simulated without it")}
	}
	_ = l.Close() // it was only tried
	if _, err := freePort(); err != nil {
		return []Symptom{well("ports", "%s", err).but(Trouble, "close what occupies them")}
	}
	var fixed []string
	for _, name := range f.endpointNames() {
		at := f.Endpoints[name].Listen
		if at == "" {
			continue
		}
		l, err := net.Listen("tcp", at)
		if err != nil {
			ss = append(ss, well("ports", "endpoints.%s.listen: %s", name, err).but(Trouble,
				"stop the program that has %s, or give the endpoint another address, or none to get a free port", at))
			continue
		}
		_ = l.Close()
		fixed = append(fixed, at)
	}
	if len(ss) > 0 {
		return ss
	}
	if len(fixed) > 0 {
		return []Symptom{well("ports", "free: %s", strings.Join(fixed, ", "))}
	}
	return []Symptom{well("ports", "the loopback interface has free ports")}
}

// told looks whether the SUT is told where everything is.
func told(f File) (ss []Symptom) {
	if f.SUT.External != nil {
		for _, name := range f.endpointNames() {
			if e := f.Endpoints[name]; e.Broker == "" && e.Listen == "" {
				ss = append(ss, well("addresses", "endpoint %s gets another port in every run, and a SUT that runs already cannot be told", name).
					but(Trouble, "give it a fixed address that the SUT is configured with: endpoints.%s.listen: \"127.0.0.1:18081\"", name))
			}
		}
		return ss
	}
	var given strings.Builder
	for _, v := range f.SUT.Env {
		given.WriteString(v + "\n")
	}
	if p := f.SUT.Process; p != nil {
		given.WriteString(strings.Join(p.Command, "\n"))
	}
	if c := f.SUT.Container; c != nil {
		given.WriteString(strings.Join(c.Command, "\n"))
	}
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		announces := e.System == "machine" && f.SUT.Receives[name] != "" // and nobody asks or tells a machine anything
		if e.Broker != "" || e.Listen != "" || announces || strings.Contains(given.String(), "${"+name+".url}") {
			continue
		}
		ss = append(ss, well("addresses", "neither sut.env nor the command mentions ${%s.url}", name).
			but(Mind, "how does the build know where endpoint %s is? Add it under sut.env", name))
	}
	return append(ss, exceptionsTold(f, given.String()))
}

func exceptionsTold(f File, given string) Symptom {
	promised, told := f.SUT.Delivers.Exceptions.HTTP != "", strings.Contains(given, "${andon.exceptions}")
	switch {
	case f.SUT.Delivers.Exceptions.Bus != "":
		return well("exceptions", "the build tells who sent what it cannot post, by the messaging service of %s", f.SUT.Delivers.Exceptions.Bus)
	case promised && told:
		return well("exceptions", "the build is told where to report what it cannot post")
	case promised:
		return well("exceptions", "sut.delivers promises exceptions, but ${andon.exceptions} is not in sut.env").
			but(Trouble, "tell the build where to report them, as in EXCEPTIONS_URL: \"${andon.exceptions}\"")
	case told:
		return well("exceptions", "the build is told ${andon.exceptions}, but sut.delivers does not promise that it reports there").
			but(Mind, "add sut.delivers.exceptions: {http: \"${andon.exceptions}\"}, so that reports are demanded")
	}
	return well("exceptions", "the build reports nowhere what it cannot post").
		but(Mind, "whatever it cannot post counts as lost: let it POST to ${andon.exceptions} and say so under sut.delivers")
}
