package d365_test

import (
	"context"
	"encoding/json"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/d365"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
)

// straight is a line on which nothing happens.
type straight struct{}

func (straight) Carry(ctx context.Context, m simulators.Message, _ simulators.Direction, far simulators.Receiver) (simulators.Message, error) {
	return far(ctx, m)
}

// installation is an ERP with order P000417 of 200 pieces, as curl sees it.
type installation struct {
	*testing.T
	url, token string
	posted     atomic.Int64
	endpoint   *endpoint.Endpoint
	erp        *erp.ERP
}

func install(t *testing.T, s d365.Settings, change func(*simulators.Policy)) *installation {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skipf("curl is not installed; get the package curl: %v", err)
	}
	d := d365.Dialect{Settings: s}
	p := d.Policy()
	p.TokenTTL = time.Hour
	if change != nil {
		change(&p)
	}
	tr, err := httptransport.New(httptransport.Config{})
	if err != nil {
		t.Fatal(err)
	}
	i := &installation{T: t, url: tr.URL(), erp: erp.New(plant.Master{
		Items: []plant.Item{{ID: "PUMP-7", Unit: "EA", Lots: true}, {ID: "CASTING-3", Unit: "EA"}},
		Open: []plant.Order{{ID: "P000417", Item: "PUMP-7", Quantity: plant.Of(200, "EA"), Lot: "LOT-P7-0203-01",
			Operations: []plant.Operation{{ID: "0010", WorkCenter: "WC-CNC-02"}}, Components: []plant.Component{{Material: "CASTING-3", Operation: "0010", Quantity: plant.Of(200, "EA")}}}},
	}, func(o *erp.Options) { o.Atomic = true })}
	i.endpoint = endpoint.New(endpoint.Config{Name: "erp", System: i.erp, Dialect: d, Transport: tr, Line: straight{}, Policy: p, Client: "mes", Secret: "secret",
		OnPosting: func(uint64, simulators.Posting) { i.posted.Add(1) }})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- i.endpoint.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	_, body := i.curl("-d", "grant_type=client_credentials&client_id=mes&client_secret=secret&scope="+url.QueryEscape(i.url+"/.default"), i.url+"/oauth/token")
	var got struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || got.Token == "" {
		t.Fatalf("no token in %s", body)
	}
	i.token = got.Token
	return i
}

// curl returns the head and the body of an answer.
func (i *installation) curl(args ...string) (head, body string) {
	i.Helper()
	out, err := exec.Command("curl", append([]string{"-sSi", "--max-time", "20"}, args...)...).CombinedOutput()
	if err != nil {
		i.Fatalf("curl: %v\n%s", err, out)
	}
	head, body, _ = strings.Cut(string(out), "\r\n\r\n")
	return head, body
}

// send posts content as a message and returns the head of the answer.
func (i *installation) send(kind, content string) string {
	i.Helper()
	b, err := json.Marshal(map[string]string{"_companyId": "DEMO", "_messageQueue": "JmgMES3P", "_messageType": kind, "_messageContent": content})
	if err != nil {
		i.Fatal(err)
	}
	head, _ := i.curl("-H", "Authorization: Bearer "+i.token, "-H", "Content-Type: application/json", "--data-binary", string(b), i.url+"/"+d365.SendMessage)
	return head
}

// read returns the entities of a set.
func (i *installation) read(set, filter string) (all []map[string]any) {
	i.Helper()
	_, body := i.curl("-H", "Authorization: Bearer "+i.token, "-G", "--data-urlencode", "$filter="+filter, i.url+"/data/"+set)
	var page struct{ Value []map[string]any }
	if err := json.Unmarshal([]byte(body), &page); err != nil {
		i.Fatalf("%v: %s", err, body)
	}
	return page.Value
}

// states are those of all messages of the order; it waits until none is queued.
func (i *installation) states() string {
	i.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var all []string
		for _, m := range i.read("SysMessages", "DependencyKey eq 'P000417'") {
			all = append(all, m["MessageState"].(string))
		}
		if s := strings.Join(all, " "); !strings.Contains(s, "Queued") || time.Now().After(deadline) {
			return s
		}
	}
}

// elsewhere returns when another installation, which works off as usual, has
// processed a message: by then whoever was sent one before would have, too.
func elsewhere(t *testing.T) {
	t.Helper()
	i := install(t, d365.Settings{}, nil)
	i.send(d365.TypeReportFinished, finished)
	i.wants("elsewhere", i.states(), "Processed")
}

const (
	finished = `{"ProductionOrderNumber":"P000417","ReportFinishedLines":[{"ItemNumber":"PUMP-7","ReportedGoodQuantity":61,"ItemBatchNumber":"LOT-P7-0203-01"}]}`
	unknown  = `{"ProductionOrderNumber":"P000417","PickingListLines":[{"ItemNumber":"CASTING-3","ConsumptionBOMQuantity":1},{"ItemNumber":"CASTING-4","ConsumptionBOMQuantity":1}]}`
)

func (i *installation) wants(what string, got, want any) {
	i.Helper()
	if got != want {
		i.Errorf("%s: %v, want %v", what, got, want)
	}
}

// Good and bad messages are answered alike; only the list tells them apart. A
// line that is bad spoils its message.
func TestQueuedIsNotPosted(t *testing.T) {
	i := install(t, d365.Settings{}, nil)
	for _, m := range [][2]string{{d365.TypeReportFinished, finished}, {d365.TypePickingList, unknown}, {d365.TypeReportFinished, `{"Production`}} {
		if head := i.send(m[0], m[1]); !strings.HasPrefix(head, "HTTP/1.1 200") {
			t.Errorf("%s: %s", m[1], head)
		}
	}
	i.wants("states", i.states(), "Processed Failed")
	i.wants("postings", i.posted.Load(), int64(1))
	failed := i.read("SysMessages", "DependencyKey eq 'P000417' and MessageState eq Microsoft.Dynamics.DataEntities.SysMessageState'Failed'")
	if len(failed) != 1 || failed[0]["ProcessingAttempts"] != 3.0 || failed[0]["MessageContent"] != unknown || !strings.Contains(failed[0]["MessageInfolog"].(string), "CASTING-4") {
		t.Errorf("failed %v", failed)
	}
}

// The samples of messages are accepted by the service as they are, one after the
// other, and worked off: each is in the books afterwards.
func TestSamplesAreProcessed(t *testing.T) {
	i := install(t, d365.Settings{}, nil)
	root := filepath.Join("..", "..", "..", "..", "shared", "standards", "d365-mes-own")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("the samples are not at %s, so that it is not shown that the service accepts them: %v", root, err)
	}
	names := []string{"start", "picking-list", "route-card", "report-as-finished", "end"}
	for _, name := range names {
		file := filepath.Join(root, "send-message-"+name+".json")
		if head, body := i.curl("-H", "Authorization: Bearer "+i.token, "-H", "Content-Type: application/json", "--data-binary", "@"+file, i.url+"/"+d365.SendMessage); !strings.HasPrefix(head, "HTTP/1.1 200") {
			t.Errorf("%s: %s\n%s", name, head, body)
		}
	}
	i.wants("states", i.states(), strings.TrimSpace(strings.Repeat(" Processed", len(names))))
	order := i.read("ProductionOrderHeaders", "ProductionOrderNumber eq 'P000417'")[0]
	i.wants("received", order["ReportedAsFinishedQuantity"], 61.0)
	i.wants("status", order["ProductionOrderStatus"], "Completed")
}

// The same message is a second posting.
func TestNothingRecognisesARepetition(t *testing.T) {
	i := install(t, d365.Settings{}, nil)
	i.send(d365.TypeReportFinished, finished)
	i.send(d365.TypeReportFinished, finished)
	i.wants("states", i.states(), "Processed Processed")
	i.wants("received", i.read("ProductionOrderHeaders", "ProductionOrderNumber eq 'P000417'")[0]["ReportedAsFinishedQuantity"], 122.0)
}

// Who leaves the quantity out has booked the whole order; who does it again finds
// nothing left.
func TestQuantityLeftOutIsTheWholeOrder(t *testing.T) {
	i := install(t, d365.Settings{}, nil)
	i.send(d365.TypeReportFinished, finished)
	i.send(d365.TypeReportFinished, `{"ProductionOrderNumber":"P000417","ReportFinishedLines":[{"ItemNumber":"PUMP-7"}]}`)
	i.send(d365.TypeReportFinished, `{"ProductionOrderNumber":"P000417","ReportFinishedLines":[{"ItemNumber":"PUMP-7"}]}`)
	i.wants("states", i.states(), "Processed Processed Failed")
	i.wants("received", i.read("ProductionOrderHeaders", "ProductionOrderNumber eq 'P000417'")[0]["ReportedAsFinishedQuantity"], 200.0)
}

// A person who has the order open costs a message its attempts; one who sees to
// the list puts it back. Until then others pass, or wait.
func TestFailedMessagesPassOrBlock(t *testing.T) {
	for blocks, want := range map[bool]string{false: "Failed Processed", true: "Failed Queued"} {
		i := install(t, d365.Settings{}, func(p *simulators.Policy) { p.Queue.Blocks = blocks })
		if err := i.erp.Lock("P000417", true); err != nil {
			t.Fatal(err)
		}
		i.send(d365.TypeReportFinished, finished)
		i.wants("while the order is open", i.states(), "Failed")
		if err := i.erp.Lock("P000417", false); err != nil {
			t.Fatal(err)
		}
		i.send(d365.TypeEnd, `{"ProductionOrderNumber":"P000417"}`)
		if blocks {
			elsewhere(t)
			got := ""
			for _, m := range i.read("SysMessages", "DependencyKey eq 'P000417'") {
				got += " " + m["MessageState"].(string)
			}
			i.wants("behind a failed one", strings.TrimSpace(got), want)
			if got := i.endpoint.Failed("P000417"); !slices.Equal(got, []string{"OP-1"}) || len(i.endpoint.Failed("P000418")) > 0 {
				t.Errorf("failed: %q", got)
			}
			if err := i.endpoint.Requeue("OP-1"); err != nil {
				t.Fatal(err)
			}
			i.wants("requeued", i.states(), "Processed Processed")
			if got := i.endpoint.Failed(""); len(got) > 0 {
				t.Errorf("failed after that: %q", got)
			}
			i.wants("status", i.read("ProductionOrderHeaders", "ProductionOrderNumber eq 'P000417'")[0]["ProductionOrderStatus"], "Completed")
			continue
		}
		i.wants("behind a failed one", i.states(), want)
	}
}

// The batch job that works off the queue must have been scheduled.
func TestQueueStalls(t *testing.T) {
	i := install(t, d365.Settings{}, func(p *simulators.Policy) { p.Queue.Stalled = true })
	i.send(d365.TypeReportFinished, finished)
	elsewhere(t)
	i.wants("state", i.read("SysMessages", "DependencyKey eq 'P000417'")[0]["MessageState"], "Queued")
	i.endpoint.ChangePolicy(func(p *simulators.Policy) { p.Queue.Stalled = false })
	i.wants("scheduled", i.states(), "Processed")
}

func TestDoorkeeping(t *testing.T) {
	i := install(t, d365.Settings{UserCompany: "DAT"}, func(p *simulators.Policy) { p.Quota = simulators.Quota{Rate: 3, Window: time.Hour} })
	if head, _ := i.curl(i.url + "/data/ProductionOrderHeaders"); !strings.HasPrefix(head, "HTTP/1.1 401") || !strings.Contains(strings.ToLower(head), "www-authenticate: bearer") {
		t.Errorf("without a token: %s", head)
	}
	i.wants("own company", len(i.read("ProductionOrderHeaders", "ProductionOrderNumber eq 'P000417'")), 0)
	_, body := i.curl("-H", "Authorization: Bearer "+i.token, i.url+"/data/ProductionOrderHeaders?cross-company=true")
	if !strings.Contains(body, `"ProductionOrderNumber":"P000417"`) {
		t.Errorf("all companies: %s", body)
	}
	i.send(d365.TypeStart, `{"ProductionOrderNumber":"P000417"}`)
	if head := i.send(d365.TypeStart, `{"ProductionOrderNumber":"P000417"}`); !strings.HasPrefix(head, "HTTP/1.1 429") || !strings.Contains(head, "Retry-After: ") {
		t.Errorf("too many: %s", head)
	}
	i.endpoint.ChangePolicy(func(p *simulators.Policy) {
		p.Quota.Rate, p.Quota.Others, p.Quota.Priority = 9, 7, simulators.PriorityLow
	})
	if head := i.send(d365.TypeStart, `{"ProductionOrderNumber":"P000417"}`); !strings.HasPrefix(head, "HTTP/1.1 429") {
		t.Errorf("at low priority while others are answered: %s", head)
	}
	i.endpoint.ChangePolicy(func(p *simulators.Policy) { p.Quota.Priority = simulators.PriorityHigh })
	if head := i.send(d365.TypeStart, `{"ProductionOrderNumber":"P000417"}`); !strings.HasPrefix(head, "HTTP/1.1 200") {
		t.Errorf("at high priority: %s", head)
	}
}

// What is wrong with a content is told where its order is looked at, as long as
// the content says which.
func TestWrongContentIsListedUnderItsOrder(t *testing.T) {
	i := install(t, d365.Settings{}, nil)
	i.send(d365.TypeReportFinished, `{"ProductionOrderNumber":"P000417","ReportFinishedLines":[{"ItemNumber":"PUMP-7","ReportedGoodQuantity":-3}]}`)
	i.wants("states", i.states(), "Failed")
	if failed := i.read("SysMessages", "DependencyKey eq 'P000417'"); len(failed) != 1 || !strings.Contains(failed[0]["MessageInfolog"].(string), "a quantity of -3 (malformed)") {
		t.Errorf("failed %v", failed)
	}
}
