package bridge

import (
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// The sender repeats what was not acknowledged, as every sender with an outbox
// of its own does; the bridge is killed again and again under it.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	r, killer := rand.New(rand.NewPCG(4711, 0)), rand.New(rand.NewPCG(4711, 1))
	var rmu sync.Mutex
	w.erp.before = func(a attempt, n int) fate {
		rmu.Lock()
		defer rmu.Unlock()
		switch r.IntN(6) {
		case 0:
			return fate{lose: true}
		case 1:
			return fate{silent: true}
		}
		return fate{}
	}
	w.spawn()
	const orders, each = 6, 30
	var ms []message
	var wg sync.WaitGroup
	for o := range orders {
		order := fmt.Sprint("47110000", o)
		mine := []message{start(order)}
		for n := 1; n <= each; n++ {
			mine = append(mine, consumption(order, n, "CASTING-3", fmt.Sprint("L-", n), "1", "EA"), confirmation(order, n))
		}
		ms = append(ms, mine...)
		wg.Go(func() {
			for _, m := range mine {
				for !w.offer(m) {
					w.pass(5 * time.Millisecond)
				}
			}
		})
	}
	for range 8 {
		w.pass(time.Duration(60+killer.IntN(120)) * time.Millisecond)
		w.mu.Lock() // nobody looks up the address meanwhile
		w.kill()
		w.mu.Unlock()
		w.respawn()
	}
	wg.Wait()
	w.until(20*time.Second, func() bool { return len(w.erp.all()) >= len(ms) })
	w.pass(300 * time.Millisecond)
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
}

func TestBatchInDoubtIsTheSameBatchAfterAKill(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	ms, together, posted := []message{start("1")}, make(chan struct{}), make(chan struct{})
	for n := 1; n <= 4; n++ {
		ms = append(ms, consumption("1", n, "CASTING-3", fmt.Sprint("L-", n), "1", "EA"))
	}
	killed := make(chan struct{})
	var once sync.Once
	w.erp.before = func(a attempt, n int) fate {
		switch {
		case a.name == "operation-starts":
			<-together
		case n == 1:
			return fate{lose: true} // posted, and nobody hears of it
		case n == 2:
			once.Do(func() { close(posted) })
			<-killed
		}
		return fate{}
	}
	w.spawn().sendAll(ms...)
	close(together)
	<-posted
	w.kill()
	close(killed)
	w.spawn().sendAll(consumption("1", 5, "CASTING-3", "L-5", "1", "EA"))
	ms = append(ms, consumption("1", 5, "CASTING-3", "L-5", "1", "EA"))
	w.settled(ms...)
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
}

// A backup is put back that was made before a batch was composed, and the batch
// has been posted since: its rows must not go out again under their own keys.
func TestBatchThatABackupKnowsNothingOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	ms, together := []message{start("1")}, make(chan struct{})
	for n := 1; n <= 4; n++ {
		ms = append(ms, consumption("1", n, "CASTING-3", fmt.Sprint("L-", n), "1", "EA"))
	}
	w.erp.before = func(a attempt, n int) fate {
		if a.name == "operation-starts" {
			<-together
		}
		return fate{}
	}
	w.spawn().sendAll(ms...)
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(w.config.StateDir)); err != nil {
		t.Fatal(err)
	}
	close(together)
	w.settled(ms...)
	if n := w.erp.tries(); n != 2 {
		t.Fatalf("%d attempts, want the start and one batch", n)
	}
	w.kill()
	w.config.StateDir = backup
	ms = append(ms, consumption("1", 5, "CASTING-3", "L-5", "1", "EA"))
	w.spawn().sendAll(ms[5])
	w.settled(ms...)
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
}

// A disk is full when an answer for good is to be written down: the message is
// not sent again for it, the batch no more than the single one, and what is to
// be told is told in the end.
func TestRefusalThatCannotBeWrittenDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	bad := confirmation("1", 1)
	ms, together := []message{bad, start("2")}, make(chan struct{})
	for n := 1; n <= 3; n++ {
		ms = append(ms, consumption("2", n, "CASTING-3", fmt.Sprint("L-", n), "1", "EA"))
	}
	for _, m := range []message{bad, ms[3]} {
		w.erp.refuse[m.event] = row{Status: 422, Code: "lot-unknown", Class: dataQuality}
	}
	w.erp.before = func(a attempt, n int) fate {
		<-together
		return fate{}
	}
	w.start().sendAll(ms...)
	db, err := sql.Open("sqlite", filepath.Join(w.config.StateDir, "bridge.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TRIGGER full BEFORE INSERT ON exceptions BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`); err != nil {
		t.Fatal(err)
	}
	close(together)
	w.must("the batch", func() bool { return w.erp.attemptsOf(ms[3].event) == 1 })
	w.pass(lastGap + 300*time.Millisecond)
	if _, err := db.Exec(`DROP TRIGGER full`); err != nil {
		t.Fatal(err)
	}
	w.settled(ms...)
	for _, m := range []message{bad, ms[2], ms[3]} {
		if n := w.erp.attemptsOf(m.event); n != 1 {
			t.Errorf("%s was sent %d times", m.event, n)
		}
	}
	if cs := w.judge(ms...); len(cs) > 0 {
		t.Error(cs)
	}
}

// At a start only a disk without room is worth waiting for.
func TestNoRoom(t *testing.T) {
	db, err := sql.Open("sqlite", filepath.Join(t.TempDir(), "small.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, do := range []string{`CREATE TABLE t (x BLOB CHECK (x <> 'no'))`, `PRAGMA max_page_count = 2`} {
		if _, err := db.Exec(do); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Exec(`INSERT INTO t VALUES (zeroblob(100000))`); err == nil || !noRoom(err) {
		t.Errorf("a full database: %v", err)
	}
	if _, err := db.Exec(`INSERT INTO t VALUES ('no')`); err == nil || noRoom(err) {
		t.Errorf("what is not allowed: %v", err)
	}
	if noRoom(nil) || noRoom(errors.New("disk full")) {
		t.Error("takes anything for a full disk")
	}
}

func TestStopsGracefully(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "")
	slow := confirmation("1", 1)
	there, leave := make(chan struct{}), make(chan struct{})
	w.erp.before = func(a attempt, n int) fate {
		if a.events[0] == slow.event && n == 1 {
			close(there)
			<-leave
		}
		return fate{}
	}
	w.spawn().sendAll(slow, confirmation("1", 2))
	<-there
	go func() {
		w.pass(50 * time.Millisecond)
		close(leave)
	}()
	w.term()
	if code := w.cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if n := len(w.erp.effectsOf(slow.event)); n != 1 {
		t.Errorf("what was under way was not finished: %d effects", n)
	}
	w.spawn()
	w.settled(slow, confirmation("1", 2))
	if cs := w.judge(slow, confirmation("1", 2)); len(cs) > 0 {
		t.Error(cs)
	}
	if n := w.erp.attemptsOf(slow.event); n != 1 {
		t.Errorf("sent %d times although the reply had come", n)
	}
}
