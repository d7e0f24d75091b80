package harness

import (
	"fmt"
	"math/rand/v2"
	"net"
	"regexp"
	"slices"
	"strings"
)

// Vars are what the rig provides to a SUT, by the names used in ${…}.
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
		value, ok := v[name]
		if !ok && failed == nil {
			failed = fmt.Errorf("${%s} is not something the rig provides; it provides %s and ${port.NAME}", name, strings.Join(v.Names(), ", "))
		}
		return value
	})
	return out, failed
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
