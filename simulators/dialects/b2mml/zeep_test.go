package b2mml_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
)

// zeep makes a client of the WSDL at address and takes steps with it.
func zeep(t *testing.T, address string, steps ...string) string {
	t.Helper()
	python := "/usr/bin/python3" // Debian's, which has Debian's packages
	if _, err := exec.LookPath(python); err != nil {
		python = "python3"
	}
	if err := exec.CommandContext(t.Context(), python, "-c", "import zeep").Run(); err != nil {
		t.Skip("zeep is not installed; get the Debian package python3-zeep")
	}
	out, err := exec.CommandContext(t.Context(), python, append([]string{filepath.Join("testdata", "client.py"), address}, steps...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

var soaps = map[b2mml.Envelope]struct{ binding, sender string }{
	b2mml.SOAP11: {"Soap11Binding", "Client"},
	b2mml.SOAP12: {"Soap12Binding", "Sender"},
}

// TestGeneratedClient has a client that is made of the WSDL, as it is served, ask
// and post: it finds the service by the WSDL, and understands each answer by it.
func TestGeneratedClient(t *testing.T) {
	for envelope, c := range soaps {
		t.Run(string(envelope), func(t *testing.T) {
			url, _ := serve(t, b2mml.Settings{Envelope: envelope}, nil)
			got := zeep(t, url+"/bods?wsdl", "order", "lot", "nowhere", "confirm", "confirm", "consume", "stock", "postings", "other", "release", "nobody", "process", "profile")
			want := strings.ReplaceAll(`binding BINDING
-- order
order 4711 Ready PUMP 100 ['0010', '0020']
-- lot
lot P-1 unrestricted UnRestricted 100
-- nowhere
fault SENDER
Rejected / order-unknown data-quality
-- confirm
Accepted (//SegmentResponse)[1] applied  document=5000000001
of confirmation/4711/0010/1 True
-- confirm
Accepted (//SegmentResponse)[1] repeated  document=5000000001
of confirmation/4711/0010/1 True
-- consume
Accepted (//SegmentResponse)[1] applied  document=4900000001
of consumption/4711/0010/1 True
-- stock
stock PUMP {'OnHand': '97.5', 'Available': '97.5'}
-- postings
posting {'Document': '4900000001', 'Kind': 'consumption', 'Counter': '1'} 2026
-- other
Rejected (//SegmentResponse)[1] order-unknown data-quality
of confirmation/9999/0010/1 True
-- release
fault SENDER
Rejected / release-unknown data-quality
-- nobody
fault SENDER
Rejected / nothing-found data-quality
-- process
Rejected (//OperationsSchedule)[1] kind-not-taken data-quality
of order 4712
-- profile
profile as the WSDL ['SYNC ADD']
`, "BINDING", c.binding)
			if want = strings.ReplaceAll(want, "SENDER", c.sender); got != want {
				t.Errorf("zeep understands\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// What is only accepted is told in an envelope under 200, and what became of it in
// a Show.
func TestGeneratedClientAsksLater(t *testing.T) {
	for envelope := range soaps {
		url, _ := serve(t, b2mml.Settings{Envelope: envelope}, func(p *simulators.Policy) {
			p.Accept, p.Queue = simulators.AcceptQueued, simulators.QueuePolicy{PerEntity: true, Stalled: true}
		})
		got := zeep(t, url+"/bods?wsdl", "confirm", "running")
		if !strings.Contains(got, "Accepted / accepted  operation=OP-1\n") || !strings.HasSuffix(got, "Accepted / running \nstate Running\n") {
			t.Errorf("%s: zeep understands\n%s", envelope, got)
		}
	}
}

// alteration is what becomes of a reply on its way, and what was asked for.
type alteration struct {
	name, step string
	alter      func(string) string
}

func replaced(old, with string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, old, with) }
}

// altered is the endpoint at to, of which each reply to what is posted is altered
// by the next one of all.
func altered(t *testing.T, to string, all []alteration) string {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	p := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = r.In.Host // so that the WSDL has this address
		},
		ModifyResponse: func(r *http.Response) error { // the client waits for each reply
			if r.Request.Method != http.MethodPost {
				return nil
			}
			b, err := io.ReadAll(r.Body)
			if err != nil {
				return err
			}
			next := all[0]
			all = all[1:]
			other := next.alter(string(b))
			if other == string(b) {
				t.Errorf("%s: not altered:\n%s", next.name, b)
			}
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(other)), int64(len(other))
			r.Header.Set("Content-Length", strconv.Itoa(len(other)))
			return nil
		},
	}
	s := httptest.NewServer(p)
	t.Cleanup(s.Close)
	return s.URL
}

var codes = regexp.MustCompile(`<Code>[^<]*</Code>`)

// A service that answers otherwise than its WSDL says is found out by the client,
// and what is only laid out otherwise is not.
func TestGeneratedClientRefusesOtherAnswers(t *testing.T) {
	all := []alteration{
		{"an element renamed", "confirm", replaced("Code>", "StatusCode>")},
		{"an element more", "confirm", replaced("<ChangeStatus>", "<Hop>7</Hop><ChangeStatus>")},
		{"an element missing", "confirm", func(s string) string { return codes.ReplaceAllString(s, "") }},
		{"an element out of place", "order", replaced("</RequestState>", "</RequestState><Version>1</Version>")},
		{"another BOD", "order", replaced("OperationsSchedule", "MaterialLot")},
		{"another namespace", "confirm", replaced(`xmlns="`+b2mml.Namespace, `xmlns="`+b2mml.Namespace+"-V0600")},
		{"no time of creation", "confirm", replaced("<CreationDateTime>", "<CreationDateTime>in ")},
		{"laid out otherwise", "confirm", replaced("\n", "\n\n")},
		{"laid out otherwise", "order", replaced("  <", "<")},
	}
	steps := make([]string, len(all))
	for i, a := range all {
		steps[i] = a.step
	}
	for envelope := range soaps {
		url, _ := serve(t, b2mml.Settings{Envelope: envelope}, nil)
		got := zeep(t, altered(t, url, all)+"/bods?wsdl", steps...)
		for i, said := range strings.Split(got, "-- ")[1:] {
			if refused := strings.Contains(said, "not as the WSDL says"); refused == strings.HasPrefix(all[i].name, "laid out") {
				t.Errorf("%s, %s: zeep says of %s", envelope, all[i].name, said)
			}
		}
		if n := strings.Count(got, "-- "); n != len(all) {
			t.Errorf("%s: %d steps of %d:\n%s", envelope, n, len(all), got)
		}
	}
}

// TestWSDLOverHTTP asks for the description with and without what it takes.
func TestWSDLOverHTTP(t *testing.T) {
	get := func(address, token string) (int, http.Header, []byte) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if token != "" {
			req.Header.Set("Authorization", "Bearer "+token)
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
		return res.StatusCode, res.Header, b
	}
	for envelope := range soaps {
		url, l := serve(t, b2mml.Settings{Envelope: envelope}, nil)
		for _, query := range []string{"?wsdl", "?WSDL", "?wsdl=1"} {
			status, header, body := get(url+"/bods"+query, "")
			if want := `<soap:address location="` + url + `/bods"/>`; status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/xml") || !bytes.Contains(body, []byte(want)) {
				t.Errorf("%s: %d %v, want it to have %s", query, status, header, want)
			}
		}
		if m := l.seen(); m.Verb != "get" || m.Asks == nil || m.Asks.Where["of"] != "wsdl" {
			t.Errorf("the question is seen as %q %+v", m.Verb, m.Asks)
		}
		if status, _, _ := get(url+"/bods", ""); status != 405 {
			t.Errorf("without ?wsdl: %d", status)
		}
		guarded, _ := serve(t, b2mml.Settings{Envelope: envelope}, func(p *simulators.Policy) { p.Auth = simulators.AuthOAuth2 })
		if status, _, _ := get(guarded+"/bods?wsdl", "no such"); status != 401 {
			t.Errorf("without a token: %d", status)
		}
	}
	url, _ := serve(t, b2mml.Settings{}, nil)
	if status, _, body := get(url+"/bods?wsdl", ""); status != 404 || !bytes.Contains(body, []byte("there is no WSDL")) {
		t.Errorf("of BODs without an envelope: %d\n%s", status, body)
	}
}
