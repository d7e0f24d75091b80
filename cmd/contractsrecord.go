package cmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts/pact/record"
	"github.com/andon-rig/andon/contracts/wire"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/harness"
)

type recordFlags struct {
	run, consumer, provider, endpoint, sut, out string
	redact                                      []string
	notGreen, json                              bool
}

func newContractsRecord(w World) *cobra.Command {
	var f recordFlags
	c := &cobra.Command{
		Use: "record --run <bundle> --consumer <name> --provider <name>", Short: "write a pact from what a stored run's exchanges relied on", Args: noArgs,
		Long: "Writes a pact, version 4, of the exchanges between the build and one endpoint in a stored run, so that a team has its\n" +
			"first consumer contract from a green run. Everything that all exchanges of a kind had is asked for, by its type and, where\n" +
			"it looks like one, by its format: take out what the consumer does not need. Credentials are left out; docs/pact.md tells more.\n\n" +
			"Exit status: 0 written, 2 the run is not green, or has nothing to write; 3 trouble of the machine.",
		Example: "  andon contracts record --run andon-runs/20261120-140000/CNF-01-42 --consumer mes-line1 --provider erp-orders --endpoint erp -o pacts",
		RunE:    func(*cobra.Command, []string) error { return recordPact(w, f) },
	}
	fl := c.Flags()
	fl.StringVar(&f.run, "run", "", "`folder` of a run, or of a gate with one run")
	fl.StringVar(&f.consumer, "consumer", "", "`name` of the consumer")
	fl.StringVar(&f.provider, "provider", "", "`name` of the provider")
	fl.StringVar(&f.endpoint, "endpoint", "", "the endpoint whose exchanges are meant; needed if the run has several")
	fl.StringVar(&f.sut, "sut", "consumer", "what the build is: consumer or provider")
	fl.StringVarP(&f.out, "out", "o", "pacts", "`folder` that the pact is written to, as CONSUMER-PROVIDER.json")
	fl.StringSliceVar(&f.redact, "redact", nil, "`fields` whose values are secret, beside those that are known to be")
	fl.BoolVar(&f.notGreen, "not-green", false, "record a run that is not green as well")
	fl.BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	return c
}

func recordPact(w World, f recordFlags) error {
	for _, need := range []struct{ flag, value string }{{"--run", f.run}, {"--consumer", f.consumer}, {"--provider", f.provider}} {
		if need.value == "" {
			return usage("%s is not given", need.flag)
		}
	}
	if f.sut != "consumer" && f.sut != "provider" {
		return usage("--sut %q: the build is consumer or provider", f.sut)
	}
	b, err := oneRun(f.run)
	if err != nil {
		return err
	}
	if err := f.green(b); err != nil {
		return err
	}
	seen, lost, err := f.exchanges(b)
	if err != nil {
		return err
	}
	r, err := bundle.NewRedactor(f.redact)
	if err != nil {
		return usage("--redact: %v", err)
	}
	written, err := record.Write(seen, record.Options{Consumer: f.consumer, Provider: f.provider, From: "run " + b.Plan.Run, Redact: r.Text})
	if lost > 0 {
		written.Left = append(written.Left, record.Left{Reason: "were not kept as they were on the wire", Count: lost})
	}
	if errors.Is(err, record.ErrNothing) {
		return usage("%s: %v", f.run, err)
	}
	if err != nil {
		return &rigError{err}
	}
	path := filepath.Join(f.out, fileName(f.consumer)+"-"+fileName(f.provider)+".json")
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return &rigError{err}
	}
	if err := os.WriteFile(path, written.Text, 0o644); err != nil {
		return &rigError{err}
	}
	return tellRecord(w.Stdout, path, written, f.json)
}

// oneRun opens the only run at path.
func oneRun(path string) (*bundle.Bundle, error) {
	all, err := harness.OpenStored(path)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, usage("--run %s holds %d runs; name the folder of one of them", path, len(all))
	}
	return all[0], nil
}

// green refuses a run that proves nothing about its exchanges.
func (f recordFlags) green(b *bundle.Bundle) error {
	if f.notGreen {
		return nil
	}
	s, err := harness.JudgeStored(b)
	if err != nil {
		return err
	}
	if s.Verdict != evidence.Holds {
		return usage("%s is %s: what its exchanges relied on may be wrong; record a green run, or this one with --not-green", f.run, s.Verdict)
	}
	return nil
}

// exchanges are those at the endpoint, and how many of them were not kept.
func (f recordFlags) exchanges(b *bundle.Bundle) (all []record.Seen, lost int, err error) {
	endpoints := map[string]bool{}
	for c, err := range wire.All(b.Records, b.Whole) {
		endpoints[c.Endpoint] = true
		if f.endpoint != "" && c.Endpoint != f.endpoint {
			continue
		}
		if err != nil {
			lost++
			continue
		}
		all = append(all, record.Seen{Name: c.Name, Exchange: c.As(f.sut == "provider")})
	}
	var names []string
	for e := range endpoints {
		names = append(names, e)
	}
	slices.Sort(names)
	switch {
	case len(names) == 0:
		return nil, 0, usage("%s holds no exchange as it was on the wire", f.run)
	case f.endpoint == "" && len(names) > 1:
		return nil, 0, usage("the run has exchanges at %s: name one with --endpoint", strings.Join(names, ", "))
	case f.endpoint != "" && !endpoints[f.endpoint]:
		return nil, 0, usage("--endpoint %s: the run has exchanges at %s", f.endpoint, strings.Join(names, ", "))
	}
	return all, lost, nil
}

// fileName is a name as part of the name of a file.
func fileName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>| `, r) || r < ' ' {
			return '_'
		}
		return r
	}, s)
}

func tellRecord(w io.Writer, path string, r record.Recording, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			File         string        `json:"file"`
			Interactions []string      `json:"interactions"`
			Used         int           `json:"used"`
			Left         []record.Left `json:"left"`
		}{path, r.Interactions, r.Used, append([]record.Left{}, r.Left...)})
	}
	fmt.Fprintf(w, "%s: %d interactions from %d exchanges\n", path, len(r.Interactions), r.Used)
	for _, in := range r.Interactions {
		fmt.Fprintln(w, "  "+in)
	}
	for _, l := range r.Left {
		fmt.Fprintf(w, "left out: %d that %s\n", l.Count, l.Reason)
	}
	return nil
}
