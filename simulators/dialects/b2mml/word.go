package b2mml

import (
	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/xmltree"
)

var _ simulators.Namer = Dialect{}

// Word implements [simulators.Namer]: the name of the business object document,
// in whatever envelope.
func (Dialect) Word(m simulators.Message) string {
	n, err := xmltree.Parse(m.Body)
	if err != nil {
		return ""
	}
	if body := n.Find("Body"); n.Name == "Envelope" && body != nil && len(body.Children) > 0 {
		return body.Children[0].Name
	}
	return n.Name
}
