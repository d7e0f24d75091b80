package neutral

import "github.com/andon-rig/andon/simulators"

func (Dialect) Decode(m simulators.Message) (simulators.Ask, error) { return simulators.Ask{}, nil }
func (Dialect) Reply(m simulators.Message, a simulators.Answer) simulators.Message { return simulators.Message{} }
