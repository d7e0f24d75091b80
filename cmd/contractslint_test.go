package cmd_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const lintBook = `apiVersion: andon/v1
kind: Book
environments: [plant1]
parties:
  - name: erp
    versions:
      - {version: "1", released: 2026-01-01, runs-in: [plant1]}
      - {version: "2", released: 2026-06-01}
  - {name: mes, versions: [{version: "1", released: 2026-01-01, runs-in: [plant1]}]}
`

const lintContract = "apiVersion: andon/v1\nkind: Contract\n"

// Beginnings of documents: a JSON Schema whose members follow in line 2, and
// an OpenAPI description whose paths follow in line 4.
const (
	schemaHead  = "{\"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
	openapiHead = "openapi: 3.1.0\ninfo: {title: x, version: \"1\"}\npaths:\n"
)

// Mistakes that people make in a book: each is told with its place, and nothing
// hangs, explodes or asks the network.
func TestLintNamesEachMistake(t *testing.T) {
	const orders, api = "erp/orders/1/orders.json", "erp/orders/1/openapi.yaml"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string // a line of what is said begins so
	}{
		{"unparsable JSON", map[string]string{orders: schemaHead + ` "properties": {"a" {}}}`}, "erp/orders/1/orders.json:2:21: is no JSON: "},
		{"unparsable YAML", map[string]string{api: "openapi: 3.1.0\ninfo: {title: x\npaths: {}\n"}, "erp/orders/1/openapi.yaml:3:1: is no YAML: "},
		{"unparsable SDL", map[string]string{"erp/orders/1/schema.graphql": "type Query {\n  a: Missing\n}\n"}, "erp/orders/1/schema.graphql:2:6: Undefined type Missing"},
		{"not UTF-8", map[string]string{orders: schemaHead + " \"title\": \"gepr\xfcft\"}"}, "erp/orders/1/orders.json:2:16: is not UTF-8"},
		{"empty", map[string]string{orders: ""}, "erp/orders/1/orders.json: is in no format that is known here"},
		{"key twice", map[string]string{orders: schemaHead + " \"type\": \"object\",\n \"type\": \"string\"}"}, `erp/orders/1/orders.json:3:2: key "type" stands here a second time`},
		{"too deep", map[string]string{orders: schemaHead + `"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}"}, "erp/orders/1/orders.json:2:517: is nested deeper than 512 levels"},
		{"aliases that multiply", map[string]string{"erp/orders/1/orders.yaml": aliases()}, "erp/orders/1/orders.yaml:2:8: has more than 300000 values with aliases expanded"},

		{"cycle", map[string]string{orders: schemaHead + " \"$ref\": \"#/$defs/a\",\n \"$defs\": {\"a\": {\"$ref\": \"#/$defs/a\"}}}"}, "erp/orders/1/orders.json:2:2: the reference leads back to itself"},
		{"cycle over files", map[string]string{orders: schemaHead + ` "$ref": "common/a.json"}`, "erp/orders/1/common/a.json": `{"$ref": "b.json"}`, "erp/orders/1/common/b.json": `{"$ref": "a.json"}`}, "erp/orders/1/common/a.json:1:2: the reference leads back to itself"},
		{"cycle of paths", map[string]string{api: openapiHead + "  /a: {$ref: \"#/paths/~1b\"}\n  /b: {$ref: \"#/paths/~1a\"}\n"}, "erp/orders/1/openapi.yaml:4:3: the reference leads back to itself"},
		{"remote", map[string]string{orders: schemaHead + ` "items": {"$ref": "http://127.0.0.1:9/x.json"}}`}, `erp/orders/1/orders.json:2:12: refers to "http://127.0.0.1:9/x.json"; references out of the contract are not followed`},
		{"remote answer", map[string]string{api: openapiHead + "  /a:\n    get:\n      responses:\n        \"200\": {$ref: \"http://127.0.0.1:9/r.yaml\"}\n"}, `erp/orders/1/openapi.yaml:7:9: refers to "http://127.0.0.1:9/r.yaml", which is not among the files of this version`},
		{"another file of the machine", map[string]string{orders: schemaHead + ` "items": {"$ref": "file:///etc/hostname"}}`}, `erp/orders/1/orders.json:2:12: refers to "file:///etc/hostname"; references out of the contract are not followed`},
		{"out of the folder", map[string]string{orders: schemaHead + ` "items": {"$ref": "../../../book.yaml"}}`}, `erp/orders/1/orders.json:2:12: refers to "book.yaml", which is not among the files of this version`},
		{"draft of one's own", map[string]string{orders: "{\n \"$schema\": \"https://example.com/mine\",\n \"type\": \"object\"}"}, `erp/orders/1/orders.json:2:2: refers to "https://example.com/mine"`},

		{"pattern", map[string]string{orders: schemaHead + ` "items": {"pattern": "([a-z"}}`}, "erp/orders/1/orders.json:2:12: is no schema: '([a-z' is not valid regex"},
		{"pattern of other engines", map[string]string{orders: schemaHead + ` "items": {"pattern": "^(?=x)y"}}`}, "erp/orders/1/orders.json:2:12: is no schema: '^(?=x)y' is not valid regex"},
		{"pattern that would fill the memory", map[string]string{orders: schemaHead + ` "items": {"pattern": "((a{0,1000}){0,1000}){0,1000}"}}`}, "erp/orders/1/orders.json:2:12: is no schema: "},
		{
			"patterns that nobody can compare", map[string]string{orders: schemaHead + ` "type": "string", "pattern": "^(a+)+$"}`, "erp/orders/2/orders.json": schemaHead + ` "type": "string", "pattern": "^(a|a)*$"}`},
			"    erp/orders/2/orders.json:1:1: dangerous: It cannot be told whether this breaks anybody: $ has pattern",
		},

		{"two versions in one place", map[string]string{api: strings.Replace(openapiHead, `version: "1"`, `version: "3.0"`, 1) + "  /a: {get: {responses: {\"200\": {description: x}}}}\n"}, `erp/orders/1/openapi.yaml:2:18: says version "3.0" of itself and stands in the folder of version "1"`},
		{"version twice", map[string]string{"book.yaml": strings.Replace(lintBook, `"2"`, `"1"`, 1), orders: schemaHead + ` "type": "object"}`}, `book.yaml:8:10: version "1" of erp is there twice; it is at `},
		{"version that is a number", map[string]string{"book.yaml": strings.Replace(lintBook, `"2"`, `1.10`, 1), orders: schemaHead + ` "type": "object"}`}, "book.yaml:8:19: 1.10 is a number where a text is expected"},
		{"sunset before deprecation", map[string]string{"book.yaml": strings.Replace(lintBook, "2026-06-01", "2026-06-01, deprecated: 2026-08-01, sunset: 2026-07-01", 1), orders: schemaHead + ` "type": "object"}`}, "book.yaml:8:78: erp 2: its sunset day 2026-07-01 is before its deprecated day 2026-08-01"},
		{"paths that overlap", map[string]string{api: openapiHead + "  /a/{x}:\n    get: {responses: {\"200\": {description: x}}}\n  /a/{y}:\n    get: {responses: {\"200\": {description: x}}}\n"}, "erp/orders/1/openapi.yaml:7:5: GET /a/{y} cannot be told from GET /a/{x} at "},
		{"interactions that overlap", map[string]string{"erp/orders/consumers/mes/1/a.pact.json": `{"consumer": {"name": "mes"}, "provider": {"name": "erp"}, "interactions": [
 {"description": "an order", "request": {"method": "GET", "path": "/o"}, "response": {"status": 200}},
 {"description": "an order", "request": {"method": "GET", "path": "/o"}, "response": {"status": 404}}], "metadata": {"pactSpecification": {"version": "3.0.0"}}}`}, `erp/orders/consumers/mes/1/a.pact.json:3:2: "an order" is there twice with the same states; it is at `},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			c.files["erp/orders/contract.yaml"] = lintContract
			if c.files["book.yaml"] == "" {
				c.files["book.yaml"] = lintBook
			}
			for name, text := range c.files {
				file := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			lint := exec.CommandContext(ctx, filepath.Join(programs, "andon"), "contracts", "lint", "--book", dir)
			out, err := lint.CombinedOutput()
			var code *exec.ExitError
			if ctx.Err() != nil || !errors.As(err, &code) || code.ExitCode() != 2 && code.ExitCode() != 4 {
				t.Errorf("ended with %v", err)
			}
			said := strings.ReplaceAll(string(out), filepath.ToSlash(dir)+"/", "")
			if !strings.Contains("\n"+said, "\n"+c.want) {
				t.Errorf("said\n%s\nwant a line that begins with\n%s", said, c.want)
			}
			if strings.Contains(said, "has neither") {
				t.Errorf("says that there is no document where there is a wrong one:\n%s", said)
			}
		})
	}
}

// aliases is a document of a few lines that stands for a billion values.
func aliases() string {
	text := "$schema: \"https://json-schema.org/draft/2020-12/schema\"\na: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'j'; c++ {
		text += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 9), ",") + "]\n"
	}
	return text
}
