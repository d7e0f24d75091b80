package transporttest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/andon-rig/andon/simulators"
	httptransport "github.com/andon-rig/andon/simulators/transports/http"
	"github.com/andon-rig/andon/simulators/transports/transporttest"
)

// broken is a transport with one defect.
type broken struct {
	*httptransport.Transport
	defect string
}

func (b broken) Send(ctx context.Context, m simulators.Message) (simulators.Message, error) {
	switch b.defect {
	case "drops headers":
		m.Header = nil
	case "cuts bodies":
		m.Body = m.Body[:min(len(m.Body), 100)]
	}
	reply, err := b.Transport.Send(ctx, m)
	switch {
	case b.defect == "sure" && reply.Result.Outcome == simulators.Unknown:
		reply.Result.Outcome = simulators.Refused
	case b.defect == "impatient":
		reply.Result.RetryAfter = 0
	}
	return reply, err
}

func (b broken) Serve(ctx context.Context, receive simulators.Receiver) error {
	return b.Transport.Serve(ctx, func(ctx context.Context, m simulators.Message) (simulators.Message, error) {
		if b.defect == "tells keys" {
			m.Key = "key"
		}
		reply, err := receive(ctx, m)
		if lost, ok := err.(*simulators.LostError); ok && b.defect == "hasty" {
			lost.After = 0
		}
		return reply, err
	})
}

const defect = "TRANSPORTTEST_DEFECT"

// TestBroken fails by design; TestRunFindsDefects runs it in a process of its own.
func TestBroken(t *testing.T) {
	name := os.Getenv(defect)
	if name == "" {
		return // it is only a helper of the next test
	}
	open := func(t *testing.T, to string) broken {
		tr, err := httptransport.New(httptransport.Config{To: to, Timeout: 2 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = tr.Close() })
		return broken{tr, name}
	}
	transporttest.Run(t, func(t *testing.T) transporttest.Pair {
		b := open(t, "")
		return transporttest.Pair{A: open(t, b.URL()), B: b}
	})
}

func TestRunFindsDefects(t *testing.T) {
	for name, blamed := range map[string]string{
		"none": "", "drops headers": "round_trip", "cuts bodies": "concurrent", "sure": "lost_replies", "impatient": "outcomes", "tells keys": "round_trip", "hasty": "lost_replies",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestBroken$", "-test.timeout=60s")
			cmd.Env = append(os.Environ(), defect+"="+name)
			out, err := cmd.CombinedOutput()
			switch {
			case blamed == "" && err != nil:
				t.Errorf("a sound transport is blamed:\n%.2000s", out)
			case blamed != "" && (err == nil || !strings.Contains(string(out), "--- FAIL: TestBroken/"+blamed)):
				t.Errorf("%s is not blamed:\n%.2000s", blamed, out)
			}
		})
	}
}
