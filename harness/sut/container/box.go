package container

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/process"
)

// A Box is a container that exists: it can be started, broken and started
// again. It is what the drivers of this package and of compose have in common.
type Box struct {
	Engine   *Engine
	ID       string
	Ready    sut.Ready
	Log      io.Writer     // gets what it prints; not nil
	Patience time.Duration // how long it may take to end; 0 means 5 s
	Tail     sut.Tail

	mu      sync.Mutex // guards what follows
	life    *life      // nil before the first
	cutOff  []cable    // networks it was taken out of
	bounded bool
}

// life is one of the container's.
type life struct {
	gone   chan struct{} // closed when it has ended and all it printed was read
	ending string        // set before gone is closed
}

// cable is a place in a network.
type cable struct {
	network string
	at      *network.EndpointSettings
}

// Start starts the container and returns once it is ready.
func (b *Box) Start(ctx context.Context) error {
	since := time.Now()
	l := &life{gone: make(chan struct{})}
	exits := b.Engine.ContainerWait(context.WithoutCancel(ctx), b.ID, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := b.Engine.ContainerStart(ctx, b.ID, client.ContainerStartOptions{}); err != nil {
		return &sut.StartError{Reason: fmt.Sprintf("the SUT could not be started: %v", err)}
	}
	go b.live(context.WithoutCancel(ctx), l, exits, since)
	b.mu.Lock()
	b.life = l
	b.mu.Unlock()
	return b.Ready.Await(ctx, l.gone, func() string { return l.ending }, &b.Tail)
}

// live reads what the container prints until it ends, and notes how.
func (b *Box) live(ctx context.Context, l *life, exits client.ContainerWaitResult, since time.Time) {
	defer close(l.gone)
	read := make(chan struct{})
	go func() {
		defer close(read)
		logs, err := b.Engine.ContainerLogs(ctx, b.ID, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true, Since: since.Format(time.RFC3339Nano)})
		if err != nil {
			return // there is nothing to read it from
		}
		defer logs.Close()
		both := io.MultiWriter(b.Log, &b.Tail)
		_, _ = stdcopy.StdCopy(both, both, logs) // ends with the container
	}()
	select {
	case r := <-exits.Result:
		l.ending = fmt.Sprintf("exit status %d", r.StatusCode)
		if r.StatusCode == 137 {
			l.ending = "signal: killed"
			if i, err := b.Engine.ContainerInspect(ctx, b.ID, client.ContainerInspectOptions{}); err == nil && i.Container.State.OOMKilled {
				l.ending = "killed by the kernel: out of memory"
			}
		}
	case err := <-exits.Error:
		l.ending = fmt.Sprintf("the engine lost it: %v", err)
	}
	select {
	case <-read:
	case <-time.After(5 * time.Second): // an engine that does not end the log
	}
}

// alive returns the life that is under way; nil if there is none.
func (b *Box) alive() *life {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.life == nil {
		return nil
	}
	select {
	case <-b.life.gone:
		return nil
	default:
		return b.life
	}
}

// Alive says whether the container runs; if not, why.
func (b *Box) Alive() (bool, string) {
	b.mu.Lock()
	l := b.life
	b.mu.Unlock()
	if l == nil {
		return false, "not started"
	}
	select {
	case <-l.gone:
		return false, "the container ended: " + l.ending
	default:
		return true, ""
	}
}

// Kill ends it at once.
func (b *Box) Kill(ctx context.Context) error {
	l := b.alive()
	if l == nil {
		return nil
	}
	if _, err := b.Engine.ContainerKill(ctx, b.ID, client.ContainerKillOptions{Signal: "KILL"}); err != nil && !strings.Contains(err.Error(), "is not running") {
		return fmt.Errorf("kill the container: %w", err)
	}
	return b.await(ctx, l)
}

// End asks it to stop, and makes it if it does not.
func (b *Box) End(ctx context.Context) error {
	l := b.alive()
	if l == nil {
		return nil
	}
	if err := b.Resume(ctx); err != nil { // who is paused hears nothing
		return err
	}
	patience := b.Patience
	if patience <= 0 {
		patience = 5 * time.Second
	}
	seconds := int((patience + time.Second - 1) / time.Second)
	if _, err := b.Engine.ContainerStop(ctx, b.ID, client.ContainerStopOptions{Timeout: &seconds}); err != nil {
		return fmt.Errorf("stop the container: %w", err)
	}
	return b.await(ctx, l)
}

func (b *Box) await(ctx context.Context, l *life) error {
	select {
	case <-l.gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the container does not end: %w", ctx.Err())
	case <-time.After(20 * time.Second):
		return errors.New("the container does not end, even when killed")
	}
}

// Restart starts it again, ended first if it runs. What it wrote is there.
func (b *Box) Restart(ctx context.Context, graceful bool) error {
	end := b.Kill
	if graceful {
		end = b.End
	}
	if err := end(ctx); err != nil {
		return err
	}
	if err := b.Attach(ctx); err != nil { // a new life begins on the network
		return err
	}
	return b.Start(ctx)
}

// Pause freezes it.
func (b *Box) Pause(ctx context.Context) error {
	if _, err := b.Engine.ContainerPause(ctx, b.ID, client.ContainerPauseOptions{}); err != nil {
		return fmt.Errorf("pause the container: %w", err)
	}
	return nil
}

// Resume thaws it.
func (b *Box) Resume(ctx context.Context) error {
	i, err := b.Engine.ContainerInspect(ctx, b.ID, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("look at the container: %w", err)
	}
	if !i.Container.State.Paused {
		return nil
	}
	if _, err := b.Engine.ContainerUnpause(ctx, b.ID, client.ContainerUnpauseOptions{}); err != nil {
		return fmt.Errorf("resume the container: %w", err)
	}
	return nil
}

// Detach takes it out of all its networks.
func (b *Box) Detach(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, err := b.Engine.ContainerInspect(ctx, b.ID, client.ContainerInspectOptions{})
	if err != nil {
		return fmt.Errorf("look at the container: %w", err)
	}
	for name, at := range i.Container.NetworkSettings.Networks {
		if _, err := b.Engine.NetworkDisconnect(ctx, name, client.NetworkDisconnectOptions{Container: b.ID}); err != nil {
			return fmt.Errorf("take the container off network %s: %w", name, err)
		}
		keep := &network.EndpointSettings{Aliases: at.Aliases, Links: at.Links, DriverOpts: at.DriverOpts}
		if at.IPAMConfig != nil && at.IPAMConfig.IPv4Address.IsValid() {
			keep.IPAMConfig = at.IPAMConfig
		} else if name == b.Engine.Name() { // ours, in which an address can be asked for
			keep.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: at.IPAddress}
		}
		b.cutOff = append(b.cutOff, cable{name, keep})
	}
	return nil
}

// Attach puts it back where it was, under the addresses it had.
func (b *Box) Attach(ctx context.Context) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.cutOff) > 0 {
		c := b.cutOff[0]
		if _, err := b.Engine.NetworkConnect(ctx, c.network, client.NetworkConnectOptions{Container: b.ID, EndpointConfig: c.at}); err != nil {
			return fmt.Errorf("put the container back on network %s: %w", c.network, err)
		}
		b.cutOff = b.cutOff[1:]
	}
	return nil
}

// LimitMemory bounds what it takes up to what it has and spare bytes more.
func (b *Box) LimitMemory(ctx context.Context, spare int64) error {
	used, cached, err := b.memory(ctx)
	if err != nil {
		return err
	}
	// What is only cached can be given back, so it does not count; an engine that
	// cannot get it back at once says so, and gets it counted.
	err = b.limit(ctx, used-cached+spare)
	if err != nil {
		err = b.limit(ctx, used+spare)
	}
	if err == nil {
		b.mu.Lock()
		b.bounded = true
		b.mu.Unlock()
	}
	return err
}

func (b *Box) limit(ctx context.Context, bytes int64) error {
	bytes = max(bytes, leastMemory)
	if _, err := b.Engine.ContainerUpdate(ctx, b.ID, client.ContainerUpdateOptions{Resources: &container.Resources{Memory: bytes, MemorySwap: bytes}}); err != nil {
		return fmt.Errorf("bound the container's memory: %w", err)
	}
	return nil
}

// leastMemory is what engines allow at least.
const leastMemory = 6 << 20

// UnlimitMemory lifts the bound.
func (b *Box) UnlimitMemory(ctx context.Context) error {
	b.mu.Lock()
	bounded := b.bounded
	b.bounded = false
	b.mu.Unlock()
	if !bounded {
		return nil
	}
	i, err := b.Engine.Info(ctx, client.InfoOptions{})
	if err != nil {
		return fmt.Errorf("lift the bound of memory: %w", err)
	}
	return b.limit(ctx, i.Info.MemTotal) // an engine takes no 0 for an answer
}

// memory is what the container takes up, and how much of that is cache.
func (b *Box) memory(ctx context.Context) (used, cached int64, err error) {
	stats, err := b.stats(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("measure the container's memory: %w", err)
	}
	m := stats.MemoryStats
	cache := max(m.Stats["inactive_file"], m.Stats["total_inactive_file"], m.Stats["total_cache"])
	return int64(m.Usage), int64(min(cache, m.Usage)), nil
}

// stats is what the container's cgroup says.
func (b *Box) stats(ctx context.Context) (stats container.StatsResponse, err error) {
	s, err := b.Engine.ContainerStats(ctx, b.ID, client.ContainerStatsOptions{})
	if err != nil {
		return stats, err
	}
	defer s.Body.Close()
	return stats, json.NewDecoder(s.Body).Decode(&stats)
}

// Sample tells memory and processor time from the container's cgroup, without
// cached files, and the rest from its processes, if they are this machine's.
func (b *Box) Sample(ctx context.Context) (sut.Usage, error) {
	s, err := b.stats(ctx)
	if err != nil || s.CPUStats.CPUUsage.TotalUsage == 0 { // it does not run, or its engine does not tell
		return sut.Usage{}, sut.ErrNotSampled
	}
	m := s.MemoryStats
	cache := max(m.Stats["active_file"]+m.Stats["inactive_file"], m.Stats["total_active_file"]+m.Stats["total_inactive_file"])
	u := sut.Usage{Memory: int64(m.Usage - min(cache, m.Usage)), CPU: time.Duration(s.CPUStats.CPUUsage.TotalUsage), Threads: int(s.PidsStats.Current)}
	if pid, err := b.pid(ctx); err == nil {
		if p, err := process.Usage(pid); err == nil {
			u.Files, u.Threads = p.Files, p.Threads
		}
	}
	return u, nil
}

// pid is the container's first process as this machine numbers it.
func (b *Box) pid(ctx context.Context) (int, error) {
	i, err := b.Engine.ContainerInspect(ctx, b.ID, client.ContainerInspectOptions{})
	if err != nil {
		return 0, err
	}
	if i.Container.State == nil || i.Container.State.Pid == 0 {
		return 0, errors.New("the container does not run")
	}
	return i.Container.State.Pid, nil
}
