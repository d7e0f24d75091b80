package yamlfile

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Pretty writes the mapping n as a file for people: one key below the other,
// and in one line what fits there.
func Pretty(n Node) []byte {
	var b bytes.Buffer
	writeMap(&b, n, 0)
	return b.Bytes()
}

// inline is how long a mapping or list may be to stand in one line.
const inline = 110

// writeMap writes the entries of a mapping, one below the other.
func writeMap(b *bytes.Buffer, n Node, indent int) {
	for key, value := range n.Entries() {
		fmt.Fprintf(b, "%*s%s:", indent, "", scalarText(key))
		writeValue(b, value, indent)
	}
}

// writeValue writes what stands after a key.
func writeValue(b *bytes.Buffer, n Node, indent int) {
	if one := flow(n); indent+len(one) <= inline && !(indent == 0 && n.Kind() == Map && len(n.Keys()) > 1) {
		b.WriteString(" " + one + "\n")
		return
	}
	switch n.Kind() {
	case Map:
		b.WriteByte('\n')
		writeMap(b, n, indent+2)
	case List:
		b.WriteByte('\n')
		for _, item := range n.Items() {
			writeItem(b, item, indent+2)
		}
	default:
		b.WriteString(" " + flow(n) + "\n")
	}
}

// writeItem writes an entry of a list, over several lines if it must.
func writeItem(b *bytes.Buffer, n Node, indent int) {
	if one := flow(n); n.Kind() != Map || indent+len(one) <= inline {
		fmt.Fprintf(b, "%*s- %s\n", indent, "", one)
		return
	}
	var entry bytes.Buffer
	writeMap(&entry, n, indent+2)
	b.WriteString(strings.Repeat(" ", indent) + "- " + strings.TrimLeft(entry.String(), " "))
}

// flow writes n in one line.
func flow(n Node) string {
	var parts []string
	switch n.Kind() {
	case Map:
		for key, value := range n.Entries() {
			parts = append(parts, scalarText(key)+": "+flow(value))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case List:
		for _, item := range n.Items() {
			parts = append(parts, flow(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case Text:
		return scalarText(n.Text())
	}
	return n.Text()
}

// scalarText writes a text, in quotes unless it is a plain word that YAML can
// take for nothing else.
func scalarText(s string) string {
	word := s != ""
	for i, c := range s {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || (i > 0 && strings.ContainsRune("-_./", c)) || i > 0 && c >= '0' && c <= '9'
		word = word && letter
	}
	switch strings.ToLower(s) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf":
		word = false
	}
	if word && !strings.HasSuffix(s, "-") {
		return s
	}
	return strconv.Quote(s) // whose escapes are those of YAML
}
