package source

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// Trees are the documents of a version by the URLs that references lead to.
type Trees = map[string]*Tree

// ID is the address that a schema says it has, in its $id; "" if it says none
// that leads anywhere. References to that address lead to it: a copy that is
// among the files of a version is how a reference out of it is allowed.
func (t *Tree) ID() string {
	root, _ := t.Root.(map[string]any)
	id, _ := root["$id"].(string)
	id = strings.TrimSuffix(id, "#")
	if u, err := url.Parse(id); err != nil || u.Scheme == "" || u.Fragment != "" {
		return ""
	}
	return id
}

// A Spot is a place in the documents of a version with what stands there.
type Spot struct {
	URL, Pointer string
	Value        any
}

// Fields is the mapping at s, nil if there is none.
func (s Spot) Fields() map[string]any { m, _ := s.Value.(map[string]any); return m }

// Child is the spot of a key below s, before references are followed, and
// whether it is there.
func (s Spot) Child(key string) (Spot, bool) {
	v, ok := s.Fields()[key]
	return Spot{s.URL, s.Pointer + "/" + Escape(key), v}, ok
}

// Resolve is where a reference leads from the document at a URL.
func Resolve(trees Trees, from, ref string) (Spot, bool) {
	file, fragment, _ := strings.Cut(ref, "#")
	to := from
	if file != "" {
		b, err1 := url.Parse(from)
		rel, err2 := url.Parse(file)
		if err1 != nil || err2 != nil {
			return Spot{}, false
		}
		to = b.ResolveReference(rel).String()
	}
	t := trees[to]
	p, err := url.PathUnescape(fragment)
	if t == nil || err != nil {
		return Spot{}, false
	}
	v, ok := t.At(p)
	return Spot{to, p, v}, ok
}

// hint is what to do about a reference that leads out of the files.
func hint(ref string) string {
	if strings.Contains(ref, "://") {
		return "nothing is fetched; keep a copy beside this file whose $id is that address"
	}
	return ""
}

// maxReferences bounds how many references may stand behind each other.
const maxReferences = 32

// Follow follows the references at s within the documents of a version. The
// problem is nil if they lead somewhere.
func Follow(trees Trees, s Spot) (Spot, *contracts.Problem) {
	for range maxReferences {
		ref, ok := s.Fields()["$ref"].(string)
		if !ok {
			return s, nil
		}
		to, ok := Resolve(trees, s.URL, ref)
		if !ok {
			return s, &contracts.Problem{Place: trees[s.URL].Place(s.Pointer), Text: fmt.Sprintf("refers to %q, which is not among the files of this version", ref), Hint: hint(ref)}
		}
		s = to
	}
	return s, &contracts.Problem{Place: trees[s.URL].Place(s.Pointer), Text: "the reference leads back to itself"}
}
