package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/control"
	"github.com/andon-rig/andon/scenarios"
)

type serveFlags struct {
	gateFlags
	control string
	byHand  bool
	noSUT   bool
	pace    float64
	length  time.Duration
	states  string

	contract contractSide
}

// keyFile is where a session leaves the address and the token of its port.
const keyFile = "control.json"

// servedScenario is a plant without anything of its own to go wrong.
const servedScenario = `apiVersion: andon/v1
kind: Scenario
metadata: {id: SERVED, title: "A plant that plays until it is stopped"}
seed: 1
time: {shift: {plant: 48h}}
given: {orders: {count: 80}}
`

func newServe(w World) *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve [scenario.yaml]",
		Short: "keep a rig running: endpoints up, a plant playing, faults armed by hand",
		Long: "Starts the integration build under test (or, with --no-sut, waits for one that you start yourself), and has the\n" +
			"plant play at a steady pace until Ctrl-C. With --faults, a control port on the loopback interface lets whoever\n" +
			"has its token arm and heal faults in the words of a scenario: see andon faults, or open the port in a browser.\n" +
			"All of it is journaled. At the end faults heal, the run settles, is judged and reported as by andon gate.\n\n" +
			"With --contract it plays no plant but the other side of a contract: --as provider answers as its consumers rely on\n" +
			"and refuses what no interaction covers; --as consumer asks a provider and says what matched. docs/verify.md tells more.\n\n" +
			"With --plant-states, andon verify --states can have the plant of this session set provider states.\n\n" +
			"Exit status: as for gate; stopping the session is no interruption. With --contract as for verify.",
		Example: "  andon serve --faults\n  andon serve --faults --no-sut --pace 10 --out session\n" +
			"  andon faults arm --control session/control.json '{fault: outage, at: erp, for: {wall: 20s}}'\n" +
			"  andon serve --contract orders.pact.json --as provider --listen 127.0.0.1:8080\n" +
			"  andon serve --contract orders.pact.json --as consumer --to http://127.0.0.1:8080 --every 2s",
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.seeded = c.Flags().Changed("seed")
			if len(f.contract.contracts) > 0 || f.contract.as != "" {
				return runContractSide(c, w, f, args)
			}
			return runServe(c.Context(), w, f, args)
		},
	}
	flags := c.Flags()
	flags.StringVar(&f.rig, "rig", "", "rig `file` (default: "+defaultRig+" if it is there, else the bundled build)")
	flags.StringSliceVar(&f.scenarios, "scenario", nil, "`id` of a ready-made scenario to play instead of an ordinary plant")
	flags.Uint64Var(&f.seed, "seed", 0, "seed of the plant (default: the scenario's)")
	flags.BoolVar(&f.byHand, "faults", false, "open a control port, so that faults can be armed and healed by hand")
	flags.StringVar(&f.control, "control", "127.0.0.1:0", "`address` of the control port, of the loopback interface; port 0 takes any")
	flags.StringVar(&f.states, "plant-states", "", "`address` of a callback that sets provider states by what happens in the plant, for andon verify --states (docs/verify.md)")
	flags.BoolVar(&f.noSUT, "no-sut", false, "start no build; print what one has to be told of the rig")
	flags.Float64Var(&f.pace, "pace", 120, "how `many` seconds of the plant pass in a second")
	flags.DurationVar(&f.length, "for", 0, "wall `time` after which the session ends by itself; 0 means that you end it")
	flags.StringVar(&f.out, "out", "", "`folder` for evidence and reports (default andon-runs/<time>)")
	flags.StringVar(&f.defect, "defect", "", "`id` of a defect to plant into the bundled build, as listed by andon list defects")
	f.outFlags.add(c)
	f.contract.add(c)
	flags.BoolVar(&f.unknown, "allow-unknown", false, "inconclusive and not exercised count as success")
	return c
}

func runServe(ctx context.Context, w World, f serveFlags, files []string) error {
	o, err := f.options(w, files)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	if f.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.length)
		defer cancel()
	}
	var port *control.Port
	closeStates := func() error { return nil }
	g, err := o.Serve(ctx, func(s *harness.Session, env map[string]string) (err error) {
		if f.states != "" {
			if closeStates, err = openStates(w.Stderr, f.states, s.Truths); err != nil {
				return err
			}
		}
		f.greet(w.Stderr, s.Status(), env)
		if f.byHand {
			port, err = f.open(w, o.Out, s)
		}
		return err
	})
	err = errors.Join(err, closeStates())
	if port != nil { // the key opens nothing any more
		err = errors.Join(err, port.Close(), os.Remove(filepath.Join(o.Out, keyFile)))
	}
	if err != nil {
		return ofMachine(err)
	}
	if err := keep(w, g); err != nil {
		return err
	}
	g.Page = filepath.Join(g.Bundle, reportHTML)
	return tell(w, f.outFlags, g)
}

// options turns flags into what the harness needs.
func (f *serveFlags) options(w World, files []string) (harness.GateOptions, error) {
	f.lanes = 1
	if f.pace <= 0 {
		return harness.GateOptions{}, fmt.Errorf("--pace %v: time cannot stand still or run backwards", f.pace)
	}
	if f.length < 0 {
		return harness.GateOptions{}, fmt.Errorf("--for %s: give a time above 0, or none to end the session yourself", f.length)
	}
	if err := control.Local(f.control); f.byHand && err != nil {
		return harness.GateOptions{}, err
	}
	if f.states != "" && control.Local(f.states) != nil {
		return harness.GateOptions{}, fmt.Errorf("--plant-states %q: give an address of this machine, such as 127.0.0.1:8095", f.states)
	}
	plain := len(files)+len(f.scenarios) == 0
	if plain {
		f.scenarios = []string{"CNF-01"} // stands in until the options are there
	}
	f.force = true // there may be no SUT here that lacks anything
	o, err := gateOptions(w, f.gateFlags, files)
	if err != nil {
		return o, err
	}
	if plain {
		if o.Scenarios, err = scenarios.Parse("served", []byte(servedScenario)); err != nil {
			return o, err
		}
	}
	if len(o.Scenarios) != 1 { // of a matrix, say
		return o, fmt.Errorf("%d scenarios were named, and a session plays one", len(o.Scenarios))
	}
	s := &o.Scenarios[0]
	s.Time.Mode, s.Time.Factor = scenarios.Paced, f.pace
	text, err := scenarios.Text(*s)
	o.Texts = map[string][]byte{s.Metadata.Of: text}
	if f.noSUT {
		o.File = o.File.WithoutSUT()
	}
	o.ByHand = f.byHand
	return o, err
}

// open opens the control port and says where it is.
func (f *serveFlags) open(w World, out string, s *harness.Session) (*control.Port, error) {
	faults, err := listFaults(w)
	if err != nil {
		return nil, err
	}
	faults = slices.DeleteFunc(faults, func(i item) bool { return i.pilot() })
	port, err := control.Open(f.control, s, faults)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(out, keyFile)
	if err := port.Key.Write(file); err != nil {
		return nil, errors.Join(err, port.Close())
	}
	fmt.Fprintf(w.Stderr, "control   %s (a page for people, and /v1 for programs)\ntoken     %s\n          both are in %s, which only you can read:\n          andon faults list --control %s\n",
		port.Key.URL, port.Key.Token, file, file)
	return port, nil
}

// greet says where everything is.
func (f *serveFlags) greet(out io.Writer, s harness.Status, env map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(s.Endpoints)) {
		fmt.Fprintf(out, "%-9s %s\n", name, s.Endpoints[name])
	}
	if f.noSUT {
		fmt.Fprintln(out, "start the build yourself, with this environment:")
		for _, name := range slices.Sorted(maps.Keys(env)) {
			fmt.Fprintf(out, "  %s=%s\n", name, env[name])
		}
	}
	fmt.Fprintf(out, "plant     plays at %v times the speed of life; Ctrl-C ends it, settles and reports\n", f.pace)
}
