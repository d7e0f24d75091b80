// Package nameserver answers who asks for the addresses of the rig's endpoints
// by name, and can do what name servers do when they are broken: not know,
// fail, say nothing, say what was true once, and take their time.
//
// It knows names and addresses, no connections and no messages. It answers for
// the names it was given and no others, over UDP and TCP on one port.
package nameserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
)

// Config is what a server is made of.
type Config struct {
	Listen  string            // host:port; "" means 127.0.0.1:0
	Hosts   map[string]Host   // by name
	Seed    uint64            // of the run
	Journal *evidence.Journal // nil writes nothing
}

// A Host is what a name stands for.
type Host struct {
	Endpoint string // as the journal has it
	Address  netip.Addr
}

// life is how long a true answer may be remembered.
const life = time.Second

// A Server is a name server.
type Server struct {
	config Config
	udp    net.PacketConn
	tcp    net.Listener
	shut   chan struct{}
	once   sync.Once

	mu    sync.Mutex        // guards what follows
	rules []*armed          // in the order they were armed
	asked map[string]uint64 // how often for an address, by name
}

// New binds the address at once, so that it can be handed out before anything
// is served. The caller calls Serve or Close.
func New(c Config) (*Server, error) {
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Journal == nil {
		c.Journal = evidence.NewJournal(nil)
	}
	hosts := map[string]Host{}
	for name, h := range c.Hosts {
		hosts[dns.CanonicalName(name)] = h
	}
	c.Hosts = hosts
	s := &Server{config: c, shut: make(chan struct{}), asked: map[string]uint64{}}
	var err error
	for range 20 { // a port that is free for TCP may not be for UDP
		if s.tcp, err = net.Listen("tcp", c.Listen); err != nil {
			return nil, fmt.Errorf("name server: %w", err)
		}
		if s.udp, err = net.ListenPacket("udp", s.tcp.Addr().String()); err == nil {
			return s, nil
		}
		_ = s.tcp.Close()
	}
	return nil, fmt.Errorf("name server: %w", err)
}

// Addr is where it listens, as host:port.
func (s *Server) Addr() string { return s.tcp.Addr().String() }

// Serve answers until ctx is done, and returns when everybody has been
// answered or let go.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	handle := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		if a := s.answer(q); a != nil {
			_ = w.WriteMsg(a) // whether the asker still listens is its own affair
		}
	})
	servers := []*dns.Server{{PacketConn: s.udp, Handler: handle}, {Listener: s.tcp, Handler: handle}}
	var serving sync.WaitGroup
	for _, d := range servers {
		serving.Go(func() { cancel(d.ActivateAndServe()) }) // the first to end ends the other
	}
	<-ctx.Done()
	_ = s.Close()
	for _, d := range servers {
		_ = d.Shutdown() // fails only on one that has ended
	}
	serving.Wait()
	if err := context.Cause(ctx); !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("name server on %s: %w", s.Addr(), err)
	}
	return nil
}

// Close frees the address.
func (s *Server) Close() error {
	s.once.Do(func() {
		close(s.shut)
		_ = s.tcp.Close()
		_ = s.udp.Close()
	})
	return nil
}

// answer is what an asker hears; nil is nothing.
func (s *Server) answer(q *dns.Msg) *dns.Msg {
	a := new(dns.Msg).SetReply(q)
	a.Authoritative = true
	if len(q.Question) != 1 || q.Question[0].Qclass != dns.ClassINET {
		return a.SetRcode(q, dns.RcodeNotImplemented)
	}
	ask := q.Question[0]
	name := dns.CanonicalName(ask.Name)
	host, ours := s.config.Hosts[name]
	if !ours {
		return a.SetRcode(q, dns.RcodeRefused) // somebody else may know
	}
	address, ttl := host.Address, life
	if r := s.strikes(name, host, ask.Qtype); r != nil {
		switch n := r.naming; n.Answer {
		case chaos.AnswerUnknown:
			return a.SetRcode(q, dns.RcodeNameError)
		case chaos.AnswerFailure:
			a.Authoritative = false
			return a.SetRcode(q, dns.RcodeServerFailure)
		case chaos.AnswerNone:
			return nil
		case chaos.AnswerStale:
			address, ttl = n.Address, n.TTL
		case chaos.AnswerLate:
			if !s.hold(r, n.Hold) {
				return nil
			}
		}
	}
	head := dns.RR_Header{Name: ask.Name, Rrtype: ask.Qtype, Class: dns.ClassINET, Ttl: uint32(ttl / time.Second)}
	switch {
	case ask.Qtype == dns.TypeA && address.Is4():
		a.Answer = []dns.RR{&dns.A{Hdr: head, A: address.AsSlice()}}
	case ask.Qtype == dns.TypeAAAA && address.Is6():
		a.Answer = []dns.RR{&dns.AAAA{Hdr: head, AAAA: address.AsSlice()}}
	}
	return a // the name exists; of another type it has nothing
}

// hold waits for long, or until r is healed; false if the server is closed.
func (s *Server) hold(r *armed, long time.Duration) bool {
	var over <-chan time.Time
	if long > 0 {
		t := time.NewTimer(long)
		defer t.Stop()
		over = t.C
	}
	select {
	case <-over:
	case <-r.ended:
	case <-s.shut:
		return false
	}
	return true
}

// names lists by which names an endpoint is known.
func (s *Server) names(endpoint string) (names []string) {
	for name, h := range s.config.Hosts {
		if h.Endpoint == endpoint {
			names = append(names, strings.TrimSuffix(name, "."))
		}
	}
	slices.Sort(names)
	return names
}
