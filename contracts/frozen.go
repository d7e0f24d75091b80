package contracts

import (
	"path"
	"regexp"
	"slices"
	"time"
)

// Kept holds each version that has been released and is not retired against
// what was recorded of it: a promise that somebody builds on may grow and must
// not break, and whoever must break it does so in a version of its own.
//
// A released version of a frozen book of which nothing was recorded is a
// problem, and so is a record whose document is gone.
func (b *Book) Kept(today time.Time) (steps []Step, ps Problems) {
	for _, c := range b.Contracts {
		for _, to := range c.Versions {
			v := b.version(to)
			if v == nil || v.On(today) == Planned || v.On(today) == Retired {
				continue
			}
			switch from := c.Recorded(to.Version); {
			case from != nil:
				steps = append(steps, b.kept(c, *from, to))
			case b.File.Frozen:
				ps = append(ps, at(v.Pos, "%s is released, and nothing was recorded of what its %s promises", to.ID(), c.Name).hint("andon contracts freeze records it"))
			}
		}
		for _, from := range c.Released {
			if v := b.version(from); c.Half(from.Version) == nil && (v == nil || v.On(today) != Retired) {
				ps = append(ps, Problem{Place: Place{File: from.Folder}, Text: "was recorded of " + from.ID() + ", whose document is gone", Hint: "keep a document until its version is retired"})
			}
		}
	}
	return steps, ps
}

// kept is what has become of a recorded document.
func (b *Book) kept(c *Contract, from, to Half) Step {
	if from.Digest == to.Digest {
		return Step{Contract: c, From: from, To: to, Released: true}
	}
	s := b.step(c, from, to)
	s.Released = true
	for i, ch := range s.Changes {
		if ch.Severity == Dangerous && taken.MatchString(ch.Type) {
			s.Changes[i].Severity = Breaking
		}
	}
	SortChanges(s.Changes)
	return s
}

// taken are the types of changes that take away what was there. From one
// version to the next that may do; within a version somebody builds on it.
var taken = regexp.MustCompile(`(?i)removed`)

// Recorded is what was recorded of a version when it was released, or nil.
func (c *Contract) Recorded(version string) *Half {
	i := slices.IndexFunc(c.Released, func(h Half) bool { return h.Version == version })
	if i < 0 {
		return nil
	}
	return &c.Released[i]
}

// Unrecorded is a released version whose document is not, or not as it stands,
// recorded in Folder.
type Unrecorded struct {
	Contract *Contract
	Half     Half
	Folder   string
}

// Unrecorded are the versions that a record must be made of.
func (b *Book) Unrecorded(today time.Time) (all []Unrecorded) {
	for _, c := range b.Contracts {
		for _, h := range c.Versions {
			if v := b.version(h); v == nil || v.On(today) == Planned || v.On(today) == Retired {
				continue
			}
			if r := c.Recorded(h.Version); r == nil || r.Digest != h.Digest {
				all = append(all, Unrecorded{Contract: c, Half: h, Folder: path.Join(c.Folder, releasedFolder, h.Version)})
			}
		}
	}
	return all
}
