package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/pprof"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// be is one of the servers. It prints its address and serves until it is
// interrupted or its standard input ends.
func be(name string, args []string, profile string) error {
	if name != "endpoint" && name != "minimal" {
		return beRoad(name, args, profile)
	}
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when the parent does
		stop()
	}()
	if name == "minimal" {
		return minimal(ctx)
	}
	return erpEndpoint(ctx)
}

// minimal is the least a Go program can do: read the body, say 201.
func minimal(ctx context.Context) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a body that breaks off ends the request anyway
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(`{"outcome":"applied","documents":["5000000001"]}`))
	})}
	go func() {
		<-ctx.Done()
		_ = s.Close()
	}()
	fmt.Println("http://" + l.Addr().String())
	_ = s.Serve(l)
	return nil
}

// erpEndpoint is the whole way of a posting: decode, idempotency, rules,
// books, journal on disk, reply.
func erpEndpoint(ctx context.Context) error {
	f, err := os.CreateTemp("", "andon-bench-*.jsonl")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	t, err := httptransport.New(httptransport.Config{})
	if err != nil {
		return err
	}
	e := newERP(evidence.NewJournal(f), t)
	fmt.Println(t.URL())
	return e.Run(ctx)
}

// newERP joins what a run joins: books, dialect, link and journal.
func newERP(j *evidence.Journal, t simulators.Transport) *endpoint.Endpoint {
	return newERPOf(neutral.Dialect{}, j, t, new(atomic.Int64))
}

// newERPOf is newERP with another dialect. What is posted is counted.
func newERPOf(d simulators.Dialect, j *evidence.Journal, t simulators.Transport, posted *atomic.Int64) *endpoint.Endpoint {
	var ids atomic.Uint64
	link := &chaos.Link{Name: "erp", Journal: j, Ordinals: chaos.NewOrdinals(), IDs: &ids}
	policy := d.Policy()
	policy.Auth = simulators.AuthNone
	orders := []plant.Order{}
	for i := range orderCount {
		orders = append(orders, plant.Order{ID: orderID(i), Item: "P", Quantity: plant.Of(1_000_000_000, "EA"),
			Operations: []plant.Operation{{ID: "0010", WorkCenter: "W"}}})
	}
	books := erp.New(plant.Master{Items: []plant.Item{{ID: "P", Unit: "EA"}}, Open: orders, WorkCenters: []plant.WorkCenter{{ID: "W"}}})
	now := time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)
	e := endpoint.New(endpoint.Config{Name: "erp", System: books, Dialect: d, Transport: t, Line: link, Policy: policy,
		Plant: func() time.Time { return now },
		OnPosting: func(id uint64, p simulators.Posting) {
			j.Append(evidence.Effect{Attempt: id, Endpoint: "erp", Posting: p})
			posted.Add(1)
		}})
	link.Encode, link.Refuse = e.Encode, e.Refuse
	return e
}

// orderCount is over how many orders the postings spread.
const orderCount = 64

func orderID(i int) plant.OrderID { return plant.OrderID(fmt.Sprintf("4711%06d", i+1)) }
