package cmd

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/harness/pactcli"
	"github.com/andon-rig/andon/harness/verify"
)

// target is the provider as flags tell it.
func (f *verifyFlags) target(w World) (verify.Target, error) {
	t := verify.Target{GraphQL: f.graphql, Timeout: f.timeout, MaxBody: f.maxBody, Seed: f.seed}
	if f.url == "" && f.messages == "" {
		return t, errors.New("say where the provider is with --url http://127.0.0.1:8080, or with --messages what has it emit messages")
	}
	if f.timeout <= 0 || f.maxBody <= 0 {
		return t, errors.New("--timeout and --max-body are above 0: nothing is waited for without end")
	}
	var errs []error
	for _, one := range []struct {
		flag, text string
		into       **url.URL
	}{{"--url", f.url, &t.URL}, {"--states", f.states, &t.States}} {
		if one.text == "" {
			continue
		}
		u, err := verify.Address(one.text, f.testSystem, "http", "https")
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %w", one.flag, err))
		}
		*one.into = u
	}
	var err, err2 error
	t.Header, err = headers(w, f.headers)
	t.Roots, err2 = f.roots()
	return t, errors.Join(append(errs, err, err2)...)
}

// roots are those who vouch for addresses over https.
func (f *verifyFlags) roots() (*x509.CertPool, error) {
	if f.ca == "" {
		return nil, nil
	}
	b, err := os.ReadFile(f.ca)
	if err != nil {
		return nil, fmt.Errorf("--ca: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("--ca %s holds no certificate in PEM", f.ca)
	}
	return pool, nil
}

// bridge opens what messages come over, and returns what closes it.
func (f *verifyFlags) bridge(ctx context.Context, t *verify.Target) (func(), error) {
	if f.messages == "" {
		if f.broker != "" || f.topic != "" {
			return nil, usage("--broker and --topic are about messages, and no --messages says how to have them emitted")
		}
		return func() {}, nil
	}
	trigger, err := verify.Address(f.messages, f.testSystem, "http", "https")
	if err != nil {
		return nil, usage("--messages %w", err)
	}
	var l verify.Listener
	if f.broker == "" {
		if f.topic != "" {
			return nil, usage("--topic chooses from a --broker; with --listen all is heard")
		}
		at, err2 := verify.Place(f.listen)
		if err2 != nil {
			return nil, usage("--listen %w", err2)
		}
		l, err = verify.Listen(ctx, at, f.maxBody)
	} else {
		u, err2 := verify.Address(f.broker, f.testSystem, "nats", "mqtt", "amqp")
		if err2 != nil {
			return nil, usage("--broker %w", err2)
		}
		l, err = verify.Subscribe(ctx, u, f.topic, f.maxBody)
	}
	if err != nil {
		return nil, err
	}
	t.Bridge = &verify.Bridge{Trigger: trigger, Listener: l, Timeout: f.timeout, Quiet: f.quiet, Roots: t.Roots}
	return func() { _ = l.Close() }, nil
}

// headers reads "Name: value", with what ${…} names in the environment, so
// that a password need not stand in the list of processes.
func headers(w World, list []string) (http.Header, error) {
	h := http.Header{}
	for _, one := range list {
		name, value, ok := strings.Cut(one, ":")
		if !ok || strings.TrimSpace(name) == "" {
			return nil, fmt.Errorf("--header %q: write it as \"Name: value\"", one)
		}
		var missing string
		value = os.Expand(strings.TrimSpace(value), func(key string) string {
			v := w.Env(key)
			if v == "" {
				missing = key
			}
			return v
		})
		if missing != "" {
			return nil, fmt.Errorf("--header %s: the environment has no %s", name, missing)
		}
		h.Add(strings.TrimSpace(name), value)
	}
	return h, nil
}

// engineNames are the engines that --engine takes.
func engineNames() []string { return []string{"andon", "pact-cli"} }

// open makes the engine that was asked for.
func (f *verifyFlags) open(w World, t verify.Target) (contracts.Replayer, error) {
	switch f.engine {
	case "andon":
		return verify.NewAndon(t), nil
	case "pact-cli":
		if f.ca != "" {
			return nil, errors.New("--ca: the official verifier trusts whom it likes; leave --engine out, or put a provider without TLS before it")
		}
		path, err := pactcli.Find(f.pactCLI, w.Env, ".")
		if err != nil {
			return nil, err
		}
		return verify.NewOfficial(path, t), nil
	}
	return nil, fmt.Errorf("--engine %q: known are %s", f.engine, strings.Join(engineNames(), ", "))
}

// talkedTo are the addresses, without passwords.
func (f *verifyFlags) talkedTo() string {
	var all []string
	for _, one := range []string{f.url, f.messages} {
		if u, err := url.Parse(one); err == nil && one != "" {
			all = append(all, u.Redacted())
		}
	}
	return strings.Join(all, ", ")
}
