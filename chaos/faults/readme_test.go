package faults_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/chaos/faults"
)

var update = flag.Bool("update", false, "rewrite the tables of the README")

const begin, end = "<!-- faults: begin (go test ./chaos/faults -update) -->\n", "<!-- faults: end -->\n"

// TestREADMEListsEveryFault keeps the tables of ../README.md equal to the list.
func TestREADMEListsEveryFault(t *testing.T) {
	path := filepath.Join("..", "README.md")
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

func tables() string {
	var b strings.Builder
	b.WriteString("\n| fault | layer | what | observed as | the SUT must still | repeats exactly | serves |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, i := range faults.All() {
		repeats := "yes"
		if !i.Reproducible {
			repeats = "no"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s |\n", i.Name, i.Layer, i.Doc, i.Observed, i.Tolerates, repeats, strings.Join(i.Requirements, ", "))
	}
	for _, i := range faults.All() {
		fmt.Fprintf(&b, "\n**`%s`**", i.Name)
		if i.Needs != "" {
			fmt.Fprintf(&b, " needs %s.", i.Needs)
		}
		if i.Attempts > 0 {
			fmt.Fprintf(&b, " Unless the scenario says otherwise, its rule touches the first %d attempts of a fact.", i.Attempts)
		}
		b.WriteString("\n\n| setting | type | default | |\n| --- | --- | --- | --- |\n")
		for _, s := range i.Settings {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Name, s.Type, code(s.Default), s.Doc)
		}
	}
	b.WriteString("\n")
	return strings.ReplaceAll(b.String(), "the first 1 attempts", "only the first attempt")
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
