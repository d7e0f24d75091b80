package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/jsonschema"
)

// formData is a body of named parts, which a schema describes as an object.
const formData = "multipart/form-data"

// mostReread bounds the parts of a form that are read in several ways, each of which is
// held against the whole.
const mostReread = 100

// described reports whether schemas say what bodies of a media type are.
func described(media string) bool {
	media, _, _ = strings.Cut(media, ";")
	return isJSON(media) || media == formData
}

// value is the body of p as the schema of c sees it.
func (c content) value(p contracts.Part) (any, error) {
	if isJSON(c.media) {
		return jsonschema.Decode(p.Body)
	}
	return c.form(p)
}

// form is a body of named parts as an object: a part in JSON is what it says, and
// every other a text. A name that is given several times is a list. Numbers, flags and
// lists of one are written as texts too, so that such a part is read as what the schema
// wants, if it can be.
func (c content) form(p contracts.Part) (any, error) {
	_, params, err := mime.ParseMediaType(p.Header("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, errors.New("a Content-Type without a boundary")
	}
	all, texts := map[string]any{}, []string{}
	for r := multipart.NewReader(bytes.NewReader(p.Body), params["boundary"]); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("parts that cannot be read: %w", err)
		}
		name := part.FormName()
		v, isText, err := partValue(part)
		if err != nil {
			return nil, fmt.Errorf("a part %s that cannot be read: %w", name, err)
		}
		switch before := all[name].(type) {
		case nil:
			all[name] = v
		case []any:
			all[name] = append(before, v)
		default:
			all[name] = []any{before, v}
		}
		if isText && !slices.Contains(texts, name) {
			texts = append(texts, name)
		}
	}
	for _, name := range texts[:min(len(texts), mostReread)] {
		c.reread(all, name)
	}
	return all, nil
}

func partValue(part *multipart.Part) (v any, text bool, err error) {
	b, err := io.ReadAll(part)
	if err != nil {
		return nil, false, err
	}
	media, _, _ := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if media != "" && isJSON(media) {
		v, err = jsonschema.Decode(b)
		return v, false, err
	}
	return string(b), true, nil
}

// reread tries the other readings that a text can have, and keeps one by which the
// form has fewer mistakes.
func (c content) reread(all map[string]any, name string) {
	if c.schema == nil {
		return
	}
	mistakes := func() int { return len(jsonschema.Breaches(c.schema.rules, all, nil, false)) }
	best, was := mistakes(), all[name]
	for _, reading := range readings(was) {
		if best == 0 {
			return
		}
		all[name] = reading
		if n := mistakes(); n < best {
			best, was = n, reading
		}
		all[name] = was
	}
}

func readings(v any) []any {
	switch v := v.(type) {
	case string:
		return []any{scalar(v), []any{v}, []any{scalar(v)}}
	case []any:
		list := make([]any, len(v))
		for i, one := range v {
			list[i] = one
			if s, ok := one.(string); ok {
				list[i] = scalar(s)
			}
		}
		return []any{list}
	}
	return nil
}
