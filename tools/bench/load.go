package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// loading measures `andon load` beside the generators that people use: what a
// request costs its sender, the way through a build that only pumps bytes, how
// punctual requests are, what is told of a server that stands still, and what
// ten million confirmations take. Wrk, which sends one constant body and keeps
// nothing, is the peer of what has no other.
func loading(o options) error {
	dir, err := os.MkdirTemp("", "andon-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := &loader{o: o, dir: dir, andon: filepath.Join(dir, "andon")}
	if out, err := exec.Command("go", "build", "-o", l.andon, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("build andon: %w\n%s", err, out)
	}
	if err := l.prepare(); err != nil {
		return err
	}
	defer l.sink.close()
	return errors.Join(l.compare(), l.punctual(), l.stall(), l.remember())
}

// loader runs the contenders.
type loader struct {
	o          options
	andon, dir string
	peers      map[string]string // where they are
	sink       *sink
	seconds    int
}

// prepare starts the server, finds peers and writes what all of them say: the
// same confirmation, for who can with a mark where its key belongs.
func (l *loader) prepare() (err error) {
	l.seconds = max(int(l.o.length.Seconds()), 1)
	l.find()
	b := body(0, 100_000_000)
	id := plant.Natural(plant.Confirmed{Order: orderID(0), Operation: "0010", Counter: 100_000_000})
	fixed := bytes.ReplaceAll(b, []byte(id), []byte(strings.Repeat("x", 36)))
	unique := bytes.ReplaceAll(b, []byte(id), []byte("${key}"))
	if bytes.Equal(b, fixed) {
		return fmt.Errorf("the confirmation does not name itself %q", id)
	}
	if err := l.files(fixed, unique); err != nil {
		return err
	}
	l.sink, err = newSink()
	return err
}

func (l *loader) path(name string) string { return filepath.Join(l.dir, name) }

// costs are what a sender has used up in each round.
type costs struct {
	cpu  []time.Duration // for one confirmation
	rate []float64       // of them per second
}

func (c *costs) add(cmd *exec.Cmd, n int64, seconds float64) error {
	if n == 0 {
		return fmt.Errorf("%s sent nothing", filepath.Base(cmd.Path))
	}
	s := cmd.ProcessState
	c.cpu = append(c.cpu, ((s.UserTime() + s.SystemTime()) / time.Duration(n)).Round(10*time.Nanosecond))
	c.rate = append(c.rate, float64(n)/seconds)
	return nil
}

// Our own contenders.
const (
	emission  = "andon emission"
	trip      = "andon round trip"
	batched   = "andon round trip in batches"
	pipelined = "andon round trip, pipelined"
)

// compare measures in turn, so that a busy minute hits all alike.
func (l *loader) compare() error {
	seen := map[string]*costs{}
	contenders := []string{"wrk", emission, "wrk unique", "fortio unique", trip, "vegeta unique", "h2load", batched, "k6 unique", "bombardier", "hey", pipelined}
	for _, c := range contenders {
		seen[c] = &costs{}
	}
	for range l.o.rounds {
		for _, c := range contenders {
			if err := l.measure(c, seen[c]); err != nil {
				return err
			}
		}
	}
	for _, p := range []struct{ what, name, target string }{
		{"wrk, constant body", "wrk", "≤ 1.15"}, {"wrk and Lua, unique", "wrk unique", "≤ 0.90"}, {"fortio, unique", "fortio unique", "≤ 0.45"},
		{"vegeta, unique", "vegeta unique", "≤ 0.35"}, {"k6, unique", "k6 unique", "≤ 0.12"},
		{"h2load, constant body", "h2load", ""}, {"bombardier, constant body", "bombardier", ""}, {"hey, constant body", "hey", ""},
	} {
		cpuRow("emission, CPU each, vs "+p.what, seen[emission], seen[p.name], p.target)
	}
	cpuRow("round trip, CPU each, vs wrk one way", seen[trip], seen["wrk"], "≤ 2.3")
	rateRow("round trip, confirmations/s, vs wrk one way", seen[trip], seen["wrk"], "≥ 0.40")
	rateRow("in batches of 16, confirmations/s, vs one by one", seen[batched], seen[trip], "≥ 8")
	cpuRow("in batches of 16, CPU each, vs wrk one way", seen[batched], seen["wrk"], "≤ 0.33")
	rateRow("16 pipelined, confirmations/s, vs one by one", seen[pipelined], seen[trip], "")
	return nil
}

func cpuRow(what string, ours, peer *costs, target string) {
	if len(ours.cpu) == 0 || len(peer.cpu) == 0 {
		return
	}
	a, b := median(ours.cpu), median(peer.cpu)
	row(what, a.String(), b.String(), float64(a)/float64(b), target)
}

func rateRow(what string, ours, peer *costs, target string) {
	if len(ours.rate) == 0 || len(peer.rate) == 0 {
		return
	}
	a, b := median(ours.rate), median(peer.rate)
	row(what, fmt.Sprintf("%.0f/s", a), fmt.Sprintf("%.0f/s", b), a/b, target)
}

const loadConnections = "32"

// measure has a contender send as fast as it is answered.
func (l *loader) measure(what string, to *costs) error {
	switch what {
	case emission:
		return l.emit(to, "--emit-only", "--body", l.path("unique.json"), "--url", l.sink.url())
	case trip:
		return l.roundTrip(to)
	case batched:
		return l.roundTrip(to, "--batch", "16")
	case pipelined:
		return l.roundTrip(to, "--depth", "16")
	}
	args := l.flatOut(what)
	if args == nil {
		return nil
	}
	before := l.sink.count.Load()
	cmd, _, err := l.run(args)
	if err != nil {
		return err
	}
	return to.add(cmd, l.sink.count.Load()-before, float64(l.seconds))
}

// loaded is what of a load's result is looked at.
type loaded struct {
	Verdict string
	Why     []string
	Sent    struct{ First int64 }
	Memory  int64         `json:"rig_memory_bytes"`
	Judging time.Duration `json:"judging_ns"`
	JudgeBy time.Duration `json:"judging_cpu_ns"`
	Latency map[string]struct {
		P90 float64 `json:"p90_ms"`
		P99 float64 `json:"p99_ms"`
	}
}

// load runs andon load with these arguments.
func (l *loader) load(args ...string) (*exec.Cmd, loaded, error) {
	cmd := exec.Command(l.andon, append([]string{"load", "--json", "-q", "--out", l.path("out")}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var got loaded
	if e := json.Unmarshal(out, &got); e != nil {
		return cmd, got, fmt.Errorf("andon load: %w\n%s", errors.Join(err, e), stderr.Bytes())
	}
	return cmd, got, nil
}

// held is the same for a load that must end well.
func (l *loader) held(args ...string) (*exec.Cmd, loaded, error) {
	cmd, got, err := l.load(args...)
	if err == nil && got.Verdict != "held" {
		err = fmt.Errorf("andon load is %s: %v", got.Verdict, got.Why)
	}
	return cmd, got, err
}

func (l *loader) emit(to *costs, args ...string) error {
	cmd, got, err := l.held(append([]string{"--workload", "closed", "--connections", loadConnections, "--duration", fmt.Sprintf("%ds", l.seconds)}, args...)...)
	if err != nil {
		return err
	}
	return to.add(cmd, got.Sent.First, float64(l.seconds))
}

// roundTrip has Andon send through a pump to itself and show that each
// confirmation was posted exactly once.
func (l *loader) roundTrip(to *costs, args ...string) error {
	return l.pumped(func(through ...string) error { return l.emit(to, append(through, args...)...) })
}

// pumped starts a pump and says how to load it.
func (l *loader) pumped(load func(through ...string) error) error {
	erp, err := freeAddress()
	if err != nil {
		return err
	}
	p, err := newPump(erp)
	if err != nil {
		return err
	}
	defer p.Close()
	return load("--url", "http://"+p.Addr().String(), "--erp", erp)
}

// freeAddress is one on which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// punctual has all keep to a rate; what counts is when requests arrive.
func (l *loader) punctual() error {
	for _, rate := range []int{1000, 10_000} {
		seen := map[string][]punctuality{}
		names := []string{"andon", "vegeta", "fortio", "bombardier", "k6", "hey"}
		for range l.o.rounds {
			for _, name := range names {
				p, err := l.pace(name, rate)
				if err != nil {
					return err
				}
				if p.rate > 0 {
					seen[name] = append(seen[name], p)
				}
			}
		}
		l.tellPace(rate, seen)
	}
	return nil
}

// pace measures the arrivals of one contender.
func (l *loader) pace(name string, rate int) (punctuality, error) {
	seconds := l.seconds + 1 // of which the first is left out
	args := l.atRate(name, rate, seconds)
	if name != "andon" && args == nil {
		return punctuality{}, nil
	}
	l.sink.watch(2 * rate * seconds)
	var err error
	if name == "andon" {
		_, _, err = l.load("--emit-only", "--body", l.path("unique.json"), "--url", l.sink.url(), "--rate", strconv.Itoa(rate), "--duration", fmt.Sprintf("%ds", seconds), "--connections", "64", "--pacing-budget", "1m")
	} else {
		_, _, err = l.run(args)
	}
	return l.sink.heard(float64(rate)), err
}

// tellPace prints ours beside the best peer: the median of p50, and p99 of the
// best round of each, as that of a bad one is the machine's.
func (l *loader) tellPace(rate int, seen map[string][]punctuality) {
	type best struct {
		name     string
		p50, p99 time.Duration
	}
	of := func(ps []punctuality) (b best) {
		var p50 []time.Duration
		b.p99 = time.Hour
		for _, p := range ps {
			p50 = append(p50, p.p50)
			b.p99 = min(b.p99, p.p99)
		}
		b.p50 = median(p50)
		return b
	}
	by50, by99 := best{p50: time.Hour}, best{p99: time.Hour}
	for name, ps := range seen {
		if name == "andon" {
			continue
		}
		b := of(ps)
		b.name = name
		fmt.Printf("  at %d/s %s is off by p50 %s, p99 %s\n", rate, name, b.p50.Round(time.Microsecond), b.p99.Round(time.Microsecond))
		if b.p50 < by50.p50 {
			by50 = b
		}
		if b.p99 < by99.p99 {
			by99 = b
		}
	}
	us := of(seen["andon"])
	if by50.name != "" {
		row(fmt.Sprintf("arrival at %d/s, off by p50, vs %s", rate, by50.name), us.p50.Round(time.Microsecond).String(), by50.p50.Round(time.Microsecond).String(), float64(us.p50)/float64(by50.p50), "≤ 0.15")
		row(fmt.Sprintf("arrival at %d/s, off by p99, vs %s", rate, by99.name), us.p99.Round(time.Microsecond).String(), by99.p99.Round(time.Microsecond).String(), float64(us.p99)/float64(by99.p99), "≤ 0.40")
	}
	var rates []float64
	for _, p := range seen["andon"] {
		rates = append(rates, p.rate)
	}
	got := median(rates)
	row(fmt.Sprintf("rate at %d/s, off by", rate), fmt.Sprintf("%.4f %%", 100*max(got/float64(rate)-1, 1-got/float64(rate))), fmt.Sprintf("%d/s", rate), got/float64(rate), "≤ 0.05 %")
}
