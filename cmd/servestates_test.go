package cmd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/plant"
)

func TestStatesOfThePlant(t *testing.T) {
	var mu sync.Mutex
	var facts []evidence.Truth
	happens := func(id string, f plant.Fact) {
		mu.Lock()
		defer mu.Unlock()
		facts = append(facts, evidence.Truth{Event: plant.Event{ID: plant.EventID(id), Fact: f}})
	}
	p := &plantStates{within: 300 * time.Millisecond, poll: time.Millisecond, taken: map[plant.EventID]bool{}, truths: func() []evidence.Truth {
		mu.Lock()
		defer mu.Unlock()
		return facts
	}}
	ask := func(body string) (int, string) {
		w := httptest.NewRecorder()
		p.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body)))
		return w.Code, w.Body.String()
	}
	release := func(id string) {
		happens("order-released/"+id+"/1", plant.OrderReleased{Order: plant.Order{ID: plant.OrderID(id), Item: "PUMP-7", Operations: []plant.Operation{{ID: "0010"}}}})
	}
	release("1")
	release("2")
	happens("operation-started/2/0010", plant.OperationStarted{Order: "2", Operation: "0010"})
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"a kind of fact", `{"action":"setup","state":"an order is released"}`, 200, `"order":"1"`},
		{"and another of it", `{"action":"setup","state":"an order is released"}`, 200, `"operation":"0010"`},
		{"of which there is no third", `{"action":"setup","state":"an order is released"}`, 504, "the plant did nothing"},
		{"about somebody else", `{"action":"setup","state":"an operation was started","params":{"order":"1"}}`, 504, "the plant did nothing"},
		{"about whom it names", `{"action":"setup","state":"an operation was started","params":{"order":"2","why":"x"}}`, 200, `"fact":"operation-started/2/0010"`},
		{"that very fact", `{"action":"setup","state":"what the request names is there","params":{"BODID":"order-released/1/1"}}`, 200, `"material":"PUMP-7"`},
		{"that very fact again", `{"action":"setup","state":"what the request names is there","params":{"BODID":"order-released/1/1"}}`, 200, `"order":"1"`},
		{"a fact that did not happen", `{"action":"setup","state":"what the request names is there","params":{"BODID":"order-released/9/1"}}`, 504, "did nothing"},
		{"master data", `{"action":"setup","state":"what the request names is there","params":{"path":"/items/PUMP-7"}}`, 204, ""},
		{"nothing of a plant", `{"action":"setup","state":"the moon is full"}`, 404, "no fact of the plant"},
		{"afterwards", `{"action":"teardown","state":"the moon is full"}`, 204, ""},
		{"no call", `hello`, 400, "post"},
	} {
		if status, body := ask(c.body); status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s: got %d %s, want %d %s", c.name, status, body, c.status, c.want)
		}
	}
	// What happens while it waits is told at once.
	p.within = time.Minute
	answered := make(chan string)
	go func() {
		_, body := ask(`{"action":"setup","state":"an order is released"}`)
		answered <- body
	}()
	release("3")
	if body := <-answered; !strings.Contains(body, `"order":"3"`) {
		t.Errorf("while it waits: got %s", body)
	}
}
