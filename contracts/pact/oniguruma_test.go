package pact

import (
	"errors"
	"testing"
)

// What is expected here is what the official engine was seen to say.
func TestPatternsAsOnigurumaReadsThem(t *testing.T) {
	for _, c := range []struct {
		pattern  string
		yes, not []string
	}{
		{`\d++-x`, []string{"12-x"}, []string{"-x"}},
		{`a*+a`, nil, []string{"aaa"}},
		{`(ab)++c`, []string{"ababc"}, nil},
		{`a{2}+`, []string{"aa", "aaaa"}, []string{"aaa"}},
		{`a{2}?`, []string{"aa", ""}, []string{"a"}},
		{`a{2,3}?`, []string{"aa", "aaa"}, []string{"a"}},
		{`a{,2}`, []string{"", "aa"}, []string{"aaa", "a{,2}"}},
		{`a{x}`, []string{"a{x}"}, nil},
		{`a**`, []string{"aaa", ""}, nil},
		{`(?m)a.b`, []string{"a\nb"}, nil},
		{`a.b`, []string{"a-b"}, []string{"a\nb"}},
		{`a(?i)b|c`, []string{"aB", "aC"}, []string{"c", "C"}},
		{`(?x) a b # c`, []string{"ab"}, []string{"a b"}},
		{`(x(?i)y)z`, []string{"xYz"}, []string{"xYZ", "Xyz"}},
		{`\h+\H`, []string{"0ag"}, []string{"0a"}},
		{`[\h]+`, []string{"0a"}, []string{"g"}},
		{`\p{^Lu}\P{Lu}`, []string{"ab"}, []string{"aB"}},
		{`[[:alpha:]]+`, []string{"aü"}, []string{"1"}},
		{`[[:^digit:]]+`, []string{"ab"}, []string{"1"}},
		{`[[:punct:]]`, []string{".", "$", "€"}, []string{"a"}},
		{`[a[bc]]+`, []string{"abc"}, []string{"d", "["}},
		{`[]a]+`, []string{"]a"}, []string{"b"}},
		{`[^]a]`, []string{"b"}, []string{"]"}},
		{`a$\nb`, []string{"a\nb"}, []string{"ab"}},
		{`a\Rb`, []string{"a\r\nb", "a\nb"}, []string{"ab"}},
		{`(a)?(?(1)b|c)`, []string{"ab", "c"}, []string{"b"}},
		{`(?<n>a)\k<n>`, []string{"aa"}, []string{"ab"}},
		{`(?#c)a`, []string{"a"}, nil},
		{`\_\Q`, []string{"_Q"}, nil},
	} {
		p, err := compile(c.pattern)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		for _, s := range c.yes {
			if ok, err := p.match(s); !ok || err != nil {
				t.Errorf("%s does not match %q (%v)", c.pattern, s, err)
			}
		}
		for _, s := range c.not {
			if ok, err := p.match(s); ok || err != nil {
				t.Errorf("%s matches %q (%v)", c.pattern, s, err)
			}
		}
	}
}

// A mistake is told from what may be right and cannot be read here: of the
// latter there is no verdict.
func TestPatternsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		pattern string
		unknown bool
	}{
		{`(a`, false}, {`a)`, false}, {`[a`, false}, {`a\`, false}, {`(?s)a`, false}, {`(?u)a`, false}, {`\p{IsGreek}`, false}, {`[[:nope:]]`, false},
		{`(a)(?<n>b)\1`, false}, {`\pL`, false},
		{`\X`, true}, {`a\Kb`, true}, {`\Ga`, true}, {`(?<n>a\g<n>?)`, true}, {`[a-c&&b]`, true}, {`[a[^b]]`, true},
	} {
		_, err := compile(c.pattern)
		if err == nil || errors.Is(err, errCannotTell) != c.unknown {
			t.Errorf("%s: got %v", c.pattern, err)
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{`(?i)a|b`, `[[:alpha:]&&[^x]]`, `a{2}+?*`, `\p{^Lu}\x{41}`, `(?x:a # b
)`} {
		f.Add(s, "ab")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if p, err := compile(pattern); err == nil {
			p.match(text)
		}
	})
}
