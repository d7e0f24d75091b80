package cmd

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness/load"
	"github.com/andon-rig/andon/harness/load/fleet"
)

// agentFlags are what an agent is told.
type agentFlags struct {
	nats    string
	targets []string
	child   bool // of a load: it ends with its standard input
}

func newAgent(w World) *cobra.Command {
	var f agentFlags
	c := &cobra.Command{
		Use:   "agent",
		Short: "send parts of loads for andon load --agents, here or on another machine",
		Long: "Joins a NATS server with JetStream and sends the parts of loads that it is given there, until it is interrupted.\n" +
			"It measures its clock against that of the load, begins when all begin, and reports journal and histograms.\n\n" +
			"It sends to builds on its own machine, and to those elsewhere that --target names: whoever starts an agent\n" +
			"says with it that they are test systems.",
		Example: "  andon agent --nats nats://TOKEN@rig.example:4222\n" +
			"  andon agent --nats nats://rig.example:4222 --target mes-test.example:8080",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runAgent(c.Context(), w, f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.nats, "nats", "", "`address` of the NATS server (default: the environment variable "+load.FleetURL+")")
	flags.StringArrayVar(&f.targets, "target", nil, "`host` or host:port of a test system on another machine that may be loaded; may be repeated")
	flags.BoolVar(&f.child, "child", false, "end when standard input ends")
	_ = flags.MarkHidden("child") // a load says it to those it starts
	return c
}

func runAgent(ctx context.Context, w World, f agentFlags) error {
	at := natsURL(cmp.Or(f.nats, w.Env(load.FleetURL)))
	if at == "" {
		return usage("--nats is missing: where is the NATS server? andon load --agents prints its address")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if f.child {
		go func() {
			_, _ = io.Copy(io.Discard, w.Stdin)
			cancel()
		}()
	}
	level, name := slog.LevelWarn, load.AgentName()
	if !f.child { // in containers every host and process may be called the same
		level, name = slog.LevelInfo, name+"-"+strings.ToLower(rand.Text()[:4])
	}
	a := fleet.Agent{URL: at, Name: name, Do: load.Worker{Targets: f.targets}.Do, Log: slog.New(slog.NewTextHandler(w.Stderr, &slog.HandlerOptions{Level: level}))}
	if err := a.Run(ctx); err != nil {
		return ofMachine(err)
	}
	return nil
}

// natsURL lets people leave the scheme out.
func natsURL(address string) string {
	if address == "" || strings.Contains(address, "://") {
		return address
	}
	return "nats://" + address
}

// fleetFlags are those of a load that agents send.
type fleetFlags struct {
	local, remote, parts int
	nats, listen         string
	within               time.Duration
}

const (
	mostAgents    = 256
	defaultWithin = 30 * time.Second
)

func (f *loadFlags) agents(c *cobra.Command) {
	flags := c.Flags()
	flags.IntVar(&f.fleet.local, "agents", 0, "start so `many` agents on this machine, each of which sends a part")
	flags.IntVar(&f.fleet.remote, "remote-agents", 0, "wait for so `many` agents that are started elsewhere with andon agent")
	flags.IntVar(&f.fleet.parts, "parts", 0, "cut the plan into so `many` parts (default: one for each agent); what agents are left over take parts of those that are gone")
	flags.StringVar(&f.fleet.nats, "nats", "", "`address` of a NATS server with JetStream where agents meet (default: one in this process)")
	flags.StringVar(&f.fleet.listen, "nats-listen", "", "`address` on which the NATS server of this process listens (default: a free port of 127.0.0.1)")
	flags.DurationVar(&f.fleet.within, "agents-within", defaultWithin, "how `long` agents may take to be ready")
}

// convoy chooses who sends: nil is this process.
func (f *loadFlags) convoy(w World) (*load.Fleet, error) {
	a := f.fleet
	switch {
	case a.local < 0 || a.remote < 0 || a.parts < 0 || a.local+a.remote > mostAgents || a.parts > mostAgents:
		return nil, fmt.Errorf("--agents, --remote-agents and --parts must be 0 to %d", mostAgents)
	case a.local+a.remote == 0 && (a.parts > 0 || a.nats != "" || a.listen != ""):
		return nil, fmt.Errorf("--parts, --nats and --nats-listen are about agents; say with --agents or --remote-agents how many")
	case a.local+a.remote == 0:
		return nil, nil
	case a.parts > a.local+a.remote:
		return nil, fmt.Errorf("--parts is %d and there are %d agents: each sends one part at a time, and all parts begin together", a.parts, a.local+a.remote)
	case a.nats != "" && a.listen != "":
		return nil, fmt.Errorf("--nats is a server that runs already and --nats-listen where ours listens; leave one out")
	case f.findMax:
		return nil, fmt.Errorf("--find-max decides from answer to answer what is sent next, so this process sends; leave --agents out")
	case f.workload == load.Closed:
		return nil, fmt.Errorf("agents need an open workload: in a closed one nobody knows when a confirmation was due")
	case a.within <= 0:
		return nil, fmt.Errorf("--agents-within must be above 0")
	}
	me, err := self()
	if err != nil {
		return nil, err
	}
	command := []string{me, "agent", "--child"}
	if f.testSystem {
		if u, err := url.Parse(f.url); err == nil {
			command = append(command, "--target", u.Host)
		}
	}
	return &load.Fleet{Local: a.local, Remote: a.remote, Parts: a.parts, URL: natsURL(a.nats), Listen: a.listen, Command: command, Within: a.within,
		Say: func(text string) { fmt.Fprintln(w.Stderr, text) }}, nil
}
