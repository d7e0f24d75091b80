// Package httptransport moves messages over HTTP/1.1: it serves what the SUT
// posts and asks, and posts announcements to the SUT's webhooks.
//
// It knows neither dialects nor faults. A reply that is to be lost is a
// [simulators.LostError], which it turns into what a sender then meets.
package httptransport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/andon-rig/andon/simulators"
)

// Config is what a transport is made of. The zero value listens on a free
// loopback port and pushes nothing.
type Config struct {
	Listen  string            // host:port; "" means 127.0.0.1:0
	To      string            // URL that webhooks are posted below; "" means that nothing is pushed
	Timeout time.Duration     // of one webhook, until its reply is read; 0 means 10 s
	MaxBody int64             // bytes taken from the SUT in one request; 0 means 8 MiB
	TLS     *tls.Config       // serves over TLS; nil serves plain
	Dial    Dial              // opens connections to webhooks; nil goes there directly
	Keep    []string          // headers to hand on besides those every dialect may need
	KeepAll bool              // hand on all headers but those of framing and cookies
	Client  http.RoundTripper // carries webhooks; nil means one of its own
	Log     *slog.Logger      // nil discards
}

// Dial opens a connection, as [net.Dialer.DialContext] does.
type Dial = func(ctx context.Context, network, address string) (net.Conn, error)

const (
	defaultListen  = "127.0.0.1:0"
	defaultTimeout = 10 * time.Second
	defaultMaxBody = 8 << 20
	maxReply       = 1 << 20          // bytes read of a webhook's reply
	grace          = 2 * time.Second  // for what is under way when Serve is told to end
	longestHang    = 2 * time.Minute  // of a reply that is never given
	headerTimeout  = 10 * time.Second // a sender that does not finish its headers
)

// Transport is a simulators.Transport over HTTP/1.1.
type Transport struct {
	config   Config
	to       *url.URL // nil means no push
	listener net.Listener
	client   http.RoundTripper
	own      *http.Transport // if client is ours
	keep     map[string]bool

	serving  atomic.Bool
	open     atomic.Int64  // connections the SUT holds to us
	stopping chan struct{} // closed when Serve is told to end

	riders riders // connections that are served without net/http

	door     sync.RWMutex // guards shut
	shut     bool
	underway sync.WaitGroup // requests being answered; none is added once shut
}

var _ simulators.Transport = (*Transport)(nil)

// New binds the address at once, so that its URL can be told to the SUT before
// anything is served. The caller calls Serve or Close.
func New(c Config) (*Transport, error) {
	if c.Listen == "" {
		c.Listen = defaultListen
	}
	if c.Timeout <= 0 {
		c.Timeout = defaultTimeout
	}
	if c.MaxBody <= 0 {
		c.MaxBody = defaultMaxBody
	}
	if c.Dial == nil {
		c.Dial = (&net.Dialer{Timeout: 5 * time.Second}).DialContext
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	t := &Transport{config: c, stopping: make(chan struct{}), keep: map[string]bool{}}
	for _, h := range c.Keep {
		t.keep[http.CanonicalHeaderKey(h)] = true
	}
	if err := t.push(); err != nil {
		return nil, err
	}
	var err error
	if t.listener, err = listen(c.Listen); err != nil {
		return nil, err
	}
	if c.TLS != nil {
		own := c.TLS.Clone()
		own.NextProtos = []string{"http/1.1"} // whatever the SUT offers, this is what is spoken
		t.listener = tls.NewListener(t.listener, own)
	}
	return t, nil
}

// push prepares the way to the SUT's webhooks.
func (t *Transport) push() error {
	if t.config.To != "" {
		to, err := url.Parse(strings.TrimRight(t.config.To, "/"))
		if err != nil || to.Host == "" || to.Scheme != "http" && to.Scheme != "https" {
			return fmt.Errorf("webhooks to %q: not an http or https URL such as http://127.0.0.1:8080/erp", t.config.To)
		}
		t.to = to
	}
	if t.client = t.config.Client; t.client == nil {
		t.own = &http.Transport{ // no proxy from the environment: the SUT is addressed directly or not at all
			DialContext:         t.config.Dial,
			MaxIdleConns:        0,
			MaxIdleConnsPerHost: 256,
			IdleConnTimeout:     30 * time.Second,
			DisableCompression:  true,
			TLSHandshakeTimeout: 5 * time.Second,
		}
		t.client = t.own
	}
	return nil
}

func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("listen on %s: another program has this port: stop it, give the endpoint another address, or leave the address out to get a free port: %w", address, err)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("listen on %s: not allowed for this user: take a port above 1023, or leave the address out to get a free port: %w", address, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("listen on %s: this machine has no such address: take 127.0.0.1 or one of its own: %w", address, err)
	}
	return nil, fmt.Errorf("listen on %s: not a host:port such as 127.0.0.1:8080, or not usable: %w", address, err)
}

// URL is where the SUT finds this transport.
func (t *Transport) URL() string {
	scheme := "http://"
	if t.config.TLS != nil {
		scheme = "https://"
	}
	host, port, err := net.SplitHostPort(t.listener.Addr().String())
	if err != nil {
		return scheme + t.listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return scheme + net.JoinHostPort(host, port)
}

// Close frees the address of a transport that was never served.
func (t *Transport) Close() error {
	if t.own != nil {
		t.own.CloseIdleConnections()
	}
	if err := t.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Serve implements [simulators.Transport]. It can be called once. When ctx is
// done it takes nothing new, gives what is under way two seconds to be
// answered, and returns nil when everything it started has ended.
func (t *Transport) Serve(ctx context.Context, receive simulators.Receiver) error {
	if t.serving.Swap(true) {
		return errors.New("serve HTTP: this transport has been served before")
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler:     http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.handle(w, r, receive) }),
		BaseContext: func(net.Listener) context.Context { return base },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return simulators.WithConn(ctx, c.RemoteAddr().String())
		},
		ReadHeaderTimeout: headerTimeout,
		ConnState:         t.counted,
		ErrorLog:          slog.NewLogLogger(t.config.Log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	rest := newHanded(t.listener.Addr())
	go func() { ended <- server.Serve(rest) }()
	t.riders.wg.Go(func() { t.accept(base, rest, receive) })
	select {
	case err := <-ended:
		t.close()
		cancel()
		_ = server.Close()
		t.riders.end()
		t.underway.Wait()
		return fmt.Errorf("serve HTTP on %s: %w", t.listener.Addr(), err)
	case <-ctx.Done():
	}
	t.stop(server, cancel)
	<-ended
	return nil
}

// Connections is how many connections the SUT holds open.
func (t *Transport) Connections() int { return int(t.open.Load()) }

func (t *Transport) counted(_ net.Conn, s http.ConnState) {
	switch s {
	case http.StateClosed, http.StateHijacked: // it was counted when it came
		t.open.Add(-1)
	}
}

// stop ends serving in the order that lets an answer under way still leave.
// (http.Server.Shutdown would also wait for connections never used.)
func (t *Transport) stop(server *http.Server, cancel context.CancelFunc) {
	t.close()
	server.SetKeepAlivesEnabled(false)
	_ = t.listener.Close() // it is gone either way
	answered := make(chan struct{})
	go func() { t.underway.Wait(); close(answered) }()
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-answered:
	case <-late.C:
	}
	cancel()
	_ = server.Close() // connections are cut, which is what is wanted
	t.riders.end()
	<-answered
	if t.own != nil {
		t.own.CloseIdleConnections()
	}
}

// enter reports whether a request may still be answered; then leave follows.
func (t *Transport) enter() bool {
	t.door.RLock()
	defer t.door.RUnlock()
	if !t.shut {
		t.underway.Add(1)
	}
	return !t.shut
}

func (t *Transport) leave() { t.underway.Done() }

// close lets nobody enter any more and ends all silence.
func (t *Transport) close() {
	t.door.Lock()
	defer t.door.Unlock()
	t.shut = true
	close(t.stopping)
}
