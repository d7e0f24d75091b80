package bridge

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestLockedOrderIsTriedAgainInSequence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	ms := []message{start("1"), confirmation("1", 1), confirmation("1", 2)}
	w.erp.before = func(a attempt, n int) fate {
		if n <= 3 {
			return fate{status: 423, body: `{"status":423,"code":"order-locked","class":"technical"}`}
		}
		return fate{}
	}
	w.start().sendAll(ms...)
	w.settled(ms...)
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
}

func TestSurvivesDuplicatesLostRepliesAndLostRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.config.Timeout = 200 * time.Millisecond
	w.erp.before = func(a attempt, n int) fate {
		switch {
		case len(a.events[0])%3 == 0 && n == 1:
			return fate{lose: true}
		case n == 1:
			return fate{silent: true}
		case n == 2:
			return fate{status: 502, body: "<html>bad gateway</html>"}
		}
		return fate{}
	}
	w.start()
	var ms []message
	for o := range 10 {
		order := fmt.Sprint("47110000", o)
		ms = append(ms, start(order), confirmation(order, 1), confirmation(order, 2))
	}
	for _, m := range ms {
		w.sendAll(m, m)
	}
	w.sendAll(ms...)
	w.settled(ms...)
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
}

func TestTokenIsRenewedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.erp.ttl = 1
	w.start()
	var ms []message
	began := time.Now()
	for n := 1; time.Since(began) < 2500*time.Millisecond; n++ {
		for o := range 8 {
			ms = append(ms, confirmation(fmt.Sprint(o), n))
		}
		w.sendAll(ms[len(ms)-8:]...)
		w.settled(ms[len(ms)-8:]...)
	}
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
	if n := w.erp.grants(); n < 2 || n > 5 {
		t.Errorf("%d tokens in 2.5 s of 1 s each", n)
	}
}

func TestRefusedTokenIsRenewedOnceForAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.start()
	w.sendAll(confirmation("0", 1))
	w.settled(confirmation("0", 1))
	w.erp.mu.Lock()
	clear(w.erp.tokens) // revoked
	w.erp.mu.Unlock()
	var ms []message
	var wg sync.WaitGroup
	for o := range 16 {
		m := confirmation(fmt.Sprint(o+1), 1)
		ms = append(ms, m)
		wg.Go(func() { w.sendAll(m) })
	}
	wg.Wait()
	w.settled(ms...)
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
	if n := w.erp.grants(); n != 2 {
		t.Errorf("%d tokens, want the first and one more", n)
	}
}

func TestWrongSecretIsReportedAsTechnical(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.config.Attempts = 3
	denied := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		problem(rw, http.StatusUnauthorized, "invalid_client", "wrong secret")
	}))
	defer denied.Close()
	w.config.ERP.TokenURL = denied.URL
	m := confirmation("1", 1)
	w.start().sendAll(m)
	w.must("a report", func() bool { return len(w.surfaced(m.event)) == 1 })
	if r := w.surfaced(m.event)[0]; r.Class != technical || !strings.Contains(r.Reason, "token") {
		t.Errorf("report %+v", r)
	}
}

func TestExhaustedIsTechnicalAndTheOrderGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.config.Attempts = 3
	bad, good := confirmation("1", 1), confirmation("1", 2)
	w.erp.before = func(a attempt, n int) fate {
		if a.events[0] == bad.event {
			return fate{status: 500}
		}
		return fate{}
	}
	w.start().sendAll(bad, good)
	w.settled(bad, good)
	if rs := w.surfaced(bad.event); len(rs) != 1 || rs[0].Class != technical || rs[0].Keys.Order != "1" || rs[0].Keys.Counter != 1 {
		t.Errorf("reports %+v", rs)
	}
	if cs := w.judge(good); len(cs) > 0 {
		t.Error(cs)
	}
}

func TestAlreadyPostedIsSuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	m := confirmation("1", 1)
	w.erp.before = func(a attempt, n int) fate {
		if n == 1 {
			return fate{lose: true}
		}
		return fate{status: 409, body: `{"status":409,"code":"already-posted","class":"business"}`}
	}
	w.start().sendAll(m, confirmation("1", 2))
	w.must("the next message", func() bool { return w.erp.attemptsOf(confirmation("1", 2).event) > 0 })
	if rs := w.surfaced(m.event); len(rs) > 0 {
		t.Errorf("reported: %+v", rs)
	}
}

func TestAtomicBatchIsTakenApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.erp.before = func(a attempt, n int) fate {
		if len(a.events) > 1 { // nothing of it, and no word about which row
			return fate{status: 422, body: `{"status":422,"code":"lot-expired","class":"data-quality"}`}
		}
		return fate{}
	}
	ms, hold := []message{start("1")}, make(chan struct{})
	inner := w.erp.before
	w.erp.before = func(a attempt, n int) fate {
		if a.name == "operation-starts" {
			<-hold
		}
		return inner(a, n)
	}
	for n, lot := range []string{"A", "BAD", "C"} {
		ms = append(ms, consumption("1", n+1, "CASTING-3", lot, "1", "EA"))
	}
	w.erp.refuse[ms[2].event] = lotExpired
	w.start().sendAll(ms...)
	close(hold)
	w.settled(ms...)
	for _, m := range []message{ms[1], ms[3]} {
		if len(w.erp.effectsOf(m.event)) != 1 {
			t.Errorf("%s: %d effects", m.event, len(w.erp.effectsOf(m.event)))
		}
	}
	if rs := w.surfaced(ms[2].event); len(rs) != 1 || rs[0].Class != dataQuality {
		t.Errorf("bad row: %+v", rs)
	}
}

func TestHoldOvertakesAndBinds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.config.Parallel = 1
	busy := make(chan struct{})
	w.erp.before = func(a attempt, n int) fate {
		if a.events[0] == start("1").event {
			<-busy
		}
		return fate{}
	}
	before := []message{start("1"), confirmation("1", 1), receipt("1", 1, "FG-1"), receipt("2", 1, "FG-2")}
	h := hold("FG-1", "QC-1", "1")
	w.start().sendAll(before...)
	w.sendAll(h)
	close(busy)
	after := confirmation("1", 2)
	w.sendAll(receipt("1", 2, "FG-1"), after)
	w.settled(before[0], before[1], before[3], h, after)
	w.pass(100 * time.Millisecond)
	for _, m := range []message{receipt("1", 1, "FG-1"), receipt("1", 2, "FG-1")} {
		if w.erp.attemptsOf(m.event) > 0 {
			t.Errorf("%s was tried while its lot was held", m.event)
		}
	}
	if hp, cp := w.erp.effectsOf(h.event), w.erp.effectsOf(before[1].event); len(hp) != 1 || len(cp) != 1 || hp[0].place > cp[0].place {
		t.Errorf("hold at %v, backlog at %v", hp, cp)
	}

	// A second case keeps the lot held when the first is decided, and a
	// restart forgets neither.
	w.sendAll(hold("FG-1", "QC-2", "1"), decision("FG-1", "QC-1", "use-as-is"))
	w.stop()
	w.start()
	w.pass(100 * time.Millisecond)
	if n := w.erp.attemptsOf(receipt("1", 1, "FG-1").event); n > 0 {
		t.Errorf("posted with a case open")
	}
	w.sendAll(decision("FG-1", "QC-2", "release"))
	all := append(before[:2:2], before[2], receipt("1", 2, "FG-1"))
	w.settled(all...)
	if cs := w.judge(before[2], receipt("1", 2, "FG-1")); len(cs) > 0 {
		t.Error(cs)
	}
}

func TestDecisionBeforeItsHoldStands(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	h, r := hold("FG-1", "QC-1", "1"), receipt("1", 1, "FG-1")
	w.start().sendAll(decision("FG-1", "QC-1", "release"), h, r)
	w.settled(h, r)
	if cs := w.judge(h, r); len(cs) > 0 {
		t.Error(cs)
	}
}

func TestScrappedLotIsABusinessException(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	r := receipt("1", 1, "FG-1")
	w.start().sendAll(hold("FG-1", "QC-1", "1"), r, decision("FG-1", "QC-1", "scrap"))
	w.must("a report", func() bool { return len(w.surfaced(r.event)) == 1 })
	if rep := w.surfaced(r.event)[0]; rep.Class != business || rep.Keys.Lot != "FG-1" || rep.Kind != "receipt" {
		t.Errorf("report %+v", rep)
	}
	if w.erp.attemptsOf(r.event) > 0 {
		t.Error("posted all the same")
	}
}

func TestHoldIsAcknowledgedWhenNothingIsUnderWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	there, leave := make(chan struct{}), make(chan struct{})
	r := receipt("1", 1, "FG-1")
	w.erp.before = func(a attempt, n int) fate {
		if a.events[0] == r.event {
			close(there)
			<-leave
		}
		return fate{}
	}
	w.start().sendAll(r)
	<-there
	acknowledged := make(chan struct{})
	go func() {
		w.send(hold("FG-1", "QC-1", "1"))
		close(acknowledged)
	}()
	select {
	case <-acknowledged:
		t.Error("acknowledged while a receipt of the lot was under way")
	case <-time.After(100 * time.Millisecond):
	}
	close(leave)
	<-acknowledged
}

func TestConvertsExactlyOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.erp.items["OIL"] = `{"id":"OIL","unit":"LTR","units":[{"unit":"GLL","factor":"473176473/125000000"},{"unit":"KGM","factor":"250/3"}]}`
	exact, inexact, thirds := consumption("1", 1, "OIL", "A", "0.5", "GLL"), consumption("2", 1, "OIL", "A", "1", "KGM"), consumption("3", 1, "OIL", "A", "0.000003", "KGM")
	unknown := consumption("4", 1, "NEW", "A", "1.50", "KGM")
	w.start().sendAll(exact, inexact, thirds, unknown)
	w.settled(exact, inexact, thirds, unknown)
	for _, c := range []struct {
		m            message
		amount, unit string
	}{{exact, "0.5", "GLL"}, {inexact, "1", "KGM"}, {thirds, "0.00025", "LTR"}, {unknown, "1.50", "KGM"}} {
		es := w.erp.effectsOf(c.m.event)
		if len(es) != 1 || es[0].unit != c.unit || len(amounts(w, c.m, c.amount, es[0].material, "A")) > 0 {
			t.Errorf("%s: %+v, want %s %s", c.m.event, es, c.amount, c.unit)
		}
	}
}

func TestBadInputIsRefusedAtTheDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "").start()
	good := confirmation("1", 1)
	for name, c := range map[string]struct {
		m    message
		want int
	}{
		"not JSON":          {message{"mes", "confirmations", "e", `{"Sync`}, 400},
		"nothing stated":    {message{"mes", "confirmations", "e", `{"SyncOperationsPerformance":{}}`}, 400},
		"two transactions":  {message{"mes", "confirmations", "e", `{"A":{},"B":{}}`}, 400},
		"number for string": {message{"mes", "confirmations", "e", strings.Replace(good.body, `["1"]`, `[1]`, 1)}, 400},
		"no order":          {message{"mes", "confirmations", "e", strings.Replace(good.body, `["1"]`, `[]`, 1)}, 400},
		"unknown name":      {message{"mes", "telegrams", "e", good.body}, 404},
		"too large":         {message{"mes", "confirmations", "e", strings.Repeat(" ", mostBody+1)}, 413},
		"an array":          {message{"mes", "holds", "e", `[]`}, 400},
	} {
		if got := w.send(c.m); got != c.want {
			t.Errorf("%s: status %d, want %d", name, got, c.want)
		}
	}
	if n := len(w.erp.attempts); n > 0 {
		t.Errorf("%d attempts", n)
	}
}

func TestFullBridgeAsksForPatience(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	w.config.Backlog = 2
	w.erp.before = func(attempt, int) fate { return fate{status: 423} }
	w.start().sendAll(confirmation("1", 1), confirmation("1", 2))
	full := func() bool { return w.send(confirmation("1", 3)) == http.StatusServiceUnavailable }
	if !full() && !w.until(2*time.Second, full) {
		t.Error("took more than it may keep")
	}
}

func TestExceptionsAreToldUntilHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	deaf := httptest.NewServer(http.NotFoundHandler())
	heard := w.config.Exceptions
	w.config.Exceptions = deaf.URL
	m := confirmation("1", 1)
	w.erp.refuse[m.event] = row{Status: 409, Code: "over-delivery", Class: business, Detail: "too much"}
	w.start().sendAll(m)
	w.must("the refusal", func() bool { return w.erp.attemptsOf(m.event) == 1 })
	w.pass(100 * time.Millisecond)
	w.stop()
	deaf.Close()
	w.config.Exceptions = heard
	w.start()
	w.settled(m)
	if cs := w.judge(m); len(cs) > 0 {
		t.Error(cs)
	}
}

func TestRepliesThatAreNoConsent(t *testing.T) {
	t.Parallel()
	s := newSystem("erp", Endpoint{}, Config{Parallel: 1})
	for body, want := range map[string]outcome{
		`<html>maintenance</html>`:              again,
		`{"status":422,"code":"lot-expired"}`:   refused,
		`{"outcome":"refused"}`:                 refused,
		`{"outcome":"applied","documents":[1]}`: posted,
		`{"outcome":"repeated"}`:                posted,
		``:                                      posted,
	} {
		if got := s.judge(reply{status: 200, body: []byte(body)}); got.what != want {
			t.Errorf("200 %s: %v, want %v", body, got.what, want)
		}
	}
	for status, want := range map[int]outcome{400: refused, 401: again, 403: refused, 404: refused, 408: again, 409: refused, 413: refused, 422: refused,
		412: again, 423: again, 424: again, 425: again, 429: again, 302: again, 500: again, 502: again, 503: again, 504: again} {
		if got := s.judge(reply{status: status}); got.what != want {
			t.Errorf("%d: %v, want %v", status, got.what, want)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		text, sent string
		want       time.Duration
	}{
		{"3", "", 3 * time.Second}, {"", "", 0}, {"soon", "", 0}, {"-5", "", 0}, {"600", "", longestPause}, {"86400", "", probe}, {"0", "", 0},
		{date(4 * time.Second), "", 4 * time.Second}, {date(-time.Second), "", 0},
		{date(time.Hour + 4*time.Second), date(time.Hour), 4 * time.Second}, // their clock is an hour ahead
	} {
		h := http.Header{"Retry-After": {c.text}, "Date": {c.sent}}
		if got := retryAfter(h, now); got != c.want {
			t.Errorf("%q sent %q: %s, want %s", c.text, c.sent, got, c.want)
		}
	}
}

func TestGoldenMessagesAreUnderstood(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../simulators/dialects/neutral/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden messages: %v", err)
	}
	for _, f := range files {
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), ".json"), "-c") // orders-change, orders-cancel
		if _, known := names[name]; !known {
			continue
		}
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := read(name, "", body)
		if err != nil {
			t.Errorf("%s: %v", f, err)
		}
		for _, p := range parts {
			if !strings.HasPrefix(p.facts.Event, p.facts.Kind+"/") {
				t.Errorf("%s: %+v", f, p.facts)
			}
			if len(parts) == 1 {
				continue
			}
			if again, err := read(name, "", p.body); err != nil || len(again) != 1 || again[0].facts != p.facts {
				t.Errorf("%s taken apart: %+v, %v", f, again, err)
			}
		}
	}
}

func TestJoinAndTakeApart(t *testing.T) {
	t.Parallel()
	a, b := consumption("1", 1, "X", "A", "1.500", "EA"), consumption("1", 2, "X", "B", "2", "EA")
	joined, err := join([][]byte{[]byte(a.body), []byte(b.body)})
	if err != nil {
		t.Fatal(err)
	}
	parts, err := read("consumptions", "", joined)
	if err != nil || len(parts) != 2 {
		t.Fatalf("%v %v", parts, err)
	}
	for i, m := range []message{a, b} {
		var got, want any
		if json.Unmarshal(parts[i].body, &got) != nil || json.Unmarshal([]byte(m.body), &want) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("row %d became\n%s\nfrom\n%s", i, parts[i].body, m.body)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, m := range []message{confirmation("1", 1), hold("L", "Q", "1"), decision("L", "Q", "scrap"), release("1")} {
		f.Add(m.name, m.body)
	}
	f.Fuzz(func(t *testing.T, name, body string) {
		parts, err := read(name, "", []byte(body))
		if err != nil {
			return
		}
		for _, p := range parts {
			if p.facts.Event == "" || p.facts.entity() == "" {
				t.Errorf("a part without event or entity: %+v", p.facts)
			}
			if name == "consumptions" {
				if _, err := editMaterials(p.body, func(map[string]any) {}); err != nil {
					t.Error(err)
				}
			}
		}
	})
}

func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	env := map[string]string{"ERP_URL": "http://e", "MES_URL": "http://m"}
	read := func(args ...string) error {
		_, err := readConfig(args, func(k string) string { return env[k] }, &strings.Builder{}, &strings.Builder{})
		return err
	}
	if err := read(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct{ name, value, want string }{
		{"ERP_URL", "", "ERP_URL"}, {"DEFECT", "M99", "list-defects"}, {"PARALLEL", "many", "PARALLEL"}, {"SYNC", "maybe", "SYNC"}, {"UNITS", "x", "UNITS"},
	} {
		was := env[c.name]
		env[c.name] = c.value
		if err := read(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s=%q: %v", c.name, c.value, err)
		}
		env[c.name] = was
	}
	if err := read("--defect", "m17"); err != nil {
		t.Error(err)
	}
	if err := read("--events", "nats://x", "--feed"); err == nil {
		t.Error("two sources were allowed")
	}
}
