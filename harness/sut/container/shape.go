package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Packets are shaped by the kernel, in the container's network namespace, by
// netem. All of that must be there, which it often is not, so it is tried out
// before a run begins: on the loopback interface of a namespace that ends with
// the trial.

// CanShape says why packets cannot be shaped here; nil if they can.
func CanShape() error {
	if runtime.GOOS != "linux" {
		return errors.New("packets are shaped by the Linux kernel")
	}
	for program, from := range map[string]string{"tc": "iproute2", "nsenter": "util-linux", "unshare": "util-linux"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is not installed; apt-get install %s", program, from)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := run(ctx, "unshare", "--net", "--", "tc", "qdisc", "add", "dev", "lo", "root", "netem", "loss", "1%"); err != nil {
		if strings.Contains(err.Error(), "qdisc kind is unknown") || strings.Contains(err.Error(), "qdisc not found") {
			return fmt.Errorf("this kernel has no netem (%w); modprobe sch_netem, or use a kernel with CONFIG_NET_SCH_NETEM", err)
		}
		return fmt.Errorf("network namespaces cannot be made (%w); run andon as root", err)
	}
	return nil
}

// Shape has the kernel do something to what the container sends.
func (b *Box) Shape(ctx context.Context, netem ...string) error {
	return b.tc(ctx, append([]string{"qdisc", "replace", "dev", "eth0", "root", "netem"}, netem...)...)
}

// Unshape has it stop.
func (b *Box) Unshape(ctx context.Context) error {
	err := b.tc(ctx, "qdisc", "del", "dev", "eth0", "root")
	if err != nil && (b.alive() == nil || strings.Contains(err.Error(), "handle of zero")) {
		return nil // gone with the container's network, or never there
	}
	return err
}

func (b *Box) tc(ctx context.Context, args ...string) error {
	pid, err := b.pid(ctx)
	if err != nil {
		return fmt.Errorf("shape packets: %w", err)
	}
	return run(ctx, "nsenter", append([]string{"--target", strconv.Itoa(pid), "--net", "--", "tc"}, args...)...)
}

// run runs a program and makes what it says its error.
func run(ctx context.Context, program string, args ...string) error {
	c := exec.CommandContext(ctx, program, args...)
	c.Env = append(os.Environ(), "LC_ALL=C")
	out, err := c.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", program, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
