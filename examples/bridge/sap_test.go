package bridge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// sapWorld is a world whose ERP speaks sap-s4/v2: a desk in front of its books
// keeps a session, hands on what is posted, and words the answer.
type sapWorld struct {
	*world

	mu        sync.Mutex // guards what follows
	refs      map[string][]string
	questions int            // for what was posted
	locked    map[string]int // how often a posting still meets a locked order
	hidden    int            // how often an order still cannot be read
	logins    int
	called    int             // the function
	pools     bool            // what cannot be booked is accepted, and waits in the worklist
	waiting   map[string]bool // there
	session   string          // the only one that is good
}

func newSAPWorld(w *world) *sapWorld {
	s := &sapWorld{world: w, refs: map[string][]string{}, locked: map[string]int{}, waiting: map[string]bool{}}
	desk := httptest.NewServer(http.HandlerFunc(s.desk))
	w.t.Cleanup(desk.Close)
	w.config.Dialect, w.config.ERP.URL = dialectSAP, desk.URL
	return s
}

var sapQuoted = regexp.MustCompile(`'([^']*)'`)

func (s *sapWorld) desk(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("X-Csrf-Token") == "Fetch" {
		s.mu.Lock()
		s.logins++
		s.session = fmt.Sprint("s", s.logins)
		w.Header().Set("X-Csrf-Token", "token of "+s.session)
		http.SetCookie(w, &http.Cookie{Name: "SAP_SESSIONID", Value: s.session})
		s.mu.Unlock()
		_, _ = io.WriteString(w, `{"d":{}}`)
		return
	}
	if r.Method == http.MethodGet {
		s.question(w, r)
		return
	}
	if r.URL.Path == sapFunctions {
		s.function(w, r)
		return
	}
	cookie, _ := r.Cookie("SAP_SESSIONID")
	s.mu.Lock()
	good := cookie != nil && cookie.Value == s.session && r.Header.Get("X-Csrf-Token") == "token of "+s.session
	s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	switch {
	case !good:
		w.Header().Set("X-Csrf-Token", "Required")
		w.WriteHeader(http.StatusForbidden)
	case strings.HasSuffix(r.URL.Path, "/$batch"):
		s.batch(w, r, body)
	case r.Method == http.MethodPatch && r.Header.Get("If-Match") != `W/"1"`:
		w.WriteHeader(http.StatusPreconditionRequired)
	default:
		kept := s.post(w, r, r.URL.Path, body)
		if !kept.cut {
			w.WriteHeader(kept.Code)
			_, _ = w.Write(kept.Body.Bytes())
		}
	}
}

func (s *sapWorld) question(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	literal := ""
	if m := sapQuoted.FindStringSubmatch(r.URL.Query().Get("$filter")); m != nil {
		literal = m[1]
	}
	switch path, _ := url.PathUnescape(r.URL.Path); {
	case strings.HasSuffix(path, "/Batch") || strings.HasSuffix(path, "/A_InspectionResult"):
		s.asked(w, literal)
	case strings.Contains(path, "/Batch("):
		w.Header().Set("Etag", `W/"1"`)
		_, _ = io.WriteString(w, `{"d":{}}`)
	case strings.HasSuffix(path, "/YY1_FailedPostings"):
		waits := ""
		if s.waiting[literal] {
			waits = `{"MessageCode":"ZAN/014","MessageText":"expired","IsDone":""}`
		}
		_, _ = io.WriteString(w, `{"d":{"results":[`+waits+`]}}`)
	case strings.Contains(path, "/A_ProductionOrder_2("):
		if s.hidden > 0 {
			s.hidden--
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.WriteString(w, `{"d":{"ManufacturingOrder":"4711","Material":"PUMP-7","TotalQuantity":"200.000","ProductionUnit":"EA","LastChangeDateTime":"20260302050000","YY1_Version_ORD":1}}`)
	default:
		s.asked(w, literal)
	}
}

// asked answers the question what was posted with a reference; s.mu is held.
func (s *sapWorld) asked(w http.ResponseWriter, literal string) {
	s.questions++
	for _, event := range s.refs[literal] {
		if len(s.erp.effectsOf(event)) > 0 {
			_, _ = io.WriteString(w, `{"d":{"results":[{}]}}`)
			return
		}
	}
	_, _ = io.WriteString(w, `{"d":{"results":[]}}`)
}

// said is what a body says, wherever it stands.
func (s *sapWorld) said(body []byte) map[string]string {
	all := map[string]string{}
	var root any
	if err := json.Unmarshal(body, &root); err != nil {
		s.t.Errorf("the ERP was sent %s: %v", body, err)
	}
	walk(root, func(name string, v any) {
		if _, list := v.([]any); !list {
			all[strings.TrimRight(strings.TrimSuffix(name, "_"+name[strings.LastIndex(name, "_")+1:]), "_")] = fmt.Sprint(v)
		}
	})
	return all
}

// post hands on one posting.
func (s *sapWorld) post(w http.ResponseWriter, r *http.Request, path string, body []byte) *borrowed {
	said, kept := s.said(body), &borrowed{ResponseRecorder: httptest.NewRecorder(), of: w}
	event := said["YY1_MESReference"]
	m := s.neutral(path, said)
	s.mu.Lock()
	for _, ref := range []string{said["ExternalSystemConfirmation"], said["ReferenceDocument"], event} {
		if ref != "" {
			s.refs[ref] = append(s.refs[ref], event)
		}
	}
	meets := s.locked[event] > 0
	if meets {
		s.locked[event]--
	}
	s.mu.Unlock()
	if meets {
		kept.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(kept, `{"error":{"code":"ZAN/001","message":{"lang":"de","value":"Auftrag ist gesperrt"}}}`)
		return kept
	}
	if m.event != event {
		s.t.Errorf("%s was posted as %s: %s", event, m.event, body)
	}
	inner := httptest.NewRequest(http.MethodPost, "/"+m.name, strings.NewReader(m.body))
	inner.Header.Set("Authorization", r.Header.Get("Authorization"))
	inner.Header.Set("Idempotency-Key", event)
	s.erp.mu.Lock()
	delete(s.erp.keys, event) // nothing here recognises a repetition
	s.erp.mu.Unlock()
	answer := &borrowed{ResponseRecorder: httptest.NewRecorder(), of: w}
	s.erp.ServeHTTP(answer, inner)
	kept.cut = answer.cut
	switch {
	case answer.Code == http.StatusUnauthorized:
		kept.WriteHeader(answer.Code)
	case answer.Code >= 400 && s.pools:
		s.mu.Lock()
		s.waiting[event] = true
		s.mu.Unlock()
		kept.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(kept, `{"d":{}}`)
	case answer.Code >= 400:
		kept.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(kept, `{"error":{"code":"ZAN/014","message":{"lang":"en","value":"expired"}}}`)
	case r.Method == http.MethodPatch:
		kept.WriteHeader(http.StatusNoContent)
	default:
		kept.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(kept, `{"d":{"ConfirmationGroup":"1"}}`)
	}
	return kept
}

// neutral is the message of which a posting says the same.
func (s *sapWorld) neutral(path string, said map[string]string) message {
	n := 0
	_, _ = fmt.Sscan(said["YY1_MESCounter"], &n)
	switch {
	case strings.Contains(path, "ProdnOrdConf2") && said["ConfirmationYieldQuantity"] == "":
		return start(said["OrderID"])
	case strings.Contains(path, "ProdnOrdConf2"):
		return confirmation(said["OrderID"], n)
	case strings.Contains(path, "A_InspectionResult"):
		return inspected(said["ManufacturingOrder"], n)
	case strings.Contains(path, "Batch("):
		m := sapQuoted.FindAllStringSubmatch(path, -1)
		return hold(m[2][1], said["YY1_QualityCase"], said["YY1_Order"])
	}
	return consumption(said["ManufacturingOrder"], n, said["Material"], said["Batch"], said["QuantityInEntryUnit"], said["EntryUnit"])
}

var sapInBatch = regexp.MustCompile(`(?m)^POST (\S+) HTTP/1.1\r?$`)

// batch answers each request of a batch in a part of its own.
func (s *sapWorld) batch(w http.ResponseWriter, r *http.Request, body []byte) {
	var out bytes.Buffer
	for _, at := range sapInBatch.FindAllSubmatchIndex(body, -1) {
		rest := body[at[1]:]
		begin, end := bytes.IndexByte(rest, '{'), bytes.Index(rest, []byte("\r\n--"))
		kept := s.post(w, r, string(body[at[2]:at[3]]), bytes.TrimSpace(rest[begin:end]))
		if kept.cut {
			return
		}
		fmt.Fprintf(&out, "--b\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 %d x\r\nContent-Type: application/json\r\n\r\n%s\r\n", kept.Code, kept.Body)
	}
	out.WriteString("--b--\r\n")
	w.Header().Set("Content-Type", "multipart/mixed; boundary=b")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(out.Bytes())
}

func sapLostReply(w *world) []string { return lostReply(newSAPWorld(w).world) }

// inspected is the result of an inspection.
func inspected(order string, n int) message {
	return performance("inspections", "inspection", fmt.Sprintf("inspection/%s/0010/%d", order, n), order, fmt.Sprintf(`,"SegmentData":[{"ID":"Counter","Value":[{"ValueString":"%d"}]}]`, n))
}

// sapLostResults loses the replies to a hold and to the result of an inspection,
// which the ERP does not recognise when they come again.
func sapLostResults(w *world) []string {
	h, i := hold("L-1", "Q-1", "1"), inspected("1", 1)
	s := newSAPWorld(w)
	w.erp.before = func(a attempt, n int) fate { return fate{lose: n == 1} }
	cs := plain(w, h, i)
	w.until(5*time.Second, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return w.erp.tries() > 2 || s.questions > 1
	})
	w.pass(100 * time.Millisecond)
	return append(cs, w.judge(h, i)...)
}

func sapBadRow(w *world) []string {
	newSAPWorld(w)
	return w.judge(sendBadRow(w)...)
}

// sapPooled is a bad row that the ERP accepts all the same.
func sapPooled(w *world) []string {
	newSAPWorld(w).pools = true
	return w.judge(sendBadRow(w)...)
}

func sapLockedOrder(w *world) []string {
	s, m := newSAPWorld(w), confirmation("1", 1)
	s.locked[m.event] = 2
	return plain(w, m, hold("L-1", "Q-1", "1"))
}

// sapEarlyEvent announces an order that cannot be read for a moment.
func sapEarlyEvent(w *world) []string {
	s := newSAPWorld(w)
	s.hidden = 2
	m := message{"erp", "events", "order-released/4711/1", `{"specversion":"1.0","id":"1","type":"sap.s4.beh.productionorder.v1.ProductionOrder.Released.v1","time":"2026-03-02T06:00:00+01:00","data":{"ManufacturingOrder":"4711"}}`}
	return plain(w, m)
}

// sapAlikeReferences loses a request of which the reference begins like that of
// another, which was posted.
func sapAlikeReferences(w *world) []string {
	newSAPWorld(w)
	a, b := consumption("1", 1, "CASTING-3", "A", "1", "EA"), consumption("1", 2, "CASTING-3", "B", "1", "EA")
	w.config.Batch = 1
	w.erp.before = once(b.event, fate{silent: true})
	return plain(w, a, b)
}

// TestSAP is the sound bridge at an ERP that speaks sap-s4/v2.
func TestSAP(t *testing.T) {
	for name, play := range map[string]func(*world) []string{"lost reply": sapLostReply, "lost results": sapLostResults, "bad row": sapBadRow, "bad row accepted": sapPooled, "locked order": sapLockedOrder, "early event": sapEarlyEvent, "alike": sapAlikeReferences} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if cs := play(newWorld(t, "")); len(cs) > 0 {
				t.Errorf("complaints: %q", cs)
			}
		})
	}
}

// A session that ends is begun anew, and nothing is posted twice for it.
func TestSAPSessionEnds(t *testing.T) {
	w := newWorld(t, "")
	s := newSAPWorld(w)
	w.erp.before = func(a attempt, n int) fate {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.session = "ended" // with every posting
		return fate{}
	}
	if cs := plain(w, confirmation("1", 1), confirmation("1", 2), confirmation("1", 3)); len(cs) > 0 {
		t.Errorf("complaints: %q", cs)
	}
	if s.logins < 3 {
		t.Errorf("%d sessions, want one for each posting", s.logins)
	}
}

// What the ERP has no room or no form for is refused here, and not sent with a
// part left out: a start without its instant is a confirmation of nothing.
func TestSAPRefusesWhatCannotBeSaid(t *testing.T) {
	local := start("1")
	local.body = strings.ReplaceAll(local.body, "+01:00", "")
	long := hold("L-1", strings.Repeat("Q", 300), "1")
	for name, m := range map[string]message{"an instant without its offset": local, "a text that is too long": long, "": start("1")} {
		parts, err := read(m.name, m.event, []byte(m.body))
		if err != nil || len(parts) != 1 {
			t.Fatalf("%s: %d parts, %v", name, len(parts), err)
		}
		r, err := sapOf(&item{name: m.name, facts: parts[0].facts, body: []byte(m.body)}, "")
		if refused := err != nil; refused != (name != "") {
			t.Errorf("%s: %v, %s", name, err, r.body)
		}
	}
}
