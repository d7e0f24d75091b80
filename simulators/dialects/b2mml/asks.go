package b2mml

import "github.com/andon-rig/andon/simulators"

// Questions implements [simulators.Inquirer].
func (Dialect) Questions() map[string]string {
	all := map[string]string{"order": "Get" + schedule, "orders": "Get" + schedule, "item": "Get" + definition, "items": "Get" + definition, simulators.ChangedItems: "Get" + definition + " with PublishedDate",
		"lot": "Get" + lot, "postings": "Get" + performance, onHand: "Get" + information}
	for noun, object := range askedFor {
		all[object], all[object+"s"] = "Get"+noun, "Get"+noun
	}
	return all
}
