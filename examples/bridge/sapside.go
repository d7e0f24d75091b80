package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
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
	calm
	store   *store   // what has been taken over
	sent    *transit // what may be on its way
	confirm string   // by which way confirmations go

	mu      sync.Mutex // guards what follows
	token   string
	cookies string
}

var (
	_ side       = (*sapSide)(nil)
	_ dictionary = (*sapSide)(nil)
)

func newSAPSide(name string, c Config) *sapSide {
	return &sapSide{system: newSystem(name, c.ERP, c), sent: newTransit(), confirm: c.Confirm}
}

// admit sees to a session.
func (s *sapSide) admit(ctx context.Context) verdict {
	if _, v := s.tokens.get(ctx); v.what != posted {
		return v
	}
	_, _, v := s.session(ctx)
	return v
}

// call asks or sends, unless the ERP has asked for patience: that counts for
// questions, too.
func (s *sapSide) call(ctx context.Context, method, path string, header http.Header, body []byte) (reply, verdict) {
	if left := s.calm.left(); left > 0 && s.defect != M12 {
		return reply{}, keeping(left)
	}
	r, v := s.system.call(ctx, method, path, header, body)
	s.calm.heard(v)
	return r, v
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
		if v.what == lost { // only defect M57 does this
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
	if u[0].name == "reversals" {
		return s.reverse(ctx, u[0])
	}
	requests := make([]sapRequest, len(u))
	for i, it := range u {
		r, err := s.request(it)
		if err != nil {
			return verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
		}
		requests[i] = r
		s.sent.note(it.Event, time.Now())
	}
	var v verdict
	switch {
	case len(u) > 1:
		v = s.postBatch(ctx, u, requests)
	case u[0].Kind == kindHeld:
		v = s.restrict(ctx, requests[0], u[0])
	case requests[0].path == sapFunctions:
		v = s.callFunction(ctx, requests[0].body)
	default:
		v = s.postOne(ctx, http.MethodPost, requests[0].path, "", requests[0].body)
	}
	if !v.doubt {
		for _, it := range u {
			s.sent.forget(it.Event)
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

// settle asks for the documents of each fact of u.
func (s *sapSide) settle(ctx context.Context, u unit) verdict {
	if s.defect == M111 { // DEFECT M111: whatever was not answered is sent again
		return verdict{what: again}
	}
	rows, found, early, parked := make([]row, len(u)), 0, false, verdict{}
	for i, it := range u {
		rows[i] = row{Reference: it.Event, Status: http.StatusServiceUnavailable, Code: "not-posted", Class: technical}
		has, v := s.has(ctx, it)
		if v.what != posted {
			return v
		}
		if has {
			found++
			rows[i].Status = http.StatusOK
			s.sent.forget(it.Event)
			continue
		}
		waits, v := s.waits(ctx, it)
		if v.what != posted {
			return v
		}
		if waits.what == refused {
			parked = waits
			rows[i] = row{Reference: it.Event, Status: statusOf(waits), Code: waits.code, Class: waits.class, Detail: waits.reason}
			s.sent.forget(it.Event)
		} else if !s.sent.arrived(it.Event, s.limit) {
			early = true
		}
	}
	switch {
	case parked.what == refused && len(u) == 1:
		return parked
	case found == len(u):
		return verdict{what: posted}
	case early:
		return verdict{what: again, class: technical, code: "no-reply", reason: "it may be on its way", doubt: true}
	case found == 0 && parked.what != refused:
		return verdict{what: again}
	}
	return verdict{what: rowwise, rows: rows}
}

// has asks whether the ERP has posted a fact. It says posted if it knows.
func (s *sapSide) has(ctx context.Context, it *item) (bool, verdict) {
	if it.name == "reversals" {
		d, v := s.document(ctx, it)
		return d.reversed, v
	}
	var path string
	switch it.Kind {
	case kindHeld:
		path = sapBatches + "?$filter=" + url.QueryEscape("YY1_MESReference_BTC eq "+sapText(it.Event))
	case "inspection":
		path = sapResults + "?$filter=" + url.QueryEscape("YY1_MESReference_QIR eq "+sapText(it.Event))
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
