package files

import (
	"fmt"
	"slices"

	"github.com/andon-rig/andon/simulators"
)

var _ simulators.Configurable = Dialect{}

// Configure implements [simulators.Configurable]: a rig file gives the
// settings under format.
func (d Dialect) Configure(decode func(any) error) (simulators.Dialect, error) {
	if err := decode(&d.Settings); err != nil {
		return nil, err
	}
	return d, d.Settings.Validate()
}

// Settings are what differs from one flat-file interface to another. The zero
// value of each means its first word.
type Settings struct {
	// Layout is csv (delimited, quoted as in RFC 4180) or fixed (columns of a
	// fixed width, padded with blanks).
	Layout Layout `yaml:"layout" jsonschema:"enum=csv,enum=fixed"`
	// Encoding of the text.
	Encoding Encoding `yaml:"encoding" jsonschema:"enum=utf-8,enum=utf-8-bom,enum=latin-1,enum=iso-8859-15,enum=windows-1252"`
	// Decimal is what stands between whole and fraction: point or comma.
	Decimal DecimalMark `yaml:"decimal" jsonschema:"enum=point,enum=comma"`
	// Delimiter of csv: semicolon, comma, tab or pipe.
	Delimiter Delimiter `yaml:"delimiter" jsonschema:"enum=semicolon,enum=comma,enum=tab,enum=pipe"`
	// Lines is how lines end: crlf or lf.
	Lines LineEnd `yaml:"lines" jsonschema:"enum=crlf,enum=lf"`
}

// Words of the settings.
type (
	Layout      string
	Encoding    string
	DecimalMark string
	Delimiter   string
	LineEnd     string
)

// Words of the settings.
const (
	CSV   Layout = "csv"
	Fixed Layout = "fixed"

	UTF8        Encoding = "utf-8"
	UTF8BOM     Encoding = "utf-8-bom"   // written with a byte order mark, read with or without
	Latin1      Encoding = "latin-1"     // ISO 8859-1
	ISO885915   Encoding = "iso-8859-15" // ISO 8859-15, which has the euro sign
	Windows1252 Encoding = "windows-1252"

	Point DecimalMark = "point"
	Comma DecimalMark = "comma"

	Semicolon      Delimiter = "semicolon"
	CommaDelimiter Delimiter = "comma"
	Tab            Delimiter = "tab"
	Pipe           Delimiter = "pipe"

	CRLF LineEnd = "crlf"
	LF   LineEnd = "lf"
)

// Validate names words that are not in the table, and settings that contradict
// each other.
func (s Settings) Validate() error {
	for _, c := range []struct {
		name, got string
		allowed   []string
	}{
		{"layout", string(s.Layout), []string{"csv", "fixed"}},
		{"encoding", string(s.Encoding), []string{"utf-8", "utf-8-bom", "latin-1", "iso-8859-15", "windows-1252"}},
		{"decimal", string(s.Decimal), []string{"point", "comma"}},
		{"delimiter", string(s.Delimiter), []string{"semicolon", "comma", "tab", "pipe"}},
		{"lines", string(s.Lines), []string{"crlf", "lf"}},
	} {
		if c.got != "" && !slices.Contains(c.allowed, c.got) {
			return fmt.Errorf("%s: %q is not one of %q", c.name, c.got, c.allowed)
		}
	}
	if s.Decimal == Comma && s.Delimiter == CommaDelimiter && s.Layout != Fixed {
		return fmt.Errorf("delimiter: a comma cannot separate cells when decimals are written with a comma; take semicolon")
	}
	if s.Delimiter != "" && s.Layout == Fixed {
		return fmt.Errorf("delimiter: columns of a fixed width have none")
	}
	return nil
}

func (s Settings) delimiter() rune {
	switch s.Delimiter {
	case CommaDelimiter:
		return ','
	case Tab:
		return '\t'
	case Pipe:
		return '|'
	}
	return ';'
}

func (s Settings) lineEnd() string {
	if s.Lines == LF {
		return "\n"
	}
	return "\r\n"
}

// mark is the decimal mark.
func (s Settings) mark() byte {
	if s.Decimal == Comma {
		return ','
	}
	return '.'
}

func (s Settings) contentType() string {
	charset := map[Encoding]string{"": "utf-8", UTF8: "utf-8", UTF8BOM: "utf-8", Latin1: "iso-8859-1", ISO885915: "iso-8859-15", Windows1252: "windows-1252"}[s.Encoding]
	if s.Layout == Fixed {
		return "text/plain; charset=" + charset
	}
	return "text/csv; charset=" + charset
}
