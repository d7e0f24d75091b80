package pact

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
)

// errCannotTell says that a verdict could not be reached, so that none may be
// given.
var errCannotTell = errors.New("it cannot be told")

// regexTime is how long one pattern may take on one text. What takes longer
// explodes.
const regexTime = 200 * time.Millisecond

// A pattern matches whole texts as the official engine does, which is
// Oniguruma's way: with look-ahead, back references and classes of Unicode.
type pattern struct {
	fast *regexp.Regexp // for ASCII texts, if Go's engine reads the pattern alike
	full *regexp2.Regexp
}

var patterns sync.Map // string to *pattern or error

// compile reads a pattern.
func compile(expr string) (*pattern, error) {
	if v, ok := patterns.Load(expr); ok {
		if err, bad := v.(error); bad {
			return nil, err
		}
		return v.(*pattern), nil
	}
	p, err := newPattern(expr)
	if err != nil {
		patterns.Store(expr, err)
		return nil, err
	}
	patterns.Store(expr, p)
	return p, nil
}

func newPattern(expr string) (*pattern, error) {
	translated, err := translate(expr)
	if err != nil {
		return nil, err
	}
	full, err := regexp2.Compile(`\A(?:`+translated+`)\z`, regexp2.Multiline)
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", expr, err)
	}
	full.MatchTimeout = regexTime
	p := &pattern{full: full}
	if portable(expr) {
		if fast, err := regexp.Compile(`\A(?:` + expr + `)\z`); err == nil {
			p.fast = fast
		}
	}
	return p, nil
}

// portable reports whether Go's engine means the same by expr, on ASCII texts.
func portable(expr string) bool {
	for _, other := range []string{"(?", "$", "^", "[:", "&&", "{,"} {
		if strings.Contains(expr, other) {
			return false
		}
	}
	for i := 0; i+1 < len(expr); i++ {
		if expr[i] != '\\' {
			continue
		}
		if i++; letter(expr[i]) && !strings.ContainsRune("dDwWsSbBtnrfA", rune(expr[i])) {
			return false
		}
	}
	return !ambiguous.MatchString(expr)
}

// ambiguous finds one quantifier behind another and a class in a class, which
// engines read each in their own way.
var ambiguous = regexp.MustCompile(`[*+?}][*+]|\}\?|\[[^\]]*\[`)

// match reports whether p matches all of s; [errCannotTell] if that takes too
// long.
func (p *pattern) match(s string) (bool, error) {
	if p.fast != nil && ascii(s) {
		return p.fast.MatchString(s), nil
	}
	ok, err := p.full.MatchString(s)
	if err != nil {
		return false, fmt.Errorf("%w: the regular expression takes longer than %v on %q", errCannotTell, regexTime, clip(s))
	}
	return ok, nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// clip shortens a text for people.
func clip(s string) string {
	if len(s) > 60 {
		return s[:57] + "..."
	}
	return s
}
