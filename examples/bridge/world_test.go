package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain lets a test start the bridge as a process that can be killed.
func TestMain(m *testing.M) {
	if os.Getenv("BRIDGE_TEST_CHILD") != "" {
		os.Exit(Main(context.Background(), nil, os.Getenv, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// world is the bridge with a small ERP, a small MES and a worklist around it.
type world struct {
	t        *testing.T
	erp, mes *books
	config   Config
	url      string

	mu      sync.Mutex // guards what follows
	reports []report
	changed chan struct{} // closed and replaced whenever something happens

	stop func() // stops the bridge in this process
	cmd  *exec.Cmd
}

func newWorld(t *testing.T, d Defect) *world {
	w := &world{t: t, changed: make(chan struct{})}
	w.erp, w.mes = newBooks(w), newBooks(w)
	list := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		var rep report
		_ = json.NewDecoder(r.Body).Decode(&rep)
		w.mu.Lock()
		w.reports = append(w.reports, rep)
		w.mu.Unlock()
		w.note()
		rw.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(list.Close)
	end := func(b *books) Endpoint {
		return Endpoint{URL: b.server.URL, TokenURL: b.server.URL + "/oauth/token", Client: "bridge", Secret: "s3cret", Next: "bridge-next", NextSecret: "s3cret"}
	}
	w.config = Config{ERP: end(w.erp), MES: end(w.mes), Exceptions: list.URL, StateDir: t.TempDir(), Listen: "127.0.0.1:0", Sync: "normal", Units: "base",
		Parallel: 16, Batch: 20, Attempts: 60, Backlog: 100_000, Timeout: time.Second, Defect: d}
	return w
}

// note wakes whoever waits for something to happen.
func (w *world) note() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.changed)
	w.changed = make(chan struct{})
}

// until waits for cond, which is looked at whenever something happens here, and
// every now and then, as brokers and the bridge do not tell. It reports false
// when limit has passed.
func (w *world) until(limit time.Duration, cond func() bool) bool {
	over, again := time.After(limit), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for {
		w.mu.Lock()
		changed := w.changed
		w.mu.Unlock()
		if cond() {
			return true
		}
		select {
		case <-changed:
		case <-again.C:
		case <-over:
			return cond()
		}
	}
}

// must is until, or the end of the test.
func (w *world) must(what string, cond func() bool) {
	w.t.Helper()
	if !w.until(10*time.Second, cond) {
		w.t.Fatalf("waited in vain for: %s", what)
	}
}

// pass lets wall time pass in which something could go wrong.
func (w *world) pass(d time.Duration) { w.until(d, func() bool { return false }) }

// start runs the bridge in this process.
func (w *world) start() *world {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	addr, ended := make(chan string, 1), make(chan error, 1)
	log := slog.New(slog.DiscardHandler)
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(w.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	go func() { ended <- Run(ctx, w.config, log, func(a string) { addr <- a }) }()
	select {
	case a := <-addr:
		w.url = "http://" + a
	case err := <-ended:
		w.t.Fatal(err)
	}
	var once sync.Once
	w.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				w.t.Error(err)
			}
		})
	}
	w.t.Cleanup(w.stop)
	return w
}

// spawn runs the bridge as a process.
func (w *world) spawn() *world {
	w.t.Helper()
	c := w.config
	w.cmd = exec.Command(os.Args[0])
	w.cmd.Env = append(os.Environ(), "BRIDGE_TEST_CHILD=1", "ERP_URL="+c.ERP.URL, "ERP_TOKEN_URL="+c.ERP.TokenURL, "ERP_CLIENT=bridge", "ERP_SECRET=s3cret", "ERP_NEXT_CLIENT=bridge-next", "ERP_NEXT_SECRET=s3cret",
		"MES_URL="+c.MES.URL, "MES_TOKEN_URL="+c.MES.TokenURL, "MES_CLIENT=bridge", "MES_SECRET=s3cret", "EXCEPTIONS_URL="+c.Exceptions,
		"STATE_DIR="+c.StateDir, "LISTEN=127.0.0.1:0", "SYNC=normal", "ERP_VERSION="+c.ERP.Version, "DEFECT="+string(c.Defect))
	stderr, err := w.cmd.StderrPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	cmd := w.cmd
	w.t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		}
	})
	addr := make(chan string, 1)
	go func() {
		var text []byte
		buf := make([]byte, 4096)
		for {
			n, err := stderr.Read(buf)
			text = append(text, buf[:n]...)
			if _, after, ok := strings.Cut(string(text), "listen="); ok && strings.Contains(after, " ") {
				addr <- strings.Fields(after)[0]
				_, _ = io.Copy(io.Discard, stderr)
				return
			}
			if err != nil {
				w.t.Logf("bridge said: %s", text)
				close(addr)
				return
			}
		}
	}()
	w.url = "http://" + <-addr
	return w
}

// kill is kill -9; term asks politely. Both wait for the end.
func (w *world) kill() { w.signal(syscall.SIGKILL) }
func (w *world) term() { w.signal(syscall.SIGTERM) }
func (w *world) signal(s os.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(s); err != nil {
		w.t.Fatal(err)
	}
	_ = w.cmd.Wait()
}

// client is not the default one, whose connections every test server closes
// that ends, even those that another test is about to use.
var client = &http.Client{Transport: &http.Transport{}}

// message is one announcement.
type message struct{ from, name, event, body string }

// send posts a message as a webhook and returns the status.
func (w *world) send(m message) int {
	w.t.Helper()
	req, _ := http.NewRequest(http.MethodPost, w.url+"/"+m.from+"/"+m.name, strings.NewReader(m.body))
	req.Header.Set("Andon-Event", m.event)
	req.Header.Set("Andon-Message-Id", "msg-"+m.event)
	res, err := client.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// sendAll sends messages in sequence; all must be taken.
func (w *world) sendAll(ms ...message) {
	w.t.Helper()
	for _, m := range ms {
		if status := w.send(m); status != http.StatusAccepted {
			w.t.Fatalf("%s: status %d", m.event, status)
		}
	}
}

// surfaced returns the reports on an event.
func (w *world) surfaced(event string) (rs []report) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.reports {
		if r.Reference == event {
			rs = append(rs, r)
		}
	}
	return rs
}

// settled waits until every message has an effect or a report, or long enough.
func (w *world) settled(ms ...message) {
	patience := 10 * time.Second
	if w.config.Defect != "" { // it may well be in vain
		patience = 600 * time.Millisecond
	}
	w.until(patience, func() bool {
		for _, m := range ms {
			if len(w.to(m).effectsOf(m.event)) == 0 && len(w.surfaced(m.event)) == 0 {
				return false
			}
		}
		return true
	})
}

func (w *world) to(m message) *books {
	if m.from == "mes" {
		return w.erp
	}
	return w.mes
}

// judge says what is wrong with what became of ms, sent in this order: each
// must have had exactly one effect, or one report if it is on the list of what
// is refused.
func (w *world) judge(ms ...message) (complaints []string) {
	last := map[string]int{}
	for _, m := range ms {
		b := w.to(m)
		effects, reports := b.effectsOf(m.event), w.surfaced(m.event)
		bad := b.refusal(m.event)
		switch {
		case len(effects) > 1:
			complaints = append(complaints, "doubled "+m.event)
		case bad == nil && len(effects) == 0 && len(reports) > 0:
			complaints = append(complaints, fmt.Sprintf("refused by mistake %s: %s %s", m.event, reports[0].Class, reports[0].Reason))
		case len(effects)+len(reports) == 0:
			complaints = append(complaints, "lost "+m.event)
		case bad != nil && (len(reports) != 1 || reports[0].Class != bad.Class):
			complaints = append(complaints, fmt.Sprintf("reported wrongly %s: %v", m.event, reports))
		case bad != nil && b.attemptsOf(m.event) > 1:
			complaints = append(complaints, fmt.Sprintf("refused and repeated %s: %d attempts", m.event, b.attemptsOf(m.event)))
		}
		for _, e := range effects {
			if m.name == "holds" { // overtake, and may
				continue
			}
			if e.place < last[e.order] {
				complaints = append(complaints, "out of order "+m.event)
			}
			last[e.order] = max(last[e.order], e.place)
		}
	}
	return append(complaints, append(w.erp.complaints(), w.mes.complaints()...)...)
}

// books is a system as small as can be: it keeps what was posted, honours
// idempotency keys and tokens, and refuses what it is told to refuse.
type books struct {
	w      *world
	server *httptest.Server
	ttl    int // seconds a token lives

	mu       sync.Mutex // guards what follows
	effects  []effect
	attempts []attempt
	keys     map[string]string // key to body and reply
	refuse   map[string]row    // by event
	items    map[string]string // GET /items/{id}; other objects by their whole path
	tokens   map[string]time.Time
	users    map[string]string // by token
	granted  int
	heard    time.Time // when a Retry-After was given
	notUntil time.Time // and what it said
	early    []string

	// before, if set, decides what becomes of the n-th attempt; it is called
	// without the lock and may wait.
	before func(a attempt, n int) fate
}

// fate is what becomes of an attempt; the zero value is nothing special.
type fate struct {
	status     int
	body       string
	retryAfter string
	lose       bool // the reply
	silent     bool // neither effect nor reply
}

type effect struct {
	event, name, order, material, lot, unit string
	amount                                  *big.Rat
	place                                   int
	at, revision                            string    // the instant and the revision said
	user                                    string    // who posted it
	body, version                           string    // as it was worded, and by which version of the interface
	attempt                                 time.Time // when it began
}

type attempt struct {
	name, key string
	events    []string
	at        time.Time
	status    int
	user      string // whose token it bore
	version   string // of the interface
}

func newBooks(w *world) *books {
	b := &books{w: w, ttl: 60, keys: map[string]string{}, refuse: map[string]row{}, items: map[string]string{}, tokens: map[string]time.Time{}, users: map[string]string{}}
	b.server = httptest.NewServer(b)
	w.t.Cleanup(b.server.Close)
	return b
}

func (b *books) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer b.w.note()
	began := time.Now()
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/oauth/token" {
		b.grant(w, string(body))
		return
	}
	b.mu.Lock()
	if began.Before(b.notUntil) && began.After(b.heard.Add(20*time.Millisecond)) { // not what was under way
		b.early = append(b.early, fmt.Sprintf("early by %s: %s", b.notUntil.Sub(began), r.URL.Path))
	}
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	valid, user := time.Now().Before(b.tokens[token]), b.users[token]
	b.mu.Unlock()
	if !valid {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if r.Method == http.MethodGet {
		b.question(w, r)
		return
	}
	a := attempt{name: strings.TrimPrefix(r.URL.Path, "/"), key: r.Header.Get("Idempotency-Key"), at: began, user: user, version: r.Header.Get(versionHeader)}
	parts, err := read(a.name, "", body)
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", err.Error())
		return
	}
	for _, p := range parts {
		a.events = append(a.events, p.facts.Event)
	}
	b.mu.Lock()
	b.attempts = append(b.attempts, a)
	n, before := len(b.attempts)-1, b.before
	b.mu.Unlock()
	var f fate
	if before != nil {
		f = before(a, b.attemptsOf(a.events[0]))
	}
	b.answer(w, n, a, parts, body, f)
}

func (b *books) answer(w http.ResponseWriter, n int, a attempt, parts []part, body []byte, f fate) {
	status, text := f.status, f.body
	if status == 0 && !f.silent {
		status, text = b.post(a, parts, string(body))
	}
	b.mu.Lock()
	b.attempts[n].status = status
	b.mu.Unlock()
	if f.lose || f.silent {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			_ = conn.Close()
		}
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if f.retryAfter != "" {
		w.Header().Set("Retry-After", f.retryAfter)
		b.mu.Lock()
		b.heard = time.Now()
		if s, err := time.ParseDuration(f.retryAfter + "s"); err == nil {
			b.notUntil = time.Now().Add(s)
		} else if at, err := http.ParseTime(f.retryAfter); err == nil {
			b.notUntil = at
		}
		b.mu.Unlock()
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// post changes the books row by row.
func (b *books) post(a attempt, parts []part, body string) (int, string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.keys[a.key]; ok && a.key != "" {
		first, reply, _ := strings.Cut(known, "\x00")
		if first != body {
			return 422, `{"status":422,"code":"key-reused","class":"data-quality","detail":"another body"}`
		}
		return 200, reply
	}
	var rows []row
	bad := 0
	for _, p := range parts {
		r, refused := b.refuse[p.facts.Event]
		if refused {
			bad++
		} else {
			r = row{Reference: p.facts.Event, Status: 201}
			b.effects = append(b.effects, b.effect(a, p))
		}
		r.Reference = p.facts.Event
		rows = append(rows, r)
	}
	text := func(v any) string { t, _ := json.Marshal(v); return string(t) }
	switch {
	case bad == len(rows):
		r := rows[0]
		return r.Status, text(map[string]any{"status": r.Status, "code": r.Code, "class": r.Class, "detail": r.Detail, "items": rows})
	case bad > 0:
		reply := text(map[string]any{"outcome": "partly", "items": rows})
		b.keys[a.key] = body + "\x00" + reply
		return 207, reply
	}
	b.keys[a.key] = body + "\x00" + `{"outcome":"repeated"}`
	return 201, `{"outcome":"applied","documents":["1"]}`
}

func (b *books) effect(a attempt, p part) effect {
	e := effect{event: p.facts.Event, name: a.name, order: p.facts.entity(), material: p.facts.Material, lot: p.facts.Lot, unit: p.facts.Unit,
		place: len(b.effects) + 1, attempt: a.at, user: a.user, version: a.version, body: string(p.body), amount: new(big.Rat)}
	if _, after, ok := strings.Cut(string(p.body), `"QuantityString":"`); ok {
		text, _, _ := strings.Cut(after, `"`)
		e.amount.SetString(text)
	}
	if _, after, ok := strings.Cut(string(p.body), `"PostingDate":"`); ok {
		e.at, _, _ = strings.Cut(after, `"`)
	}
	if _, after, ok := strings.Cut(string(p.body), `"ID":"Revision","Value":[{"ValueString":"`); ok {
		e.revision, _, _ = strings.Cut(after, `"`)
	}
	return e
}

func (b *books) grant(w http.ResponseWriter, form string) {
	asked, _ := url.ParseQuery(form)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.granted++
	token := fmt.Sprint("token-", b.granted)
	b.tokens[token] = time.Now().Add(time.Duration(b.ttl) * time.Second)
	b.users[token] = asked.Get("client_id")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": "Bearer", "expires_in": b.ttl})
}

func (b *books) question(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.URL.Path == "/postings" {
		found := []map[string]string{}
		for _, e := range b.effects {
			if e.event == r.URL.Query().Get("reference") {
				found = append(found, map[string]string{"reference": e.event, "kind": names[e.name]})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"postings": found})
		return
	}
	text, ok := b.items[strings.TrimPrefix(r.URL.Path, "/items/")]
	if !ok {
		problem(w, http.StatusNotFound, "item-unknown", "no such item")
		return
	}
	_, _ = io.WriteString(w, text)
}

func (b *books) effectsOf(event string) (es []effect) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, e := range b.effects {
		if e.event == event {
			es = append(es, e)
		}
	}
	return es
}

// said are the instants of what was posted for an event.
func (b *books) said(event string) (at []string) {
	for _, e := range b.effectsOf(event) {
		at = append(at, e.at)
	}
	return at
}

func (b *books) attemptsOf(event string) (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range b.attempts {
		if slices.Contains(a.events, event) {
			n++
		}
	}
	return n
}

func (b *books) tries() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.attempts)
}

func (b *books) refusal(event string) *row {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r, ok := b.refuse[event]; ok {
		return &r
	}
	return nil
}

func (b *books) grants() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.granted
}

// complaints says what was wrong with the attempts as such.
func (b *books) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := slices.Clone(b.early)
	keyOf, eventsOf := map[string]string{}, map[string]string{}
	for _, a := range b.attempts {
		events := strings.Join(a.events, "+")
		if k, ok := keyOf[events]; ok && k != a.key {
			out = append(out, "key changed for "+events)
		}
		if e, ok := eventsOf[a.key]; ok && e != events && a.key != "" {
			out = append(out, "one key for "+e+" and "+events)
		}
		keyOf[events], eventsOf[a.key] = a.key, events
		if a.key == "" {
			out = append(out, "no key for "+events)
		}
	}
	return out
}

// Messages of neutral/v1, no longer than needed.

func performance(name, kind, event, order, rest string) message {
	return message{"mes", name, event, fmt.Sprintf(`{"SyncOperationsPerformance":{"@releaseID":"V0701","ApplicationArea":{"Sender":{"LogicalID":"lid://mes","TaskID":%q,"ReferenceID":%q},"CreationDateTime":"2026-03-02T07:41:58+01:00","BODID":%q},`+
		`"DataArea":{"Sync":{},"OperationsPerformance":[{"ID":%q,"OperationsResponse":[{"ID":%q,"SegmentResponse":[{"ID":%q,"OperationsRequestID":[%q],"OperationsSegmentID":["0010"],"PostingDate":"2026-03-02T07:41:58+01:00"%s}]}]}]}}}`,
		kind, event, event, event, event, event, order, rest)}
}

func confirmation(order string, n int) message {
	return performance("confirmations", "confirmation", fmt.Sprintf("confirmation/%s/0010/%d", order, n), order, fmt.Sprintf(
		`,"SegmentData":[{"ID":"Counter","Value":[{"ValueString":"%d"}]}],"MaterialActual":[{"ID":"yield","MaterialUse":"Yield Produced","Quantity":[{"QuantityString":"%d","DataType":"decimal","UnitOfMeasure":"EA"}]}]`, n, 10+n))
}

// reversal takes back what m reported, which the n-th was.
func reversal(m message, of, order string, n int) message {
	r := performance("reversals", kindReversal, "reversal/"+m.event, order, fmt.Sprintf(
		`,"SegmentData":[{"ID":"Counter","Value":[{"ValueString":"%d"}]},{"ID":"Of","Value":[{"ValueString":%q}]},{"ID":"Reference","Value":[{"ValueString":%q}]}]`, n, of, m.event))
	r.body = strings.Replace(strings.Replace(r.body, "SyncOperationsPerformance", "CancelOperationsPerformance", 1), `{"Sync":`, `{"Cancel":`, 1)
	return r
}

func start(order string) message {
	return performance("operation-starts", "operation-started", "operation-started/"+order+"/0010", order, "")
}

func material(name, kind, order string, n int, item, lot, amount, unit string) message {
	return performance(name, kind, fmt.Sprintf("%s/%s/0010/%s/%d", kind, order, lot, n), order, fmt.Sprintf(
		`,"SegmentData":[{"ID":"Counter","Value":[{"ValueString":"%d"}]}],"MaterialActual":[{"ID":"1","MaterialDefinitionID":[%q],"MaterialLotID":[%q],"MaterialUse":"Consumed","Quantity":[{"QuantityString":%q,"DataType":"decimal","UnitOfMeasure":%q}]}]`,
		n, item, lot, amount, unit))
}

func consumption(order string, n int, item, lot, amount, unit string) message {
	return material("consumptions", kindConsumption, order, n, item, lot, amount, unit)
}

func receipt(order string, n int, lot string) message {
	return material("receipts", kindReceipt, order, n, "PUMP-7", lot, "2", "EA")
}

func lotMessage(from, name, verb, kind, lot, quality, more string) message {
	event := kind + "/" + lot + "/" + quality
	return message{from, name, event, fmt.Sprintf(`{%q:{"@releaseID":"V0701","ApplicationArea":{"Sender":{"LogicalID":"lid://x","TaskID":%q,"ReferenceID":%q},"CreationDateTime":"2026-03-02T10:30:00+01:00","BODID":%q},`+
		`"DataArea":{"Sync":{},"MaterialLot":[{"ID":%q,"MaterialDefinitionID":"PUMP-7","MaterialLotProperty":[{"ID":"Reference","Value":[{"ValueString":%q}]},{"ID":"Case","Value":[{"ValueString":%q}]}%s]}]}}}`,
		verb, kind, event, event, lot, event, quality, more)}
}

func hold(lot, quality, order string) message {
	return lotMessage("mes", "holds", "SyncMaterialLot", kindHeld, lot, quality, fmt.Sprintf(`,{"ID":"Order","Value":[{"ValueString":%q}]}`, order))
}

func decision(lot, quality, what string) message {
	return lotMessage("erp", "decisions", "ChangeMaterialLot", kindDecided, lot, quality, fmt.Sprintf(`,{"ID":"Decision","Value":[{"ValueString":%q}]}`, what))
}

func orderMessage(verb, kind, order string, version int) message {
	event := fmt.Sprintf("%s/%s/%d", kind, order, version)
	return message{"erp", "orders", event, fmt.Sprintf(`{%q:{"@releaseID":"V0701","ApplicationArea":{"Sender":{"LogicalID":"lid://erp","TaskID":%q,"ReferenceID":%q},"CreationDateTime":"2026-03-02T05:30:00+01:00","BODID":%q},`+
		`"DataArea":{"Process":{},"OperationsSchedule":[{"ID":%q,"OperationsRequest":[{"ID":%q,"Version":"%d"}]}]}}}`, verb, kind, event, event, event, order, version)}
}

func release(order string) message {
	return orderMessage("ProcessOperationsSchedule", kindReleased, order, 1)
}
func changed(order string, version int) message {
	return orderMessage("ChangeOperationsSchedule", "order-changed", order, version)
}

// offer is send for a bridge that may be away; true means taken.
func (w *world) offer(m message) bool {
	w.mu.Lock()
	url := w.url
	w.mu.Unlock()
	req, _ := http.NewRequest(http.MethodPost, url+"/"+m.from+"/"+m.name, strings.NewReader(m.body))
	req.Header.Set("Andon-Event", m.event)
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode == http.StatusAccepted
}

// respawn is spawn while others offer messages.
func (w *world) respawn() {
	next := &world{t: w.t, config: w.config}
	next.spawn()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.url, w.cmd = next.url, next.cmd
}

func (b *books) all() []effect {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.effects)
}
