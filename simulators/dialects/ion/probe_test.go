package ion

import (
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/simulators"
)

// answered is what an application says to a question: its status and body.
type answered struct {
	status int
	body   string
}

// ask puts the questions of d to an application until there are no more.
func ask(d Dialect, app map[string]answered) (names []string, err error) {
	var asked []simulators.Probed
	for {
		m, more, err := d.Probe(asked)
		if err != nil || !more {
			return names, err
		}
		a, known := app[m.Name]
		if !known {
			a.status = 404
		}
		r := simulators.Result{Outcome: simulators.Answered, Status: a.status}
		if a.status/100 != 2 {
			r = simulators.Result{Outcome: simulators.Refused, Status: a.status, Text: "404 Not Found"}
		}
		names = append(names, m.Name)
		asked = append(asked, simulators.Probed{Question: m, Reply: simulators.Message{Body: []byte(a.body), Result: r}})
	}
}

// TestProbe: an application is sent something if it can be reached and speaks
// the version of its connection point, and otherwise nothing, for a reason.
func TestProbe(t *testing.T) {
	ping, protocol := answered{200, ""}, func(body string) map[string]answered {
		return map[string]answered{askPing: {200, ""}, askProtocol: {200, body}}
	}
	both := []string{askPing, askProtocol}
	for name, c := range map[string]struct {
		d    Dialect
		app  map[string]answered
		want []string
		says string // "" if it is sent something
	}{
		"v3":                    {app: protocol(`{"version":"v3","hasDiscovery":false}`), want: both},
		"without the letter":    {app: protocol(`{"version":3}`), want: both},
		"which is not said":     {app: protocol(`{"hasDiscovery":false}`), want: both},
		"v2 for v2":             {d: Dialect{Version: V2}, app: protocol(`{"version":"v2"}`), want: both},
		"v2 for v3":             {app: protocol(`{"version":"v2"}`), want: both, says: "give the endpoint the dialect infor-ion/v2"},
		"v3 for v2":             {d: Dialect{Version: V2}, app: protocol(`{"version":"v3"}`), want: both, says: "infor-ion/v3"},
		"no JSON":               {app: protocol(`<html>`), want: both, says: "not a JSON object"},
		"nobody there":          {want: []string{askPing}, says: "does not reach"},
		"no protocol":           {app: map[string]answered{askPing: ping}, want: []string{askPing, askProtocol, askVersions}, says: "v1"},
		"no protocol, versions": {app: map[string]answered{askPing: ping, askVersions: {200, `["v1"]`}}, want: []string{askPing, askProtocol, askVersions}, says: "GET service/protocol: 404"},
		"nobody is asked":       {d: Dialect{Settings: Settings{Probe: ProbeSkipped}}},
	} {
		t.Run(name, func(t *testing.T) {
			names, err := ask(c.d, c.app)
			if !slices.Equal(names, c.want) {
				t.Errorf("asked %q, want %q", names, c.want)
			}
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %q", err, c.says)
			}
		})
	}
}
