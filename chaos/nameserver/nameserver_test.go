package nameserver_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/chaos/nameserver"
	"github.com/andon-rig/andon/evidence"
)

const host = "erp.plant.test"

// short is a time that is waited for in vain, patience one that nothing takes.
const (
	short    = 100 * time.Millisecond
	patience = 20 * time.Second
)

// stand is a name server and, at the address it tells, an ERP that says hello.
type stand struct {
	*nameserver.Server
	t       *testing.T
	journal *evidence.Journal
	port    string // of the ERP
}

func newStand(t *testing.T) *stand {
	t.Helper()
	j := evidence.NewJournal(nil)
	s, err := nameserver.New(nameserver.Config{Seed: 7, Journal: j, Hosts: map[string]nameserver.Host{
		host: {Endpoint: "erp", Address: netip.MustParseAddr("127.0.0.1")}, "mes.plant.test": {Endpoint: "mes", Address: netip.MustParseAddr("127.0.0.1")}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx) }()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "hello")
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return &stand{s, t, j, port}
}

// resolver is Go's own, as a SUT has it that was told ${andon.dns}.
func (s *stand) resolver(network string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, asked, _ string) (net.Conn, error) {
		if network != "" {
			asked = network
		}
		return new(net.Dialer).DialContext(ctx, asked, s.Addr())
	}}
}

func (s *stand) lookup(name string, within time.Duration) ([]string, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), within)
	defer cancel()
	return s.resolver("").LookupHost(ctx, name)
}

// greet connects by name, as a SUT does.
func (s *stand) greet(within time.Duration) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), within)
	defer cancel()
	d := net.Dialer{Resolver: s.resolver("")}
	c, err := d.DialContext(ctx, "tcp", net.JoinHostPort(host, s.port))
	if err != nil {
		return err
	}
	defer c.Close()
	b, err := io.ReadAll(c)
	if err == nil && string(b) != "hello" {
		err = errors.New("somebody else is there: " + string(b))
	}
	return err
}

// arm arms the fault of the catalog that is called name, with its defaults as
// change leaves them.
func (s *stand) arm(name string, change func(chaos.Fault, *chaos.Rule)) {
	s.t.Helper()
	info, ok := faults.Find(name)
	if !ok {
		s.t.Fatalf("there is no fault %s", name)
	}
	rule := &chaos.Rule{ID: "F", Kind: name, Fault: info.New()}
	if change != nil {
		change(rule.Fault, rule)
	}
	if err := errors.Join(rule.Fault.(faults.Validator).Validate(), rule.ValidateConn(rule.Fault.(chaos.ConnFault).Trouble())); err != nil {
		s.t.Fatal(err)
	}
	s.Arm(rule, "erp")
}

// told lists what the journal says of the fault in a phase.
func (s *stand) told(phase evidence.Phase) (ds []evidence.Disturbance) {
	for _, r := range s.journal.Records() {
		if d, ok := r.Body.(evidence.Disturbance); ok && d.Phase == phase {
			ds = append(ds, d)
		}
	}
	return ds
}

func TestTheTruth(t *testing.T) {
	s := newStand(t)
	if err := s.greet(patience); err != nil {
		t.Fatal(err)
	}
	for _, network := range []string{"udp", "tcp"} {
		got, err := s.resolver(network).LookupHost(t.Context(), "ERP.plant.test.")
		if err != nil || !slices.Equal(got, []string{"127.0.0.1"}) {
			t.Errorf("over %s: %v, %v", network, got, err)
		}
	}
	var e *net.DNSError
	if got, err := s.lookup("somewhere.else.test", patience); !errors.As(err, &e) || e.IsNotFound {
		t.Errorf("of a stranger: %v, %v; it does not know, which is not that there is none", got, err)
	}
}

// TestFaults looks at each from the SUT's side with Go's resolver, heals it,
// and looks at what the journal says.
func TestFaults(t *testing.T) {
	notFound := func(e *net.DNSError) bool { return e.IsNotFound && !e.IsTemporary && !e.IsTimeout }
	for name, c := range map[string]struct {
		wait time.Duration
		met  func(error) bool
		says string
	}{
		"dns-nxdomain": {patience, dnsError(notFound), "NXDOMAIN"},
		"dns-servfail": {patience, dnsError(func(e *net.DNSError) bool { return e.IsTemporary && !e.IsNotFound }), "SERVFAIL"},
		"dns-timeout":  {short, dnsError(func(e *net.DNSError) bool { return e.IsTimeout }), "no answer"},
		"dns-stale":    {patience, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }, "127.83.83.83"},
		"dns-slow":     {short, dnsError(func(e *net.DNSError) bool { return e.IsTimeout }), "after 2s"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			s.arm(name, nil)
			if err := s.greet(c.wait); !c.met(err) {
				t.Errorf("met %v", err)
			}
			if _, err := s.lookup("mes.plant.test", patience); err != nil {
				t.Errorf("another endpoint met %v", err)
			}
			struck := s.told(evidence.Struck)
			if len(struck) == 0 || struck[0].Fault != "F" || struck[0].Kind != name || struck[0].At != "erp" || struck[0].Key != "query 1" || !strings.Contains(struck[0].What, c.says) {
				t.Errorf("the journal says %+v", struck)
			}
			s.Heal("F")
			if err := s.greet(patience); err != nil {
				t.Errorf("healed, met %v", err)
			}
			if n := len(s.told(evidence.Struck)); n != len(struck) {
				t.Errorf("healed, it struck %d times more", n-len(struck))
			}
		})
	}
}

func dnsError(is func(*net.DNSError) bool) func(error) bool {
	return func(err error) bool {
		var e *net.DNSError
		return errors.As(err, &e) && is(e)
	}
}

// TestSlowIsRightInTheEnd: who waits is told the truth, at the latest when it
// is healed.
func TestSlowIsRightInTheEnd(t *testing.T) {
	s := newStand(t)
	s.arm("dns-slow", func(f chaos.Fault, _ *chaos.Rule) { f.(*faults.DNSSlow).For = faults.Wall(short) })
	began := time.Now()
	if err := s.greet(patience); err != nil || time.Since(began) < short {
		t.Errorf("met %v after %s", err, time.Since(began))
	}
	s.Heal("F")
	s.arm("dns-slow", func(f chaos.Fault, _ *chaos.Rule) { f.(*faults.DNSSlow).For = 0 })
	met := make(chan error, 1)
	go func() { met <- s.greet(patience) }()
	for len(s.told(evidence.Struck)) < 2 { // until it is asked
		select {
		case err := <-met:
			t.Fatalf("who waits met %v before it was healed", err)
		case <-time.After(time.Millisecond):
		}
	}
	s.Heal("F")
	if err := <-met; err != nil {
		t.Errorf("who waited met %v", err)
	}
}

// TestStaleMayBeRemembered: how long is said with it.
func TestStaleMayBeRemembered(t *testing.T) {
	s := newStand(t)
	s.arm("dns-stale", func(f chaos.Fault, _ *chaos.Rule) {
		f.(*faults.DNSStale).Address, f.(*faults.DNSStale).TTL = "127.4.5.6", faults.Wall(30*time.Second)
	})
	got, ttl := s.ask(t, host)
	if got != "127.4.5.6" || ttl != 30 {
		t.Errorf("told %s for %d s", got, ttl)
	}
	s.Heal("F")
	if got, ttl = s.ask(t, host); got != "127.0.0.1" || ttl != 1 {
		t.Errorf("healed, told %s for %d s", got, ttl)
	}
}

// TestBounds: which questions are struck depends on the seed and their number
// alone, and max bounds them.
func TestBounds(t *testing.T) {
	struck := func(change func(*chaos.Rule)) (which []int) {
		s := newStand(t)
		s.arm("dns-nxdomain", func(_ chaos.Fault, r *chaos.Rule) { change(r) })
		for n := 1; n <= 20; n++ {
			if _, err := s.lookup(host, patience); err != nil {
				which = append(which, n)
			}
		}
		if n := len(s.told(evidence.Struck)); n != len(which) {
			t.Errorf("%d strikes in the journal, %d seen", n, len(which))
		}
		return which
	}
	half := struck(func(r *chaos.Rule) { r.P = 0.5 })
	if len(half) == 0 || len(half) == 20 {
		t.Errorf("with a chance of one half, %v were struck", half)
	}
	if again := struck(func(r *chaos.Rule) { r.P = 0.5 }); !slices.Equal(half, again) {
		t.Errorf("the same seed struck %v and then %v", half, again)
	}
	for what, c := range map[string]struct {
		change func(*chaos.Rule)
		want   []int
	}{
		"the third":       {func(r *chaos.Rule) { r.Nth = 3 }, []int{3}},
		"every seventh":   {func(r *chaos.Rule) { r.Every = 7 }, []int{7, 14}},
		"at most two":     {func(r *chaos.Rule) { r.Max = 2 }, []int{1, 2}},
		"those named":     {func(r *chaos.Rule) { r.Strikes = []chaos.Strike{{Key: chaos.QueryKey(4)}} }, []int{4}},
		"another's third": {func(r *chaos.Rule) { r.Strikes = []chaos.Strike{{Key: chaos.ConnKey(4)}} }, nil},
	} {
		if got := struck(c.change); !slices.Equal(got, c.want) {
			t.Errorf("%s: struck %v, want %v", what, got, c.want)
		}
	}
}

// TestNobodyAsked: a fault that met nobody says why it may have.
func TestNobodyAsked(t *testing.T) {
	s := newStand(t)
	s.arm("dns-nxdomain", nil)
	if _, err := s.lookup("mes.plant.test", patience); err != nil {
		t.Fatal(err)
	}
	s.HealAll()
	if d := s.told(evidence.Healed); len(d) != 1 || !strings.Contains(d[0].What, "nobody asked") || !strings.Contains(d[0].What, host) {
		t.Errorf("healed: %+v", d)
	}
	if len(s.told(evidence.Struck)) != 0 || len(s.Armed()) != 0 {
		t.Error("it struck, or is still armed")
	}
	s.arm("dns-nxdomain", func(_ chaos.Fault, r *chaos.Rule) { r.Nth = 99 })
	if _, err := s.lookup(host, patience); err != nil {
		t.Fatal(err)
	}
	s.HealAll()
	if d := s.told(evidence.Healed); len(d) != 2 || d[1].What != "" {
		t.Errorf("somebody asked, though not for the 99th time; healed: %+v", d)
	}
}
