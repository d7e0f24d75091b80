package harness

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/plant"
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

// attribution returns the rig file's rule for where a message of an endpoint
// names its fact; nil if there is none.
func attribution(rules map[string]string, endpoint string) func(simulators.Message) plant.EventID {
	rule := cmp.Or(rules[endpoint], rules["key"])
	if rule == "" {
		return nil
	}
	return func(m simulators.Message) plant.EventID { return plant.EventID(extract(rule, m)) }
}

// extract reads header['NAME'] or body.path.to.field from a message.
func extract(rule string, m simulators.Message) string {
	if name, ok := strings.CutPrefix(rule, "header['"); ok {
		return m.Header[strings.TrimSuffix(name, "']")]
	}
	return bodyField(m.Body, strings.TrimPrefix(rule, "body."))
}
