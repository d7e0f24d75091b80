package harness

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/endpoint"
)

// changeover is the cutover of a run: a second way into the books of an
// endpoint, and the switch at the SUT.
type changeover struct {
	at   string // endpoint with the two ways
	next endpoint.Way
	hook string // where the SUT is told
}

// cutover prepares the second way into the books, if the rig has one, and
// refuses a scenario that needs it at a rig that has not. The way exists in
// every run, because the SUT's settings name it.
func (r *Rig) cutover() (err error) {
	spec, plan := r.setup.File.SUT.Cutover, r.setup.Scenario.Cutover()
	if spec == nil {
		if plan != nil {
			return fmt.Errorf("%s", r.setup.File.lacksCutover(r.setup.Scenario))
		}
		return nil
	}
	at := scenarios.Meant(cmp.Or(spec.At, "erp"), r.setup.File.systems())
	if _, ok := r.setup.File.Endpoints[at]; !ok {
		return spec.Pos.Errorf("sut.cutover.at names the endpoint %q, which is not there", cmp.Or(spec.At, "erp"))
	}
	c := &changeover{at: at, next: endpoint.Way{Route: scenarios.RouteNew, Client: "andon-" + at + "-next", Secret: rand.Text()}}
	if c.hook, err = r.Vars.Expand(spec.HTTP); err != nil {
		return fmt.Errorf("sut.cutover.http: %w", err)
	}
	r.Plan.changeover, r.Plan.Evidence.Cutover = c, plan
	r.Vars[at+".next.client"], r.Vars[at+".next.secret"] = c.next.Client, c.next.Secret
	if r.Bundle != nil {
		if err := r.Bundle.Redact(at+".next.secret", c.next.Secret); err != nil {
			return err
		}
	}
	return r.keepSecret(evidence.Secret{Name: at + ".next.secret", Kind: evidence.SecretCredential, Owner: at}, c.next.Secret)
}

// waysOf returns the name of the way by which an endpoint's own interface user
// comes, and the others.
func (r *Rig) waysOf(name string) (route string, others []endpoint.Way) {
	if c := r.Plan.changeover; c != nil && c.at == name {
		return scenarios.RouteOld, []endpoint.Way{c.next}
	}
	return "", nil
}

// cutOver lets a freeze begin, or the new way take over. Until the SUT has
// confirmed it the plant stands still, so that whatever becomes true
// afterwards is the new way's.
func (p *Plan) cutOver(ctx context.Context, a scenarios.Action) error {
	word := map[string]string{"do": a.Do}
	switch {
	case p.changeover == nil:
		return fmt.Errorf("the rig does not say how the SUT is told (sut.cutover)")
	case a.Do == scenarios.DoFreeze:
		word["frozen"] = string(cmp.Or(a.Frozen, evidence.FrozenEither))
	default:
		p.snapshotAll()
	}
	body, err := json.Marshal(word)
	if err != nil {
		return err
	}
	return p.changeover.tell(ctx, body)
}

// heedsWithin is how long a SUT may take to confirm a cutover: it may have been
// killed a moment ago.
const heedsWithin = 10 * time.Second

// tell has the SUT go by the switch. It is asked again until it confirms.
func (c *changeover) tell(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, heedsWithin)
	defer cancel()
	var last error
	for {
		if last = c.post(ctx, body); last == nil {
			return nil
		}
		if !pause(ctx, 100*time.Millisecond) {
			return fmt.Errorf("the SUT did not confirm %s at %s within %s: %w", body, c.hook, heedsWithin, last)
		}
	}
}

func (c *changeover) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.hook, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(res.Body, 200))
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %s: %s", res.Status, bytes.TrimSpace(said))
	}
	return nil
}
