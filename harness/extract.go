package harness

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// bodyField returns the text at a path such as "Order.Items[0].ID" in a JSON
// body; "" if there is none.
func bodyField(body []byte, path string) string {
	var v any
	if json.Unmarshal(body, &v) != nil {
		return ""
	}
	for _, part := range strings.Split(strings.ReplaceAll(path, "[", ".["), ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[part]
		case []any:
			i, err := strconv.Atoi(strings.Trim(part, "[]"))
			if err != nil || i < 0 || i >= len(at) {
				return ""
			}
			v = at[i]
		default:
			return ""
		}
	}
	switch s := v.(type) {
	case string:
		return s
	case nil, map[string]any, []any:
		return ""
	}
	return fmt.Sprint(v)
}
