package bridge

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// The sound bridge leaves it to the ERP whether a lot may still be used. A
// build that wants to know it better has to compare instants, or days of the
// plant's calendar.

var datedOn = regexp.MustCompile(`"PostingDate"\s*:\s*"([^"]+)"`)

// expired is what defect M59 asks before it posts an issue: whether the lot was
// good on the day on which it was used.
func (c *courier) expired(ctx context.Context, it *item) verdict {
	n, ok := c.to.(neutralSide)
	used := datedOn.FindSubmatch(it.body)
	if !ok || it.Kind != kindConsumption || it.Lot == "" || it.sent || used == nil {
		return verdict{}
	}
	at, err := time.Parse(time.RFC3339Nano, string(used[1]))
	if err != nil {
		return verdict{}
	}
	if c.outbox.paused() > 0 {
		return verdict{what: waiting}
	}
	r, v := n.call(ctx, http.MethodGet, "/lots/"+url.PathEscape(it.Lot), nil, nil)
	if v.what == refused {
		return verdict{} // not known: the ERP will say so
	}
	if v.what != posted {
		return c.heard(v)
	}
	var lot struct{ Expires time.Time }
	if err := json.Unmarshal(r.body, &lot); err != nil || lot.Expires.IsZero() {
		return verdict{}
	}
	if day(at).Before(day(lot.Expires)) { // DEFECT M59: the plant's midnight is in the middle of a day of UTC
		return verdict{}
	}
	return verdict{what: refused, class: dataQuality, code: "lot-expired", reason: "lot " + it.Lot + " expired on " + lot.Expires.UTC().Format(time.DateOnly)}
}

// day is the day of t, in UTC.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
