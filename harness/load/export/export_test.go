package export_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	collector "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	otlp "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"github.com/andon-rig/andon/harness/load"
	"github.com/andon-rig/andon/harness/load/export"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

// forwards is a build that posts what it is told, but loses scrap; it calls
// meanwhile once in its middle.
type forwards struct {
	t         *testing.T
	server    *httptest.Server
	erp       string
	mu        sync.Mutex // guards seen
	seen      int
	meanwhile func()
}

func (b *forwards) Start(_ context.Context, systems string) (string, error) {
	b.erp = systems
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
		if name != "scrap" {
			req, err := http.NewRequest(http.MethodPost, b.erp+"/erp/"+name, bytes.NewReader(body))
			if err != nil {
				b.t.Error(err)
				return
			}
			req.Header.Set("Idempotency-Key", r.Header.Get("Idempotency-Key"))
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		w.WriteHeader(http.StatusAccepted)
		b.mu.Lock()
		b.seen++
		half := b.seen == 100
		b.mu.Unlock()
		if half && b.meanwhile != nil {
			b.meanwhile()
		}
	}))
	return b.server.URL + "/mes", nil
}

func (b *forwards) Stop(context.Context) error {
	if b.server != nil {
		b.server.CloseClientConnections()
		b.server.Close()
	}
	return nil
}

func (b *forwards) Alive() (bool, string) { return true, "" }
func (b *forwards) Usage() (sut.Usage, bool) {
	return sut.Usage{Memory: 12 << 20, CPU: 1500 * time.Millisecond}, true
}

// run loads b with 200 messages: 120 confirmations, 60 consumptions and 20 scrap.
func run(t *testing.T, b *forwards, watch func(*load.Live)) *load.Result {
	t.Helper()
	story, err := load.Play(plant.Config{Orders: 20}, t.Name())
	if err != nil {
		t.Fatal(err)
	}
	w, err := load.Spoken(neutral.Dialect{}, load.NewKeys(t.Name()), story, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	m, err := load.ParseMix("confirmations=6,consumptions=3,scrap=1")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Mixed(neutral.Dialect{}, m, time.Now()); err != nil {
		t.Fatal(err)
	}
	shape, err := load.ParseShape("constant", 500, 400*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	res, err := load.Run(t.Context(), load.Config{Build: b, Wording: w, Shape: shape, Listen: "127.0.0.1:0", Dir: t.TempDir(),
		Emit:  load.EmitConfig{Connections: 8, Depth: 1, Timeout: 20 * time.Second, Tries: 3, Most: shape.Number(), GiveUp: 20 * time.Second},
		Drain: 20 * time.Second, Quiet: 300 * time.Millisecond, Pacing: 20 * time.Second, Watch: watch})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// scrape reads metrics as Prometheus does.
func scrape(t *testing.T, url string) map[string]*dto.MetricFamily {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Error(err)
		return nil
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("%s", resp.Status)
	}
	p := expfmt.NewTextParser(model.UTF8Validation)
	all, err := p.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return all
}

// sample is the metric of a family that has these labels.
func sample(t *testing.T, all map[string]*dto.MetricFamily, name string, labels ...string) *dto.Metric {
	t.Helper()
	for _, m := range all[name].GetMetric() {
		var has []string
		for _, l := range m.GetLabel() {
			has = append(has, l.GetName()+"="+l.GetValue())
		}
		if slices.Equal(has, labels) {
			return m
		}
	}
	t.Errorf("there is no %s %v", name, labels)
	return &dto.Metric{}
}

// What is scraped is what the load says, live and at its end.
func TestScrape(t *testing.T) {
	s, err := export.NewScrape("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if all := scrape(t, s.URL()); len(all) != 0 {
		t.Errorf("before a load there is %v", all)
	}
	var live map[string]*dto.MetricFamily
	b := &forwards{t: t}
	b.meanwhile = func() { live = scrape(t, s.URL()) }
	res := run(t, b, s.Watch)
	if res.Verdict != load.Violated {
		t.Fatalf("%s", res.Verdict)
	}
	if n := sample(t, live, "andon_load_sent_total", "flow=confirmations").GetCounter().GetValue(); n <= 0 || n > 120 {
		t.Errorf("in the middle %v confirmations were sent", n)
	}
	if live["andon_load_wrong_messages"] != nil {
		t.Error("it is judged before it is over")
	}
	all := scrape(t, s.URL())
	for _, x := range []struct {
		name, flow string
		want       float64
	}{
		{"andon_load_sent_total", "confirmations", 120}, {"andon_load_taken_total", "consumptions", 60}, {"andon_load_posted_total", "consumptions", 60},
		{"andon_load_posted_total", "scrap", 0}, {"andon_load_taken_total", "scrap", 20}, {"andon_load_given_up_total", "scrap", 0},
	} {
		if got := sample(t, all, x.name, "flow="+x.flow).GetCounter().GetValue(); got != x.want {
			t.Errorf("%s of %s is %v, want %v", x.name, x.flow, got, x.want)
		}
	}
	if got := sample(t, all, "andon_load_wrong_messages", "flow=scrap", "how=lost").GetGauge().GetValue(); got != 20 {
		t.Errorf("%v scrap lost, want 20", got)
	}
	for name, want := range map[string]float64{"andon_load_scheduled_messages": 200, "andon_load_backlog_messages": 20, "andon_load_build_memory_bytes": 12 << 20} {
		if got := sample(t, all, name).GetGauge().GetValue(); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := sample(t, all, "andon_load_build_cpu_seconds_total").GetCounter().GetValue(); got != 1.5 {
		t.Errorf("the build took %v s", got)
	}
	h := sample(t, all, "andon_load_latency_seconds", "flow=confirmations", "measure=e2e").GetHistogram()
	if h.GetSampleCount() != 120 || h.GetSampleSum() <= 0 || len(h.GetBucket()) < len(load.Bounds) {
		t.Errorf("%+v", h)
	}
	last := uint64(0)
	for _, k := range h.GetBucket() {
		if k.GetCumulativeCount() < last {
			t.Errorf("buckets fall: %+v", h)
		}
		last = k.GetCumulativeCount()
	}
	if p50 := res.Flows[0].Latency["e2e"].P50 / 1000; p50 <= 0 || h.GetSampleSum() < p50*60*0.9 {
		t.Errorf("the median is %v s, and 120 of them add up to %v s", p50, h.GetSampleSum())
	}
	if err := s.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := export.NewScrape("127.0.0.1:none"); err == nil {
		t.Error("an address that is none is listened at")
	}
}

// receiver takes what a collector takes.
type receiver struct {
	t    *testing.T
	mu   sync.Mutex // guards what follows
	got  []*otlp.ResourceMetrics
	path string
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	from := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			c.t.Error(err)
			return
		}
		from = z
	}
	body, err := io.ReadAll(from)
	if err != nil {
		c.t.Error(err)
	}
	var said collector.ExportMetricsServiceRequest
	if err := proto.Unmarshal(body, &said); err != nil {
		c.t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.path, c.got = r.URL.Path, append(c.got, said.GetResourceMetrics()...)
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// metric is one of what came last.
func (c *receiver) metric(name string) *otlp.Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.got[len(c.got)-1].GetScopeMetrics() {
		for _, m := range s.GetMetrics() {
			if m.GetName() == name {
				return m
			}
		}
	}
	c.t.Errorf("there is no %s", name)
	return &otlp.Metric{}
}

func attribute(p interface{ String() string }, flow string) bool {
	return strings.Contains(p.String(), `"`+flow+`"`)
}

// What a collector is sent last is what the load says.
func TestPush(t *testing.T) {
	c := &receiver{t: t}
	server := httptest.NewServer(c)
	defer server.Close()
	p, err := export.NewPush(t.Context(), server.URL, "tonight", 50*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	run(t, &forwards{t: t}, p.Watch)
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.got) < 2 || c.path != "/v1/metrics" || !strings.Contains(c.got[0].GetResource().String(), "andon-load") || !strings.Contains(c.got[0].GetResource().String(), "tonight") {
		t.Errorf("%d times, at %s, of %s", len(c.got), c.path, c.got[0].GetResource())
	}
	sent := c.metric("andon.load.sent")
	if s := sent.GetSum(); !s.GetIsMonotonic() || sent.GetUnit() != "{message}" || s.GetAggregationTemporality() != otlp.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE || len(s.GetDataPoints()) != 3 {
		t.Errorf("%v", sent)
	}
	for _, d := range sent.GetSum().GetDataPoints() {
		for flow, want := range map[string]float64{"confirmations": 120, "consumptions": 60, "scrap": 20} {
			if attribute(d, flow) && d.GetAsDouble() != want {
				t.Errorf("%v %s were sent", d.GetAsDouble(), flow)
			}
		}
	}
	found := false
	for _, d := range c.metric("andon.load.wrong").GetGauge().GetDataPoints() {
		found = found || attribute(d, "scrap") && attribute(d, "lost") && d.GetAsDouble() == 20
	}
	if !found {
		t.Error("that scrap was lost is not sent")
	}
	latency := c.metric("andon.load.latency")
	for _, d := range latency.GetHistogram().GetDataPoints() {
		sum := uint64(0)
		for _, n := range d.GetBucketCounts() {
			sum += n
		}
		if sum != d.GetCount() || len(d.GetBucketCounts()) != len(d.GetExplicitBounds())+1 || latency.GetUnit() != "s" {
			t.Errorf("buckets of %v add up to %d", d, sum)
		}
	}
}

// A collector that is away is told of when all is over, and disturbs nothing.
func TestPushIntoTheVoid(t *testing.T) {
	away := httptest.NewServer(nil)
	away.Close()
	p, err := export.NewPush(t.Context(), away.URL, "x", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if res := run(t, &forwards{t: t}, p.Watch); res.Sent.Taken != 200 {
		t.Errorf("%+v", res.Sent)
	}
	if err := p.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "failed 1 times") {
		t.Errorf("%v", err)
	}
	for _, bad := range []string{"", "127.0.0.1:4318", "ftp://x", "http://"} {
		if _, err := export.NewPush(t.Context(), bad, "x", time.Second); err == nil || !strings.Contains(err.Error(), "no address of a collector") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
