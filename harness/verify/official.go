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
		return idle(p, only), nil
	}
	chosen := map[string]bool{}
	var left []contracts.Replayed
	a := Andon{target: o.target}
	for _, in := range d.Interactions {
		if !only(in.Name()) {
			continue
		}
		if why := a.cannot(in); why != "" {
			left = append(left, contracts.Replayed{Name: in.Name(), Kind: string(in.Kind), Verdict: evidence.Vacuous, Text: why, Pending: in.Pending, At: in.Place})
			continue
		}
		chosen[in.Name()] = true
	}
	if len(chosen) == 0 {
		return left, nil
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
	if o.target.States != nil {
		d, err := o.stated(ctx)
		if err != nil {
			door.shut()
			return nil, err
		}
		defer d.close()
		e.Target.States = d.url
	}
	seen, err := e.Replay(ctx, p, func(name string) bool { return chosen[name] })
	if door != nil {
		door.shut()
		for i := range seen {
			door.overrule(&seen[i])
		}
	}
	return append(seen, left...), err
}

// local is a server of ours on the loopback interface that the verifier asks.
type local struct {
	url    string
	server *http.Server
	done   chan struct{}
}

func serve(h http.HandlerFunc) (*local, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for the verifier: %w", err)
	}
	s := &local{url: "http://" + l.Addr().String(), done: make(chan struct{}), server: &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: h}}
	go func() {
		defer close(s.done)
		_ = s.server.Serve(l)
	}()
	return s, nil
}

func (s *local) close() {
	_ = s.server.Close()
	<-s.done
}

// stated passes calls for states on to the provider's callback. The verifier
// makes one for interactions without a state too, with an empty name, which
// no callback should have to know.
func (o *Official) stated(ctx context.Context) (*local, error) {
	w := newWire(cmp.Or(o.target.Timeout, DefaultTimeout), maxStates, o.target.Roots)
	return serve(func(rw http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxStates))
		var call stateCall
		if err == nil && json.Unmarshal(body, &call) == nil && call.State == "" {
			return
		}
		reply, bad := w.send(ctx, o.target.States, contracts.Part{Method: http.MethodPost, Headers: map[string][]string{"Content-Type": {"application/json"}}, Body: body}, nil)
		if err != nil || bad != nil {
			rw.WriteHeader(http.StatusBadGateway)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(reply.Status)
		_, _ = rw.Write(reply.Body)
	})
}

// A bridgeDoor is a bridge as the official verifier asks it.
type bridgeDoor struct {
	*local
	bridge   *Bridge
	consumer string
	names    []string // of metadata, as the pact spells them; the verifier looks for no other spelling

	mu   sync.Mutex // guards what follows
	told map[string]*trouble
}

// open serves the bridge on the loopback interface.
func (b *Bridge) open(ctx context.Context, consumer string, doc *pact.Document) (*bridgeDoor, error) {
	d := &bridgeDoor{bridge: b, consumer: consumer, told: map[string]*trouble{}}
	for _, in := range doc.Interactions {
		for name := range in.Response.Headers {
			d.names = append(d.names, name)
		}
	}
	var err error
	d.local, err = serve(func(w http.ResponseWriter, r *http.Request) { d.answer(ctx, w, r) })
	return d, err
}

// shut closes the door, if there is one.
func (d *bridgeDoor) shut() {
	if d != nil {
		d.close()
	}
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
