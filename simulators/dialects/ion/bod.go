package ion

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// Namespace and Release are those of the family of documents.
const (
	Namespace      = "http://schema.infor.com/InforOAGIS/2"
	Release        = "9.2"
	versionID      = "2.8.0"
	longestID      = 255 // of a BODID
	longestEscaped = 120 // of a document in it
)

// identity is what a BODID says: infor-nid:tenant:entity:location:document:revision?Noun&verb=…
// The sequence of the pairs behind the noun is undefined, so it is taken apart
// and never compared as a text.
type identity struct {
	tenant, entity, location, document, revision string
	noun, verb                                   string
	variation                                    int // 0 if it is not said
	sequence                                     int // of an answer; 0 of others
	batch                                        batch
}

// identityOf names the document that states e.
func identityOf(s Settings, n *noun, e plant.Event) identity {
	k := e.Fact.Keys()
	id := identity{tenant: s.tenant(), entity: s.entity(), location: s.location(), document: string(e.ID), revision: "1", noun: n.name, verb: n.verb, variation: max(1, k.Counter)}
	switch e.Fact.(type) {
	case plant.OrderReleased, plant.OrderChanged, plant.OrderCancelled:
		id.document = string(k.Order)
	case plant.ItemChanged, plant.BillChanged, plant.RoutingChanged, plant.CenterChanged, plant.CalendarChanged:
		id.document = k.Entity()
	default:
		id.variation = 1
	}
	if len(url.QueryEscape(id.document)) > longestEscaped { // a BODID has 255 characters at most
		sum := sha256.Sum256([]byte(id.document))
		id.document = hex.EncodeToString(sum[:16])
	}
	return id
}

// String writes a BODID. What would end a part of it is escaped.
func (id identity) String() string {
	escape := func(s string) string { return strings.ReplaceAll(url.PathEscape(s), ":", "%3A") }
	s := fmt.Sprintf("infor-nid:%s:%s:%s:%s:%s?%s&verb=%s", escape(id.tenant), escape(id.entity), escape(id.location), escape(id.document), escape(id.revision), id.noun, id.verb)
	if id.variation > 0 {
		s += "&variationID=" + strconv.Itoa(id.variation)
	}
	if id.sequence > 0 {
		s += "&sequence=" + strconv.Itoa(id.sequence)
	}
	if b := id.batch; b.id != "" {
		s += "&batchSequence=" + strconv.Itoa(b.sequence) + "&batchID=" + strings.ReplaceAll(url.QueryEscape(b.id), "%3A", ":")
		if b.size > 0 {
			s += "&batchSize=" + strconv.Itoa(b.size)
		}
	}
	return s
}

// message is the part of a message's ID that names the document.
func (id identity) message() string {
	s := fmt.Sprintf("%s.%s.%s.%d", id.noun, id.verb, url.PathEscape(id.document), id.variation)
	if id.sequence > 0 {
		s += "." + strconv.Itoa(id.sequence)
	}
	if id.batch.id != "" {
		s += ".part" + strconv.Itoa(id.batch.sequence)
	}
	return s
}

// parseIdentity takes a BODID apart. Products differ in case, in which parts
// are empty and in the sequence of the pairs; all of that is read.
func parseIdentity(s string) (id identity, err error) {
	if len(s) > longestID {
		return id, fmt.Errorf("BODID: has %d characters, and %d are the most", len(s), longestID)
	}
	name, pairs, ok := strings.Cut(s, "?")
	fields := strings.Split(name, ":")
	if !ok || len(fields) != 6 || !strings.EqualFold(fields[0], "infor-nid") {
		return id, fmt.Errorf("BODID: %q is not infor-nid:tenant:entity:location:document:revision?Noun&verb=…", clip(s))
	}
	for i, to := range []*string{&id.tenant, &id.entity, &id.location, &id.document, &id.revision} {
		if *to, err = url.PathUnescape(fields[i+1]); err != nil {
			return id, fmt.Errorf("BODID: %q: %w", clip(fields[i+1]), err)
		}
	}
	for _, pair := range strings.Split(pairs, "&") {
		key, value, said := strings.Cut(pair, "=")
		switch {
		case !said && id.noun == "":
			id.noun = key
		case strings.EqualFold(key, "verb"):
			id.verb = value
		case strings.EqualFold(key, "variationID"):
			if id.variation, err = strconv.Atoi(value); err != nil || id.variation < 0 {
				return id, fmt.Errorf("BODID: variationID %q is not a number", clip(value))
			}
		case strings.EqualFold(key, "sequence"):
			id.sequence, _ = strconv.Atoi(value)
		case strings.EqualFold(key, "batchID"):
			id.batch.id, _ = url.QueryUnescape(value)
		case strings.EqualFold(key, "batchSequence"):
			id.batch.sequence, _ = strconv.Atoi(value)
		case strings.EqualFold(key, "batchSize"):
			id.batch.size, _ = strconv.Atoi(value)
		}
	}
	if id.noun == "" || id.document == "" {
		return id, fmt.Errorf("BODID: %q names no noun or no document", clip(s))
	}
	return id, nil
}

// bodHead is what a BOD says outside of its nouns.
type bodHead struct {
	verb, noun, action string
	created            string
	id                 identity
}

// envelope puts nouns into a BOD.
func envelope(s Settings, h bodHead, nouns ...*xmltree.Node) *xmltree.Node {
	verb := xmltree.Branch(h.verb, xmltree.Leaf("TenantID", s.tenant()), xmltree.Leaf("AccountingEntityID", s.entity()), xmltree.Leaf("LocationID", s.location()))
	if h.action != "" {
		verb.Add(xmltree.Branch("ActionCriteria", xmltree.Leaf("ActionExpression", "", "actionCode", h.action)))
	}
	return root(s, h, xmltree.Branch("DataArea", verb).Add(nouns...))
}

// root is a BOD with data in it.
func root(s Settings, h bodHead, data *xmltree.Node) *xmltree.Node {
	bod := xmltree.Branch(h.verb+h.noun, applicationArea(s, h), data)
	for _, a := range [][2]string{{"xmlns", Namespace}, {"releaseID", Release}, {"versionID", versionID}, {"systemEnvironmentCode", s.environment()}} {
		bod.Attrs = append(bod.Attrs, xml.Attr{Name: xml.Name{Local: a[0]}, Value: a[1]})
	}
	return bod
}

func applicationArea(s Settings, h bodHead) *xmltree.Node {
	return xmltree.Branch("ApplicationArea",
		xmltree.Branch("Sender", xmltree.Leaf("LogicalID", s.logicalID()), xmltree.Leaf("ComponentID", s.component()), xmltree.Leaf("ConfirmationCode", "OnError")),
		xmltree.Leaf("CreationDateTime", h.created), xmltree.Leaf("BODID", h.id.String()))
}

// written is a document as it is sent.
func written(bod *xmltree.Node) ([]byte, error) {
	w := xmltree.Writer{B: append(make([]byte, 0, 2048), xmltree.Declaration...)}
	w.Element(bod, "", 0)
	return w.B, w.Err
}

func clip(s string) string { return xmltree.Clip(s) }
