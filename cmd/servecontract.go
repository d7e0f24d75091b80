package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/counterpart"
	"github.com/andon-rig/andon/harness/verify"
	"github.com/andon-rig/andon/reports/text"
)

// Sides of a contract.
const (
	asProvider = "provider"
	asConsumer = "consumer"
)

// contractSide are the flags by which serve plays one side of a contract.
type contractSide struct {
	contracts  []string
	as         string
	listen     string
	to         string
	states     string
	every      time.Duration
	times      int
	testSystem bool
}

// ownFlags are those that belong to a side of a contract, and those that
// belong to it as well as to a plant.
var ownFlags = []string{"contract", "as", "listen", "to", "states", "every", "times", "test-system", "for", "json", "quiet", "plain", "allow-unknown"}

func (s *contractSide) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&s.contracts, "contract", nil, "play a side of the contract in this `file` or folder instead; may be given several times")
	flags.StringVar(&s.as, "as", "", "`side` of the contract: provider or consumer")
	flags.StringVar(&s.listen, "listen", "127.0.0.1:0", "`where` the provider's side listens on this machine; of the consumer's side, where messages come: http, nats or mqtt, or an address of these")
	flags.StringVar(&s.to, "to", "", "`address` of the provider that the consumer's side asks; of the provider's side, where messages are sent to: http, nats or mqtt")
	flags.StringVar(&s.states, "states", "", "`address` of the callback that sets its provider states")
	flags.DurationVar(&s.every, "every", time.Second, "`time` from one question or message to the next")
	flags.IntVar(&s.times, "times", 0, "how `many` rounds are made; 0 means until you end it")
	flags.BoolVar(&s.testSystem, "test-system", false, "the owner's word that --to and --states are test systems though not on this machine")
}

func runContractSide(c *cobra.Command, w World, f serveFlags, args []string) error {
	if err := f.contract.fits(c, args); err != nil {
		return &harness.PlanError{Err: err}
	}
	ctx := c.Context()
	if f.length > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.length)
		defer cancel()
	}
	if f.contract.as == asProvider && f.contract.to != "" {
		return f.asEmitter(ctx, w)
	}
	if f.contract.as == asProvider {
		return f.asProvider(ctx, w)
	}
	if f.contract.to == "" {
		return f.asHearer(ctx, w)
	}
	pairs, err := verify.FromFiles(f.contract.contracts, w.Catalog.Contracts, "")
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	return f.asConsumer(ctx, w, pairs)
}

// fits refuses what does not go together.
func (s *contractSide) fits(c *cobra.Command, args []string) error {
	var others []string
	c.Flags().Visit(func(f *pflag.Flag) {
		if !slices.Contains(ownFlags, f.Name) {
			others = append(others, "--"+f.Name)
		}
	})
	switch {
	case len(s.contracts) == 0:
		return errors.New("--as names a side of a contract: give --contract too")
	case s.as != asProvider && s.as != asConsumer:
		return errors.New("say which side of the contract is played: --as provider or --as consumer")
	case len(args) > 0:
		return fmt.Errorf("%s: a scenario is played by a plant, and --contract plays none", args[0])
	case len(others) > 0:
		return fmt.Errorf("%s is about a plant, and --contract plays none", strings.Join(others, ", "))
	case s.every <= 0 || s.times < 0:
		return errors.New("--every is above 0 and --times not below")
	case s.as == asConsumer && s.to == "" && !c.Flags().Changed("listen"):
		return errors.New("say whom the consumer's side asks with --to http://127.0.0.1:8080, or where messages come with --listen nats")
	case s.as == asConsumer && s.to != "" && c.Flags().Changed("listen"):
		return errors.New("--to asks and --listen waits for messages: start one for each")
	}
	return nil
}

// asProvider answers until it is ended.
func (f *serveFlags) asProvider(ctx context.Context, w World) error {
	documents, err := verify.Documents(f.contract.contracts, w.Catalog.Contracts)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	host, _, err := net.SplitHostPort(f.contract.listen)
	if err != nil {
		return usage("--listen %q is no address such as 127.0.0.1:8080", f.contract.listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usage("--listen %s: listens on this machine only; use 127.0.0.1", f.contract.listen)
	}
	l, err := net.Listen("tcp", f.contract.listen)
	if err != nil {
		return &rigError{fmt.Errorf("listen as provider: %w", err)}
	}
	var mu sync.Mutex // guards what follows, and the output
	answered, refused := 0, 0
	p := &counterpart.Provider{Documents: documents, GraphQL: verify.DefaultGraphQL, See: func(s counterpart.Served) {
		mu.Lock()
		defer mu.Unlock()
		if s.By == "" {
			refused++
		} else {
			answered++
		}
		f.served(w, s)
	}}
	fmt.Fprintf(w.Stderr, "provider  http://%s, with %s; Ctrl-C ends it\n", l.Addr(), plural(len(documents), "document"))
	server := &http.Server{Handler: p, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err = <-done:
		return &rigError{err}
	case <-ctx.Done():
	}
	err = server.Close()
	<-done
	mu.Lock()
	defer mu.Unlock()
	fmt.Fprintf(w.Stderr, "%d answered, %d refused\n", answered, refused)
	switch {
	case err != nil:
		return &rigError{err}
	case refused > 0:
		return exit(harness.ExitOf(evidence.Violated, f.unknown))
	case answered == 0:
		return exitOf(evidence.Vacuous, f.unknown)
	}
	return nil
}

// writeLine prints v as one line of JSON.
func writeLine(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// served prints a line about a request.
func (f *serveFlags) served(w World, s counterpart.Served) {
	if f.json {
		_ = writeLine(w.Stdout, s)
		return
	}
	sign, what := text.Sign(evidence.Holds), s.By
	if s.By == "" {
		sign, what = text.Sign(evidence.Violated), s.Nearest
	}
	fmt.Fprintf(w.Stdout, "%s %d %s  %s\n", sign, s.Status, printable(s.Asked), printable(what))
}

// asConsumer asks until it is ended.
func (f *serveFlags) asConsumer(ctx context.Context, w World, pairs []contracts.Pair) error {
	t := verify.Target{GraphQL: verify.DefaultGraphQL}
	var err1, err2 error
	if t.URL, err1 = verify.Address(f.contract.to, f.contract.testSystem, "http", "https"); err1 != nil {
		err1 = fmt.Errorf("--to %w", err1)
	}
	if f.contract.states != "" {
		if t.States, err2 = verify.Address(f.contract.states, f.contract.testSystem, "http", "https"); err2 != nil {
			err2 = fmt.Errorf("--states %w", err2)
		}
	}
	if err := errors.Join(err1, err2); err != nil {
		return &harness.PlanError{Err: err}
	}
	n := 0
	c := counterpart.Consumer{Engine: verify.NewAndon(t), Pairs: pairs, Every: f.contract.every, Times: f.contract.times, See: func(p contracts.Pair, r contracts.Replayed) {
		n++
		if f.json {
			_ = writeLine(w.Stdout, r)
			return
		}
		line := fmt.Sprintf("%s %s: %s", text.Sign(r.Verdict), r.Name, r.Text)
		for _, note := range r.Notes {
			line += "; " + note
		}
		fmt.Fprintln(w.Stdout, printable(line))
	}}
	fmt.Fprintf(w.Stderr, "consumer  asks %s every %s; Ctrl-C ends it\n", t.URL.Redacted(), f.contract.every)
	v, environment, err := c.Run(ctx)
	if err != nil {
		return &rigError{err}
	}
	fmt.Fprintf(w.Stderr, "%s: %s\n", plural(n, "exchange"), v)
	if environment && v != evidence.Violated {
		return exit(harness.ExitRig)
	}
	return exitOf(v, f.unknown)
}
