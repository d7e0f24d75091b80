package verify

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/evidence"
)

// A wire makes HTTP requests and keeps them within bounds. Each has a
// connection of its own, so that what a provider does to one cannot befall the
// next, and nothing is sent twice behind our back.
type wire struct {
	client  *http.Client
	timeout time.Duration
	maxBody int64
}

// maxHead bounds the head of an answer.
const maxHead = 1 << 20

func newWire(timeout time.Duration, maxBody int64, roots *x509.CertPool) wire {
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: timeout}).DialContext,
		DisableKeepAlives:      true,
		DisableCompression:     true, // an answer is judged as it was sent
		MaxResponseHeaderBytes: maxHead,
		TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    timeout,
		Proxy:                  nil, // a provider is reached directly or not at all
	}
	return wire{
		client:  &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		timeout: timeout, maxBody: maxBody,
	}
}

// trouble is why there is no answer to judge.
type trouble struct {
	verdict     evidence.Verdict
	environment bool
	text        string
}

func (t *trouble) Error() string { return t.text }

// send makes a request below base and reads the answer.
func (w wire) send(ctx context.Context, base *url.URL, p contracts.Part, extra http.Header) (contracts.Part, *trouble) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	req, err := request(ctx, base, p, extra)
	if err != nil {
		return contracts.Part{}, &trouble{verdict: evidence.Inconclusive, text: "the request cannot be made: " + err.Error()}
	}
	resp, err := w.client.Do(req)
	if err != nil {
		return contracts.Part{}, w.why(ctx, base, err)
	}
	defer resp.Body.Close()
	out := contracts.Part{Status: resp.StatusCode, Headers: resp.Header}
	body, err := io.ReadAll(io.LimitReader(resp.Body, w.maxBody+1))
	if int64(len(body)) > w.maxBody {
		return out, w.tooLarge()
	}
	if err != nil {
		return out, w.cut(ctx, resp, len(body), err)
	}
	if strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") && len(body) > 0 {
		var bad *trouble
		if body, bad = w.unzip(body); bad != nil {
			return out, bad
		}
	}
	out.Body = body
	return out, nil
}

func (w wire) tooLarge() *trouble {
	return &trouble{verdict: evidence.Inconclusive, text: fmt.Sprintf("answered more than %d bytes, which are not judged; --max-body takes more", w.maxBody)}
}

// unzip opens a packed body, within the same bound.
func (w wire) unzip(b []byte) ([]byte, *trouble) {
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, &trouble{verdict: evidence.Violated, text: "answered with Content-Encoding gzip, and the body is none: " + err.Error()}
	}
	out, err := io.ReadAll(io.LimitReader(z, w.maxBody+1))
	switch {
	case int64(len(out)) > w.maxBody:
		return nil, w.tooLarge()
	case err != nil:
		return nil, &trouble{verdict: evidence.Violated, text: "answered with Content-Encoding gzip, and the body is damaged: " + err.Error()}
	}
	return out, nil
}

// cut is an answer that ended or stood still before it was whole.
func (w wire) cut(ctx context.Context, resp *http.Response, n int, err error) *trouble {
	of := ""
	if resp.ContentLength > 0 {
		of = fmt.Sprintf(" of %d", resp.ContentLength)
	}
	if interrupted(ctx) {
		return stopped()
	}
	if ctx.Err() != nil {
		return &trouble{verdict: evidence.Violated, text: fmt.Sprintf("answered status %d and %d%s bytes, and no more within %s", resp.StatusCode, n, of, w.timeout)}
	}
	return &trouble{verdict: evidence.Violated, text: fmt.Sprintf("answered status %d and broke off after %d%s bytes: %v", resp.StatusCode, n, of, plain(err))}
}

// why says whose fault it is that there is no answer at all.
func (w wire) why(ctx context.Context, base *url.URL, err error) *trouble {
	var dial *net.OpError
	var dns *net.DNSError
	refused := errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &dns)
	switch {
	case interrupted(ctx):
		return stopped()
	case refused:
		return &trouble{verdict: evidence.Inconclusive, environment: true, text: fmt.Sprintf("nobody is to be reached at %s: %v", base.Redacted(), plain(err))}
	case errors.As(err, new(*tls.CertificateVerificationError)):
		return &trouble{verdict: evidence.Inconclusive, environment: true, text: fmt.Sprintf("the certificate of %s is not trusted: %v; --ca names who vouches for it", base.Host, plain(err))}
	case errors.As(err, new(tls.RecordHeaderError)), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return &trouble{verdict: evidence.Inconclusive, environment: true, text: base.Host + " does not speak TLS; write its address with http://"}
	case ctx.Err() != nil:
		return &trouble{verdict: evidence.Violated, text: fmt.Sprintf("no answer within %s", w.timeout)}
	case errors.Is(err, io.EOF):
		return &trouble{verdict: evidence.Violated, text: "closed the connection without an answer"}
	case strings.Contains(err.Error(), "malformed"):
		return &trouble{verdict: evidence.Violated, text: "what it answered is no HTTP: " + plain(err).Error()}
	}
	return &trouble{verdict: evidence.Violated, text: "no answer: " + plain(err).Error()}
}

// interrupted reports whether the user has stopped the run.
func interrupted(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

func stopped() *trouble {
	return &trouble{verdict: evidence.Inconclusive, text: "interrupted before there was an answer"}
}

// plain is err without the method and the address that are told already.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// ours are headers that follow from the message itself.
var ours = []string{"Content-Length", "Transfer-Encoding", "Connection", "Host"}

func request(ctx context.Context, base *url.URL, p contracts.Part, extra http.Header) (*http.Request, error) {
	u := *base
	u.Path = strings.TrimSuffix(base.Path, "/") + p.Path
	if plain, err := url.PathUnescape(u.Path); err == nil {
		u.RawPath, u.Path = u.Path, plain
	}
	u.RawQuery = url.Values(p.Query).Encode()
	method := p.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(p.Body))
	if err != nil {
		return nil, plain(err)
	}
	for name, values := range p.Headers {
		if slices.ContainsFunc(ours, func(o string) bool { return strings.EqualFold(o, name) }) {
			continue
		}
		for _, v := range values {
			req.Header.Add(name, v)
		}
	}
	for name, values := range extra {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "andon-verify")
	}
	return req, nil
}
