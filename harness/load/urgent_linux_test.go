package load

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// A thread that keeps time is raised while it sleeps most of the time, and no
// longer: what it computes else the build would lack.
func TestUrgency(t *testing.T) {
	var used int64
	var set []uint32
	u := &urgency{usual: &unix.SchedAttr{}, processor: func() int64 { return used }, set: func(a *unix.SchedAttr) error {
		set = append(set, a.Policy)
		return nil
	}}
	u.raise()
	for i, s := range []struct {
		share  float64
		raised bool
	}{{0.1, true}, {0.49, true}, {0.6, false}, {0.3, false}, {0.9, false}, {0.2, true}, {0.3, true}} {
		used += int64(s.share * float64(watch))
		if u.look(u.looked + watch); u.raised != s.raised {
			t.Errorf("look %d, after %.0f %% of the time computing: raised %v, want %v", i, 100*s.share, u.raised, s.raised)
		}
	}
	used += watch
	if u.look(u.looked + watch/2); !u.raised {
		t.Error("lowered after a moment that is too short to tell")
	}
	u.lower()
	u.lower()
	if want := []uint32{unix.SCHED_RR, unix.SCHED_NORMAL, unix.SCHED_RR, unix.SCHED_NORMAL}; !slices.Equal(set, want) {
		t.Errorf("classes set: %v, want %v", set, want)
	}
	if u.said() == "" {
		t.Error("the result does not tell of it")
	}
}

// Where it is not permitted, nothing is raised, and nothing told.
func TestUrgencyRefused(t *testing.T) {
	u := &urgency{usual: &unix.SchedAttr{}, processor: func() int64 { return 0 }, set: func(*unix.SchedAttr) error { return errors.New("not permitted") }}
	u.raise()
	u.look(10 * watch)
	u.lower()
	if u.raised || u.said() != "" {
		t.Errorf("raised %v, told %q", u.raised, u.said())
	}
}

// The kernel agrees with what is told, and has the thread back as it was.
func TestUrgencyOfThread(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	policy := func() uint32 {
		a, err := unix.SchedGetAttr(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return a.Policy
	}
	before := policy()
	u := urgent(0)
	if raised := policy() == unix.SCHED_RR && before == unix.SCHED_NORMAL; raised != u.raised {
		t.Errorf("of class %d where raised is %v", policy(), u.raised)
	}
	u.lower()
	if policy() != before {
		t.Errorf("of class %d afterwards, was of %d", policy(), before)
	}
}
