package load

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Flow is a kind of message that the MES announces, by the name under which it
// travels.
type Flow string

// Flows of a load.
const (
	Confirmations Flow = "confirmations" // of an operation: yield and scrap
	Consumptions  Flow = "consumptions"  // of a material's lot by an operation
	Scraps        Flow = "scrap"         // of a component, out of such a lot
	Holds         Flow = "holds"         // of a lot that the order has made, for a quality case
)

// Flows lists all of them; their places are their numbers.
var Flows = [...]Flow{Confirmations, Consumptions, Scraps, Holds}

const (
	flowKinds = len(Flows)

	ofConfirmations = 0
	ofConsumptions  = 1
	ofScraps        = 2
	ofHolds         = 3
)

// number is the place of f in [Flows]; -1 if it is none.
func (f Flow) number() int { return slices.Index(Flows[:], f) }

// A Share says how much of the traffic is of a flow: so many parts of the sum of
// all.
type Share struct {
	Flow  Flow `json:"flow"`
	Parts int  `json:"parts"`
}

// A Mix is the shares of all flows that there are, each once.
type Mix []Share

// mostParts bounds the sum of a mix: so many messages go by until it begins anew.
const mostParts = 10_000

// Mixable is how a mix is written.
const Mixable = "confirmations=70,consumptions=20,scrap=8,holds=2"

// ParseMix reads a mix such as [Mixable]. What is not in it is not sent.
func ParseMix(text string) (m Mix, err error) {
	for one := range strings.SplitSeq(text, ",") {
		name, parts, ok := strings.Cut(strings.TrimSpace(one), "=")
		n, err := strconv.Atoi(parts)
		switch {
		case !ok || err != nil || n < 0:
			return nil, fmt.Errorf("mix %q: %q is no share such as scrap=8; write %s", text, one, Mixable)
		case Flow(name).number() < 0:
			return nil, fmt.Errorf("mix %q: there is no flow %q; there are %s", text, name, flowNames())
		case slices.ContainsFunc(m, func(s Share) bool { return s.Flow == Flow(name) }):
			return nil, fmt.Errorf("mix %q: %s is there twice", text, name)
		case n > 0:
			m = append(m, Share{Flow(name), n})
		}
	}
	return m, m.sane()
}

func flowNames() string {
	names := make([]string, flowKinds)
	for i, f := range Flows {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

func (m Mix) sane() error {
	if len(m) == 0 {
		return errors.New("the mix has nothing in it; write " + Mixable)
	}
	if n := m.parts(); n > mostParts {
		return fmt.Errorf("the shares of the mix add up to %d; at most to %d", n, mostParts)
	}
	return nil
}

// parts is the sum of all shares.
func (m Mix) parts() (n int) {
	for _, s := range m {
		n += s.Parts
	}
	return n
}

// String writes m as people say it.
func (m Mix) String() string {
	all := make([]string, len(m))
	for i, s := range m {
		all[i] = fmt.Sprintf("%.3g %% %s", 100*float64(s.Parts)/float64(m.parts()), s.Flow)
	}
	return strings.Join(all, ", ")
}

// turns say whose turn the n-th message of a load is, spread as evenly as whole
// messages can be. It is a pure function of n, as all that a load sends.
type turns struct {
	mix    Mix
	whose  []uint8             // by place in a round
	before [][flowKinds]uint32 // of each place: how many of each flow the round has before it
	round  uint64
	each   [flowKinds]uint64 // in a round
}

func (m Mix) turns() *turns {
	t := &turns{mix: m}
	var gcd int
	for _, s := range m {
		for a := s.Parts; a > 0; {
			gcd, a = a, gcd%a
		}
	}
	for _, s := range m {
		t.each[s.Flow.number()] = uint64(s.Parts / gcd)
		t.round += uint64(s.Parts / gcd)
	}
	var owed [flowKinds]int64 // who is owed most has its turn
	var had [flowKinds]uint32
	for range t.round {
		next := 0
		for f := range owed {
			owed[f] += int64(t.each[f])
			if owed[f] > owed[next] || t.each[next] == 0 {
				next = f
			}
		}
		owed[next] -= int64(t.round)
		t.whose, t.before = append(t.whose, uint8(next)), append(t.before, had)
		had[next]++
	}
	return t
}

// turn is the flow of message n, and the how-manieth of it that is, from 0.
func (t *turns) turn(n uint64) (flow int, nth uint64) {
	i := n % t.round
	flow = int(t.whose[i])
	return flow, n/t.round*t.each[flow] + uint64(t.before[i][flow])
}

// until is how many of a flow there are before message n.
func (t *turns) until(n uint64, flow int) uint64 {
	return n/t.round*t.each[flow] + uint64(t.before[n%t.round][flow])
}
