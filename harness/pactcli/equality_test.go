package pactcli_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/harness/pactcli"
	"github.com/andon-rig/andon/harness/pactcli/pactclitest"
)

// A verdict of one engine: "matches", "differs" or "cannot tell".
type verdict struct {
	word, why string
}

func verdictOf(breaches []contracts.Breach, err error) verdict {
	switch {
	case err != nil:
		return verdict{"cannot tell", err.Error()}
	case len(breaches) > 0:
		return verdict{"differs", breaches[0].String()}
	}
	return verdict{"matches", ""}
}

// A difference is a generated interaction that the engines judge otherwise.
type difference struct {
	g              generated
	ours, official verdict
}

func (d difference) String() string {
	return fmt.Sprintf("%s (%s; %s): ours %s %s, official %s %s\n\treply %d %s\n\tof %s", d.g.name, strings.Join(d.g.kinds, ", "), d.g.how, d.ours.word, d.ours.why, d.official.word, d.official.why, d.g.status, d.g.body, text(d.g.interaction))
}

// TestTheOfficialVerifierAgrees holds our matcher against the official engine:
// responses and messages against its verifier, requests against its mock
// server. What they judge otherwise must stand in deviations, and what stands
// there must happen.
func TestTheOfficialVerifierAgrees(t *testing.T) {
	program := pactclitest.Program(t)
	seed, n := uint64(20), 70
	if s := os.Getenv("ANDON_PACT_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	if s := os.Getenv("ANDON_PACT_N"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	total := map[string]int{}
	var all []difference
	for _, version := range []int{2, 3, 4} {
		responses, requests := generate(seed, version, n)
		if version == 4 {
			responses = append(responses, each()...)
		}
		for _, judged := range [][]difference{judgeResponses(t, program, version, responses), judgeRequests(t, program, version, requests)} {
			for _, d := range judged {
				total[d.official.word]++
				if d.ours.word != d.official.word {
					all = append(all, d)
				}
			}
		}
	}
	t.Logf("%d interactions: the official engine says of %d that they match and of %d that they differ", total["matches"]+total["differs"]+total["cannot tell"], total["matches"], total["differs"])
	if n >= 70 && (total["matches"] < 300 || total["differs"] < 300) {
		t.Errorf("too few of one verdict for the test to show anything: %v", total)
	}
	tell(t, all, n)
}

// deviation is a kind of difference, with its reason.
type deviation struct {
	name   string
	of     func(d difference) bool
	reason string
}

// seen reports whether the official engine's reason says something.
func seen(text string) func(d difference) bool {
	return func(d difference) bool { return d.official.word == "differs" && strings.Contains(d.official.why, text) }
}

// about reports whether an interaction asks for a kind of value and something
// stands in the reply.
func about(kind, reply string) func(d difference) bool {
	return func(d difference) bool { return slices.Contains(d.g.kinds, kind) && strings.Contains(d.g.body, reply) }
}

// deviations are where the two judge otherwise, and why ours stays as it is.
// docs/pact.md tells of them.
var deviations = []deviation{
	{
		"numbers in metadata", func(d difference) bool { return seen("metadata xField")(d) && seen("(String) to be a")(d) },
		"metadata that a broker carries is text, and a number written there is one for us; the official engine wants a number of JSON",
	},
	{
		"a text alone with control characters", func(d difference) bool {
			return strings.HasPrefix(d.g.body, `"`) && strings.Contains(d.g.body, `\`) && !strings.HasPrefix(d.g.name, "v4")
		},
		"the official engine reads a body of versions 2 and 3 that is one text a second time, as JSON, and fails",
	},
	{
		"numbers beyond 64 bits", func(d difference) bool {
			return strings.Contains(d.g.body, "12345678901234567890123") || strings.Contains(d.g.body, "-0") || strings.Contains(d.g.body, "1e400")
		},
		"the official engine holds them, and -0, as floating numbers; here they stay what is written",
	},
	{"zones 12 hours and more away", about("timestamp", "+13:00"), "the official engine refuses them; Auckland has one"},
	{"day 366", about("date of the year", "2024-366"), "the official engine refuses it; leap years have one"},
	{"several letters for one", about("regex several letters for one", "STRASSE"), "without case, the official engine lets SS stand for ß; we do not"},
	{"patterns that are not known here", func(d difference) bool { return d.ours.word == "cannot tell" }, "\\X, \\K, \\G, \\g and && in a class give no verdict here"},
}

func tell(t *testing.T, all []difference, n int) {
	count := map[string]int{}
	for _, d := range all {
		i := slices.IndexFunc(deviations, func(one deviation) bool { return one.of(d) })
		if i < 0 {
			t.Errorf("%v", d)
			continue
		}
		count[deviations[i].name]++
	}
	for _, d := range deviations {
		t.Logf("%3d × %s: %s", count[d.name], d.name, d.reason)
		if count[d.name] == 0 && n >= 70 {
			t.Errorf("%s did not happen: remove it from the deviations", d.name)
		}
	}
}

// judgeResponses has both engines judge the replies.
func judgeResponses(t *testing.T, program string, version int, all []generated) []difference {
	byKey := map[string]generated{}
	for _, g := range all {
		byKey["/"+g.name] = g
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Path
		if key == "/" {
			var m struct{ Description string }
			body, _ := io.ReadAll(r.Body)
			_ = json.Unmarshal(body, &m)
			key = "/" + m.Description
		}
		g, ok := byKey[key]
		if !ok {
			t.Errorf("somebody asks for %s", key)
		}
		maps.Copy(w.Header(), g.headers)
		w.WriteHeader(max(g.status, 200))
		io.WriteString(w, g.body)
	}))
	defer s.Close()
	began := time.Now()
	file := contracts.File{Name: fmt.Sprintf("v%d.json", version), Data: pactOf(version, all)}
	found := official(t, pactcli.Engine{Path: program}, pactcli.Target{URL: s.URL, Messages: s.URL}, file)
	if len(found) != len(all) {
		t.Fatalf("%d outcomes for %d interactions", len(found), len(all))
	}
	t.Logf("version %d: %d responses and messages in %v", version, len(all), time.Since(began).Round(time.Millisecond))
	var judged []difference
	for _, o := range found {
		g := byKey["/"+o.Interaction.Description]
		reply := contracts.Part{Status: g.status, Headers: g.headers, Body: []byte(g.body)}
		if g.message {
			reply.Headers = metadata(g)
		}
		judged = append(judged, difference{g, verdictOf(o.Interaction.Judge(reply)), verdictOf(o.Breaches, o.Err)})
	}
	return judged
}

// official has the halves of a file verified side by side: the provider that
// is asked has no states.
func official(t *testing.T, e pactcli.Engine, to pactcli.Target, file contracts.File) []pactcli.Outcome {
	var halves [2][]pactcli.Outcome
	var errs [2]error
	var wait sync.WaitGroup
	for i := range halves {
		wait.Go(func() {
			halves[i], errs[i] = verifyAgain(t, e, to, file, func(in *pact.Interaction) bool { return in.Place.Line%2 == i })
		})
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return slices.Concat(halves[0], halves[1])
}

// verifyAgain asks once more for what the verifier could not ask: on a busy
// machine it now and then does not get its connection.
func verifyAgain(t *testing.T, e pactcli.Engine, to pactcli.Target, file contracts.File, only func(*pact.Interaction) bool) ([]pactcli.Outcome, error) {
	e.Only = only
	all, err := e.Verify(t.Context(), to, []contracts.File{file})
	if err != nil {
		return nil, err
	}
	for i, o := range all {
		if o.Err == nil {
			continue
		}
		e.Only = func(in *pact.Interaction) bool { return in.Description == o.Interaction.Description }
		again, err := e.Verify(t.Context(), to, []contracts.File{file})
		if err != nil {
			return nil, err
		}
		all[i] = again[0]
	}
	return all, nil
}

// metadata is that of a message, as an endpoint of messages has seen it.
func metadata(g generated) map[string][]string {
	var m struct{ XField string }
	b, _ := base64.StdEncoding.DecodeString(g.headers.Get("Pact-Message-Metadata"))
	_ = json.Unmarshal(b, &m)
	return map[string][]string{"Content-Type": {"application/json"}, "xField": {m.XField}}
}

// judgeRequests has both engines judge what is asked: the official one by a
// mock server, which answers 500 to what it does not expect. Each interaction
// gets one of its own, as a mock server compares with all it has.
func judgeRequests(t *testing.T, program string, version int, all []generated) []difference {
	master := startMocks(t, program)
	began := time.Now()
	var judged []difference
	for _, g := range all {
		text := pactOf(version, []generated{g})
		read, err := pact.Format{}.Read([]contracts.File{{Name: "request.json", Data: text}})
		if err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		ours := verdict{word: "matches"}
		x := contracts.Exchange{FromConsumer: true, Request: contracts.Part{Method: "POST", Path: "/" + g.name, Query: g.query, Headers: g.headers, Body: []byte(g.body)}}
		if _, covered := read.(*pact.Document).Check(x); !covered {
			ours = verdict{word: "differs"}
		}
		judged = append(judged, difference{g, ours, askMock(t, newMock(t, master, text), g)})
	}
	t.Logf("version %d: %d requests in %v", version, len(all), time.Since(began).Round(time.Millisecond))
	return judged
}

func askMock(t *testing.T, mock string, g generated) verdict {
	req, err := http.NewRequest("POST", mock+"/"+g.name+"?"+g.query.Encode(), strings.NewReader(g.body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(req.Header, g.headers)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 {
		return verdict{"differs", string(said)}
	}
	return verdict{word: "matches"}
}

// startMocks starts the official server of mock servers and returns its
// address.
func startMocks(t *testing.T, program string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	l.Close()
	c := exec.CommandContext(t.Context(), program, "mock", "--host", "127.0.0.1", "--port", port, "--no-file-log", "--no-term-log", "start", "--host", "127.0.0.1", "--port", port, "--output", t.TempDir())
	c.Env = append(os.Environ(), "PACT_DO_NOT_TRACK=true")
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill(); c.Wait() })
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.Contains(lines.Text(), "Master server started") {
	}
	go io.Copy(io.Discard, out)
	return "http://127.0.0.1:" + port + "/"
}

// newMock has a mock server made for a pact and returns its address.
func newMock(t *testing.T, master string, text []byte) string {
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Post(master, "application/json", bytes.NewReader(text))
	if err != nil {
		t.Fatalf("the mock server does not start: %v", err)
	}
	defer resp.Body.Close()
	var made struct{ MockServer struct{ Port int } }
	if err := json.NewDecoder(resp.Body).Decode(&made); err != nil || made.MockServer.Port == 0 {
		t.Fatalf("the mock server does not take the pact: %s, %v", resp.Status, err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", made.MockServer.Port)
}
