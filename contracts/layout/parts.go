package layout

import (
	"maps"
	"slices"

	"github.com/andon-rig/andon/contracts"
)

// Parts implements [contracts.Measurer]: records, their columns and the values
// that are listed: "orders.ORD", "orders.ORD.QUANTITY", "orders.ORD.UNIT=EA".
func (d *Document) Parts() []string {
	parts := map[string]bool{}
	for _, l := range d.layouts {
		for _, r := range l.Records {
			parts[l.part(r, "")] = true
			for _, c := range r.Columns {
				parts[l.part(r, c.Name)] = true
				for _, v := range c.Values {
					parts[l.part(r, c.Name)+"="+v] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(parts))
}

// Used implements [contracts.Measurer]. A column is used where it is not empty.
func (d *Document) Used(x contracts.Exchange) []string {
	used := map[string]bool{}
	d.each(x, func(v *validator, body []byte, _ bool) {
		v.used = func(part string) { used[part] = true }
		v.file(body)
	})
	return slices.Sorted(maps.Keys(used))
}

// Undeclared implements [contracts.Watcher]: types of record and columns that
// are not declared, and values beside those listed.
func (d *Document) Undeclared(x contracts.Exchange) (found []contracts.Drift) {
	d.each(x, func(v *validator, body []byte, _ bool) {
		v.drift = func(kind, path, seen string) {
			if !slices.ContainsFunc(found, func(o contracts.Drift) bool { return o.Kind == kind && o.Path == path }) {
				found = append(found, contracts.Drift{Kind: kind, Path: path, Seen: seen})
			}
		}
		v.file(body)
	})
	return found
}
