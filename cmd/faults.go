package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/control"
)

type faultsFlags struct {
	control string
	token   string
	json    bool
}

func newFaults(w World) *cobra.Command {
	c := &cobra.Command{
		Use: "faults", Short: "arm and heal faults by hand in a session of andon serve --faults",
		Long: "Talks to the control port of a session. --control is the file control.json that the session has written, or the\n" +
			"address of the port; then the token is read from --token-file or from the environment, ANDON_TOKEN.",
		Example: "  andon faults list --control session/control.json\n  andon faults arm --control session/control.json '{fault: lose, at: erp, p: 0.2}'\n" +
			"  andon faults arm --control session/control.json trouble.yaml\n  andon faults heal --control session/control.json hand-1",
		Args: subcommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(
		faultsCommand(w, "arm <file, - or fault> ...", "arm faults: files, - for standard input, or the text of a fault", "arm '{fault: outage, at: erp, for: {wall: 20s}}'", armByHand),
		faultsCommand(w, "heal [id ...]", "heal faults by their ids; all if none is named", "heal hand-1", healByHand),
		faultsCommand(w, "list", "how the session stands: which faults there are, and what they struck", "list", statusByHand),
		faultsCommand(w, "stop", "end the session: faults heal, the run settles and is judged", "stop", stopByHand),
	)
	return c
}

// faultsCommand is one thing to ask a control port.
func faultsCommand(w World, use, short, example string, do func(context.Context, World, faultsFlags, control.Key, []string) error) *cobra.Command {
	var f faultsFlags
	c := &cobra.Command{
		Use: use, Short: short, Example: "  andon faults " + example + " --control session/" + keyFile,
		RunE: func(c *cobra.Command, args []string) error {
			key, err := f.key(w)
			if err != nil {
				return &harness.PlanError{Err: err}
			}
			err = do(c.Context(), w, f, key, args)
			if errors.As(err, new(*control.Refused)) {
				return &harness.PlanError{Err: err}
			}
			return ofMachine(err)
		},
	}
	c.Flags().StringVar(&f.control, "control", "", "`file` control.json of the session, or address of its port")
	c.Flags().StringVar(&f.token, "token-file", "", "`file` with the token, if --control is an address (default: environment ANDON_TOKEN)")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return c
}

// key finds out where the port is and what opens it.
func (f faultsFlags) key(w World) (control.Key, error) {
	if f.control == "" {
		return control.Key{}, errors.New("which session? give --control FOLDER/control.json, as andon serve --faults prints it")
	}
	if !strings.HasPrefix(f.control, "http://") {
		return control.ReadKey(f.control)
	}
	token := w.Env("ANDON_TOKEN")
	if f.token != "" {
		if k, err := control.ReadKey(f.token); err == nil {
			return control.Key{URL: f.control, Token: k.Token}, nil
		}
		b, err := os.ReadFile(f.token)
		if err != nil {
			return control.Key{}, err
		}
		token = strings.TrimSpace(string(b))
	}
	if token == "" {
		return control.Key{}, errors.New("there is no token: give --token-file, set ANDON_TOKEN, or give the file control.json to --control")
	}
	return control.Key{URL: f.control, Token: token}, nil
}

func armByHand(ctx context.Context, w World, f faultsFlags, k control.Key, args []string) error {
	if len(args) == 0 {
		return usage("name a file with a fault, - for standard input, or write the fault: andon faults arm '{fault: lose, at: erp}'")
	}
	for _, arg := range args {
		text, err := faultText(w, arg)
		if err != nil {
			return err
		}
		var told struct {
			Armed []string `json:"armed"`
		}
		if err := k.Call(ctx, http.MethodPost, "/v1/faults", text, &told); err != nil {
			return err
		}
		if err := f.say(w, told, "armed %s\n", strings.Join(told.Armed, ", ")); err != nil {
			return err
		}
	}
	return nil
}

// faultText is a fault that was written as an argument, or in a file.
func faultText(w World, arg string) ([]byte, error) {
	if arg == "-" {
		return io.ReadAll(w.Stdin)
	}
	if strings.ContainsAny(arg, "{:\n") {
		return []byte(arg), nil
	}
	b, err := os.ReadFile(arg)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage("%s is no file; a fault is written as '{fault: lose, at: erp}'", arg)
	}
	return b, err
}

func healByHand(ctx context.Context, w World, f faultsFlags, k control.Key, ids []string) error {
	paths := []string{"/v1/faults"}
	if len(ids) > 0 {
		paths = nil
	}
	for _, id := range ids {
		paths = append(paths, "/v1/faults/"+url.PathEscape(id))
	}
	n := 0
	for _, path := range paths {
		var told struct {
			Healed int `json:"healed"`
		}
		if err := k.Call(ctx, http.MethodDelete, path, nil, &told); err != nil {
			return err
		}
		n += told.Healed
	}
	return f.say(w, map[string]int{"healed": n}, "healed %s\n", plural(n, "fault"))
}

func statusByHand(ctx context.Context, w World, f faultsFlags, k control.Key, _ []string) error {
	var s harness.Status
	if err := k.Call(ctx, http.MethodGet, "/v1/status", nil, &s); err != nil {
		return err
	}
	if f.json {
		return writeJSON(w.Stdout, s)
	}
	fmt.Fprintf(w.Stdout, "run %s, plant time %s, SUT %s: %d facts, %d effects, %d exceptions\n", s.Run, s.Plant.Format("2006-01-02 15:04:05 -07:00"), printable(s.SUT), s.Facts, s.Effects, s.Surfaced)
	t := tabwriter.NewWriter(w.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "FAULT\tWHAT\tAT\tSTATE\tSTRUCK\tLAST")
	for _, x := range s.Faults {
		state, last := "healed", ""
		if x.Armed {
			state = "armed"
		}
		if n := len(x.Last); n > 0 {
			last = fmt.Sprintf("%s, try %d: %s", x.Last[n-1].Key, x.Last[n-1].Attempt, cmp.Or(x.Last[n-1].What, x.Kind))
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%s\n", x.ID, x.Kind, strings.Join(x.At, ", "), state, x.Struck, printable(last))
	}
	return t.Flush()
}

func stopByHand(ctx context.Context, w World, f faultsFlags, k control.Key, _ []string) error {
	if err := k.Call(ctx, http.MethodPost, "/v1/stop", nil, nil); err != nil {
		return err
	}
	return f.say(w, map[string]bool{"stopping": true}, "the session ends; its report comes from andon serve\n")
}

// say prints what was done.
func (f faultsFlags) say(w World, v any, format string, args ...any) error {
	if f.json {
		return writeJSON(w.Stdout, v)
	}
	_, err := fmt.Fprintf(w.Stdout, format, args...)
	return err
}
