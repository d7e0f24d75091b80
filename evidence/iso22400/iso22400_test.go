package iso22400_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence/iso22400"
	"github.com/andon-rig/andon/simulators/plant"
)

// shift is the example every textbook has: eight hours less an hour of breaks,
// 47 minutes down, a second a piece, 19271 pieces of which 423 are rejected.
var shift = iso22400.Elements{
	PBT: 420 * time.Minute, APT: 373 * time.Minute, ADOT: 47 * time.Minute, PRI: time.Second,
	PQ: plant.Whole(19271), GQ: plant.Whole(18848), SQ: plant.Whole(423),
}

// job has some of everything: 10 h planned, 6 h production, 1 h setup, 2 h
// delay, 1 h down; 100 pieces at 3 min, 80 good, 12 reworked, 8 scrapped.
var job = iso22400.Elements{
	PBT: 10 * time.Hour, APT: 6 * time.Hour, AUST: time.Hour, ADET: 2 * time.Hour, ADOT: time.Hour, APWT: 7 * time.Hour, APAT: 8 * time.Hour,
	PRI: 3 * time.Minute, PQ: plant.Whole(100), GQ: plant.Whole(80), RQ: plant.Whole(12), SQ: plant.Whole(8), PSQ: plant.Whole(5),
	IQ: plant.Whole(40), GP: plant.Whole(30), PQ1: plant.Whole(110), CM: plant.MustDecimal("125.5"),
}

func rat(s string) *big.Rat {
	if s == "" {
		return nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		panic(s)
	}
	return r
}

func same(a, b *big.Rat) bool { return a == b || a != nil && b != nil && a.Cmp(b) == 0 }

// TestFigures holds each figure against one worked by hand; "" is undefined.
func TestFigures(t *testing.T) {
	var std iso22400.Options
	none := iso22400.Elements{}
	for _, c := range []struct {
		name string
		got  *big.Rat
		want string
	}{
		{"availability", shift.Availability(std), "373/420"},
		{"effectiveness", shift.Effectiveness(std), "19271/22380"},
		{"quality ratio", shift.QualityRatio(std), "18848/19271"},
		{"OEE: good pieces by planned time", shift.OEE(std), "18848/25200"},
		{"availability of a job", job.Availability(std), "6/10"},
		{"effectiveness of a job", job.Effectiveness(std), "300/360"},
		{"OEE of a job", job.OEE(std), "0.4"},               // 80 · 3 min of 600
		{"NEE of a job", job.NEE(std), "7/15"},              // 7/10 · 5/6 · 4/5
		{"allocation ratio", job.AllocationRatio(), "9/10"}, // (6+1+2) / (6+1+2+1)
		{"allocation efficiency", job.AllocationEfficiency(), "9/10"},
		{"utilisation efficiency", job.UtilisationEfficiency(), "6/9"},
		{"setup rate", job.SetupRate(), "1/7"},
		{"technical efficiency", job.TechnicalEfficiency(), "6/8"},
		{"production process ratio", job.ProductionProcessRatio(), "6/10"},
		{"worker efficiency", job.WorkerEfficiency(), "7/8"},
		{"throughput an hour", job.ThroughputRate(), "10"},
		{"first pass yield", job.FirstPassYield(), "3/4"},
		{"scrap ratio", job.ScrapRatio(), "0.08"},
		{"actual to planned scrap", job.ActualToPlannedScrap(), "1.6"},
		{"rework ratio", job.ReworkRatio(), "0.12"},
		{"fall-off ratio", job.FallOffRatio(), "8/110"},
		{"finished goods ratio", job.FinishedGoodsRatio(std), "160/251"},

		{"rework is good", job.QualityRatio(iso22400.Options{ReworkIsGood: true}), "0.92"},
		{"setup is planned", job.Availability(iso22400.Options{SetupIsPlanned: true}), "6/9"},
		{"setup is planned: NEE counts it anyway", job.NEE(iso22400.Options{SetupIsPlanned: true}), "7/15"},
		{"nothing planned", none.Availability(std), ""},
		{"nothing planned is full", none.Availability(iso22400.Options{NoTimeIsFull: true}), "1"},
		{"nothing planned but setup, which is planned", iso22400.Elements{PBT: time.Hour, AUST: time.Hour}.Availability(iso22400.Options{SetupIsPlanned: true, NoTimeIsFull: true}), "1"},
		{"nothing produced", none.Effectiveness(std), ""},
		{"nothing produced, no quality", none.QualityRatio(std), ""},
		{"one factor undefined", none.OEE(iso22400.Options{NoTimeIsFull: true}), ""},
		{"nobody was there", none.WorkerEfficiency(), ""},
		{"faster than planned", iso22400.Elements{APT: time.Hour, PRI: time.Hour, PQ: plant.Whole(2)}.Effectiveness(std), "2"},
		{"faster than planned, bounded", iso22400.Elements{APT: time.Hour, PRI: time.Hour, PQ: plant.Whole(2)}.Effectiveness(iso22400.Options{CapEffectiveness: true}), "1"},
		{"a millionth of a piece", iso22400.Elements{PQ: plant.Whole(3), GQ: plant.MustDecimal("0.000001")}.QualityRatio(std), "1/3000000"},
	} {
		if !same(c.got, rat(c.want)) {
			t.Errorf("%s: got %v, want %s", c.name, c.got, c.want)
		}
	}
}

var six = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

func stretch(s iso22400.State, from, to int) iso22400.Stretch {
	return iso22400.Stretch{State: s, From: six.Add(time.Duration(from) * time.Minute), To: six.Add(time.Duration(to) * time.Minute)}
}

// morning: setup, three runs with a stop of 4 and one of 20 minutes between
// them, a failure of half an hour, a break.
var morning = []iso22400.Stretch{
	stretch(iso22400.SettingUp, 0, 30), stretch(iso22400.Producing, 30, 90), stretch(iso22400.Stopped, 90, 94),
	stretch(iso22400.Producing, 94, 150), stretch(iso22400.Down, 150, 180), stretch(iso22400.Unplanned, 180, 210),
	stretch(iso22400.Producing, 210, 260), stretch(iso22400.Stopped, 260, 280), stretch(iso22400.Producing, 280, 300),
}

func TestTally(t *testing.T) {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	for _, c := range []struct {
		name     string
		from, to int // minutes after six
		micro    time.Duration
		want     iso22400.Elements
	}{
		{"all of it", 0, 300, 0, iso22400.Elements{PBT: minutes(270), APT: minutes(186), AUST: minutes(30), ADET: minutes(24), ADOT: minutes(30)}},
		{"short stops are production", 0, 300, minutes(5), iso22400.Elements{PBT: minutes(270), APT: minutes(190), AUST: minutes(30), ADET: minutes(20), ADOT: minutes(30)}},
		{"as long as the threshold is not short", 0, 300, minutes(4), iso22400.Elements{PBT: minutes(270), APT: minutes(186), AUST: minutes(30), ADET: minutes(24), ADOT: minutes(30)}},
		{"cut by the shift", 60, 160, 0, iso22400.Elements{PBT: minutes(100), APT: minutes(86), ADET: minutes(4), ADOT: minutes(10)}},
		{"cut short is no short stop", 0, 262, minutes(5), iso22400.Elements{PBT: minutes(232), APT: minutes(170), AUST: minutes(30), ADET: minutes(2), ADOT: minutes(30)}},
		{"another day", 600, 900, 0, iso22400.Elements{}},
	} {
		if got := iso22400.Tally(morning, six.Add(minutes(c.from)), six.Add(minutes(c.to)), c.micro); got != c.want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

// TestTheLossMovesWithTheThreshold: a stop that is not listed lowers
// effectiveness instead of availability, and OEE not at all.
func TestTheLossMovesWithTheThreshold(t *testing.T) {
	var std iso22400.Options
	a := iso22400.Tally(morning, six, six.Add(5*time.Hour), 0)
	b := iso22400.Tally(morning, six, six.Add(5*time.Hour), 5*time.Minute)
	for _, e := range []*iso22400.Elements{&a, &b} {
		e.PRI, e.PQ, e.GQ = time.Minute, plant.Whole(150), plant.Whole(150)
	}
	if a.Availability(std).Cmp(b.Availability(std)) >= 0 || a.Effectiveness(std).Cmp(b.Effectiveness(std)) <= 0 || !same(a.OEE(std), b.OEE(std)) {
		t.Errorf("got %v %v %v and %v %v %v", a.Availability(std), a.Effectiveness(std), a.OEE(std), b.Availability(std), b.Effectiveness(std), b.OEE(std))
	}
}

// TestAClockChangeIsNoTime: a night of 23 hours is as long as it is.
func TestAClockChangeIsNoTime(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatalf("zone data is part of the binary: %v", err)
	}
	from, to := time.Date(2026, 3, 28, 22, 0, 0, 0, berlin), time.Date(2026, 3, 29, 6, 0, 0, 0, berlin)
	if e := iso22400.Tally([]iso22400.Stretch{{State: iso22400.Producing, From: from, To: to}}, from, to, 0); e.APT != 7*time.Hour {
		t.Errorf("the night shift was %s", e.APT)
	}
}

func TestReliable(t *testing.T) {
	got := iso22400.Reliable(morning)
	// One failure: 186 min of production, 24 + 30 + 186 min not down, 30 min of repair, each by two.
	if !same(got.MTBF, rat("5580")) || !same(got.MTTF, rat("7200")) || !same(got.MTTR, rat("900")) {
		t.Errorf("got %v %v %v", got.MTBF, got.MTTF, got.MTTR)
	}
	if r := iso22400.Reliable(morning[:4]); r.MTBF != nil || r.MTTF != nil || r.MTTR != nil {
		t.Errorf("nothing failed, got %+v", r)
	}
	twice := []iso22400.Stretch{stretch(iso22400.Down, 0, 10), stretch(iso22400.Down, 10, 20), stretch(iso22400.Producing, 20, 60)}
	if r := iso22400.Reliable(twice); !same(r.MTTR, rat("600")) {
		t.Errorf("one failure in two stretches: %v", r.MTTR)
	}
}
