package bridge

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ionSide speaks with an ERP behind Infor ION. What ION answers says that it has
// the message; what became of it comes later, as an Acknowledge. So a posting is
// not over before that. Nothing makes a repetition recognisable but the business
// key in a document: if no Acknowledge comes, the document is sent again, and "already
// posted" is a yes; or, if the ERP posts whatever it gets, the doubt is left
// to a person.
type ionSide struct {
	*system
	tenant, entity string
	from           string // our logical ID
	version        string // of the messaging service: v3 or v2
	product        string // of the ERP, which says what it takes
	stop           bool   // in doubt, leave it to a person
	bus            bool   // the other system is there as well: items are nouns, see ionbus.go
	syncs          *syncs // what was handed on on the bus, and nobody acknowledges
	run            string // makes message IDs of one start differ from those of another

	loading sync.Mutex // serialises documents that tell of materials, see ionload.go

	mu      sync.Mutex // guards what follows
	sent    int
	waiting map[string]chan<- *element // by message ID
	heard   map[string][]answerOf      // by the key of a unit: answers that nobody waited for any more
}

// answerOf is an Acknowledge that came late.
type answerOf struct {
	bod *element
	at  time.Time
}

var _ side = (*ionSide)(nil)

// patience of a posting with its Acknowledge, and how long late ones are kept.
const (
	ackPatience = 4 * time.Second
	ackKept     = 10 * time.Minute
)

// keys is a .ionapi file.
type keys struct {
	Tenant   string `json:"ti"`
	Client   string `json:"ci"`
	Secret   string `json:"cs"`
	Gateway  string `json:"iu"`
	Issuer   string `json:"pu"`
	Token    string `json:"ot"`
	Account  string `json:"saak"`
	Password string `json:"sask"`
}

// readKeys reads the file that the administrator of the gateway has handed out.
func readKeys(file string) (k keys, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return k, fmt.Errorf("read the credentials of ION: %w", err)
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return k, fmt.Errorf("read the credentials of ION in %s: %w", file, err)
	}
	for name, v := range map[string]string{"ti": k.Tenant, "ci": k.Client, "iu": k.Gateway, "pu": k.Issuer, "ot": k.Token, "saak": k.Account} {
		if v == "" {
			return k, fmt.Errorf("read the credentials of ION in %s: it has no %s", file, name)
		}
	}
	return k, nil
}

func newIONSide(name string, c Config) *ionSide {
	k, _ := readKeys(c.IONAPI) // validated
	at := c.ERP
	at.URL = strings.TrimSuffix(k.Gateway, "/") + "/" + k.Tenant + "/IONSERVICES/api/ion/messaging/service"
	at.TokenURL, at.Client, at.Secret, at.Account, at.Password = k.Issuer+k.Token, k.Client, k.Secret, k.Account, k.Password
	return &ionSide{system: newSystem(name, at, c), tenant: k.Tenant, entity: c.Entity, from: c.LogicalID, version: strings.TrimPrefix(c.Dialect, "infor-ion/"),
		product: c.Product, stop: c.InDoubt == "stop", run: rand.Text()[:8], waiting: map[string]chan<- *element{}, heard: map[string][]answerOf{}, syncs: &syncs{sent: map[string]synced{}}}
}

// onBus is the side of the other system where that is behind the same ION. We are one
// principal there, with one token for both.
func (s *ionSide) onBus(name string, c Config) *ionSide {
	other := newIONSide(name, c)
	other.tokens, other.syncs, other.entity = s.tokens, s.syncs, cmp.Or(c.MESEntity, c.Entity)
	s.bus, other.bus = true, true
	return other
}

func (s *ionSide) admit(ctx context.Context) verdict {
	if s.defect == M118 { // DEFECT M118: a new token for every message
		token, v := s.tokens.get(ctx)
		if v.what == posted {
			s.tokens.refused(token)
		}
	}
	_, v := s.tokens.get(ctx)
	return v
}

// post sends u and waits for its Acknowledge.
func (s *ionSide) post(ctx context.Context, u unit) verdict {
	s.mu.Lock()
	s.sent++
	id := fmt.Sprintf("%s.%s.%d", u.key(), s.run, s.sent)
	answer := make(chan *element, 1)
	message := s.from + ":" + id
	s.waiting[message] = answer
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.waiting, message)
		s.mu.Unlock()
	}()
	h := ionHead{s.tenant, s.entity, s.from, id}
	if from := originOf(u[0].body); from != nil && s.defect == M156 {
		h.entity = from.Entity // DEFECT M156: as it came, so it goes
	}
	document, bod, of, err := s.wording(u, h)
	if err != nil {
		return verdict{what: refused, class: dataQuality, code: "not-understood", reason: err.Error()}
	}
	sync := strings.HasPrefix(document, "Sync.")
	if sync {
		s.syncs.note(message, u)
	}
	media, body := s.form(document, message, toDefault, h.entity, of, bod)
	r, v := s.call(ctx, http.MethodPost, "/"+s.version+"/multipartMessage", http.Header{"Content-Type": {media}, "X-Tenantid": {s.tenant}}, body)
	switch {
	case r.err != nil:
		v.doubt = v.what == again // the defects among them
		if s.stop && v.doubt {    // whoever stops for good in doubt listens before: an Acknowledge comes of what was heard
			return s.await(ctx, u, answer)
		}
		return v
	case r.status == 0:
		return v // there was no token
	case s.refusedBy(r, &v): // whatever the status
		return v
	case r.status/100 == 2 && s.defect == M115: // DEFECT M115: taken over is posted
		return verdict{what: posted}
	case r.status/100 == 2 && sync: // nobody acknowledges that, and ION delivers it; a ConfirmBOD may come, see busconfirm.go
		return verdict{what: posted}
	case r.status/100 == 2:
		return s.await(ctx, u, answer)
	case r.status == http.StatusBadGateway || r.status == http.StatusGatewayTimeout || r.status == http.StatusInternalServerError: // of something in front of it
		v.doubt = true
		if s.stop {
			return s.await(ctx, u, answer)
		}
	}
	return v
}

// wording writes u as a document, and says which it is.
func (s *ionSide) wording(u unit, h ionHead) (document string, bod []byte, id ionID, err error) {
	if s.bus {
		return busPosting(u, h)
	}
	document, bod, err = ionPosting(u, h, s.product)
	return document, bod, ionID{h.id, 1}, err
}

// refusedBy reports whether an answer says what is wrong, and if it does, whose
// turn it is. What the interface says by its status comes first.
func (s *ionSide) refusedBy(r reply, v *verdict) bool {
	var said struct{ ErrorCode, Message string }
	if json.Unmarshal(r.body, &said) != nil || said.ErrorCode == "" || v.pause || r.status == http.StatusTooManyRequests || r.status == http.StatusUnauthorized {
		return false
	}
	class := cmp.Or(ionClasses[strings.ToUpper(strings.ReplaceAll(said.ErrorCode, "-", "_"))], dataQuality)
	if v.what == again && r.status/100 != 2 {
		class = technical
	}
	*v = verdict{what: refused, class: class, code: said.ErrorCode, reason: said.Message}
	if class == technical {
		v.what = again
	}
	return true
}

// await waits for the Acknowledge to u.
func (s *ionSide) await(ctx context.Context, u unit, answer <-chan *element) verdict {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ackPatience)
	defer cancel()
	select {
	case bod := <-answer:
		return s.judgeBOD(bod, u)
	case <-ctx.Done():
		if s.defect == M117 { // DEFECT M117: no news is good news
			return verdict{what: posted}
		}
		return verdict{what: again, class: technical, code: "no-acknowledge", reason: "it was taken over, and no Acknowledge came in time", doubt: true}
	}
}

// settle looks whether the Acknowledge has come since.
func (s *ionSide) settle(_ context.Context, u unit) verdict {
	s.mu.Lock()
	late := s.heard[u.key()]
	delete(s.heard, u.key())
	s.mu.Unlock()
	for _, a := range late {
		if v := s.judgeBOD(a.bod, u); v.what == posted || v.what == rowwise {
			return v
		}
	}
	if s.stop {
		return verdict{what: refused, class: technical, code: "in-doubt", reason: "nothing tells whether it was posted, and the ERP does not recognise a repetition"}
	}
	return verdict{what: again} // the business keys in it make a repetition harmless
}

// form writes the two parts of a message. ION takes them under their names in
// every version.
func (s *ionSide) form(document, message, to, entity string, id ionID, bod []byte) (media string, body []byte) {
	said, _ := json.Marshal(map[string]any{"documentName": document, "messageId": message, "fromLogicalId": s.from, "toLogicalId": to,
		"accountingEntity": entity, "location": entity, "documentId": id.document, "variationId": id.variation, "encoding": "NONE", "characterSet": "UTF-8"}) // texts cannot fail
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, p := range []struct {
		name, media string
		body        []byte
	}{{"ParameterRequest", "application/json", said}, {"MessagePayload", "application/octet-stream", bod}} {
		to, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf("form-data; name=%q; filename=%q", p.name, p.name)}, "Content-Type": {p.media}}) // a buffer takes everything
		_, _ = to.Write(p.body)
	}
	_ = w.Close()
	return w.FormDataContentType(), b.Bytes()
}

// ionClasses say whose turn it is by the reason of a rejection, which does not say
// so itself. Others are data that somebody must mend.
var ionClasses = map[string]string{
	"CASE_DECIDED": business, "ORDER_CLOSED": business, "ORDER_RUNNING": business, "OVER_DELIVERY": business, "PERIOD_CLOSED": business,
	"QUANTITY_BELOW_PRODUCED": business, "STOCK_SHORT": business, "VERSION_OVERTAKEN": business, "BATCH_ROLLED_BACK": business,
	"ORDER_LOCKED": technical, "QUOTA_EXCEEDED": technical, "OUT_OF_SERVICE": technical, "INTERNAL": technical, "POSTING_UNAVAILABLE": technical, "POSTING_REFUSED": business,
}

// judgeBOD says what an Acknowledge means for u.
func (s *ionSide) judgeBOD(bod *element, u unit) verdict {
	criteria := bod.all("ResponseCriteria")
	if len(criteria) == 0 {
		return verdict{what: again, class: technical, code: "not-understood", reason: "an Acknowledge that says nothing", doubt: true}
	}
	if len(u) == 1 || len(criteria) == 1 && criteria[0].said("ResponseExpression") == "" {
		return s.entry(criteria[0])
	}
	v := verdict{what: posted}
	for _, c := range criteria {
		_, after, _ := strings.Cut(c.said("ResponseExpression"), "[")
		n, _ := strconv.Atoi(strings.TrimSuffix(after, "]"))
		if n < 1 || n > len(u) {
			continue
		}
		w := s.entry(c)
		r := row{Reference: u[n-1].Event, Status: http.StatusOK, Code: w.code, Class: w.class, Detail: w.reason}
		if w.what != posted {
			r.Status, v.what = statusOf(w), rowwise
		}
		v.rows = append(v.rows, r)
	}
	if len(v.rows) < len(u) {
		v.what = rowwise
	}
	return v
}

// entry is what is said of one noun.
func (s *ionSide) entry(c *element) verdict {
	reason := c.said("ChangeStatus", "ReasonCode")
	word := ""
	if e := c.at("ResponseExpression"); e != nil {
		word = e.attr("actionCode")
	}
	switch {
	case word == "Accepted" || word == "Modified":
		return verdict{what: posted}
	case word != "Rejected":
		return verdict{what: again, class: technical, code: "not-understood", reason: fmt.Sprintf("neither accepted nor rejected, but %q", clip(word)), doubt: true}
	case reason == "ALREADY_POSTED" && s.defect != M116: // that was us, and we never heard. DEFECT M116: rejected is rejected
		return verdict{what: posted}
	}
	v := verdict{what: refused, class: cmp.Or(ionClasses[reason], dataQuality), code: strings.ToLower(strings.ReplaceAll(reason, "_", "-")), reason: c.said("ChangeStatus", "Description")}
	if s.defect == M116 && reason == "ALREADY_POSTED" {
		v.class = business
	}
	if v.class == technical {
		v.what = again
	}
	return v
}

// receive is the application's own service, to which ION pushes.
func (s *ionSide) receive(in *inbox) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{of}/service/ping", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /{of}/service/protocol", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"version": s.version, "hasDiscovery": false})
	})
	mux.HandleFunc("POST /{of}/service/{version}/multipartMessage", func(w http.ResponseWriter, r *http.Request) {
		if tenant := r.Header.Get("X-TenantId"); tenant != s.tenant {
			problem(w, http.StatusForbidden, "tenant", fmt.Sprintf("the tenant %q is not ours", clip(tenant)))
			return
		}
		said, payload, err := s.parts(w, r)
		if err != nil {
			problem(w, http.StatusBadRequest, "malformed", err.Error())
			return
		}
		s.push(w, r, in, said, payload)
	})
	return mux
}

// parts reads the two parts of a message. In v2 ION sends each under the name
// of the other.
func (s *ionSide) parts(w http.ResponseWriter, r *http.Request) (said, payload []byte, err error) {
	r.Body = http.MaxBytesReader(w, r.Body, mostBody)
	m, err := r.MultipartReader()
	if err != nil {
		return nil, nil, err
	}
	all := map[string][]byte{}
	for {
		p, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read parts: %w", err)
		}
		if all[p.FormName()], err = io.ReadAll(p); err != nil {
			return nil, nil, fmt.Errorf("read parts: %w", err)
		}
	}
	said, payload = all["ParameterRequest"], all["MessagePayload"]
	if s.version == "v2" && bytes.HasPrefix(bytes.TrimSpace(payload), []byte("{")) {
		said, payload = payload, said
	}
	if said == nil || payload == nil {
		return nil, nil, errors.New("read parts: ParameterRequest or MessagePayload is missing")
	}
	return said, payload, nil
}

// push takes over what ION pushes: an answer to what we have posted, or news.
func (s *ionSide) push(w http.ResponseWriter, r *http.Request, in *inbox, said, payload []byte) {
	var p ionParameters
	if err := json.Unmarshal(said, &p); err != nil {
		problem(w, http.StatusBadRequest, "malformed", "ParameterRequest: "+err.Error())
		return
	}
	bod, err := readXML(payload)
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	switch verb, _, _ := strings.Cut(p.DocumentName, "."); verb {
	case "Acknowledge":
		s.answered(bod)
		w.WriteHeader(http.StatusAccepted)
		return
	case "Confirm":
		if err := s.confirmed(in, bod); err != nil {
			problem(w, http.StatusServiceUnavailable, "not-stored", err.Error())
			return
		}
		w.WriteHeader(http.StatusAccepted)
		return
	case ionShow:
		s.shown(w, r, in, p.DocumentName, bod, payload)
		return
	}
	items, err := s.items(in, bod, p)
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	s.plain(w, r, in, p.DocumentName, bod, items)
}

// items is what a document says, for the other system.
func (s *ionSide) items(in *inbox, bod *element, p ionParameters) (items []*item, err error) {
	if s.bus {
		return busItems(bod, p)
	}
	facts, err := ionAnnounced(bod)
	for _, a := range facts {
		got, oerr := in.open("erp", a.name, a.event, a.body)
		err = errors.Join(err, oerr)
		items = append(items, got...)
	}
	return items, err
}

// answered hands an Acknowledge to who waits for it, or keeps it for who asks
// again.
func (s *ionSide) answered(bod *element) {
	message := ""
	for _, area := range bod.all("OriginalApplicationArea") {
		message = cmp.Or(message, area.said("MessageID"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if to := s.waiting[message]; to != nil {
		select {
		case to <- bod:
		default: // it came twice
		}
		return
	}
	key, _, _ := strings.Cut(strings.TrimPrefix(message, s.from+":"), ".")
	for k, as := range s.heard {
		if time.Since(as[len(as)-1].at) > ackKept {
			delete(s.heard, k)
		}
	}
	s.heard[key] = append(s.heard[key], answerOf{bod, time.Now()})
}
