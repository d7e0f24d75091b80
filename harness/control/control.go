// Package control is the port by which people arm and heal faults in a session
// that is under way: a small HTTP API on the loopback interface, for those who
// hold its token.
//
// It knows how faults are asked for, not what they do.
package control

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/andon-rig/andon/harness"
)

// A Session is what the port controls; [harness.Session] is one.
type Session interface {
	Arm(text []byte) (ids []string, err error)
	Heal(id string) int
	Status() harness.Status
	Stop()
}

// A Key is what a client needs: where the port is, and the token.
type Key struct {
	URL   string `json:"url"`
	Token string `json:"token"`
}

// A Port serves a session.
type Port struct {
	Key     Key
	session Session
	faults  any // what GET /v1/faults answers
	listen  net.Listener
	server  *http.Server
	done    chan error
}

// maxBody bounds what is read of a request: a fault is a few lines.
const maxBody = 64 << 10

// Open listens on addr, which must be of the loopback interface, and serves s
// until Close. faults is what there is to arm, as andon list faults --json
// prints it.
func Open(addr string, s Session, faults any) (*Port, error) {
	if err := Local(addr); err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("control port: %w", err)
	}
	secret := make([]byte, 24)
	if _, err := rand.Read(secret); err != nil {
		return nil, errors.Join(fmt.Errorf("make a token: %w", err), l.Close())
	}
	p := &Port{Key: Key{"http://" + l.Addr().String(), hex.EncodeToString(secret)}, session: s, faults: faults, listen: l, done: make(chan error, 1)}
	p.server = &http.Server{Handler: p.handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second}
	go func() { p.done <- p.server.Serve(l) }()
	return p, nil
}

// Local refuses addresses that others could reach.
func Local(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("control port %q: %w", addr, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("control port %q: whoever reaches it can break the rig, so it only opens on the loopback interface: use 127.0.0.1:PORT", addr)
	}
	return nil
}

// Close ends the port. It waits for answers that are under way, a second at
// most.
func (p *Port) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	err := p.server.Shutdown(ctx)
	if err != nil {
		err = p.server.Close()
	}
	if served := <-p.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// Write writes the key to a file that only its owner can read.
func (k Key) Write(path string) error {
	b, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	_ = os.Remove(path) // an older file may have other permissions
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

//go:embed page.html
var page []byte

// handler is the API:
//
//	GET    /             a page for people; it asks for the token
//	GET    /v1/faults    what can be armed
//	POST   /v1/faults    arm: one fault or several, YAML or JSON; 201 with their ids
//	DELETE /v1/faults    heal all; 200 with how many there were
//	DELETE /v1/faults/ID heal one; 404 if it is not armed
//	GET    /v1/status    how the session stands, and what struck what
//	POST   /v1/stop      end the session; 202
//
// Errors are {"error": text}: 400 what a file would be refused for, in the same
// words; 401 without the token; 409 when nothing can be armed; 413 too long.
func (p *Port) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'")
		_, _ = w.Write(page)
	})
	for pattern, h := range map[string]http.HandlerFunc{
		"GET /v1/faults":         func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, p.faults) },
		"GET /v1/status":         func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, p.session.Status()) },
		"POST /v1/faults":        p.arm,
		"DELETE /v1/faults":      p.heal,
		"DELETE /v1/faults/{id}": p.heal,
		"POST /v1/stop": func(w http.ResponseWriter, _ *http.Request) {
			answer(w, 202, map[string]string{"stopping": "faults heal, the run settles and is judged"})
			p.session.Stop()
		},
	} {
		mux.Handle(pattern, p.authorized(h))
	}
	return mux
}

// authorized lets only holders of the token pass.
func (p *Port) authorized(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !bearer || subtle.ConstantTimeCompare([]byte(token), []byte(p.Key.Token)) != 1 {
			w.Header().Set("WWW-Authenticate", `Bearer realm="andon control port"`)
			fail(w, 401, "the token is missing or wrong: send Authorization: Bearer TOKEN, as andon serve printed it")
			return
		}
		h.ServeHTTP(w, r)
	})
}

func (p *Port) arm(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		fail(w, 413, fmt.Sprintf("a request has %d bytes at most", maxBody))
		return
	}
	ids, err := p.session.Arm(b)
	switch {
	case errors.Is(err, harness.ErrNotPlaying):
		fail(w, 409, err.Error())
	case err != nil:
		fail(w, 400, err.Error())
	default:
		answer(w, 201, map[string][]string{"armed": ids})
	}
}

func (p *Port) heal(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	n := p.session.Heal(id)
	if id != "" && n == 0 {
		fail(w, 404, fmt.Sprintf("fault %q is not armed", id))
		return
	}
	answer(w, 200, map[string]int{"healed": n})
}

func fail(w http.ResponseWriter, status int, text string) {
	answer(w, status, map[string]string{"error": text})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // a client that has gone needs no answer
}
