package xsd

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A value is what a text stands for. Texts of one type are equal if their
// canonical forms are.
type value struct {
	canon  string
	number *big.Rat // of decimal types
	float  float64
	moment *moment
	length int // as length facets count it; -1 if they do not
}

// A primitive is a built-in type with rules of its own for its texts.
type primitive struct {
	name    string
	spoken  string // for messages
	space   whiteSpace
	parse   func(text string, in *scope) (value, bool)
	ordered bool // bounds can be told
	lengths bool // lengths can be told
}

func (p *primitive) String() string { return p.spoken }

// matching makes texts that an expression matches.
func matching(expr string) func(string, *scope) (value, bool) {
	re := regexp.MustCompile(`^(?:` + expr + `)$`)
	return func(s string, _ *scope) (value, bool) { return plainText(s), re.MatchString(s) }
}

func plainText(s string) value { return value{canon: s, length: utf8.RuneCountInString(s)} }

func anyText(s string, _ *scope) (value, bool) { return plainText(s), true }

// Names of XML 1.0, as broad as its fifth edition.
const (
	nameStart = `:A-Z_a-z\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{2FF}\x{370}-\x{37D}\x{37F}-\x{1FFF}\x{200C}-\x{200D}\x{2070}-\x{218F}\x{2C00}-\x{2FEF}\x{3001}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFFD}\x{10000}-\x{EFFFF}`
	nameChar  = nameStart + `\-.0-9\x{B7}\x{300}-\x{36F}\x{203F}-\x{2040}`
)

var (
	nameText    = `[` + nameStart + `][` + nameChar + `]*`
	ncNameText  = `[` + strings.TrimPrefix(nameStart, ":") + `][` + strings.TrimPrefix(nameChar, ":") + `]*`
	nmtokenText = `[` + nameChar + `]+`
)

// primitives are the built-in types that do not come from another one here.
// Types of identity (ID, IDREF, ENTITY, NOTATION) are not among them.
var primitives = []*primitive{
	{name: "string", spoken: "text", space: preserve, parse: anyText, lengths: true},
	{name: "boolean", spoken: "true, false, 1 or 0", space: collapse, parse: parseBoolean},
	{name: "decimal", spoken: "a decimal number", space: collapse, parse: parseDecimal, ordered: true},
	{name: "float", spoken: "a number", space: collapse, parse: parseFloat(32), ordered: true},
	{name: "double", spoken: "a number", space: collapse, parse: parseFloat(64), ordered: true},
	{name: "duration", spoken: "a duration such as PT25M", space: collapse, parse: parseDuration},
	{name: "dateTime", spoken: "an instant such as 2026-02-03T08:00:00Z", space: collapse, parse: parseMoment("dateTime"), ordered: true},
	{name: "date", spoken: "a day such as 2026-02-03", space: collapse, parse: parseMoment("date"), ordered: true},
	{name: "time", spoken: "a time such as 08:00:00", space: collapse, parse: parseMoment("time"), ordered: true},
	{name: "gYearMonth", spoken: "a month such as 2026-02", space: collapse, parse: parseMoment("gYearMonth"), ordered: true},
	{name: "gYear", spoken: "a year such as 2026", space: collapse, parse: parseMoment("gYear"), ordered: true},
	{name: "gMonthDay", spoken: "a day of the year such as --02-03", space: collapse, parse: parseMoment("gMonthDay"), ordered: true},
	{name: "gDay", spoken: "a day of the month such as ---03", space: collapse, parse: parseMoment("gDay"), ordered: true},
	{name: "gMonth", spoken: "a month of the year such as --02", space: collapse, parse: parseMoment("gMonth"), ordered: true},
	{name: "hexBinary", spoken: "bytes in hexadecimal", space: collapse, parse: parseHex, lengths: true},
	{name: "base64Binary", spoken: "bytes in Base64", space: collapse, parse: parseBase64, lengths: true},
	{name: "anyURI", spoken: "a URI", space: collapse, parse: parseURI, lengths: true},
	{name: "QName", spoken: "a name whose prefix is declared", space: collapse, parse: parseQName},
}

func parseBoolean(s string, _ *scope) (value, bool) {
	switch s {
	case "true", "1":
		return value{canon: "true", length: -1}, true
	case "false", "0":
		return value{canon: "false", length: -1}, true
	}
	return value{}, false
}

var decimalText = regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)$`)

func parseDecimal(s string, _ *scope) (value, bool) {
	if !decimalText.MatchString(s) {
		return value{}, false
	}
	// A text of a million digits is no number that anybody writes, and slow to read.
	if len(s) > 1_000 {
		return value{}, false
	}
	n, ok := new(big.Rat).SetString(strings.TrimSuffix(s, "."))
	if !ok {
		return value{}, false
	}
	return value{canon: n.RatString(), number: n, length: -1}, true
}

var floatText = regexp.MustCompile(`^([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?INF|NaN)$`)

func parseFloat(bits int) func(string, *scope) (value, bool) {
	return func(s string, _ *scope) (value, bool) {
		if !floatText.MatchString(s) {
			return value{}, false
		}
		f, err := strconv.ParseFloat(s, bits)
		if err != nil && !math.IsInf(f, 0) {
			return value{}, false
		}
		return value{canon: strconv.FormatFloat(f, 'g', -1, bits), float: f, length: -1}, true
	}
}

func parseHex(s string, _ *scope) (value, bool) {
	b, err := hex.DecodeString(s)
	return value{canon: string(b), length: len(b)}, err == nil
}

func parseBase64(s string, _ *scope) (value, bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(s, " ", ""))
	return value{canon: string(b), length: len(b)}, err == nil
}

// uriText is a reference as RFC 3986 has it, with anything beyond ASCII.
var uriText = func() *regexp.Regexp {
	const pct, plain = `%[0-9A-Fa-f]{2}`, `A-Za-z0-9._~!$&'()*+,;=@`
	seg := `(?:[` + plain + `:-]|` + pct + `)`
	first := `(?:[` + plain + `-]|` + pct + `)`
	host := `(?:\[[0-9A-Fa-f:.v]+\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|` + pct + `)*)`
	authority := `//(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|` + pct + `)*@)?` + host + `(?::[0-9]*)?(?:/` + seg + `*)*`
	scheme := `[A-Za-z][A-Za-z0-9+.-]*:(?:` + authority + `|/?(?:` + seg + `+(?:/` + seg + `*)*)?)`
	relative := `(?:` + authority + `|/(?:` + seg + `+(?:/` + seg + `*)*)?|` + first + `+(?:/` + seg + `*)*)?`
	tail := `(?:[` + plain + `:/?-]|` + pct + `)*`
	return regexp.MustCompile(`^(?:` + scheme + `|` + relative + `)(?:\?` + tail + `)?(?:#` + tail + `)?$`)
}()

func parseURI(s string, _ *scope) (value, bool) {
	ascii := strings.Map(func(c rune) rune {
		if c <= 32 || c >= 127 || strings.ContainsRune("<>\"{}|\\^`", c) {
			return '_'
		}
		return c
	}, s)
	return plainText(s), uriText.MatchString(ascii)
}

var qNameText = regexp.MustCompile(`^(?:(` + ncNameText + `):)?(` + ncNameText + `)$`)

func parseQName(s string, in *scope) (value, bool) {
	m := qNameText.FindStringSubmatch(s)
	if m == nil {
		return value{}, false
	}
	space, known := in.find(m[1])
	return value{canon: name{space, m[2]}.String(), length: -1}, known
}
