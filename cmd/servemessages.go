package cmd

import (
	"context"
	"fmt"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/counterpart"
	"github.com/andon-rig/andon/harness/verify"
	"github.com/andon-rig/andon/reports/text"
)

// asEmitter sends the messages of a provider until it is ended.
func (f *serveFlags) asEmitter(ctx context.Context, w World) error {
	documents, err := verify.Documents(f.contract.contracts, w.Catalog.Contracts)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	to, err := verify.Address(f.contract.to, f.contract.testSystem, "http", "https", "nats", "mqtt")
	if err != nil {
		return usage("--to %w", err)
	}
	n := len(counterpart.Messages(documents))
	if n == 0 {
		return usage("the contract has no message that could be sent to %s; requests are answered without --to", to.Redacted())
	}
	fmt.Fprintf(w.Stderr, "provider  sends %s to %s, one every %s; Ctrl-C ends it\n", plural(n, "message"), to.Redacted(), f.contract.every)
	e := counterpart.Emitter{Documents: documents, To: to, Every: f.contract.every, Times: f.contract.times, See: func(name, topic string, err error) {
		f.line(w, evidence.Holds, err, topic, name)
	}}
	sent, failed := e.Run(ctx)
	fmt.Fprintf(w.Stderr, "%d sent, %d failed\n", sent, failed)
	switch {
	case failed > 0:
		return exit(harness.ExitRig)
	case sent == 0:
		return exitOf(evidence.Vacuous, f.unknown)
	}
	return nil
}

// line prints what became of a message.
func (f *serveFlags) line(w World, v evidence.Verdict, err error, topic, what string) {
	if err != nil {
		v, what = evidence.Inconclusive, what+": "+err.Error()
	}
	if f.json {
		_ = writeLine(w.Stdout, counterpart.Heard{Topic: topic, Verdict: v, Text: what})
		return
	}
	fmt.Fprintf(w.Stdout, "%s %s: %s\n", text.Sign(v), printable(topic), printable(what))
}

// asHearer judges messages until it is ended.
func (f *serveFlags) asHearer(ctx context.Context, w World) error {
	documents, err := verify.Documents(f.contract.contracts, w.Catalog.Contracts)
	if err != nil {
		return &harness.PlanError{Err: err}
	}
	place, err := verify.Place(f.contract.listen)
	if err != nil {
		return usage("--listen %w", err)
	}
	l, err := verify.Listen(ctx, place, 0)
	if err != nil {
		return &rigError{err}
	}
	defer l.Close()
	fmt.Fprintf(w.Stderr, "consumer  listens at %s; Ctrl-C ends it\n", l.URL())
	n := 0
	v := counterpart.Hearer{Documents: documents, Listener: l, See: func(h counterpart.Heard) {
		n++
		if f.json {
			_ = writeLine(w.Stdout, h)
			return
		}
		f.line(w, h.Verdict, nil, h.Topic, h.Text)
	}}.Run(ctx)
	fmt.Fprintf(w.Stderr, "%s: %s\n", plural(n, "message"), v)
	return exitOf(v, f.unknown)
}
