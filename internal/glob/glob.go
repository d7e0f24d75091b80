// Package glob matches names against patterns in which * stands for any run
// of characters, slashes included: orders are called "ZSU/00033/01/2025".
//
// It knows nothing of what the names are about.
package glob

import "strings"

// Match reports whether s is pattern. An empty pattern is any name.
func Match(pattern, s string) bool {
	if pattern == "" || pattern == s {
		return true
	}
	head, rest, wild := strings.Cut(pattern, "*")
	if !wild || !strings.HasPrefix(s, head) {
		return false
	}
	s = s[len(head):]
	for {
		part, after, more := strings.Cut(rest, "*")
		if !more {
			return strings.HasSuffix(s, part)
		}
		i := strings.Index(s, part)
		if i < 0 {
			return false
		}
		s, rest = s[i+len(part):], after
	}
}
