package control_test

import (
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/control"
)

// session is one that only remembers what it was asked.
type session struct {
	armed   []string
	healed  []string
	stopped bool
	err     error
}

func (s *session) Arm(text []byte) ([]string, error) {
	if s.err != nil {
		return nil, s.err
	}
	s.armed = append(s.armed, string(text))
	return []string{"hand-1"}, nil
}

func (s *session) Heal(id string) int {
	s.healed = append(s.healed, id)
	if id == "nobody" {
		return 0
	}
	return 2
}

func (s *session) Status() harness.Status {
	return harness.Status{Run: "R", Faults: []harness.FaultStatus{}}
}
func (s *session) Stop() { s.stopped = true }

// TestPort asks for everything there is, and for what must be refused.
func TestPort(t *testing.T) {
	s := &session{}
	p, err := control.Open("127.0.0.1:0", s, []string{"lose"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	good := "Bearer " + p.Key.Token
	for _, tc := range []struct {
		method, path, token, body string
		err                       error
		status                    int
		want                      string
	}{
		{"GET", "/", "", "", nil, 200, "Faults by hand"},
		{"GET", "/v1/faults", good, "", nil, 200, `["lose"]`},
		{"GET", "/v1/status", good, "", nil, 200, `"run":"R"`},
		{"POST", "/v1/faults", good, "{fault: lose}", nil, 201, `{"armed":["hand-1"]}`},
		{"POST", "/v1/faults", good, "{fault: loose}", errors.New("request:1:9: unknown fault"), 400, "request:1:9: unknown fault"},
		{"POST", "/v1/faults", good, "{fault: lose}", harness.ErrNotPlaying, 409, "not playing"},
		{"POST", "/v1/faults", good, strings.Repeat("x", 70<<10), nil, 413, "65536 bytes at most"},
		{"DELETE", "/v1/faults", good, "", nil, 200, `{"healed":2}`},
		{"DELETE", "/v1/faults/F1", good, "", nil, 200, `{"healed":2}`},
		{"DELETE", "/v1/faults/nobody", good, "", nil, 404, "is not armed"},
		{"GET", "/v1/nothing", good, "", nil, 404, ""},
		{"PUT", "/v1/faults", good, "", nil, 405, ""},
		{"GET", "/v1/status", "", "", nil, 401, "token is missing or wrong"},
		{"GET", "/v1/faults", "Bearer ", "", nil, 401, "token is missing or wrong"},
		{"POST", "/v1/faults", "Bearer " + p.Key.Token[1:], "{fault: lose}", nil, 401, "token is missing or wrong"},
		{"POST", "/v1/stop", "Basic " + p.Key.Token, "", nil, 401, "token is missing or wrong"},
		{"DELETE", "/v1/faults", p.Key.Token, "", nil, 401, "token is missing or wrong"},
	} {
		s.err = tc.err
		req, err := http.NewRequestWithContext(t.Context(), tc.method, p.Key.URL+tc.path, strings.NewReader(tc.body))
		if err != nil {
			t.Fatal(err)
		}
		if tc.token != "" {
			req.Header.Set("Authorization", tc.token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tc.status || !strings.Contains(string(body), tc.want) {
			t.Errorf("%s %s with token %q: %d %s, want %d with %q", tc.method, tc.path, tc.token, resp.StatusCode, body, tc.status, tc.want)
		}
		if strings.Contains(string(body), p.Key.Token) {
			t.Errorf("%s %s tells the token", tc.method, tc.path)
		}
	}
	if len(s.armed) != 1 || len(s.healed) != 3 || s.stopped {
		t.Errorf("armed %q, healed %q, stopped %v: what was refused was done, or the other way round", s.armed, s.healed, s.stopped)
	}
	if err := p.Key.Call(t.Context(), "POST", "/v1/stop", nil, nil); err != nil || !s.stopped {
		t.Errorf("stop: %v, stopped %v", err, s.stopped)
	}
}

// TestKey: only its owner reads it, also if a file was there that others could.
func TestKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.json")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	k := control.Key{URL: "http://127.0.0.1:1", Token: "secret"}
	if err := k.Write(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: want 0600", info.Mode(), err)
	}
	if got, err := control.ReadKey(path); err != nil || got != k {
		t.Errorf("read %+v, %v", got, err)
	}
	if err := k.Call(t.Context(), "GET", "/v1/status", nil, nil); err == nil || !strings.Contains(err.Error(), "is the session over") {
		t.Errorf("nobody answers: %v", err)
	}
}

// TestLoopbackOnly: whoever reaches the port can break the rig.
func TestLoopbackOnly(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "192.0.2.1:0", "example.com:0", "nonsense"} {
		if p, err := control.Open(addr, &session{}, nil); err == nil {
			_ = p.Close()
			t.Errorf("%s was opened", addr)
		}
	}
}
