// Package xsd reads contracts written as XML Schema 1.0, such as B2MML and
// other business object documents, and judges XML by them.
//
// It supports what such schemas use and refuses the rest when it reads them:
// substitution groups, redefinition, identity constraints and the types ID,
// IDREF, ENTITY and NOTATION. Documents with a document type are refused, so
// there are no entities, and nothing is fetched.
package xsd

import (
	"bytes"
	"path"
	"regexp"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// Name is what files call this format.
const Name = "xsd"

// Format reads schemas. All files of a version belong together; each global
// element can be the root of a document.
type Format struct{}

var (
	_ contracts.Differ   = Format{}
	_ contracts.Checker  = (*Document)(nil)
	_ contracts.Measurer = (*Document)(nil)
	_ contracts.Watcher  = (*Document)(nil)
)

// Name implements [contracts.Format].
func (Format) Name() string { return Name }

var says = regexp.MustCompile(`=\s*["']http://www\.w3\.org/2001/XMLSchema["']`)

// Claims implements [contracts.Format].
func (Format) Claims(f contracts.File) int {
	head := f.Data[:min(len(f.Data), 4096)]
	ours := strings.ToLower(path.Ext(f.Name)) == ".xsd"
	switch {
	case ours && says.Match(head):
		return 2
	case ours, bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")) && says.Match(head):
		return 1
	}
	return 0
}

// A Document is the schemas of one version.
type Document struct{ set *schemas }

// Format implements [contracts.Document].
func (*Document) Format() string { return Name }

// Read implements [contracts.Format].
func (Format) Read(files []contracts.File) (contracts.Document, error) {
	units, problems := load(files)
	if err := problems.Sorted().OrNil(); err != nil {
		return nil, err
	}
	if len(units) == 0 {
		p := contracts.Problem{Text: "there is no XML Schema", Hint: "its files end in .xsd"}
		if len(files) > 0 {
			p.Place.File = files[0].Name
		}
		return nil, p
	}
	set, problems := compile(units)
	if err := problems.Sorted().OrNil(); err != nil {
		return nil, err
	}
	for _, u := range units {
		set.files = append(set.files, u.root.place.File)
	}
	return &Document{set}, nil
}

// Check implements [contracts.Checker]: the request's and the reply's body,
// each if it is XML whose root is in a namespace of the schemas.
func (d *Document) Check(x contracts.Exchange) (found []contracts.Breach, covered bool) {
	d.each(x, func(v *validator, body []byte, reply bool) {
		if !v.run(body) {
			return
		}
		covered = true
		for _, b := range v.breaches {
			b.Reply = reply
			found = append(found, b)
		}
	})
	return found, covered
}

// each calls see with a validator for each body that is XML.
func (d *Document) each(x contracts.Exchange, see func(v *validator, body []byte, reply bool)) {
	if isXML(x.Request.Body) {
		see(&validator{set: d.set}, x.Request.Body, false)
	}
	if x.Reply != nil && isXML(x.Reply.Body) {
		see(&validator{set: d.set}, x.Reply.Body, true)
	}
}

// isXML reports whether a body wants to be XML.
func isXML(body []byte) bool {
	head := body[:min(len(body), 64)]
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return true
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n")
	return bytes.HasPrefix(head, []byte("<"))
}
