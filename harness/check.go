package harness

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
)

// Pilot is one of the troubles that pilots are told to rehearse.
type Pilot struct {
	Name string
	Arms []string // kinds of faults it stands for
}

// Pilots lists what [GateOptions.Pilots] can name.
func Pilots() (ps []Pilot) {
	for _, name := range faults.PilotNames() {
		p := Pilot{Name: name}
		rules, err := faults.Pilot(name)
		if err != nil {
			continue // a name without rules arms nothing
		}
		for _, r := range rules {
			p.Arms = append(p.Arms, r.Rule.Kind)
		}
		ps = append(ps, p)
	}
	return ps
}

// Check finds every mistake in the rig and the scenarios that can be known
// without starting anything: it builds each scenario's rig as a run would,
// and takes it apart again. Mistakes are [*PlanError]s; any other error is
// trouble of this machine, such as a port in use.
func (o *GateOptions) Check() error {
	if err := o.resolve(); err != nil {
		return &PlanError{err}
	}
	for _, name := range o.Pilots {
		if _, err := faults.Pilot(name); err != nil {
			return &PlanError{err}
		}
	}
	if err := o.fresh(); err != nil {
		return &PlanError{err}
	}
	var plan []error
	seen := map[string]bool{} // the same mistake of the rig shows in every scenario
	for _, sc := range o.Scenarios {
		err := o.try(sc)
		if err == nil || seen[err.Error()] {
			continue
		}
		seen[err.Error()] = true
		if len(yamlfile.Errors(err)) == 0 {
			err = fmt.Errorf("%s: %w", cmp.Or(o.Path, "bundled rig"), err)
		}
		if ofMachine(err) {
			return err
		}
		plan = append(plan, err)
	}
	if len(plan) > 0 {
		return &PlanError{errors.Join(plan...)}
	}
	return nil
}

// Provided is something the rig provides to the SUT.
type Provided struct {
	Name    string `json:"name"`    // as in ${name}
	Means   string `json:"means"`   // for people
	Example string `json:"example"` // as it was in a rig built just now
}

// Provides lists what ${…} can name in this rig, and what the SUT's
// environment would hold.
func (o *GateOptions) Provides() ([]Provided, map[string]string, error) {
	rig, err := Build(Setup{
		Catalog: o.Catalog, File: o.File, Path: o.Path, Scenario: PlainScenario(), Run: "example", Self: o.Self, Version: o.Version,
	})
	if err != nil {
		return nil, nil, err
	}
	passwords, err := o.File.passwords()
	if err != nil {
		return nil, nil, errors.Join(err, rig.Close())
	}
	var ps []Provided
	for _, name := range rig.Vars.Names() {
		ps = append(ps, Provided{name, meaning(name), string(passwords.Text([]byte(rig.Vars[name])))})
	}
	env := map[string]string{}
	for name, value := range rig.Plan.Env {
		env[name] = string(passwords.Text([]byte(value)))
	}
	return ps, env, rig.Close()
}

// meanings of what rigs provide, by name or, after a dot, by the end of it.
var meanings = []struct{ name, means string }{
	{"andon.self", "the andon program itself"},
	{"andon.exceptions", "where to POST what could not be posted"},
	{"andon.ca", "file with the certificate of this run's authority, by which endpoints with tls are trusted"},
	{"andon.cert", "file with a client certificate of that authority, for endpoints with tls: mutual"},
	{"andon.key", "file with its private key"},
	{"andon.dns", "name server for endpoints with a host: host:port, UDP and TCP"},
	{"andon.state", "a directory, empty at first, that survives restarts of the build within a run"},
	{"run.id", "name of the run"},
	{"events.url", "address of the event broker"},
	{".url", "base address of this endpoint"},
	{".dialect", "what it speaks, as its line dialect says"},
	{".ionapi", "file of credentials of the gateway before it, where a dialect has one"},
	{".account", "service account at the gateway before it, where a dialect has one"},
	{".password", "password of that account"},
	{".folder", "the folder in which files are exchanged, with transport files"},
	{".knownHosts", "file with the public key of its server, with transport sftp"},
	{".token", "where to get access tokens for it (OAuth2 client credentials)"},
	{".key", "file with the SUT's private key for it, with transport sftp"},
	{".next.client", "client id of the new interface user, in force after a cutover"},
	{".next.secret", "client secret of the new interface user"},
	{".client", "client id for it"},
	{".secret", "client secret for it, a new one in every run"},
	{"port.", "a free port of the loopback interface, the same wherever this name stands"},
}

func meaning(name string) string {
	for _, m := range meanings {
		switch {
		case name == m.name, m.name[0] == '.' && strings.HasSuffix(name, m.name), strings.HasSuffix(m.name, ".") && strings.HasPrefix(name, m.name):
			return m.means
		}
	}
	return ""
}

// Summary says in one line what f describes.
func (f File) Summary() string {
	sut := "external SUT"
	switch s := f.SUT; {
	case s.Process != nil:
		sut = "process " + strings.Join(s.Process.Command, " ")
	case s.Container != nil && s.Container.Build != nil:
		sut = "container of " + s.Container.Build.Context
	case s.Container != nil:
		sut = "container of " + s.Container.Image
	case s.Compose != nil:
		sut = fmt.Sprintf("service %s of %s", s.Compose.Service, s.Compose.File)
	}
	var ends []string
	for _, name := range f.endpointNames() {
		e := f.Endpoints[name]
		if e.Broker != "" {
			ends = append(ends, fmt.Sprintf("%s (%s broker)", name, e.Broker))
			continue
		}
		ends = append(ends, fmt.Sprintf("%s (%s, %s, %s)", name, e.System, e.language(), cmp.Or(e.Transport, "http")))
	}
	return sut + "; endpoints " + strings.Join(ends, ", ")
}

// plainScenario lets one order through and breaks nothing.
const plainScenario = `apiVersion: andon/v1
kind: Scenario
metadata: {id: PLAIN, title: "One order, no trouble"}
seed: 1
plant: {profile: machine-shop, open: 0, oddIds: 0}
time: {shift: {plant: 24h}}
given: {orders: {count: 1}}
`

// PlainScenario is one order and no trouble, to try a rig with.
func PlainScenario() scenarios.Scenario {
	ss, err := scenarios.Parse("plain", []byte(plainScenario))
	if err != nil {
		panic(err) // a constant, read by every test of this
	}
	return ss[0]
}

// try builds the rig of one scenario and takes it apart again.
func (o *GateOptions) try(sc scenarios.Scenario) error {
	seed := o.seed(sc)
	rig, err := Build(Setup{
		Catalog: o.Catalog, File: o.File, Path: o.Path, Source: o.Source, Scenario: sc, Seed: seed, Run: o.runName(sc, seed), Pilots: o.Pilots,
		Defect: o.Defect, Self: o.Self, Version: o.Version,
	})
	if err != nil {
		return err
	}
	for _, d := range append(slices.Clone(rig.Doubts), rig.Plan.Contests()...) {
		o.Doubts = append(o.Doubts, sc.Metadata.ID+": "+d)
	}
	return rig.Close()
}

// fresh refuses to overwrite the evidence of earlier runs.
func (o *GateOptions) fresh() error {
	if o.Out == "" {
		return nil
	}
	for _, sc := range o.Scenarios {
		if path := filepath.Join(o.Out, o.runName(sc, o.seed(sc))); exists(path) {
			return fmt.Errorf("%s is there already: choose another --out or move it away; runs are never overwritten", path)
		}
	}
	return nil
}

// seed is what a scenario is run with.
func (o *GateOptions) seed(sc scenarios.Scenario) uint64 {
	if o.Seed != nil {
		return *o.Seed
	}
	return sc.Seed
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// ofMachine tells trouble of the machine, such as a port in use, from a
// mistake in a file.
func ofMachine(err error) bool {
	return errors.As(err, new(*net.OpError)) || errors.As(err, new(*os.SyscallError))
}

// exitFor is the exit status for an error of [GateOptions.Check].
func exitFor(err error) int {
	if errors.As(err, new(*PlanError)) {
		return ExitUsage
	}
	return ExitRig
}
