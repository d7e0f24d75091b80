package load

import "golang.org/x/sys/unix"

// urgency is how a thread that keeps time is let in before others: where the
// system permits it (CAP_SYS_NICE, or a limit of priorities for real time), it is
// of the class SCHED_RR while it sleeps most of the time, so that neither the
// build nor the rig's own work delays what is due. A thread that computes more
// than half of the time is as all others are, for it would leave the build no
// processor, until it computes less than a quarter. Threads that Go makes meanwhile do not inherit it.
type urgency struct {
	usual     *unix.SchedAttr // nil if it may not be raised
	raised    bool
	ever      bool
	used      int64 // processor time of the thread when it was looked at last, in ns
	looked    int64 // when that was
	processor func() int64
	set       func(*unix.SchedAttr) error
}

// watch is how long a thread is watched before its urgency changes.
const watch = int64(100e6)

// urgent raises this thread, which is locked, if it may.
func urgent(now int64) *urgency {
	u := &urgency{processor: threadTime, set: func(a *unix.SchedAttr) error { return unix.SchedSetAttr(0, a, 0) }}
	if usual, err := unix.SchedGetAttr(0, 0); err == nil && usual.Policy == unix.SCHED_NORMAL {
		u.usual = usual
	}
	u.used, u.looked = u.processor(), now
	u.raise()
	return u
}

func (u *urgency) raise() {
	if u.usual == nil {
		return
	}
	if err := u.set(&unix.SchedAttr{Policy: unix.SCHED_RR, Priority: 1, Flags: unix.SCHED_FLAG_RESET_ON_FORK}); err != nil {
		u.usual = nil
		return
	}
	u.raised, u.ever = true, true
}

// lower makes the thread as it was.
func (u *urgency) lower() {
	if u.raised {
		u.raised = u.set(u.usual) != nil
	}
}

// look sees how much the thread computes.
func (u *urgency) look(now int64) {
	if u.usual == nil || now-u.looked < watch {
		return
	}
	used := u.processor()
	share := float64(used-u.used) / float64(now-u.looked)
	u.used, u.looked = used, now
	switch {
	case u.raised && share > 0.5:
		u.lower()
	case !u.raised && share < 0.25:
		u.raise()
	}
}

// said is what the result tells of it.
func (u *urgency) said() string {
	if u != nil && u.ever {
		return ", before others (SCHED_RR) while it sleeps most of the time"
	}
	return ""
}

func threadTime() int64 {
	var ts unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) // there is one for every thread
	return ts.Nano()
}
