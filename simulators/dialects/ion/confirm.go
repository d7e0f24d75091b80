package ion

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
	"github.com/andon-rig/andon/simulators/plant"
)

// failure reads a ConfirmBOD: what could not be done with a document that we have
// sent. Which fact it was is told by the noun, or by the name of the document.
func failure(bod *xmltree.Node) (*simulators.Failure, error) {
	about := bod.Find("DataArea", "BOD")
	if about == nil {
		return nil, fmt.Errorf("line %d, /%s/DataArea/BOD is missing", bod.Line, clip(bod.Name))
	}
	at := about.Find("BODFailureMessage", "NounFailureMessage")
	name := ""
	if at != nil {
		name = strings.TrimSpace(at.Said("DocumentID", "ID"))
	} else if at = about.Find("BODFailureMessage"); at == nil {
		return nil, fmt.Errorf("line %d, /%s/DataArea/BOD/BODFailureMessage is missing", about.Line, clip(bod.Name))
	}
	if name == "" {
		id, err := parseIdentity(strings.TrimSpace(about.Said("OriginalApplicationArea", "BODID")))
		if err != nil {
			return nil, fmt.Errorf("line %d, /%s/DataArea/BOD/OriginalApplicationArea/%w", about.Line, clip(bod.Name), err)
		}
		name = id.document
	}
	said := func(field string) string { return strings.TrimSpace(at.Said("ErrorProcessMessage", field)) }
	return &simulators.Failure{Reference: plant.EventID(name), Class: classes[strings.ToLower(said("Type"))],
		Code: strings.ToLower(strings.ReplaceAll(said("ReasonCode"), "_", "-")), Text: cmp.Or(said("Description"), said("ReasonCode"))}, nil
}

// classes are the words of ErrorProcessMessage/Type that say whose turn it is. The
// element is the family's, the words are ours.
var classes = map[string]simulators.Class{
	string(simulators.Technical): simulators.Technical, string(simulators.Business): simulators.Business, string(simulators.DataQuality): simulators.DataQuality,
}
