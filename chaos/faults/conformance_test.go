package faults_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
)

// A conformance is one form of a fault, an exchange that it strikes, and what a
// standard HTTP client sees of it.
type conformance struct {
	fault string // in the catalog
	form  string
	f     func() chaos.Fault
	rule  chaos.Rule
	// provoke makes the i-th exchange of its kind, each about another fact.
	provoke func(s *stand, i int) []seen
	// see says what is wrong with what was seen of the first.
	see func(s *stand, got []seen) string
}

// confirmationOf is the i-th of facts that have nothing to do with each other.
func confirmationOf(i int) plant.Confirmed {
	return plant.Confirmed{Order: plant.OrderID(fmt.Sprintf("47%02d", i)), Operation: "0010", Counter: 1, WorkCenter: "SAW", Yield: plant.Quantity{Amount: plant.MustDecimal("12.5"), Unit: "EA"},
		Start: monday.Add(-time.Hour), End: monday}
}

func consumptionOf(i int) plant.Consumed {
	return plant.Consumed{Order: plant.OrderID(fmt.Sprintf("47%02d", i)), Operation: "0010", Counter: 1, Material: "STEEL", Lot: "S-1",
		Quantity: plant.Quantity{Amount: plant.MustDecimal("1.25"), Unit: "KG"}}
}

// posts one confirmation.
func posts(s *stand, i int) []seen { return []seen{s.post(confirmationOf(i))} }

// postsAgain posts one confirmation, and again.
func postsAgain(s *stand, i int) []seen {
	return []seen{s.post(confirmationOf(i)), s.post(confirmationOf(i))}
}

// postsBatch posts four consumptions as one message, and again.
func postsBatch(s *stand, i int) []seen {
	f := consumptionOf(i)
	var rows []plant.Fact
	for n := range 4 {
		f.Counter = n + 1
		rows = append(rows, f)
	}
	return []seen{s.post(rows...), s.post(rows...)}
}

// announces one order change to the SUT, which a fault that strikes may have
// come more often.
func announces(more int) func(s *stand, i int) []seen {
	return func(s *stand, i int) []seen {
		return s.announce(more, event(plant.OrderChanged{Order: plant.OrderID(fmt.Sprintf("47%02d", i)), Version: 2, Quantity: plant.Of(90, "EA"), Due: monday}))
	}
}

func refused(status int, texts ...string) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		if got[0].status != status {
			return fmt.Sprintf("want %d", status)
		}
		for _, text := range texts {
			if !got[0].has(text) {
				return fmt.Sprintf("want %s in the body", text)
			}
		}
		return ""
	}
}

// once wants the second attempt to get through, and one posting.
func once(first func(s *stand, got []seen) string) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		if why := first(s, got); why != "" {
			return why
		}
		if n := s.postings(confirmationOf(0)); got[1].status/100 != 2 || n != 1 {
			return fmt.Sprintf("second attempt: %s; %d postings", got[1], n)
		}
		return ""
	}
}

func header(name, value string) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		if v := got[0].header.Get(name); v != value {
			return fmt.Sprintf("%s is %q, want %q", name, v, value)
		}
		return ""
	}
}

func both(a, b func(s *stand, got []seen) string) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		if why := a(s, got); why != "" {
			return why
		}
		return b(s, got)
	}
}

func broken(s *stand, got []seen) string {
	if got[0].err == nil {
		return "want a broken connection"
	}
	return ""
}

// items of an answer to a batch, by reference.
func items(got seen) (refs []string, statuses map[int]int) {
	var a struct {
		Items []struct {
			Reference string
			Status    int
		}
	}
	_ = json.Unmarshal([]byte(got.body), &a)
	statuses = map[int]int{}
	for _, it := range a.Items {
		refs = append(refs, it.Reference)
		statuses[it.Status]++
	}
	return refs, statuses
}

func application() []conformance {
	toSUT, fromSUT := chaos.Rule{Direction: simulators.ToSUT}, chaos.Rule{Direction: simulators.FromSUT, Writes: true}
	first := chaos.Rule{Direction: simulators.FromSUT, Writes: true, Attempts: 1}
	return []conformance{
		{"lose", "reset", func() chaos.Fault { return &faults.Lose{} }, first, postsAgain, once(broken)},
		{"lose", "gateway", func() chaos.Fault { return &faults.Lose{Symptom: simulators.Gateway} }, first, postsAgain, once(refused(502))},
		{"network-loss", "", func() chaos.Fault { return &faults.NetworkLoss{} }, fromSUT, posts, broken},
		{"delay", "fixed", func() chaos.Fault { return &faults.Delay{For: wall(60 * time.Millisecond)} }, fromSUT, posts, func(s *stand, got []seen) string {
			if got[0].status != 201 || got[0].took < 60*time.Millisecond {
				return "want 201 after 60 ms"
			}
			return ""
		}},
		{"delay", "drawn", func() chaos.Fault {
			return &faults.Delay{Median: wall(40 * time.Millisecond), P99: wall(60 * time.Millisecond)}
		}, fromSUT, posts, func(s *stand, got []seen) string {
			if got[0].status != 201 || got[0].took < 20*time.Millisecond {
				return "want 201 after some time"
			}
			return ""
		}},
		{"duplicate", "", func() chaos.Fault { return &faults.Duplicate{Copies: 1} }, toSUT, announces(1), func(s *stand, got []seen) string {
			if got[0].body != got[1].body || got[0].header.Get("Andon-Message-Id") != got[1].header.Get("Andon-Message-Id") {
				return "want the same message twice"
			}
			return ""
		}},
		{"reorder", "", func() chaos.Fault { return &faults.Reorder{For: wall(300 * time.Millisecond)} }, chaos.Rule{Direction: simulators.ToSUT, Every: 2, Per: "run"},
			func(s *stand, i int) []seen {
				o := plant.OrderID(fmt.Sprintf("47%02d", i))
				change := func(v int) plant.Event {
					return event(plant.OrderChanged{Order: o, Version: v, Quantity: plant.Of(int64(80+v), "EA"), Due: monday})
				}
				return s.announce(0, change(2), change(3), change(4))
			}, func(s *stand, got []seen) string {
				if got[2].event != "order-changed/4700/3" {
					return "want the second announcement last, not " + got[2].event
				}
				return ""
			}},
		{"ambiguous-commit", "", func() chaos.Fault { return &faults.AmbiguousCommit{Latency: wall(20 * time.Millisecond)} }, first, postsAgain, once(broken)},
		{"ambiguous-commit", "drawn", func() chaos.Fault {
			return &faults.AmbiguousCommit{Median: wall(40 * time.Millisecond), P99: wall(60 * time.Millisecond)}
		}, first, postsAgain, once(func(s *stand, got []seen) string {
			if got[0].err == nil || got[0].took < 20*time.Millisecond {
				return "want a broken connection after some time"
			}
			return ""
		})},
		{"refuse-before-apply", "", func() chaos.Fault { return &faults.RefuseBeforeApply{Symptom: simulators.Gateway} }, first, postsAgain, once(refused(502))},
		{"throttle", "seconds", func() chaos.Fault { return &faults.Throttle{After: wall(3 * time.Second), Attempts: 1} }, fromSUT, postsAgain, once(both(refused(429), header("Retry-After", "3")))},
		{"throttle", "a day", func() chaos.Fault { return &faults.Throttle{After: wall(24 * time.Hour), Attempts: 1} }, fromSUT, postsAgain, once(both(refused(429), header("Retry-After", "86400")))},
		{"throttle", "zero", func() chaos.Fault { return &faults.Throttle{RetryAfter: simulators.RetryZero, Attempts: 1} }, fromSUT, postsAgain, once(both(refused(429), header("Retry-After", "0")))},
		{"throttle", "missing", func() chaos.Fault { return &faults.Throttle{RetryAfter: simulators.RetryMissing, Attempts: 1} }, fromSUT, postsAgain, once(both(refused(429), header("Retry-After", "")))},
		{"throttle", "by route", func() chaos.Fault {
			return &faults.Throttle{Rate: 1, Window: wall(time.Minute), Per: faults.PerRoute, After: wall(time.Second)}
		}, fromSUT, func(s *stand, i int) []seen {
			return []seen{s.post(confirmationOf(2 * i)), s.post(consumptionOf(2 * i)), s.post(confirmationOf(2*i + 1))}
		}, func(s *stand, got []seen) string {
			if got[0].status != 201 || got[1].status != 201 || got[2].status != 429 {
				return "want one confirmation and one consumption in a minute"
			}
			return ""
		}},
		{"throttle", "smooth", func() chaos.Fault {
			return &faults.Throttle{Rate: 3, Window: wall(time.Second), Smooth: wall(400 * time.Millisecond), After: wall(time.Second)}
		}, fromSUT, func(s *stand, i int) (got []seen) {
			for n := range 6 { // also over TLS on a busy machine faster than the rate
				got = append(got, s.post(plant.Confirmed{Order: "4700", Operation: "0010", Counter: 100*i + n + 1, Yield: plant.Of(1, "EA")}))
			}
			return got
		}, func(s *stand, got []seen) string {
			slow := 0
			for _, g := range got {
				if g.took > 50*time.Millisecond {
					slow++
				}
			}
			if got[0].status != 201 || slow == 0 {
				return fmt.Sprintf("want some of 6 held, %d were", slow)
			}
			return ""
		}},
		{"outage", "", func() chaos.Fault { return &faults.Outage{After: wall(time.Second)} }, fromSUT, posts, both(refused(503, "out-of-service"), header("Retry-After", "1"))},
		{"outage", "page", func() chaos.Fault { return &faults.Outage{Page: faults.PageMaintenance} }, fromSUT, posts, refused(200, "<title>Scheduled maintenance</title>")},
		{"stale-token", "expired", func() chaos.Fault { return &faults.StaleToken{Attempts: 1} }, fromSUT, func(s *stand, i int) []seen {
			got := posts(s, i)
			s.renew()
			return append(got, posts(s, i)...)
		}, once(both(refused(401, "invalid_token"), header("Www-Authenticate", `Bearer error="invalid_token"`)))},
		{"stale-token", "forbidden", func() chaos.Fault { return &faults.StaleToken{Variant: faults.TokenForbidden} }, fromSUT, postsAgain, func(s *stand, got []seen) string {
			if got[0].status != 403 || got[1].status != 403 || s.postings(confirmationOf(0)) != 0 {
				return "want 403 each time, and no posting"
			}
			return ""
		}},
		{"stale-token", "skewed", func() chaos.Fault {
			return &faults.StaleToken{Variant: faults.TokenSkewed, Skew: wall(time.Hour)}
		}, chaos.Rule{Direction: simulators.FromSUT}, func(s *stand, i int) []seen {
			return []seen{s.signIn(url.Values{"grant_type": {"client_credentials"}})}
		}, refused(200, `"expires_in":3615`)},
		{"stale-token", "refresh-used", func() chaos.Fault { return &faults.StaleToken{Variant: faults.TokenRefreshUsed} }, chaos.Rule{Direction: simulators.FromSUT},
			func(s *stand, i int) []seen {
				var got struct {
					Refresh string `json:"refresh_token"`
				}
				_ = json.Unmarshal([]byte(s.signIn(url.Values{"grant_type": {"client_credentials"}, "scope": {"offline_access"}}).body), &got)
				return []seen{s.signIn(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.Refresh}})}
			}, refused(400, `"error":"invalid_grant"`)},
		{"lying-success", "", func() chaos.Fault { return &faults.LyingSuccess{Attempts: 1} }, fromSUT, postsAgain, once(refused(200, "order-locked"))},
		{"partial-batch", "some-fail", func() chaos.Fault { return &faults.PartialBatch{Attempts: 1} }, fromSUT, postsBatch, func(s *stand, got []seen) string {
			if _, n := items(got[0]); got[0].status != 207 || n[201] != 2 || n[423] != 2 {
				return fmt.Sprintf("want 207, two rows posted, two locked: %v", n)
			}
			return ""
		}},
		{"partial-batch", "soft", func() chaos.Fault { return &faults.PartialBatch{Soft: true, Says: faults.SaysRefused, Attempts: 1} }, fromSUT, postsBatch, func(s *stand, got []seen) string {
			if _, n := items(got[0]); got[0].status != 200 || n[201] != 2 || n[409] != 2 {
				return fmt.Sprintf("want 200, two rows posted, two refused: %v", n)
			}
			return ""
		}},
		{"partial-batch", "first-stops", func() chaos.Fault { return &faults.PartialBatch{Variant: faults.FirstStops, Attempts: 1} }, fromSUT, postsBatch, func(s *stand, got []seen) string {
			if _, n := items(got[0]); n[423] != 1 || n[201]+n[424] != 3 {
				return fmt.Sprintf("want one row locked, those behind it not processed: %v", n)
			}
			return ""
		}},
		{"partial-batch", "fewer-results", func() chaos.Fault { return &faults.PartialBatch{Variant: faults.FewerResults, Attempts: 1} }, fromSUT, postsBatch, func(s *stand, got []seen) string {
			refs, _ := items(got[0])
			if f := consumptionOf(0); got[0].status != 207 || len(refs) != 3 || got[1].status != 200 || s.postings(f) != 1 {
				return fmt.Sprintf("want three results, and all of them under the same key: %v, then %s", refs, got[1])
			}
			return ""
		}},
		{"partial-batch", "reordered", func() chaos.Fault { return &faults.PartialBatch{Variant: faults.Reordered, Attempts: 1} }, fromSUT, postsBatch, func(s *stand, got []seen) string {
			if refs, _ := items(got[0]); len(refs) != 4 || !strings.HasSuffix(refs[0], "/4") || !strings.HasSuffix(refs[3], "/1") {
				return fmt.Sprintf("want the rows in reverse: %v", refs)
			}
			return ""
		}},
		{"async-accept", "done", func() chaos.Fault {
			return &faults.AsyncAccept{Then: simulators.CompletesOnce, After: wall(200 * time.Millisecond), Attempts: 1}
		}, fromSUT, follows, ended("succeeded", 1)},
		{"async-accept", "fails", func() chaos.Fault {
			return &faults.AsyncAccept{Then: simulators.CompletesNot, After: wall(200 * time.Millisecond), Attempts: 1}
		}, fromSUT, follows, both(ended("failed", 0), func(s *stand, got []seen) string {
			if last := got[len(got)-1]; !last.has(`"class":"business"`) || !last.has(`"status":409`) {
				return "want the refusal that it failed with"
			}
			return ""
		})},
		{"async-accept", "never", func() chaos.Fault { return &faults.AsyncAccept{Then: simulators.CompletesNever, Attempts: 1} }, fromSUT, func(s *stand, i int) []seen {
			got := posts(s, i)
			return append(got, s.get(got[0].header.Get("Location")), s.post(confirmationOf(i)))
		}, func(s *stand, got []seen) string {
			if got[0].status != 202 || !got[1].has(`"state":"running"`) || got[2].status != 201 || s.postings(confirmationOf(0)) != 1 {
				return fmt.Sprintf("want an operation that runs on, and a repetition that is taken anew: %s, %s", got[1], got[2])
			}
			return ""
		}},
		{"async-accept", "twice", func() chaos.Fault {
			return &faults.AsyncAccept{Then: simulators.CompletesTwice, After: wall(200 * time.Millisecond), Attempts: 1}
		}, fromSUT, func(s *stand, i int) []seen {
			got := follows(s, i)
			return append(got, s.get(got[0].header.Get("Location")))
		}, func(s *stand, got []seen) string {
			if n := len(got); !got[n-2].has(`"state":"succeeded"`) || !got[n-1].has(`"state":"running"`) || s.postings(confirmationOf(0)) != 1 {
				return fmt.Sprintf("want an operation that was done and runs again: %s, %s", got[n-2], got[n-1])
			}
			return ""
		}},
		{"optimistic-lock", "document", func() chaos.Fault { return &faults.OptimisticLock{Attempts: 1} }, fromSUT, postsAgain, once(refused(423, "by user MILLER"))},
		{"optimistic-lock", "etag", func() chaos.Fault { return &faults.OptimisticLock{Says: faults.LockETag, Attempts: 1} }, fromSUT, postsAgain, once(refused(412, "etag-mismatch"))},
		{"optimistic-lock", "conflict", func() chaos.Fault { return &faults.OptimisticLock{Says: faults.LockConflict, Attempts: 1} }, fromSUT, postsAgain, once(refused(409, `"class":"technical"`))},
		{"schema-drift", "extra-field", drift(chaos.DriftExtraField), toSUT, announces(0), understood("90", `"futureUse"`)},
		{"schema-drift", "extra-namespace", drift(chaos.DriftNamespace), toSUT, announces(0), understood("90", `"@xmlns:vnd"`)},
		{"schema-drift", "renamed-field", drift(chaos.DriftRenamed), toSUT, announces(0), understood("", `"QuantityString_2":"90"`)},
		{"schema-drift", "null", drift(chaos.DriftNull), toSUT, announces(0), understood("", `"QuantityString":null`)},
		{"schema-drift", "type-changed", drift(chaos.DriftType), toSUT, announces(0), understood("", `"QuantityString":90`)},
		{"schema-drift", "new-enum", drift(chaos.DriftEnum), toSUT, announces(0), understood("", `"MaterialUse":"Provisional"`)},
		{"schema-drift", "decimal-comma", drift(chaos.DriftComma), toSUT, announces(0), understood("", `"QuantityString":"90,0"`)},
		{"reply-drift", "renamed-field", func() chaos.Fault { return &faults.ReplyDrift{Change: "renamed-field", Attempts: 1} }, fromSUT, postsAgain, once(refused(201, `"outcome_2"`))},
		{"reply-drift", "question", func() chaos.Fault { return &faults.ReplyDrift{Change: "null", Attempts: 1} }, chaos.Rule{Direction: simulators.FromSUT}, func(s *stand, i int) []seen {
			return []seen{s.get("/items/" + []string{"BOLT", "NUT", "PUMP", "STEEL", "PAINT"}[i%5])}
		}, refused(200, `"unit":null`)},
		{"replay-old", "", func() chaos.Fault { return &faults.ReplayOld{Age: faults.Plant(24 * time.Hour), Copies: 1} }, toSUT, func(s *stand, i int) []seen {
			change := func(v int, at time.Time) plant.Event {
				e := event(plant.OrderChanged{Order: plant.OrderID(fmt.Sprintf("47%02d", i)), Version: v, Quantity: plant.Of(int64(80+v), "EA"), Due: monday})
				e.At = at
				return e
			}
			old := s.announce(0, change(2, monday.AddDate(0, 0, -2)))
			return append(old, s.announce(1, change(3, monday))...)
		}, func(s *stand, got []seen) string {
			again := 0
			for _, g := range got[1:] { // it is sent a millisecond after the new one, and may be there before it
				if g.body == got[0].body {
					again++
				}
			}
			if d := s.strikes()[0]; again != 1 || len(d.Facts) != 1 || d.Facts[0] != "order-changed/4700/2" {
				return "want the first announcement once more beside the new one, and the journal to name it"
			}
			return ""
		}},
		{"slow-dependency", "", func() chaos.Fault {
			return &faults.SlowDependency{From: wall(30 * time.Millisecond), To: wall(200 * time.Millisecond), Over: wall(time.Second)}
		}, fromSUT, func(s *stand, i int) []seen { return append(posts(s, 2*i), posts(s, 2*i+1)...) }, func(s *stand, got []seen) string {
			if got[0].status != 201 || got[0].took < 30*time.Millisecond || got[1].took <= 30*time.Millisecond {
				return "want latency that rises"
			}
			return ""
		}},
	}
}

func drift(d chaos.Drift) func() chaos.Fault {
	return func() chaos.Fault { return &faults.SchemaDrift{Change: faults.Change(d)} }
}

// understood wants text in the first announcement, which means this quantity
// to who keeps the contract; none if it means nothing to him.
func understood(quantity, text string) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		e, err := got[0].decoded("orders")
		if !got[0].has(text) || (err == nil) != (quantity != "") {
			return fmt.Sprintf("want %s in it, and it understood: %v (%v)", text, quantity != "", err)
		}
		if f, _ := e.Fact.(plant.OrderChanged); err == nil && f.Quantity.Amount.String() != quantity {
			return fmt.Sprintf("understood as %s, want %s", f.Quantity, quantity)
		}
		if d := s.strikes()[0]; d.Garbled != (quantity == "") || d.Invalid {
			return fmt.Sprintf("the journal says %+v", d)
		}
		return ""
	}
}

// follows posts and asks for the operation until it has ended.
func follows(s *stand, i int) []seen {
	got := posts(s, i)
	for range 100_000 { // more than fit into the time it takes
		got = append(got, s.get(got[0].header.Get("Location")))
		if !got[len(got)-1].has(`"state":"running"`) {
			break
		}
	}
	return got
}

func ended(state string, postings int) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		if got[0].status != http.StatusAccepted || !got[1].has(`"state":"running"`) || !got[len(got)-1].has(`"state":"`+state+`"`) {
			return fmt.Sprintf("want 202, running, %s: last %s", state, got[len(got)-1])
		}
		if n := s.postings(confirmationOf(0)); n != postings {
			return fmt.Sprintf("%d postings, want %d", n, postings)
		}
		return ""
	}
}

// renew gets a new token.
func (s *stand) renew() {
	var got struct {
		Token string `json:"access_token"`
	}
	_ = json.Unmarshal([]byte(s.signIn(url.Values{"grant_type": {"client_credentials"}}).body), &got)
	s.token = got.Token
}

// pages of the list of materials, of which four were changed at one and the
// same time, by offset and by cursor.
func pages() []conformance {
	page := func(t faults.PageTrap) func() chaos.Fault {
		return func() chaos.Fault {
			return &faults.Pagination{Trap: t, Resolution: faults.Plant(time.Hour), Attempts: 1}
		}
	}
	asks := chaos.Rule{Direction: simulators.FromSUT, Name: "items"}
	return []conformance{
		{"pagination", "removed", page(faults.PageRemoved), asks, offsets, rows("BOLT NUT", "PUMP STEEL")},
		{"pagination", "inserted", page(faults.PageInserted), asks, offsets, rows("BOLT NUT", "NUT PAINT")},
		{"pagination", "repeated", page(faults.PageRepeated), asks, cursors, rows("BOLT NUT", "NUT PAINT")},
		{"pagination", "loop", page(faults.PageLoop), asks, cursors, both(rows("BOLT NUT", "PAINT PUMP"), func(s *stand, got []seen) string {
			if was, is := cursorOf(got[0]), cursorOf(got[1]); was == "" || was != is {
				return fmt.Sprintf("the cursor went from %q to %q", was, is)
			}
			return ""
		})},
		{"pagination", "short", page(faults.PageShort), asks, cursors, both(rows("BOLT", "NUT"), func(s *stand, got []seen) string {
			if cursorOf(got[0]) == "" {
				return "want a cursor behind the short page"
			}
			return ""
		})},
		{"pagination", "expired", page(faults.PageExpired), asks, cursors, func(s *stand, got []seen) string {
			if got[1].status != http.StatusGone || !got[1].has("cursor-expired") {
				return "want 410"
			}
			return ""
		}},
		{"pagination", "ties", page(faults.PageTies), asks, func(s *stand, i int) []seen {
			for n, item := range standMaster().Items {
				s.erp.Notice(plant.Event{At: monday.Add(time.Duration(60*i+n) * time.Minute), Fact: plant.ItemChanged{Item: item, Version: i + 1}})
			}
			return []seen{s.get(fmt.Sprintf("/items?by=changed&since=%s&limit=3&x=%d", monday.Add(-time.Minute).Format(time.RFC3339), i))}
		}, func(s *stand, got []seen) string {
			if n := strings.Count(got[0].body, `"changed":"2026-11-16T08:00:00Z"`); n != 3 {
				return fmt.Sprintf("%d records changed at eight, want three", n)
			}
			return ""
		}},
	}
}

// offsets reads two pages of two by offset, cursors by cursor. The number makes
// each reading another question.
func offsets(s *stand, i int) []seen {
	return []seen{s.get(fmt.Sprintf("/items?offset=0&limit=2&x=%d", i)), s.get(fmt.Sprintf("/items?offset=2&limit=2&x=%d", i))}
}

func cursors(s *stand, i int) []seen {
	first := s.get(fmt.Sprintf("/items?limit=2&x=%d", i))
	return []seen{first, s.get(fmt.Sprintf("/items?after=%s&limit=2&x=%d", url.QueryEscape(cursorOf(first)), i))}
}

func cursorOf(got seen) string {
	var a struct{ Cursor string }
	_ = json.Unmarshal([]byte(got.body), &a)
	return a.Cursor
}

func rows(want ...string) func(s *stand, got []seen) string {
	return func(s *stand, got []seen) string {
		for i, w := range want {
			var a struct{ Items []struct{ ID string } }
			_ = json.Unmarshal([]byte(got[i].body), &a)
			var ids []string
			for _, it := range a.Items {
				ids = append(ids, it.ID)
			}
			if is := strings.Join(ids, " "); is != w {
				return fmt.Sprintf("page %d has %s, want %s", i+1, is, w)
			}
		}
		return ""
	}
}

// lots are the faults of data that were there first.
func lots() []conformance {
	consumed := func(s *stand, i int) []seen { return s.announce(0, event(consumptionOf(i))) }
	invalid := func(variant faults.Variant, lot string, status int) conformance {
		return conformance{"invalid-lot", string(variant), func() chaos.Fault { return &faults.InvalidLot{Variant: variant} }, chaos.Rule{Direction: simulators.ToSUT}, consumed,
			func(s *stand, got []seen) string {
				e, err := got[0].decoded("consumptions")
				if err != nil || string(e.Fact.Keys().Lot) != lot {
					return fmt.Sprintf("want lot %s, not %v (%v)", lot, e.Fact, err)
				}
				if answer := s.post(e.Fact); answer.status != status || !s.strikes()[0].Invalid {
					return fmt.Sprintf("posted as announced: %s, want %d", answer, status)
				}
				return ""
			}}
	}
	return []conformance{
		invalid(faults.Unknown, "S-1-X", 422), invalid(faults.Expired, "S-OLD", 422), invalid(faults.Blocked, "S-HELD", 422), invalid(faults.Exhausted, "S-EMPTY", 409), invalid(faults.WrongMaterial, "P-1", 422),
		{"delayed-approval", "", func() chaos.Fault { return &faults.DelayedApproval{For: wall(300 * time.Millisecond)} }, chaos.Rule{Direction: simulators.ToSUT},
			func(s *stand, i int) []seen {
				lot := plant.LotID(fmt.Sprint("L-", i))
				return s.announce(0, event(plant.LotDecided{Lot: lot, Case: plant.CaseID(lot), Decision: plant.DecideRelease}), event(plant.LotHeld{Lot: lot, Case: "Q-2-" + plant.CaseID(lot)}))
			}, func(s *stand, got []seen) string {
				if !strings.HasPrefix(got[0].event, "lot-held/") {
					return "want the decision after what was announced later"
				}
				return ""
			}},
	}
}

func conformances() []conformance {
	return slices.Concat(application(), pages(), lots(), dirty(), clocked())
}

// TestSeenFromTheSUT shows what each fault looks like to a standard client, on
// a real socket.
func TestSeenFromTheSUT(t *testing.T) {
	for _, c := range conformances() {
		t.Run(c.fault+" "+c.form, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			s.arm(c.f(), c.rule)
			got := c.provoke(s, 0)
			if len(s.strikes()) == 0 {
				t.Errorf("the journal knows of no strike; seen %v", got)
				return
			}
			if why := c.see(s, got); why != "" {
				t.Errorf("%s\nseen %v", why, got)
			}
		})
	}
}

// TestBoundsAndHealing: a rule that may strike twice strikes twice, and one
// that was healed no more.
func TestBoundsAndHealing(t *testing.T) {
	for _, c := range conformances() {
		t.Run(c.fault+" "+c.form, func(t *testing.T) {
			t.Parallel()
			s := newStand(t)
			bounded := c.rule
			bounded.Max = 2
			s.arm(c.f(), bounded)
			for i := range 4 {
				c.provoke(s, i)
			}
			if n := len(s.strikes()); n != 2 {
				t.Errorf("struck %d times, want 2", n)
			}
			s.link.Heal("F")
			s.arm(c.f(), c.rule)
			c.provoke(s, 4)
			armed := len(s.strikes())
			s.link.Heal("F")
			c.provoke(s, 5)
			if n := len(s.strikes()); armed == 2 || n != armed {
				t.Errorf("armed again it struck %d times, and %d times after healing", armed-2, n-armed)
			}
		})
	}
}

// lookedAtBy are faults of these layers that need another stand than an ERP that
// speaks HTTP, and where that is.
var lookedAtBy = map[string]string{
	"ack-lost": "TestAckLostOverMQTT and TestAckLostOverJetStream", "session-takeover": "TestSessionTakeover", "stale-retained": "TestStaleRetained",
	"will-message": "TestWillMessage", "queue-overflow": "TestQueueOverflow",
	"delivery-lost": "TestDeliveryLost", "delivery-given-up": "TestDeliveryGivenUp", "slow-consumer": "TestSlowConsumer", "leader-change": "TestLeaderChange and TestLeaderChangeOnTheWire",
	"broker-restart": "TestBrokerRestart", "ack-before-durable": "TestAckBeforeDurable",
	"file-partial":     "TestFaultsBelowSurfaces in harness",
	"file-again":       "TestFaultsBelowSurfaces in harness",
	"file-late":        "TestFaultsBelowSurfaces in harness",
	"file-encoding":    "TestFaultsBelowSurfaces in harness",
	"file-empty":       "TestFaultsBelowSurfaces in harness",
	"file-beside":      "TestFaultsBelowSurfaces in harness",
	"file-locked":      "TestFaultsBelowSurfaces in harness",
	"file-undeletable": "TestFaultsBelowSurfaces in harness",
	"file-disk-full":   "TestFaultsBelowSurfaces in harness",
	"row-late":         "TestFaultsBelowSurfaces in harness",
	"rows-apart":       "TestFaultsBelowSurfaces in harness",
	"table-locked":     "TestFaultsBelowSurfaces in harness",
	"deadlock":         "TestDeadlock in simulators/transports/tables, TestFaultsBelowSurfaces in harness",
}

// TestEveryFaultIsSeen finds a conformance for each fault that acts on
// messages.
func TestEveryFaultIsSeen(t *testing.T) {
	have := map[string]bool{}
	for _, c := range conformances() {
		have[c.fault] = true
	}
	for _, i := range faults.All() {
		if i.Layer == faults.Wire || i.Layer == faults.Process || have[i.Name] || lookedAtBy[i.Name] != "" {
			continue
		}
		t.Errorf("nobody looks at %s from the SUT's side; add it to conformances, or say in lookedAtBy which test does", i.Name)
	}
}
