package ion

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

var _ simulators.Encloser = Dialect{}

// Enclosed implements [simulators.Encloser]: the document under its own name,
// "Process.ShopOrderOperation", or that of its part if nothing says which it is. What
// is wrong with the parameters is no reason not to look into it.
func (Dialect) Enclosed(m simulators.Message) (simulators.Message, bool) {
	_, rest, _ := strings.Cut("/"+m.Name, "/service/")
	at, ok := addresses[rest]
	if !ok {
		return simulators.Message{}, false
	}
	if at.layout == JSON {
		p, payload, _ := fromJSON(m.Body)
		return enclosed(p.DocumentName, payload), p.Document != nil
	}
	all, err := parts(m)
	if err != nil {
		return simulators.Message{}, false
	}
	said, payload := named(all, at.version)
	name := m.Params["documentName"]
	if at.layout == Multipart {
		var p struct {
			DocumentName string `json:"documentName"`
		}
		_ = json.Unmarshal(said, &p) // nothing is said if it cannot be read
		name = p.DocumentName
	}
	return enclosed(name, payload), payload != nil
}

func enclosed(name string, payload []byte) simulators.Message {
	return simulators.Message{Name: cmp.Or(name, partPayload), Header: map[string]string{"Content-Type": "application/xml"}, Body: payload}
}
