package chaos_test

import (
	"context"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators"
)

// answering is a far side that says "ok" to everything.
func answering(context.Context, simulators.Message) (simulators.Message, error) {
	return simulators.Message{Header: map[string]string{"Content-Type": "text/plain"}, Body: []byte("ok"),
		Result: simulators.Result{Outcome: simulators.Applied, Status: 201}}, nil
}

// keeping is a link that stores payloads under their own text.
func keeping() *chaos.Link {
	l := newLink("erp")
	l.Store = func(b []byte) string { return string(b) }
	return l
}

// TestWireIsWhatBothSidesSent breaks messages in every way that there is; what
// contracts are to judge is what their senders sent.
func TestWireIsWhatBothSidesSent(t *testing.T) {
	reply := &evidence.WireReply{Status: 201, Headers: map[string]string{"Content-Type": "text/plain"}, Body: "ok"}
	cases := []struct {
		name  string
		fault func(d chaos.Delivery) []chaos.Delivery
		reply *evidence.WireReply // as it is to be kept of the original
	}{
		{"untouched", func(d chaos.Delivery) []chaos.Delivery { return []chaos.Delivery{d} }, reply},
		{"twice", func(d chaos.Delivery) []chaos.Delivery { return []chaos.Delivery{d, d} }, reply},
		{"reply lost", func(d chaos.Delivery) []chaos.Delivery {
			d.LoseReply = &simulators.LostError{Symptom: simulators.Reset}
			return []chaos.Delivery{d}
		}, reply},
		{"lost", func(chaos.Delivery) []chaos.Delivery { return nil }, nil},
		{"answered in its place", func(d chaos.Delivery) []chaos.Delivery {
			d.Instead = &simulators.Message{Body: []byte("a lie"), Result: simulators.Result{Outcome: simulators.Applied, Status: 200}}
			return []chaos.Delivery{d}
		}, nil},
		{"refused in its place", func(d chaos.Delivery) []chaos.Delivery {
			d.Refuse = &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled}
			return []chaos.Delivery{d}
		}, nil},
		{"body altered", func(d chaos.Delivery) []chaos.Delivery {
			d.Message.Body = []byte("garbage")
			return []chaos.Delivery{d}
		}, nil},
		{"header altered", func(d chaos.Delivery) []chaos.Delivery {
			d.Message.Header = map[string]string{"Idempotency-Key": "other"}
			return []chaos.Delivery{d}
		}, nil},
		{"treated otherwise", func(d chaos.Delivery) []chaos.Delivery {
			d.Message.Manner = &simulators.Manner{}
			return []chaos.Delivery{d}
		}, nil},
	}
	for _, c := range cases {
		for _, dir := range []simulators.Direction{simulators.FromSUT, simulators.ToSUT} {
			t.Run(c.name+" "+string(dir), func(t *testing.T) {
				l := keeping()
				l.Arm(&chaos.Rule{ID: "f", Kind: "test", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return c.fault(d) })})
				m := about("confirmations", confirmation("4711", 1))
				m.Method, m.Params = "POST", map[string]string{"plant": "1"}
				_, _ = l.Carry(t.Context(), m, dir, answering)
				l.Wait()
				wires := wiresOf(l.Journal)
				want := evidence.Wire{Method: "POST", Path: "/confirmations", Query: m.Params, Headers: m.Header, Body: "body", Reply: c.reply}
				if len(wires) != 1 || !reflect.DeepEqual(*wires[0], want) {
					t.Fatalf("kept %+v, want one %+v", wires, want)
				}
			})
		}
	}
}

func wiresOf(j *evidence.Journal) (all []*evidence.Wire) {
	for _, r := range j.Records() {
		switch b := r.Body.(type) {
		case evidence.Attempt:
			if b.Wire != nil {
				all = append(all, b.Wire)
			}
		case evidence.Offer:
			if b.Wire != nil {
				all = append(all, b.Wire)
			}
		}
	}
	return all
}

func TestWireOfWhatNobodyJudges(t *testing.T) {
	unread := about("confirmations", confirmation("4711", 1))
	unread.Unread = simulators.TooLarge(10, 5)
	token := simulators.Message{Verb: "post", Name: simulators.TokenName, Key: "token/erp"}
	for _, m := range []simulators.Message{unread, token} {
		l := keeping()
		_, _ = l.Carry(t.Context(), m, simulators.FromSUT, answering)
		if got := wiresOf(l.Journal); len(got) != 0 {
			t.Errorf("%s: kept %+v", m.Name, got[0])
		}
	}
	l := newLink("erp") // nobody keeps payloads
	_, _ = l.Carry(t.Context(), about("confirmations", confirmation("4711", 1)), simulators.FromSUT, answering)
	if got := wiresOf(l.Journal); len(got) != 0 {
		t.Errorf("without payloads: kept %+v", got[0])
	}
}

func TestWireKeepsNoCredentials(t *testing.T) {
	l := keeping()
	m := about("confirmations", confirmation("4711", 1))
	m.Header = map[string]string{"Authorization": "Bearer s3cret", "X-Api-Version": "2"}
	_, _ = l.Carry(t.Context(), m, simulators.FromSUT, answering)
	want := map[string]string{"Authorization": "Bearer [not kept]", "X-Api-Version": "2"}
	if got := wiresOf(l.Journal)[0].Headers; !reflect.DeepEqual(got, want) {
		t.Errorf("kept %v, want %v", got, want)
	}
	if m.Header["Authorization"] != "Bearer s3cret" {
		t.Error("the message itself was changed")
	}
}

// TestWireOfWhatIsFetched keeps an announcement once, however often the SUT
// fetches it.
func TestWireOfWhatIsFetched(t *testing.T) {
	l := keeping()
	m := about("confirmations", confirmation("4711", 1))
	m.Kept = true
	var put simulators.Message
	_, err := l.Carry(t.Context(), m, simulators.ToSUT, func(_ context.Context, m simulators.Message) (simulators.Message, error) {
		put = m
		return simulators.Message{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l.Fetched([]simulators.Message{put}, false)
	}
	l.Fetched([]simulators.Message{put}, true)
	wires := wiresOf(l.Journal)
	if len(wires) != 1 || wires[0].Path != "confirmations" || wires[0].Body != "body" || wires[0].Reply != nil {
		t.Errorf("kept %+v, want one without a reply", wires)
	}
}

// TestHeldSeesWhatBothSidesSent hands contracts the message as its sender sent
// it, and an answer only to that.
func TestHeldSeesWhatBothSidesSent(t *testing.T) {
	for _, altered := range []bool{false, true} {
		l := newLink("erp") // payloads are not needed for it
		var body, answer string
		l.Held = func(m simulators.Message, _ simulators.Direction, _, _ string, reply *simulators.Message) *evidence.Held {
			if body = string(m.Body); reply != nil {
				answer = string(reply.Body)
			}
			return &evidence.Held{By: []int{3}}
		}
		l.Arm(&chaos.Rule{ID: "f", Kind: "test", Fault: fault(func(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
			if altered {
				d.Message.Body = []byte("garbage")
			}
			return []chaos.Delivery{d, d} // of which the second is nobody's
		})})
		_, _ = l.Carry(t.Context(), about("confirmations", confirmation("4711", 1)), simulators.FromSUT, answering)
		l.Wait()
		held := 0
		for _, a := range bodies[evidence.Attempt](l.Journal) {
			if a.Held != nil {
				held++
			}
		}
		if want := map[bool]string{false: "ok", true: ""}[altered]; body != "body" || answer != want || held != 1 {
			t.Errorf("altered %v: judged %q answered %q, %d records; want the body as it was sent, %q and one", altered, body, answer, held, want)
		}
	}
}
