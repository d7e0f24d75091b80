package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A way is a road to the far end, of which everything is measured.
type way struct {
	name       string
	cmd        *exec.Cmd // nil for the direct way
	stdin      io.WriteCloser
	stdout     *bufio.Reader
	http, tcp  string // where it begins
	small      []float64
	large      []float64
	bulk       []float64 // MB a second
	smallCPU   []float64 // µs that a request costs the relay
	largeCPU   []float64
	bulkCPU    []float64 // and a megabyte
	p50, p99   []time.Duration
	halfClose  bool
	goroutines float64 // for each idle connection
	resident   float64 // bytes, likewise
}

// relaying measures our relay beside relays that only copy and Toxiproxy
// without toxics, all in front of one far end.
func relaying(o options) (err error) {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	far, err := begin(farEnd, self, "-serve", farEnd)
	if err != nil {
		return err
	}
	ways := []*way{{name: "direct", http: far.http, tcp: far.tcp}}
	defer func() {
		for _, w := range append(ways[1:], far) {
			err = errors.Join(err, w.end())
		}
	}()
	for _, name := range []string{ours, copying, buffered} {
		args := []string{"-serve", name}
		if name == ours {
			args = append(args, "-profile", o.profile)
		}
		w, err := begin(name, self, append(args, far.http, far.tcp)...)
		if err != nil {
			return err
		}
		ways = append(ways, w)
	}
	toxiproxy, why := peer(o.peers, far)
	if toxiproxy != nil {
		ways = append(ways, toxiproxy)
	}
	for range o.rounds {
		for _, i := range rand.Perm(len(ways)) { // so that none always follows the same other
			if err := ways[i].measure(o.length / 3); err != nil {
				return err
			}
		}
	}
	for _, w := range ways[1:] {
		if err := w.idle(500); err != nil {
			return err
		}
		if w.halfClose, err = keepsHalfClose(w.tcp); err != nil {
			return err
		}
	}
	told(ways, why)
	return nil
}

// peer builds and starts Toxiproxy. Without it the rest is measured all the
// same, and why is said.
func peer(source string, far *way) (w *way, why string) {
	dir, err := os.MkdirTemp("", "andon-bench-*")
	if err != nil {
		return nil, err.Error()
	}
	defer os.RemoveAll(dir) // a running program needs its file no more
	binary := filepath.Join(dir, "peers")
	if out, err := exec.Command("go", "build", "-C", source, "-o", binary, ".").CombinedOutput(); err != nil {
		return nil, fmt.Sprintf("go build -C %s: %s %s", source, err, strings.TrimSpace(string(out)))
	}
	if w, err = begin("Toxiproxy", binary, far.http, far.tcp); err != nil {
		return nil, err.Error()
	}
	return w, ""
}

// begin starts a server and returns when it has printed its two addresses.
func begin(name, binary string, args ...string) (*way, error) {
	w := &way{name: name, cmd: exec.Command(binary, args...)}
	w.cmd.Stderr = os.Stderr
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	w.stdout = bufio.NewReader(out)
	for _, to := range []*string{&w.http, &w.tcp} {
		line, err := w.stdout.ReadString('\n')
		if err != nil {
			return nil, errors.Join(fmt.Errorf("server %s printed no address: %w", name, err), w.end())
		}
		*to = strings.TrimSpace(line)
	}
	return w, nil
}

// cpu is how much the server has computed so far; 0 where the kernel does not
// say.
func (w *way) cpu() time.Duration {
	if w.cmd == nil {
		return 0
	}
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
	_, fields, _ := strings.Cut(string(b), ") ") // behind its name
	var user, system time.Duration
	if f := strings.Fields(fields); len(f) > 12 {
		_, _ = fmt.Sscan(f[11]+" "+f[12], &user, &system)
	}
	return (user + system) * time.Second / 100 // ticks, which Linux has hundred of
}

func (w *way) end() error {
	if w.cmd == nil {
		return nil
	}
	_ = w.stdin.Close() // tells it to end
	return w.cmd.Wait()
}

// measure takes one round of each figure.
func (w *way) measure(length time.Duration) error {
	for path, to := range map[string][2]*[]float64{"/small": {&w.small, &w.smallCPU}, "/large": {&w.large, &w.largeCPU}} {
		before := w.cpu()
		rate, n, err := pages(w.http, path, length)
		if err != nil {
			return fmt.Errorf("%s, %s: %w", w.name, path, err)
		}
		*to[0] = append(*to[0], rate)
		*to[1] = append(*to[1], float64((w.cpu()-before).Microseconds())/float64(max(n, 1)))
	}
	p50, p99, err := pingPong(w.tcp, length)
	if err != nil {
		return fmt.Errorf("%s, round trips: %w", w.name, err)
	}
	w.p50, w.p99 = append(w.p50, p50), append(w.p99, p99)
	before := w.cpu()
	rate, sent, err := pour(w.tcp, length)
	if err != nil {
		return fmt.Errorf("%s, bulk: %w", w.name, err)
	}
	w.bulk = append(w.bulk, rate)
	w.bulkCPU = append(w.bulkCPU, float64((w.cpu()-before).Microseconds())/sent)
	return nil
}

// told prints the rows.
func told(ways []*way, why string) {
	us, direct := ways[1], ways[0]
	targets := map[string][6]string{copying: {"≥ 0.95", "≥ 0.95", "", "", "≥ 0.95"}, buffered: {"≥ 0.95", "≥ 0.95", "", "", "≥ 0.95"}, "Toxiproxy": {"≥ 1.05", "≥ 1.40", "", "", "≥ 1.60"}}
	for _, p := range ways[2:] {
		for i, f := range []struct {
			what  string
			of    func(*way) []float64
			round string
		}{
			{"small requests/s", func(w *way) []float64 { return w.small }, "%.0f"},
			{"64 KiB requests/s", func(w *way) []float64 { return w.large }, "%.0f"},
			{"µs of CPU for a small request", func(w *way) []float64 { return w.smallCPU }, "%.1f"},
			{"µs of CPU for 64 KiB", func(w *way) []float64 { return w.largeCPU }, "%.1f"},
			{"bulk MB/s", func(w *way) []float64 { return w.bulk }, "%.0f"},
			{"µs of CPU for a bulk MB", func(w *way) []float64 { return w.bulkCPU }, "%.0f"},
		} {
			a, b := f.of(us), f.of(p)
			row("relay, "+f.what+", vs "+p.name, fmt.Sprintf(f.round, median(a)), fmt.Sprintf(f.round, median(b)), paired(a, b), targets[p.name][i])
		}
		for _, f := range []struct {
			what string
			of   func(*way) []time.Duration
		}{{"p50", func(w *way) []time.Duration { return w.p50 }}, {"p99", func(w *way) []time.Duration { return w.p99 }}} {
			a, b := added(f.of(us), f.of(direct)), added(f.of(p), f.of(direct))
			row("relay, added "+f.what+" of a round trip, vs "+p.name, a.String(), b.String(), float64(a)/float64(max(b, 1)), "")
		}
		row("relay, goroutines per idle connection, vs "+p.name, fmt.Sprintf("%.1f", us.goroutines), fmt.Sprintf("%.1f", p.goroutines), us.goroutines/p.goroutines, "≤ 2 each")
		row("relay, memory per idle connection, vs "+p.name, kib(us.resident), kib(p.resident), us.resident/p.resident, "≤ 28 KiB")
		row("relay, half-close, vs "+p.name, kept(us.halfClose), kept(p.halfClose), 1, "kept")
	}
	if why != "" {
		fmt.Printf("  Toxiproxy was not measured: %s\n", why)
	}
	fmt.Printf("  direct: %.0f small and %.0f large requests/s, %.0f MB/s, round trip p50 %s, p99 %s\n", median(direct.small), median(direct.large), median(direct.bulk),
		median(direct.p50), median(direct.p99))
}

// paired is the median of the ratios of each round: what else goes on in the
// machine changes from round to round.
func paired(a, b []float64) float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return median(ratios)
}

// added is the median of what each round took longer than the direct way.
func added(a, direct []time.Duration) time.Duration {
	more := make([]time.Duration, len(a))
	for i := range a {
		more[i] = a[i] - direct[i]
	}
	return median(more).Round(100 * time.Nanosecond)
}

func kib(n float64) string { return fmt.Sprintf("%.1f KiB", n/1024) }

func kept(is bool) string {
	if is {
		return "kept"
	}
	return "lost"
}

// idle holds n connections that have said something and then no more, and asks
// the relay what each costs it.
func (w *way) idle(n int) error {
	before, mem, err := w.stat()
	if err != nil {
		return err
	}
	conns := make([]net.Conn, 0, n)
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	for range n {
		c, err := net.Dial("tcp", w.tcp)
		if err != nil {
			return err
		}
		conns = append(conns, c)
		if _, err := io.WriteString(c, "E."); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
			return err
		}
	}
	after, more, err := w.stat()
	w.goroutines, w.resident = float64(after-before)/float64(n), float64(more-mem)/float64(n)
	return err
}

// stat asks the server for its goroutines and resident bytes.
func (w *way) stat() (goroutines, bytes int, err error) {
	if _, err := io.WriteString(w.stdin, "\n"); err != nil {
		return 0, 0, err
	}
	line, err := w.stdout.ReadString('\n')
	if err != nil {
		return 0, 0, err
	}
	_, err = fmt.Sscan(line, &goroutines, &bytes)
	return goroutines, bytes, err
}

func percentile(sorted []time.Duration, p int) time.Duration {
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}

// pingPong is how long 64 bytes take there and back.
func pingPong(addr string, length time.Duration) (p50, p99 time.Duration, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "E"); err != nil {
		return 0, 0, err
	}
	ping, pong := make([]byte, 64), make([]byte, 64)
	var took []time.Duration
	for began := time.Now(); time.Since(began) < length; {
		at := time.Now()
		if _, err := c.Write(ping); err != nil {
			return 0, 0, err
		}
		if _, err := io.ReadFull(c, pong); err != nil {
			return 0, 0, err
		}
		took = append(took, time.Since(at))
	}
	took = took[len(took)/20:] // the first are slow
	slices.Sort(took)
	return percentile(took, 50), percentile(took, 99), nil
}
