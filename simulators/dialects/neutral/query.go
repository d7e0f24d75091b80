package neutral

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

// Names of questions.
const (
	askPostings = "postings"
	askFeed     = "feed"
	askLots     = "lots"
	askHealth   = "health"
	askHow      = "operations"
	askBills    = "boms"
	askRoutings = "routings"
	askCenters  = WorkCenters
	askHours    = Calendars
	askOpenAPI  = "openapi.json"
	askAsyncAPI = "asyncapi.json"
)

// decodeQuery reads what a GET asks for: one object by its id, a list, a
// document.
func decodeQuery(m simulators.Message) (simulators.Ask, error) {
	list, id, one := strings.Cut(m.Name, "/")
	if one {
		return decodeOne(m, list, id)
	}
	q := &question{simulators.Query{Object: list, Where: map[string]string{}}}
	switch list {
	case askPostings:
		if m.Params["reference"] == "" {
			return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeMalformed, Text: "reference: is missing; ask for postings?reference=R"}
		}
		q.Where["reference"] = m.Params["reference"]
	case askFeed:
		q.take(m, "after", "limit")
	case Orders:
		q.take(m, "after", "offset", "limit")
	case Items, askBills, askRoutings, askCenters, askHours:
		q.take(m, "by", "since", "after", "offset", "limit")
	case askOpenAPI, askAsyncAPI:
		q.Object = strings.TrimSuffix(list, ".json")
	case askHealth:
	default:
		return simulators.Ask{}, unknownQuery(m)
	}
	return simulators.Ask{Query: &q.Query}, nil
}

// question is a query in the making.
type question struct{ simulators.Query }

// take hands on those of the parameters that are given.
func (q *question) take(m simulators.Message, params ...string) {
	for _, p := range params {
		if v := m.Params[p]; v != "" {
			q.Where[p] = v
		}
	}
}

func decodeOne(m simulators.Message, list, escaped string) (simulators.Ask, error) {
	object, ok := map[string]string{Orders: "order", askLots: "lot", Items: "item", askHow: "operation", askBills: "bom", askRoutings: "routing", askCenters: "work-center", askHours: "calendar"}[list]
	if !ok || escaped == "" || strings.Contains(escaped, "/") {
		return simulators.Ask{}, unknownQuery(m)
	}
	id, err := url.PathUnescape(escaped)
	if err != nil || !validText([]byte(id)) {
		return simulators.Ask{}, &simulators.Refusal{Class: simulators.DataQuality, Code: codeMalformed, Text: fmt.Sprintf("%q is not a percent-encoded id", clip(escaped))}
	}
	return simulators.Ask{Query: &simulators.Query{Object: object, Where: map[string]string{"id": id}}}, nil
}

func unknownQuery(m simulators.Message) error {
	if len(kindsOf(m.Name)) > 0 {
		return &simulators.Refusal{Class: simulators.DataQuality, Code: codeMethod, Text: fmt.Sprintf("%q is posted to, not asked for", m.Name)}
	}
	return &simulators.Refusal{Class: simulators.DataQuality, Code: codeName, Text: fmt.Sprintf("there is no %q here; an id is percent-encoded, slashes too", clip(m.Name))}
}
