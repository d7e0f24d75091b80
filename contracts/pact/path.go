package pact

import (
	"errors"
	"strconv"
	"strings"
)

// A step is one part of a path: the root, a name, an index, or any of them.
type step struct {
	root  bool
	name  string
	index int
	isAt  bool // an index
	any   bool // * for names, [*] for indexes
}

var errPath = errors.New("a path begins with $ and goes on with .name, ['name'], [0], [*] or .*")

// parsePath reads a path of a matching rule: "$.lots[*]['batch no']".
func parsePath(s string) ([]step, error) {
	if !strings.HasPrefix(s, "$") {
		return nil, errPath
	}
	steps := []step{{root: true}}
	for s = s[1:]; s != ""; {
		switch {
		case s[0] == '.':
			end := strings.IndexAny(s[1:], ".[")
			if end < 0 {
				end = len(s) - 1
			}
			name := s[1 : 1+end]
			if name == "" {
				return nil, errPath
			}
			steps = append(steps, step{name: name, any: name == "*"})
			s = s[1+end:]
		case strings.HasPrefix(s, "['") || strings.HasPrefix(s, `["`):
			end := strings.Index(s[2:], s[1:2]+"]")
			if end < 0 {
				return nil, errPath
			}
			steps = append(steps, step{name: s[2 : 2+end]})
			s = s[2+end+2:]
		case s[0] == '[':
			end := strings.IndexByte(s, ']')
			if end < 0 {
				return nil, errPath
			}
			if s[1:end] == "*" {
				steps = append(steps, step{isAt: true, any: true})
			} else if i, err := strconv.Atoi(s[1:end]); err == nil && i >= 0 {
				steps = append(steps, step{isAt: true, index: i})
			} else {
				return nil, errPath
			}
			s = s[end+1:]
		default:
			return nil, errPath
		}
	}
	return steps, nil
}

// weight says how well a rule's path fits a place: 0 not at all. A path that
// ends above the place fits as well, since rules hold below their place.
func weight(rule, at []step) int {
	if len(rule) > len(at) {
		return 0
	}
	w := 1
	for i, s := range rule {
		switch a := at[i]; {
		case s.root && a.root:
			w *= 2
		case s.root || a.root:
			return 0
		case s.any && s.isAt == a.isAt:
		case s.any && !s.isAt: // .* takes an index too
		case s.isAt && a.isAt && s.index == a.index:
			w *= 2
		case !s.isAt && !a.isAt && s.name == a.name:
			w *= 2
		case !s.isAt && a.isAt && s.name == strconv.Itoa(a.index):
			w *= 2
		default:
			return 0
		}
	}
	return w * len(rule)
}

// show writes a place for people.
func show(at []step) string {
	var b strings.Builder
	for _, s := range at {
		switch {
		case s.root:
			b.WriteByte('$')
		case s.isAt && s.any:
			b.WriteString("[*]")
		case s.isAt:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case strings.ContainsAny(s.name, ".[]' "):
			b.WriteString("['" + s.name + "']")
		default:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s.name)
		}
	}
	return b.String()
}

// down is the place of a name or index below at. It shares no memory with at.
func down(at []step, s step) []step { return append(at[:len(at):len(at)], s) }
