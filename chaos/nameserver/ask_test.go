package nameserver_test

import (
	"testing"

	"github.com/miekg/dns"
)

// ask asks for an IPv4 address and tells for how many seconds the answer may be
// remembered, which Go's resolver does not.
func (s *stand) ask(t *testing.T, name string) (address string, ttl uint32) {
	t.Helper()
	a, err := dns.Exchange(new(dns.Msg).SetQuestion(dns.Fqdn(name), dns.TypeA), s.Addr())
	if err != nil || len(a.Answer) != 1 {
		t.Fatalf("asked for %s: %v, %v", name, a, err)
	}
	r, ok := a.Answer[0].(*dns.A)
	if !ok {
		t.Fatalf("asked for %s: %v", name, a)
	}
	return r.A.String(), r.Hdr.Ttl
}
