package suite_test

import (
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/suite"
	"github.com/andon-rig/andon/reports"
	"github.com/andon-rig/andon/scenarios"
)

// full uses every part of the builder once.
func full() suite.Builder {
	return suite.New("Holds travel while answers are lost").Labels("quality").Profile("machine-shop").Orders(2).Open(3).Seed(7).
		Shift(suite.Plant(8*time.Hour)).
		Policy("erp", scenarios.Policy{Dedupe: "natural-key"}).
		When(
			suite.At(suite.Plant(time.Hour)).Named("cut"),
			suite.Upon("receipt").Where("event.quantity > 0").Nth(1).Named("goods").
				Do("place-hold", suite.Args{"lot": suite.Ref("goods.lot"), "reason": "cone angle"}),
			suite.After("goods", suite.Plant(20*time.Minute)).Named("shipment").Do("ship", suite.Args{"lot": suite.Ref("goods.lot")}),
			suite.After("goods", suite.Plant(2*time.Hour)).Do("decide", suite.Args{"lot": suite.Ref("goods.lot"), "decision": "use-as-is"}),
		).
		Fault(
			suite.Fault("ambiguous-commit").At("erp").FromSUT().Facts("confirmation").Every(3).OfRun().Attempts(1).
				With("symptom", "hang").Between(suite.During("cut"), suite.End()),
			suite.Fault("ambiguous-commit").At("mes").FromSUT().Chance(0.5).Most(3),
		).
		Expect(
			suite.Always("exactly-once"),
			suite.Eventually(`erp.lots[refs.goods.lot].status == "blocked"`, suite.Wall(5*time.Second), suite.During("goods")).Means("the hold arrives"),
			suite.Never(`mes.lots[refs.goods.lot].decision == "scrap"`, suite.During("goods"), suite.End()),
			suite.AtEnd(`erp.lots[refs.goods.lot].shipped == decimal(0)`),
		).
		Waive("recovery", "too short for a backlog").
		Floor("receipt", 1)
}

func TestBuiltScenarioSaysWhatAFileWould(t *testing.T) {
	s, err := full().Finished()
	if err != nil {
		t.Fatal(err)
	}
	const id = "holds-travel-while-answers-are-lost"
	if s.Metadata.ID != id || s.Given.Orders.Count != 2 || *s.Plant.Open != 3 || s.Floor["receipt"] != 1 {
		t.Errorf("built %+v", s)
	}
	if got := []string{s.Faults[0].ID, s.Faults[1].ID}; got[0] != "ambiguous-commit" || got[1] != "ambiguous-commit-2" {
		t.Errorf("faults are called %v", got)
	}
	text, err := scenarios.Text(s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := scenarios.Parse("again", text)
	if err != nil {
		t.Fatalf("what is kept for replay cannot be read: %v\n%s", err, text)
	}
	if len(again[0].When) != 4 || len(again[0].Faults) != 2 || len(again[0].Expect.Never) != 1 {
		t.Errorf("kept %s", text)
	}
}

func TestBuildersShareNothing(t *testing.T) {
	root := suite.New("root").Fault(suite.Fault("lose"))
	a := root.Fault(suite.Fault("delay"))
	b := root.Fault(suite.Fault("throttle"))
	for _, c := range []struct {
		b    suite.Builder
		want string
	}{{root, "lose"}, {a, "lose delay"}, {b, "lose throttle"}} {
		s, err := c.b.Finished()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range s.Faults {
			got = append(got, f.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("faults %v, want %s", got, c.want)
		}
	}
}

// TestMistakesNameTheLine plants mistakes in Go and looks for the place in
// this file.
func TestMistakesNameTheLine(t *testing.T) {
	for name, c := range map[string]struct {
		b    suite.Builder
		want string
	}{
		"event":       {suite.New("x").When(suite.Upon("thunder").Do("decide")), "thunder"},
		"action":      {suite.New("x").When(suite.At(suite.Plant(time.Hour)).Do("dance")), `action "dance"`},
		"argument":    {suite.New("x").When(suite.At(suite.Plant(time.Hour)).Do("ship", suite.Args{"lots": "1"})), `does not take "lots"`},
		"value":       {suite.New("x").When(suite.At(suite.Plant(time.Hour)).Do("ship", suite.Args{"lot": make(chan int)})), "cannot stand in a file"},
		"setting":     {suite.New("x").Fault(suite.Fault("lose").With("symptom", func() {})), "cannot stand in a file"},
		"expression":  {suite.New("x").Expect(suite.AtEnd("erp.orders.size() =")), "token recognition"},
		"step":        {suite.New("x").When(suite.After("nobody", suite.Plant(time.Hour)).Do("ship")), "nobody"},
		"where of at": {suite.New("x").When(suite.At(suite.Plant(0)).Where("true").Do("ship")), "only a step upon a fact"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.b.Finished()
			if err == nil {
				t.Fatal("was taken")
			}
			if !strings.Contains(err.Error(), "build_test.go:") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error does not name the line or %q:\n%v", c.want, err)
			}
		})
	}
	for name, b := range map[string]suite.Builder{"CNF-99": suite.Scenario("CNF-99"), "nothing.yaml": suite.File("nothing.yaml")} {
		if _, err := b.Finished(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func outcome(v evidence.Verdict, fs ...evidence.Finding) suite.Outcome {
	return suite.Outcome{Scenario: reports.Scenario{ID: "CNF-02", Verdict: v, Seed: 7, Bundle: "runs/CNF-02-7", Findings: fs}}
}

func TestMatchers(t *testing.T) {
	blamed := outcome(evidence.Violated, evidence.Finding{Oracle: "exactly-once", ID: "O1", Verdict: evidence.Violated, Expected: "one posting", Got: "two"})
	broken := outcome(evidence.Inconclusive)
	broken.Error = "port in use"
	for _, c := range []struct {
		name  string
		match func(any) (bool, error)
		o     any
		want  bool
		bad   bool
	}{
		{"holds", suite.Hold().Match, outcome(evidence.Holds), true, false},
		{"violated does not hold", suite.Hold().Match, blamed, false, false},
		{"vacuous does not hold", suite.Hold().Match, outcome(evidence.Vacuous), false, false},
		{"inconclusive does not hold", suite.Hold().Match, outcome(evidence.Inconclusive), false, false},
		{"without a verdict it does not hold", suite.Hold().Match, broken, false, false},
		{"blamed", suite.BeViolatedBy("exactly-once").Match, blamed, true, false},
		{"blamed by another", suite.BeViolatedBy("conservation").Match, blamed, false, false},
		{"unknown oracle", suite.BeViolatedBy("exactly-twice").Match, blamed, false, true},
		{"not an outcome", suite.Hold().Match, 7, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.match(c.o)
			if got != c.want || (err != nil) != c.bad {
				t.Errorf("matches %v, %v; want %v", got, err, c.want)
			}
		})
	}
	said := suite.Hold().FailureMessage(blamed)
	for _, want := range []string{"CNF-02", "seed 7", "exactly-once", "expected one posting, got two", "runs/CNF-02-7"} {
		if !strings.Contains(said, want) {
			t.Errorf("failure message lacks %q:\n%s", want, said)
		}
	}
}
