package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// feedOf answers GET /feed for a list of messages, in front of books.
type feedOf struct {
	books http.Handler

	mu    sync.Mutex // guards what follows
	log   []message
	asked []string // cursors
}

func (f *feedOf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/feed" {
		f.books.ServeHTTP(w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r.URL.Query().Get("after"))
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	end := min(after+2, len(f.log))
	type entry struct {
		ID    string          `json:"id"`
		Name  string          `json:"name"`
		Event string          `json:"event"`
		Body  json.RawMessage `json:"body"`
	}
	page := []entry{}
	for _, m := range f.log[after:end] {
		page = append(page, entry{"m-" + m.event, m.name, m.event, json.RawMessage(m.body)})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"messages": page, "cursor": strconv.Itoa(end)})
}

func TestReadsFeedsAndGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	f := &feedOf{books: w.mes}
	w.mes.server.Config.Handler = f
	w.erp.server.Config.Handler = &feedOf{books: w.erp}
	ms := []message{start("1"), confirmation("1", 1), confirmation("1", 2), receipt("1", 1, "L-1"), hold("L-2", "QC-1", "1")}
	bad := message{"mes", "confirmations", "confirmation/9/0010/1", `{"SyncOperationsPerformance":{}}`}
	f.log = append(f.log, ms[:3]...)
	f.log = append(f.log, bad)
	w.config.Feed = true
	w.start()
	w.settled(ms[:3]...)
	w.must("a report on what cannot be read", func() bool { return len(w.surfaced(bad.event)) == 1 })
	w.stop()
	f.mu.Lock()
	f.log = append(f.log, ms[3:]...)
	stopped := len(f.asked)
	f.mu.Unlock()
	w.start()
	w.settled(ms...)
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.asked[stopped] != "4" {
		t.Errorf("went on at %q, want 4", f.asked[stopped])
	}
}

func TestConsumesEvents(t *testing.T) {
	t.Parallel()
	events := newEventStream(t)
	publish := events.publish
	w := newWorld(t, "")
	w.config.Events = events.url
	before := []message{release("1"), start("1"), confirmation("1", 1), confirmation("1", 2)}
	publish(before...)
	publish(before[1]) // the producer repeats itself
	publish(message{"mes", "confirmations", "confirmation/9/0010/1", "{"})
	w.start()
	w.settled(before...)
	w.must("a report on what cannot be read", func() bool { return len(w.surfaced("confirmation/9/0010/1")) == 1 })
	w.stop()
	after := []message{confirmation("1", 3), receipt("1", 1, "L-1")}
	publish(after...)
	w.start()
	w.settled(after...)
	if cs := w.judge(append(before, after...)...); len(cs) > 0 {
		t.Error(cs)
	}
}

// BenchmarkConfirmations is the way of a confirmation through the bridge, from
// the webhook to the ERP, stored on the way with full synchronisation.
func BenchmarkConfirmations(b *testing.B) {
	posted := make(chan struct{}, 1<<20)
	erp := http.NewServeMux()
	erp.HandleFunc("POST /{name}", func(rw http.ResponseWriter, _ *http.Request) {
		rw.WriteHeader(http.StatusCreated)
		_, _ = rw.Write([]byte(`{"outcome":"applied","documents":["1"]}`))
		posted <- struct{}{}
	})
	sink := httptest.NewServer(erp)
	defer sink.Close()
	addr, ended := make(chan string, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(b.Context())
	c := Config{ERP: Endpoint{URL: sink.URL}, MES: Endpoint{URL: sink.URL}, StateDir: b.TempDir(), Listen: "127.0.0.1:0", Sync: "full", Units: "base",
		Parallel: 16, Batch: 20, Attempts: 60, Backlog: 1 << 20, Timeout: 10 * time.Second}
	go func() { ended <- Run(ctx, c, slog.New(slog.DiscardHandler), func(a string) { addr <- a }) }()
	at := "http://" + <-addr
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	work := make(chan message)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for m := range work {
				res, err := client.Post(at+"/mes/"+m.name, "application/json", strings.NewReader(m.body))
				if err != nil || res.StatusCode != http.StatusAccepted {
					b.Error(res, err)
					continue
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
	b.ResetTimer()
	for n := range b.N {
		work <- confirmation(fmt.Sprint("4711", n%200), n)
	}
	close(work)
	wg.Wait()
	for range b.N {
		<-posted
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "confirmations/s")
	cancel()
	if err := <-ended; err != nil {
		b.Error(err)
	}
}
