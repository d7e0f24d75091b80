package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is a system in memory: a feed, books, and a script that says how it
// answers. Unlike a good one it posts whatever it is sent, however often.
type fake struct {
	name   string
	server *httptest.Server
	script func(posted) answer // nil: everything is posted

	mu      sync.Mutex // guards what follows
	changed chan struct{}
	feed    []entry
	taken   int
	polls   int
	posts   []posted
	books   map[string]int // postings by reference
	asked   map[string]int
	tokens  int
	valid   string
}

type posted struct {
	nth  int // of all posts, from 1
	name string
	key  string
	refs []string
	at   time.Time
}

// answer to a post. The zero value posts all of it.
type answer struct {
	status int
	header http.Header
	body   string
	post   bool            // also when status is not 0
	cut    bool            // the connection ends instead of the answer
	until  <-chan struct{} // what it waits for before it posts
}

func newFake(t *testing.T, name string) *fake {
	f := &fake{name: name, changed: make(chan struct{}), books: map[string]int{}, asked: map[string]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /oauth/token", f.serveToken)
	mux.HandleFunc("GET /feed", f.guard(f.serveFeed))
	mux.HandleFunc("GET /postings", f.guard(f.servePostings))
	mux.HandleFunc("POST /{name}", f.guard(f.servePost))
	f.server = httptest.NewServer(mux)
	t.Cleanup(func() { f.server.CloseClientConnections(); f.server.Close() })
	return f
}

func (f *fake) announce(entries ...entry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.feed = append(f.feed, entries...)
}

// change does something under the lock and wakes those who wait.
func (f *fake) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
	close(f.changed)
	f.changed = make(chan struct{})
}

// await waits until the state is as it should be.
func (f *fake) await(t *testing.T, what string, is func() bool) {
	t.Helper()
	limit := time.After(15 * time.Second)
	for {
		f.mu.Lock()
		ok, changed := is(), f.changed
		f.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-limit:
			f.mu.Lock()
			defer f.mu.Unlock()
			t.Fatalf("%s: never %s; posts %+v, books %v, asked %v, taken %d", f.name, what, f.posts, f.books, f.asked, f.taken)
		}
	}
}

func (f *fake) guard(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		ok := r.Header.Get("Authorization") == "Bearer "+f.valid
		f.mu.Unlock()
		if !ok {
			problem(w, http.StatusUnauthorized, "invalid_token", "technical")
			return
		}
		next(w, r)
	}
}

func (f *fake) serveToken(w http.ResponseWriter, _ *http.Request) {
	var token string
	f.change(func() { f.tokens++; token = fmt.Sprint("t", f.tokens); f.valid = token })
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":60}`, token)
}

func (f *fake) serveFeed(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	f.change(func() { f.taken = max(f.taken, after); f.polls++ })
	f.mu.Lock()
	defer f.mu.Unlock()
	end := len(f.feed)
	if f.polls == 1 { // whoever has seen the end of the feed once is in no doubt about what comes next
		end = after
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": f.feed[after:end], "cursor": strconv.Itoa(end)})
}

func (f *fake) servePostings(w http.ResponseWriter, r *http.Request) {
	ref := r.URL.Query().Get("reference")
	n := 0
	f.change(func() { f.asked[ref]++; n = f.books[ref] })
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"postings": make([]struct{}, n)})
}

func (f *fake) servePost(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p := posted{name: r.PathValue("name"), key: r.Header.Get("Idempotency-Key"), at: time.Now()}
	facts, err := split(flows[p.name].from, entry{Name: p.name, Body: body})
	if err != nil {
		problem(w, http.StatusBadRequest, "malformed", "data-quality")
		return
	}
	for _, x := range facts {
		p.refs = append(p.refs, x.ref)
	}
	f.change(func() { p.nth = len(f.posts) + 1; f.posts = append(f.posts, p) })
	var a answer
	if f.script != nil {
		a = f.script(p)
	}
	if a.until != nil {
		<-a.until
	}
	if a.status == 0 && !a.cut || a.post {
		f.change(func() {
			for _, ref := range p.refs {
				f.books[ref]++
			}
		})
	}
	switch {
	case a.cut:
		panic(http.ErrAbortHandler)
	case a.status == 0:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"outcome":"applied","documents":["1"]}`)
	default:
		for k, v := range a.header {
			w.Header()[k] = v
		}
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/problem+json")
		}
		w.WriteHeader(a.status)
		fmt.Fprint(w, a.body)
	}
}

func problem(w http.ResponseWriter, status int, code, class string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprint(w, problemText(status, code, class))
}

func problemText(status int, code, class string) string {
	return fmt.Sprintf(`{"type":"about:blank","title":%q,"status":%d,"detail":"because","class":%q,"code":%q}`, code, status, class, code)
}

func refuse(status int, code, class string) answer {
	return answer{status: status, body: problemText(status, code, class)}
}

// world is a poller between two fakes, and its worklist.
type world struct {
	db       *sql.DB     // of the poller in this process
	failed   chan string // what it could not do, as it logs it
	erp, mes *fake
	worklist *fake // its posts are the reports, named by class
}

func newWorld(t *testing.T) *world {
	return &world{erp: newFake(t, "erp"), mes: newFake(t, "mes"), worklist: newWorklist(t), failed: make(chan string, 100)}
}

// Write takes a line of the log.
func (w *world) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "level=ERROR") {
		select {
		case w.failed <- string(line):
		default:
		}
	}
	return len(line), nil
}

func newWorklist(t *testing.T) *fake {
	f := &fake{name: "worklist", changed: make(chan struct{})}
	f.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var got report
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		p := posted{name: got.Class, refs: []string{got.Reference}, key: got.Kind}
		f.change(func() { p.nth = len(f.posts) + 1; f.posts = append(f.posts, p) })
		if f.script != nil {
			if a := f.script(p); a.cut {
				panic(http.ErrAbortHandler)
			}
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(f.server.Close)
	return f
}

// run starts a poller in this process, which ends with the test.
func (w *world) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	db, err := openStore(ctx, filepath.Join(t.TempDir(), "poller.db"))
	if err != nil {
		t.Fatal(err)
	}
	w.db = db
	log := slog.New(slog.NewTextHandler(io.MultiWriter(t.Output(), w), nil))
	e := newEngine(db, log, &worklist{url: w.worklist.server.URL, client: client(), log: log},
		newSystem("erp", w.erp.server.URL, w.erp.server.URL+"/oauth/token", "id", "secret"),
		newSystem("mes", w.mes.server.URL, w.mes.server.URL+"/oauth/token", "id", "secret"))
	ended := make(chan error)
	go func() { ended <- e.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		db.Close()
	})
}

// times says how often each reference was posted.
func (f *fake) times(refs ...string) string {
	var out []string
	for _, r := range refs {
		out = append(out, strconv.Itoa(f.books[r]))
	}
	return strings.Join(out, " ")
}

func confirmation(order, op string, counter int) entry {
	ref := fmt.Sprintf("confirmation/%s/%s/%d", order, op, counter)
	return performanceOf("confirmations", ref, performanceRow(ref, order, op, counter, `"MaterialActual":[{"MaterialUse":"Yield Produced"}]`))
}

func consumption(order, lot string, counter int) entry {
	ref := fmt.Sprintf("consumption/%s/%s/%d", order, lot, counter)
	return performanceOf("consumptions", ref, performanceRow(ref, order, "0010", counter,
		fmt.Sprintf(`"MaterialActual":[{"MaterialDefinitionID":["M"],"MaterialLotID":[%q],"MaterialUse":"Consumed"}]`, lot)))
}

func performanceRow(ref, order, op string, counter int, more string) string {
	return fmt.Sprintf(`{"ID":%q,"OperationsRequestID":[%q],"OperationsSegmentID":[%q],"PostingDate":"2026-03-02T07:00:00+01:00",
		"SegmentData":[{"ID":"Counter","Value":[{"ValueString":"%d"}]}],%s}`, ref, order, op, counter, more)
}

func performanceOf(name, event string, rows ...string) entry {
	return entry{ID: "m/" + event, Name: name, Event: event, Body: json.RawMessage(`{"SyncOperationsPerformance":{"@releaseID":"V0701",
		"ApplicationArea":{"CreationDateTime":"2026-03-02T07:00:01+01:00","Novelty":7},"DataArea":{"Sync":{},
		"OperationsPerformance":[{"OperationsResponse":[{"SegmentResponse":[` + strings.Join(rows, ",") + `]}]}]}}}`)}
}

func lotMessage(name, ref, lot, quality, decision string) entry {
	transaction, verb := "SyncMaterialLot", "Sync"
	if name == "decisions" {
		transaction, verb = "ChangeMaterialLot", "Change"
	}
	return entry{ID: "m/" + ref, Name: name, Event: ref, Body: json.RawMessage(fmt.Sprintf(`{%q:{"@releaseID":"V0701",
		"ApplicationArea":{"CreationDateTime":"2026-03-02T07:00:01+01:00"},"DataArea":{%q:{},"MaterialLot":[{"ID":%q,"MaterialDefinitionID":"M",
		"MaterialLotProperty":[{"ID":"Reference","Value":[{"ValueString":%q}]},{"ID":"Case","Value":[{"ValueString":%q}]},
		{"ID":"Decision","Value":[{"ValueString":%q}]}]}]}}}`, transaction, verb, lot, ref, quality, decision))}
}

func hold(lot, quality string) entry {
	return lotMessage("holds", "lot-held/"+lot+"/"+quality, lot, quality, "")
}

func decision(lot, quality, word string) entry {
	return lotMessage("decisions", "lot-decided/"+lot+"/"+quality, lot, quality, word)
}

func order(id string, version int) entry {
	ref := fmt.Sprintf("order/%s/%d", id, version)
	return entry{ID: "m/" + ref, Name: "orders", Event: ref, Body: json.RawMessage(fmt.Sprintf(`{"ProcessOperationsSchedule":{"@releaseID":"V0701",
		"ApplicationArea":{"CreationDateTime":"2026-03-02T07:00:01+01:00"},"DataArea":{"Process":{},"OperationsSchedule":[{"ID":%q,
		"OperationsRequest":[{"ID":%q,"Version":"%d"}]}]}}}`, ref, id, version))}
}
