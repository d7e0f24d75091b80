package faults_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/simulators"
)

var update = flag.Bool("update", false, "rewrite docs/faults.md")

const begin, end = "<!-- faults: begin (go test ./chaos/faults -update) -->\n", "<!-- faults: end -->\n"

// TestDocsListEveryFault keeps the tables of docs/faults.md equal to the list.
func TestDocsListEveryFault(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "faults.md")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(b), begin)
	old, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s lacks the lines %q and %q", path, begin, end)
	}
	want := tables()
	if old == want {
		return
	}
	if !*update {
		t.Fatalf("%s is not what faults.All says; run go test ./chaos/faults -update", path)
	}
	if err := os.WriteFile(path, []byte(head+begin+want+end+tail), 0o644); err != nil {
		t.Fatal(err)
	}
}

var layers = []struct {
	layer faults.Layer
	title string
}{
	{faults.Wire, "Wire: lines, gateways, sockets"},
	{faults.Application, "Application: what the other system answers and repeats"},
	{faults.Data, "Data: what people and machines enter"},
	{faults.Clock, "Clock: clocks that disagree"},
	{faults.Process, "Process: what happens to the SUT itself"},
}

func tables() string {
	var b strings.Builder
	for _, l := range layers {
		all := slices.DeleteFunc(faults.All(), func(i faults.Info) bool { return i.Layer != l.layer })
		if len(all) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n| fault | what | observed as | the SUT must still | acts on | repeats exactly | serves |\n| --- | --- | --- | --- | --- | --- | --- |\n", l.title)
		for _, i := range all {
			repeats := "yes"
			if !i.Reproducible {
				repeats = "no"
			}
			fmt.Fprintf(&b, "| [`%s`](#%s-settings) | %s | %s | %s | %s | %s | %s |\n", i.Name, i.Name, i.Doc, i.Observed, i.Tolerates, actsOn(i), repeats, strings.Join(i.Requirements, ", "))
		}
		for _, i := range all {
			settings(&b, i)
		}
	}
	b.WriteString("\n")
	return strings.ReplaceAll(b.String(), "the first 1 attempts", "only the first attempt")
}

func settings(b *strings.Builder, i faults.Info) {
	fmt.Fprintf(b, "\n### `%s` settings\n\n", i.Name)
	if i.Needs != "" {
		fmt.Fprintf(b, "Needs %s.\n", i.Needs)
	}
	if i.Attempts > 0 {
		fmt.Fprintf(b, "Unless the scenario says otherwise, its rule touches the first %d attempts of a fact.\n", i.Attempts)
	}
	if i.Needs != "" || i.Attempts > 0 {
		b.WriteString("\n")
	}
	if len(i.Settings) == 0 {
		b.WriteString("None.\n")
		return
	}
	b.WriteString("| setting | type | default | |\n| --- | --- | --- | --- |\n")
	for _, s := range i.Settings {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", s.Name, s.Type, code(s.Default), s.Doc)
	}
}

// actsOn says what the fault can strike, as it says itself.
func actsOn(i faults.Info) string {
	f := i.New()
	if _, ok := f.(chaos.Process); ok {
		return "the SUT"
	}
	choosy, ok := f.(chaos.Choosy)
	if !ok {
		return "both ways"
	}
	var ways []string
	for _, w := range []struct {
		way  simulators.Direction
		name string
	}{{simulators.ToSUT, "announcements"}, {simulators.FromSUT, "the SUT's requests"}} {
		if choosy.Leaves(chaos.Crossing{Direction: w.way, Policy: simulators.Policy{Dedupe: simulators.DedupeKey, Auth: simulators.AuthOAuth2}}) == "" {
			ways = append(ways, w.name)
		}
	}
	switch len(ways) {
	case 2:
		return "both ways"
	case 0:
		return "see there"
	}
	return ways[0]
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
