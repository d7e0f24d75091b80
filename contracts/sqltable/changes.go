package sqltable

import (
	"fmt"
	"slices"
	"strings"

	"github.com/andon-rig/andon/contracts"
)

// Changes implements [contracts.Differ]. Backward, the new tables take the rows
// of those who write the old ones; forward, those who read the old tables find
// in the new ones what they know, by the names of columns. A new column that
// may be left out hurts nobody.
func (Format) Changes(before, after contracts.Document, mode contracts.Mode) ([]contracts.Change, error) {
	a, ok1 := before.(*Document)
	b, ok2 := after.(*Document)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("changes are told of two documents with tables")
	}
	t := &teller{mode: mode, before: a, after: b}
	for _, old := range a.tables {
		if next := b.table(old.name); next != nil {
			t.tables(old, next)
		} else {
			t.add("TABLE_REMOVED", contracts.Breaking, old.name, old.place, contracts.Place{}, "Table %s was removed.", old.name)
		}
	}
	for _, next := range b.tables {
		if a.table(next.name) == nil {
			t.add("TABLE_ADDED", contracts.Safe, next.name, contracts.Place{}, next.place, "Table %s was added.", next.name)
		}
	}
	contracts.SortChanges(t.all)
	return t.all, nil
}

// A teller collects changes.
type teller struct {
	mode          contracts.Mode
	before, after *Document
	all           []contracts.Change
}

func (t *teller) add(kind string, s contracts.Severity, path string, before, after contracts.Place, format string, args ...any) {
	t.all = append(t.all, contracts.Change{Type: kind, Path: path, Severity: s, Message: fmt.Sprintf(format, args...), Before: before, After: after})
}

// writers is the severity of what hurts those who write the old tables, and
// readers of what hurts those who read them.
func (t *teller) writers() contracts.Severity { return severity(t.mode.ReadsOld()) }
func (t *teller) readers() contracts.Severity { return severity(t.mode.ReadsNew()) }

func severity(demanded bool) contracts.Severity {
	if demanded {
		return contracts.Breaking
	}
	return contracts.Dangerous
}

func (t *teller) tables(old, next *table) {
	for _, c := range old.columns {
		path := old.name + "." + c.name
		if o := next.column(c.name); o != nil {
			t.columns(path, c, o)
		} else {
			t.add("COLUMN_REMOVED", contracts.Breaking, path, c.place, next.place, "Column %s was removed; who writes or reads it fails.", path)
		}
	}
	for _, o := range next.columns {
		if old.column(o.name) != nil {
			continue
		}
		path := old.name + "." + o.name
		if o.notNull && !o.filled {
			t.add("REQUIRED_COLUMN_ADDED", t.writers(), path, old.place, o.place, "Column %s was added and is NOT NULL without a default; who does not know it cannot write.", path)
		} else {
			t.add("COLUMN_ADDED", contracts.Safe, path, old.place, o.place, "Column %s was added.", path)
		}
	}
	for _, k := range next.uniques {
		if !hasKey(old, k) {
			t.add("KEY_ADDED", t.writers(), old.name, old.place, next.place, "Rows of %s must differ in %s now.", old.name, strings.Join(k, ", "))
		}
	}
	for _, k := range old.uniques {
		if !hasKey(next, k) {
			t.add("KEY_REMOVED", t.readers(), old.name, old.place, next.place, "Rows of %s may be equal in %s now.", old.name, strings.Join(k, ", "))
		}
	}
	t.links(old, next)
	t.checks(old.name, old.checks, next.checks, old.place, next.place)
}

// links compares which rows belong to which: rows that belong to one of another
// table may be written below it, and are found with it.
func (t *teller) links(old, next *table) {
	has := func(o *table, l link) bool {
		return slices.ContainsFunc(o.links, func(k link) bool { return k.to == l.to && slices.Equal(k.columns, l.columns) })
	}
	for _, l := range next.links {
		if !has(old, l) {
			t.add("REFERENCE_ADDED", t.writers(), next.name, old.place, l.place, "Rows of %s must belong to one of %s now, by %s.", next.name, l.to, strings.Join(l.columns, ", "))
		}
	}
	for _, l := range old.links {
		if !has(next, l) {
			t.add("REFERENCE_REMOVED", contracts.Breaking, old.name, l.place, next.place, "Rows of %s need not belong to one of %s any more, and cannot be written below it.", old.name, l.to)
			continue
		}
		before, after := t.before.table(l.to), t.after.table(l.to)
		if before == nil || after == nil {
			continue
		}
		told := next.told(after)
		for c := range old.told(before) {
			if o := next.column(c.name); o != nil && o.notNull && !o.filled && !told[o] {
				t.add("PLACE_REMOVED", t.writers(), old.name+"."+c.name, c.place, o.place, "Column %s.%s does not follow from the row of %s any more below which a row stands; who writes it there fails.", old.name, c.name, l.to)
			}
		}
	}
}

func hasKey(t *table, key []string) bool {
	return slices.ContainsFunc(t.uniques, func(k []string) bool { return slices.Equal(k, key) })
}

// checks compares conditions that are only known as texts.
func (t *teller) checks(path string, old, next []condition, before, after contracts.Place) {
	has := func(all []condition, text string) bool {
		return slices.ContainsFunc(all, func(c condition) bool { return c.text == text })
	}
	var gone, come []condition
	for _, c := range old {
		if !has(next, c.text) {
			gone = append(gone, c)
		}
	}
	for _, c := range next {
		if !has(old, c.text) {
			come = append(come, c)
		}
	}
	switch {
	case len(gone) > 0 && len(come) > 0:
		t.add(contracts.CannotTell, contracts.Dangerous, path, gone[0].place, come[0].place, "It cannot be told whether this breaks anybody: %s must follow %s, and it was %s.", path, come[0].text, gone[0].text)
	case len(come) > 0:
		t.add("RULE_ADDED", t.writers(), path, before, come[0].place, "%s must follow %s now.", path, come[0].text)
	case len(gone) > 0:
		t.add("RULE_REMOVED", t.readers(), path, gone[0].place, after, "%s need not follow %s any more.", path, gone[0].text)
	}
}

func (t *teller) columns(path string, c, o *column) {
	at, to := c.place, o.place
	switch {
	case o.notNull && !c.notNull:
		t.add("NOT_NULL_ADDED", t.writers(), path, at, to, "Column %s is NOT NULL now; who writes no value fails.", path)
	case c.notNull && !o.notNull:
		t.add("NOT_NULL_REMOVED", t.readers(), path, at, to, "Column %s may be null now.", path)
	case o.notNull && c.filled && !o.filled:
		t.add("DEFAULT_REMOVED", t.writers(), path, at, to, "Column %s has no default any more; who leaves it out fails.", path)
	case c.filled && o.filled && c.standard != o.standard:
		t.add("DEFAULT_CHANGED", contracts.Dangerous, path, at, to, "Column %s is %s where it is left out, and was %s.", path, o.standard, c.standard)
	case c.filled != o.filled:
		t.add("DEFAULT_CHANGED", contracts.Dangerous, path, at, to, "Column %s has a default in one version only.", path)
	}
	if !o.kind.takes(c.kind) {
		t.add("TYPE_NARROWED", t.writers(), path, at, to, "Column %s is %s now, which does not take all that %s did.", path, o.kind.written, c.kind.written)
	}
	if !c.kind.takes(o.kind) {
		t.add("TYPE_WIDENED", t.readers(), path, at, to, "Column %s may have values of %s now, beyond the %s that readers know.", path, o.kind.written, c.kind.written)
	}
	t.values(path, c, o)
	t.checks(path, c.checks, o.checks, at, to)
}

func (t *teller) values(path string, c, o *column) {
	switch {
	case c.values == nil && o.values != nil:
		t.add("VALUES_RESTRICTED", t.writers(), path, c.place, o.place, "Column %s takes only %s now.", path, strings.Join(o.values, ", "))
		return
	case c.values != nil && o.values == nil:
		t.add("VALUES_UNRESTRICTED", t.readers(), path, c.place, o.place, "Column %s may have any value now.", path)
		return
	}
	for _, v := range c.values {
		if !slices.Contains(o.values, v) {
			t.add("VALUE_REMOVED", t.writers(), path, c.place, o.place, "Column %s does not take %q any more.", path, v)
		}
	}
	for _, v := range o.values {
		if !slices.Contains(c.values, v) {
			t.add("VALUE_ADDED", t.readers(), path, c.place, o.place, "Column %s may be %q now, which readers do not know.", path, v)
		}
	}
}
