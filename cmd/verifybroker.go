package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/pactbroker"
	"github.com/andon-rig/andon/harness/verify"
)

// brokerFlags have a Pact Broker as the source of pacts, and as the sink of
// what came of them.
type brokerFlags struct {
	pactBroker, branch, wipSince, buildURL string
	selectors                              []string
	publish                                bool

	client  *pactbroker.Client
	fetched map[string]pactbroker.Pact // by address
}

func (f *brokerFlags) add(fl *pflag.FlagSet) {
	fl.StringVar(&f.pactBroker, "pact-broker", "", "`address` of a Pact Broker whose pacts with --provider are verified; credentials come from "+pactbroker.TokenVariable+", or "+pactbroker.UserVariable+" and "+pactbroker.PasswordVariable)
	fl.StringArrayVar(&f.selectors, "consumer-version-selector", nil, "`selector` of pacts there, as JSON: {\"branch\":\"main\",\"latest\":true} (default: main branches, and all that is deployed or released)")
	fl.StringVar(&f.branch, "provider-branch", "", "`branch` of the provider, by which the broker tells what is pending")
	fl.StringVar(&f.wipSince, "wip-since", "", "add pacts of other branches since this `day`; they may fail")
	fl.BoolVar(&f.publish, "publish-results", false, "publish what came of it to the broker, for --provider-version")
	fl.StringVar(&f.buildURL, "build-url", "", "`address` of the build that is published with results")
}

// pairs fetches the pacts of a provider. Those that it has never kept are
// pending: they are told, and count for nothing.
func (f *brokerFlags) pairs(ctx context.Context, w World, provider, version string) ([]contracts.Pair, error) {
	if provider == "" {
		return nil, errors.New("--pact-broker needs --provider: whose pacts are meant")
	}
	if f.publish && version == "" {
		return nil, errors.New("--publish-results needs --provider-version: whose results they are")
	}
	choice := pactbroker.Choice{Provider: provider, Branch: f.branch, Pending: true, WIPSince: f.wipSince}
	for _, s := range f.selectors {
		var one pactbroker.Selector
		if err := json.Unmarshal([]byte(s), &one); err != nil {
			return nil, fmt.Errorf("--consumer-version-selector %s: %w", s, err)
		}
		choice.Selectors = append(choice.Selectors, one)
	}
	var err error
	if f.client, err = pactbroker.New(f.pactBroker, w.Env); err != nil {
		return nil, fmt.Errorf("--pact-broker: %w", err)
	}
	all, err := f.client.ForVerification(ctx, choice)
	if err != nil {
		return nil, &rigError{err}
	}
	f.fetched = map[string]pactbroker.Pact{}
	var pairs []contracts.Pair
	for _, p := range all {
		pair, err := pairOf(p, provider, version)
		if err != nil {
			return nil, err
		}
		f.fetched[p.URL] = p
		pairs = append(pairs, pair)
	}
	return pairs, nil
}

func pairOf(p pactbroker.Pact, provider, version string) (contracts.Pair, error) {
	files := []contracts.File{{Name: p.URL, Data: p.Text}}
	d, err := pact.Format{}.Read(files)
	if err != nil {
		return contracts.Pair{}, err
	}
	return contracts.Pair{
		Provider: contracts.Half{Party: provider, Version: version},
		Consumer: contracts.Half{Party: d.(*pact.Document).Consumer, Version: p.Version, Folder: p.URL, Format: pact.Format{}, Document: d, Digest: contracts.Digest(files), Files: files},
	}, nil
}

// engine has e mark what is pending by the broker's word.
func (f *brokerFlags) engine(e contracts.Replayer) contracts.Replayer {
	if f.pactBroker == "" {
		return e
	}
	return pendingEngine{e, f.fetched}
}

type pendingEngine struct {
	contracts.Replayer
	fetched map[string]pactbroker.Pact
}

// Replay implements [contracts.Replayer].
func (e pendingEngine) Replay(ctx context.Context, p contracts.Pair, only func(string) bool) ([]contracts.Replayed, error) {
	all, err := e.Replayer.Replay(ctx, p, only)
	if from := e.fetched[p.Consumer.Folder]; from.Pending {
		for i := range all {
			all[i].Pending = true
		}
	}
	return all, err
}

// publishResults publishes what came of each pact, and says of which it does
// not: what is not known is no result.
func (f *brokerFlags) publishResults(ctx context.Context, w World, o verify.Outcome) error {
	if !f.publish || f.pactBroker == "" {
		return nil
	}
	var errs []error
	for _, s := range o.Pairs {
		p := f.fetched[s.Consumer.Folder]
		r, why := f.result(s)
		if why != "" {
			fmt.Fprintf(w.Stderr, "andon: no result is published of %s: %s\n", p.Name, why)
			continue
		}
		if err := f.client.PublishResult(ctx, s.Provider.Party, p, r); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// result is what came of a pact, or why that is not known.
func (f *brokerFlags) result(s verify.Seen) (r pactbroker.Result, why string) {
	d := s.Consumer.Document.(*pact.Document)
	if s.Left > 0 || len(s.All) < len(d.Interactions) {
		return r, "not all of it was verified"
	}
	places := map[string]int{}
	for i, in := range d.Interactions {
		places[in.Name()] = i
	}
	r = pactbroker.Result{Version: s.Provider.Version, Branch: f.branch, Success: true, BuildURL: f.buildURL, Verifier: version()}
	for _, one := range s.All {
		if one.Verdict != evidence.Holds && one.Verdict != evidence.Violated {
			return r, one.Name + ": " + one.Text
		}
		t := pactbroker.Test{Interaction: places[one.Name], Success: one.Verdict == evidence.Holds}
		for _, b := range one.Breaches {
			t.Mismatches = append(t.Mismatches, pactbroker.Mismatch{Attribute: attribute(b), Identifier: b.Path, Description: "want " + b.Want + ", got " + b.Got})
		}
		r.Success = r.Success && t.Success
		r.Tests = append(r.Tests, t)
	}
	return r, ""
}

// attribute is the part of a message that a breach is about, as brokers name it.
func attribute(b contracts.Breach) string {
	for _, name := range []string{"status", "header", "metadata"} {
		if len(b.Path) >= len(name) && b.Path[:len(name)] == name {
			return name
		}
	}
	return "body"
}
