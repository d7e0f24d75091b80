// Package cmd is the command line: flags in, exit status out. Each mode has a
// file of its own.
package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// World is what a command may touch.
type World struct {
	Args           []string
	Env            func(string) string
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Catalog        catalog.Catalog
	Defects        []Defect // of the catalogue
}

// Defect is a mistake that gate --defect plants into the bundled build, or one
// that is known and cannot be planted yet.
type Defect struct {
	ID, Name, Does string
	Needs          string   // the fault that brings it to light; "-" if plain traffic does
	Intended       []string // oracles that are meant to blame it
	WhyNot         string   // it cannot be planted; "" if it can
	ERP            string   // dialect of the ERP at which it shows; "" if at any
}

// exit is an error that only carries an exit status: everything has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Main runs the command line and returns the exit status.
func Main(w World) int {
	log.SetOutput(io.Discard) // net/http would tell people of every SUT that speaks no HTTP; the journal does
	ctx, stop := interruptible(w)
	defer stop()
	root := newRoot(w)
	root.SetArgs(w.Args)
	root.SetIn(w.Stdin)
	root.SetOut(w.Stdout)
	root.SetErr(w.Stderr)
	err := root.ExecuteContext(ctx)
	var code exit
	switch {
	case err == nil:
		return harness.ExitHolds
	case errors.As(err, &code):
		return int(code)
	}
	say(w.Stderr, err)
	if errors.As(err, new(*harness.PlanError)) || !errors.As(err, new(*rigError)) {
		return harness.ExitUsage
	}
	return harness.ExitRig
}

// say prints err for people. What has a place in a file begins with it, so
// that editors can jump there.
func say(w io.Writer, err error) {
	for _, one := range each(err) {
		var placed *yamlfile.Error
		var problem contracts.Problem
		if errors.As(one, &problem) && problem.Place.File != "" {
			fmt.Fprintln(w, one)
		} else if errors.As(one, &placed) && !placed.Pos.IsZero() && strings.HasPrefix(one.Error(), placed.Pos.String()) {
			fmt.Fprintln(w, one)
		} else {
			fmt.Fprintln(w, "andon:", strings.TrimSpace(one.Error()))
		}
	}
}

// each takes joined errors apart, down to the mistakes in files.
func each(err error) []error {
	var plan *harness.PlanError
	if errors.As(err, &plan) {
		err = plan.Err
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []error
		for _, one := range joined.Unwrap() {
			all = append(all, each(one)...)
		}
		return all
	}
	var problems contracts.Problems
	if errors.As(err, &problems) {
		var all []error
		for _, p := range problems {
			all = append(all, p)
		}
		return all
	}
	found := yamlfile.Errors(err)
	if len(found) == 0 {
		return []error{err}
	}
	if before, ok := strings.CutSuffix(err.Error(), found[0].Error()); len(found) == 1 && (!ok || !strings.HasSuffix(before, "\n")) {
		return []error{err} // what stands before it says more
	}
	var all []error
	for _, one := range found {
		all = append(all, one)
	}
	return all
}

// ofMachine marks err as trouble of the machine unless it is a mistake of the
// user's.
func ofMachine(err error) error {
	if err == nil || errors.As(err, new(*harness.PlanError)) || errors.As(err, new(exit)) {
		return err
	}
	return &rigError{err}
}

// rigError is trouble of the rig or the machine, not of what the user wrote.
type rigError struct{ error }

func (e *rigError) Unwrap() error { return e.error }

// interruptible returns a context that the first Ctrl-C ends; the second ends
// the program.
func interruptible(w World) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	c := make(chan os.Signal, 2)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-c
		fmt.Fprintln(w.Stderr, "andon: interrupted: finishing what is under way; interrupt again to abort")
		cancel()
		<-c
		os.Exit(harness.ExitInterrupted)
	}()
	return ctx, func() {
		signal.Stop(c)
		cancel()
	}
}

func newRoot(w World) *cobra.Command {
	root := &cobra.Command{
		Use:   "andon",
		Short: "simulation and contract-test harness for ERP–MES–machine integrations",
		Long: "Andon runs a simulated plant through an integration build while the world around it breaks on purpose,\n" +
			"and judges the effects: every fact of the plant posted exactly once, or a finding that says which was not and why.",
		SilenceUsage: true, SilenceErrors: true,
		Version: version(),
		Args:    subcommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(newGate(w), newCheck(w), newReplay(w), newExplore(w), newShrink(w), newServe(w), newFaults(w), newJudge(w), newReport(w), newCoverage(w), newInit(w), newDoctor(w), newList(w), newSchema(w), newContracts(w), newVerify(w), newLoad(w), newAgent(w),
		newVersion(w))
	root.SetFlagErrorFunc(unknownFlag)
	complete(root, w)
	return root
}

// version names the build; "devel" if it was built from a working tree.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func newVersion(w World) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "print the version", Args: noArgs, Example: "  andon version",
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(w.Stdout, "andon", version())
			return err
		},
	}
}

// subcommand refuses an argument that should have named a command.
func subcommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, sub := range c.Commands() {
		if !sub.Hidden {
			names = append(names, sub.Name())
		}
	}
	return usage("%s has no command %q; %s", c.CommandPath(), args[0], yamlfile.OneOf(args[0], names))
}

// noArgs refuses arguments.
func noArgs(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage("%s takes flags only, and got %q; see %s --help", c.CommandPath(), args[0], c.CommandPath())
}
