package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/shrink"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/jsonreport"
)

// replayVersion names the form of what replay --json prints.
const replayVersion = "andon.replay/v1"

func newReplay(w World) *cobra.Command {
	var f outFlags
	var unknown bool
	var key string
	c := &cobra.Command{
		Use:   "replay <bundle>",
		Short: "run a stored run again and compare what is found",
		Long: "Runs a stored run again with the rig file, scenario, seed, faults and defect that its bundle holds, and says\n" +
			"whether the same oracles speak about the same keys. The new bundle is written beside the old one.\n" +
			"Relative paths in the rig file are looked up from where replay is started. Exit status as for gate.\n\n" +
			"With --key only one fact, operation, order or lot happens, with the identity and quantities it had, and only the\n" +
			"faults that struck it, or the process meanwhile; the plant around it goes on unseen.",
		Example: "  andon replay andon-runs/20261120-140000/CNF-02-4711\n" +
			"  andon replay andon-runs/20261120-140000/CNF-02-4711 --key 004711000001/0020/4\n" +
			"  andon replay andon-runs/20261120-140000/CNF-02-4711 --key confirmation/004711000001/0020/4",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("replay takes one bundle: the folder of a run, as gate prints them")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			return runReplay(c.Context(), w, f, unknown, key, args[0])
		},
	}
	f.add(c)
	c.Flags().StringVar(&key, "key", "", "replay only this `fact` or entity: a fact's id, ORDER/OPERATION/COUNTER, ORDER/OPERATION, ORDER or LOT")
	c.Flags().BoolVar(&unknown, "allow-unknown", false, "inconclusive and not exercised count as success")
	return c
}

func runReplay(ctx context.Context, w World, f outFlags, unknown bool, key, path string) error {
	r, err := openReplay(w, path, unknown)
	if err != nil {
		return err
	}
	if key != "" {
		facts, err := shrink.ReplayKey(r, key)
		if err != nil {
			return err
		}
		fmt.Fprintf(w.Stderr, "andon: note: only %s happen: %s\n", plural(len(facts), "fact"), some3(facts))
	}
	for _, text := range r.Warnings {
		fmt.Fprintln(w.Stderr, "andon: note:", text)
	}
	watch, done := progress(w, f, 1)
	r.Options.See = watch
	g, c, err := r.Do(ctx)
	done()
	if err != nil {
		return ofMachine(err)
	}
	if f.json {
		return tellReplay(w, f, r, g, c)
	}
	err = tell(w, f, g)
	fmt.Fprintln(w.Stdout)
	compared(w.Stdout, r.Bundle.Path, c)
	return err
}

// openReplay reads a bundle and makes it ready to be run again.
func openReplay(w World, path string, unknown bool) (*harness.Replay, error) {
	bundles, err := harness.OpenStored(path)
	if err != nil {
		return nil, err
	}
	if len(bundles) != 1 {
		return nil, usage("%s holds %d runs; replay takes one, such as %s", path, len(bundles), bundles[0].Path)
	}
	self, err := self()
	if err != nil {
		return nil, err
	}
	r, err := harness.NewReplay(bundles[0], harness.GateOptions{
		Catalog: w.Catalog, Self: self, Version: version(), Command: append([]string{"andon"}, w.Args...), AllowUnknown: unknown,
	})
	if err != nil {
		return nil, err
	}
	return r, ofMachine(r.Check())
}

// compared says in words what two runs have in common.
func compared(out io.Writer, path string, c harness.Comparison) {
	fmt.Fprintf(out, "%s: %s\n", path, map[string]string{
		harness.Reproduced:    "reproduced: the same oracles speak about the same keys",
		harness.ReproducedFor: "reproduced in part: the same oracles speak, not all about the same keys",
		harness.Different:     "not reproduced: other oracles speak than before",
		harness.NotCompared:   "could not be compared: the replay came to no verdict",
	}[c.Outcome])
	if n := len(c.Same); n > 0 {
		fmt.Fprintf(out, "  %d in both\n", n)
	}
	some(out, "only before", c.Gone)
	some(out, "only now   ", c.New)
}

// some3 lists the first three of a list.
func some3(list []string) string {
	if len(list) > 3 {
		return strings.Join(list[:3], ", ") + ", …"
	}
	return strings.Join(list, ", ")
}

// some lists a few of the differences.
func some(out io.Writer, what string, list []harness.Speech) {
	const most = 10
	for i, s := range list {
		if i == most {
			fmt.Fprintf(out, "  %s  … and %d more\n", what, len(list)-most)
			return
		}
		fmt.Fprintf(out, "  %s  %s\n", what, s)
	}
}

// tellReplay tells programs what became of a replay.
func tellReplay(w World, f outFlags, r *harness.Replay, g reports.Gate, c harness.Comparison) error {
	var gate bytes.Buffer
	if err := (jsonreport.Reporter{}).Report(&gate, g); err != nil {
		return &rigError{err}
	}
	to := w
	to.Stdout = io.Discard
	err := tell(to, f, g) // files and exit status
	return firstOf(writeJSON(w.Stdout, struct {
		Schema   string             `json:"schema"`
		Original string             `json:"original"`
		Compared harness.Comparison `json:"compared"`
		Gate     json.RawMessage    `json:"gate"`
	}{replayVersion, r.Bundle.Path, c, gate.Bytes()}), err)
}

// firstOf returns the first error there is.
func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
