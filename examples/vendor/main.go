// Command vendor is a small provider for people to verify: an order interface
// with its test hooks, as somebody who sells one would build it.
//
// It knows nothing of Andon: what it offers to a verifier are two callbacks,
// one that sets states and one that has an event sent.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"sync"
)

// An order as the interface tells it.
type order struct {
	No       string `json:"no"`
	Material string `json:"material"`
	Quantity any    `json:"quantity"` // a number, unless a defect is planted
	Unit     string `json:"unit"`
	Status   string `json:"status"`
}

type server struct {
	mu     sync.Mutex // guards orders
	orders map[string]order
	defect string
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8090", "`address` of the loopback interface")
	defect := flag.String("defect", "", "a mistake to make: quantity-as-text, renamed-field, no-version or wrong-event")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err == nil {
		fmt.Println("orders at http://" + l.Addr().String())
		s := &server{orders: map[string]order{}, defect: *defect}
		err = http.Serve(l, s.routes())
	}
	if !errors.Is(err, http.ErrServerClosed) {
		fmt.Fprintln(os.Stderr, "vendor:", err)
		os.Exit(1)
	}
}

func (s *server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /orders/{no}", s.order)
	m.HandleFunc("POST /orders/{no}/confirmations", s.confirm)
	m.HandleFunc("POST /_test/states", s.states)
	m.HandleFunc("POST /_test/emit", s.emit)
	return m
}

func (s *server) order(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	o, ok := s.orders[r.PathValue("no")]
	s.mu.Unlock()
	if !ok {
		s.reply(w, http.StatusNotFound, map[string]string{"error": "there is no order " + r.PathValue("no")})
		return
	}
	s.reply(w, http.StatusOK, s.worded(o))
}

// worded is an order as it is told, with what a defect makes of it.
func (s *server) worded(o order) any {
	switch s.defect {
	case "quantity-as-text":
		o.Quantity = fmt.Sprint(o.Quantity)
	case "renamed-field":
		return map[string]any{"no": o.No, "material": o.Material, "qty": o.Quantity, "unit": o.Unit, "status": o.Status}
	}
	return o
}

func (s *server) confirm(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Operation string
		Yield     float64
	}
	if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&c) != nil || c.Operation == "" || c.Yield < 0 {
		s.reply(w, http.StatusUnprocessableEntity, map[string]string{"error": "a confirmation needs operation and yield"})
		return
	}
	s.reply(w, http.StatusCreated, map[string]string{"document": "4900000001", "order": r.PathValue("no")})
}

func (s *server) reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	if s.defect != "no-version" {
		w.Header().Set("X-API-Version", "2.0")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// states brings the server to a state and back. Its answer tells the values
// that the state has.
func (s *server) states(w http.ResponseWriter, r *http.Request) {
	var c struct {
		Action, State string
		Params        struct{ No string }
	}
	if json.NewDecoder(r.Body).Decode(&c) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case c.State != "an order is released":
		w.WriteHeader(http.StatusNotFound) // of states that it does not know it must not say that it is in them
	case c.Action == "teardown":
		delete(s.orders, c.Params.No)
	default:
		s.orders[c.Params.No] = order{c.Params.No, "M-4711", 25, "EA", "released"}
		_ = json.NewEncoder(w).Encode(map[string]string{"orderNo": c.Params.No})
	}
}

// emit sends an event to where it is told to.
func (s *server) emit(w http.ResponseWriter, r *http.Request) {
	var c struct{ Description, To string }
	if json.NewDecoder(r.Body).Decode(&c) != nil || c.Description != "an order was released" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	event := map[string]any{"event": "released", "order": "000123", "quantity": 25}
	if s.defect == "wrong-event" {
		event["order"] = 123
	}
	b, err := json.Marshal(event)
	if err == nil {
		var resp *http.Response
		if resp, err = http.Post(c.To+"/orders/released", "application/json", bytes.NewReader(b)); err == nil {
			err = resp.Body.Close()
		}
	}
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
