package ion

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/andon-rig/andon/simulators"
)

var _ simulators.Prober = Dialect{}

// Names of what ION asks an application.
const (
	askPing     = "service/ping"
	askProtocol = "service/protocol"
	askVersions = "service/versions"
)

// Probe implements [simulators.Prober]. ION asks whether the application's own
// service is there and lets it in, and which version of the protocol it speaks.
// A service that cannot tell is taken for one of v1, after it was asked for its
// versions; that is not played here, so it is sent nothing.
func (d Dialect) Probe(asked []simulators.Probed) (simulators.Message, bool, error) {
	if d.Settings.Probe == ProbeSkipped {
		return simulators.Message{}, false, nil
	}
	if len(asked) == 0 {
		return d.question(askPing), true, nil
	}
	last := asked[len(asked)-1]
	good := last.Reply.Result.Status/100 == 2
	switch last.Question.Name {
	case askPing:
		if !good {
			return simulators.Message{}, false, fmt.Errorf("GET %s: %s; ION sends nothing to an application that it does not reach", askPing, heardOf(last.Reply))
		}
		return d.question(askProtocol), true, nil
	case askProtocol:
		if !good {
			return d.question(askVersions), true, nil
		}
		return simulators.Message{}, false, d.protocol(last.Reply)
	}
	return simulators.Message{}, false, fmt.Errorf("GET %s: %s; ION takes such an application for one of v1, which is not played here", askProtocol, heardOf(asked[len(asked)-2].Reply))
}

func (d Dialect) question(name string) simulators.Message {
	return simulators.Message{Name: name, Header: map[string]string{"X-Tenantid": d.Settings.tenant(), "Accept": "application/json"}}
}

// heardOf is what an application has answered, in short.
func heardOf(reply simulators.Message) string {
	if reply.Result.Text != "" {
		return clip(reply.Result.Text)
	}
	return string(reply.Result.Outcome)
}

// protocol holds the version that an application speaks against ours. One that
// does not say which is taken at its word that it speaks the protocol.
func (d Dialect) protocol(reply simulators.Message) error {
	var said struct {
		Version json.RawMessage `json:"version"`
	}
	if err := json.Unmarshal(reply.Body, &said); err != nil {
		return fmt.Errorf("GET %s: the answer is not a JSON object: %s", askProtocol, clip(string(reply.Body)))
	}
	v := strings.ToLower(strings.Trim(string(said.Version), `"`))
	if v == "" || v == "null" || strings.TrimPrefix(v, "v") == strings.TrimPrefix(string(d.version()), "v") {
		return nil
	}
	return fmt.Errorf("GET %s: the application speaks version %s, and this connection point is of %s: give the endpoint the dialect infor-ion/v%s", askProtocol, clip(v), d.version(), strings.TrimPrefix(clip(v), "v"))
}
