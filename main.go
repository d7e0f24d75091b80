// Command andon gates, rehearses and verifies ERP–MES–machine integrations
// against a simulated plant.
package main

import (
	"cmp"
	"context"
	"os"
	"slices"

	"github.com/andon-rig/andon/cmd"
	"github.com/andon-rig/andon/examples/bridge"
	"github.com/andon-rig/andon/harness/catalog"
)

func main() {
	// The bundled integration is this very program under another name, so
	// that the first gate needs nothing else. It is a process of its own that
	// knows only what the rig tells any SUT.
	if len(os.Args) > 1 && os.Args[1] == "bridge" {
		os.Exit(bridge.Main(context.Background(), os.Args[2:], os.Getenv, os.Stdout, os.Stderr))
	}
	os.Exit(cmd.Main(cmd.World{
		Args: os.Args[1:], Env: os.Getenv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Catalog: catalog.Standard(),
		Defects: defects(),
	}))
}

// defects tells the command line what the bundled integration can get wrong;
// it must not know that integration itself.
func defects() (ds []cmd.Defect) {
	for _, d := range bridge.Defects() {
		ds = append(ds, cmd.Defect{ID: string(d.ID), Name: d.Name, Does: d.Does, Needs: d.Needs, Intended: d.Oracles, ERP: d.ID.ERP()})
	}
	for _, d := range bridge.NotPlanted() {
		ds = append(ds, cmd.Defect{ID: string(d.ID), Name: d.Name, Does: d.Does, Needs: d.Needs, Intended: d.Oracles, WhyNot: d.Why})
	}
	slices.SortFunc(ds, func(a, b cmd.Defect) int { return cmp.Compare(a.ID, b.ID) })
	return ds
}
