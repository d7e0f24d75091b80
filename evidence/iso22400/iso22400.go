// Package iso22400 computes the key figures of ISO 22400-2, exactly: what a
// plant's time and quantities come to, as fractions that are rounded by nobody
// on the way.
//
// It knows neither journals nor systems; whoever has the elements, from what
// happened or from what somebody reported, computes the same figure from both
// and compares. Availability, effectiveness, quality ratio and OEE and the
// time elements follow public descriptions of the standard; the other formulas
// are those in common use and are to be checked against the standard's text
// before they are quoted as its own.
package iso22400

import (
	"math/big"
	"time"

	"github.com/andon-rig/andon/simulators/plant"
)

// Elements are what figures are computed from. What is not known is zero, and
// makes the figures that divide by it undefined.
type Elements struct {
	PBT  time.Duration // planned busy time: the unit was planned to be used
	APT  time.Duration // actual production time: it made pieces
	AUST time.Duration // actual unit setup time
	ADET time.Duration // actual unit delay time: waiting, blocked, short stops
	ADOT time.Duration // actual unit down time: failed
	APWT time.Duration // actual personnel work time
	APAT time.Duration // actual personnel attendance time
	PRI  time.Duration // planned run time per item
	Run  time.Duration // planned run time of all that was produced, where items differ; PRI · PQ if zero

	PQ  plant.Decimal // produced quantity
	GQ  plant.Decimal // good quantity, the first time
	RQ  plant.Decimal // rework quantity
	SQ  plant.Decimal // scrap quantity
	PSQ plant.Decimal // planned scrap quantity
	IQ  plant.Decimal // inspected quantity; GP of them were good the first time
	GP  plant.Decimal // good parts among the inspected
	PQ1 plant.Decimal // produced quantity of the first operation
	CM  plant.Decimal // consumed material
}

// Options are what plants settle differently.
type Options struct {
	// NoTimeIsFull makes the availability of a unit that was planned for no
	// time 1; it is undefined otherwise.
	NoTimeIsFull bool
	// ReworkIsGood counts reworked pieces as good.
	ReworkIsGood bool
	// SetupIsPlanned takes setup out of the planned busy time: changeovers are
	// no loss of availability then.
	SetupIsPlanned bool
	// CapEffectiveness bounds effectiveness at 1. Without, a planned time per
	// item that is too long shows.
	CapEffectiveness bool
}

// AUPT is the actual unit processing time: production and setup.
func (e Elements) AUPT() time.Duration { return e.APT + e.AUST }

// AUBT is the actual unit busy time: processing and the delays in it.
func (e Elements) AUBT() time.Duration { return e.AUPT() + e.ADET }

// AOET is the actual order execution time: everything from begin to end.
func (e Elements) AOET() time.Duration { return e.APT + e.AUST + e.ADET + e.ADOT }

// good is what counts as good.
func (e Elements) good(o Options) plant.Decimal {
	if o.ReworkIsGood {
		return e.GQ.Add(e.RQ)
	}
	return e.GQ
}

// busy is the planned busy time as the plant sees it.
func (e Elements) busy(o Options) time.Duration {
	if o.SetupIsPlanned {
		return e.PBT - e.AUST
	}
	return e.PBT
}

// Availability is APT / PBT; nil if it is undefined, as all figures here.
func (e Elements) Availability(o Options) *big.Rat {
	if e.busy(o) == 0 && o.NoTimeIsFull {
		return big.NewRat(1, 1)
	}
	return over(seconds(e.APT), seconds(e.busy(o)))
}

// Effectiveness is PRI · PQ / APT.
func (e Elements) Effectiveness(o Options) *big.Rat {
	planned := seconds(e.Run)
	if e.Run == 0 {
		planned = times(seconds(e.PRI), pieces(e.PQ))
	}
	r := over(planned, seconds(e.APT))
	if one := big.NewRat(1, 1); r != nil && o.CapEffectiveness && r.Cmp(one) > 0 {
		return one
	}
	return r
}

// QualityRatio is GQ / PQ.
func (e Elements) QualityRatio(o Options) *big.Rat { return over(pieces(e.good(o)), pieces(e.PQ)) }

// OEE is availability · effectiveness · quality ratio.
func (e Elements) OEE(o Options) *big.Rat {
	return times(e.Availability(o), e.Effectiveness(o), e.QualityRatio(o))
}

// NEE is AUPT / PBT · effectiveness · quality ratio: OEE with setup as use.
func (e Elements) NEE(o Options) *big.Rat {
	return times(over(seconds(e.AUPT()), seconds(e.PBT)), e.Effectiveness(o), e.QualityRatio(o))
}

// AllocationRatio is AUBT / AOET of an order.
func (e Elements) AllocationRatio() *big.Rat { return over(seconds(e.AUBT()), seconds(e.AOET())) }

// AllocationEfficiency is AUBT / PBT.
func (e Elements) AllocationEfficiency() *big.Rat { return over(seconds(e.AUBT()), seconds(e.PBT)) }

// UtilisationEfficiency is APT / AUBT.
func (e Elements) UtilisationEfficiency() *big.Rat { return over(seconds(e.APT), seconds(e.AUBT())) }

// SetupRate is AUST / AUPT.
func (e Elements) SetupRate() *big.Rat { return over(seconds(e.AUST), seconds(e.AUPT())) }

// TechnicalEfficiency is APT / (APT + ADET).
func (e Elements) TechnicalEfficiency() *big.Rat { return over(seconds(e.APT), seconds(e.APT+e.ADET)) }

// ProductionProcessRatio is APT / AOET.
func (e Elements) ProductionProcessRatio() *big.Rat { return over(seconds(e.APT), seconds(e.AOET())) }

// WorkerEfficiency is APWT / APAT.
func (e Elements) WorkerEfficiency() *big.Rat { return over(seconds(e.APWT), seconds(e.APAT)) }

// ThroughputRate is PQ / AOET, in pieces an hour.
func (e Elements) ThroughputRate() *big.Rat {
	return over(times(pieces(e.PQ), big.NewRat(3600, 1)), seconds(e.AOET()))
}

// FirstPassYield is good parts the first time / inspected parts.
func (e Elements) FirstPassYield() *big.Rat { return over(pieces(e.GP), pieces(e.IQ)) }

// ScrapRatio is SQ / PQ.
func (e Elements) ScrapRatio() *big.Rat { return over(pieces(e.SQ), pieces(e.PQ)) }

// ActualToPlannedScrap is SQ / PSQ.
func (e Elements) ActualToPlannedScrap() *big.Rat { return over(pieces(e.SQ), pieces(e.PSQ)) }

// ReworkRatio is RQ / PQ.
func (e Elements) ReworkRatio() *big.Rat { return over(pieces(e.RQ), pieces(e.PQ)) }

// FallOffRatio is SQ / PQ of the first operation.
func (e Elements) FallOffRatio() *big.Rat { return over(pieces(e.SQ), pieces(e.PQ1)) }

// FinishedGoodsRatio is GQ / consumed material.
func (e Elements) FinishedGoodsRatio(o Options) *big.Rat {
	return over(pieces(e.good(o)), pieces(e.CM))
}

func seconds(d time.Duration) *big.Rat { return big.NewRat(int64(d), int64(time.Second)) }

func pieces(d plant.Decimal) *big.Rat { return big.NewRat(int64(d), int64(plant.One)) }

// over divides; nil if there is nothing to divide by.
func over(a, b *big.Rat) *big.Rat {
	if b.Sign() == 0 {
		return nil
	}
	return new(big.Rat).Quo(a, b)
}

// times multiplies; nil if a factor is undefined.
func times(factors ...*big.Rat) *big.Rat {
	p := big.NewRat(1, 1)
	for _, f := range factors {
		if f == nil {
			return nil
		}
		p.Mul(p, f)
	}
	return p
}
