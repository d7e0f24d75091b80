package bridge

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// messageWorld is a world whose ERP takes messages of d365/v1: a desk in front of
// its books queues them, has the books post what they say, and shows the list.
type messageWorld struct {
	*world

	desk     sync.Mutex // guards what follows
	list     []listed365
	looks    int      // into the list
	defaults []string // fields that were left to theirs
}

// listed365 is a message in the list; it is queued when it is first looked at.
type listed365 struct {
	order, kind string
	looked      bool
	sysMessage
}

func newMessageWorld(w *world) *messageWorld {
	d := &messageWorld{world: w}
	server := httptest.NewServer(http.HandlerFunc(d.serve))
	w.t.Cleanup(server.Close)
	w.config.Dialect, w.config.Company, w.config.ERP.URL, w.config.Batch, w.config.Units = dialectD365, "USMF", server.URL, 1, "as-is"
	return d
}

func (d *messageWorld) serve(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == sendMessage:
		d.queue(w, r)
	case r.URL.Query().Get("cross-company") != "true":
		fmt.Fprint(w, `{"value":[]}`)
	case r.URL.Path == messages:
		d.show(w, r.URL.Query().Get("$filter"))
	case r.URL.Path == headers:
		fmt.Fprint(w, `{"value":[{"ItemNumber":"PUMP-7","ProductVersionId":"C","InventoryUnitSymbol":"EA","ItemBatchNumber":"L-1","ScheduledQuantity":200}]}`)
	case r.URL.Path == "/data/ReleasedProductsV2":
		fmt.Fprint(w, `{"value":[{"InventoryUnitSymbol":"EA"}]}`)
	case r.URL.Path == "/data/ProductionOrderRouteOperations":
		fmt.Fprint(w, `{"value":[{"OperationNumber":10,"OperationsResourceId":"WC-1","ProcessTime":0.5}]}`)
	case r.URL.Path == "/data/ProductionOrderBillOfMaterialLines":
		fmt.Fprint(w, `{"value":[{"OperationNumber":10,"ItemNumber":"CASTING-3","EstimatedBOMLineQuantity":12.5,"BOMUnitSymbol":"KGM"}]}`)
	default:
		fmt.Fprint(w, `{"value":[]}`)
	}
}

// queue takes a message and has the books post it. Whatever they say is heard
// in the list only, but for what the interface itself refuses.
func (d *messageWorld) queue(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var e map[string]string
	var c struct {
		ProductionOrderNumber string
		ReportFinishedLines   []map[string]any
	}
	if err := json.Unmarshal(body, &e); err != nil || e["_companyId"] != "USMF" || e["_messageQueue"] != "JmgMES3P" || json.Unmarshal([]byte(e["_messageContent"]), &c) != nil {
		d.t.Errorf("the ERP was sent: %v %s", err, body)
	}
	event := r.Header.Get("X-Ms-Client-Request-Id")
	kind, _, _ := strings.Cut(event, "/")
	name := ""
	for n, k := range names {
		if k == kind {
			name = n
		}
	}
	inner := httptest.NewRequest(http.MethodPost, "/"+name, bytes.NewReader([]byte(performance(name, kind, event, c.ProductionOrderNumber, "").body)))
	inner.Header.Set("Authorization", r.Header.Get("Authorization"))
	inner.Header.Set("Idempotency-Key", rand.Text()) // nothing recognises a repetition
	d.desk.Lock()
	defer d.desk.Unlock()
	for _, l := range c.ReportFinishedLines {
		if l["ReportedGoodQuantity"] == nil {
			d.defaults = append(d.defaults, "the whole order by "+event)
		}
	}
	kept := &borrowed{ResponseRecorder: httptest.NewRecorder(), of: w}
	d.erp.ServeHTTP(kept, inner)
	if kept.Code == http.StatusUnauthorized || kept.Code == http.StatusTooManyRequests {
		w.WriteHeader(kept.Code)
		return
	}
	m := listed365{order: c.ProductionOrderNumber, kind: e["_messageType"], sysMessage: sysMessage{MessageContent: e["_messageContent"], MessageState: "Processed"}}
	if kept.Code/100 != 2 {
		var why row
		_ = json.Unmarshal(kept.Body.Bytes(), &why)
		m.MessageState, m.MessageInfolog = "Failed", why.Detail+" ("+why.Code+")"
	}
	d.list = append(d.list, m)
	if !kept.cut {
		fmt.Fprint(w, `""`)
	}
}

func (d *messageWorld) show(w http.ResponseWriter, filter string) {
	d.desk.Lock()
	defer d.desk.Unlock()
	d.looks++
	all := []sysMessage{}
	for i, m := range d.list {
		if filter != "DependencyKey eq '"+m.order+"' and MessageType eq '"+m.kind+"'" {
			continue
		}
		said := m.sysMessage
		if !m.looked {
			said.MessageState, said.MessageInfolog = "Queued", ""
		}
		d.list[i].looked = true
		all = append(all, said)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"value": all})
}

// booked are the fields that were left to defaults with effect.
func (d *messageWorld) booked() []string {
	d.desk.Lock()
	defer d.desk.Unlock()
	return d.defaults
}

const released365 = `{"BusinessEventId":"ProductionOrderReleasedBusinessEvent","ControlNumber":5678854178,"EventId":"9C9494D5","EventTime":"/Date(1772439300000)/","LegalEntity":"USMF","MajorVersion":0,"MinorVersion":0,"ProductionOrderNumber":"1","ProductionOrderType":"Standard"}`

func businessEventOf(event, old, now string) message {
	return message{"erp", eventsName, event, strings.NewReplacer(old, now).Replace(released365)}
}

// Scripts at an ERP that takes messages.

func queuedRefused(w *world) []string {
	newMessageWorld(w)
	return lotRefused365(w)
}

// lotRefused365 is a lot that is refused, and what comes behind it.
func lotRefused365(w *world) []string {
	bad := consumption("1", 1, "CASTING-3", "BAD", "1", "EA")
	w.erp.refuse[bad.event] = lotExpired
	return plain(w, bad, confirmation("1", 1))
}

// putBack is a message that fails, is reported, is put back into the queue by a
// person, and is processed.
func putBack(w *world) (complaints []string) {
	d := newMessageWorld(w)
	bad := confirmation("1", 1)
	w.erp.refuse[bad.event] = lotExpired
	w.start().sendAll(bad)
	w.must("a report of what failed", func() bool { return len(w.surfaced(bad.event)) > 0 })
	d.desk.Lock()
	d.list[0].MessageState, d.list[0].MessageInfolog = "Processed", ""
	d.desk.Unlock()
	closed := func() bool { rs := w.surfaced(bad.event); return rs[len(rs)-1].Closed }
	if !w.until(3*time.Second, closed) {
		return []string{"still open " + bad.event}
	}
	if n := len(d.listed()); n != 1 {
		complaints = append(complaints, fmt.Sprintf("%d messages of %s", n, bad.event))
	}
	return complaints
}

// listed are the messages in the list.
func (d *messageWorld) listed() []listed365 {
	d.desk.Lock()
	defer d.desk.Unlock()
	return slices.Clone(d.list)
}

func queuedLostReply(w *world) []string { newMessageWorld(w); return lostReply(w) }

func queuedReceipt(w *world) []string {
	d := newMessageWorld(w)
	return append(plain(w, receipt("1", 1, "L-1")), d.booked()...)
}

func readOn(w *world) []string {
	newMessageWorld(w)
	return plain(w, businessEventOf("order-released/1/1", "", ""))
}

// overtakenEvent is an event of one order that comes after a younger one of
// another.
func overtakenEvent(w *world) []string {
	newMessageWorld(w)
	younger := businessEventOf("order-released/2/1", `"ControlNumber":5678854178`, `"ControlNumber":5678854190`)
	younger.body = strings.Replace(younger.body, `"ProductionOrderNumber":"1"`, `"ProductionOrderNumber":"2"`, 1)
	older := businessEventOf("order-released/1/1", "", "")
	w.start().sendAll(younger)
	w.settled(younger)
	w.sendAll(older)
	w.settled(older)
	return w.judge(younger, older)
}

// TestMessages is the sound bridge at an ERP that takes messages: a lot is
// refused, a reply is lost, two confirmations look alike, an order is read on.
func TestMessages(t *testing.T) {
	for name, play := range map[string]func(*world) []string{"refused": queuedRefused, "lost reply": queuedLostReply, "receipt": queuedReceipt, "released": readOn, "alike": alike365, "put back": putBack} {
		t.Run(name, func(t *testing.T) {
			if cs := play(newWorld(t, "")); len(cs) > 0 {
				t.Errorf("complaints: %q", cs)
			}
		})
	}
}

// alike365 is two confirmations that say the same, the reply to the second being lost.
func alike365(w *world) []string {
	newMessageWorld(w)
	one, two := confirmation("1", 1), confirmation("1", 2)
	two.body = strings.ReplaceAll(one.body, "confirmation/1/0010/1", "confirmation/1/0010/2")
	w.erp.before = once(two.event, fate{lose: true})
	return plain(w, one, two)
}

// TestReadingOn makes messages of business events.
func TestReadingOn(t *testing.T) {
	w := newWorld(t, "")
	newMessageWorld(w)
	w.start()
	for _, c := range []struct {
		m      message
		status int
		says   string
	}{
		{businessEventOf("order-released/1/1", "", ""), 202, `"ProcessOperationsSchedule"`},
		{businessEventOf("order-changed/1/2", `"ProductionOrderReleasedBusinessEvent","ControlNumber":5678854178`, `"ProductionOrderStatusChangedBusinessEvent","NewStatus":"Released","ControlNumber":5678854190`), 202, `"QuantityString":"200"`},
		{businessEventOf("order-cancelled/1/3", `"ProductionOrderReleasedBusinessEvent","ControlNumber":5678854178`, `"ProductionOrderStatusChangedBusinessEvent","NewStatus":"Created","ControlNumber":5678854199`), 202, `"RequestState":"Cancelled"`},
		{businessEventOf("x", `"ProductionOrderReleasedBusinessEvent"`, `"ProductionOrderStatusChangedBusinessEvent","NewStatus":"StartedUp"`), 202, ""},
		{businessEventOf("y", `"ProductionOrderNumber":"1"`, `"ProdId":"1"`), 400, ""},
		{businessEventOf("z", "5678854178", "0"), 400, ""},
	} {
		if got := w.send(c.m); got != c.status {
			t.Errorf("%s: status %d, want %d", c.m.event, got, c.status)
		}
		if c.says == "" {
			continue
		}
		w.must(c.m.event+" at the MES", func() bool { return len(w.mes.effectsOf(c.m.event)) == 1 })
		if got := w.mes.effectsOf(c.m.event)[0].body; !strings.Contains(got, c.says) {
			t.Errorf("%s: %s, want %s in it", c.m.event, got, c.says)
		}
	}
	if got := w.mes.effectsOf("order-released/1/1")[0].body; !strings.Contains(got, `"PT1800S"`) || !strings.Contains(got, `"QuantityString":"12.5"`) || !strings.Contains(got, `"WC-1"`) {
		t.Errorf("of what was read on, something is missing: %s", got)
	}
}

// An operation that the ERP cannot be told of is no reason to leave it out: the
// issue would count for the whole order.
func TestIssueOfAnUnknownOperation(t *testing.T) {
	m := consumption("1", 1, "CASTING-3", "A", "1", "EA")
	m.body = strings.ReplaceAll(m.body, `["0010"]`, `["0010-X"]`)
	parts, err := read(m.name, m.event, []byte(m.body))
	if err != nil || len(parts) != 1 || parts[0].facts.Operation != "0010-X" {
		t.Fatalf("%+v, %v", parts, err)
	}
	it := &item{name: m.name, facts: parts[0].facts, body: []byte(m.body)}
	r, err := rowOf(it)
	if err != nil {
		t.Fatal(err)
	}
	if lines, v := picked(it, r, "2026-03-02"); v.what != refused || v.class != dataQuality {
		t.Errorf("%v, %+v", lines, v)
	}
}

// What is known of a message that is not in the list, at different times, and of
// one that was refused for good at the door.
func TestWhatIsNotInTheList(t *testing.T) {
	w := newWorld(t, "")
	newMessageWorld(w)
	says := `{"Message":"order 1 is Closed","ExceptionType":"InvalidOperationException","Code":"order-closed"}`
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == sendMessage {
			rw.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(rw, says)
			return
		}
		_, _ = io.WriteString(rw, `{"value":[]}`)
	}))
	t.Cleanup(server.Close)
	w.config.ERP.URL = server.URL
	s := newMessageSide(w.config)
	var err error
	if s.store, err = openStore(t.Context(), t.TempDir(), "normal"); err != nil {
		t.Fatal(err)
	}
	m := start("1")
	parts, err := read(m.name, m.event, []byte(m.body))
	if err != nil {
		t.Fatal(err)
	}
	u := unit{{name: m.name, facts: parts[0].facts, body: []byte(m.body)}}
	if v := s.settle(t.Context(), u); v.what != again || !v.doubt {
		t.Errorf("sent by an earlier run: %+v", v)
	}
	if s.admit(t.Context()); s.post(t.Context(), u).class != business {
		t.Errorf("a closed order is a person's to decide: %+v", s.post(t.Context(), u))
	}
	if v := s.settle(t.Context(), u); v.what != again || !v.doubt || v.code != onItsWay {
		t.Errorf("sent a moment ago: %+v", v)
	}
	s.sent.note(m.event, time.Now().Add(-time.Minute))
	if v := s.settle(t.Context(), u); v.what != again || v.doubt {
		t.Errorf("sent a minute ago: %+v", v)
	}
	says = `{"Message":"something went wrong","ExceptionType":"InvalidOperationException","Code":"internal"}`
	if v := s.post(t.Context(), u); v.what != again || !v.doubt {
		t.Errorf("an error of the ERP: %+v", v)
	}
	s.sent.note(m.event, time.Now().Add(-time.Minute))
	if err := s.store.close(); err != nil {
		t.Fatal(err)
	}
	if v := s.settle(t.Context(), u); v.what != again || !v.doubt {
		t.Errorf("its own books cannot be read: %+v", v)
	}
}
