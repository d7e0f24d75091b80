package journaltest

import (
	"math/big"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/iso22400"
	"github.com/andon-rig/andon/evidence/oee"
	"github.com/andon-rig/andon/simulators/plant"
)

// By has the SUT post by this way from now on.
func (r *Run) By(route string) { r.way = route }

// CutOver declares a cutover from one way to another at the step with this
// name.
func (r *Run) CutOver(from, to, at string) {
	r.Plan.Cutover = &evidence.Cutover{Old: evidence.Route{Name: from}, New: evidence.Route{Name: to}, At: at}
}

// ShowOEE has a system show availability and quality of a unit from six to two
// on the first day, as they come out of what happened so far.
func (r *Run) ShowOEE(endpoint string, unit plant.WorkCenterID) {
	from := time.Date(2026, 3, 2, 6, 0, 0, 0, Zone())
	b := evidence.UnitBook{Unit: unit, From: from, To: from.Add(8 * time.Hour)}
	u := oee.Of(r.History()).In(unit, b.From, b.To)
	b.Availability, b.Quality = rounded(u.Availability(iso22400.Options{})), rounded(u.QualityRatio(iso22400.Options{}))
	r.Add(evidence.Snapshot{Endpoint: endpoint, Units: []evidence.UnitBook{b}})
}

// rounded is a ratio to four digits, as systems show it; nil stays nil.
func rounded(r *big.Rat) *plant.Decimal {
	if r == nil {
		return nil
	}
	d := plant.MustDecimal(r.FloatString(4))
	return &d
}

// HandOut gives the SUT a client secret of each endpoint and the number of an
// operator in confidence.
func (r *Run) HandOut() {
	for _, n := range []string{"erp", "mes"} {
		r.Plan.Secrets = append(r.Plan.Secrets, evidence.Secret{Name: n + ".secret", Kind: evidence.SecretCredential, Owner: n})
	}
	r.Plan.Secrets = append(r.Plan.Secrets, evidence.Secret{Name: "person-1", Kind: evidence.SecretCanary})
	r.Plan.Looked = []evidence.SecretPlace{evidence.InLog, evidence.InException, evidence.InMessage, evidence.InURL, evidence.AsCredential}
}

// Watch looks n times, once a second, at what the SUT takes up; at says how
// much that is. Nil stands for a sound SUT after its warm-up.
func (r *Run) Watch(n int, at func(i int) (sut, erp evidence.Sample)) {
	if at == nil {
		at = func(i int) (sut, erp evidence.Sample) {
			return evidence.Sample{Memory: int64(40+i%3) << 20, Files: 12 + i%2, Threads: 9}, evidence.Sample{Connections: 2}
		}
	}
	for i := range n {
		sut, erp := at(i)
		sut.Of, erp.Of = "sut", "erp"
		r.Add(sut)
		r.Add(erp)
		r.Wait(time.Second - 20*time.Millisecond)
	}
}
