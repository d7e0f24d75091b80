package catalog_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/rewording"
	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/contracts/sqltable"
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/staging"
)

// goldenTables are the golden messages of staging/v1 as they cross a link: rows
// with those that belong to them, and none of what the transport keeps.
func goldenTables(t *testing.T) map[string]simulators.Message {
	t.Helper()
	names, err := filepath.Glob("../../simulators/dialects/staging/testdata/*.json")
	if err != nil || len(names) < 20 {
		t.Fatalf("%d golden messages, %v", len(names), err)
	}
	all := map[string]simulators.Message{}
	for _, file := range names {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		table, _, _ := strings.Cut(name, "-")
		if table == "response" {
			continue
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := simulators.Message{Verb: "post", Name: table, Body: body, Header: map[string]string{"Content-Type": "application/json"}}
		if ask, err := (staging.Dialect{}).Decode(m); err == nil { // a load is closed by a row that states no fact
			m.Events = ask.Claims
		}
		all[name] = m
	}
	return all
}

// rows is a message as the contract sees it.
func rows(m simulators.Message) contracts.Exchange {
	return contracts.Exchange{Request: contracts.Part{Method: m.Method, Path: m.Name, Body: m.Body}}
}

// answers are what an import job may say of a message of two rows.
func answers() map[string]simulators.Answer {
	no := &simulators.Refusal{Class: simulators.DataQuality, Code: "lot-expired", Text: "lot L-OLD expired on 2026-02-28"}
	return map[string]simulators.Answer{
		"posted":   {Rows: []simulators.Row{{Doc: "4900000001"}, {Doc: "4900000002", Known: true}}},
		"partly":   {Rows: []simulators.Row{{Doc: "4900000001"}, {Refusal: no}}},
		"one told": {Rows: []simulators.Row{{Doc: "4900000001"}, {Refusal: no}}, Told: []int{1}},
		"refused":  {Refusal: no},
		"accepted": {Later: true},
		"throttled": {Refusal: &simulators.Refusal{Class: simulators.Technical, Outcome: simulators.Throttled, Code: "quota-exceeded", Text: "more than 60 requests in 1m0s",
			After: 1500 * time.Millisecond}},
	}
}

// Whatever crosses between both sides keeps the contract: rows that either
// inserts, the answer to them, and what is filled in later. Nothing else is
// declared but what nobody says and the transport or the SUT keeps.
func TestRowsOnTheWireKeepTheContract(t *testing.T) {
	d := document[judge](t, own(t), "staging", "tables", "v1")
	said := map[string]bool{}
	hold := func(what string, x contracts.Exchange) {
		t.Helper()
		for _, x.FromConsumer = range []bool{false, true} {
			if found, covered := d.Check(x); !covered || len(found) > 0 {
				t.Errorf("%s: covered %v, %v", what, covered, found)
			}
		}
		for _, u := range d.Undeclared(x) {
			t.Errorf("%s: %s %s is not declared", what, u.Kind, u.Path)
		}
		for _, part := range d.Used(x) {
			said[part] = true
		}
	}
	for name, m := range goldenTables(t) {
		hold(name, rows(m))
	}
	for _, m := range goldenTables(t) {
		if tableNamed(m.Name).Way != simulators.FromSUT {
			continue
		}
		if m.Body[0] != '[' {
			m.Body = fmt.Appendf(nil, "[%s, %s]", m.Body, m.Body)
		}
		for what, a := range answers() {
			x := rows(m)
			reply := staging.Dialect{}.Reply(m, a)
			x.Reply = &contracts.Part{Status: reply.Result.Status, Body: reply.Body}
			hold(m.Name+" "+what, x)
			x.Reply.Body = []byte(strings.Replace(string(reply.Body), "response_code", "status", 1))
			if found, _ := d.Check(x); len(found) == 0 || !found[0].Reply {
				t.Errorf("%s %s, with another column: %v", m.Name, what, found)
			}
			later, err := staging.Dialect{}.Finish(m, a)
			if err != nil {
				t.Fatal(err)
			}
			hold(m.Name+" finished, "+what, rows(later))
			later.Method = ""
			if found, _ := d.Check(rows(later)); len(found) == 0 {
				t.Errorf("%s %s: what is filled in is taken for a row", m.Name, what)
			}
		}
	}
	kept := strings.Fields("id parent_id line inserted_date inserted_by group_id process_start_date process_complete_date")
	for _, part := range d.Parts() {
		table, column, _ := strings.Cut(part, ".")
		answered := tableNamed(table).Way != simulators.FromSUT && strings.HasPrefix(column, "response_") // by the SUT, in the row
		if want := !slices.Contains(kept, column) && !answered && part != "items.serials" && part != "items.retired"; said[part] != want {
			t.Errorf("%s is said: %v, want %v", part, said[part], want)
		}
	}
}

func tableNamed(name string) simulators.Table {
	all := staging.Dialect{}.Tables()
	return all[slices.IndexFunc(all, func(o simulators.Table) bool { return o.Name == name })]
}

// Each cell of each golden message, put to what its column does not hold, breaks
// the contract, in the row that is sent and in those below it; what may be left
// out or null does not.
func TestDamagedRowsBreakTheContract(t *testing.T) {
	d, tried := document[judge](t, own(t), "staging", "tables", "v1"), 0
	for name, m := range goldenTables(t) {
		try := func(body any, what string, want bool) {
			t.Helper()
			bad := m
			bad.Body, _ = json.Marshal(body)
			if found, covered := d.Check(rows(bad)); !covered || (len(found) > 0) != want {
				t.Errorf("%s %s: covered %v, %v; want a breach: %v", name, what, covered, found, want)
			}
			tried++
		}
		var body any
		if err := json.Unmarshal(m.Body, &body); err != nil {
			t.Fatal(err)
		}
		cellsOf(body, m.Name, func(row map[string]any, table simulators.Table, column string) {
			was, at := row[column], table.Name+"."+column
			i := slices.IndexFunc(table.Columns, func(c simulators.Column) bool { return c.Name == column })
			if i < 0 { // rows below
				row[column] = was.([]any)[0]
				try(body, at+" is no list", true)
				row[column] = was
				return
			}
			c := table.Columns[i]
			delete(row, column)
			try(body, at+" left out", c.Needed)
			row[column+"_x"] = was
			try(body, at+" renamed", true)
			delete(row, column+"_x")
			row[column] = nil
			try(body, at+" null", c.Needed)
			wrong := map[string]any{"too long": strings.Repeat("x", 300), "a list": []any{was}, "a flag": true}
			switch c.Form {
			case simulators.ColumnText:
				wrong["a number"] = 1
			case simulators.ColumnWhole:
				wrong["a part"], wrong["text"] = 1.5, "one"
			case simulators.ColumnDecimal:
				wrong["with a comma"], wrong["too fine"], wrong["too large"] = "1,5", "0.0000000001", "1"+strings.Repeat("0", 12)
			}
			if len(c.Values) > 0 {
				wrong["an unknown word"] = "x"
			}
			for what, v := range wrong {
				row[column] = v
				try(body, at+" "+what, true)
			}
			row[column] = was
		})
		try(body, "as it was", false)
	}
	if tried < 1500 {
		t.Errorf("only %d", tried)
	}
	t.Logf("%d rows", tried)
}

// cellsOf calls see for each cell of rows of a table and of those below them.
func cellsOf(body any, table string, see func(row map[string]any, table simulators.Table, column string)) {
	list, ok := body.([]any)
	if !ok {
		list = []any{body}
	}
	for _, one := range list {
		row := one.(map[string]any)
		for _, column := range slices.Sorted(maps.Keys(row)) {
			see(row, tableNamed(table), column)
			if below, ok := row[column].([]any); ok {
				cellsOf(below, column, see)
			}
		}
	}
}

// What a partner that changes its tables without notice writes breaks the
// contract.
func TestDriftingRowsBreakTheContract(t *testing.T) {
	d, tried := document[judge](t, own(t), "staging", "tables", "v1"), map[chaos.Drift]int{}
	for name, m := range goldenTables(t) {
		for _, how := range []chaos.Drift{chaos.DriftExtraField, chaos.DriftRenamed, chaos.DriftNull, chaos.DriftManyDecimals} {
			bad, ok := rewording.Of(staging.Dialect{})(m, how)
			if !ok {
				continue
			}
			tried[how]++
			found, _ := d.Check(rows(bad))
			if len(found) == 0 && how != chaos.DriftNull { // most columns may be empty
				t.Errorf("%s under %s keeps the contract: %s", name, how, bad.Body)
			}
			if unknown := how == chaos.DriftExtraField || how == chaos.DriftRenamed; unknown && len(d.Undeclared(rows(bad))) == 0 {
				t.Errorf("%s under %s says nothing undeclared", name, how)
			}
		}
	}
	for _, how := range []chaos.Drift{chaos.DriftExtraField, chaos.DriftRenamed, chaos.DriftManyDecimals} {
		if tried[how] == 0 {
			t.Errorf("no message could drift by %s", how)
		}
	}
	t.Log(tried)
}

var (
	columnType = regexp.MustCompile(`VARCHAR\(\d+\)|NUMERIC\(\d+, \d+\)|BIGINT`)
	references = regexp.MustCompile(` REFERENCES [a-z_]+ \(id\) ON DELETE CASCADE`)
)

// The other side has other tables than it said: golden messages break a document
// that lacks a column which they fill, or in which it holds something else, or in
// which rows do not belong to those above them.
func TestOtherTablesAreFound(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(folder, "staging/tables/v1/tables.sql"))
	if err != nil {
		t.Fatal(err)
	}
	text, messages, tried := string(b), goldenTables(t), 0
	broken := func(ddl string) bool {
		d, err := sqltable.Format{}.Read([]contracts.File{{Name: "tables.sql", Data: []byte(ddl)}})
		if err != nil {
			t.Fatal(err)
		}
		tried++
		return slices.ContainsFunc(slices.Collect(maps.Values(messages)), func(m simulators.Message) bool {
			found, _ := d.(judge).Check(rows(m))
			return len(found) > 0
		})
	}
	if broken(text) {
		t.Fatal("golden messages break the tables as they are")
	}
	said := map[string]bool{}
	sound := document[judge](t, own(t), "staging", "tables", "v1")
	for _, m := range messages {
		for _, part := range sound.Used(rows(m)) {
			said[part] = true
		}
	}
	for _, table := range (staging.Dialect{}).Tables() {
		from := strings.Index(text, "CREATE TABLE "+table.Name+" (\n")
		was := text[from : from+strings.Index(text[from:], ";\n")]
		other := func(what string, now string, want bool) {
			if now == was {
				t.Errorf("%s: the document does not say it", what)
			}
			if got := broken(text[:from] + now + text[from+len(was):]); got != want {
				t.Errorf("%s is found: %v, want %v", what, got, want)
			}
		}
		for _, c := range table.Columns {
			line := regexp.MustCompile(`(?m)^  ` + c.Name + ` .*\n`).FindString(was)
			now := strings.Replace(was, line, "", 1)
			other(table.Name+" without "+c.Name, strings.Replace(now, ",\n  UNIQUE ("+c.Name+")", "", 1), said[table.Name+"."+c.Name])
			other(table.Name+" with a day for "+c.Name, strings.Replace(was, line, columnType.ReplaceAllString(line, "DATE"), 1), said[table.Name+"."+c.Name])
		}
		if table.Below != "" {
			other(table.Name+" that belongs to nobody", references.ReplaceAllString(was, ""), true)
		}
	}
	t.Logf("%d documents", tried)
}
