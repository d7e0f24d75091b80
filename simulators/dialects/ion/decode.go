package ion

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Codes of refusals that this dialect makes itself.
const (
	codeMalformed = "malformed"
	codeName      = "resource-unknown"
	codeMethod    = "method-not-allowed"
	codeMedia     = "media-type"
	codePrincipal = "logical-id-mismatch"
	codeInactive  = "connection-inactive"
	codeDocument  = "document-unknown"
	codeUnplayed  = "document-not-played"
	codeRouting   = "accounting-entity-unknown"
	codeRoute     = "no-route" // told to people at the ION Desk only
)

func refuse(code, text string) *simulators.Refusal {
	return &simulators.Refusal{Class: simulators.DataQuality, Code: code, Text: text}
}

// late is what ION does not look at, and the system behind it does not like.
func late(code, text string) simulators.Ask { return simulators.Ask{Late: refuse(code, text)} }

// resource is what stands at an address.
type resource struct {
	what    string // "message", or a question about the interface
	version Version
	layout  Layout
}

// addresses are where messages are taken, below …/service/.
var addresses = map[string]resource{
	"v3/multipartMessage":  {"message", V3, Multipart},
	"v3/message/multipart": {"message", V3, MIME},
	"v2/multipartMessage":  {"message", V2, Multipart},
	"v2/message":           {"message", V2, JSON},
}

// resourceAt finds what stands at the name of a message: below the gateway's
// address of this tenant, or without it.
func (d Dialect) resourceAt(name string) (resource, bool) {
	name = strings.TrimPrefix(name, d.Settings.tenant()+"/"+Gateway)
	rest, ok := strings.CutPrefix(name, "service/")
	if !ok {
		return resource{}, false
	}
	if at, ok := addresses[rest]; ok { // the new service offers the old one as well
		return at, at.version != V3 || d.version() == V3
	}
	switch rest {
	case "ping", "versions", "protocol":
		return resource{what: rest}, true
	}
	if strings.HasPrefix(rest, string(d.version())+"/") && strings.HasSuffix(rest, "/acceptedDocuments") {
		return resource{what: "acceptedDocuments", version: d.version()}, true
	}
	return resource{}, false
}

// Decode implements [simulators.Dialect]. What ION itself refuses is told at
// once; what is wrong with the document in it, the system behind ION finds out
// later. The error is a [*simulators.Refusal].
func (d Dialect) Decode(m simulators.Message) (simulators.Ask, error) {
	at, ok := d.resourceAt(m.Name)
	question := m.Verb == "get"
	switch {
	case !ok:
		return simulators.Ask{}, refuse(codeName, fmt.Sprintf("there is no %q here; it is %s/%s%s", clip(m.Name), d.Settings.tenant(), Gateway, d.path()))
	case question == (at.what == "message") || m.Method != "" && m.Method != "GET" && m.Method != "POST":
		return simulators.Ask{}, refuse(codeMethod, fmt.Sprintf("%s is not for %s", clip(m.Name), clip(m.Method)))
	case question:
		return simulators.Ask{Query: &simulators.Query{Object: "interface", Where: map[string]string{"of": at.what}}}, nil
	}
	in, err := d.taken(at, m)
	if err != nil {
		return simulators.Ask{}, err
	}
	ask := d.read(in)
	ask.IdempotencyKey, ask.Content = in.MessageID, in.payload // also of what is refused
	return ask, nil
}

// incoming is a message that ION has taken over.
type incoming struct {
	parameters
	payload    []byte
	verb, noun string
}

// taken is a message as far as ION looks at it.
func (d Dialect) taken(at resource, m simulators.Message) (in incoming, err error) {
	if d.Settings.Connection == Inactive {
		return in, &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Unavailable, Code: codeInactive, Text: "the connection point is not active"}
	}
	in.parameters, in.payload, err = unpack(at.layout, at.version, m)
	var media *mediaError
	switch {
	case errors.As(err, &media):
		return in, refuse(codeMedia, err.Error())
	case err != nil:
		return in, refuse(codeMalformed, err.Error())
	case d.Settings.Partner != "" && in.FromLogicalID != d.Settings.Partner:
		return in, &simulators.Refusal{Class: simulators.Technical, Code: codePrincipal, Text: fmt.Sprintf("fromLogicalId %q is not that of the connection point whose token this is", clip(in.FromLogicalID))}
	}
	if in.verb, in.noun, _ = strings.Cut(in.DocumentName, "."); in.noun == "" {
		return in, refuse(codeMalformed, fmt.Sprintf("documentName: %q is not Verb.Noun", clip(in.DocumentName)))
	}
	if in.verb != "Acknowledge" && in.verb != "Confirm" && !d.accepts(in.DocumentName) {
		return in, refuse(codeDocument, fmt.Sprintf("documentName: %s is not among the documents that are accepted: %s", clip(in.DocumentName), strings.Join(d.Settings.product().documents(), ", ")))
	}
	return in, nil
}

func (d Dialect) accepts(document string) bool {
	return d.shown(document) || slices.Contains(d.Settings.product().documents(), document)
}

// read takes the document apart, as the system behind ION does.
func (d Dialect) read(in incoming) simulators.Ask {
	bod, id, err := opened(in)
	if err != nil {
		return late(codeMalformed, err.Error())
	}
	noted := simulators.Ask{Query: &simulators.Query{Object: "interface", Where: map[string]string{"of": "noted"}}}
	if to := in.ToLogicalID; to != "" && to != toDefault && to != d.Settings.logicalID() {
		return late(codeRoute, fmt.Sprintf("no document flow leads to %q", clip(to)))
	}
	switch in.verb {
	case "Confirm":
		if noted.Failed, err = failure(bod); err != nil {
			return late(codeMalformed, err.Error())
		}
		return noted
	case "Acknowledge":
		return noted // what became of what we have sent: people look at it
	}
	if entity := firstSaid(in.AccountingEntity, id.entity); entity != "" && entity != d.Settings.entity() {
		if d.Settings.Routing == RoutingIgnore {
			return noted
		}
		return late(codeRouting, fmt.Sprintf("accounting entity %q is none of ours, only %s", clip(entity), d.Settings.entity()))
	}
	if p := d.Settings.product(); slices.Contains(p.also, in.DocumentName) {
		return late(codeUnplayed, fmt.Sprintf("%s takes %s, and nothing of this plant is told by it", p.name, in.DocumentName))
	}
	claims, err := d.claims(bod, in)
	if err != nil {
		return late(codeMalformed, err.Error())
	}
	return simulators.Ask{Claims: claims, Batch: len(claims) > 1}
}

func firstSaid(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// opened reads a document and holds its head against the parameters.
func opened(in incoming) (bod *xmltree.Node, id identity, err error) {
	if bod, err = xmltree.Parse(in.payload); err != nil {
		return nil, id, err
	}
	name := in.verb + in.noun
	at := fmt.Sprintf("line %d, /%s: ", bod.Line, clip(bod.Name))
	release, _ := bod.Attr("releaseID")
	switch {
	case bod.Space != Namespace:
		return nil, id, fmt.Errorf("%sthe namespace is %q, not %q", at, clip(bod.Space), Namespace)
	case bod.Name != name:
		return nil, id, fmt.Errorf("%sthe message says that it is %s", at, clip(in.DocumentName))
	case release != Release:
		return nil, id, fmt.Errorf("%sreleaseID %q is not %s", at, clip(release), Release)
	case bod.Find("ApplicationArea", "CreationDateTime") == nil:
		return nil, id, fmt.Errorf("%sApplicationArea/CreationDateTime is missing", at)
	case bod.Find("DataArea", in.verb) == nil:
		return nil, id, fmt.Errorf("%sDataArea/%s is missing", at, in.verb)
	}
	if id, err = parseIdentity(bod.Said("ApplicationArea", "BODID")); err != nil {
		return nil, id, fmt.Errorf("%sApplicationArea/%w", at, err)
	}
	return bod, id, nil
}

// claims reads the nouns of a document.
func (d Dialect) claims(bod *xmltree.Node, in incoming) (claims []plant.Event, err error) {
	data := bod.Find("DataArea")
	verb, action := in.verb, ""
	if verb == show { // the records are told as by their changes
		verb, action = "Sync", "Replace"
	}
	if e := data.Find(in.verb, "ActionCriteria", "ActionExpression"); e != nil {
		action, _ = e.Attr("actionCode")
	}
	for _, at := range data.Children {
		if at.Name == in.verb {
			continue
		}
		n := d.nounAt(verb, action, at)
		if n == nil {
			return nil, fmt.Errorf("line %d, /%s/DataArea/%s: nothing here is said with it and actionCode %q", at.Line, bod.Name, clip(at.Name), clip(action))
		}
		e, err := n.claim(bod.Name, bod.Said("ApplicationArea", "CreationDateTime"), at, fmt.Sprintf("[%d]", len(claims)+1))
		if err != nil {
			return nil, err
		}
		claims = append(claims, e)
	}
	if len(claims) == 0 && in.verb != show {
		return nil, fmt.Errorf("line %d, /%s/DataArea: has no %s", data.Line, bod.Name, in.noun)
	}
	return claims, nil
}

func (d Dialect) nounAt(verb, action string, at *xmltree.Node) *noun {
	for _, n := range d.Settings.product().nouns {
		if n.fits(verb, action, at) {
			return n
		}
	}
	return nil
}
