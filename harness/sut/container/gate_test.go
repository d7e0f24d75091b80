package container

import (
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesAreTold: what the rig writes for a SUT has addresses in it, and in a
// network of its own they are others.
func TestFilesAreTold(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("here"))
			_ = c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	keys := write("erp.ionapi", `{"pu": "http://127.0.0.1:`+port+`/token", "me": "http://localhost:7001"}`)
	hosts := write("known_hosts", "[127.0.0.1]:"+port+" ssh-ed25519 AAAA\n")
	mounts := []Mount{{From: keys, To: keys, ReadOnly: true, Told: true}, {From: hosts, To: hosts, Told: true}, {From: dir, To: dir}}

	other, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("this system's loopback interface has no second address, at which the test has its network: %v", err)
	}
	_ = other.Close()
	n := &Network{Gateway: netip.MustParseAddr("127.0.0.2"), gates: map[string]net.Listener{}, open: map[net.Conn]bool{}}
	told, err := n.Tell(mounts, []string{"7001"}, "")
	if err != nil {
		t.Fatal(err)
	}
	read := func(m Mount) string {
		b, err := os.ReadFile(m.From)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if got, want := read(told[0]), `{"pu": "http://127.0.0.2:`+port+`/token", "me": "http://0.0.0.0:7001"}`; got != want || told[0].To != keys || !told[0].ReadOnly {
		t.Errorf("%+v says %s, want %s", told[0], got, want)
	}
	if got, want := read(told[1]), "[127.0.0.2]:"+port+" ssh-ed25519 AAAA\n"; got != want {
		t.Errorf("hosts are %q, want %q", got, want)
	}
	if told[2] != mounts[2] || !strings.Contains(read(mounts[0]), "127.0.0.1") {
		t.Errorf("%+v was not told, and what is told is a copy", told[2])
	}
	c, err := net.Dial("tcp", "127.0.0.2:"+port)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(c); string(b) != "here" {
		t.Errorf("behind the gate is %q, %v", b, err)
	}
	for user, mode := range map[string]os.FileMode{"": 0o600, "root": 0o600, "12345:1": 0o644} {
		told, err := n.Tell(mounts[:1], nil, user)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(told[0].From); err != nil || info.Mode().Perm() != mode {
			t.Errorf("for %q it can be read as %v, %v", user, info.Mode(), err)
		}
	}
	if _, err := n.Tell([]Mount{{From: filepath.Join(dir, "none"), Told: true}}, nil, ""); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("a file that is not there: %v", err)
	}
	n.Close()
	if _, err := os.Stat(told[0].From); !os.IsNotExist(err) {
		t.Errorf("when the network is closed, its copies are there: %v", err)
	}
	if same, err := (*Network)(nil).Tell(mounts, nil, ""); err != nil || same[0] != mounts[0] {
		t.Errorf("in this machine's network they are %+v, %v", same, err)
	}
}
