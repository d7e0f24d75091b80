package files

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// bom is the byte order mark of UTF-8.
const bom = "\ufeff"

// page is the table of an encoding of one byte for each character; nil for
// UTF-8.
func (e Encoding) page() *charmap.Charmap {
	switch e {
	case Latin1:
		return charmap.ISO8859_1
	case ISO885915:
		return charmap.ISO8859_15
	case Windows1252:
		return charmap.Windows1252
	}
	return nil
}

// bytes puts text into the encoding. What it has no character for is an
// error, never a question mark.
func (e Encoding) bytes(text string) ([]byte, error) {
	if !utf8.ValidString(text) {
		return nil, fmt.Errorf("a text in it is not UTF-8")
	}
	p := e.page()
	if p == nil {
		if e == UTF8BOM {
			text = bom + text
		}
		return []byte(text), nil
	}
	b := make([]byte, 0, len(text))
	for _, r := range text {
		c, ok := p.EncodeRune(r)
		if !ok {
			return nil, fmt.Errorf("%s has no character %q", e, r)
		}
		b = append(b, c)
	}
	return b, nil
}

// text reads the encoding. A byte order mark is taken where one was agreed
// upon and refused elsewhere, as an import job does that finds three strange
// characters before its header.
func (e Encoding) text(b []byte) (string, error) {
	if p := e.page(); p != nil {
		var text strings.Builder
		for _, c := range b {
			text.WriteRune(p.DecodeByte(c))
		}
		return text.String(), nil
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("the file is not UTF-8")
	}
	if e == UTF8BOM {
		return strings.TrimPrefix(string(b), bom), nil
	}
	if strings.HasPrefix(string(b), bom) {
		return "", fmt.Errorf("the file begins with a byte order mark, and none was agreed upon")
	}
	return string(b), nil
}
