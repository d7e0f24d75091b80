package suite

import (
	"time"

	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
)

// An Option changes how scenarios are run.
type Option func(*config)

// config is how scenarios are run against one rig.
type config struct {
	rig          string // path of the rig file; "" for the bundled rig
	source       []byte
	file         harness.File
	catalog      catalog.Catalog
	seed         *uint64
	pilots       []string
	defect       string
	allowUnknown bool
	force        bool // whatever the rig lacks
	timeout      time.Duration
	bundles      string
	change       []func(*harness.File)
}

func newConfig(rig string, options []Option) config {
	c := config{rig: rig, catalog: catalog.Standard(), timeout: 2 * time.Minute}
	for _, o := range options {
		o(&c)
	}
	return c
}

// Seed has every scenario run with this seed instead of its own.
func Seed(n uint64) Option { return func(c *config) { c.seed = &n } }

// Pilots arms troubles that pilots are told to rehearse, besides the faults of
// the scenario: network-loss, duplicate-messages, invalid-lot, api-throttling,
// delayed-approval.
func Pilots(names ...string) Option {
	return func(c *config) { c.pilots = append(c.pilots, names...) }
}

// Defect plants a defect into the bundled build, by its number: M08. It
// reaches the SUT as $DEFECT.
func Defect(id string) Option { return func(c *config) { c.defect = id } }

// AllowUnknown lets runs pass that are inconclusive or have exercised nothing.
// Without it they fail: what was not shown does not hold.
func AllowUnknown() Option { return func(c *config) { c.allowUnknown = true } }

// Force has scenarios played that are asked for by name or file also if the rig
// lacks something for them. Without it such a spec fails, and says what is lacking.
func Force() Option { return func(c *config) { c.force = true } }

// Timeout bounds each declared spec; two minutes by default.
func Timeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// Bundles keeps the evidence of every run in a folder below dir. Without it
// only failed specs leave theirs, in the system's folder for temporary files.
func Bundles(dir string) Option { return func(c *config) { c.bundles = dir } }

// Change has do change the rig of each run, just before it starts: for what is
// known only then, such as the path of a build made in BeforeSuite.
func Change(do func(*harness.File)) Option {
	return func(c *config) { c.change = append(c.change, do) }
}

// Catalog brings dialects, systems, faults and oracles of your own.
func Catalog(parts catalog.Catalog) Option { return func(c *config) { c.catalog = parts } }
