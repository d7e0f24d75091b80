package contracts

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"mime"
	"net/textproto"
	"regexp"
	"strconv"
	"strings"
)

const versionMark = "{version}"

func hasVersion(pattern string) bool { return strings.Count(pattern, versionMark) == 1 }

// In returns the version that p tells at this place; "" if it tells none.
func (t Told) In(p Part) string {
	switch {
	case t.URL != "":
		return prefixed(t.URL, p.Path)
	case t.Header != "":
		return p.Header(CanonicalHeader(t.Header))
	case t.MediaType != "":
		return mediaVersion(t.MediaType, p.Header("Content-Type"))
	case t.Query != "":
		if v := p.Query[t.Query]; len(v) > 0 {
			return v[0]
		}
	case t.Topic > 0:
		if segments := strings.FieldsFunc(p.Path, func(r rune) bool { return r == '/' || r == '.' }); len(segments) >= t.Topic {
			return segments[t.Topic-1]
		}
	case t.XMLAttribute != "":
		root := xmlRoot(p.Body)
		for _, a := range root.Attr {
			if a.Name.Local == t.XMLAttribute {
				return a.Value
			}
		}
	case t.XMLNamespace != "":
		return exactly(t.XMLNamespace, xmlRoot(p.Body).Name.Space)
	case t.DataSchema != "":
		return exactly(t.DataSchema, dataSchema(p))
	case t.Field != "":
		return jsonField(p.Body, t.Field)
	}
	return ""
}

// CanonicalHeader is name as [Part.Headers] spells it.
func CanonicalHeader(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }

// prefixed is the version in a path that begins as pattern says.
func prefixed(pattern, path string) string {
	before, after, _ := strings.Cut(pattern, versionMark)
	rest, ok := strings.CutPrefix(path, before)
	if !ok {
		return ""
	}
	end := strings.IndexByte(rest, '/')
	if after != "" {
		end = strings.Index(rest, after)
	}
	if end < 0 {
		if after != "" {
			return ""
		}
		end = len(rest)
	}
	return rest[:end]
}

// exactly is the version in a text that is as pattern says.
func exactly(pattern, text string) string {
	before, after, _ := strings.Cut(pattern, versionMark)
	if len(text) < len(before)+len(after) || !strings.HasPrefix(text, before) || !strings.HasSuffix(text, after) {
		return ""
	}
	return text[len(before) : len(text)-len(after)]
}

var vendorVersion = regexp.MustCompile(`[.-]v([0-9][0-9.]*)(\+|$)`)

func mediaVersion(parameter, contentType string) string {
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return ""
	}
	if parameter != "suffix" {
		return params[parameter]
	}
	if m := vendorVersion.FindStringSubmatch(media); m != nil {
		return m[1]
	}
	return ""
}

// xmlRoot is the first element of a body; the zero element if there is none.
func xmlRoot(body []byte) xml.StartElement {
	d := xml.NewDecoder(bytes.NewReader(body))
	for range 100 { // declarations and comments before it
		t, err := d.RawToken()
		if err != nil {
			break
		}
		if e, ok := t.(xml.StartElement); ok {
			e.Name.Space = namespaceOf(e)
			return e
		}
	}
	return xml.StartElement{}
}

// namespaceOf resolves the prefix of a root element.
func namespaceOf(e xml.StartElement) string {
	for _, a := range e.Attr {
		if e.Name.Space == "" && a.Name.Space == "" && a.Name.Local == "xmlns" || e.Name.Space != "" && a.Name.Space == "xmlns" && a.Name.Local == e.Name.Space {
			return a.Value
		}
	}
	return ""
}

// dataSchema is the CloudEvents attribute of that name, in a header or in the
// body of a structured event.
func dataSchema(p Part) string {
	if h := p.Header("Ce-Dataschema"); h != "" {
		return h
	}
	return jsonField(p.Body, "$.dataschema")
}

// jsonField is the text or number at a path of names: "$.meta.version".
func jsonField(body []byte, path string) string {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return ""
	}
	for _, name := range strings.Split(strings.TrimPrefix(strings.TrimPrefix(path, "$"), "."), ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(at) {
				return ""
			}
			v = at[i]
		default:
			return ""
		}
	}
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// ErrNoVersion says that an exchange does not tell its version.
var ErrNoVersion = errors.New("tells no version")

// A Telling is a place at which an exchange could tell its version, and what
// it tells there.
type Telling struct {
	Told    Told
	Reply   bool   // it stands in the answer
	Version string // "" if it tells none
}

// Tellings are the places that the contract names, in its order: what the
// request tells there, or else the answer, and beside it the answer if a header
// of that tells it as well.
func (f ContractFile) Tellings(x Exchange) (all []Telling) {
	for _, t := range f.Told {
		one := Telling{Told: t, Reply: t.Reply}
		if !t.Reply {
			one.Version = t.In(x.Request)
		}
		answer := ""
		if x.Reply != nil && t.Answers() {
			answer = t.In(*x.Reply)
		}
		if one.Version == "" && answer != "" {
			one.Version, one.Reply, answer = answer, true, ""
		}
		all = append(all, one)
		if answer != "" && (t.Header != "" || t.MediaType != "") { // what a body says elsewhere may be about something else
			all = append(all, Telling{Told: t, Reply: true, Version: answer})
		}
	}
	return all
}

// Answers reports whether an answer has such a place at all.
func (t Told) Answers() bool { return t.URL == "" && t.Topic == 0 && t.Query == "" }

// VersionOf is the version that an exchange tells, by every place that the
// contract names. It is "" with a nil error if the contract names no place, or
// only ones that may be left out.
func (f ContractFile) VersionOf(x Exchange) (string, error) {
	version, where := "", ""
	for _, t := range f.Tellings(x) {
		switch {
		case t.Version == "" && t.Told.Optional:
		case t.Version == "":
			return version, fmt.Errorf("%w: %s says nothing", ErrNoVersion, t.Told)
		case version == "":
			version, where = t.Version, t.Told.String()
		case t.Version != version:
			return version, fmt.Errorf("tells two versions: %s says %s and %s says %s", where, version, t.Told, t.Version)
		}
	}
	return version, nil
}
