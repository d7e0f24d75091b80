package contracts

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Step is what changes between two versions of a contract's provider half.
type Step struct {
	Contract *Contract
	From, To Half
	Changes  []Change
	Users    map[string][]string // by path of a change that is not safe: consumers that touch it
	RunsIn   map[string][]string // environments in which a consumer among Users runs
	Err      error               // why they could not be compared
	Released bool                // From is what was recorded of To when it was released
}

// Evolution compares each version of each contract with the version before it,
// or with all earlier ones that are not retired if the contract is transitive.
// Versions follow each other as the book lists them.
func (b *Book) Evolution(today time.Time) (steps []Step) {
	for _, c := range b.Contracts {
		for i, to := range c.Versions {
			first := max(0, i-1)
			if c.File.Transitive {
				first = 0
			}
			for _, from := range c.Versions[first:i] {
				if v := b.version(from); v != nil && v.On(today) == Retired {
					continue
				}
				steps = append(steps, b.step(c, from, to))
			}
		}
	}
	return steps
}

func (b *Book) step(c *Contract, from, to Half) Step {
	s := Step{Contract: c, From: from, To: to}
	d, ok := to.Format.(Differ)
	switch {
	case from.Format.Name() != to.Format.Name():
		s.Err = fmt.Errorf("%s is written in %s and %s in %s", from.ID(), from.Format.Name(), to.ID(), to.Format.Name())
	case !ok:
		s.Err = fmt.Errorf("versions in format %s cannot be compared", to.Format.Name())
	default:
		s.Changes, s.Err = d.Changes(from.Document, to.Document, c.File.Mode)
	}
	s.Users = c.users(from, s.Changes)
	s.RunsIn = b.runsIn(c, s.Users)
	return s
}

// users are the consumers that touch what changes.
func (c *Contract) users(of Half, changes []Change) map[string][]string {
	users := map[string][]string{}
	for _, h := range c.Consumers {
		r, ok := h.Document.(Relier)
		if !ok {
			continue
		}
		used := map[string]bool{}
		for _, part := range r.Uses(of.Document) {
			used[part] = true
		}
		for _, ch := range changes {
			if ch.Severity != Safe && used[ch.Path] {
				users[ch.Path] = append(users[ch.Path], h.ID())
			}
		}
	}
	return users
}

// Touching are the consumers, at all their versions, that rely on a field of a
// provider's document. Path is as breaches write it, without numbers of rows:
// "$.lots[].id".
func (c *Contract) Touching(provider Half, path string) (users []string) {
	path = strings.TrimPrefix(path, "$")
	for _, h := range c.Consumers {
		r, ok := h.Document.(Relier)
		if ok && path != "" && slices.ContainsFunc(r.Uses(provider.Document), func(part string) bool { return strings.HasSuffix(part, path) }) {
			users = append(users, h.ID())
		}
	}
	return users
}

// runsIn are the environments of the consumers among users.
func (b *Book) runsIn(c *Contract, users map[string][]string) map[string][]string {
	places := map[string][]string{}
	for _, names := range users {
		for _, h := range c.Consumers {
			if v := b.version(h); v != nil && len(v.RunsIn) > 0 && slices.Contains(names, h.ID()) {
				places[h.ID()] = v.RunsIn
			}
		}
	}
	return places
}

// version is what the book says of a half, nil if it does not know it.
func (b *Book) version(h Half) *PartyVersion {
	if p := b.Party(h.Party); p != nil {
		return p.Find(h.Version)
	}
	return nil
}
