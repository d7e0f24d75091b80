package faults

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/andon-rig/andon/chaos"
)

// Faults of the SUT's process. They strike when a message passes a moment; the
// rule's conditions say which message, and the message itself passes unharmed.
// The harness carries them out through the SUT's driver, and refuses a plan
// whose driver cannot.
var _ = []chaos.Process{&SUTKill{}, &SUTRestart{}, &SUTPause{}, &SUTDetach{}, &SUTMemory{}, &SUTDiskFull{}, &SUTScale{}, &SUTUpgrade{}, &SUTRestore{}, &SUTClock{}}

// SUTKill kills the SUT when a message passes a moment, and starts it again.
//
// Layer P: out of memory, a node lost, a pod evicted, a power cut. Observed as
// sudden death: nothing that is not on disk survives.
type SUTKill struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Until  chaos.Moment `yaml:"until" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"strikes between moment and the next time a message about the same fact passes this one"`
	Within Wall         `yaml:"within" doc:"with until: how long after moment at the latest; chance says when"`
	Down   Wall         `yaml:"down" doc:"how long the SUT stays dead"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTKill) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTKill) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Kill, Moment: f.Moment, Until: f.Until, Within: f.Within.d(), Down: f.Down.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTKill) Validate() error { return ending(f.Moment, f.Until, f.Within, f.Down) }

// SUTRestart asks the SUT to stop when a message passes a moment, waits until
// it has, and starts it again.
//
// Layer P: a deployment, a patch night. Observed as SIGTERM with time to
// finish or save what is under way.
type SUTRestart struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Until  chaos.Moment `yaml:"until" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"strikes between moment and the next time a message about the same fact passes this one"`
	Within Wall         `yaml:"within" doc:"with until: how long after moment at the latest; chance says when"`
	Down   Wall         `yaml:"down" doc:"how long the SUT stays away"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTRestart) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTRestart) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Restart, Moment: f.Moment, Until: f.Until, Within: f.Within.d(), Down: f.Down.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTRestart) Validate() error { return ending(f.Moment, f.Until, f.Within, f.Down) }

// SUTPause freezes the SUT when a message passes a moment, and thaws it.
//
// Layer P: a long garbage collection, a virtual machine that is moved, a
// debugger. Observed, once it goes on, as a time that has jumped: what was
// under way has timed out, here and there. Senders meet a hanging connection;
// new ones are still taken by the kernel.
type SUTPause struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	For    Wall         `yaml:"for" doc:"how long it is frozen; until the fault is healed if left out"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTPause) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTPause) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Pause, Moment: f.Moment, For: f.For.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTPause) Validate() error { return lasting(f.Moment, f.For) }

// SUTDetach takes the SUT off the network when a message passes a moment, and
// puts it back under the same address.
//
// Layer P: a cable, a switch, a security group. The SUT runs on. Observed as
// connections that hang and go on later, and new ones that cannot be made; it
// is neither a pause, which takes connections, nor a kill, which resets them.
type SUTDetach struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	For    Wall         `yaml:"for" doc:"how long it is away; until the fault is healed if left out"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTDetach) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTDetach) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Detach, Moment: f.Moment, For: f.For.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTDetach) Validate() error { return lasting(f.Moment, f.For) }

// SUTMemory bounds the SUT's memory to what it has when a message passes a
// moment, and a little more. Who takes more is killed by the kernel and, as by
// an orchestrator, started again.
//
// Layer P: a limit that was set too low, a neighbour that takes it all.
// Observed as kill -9 in the middle of the most work.
type SUTMemory struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Spare  int          `yaml:"spare" doc:"MiB it may take besides what it has; 0 lets it take next to nothing"`
	For    Wall         `yaml:"for" doc:"how long the bound stays; until the fault is healed if left out"`
	Down   Wall         `yaml:"down" doc:"how long the SUT stays dead when it was killed for it"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTMemory) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTMemory) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Bound, Moment: f.Moment, For: f.For.d(), Down: f.Down.d(), Bytes: int64(f.Spare) << 20}
}

// Validate says what is wrong with the settings.
func (f *SUTMemory) Validate() error {
	err := errors.Join(lasting(f.Moment, f.For), notNegative("down", f.Down))
	if f.Spare < 0 {
		err = errors.Join(err, errors.New("spare cannot be negative"))
	}
	return err
}

// SUTDiskFull fills the disk on which the SUT keeps its state when a message
// passes a moment, and empties it.
//
// Layer P: logs, a backup, somebody else's files. Observed as ENOSPC at every
// write that needs room; what was written stays.
type SUTDiskFull struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	For    Wall         `yaml:"for" doc:"how long the disk is full; until the fault is healed if left out"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTDiskFull) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTDiskFull) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.FillDisk, Moment: f.Moment, For: f.For.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTDiskFull) Validate() error { return lasting(f.Moment, f.For) }

// SUTScale starts a second instance of the SUT, on the same state and with
// ports of its own, when a message passes a moment, and stops it again: 1, 2,
// 1. Messages keep going to the first.
//
// Layer P: an autoscaler, an operator who starts it by hand as well, a cluster
// whose halves do not see each other. Observed as somebody else who works on
// the same rows.
type SUTScale struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	For    Wall         `yaml:"for" doc:"how long there are two; until the fault is healed if left out"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTScale) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTScale) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Double, Moment: f.Moment, For: f.For.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTScale) Validate() error { return lasting(f.Moment, f.For) }

// SUTUpgrade has the run begin with the build before (sut.previous in the rig
// file) and puts this one in its place when a message passes a moment: it is
// started beside the old one, on the same state, the old one is asked to stop,
// and the new one takes its address.
//
// Layer P: a rolling deployment, and with back its roll-back. Observed as a
// state that an older or a newer build has written, and as two builds at once.
type SUTUpgrade struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Both   Wall         `yaml:"both" doc:"how long both builds run"`
	Back   bool         `yaml:"back" doc:"and the same way back to the old build"`
	For    Wall         `yaml:"for" doc:"with back: how long the new build stays; until the fault is healed if left out"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTUpgrade) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTUpgrade) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Upgrade, Moment: f.Moment, Down: f.Both.d(), For: f.For.d(), Back: f.Back}
}

// Validate says what is wrong with the settings.
func (f *SUTUpgrade) Validate() error {
	err := errors.Join(lasting(f.Moment, f.For), notNegative("both", f.Both))
	if f.For > 0 && !f.Back {
		err = errors.Join(err, errors.New("for says how long the new build stays before it is rolled back: add back: true"))
	}
	return err
}

// SUTRestore takes a backup of the SUT's state when it is armed and brings it
// back when a message passes a moment: the SUT is stopped, its state replaced,
// and it is started again.
//
// Layer P: yesterday's backup, a snapshot rolled back, a replica that was
// behind. Observed as a memory that ends some time ago. What was taken
// meanwhile and not yet posted is lost, and nobody can demand it of the SUT;
// what was posted meanwhile must not be posted again.
type SUTRestore struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Down   Wall         `yaml:"down" doc:"how long the SUT stays away"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTRestore) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTRestore) Process() chaos.ProcessFault {
	return chaos.ProcessFault{Do: chaos.Restore, Moment: f.Moment, Down: f.Down.d()}
}

// Validate says what is wrong with the settings.
func (f *SUTRestore) Validate() error {
	return errors.Join(moment("moment", f.Moment), notNegative("down", f.Down))
}

// SUTClock moves the SUT's clock away from everybody else's when a message
// passes a moment, and puts it right.
//
// Layer P, since it needs the SUT's process: a machine whose time server is
// gone, a virtual machine that woke up. Observed as a wall clock that jumps;
// timers and timeouts are left alone.
type SUTClock struct {
	Moment chaos.Moment `yaml:"moment" jsonschema:"enum=before-apply,enum=after-apply-before-reply,enum=after-reply" doc:"which point on the message's way"`
	Offset Wall         `yaml:"offset" doc:"how far it is ahead"`
	Behind bool         `yaml:"behind" doc:"it is behind by offset instead"`
	For    Wall         `yaml:"for" doc:"how long it is wrong; until the fault is healed if left out"`
}

// Apply implements [chaos.Fault]: the message passes unharmed.
func (f *SUTClock) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery { return unharmed(d) }

// Process implements [chaos.Process].
func (f *SUTClock) Process() chaos.ProcessFault {
	p := chaos.ProcessFault{Do: chaos.SetClock, Moment: f.Moment, For: f.For.d(), Offset: f.Offset.d()}
	if f.Behind {
		p.Offset = -p.Offset
	}
	return p
}

// Validate says what is wrong with the settings.
func (f *SUTClock) Validate() error {
	err := lasting(f.Moment, f.For)
	if f.Offset <= 0 || f.Offset.d()%time.Second != 0 {
		err = errors.Join(err, errors.New("offset: give whole seconds, such as {wall: 1h}; behind: true is the other way"))
	}
	return err
}

func unharmed(d chaos.Delivery) []chaos.Delivery { return []chaos.Delivery{d} }

// ending checks the settings of a fault that ends the SUT.
func ending(m, until chaos.Moment, within, down Wall) error {
	err := errors.Join(moment("moment", m), moment("until", until), notNegative("within", within), notNegative("down", down))
	switch {
	case until == "" && within != 0:
		err = errors.Join(err, errors.New("within says how long after moment it may strike: add until, the moment that ends this time"))
	case until != "" && within <= 0:
		err = errors.Join(err, errors.New("until needs within, or nobody knows when to strike if no such message comes: within: {wall: 50ms}"))
	}
	return err
}

// lasting checks the settings of a fault that lasts.
func lasting(m chaos.Moment, long Wall) error {
	return errors.Join(moment("moment", m), notNegative("for", long))
}

func moment(name string, m chaos.Moment) error {
	switch m {
	case "", chaos.BeforeApply, chaos.AfterApply, chaos.AfterReply:
		return nil
	}
	return fmt.Errorf("%s: %q is not one of before-apply, after-apply-before-reply, after-reply", name, m)
}

// processes lists the faults of the SUT's process.
func processes() []Info {
	return []Info{
		{
			Name: "sut-kill", Layer: Process, Requirements: []string{"FLT-08", "CTL-05"},
			Doc:       "the SUT is killed (kill -9) when a message passes a moment, or between two, and started again",
			Observed:  "sudden death; only what is on disk survives",
			Needs:     "a driver that can kill and start the SUT",
			Tolerates: "nothing acknowledged is lost, nothing posted twice",
			New:       func() chaos.Fault { return &SUTKill{Moment: chaos.AfterApply} },
		}, {
			Name: "sut-restart", Layer: Process, Requirements: []string{"FLT-08", "FLT-07", "CTL-05"},
			Doc:       "the SUT is asked to stop when a message passes a moment, or between two, and started again",
			Observed:  "SIGTERM, and time to save what is under way",
			Needs:     "a driver that can stop and start the SUT",
			Tolerates: "nothing acknowledged is lost, nothing posted twice",
			New:       func() chaos.Fault { return &SUTRestart{Moment: chaos.AfterApply} },
		}, {
			Name: "sut-pause", Layer: Process, Requirements: []string{"FLT-08", "FLT-10", "CTL-05"},
			Doc:       "the SUT is frozen for a time (SIGSTOP, docker pause)",
			Observed:  "time that jumps: everything under way has timed out; to others connections that hang, and new ones that are taken",
			Needs:     "a SUT that Andon started",
			Tolerates: "nothing lost, nothing posted twice by what was repeated meanwhile",
			New:       func() chaos.Fault { return &SUTPause{Moment: chaos.AfterApply, For: Wall(2 * time.Second)} },
		}, {
			Name: "sut-detach", Layer: Process, Requirements: []string{"FLT-08", "FLT-01", "CTL-05", "CTL-06"},
			Doc:       "the SUT is taken off the network for a time and runs on",
			Observed:  "connections that hang and go on later; new ones cannot be made: network unreachable",
			Needs:     "sut.container or sut.compose with a network of its own",
			Tolerates: "nothing lost, nothing posted twice, backlog drained once it is back",
			New:       func() chaos.Fault { return &SUTDetach{Moment: chaos.AfterApply, For: Wall(2 * time.Second)} },
		}, {
			Name: "sut-memory", Layer: Process, Requirements: []string{"FLT-08", "CTL-05"},
			Doc:       "the SUT may take hardly more memory than it has; if it does the kernel kills it, and it is started again",
			Observed:  "kill -9 in the middle of work, again and again if it needs more than it gets",
			Needs:     "control groups that Andon may use (root or delegated), or sut.container or sut.compose",
			Tolerates: "nothing acknowledged is lost, nothing posted twice",
			New: func() chaos.Fault {
				return &SUTMemory{Moment: chaos.AfterApply, For: Wall(2 * time.Second), Down: Wall(100 * time.Millisecond)}
			},
		}, {
			Name: "sut-disk-full", Layer: Process, Requirements: []string{"FLT-08", "CTL-05"},
			Doc:       "the disk with the SUT's state directory is full for a time",
			Observed:  "ENOSPC: no space left on device",
			Needs:     "root on Linux, to give ${andon.state} a small disk of its own",
			Tolerates: "nothing is acknowledged that could not be stored; nothing lost, nothing posted twice",
			New:       func() chaos.Fault { return &SUTDiskFull{Moment: chaos.AfterApply, For: Wall(2 * time.Second)} },
		}, {
			Name: "sut-scale", Layer: Process, Requirements: []string{"FLT-08", "CTL-01", "CTL-05"},
			Doc:       "a second instance of the SUT is started on the same state and stopped again: 1, 2, 1",
			Observed:  "another instance that reads and posts the same rows",
			Needs:     "a SUT that Andon started and whose ports are ${port.NAME}",
			Tolerates: "one effect for each fact, whoever posts it",
			New:       func() chaos.Fault { return &SUTScale{Moment: chaos.AfterApply, For: Wall(2 * time.Second)} },
		}, {
			Name: "sut-upgrade", Layer: Process, Requirements: []string{"FLT-08", "CTL-01", "CTL-05"},
			Doc:       "the run begins with the build before, which this one replaces while both run for a time; back rolls back",
			Observed:  "a state that an older or newer build wrote, and two builds at once",
			Needs:     "sut.previous in the rig file, and ports that are ${port.NAME}",
			Tolerates: "nothing lost, nothing posted twice by either build",
			New:       func() chaos.Fault { return &SUTUpgrade{Moment: chaos.AfterApply, Both: Wall(500 * time.Millisecond)} },
		}, {
			Name: "sut-restore", Layer: Process, Requirements: []string{"FLT-08", "CTL-01", "CTL-05"},
			Doc:       "the SUT's state directory is put back to what it was when the fault was armed",
			Observed:  "a memory that ends some time ago",
			Needs:     "a SUT that Andon started and that keeps its state in ${andon.state}",
			Tolerates: "nothing posted meanwhile is posted again; what was taken since the backup and not yet posted is lost with it",
			New:       func() chaos.Fault { return &SUTRestore{Moment: chaos.AfterApply} },
		}, {
			Name: "sut-clock", Layer: Process, Requirements: []string{"FLT-09", "CTL-23"},
			Doc:       "the SUT's wall clock is wrong for a time",
			Observed:  "a wall clock that jumps; timers are left alone",
			Needs:     "sut.process with a program that asks the C library for the time (not Go, not static), and libfaketime",
			Tolerates: "postings carry the plant's times, tokens are renewed, nothing lost or doubled",
			New: func() chaos.Fault {
				return &SUTClock{Moment: chaos.AfterApply, Offset: Wall(time.Hour), For: Wall(5 * time.Second)}
			},
		},
	}
}
