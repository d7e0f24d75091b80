package memory_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/memory"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// witness is a build that understands nothing. It takes every announcement,
// posts what one side says to the other, word for word, and writes down all that
// it meets and when. Both speak one dialect, so it needs none.
type witness struct {
	began   time.Time
	dialect simulators.Dialect
	batches batcher              // posts two consumptions as one message; nil posts each
	asks    []simulators.Message // posed to the ERP before anything is posted
	signs   simulators.Message   // how it signs in; no name if it need not

	mu    sync.Mutex // guards what follows
	saw   []string
	queue map[string][]simulators.Message // by where they go
	half  []plant.Event                   // of a batch
	more  map[string]chan struct{}
}

// batcher is a dialect in which one message can state several facts.
type batcher interface {
	Batch(events ...plant.Event) (simulators.Message, error)
}

func newWitness(d simulators.Dialect) *witness {
	return &witness{dialect: d, began: time.Now(), queue: map[string][]simulators.Message{},
		more: map[string]chan struct{}{"erp": make(chan struct{}, 1), "mes": make(chan struct{}, 1)}}
}

// note writes down what was met.
func (w *witness) note(format string, args ...any) {
	w.saw = append(w.saw, fmt.Sprintf("%s %s", time.Since(w.began), fmt.Sprintf(format, args...)))
}

// headers are those of m, in the order of their names.
func headers(h map[string]string) (s string) {
	for _, k := range slices.Sorted(maps.Keys(h)) {
		s += k + ": " + h[k] + "; "
	}
	return s
}

// Receive implements [memory.Build].
func (w *witness) Receive(endpoint string, m simulators.Message) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("%s announces %s %s%s", endpoint, m.Name, headers(m.Header), m.Body)
	to := otherSide[endpoint]
	if to == "" || strings.HasPrefix(m.Key, simulators.AnswerTo) {
		return 202
	}
	post := simulators.Message{Name: m.Name, Body: m.Body, Header: maps.Clone(m.Header)}
	if b, whole := w.paired(m); whole {
		post = b
	} else if len(w.half) > 0 {
		return 202
	}
	if post.Header["Andon-Event"] != "" {
		post.Header["Idempotency-Key"] = post.Header["Andon-Event"]
	}
	w.queue[to] = append(w.queue[to], post)
	select {
	case w.more[to] <- struct{}{}:
	default:
	}
	return 202
}

// paired makes one message of every two consumptions; false if m is none, or
// the first of two.
func (w *witness) paired(m simulators.Message) (batch simulators.Message, whole bool) {
	if w.batches == nil {
		return m, false
	}
	ask, err := w.dialect.Decode(m)
	if err != nil || len(ask.Claims) != 1 || ask.Claims[0].Fact.Kind() != plant.KindConsumption {
		return m, false
	}
	if w.half = append(w.half, ask.Claims[0]); len(w.half) < 2 {
		return m, false
	}
	batch, err = w.batches.Batch(w.half...)
	if err != nil {
		w.note("no batch: %v", err)
		return m, false
	}
	w.half = nil
	return batch, true
}

// Work implements [memory.Build].
func (w *witness) Work(ctx context.Context, endpoint string, post memory.Post) {
	token := ""
	if endpoint == "erp" {
		token = w.signIn(ctx, post)
		for _, q := range w.asks {
			w.say(ctx, endpoint, q, token, post)
		}
	}
	for {
		w.mu.Lock()
		var next *simulators.Message
		if q := w.queue[endpoint]; len(q) > 0 {
			next, w.queue[endpoint] = &q[0], q[1:]
		}
		w.mu.Unlock()
		if next == nil {
			select {
			case <-w.more[endpoint]:
				continue
			case <-ctx.Done():
				return
			}
		}
		for try := 0; try < 3 && ctx.Err() == nil && w.say(ctx, endpoint, *next, token, post)/100 != 2; try++ {
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}
}

// say sends m and writes down what was answered.
func (w *witness) say(ctx context.Context, to string, m simulators.Message, token string, post memory.Post) (status int) {
	if m.Header = maps.Clone(m.Header); token != "" {
		m.Header["Authorization"] = "Bearer " + token
	}
	limited, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	r, err := post(limited, to, m)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note("%s to %s was answered %d %s%s%v", m.Name, to, r.Status, headers(r.Header), r.Body, err)
	return r.Status
}

// signIn gets a token, if there are any.
func (w *witness) signIn(ctx context.Context, post memory.Post) string {
	if w.signs.Name == "" {
		return ""
	}
	r, err := post(ctx, "erp", w.signs)
	var got struct {
		Token string `json:"access_token"`
	}
	if err != nil || json.Unmarshal(r.Body, &got) != nil || got.Token == "" {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.note("no token: %d %s %v", r.Status, r.Body, err)
	}
	return got.Token
}

// signing is how one signs in at the ERP of a rig that speaks d.
func signing(d simulators.Dialect, v harness.Vars) simulators.Message {
	m := simulators.Message{Name: simulators.TokenName, Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}
	form := url.Values{"grant_type": {string(simulators.GrantClient)}, "client_id": {v["erp.client"]}, "client_secret": {v["erp.secret"]}}
	if i, ok := d.(simulators.TokenIssuer); ok {
		m.Name = i.TokenPath()
		form.Set("grant_type", string(i.Grant()))
		form.Set("username", v["erp.account"])
		form.Set("password", v["erp.password"])
	}
	m.Body = []byte(form.Encode())
	return m
}

// pages are two pages of the list of materials, as one asks for them in the
// dialects in which one can.
var pages = map[string][]simulators.Message{
	"neutral/v1": {page("items", "limit", "2"), page("items", "limit", "2", "offset", "2")},
	"d365/v1":    {page("data/ReleasedProductsV2", "$top", "2"), page("data/ReleasedProductsV2", "$top", "2", "$skip", "2")},
	"sap-s4/v2": {page("sap/opu/odata/sap/API_PRODUCT_SRV/A_Product", "$top", "2"),
		page("sap/opu/odata/sap/API_PRODUCT_SRV/A_Product", "$top", "2", "$skip", "2")},
	"b2mml-xml/v7": {listed("limit=2"), listed("limit=2 offset=2")},
}

func page(name string, params ...string) simulators.Message {
	m := simulators.Message{Verb: "get", Name: name, Header: map[string]string{}, Params: map[string]string{}}
	for i := 0; i < len(params); i += 2 {
		m.Params[params[i]] = params[i+1]
	}
	return m
}

// listed asks for materials in B2MML.
func listed(expression string) simulators.Message {
	say := ""
	for _, e := range strings.Fields(expression) {
		say += "<Expression>" + e + "</Expression>"
	}
	return simulators.Message{Name: "bods", Header: map[string]string{"Content-Type": "application/xml"}, Body: []byte(`<?xml version="1.0" encoding="UTF-8"?>
<GetMaterialDefinition xmlns="http://www.mesa.org/xml/B2MML" releaseID="V0701"><ApplicationArea><Sender><LogicalID>lid://acme.integration</LogicalID></Sender>
<CreationDateTime>2026-03-02T12:00:00+01:00</CreationDateTime><BODID>list</BODID></ApplicationArea>
<DataArea><Get>` + say + `</Get><MaterialDefinition><ID>*</ID></MaterialDefinition></DataArea></GetMaterialDefinition>`)}
}
