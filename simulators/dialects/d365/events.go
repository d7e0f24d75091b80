package d365

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// Business events of production orders.
const (
	EventReleased      = "ProductionOrderReleasedBusinessEvent"
	EventStatusChanged = "ProductionOrderStatusChangedBusinessEvent"
)

// businessEvent is what is announced of an order. It is light: who wants to know
// more reads on.
type businessEvent struct {
	BusinessEventId       string
	ControlNumber         int64
	EventId               string
	EventTime             eventTime
	LegalEntity           string
	MajorVersion          int
	MinorVersion          int
	OldStatus             string `json:",omitempty"`
	NewStatus             string `json:",omitempty"`
	ProductionOrderNumber string
	ProductionOrderType   string
}

// eventTime is when an event happened, in one of the forms that are seen.
type eventTime struct {
	at   time.Time
	form Times
}

// MarshalJSON implements [json.Marshaler].
func (t eventTime) MarshalJSON() ([]byte, error) {
	ms := strconv.FormatInt(t.at.UnixMilli(), 10)
	switch t.form {
	case Milliseconds:
		return []byte(ms), nil
	case ISO:
		return []byte(`"` + t.at.UTC().Format("2006-01-02T15:04:05.9999999Z") + `"`), nil
	}
	return []byte(`"/Date(` + ms + `)/"`), nil
}

// businessEvent words what the planner did with an order. There is no event for
// a change of quantity: the order is taken back and released again, of which
// only the last step is announced here.
func (d Dialect) businessEvent(e plant.Event) []byte {
	k := e.Fact.Keys()
	b := businessEvent{BusinessEventId: EventReleased, ControlNumber: controlNumber(e.At, k.Counter, string(e.ID)), EventId: guid(string(e.ID)), EventTime: eventTime{e.At, d.Settings.Times},
		LegalEntity: d.Settings.company(), ProductionOrderNumber: string(k.Order), ProductionOrderType: "Standard"}
	switch e.Fact.Kind() {
	case plant.KindOrderChanged:
		b.BusinessEventId, b.OldStatus, b.NewStatus = EventStatusChanged, "Scheduled", "Released"
	case plant.KindOrderCancelled:
		b.BusinessEventId, b.OldStatus, b.NewStatus = EventStatusChanged, "Released", "Created"
	}
	return plain(b)
}

// firstNumber is where numbers of records begin.
const firstNumber = 5637144576

// controlNumber rises with time and, within a second, with the version of an
// order. It has gaps, as the real one, which all business events share; events
// of one second have different ones.
func controlNumber(at time.Time, version int, event string) int64 {
	const since2026 = 1767225600
	h := sha256.Sum256([]byte(event))
	return firstNumber + (at.Unix()-since2026)<<16 + int64(version%8)<<13 + int64(h[0])<<5 + int64(h[1]>>3)
}

// guid makes an identifier of the usual form of a text.
func guid(text string) string {
	h := sha256.Sum256([]byte(text))
	return fmt.Sprintf("%X-%X-%X-%X-%X", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
