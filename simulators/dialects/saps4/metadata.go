package saps4

import (
	"bytes"
	"fmt"
	"strings"
)

// Metadata is the $metadata document of a service: our own, and reduced to what
// is spoken here.
func Metadata(name string) []byte {
	s := serviceOf(name)
	if s == nil {
		return nil
	}
	b := bytes.NewBufferString(`<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx" xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" xmlns:sap="http://www.sap.com/Protocols/SAPData">
 <edmx:DataServices m:DataServiceVersion="2.0">
`)
	fmt.Fprintf(b, "  <Schema Namespace=%q xmlns=\"http://schemas.microsoft.com/ado/2008/09/edm\">\n", s.name)
	for _, t := range s.sets {
		t.declare(b)
	}
	s.associations(b)
	fmt.Fprintf(b, "   <EntityContainer Name=\"%s_Entities\" m:IsDefaultEntityContainer=\"true\">\n", s.name)
	for _, t := range s.sets {
		fmt.Fprintf(b, "    <EntitySet Name=%q EntityType=\"%s.%s\"/>\n", t.set, s.name, t.name)
	}
	s.associationSets(b)
	for _, c := range s.calls {
		c.declare(b, s)
	}
	b.WriteString("   </EntityContainer>\n  </Schema>\n </edmx:DataServices>\n</edmx:Edmx>\n")
	return b.Bytes()
}

func (c call) declare(b *bytes.Buffer, s *service) {
	fmt.Fprintf(b, "    <FunctionImport Name=%q ReturnType=\"%s.%s\" EntitySet=%q m:HttpMethod=\"POST\">\n", c.name, s.name, c.returns.name, c.returns.set)
	for _, p := range c.params {
		fmt.Fprintf(b, "     <Parameter Name=%q Type=\"Edm.%s\" Mode=\"In\"%s/>\n", p.name, p.edm, p.facets())
	}
	b.WriteString("    </FunctionImport>\n")
}

func (t *entityType) declare(b *bytes.Buffer) {
	fmt.Fprintf(b, "   <EntityType Name=%q>\n    <Key>\n", t.name)
	for _, p := range t.props {
		if p.key {
			fmt.Fprintf(b, "     <PropertyRef Name=%q/>\n", p.name)
		}
	}
	b.WriteString("    </Key>\n")
	for _, p := range t.props {
		mode := ""
		if t.tagged && p.name == "LastChangeDateTime" {
			mode = ` ConcurrencyMode="Fixed"`
		}
		fmt.Fprintf(b, "    <Property Name=%q Type=\"Edm.%s\"%s%s/>\n", p.name, p.edm, p.facets(), mode)
	}
	for _, n := range t.navs {
		fmt.Fprintf(b, "    <NavigationProperty Name=%q Relationship=\"%s.%s\" FromRole=\"From\" ToRole=\"To\"/>\n", n.name, t.service, t.association(n))
	}
	b.WriteString("   </EntityType>\n")
}

func (t *entityType) association(n navigation) string {
	return "assoc_" + strings.TrimSuffix(t.name, "Type") + "_" + n.name
}

func (s *service) associations(b *bytes.Buffer) {
	for _, t := range s.sets {
		for _, n := range t.navs {
			fmt.Fprintf(b, "   <Association Name=%q>\n    <End Type=\"%s.%s\" Multiplicity=\"1\" Role=\"From\"/>\n    <End Type=\"%s.%s\" Multiplicity=\"*\" Role=\"To\"/>\n   </Association>\n",
				t.association(n), s.name, t.name, s.name, n.to.name)
		}
	}
}

func (s *service) associationSets(b *bytes.Buffer) {
	for _, t := range s.sets {
		for _, n := range t.navs {
			fmt.Fprintf(b, "    <AssociationSet Name=\"%s_AssocSet\" Association=\"%s.%s\">\n     <End EntitySet=%q Role=\"From\"/>\n     <End EntitySet=%q Role=\"To\"/>\n    </AssociationSet>\n",
				t.association(n), s.name, t.association(n), t.set, n.to.set)
		}
	}
}
