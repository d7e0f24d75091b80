package plant

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

type band struct {
	Name      string
	Log       float64
	Low, High float64
}

func bands(t *testing.T) []band {
	t.Helper()
	b, err := os.ReadFile("testdata/bands.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Bands []band }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	return file.Bands
}

// month generates 30 days at recorded speed for each of a few seeds: about as
// many orders as the log has.
func month(t *testing.T, p *Profile) []figures {
	t.Helper()
	var all []figures
	for seed := range uint64(4) {
		c := Config{Custom: p, Seed: 100 + seed, Speed: 1, Shift: 30 * 24 * time.Hour, Orders: 200, Open: -1, DecisionDelay: 4 * time.Hour}
		_, events := run(t, c)
		all = append(all, figures{events})
	}
	return all
}

type figures struct{ events []Event }

// outside lists the bands that the figures miss.
func outside(t *testing.T, months []figures, bands []band) []string {
	got := measure(months)
	var missed []string
	for _, b := range bands {
		x, ok := got[b.Name]
		if !ok {
			t.Fatalf("nothing measures %s", b.Name)
		}
		if testing.Verbose() {
			t.Logf("%-26s %8.3f  (log %.3f, band %.3f to %.3f)", b.Name, x, b.Log, b.Low, b.High)
		}
		if x < b.Low || x > b.High {
			missed = append(missed, fmt.Sprintf("%s is %.3f, band %.3f to %.3f", b.Name, x, b.Low, b.High))
		}
	}
	return missed
}

func TestGeneratedDaysLookReal(t *testing.T) {
	p, err := LoadProfile("machine-shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range outside(t, month(t, p), bands(t)) {
		t.Error(m)
	}
}

// TestRealismCanFail degrades one habit at a time: the textbook plants that
// most test data come from must not pass for real ones.
func TestRealismCanFail(t *testing.T) {
	for _, tc := range []struct {
		name    string
		degrade func(*Profile)
		band    string
	}{
		{"one confirmation per operation", func(p *Profile) { p.Booking.Single = 1 }, "partialsPerOperation"},
		{"most rows carry nothing", func(p *Profile) { p.Booking.Zero = 0.7 }, "zeroShare"},
		{"rejects are coin flips", func(p *Profile) { p.Rejects.Alpha, p.Rejects.Beta, p.Rejects.Excursion = 2840, 97160, 0 }, "rejectsPerRowDispersion"},
		{"people are clocks", func(p *Profile) { p.Booking.Round, p.Booking.Midnight, p.Booking.AtEnd = 0, 0, 0 }, "onFiveMinutesShare"},
		{"one route for all", func(p *Profile) {
			p.Routes.Length, p.WorkCenters = FixedValue(1), slices.Concat(p.WorkCenters[:1], p.WorkCenters[12:])
		}, "distinctRoutesPerOrder"},
		{"every order is large", func(p *Profile) { p.Quantity = FixedValue(500) }, "orderQuantityMedian"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p, err := LoadProfile("machine-shop")
			if err != nil {
				t.Fatal(err)
			}
			tc.degrade(p)
			missed := strings.Join(outside(t, month(t, p)[:1], bands(t)), "\n")
			if !strings.Contains(missed, tc.band) {
				t.Errorf("the degraded plant is still inside band %s; missed: %s", tc.band, missed)
			}
		})
	}
}

// operation collects the rows of one operation of one order.
type operation struct{ rows []Confirmed }

// measure computes what the bands are about, over all months together.
func measure(months []figures) map[string]float64 {
	m := &measured{}
	for _, month := range months {
		m.add(month.events)
	}
	return m.results(len(months))
}

type measured struct {
	quantities, partials, rejects, minutes, leads, touches []float64
	rows, zero, rejecting, midnight, five, shared, most    int
	orders, rejectOrders, returning, rework                int
	several                                                int
	pieces, rejected                                       float64
	routes                                                 map[string]bool
}

func (m *measured) add(events []Event) {
	if m.routes == nil {
		m.routes = map[string]bool{}
	}
	ops := map[Keys]*operation{}
	perMinute := map[int64]int{}
	rejectOrders, reworkOrders := map[OrderID]bool{}, map[OrderID]bool{}
	released, ended, touch := map[OrderID]time.Time{}, map[OrderID]time.Time{}, map[OrderID]time.Duration{}
	for _, e := range events {
		switch f := e.Fact.(type) {
		case OrderReleased:
			m.released(f.Order)
			released[f.Order.ID] = e.At
		case Reworked:
			reworkOrders[f.Order] = true
		case Received:
			ended[f.Order] = e.At
		case Confirmed:
			m.row(f)
			touch[f.Order] += f.Labor
			k := Keys{Order: f.Order, Operation: f.Operation}
			if ops[k] == nil {
				ops[k] = &operation{}
			}
			ops[k].rows = append(ops[k].rows, f)
			perMinute[f.End.Unix()/60]++
			if f.Scrap.Amount > 0 {
				rejectOrders[f.Order] = true
			}
			if f.Rework.Amount > 0 {
				reworkOrders[f.Order] = true
			}
		}
	}
	for _, op := range ops {
		m.partials = append(m.partials, float64(len(op.rows)))
		if slices.ContainsFunc(op.rows, func(f Confirmed) bool { return f.Operator != op.rows[0].Operator }) {
			m.several++
		}
	}
	for _, n := range perMinute {
		if n > 1 {
			m.shared += n
		}
		m.most = max(m.most, n)
	}
	for id, end := range ended {
		lead := end.Sub(released[id])
		m.leads = append(m.leads, lead.Hours()/24)
		m.touches = append(m.touches, touch[id].Hours()/lead.Hours())
	}
	m.rejectOrders += len(rejectOrders)
	m.rework += len(reworkOrders)
}

func (m *measured) released(o Order) {
	m.orders++
	q := float64(o.Quantity.Amount / One)
	m.quantities = append(m.quantities, q)
	m.pieces += q
	var centers []string
	seen, returns := map[WorkCenterID]bool{}, false
	for _, op := range o.Operations {
		returns = returns || seen[op.WorkCenter]
		seen[op.WorkCenter] = true
		centers = append(centers, string(op.WorkCenter))
	}
	if returns {
		m.returning++
	}
	m.routes[strings.Join(centers, ">")] = true
}

func (m *measured) row(f Confirmed) {
	m.rows++
	if f.Yield.Amount == 0 && f.Scrap.Amount == 0 {
		m.zero++
	}
	if f.Scrap.Amount > 0 {
		m.rejecting++
		m.rejects = append(m.rejects, float64(f.Scrap.Amount/One))
		m.rejected += float64(f.Scrap.Amount / One)
	}
	if hour, minute, second := f.Start.Clock(); hour+minute+second == 0 {
		m.midnight++
	}
	if _, minute, second := f.End.Clock(); minute%5 == 0 && second == 0 {
		m.five++
	}
	m.minutes = append(m.minutes, f.Labor.Minutes())
}

func (m *measured) results(months int) map[string]float64 {
	share := func(n, of int) float64 { return float64(n) / float64(max(of, 1)) }
	mean, variance := moments(m.rejects)
	partials, _ := moments(m.partials)
	booked, _ := moments(m.minutes)
	single := len(slices.DeleteFunc(slices.Clone(m.partials), func(n float64) bool { return n != 1 }))
	return map[string]float64{
		"orderQuantityMedian": quantile(m.quantities, 0.5), "orderQuantityP90": quantile(m.quantities, 0.9),
		"partialsPerOperation": partials, "partialsMax": slices.Max(m.partials), "singleShare": share(single, len(m.partials)),
		"zeroShare": share(m.zero, m.rows), "rejectRowsShare": share(m.rejecting, m.rows), "rejectOrdersShare": share(m.rejectOrders, m.orders),
		"rejectsPerOrderPiece": m.rejected / m.pieces, "rejectsPerRowMean": mean, "rejectsPerRowDispersion": variance / max(mean, 1e-9),
		"sharedMinuteShare": share(m.shared, m.rows), "mostInOneMinute": float64(m.most),
		"midnightShare": share(m.midnight, m.rows), "onFiveMinutesShare": share(m.five, m.rows),
		"severalWorkersShare": share(m.several, len(m.partials)), "returningOrdersShare": share(m.returning, m.orders),
		"distinctRoutesPerOrder": share(len(m.routes), m.orders), "reworkOrdersShare": share(m.rework, m.orders),
		"bookedMinutesMean": booked, "leadDaysMedian": quantile(m.leads, 0.5), "touchOverLeadMedian": quantile(m.touches, 0.5),
		"ordersPerDay": float64(m.orders) / 30 / float64(months),
	}
}

func moments(x []float64) (mean, variance float64) {
	if len(x) == 0 {
		return 0, 0
	}
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for _, v := range x {
		variance += (v - mean) * (v - mean)
	}
	return mean, variance / float64(len(x))
}

func quantile(x []float64, q float64) float64 {
	if len(x) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(x))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}
