package bridge

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// system is one of the two systems as the bridge calls it: how to ask, how to
// prove who we are, and what its answers mean.
type system struct {
	name   string // "erp" or "mes"
	at     Endpoint
	client *http.Client
	limit  time.Duration // of one request
	tokens *tokens
	defect Defect
}

func newSystem(name string, at Endpoint, c Config) *system {
	shown, _ := c.shown() // validated
	pool := &http.Transport{MaxIdleConnsPerHost: 2 * c.Parallel, IdleConnTimeout: 30 * time.Second, TLSClientConfig: shown, DialContext: c.dialer().DialContext}
	if c.Defect == M68 {
		pool.DialContext = newLeaky().dial
	}
	client := &http.Client{
		Transport:     pool,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a POST must not become a GET
	}
	s := &system{name: name, at: at, client: client, limit: c.Timeout, defect: c.Defect}
	s.tokens = &tokens{system: s}
	return s
}

// A reply is what came back, or err if nothing did: then it is unknown whether
// the request took effect.
type reply struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// mostReply is how much of a reply is read.
const mostReply = 4 << 20

// do sends one request. It is cut off after the limit, but not by ctx being
// done: what was begun is finished also when the bridge is told to stop.
func (s *system) do(ctx context.Context, method, url string, header http.Header, body []byte) reply {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return reply{err: err}
	}
	for k, v := range header {
		req.Header[k] = v
	}
	// Never let the transport repeat a request by itself: whether and when to
	// do that is decided here, where it is known what it means.
	req.GetBody = nil
	res, err := s.client.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, mostReply))
	if err != nil {
		return reply{err: fmt.Errorf("read reply: %w", err)}
	}
	return reply{status: res.StatusCode, header: res.Header, body: b}
}

// call is do with a token, which is renewed once if it is not accepted.
func (s *system) call(ctx context.Context, method, path string, header http.Header, body []byte) (reply, verdict) {
	for renewed := false; ; renewed = true {
		token, v := s.tokens.get(ctx)
		if v.what != posted {
			return reply{}, v
		}
		if header == nil {
			header = http.Header{}
		}
		if token != "" {
			header.Set("Authorization", "Bearer "+token)
		}
		if s.at.Version != "" && s.defect != M91 { // DEFECT M91: who needs versions
			header.Set(versionHeader, s.at.Version)
		}
		if key := header.Get("Idempotency-Key"); s.defect == M92 && key != "" && !renewed { // DEFECT M92: each version of the interface has keys of its own
			header.Set("Idempotency-Key", digest(key+" by "+s.at.Version))
		}
		r := s.do(ctx, method, strings.TrimSuffix(s.at.URL, "/")+path, header, body)
		if r.status != http.StatusUnauthorized {
			return r, s.judge(r)
		}
		s.tokens.refused(token)
		if s.defect == M57 { // DEFECT M57: the message that met the 401 is gone
			return r, verdict{what: lost, reason: "401"}
		}
		if renewed {
			return r, s.judge(r)
		}
	}
}

// outcome says what is to be done after a request.
type outcome int

const (
	posted    outcome = iota // it is done
	again                    // it is not done, or unknown; try again
	refused                  // it will never be done this way
	rowwise                  // see rows
	overtaken                // it need not be done any more
	parked                   // a quality decision comes first
	waiting                  // the endpoint has asked for a pause; nothing was tried
	later                    // something else comes first; nothing was tried
	pending                  // accepted; code names the operation to ask
	lost                     // only defects do this
)

// A verdict is what a reply means.
type verdict struct {
	what   outcome
	class  string // of an exception
	code   string
	reason string
	pause  bool          // the whole endpoint asks for patience
	after  time.Duration // for how long; 0 if it does not say
	doubt  bool          // of again: it may have been done
	rows   []row
}

// row is what became of one row of a batch.
type row struct {
	Reference string `json:"reference"`
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Class     string `json:"class"`
	Detail    string `json:"detail"`
}

// Classes of exceptions: who has to act.
const (
	technical   = "technical"
	business    = "business"
	dataQuality = "data-quality"
)

// judge says what a reply means.
func (s *system) judge(r reply) verdict {
	if s.defect == M96 && nameless(r.err) { // DEFECT M96: names that are gone come back
		return verdict{what: refused, class: business, code: "no-such-host", reason: r.err.Error()}
	}
	if r.err != nil {
		return verdict{what: again, class: technical, code: "no-reply", reason: r.err.Error()}
	}
	var a struct {
		Outcome, Code, Class, Detail, Title, Operation string
		Status                                         int
		Items                                          []row
	}
	jerr := json.Unmarshal(r.body, &a)
	if other := new(json.UnmarshalTypeError); errors.As(jerr, &other) {
		jerr = nil // JSON, but of another shape: not for us to judge
	}
	if r.status/100 == 2 {
		switch {
		case s.defect == M24: // DEFECT M24: 2xx is success, whatever the body says
		case s.defect == M22: // DEFECT M22: and so is 207
		case r.status == http.StatusMultiStatus, a.Outcome == "partly", a.Outcome == "applied" && len(a.Items) > 1: // some say it with 200
			return verdict{what: rowwise, rows: a.Items}
		case r.status == http.StatusAccepted && a.Operation != "":
			return verdict{what: pending, code: a.Operation}
		case len(r.body) == 0: // nothing to read between the lines
		case jerr != nil:
			// A login or maintenance page with status 200 is nobody's consent.
			return verdict{what: again, class: technical, code: "not-understood", reason: "reply is not JSON: " + clip(string(r.body))}
		case a.Status >= 400 || a.Outcome == "refused":
			v := judgeStatus(cmp.Or(a.Status, http.StatusUnprocessableEntity), a.Code, a.Class, cmp.Or(a.Detail, a.Title))
			return v
		}
		return verdict{what: posted}
	}
	v := judgeStatus(r.status, a.Code, a.Class, cmp.Or(a.Detail, a.Title, http.StatusText(r.status)))
	if v.what == refused && len(a.Items) > 1 {
		v.rows = a.Items
	}
	s.patience(&v, r)
	s.misjudge(&v, r, a.Code)
	return v
}

// patience reads how long a throttling or unavailable endpoint wants us away.
func (s *system) patience(v *verdict, r reply) {
	if r.status != http.StatusTooManyRequests && r.status != http.StatusServiceUnavailable {
		return
	}
	v.pause, v.after = true, retryAfter(r.header, time.Now())
	if fatal(r.status, s.defect) {
		*v = blamed(*v)
	}
}

// misjudge holds the defects in reading refusals.
func (s *system) misjudge(v *verdict, r reply, code string) {
	throttled := r.status == http.StatusTooManyRequests
	switch {
	case s.defect == M04 && code == "key-reused": // DEFECT M04: its own too coarse key, taken for a repetition
		*v = verdict{what: posted}
	case s.defect == M12, s.defect == M15: // DEFECT M12, M15: Retry-After is not read
		v.pause, v.after = false, 0
	case s.defect == M13 && v.pause: // DEFECT M13: 503 may have one, too, and it may be a date
		if _, err := strconv.Atoi(r.header.Get("Retry-After")); err != nil || !throttled {
			v.pause, v.after = false, 0
		}
	}
}

// judgeStatus says what a refusal means, for a message or a row of one.
func judgeStatus(status int, code, class, detail string) verdict {
	v := verdict{what: refused, class: class, code: code, reason: cmp.Or(detail, http.StatusText(status))}
	switch status {
	case http.StatusConflict:
		if code == "already-posted" { // our own posting, whose reply we never heard
			return verdict{what: posted}
		}
		if class == technical { // two transactions met: nobody has to decide anything
			v.what = again
		}
		v.class = cmp.Or(class, business)
	case http.StatusForbidden:
		v.class = cmp.Or(class, technical)
	case http.StatusUnauthorized, http.StatusLocked, http.StatusPreconditionFailed, http.StatusFailedDependency,
		http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusTooEarly:
		v.what, v.class = again, technical
	default:
		if status >= 400 && status < 500 {
			v.class = cmp.Or(class, dataQuality)
		} else {
			v.what, v.class = again, technical
		}
	}
	return v
}

// Bounds of what a Retry-After can ask for. One beyond an hour is taken for a
// mistake: nobody stops a plant for a day on a header's word. The endpoint is
// then asked again every few seconds.
const (
	longestPause = 2 * time.Minute
	absurd       = time.Hour
	probe        = 5 * time.Second
)

// bounded is a pause that was asked for as it is kept.
func bounded(d time.Duration) time.Duration {
	if d > absurd {
		return probe
	}
	return min(max(0, d), longestPause)
}

// retryAfter reads both forms of Retry-After (RFC 9110 §10.2.3); 0 if there is
// none. A date is compared with the sender's own clock where it tells it.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.Atoi(text); err == nil {
		return bounded(time.Duration(min(max(0, seconds), 1<<30)) * time.Second)
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return bounded(date.Sub(now))
}

// Backoff between attempts.
const (
	firstGap = 50 * time.Millisecond
	lastGap  = time.Second
)

// backoff returns the gap after the n-th attempt: it doubles from 50 ms to 1 s
// and is then stretched by up to a half, so that senders do not march in step.
func backoff(n int) time.Duration {
	gap := lastGap
	if n < 6 {
		gap = min(lastGap, firstGap<<max(0, n-1))
	}
	return gap + rand.N(gap/2)
}

// clip shortens foreign text for messages.
func clip(s string) string {
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
