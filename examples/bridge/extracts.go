package bridge

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// This file is about extracts of all records of a list, as interfaces of files and
// tables have them beside the changes. An extract tells of the records that are in
// it like so many changes; and of a material that is not in it any more it tells
// that this is out of use. So the bridge keeps what it was told last of each
// material, and concludes nothing from an extract that is not there to its end.

// fullPrefix is what the names of files begin with that are such extracts.
const fullPrefix = "all-"

// A toldMaterial is what was told of one last: a record ITM, and those that belong to it.
type toldMaterial []line

func (m toldMaterial) version() int  { return number(m[0].cell(4)) }
func (m toldMaterial) retired() bool { return m[0].cell(11) == "X" }

// materialsIn are the materials that records tell of.
func materialsIn(records []line) map[string]toldMaterial {
	all, last := map[string]toldMaterial{}, ""
	for _, r := range records {
		switch {
		case r[0] == "ITM" && len(r) > 4:
			last = r[3]
			all[last] = toldMaterial{r}
		case r[0] == "UOM" && last != "":
			all[last] = append(all[last], r)
		}
	}
	return all
}

// knownMaterial begins the name under which the store keeps a material.
const knownMaterial = "material "

// materials are those that the ERP has told of.
func (s *store) materials(ctx context.Context) (map[string]toldMaterial, error) {
	all := map[string]toldMaterial{}
	err := s.read(ctx, func(scan func(...any) error) error {
		var name, value string
		if err := scan(&name, &value); err != nil {
			return err
		}
		var m toldMaterial
		if err := json.Unmarshal([]byte(value), &m); err != nil {
			return err
		}
		all[strings.TrimPrefix(name, knownMaterial)] = m
		return nil
	}, `SELECT name, value FROM cursors WHERE name >= 'material ' AND name < 'material!'`)
	return all, err
}

// materials notes what was told of some.
func (w *writer) materials(told map[string]toldMaterial) error {
	for _, id := range slices.Sorted(maps.Keys(told)) {
		b, err := json.Marshal(told[id])
		if err != nil {
			return err
		}
		if err := do(w.cursor, knownMaterial+id, string(b)); err != nil {
			return err
		}
	}
	return nil
}

// A masterReading is what an interface says of some, or of all.
type masterReading struct {
	told map[string]toldMaterial
	at   string // when an extract was made; "" if it is none
	gone []string
}

// conclude adds to a reading those that we know, and an extract does not: they are
// out of use, and nobody says since when. What is known in a newer version stays known so.
func (r *masterReading) conclude(known map[string]toldMaterial, defect Defect) {
	present := slices.Collect(maps.Keys(r.told))
	for id, m := range r.told {
		if k := known[id]; k != nil && k.version() > m.version() {
			delete(r.told, id)
		}
	}
	if r.at == "" || defect == M173 { // DEFECT M173: an extract is a heap of changes
		return
	}
	for _, id := range slices.Sorted(maps.Keys(known)) {
		m := known[id]
		if m.retired() || slices.Contains(present, id) {
			continue
		}
		l := slices.Clone(m[0])
		for len(l) < 12 {
			l = append(l, "")
		}
		version := strconv.Itoa(m.version() + 1)
		l[1], l[2], l[4], l[11] = kindItem+"/"+id+"/"+version, "", version, "X"
		r.told[id], r.gone = append(toldMaterial{l}, m[1:]...), append(r.gone, id)
	}
}

// facts are what is to be told of those that are gone.
func (r *masterReading) facts() (all []announcedFact, err error) {
	for _, id := range r.gone {
		m := r.told[id]
		a, err := announceMade("items", m[0], m[1:], r.at)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}
