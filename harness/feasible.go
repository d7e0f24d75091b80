package harness

import (
	"fmt"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/compose"
	"github.com/andon-rig/andon/harness/sut/container"
	"github.com/andon-rig/andon/harness/sut/external"
	"github.com/andon-rig/andon/harness/sut/process"
)

// Feasible returns those of all that can be carried out at this rig on this
// machine, and says of each other what is missing. A search that draws its
// faults by chance draws from these; a fault that a file names is never left
// out, but refused.
func (f File) Feasible(all []faults.Info) (feasible []faults.Info, left []string) {
	for _, i := range all {
		if err := f.feasible(i); err != nil {
			left = append(left, fmt.Sprintf("%s: %s", i.Name, err))
			continue
		}
		feasible = append(feasible, i)
	}
	return feasible, left
}

func (f File) feasible(i faults.Info) error {
	if c, ok := i.New().(chaos.ConnFault); ok {
		return f.connsFeasible(c.Trouble())
	}
	p, ok := i.New().(chaos.Process)
	if !ok {
		return nil
	}
	do := p.Process().Do
	if err := sut.Can(f.kindOfDriver(), breakages[do].needs); err != nil {
		return err
	}
	return f.SUT.allows(do)
}

// kindOfDriver is a driver of the kind that the rig has, which starts nothing:
// it is only asked what it can do.
func (f File) kindOfDriver() sut.Driver {
	if p := f.SUT.Process; p != nil {
		return process.Asked(p.Command, p.Dir)
	}
	if c := f.SUT.Container; c != nil {
		return container.Asked(c.Network == NetworkHost)
	}
	if f.SUT.Compose != nil {
		return new(compose.Driver)
	}
	return new(external.Driver)
}
