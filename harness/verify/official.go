package verify

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/pactcli"
)

// Official is the official verifier as an engine. It asks for messages over
// HTTP and takes whatever is answered, an error page too; so it is given them
// by the bridge, which keeps a verdict of its own on whether there was one.
type Official struct {
	engine pactcli.Replayer
	bridge *Bridge
	target Target
}

var _ contracts.Replayer = (*Official)(nil)

// NewOfficial makes an engine of the program at path.
func NewOfficial(path string, t Target) *Official {
	o := &Official{engine: pactcli.Replayer{Engine: pactcli.Engine{Path: path}}, bridge: t.Bridge, target: t}
	if t.URL != nil {
		o.engine.Target.URL = t.URL.String()
	}
	if t.States != nil {
		o.engine.Target.States = t.States.String()
	}
	o.engine.Target.Timeout = t.Timeout
	o.engine.Target.Headers = map[string]string{}
	for name, values := range t.Header {
		for _, v := range values {
			o.engine.Target.Headers[name] = v
		}
	}
	return o
}

// Name implements [contracts.Replayer].
func (o *Official) Name() string { return o.engine.Name() }

// Replay implements [contracts.Replayer].
func (o *Official) Replay(ctx context.Context, p contracts.Pair, only func(name string) bool) ([]contracts.Replayed, error) {
	d, ok := p.Consumer.Document.(*pact.Document)
	if !ok {
		return nil, fmt.Errorf("what %s relies on is in format %s, and the official verifier knows pacts only; leave --engine out", p.Consumer.ID(), p.Consumer.Document.Format())
	}
	chosen := map[string]bool{}
	var idle []contracts.Replayed
	a := Andon{target: o.target}
	for _, in := range d.Interactions {
		if !only(in.Name()) {
			continue
		}
		if why := a.cannot(in); why != "" {
			idle = append(idle, contracts.Replayed{Name: in.Name(), Kind: string(in.Kind), Verdict: evidence.Vacuous, Text: why, Pending: in.Pending, At: in.Place})
			continue
		}
		chosen[in.Name()] = true
	}
	if len(chosen) == 0 {
		return idle, nil
	}
	e := o.engine
	var door *bridgeDoor
	if o.bridge != nil {
		var err error
		if door, err = o.bridge.open(ctx, p.Consumer.Party, d); err != nil {
			return nil, err
		}
		e.Target.Messages = door.url
	}
	seen, err := e.Replay(ctx, p, func(name string) bool { return chosen[name] })
	if door != nil {
		door.close()
		for i := range seen {
			door.overrule(&seen[i])
		}
	}
	return append(seen, idle...), err
}

// A bridgeDoor is a bridge as the official verifier asks it.
type bridgeDoor struct {
	url      string
	server   *http.Server
	done     chan struct{}
	bridge   *Bridge
	consumer string
	names    []string // of metadata, as the pact spells them; the verifier looks for no other spelling

	mu   sync.Mutex // guards what follows
	told map[string]*trouble
}

// open serves the bridge on the loopback interface.
func (b *Bridge) open(ctx context.Context, consumer string, doc *pact.Document) (*bridgeDoor, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("open the bridge for messages: %w", err)
	}
	d := &bridgeDoor{url: "http://" + l.Addr().String(), done: make(chan struct{}), bridge: b, consumer: consumer, told: map[string]*trouble{}}
	for _, in := range doc.Interactions {
		for name := range in.Response.Headers {
			d.names = append(d.names, name)
		}
	}
	d.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.answer(ctx, w, r) })}
	go func() {
		defer close(d.done)
		_ = d.server.Serve(l)
	}()
	return d, nil
}

func (d *bridgeDoor) close() {
	_ = d.server.Close()
	<-d.done
}

// answer has a message emitted for the verifier. Without one the connection is
// closed: what the verifier does not get it cannot take for the message.
func (d *bridgeDoor) answer(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	var call messageCall
	if err := json.NewDecoder(io.LimitReader(r.Body, maxStates)).Decode(&call); err != nil {
		panic(http.ErrAbortHandler)
	}
	call.Consumer = d.consumer
	m, _, bad := d.bridge.ask(ctx, call)
	name := (&pact.Interaction{Description: call.Description, States: call.ProviderStates}).Name()
	d.mu.Lock()
	d.told[name] = bad
	d.mu.Unlock()
	if bad != nil {
		panic(http.ErrAbortHandler)
	}
	contentType := cmp.Or(m.Header("Content-Type"), "application/json")
	metadata := map[string]string{"contentType": contentType}
	for _, name := range d.names {
		for k, v := range m.Headers {
			if strings.EqualFold(k, name) && len(v) > 0 {
				metadata[name] = v[0]
			}
		}
	}
	if head, err := json.Marshal(metadata); err == nil {
		w.Header().Set("Pact-Message-Metadata", base64.StdEncoding.EncodeToString(head))
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(m.Body)
}

// overrule puts the bridge's own verdict in place of the verifier's: on a
// message that never came there is none, whatever the verifier made of it.
func (d *bridgeDoor) overrule(r *contracts.Replayed) {
	if r.Kind == string(pact.HTTP) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	bad, asked := d.told[r.Name]
	switch {
	case !asked:
		fault(r, &trouble{verdict: evidence.Inconclusive, environment: true, text: "the verifier never asked for the message"})
	case bad != nil:
		fault(r, bad)
	default:
		return
	}
	r.Breaches = nil
}
