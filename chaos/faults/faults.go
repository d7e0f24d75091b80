// Package faults holds what can go wrong on the way between a simulator and
// the SUT, one file each.
//
// A fault knows messages and the plant's terms. It knows no wire format: what
// it refuses or changes is worded by the endpoint's dialect.
package faults

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/andon-rig/andon/chaos"
)

// Layer is where a fault can really happen.
type Layer string

// Layers of trouble.
const (
	Wire        Layer = "W" // lines, gateways, sockets
	Application Layer = "A" // what the other system answers and repeats
	Process     Layer = "P" // the SUT's own process
	Clock       Layer = "C" // clocks that disagree
	Data        Layer = "D" // what people and machines enter
)

// Info is what people and the catalog need to know of a fault.
type Info struct {
	Name         string
	Doc          string // one line
	Layer        Layer
	Observed     string   // what the SUT's code meets: the name to search for
	Needs        string   // of rig or SUT; "" means nothing
	Reproducible bool     // with its defaults, the same seed hits the same (fact, attempt) pairs
	Attempts     int      // the rule's bound unless the scenario gives one; 0 means none
	Requirements []string // ids of REQUIREMENTS.md it serves
	Tolerates    string   // what the SUT must still guarantee under it
	Settings     []Setting
	New          func() chaos.Fault // with defaults
}

// Setting is one key of a fault.
type Setting struct {
	Name    string
	Type    string // "wall duration", "number", "true or false", or the words allowed
	Default string // as a file would write it; "" means none
	Doc     string
}

// Validator is a fault with settings that can contradict each other; all have
// it.
type Validator interface {
	chaos.Fault
	Validate() error
}

// Find returns the fault called name.
func Find(name string) (Info, bool) {
	for _, i := range All() {
		if i.Name == name {
			return i, true
		}
	}
	return Info{}, false
}

// Reproducible reports whether the same seed has f, called name, hit the same
// (fact, attempt) pairs whatever the SUT's timing.
func Reproducible(name string, f chaos.Fault) bool {
	if r, ok := f.(interface{ Reproducible() bool }); ok {
		return r.Reproducible()
	}
	i, ok := Find(name)
	return ok && i.Reproducible
}

// settings reads the keys of a fault off its struct, so that what is listed
// cannot differ from what is read.
func settings(f chaos.Fault) []Setting {
	v := reflect.ValueOf(f).Elem()
	var out []Setting
	for i := range v.NumField() {
		sf := v.Type().Field(i)
		name := sf.Tag.Get("yaml")
		if name == "" {
			continue
		}
		s := Setting{Name: name, Type: typeOf(sf), Doc: sf.Tag.Get("doc")}
		if !v.Field(i).IsZero() {
			s.Default = fmt.Sprint(v.Field(i).Interface())
		}
		out = append(out, s)
	}
	return out
}

func typeOf(sf reflect.StructField) string {
	var words []string
	for _, option := range strings.Split(sf.Tag.Get("jsonschema"), ",") {
		if word, ok := strings.CutPrefix(option, "enum="); ok {
			words = append(words, word)
		}
	}
	switch {
	case len(words) > 0:
		return strings.Join(words, ", ")
	case sf.Type == reflect.TypeFor[Wall]():
		return "wall duration"
	case sf.Type == reflect.TypeFor[Plant]():
		return "plant duration"
	case sf.Type.Kind() == reflect.Bool:
		return "true or false"
	case sf.Type.Kind() == reflect.Int, sf.Type.Kind() == reflect.Int64:
		return "whole number"
	}
	return sf.Type.String()
}
