package neutral

import "github.com/andon-rig/andon/simulators"

// Questions implements [simulators.Inquirer].
func (Dialect) Questions() map[string]string {
	return map[string]string{"order": Orders + "/{id}", "orders": Orders, "item": Items + "/{id}", "items": Items, simulators.ChangedItems: Items + "?by=changed", "lot": askLots + "/{id}",
		"boms": askBills, "routings": askRoutings, "work-centers": askCenters, "calendars": askHours, "postings": askPostings + "?reference="}
}
