package ion_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/ion"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// straight is a line on which nothing goes wrong.
type straight struct{}

func (straight) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	return far(ctx, m)
}

// request is what an application is sent by ION.
type request struct {
	path, tenant, media string
	query               map[string]string
	body                []byte
}

// tenant is an ERP with order 4711 behind an ION over HTTP, and what it sends
// to the application of the SUT.
func tenant(t *testing.T, d ion.Dialect) (ionapi string, base string, heard chan request) {
	t.Helper()
	heard = make(chan request, 16)
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprintf(w, `{"version":"%s","hasDiscovery":false}`, cmp.Or(d.Version, ion.V3))
			return
		}
		var b bytes.Buffer
		if _, err := b.ReadFrom(r.Body); err != nil {
			t.Error(err)
		}
		q := map[string]string{}
		for k, v := range r.URL.Query() {
			q[k] = v[0]
		}
		heard <- request{r.URL.Path, r.Header.Get("X-TenantId"), r.Header.Get("Content-Type"), q, b.Bytes()}
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(app.Close)
	p := d.Policy()
	p.TokenTTL = time.Hour // however slow the machine is
	tr, err := httptransport.New(httptransport.Config{To: app.URL, MaxBody: p.MaxBody})
	if err != nil {
		t.Fatal(err)
	}
	books := erp.New(plant.Master{
		Items: []plant.Item{{ID: "PUMP", Unit: "EA", Lots: true}},
		Open: []plant.Order{{ID: "4711", Item: "PUMP", Quantity: plant.Of(100, "EA"), Lot: "P-4711",
			Operations: []plant.Operation{{ID: "0010", WorkCenter: "SAW"}}}},
		PeriodOpens: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC),
	}, func(o *erp.Options) { o.NaturalKey = true })
	c := simulators.Credentials{Client: "T~client", Secret: "client secret", Account: "T#account", Password: "account secret"}
	e := endpoint.New(endpoint.Config{Name: "erp", System: books, Dialect: d, Transport: tr, Line: straight{}, Policy: p, Push: true,
		Client: c.Client, Secret: c.Secret, Account: c.Account, Password: c.Password,
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
	_, body := d.Credentials(tr.URL(), c)
	ionapi = filepath.Join(t.TempDir(), "erp.ionapi")
	if err := os.WriteFile(ionapi, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return ionapi, tr.URL(), heard
}

func confirmed(counter int, order plant.OrderID) plant.Event {
	f := plant.Confirmed{Order: order, Operation: "0010", Counter: counter, Yield: plant.Of(10, "EA")}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Date(2026, 3, 3, 9, 0, 0, 0, time.UTC), Fact: f}
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed (Debian package %s)", name, name)
	}
	return path
}

// partsBy has Python's email package, a MIME implementation that is not ours,
// take a body apart.
func partsBy(t *testing.T, media string, body []byte) map[string]string {
	t.Helper()
	const script = `
import email, email.policy, json, sys
raw = sys.stdin.buffer.read()
m = email.message_from_bytes(raw, policy=email.policy.HTTP)
assert m.is_multipart() and not m.defects, m.defects
print(json.dumps({p.get_param("name", header="content-disposition"): p.get_payload(decode=True).decode("utf-8") for p in m.iter_parts()}))
`
	cmd := exec.CommandContext(t.Context(), tool(t, "python3"), "-c", script)
	cmd.Stdin = bytes.NewReader(append([]byte("Content-Type: "+media+"\r\nMIME-Version: 1.0\r\n\r\n"), body...))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var all map[string]string
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return all
}

// curl is a client that is not ours.
func curl(t *testing.T, args ...string) (status, body string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool(t, "curl"), append([]string{"-sS", "-w", "\n%{http_code}"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("curl %q: %v\n%s", args, err, out)
	}
	at := strings.LastIndexByte(string(out), '\n')
	return string(out[at+1:]), string(out[:at])
}

// key is a .ionapi file as a client reads it.
type key struct{ TI, CI, CS, IU, PU, OT, SAAK, SASK string }

func signIn(t *testing.T, ionapi string) (k key, bearer string) {
	t.Helper()
	b, err := os.ReadFile(ionapi)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &k); err != nil {
		t.Fatal(err)
	}
	status, body := curl(t, "--data-urlencode", "grant_type=password", "--data-urlencode", "username="+k.SAAK, "--data-urlencode", "password="+k.SASK,
		"--data-urlencode", "client_id="+k.CI, "--data-urlencode", "client_secret="+k.CS, k.PU+k.OT)
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != "200" || got.Token == "" {
		t.Fatalf("no token: %s %s", status, body)
	}
	return k, "Authorization: Bearer " + got.Token
}

// TestCurlAndPython: a client signs in by the .ionapi file, asks what the
// service demands to be asked first, posts by curl -F, and is told later what
// became of it in a message whose parts Python reads.
func TestCurlAndPython(t *testing.T) {
	for name, c := range map[string]struct {
		d       ion.Dialect
		version string
		status  string
	}{
		"v3": {ion.Dialect{Version: ion.V3}, "v3", "202"},
		"v2": {ion.Dialect{Version: ion.V2}, "v2", "201"},
	} {
		t.Run(name, func(t *testing.T) {
			ionapi, _, heard := tenant(t, c.d)
			k, bearer := signIn(t, ionapi)
			service := k.IU + "/" + k.TI + "/IONSERVICES/api/ion/messaging/service/"
			for _, what := range []string{"ping", "versions", c.version + "/lid%3A%2F%2Fplantsim.mes.bravo/acceptedDocuments"} {
				if status, body := curl(t, "-H", bearer, service+what); status != "200" {
					t.Errorf("%s: %s %s", what, status, body)
				}
			}
			if status, _ := curl(t, service+"ping"); status != "401" {
				t.Errorf("without a token: %s, want 401", status)
			}
			for _, p := range []struct {
				order plant.OrderID
				want  string
			}{{"4711", "Accepted"}, {"0815", "Rejected"}} {
				status, body := curl(t, append(formOf(t, c.d, confirmed(1, p.order)), "-H", bearer, service+c.version+"/multipartMessage")...)
				if status != c.status {
					t.Fatalf("posted: %s %s, want %s", status, body, c.status)
				}
				r := await(t, heard)
				if r.path != "/service/"+c.version+"/multipartMessage" || r.tenant != "PLANTSIM_TST" {
					t.Errorf("sent to %s with X-TenantId %q", r.path, r.tenant)
				}
				parts := partsBy(t, r.media, r.body)
				said, document := parts["ParameterRequest"], parts["MessagePayload"]
				if c.d.Version == ion.V2 { // ION itself exchanges the two
					said, document = document, said
				}
				if !strings.Contains(said, `"documentName":"Acknowledge.ShopOrderOperation"`) || !strings.Contains(document, `actionCode="`+p.want+`"`) {
					t.Errorf("told %s\n%s\nwant %s", said, document, p.want)
				}
				if err := xml.Unmarshal([]byte(document), new(struct{})); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// formOf are the arguments by which curl posts what d would say, in parts that
// it makes itself.
func formOf(t *testing.T, d ion.Dialect, e plant.Event) []string {
	t.Helper()
	m, err := d.Batch(e)
	if err != nil {
		t.Fatal(err)
	}
	parts := partsBy(t, m.Header["Content-Type"], m.Body)
	said, document := parts["ParameterRequest"], parts["MessagePayload"]
	if d.Version == ion.V2 {
		said, document = document, said
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"p": said, "m": document} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-F", fmt.Sprintf("ParameterRequest=@%s;type=application/json", filepath.Join(dir, "p")),
		"-F", fmt.Sprintf("MessagePayload=@%s;type=application/octet-stream", filepath.Join(dir, "m"))}
}

func await(t *testing.T, heard chan request) request {
	t.Helper()
	select {
	case r := <-heard:
		return r
	case <-t.Context().Done():
	case <-time.After(30 * time.Second):
		t.Fatal("nothing came")
	}
	return request{}
}

// TestTooLarge: a document must be split beyond 5 MB.
func TestTooLarge(t *testing.T) {
	ionapi, base, _ := tenant(t, ion.Dialect{})
	_, bearer := signIn(t, ionapi)
	file := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(file, bytes.Repeat([]byte(" "), ion.MostBytes+1), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _ := curl(t, "-H", bearer, "-F", "MessagePayload=@"+file, base+"/PLANTSIM_TST/IONSERVICES/api/ion/messaging/service/v3/multipartMessage")
	if status != "413" {
		t.Errorf("status %s, want 413", status)
	}
}

// TestMIMELayout: the parameters are in the URL, and the payload is a part.
func TestMIMELayout(t *testing.T) {
	d := ion.Dialect{Settings: ion.Settings{Layout: ion.MIME}}
	ionapi, base, heard := tenant(t, d)
	_, bearer := signIn(t, ionapi)
	m, err := d.Batch(confirmed(2, "4711"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "payload")
	if err := os.WriteFile(file, []byte(partsBy(t, m.Header["Content-Type"], m.Body)["MessagePayload"]), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"-H", bearer, "-F", "MessagePayload=@" + file + ";type=application/octet-stream"}
	url := base + "/PLANTSIM_TST/IONSERVICES/api/ion/messaging/service/v3/message/multipart?x=1"
	for k, v := range m.Params {
		url += "&" + k + "=" + strings.NewReplacer("/", "%2F", ":", "%3A", "%", "%25").Replace(v)
	}
	if status, body := curl(t, append(args, url)...); status != "202" {
		t.Fatalf("%s %s", status, body)
	}
	if r := await(t, heard); r.path != "/service/v3/message/multipart" || r.query["documentName"] != "Acknowledge.ShopOrderOperation" {
		t.Errorf("%+v", r)
	}
}
