package harness_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	client "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/andon-rig/andon/chaos"
	"github.com/andon-rig/andon/chaos/faults"
	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/simulators/dialects/files"
	"github.com/andon-rig/andon/simulators/endpoint"
	"github.com/andon-rig/andon/simulators/plant"
	"github.com/andon-rig/andon/simulators/systems/erp"
	share "github.com/andon-rig/andon/simulators/transports/files"
	"github.com/andon-rig/andon/simulators/transports/files/sftp"
)

// shore is an ERP behind an SFTP server, seen by a standard client.
type shore struct {
	t    *testing.T
	link *chaos.Link
	erp  *endpoint.Endpoint
	sut  *client.Client
	n    int
}

func newShore(t *testing.T) *shore {
	t.Helper()
	tr, err := sftp.New(sftp.Config{Share: share.Config{Root: t.TempDir(), Poll: time.Millisecond}, User: "u", Password: "p"})
	if err != nil {
		t.Fatal(err)
	}
	link := &chaos.Link{Name: "erp", Journal: evidence.NewJournal(nil), Ordinals: chaos.NewOrdinals(), IDs: new(atomic.Uint64)}
	d := files.Dialect{}
	e := endpoint.New(endpoint.Config{Name: "erp", System: erp.New(plant.Master{}), Dialect: d, Transport: tr, Line: link, Policy: d.Policy(),
		OnFeed: link.Fetched, OnKept: link.Told})
	link.Encode, link.Refuse = e.Encode, e.Refuse
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	conn, err := ssh.Dial("tcp", strings.TrimPrefix(tr.URL(), "sftp://"), &ssh.ClientConfig{User: "u", Auth: []ssh.AuthMethod{ssh.Password("p")}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		conn.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		link.Close()
	})
	return &shore{t: t, link: link, erp: e, sut: c}
}

// export has the ERP release an order.
func (s *shore) export() {
	s.t.Helper()
	s.n++
	f := plant.OrderReleased{Order: plant.Order{ID: plant.OrderID("471" + string(rune('0'+s.n))), Item: "PUMP", Quantity: plant.Of(5, "EA"),
		Operations: []plant.Operation{{ID: "0010", WorkCenter: "WC"}}}}
	if err := s.erp.Notice(plant.Event{ID: plant.EventID(plant.Natural(f)), At: time.Now(), Fact: f}); err != nil {
		s.t.Fatal(err)
	}
}

func (s *shore) out() (names []string) {
	infos, err := s.sut.ReadDir("/out")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, i := range infos {
		names = append(names, i.Name())
	}
	slices.Sort(names)
	return names
}

func (s *shore) read(file string) (string, error) {
	f, err := s.sut.Open(path.Join("/out", file))
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	return string(b), err
}

func (s *shore) until(what string, is func() bool) {
	s.t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			s.t.Fatalf("in vain: %s; out/ has %v", what, s.out())
		}
	}
}

// taken empties out/.
func (s *shore) taken() {
	s.t.Helper()
	for _, f := range s.out() {
		if err := s.sut.Remove("/out/" + f); err != nil && !errors.Is(err, os.ErrNotExist) {
			s.t.Fatal(err)
		}
	}
}

func whole(s string) bool {
	return strings.HasPrefix(s, "HDR;") && strings.HasSuffix(s, "\r\n") && strings.Contains(s, "\r\nTRL;")
}

// A fileCase is a fault of files, and what the SUT sees of it.
type fileCase struct {
	fault chaos.Fault
	see   func(s *shore)
}

// fileCases are all of them, each within its bounds.
func fileCases() map[string]fileCase {
	const d = faults.Wall(time.Second)
	first, second := "orders.000001.csv", "orders.000002.csv"
	return map[string]fileCase{
		"file-partial": {&faults.FilePartial{For: d}, func(s *shore) {
			s.until("half of it", func() bool { b, err := s.read(first); return err == nil && b != "" && !whole(b) })
			s.until("all of it", func() bool { b, _ := s.read(first); return whole(b) })
		}},
		"file-again": {&faults.FileAgain{After: d}, func(s *shore) {
			s.until("it lies there", func() bool { return slices.Equal(s.out(), []string{first}) })
			before, _ := s.read(first)
			s.taken()
			s.until("it lies there again", func() bool { return slices.Equal(s.out(), []string{first}) })
			if again, _ := s.read(first); again != before {
				s.t.Errorf("what lies there again is %q, and was %q", again, before)
			}
		}},
		"file-late": {&faults.FileLate{For: d}, func(s *shore) {
			s.link.Heal("f")
			s.export()
			if got := s.out(); slices.Contains(got, first) {
				s.t.Errorf("out/ has %v", got)
			}
			s.until("the gap is filled", func() bool { return slices.Equal(s.out(), []string{first, second}) })
		}},
		"file-encoding": {&faults.FileEncoding{As: faults.EncodingUTF16}, func(s *shore) {
			if b, err := s.read(first); err != nil || !strings.HasPrefix(b, "\xff\xfeH\x00D\x00R\x00") {
				s.t.Errorf("read %q, %v", b, err)
			}
		}},
		"file-empty": {&faults.FileEmpty{Files: 1}, func(s *shore) {
			if b, err := s.read(first); err != nil || b != "" {
				s.t.Errorf("the first is %q, %v", b, err)
			}
			if b, err := s.read(second); err != nil || !whole(b) {
				s.t.Errorf("the second is %q, %v", b, err)
			}
		}},
		"file-beside": {&faults.FileBeside{}, func(s *shore) {
			s.export()
			if got := s.out(); !slices.Equal(got, []string{"ORDERS.000001.CSV", first}) {
				s.t.Errorf("out/ has %v", got)
			}
		}},
		"file-locked": {&faults.FileLocked{For: d}, func(s *shore) {
			if _, err := s.read(first); err == nil || !strings.Contains(err.Error(), "in use") {
				s.t.Errorf("read what is locked: %v", err)
			}
			s.until("it can be read", func() bool { b, err := s.read(first); return err == nil && whole(b) })
		}},
		"file-undeletable": {&faults.FileUndeletable{Times: 2}, func(s *shore) {
			for range 2 {
				if err := s.sut.Remove("/out/" + first); !errors.Is(err, os.ErrPermission) {
					s.t.Errorf("remove: %v", err)
				}
			}
		}},
		"file-disk-full": {&faults.FileDiskFull{}, func(s *shore) {
			upload := func() error {
				f, err := s.sut.Create("/in/confirmations.000001.csv")
				if err != nil {
					return err
				}
				return f.Close()
			}
			if err := upload(); err == nil || !strings.Contains(err.Error(), "no space left") {
				s.t.Errorf("upload to a full share: %v", err)
			}
			s.link.Heal("f")
			if err := upload(); err != nil {
				s.t.Errorf("upload when there is room: %v", err)
			}
		}},
	}
}

// seeFile observes a fault of files from the SUT's side of a session, and that a
// file exported after it was healed is as it should be.
func seeFile(t *testing.T, name string, c fileCase) {
	t.Helper()
	s := newShore(t)
	s.link.Arm(&chaos.Rule{ID: "f", Kind: name, Fault: c.fault})
	s.export()
	c.see(s)
	s.link.Heal("f")
	s.until("all can be taken", func() bool { s.taken(); return len(s.out()) == 0 })
	s.export()
	names := s.out()
	if len(names) != 1 {
		t.Fatalf("after it was healed, out/ has %v", names)
	}
	if b, err := s.read(names[0]); err != nil || !whole(b) {
		t.Errorf("after it was healed: %q, %v", b, err)
	}
	if err := s.sut.Remove("/out/" + names[0]); err != nil {
		t.Errorf("after it was healed: %v", err)
	}
	struck := slices.ContainsFunc(s.link.Journal.Records(), func(r evidence.Record) bool {
		b, ok := r.Body.(evidence.Disturbance)
		return ok && b.Phase == evidence.Struck && b.Kind == name && b.What != ""
	})
	if !struck {
		t.Error("the journal does not say that it struck")
	}
}
