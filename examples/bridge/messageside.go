package bridge

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// messageSide speaks d365/v1 with an ERP. An answer of 200 means queued and
// nothing else, no message has a key, and nothing in the answer names it. So
// the list of messages is read after every posting until ours was processed or
// has failed: ours is the one with our content, behind as many with the same
// content as were posted before, which is noted in the transaction that forgets
// what was posted. That settles a lost reply, too, and a restart. A message
// that has failed because somebody had the order open is sent once more by us;
// so nobody else may requeue it. What was reported as an exception may be requeued:
// see watched.
type messageSide struct {
	*system
	calm
	company string
	store   *store
	ranks   ranks    // of control numbers
	sent    *transit // what may be on its way

	mu      sync.Mutex           // guards what follows
	failed  map[string]int       // by content: how many failed messages we have seen
	items   map[string]string    // by order: what it makes
	units   map[string]unitTable // by material
	highest int64                // of M124: the highest control number
}

var (
	_ side       = (*messageSide)(nil)
	_ dictionary = (*messageSide)(nil)
)

func newMessageSide(c Config) *messageSide {
	return &messageSide{system: newSystem("erp", c.ERP, c), company: cmp.Or(c.Company, "DEMO"), sent: newTransit(), failed: map[string]int{}, items: map[string]string{}, units: map[string]unitTable{}}
}

// Addresses of the ERP.
const (
	sendMessage = "/api/services/SysMessageServices/SysMessageService/SendMessage"
	messages    = "/data/SysMessages"
	headers     = "/data/ProductionOrderHeaders"
)

func (s *messageSide) admit(ctx context.Context) verdict {
	_, v := s.tokens.get(ctx)
	return v
}

// post queues a message and follows it to its end.
func (s *messageSide) post(ctx context.Context, u unit) verdict {
	kind, content, v := s.wording(ctx, u[0])
	if v.what != posted {
		return v
	}
	body, err := json.Marshal(map[string]string{"_companyId": s.company, "_messageQueue": "JmgMES3P", "_messageType": kind, "_messageContent": content})
	if err != nil {
		return internal(err)
	}
	s.sent.note(u[0].Event, time.Now())
	r, v := s.patiently(ctx, http.MethodPost, sendMessage, http.Header{"Content-Type": {"application/json"}, "X-Ms-Client-Request-Id": {u[0].Event}}, body)
	var exception struct{ Message, Code, ExceptionType string }
	told := r.err == nil && json.Unmarshal(r.body, &exception) == nil && exception.Message != ""
	switch {
	case told && r.status >= 500 && failure(sysMessage{MessageInfolog: " (" + exception.Code + ")"}).class == business:
		return failure(sysMessage{MessageInfolog: exception.Message + " (" + exception.Code + ")"}) // a person must decide; that it says so is no accident
	case r.err != nil || r.status >= 500 && r.status != http.StatusServiceUnavailable:
		v.doubt = v.what == again // nobody says that it was not queued
		return v
	case v.what != posted || s.defect == M120: // DEFECT M120: 200 is as good as posted
		return v
	}
	if told { // under whatever status
		v := failure(sysMessage{MessageInfolog: exception.Message + " (" + exception.Code + ")"})
		if exception.ExceptionType == "TimeoutException" {
			v.what, v.class = again, technical
		}
		return v
	}
	return s.follow(ctx, u, kind, content)
}

// follow reads the list of messages until ours is at its end, for a while.
func (s *messageSide) follow(ctx context.Context, u unit, kind, content string) verdict {
	until := time.Now().Add(2 * patience)
	for n := 0; ; n++ {
		sleep(ctx, min(lastGap/4, firstGap/2<<min(n, 4)))
		v := s.ours(ctx, u, kind, content)
		if v.code != stillQueued && v.code != onItsWay && !(v.what == again && !v.doubt) || v.pause || !time.Now().Before(until) || ctx.Err() != nil {
			return v
		}
	}
}

// Codes of a message of which the end is not known: it waits to be processed, or
// it is not in the list and can still come there.
const (
	stillQueued = "still-queued"
	onItsWay    = "on-its-way"
)

// settle looks for the message in the list.
func (s *messageSide) settle(ctx context.Context, u unit) verdict {
	if s.defect == M121 || s.defect == M120 { // DEFECT M121: what nobody answered was not heard
		return verdict{what: again}
	}
	kind, content, v := s.wording(ctx, u[0])
	if v.what != posted {
		v.doubt = v.what == again
		return v
	}
	return s.ours(ctx, u, kind, content)
}

// sysMessage is a message in the list.
type sysMessage struct{ MessageContent, MessageState, MessageInfolog string }

// ours says what has become of the message with this content; again without a
// doubt if it is not there.
func (s *messageSide) ours(ctx context.Context, u unit, kind, content string) verdict {
	var all []sysMessage
	if v := s.read(ctx, messages, "DependencyKey eq "+quoted(u[0].Order)+" and MessageType eq "+quoted(kind), &all); v.what != posted {
		v.what, v.doubt = again, true // how the question fared says nothing of the message
		return v
	}
	before, err := s.twins(ctx, content)
	if err != nil { // which says nothing of the message
		v := internal(err)
		v.doubt = true
		return v
	}
	live, failed, last := 0, 0, sysMessage{}
	for _, m := range all {
		switch {
		case m.MessageContent != content:
		case m.MessageState == "Failed" || m.MessageState == "Canceled":
			failed++
			last = m
		default:
			if live++; live <= before {
				continue
			}
			if m.MessageState == "Processed" {
				s.sent.forget(u[0].Event)
				return verdict{what: posted}
			}
			return verdict{what: again, class: technical, code: stillQueued, reason: kind + " waits to be processed", doubt: true}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if failed > s.failed[content] {
		s.failed[content] = failed
		s.sent.forget(u[0].Event)
		return failure(last)
	}
	if !s.sent.arrived(u[0].Event, s.limit) {
		return verdict{what: again, class: technical, code: onItsWay, reason: "nobody has seen it, and it may be on its way", doubt: true}
	}
	return verdict{what: again, class: technical, code: "not-queued", reason: "it is not in the list of messages"}
}

// failure is the verdict on a message that has failed after all attempts.
func failure(m sysMessage) verdict {
	v := verdict{what: refused, class: dataQuality, code: "failed", reason: m.MessageInfolog}
	if m.MessageState == "Canceled" {
		v.class, v.code = business, "canceled"
	}
	if at := strings.LastIndex(m.MessageInfolog, " ("); at >= 0 {
		v.reason, v.code = m.MessageInfolog[:at], strings.TrimSuffix(m.MessageInfolog[at+2:], ")")
	}
	switch v.code {
	case "order-locked": // by somebody who will be done with it
		v.what, v.class = again, technical
	case "order-closed", "over-delivery", "period-closed", "stock-short", "posting-refused":
		v.class = business
	}
	return v
}

// twins is how many messages with this content were posted before.
func (s *messageSide) twins(ctx context.Context, content string) (int, error) {
	text, err := s.store.cursor(ctx, "posted "+digest(content))
	if err != nil {
		return 0, fmt.Errorf("read what was posted: %w", err)
	}
	return number(text), nil
}

// noted writes down, with everything else about the end of u, that there is one
// more posting with its content.
func (s *messageSide) noted(ctx context.Context, u unit) func(*writer) error {
	_, content, v := s.wording(ctx, u[0])
	n, err := s.twins(ctx, content)
	return func(w *writer) error {
		if v.what != posted || err != nil {
			return err
		}
		return do(w.cursor, "posted "+digest(content), strconv.Itoa(n+1))
	}
}

// read reads entities into a pointer to a slice. The interface user may have
// another company than the plant's, so it asks across all.
func (s *messageSide) read(ctx context.Context, set, filter string, into any) verdict {
	q := url.Values{"$filter": {filter}, "cross-company": {"true"}}
	if s.defect == M123 && set == headers { // DEFECT M123: an order that is not found has gone
		q.Del("cross-company")
	}
	r, v := s.patiently(ctx, http.MethodGet, set+"?"+strings.ReplaceAll(q.Encode(), "+", "%20"), nil, nil)
	if v.what != posted {
		return v
	}
	var page struct{ Value json.RawMessage }
	if json.Unmarshal(r.body, &page) != nil || json.Unmarshal(page.Value, into) != nil {
		return verdict{what: again, class: technical, code: "not-understood", reason: "the list is not readable: " + clip(string(r.body))}
	}
	return verdict{}
}

// patiently is call, unless the ERP has asked for patience: it is the same user
// that posts and reads.
func (s *messageSide) patiently(ctx context.Context, method, path string, header http.Header, body []byte) (reply, verdict) {
	if left := s.calm.left(); left > 0 && s.defect != M12 {
		return reply{}, keeping(left)
	}
	r, v := s.call(ctx, method, path, header, body)
	s.calm.heard(v)
	return r, v
}

// quoted is a text in a filter.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// table reads the units of a material.
func (s *messageSide) table(ctx context.Context, material string) (unitTable, verdict) {
	t := unitTable{factors: map[string]*big.Rat{}}
	var products []struct{ InventoryUnitSymbol string }
	if v := s.read(ctx, "/data/ReleasedProductsV2", "ItemNumber eq "+quoted(material), &products); v.what != posted || len(products) == 0 {
		return t, v // it does not know the material
	}
	var factors []struct {
		FromUnitSymbol         string
		Numerator, Denominator json.Number
	}
	if v := s.read(ctx, "/data/ProductSpecificUnitOfMeasureConversions", "ProductNumber eq "+quoted(material), &factors); v.what != posted {
		return t, v
	}
	t.base = products[0].InventoryUnitSymbol
	for _, c := range factors {
		if f, ok := factor(c.Numerator.String() + "/" + c.Denominator.String()); ok {
			t.factors[c.FromUnitSymbol] = f
		}
	}
	return t, verdict{}
}
