package export

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/andon-rig/andon/harness/load"
)

// A Push sends figures of a load as OpenTelemetry metrics, by OTLP over HTTP:
// every so often, and once more when it is closed.
type Push struct {
	live     atomic.Pointer[load.Live]
	began    time.Time
	reader   *metric.ManualReader
	provider *metric.MeterProvider
	to       metric.Exporter
	stop     chan struct{} // closed when only the last is to be sent
	ended    chan struct{}

	failed int   // how often sending has; of the goroutine that sends, and then of Close
	last   error // why the last time
}

var _ metric.Producer = (*Push)(nil)

// mostSending is how long a collector may take.
const mostSending = 2 * time.Second

// NewPush sends to an address such as http://127.0.0.1:4318; without a path to
// /v1/metrics of it, as the protocol has it. Run names the load.
func NewPush(ctx context.Context, address, run string, every time.Duration) (*Push, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is no address of a collector, such as http://127.0.0.1:4318", address)
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/v1/metrics"
	}
	to, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(u.String()), otlpmetrichttp.WithTimeout(mostSending),
		otlpmetrichttp.WithRetry(otlpmetrichttp.RetryConfig{Enabled: false})) // what comes next says more
	if err != nil {
		return nil, fmt.Errorf("export metrics to %s: %w", address, err)
	}
	p := &Push{began: time.Now(), to: to, stop: make(chan struct{}), ended: make(chan struct{})}
	p.reader = metric.NewManualReader(metric.WithProducer(p))
	p.provider = metric.NewMeterProvider(metric.WithReader(p.reader),
		metric.WithResource(resource.NewSchemaless(attribute.String("service.name", "andon-load"), attribute.String("andon.run", run))))
	go p.run(context.WithoutCancel(ctx), every)
	return p, nil
}

// run sends until it is told to stop. A collector that is away is no reason to
// disturb a load: what goes wrong is kept until the end.
func (p *Push) run(ctx context.Context, every time.Duration) {
	defer close(p.ended)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-tick.C:
			p.send(ctx)
		}
	}
}

func (p *Push) send(ctx context.Context) {
	var all metricdata.ResourceMetrics
	err := p.reader.Collect(ctx, &all)
	if err == nil {
		err = p.to.Export(ctx, &all)
	}
	if err != nil {
		p.failed, p.last = p.failed+1, err
	}
}

// Close sends what is known last. The error says how often sending has failed.
func (p *Push) Close(ctx context.Context) error {
	close(p.stop)
	<-p.ended
	p.send(ctx)
	err := errors.Join(p.provider.Shutdown(ctx), p.to.Shutdown(ctx))
	if p.failed > 0 {
		err = errors.Join(err, fmt.Errorf("export metrics: it failed %d times, the last time: %w", p.failed, p.last))
	}
	return err
}

// Watch shows figures of l from now on.
func (p *Push) Watch(l *load.Live) { p.live.Store(l) }

// Produce implements [metric.Producer].
func (p *Push) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	l := p.live.Load()
	if l == nil {
		return nil, nil
	}
	now := time.Now()
	all := metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: "github.com/andon-rig/andon/harness/load"}}
	for _, f := range families(l.Figures()) {
		m := metricdata.Metrics{Name: f.name, Description: f.help, Unit: f.unit}
		switch {
		case len(f.spreads) > 0:
			m.Data = p.histogram(f, now)
		case len(f.points) == 0:
			continue
		case f.grows:
			m.Data = metricdata.Sum[float64]{Temporality: metricdata.CumulativeTemporality, IsMonotonic: true, DataPoints: p.values(f, now)}
		default:
			m.Data = metricdata.Gauge[float64]{DataPoints: p.values(f, now)}
		}
		all.Metrics = append(all.Metrics, m)
	}
	return []metricdata.ScopeMetrics{all}, nil
}

func (p *Push) values(f family, now time.Time) (all []metricdata.DataPoint[float64]) {
	for _, x := range f.points {
		all = append(all, metricdata.DataPoint[float64]{Attributes: x.by.set(), StartTime: p.began, Time: now, Value: x.value})
	}
	return all
}

func (p *Push) histogram(f family, now time.Time) metricdata.Histogram[float64] {
	h := metricdata.Histogram[float64]{Temporality: metricdata.CumulativeTemporality}
	for _, x := range f.spreads {
		each, below := make([]uint64, 0, len(x.Buckets)+1), uint64(0) // OTLP counts each bucket by itself
		for _, n := range append(x.Buckets, x.Count) {
			each = append(each, n-below)
			below = n
		}
		h.DataPoints = append(h.DataPoints, metricdata.HistogramDataPoint[float64]{Attributes: x.by.set(), StartTime: p.began, Time: now, Count: x.Count, Sum: x.Sum, Bounds: load.Bounds, BucketCounts: each})
	}
	return h
}

func (a attributes) set() attribute.Set {
	var all []attribute.KeyValue
	for _, n := range a.names() {
		all = append(all, attribute.String(n, a[n]))
	}
	return attribute.NewSet(all...)
}
