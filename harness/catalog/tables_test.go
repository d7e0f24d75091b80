package catalog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andon-rig/andon/contracts"
	"github.com/andon-rig/andon/simulators/dialects/staging"
)

// goldenRows are the rows of the golden messages of staging/v1, each as it
// stands in its table.
func goldenRows(t *testing.T) (all []contracts.Exchange) {
	t.Helper()
	names, err := filepath.Glob("../../simulators/dialects/staging/testdata/*.json")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d golden messages, %v", len(names), err)
	}
	below := map[string]bool{}
	for _, table := range (staging.Dialect{}).Tables() {
		below[table.Name] = table.Below != ""
	}
	add := func(table string, row map[string]any) {
		b, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, contracts.Exchange{Request: contracts.Part{Method: "INSERT", Path: table, Body: b}})
	}
	for _, file := range names {
		table, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(file), ".json"), "-")
		if table == "response" {
			continue
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rows := []map[string]any{}
		if b[0] != '[' {
			b = append(append([]byte("["), b...), ']')
		}
		if err := json.Unmarshal(b, &rows); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, row := range rows {
			row["id"] = 1
			for name, v := range row {
				if !below[name] {
					continue
				}
				delete(row, name)
				for i, one := range v.([]any) {
					r := one.(map[string]any)
					r["parent_id"], r["line"] = 1, i+1
					add(name, r)
				}
			}
			add(table, row)
		}
	}
	return all
}

// Golden rows fit the tables of the contract and say something in each column
// of theirs; a row that lacks something or has too much does not fit.
func TestGoldenRowsKeepTheContract(t *testing.T) {
	tables := document[judge](t, own(t), "staging", "tables", "v1")
	used := map[string]bool{}
	for _, x := range goldenRows(t) {
		found, covered := tables.Check(x)
		if !covered || len(found) > 0 {
			t.Errorf("%s %s: covered %v, %v", x.Request.Path, x.Request.Body, covered, found)
		}
		for _, part := range tables.Used(x) {
			used[part] = true
		}
		var row map[string]any
		if err := json.Unmarshal(x.Request.Body, &row); err != nil {
			t.Fatal(err)
		}
		row["qty"] = "1"
		x.Request.Body, _ = json.Marshal(row)
		if found, _ := tables.Check(x); len(found) == 0 {
			t.Errorf("%s takes a column that it does not have", x.Request.Path)
		}
		delete(row, "qty")
		if row["reference"] == nil {
			continue
		}
		delete(row, "reference")
		x.Request.Body, _ = json.Marshal(row)
		if found, _ := tables.Check(x); len(found) == 0 {
			t.Errorf("%s takes a row without a reference", x.Request.Path)
		}
	}
	kept := map[string]bool{"inserted_date": true, "inserted_by": true, "group_id": true, "process_start_date": true, "process_complete_date": true, "response_code": true,
		"response_message": true, "error_code": true, "error_class": true, "document_no": true, "retry_after": true}
	never := map[string]bool{"items.serials": true, "items.retired": true}
	for _, part := range tables.Parts() {
		table, column, _ := strings.Cut(part, ".")
		if !used[part] && !kept[column] && !never[part] && table != "" {
			t.Errorf("no golden row says anything in %s", part)
		}
	}
}
