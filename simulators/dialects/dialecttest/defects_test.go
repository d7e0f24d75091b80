package dialecttest_test

import (
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/dialects/dialecttest"
	"github.com/andon-rig/andon/simulators/dialects/neutral"
	"github.com/andon-rig/andon/simulators/plant"
)

// broken is a dialect with one defect.
type broken struct {
	neutral.Dialect
	defect string
}

var calls atomic.Int64

func (b broken) Encode(e plant.Event) ([]simulators.Message, error) {
	switch f := e.Fact.(type) {
	case plant.Confirmed:
		if b.defect == "rounds" {
			f.Yield.Amount -= f.Yield.Amount % plant.One
			e.Fact = f
		}
	}
	if b.defect == "utc" {
		e.At = e.At.UTC()
	}
	ms, err := b.Dialect.Encode(e)
	if b.defect == "restless" && len(ms) > 0 {
		ms[0].Header["X-Call"] = string(rune('a' + calls.Add(1)%26))
	}
	return ms, err
}

func (b broken) Decode(m simulators.Message) (simulators.Ask, error) {
	ask, err := b.Dialect.Decode(m)
	if b.defect == "gullible" {
		return ask, nil
	}
	return ask, err
}

func (b broken) Reply(m simulators.Message, a simulators.Answer) simulators.Message {
	out := b.Dialect.Reply(m, a)
	switch {
	case b.defect == "impatient" && out.Header["Retry-After"] == "2":
		out.Header["Retry-After"] = "1"
	case b.defect == "cheerful" && out.Result.Status == 429:
		out.Result.Status = 200
	}
	return out
}

const defect = "DIALECTTEST_DEFECT"

// TestBroken fails by design; TestRunFindsDefects runs it in a process of its own.
func TestBroken(t *testing.T) {
	if os.Getenv(defect) == "" {
		return // it is only a helper of the next test
	}
	dialecttest.Run(t, broken{defect: os.Getenv(defect)})
}

func TestRunFindsDefects(t *testing.T) {
	for name, blamed := range map[string]string{
		"none": "", "rounds": "round_trip/confirmation", "utc": "round_trip", "restless": "round_trip", "gullible": "garbage", "impatient": "replies", "cheerful": "replies/throttled",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBroken$", "-rapid.nofailfile", "-rapid.seed=1", "-rapid.shrinktime=100ms")
			cmd.Env = append(os.Environ(), defect+"="+name)
			out, err := cmd.CombinedOutput()
			switch {
			case blamed == "" && err != nil:
				t.Errorf("a sound dialect is blamed:\n%.2000s", out)
			case blamed != "" && (err == nil || !strings.Contains(string(out), "--- FAIL: TestBroken/"+blamed)):
				t.Errorf("%s is not blamed:\n%.2000s", blamed, out)
			}
		})
	}
}
