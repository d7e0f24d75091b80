package contracts

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/andon-rig/andon/evidence"
)

// A Cell is one version of a consumer with one version of a provider, in one
// contract.
type Cell struct {
	Provider        string           `json:"provider"`
	Contract        string           `json:"contract"`
	ProviderVersion string           `json:"providerVersion"`
	Consumer        string           `json:"consumer"`
	ConsumerVersion string           `json:"consumerVersion"`
	ProviderState   State            `json:"providerState"`
	ConsumerState   State            `json:"consumerState"`
	Verdict         evidence.Verdict `json:"verdict"`
	Reason          string           `json:"reason"`            // one sentence: what decided it
	At              Place            `json:"at,omitzero"`       // where that stands
	Unmet           []Change         `json:"unmet,omitempty"`   // what the consumer relies on and is not promised
	Results         []Result         `json:"results,omitempty"` // what was seen by running it
}

// A Result is what running one version against another has shown, by any of
// the checks that run something.
type Result struct {
	Check           string           `json:"check"` // inline, replay
	Contract        string           `json:"contract"`
	Provider        string           `json:"provider"`
	ProviderVersion string           `json:"providerVersion"`
	Consumer        string           `json:"consumer"`
	ConsumerVersion string           `json:"consumerVersion"`
	Verdict         evidence.Verdict `json:"verdict"`
	Text            string           `json:"text"`
	When            time.Time        `json:"when,omitzero"`
	Digest          string           `json:"digest,omitempty"`     // of the consumer half that was run, so that an old result does not speak for a new document
	From            string           `json:"from,omitempty"`       // file the result was read from
	AttestedBy      string           `json:"attestedBy,omitempty"` // name of the key that signed it, if the book trusts that
}

// Matrix is the full cross product: every version of every consumer that is
// not retired with every version of its providers that is not retired. No cell
// stands for another.
func (b *Book) Matrix(today time.Time, results []Result) (cells []Cell) {
	for _, c := range b.Contracts {
		for _, consumer := range c.Consumers {
			for _, provider := range c.Versions {
				cell := b.cell(c, consumer, provider, today, results)
				if cell.ProviderState != Retired && cell.ConsumerState != Retired {
					cells = append(cells, cell)
				}
			}
		}
	}
	return cells
}

func (b *Book) cell(c *Contract, consumer, provider Half, today time.Time, results []Result) Cell {
	cell := Cell{
		Provider: provider.Party, Contract: c.Name, ProviderVersion: provider.Version, Consumer: consumer.Party, ConsumerVersion: consumer.Version,
		ProviderState: b.stateOf(provider, today), ConsumerState: b.stateOf(consumer, today),
	}
	cell.judge(consumer, provider)
	for _, r := range results {
		if r.Digest != "" && r.Digest != consumer.Digest {
			continue // it was seen of another document
		}
		if r.Contract == c.Name && r.Provider == provider.Party && r.ProviderVersion == provider.Version && r.Consumer == consumer.Party && r.ConsumerVersion == consumer.Version {
			cell.add(r)
		}
	}
	return cell
}

func (b *Book) stateOf(h Half, today time.Time) State {
	if v := b.version(h); v != nil {
		return v.On(today)
	}
	return Planned
}

// judge holds the consumer's half against the provider's, without running
// anything.
func (c *Cell) judge(consumer, provider Half) {
	r, ok := consumer.Document.(Relier)
	if !ok {
		c.Verdict, c.Reason, c.At = evidence.Inconclusive, fmt.Sprintf("what %s relies on is in format %s, which cannot be held against a document", consumer.ID(), consumer.Format.Name()), Place{File: consumer.Folder}
		return
	}
	unmet, err := r.Unmet(provider.Document)
	switch {
	case err != nil:
		c.Verdict, c.Reason, c.At = evidence.Inconclusive, err.Error(), Place{File: consumer.Folder}
	case Worst(unmet) == Breaking:
		SortChanges(unmet)
		c.Verdict, c.Unmet, c.Reason = evidence.Violated, unmet, unmet[0].Message
		if c.At = unmet[0].Before; c.At.File == "" {
			c.At = Place{File: consumer.Folder}
		}
	case len(r.Uses(provider.Document)) == 0:
		c.Verdict, c.Reason, c.At = evidence.Vacuous, fmt.Sprintf("%s relies on nothing that %s promises", consumer.ID(), provider.ID()), Place{File: consumer.Folder}
	default:
		c.Verdict, c.Unmet, c.Reason, c.At = evidence.Holds, unmet, fmt.Sprintf("%s promises all that %s relies on", provider.ID(), consumer.ID()), Place{File: provider.Folder}
	}
}

// add takes what was seen into account. Having run outweighs not having been
// able to compare; the worst wins otherwise.
func (c *Cell) add(r Result) {
	c.Results = append(c.Results, r)
	undecided := c.Verdict == evidence.Inconclusive && len(c.Results) == 1
	switch {
	case undecided || r.Verdict > c.Verdict:
		c.Verdict, c.Reason, c.At = r.Verdict, r.seen(), Place{File: r.From}
	case r.Verdict == evidence.Holds && c.Verdict == evidence.Holds:
		c.Reason += "; " + r.seen()
	}
}

// seen says in short what was seen, and on whose word.
func (r Result) seen() string {
	s := r.Check + ": " + r.Text
	if r.AttestedBy != "" {
		s += ", attested by " + r.AttestedBy
	}
	return s
}

// A Decision is the answer to whether a version may go to an environment.
type Decision struct {
	Party       string           `json:"party"`
	Version     string           `json:"version"`
	Environment string           `json:"environment"`
	Verdict     evidence.Verdict `json:"verdict"`
	Reason      string           `json:"reason"` // the single reason
	At          Place            `json:"at,omitzero"`
	Cells       []Cell           `json:"cells"` // all that was looked at, worst first
}

// CanDeploy says whether a version of a party works with every version of
// every partner that runs in an environment. What is not known is
// inconclusive, and so is a partner of which nothing is written down.
func (b *Book) CanDeploy(party, version, environment string, today time.Time, results []Result) Decision {
	d := Decision{Party: party, Version: version, Environment: environment, Cells: []Cell{}}
	known := b.Party(party).Find(version)
	if s := known.On(today); s == Retired {
		d.Verdict, d.Reason = evidence.Violated, fmt.Sprintf("%s %s is retired since %s", party, version, known.Sunset)
		d.At = Place{File: known.Pos.File, Line: known.Pos.Line, Column: known.Pos.Column}
		return d
	}
	for _, c := range b.Contracts {
		d.Cells = append(d.Cells, b.asProvider(c, d, today, results)...)
		d.Cells = append(d.Cells, b.asConsumer(c, d, today, results)...)
	}
	slices.SortStableFunc(d.Cells, func(a, b Cell) int { return cmp.Compare(b.Verdict, a.Verdict) })
	if len(d.Cells) == 0 {
		d.Verdict, d.Reason = evidence.Vacuous, fmt.Sprintf("no partner of %s runs in %s", party, environment)
		return d
	}
	worst := d.Cells[0]
	d.Verdict, d.At = worst.Verdict, worst.At
	d.Reason = fmt.Sprintf("%s: %s %s with %s %s: %s", worst.Contract, worst.Consumer, worst.ConsumerVersion, worst.Provider, worst.ProviderVersion, worst.Reason)
	return d
}

// asProvider are the cells with consumers that run there.
func (b *Book) asProvider(c *Contract, d Decision, today time.Time, results []Result) (cells []Cell) {
	if c.Provider != d.Party {
		return nil
	}
	for _, name := range c.consumerNames() {
		for _, v := range b.running(name, d.Environment) {
			consumer := c.consumer(name, v.Version)
			provider := c.Half(d.Version)
			cells = append(cells, b.pair(c, consumer, provider, name, v.Version, c.Provider, d.Version, today, results))
		}
	}
	return cells
}

// asConsumer are the cells with versions of the provider that run there.
func (b *Book) asConsumer(c *Contract, d Decision, today time.Time, results []Result) (cells []Cell) {
	if !slices.Contains(c.consumerNames(), d.Party) {
		return nil
	}
	for _, v := range b.running(c.Provider, d.Environment) {
		cells = append(cells, b.pair(c, c.consumer(d.Party, d.Version), c.Half(v.Version), d.Party, d.Version, c.Provider, v.Version, today, results))
	}
	return cells
}

// pair is the cell of two versions of which either half may be missing.
func (b *Book) pair(c *Contract, consumer, provider *Half, consumerName, consumerVersion, providerName, providerVersion string, today time.Time, results []Result) Cell {
	if consumer != nil && provider != nil {
		return b.cell(c, *consumer, *provider, today, results)
	}
	cell := Cell{
		Provider: providerName, Contract: c.Name, ProviderVersion: providerVersion, Consumer: consumerName, ConsumerVersion: consumerVersion,
		ProviderState: b.stateOf(Half{Party: providerName, Version: providerVersion}, today),
		ConsumerState: b.stateOf(Half{Party: consumerName, Version: consumerVersion}, today),
		Verdict:       evidence.Inconclusive, At: Place{File: c.Folder},
	}
	if consumer == nil {
		cell.Reason = fmt.Sprintf("nothing says what %s %s relies on", consumerName, consumerVersion)
	} else {
		cell.Reason = fmt.Sprintf("nothing says what %s %s promises", providerName, providerVersion)
	}
	return cell
}

func (b *Book) running(party, environment string) []PartyVersion {
	if p := b.Party(party); p != nil {
		return p.In(environment)
	}
	return nil
}

// consumerNames are the consumers of c, each once.
func (c *Contract) consumerNames() (names []string) {
	for _, h := range c.Consumers {
		if !slices.Contains(names, h.Party) {
			names = append(names, h.Party)
		}
	}
	return names
}

// consumer is what a consumer relies on at a version, or nil.
func (c *Contract) consumer(name, version string) *Half {
	for i := range c.Consumers {
		if c.Consumers[i].Party == name && c.Consumers[i].Version == version {
			return &c.Consumers[i]
		}
	}
	return nil
}
