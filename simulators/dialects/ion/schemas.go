package ion

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/andon-rig/andon/simulators/plant"
)

// element is one of a schema, with what may be in it.
type element struct {
	name     string
	repeated bool
	needed   bool // there is at least one
	free     bool // what is in it may stand in any sequence
	attrs    []string
	in       []*element
}

// child finds the element at the end of a path or puts it behind the one that
// was there before it.
func (e *element) child(path []string, before string) *element {
	at := e
	for depth, name := range path {
		i := slices.IndexFunc(at.in, func(c *element) bool { return c.name == name })
		if i < 0 {
			i = len(at.in)
			if depth == 0 && before != "" {
				i = 1 + slices.IndexFunc(at.in, func(c *element) bool { return c.name == before })
			}
			at.in = slices.Insert(at.in, i, &element{name: name})
		}
		at = at.in[i]
	}
	return at
}

func (e *element) attribute(name string) {
	if name != "" && !slices.Contains(e.attrs, name) {
		e.attrs = append(e.attrs, name)
	}
}

// add puts what stands in a group into e.
func (e *element) add(g *group, marks []mark) {
	before := ""
	for _, m := range marks {
		e.child(m.path, before)
		before = m.path[0]
	}
	for _, p := range g.places {
		e.child(p.path, before).attribute(p.attr)
		before = p.path[0]
	}
	for _, below := range g.below {
		c := e.child(below.path, before)
		c.repeated = true
		c.add(below, nil)
		before = below.path[0]
	}
}

// floor are the kinds of facts that a floor reports. Nobody publishes in which
// sequence their documents say what they say, and who reads them looks for no
// sequence, so that a build may choose.
var floor = []plant.Kind{
	plant.KindOperationStarted, plant.KindConfirmation, plant.KindRework, plant.KindConsumption, plant.KindScrap, plant.KindReceipt, plant.KindInspection, plant.KindLotHeld,
}

// Schema describes the documents of all products as an XML Schema: elements,
// attributes, and quantities and instants as numbers and points in time. What a
// system tells stands in the sequence in which it does; what it takes, in any.
func Schema() []byte {
	roots := map[string]map[string]*element{} // verb, noun
	at := func(verb, noun string) *element {
		if roots[verb] == nil {
			roots[verb] = map[string]*element{}
		}
		if roots[verb][noun] == nil {
			roots[verb][noun] = &element{name: noun, repeated: true, needed: true}
		}
		return roots[verb][noun]
	}
	for _, name := range productNames {
		for _, n := range products[name].nouns {
			e := at(n.verb, n.name)
			e.add(&n.group, n.marks)
			e.free = e.free || n.taken || slices.Contains(floor, n.kind)
			if id := e.find(n.name+"Header", "DocumentID", "ID"); id != nil {
				for _, a := range []string{"accountingEntity", "location", "lid", "variationID"} {
					id.attribute(a)
				}
			}
		}
	}
	for _, k := range loaded {
		n := products["generic"].noun(k)
		e := *roots[n.verb][n.name]
		e.needed = false // of a load there may be nothing
		*at(show, n.name) = e
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, schemaHead, Namespace, Namespace, Release)
	answered := map[string]bool{}
	for _, verb := range slices.Sorted(maps.Keys(roots)) {
		for _, noun := range slices.Sorted(maps.Keys(roots[verb])) {
			fmt.Fprintf(&b, schemaRoot, verb+noun, verb)
			roots[verb][noun].write(&b, 7, false)
			b.WriteString(schemaEnd)
			if verb == "Process" && !answered[noun] {
				answered[noun] = true
				fmt.Fprintf(&b, "  <xs:element name=\"Acknowledge%s\" type=\"Acknowledgement\"/>\n", noun)
			}
		}
	}
	b.WriteString("</xs:schema>\n")
	return b.Bytes()
}

func (e *element) find(path ...string) *element {
	for _, name := range path {
		i := slices.IndexFunc(e.in, func(c *element) bool { return c.name == name })
		if i < 0 {
			return nil
		}
		e = e.in[i]
	}
	return e
}

// write declares e; free is true if what it stands in may be in any sequence.
func (e *element) write(b *bytes.Buffer, depth int, free bool) {
	free = free || e.free
	pad := strings.Repeat("  ", depth)
	occurs := ` minOccurs="0"`
	if e.needed {
		occurs = ""
	}
	if e.repeated {
		occurs += ` maxOccurs="unbounded"`
	}
	if len(e.in) == 0 && len(e.attrs) == 0 {
		fmt.Fprintf(b, "%s<xs:element name=%q type=%q%s/>\n", pad, e.name, e.text(), occurs)
		return
	}
	fmt.Fprintf(b, "%s<xs:element name=%q%s>\n%s  <xs:complexType>\n", pad, e.name, occurs, pad)
	if len(e.in) > 0 {
		group, many := e.group(free)
		fmt.Fprintf(b, "%s    <xs:%s%s>\n", pad, group, many)
		for _, c := range e.in {
			c.write(b, depth+3, free)
		}
		fmt.Fprintf(b, "%s    </xs:%s>\n", pad, group)
	} else {
		fmt.Fprintf(b, "%s    <xs:simpleContent>\n%s      <xs:extension base=%q>\n", pad, pad, e.text())
		for _, a := range e.attrs {
			fmt.Fprintf(b, "%s        <xs:attribute name=%q type=\"xs:string\"/>\n", pad, a)
		}
		fmt.Fprintf(b, "%s      </xs:extension>\n%s    </xs:simpleContent>\n", pad, pad)
	}
	fmt.Fprintf(b, "%s  </xs:complexType>\n%s</xs:element>\n", pad, pad)
}

// group is how a schema says in which sequence what is in e may stand, and how
// often: where there is none, version 1.0 counts only what stands there once.
func (e *element) group(free bool) (name, occurs string) {
	switch {
	case !free || len(e.in) == 1:
		return "sequence", ""
	case slices.ContainsFunc(e.in, func(c *element) bool { return c.repeated }):
		return "choice", ` minOccurs="0" maxOccurs="unbounded"`
	}
	return "all", ""
}

// text is the type of an element's text, told by its name as everywhere in these
// documents.
func (e *element) text() string {
	switch {
	case strings.HasSuffix(e.name, "Quantity"):
		return "xs:decimal"
	case strings.HasSuffix(e.name, "DateTime"):
		return "xs:dateTime"
	case strings.HasSuffix(e.name, "Duration"):
		return "xs:duration"
	case strings.HasSuffix(e.name, "Indicator"):
		return "xs:boolean"
	}
	return "xs:string"
}

const schemaHead = `<?xml version="1.0" encoding="UTF-8"?>
<!-- The documents of infor-ion, all products. Infor publishes no schemas: what is inside of nouns is ours. -->
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="%s" targetNamespace="%s" elementFormDefault="qualified">
  <xs:simpleType name="Release"><xs:restriction base="xs:string"><xs:enumeration value="%s"/></xs:restriction></xs:simpleType>
  <xs:complexType name="ApplicationArea">
    <xs:sequence>
      <xs:element name="Sender">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="LogicalID" type="xs:string"/>
            <xs:element name="ComponentID" type="xs:string" minOccurs="0"/>
            <xs:element name="ConfirmationCode" type="xs:string" minOccurs="0"/>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
      <xs:element name="CreationDateTime" type="xs:dateTime"/>
      <xs:element name="BODID" type="xs:string"/>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="Verb">
    <xs:sequence>
      <xs:element name="TenantID" type="xs:string"/>
      <xs:element name="AccountingEntityID" type="xs:string" minOccurs="0"/>
      <xs:element name="LocationID" type="xs:string" minOccurs="0"/>
      <xs:element name="ActionCriteria" minOccurs="0">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="ActionExpression">
              <xs:complexType>
                <xs:attribute name="actionCode" type="xs:string" use="required"/>
              </xs:complexType>
            </xs:element>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
    </xs:sequence>
  </xs:complexType>
  <xs:complexType name="OriginalApplicationArea">
    <xs:sequence>
      <xs:element name="CreationDateTime" type="xs:dateTime" minOccurs="0"/>
      <xs:element name="BODID" type="xs:string" minOccurs="0"/>
      <xs:element name="MessageID" type="xs:string" minOccurs="0"/>
    </xs:sequence>
  </xs:complexType>
  <xs:simpleType name="Response"><xs:restriction base="xs:string"><xs:enumeration value="Accepted"/><xs:enumeration value="Modified"/><xs:enumeration value="Rejected"/></xs:restriction></xs:simpleType>
  <xs:complexType name="Acknowledgement">
    <xs:sequence>
      <xs:element name="ApplicationArea" type="ApplicationArea"/>
      <xs:element name="DataArea">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="Acknowledge">
              <xs:complexType>
                <xs:sequence>
                  <xs:element name="TenantID" type="xs:string"/>
                  <xs:element name="AccountingEntityID" type="xs:string" minOccurs="0"/>
                  <xs:element name="LocationID" type="xs:string" minOccurs="0"/>
                  <xs:element name="OriginalApplicationArea" type="OriginalApplicationArea"/>
                  <xs:element name="ResponseCriteria" minOccurs="0" maxOccurs="unbounded">
                    <xs:complexType>
                      <xs:sequence>
                        <xs:element name="ResponseExpression">
                          <xs:complexType>
                            <xs:simpleContent>
                              <xs:extension base="xs:string">
                                <xs:attribute name="actionCode" type="Response" use="required"/>
                              </xs:extension>
                            </xs:simpleContent>
                          </xs:complexType>
                        </xs:element>
                        <xs:element name="ChangeStatus" minOccurs="0">
                          <xs:complexType>
                            <xs:sequence>
                              <xs:element name="Description" type="xs:string" minOccurs="0"/>
                              <xs:element name="ReasonCode" type="xs:string" minOccurs="0"/>
                            </xs:sequence>
                          </xs:complexType>
                        </xs:element>
                      </xs:sequence>
                    </xs:complexType>
                  </xs:element>
                </xs:sequence>
              </xs:complexType>
            </xs:element>
          </xs:sequence>
        </xs:complexType>
      </xs:element>
    </xs:sequence>
    <xs:attribute name="releaseID" type="Release" use="required"/>
    <xs:attribute name="versionID" type="xs:string"/>
    <xs:attribute name="systemEnvironmentCode" type="xs:string"/>
  </xs:complexType>
  <xs:complexType name="Failure">
    <xs:sequence>
      <xs:element name="Description" type="xs:string"/>
      <xs:element name="Type" type="xs:string"/>
      <xs:element name="ReasonCode" type="xs:string"/>
    </xs:sequence>
  </xs:complexType>
  <xs:element name="ConfirmBOD">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="ApplicationArea" type="ApplicationArea"/>
        <xs:element name="DataArea">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="Confirm">
                <xs:complexType>
                  <xs:sequence>
                    <xs:element name="TenantID" type="xs:string"/>
                    <xs:element name="OriginalApplicationArea" type="OriginalApplicationArea"/>
                  </xs:sequence>
                </xs:complexType>
              </xs:element>
              <xs:element name="BOD">
                <xs:complexType>
                  <xs:sequence>
                    <xs:element name="OriginalApplicationArea" type="OriginalApplicationArea"/>
                    <xs:element name="BODFailureMessage">
                      <xs:complexType>
                        <xs:choice>
                          <xs:element name="ErrorProcessMessage" type="Failure"/>
                          <xs:element name="NounFailureMessage">
                            <xs:complexType>
                              <xs:sequence>
                                <xs:element name="DocumentID">
                                  <xs:complexType>
                                    <xs:sequence>
                                      <xs:element name="ID" type="xs:string"/>
                                    </xs:sequence>
                                  </xs:complexType>
                                </xs:element>
                                <xs:element name="ErrorProcessMessage" type="Failure"/>
                              </xs:sequence>
                            </xs:complexType>
                          </xs:element>
                        </xs:choice>
                      </xs:complexType>
                    </xs:element>
                  </xs:sequence>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:attribute name="releaseID" type="Release" use="required"/>
      <xs:attribute name="versionID" type="xs:string"/>
      <xs:attribute name="systemEnvironmentCode" type="xs:string"/>
    </xs:complexType>
  </xs:element>
`

const schemaRoot = `  <xs:element name="%s">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="ApplicationArea" type="ApplicationArea"/>
        <xs:element name="DataArea">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="%s" type="Verb"/>
`

const schemaEnd = `            </xs:sequence>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:attribute name="releaseID" type="Release" use="required"/>
      <xs:attribute name="versionID" type="xs:string"/>
      <xs:attribute name="systemEnvironmentCode" type="xs:string"/>
    </xs:complexType>
  </xs:element>
`
