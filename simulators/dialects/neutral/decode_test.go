package neutral

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// TestClaimsOutliveTheirDecoder: decoders are used again and texts share
// rooms, so what one message said must not change when others are read.
func TestClaimsOutliveTheirDecoder(t *testing.T) {
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			var events, claims []plant.Event
			for i := range 100 {
				e := receipt(w, i)
				ms, err := Dialect{}.Encode(e)
				if err != nil {
					t.Error(err)
					return
				}
				m := ms[0]
				ask, err := Dialect{}.Decode(m)
				if err != nil || len(ask.Claims) != 1 {
					t.Errorf("%d claims (%v)", len(ask.Claims), err)
					return
				}
				for j := range m.Body { // a transport may use it again
					m.Body[j] = '#'
				}
				events, claims = append(events, e), append(claims, ask.Claims...)
			}
			for i := range events {
				if !reflect.DeepEqual(claims[i], events[i]) {
					t.Errorf("got  %+v\nwant %+v", claims[i], events[i])
				}
			}
		})
	}
	wg.Wait()
}

// receipt has texts that fit a room of texts, and now and then one that does
// not.
func receipt(w, i int) plant.Event {
	f := plant.Received{Order: plant.OrderID(fmt.Sprintf("order %d/%d", w, i)), Counter: i + 1, Material: "P", Lot: plant.LotID(fmt.Sprint("L", i)),
		Quantity: plant.Of(int64(i+1), "EA")}
	for s := range i % 12 {
		f.Serials = append(f.Serials, plant.SerialID(fmt.Sprintf("%d-%d-%d", w, i, s)))
	}
	if i%10 == 0 {
		f.Lot += plant.LotID(strings.Repeat("x", 2*roomOfTexts))
	}
	return plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Date(2026, 3, 2, 6, 0, i, 0, time.UTC), Fact: f}
}

// TestADecoderForgets: nothing of a message that was refused, however deep in
// it, is left for the next.
func TestADecoderForgets(t *testing.T) {
	ms, err := Dialect{}.Encode(receipt(1, 1))
	if err != nil {
		t.Fatal(err)
	}
	m := ms[0]
	want, err := Dialect{}.Decode(m)
	if err != nil {
		t.Fatal(err)
	}
	whole := m.Body
	for n := range whole {
		m.Body = whole[:n]
		if _, err := (Dialect{}).Decode(m); err == nil {
			t.Fatalf("%d bytes of %d were taken", n, len(whole))
		}
		m.Body = whole
		if got, err := (Dialect{}).Decode(m); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("after %d bytes: %+v (%v), want %+v", n, got, err, want)
		}
	}
}
