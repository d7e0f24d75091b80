package cmd

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/harness/pactbroker"
)

type publishFlags struct {
	broker, version, branch, buildURL string
	tags                              []string
	merge, json                       bool
}

func newContractsPublish(w World) *cobra.Command {
	var f publishFlags
	c := &cobra.Command{
		Use: "publish <pact or folder> ... --pact-broker <address> --consumer-version <version>", Short: "publish pacts to a Pact Broker",
		Args: atLeastOne("name pacts, or folders of them"),
		Long: "Publishes pacts of one consumer at one version. Credentials come from the environment: " + pactbroker.TokenVariable + ",\n" +
			"or " + pactbroker.UserVariable + " and " + pactbroker.PasswordVariable + ". Nothing in Andon needs a broker.\n\n" +
			"Exit status: 0 published, 2 a file is wrong, 3 the broker refused or is not there.",
		Example: "  andon contracts publish pacts --pact-broker https://broker.plant.example --consumer-version 3.2 --branch main",
		RunE: func(c *cobra.Command, args []string) error {
			return publishPacts(c.Context(), w, f, args)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.broker, "pact-broker", "", "`address` of the broker")
	fl.StringVar(&f.version, "consumer-version", "", "`version` of the consumer")
	fl.StringVar(&f.branch, "branch", "", "`branch` that the version is on")
	fl.StringSliceVar(&f.tags, "tag", nil, "`tags` of the version")
	fl.StringVar(&f.buildURL, "build-url", "", "`address` of the build, for people")
	fl.BoolVar(&f.merge, "merge", false, "add to what was published for this version, instead of replacing it")
	fl.BoolVar(&f.json, "json", false, "print one JSON object instead of text")
	return c
}

func publishPacts(ctx context.Context, w World, f publishFlags, paths []string) error {
	if f.broker == "" || f.version == "" {
		return usage("--pact-broker and --consumer-version are needed")
	}
	broker, err := pactbroker.New(f.broker, w.Env)
	if err != nil {
		return usage("--pact-broker: %v", err)
	}
	p := pactbroker.Publication{Version: f.version, Branch: f.branch, Tags: f.tags, BuildURL: f.buildURL, Merge: f.merge}
	if err := readPacts(&p, paths); err != nil {
		return err
	}
	notices, err := broker.Publish(ctx, p)
	if err != nil {
		return &rigError{err}
	}
	return tellPublished(w.Stdout, p, notices, f.json)
}

// readPacts reads what is to be published, and refuses what no broker should
// be given.
func readPacts(p *pactbroker.Publication, paths []string) error {
	files, err := pactFiles(paths)
	if err != nil {
		return err
	}
	var problems contracts.Problems
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return usage("%v", err)
		}
		read, err := pact.Format{}.Read([]contracts.File{{Name: name, Data: b}})
		if err != nil {
			problems = append(problems, contracts.AsProblems(err, name)...)
			continue
		}
		d := read.(*pact.Document)
		if p.Consumer == "" {
			p.Consumer = d.Consumer
		}
		if d.Consumer != p.Consumer {
			problems = append(problems, contracts.Problem{Place: contracts.Place{File: name}, Text: fmt.Sprintf("is of consumer %s, and others here are of %s", d.Consumer, p.Consumer), Hint: "publish one consumer at a time"})
		}
		p.Pacts = append(p.Pacts, pactbroker.Contract{Provider: d.Provider, Text: b})
	}
	return problems.OrNil()
}

// pactFiles are the files at paths; of folders all that end in .json.
func pactFiles(paths []string) (all []string, err error) {
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, usage("%v", err)
		}
		if !info.IsDir() {
			all = append(all, path)
			continue
		}
		inside, err := filepath.Glob(filepath.Join(path, "*.json"))
		if err != nil || len(inside) == 0 {
			return nil, usage("%s holds no pact: no file there ends in .json", path)
		}
		slices.Sort(inside)
		all = append(all, inside...)
	}
	return all, nil
}

func tellPublished(w io.Writer, p pactbroker.Publication, notices []pactbroker.Notice, asJSON bool) error {
	var providers []string
	for _, c := range p.Pacts {
		providers = append(providers, c.Provider)
	}
	if asJSON {
		return json.NewEncoder(w).Encode(struct {
			Consumer  string              `json:"consumer"`
			Version   string              `json:"version"`
			Providers []string            `json:"providers"`
			Notices   []pactbroker.Notice `json:"notices"`
		}{p.Consumer, p.Version, providers, append([]pactbroker.Notice{}, notices...)})
	}
	fmt.Fprintf(w, "published: %s %s with %s\n", p.Consumer, p.Version, strings.Join(providers, ", "))
	for _, n := range notices {
		if n.Type != "debug" {
			fmt.Fprintf(w, "  %s: %s\n", n.Type, strings.TrimSpace(n.Text))
		}
	}
	return nil
}
