package cmd

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/harness/load"
)

// replay chooses the times of a trace: FILE, or FILE/SPEED.
func (f *loadFlags) replay(c *load.Config, text string) error {
	if f.given != nil && f.given("rate") {
		return errors.New("a trace has its own times; leave --rate out, and say how fast it is replayed with trace:FILE/SPEED")
	}
	path, speed := text, 1.0
	if i := strings.LastIndexByte(text, '/'); i >= 0 {
		if v, err := strconv.ParseFloat(text[i+1:], 64); err == nil {
			path, speed = text[:i], v
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("workload %q: %w", f.workload, err)
	}
	defer file.Close()
	times, err := load.ReadTrace(file)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	lasts := time.Duration(0)
	if f.given != nil && f.given("duration") {
		lasts = f.duration
	}
	if c.Shape, err = load.Replay(times, speed, lasts); err != nil {
		return fmt.Errorf("workload %q: %w", f.workload, err)
	}
	c.Emit.Most = c.Shape.Number()
	c.Workload = fmt.Sprintf("%d times of %s at %v times their speed, %s, over at most %d connections", c.Shape.Number(), path, speed, c.Shape.Length().Round(time.Millisecond), f.connections)
	return nil
}
