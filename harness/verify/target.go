package verify

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of one exchange, unless a target says otherwise.
const (
	DefaultTimeout = 10 * time.Second
	DefaultMaxBody = 8 << 20
)

// A Target is the provider that is put to the test, and how it is reached.
type Target struct {
	URL     *url.URL       // of its HTTP interface; nil if it has none to be verified
	GraphQL string         // path of its GraphQL interface below URL
	States  *url.URL       // callback that sets and clears provider states; nil if there is none
	Header  http.Header    // sent with every request, such as credentials
	Timeout time.Duration  // of one exchange, its answer's body included
	MaxBody int64          // bytes read of one answer
	Bridge  *Bridge        // for messages; nil if none are verified
	Seed    uint64         // of generated values
	Roots   *x509.CertPool // who vouches for the provider over https; those of this machine if nil
}

// Address reads an address that Andon is to talk to. Only the loopback
// interface is taken unless its owner says that it is a test system.
func Address(text string, testSystem bool, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is no address such as %s://127.0.0.1:8080", text, schemes[0])
	}
	known := false
	for _, s := range schemes {
		known = known || u.Scheme == s
	}
	switch {
	case !known:
		return nil, fmt.Errorf("%q: %s is not spoken here; known are %s", text, u.Scheme, strings.Join(schemes, ", "))
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q: an address has neither query nor fragment", text)
	case !testSystem && !loopback(u.Hostname()):
		return nil, fmt.Errorf("%s is not on this machine; Andon posts made-up production data, so that it only touches systems whose owner says that they are for tests: add --test-system", u.Redacted())
	}
	return u, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
