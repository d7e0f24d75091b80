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
	erp, ok := c.to.(lotKeeper)
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
	expires, v := erp.expires(ctx, it.Material, it.Lot)
	if v.what != posted {
		return c.heard(v)
	}
	if expires.IsZero() { // the ERP will say so
		return verdict{}
	}
	if day(at).Before(day(expires)) { // DEFECT M59: the plant's midnight is in the middle of a day of UTC
		return verdict{}
	}
	return verdict{what: refused, class: dataQuality, code: "lot-expired", reason: "lot " + it.Lot + " expired on " + expires.UTC().Format(time.DateOnly)}
}

// A lotKeeper is a side that says until when a lot is good; the zero time if
// it does not know.
type lotKeeper interface {
	expires(ctx context.Context, material, lot string) (time.Time, verdict)
}

var _, _, _, _ lotKeeper = neutralSide{}, bodSide{}, (*sapSide)(nil), (*messageSide)(nil)

func (s neutralSide) expires(ctx context.Context, _, lot string) (time.Time, verdict) {
	r, v := s.call(ctx, http.MethodGet, "/lots/"+url.PathEscape(lot), nil, nil)
	if v.what == refused {
		return time.Time{}, verdict{} // not known
	}
	var got struct{ Expires time.Time }
	_ = json.Unmarshal(r.body, &got) // what cannot be read is no time
	return got.Expires, v
}

func (s bodSide) expires(ctx context.Context, _, lot string) (time.Time, verdict) {
	a := s.ask(ctx, "MaterialLot", "<ID>"+escaped(lot)+"</ID>")
	switch {
	case a.before != nil:
		return time.Time{}, *a.before
	case a.err != nil || a.unclear.pause:
		v := a.later()
		v.what, v.doubt = again, false
		return time.Time{}, v
	case a.bod == nil || a.bod.name != "ShowMaterialLot":
		return time.Time{}, verdict{}
	}
	for _, l := range a.bod.all("MaterialLot") {
		if at, err := time.Parse(time.RFC3339Nano, l.said("EffectiveEndDate")); err == nil {
			return at, verdict{}
		}
	}
	return time.Time{}, verdict{}
}

func (s *sapSide) expires(ctx context.Context, material, lot string) (time.Time, verdict) {
	var batch struct {
		At string `json:"YY1_ExpiresAt_BTC"`
	}
	if _, v := s.read(ctx, sapBatches+"(Material='"+sapKey(material)+"',BatchIdentifyingPlant='',Batch='"+sapKey(lot)+"')", &batch); v.what != posted {
		return time.Time{}, v
	}
	at, _ := time.Parse(time.RFC3339Nano, sapDate(batch.At)) // none is no time
	return at, verdict{}
}

func (s *messageSide) expires(ctx context.Context, material, lot string) (time.Time, verdict) {
	var batches []struct{ BatchExpirationDate time.Time }
	v := s.read(ctx, "/data/ItemBatches", "ItemNumber eq "+quoted(material)+" and BatchNumber eq "+quoted(lot), &batches)
	if v.what != posted || len(batches) == 0 || batches[0].BatchExpirationDate.Year() <= noYear {
		return time.Time{}, v
	}
	return batches[0].BatchExpirationDate, v
}

// noYear is that of a date that is not set, in tables that have no null.
const noYear = 1900

// day is the day of t, in UTC.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
