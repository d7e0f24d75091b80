package plant

import (
	"fmt"
	"slices"
	"time"
)

// mistake is a typing error to come: the next report of a kind states one piece
// too few, and is taken back and reported anew once somebody sees it.
type mistake struct {
	kind  Kind
	order OrderID // empty means whichever is next
}

// untilSeen is how much plant time passes before somebody sees a typing error.
const untilSeen = 15 * time.Minute

// mistype arms typing errors in reports of a kind.
func (s *shop) mistype(a Action) ([]Event, error) {
	kind := a.Kind
	if kind == "" {
		kind = KindConfirmation
	}
	if !slices.Contains(Reversible(), kind) {
		return nil, fmt.Errorf("facts of kind %q cannot be taken back; those of %v can", clip(string(kind)), Reversible())
	}
	if _, err := s.running(a.Order); a.Order != "" && err != nil {
		return nil, err
	}
	for range max(a.Count, 1) {
		s.mistakes = append(s.mistakes, mistake{kind, a.Order})
	}
	return nil, nil
}

// mistyped puts typing errors into reports, if a scenario asked for that, and
// enters into the calendar when each is set right.
func (j *job) mistyped(events []Event) []Event {
	s := j.shop
	for i := range events {
		if len(s.mistakes) == 0 {
			break
		}
		at := slices.IndexFunc(s.mistakes, func(m mistake) bool {
			return m.kind == events[i].Fact.Kind() && (m.order == "" || m.order == j.order)
		})
		if at < 0 {
			continue
		}
		right := events[i].Fact
		wrong, ok := oneLess(right)
		if !ok {
			continue
		}
		s.mistakes = slices.Delete(s.mistakes, at, at+1)
		events[i].Fact = wrong
		original := events[i]
		s.calendar.add(s.now+int64(untilSeen), 0, func(View) []Event { return j.setRight(original, right) })
	}
	return events
}

// setRight takes a report back and makes it anew.
func (j *job) setRight(original Event, right Fact) []Event {
	s := j.shop
	switch f := right.(type) {
	case Confirmed:
		f.Counter = j.count(KindConfirmation, f.Operation)
		right = f
	case Consumed:
		f.Counter = j.count(KindConsumption, f.Operation)
		right = f
	case Scrapped:
		f.Counter = j.count(KindScrap, f.Operation)
		right = f
	case Received:
		f.Counter = j.count(KindReceipt, "")
		right = f
	}
	return []Event{s.event(Reversed{Original: original}), s.event(right)}
}

// oneLess states one unit less of f; false if there is too little of it.
func oneLess(f Fact) (Fact, bool) {
	less := func(q *Quantity) bool {
		if q.Amount <= One {
			return false
		}
		q.Amount -= One
		return true
	}
	switch f := f.(type) {
	case Confirmed:
		ok := less(&f.Yield)
		return f, ok
	case Consumed:
		ok := less(&f.Quantity)
		return f, ok
	case Scrapped:
		ok := less(&f.Quantity)
		return f, ok
	case Received:
		if ok := less(&f.Quantity); !ok {
			return f, false
		}
		if n := len(f.Serials); n > 0 {
			f.Serials = f.Serials[: n-1 : n-1]
		}
		return f, true
	}
	return f, false
}
