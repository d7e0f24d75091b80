package load

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/simulators"
)

// A Fault is a kind of trouble during a load, and when it is there.
type Fault struct {
	Text  string
	Place string // erp: where the build posts; mes: where it is told; sut: the build itself
	Kind  string
	From  time.Duration // after the first confirmation is due
	For   time.Duration
	Every time.Duration // 0 for once

	status int // that the ERP answers instead of booking
	hush   bool
	wire   chaos.Trouble
	wired  bool
}

// Faultable lists what [ParseFault] reads.
const Faultable = "erp:429, erp:500, erp:503 (answered instead of booked), erp:lose-reply (booked, and the connection ends without an answer), " +
	"at erp or mes refuse, slam, reset, blackhole, latency=200ms, slow=10000 (bytes a second); " +
	"and sut:kill, sut:restart (it is away for so long), sut:pause (it is frozen); " +
	"each with @FROM+FOR after the beginning, and /EVERY if it comes again"

// vocabulary has what faults of scenarios are called here, for those that a load
// has, too.
var vocabulary = map[string]string{
	"throttle": "429", "outage": "503", "ambiguous-commit": "lose-reply", "accept-then-close": "slam", "reset-mid-request": "reset", "black-hole": "blackhole",
	"slow-first-byte": "latency", "bandwidth": "slow", "sut-kill": breakKill, "sut-restart": breakRestart, "sut-pause": breakPause,
}

// placeSUT is the build itself.
const placeSUT = "sut"

// ParseFault reads a fault such as erp:503@3s+2s, erp:latency=200ms@1s+500ms/5s,
// mes:refuse@5s+1s or sut:kill@5s+1s.
func ParseFault(text string) (f Fault, err error) {
	f.Text = strings.TrimSpace(text)
	what, when, ok := strings.Cut(f.Text, "@")
	place, kind, ok2 := strings.Cut(what, ":")
	if !ok || !ok2 || place != "erp" && place != "mes" && place != placeSUT {
		return f, fmt.Errorf("fault %q is not of the form PLACE:KIND@FROM+FOR; there are %s", text, Faultable)
	}
	f.Place = place
	name, arg, given := strings.Cut(kind, "=")
	name = cmp.Or(vocabulary[name], name)
	f.Kind = name
	if err := errors.Join(f.when(when), f.what(name, arg, given)); err != nil {
		return f, fmt.Errorf("fault %q: %w", text, err)
	}
	return f, nil
}

// when reads FROM+FOR/EVERY.
func (f *Fault) when(text string) (err error) {
	read := func(s string, to *time.Duration) {
		d, e := time.ParseDuration(s)
		if e != nil || d < 0 {
			err = errors.Join(err, fmt.Errorf("%q is no duration such as 3s", s))
		}
		*to = d
	}
	span, every, again := strings.Cut(text, "/")
	from, long, ok := strings.Cut(span, "+")
	if !ok {
		return errors.New("it does not say for how long: @FROM+FOR, such as @3s+2s")
	}
	read(from, &f.From)
	read(long, &f.For)
	if again {
		read(every, &f.Every)
	}
	switch {
	case err != nil:
		return err
	case f.For <= 0:
		return errors.New("it must last for longer than 0")
	case again && f.Every <= f.For:
		return fmt.Errorf("it comes every %s and lasts %s: it would never end", f.Every, f.For)
	}
	return nil
}

// what reads the kind.
func (f *Fault) what(name, arg string, given bool) error {
	f.wired = true
	if f.Place == placeSUT {
		return f.breakage(name, given)
	}
	switch name {
	case "429", "500", "503":
		f.status, _ = strconv.Atoi(name)
		f.wired = false
	case "lose-reply":
		f.hush, f.wired = true, false
	case "refuse":
		f.wire.Door = chaos.DoorRefuse
	case "slam":
		f.wire.Door, f.wire.Sweep = chaos.DoorSlam, true
	case "blackhole":
		f.wire.Door = chaos.DoorSilence
	case "reset":
		f.wire.Stream = chaos.StreamReset
	case "latency":
		d, err := time.ParseDuration(arg)
		if err != nil || d <= 0 {
			return fmt.Errorf("latency=%q is no duration such as latency=200ms", arg)
		}
		f.wire.Stream, f.wire.Hold, f.wire.Way = chaos.StreamFirst, d, f.answers()
	case "slow":
		n, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || n <= 0 {
			return fmt.Errorf("slow=%q is no number of bytes a second", arg)
		}
		f.wire.Stream, f.wire.Rate = chaos.StreamSlow, n
	default:
		return fmt.Errorf("there is no %q; there are %s", name, Faultable)
	}
	switch {
	case given != (name == "latency" || name == "slow"):
		return fmt.Errorf("%s takes no argument", name)
	case !f.wired && f.Place != "erp":
		return fmt.Errorf("%s is what an ERP does; at mes only the network can fail", name)
	}
	f.wire.Opened = []chaos.Side{f.side()}
	return nil
}

// breakage reads what is done to the build.
func (f *Fault) breakage(name string, given bool) error {
	f.wired = false
	switch {
	case name != breakKill && name != breakRestart && name != breakPause:
		return fmt.Errorf("there is no %q for the build; there are %s, %s and %s", name, breakKill, breakRestart, breakPause)
	case given:
		return fmt.Errorf("%s takes no argument", name)
	}
	return nil
}

// side is who connects at the place of f.
func (f *Fault) side() chaos.Side {
	if f.Place == "mes" {
		return chaos.ByRig
	}
	return chaos.BySUT
}

// answers is the direction of answers at the place of f.
func (f *Fault) answers() simulators.Direction {
	if f.Place == "mes" {
		return simulators.FromSUT
	}
	return simulators.ToSUT
}

// wireFault is a [chaos.ConnFault] of any trouble.
type wireFault struct{ trouble chaos.Trouble }

var _ chaos.ConnFault = wireFault{}

// Apply implements [chaos.Fault]: there are no messages here.
func (w wireFault) Apply(d chaos.Delivery, _ *rand.Rand) []chaos.Delivery {
	return []chaos.Delivery{d}
}

// Trouble implements [chaos.ConnFault].
func (w wireFault) Trouble() chaos.Trouble { return w.trouble }

// ReadFaults reads a schedule: a fault a line; empty lines and those that begin
// with # are passed over.
func ReadFaults(r io.Reader) (all []Fault, err error) {
	in := bufio.NewScanner(r)
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(in.Text())
		if text == "" || text[0] == '#' {
			continue
		}
		f, err := ParseFault(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		all = append(all, f)
	}
	if len(all) == 0 && in.Err() == nil {
		return nil, errors.New("there is no fault in it")
	}
	return all, in.Err()
}

// window is one time that a fault is there.
type window struct {
	fault *Fault
	band  *Band
	at    time.Duration
	begin bool
}

// Band is one time that a fault was there.
type Band struct {
	Fault  string  `json:"fault"`
	Place  string  `json:"at"`
	Kind   string  `json:"kind"`
	From   float64 `json:"from_s"` // after the run's start
	To     float64 `json:"to_s"`
	Struck int64   `json:"struck"` // requests or connections
}

// windows lists when faults begin and end up to a time, in order; ends first.
func windows(faults []Fault, until time.Duration) (all []window) {
	for i := range faults {
		f := &faults[i]
		for at := f.From; at < until; at += f.Every {
			b := &Band{Fault: f.Text, Place: f.Place, Kind: f.Kind}
			all = append(all, window{f, b, at, true}, window{f, b, at + f.For, false})
			if f.Every == 0 {
				break
			}
		}
	}
	slices.SortStableFunc(all, func(a, b window) int {
		if a.at == b.at && a.begin != b.begin {
			return map[bool]int{true: 1, false: -1}[a.begin]
		}
		return cmp.Compare(a.at, b.at)
	})
	return all
}
