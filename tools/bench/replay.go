package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/pactcli"
	"github.com/andon-rig/andon/harness/verify"
)

// interactions is how many one verification makes.
const interactions = 1000

// replaying prints what it takes to verify a provider by a thousand
// interactions: our engine beside the official verifier, which is given parts
// of a hundred, and beside it given the whole file at once. Each is measured
// once: a minute is no chance.
func replaying() error {
	path, err := pactcli.Find("", os.Getenv, ".")
	if errors.Is(err, pactcli.ErrNone) {
		fmt.Println("verification of 1,000 interactions: left out, there is no official verifier; make pact-cli")
		return nil
	}
	if err != nil {
		return err
	}
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"no":%q,"quantity":3}`, strings.TrimPrefix(r.URL.Path, "/orders/"))
	}))
	defer provider.Close()
	p, err := thousand()
	if err != nil {
		return err
	}
	u, err := url.Parse(provider.URL)
	if err != nil {
		return err
	}
	target := verify.Target{URL: u, Timeout: time.Minute}
	ours, err := verified(verify.NewAndon(target), p)
	if err != nil {
		return err
	}
	for _, one := range []struct {
		what    string
		perFile int
		target  string
	}{
		{"pact-cli, parts of 100", pactcli.PerFile, "not slower"},
		{"pact-cli, one file", interactions, ""},
	} {
		peer, err := verified(pactcli.Replayer{Engine: pactcli.Engine{Path: path, PerFile: one.perFile}, Target: pactcli.Target{URL: provider.URL}}, p)
		if err != nil {
			return err
		}
		row("verify 1,000 interactions; peer "+one.what, ours.Round(time.Millisecond).String(), peer.Round(time.Millisecond).String(), float64(ours)/float64(peer), one.target)
	}
	return nil
}

// thousand is a pact of as many interactions.
func thousand() (contracts.Pair, error) {
	var all []string
	for i := range interactions {
		all = append(all, fmt.Sprintf(`{"type":"Synchronous/HTTP","description":"order %d","request":{"method":"GET","path":"/orders/%[1]d"},`+
			`"response":{"status":200,"body":{"contentType":"application/json","encoded":false,"content":{"no":"%[1]d","quantity":5}},`+
			`"matchingRules":{"body":{"$.quantity":{"matchers":[{"match":"integer"}]}}}}}`, i))
	}
	text := `{"consumer":{"name":"mes"},"provider":{"name":"erp"},"interactions":[` + strings.Join(all, ",") + `],"metadata":{"pactSpecification":{"version":"4.0"}}}`
	files := []contracts.File{{Name: "mes-erp.json", Data: []byte(text)}}
	d, err := pact.Format{}.Read(files)
	return contracts.Pair{Consumer: contracts.Half{Party: "mes", Format: pact.Format{}, Document: d, Files: files}}, err
}

// verified is how long an engine takes. Anything but a thousand kept
// interactions is an error: a fast engine that verifies nothing is none.
func verified(e contracts.Replayer, p contracts.Pair) (time.Duration, error) {
	began := time.Now()
	all, err := e.Replay(context.Background(), p, func(string) bool { return true })
	took := time.Since(began)
	if err != nil {
		return 0, err
	}
	kept := 0
	for _, r := range all {
		if r.Verdict == evidence.Holds {
			kept++
		}
	}
	if kept != interactions {
		return 0, fmt.Errorf("engine %s verifies %d of %d interactions", e.Name(), kept, interactions)
	}
	return took, nil
}
