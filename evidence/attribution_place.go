package evidence

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// A Place is where a message says something, such as its cause. Its zero value is
// nowhere.
type Place struct {
	read func(simulators.Message) []string
}

// placeForms are what a rig file may write, for its errors.
const placeForms = "header['NAME'], $.path.to['field'][0] or $.rows[*].id in JSON, /path/to/element[1]/@attribute or //element in XML, " +
	"topic[3] (part of a topic or subject, -1 the last) or file['REGULAR EXPRESSION with (one) group']"

// ParsePlace reads a place as rig files and contracts write it. A path that begins with
// "body." is one in JSON.
func ParsePlace(text string) (Place, error) {
	read, err := placeReader(strings.TrimSpace(text))
	if err != nil {
		return Place{}, fmt.Errorf("%q: %w; use %s", text, err, placeForms)
	}
	return Place{read}, nil
}

// In returns what stands at the place: one reference, several where the path
// has a [*], or none.
func (p Place) In(m simulators.Message) []string {
	if p.read == nil {
		return nil
	}
	var refs []string
	for _, s := range p.read(m) {
		if s = strings.TrimSpace(s); s != "" {
			refs = append(refs, s)
		}
	}
	return refs
}

func placeReader(s string) (func(simulators.Message) []string, error) {
	switch {
	case strings.HasPrefix(s, "header["):
		name, err := quotedName(strings.TrimPrefix(s, "header"))
		return func(m simulators.Message) []string { return []string{header(m.Header, name)} }, err
	case strings.HasPrefix(s, "file["):
		return fileReader(strings.TrimPrefix(s, "file"))
	case strings.HasPrefix(s, "topic["):
		return topicReader(strings.TrimPrefix(s, "topic"))
	case strings.HasPrefix(s, "$"):
		return jsonReader(s[1:])
	case strings.HasPrefix(s, "body."), strings.HasPrefix(s, "body["):
		return jsonReader(strings.TrimPrefix(s, "body"))
	case strings.HasPrefix(s, "/"):
		return xmlReader(s)
	}
	return nil, errors.New("this is no place in a message")
}

// quotedName reads ['NAME'].
func quotedName(s string) (string, error) {
	inner, closed := strings.CutSuffix(strings.TrimPrefix(s, "["), "]")
	if n := len(inner); closed && n > 2 && (inner[0] == '\'' || inner[0] == '"') && inner[n-1] == inner[0] {
		return inner[1 : n-1], nil
	}
	return "", errors.New("a name stands in brackets and quotes, as in ['X-Fact-Id']")
}

// header finds a header whatever the case of its name.
func header(h map[string]string, name string) string {
	if v, ok := h[name]; ok {
		return v
	}
	for k, v := range h {
		if strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

func fileReader(s string) (func(simulators.Message) []string, error) {
	pattern, err := quotedName(s)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	if re.NumSubexp() != 1 {
		return nil, fmt.Errorf("the expression has %d groups; the reference is what its one group matches", re.NumSubexp())
	}
	return func(m simulators.Message) []string {
		found := re.FindStringSubmatch(path.Base(m.Name))
		if found == nil {
			return nil
		}
		return found[1:]
	}, nil
}

func topicReader(s string) (func(simulators.Message) []string, error) {
	n, err := strconv.Atoi(strings.Trim(s, "[]"))
	if err != nil || n == 0 {
		return nil, errors.New("parts of a topic are counted from 1, or from -1 at its end")
	}
	return func(m simulators.Message) []string {
		parts := strings.FieldsFunc(m.Name, func(r rune) bool { return r == '/' || r == '.' })
		i := n - 1
		if n < 0 {
			i = len(parts) + n
		}
		if i < 0 || i >= len(parts) {
			return nil
		}
		return parts[i : i+1]
	}, nil
}

// A step of a path in JSON: a name, an index or all of a list.
type jsonStep struct {
	name  string
	index int
	all   bool
	list  bool
}

func jsonReader(s string) (func(simulators.Message) []string, error) {
	steps, err := jsonSteps(s)
	if err != nil {
		return nil, err
	}
	return func(m simulators.Message) []string {
		d := json.NewDecoder(bytes.NewReader(m.Body))
		d.UseNumber() // an identifier may be a number, and must keep its digits
		var v any
		if d.Decode(&v) != nil {
			return nil
		}
		return walk(v, steps)
	}, nil
}

func jsonSteps(s string) (steps []jsonStep, err error) {
	for s != "" {
		var part string
		if strings.HasPrefix(s, "[") {
			end := strings.IndexByte(s, ']')
			if end < 0 {
				return nil, errors.New("a bracket is not closed")
			}
			part, s = s[:end+1], s[end+1:]
			step := jsonStep{list: true, all: part == "[*]"}
			if name, err := quotedName(part); err == nil {
				step = jsonStep{name: name}
			} else if !step.all {
				if step.index, err = strconv.Atoi(strings.Trim(part, "[]")); err != nil || step.index < 0 {
					return nil, fmt.Errorf("%s is neither an index, nor [*], nor a quoted name", part)
				}
			}
			steps = append(steps, step)
			continue
		}
		s = strings.TrimPrefix(s, ".")
		end := strings.IndexAny(s, ".[")
		if end < 0 {
			end = len(s)
		}
		if part, s = s[:end], s[end:]; part == "" {
			return nil, errors.New("a name is missing in the path")
		}
		steps = append(steps, jsonStep{name: part})
	}
	if len(steps) == 0 {
		return nil, errors.New("the path is empty")
	}
	return steps, nil
}

func walk(v any, steps []jsonStep) []string {
	if len(steps) == 0 {
		switch s := v.(type) {
		case string:
			return []string{s}
		case json.Number:
			return []string{s.String()}
		case bool:
			return []string{strconv.FormatBool(s)}
		}
		return nil
	}
	step := steps[0]
	switch at := v.(type) {
	case map[string]any:
		if step.list {
			return nil
		}
		return walk(at[step.name], steps[1:])
	case []any:
		if step.all {
			var out []string
			for _, e := range at {
				out = append(out, walk(e, steps[1:])...)
			}
			return out
		}
		if step.list && step.index < len(at) {
			return walk(at[step.index], steps[1:])
		}
	}
	return nil
}

// An xmlStep is one element of a path: a local name, * for any, and which of
// its like among its siblings, 0 for all.
type xmlStep struct {
	name  string
	index int
}

type xmlPath struct {
	steps     []xmlStep
	anywhere  bool   // the first element may stand at any depth
	attribute string // "" reads the text
}

// maxDepth is how deep an XML document is looked into.
const maxDepth = 100

func xmlReader(s string) (func(simulators.Message) []string, error) {
	p := xmlPath{anywhere: strings.HasPrefix(s, "//")}
	parts := strings.Split(strings.TrimLeft(s, "/"), "/")
	if n := len(parts) - 1; n > 0 && parts[n] == "text()" {
		parts = parts[:n]
	} else if name, ok := strings.CutPrefix(parts[n], "@"); n > 0 && ok && name != "" {
		p.attribute, parts = name, parts[:n]
	}
	for _, part := range parts {
		name, index, indexed := strings.Cut(strings.TrimSuffix(part, "]"), "[")
		step := xmlStep{name: name[strings.IndexByte(name, ':')+1:]}
		if indexed {
			var err error
			if step.index, err = strconv.Atoi(index); err != nil || step.index < 1 {
				return nil, fmt.Errorf("[%s] is no position; the first element is [1]", index)
			}
		}
		if step.name == "" || strings.ContainsAny(step.name, "@()") {
			return nil, fmt.Errorf("%q is no name of an element", part)
		}
		p.steps = append(p.steps, step)
	}
	return func(m simulators.Message) []string { return p.in(m.Body) }, nil
}

// An xmlLevel is an element that is open.
type xmlLevel struct {
	name  string
	nth   int            // of its like among its siblings
	met   map[string]int // children by name
	match bool
	text  strings.Builder
}

// in reads a document once, with the elements that are open. Entities of its
// own are refused by the decoder, so that a document cannot blow up; one that
// is not well-formed says nothing.
func (p xmlPath) in(body []byte) (out []string) {
	d := xml.NewDecoder(bytes.NewReader(body))
	open := []*xmlLevel{{met: map[string]int{}}}
	for {
		tok, err := d.Token()
		if err != nil {
			if errors.Is(err, io.EOF) {
				return out
			}
			return nil
		}
		top := open[len(open)-1]
		switch t := tok.(type) {
		case xml.StartElement:
			if len(open) > maxDepth {
				return nil
			}
			top.met[t.Name.Local]++
			next := &xmlLevel{name: t.Name.Local, nth: top.met[t.Name.Local], met: map[string]int{}}
			open = append(open, next)
			next.match = p.matches(open[1:])
			for _, a := range t.Attr {
				if next.match && p.attribute != "" && a.Name.Local == p.attribute {
					out = append(out, a.Value)
				}
			}
		case xml.CharData:
			if top.match && p.attribute == "" {
				top.text.Write(t)
			}
		case xml.EndElement:
			if top.match && p.attribute == "" {
				out = append(out, top.text.String())
			}
			open = open[:len(open)-1]
		}
	}
}

// matches reports whether the innermost of the open elements is where the path
// leads.
func (p xmlPath) matches(open []*xmlLevel) bool {
	from := len(open) - len(p.steps)
	if from < 0 || !p.anywhere && from != 0 {
		return false
	}
	for i, s := range p.steps {
		l := open[from+i]
		if s.name != "*" && s.name != l.name || s.index != 0 && s.index != l.nth {
			return false
		}
	}
	return true
}
