package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/load"
	"github.com/andon-rig/andon/harness/load/page"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
)

// loadFlags are what can differ from load to load.
type loadFlags struct {
	rig, defect          string
	bundled              bool // whatever rig file there is
	url, erp, body       string
	emitOnly, testSystem bool
	workload             string
	rate                 float64
	given                func(flag string) bool // on the command line
	findFlags
	faultFlags
	exportFlags
	duration, timeout, drain  time.Duration
	pacing, giveUp            time.Duration
	connections, depth, tries int
	batch                     int
	orders                    int
	stories                   map[string]*load.Story // plants that were played, by rig and size
	mix                       string
	seed                      uint64
	thresholds                []string
	out                       string
	json, quiet, unknown      bool
	soak                      bool // memory must not grow
	fleet                     fleetFlags
}

// loadJSON is the result in the folder of a load.
const loadJSON = "load.json"

func newLoad(w World) *cobra.Command {
	var f loadFlags
	f.stories = map[string]*load.Story{}
	c := &cobra.Command{
		Use:   "load",
		Short: "load the integration build with confirmations, and prove that none is lost or doubled",
		Long: "Plays the plant of the rig ahead, a MES that announces its confirmations at a rate, and an ERP that takes the postings, both so fast that the build\n" +
			"is the limit. Every latency counts from when a confirmation was due. At the end every confirmation is accounted\n" +
			"for: lost, doubled, altered or invented, each named. Without a rig file it loads the bundled build.\n\n" +
			"A build that runs already is loaded with --url (where it takes confirmations) and --erp (where it posts to us).\n\n" +
			"--find-max looks for the highest rate that the build sustains: see docs/load.md.\n\n" +
			"Workloads: " + strings.Join(load.Workloads, ", ") + ".\n" +
			"Flows of --mix: confirmations, consumptions, scrap, holds; the shares are parts of their sum.\n" +
			"Faults: " + load.Faultable + ".\n" +
			"Thresholds: " + load.Gateable + ".\n\n" +
			"Exit status: 0 held, 1 violated, 2 mistake in a file or flag, 3 generator-limited or trouble of the machine, which is\n" +
			"never a verdict on the build, 4 undecidable (--allow-unknown turns 4 into 0), 130 interrupted.",
		Example: "  andon load --find-max --slo 'e2e.p99 < 250ms'\n" +
			"  andon load --rate 500 --duration 10s --threshold 'e2e.p99 < 250ms'\n" +
			"  andon load --soak --rate 500\n" +
			"  andon load --workload closed --connections 32 --duration 5s\n" +
			"  andon load --plan load.yaml\n" +
			"  andon load --mix " + load.Mixable + " --threshold 'scrap.e2e.p99 < 250ms'\n" +
			"  andon load --rig andon.yaml --workload burst:2000/2s/20s --rate 200 --duration 60s --json\n" +
			"  andon load --url http://127.0.0.1:8080/mes --erp 127.0.0.1:9000 --rate 1000\n" +
			"  andon load --url http://127.0.0.1:8080/mes/confirmations --emit-only --body confirmation.json",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			f.given = c.Flags().Changed
			return runLoad(c.Context(), w, f)
		},
	}
	f.agents(c)
	flags := c.Flags()
	flags.StringVar(&f.rig, "rig", "", "rig `file` (default: "+defaultRig+" if it is there, else the bundled build)")
	flags.StringVar(&f.defect, "defect", "", "`id` of a defect to plant into the bundled build, as listed by andon list defects")
	flags.StringVar(&f.url, "url", "", "`address` at which a running build takes confirmations, instead of a rig; or of a broker, as mqtt://host:port/topic or nats://host:port/subject")
	flags.StringVar(&f.erp, "erp", "", "`address` on which we take the postings of the build at --url, such as 127.0.0.1:9000")
	flags.BoolVar(&f.emitOnly, "emit-only", false, "expect no postings: measure only how the build at --url takes confirmations")
	flags.BoolVar(&f.testSystem, "test-system", false, "the build at --url is not on this machine, and its owner says that it is a test system")
	flags.StringVar(&f.body, "body", "", "`file` with another body than a confirmation of "+load.Dialect+"; ${key} and ${seq} stand for what differs")
	f.workloadFlags(flags)
	flags.BoolVar(&f.soak, "soak", false, "last for 10m if --duration does not say how long, and hold memory against who takes more and more: the build, or the rig")
	flags.StringArrayVar(&f.thresholds, "threshold", nil, "`expression` that must hold, such as 'e2e.p99 < 250ms'; may be repeated")
	f.findFlags.add(flags)
	f.exportFlags.add(flags)
	addPlan(c)
	c.AddCommand(newLoadCompare(w))
	return c
}

// workloadFlags are those of every load.
func (f *loadFlags) workloadFlags(flags *pflag.FlagSet) {
	f.faultFlags.add(flags)
	flags.StringVar(&f.workload, "workload", "constant", "`shape` of the load: see above")
	flags.Float64Var(&f.rate, "rate", 100, "confirmations a `second`; a closed workload has none")
	flags.DurationVar(&f.duration, "duration", 10*time.Second, "how `long` confirmations are sent")
	flags.IntVar(&f.connections, "connections", 64, "how `many` connections to the build")
	flags.IntVar(&f.depth, "depth", 1, "how `many` requests may be under way on each (pipelining)")
	flags.IntVar(&f.batch, "batch", 1, "how `many` confirmations one message carries")
	flags.DurationVar(&f.timeout, "timeout", 5*time.Second, "how `long` an answer may take")
	flags.IntVar(&f.tries, "tries", 4, "how `often` a confirmation is sent that is not taken")
	flags.StringVar(&f.mix, "mix", "", "`shares` of flows, such as "+load.Mixable+" (default all confirmations)")
	flags.IntVar(&f.orders, "orders", 0, "how `many` orders the plant of the rig is played for, ahead; their messages are sent round and round (default 100, or as the rig says)")
	flags.Uint64Var(&f.seed, "seed", 0, "`seed` of the plant (default 1, or as the rig says)")
	flags.DurationVar(&f.drain, "drain", 30*time.Second, "how `long` the build may go on posting when nothing more is sent")
	flags.DurationVar(&f.giveUp, "give-up", 10*time.Second, "how `long` after its time what is still not sent is given up")
	flags.DurationVar(&f.pacing, "pacing-budget", 20*time.Millisecond, "p99 of our own lateness beyond which the `load` is generator-limited")
	flags.StringVar(&f.out, "out", "", "`folder` for evidence and result (default andon-runs/<time>)")
	flags.BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress")
	flags.BoolVar(&f.unknown, "allow-unknown", false, "undecidable counts as success")
}

func runLoad(ctx context.Context, w World, f loadFlags) error {
	f.out = cmp.Or(f.out, freshOut(time.Now()))
	if err := os.MkdirAll(f.out, 0o755); err != nil {
		return usage("--out: %v", err)
	}
	log, err := os.Create(filepath.Join(f.out, "sut.log"))
	if err != nil {
		return usage("--out: %v", err)
	}
	defer log.Close()
	c, err := f.config(w, log)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	if !f.quiet && !f.findMax {
		c.See = func(p load.Progress) { tellProgress(w.Stderr, p) }
	}
	end, err := f.export(ctx, &c, w.Stderr)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	res, err := load.Run(ctx, c)
	end()
	if err != nil {
		return ofMachine(err)
	}
	if err := keepLoad(filepath.Join(f.out, loadJSON), res); err != nil {
		return ofMachine(err)
	}
	if f.json {
		err = writeJSON(w.Stdout, res)
	} else {
		err = tellLoad(w.Stdout, res)
	}
	switch {
	case err != nil:
		return ofMachine(err)
	case res.Interrupted:
		return exit(harness.ExitInterrupted)
	case res.Exit == harness.ExitUnknown && f.unknown:
		return nil
	case res.Exit != 0:
		return exit(res.Exit)
	}
	return nil
}

// keepLoad writes a result, and the page that shows it.
func keepLoad(path string, res *load.Result) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := errors.Join(writeJSON(file, res), file.Close()); err != nil {
		return err
	}
	html, err := os.Create(strings.TrimSuffix(path, ".json") + ".html")
	if err != nil {
		return err
	}
	return errors.Join(page.Write(html, res), html.Close())
}

// config turns flags into a load.
func (f *loadFlags) config(w World, log io.Writer) (c load.Config, err error) {
	if f.soak && f.given != nil && !f.given("duration") {
		f.duration = 10 * time.Minute
	}
	c = load.Config{Dir: f.out, Soak: f.soak, Workload: f.workload, Drain: f.drain, Quiet: 3 * time.Second, Pacing: f.pacing,
		Emit: load.EmitConfig{Connections: f.connections, Depth: f.depth, Timeout: f.timeout, Tries: f.tries, GiveUp: f.giveUp}}
	if err := f.sane(); err != nil {
		return c, err
	}
	rig, err := f.rigged()
	if err != nil {
		return c, err
	}
	if err := f.wording(&c, rig.file); err != nil {
		return c, err
	}
	if f.findMax {
		err = f.search(&c, w.Stderr)
	} else {
		err = f.shape(&c)
	}
	if err != nil {
		return c, err
	}
	for _, text := range f.thresholds {
		g, err := load.ParseGate(text)
		if err != nil {
			return c, err
		}
		if err := asked(g, c.Wording.Mix()); err != nil {
			return c, fmt.Errorf("--threshold %q: %w", text, err)
		}
		if f.findMax != g.OfSearch() {
			return c, fmt.Errorf("--threshold %q: with --find-max a threshold is about max, such as 'max >= 500/s', and without it about anything else; what must hold at the highest rate is said with --slo", text)
		}
		c.Gates = append(c.Gates, g)
	}
	if c.Fleet, err = f.convoy(w); err != nil {
		return c, err
	}
	if m := c.Wording.Mix(); m != nil {
		c.Workload += "; " + m.String()
	}
	if err := f.build(&c, w, rig, log); err != nil {
		return c, err
	}
	c.Faults, err = f.read(&c)
	return c, err
}

// sane refuses numbers that make no load, and flags that contradict each other.
func (f *loadFlags) sane() error {
	var bad []error
	for _, n := range []struct {
		flag         string
		value, limit int
	}{{"--connections", f.connections, 4096}, {"--depth", f.depth, 256}, {"--batch", f.batch, 256}, {"--tries", f.tries, 100}} {
		if n.value < 1 || n.value > n.limit {
			bad = append(bad, fmt.Errorf("%s is %d; it must be 1 to %d", n.flag, n.value, n.limit))
		}
	}
	if err := f.saneFind(); err != nil {
		bad = append(bad, err)
	}
	if f.timeout <= 0 || f.drain <= 0 || f.giveUp <= 0 || f.pacing <= 0 {
		bad = append(bad, errors.New("--timeout, --drain, --give-up and --pacing-budget must be above 0"))
	}
	if f.url == "" {
		for _, given := range []struct {
			flag string
			is   bool
		}{{"--erp", f.erp != ""}, {"--emit-only", f.emitOnly}, {"--body", f.body != ""}, {"--test-system", f.testSystem}} {
			if given.is {
				bad = append(bad, fmt.Errorf("%s is about a build that runs already; say with --url where", given.flag))
			}
		}
		return errors.Join(bad...)
	}
	switch {
	case f.rig != "" || f.defect != "":
		bad = append(bad, errors.New("--url is a build that runs already; leave --rig and --defect out"))
	case f.erp == "" && !f.emitOnly:
		bad = append(bad, errors.New("where does the build post? Give --erp and have it post there, or say --emit-only, and postings are not looked at"))
	case f.erp != "" && f.emitOnly:
		bad = append(bad, errors.New("--erp takes postings and --emit-only says that there are none; leave one out"))
	}
	return errors.Join(append(bad, f.loopback())...)
}

// loopback refuses a build that is not here and not said to be a test system.
func (f *loadFlags) loopback() error {
	u, err := url.Parse(f.url)
	if err != nil || !slices.Contains(load.Schemes, u.Scheme) || u.Hostname() == "" {
		return fmt.Errorf("--url %q is no address such as http://127.0.0.1:8080/mes, mqtt://127.0.0.1:1883/andon/mes or nats://127.0.0.1:4222/andon.mes", f.url)
	}
	ip := net.ParseIP(u.Hostname())
	if f.testSystem || u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--url %s is not on this machine; Andon posts made-up production data, so it only touches systems whose owner says that they are for tests: add --test-system if so", f.url)
}

// wording chooses what is said.
func (f *loadFlags) wording(c *load.Config, rig harness.File) (err error) {
	keys := load.NewKeys(fmt.Sprintf("%s %d", f.out, time.Now().UnixNano()))
	if f.body == "" {
		now := time.Now()
		defer debug.FreeOSMemory() // of what it took to prepare all this
		story, err := f.story(rig)
		if err != nil {
			return err
		}
		if c.Wording, err = load.Spoken(neutral.Dialect{}, keys, story, now); err != nil {
			return err
		}
		c.Plant = story.Told
		if f.mix == "" {
			return c.Wording.InBatches(f.batch)
		}
		return f.mixed(c.Wording, now)
	}
	if f.mix != "" {
		return errors.New("--body is of one kind of message, and --mix of several; leave one out")
	}
	text, err := os.ReadFile(f.body)
	if err != nil {
		return fmt.Errorf("--body: %w", err)
	}
	if c.Wording, err = load.FromBody(text, keys); err != nil {
		return fmt.Errorf("--body %s: %w", f.body, err)
	}
	if err := c.Wording.InBatches(f.batch); err != nil {
		return fmt.Errorf("--body %s --batch %d: %w", f.body, f.batch, err)
	}
	return nil
}

// story plays the plant of a rig, once for all runs of a comparison.
func (f *loadFlags) story(rig harness.File) (*load.Story, error) {
	seed, orders := f.seed, f.orders
	if !f.set("seed") {
		seed = cmp.Or(rig.Plant.Seed, 1)
	}
	if !f.set("orders") {
		orders = cmp.Or(rig.Plant.Orders, 100)
	}
	name := fmt.Sprintf("%+v %d %d", rig.Plant, seed, orders)
	if rig.Plant.Trace != nil {
		name += fmt.Sprintf("%+v", *rig.Plant.Trace)
	}
	s := f.stories[name]
	if s != nil {
		return s, nil
	}
	s, err := load.PlayRig(rig, seed, orders)
	if err == nil && f.stories != nil {
		f.stories[name] = s
	}
	return s, err
}

// set reports whether a flag was given.
func (f *loadFlags) set(flag string) bool { return f.given != nil && f.given(flag) }

// mixed has several flows said.
func (f *loadFlags) mixed(w *load.Wording, now time.Time) error {
	m, err := load.ParseMix(f.mix)
	if err != nil {
		return fmt.Errorf("--mix: %w", err)
	}
	if f.batch > 1 {
		return errors.New("with --mix each message is one fact, as messages that follow each other are of different flows; leave --batch out")
	}
	return w.Mixed(neutral.Dialect{}, m, now)
}

// asked refuses a threshold about a flow that is not in the mix.
func asked(g load.Gate, m load.Mix) error {
	f := g.Flow()
	if f == "" || f == load.Confirmations && m == nil || slices.ContainsFunc(m, func(s load.Share) bool { return s.Flow == f }) {
		return nil
	}
	return fmt.Errorf("there are no %s in this load; give them a share with --mix, such as %s", f, load.Mixable)
}

// shape chooses when it is said.
func (f *loadFlags) shape(c *load.Config) (err error) {
	if f.workload == load.Closed {
		if f.given != nil && f.given("rate") {
			return errors.New("a closed workload has no rate: each connection sends when it was answered; leave --rate out")
		}
		if f.duration <= 0 {
			return fmt.Errorf("the duration is %s; it must be above 0", f.duration)
		}
		c.Emit.Until = f.duration
		c.Emit.Most = uint64(f.duration.Seconds()*4e6) + 1<<16 // more than any machine sends
		c.Workload = fmt.Sprintf("closed for %s over %d connections", f.duration, f.connections)
		return nil
	}
	if rest, ok := strings.CutPrefix(f.workload, "trace:"); ok {
		return f.replay(c, rest)
	}
	if c.Shape, err = load.ParseShape(f.workload, f.rate, f.duration); err != nil {
		return err
	}
	c.Emit.Most = c.Shape.Number()
	c.Workload = fmt.Sprintf("%s at %v/s for %s over at most %d connections", f.workload, f.rate, f.duration, f.connections)
	return nil
}

// build chooses what is loaded.
func (f *loadFlags) build(c *load.Config, w World, rig riggedFile, log io.Writer) error {
	if f.url != "" {
		c.Build, c.Listen = load.Running{URL: f.url}, f.erp
		return nil
	}
	defect, err := gateFlags{defect: f.defect}.plantable(w, rig.file, rig.path)
	if err != nil {
		return err
	}
	me, err := self()
	if err != nil {
		return err
	}
	b, err := load.NewRigged(rig.file, w.Catalog, defect, me, log)
	if err != nil {
		return err
	}
	c.Build, c.Listen, c.Token = b, cmp.Or(b.Listen(), "127.0.0.1:0"), b.Token
	return nil
}

// tellProgress prints a line every five seconds.
func tellProgress(w io.Writer, p load.Progress) {
	if p.At.Truncate(500*time.Millisecond)%(5*time.Second) != 0 {
		return
	}
	doing := "sending"
	if p.Draining {
		doing = "draining"
	}
	fmt.Fprintf(w, "%5.0fs %s: sent %d, taken %d, posted %d, never taken %d\n", p.At.Seconds(), doing, p.Sent, p.Taken, p.Posted, p.Failed)
}
