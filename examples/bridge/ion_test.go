package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// ionWorld is a world whose ERP is behind ION: a desk in front of its books takes
// multipart messages, hands on what they are about, and sends an Acknowledge to
// the bridge.
type ionWorld struct {
	*world
	version string
	deaf    bool                             // it forgets what it is sent first, and answers 202
	mute    bool                             // it acknowledges everything, and answers 502
	bus     func(said ionSaid, bod *element) // takes every document instead of the books

	lock    sync.Mutex // guards what follows
	known   map[string]message
	posted  map[string]bool
	dropped bool
	repeats int // messages that came again, and were told so
}

func newIONWorld(w *world, version string, known ...message) *ionWorld {
	i := &ionWorld{world: w, version: version, known: map[string]message{}, posted: map[string]bool{}}
	for _, m := range known {
		i.known[m.event] = m
	}
	desk := httptest.NewServer(http.HandlerFunc(i.desk))
	w.t.Cleanup(desk.Close)
	file := filepath.Join(w.t.TempDir(), "erp.ionapi")
	text := fmt.Sprintf(`{"ti":"T","ci":"c","cs":"s","iu":%q,"pu":%q,"ot":"token.oauth2","saak":"a","sask":"p"}`, desk.URL, desk.URL+"/T/as/")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.config.Dialect, w.config.IONAPI, w.config.LogicalID, w.config.Entity, w.config.ERP = "infor-ion/"+version, file, "lid://t.bridge.b", "PLANT10", Endpoint{}
	return i
}

// ionSaid is what is said of a document beside it.
type ionSaid struct{ MessageID, DocumentName, ToLogicalID, AccountingEntity string }

func (i *ionWorld) desk(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/T/as/token.oauth2" {
		if err := r.ParseForm(); err != nil || r.Form.Get("grant_type") != "password" || r.Form.Get("username") != "a" || r.Form.Get("password") != "p" || r.Form.Get("client_secret") != "s" {
			i.t.Errorf("a token was asked for with %v, %v", r.Form, err)
		}
		i.erp.grant(w, r.Form.Encode())
		return
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" || r.URL.Path != "/T/IONSERVICES/api/ion/messaging/service/"+i.version+"/multipartMessage" {
		i.t.Errorf("sent to %s: %s %v", r.URL.Path, media, err)
		return
	}
	form, err := multipart.NewReader(r.Body, params["boundary"]).ReadForm(1 << 20)
	if err != nil {
		i.t.Error(err)
		return
	}
	part := func(name string) []byte {
		f, err := form.File[name][0].Open()
		if err != nil {
			i.t.Fatal(err)
		}
		b, _ := io.ReadAll(f)
		return b
	}
	var said ionSaid
	if err := json.Unmarshal(part("ParameterRequest"), &said); err != nil {
		i.t.Error(err)
		return
	}
	bod, err := readXML(part("MessagePayload"))
	if err != nil {
		i.t.Error(err)
		return
	}
	if i.bus != nil {
		w.WriteHeader(http.StatusAccepted)
		i.bus(said, bod)
		return
	}
	i.take(w, r, said.MessageID, strings.TrimPrefix(said.DocumentName, "Process."), bod)
}

// take has the books do what a document says.
func (i *ionWorld) take(w http.ResponseWriter, r *http.Request, id, noun string, bod *element) {
	criteria, repeats := "", 0
	kept := &borrowed{ResponseRecorder: httptest.NewRecorder(), of: w}
	for n, e := range bod.all(noun) {
		reference := e.said("AlternateDocumentID", "ID")
		if h := e.at(noun + "Header"); h != nil {
			if reference = h.said("AlternateDocumentID", "ID"); reference == "" {
				reference = h.said("DocumentID", "ID")
			}
		}
		i.lock.Lock()
		m, known := i.known[reference]
		before := i.posted[reference]
		i.posted[reference] = true
		if i.deaf && !i.dropped {
			i.dropped = true
			i.posted[reference] = false
			i.lock.Unlock()
			w.WriteHeader(http.StatusAccepted)
			return
		}
		i.lock.Unlock()
		if !known {
			i.t.Errorf("the ERP was sent %q", reference)
			return
		}
		word, reason := "Accepted", ""
		if before {
			word, reason = "Rejected", "ALREADY_POSTED"
			repeats++
		} else {
			inner := httptest.NewRequest(http.MethodPost, "/"+m.name, strings.NewReader(m.body))
			inner.Header.Set("Authorization", r.Header.Get("Authorization"))
			inner.Header.Set("Idempotency-Key", id+reference)
			kept.ResponseRecorder = httptest.NewRecorder()
			i.erp.ServeHTTP(kept, inner)
			if kept.cut {
				return
			}
			if c := kept.Code; c == http.StatusUnauthorized || c == http.StatusTooManyRequests {
				w.WriteHeader(c)
				return
			}
			if kept.Code/100 != 2 {
				word, reason = "Rejected", "LOT_EXPIRED"
			}
		}
		criteria += fmt.Sprintf(`<ResponseCriteria><ResponseExpression actionCode="%s">/%s[%d]</ResponseExpression><ChangeStatus><ReasonCode>%s</ReasonCode></ChangeStatus></ResponseCriteria>`, word, noun, n+1, reason)
	}
	if i.mute {
		w.WriteHeader(http.StatusBadGateway)
	} else {
		w.WriteHeader(http.StatusAccepted)
	}
	i.push("Acknowledge."+noun, fmt.Sprintf(`<Acknowledge%s xmlns="%s" releaseID="9.2"><DataArea><Acknowledge><OriginalApplicationArea><MessageID>%s</MessageID></OriginalApplicationArea>%s</Acknowledge></DataArea></Acknowledge%s>`, noun, ionSpace, id, criteria, noun))
	i.lock.Lock()
	i.repeats += repeats
	i.lock.Unlock()
	i.note()
}

// push is what ION does: at least once.
func (i *ionWorld) push(document, bod string) int {
	return i.pushAs(fmt.Sprintf(`{"documentName":%q}`, document), bod)
}

// pushAs pushes a document of which more is said.
func (i *ionWorld) pushAs(said, bod string) int {
	names := []string{"ParameterRequest", "MessagePayload"}
	if i.version == "v2" {
		names[0], names[1] = names[1], names[0]
	}
	status := 0
	for range 2 {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		_ = w.WriteField(names[0], said)
		_ = w.WriteField(names[1], bod)
		_ = w.Close()
		req, err := http.NewRequest(http.MethodPost, i.url+"/erp/service/"+i.version+"/multipartMessage", &b)
		if err != nil {
			i.t.Error(err)
			return 0
		}
		req.Header.Set("Content-Type", w.FormDataContentType())
		req.Header.Set("X-TenantId", "T")
		res, err := client.Do(req)
		if err != nil {
			return 0 // it is stopping
		}
		res.Body.Close()
		status = res.StatusCode
	}
	return status
}

func ionRefused(w *world) []string {
	bad := consumption("1", 1, "CASTING-3", "BAD", "1", "EA")
	w.erp.refuse[bad.event] = lotExpired
	good := confirmation("1", 1)
	return plain(newIONWorld(w, "v3", bad, good).world, bad, good)
}

// ionLostReply is a message whose reply is lost, so that it comes again and is
// rejected as posted.
func ionLostReply(w *world) []string {
	m := confirmation("1", 1)
	ion := newIONWorld(w, "v3", m)
	w.erp.before = once(m.event, fate{lose: true})
	w.start().sendAll(m)
	w.must("an answer to the repetition", func() bool {
		ion.lock.Lock()
		defer ion.lock.Unlock()
		return ion.repeats > 0
	})
	if w.config.Defect == "" {
		w.pass(200 * time.Millisecond) // in which it could be reported
	} else {
		w.until(10*time.Second, func() bool { return len(w.surfaced(m.event)) > 0 })
	}
	if rs := w.surfaced(m.event); len(rs) > 0 {
		return append(w.judge(m), "refused by mistake "+m.event)
	}
	return w.judge(m)
}

// ionForgotten is a message that ION takes over and loses.
func ionForgotten(w *world) []string {
	m := confirmation("1", 1)
	newIONWorld(w, "v3", m).deaf = true
	w.start().sendAll(m)
	w.until(4*ackPatience, func() bool { return len(w.erp.effectsOf(m.event)) > 0 })
	return w.judge(m)
}

// ionTokens counts what many messages cost.
func ionTokens(w *world) []string {
	var ms []message
	for n := range 6 {
		ms = append(ms, confirmation("1", n+1))
	}
	newIONWorld(w, "v3", ms...)
	cs := plain(w, ms...)
	if n := w.erp.grants(); n > 3 {
		cs = append(cs, fmt.Sprintf("%d tokens", n))
	}
	return cs
}

// TestION is the sound bridge at an ERP behind ION, by both versions of the
// messaging service: a lot is refused, a batch has a bad row, and news come.
func TestION(t *testing.T) {
	for _, version := range []string{"v3", "v2"} {
		t.Run(version, func(t *testing.T) {
			w := newWorld(t, "")
			ms := []message{start("1"), confirmation("1", 1), receipt("1", 1, "L-1"), hold("L-2", "Q-1", "1")}
			for n, lot := range []string{"A", "BAD", "C"} {
				ms = append(ms, consumption("1", n+1, "CASTING-3", lot, fmt.Sprint(n+1), "EA"))
			}
			i := newIONWorld(w, version, ms...)
			w.erp.refuse[ms[5].event] = lotExpired
			if cs := plain(i.world, ms...); len(cs) > 0 {
				t.Errorf("complaints: %q", cs)
			}
		})
	}
}

// TestIONStops: in doubt nothing is sent again, and a person is told; and what an
// Acknowledge tells is no doubt, however its message was answered.
func TestIONStops(t *testing.T) {
	for name, c := range map[string]struct {
		prepare  func(*world, *ionWorld, message)
		effects  int
		reported bool
	}{
		"posted, and neither answered nor acknowledged": {func(w *world, _ *ionWorld, m message) { w.erp.before = once(m.event, fate{lose: true}) }, 1, true},
		"forgotten behind a 202":                        {func(_ *world, i *ionWorld, _ message) { i.deaf = true }, 0, true},
		"acknowledged, and not answered":                {func(_ *world, i *ionWorld, _ message) { i.mute = true }, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, "")
			m := confirmation("1", 1)
			i := newIONWorld(w, "v3", m)
			w.config.InDoubt = "stop"
			c.prepare(w, i, m)
			w.start().sendAll(m)
			if c.reported {
				w.must("a report of the doubt", func() bool { return len(w.surfaced(m.event)) > 0 })
			} else {
				w.must("the posting", func() bool { return len(w.erp.effectsOf(m.event)) > 0 })
				w.pass(300 * time.Millisecond) // in which it could be sent again, or reported
			}
			if got := len(w.erp.effectsOf(m.event)); got != c.effects {
				t.Errorf("posted %d times, want %d", got, c.effects)
			}
			if got := len(w.surfaced(m.event)); c.reported != (got > 0) {
				t.Errorf("reported %d times", got)
			}
			i.lock.Lock()
			defer i.lock.Unlock()
			if i.repeats > 0 {
				t.Errorf("sent again %d times", i.repeats)
			}
		})
	}
}

const announcedION = `<SyncProductionOrder xmlns="http://schema.infor.com/InforOAGIS/2" releaseID="9.2"><ApplicationArea><CreationDateTime>2026-03-02T09:15:00+01:00</CreationDateTime></ApplicationArea>` +
	`<DataArea><Sync><ActionCriteria><ActionExpression actionCode="Replace"/></ActionCriteria></Sync><ProductionOrder><ProductionOrderHeader><DocumentID><ID variationID="2">4711</ID></DocumentID>` +
	`<AlternateDocumentID><ID>order-changed/4711/2</ID></AlternateDocumentID><DocumentDateTime>2026-03-02T09:15:00+01:00</DocumentDateTime><OrderQuantity unitCode="EA">240</OrderQuantity></ProductionOrderHeader></ProductionOrder></DataArea></SyncProductionOrder>`

// TestIONAnnounces: what ION pushes comes to the MES once, a change not before
// its order and not after a newer one; what cannot be read is refused.
func TestIONAnnounces(t *testing.T) {
	for _, version := range []string{"v3", "v2"} {
		t.Run(version, func(t *testing.T) {
			w := newWorld(t, "")
			i := newIONWorld(w, version)
			w.start()
			released := strings.NewReplacer(`"Replace"`, `"Add"`, `variationID="2"`, `variationID="1"`, "order-changed/4711/2", "order-released/4711/1").Replace(announcedION)
			third := strings.NewReplacer(`variationID="2"`, `variationID="3"`, "order-changed/4711/2", "order-changed/4711/3").Replace(announcedION)
			for _, bod := range []string{third, announcedION, released} {
				if status := i.push("Sync.ProductionOrder", bod); status != 202 {
					t.Errorf("answered %d", status)
				}
			}
			w.must("the newest version at the MES", func() bool { return len(w.mes.effectsOf("order-changed/4711/3")) == 1 })
			w.must("the order at the MES", func() bool { return len(w.mes.effectsOf("order-released/4711/1")) == 1 })
			var got []string
			for _, e := range w.mes.all() {
				got = append(got, e.event)
			}
			if s := strings.Join(got, " "); !strings.HasPrefix(s, "order-released/4711/1") || strings.Index(s, "/4711/3") < strings.Index(s, "/4711/2") {
				t.Errorf("the MES was told %q", got)
			}
			for what, bod := range map[string]string{
				"cut off": announcedION[:200], "namespace": strings.Replace(announcedION, "OAGIS/2", "OAGIS/3", 1), "release": strings.Replace(announcedION, "9.2", "10", 1),
				"action": strings.Replace(announcedION, "Replace", "Merge", 1), "no order": strings.Replace(announcedION, ">4711<", "><", 1), "not for us": strings.ReplaceAll(announcedION, "SyncProduction", "SyncPurchase"),
			} {
				if status := i.push("Sync.ProductionOrder", bod); status != 400 {
					t.Errorf("%s: answered %d, want 400", what, status)
				}
			}
		})
	}
}
