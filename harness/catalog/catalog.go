// Package catalog lists everything a rig or scenario file can name.
//
// It only lists; what the parts do stands with them.
package catalog

import (
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/asyncapi"
	"github.com/andon-rig/andon/contracts/graphql"
	"github.com/andon-rig/andon/contracts/jsonschema"
	"github.com/andon-rig/andon/contracts/layout"
	"github.com/andon-rig/andon/contracts/openapi"
	"github.com/andon-rig/andon/contracts/pact"
	"github.com/andon-rig/andon/contracts/sqltable"
	"github.com/andon-rig/andon/contracts/xsd"
	"github.com/andon-rig/andon/evidence/oracles"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/b2mml"
	"github.com/andon-rig/andon/simulators/dialects/d365"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/dialects/ion"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/dialects/saps4"
	"github.com/andon-rig/andon/simulators/dialects/staging"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	"github.com/andon-rig/andon/simulators/systems/machine"
	"github.com/andon-rig/andon/simulators/systems/mes"
)

// A Part is something a file can name.
type Part[T any] struct {
	Name string
	Doc  string // one line, shown by the list command
	New  T
}

// NewSystem makes a system that knows m and keeps the parts of a policy that
// are rules of the books.
type NewSystem = func(m plant.Master, p simulators.Policy) simulators.System

// Catalog is what names in files stand for. Adding an extension means adding
// its folder and one line to Standard.
type Catalog struct {
	Dialects []Part[func() simulators.Dialect]
	Systems  []Part[NewSystem]
	Faults   []faults.Info
	Oracles  []oracles.Info
	// Contracts are the formats that contract documents are written in.
	Contracts []contracts.Format
}

// Standard returns a catalog of every part in this module.
func Standard() Catalog {
	return Catalog{
		Dialects: []Part[func() simulators.Dialect]{
			{"neutral/v1", "B2MML-JSON over REST or events, owned by no vendor", func() simulators.Dialect { return neutral.Dialect{} }},
			{"files/v1", "flat files in a folder or over SFTP, delimited or in fixed columns, with results by row", func() simulators.Dialect { return files.Dialect{} }},
			{"infor-ion/v3", "BODs through Infor ION: messaging service v3, gateway with .ionapi, Acknowledge and ConfirmBOD later", func() simulators.Dialect { return ion.Dialect{Version: ion.V3} }},
			{"infor-ion/v2", "the same by the messaging service v2", func() simulators.Dialect { return ion.Dialect{Version: ion.V2} }},
			{"b2mml-xml/v7", "B2MML V0701 as XML, bare or in a SOAP envelope, with ConfirmBODs", func() simulators.Dialect { return b2mml.Dialect{} }},
			{"staging/v1", "staging tables in a database, with a response in each row", func() simulators.Dialect { return staging.Dialect{} }},
			{"d365/v1", "Dynamics 365 Supply Chain Management: message processor, business events and OData to read on", func() simulators.Dialect { return d365.Dialect{} }},
			{"sap-s4/v2", "OData V2 services of SAP S/4HANA, with events or IDocs, confirmations by function, sessions, tags and locks", func() simulators.Dialect { return saps4.Dialect{} }},
		},
		Systems: []Part[NewSystem]{
			{"erp", "order book, stock, WIP and genealogy of an enterprise resource planning system", newERP},
			{"mes", "dispatch, execution and quality holds of a manufacturing execution system", newMES},
			{"machine", "counting machines with counters that roll over and are set back", newMachine},
		},
		Faults:  faults.All(),
		Oracles: oracles.All(),
		Contracts: []contracts.Format{
			asyncapi.Format{},
			graphql.Format{},
			jsonschema.Format{},
			layout.Format{},
			openapi.Format{},
			pact.Format{},
			sqltable.Format{},
			xsd.Format{},
		},
	}
}

func newERP(m plant.Master, p simulators.Policy) simulators.System {
	return erp.New(m, func(o *erp.Options) {
		o.NaturalKey = p.Dedupe == simulators.DedupeNatural
		o.Atomic = p.Batch == simulators.BatchAtomic
	})
}

func newMES(m plant.Master, p simulators.Policy) simulators.System {
	return mes.New(m, func(o *mes.Options) {
		o.Atomic = p.Batch == simulators.BatchAtomic
		o.NaturalKey = p.Dedupe != simulators.DedupeNone
		o.Overwrite = p.Versions == simulators.VersionsOverwrite
	})
}

func newMachine(m plant.Master, _ simulators.Policy) simulators.System {
	return machine.New(m, func(o *machine.Options) { o.ResetEvery, o.Worn, o.Stops = 6, true, true })
}

// Find returns the part called name and whether there is one.
func Find[T any](parts []Part[T], name string) (Part[T], bool) {
	for _, p := range parts {
		if p.Name == name {
			return p, true
		}
	}
	return Part[T]{}, false
}

// Names lists the names of parts in their order.
func Names[T any](parts []Part[T]) []string {
	names := make([]string, len(parts))
	for i, p := range parts {
		names[i] = p.Name
	}
	return names
}

// FaultNames lists the names of the faults.
func (c Catalog) FaultNames() []string {
	names := make([]string, len(c.Faults))
	for i, f := range c.Faults {
		names[i] = f.Name
	}
	return names
}

// OracleNames lists the names of the oracles.
func (c Catalog) OracleNames() []string {
	names := make([]string, len(c.Oracles))
	for i, o := range c.Oracles {
		names[i] = o.Name
	}
	return names
}
