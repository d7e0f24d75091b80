package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

// child is a server in a process of its own.
type child struct {
	cmd   *exec.Cmd
	stdin io.Closer
	url   string
}

// launch starts a server and returns when it has printed its address.
func launch(binary, name, profile string) (*child, error) {
	cmd := exec.Command(binary, "-serve", name, "-profile", profile)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("server %s printed no address: %w", name, err), cmd.Wait())
	}
	return &child{cmd, in, strings.TrimSpace(line)}, nil
}

func (c *child) stop() error {
	_ = c.stdin.Close() // tells it to end
	return c.cmd.Wait()
}

// startup measures from the start of a process to its first answered request.
func startup(rounds int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	once := func(name string) (time.Duration, error) {
		began := time.Now()
		c, err := launch(self, name, "")
		if err != nil {
			return 0, err
		}
		resp, err := http.Post(c.url+"/confirmations", "application/json", bytes.NewReader(body(0, 1)))
		took := time.Since(began)
		if err == nil {
			err = resp.Body.Close()
		}
		return took, errors.Join(err, c.stop())
	}
	var ours, peers []time.Duration
	for range rounds {
		for name, to := range map[string]*[]time.Duration{"endpoint": &ours, "minimal": &peers} {
			d, err := once(name)
			if err != nil {
				return err
			}
			*to = append(*to, d)
		}
	}
	a, b := median(ours), median(peers)
	row("process start to first answer, vs net/http", a.Round(100*time.Microsecond).String(), b.Round(100*time.Microsecond).String(), float64(a)/float64(b), "< 0.2 s")
	return nil
}

// a contender is a server whose requests a second are measured.
type contender struct {
	*child
	what   string
	rates  []float64
	posted int
	wrong  int
}

// throughput measures confirmations a second through the ERP endpoint, with
// unique bodies and keys, beside the same requests to a handler that does
// nothing and, if there is one, to another build of the endpoint. What a
// request costs its server is measured too: other load on the machine hardly
// changes it.
func throughput(o options) error {
	all, err := contenders(o)
	if err != nil {
		return err
	}
	for round := range o.rounds {
		for _, c := range all {
			n, bad, err := hammer(c.url, round, o.length)
			if err != nil {
				return err
			}
			c.rates = append(c.rates, float64(n)/o.length.Seconds())
			c.posted, c.wrong = c.posted+n, c.wrong+bad
		}
	}
	for _, c := range all {
		if err := c.stop(); err != nil {
			return err
		}
		if c.wrong > 0 {
			return fmt.Errorf("%d of %d confirmations were not posted", c.wrong, c.posted)
		}
	}
	ours, ownCPU := median(all[0].rates), all[0].cpu()
	for _, peer := range all[1:] {
		rate := median(peer.rates)
		row("stateful ERP endpoint, req/s, vs "+peer.what, fmt.Sprintf("%.0f", ours), fmt.Sprintf("%.0f", rate), ours/rate, "≥ 25 k req/s")
		row("its CPU for a request, vs "+peer.what, ownCPU.String(), peer.cpu().String(), float64(ownCPU)/float64(peer.cpu()), "")
	}
	fmt.Printf("  %d confirmations posted and journaled in all\n", all[0].posted)
	return nil
}

func contenders(o options) ([]*contender, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	ours, err := launch(self, "endpoint", o.profile)
	if err != nil {
		return nil, err
	}
	peer, err := launch(self, "minimal", "")
	if err != nil {
		return nil, err
	}
	all := []*contender{{child: ours, what: "this build"}, {child: peer, what: "net/http"}}
	if o.against == "" {
		return all, nil
	}
	other, err := launch(o.against, "endpoint", "")
	if err != nil {
		return nil, err
	}
	return append(all, &contender{child: other, what: filepath.Base(o.against)}), nil
}

// cpu is what one request cost the server, once it has ended.
func (c *contender) cpu() time.Duration {
	s := c.cmd.ProcessState
	return ((s.UserTime() + s.SystemTime()) / time.Duration(max(c.posted, 1))).Round(100 * time.Nanosecond)
}

// connections is how many requests are under way at once.
const connections = 32

// hammer posts as fast as answers come, for length, and returns how many were
// answered and how many of them not with 201.
func hammer(url string, round int, length time.Duration) (answered, bad int, err error) {
	address := strings.TrimPrefix(url, "http://")
	var n, wrong atomic.Int64
	errs := make([]error, connections)
	until := time.Now().Add(length)
	var wg sync.WaitGroup
	for i := range connections {
		wg.Go(func() { errs[i] = loop(address, round*connections+i, until, &n, &wrong) })
	}
	wg.Wait()
	return int(n.Load()), int(wrong.Load()), errors.Join(errs...)
}

func loop(address string, worker int, until time.Time, n, wrong *atomic.Int64) error {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReader(c)
	template := request(worker)
	for counter := 1; time.Now().Before(until); counter++ {
		if _, err := c.Write(template(counter)); err != nil {
			return err
		}
		status, err := skip(r)
		if err != nil {
			return err
		}
		n.Add(1)
		if status != 201 {
			wrong.Add(1)
		}
	}
	return nil
}

// request returns a function that makes the n-th request of a worker by
// putting its number into prepared bytes.
func request(worker int) func(n int) []byte {
	const mark = 100_000_000
	b := body(worker, mark)
	head := fmt.Sprintf("POST /confirmations HTTP/1.1\r\nHost: erp\r\nContent-Type: application/json\r\nIdempotency-Key: w%d-%d\r\nContent-Length: %d\r\n\r\n", worker, mark, len(b))
	whole := append([]byte(head), b...)
	var places []int
	old := []byte(fmt.Sprint(mark))
	for at := 0; ; {
		i := bytes.Index(whole[at:], old)
		if i < 0 {
			break
		}
		places = append(places, at+i)
		at += i + len(old)
	}
	return func(n int) []byte {
		digits := fmt.Appendf(nil, "%d", mark+n)
		for _, p := range places {
			copy(whole[p:], digits)
		}
		return whole
	}
}

// body is a confirmation of the worker's own order.
func body(worker, counter int) []byte {
	f := plant.Confirmed{Order: orderID(worker % orderCount), Operation: "0010", Counter: counter, WorkCenter: "W", Yield: plant.Of(1, "EA"),
		Start: time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC), End: time.Date(2026, 3, 2, 6, 5, 0, 0, time.UTC)}
	ms, err := neutral.Dialect{}.Encode(plant.Event{ID: plant.EventID(plant.Natural(f)), At: f.End, Fact: f})
	if err != nil || len(ms) != 1 {
		panic(fmt.Sprintf("a confirmation cannot be worded: %v", err))
	}
	return ms[0].Body
}

// skip reads one answer and returns its status. It understands no more of HTTP
// than both servers speak: the client shares their cores, and what it spends
// is missing in the figures.
func skip(r *bufio.Reader) (status int, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < len("HTTP/1.1 201") {
		return 0, fmt.Errorf("%q is no status line", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, fmt.Errorf("%q is no status line: %w", line, err)
	}
	length := -1
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, fmt.Errorf("read %q: %w", line, err)
			}
		}
	}
	if length < 0 {
		return 0, errors.New("an answer without Content-Length cannot be skipped")
	}
	_, err = r.Discard(length)
	return status, err
}

func median[T time.Duration | float64](v []T) T {
	s := slices.Clone(v)
	slices.Sort(s)
	return s[len(s)/2]
}
