package saps4

import "github.com/andon-rig/andon/simulators"

// Questions implements [simulators.Inquirer].
func (Dialect) Questions() map[string]string {
	all := map[string]string{"order": orderType.set, "orders": orderType.set, "item": productType.set, "items": productType.set, simulators.ChangedItems: productType.set + "?$filter=LastChangeDateTime ge …",
		"lot": lotType.set, "postings": confType.set, "queue": poolType.set}
	for _, s := range masterServices {
		for _, t := range s.sets {
			if list := masterLists[t]; all[list] == "" {
				all[list] = t.set
			}
		}
	}
	return all
}
