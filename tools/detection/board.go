package main

import (
	"context"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/evidence/bundle"
	"github.com/andon-rig/andon/evidence/iso22400"
	"github.com/andon-rig/andon/evidence/oee"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// onBoard is the scenario after which a board is hung up: it has scrap.
const onBoard = "CNF-09"

// hearBoard is the canary of the oracle oee. No build makes those figures and no
// system of the rig shows them, so the defect is planted in a board that is
// hung up after a sound run: it counts scrap as good, as boards do that read a
// machine's counter. The same board without that mistake must not be blamed.
func (m *measure) hearBoard(ctx context.Context) (said string, silent int, err error) {
	ss, err := scenarios.Find(onBoard)
	if err != nil {
		return "", 0, err
	}
	o := m.base
	o.Scenarios, o.Lanes, o.Out = ss, 1, filepath.Join(m.dir, "board")
	began := time.Now()
	g, err := harness.Gate(ctx, o)
	if err != nil {
		return "", 0, err
	}
	b, err := bundle.Open(g.Scenarios[0].Bundle)
	if err != nil {
		return "", 0, err
	}
	right := boardVerdict(b.Records, func(u oee.Unit) oee.Unit { return u })
	wrong := boardVerdict(b.Records, func(u oee.Unit) oee.Unit {
		u.GQ = u.GQ.Add(u.SQ)
		return u
	})
	word := "speaks"
	if right != evidence.Holds || wrong != evidence.Violated {
		word, silent = "SILENT", 1
	}
	return fmt.Sprintf("%s    %-21s a board after %s that counts scrap as good %s  %s; without that %s %s\n", word, "oee", onBoard,
		time.Since(began).Round(100*time.Millisecond), wrong, right, g.Scenarios[0].Error), silent, nil
}

// boardVerdict judges a board that shows the quality ratio of every work unit
// over the whole run, of what it takes for the truth.
func boardVerdict(records []evidence.Record, taken func(oee.Unit) oee.Unit) evidence.Verdict {
	truth := oee.Of(evidence.NewHistory(records))
	from, to := truth.Span()
	from = from.Add(-time.Second) // what is confirmed as a stretch begins is not in it
	board := evidence.Snapshot{Endpoint: "board"}
	for _, unit := range truth.Units() {
		if q := taken(truth.In(unit, from, to)).QualityRatio(iso22400.Options{}); q != nil {
			board.Units = append(board.Units, evidence.UnitBook{Unit: unit, From: from, To: to, Quality: decimal(q)})
		}
	}
	return evidence.Worst(oracles.JudgeAll(evidence.NewHistory(hang(records, board)), []evidence.Judge{oracles.OEE()}))
}

// hang puts a board before the end of a run.
func hang(records []evidence.Record, board evidence.Snapshot) []evidence.Record {
	last := records[len(records)-1]
	hung := append(slices.Clone(records[:len(records)-1]), evidence.Record{Seq: last.Seq, At: last.At, Body: board})
	last.Seq++
	return append(hung, last)
}

// decimal is a share to the last digit that a book can show.
func decimal(r *big.Rat) *plant.Decimal {
	n := new(big.Rat).Mul(r, new(big.Rat).SetInt64(int64(plant.One)))
	d := plant.Decimal(new(big.Int).Quo(n.Num(), n.Denom()).Int64())
	return &d
}
