package cmd

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/pactcli"
	"github.com/andon-rig/andon/harness/verify"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/reports/html"
	"github.com/andon-rig/andon/reports/junit"
	"github.com/andon-rig/andon/reports/text"
)

type verifyFlags struct {
	bookFlags
	url        string
	graphql    string
	states     string
	headers    []string
	timeout    time.Duration
	maxBody    int64
	testSystem bool
	ca         string
	seed       uint64
	engine     string
	pactCLI    string

	messages string
	listen   string
	broker   string
	topic    string
	quiet    time.Duration

	provider  string
	version   string
	contracts []string
	consumers []string
	only      string

	junit, html    string
	result, attest string

	pactBroker brokerFlags
}

func newVerify(w World) *cobra.Command {
	var f verifyFlags
	c := &cobra.Command{
		Use:   "verify [file ...] --url <address>",
		Short: "put what consumers rely on before a provider that runs",
		Long: "Makes each exchange that a consumer in force relies on against a provider, and says of each what matched. Without\n" +
			"files, the consumers are those of a book; files are pacts, GraphQL operations with their schema, or an OpenAPI\n" +
			"description, whose examples are then replayed. docs/verify.md tells it as a story.\n\n" +
			"Exit status: 0 all matched, 1 the provider broke something, 2 usage or a mistake in a file, 3 something failed that is\n" +
			"not the provider (a callback, the connection), 4 something was not shown, or nothing was.",
		Example: "  andon verify --url http://127.0.0.1:8080 --book contracts --provider-version 2.0\n" +
			"  andon verify orders.pact.json --url http://127.0.0.1:8080 --states http://127.0.0.1:8080/_states\n" +
			"  andon verify events.pact.json --messages http://127.0.0.1:8080/_emit --listen mqtt://127.0.0.1:1883",
		RunE: func(c *cobra.Command, args []string) error {
			return runVerify(c.Context(), w, f, args, c.Flags().Changed("book"))
		},
	}
	f.bookFlags.add(c)
	flags := c.Flags()
	flags.StringVar(&f.url, "url", "", "`address` of the provider's HTTP interface")
	flags.StringVar(&f.graphql, "graphql", verify.DefaultGraphQL, "`path` of its GraphQL interface below that")
	flags.StringVar(&f.states, "states", "", "`address` of the callback that sets and clears provider states; andon serve --plant-states opens one")
	flags.StringArrayVar(&f.headers, "header", nil, "`\"Name: value\"` sent with every request; ${NAME} in it is taken from the environment")
	flags.DurationVar(&f.timeout, "timeout", verify.DefaultTimeout, "`time` that one exchange may take, its answer's body included")
	flags.Int64Var(&f.maxBody, "max-body", verify.DefaultMaxBody, "`bytes` of an answer that are read")
	flags.BoolVar(&f.testSystem, "test-system", false, "the owner's word that addresses beyond this machine are test systems")
	flags.StringVar(&f.ca, "ca", "", "`file` with the certificates (PEM) of who vouches for addresses over https (default: whom this machine trusts)")
	flags.Uint64Var(&f.seed, "seed", 1, "`seed` of the values that a pact has generated")
	flags.StringVar(&f.messages, "messages", "", "`address` of the trigger: the callback that has the provider emit a message")
	flags.StringVar(&f.listen, "listen", "http", "`where` messages are emitted to: http, nats or mqtt, or an address of this machine such as mqtt://127.0.0.1:1883")
	flags.StringVar(&f.broker, "broker", "", "`address` of a broker that runs already, to subscribe to instead: nats://…, mqtt://… or amqp://…")
	flags.StringVar(&f.topic, "topic", "", "`pattern` of topics or subjects to subscribe to there (default: all); of AMQP, exchange/key")
	flags.DurationVar(&f.quiet, "quiet", verify.DefaultQuiet, "`time` after a message in which no second one may come")
	flags.StringVar(&f.engine, "engine", "andon", "`name` of the engine: "+strings.Join(engineNames(), ", "))
	flags.StringVar(&f.pactCLI, "pact-cli", "", "`path` of the official verifier (default: $"+pactcli.Variable+", node_modules, PATH)")
	flags.StringVar(&f.provider, "provider", "", "`name` of the provider in the book (default: the only one)")
	flags.StringVar(&f.version, "provider-version", "", "`version` of the provider that runs there (default: the only one in force)")
	flags.StringSliceVar(&f.contracts, "contract", nil, "only contracts of this `name`")
	flags.StringSliceVar(&f.consumers, "consumer", nil, "only consumers of this `name`")
	flags.StringVar(&f.only, "only", "", "only interactions whose name holds this `text`; results then speak of no whole")
	flags.StringVar(&f.result, "result", "", "also write a `file` of results, which a book keeps in its folder results")
	flags.StringVar(&f.attest, "attest", "", "sign it with the private key in this `file`; andon verify keygen makes one")
	f.pactBroker.add(flags)
	flags.StringVar(&f.junit, "junit", "", "also write a JUnit XML `file`")
	flags.StringVar(&f.html, "html", "", "also write one self-contained HTML `file`")
	c.AddCommand(newVerifyKeygen(w), newVerifyCheck(w))
	return c
}

func runVerify(ctx context.Context, w World, f verifyFlags, files []string, bookNamed bool) error {
	if f.pactBroker.publish && f.pactBroker.pactBroker == "" {
		return usage("--publish-results needs --pact-broker: where they go")
	}
	if len(files) > 0 && bookNamed {
		return usage("give files or --book, not both: files belong to no book")
	}
	pairs, err := f.pairs(ctx, w, files)
	if errors.As(err, new(*rigError)) {
		return err
	}
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	key, err := f.signWith()
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	target, err := f.target(w)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	done, err := f.bridge(ctx, &target)
	if err != nil {
		return ofMachine(err)
	}
	defer done()
	engine, err := f.open(w, target)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	o, err := verify.Run(ctx, verify.Options{Engine: f.pactBroker.engine(engine), Pairs: pairs, Only: f.selects(), Now: time.Now})
	if err != nil {
		return &rigError{err}
	}
	v := o.Report(version(), engine.Name(), f.talkedTo(), time.Now(), f.unknown)
	if err := errors.Join(f.tell(w, v), f.writeResult(o, engine.Name(), v.When, key), f.pactBroker.publishResults(ctx, w, o)); err != nil {
		return &rigError{err}
	}
	switch {
	case o.Interrupted:
		return exit(harness.ExitInterrupted)
	case v.Exit != 0:
		return exit(v.Exit)
	}
	return nil
}

// pairs are whom to hold against whom.
func (f *verifyFlags) pairs(ctx context.Context, w World, files []string) ([]contracts.Pair, error) {
	if f.pactBroker.pactBroker != "" {
		if len(files) > 0 || len(f.contracts) > 0 || len(f.consumers) > 0 {
			return nil, errors.New("--pact-broker gives the pacts; leave out files, --contract and --consumer")
		}
		return f.pactBroker.pairs(ctx, w, f.provider, f.version)
	}
	today, err := f.today()
	if err != nil {
		return nil, err
	}
	if len(files) > 0 {
		if len(f.contracts) > 0 || len(f.consumers) > 0 || f.provider != "" {
			return nil, errors.New("--provider, --contract and --consumer choose from a book, and files were named")
		}
		return verify.FromFiles(files, w.Catalog.Contracts, f.version)
	}
	b, err := contractsOnly(w, f.book)
	if err != nil {
		return nil, err
	}
	return verify.FromBook(b, verify.Choice{Provider: f.provider, Version: f.version, Contracts: f.contracts, Consumers: f.consumers, Today: today})
}

func (f *verifyFlags) selects() func(string) bool {
	if f.only == "" {
		return nil
	}
	return func(name string) bool { return strings.Contains(name, f.only) }
}

// tell prints what was seen and writes the files that were asked for.
func (f *verifyFlags) tell(w World, v reports.Verification) error {
	var err error
	if f.json {
		err = encodeJSON(w.Stdout, v)
	} else {
		err = text.Reporter{Color: color(w, w.Stdout, false)}.Verification(w.Stdout, v)
	}
	write := func(path string, report func(io.Writer, reports.Verification) error) error {
		if path == "" {
			return nil
		}
		var b strings.Builder
		if err := report(&b, v); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(b.String()), 0o644)
	}
	return errors.Join(err, write(f.junit, junit.Reporter{}.Verification), write(f.html, html.Reporter{}.Verification))
}
