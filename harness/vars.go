package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
)

// Vars are what the rig provides to a SUT, by the names used in ${…}. What only
// some dialects have, such as a file of credentials, may be asked for as
// ${erp.ionapi?}: it is empty where there is none.
type Vars map[string]string

var reference = regexp.MustCompile(`\$\{([^}]*)\}`)

// Expand replaces every ${name} in s. A port that is named for the first time
// is chosen here.
func (v Vars) Expand(s string) (string, error) {
	var failed error
	out := reference.ReplaceAllStringFunc(s, func(m string) string {
		name := m[2 : len(m)-1]
		if strings.HasPrefix(name, "port.") && v[name] == "" {
			port, err := freePort()
			if err != nil {
				failed = err
			}
			v[name] = port
		}
		name, may := strings.CutSuffix(name, "?")
		value, ok := v[name]
		if !ok && failed == nil && !(may && v.elsewhere(name)) {
			failed = &unprovided{name, v}
		}
		return value
	})
	return out, failed
}

// elsewhere reports whether an endpoint of another dialect would provide a
// variable that this one does not.
func (v Vars) elsewhere(name string) bool {
	at, what, _ := strings.Cut(name, ".")
	_, known := v[at+".url"]
	return known && meaning("."+what) != ""
}

// unprovided is a variable that there is not.
type unprovided struct {
	name string
	vars Vars
}

// Error implements error.
func (e *unprovided) Error() string {
	said := fmt.Sprintf("${%s} is not something the rig provides", e.name)
	if e.vars.elsewhere(e.name) {
		at, _, _ := strings.Cut(e.name, ".")
		return fmt.Sprintf("%s: %s speaks %s, which has none; ${%s?} is empty where there is none", said, at, e.vars[at+".dialect"], e.name)
	}
	return fmt.Sprintf("%s; it provides %s and ${port.NAME}", said, strings.Join(e.vars.Names(), ", "))
}

// ExpandAll replaces every ${name} in the values of m.
func (v Vars) ExpandAll(m map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(m))
	for k, s := range m {
		e, err := v.Expand(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		out[k] = e
	}
	return out, nil
}

// Names lists the variables in alphabetical order.
func (v Vars) Names() []string {
	names := make([]string, 0, len(v))
	for n := range v {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// freePort finds a port below the range that outgoing connections use, so that
// a SUT that starts a moment later, or again after a crash, still finds it
// free.
func freePort() (string, error) {
	for range 200 {
		port := 18000 + rand.IntN(14000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return fmt.Sprint(port), l.Close()
	}
	return "", fmt.Errorf("no free port between 18000 and 32000 on the loopback interface")
}
