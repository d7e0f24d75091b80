package neutral

import (
	"embed"
	"fmt"
)

//go:embed schema/*.json
var schemas embed.FS

// Schema returns the JSON Schema (2020-12) of the messages of one name, which
// is stricter than the published one: it knows signs, number forms, dates and
// enumerations. "common" is what the others refer to.
func Schema(name string) ([]byte, error) {
	b, err := schemas.ReadFile("schema/" + name + ".json")
	if err != nil {
		return nil, fmt.Errorf("read schema: there is none of %q", name)
	}
	return b, nil
}
