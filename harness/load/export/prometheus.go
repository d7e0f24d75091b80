package export

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/andon-rig/andon/harness/load"
)

// A Scrape is where figures of a load are read from, in the format of Prometheus:
// GET /metrics.
type Scrape struct {
	live   atomic.Pointer[load.Live]
	addr   string
	server *http.Server
	done   chan error
}

var _ prometheus.Collector = (*Scrape)(nil)

// NewScrape begins to listen at an address.
func NewScrape(addr string) (*Scrape, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for scrapes of metrics: %w", err)
	}
	s := &Scrape{addr: l.Addr().String(), done: make(chan error, 1)}
	all := prometheus.NewRegistry()
	if err := all.Register(s); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{}))
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { s.done <- s.server.Serve(l) }()
	return s, nil
}

// URL is what is scraped.
func (s *Scrape) URL() string { return "http://" + s.addr + "/metrics" }

// Watch shows figures of l from now on.
func (s *Scrape) Watch(l *load.Live) { s.live.Store(l) }

// Close ends it; scrapes that have begun are answered.
func (s *Scrape) Close(ctx context.Context) error {
	err := s.server.Shutdown(ctx)
	if e := <-s.done; !errors.Is(e, http.ErrServerClosed) {
		err = errors.Join(err, e)
	}
	return err
}

// Describe implements [prometheus.Collector]: which figures there are is not known
// before.
func (s *Scrape) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (s *Scrape) Collect(to chan<- prometheus.Metric) {
	l := s.live.Load()
	if l == nil {
		return
	}
	for _, f := range families(l.Figures()) {
		kind := prometheus.GaugeValue
		if f.grows {
			kind = prometheus.CounterValue
		}
		for _, p := range f.points {
			to <- prometheus.MustNewConstMetric(prometheus.NewDesc(f.prometheus, f.help, p.by.names(), nil), kind, p.value, p.by.values()...)
		}
		for _, d := range f.spreads {
			buckets := map[float64]uint64{}
			for i, n := range d.Buckets {
				buckets[load.Bounds[i]] = n
			}
			to <- prometheus.MustNewConstHistogram(prometheus.NewDesc(f.prometheus, f.help, d.by.names(), nil), d.Count, d.Sum, buckets, d.by.values()...)
		}
	}
}
