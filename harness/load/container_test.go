//go:build suites

package load

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness"
	"github.com/andon-rig/andon/harness/catalog"
	"github.com/andon-rig/andon/harness/sut/container/enginetest"
	"github.com/andon-rig/andon/harness/sut/suttest"
)

// program is Andon itself, as an image FROM scratch.
func program(t *testing.T) (image string) {
	t.Helper()
	enginetest.Need(t)
	return enginetest.Build(t, suttest.Image(t, "github.com/andon-rig/andon"))
}

// A build in a container is loaded as one that is a process, and the engine says
// what it takes up. Where it is handed a file with addresses, those in it are good
// inside, whoever it is there.
func TestBuildInAContainer(t *testing.T) {
	image := program(t)
	for _, dialect := range []string{"neutral/v1", "infor-ion/v3"} {
		t.Run(dialect, func(t *testing.T) {
			before := enginetest.Look(t)
			file, _, err := harness.BundledWith(dialect)
			if err != nil {
				t.Fatal(err)
			}
			file.SUT.Container = &harness.ContainerSpec{Image: image, Command: file.SUT.Process.Command[1:], User: "1000:1000"}
			file.SUT.Process = nil
			b, err := NewRigged(file, catalog.Standard(), "", "", t.Output())
			if err != nil {
				t.Fatal(err)
			}
			c := small(t, b, func(c *Config) {
				c.Shape, _ = ParseShape("constant", 100, 2*time.Second)
				c.Token = b.Token
			})
			res := mustRun(t, c)
			if e := res.Exactly; res.Verdict != Held || e.Verdict != evidence.Holds || e.Posted != 200 {
				t.Errorf("%+v\n%+v", res, e)
			}
			if u := res.Build; u == nil || u.Memory < 1<<20 || u.CPU <= 0 || len(u.Samples) == 0 {
				t.Errorf("the container is said to take up %+v", u)
			}
			if left := enginetest.Left(t, before); left != "" {
				t.Errorf("left behind:\n%s", left)
			}
		})
	}
}

// Agents are containers as well as processes: four send all of a plan, and one
// that is killed is named with its part.
func TestAgentsAsContainers(t *testing.T) {
	image := program(t)
	for name, kill := range map[string]bool{"all live": false, "one is killed": true} {
		t.Run(name, func(t *testing.T) {
			c := small(t, &passing{t: t}, func(c *Config) {
				c.Shape, _ = ParseShape("constant", 100, 8*time.Second)
				c.Emit.Most = c.Shape.Number()
				boxes := &boxes{t: t, image: image}
				t.Cleanup(boxes.remove)
				c.Fleet = &Fleet{Remote: 4, Within: 2 * time.Minute, Say: boxes.start}
				if kill {
					c.Fleet.sailing = func(f *convoy) {
						go func() {
							f.holderOf(1)
							boxes.kill()
						}()
					}
				}
			})
			res := mustRun(t, c)
			lost := 0
			for _, p := range res.Fleet.Parts {
				doubt, _ := spans(p.InDoubt)
				never, _ := spans(p.NeverSent)
				if p.Outcome != PartWhole {
					lost++
				}
				if p.Reported+doubt+never != p.Numbers {
					t.Errorf("%+v", p)
				}
			}
			want, verdict := 0, Held
			if kill {
				want, verdict = 1, Limited
			}
			if e := res.Exactly; lost != want || res.Verdict != verdict || e.Verdict != evidence.Holds || len(res.Fleet.Agents) != 4 {
				t.Errorf("%d parts were lost: %+v\n%+v\n%+v", lost, res, res.Fleet, e)
			}
		})
	}
}

// boxes are agents in containers.
type boxes struct {
	t     *testing.T
	image string
	mu    sync.Mutex // guards ids
	ids   []string
}

// start starts four; text ends with where they join.
func (b *boxes) start(text string) {
	url := text[strings.LastIndex(text, " ")+1:]
	for range 4 {
		out, err := exec.Command("docker", "run", "--detach", "--network", "host", "--env", FleetURL+"="+url, "--tmpfs", "/tmp", b.image, "agent").CombinedOutput()
		if err != nil {
			b.t.Errorf("docker run: %v\n%s", err, out)
			return
		}
		b.mu.Lock()
		b.ids = append(b.ids, strings.TrimSpace(string(out)))
		b.mu.Unlock()
	}
}

func (b *boxes) kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if out, err := exec.Command("docker", "kill", "--signal", "KILL", b.ids[0]).CombinedOutput(); err != nil {
		b.t.Errorf("docker kill: %v\n%s", err, out)
	}
}

func (b *boxes) remove() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range b.ids {
		if out, err := exec.CommandContext(context.Background(), "docker", "rm", "--force", id).CombinedOutput(); err != nil {
			b.t.Errorf("docker rm: %v\n%s", err, out)
		}
	}
}
