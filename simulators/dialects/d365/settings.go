package d365

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// Settings are what differs from one installation to another. The zero value
// of each means what its comment says first.
type Settings struct {
	// Company is the legal entity that the plant belongs to: DEMO.
	Company string `yaml:"company"`
	// UserCompany is the default company of the interface user: Company. If it
	// is another, whoever reads without cross-company=true finds nothing.
	UserCompany string `yaml:"userCompany"`
	// Times is how business events say when they happened: microsoft
	// (/Date(1770098400000)/), milliseconds or iso.
	Times Times `yaml:"times" jsonschema:"enum=microsoft,enum=milliseconds,enum=iso"`
	// Unknown is what becomes of a member of a message that nobody has heard of:
	// refused or ignored. Who misspells a quantity where it is ignored has booked
	// the whole order.
	Unknown Unknown `yaml:"unknown" jsonschema:"enum=refused,enum=ignored"`
}

// Words of the settings.
type (
	Times   string
	Unknown string
)

// Words of the settings.
const (
	Microsoft    Times = "microsoft"
	Milliseconds Times = "milliseconds"
	ISO          Times = "iso"

	Refused Unknown = "refused"
	Ignored Unknown = "ignored"
)

// Configure implements [simulators.Configurable]: a rig file gives the settings
// under format.
func (d Dialect) Configure(decode func(any) error) (simulators.Dialect, error) {
	if err := decode(&d.Settings); err != nil {
		return nil, err
	}
	return d, d.Settings.Validate()
}

// Validate names words that are not in the table.
func (s Settings) Validate() error {
	for _, c := range []struct {
		name, got string
		allowed   []string
	}{
		{"times", string(s.Times), []string{"microsoft", "milliseconds", "iso"}},
		{"unknown", string(s.Unknown), []string{"refused", "ignored"}},
	} {
		if c.got != "" && !slices.Contains(c.allowed, c.got) {
			return fmt.Errorf("%s: %q is not one of %q", c.name, c.got, c.allowed)
		}
	}
	return nil
}

func (s Settings) company() string { return cmp.Or(s.Company, "DEMO") }

// sees reports whether a reader in that company, or across all, sees the
// plant's data. Companies are named without regard to case.
func (s Settings) sees(crossCompany bool) bool {
	return crossCompany || strings.EqualFold(cmp.Or(s.UserCompany, s.company()), s.company())
}
