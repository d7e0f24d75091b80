package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sapSide speaks sap-s4/v2 with an ERP. Nothing there recognises a repetition,
// so that what may have been posted is asked for by its reference before it is
// sent again; and since a request that nobody answered can still be on its way,
// not before it has had the time to arrive. Orders are locked by who posts to
// them: being refused for that is no refusal.
type sapSide struct {
	*system

	mu      sync.Mutex // guards what follows
	token   string
	cookies string
	sent    map[string]time.Time // when an event may last have been sent
}

var (
	_ side       = (*sapSide)(nil)
	_ dictionary = (*sapSide)(nil)
)

func newSAPSide(name string, c Config) *sapSide {
	return &sapSide{system: newSystem(name, c.ERP, c), sent: map[string]time.Time{}}
}

// admit sees to a session.
func (s *sapSide) admit(ctx context.Context) verdict {
	if _, v := s.tokens.get(ctx); v.what != posted {
		return v
	}
	_, _, v := s.session(ctx)
	return v
}

// session is the token that changes need, and the cookies without which it is
// worth nothing.
func (s *sapSide) session(ctx context.Context) (token, cookies string, v verdict) {
	s.mu.Lock()
	token, cookies = s.token, s.cookies
	s.mu.Unlock()
	if token != "" {
		return token, cookies, verdict{}
	}
	r, v := s.call(ctx, http.MethodGet, strings.TrimSuffix(sapConfirms, "ProdnOrdConf2"), http.Header{"X-Csrf-Token": {"Fetch"}}, nil)
	if v.what != posted {
		v.what, v.doubt = again, false
		return "", "", v
	}
	var all []string
	for _, c := range (&http.Response{Header: r.header}).Cookies() {
		all = append(all, c.Name+"="+c.Value)
	}
	token, cookies = r.header.Get("X-Csrf-Token"), strings.Join(all, "; ")
	if token == "" {
		return "", "", verdict{what: again, class: technical, code: "no-session", reason: "the ERP gave no token for a session"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token, s.cookies = token, cookies
	return token, cookies, verdict{}
}

// ended forgets a session that is not accepted any more.
func (s *sapSide) ended(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == token {
		s.token, s.cookies = "", ""
	}
}

// change sends what changes something, in a session. If that has ended nothing
// was done, and it is sent once more in a new one.
func (s *sapSide) change(ctx context.Context, method, path string, header http.Header, body []byte) (reply, verdict) {
	for renewed := false; ; renewed = true {
		token, cookies, v := s.session(ctx)
		if v.what != posted {
			return reply{}, v
		}
		h := http.Header{"Accept": {"application/json"}, "X-Csrf-Token": {token}}
		if cookies != "" {
			h.Set("Cookie", cookies)
		}
		for k, v := range header {
			h[k] = v
		}
		r, v := s.call(ctx, method, path, h, body)
		if r.err != nil || r.status == 0 {
			v.doubt = r.err != nil
			return r, v
		}
		if r.status != http.StatusForbidden || !strings.EqualFold(r.header.Get("X-Csrf-Token"), "Required") {
			return r, verdict{}
		}
		s.ended(token)
		if renewed {
			return r, verdict{what: again, class: technical, code: "no-session", reason: "a new session was not accepted either"}
		}
	}
}

func (s *sapSide) post(ctx context.Context, u unit) verdict {
	requests := make([]sapRequest, len(u))
	for i, it := range u {
		r, err := sapOf(it, s.defect)
		if err != nil {
			return verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
		}
		requests[i] = r
		s.note(it.Event, time.Now())
	}
	var v verdict
	switch {
	case len(u) > 1:
		v = s.postBatch(ctx, u, requests)
	case u[0].Kind == kindHeld:
		v = s.restrict(ctx, requests[0], u[0])
	default:
		v = s.postOne(ctx, http.MethodPost, requests[0].path, "", requests[0].body)
	}
	if !v.doubt {
		for _, it := range u {
			s.forget(it.Event)
		}
	}
	return v
}

func (s *sapSide) postOne(ctx context.Context, method, path, tag string, body []byte) verdict {
	h := http.Header{"Content-Type": {"application/json"}}
	if tag != "" {
		h.Set("If-Match", tag)
	}
	r, v := s.change(ctx, method, path, h, body)
	if v.what != posted {
		return v
	}
	v = sapJudge(r.status, r.body, s.defect)
	s.patience(&v, r)
	return v
}

// restrict blocks a batch. It says which state of it it means; what was changed
// meanwhile is read again. A batch that is not there yet is made.
func (s *sapSide) restrict(ctx context.Context, r sapRequest, it *item) verdict {
	g, v := s.call(ctx, http.MethodGet, r.path, http.Header{"Accept": {"application/json"}}, nil)
	switch {
	case g.err != nil || g.status == 0:
		v.doubt = false // nothing was changed
		return v
	case g.status == http.StatusOK:
		return s.postOne(ctx, http.MethodPatch, r.path, g.header.Get("Etag"), r.body)
	case g.status != http.StatusNotFound:
		v = sapJudge(g.status, g.body, s.defect)
		s.patience(&v, g)
		v.doubt = false
		return v
	}
	var o object
	if err := json.Unmarshal(r.body, &o); err != nil {
		return internal(err)
	}
	o["Material"], o["Batch"] = it.Material, it.Lot
	body, err := json.Marshal(o)
	if err != nil {
		return internal(err)
	}
	return s.postOne(ctx, http.MethodPost, sapBatches, "", body)
}

// postBatch sends requests as one, each a changeset of its own: one that is
// refused does not touch the others.
func (s *sapSide) postBatch(ctx context.Context, u unit, requests []sapRequest) verdict {
	const outer = "batch_bridge"
	var b bytes.Buffer
	for i, r := range requests {
		inner := "changeset_" + strconv.Itoa(i+1)
		fmt.Fprintf(&b, "--%s\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n--%s\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n", outer, inner, inner)
		fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n\r\n%s\r\n--%s--\r\n", strings.TrimPrefix(r.path, sapMoves), len(r.body), r.body, inner)
	}
	fmt.Fprintf(&b, "--%s--\r\n", outer)
	r, v := s.change(ctx, http.MethodPost, sapMoves+"$batch", http.Header{"Content-Type": {"multipart/mixed; boundary=" + outer}}, b.Bytes())
	if v.what != posted {
		return v
	}
	if s.defect == M114 && r.status == http.StatusAccepted { // DEFECT M114: 202 is a success
		return verdict{what: posted}
	}
	if r.status != http.StatusAccepted {
		v = sapJudge(r.status, r.body, s.defect)
		s.patience(&v, r)
		return v
	}
	answers, err := sapAnswers(r)
	if err != nil || len(answers) != len(u) { // whose answer is missing cannot be told by counting
		return verdict{what: again, class: technical, code: "not-understood", reason: fmt.Sprintf("%d answers to %d requests, %v", len(answers), len(u), err), doubt: true}
	}
	v = verdict{what: posted}
	for i, it := range u {
		w := sapJudge(answers[i].status, answers[i].body, s.defect)
		got := row{Reference: it.Event, Status: http.StatusOK, Code: w.code, Class: w.class, Detail: w.reason}
		if w.what != posted {
			got.Status, v.what = statusOf(w), rowwise
		}
		v.doubt = v.doubt || w.doubt
		v.rows = append(v.rows, got)
	}
	return v
}

// sapAnswers reads the parts of the answer to a batch, in their order.
func sapAnswers(r reply) (all []reply, err error) {
	var parts func(contentType string, body io.Reader) error
	parts = func(contentType string, body io.Reader) error {
		_, params, err := mime.ParseMediaType(contentType)
		if err != nil {
			return err
		}
		reader := multipart.NewReader(body, params["boundary"])
		for {
			p, err := reader.NextRawPart()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			if inner := p.Header.Get("Content-Type"); strings.HasPrefix(inner, "multipart/mixed") {
				if err := parts(inner, p); err != nil {
					return err
				}
				continue
			}
			one, err := sapAnswer(p)
			if err != nil {
				return err
			}
			all = append(all, one)
		}
	}
	return all, parts(r.header.Get("Content-Type"), bytes.NewReader(r.body))
}

func sapAnswer(p io.Reader) (reply, error) {
	text, err := io.ReadAll(p)
	if err != nil {
		return reply{}, err
	}
	head, body, _ := bytes.Cut(text, []byte("\r\n\r\n"))
	line, _, _ := strings.Cut(string(head), "\r\n")
	_, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	return reply{status: status, header: http.Header(textproto.MIMEHeader{}), body: bytes.TrimSpace(body)}, err
}

// note keeps when an event may last have been sent.
func (s *sapSide) note(event string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent[event] = at
}

func (s *sapSide) forget(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sent, event)
}

// arrived reports whether what was sent of an event has come to its end by now.
// Of what an earlier run has sent nobody knows when that was.
func (s *sapSide) arrived(event string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, known := s.sent[event]
	if !known {
		at = time.Now()
		s.sent[event] = at
	}
	return time.Since(at) > s.limit+sapTransit
}

// sapTransit is how much longer than we wait for an answer a request can take
// to take effect.
const sapTransit = time.Second

// settle asks for the documents of each fact of u.
func (s *sapSide) settle(ctx context.Context, u unit) verdict {
	if s.defect == M111 { // DEFECT M111: whatever was not answered is sent again
		return verdict{what: again}
	}
	rows, found, early := make([]row, len(u)), 0, false
	for i, it := range u {
		rows[i] = row{Reference: it.Event, Status: http.StatusServiceUnavailable, Code: "not-posted", Class: technical}
		has, v := s.has(ctx, it)
		if v.what != posted {
			return v
		}
		if has {
			found++
			rows[i].Status = http.StatusOK
			s.forget(it.Event)
		} else if !s.arrived(it.Event) {
			early = true
		}
	}
	switch {
	case found == len(u):
		return verdict{what: posted}
	case early:
		return verdict{what: again, class: technical, code: "no-reply", reason: "it may be on its way", doubt: true}
	case found == 0:
		return verdict{what: again}
	}
	return verdict{what: rowwise, rows: rows}
}

// has asks whether the ERP has posted a fact. It says posted if it knows.
func (s *sapSide) has(ctx context.Context, it *item) (bool, verdict) {
	var path string
	switch it.Kind {
	case kindHeld, "inspection": // blocking twice is blocking; of an inspection nothing can be asked
		return false, verdict{}
	case kindConsumption, "scrap", kindReceipt:
		path = sapHeaders + "?$filter=" + url.QueryEscape("ReferenceDocument eq '"+sapReference(it.Event, s.defect)+"'")
	default:
		path = sapConfirms + "?$filter=" + url.QueryEscape("ExternalSystemConfirmation eq guid'"+sapGUID(it.Event)+"'")
	}
	r, v := s.call(ctx, http.MethodGet, path, http.Header{"Accept": {"application/json"}}, nil)
	var list struct {
		D struct{ Results []json.RawMessage }
	}
	if v.what != posted || r.status != http.StatusOK || json.Unmarshal(r.body, &list) != nil || list.D.Results == nil {
		return false, verdict{what: again, class: technical, code: "not-understood", reason: "the question what was posted was not answered: " + clip(string(r.body)), pause: v.pause, after: v.after, doubt: true}
	}
	return len(list.D.Results) > 0, verdict{}
}

// table asks the ERP for the units of a material.
func (s *sapSide) table(ctx context.Context, material string) (unitTable, verdict) {
	var p sapProduct
	found, v := s.read(ctx, sapProducts+"('"+sapKey(material)+"')?$expand=to_ProductUnitsOfMeasure", &p)
	if v.what != posted || !found {
		return unitTable{}, v
	}
	t := unitTable{base: p.BaseUnit, factors: map[string]*big.Rat{}}
	for _, u := range p.Units.Results {
		if f, ok := factor(plainNumber(u.QuantityNumerator) + "/" + plainNumber(u.QuantityDenominator)); ok {
			t.factors[u.AlternativeUnit] = f
		}
	}
	return t, verdict{}
}

// read reads one entity; found is false if there is none.
func (s *sapSide) read(ctx context.Context, path string, into any) (found bool, v verdict) {
	r, v := s.call(ctx, http.MethodGet, path, http.Header{"Accept": {"application/json"}}, nil)
	if r.err == nil && r.status == http.StatusNotFound {
		return false, verdict{}
	}
	d := struct{ D any }{into}
	if v.what == posted && (r.status != http.StatusOK || json.Unmarshal(r.body, &d) != nil) {
		return false, verdict{what: again, class: technical, code: "not-understood", reason: "not readable: " + clip(string(r.body))}
	}
	v.doubt = false
	if v.what == refused {
		v.what = again // a question is nobody's refusal
	}
	return v.what == posted, v
}

// errNotYet says that what an event is about is not to be seen yet.
type errNotYet struct{ what string }

func (e errNotYet) Error() string { return e.what + " is announced and not to be seen yet" }

// rereads is how often what cannot be seen yet is looked for before the sender
// of the event is told to come again.
const rereads = 6

// announced reads what an event is about and makes a message of it. An event
// can come before what it is about.
func (s *sapSide) announced(ctx context.Context, body []byte) (name string, message []byte, err error) {
	for n := 0; n < rereads; n++ {
		name, message, err = s.reread(ctx, body)
		if notYet := new(errNotYet); !errors.As(err, notYet) || ctx.Err() != nil {
			break
		}
		sleep(ctx, 10*time.Millisecond<<n)
	}
	return name, message, err
}

// reread looks once for what an event is about.
func (s *sapSide) reread(ctx context.Context, body []byte) (name string, message []byte, err error) {
	e, err := readSAPEvent(body)
	if err != nil {
		return "", nil, err
	}
	var l line
	var below []line
	event := ""
	switch {
	case strings.HasPrefix(e.Type, "sap.s4.beh.productionorder.v1.ProductionOrder."):
		name = "orders"
		l, below, event, err = s.order(ctx, e)
	case strings.HasPrefix(e.Type, "sap.s4.beh.product.v1.Product."):
		name = "items"
		var p sapProduct
		found, v := s.read(ctx, sapProducts+"('"+sapKey(e.Data.Product)+"')?$expand=to_Description,to_ProductUnitsOfMeasure", &p)
		if v.what != posted || (!found || sapStale(sapDate(p.LastChangeDateTime), e.Time)) && s.defect != M110 {
			return "", nil, errNotYet{e.Data.Product}
		}
		l, below, event = p.announced(e.Time)
	case strings.HasPrefix(e.Type, "sap.s4.beh.inspectionlot.v1.InspectionLot."):
		name = "decisions"
		event = kindDecided + "/" + e.Data.Batch + "/" + e.Data.InspectionLot
		l = line{"DEC", event, e.Time, e.Data.Batch, e.Data.Material, e.Data.InspectionLot, e.Data.Decision}
	default:
		return "", nil, fmt.Errorf("events of type %q are not known here", clip(e.Type))
	}
	if err != nil {
		return "", nil, err
	}
	a, err := announceOne(name, l, below)
	return name, a.body, err
}

// order reads the order of an event.
func (s *sapSide) order(ctx context.Context, e sapEvent) (line, []line, string, error) {
	var o sapOrder
	id := e.Data.ManufacturingOrder
	found, v := s.read(ctx, sapOrders+"('"+sapKey(id)+"')?$expand=to_ProductionOrderItem,to_ProductionOrderOperation,to_ProductionOrderComponent", &o)
	if v.what != posted {
		return nil, nil, "", errNotYet{id}
	}
	changed := ""
	if at, err := time.Parse("20060102150405", o.LastChangeDateTime); err == nil {
		changed = at.Format(time.RFC3339)
	}
	if s.defect != M110 && (!found || sapStale(changed, e.Time)) { // DEFECT M110: what cannot be seen is not there, and what is seen is how it is
		return nil, nil, "", errNotYet{id}
	}
	if !found {
		return nil, nil, "", errGone
	}
	kind := "order-changed"
	switch {
	case strings.HasSuffix(e.Type, ".Released.v1"), strings.HasSuffix(e.Type, ".Created.v1"):
		kind = kindReleased
	case strings.HasSuffix(e.Type, ".Deleted.v1"):
		kind = "order-cancelled"
	}
	l, below, event := o.announced(kind, e.Time)
	return l, below, event, nil
}

// sapStale reports whether what was read is from before the event. Times of
// change are told in whole seconds.
func sapStale(changed, event string) bool {
	at, err := time.Parse(time.RFC3339Nano, event)
	if err != nil {
		return false
	}
	seen, err := time.Parse(time.RFC3339Nano, changed)
	return err != nil || seen.Before(at.Truncate(time.Second))
}

// errGone is what defect M110 makes of an order that it does not see.
var errGone = fmt.Errorf("there is no such order")
