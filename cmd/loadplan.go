package cmd

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/load"
	"github.com/andon-rig/andon/internal/yamlfile"
)

// A planKey is one line of a load plan: the flag that says the same, and what is
// wrong with a value besides what the flag refuses.
type planKey struct {
	flag  string
	check func(text string) error
}

// planKeys are what a load plan may say. Mix and findMax are written as mappings.
var planKeys = map[string]planKey{
	"rig": {flag: "rig"}, "defect": {flag: "defect"}, "url": {flag: "url"}, "erp": {flag: "erp"}, "emitOnly": {flag: "emit-only"}, "testSystem": {flag: "test-system"}, "body": {flag: "body"},
	"workload": {"workload", checkWorkload}, "rate": {flag: "rate"}, "duration": {flag: "duration"}, "soak": {flag: "soak"},
	"connections": {flag: "connections"}, "depth": {flag: "depth"}, "batch": {flag: "batch"}, "tries": {flag: "tries"}, "timeout": {flag: "timeout"},
	"orders": {flag: "orders"}, "seed": {flag: "seed"}, "drain": {flag: "drain"}, "giveUp": {flag: "give-up"}, "pacingBudget": {flag: "pacing-budget"},
	"thresholds": {"threshold", checkGate}, "faults": {"fault", checkFault}, "allowUnknown": {flag: "allow-unknown"},
	"agents": {flag: "agents"}, "rounds": {flag: "rounds"}, "margin": {flag: "margin"},
	"mix": {flag: "mix"}, "findMax": {flag: "find-max"},
}

// findKeys are what findMax of a plan may say.
var findKeys = map[string]planKey{
	"slo": {"slo", checkGate}, "upTo": {flag: "up-to"}, "mostConnections": {flag: "most-connections"}, "probe": {flag: "probe"}, "hold": {flag: "hold"}, "within": {flag: "within"},
}

func checkGate(text string) error {
	_, err := load.ParseGate(text)
	return err
}

func checkFault(text string) error {
	_, err := load.ParseFault(text)
	return err
}

func checkWorkload(text string) error {
	if text == load.Closed || strings.HasPrefix(text, "trace:") {
		return nil
	}
	_, err := load.ParseShape(text, 100, time.Minute)
	return err
}

// addPlan gives a command the flag --plan. What a plan says are the command's flags;
// those on the command line come before it.
func addPlan(c *cobra.Command) {
	var path string
	c.Flags().StringVar(&path, "plan", "", "load plan, a `file` that says what flags say (kind: Load, see docs/load.md); flags come before it")
	c.PreRunE = func(c *cobra.Command, _ []string) error {
		if path == "" {
			return nil
		}
		n, err := yamlfile.ReadFile(path)
		if err != nil {
			return &harness.PlanError{Err: err}
		}
		if err := readPlan(n, c.Flags()); err != nil {
			return &harness.PlanError{Err: err}
		}
		return nil
	}
}

// readPlan sets flags as a plan says.
func readPlan(n yamlfile.Node, flags *pflag.FlagSet) error {
	if n.Kind() != yamlfile.Map {
		return n.Errorf("a load plan is a mapping").WithHint("apiVersion: andon/v1, kind: Load, rate: 500, duration: 10s")
	}
	for _, head := range [][2]string{{"apiVersion", "andon/v1"}, {"kind", "Load"}} {
		if got := n.Get(head[0]); got.Text() != head[1] {
			at := n
			if !got.IsZero() {
				at = got
			}
			return at.Errorf("%s must be %s in a load plan", head[0], head[1])
		}
	}
	p := plan{flags: flags, given: map[string]bool{}}
	flags.Visit(func(f *pflag.Flag) { p.given[f.Name] = true })
	return p.all(n.Without("apiVersion").Without("kind"), planKeys)
}

type plan struct {
	flags *pflag.FlagSet
	given map[string]bool // on the command line
}

func (p plan) all(n yamlfile.Node, keys map[string]planKey) error {
	for key, v := range n.Entries() {
		k, ok := keys[key]
		if !ok {
			return yamlfile.Choice(n.KeyPos(key), "key", key, slices.Sorted(maps.Keys(keys)))
		}
		if p.flags.Lookup(k.flag) == nil {
			return n.KeyPos(key).Errorf("%s is not for this command; it has no --%s", key, k.flag)
		}
		var err error
		switch {
		case key == "mix" && v.Kind() == yamlfile.Map:
			err = p.mix(v)
		case key == "findMax" && v.Kind() == yamlfile.Map:
			if err = p.set(v, k, "true"); err == nil {
				err = p.all(v, findKeys)
			}
		case v.Kind() == yamlfile.List:
			if t := p.flags.Lookup(k.flag).Value.Type(); t != "stringArray" {
				return v.Errorf("%s is one value, and no list", key)
			}
			for _, one := range v.Items() {
				if err = p.set(one, k, one.Text()); err != nil {
					break
				}
			}
		case v.Kind() == yamlfile.Map:
			return v.Errorf("%s is no mapping", key)
		default:
			err = p.set(v, k, v.Text())
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// mix sets the shares of flows.
func (p plan) mix(n yamlfile.Node) error {
	var shares []string
	for name, v := range n.Entries() {
		if !slices.Contains(load.Flows[:], load.Flow(name)) {
			all := make([]string, len(load.Flows))
			for i, f := range load.Flows {
				all[i] = string(f)
			}
			return yamlfile.Choice(n.KeyPos(name), "flow", name, all)
		}
		if parts, err := strconv.Atoi(v.Text()); err != nil || parts < 0 {
			return v.Errorf("a share is a whole number of parts, not %q", v.Text())
		}
		shares = append(shares, name+"="+v.Text())
	}
	return p.set(n, planKey{"mix", func(text string) error { _, err := load.ParseMix(text); return err }}, strings.Join(shares, ","))
}

// set sets a flag that is not on the command line.
func (p plan) set(n yamlfile.Node, k planKey, text string) error {
	if k.check != nil {
		if err := k.check(text); err != nil {
			return n.Errorf("%v", err)
		}
	}
	if p.given[k.flag] {
		return nil
	}
	if err := p.flags.Set(k.flag, text); err != nil {
		return n.Errorf("%q is no value for it: --%s takes a %s", text, k.flag, p.flags.Lookup(k.flag).Value.Type())
	}
	return nil
}
