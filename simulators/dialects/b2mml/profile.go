package b2mml

import (
	"strings"

	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

// listed are the nouns that the published list of them has; of the others a
// profile says Other.
var listed = map[string]string{schedule: "OPERATIONS SCHEDULE", performance: "OPERATIONS PERFORMANCE", lot: "MATERIAL LOT", definition: "MATERIAL DEFINITION",
	operations: "OPERATIONS DEFINITION", equipment: "EQUIPMENT", calendar: "WORK CALENDAR DEFINITION", information: "MATERIAL INFORMATION", profile: "TRANSACTION PROFILE"}

// profileView is what the interface says of itself: which BODs it reads. A
// question makes it the provider, everything else the receiver.
func profileView() *xmltree.Node {
	n := xmltree.Branch(profile, xmltree.Leaf("ID", "b2mml-xml/v7"))
	n.Attrs = xmltree.Leaf("", "", "releaseID", Release).Attrs
	for _, x := range exchanges() {
		verb := strings.ToUpper(x.verb)
		if x.verb == "Sync" {
			verb = "SYNC ADD" // there is no word for whether it is new or not
		}
		noun := xmltree.Leaf("TransactionNoun", listed[x.noun])
		if noun.Text == "" {
			noun = xmltree.Leaf("TransactionNoun", "Other", "OtherValue", x.noun)
		}
		role := xmltree.Leaf("InformationReceiver", "true")
		if x.verb == "Get" {
			role = xmltree.Leaf("InformationProvider", "true")
		}
		a := xmltree.Branch("SupportedAction", xmltree.Leaf("ID", x.verb+x.noun), xmltree.Leaf("TransactionVerb", verb), noun, role)
		if x.verb == "Get" && many(x.noun) {
			a.Add(xmltree.Leaf("ObjectWildcardSupported", "true"))
		}
		a.Attrs = n.Attrs
		n.Add(a)
	}
	return n
}

// many reports whether all objects of a noun can be asked for at once.
func many(noun string) bool {
	return noun == definition || noun == schedule || noun == information || askedFor[noun] != ""
}
