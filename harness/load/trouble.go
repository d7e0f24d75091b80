package load

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/relay"
	"github.com/andon-rig/andon/evidence"
)

// troubles has the faults of a load strike. Those of the wire act in relays
// before the ERP and before the build, which are only there if one needs them;
// the others in the ERP.
type troubles struct {
	run    *run
	build  Build
	faults []Fault
	until  time.Duration           // how long sending may take
	once   sync.Once               // they begin
	relays map[string]*relay.Relay // by place
	served sync.WaitGroup
	end    chan struct{}
	ended  sync.WaitGroup

	mu     sync.Mutex       // guards what follows
	bands  []*Band          // those that have begun
	byID   map[string]*Band // of what is armed
	broken error            // what could not be done to the build, or made up for
}

// erpTrouble is what the ERP does instead of its work.
type erpTrouble struct {
	status int
	hush   bool
	struck atomic.Int64
}

// troubles prepares the faults of a load; nil if there are none.
func (r *run) troubles(c *Config) *troubles {
	if len(c.Faults) == 0 {
		return nil
	}
	return &troubles{run: r, build: c.Build, faults: c.Faults, until: c.lasts(), relays: map[string]*relay.Relay{}, byID: map[string]*Band{}, end: make(chan struct{})}
}

// road puts a relay before an address, if a fault at that place needs one, and
// returns where to connect.
func (t *troubles) road(place, listen, upstream string) (addr string, err error) {
	if !t.needsRoad(place) {
		return upstream, nil
	}
	j := evidence.NewJournal(nil)
	j.Watch(t.see)
	opened := chaos.BySUT
	if place == "mes" {
		opened = chaos.ByRig
	}
	r, err := relay.New(relay.Config{Name: place, Listen: listen, Upstream: upstream, Opened: opened, Journal: j})
	if err != nil {
		return "", err
	}
	t.relays[place] = r
	t.served.Go(func() { _ = r.Serve(context.Background()) }) // ends with Close; who cannot connect any more shows
	return r.Addr(), nil
}

// needsRoad reports whether a fault strikes the wire at a place.
func (t *troubles) needsRoad(place string) bool {
	return t != nil && slices.ContainsFunc(t.faults, func(f Fault) bool { return f.wired && f.Place == place })
}

// open has the ERP listen, behind a relay if a fault needs one, and returns where
// the build reaches it.
func (t *troubles) open(r *run, c *Config) (erp *ERP, systems string, err error) {
	at := c.Listen
	if c.foreign() != nil { // the ERP is elsewhere
		erp, err = r.listen(c, at)
		if err != nil {
			return nil, "", err
		}
		return erp, erp.URL(), nil
	}
	if t.needsRoad("erp") {
		at = "127.0.0.1:0"
	}
	if erp, err = r.listen(c, at); err != nil {
		return nil, "", err
	}
	if !t.needsRoad("erp") {
		return erp, erp.URL(), nil
	}
	addr, err := t.road("erp", c.Listen, erp.listener.Addr().String())
	if err != nil {
		return nil, "", errors.Join(err, erp.Close())
	}
	return erp, "http://" + addr, nil
}

// see counts what relays have struck.
func (t *troubles) see(r evidence.Record) {
	d, ok := r.Body.(evidence.Disturbance)
	if !ok || d.Phase != evidence.Struck {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if b := t.byID[d.Fault]; b != nil {
		b.Struck++
	}
}

// begin lets faults come and go from now on, when the workload begins: what
// connects before has no trouble. Only the first time counts, of several who send.
func (t *troubles) begin() {
	if t != nil {
		t.once.Do(t.come)
	}
}

func (t *troubles) come() {
	zero := time.Since(t.run.start)
	all := windows(t.faults, t.until)
	t.ended.Go(func() {
		for n, w := range all {
			wait := time.NewTimer(zero + w.at - time.Since(t.run.start))
			select {
			case <-t.end:
				wait.Stop()
				return
			case <-wait.C:
			}
			t.turn(w, n)
		}
	})
}

// turn begins or ends a fault.
func (t *troubles) turn(w window, n int) {
	if !w.begin {
		t.heal(w.band, w.fault)
		return
	}
	w.band.From = time.Since(t.run.start).Seconds()
	t.mu.Lock()
	t.bands = append(t.bands, w.band)
	id := fmt.Sprintf("%s#%d", w.fault.Text, n)
	t.byID[id] = w.band
	t.mu.Unlock()
	if w.fault.Place == placeSUT {
		t.breaks(w.band, w.fault, t.build.(Breakable).Break)
		return
	}
	if !w.fault.wired {
		t.run.trouble.Store(&erpTrouble{status: w.fault.status, hush: w.fault.hush})
		return
	}
	_ = t.relays[w.fault.Place].Arm(&chaos.Rule{ID: id, Kind: w.fault.Kind, Fault: wireFault{w.fault.wire}}) // that an address cannot be opened again shows as refusals
}

// heal ends a fault that has begun.
func (t *troubles) heal(b *Band, f *Fault) {
	if b.To > 0 || b.From == 0 {
		return
	}
	if f.Place == placeSUT {
		t.breaks(b, f, t.build.(Breakable).Mend)
	} else if f.wired {
		t.mu.Lock()
		id := ""
		for k, x := range t.byID {
			if x == b {
				id = k
			}
		}
		t.mu.Unlock()
		t.relays[f.Place].Heal(id)
	} else if e := t.run.trouble.Swap(nil); e != nil {
		t.mu.Lock()
		b.Struck += e.struck.Load()
		t.mu.Unlock()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	b.To = time.Since(t.run.start).Seconds()
}

// healAll ends what there is; nothing begins any more.
func (t *troubles) healAll() {
	if t == nil {
		return
	}
	close(t.end)
	t.ended.Wait()
	t.mu.Lock()
	bands := slices.Clone(t.bands)
	t.mu.Unlock()
	for _, b := range bands {
		i := slices.IndexFunc(t.faults, func(f Fault) bool { return f.Text == b.Fault })
		t.heal(b, &t.faults[i])
	}
}

// close takes the relays away.
func (t *troubles) close() (err error) {
	if t == nil {
		return nil
	}
	for _, r := range t.relays {
		err = errors.Join(err, r.Close())
	}
	t.served.Wait()
	return err
}

// tell notes what has struck.
func (t *troubles) tell(res *Result) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range t.bands {
		res.Faults = append(res.Faults, *b)
	}
	for _, f := range t.faults {
		if !slices.ContainsFunc(res.Faults, func(b Band) bool { return b.Fault == f.Text && b.Struck > 0 }) {
			res.Idle = append(res.Idle, f.Text)
		}
	}
}

// troubled does to a posting what a fault of the ERP does; false if there is none.
func (p *posting) troubled(now int64) bool {
	t := p.erp.run.trouble.Load()
	if t == nil {
		return false
	}
	t.struck.Add(1)
	from := len(p.out)
	if t.hush {
		p.post(now)
		p.out, p.req.Close = p.out[:from], true
		return true
	}
	code := map[int]string{http.StatusTooManyRequests: "throttled", http.StatusServiceUnavailable: "unavailable"}[t.status]
	p.problem(t.status, code, "a fault of this load")
	if code != "" {
		p.alter(from, "\r\nContent-Type", "\r\nRetry-After: "+strconv.Itoa(1)+"\r\nContent-Type")
	}
	return true
}
