package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// loading measures `andon load` beside wrk, which sends one constant body and
// keeps nothing: what a request costs its sender, the way through a build that
// only pumps bytes, and what is told of a server that stands still.
func loading(o options) error {
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		fmt.Println("  load is left out: its peer wrk is not here (Debian package wrk)")
		return nil
	}
	dir, err := os.MkdirTemp("", "andon-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l := &loader{o: o, wrk: wrk, dir: dir, andon: filepath.Join(dir, "andon")}
	if out, err := exec.Command("go", "build", "-o", l.andon, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("build andon: %w\n%s", err, out)
	}
	if err := l.prepare(); err != nil {
		return err
	}
	defer l.sink.close()
	return errors.Join(l.compare(), l.stall())
}

// loader runs the contenders.
type loader struct {
	o               options
	wrk, andon, dir string
	sink            *sink
	seconds         int
}

// prepare starts the server and writes what both sides say: the same
// confirmation, for Andon with a mark where its key belongs.
func (l *loader) prepare() (err error) {
	l.seconds = max(int(l.o.length.Seconds()), 1)
	b := body(0, 100_000_000)
	id := plant.Natural(plant.Confirmed{Order: orderID(0), Operation: "0010", Counter: 100_000_000})
	fixed := bytes.ReplaceAll(b, []byte(id), []byte(strings.Repeat("x", 36)))
	unique := bytes.ReplaceAll(b, []byte(id), []byte("${key}"))
	if bytes.Equal(b, fixed) {
		return fmt.Errorf("the confirmation does not name itself %q", id)
	}
	script := "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nlocal f = io.open(\"" + l.path("fixed.json") + "\", \"rb\")\nwrk.body = f:read(\"*a\")\nf:close()\n"
	for name, text := range map[string][]byte{"fixed.json": fixed, "unique.json": unique, "fixed.lua": []byte(script)} {
		if err := os.WriteFile(l.path(name), text, 0o644); err != nil {
			return err
		}
	}
	l.sink, err = newSink()
	return err
}

func (l *loader) path(name string) string { return filepath.Join(l.dir, name) }

// cost is what a sender of n confirmations has used up.
type cost struct {
	cpu  time.Duration // for one
	rate float64       // per second
}

// compare measures in turn, so that a busy minute hits all alike.
func (l *loader) compare() error {
	var peer, emit, trip, batch struct {
		cpu  []time.Duration
		rate []float64
	}
	for range l.o.rounds {
		for _, c := range []struct {
			run func() (cost, error)
			to  *struct {
				cpu  []time.Duration
				rate []float64
			}
		}{
			{l.runWrk, &peer},
			{func() (cost, error) {
				return l.emit("--emit-only", "--body", l.path("unique.json"), "--url", l.sink.url())
			}, &emit},
			{func() (cost, error) { return l.roundTrip(1) }, &trip},
			{func() (cost, error) { return l.roundTrip(16) }, &batch},
		} {
			got, err := c.run()
			if err != nil {
				return err
			}
			c.to.cpu, c.to.rate = append(c.to.cpu, got.cpu), append(c.to.rate, got.rate)
		}
	}
	cpuRow := func(what string, ours, peer []time.Duration, target string) {
		a, b := median(ours), median(peer)
		row(what, a.String(), b.String(), float64(a)/float64(b), target)
	}
	rateRow := func(what string, ours, peer []float64, target string) {
		a, b := median(ours), median(peer)
		row(what, fmt.Sprintf("%.0f/s", a), fmt.Sprintf("%.0f/s", b), a/b, target)
	}
	cpuRow("emission, CPU each, unique and journaled, vs wrk", emit.cpu, peer.cpu, "≤ 1.15")
	cpuRow("round trip, CPU each, exactly-once shown, vs wrk", trip.cpu, peer.cpu, "≤ 2.3")
	rateRow("round trip, confirmations/s, vs wrk one way", trip.rate, peer.rate, "≥ 0.40")
	rateRow("the same with 16 on each connection, vs one", batch.rate, trip.rate, "≥ 8")
	return nil
}

const loadConnections = "32"

// runWrk has wrk send its constant body.
func (l *loader) runWrk() (cost, error) {
	before := l.sink.count.Load()
	cmd := exec.Command(l.wrk, "-t2", "-c"+loadConnections, fmt.Sprintf("-d%ds", l.seconds), "-s", l.path("fixed.lua"), l.sink.url())
	out, err := cmd.CombinedOutput()
	if err != nil {
		return cost{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	return costOf(cmd, l.sink.count.Load()-before, float64(l.seconds))
}

func costOf(cmd *exec.Cmd, n int64, seconds float64) (cost, error) {
	if n == 0 {
		return cost{}, fmt.Errorf("%s sent nothing", filepath.Base(cmd.Path))
	}
	s := cmd.ProcessState
	return cost{((s.UserTime() + s.SystemTime()) / time.Duration(n)).Round(10 * time.Nanosecond), float64(n) / seconds}, nil
}

// loaded is what of a load's result is looked at.
type loaded struct {
	Verdict string
	Why     []string
	Sent    struct{ First int64 }
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

// emit has Andon send as fast as it is answered.
func (l *loader) emit(args ...string) (cost, error) {
	cmd, got, err := l.load(append([]string{"--workload", "closed", "--connections", loadConnections, "--duration", fmt.Sprintf("%ds", l.seconds)}, args...)...)
	if err == nil && got.Verdict != "held" {
		err = fmt.Errorf("andon load is %s: %v", got.Verdict, got.Why)
	}
	if err != nil {
		return cost{}, err
	}
	return costOf(cmd, got.Sent.First, float64(l.seconds))
}

// roundTrip has Andon send through a pump to itself, with so many on each
// connection, and show that each was posted exactly once.
func (l *loader) roundTrip(depth int) (cost, error) {
	erp, err := freeAddress()
	if err != nil {
		return cost{}, err
	}
	p, err := newPump(erp)
	if err != nil {
		return cost{}, err
	}
	defer p.Close()
	return l.emit("--url", "http://"+p.Addr().String(), "--erp", erp, "--depth", strconv.Itoa(depth))
}

// stall has a server stand still for a second of four: a quarter of all
// confirmations wait up to a second, so that p90 is 0.60 s and p99 0.96 s.
func (l *loader) stall() error {
	for _, connections := range []string{"1", "8", "64"} {
		l.sink.stall.Store(time.Now().Add(1500 * time.Millisecond).UnixNano())
		before := l.sink.count.Load()
		_, got, err := l.load("--emit-only", "--body", l.path("unique.json"), "--url", l.sink.url(), "--rate", "1000", "--duration", "4s", "--connections", connections, "--pacing-budget", "1m")
		if err != nil {
			return err
		}
		l.sink.stall.Store(0)
		ack := got.Latency["ack"]
		what := fmt.Sprintf("a stall, %s connections, vs the truth: ", connections)
		row(what+"p90", fmt.Sprintf("%.0f ms", ack.P90), "600 ms", ack.P90/600, "0.97 to 1.03")
		row(what+"p99", fmt.Sprintf("%.0f ms", ack.P99), "960 ms", ack.P99/960, "0.97 to 1.03")
		if n := l.sink.count.Load() - before; n != 4000 {
			return fmt.Errorf("of 4000 scheduled confirmations %d arrived", n)
		}
	}
	return nil
}

// sink answers 201 to everything, and stands still for a second from stall on.
type sink struct {
	l     net.Listener
	count atomic.Int64
	stall atomic.Int64 // ns since 1970; 0 for never
}

func newSink() (*sink, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{l: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	return s, nil
}

func (s *sink) url() string { return "http://" + s.l.Addr().String() + "/" }
func (s *sink) close()      { _ = s.l.Close() }

func (s *sink) serve(c net.Conn) {
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	for length := 0; ; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			length, _ = strconv.Atoi(string(bytes.TrimSpace(v))) // both senders say it right
		}
		if len(line) > 2 {
			continue
		}
		if _, err := r.Discard(length); err != nil {
			return
		}
		if at := s.stall.Load(); at != 0 {
			if now := time.Now().UnixNano(); now >= at {
				time.Sleep(time.Duration(at + int64(time.Second) - now))
			}
		}
		s.count.Add(1)
		if _, err := io.WriteString(c, "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"); err != nil {
			return
		}
	}
}

// newPump is a build that only pumps bytes, in this process: its cost is nobody's.
func newPump(to string) (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				up, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer up.Close()
				go func() {
					_, _ = io.Copy(up, c)
					_ = up.Close()
				}()
				_, _ = io.Copy(c, up)
			}()
		}
	}()
	return l, nil
}

// freeAddress is one on which nobody listens.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
