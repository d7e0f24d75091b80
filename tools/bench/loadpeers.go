package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// generators are the peers that are Go programs: tools of the module at
// tools/bench/peers, by the package that makes them.
var generators = map[string]string{
	"fortio": "fortio.org/fortio", "vegeta": "github.com/tsenart/vegeta/v12", "bombardier": "github.com/codesenberg/bombardier", "hey": "github.com/rakyll/hey", "k6": "go.k6.io/k6",
}

// find looks for all peers: those of Debian where they are installed, those in
// Go by building them.
func (l *loader) find() {
	l.peers = map[string]string{}
	for name, pkg := range map[string]string{"wrk": "wrk", "h2load": "nghttp2-client"} {
		path, err := exec.LookPath(name)
		if err != nil {
			fmt.Printf("  %s is not measured: it is not here (Debian package %s)\n", name, pkg)
			continue
		}
		l.peers[name] = path
	}
	for name, pkg := range generators {
		path, err := build(l.o.peers, name, pkg)
		if err != nil {
			fmt.Printf("  %s is not measured: %v\n", name, err)
			continue
		}
		l.peers[name] = path
	}
}

// build has a peer in bin/peers, and builds it there unless it is newer than
// the versions that are pinned: k6 alone takes minutes.
func build(module, name, pkg string) (path string, err error) {
	if path, err = filepath.Abs(filepath.Join("bin", "peers", name)); err != nil {
		return "", err
	}
	pinned, err := os.Stat(filepath.Join(module, "go.mod"))
	if err != nil {
		return "", err
	}
	if made, err := os.Stat(path); err == nil && made.ModTime().After(pinned.ModTime()) {
		return path, nil
	}
	if out, err := exec.Command("go", "build", "-C", module, "-o", path, pkg).CombinedOutput(); err != nil {
		why, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return "", fmt.Errorf("it cannot be built: %s", why)
	}
	return path, nil
}

// files writes what peers are fed with: a constant confirmation, and one with a
// mark where its key belongs.
func (l *loader) files(fixed, unique []byte) error {
	read := func(file string) string {
		return fmt.Sprintf("local f = io.open(%q, \"rb\")\nlocal b = f:read(\"*a\")\nf:close()\n", l.path(file))
	}
	head := "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\n"
	for name, text := range map[string]string{
		"fixed.json": string(fixed), "unique.json": string(unique), "fortio.json": strings.ReplaceAll(string(unique), "${key}", "{uuid}"),
		"fixed.lua": head + read("fixed.json") + "wrk.body = b\n",
		"unique.lua": head + read("unique.json") + `local n, parts = 0, {}
for part in (b .. "${key}"):gmatch("(.-)%${key}") do parts[#parts + 1] = part end
function request()
  n = n + 1
  return wrk.format("POST", nil, nil, table.concat(parts, string.format("%08x-8b1a-4b52-9a6e-%012x", n, n)))
end
`,
		"load.js": `import http from 'k6/http';
import exec from 'k6/execution';
const text = open(__ENV.BODY);
const params = { headers: { 'Content-Type': 'application/json' } };
const rate = parseInt(__ENV.RATE || '0');
export const options = {
  discardResponseBodies: true,
  summaryTrendStats: ['p(50)', 'p(90)', 'p(99)'],
  scenarios: { s: rate > 0
    ? { executor: 'constant-arrival-rate', rate: rate, timeUnit: '1s', duration: __ENV.LENGTH, preAllocatedVUs: 64, maxVUs: 256 }
    : { executor: 'constant-vus', vus: parseInt(__ENV.CONNECTIONS), duration: __ENV.LENGTH } },
};
const whole = JSON.parse(text);
export default function () {
  const n = exec.vu.idInTest * 1e9 + exec.vu.iterationInScenario;
  whole.SyncOperationsPerformance.ApplicationArea.BODID = n.toString(16).padStart(36, '0');
  http.post(__ENV.URL, JSON.stringify(whole), params);
}
`,
	} {
		if err := os.WriteFile(l.path(name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// flatOut is how a peer sends as fast as it is answered; "" is a peer that is not here.
func (l *loader) flatOut(what string) []string {
	name, _, _ := strings.Cut(what, " ")
	path, url, d := l.peers[name], l.sink.url(), strconv.Itoa(l.seconds)
	if path == "" {
		return nil
	}
	switch what {
	case "wrk":
		return []string{path, "-t2", "-c" + loadConnections, "-d" + d + "s", "-s", l.path("fixed.lua"), url}
	case "wrk unique":
		return []string{path, "-t2", "-c" + loadConnections, "-d" + d + "s", "-s", l.path("unique.lua"), url}
	case "h2load":
		return []string{path, "--h1", "-t2", "-c" + loadConnections, "-D", d, "-d", l.path("fixed.json"), "-H", "content-type: application/json", url}
	case "bombardier":
		return []string{path, "-c", loadConnections, "-d", d + "s", "-m", "POST", "-f", l.path("fixed.json"), "-H", "Content-Type: application/json", "-p", "r", url}
	case "hey":
		return []string{path, "-c", loadConnections, "-z", d + "s", "-m", "POST", "-D", l.path("fixed.json"), "-T", "application/json", url}
	case "fortio unique":
		return []string{path, "load", "-stdclient", "-qps", "0", "-c", loadConnections, "-t", d + "s", "-payload-file", l.path("fortio.json"), "-content-type", "application/json", "-quiet", url}
	case "vegeta unique":
		return []string{path, "attack", "-lazy", "-format", "json", "-duration", d + "s", "-rate", "0", "-workers", loadConnections, "-max-workers", loadConnections, "-output", os.DevNull}
	case "k6 unique":
		return []string{path, "run", "-q", "-e", "BODY=" + l.path("fixed.json"), "-e", "URL=" + url, "-e", "LENGTH=" + d + "s", "-e", "CONNECTIONS=" + loadConnections, l.path("load.js")}
	}
	return nil
}

// atRate is how a peer keeps to a rate for so many seconds over 64 connections.
func (l *loader) atRate(name string, rate, seconds int) []string {
	path, url, d, r := l.peers[name], l.sink.url(), strconv.Itoa(seconds)+"s", strconv.Itoa(rate)
	if path == "" {
		return nil
	}
	switch name {
	case "vegeta":
		return []string{path, "attack", "-lazy", "-format", "json", "-duration", d, "-rate", r, "-output", l.path("vegeta.bin")}
	case "fortio":
		return []string{path, "load", "-json", "-", "-p", "50,90,99", "-qps", r, "-c", "64", "-t", d, "-uniform", "-payload-file", l.path("fixed.json"), "-content-type", "application/json", "-quiet", url}
	case "bombardier":
		return []string{path, "-l", "-o", "json", "-c", "64", "-r", r, "-d", d, "-m", "POST", "-f", l.path("fixed.json"), "-H", "Content-Type: application/json", "-p", "r", url}
	case "hey":
		return []string{path, "-c", "50", "-q", strconv.Itoa(rate / 50), "-z", d, "-m", "POST", "-D", l.path("fixed.json"), "-T", "application/json", url}
	case "k6":
		return []string{path, "run", "-e", "BODY=" + l.path("fixed.json"), "-e", "URL=" + url, "-e", "LENGTH=" + d, "-e", "RATE=" + r, l.path("load.js")}
	}
	return nil
}

// run runs a peer and returns what it printed. Vegeta is fed with targets, as
// many as it takes; what that costs is not its own.
func (l *loader) run(args []string) (*exec.Cmd, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if filepath.Base(args[0]) == "vegeta" {
		in, err := cmd.StdinPipe()
		if err != nil {
			return nil, nil, err
		}
		go l.targets(in)
	}
	if err := cmd.Run(); err != nil {
		return nil, nil, fmt.Errorf("%s: %w\n%.500s", filepath.Base(args[0]), err, out.Bytes())
	}
	return cmd, out.Bytes(), nil
}

// targets writes requests for vegeta, each with a key of its own, until nobody reads.
func (l *loader) targets(to io.WriteCloser) {
	defer to.Close()
	body, err := os.ReadFile(l.path("unique.json"))
	if err != nil {
		return
	}
	for n := 0; ; n++ {
		b := bytes.ReplaceAll(body, []byte("${key}"), fmt.Appendf(nil, "%08x-8b1a-4b52-9a6e-%012x", n, n))
		if _, err := fmt.Fprintf(to, "{\"method\":\"POST\",\"url\":%q,\"header\":{\"Content-Type\":[\"application/json\"]},\"body\":%q}\n", l.sink.url(), base64.StdEncoding.EncodeToString(b)); err != nil {
			return
		}
	}
}

// percentiles are those that a peer prints, in milliseconds.
type percentiles struct{ p90, p99 float64 }

var (
	heyLine = regexp.MustCompile(`(\d\d)%+ in ([\d.]+) secs`)
	k6Line  = regexp.MustCompile(`http_req_duration[^\n]*p\(90\)=(\S+) +p\(99\)=(\S+)`)
)

// tells reads what a peer printed of its latencies.
func (l *loader) tells(name string, out []byte) (t percentiles, err error) {
	switch name {
	case "vegeta":
		report, err := exec.Command(l.peers[name], "report", "-type=json", l.path("vegeta.bin")).Output()
		if err != nil {
			return t, err
		}
		var r struct {
			Latencies struct {
				P90 float64 `json:"90th"`
				P99 float64 `json:"99th"`
			}
		}
		err = json.Unmarshal(report, &r)
		return percentiles{r.Latencies.P90 / 1e6, r.Latencies.P99 / 1e6}, err
	case "fortio":
		var r struct {
			DurationHistogram struct {
				Percentiles []struct{ Percentile, Value float64 }
			}
		}
		err = firstObject(out, &r)
		for _, p := range r.DurationHistogram.Percentiles {
			t.put(int(p.Percentile), p.Value*1000)
		}
	case "bombardier":
		var r struct {
			Result struct {
				Latency struct{ Percentiles map[string]float64 }
			}
		}
		err = firstObject(out, &r)
		p := r.Result.Latency.Percentiles
		t = percentiles{p["90"] / 1000, p["99"] / 1000}
	case "hey":
		for _, m := range heyLine.FindAllSubmatch(out, -1) {
			t.put(int(number(string(m[1]))), number(string(m[2]))*1000)
		}
	case "k6":
		if m := k6Line.FindSubmatch(out); m != nil {
			t = percentiles{inUnit(string(m[1])) * 1000, inUnit(string(m[2])) * 1000}
		}
	}
	if err == nil && t.p99 == 0 {
		err = fmt.Errorf("%s prints no percentiles: %.300s", name, out)
	}
	return t, err
}

// firstObject reads the first JSON object of what is printed among other things.
func firstObject(out []byte, to any) error {
	return json.NewDecoder(bytes.NewReader(out[max(bytes.IndexByte(out, '{'), 0):])).Decode(to)
}

func (t *percentiles) put(percentile int, ms float64) {
	switch percentile {
	case 90:
		t.p90 = ms
	case 99:
		t.p99 = ms
	}
}
