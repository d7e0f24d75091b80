package b2mml_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// line carries everything and remembers the last message of the SUT.
type line struct {
	mu   sync.Mutex // guards last
	last simulators.Message
}

func (l *line) Carry(ctx context.Context, m simulators.Message, dir simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	if dir == simulators.FromSUT {
		l.mu.Lock()
		l.last = m
		l.mu.Unlock()
	}
	return far(ctx, m)
}

func (l *line) seen() simulators.Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.last
}

// serve is an ERP with order 4711 that speaks B2MML over HTTP.
func serve(t *testing.T, s b2mml.Settings, change func(*simulators.Policy)) (url string, l *line) {
	t.Helper()
	d := b2mml.Dialect{Settings: s}
	p := d.Policy()
	p.Auth = simulators.AuthNone
	if change != nil {
		change(&p)
	}
	tr, err := httptransport.New(httptransport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	books := erp.New(plant.Master{
		Items: []plant.Item{{ID: "PUMP", Unit: "EA", Lots: true}},
		Lots:  []plant.Lot{{ID: "P-1", Material: "PUMP", Status: plant.LotUnrestricted, Quantity: plant.Whole(100)}},
		Open: []plant.Order{{ID: "4711", Item: "PUMP", Quantity: plant.Of(100, "EA"), Lot: "P-4711",
			Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}, {ID: "0020", WorkCenter: "FIT"}}}},
		PeriodOpens: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	}, func(o *erp.Options) { o.NaturalKey = p.Dedupe == simulators.DedupeNatural })
	l = &line{}
	e := endpoint.New(endpoint.Config{Name: "erp", System: books, Dialect: d, Transport: tr, Line: l, Policy: p,
		Plant: func() time.Time { return time.Date(2026, 3, 3, 10, 0, 0, 0, time.UTC) }})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- e.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return tr.URL(), l
}

func confirmed(counter int, order plant.OrderID) plant.Event {
	f := plant.Confirmed{Order: order, Operation: "0010", Counter: counter, Yield: plant.Of(10, "EA")}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC), Fact: f}
}

func encode(t *testing.T, s b2mml.Settings, events ...plant.Event) simulators.Message {
	t.Helper()
	m, err := b2mml.Dialect{Settings: s}.Batch(events...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func send(t *testing.T, url string, m simulators.Message) (status int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/"+b2mml.Address, strings.NewReader(string(m.Body)))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range m.Header {
		req.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

// TestOverHTTP is a day at the counter: posting, posting again, a batch of
// which one row is bad, what the interface refuses, and questions.
func TestOverHTTP(t *testing.T) {
	for _, s := range []b2mml.Settings{{}, {Envelope: b2mml.SOAP11}, {Envelope: b2mml.SOAP12}} {
		t.Run(string(s.Envelope), func(t *testing.T) {
			url, l := serve(t, s, nil)
			expect := func(m simulators.Message, status int, says ...string) {
				t.Helper()
				got, header, body := send(t, url, m)
				for _, want := range says {
					if got != status || !strings.Contains(body, want) || !strings.Contains(header.Get("Content-Type"), "xml") {
						t.Errorf("%d %s\n%s\nwant %d, and %s in it", got, header, body, status, want)
					}
				}
			}
			one := encode(t, s, confirmed(1, "4711"))
			expect(one, 200, `actionCode="Accepted"`, "<Code>applied</Code>")
			expect(one, 200, "<Code>repeated</Code>", ">5000000001<") // the same BODID: no second posting
			if m := l.seen(); m.Idem != "confirmation/4711/0010/1" || m.Verb != "post" {
				t.Errorf("of the message is known %q %q", m.Verb, m.Idem)
			}
			other := one
			other.Body = []byte(strings.Replace(string(one.Body), ">10<", ">11<", 1))
			expect(other, 200, `actionCode="Rejected"`, "<Code>key-reused</Code>")
			expect(encode(t, s, confirmed(2, "4711"), confirmed(1, "9999")), 200, `actionCode="Accepted">(//SegmentResponse)[1]<`, `actionCode="Rejected">(//SegmentResponse)[2]<`, "<Code>order-unknown</Code>", "<ReasonCode>data-quality</ReasonCode>")
			bad := one
			bad.Body = []byte(strings.ReplaceAll(string(one.Body), "V0701", "V0600"))
			expect(bad, map[b2mml.Envelope]int{"": 400, b2mml.SOAP11: 500, b2mml.SOAP12: 400}[s.Envelope], "<Code>release-unknown</Code>")
			question, err := os.ReadFile(filepath.Join("testdata", "get-postings.xml"))
			if err != nil {
				t.Fatal(err)
			}
			ask := one
			ask.Body = []byte(strings.Replace(string(question), "confirmation/4711000001/0010/3", "confirmation/4711/0010/2", 1))
			if s.Envelope != "" {
				ns := map[b2mml.Envelope]string{b2mml.SOAP11: "http://schemas.xmlsoap.org/soap/envelope/", b2mml.SOAP12: "http://www.w3.org/2003/05/soap-envelope"}[s.Envelope]
				_, bare, _ := strings.Cut(string(ask.Body), "?>")
				ask.Body = []byte(`<e:Envelope xmlns:e="` + ns + `"><e:Body>` + bare + `</e:Body></e:Envelope>`)
			}
			expect(ask, 200, "<ShowOperationsPerformance", "<ID>confirmation/4711/0010/2</ID>", "<ValueString>confirmation</ValueString>")
			if m := l.seen(); m.Verb != "get" || m.Asks == nil {
				t.Errorf("a question is taken for %q, %+v", m.Verb, m.Asks)
			}
		})
	}
}

func TestPolicyOverHTTP(t *testing.T) {
	m := encode(t, b2mml.Settings{}, confirmed(1, "4711"))
	url, _ := serve(t, b2mml.Settings{}, func(p *simulators.Policy) { p.Auth = simulators.AuthOAuth2 })
	if status, header, body := send(t, url, m); status != 401 || header.Get("Www-Authenticate") == "" || !strings.Contains(body, "<ConfirmBOD") {
		t.Errorf("without a token: %d %s\n%s", status, header, body)
	}
	url, _ = serve(t, b2mml.Settings{}, func(p *simulators.Policy) { p.Quota = simulators.Quota{Rate: 1, Window: time.Hour} })
	send(t, url, m)
	if status, header, _ := send(t, url, m); status != 429 || header.Get("Retry-After") == "" {
		t.Errorf("too many: %d %s", status, header)
	}
	url, _ = serve(t, b2mml.Settings{}, func(p *simulators.Policy) { p.Dedupe = simulators.DedupeNone })
	send(t, url, m)
	if _, _, body := send(t, url, m); !strings.Contains(body, "<Code>applied</Code>") || strings.Contains(body, "repeated") {
		t.Errorf("a receiver that does not look at BODID has recognised one:\n%s", body)
	}
	url, _ = serve(t, b2mml.Settings{}, func(p *simulators.Policy) { p.Dedupe = simulators.DedupeNatural })
	send(t, url, m)
	if _, _, body := send(t, url, m); !strings.Contains(body, "<Code>already-posted</Code>") {
		t.Errorf("a second posting of one business key:\n%s", body)
	}
}

// TestClientOfItsOwn has a SOAP library that is not ours post and read: the
// envelope, the fault and the BODs are what others take them for.
func TestClientOfItsOwn(t *testing.T) {
	if err := exec.CommandContext(t.Context(), "perl", "-MSOAP::Lite", "-e", "1").Run(); err != nil {
		t.Skip("SOAP::Lite is not installed; get the Debian package libsoap-lite-perl")
	}
	for _, c := range []struct {
		envelope b2mml.Envelope
		version  string
		fault    string
	}{{b2mml.SOAP11, "1.1", "fault soap:Client: "}, {b2mml.SOAP12, "1.2", "fault soap:Sender: "}} {
		url, _ := serve(t, b2mml.Settings{Envelope: c.envelope}, nil)
		call := func(body string) string {
			t.Helper()
			cmd := exec.CommandContext(t.Context(), "perl", filepath.Join("testdata", "client.pl"), url+"/"+b2mml.Address, c.version, "SyncOperationsPerformance")
			cmd.Stdin = strings.NewReader(body)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			return string(out)
		}
		bod := string(encode(t, b2mml.Settings{}, confirmed(1, "4711"), confirmed(1, "9999")).Body)
		want := "Accepted (//SegmentResponse)[1]\nRejected (//SegmentResponse)[2]\ncode applied\ncode order-unknown\n"
		if got := call(bod); got != want {
			t.Errorf("SOAP %s: SOAP::Lite reads\n%s\nwant\n%s", c.version, got, want)
		}
		if got := call(strings.Replace(bod, "V0701", "V0600", 1)); !strings.HasPrefix(got, c.fault) || !strings.Contains(got, "code release-unknown") {
			t.Errorf("SOAP %s: of a refusal SOAP::Lite reads\n%s", c.version, got)
		}
	}
}
