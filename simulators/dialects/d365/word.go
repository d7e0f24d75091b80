package d365

import (
	"encoding/json"

	"github.com/andon-rig/andon/simulators"
)

var _ simulators.Namer = Dialect{}

// Word implements [simulators.Namer]: the type of a message, or the name of a
// business event.
func (Dialect) Word(m simulators.Message) string {
	var said struct {
		Type  string `json:"_messageType"`
		Event string `json:"BusinessEventId"`
	}
	_ = json.Unmarshal(m.Body, &said) // what is not JSON has no word
	if said.Event != "" {
		return said.Event
	}
	return said.Type
}
