package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// A Network is one that a SUT has to itself, and the gates in it through which
// the SUT reaches the rig.
//
// The rig's endpoints listen on the loopback interface of this machine, and
// stay there. For each of them that the SUT is told of, a gate listens on this
// machine's address in the SUT's network, under the same port, and copies what
// comes to the endpoint and back. So nothing listens where others than the SUT
// could reach it, and no endpoint has to know of containers.
type Network struct {
	ID, Name string
	Gateway  netip.Addr // this machine in the network

	wg sync.WaitGroup // of gates

	mu     sync.Mutex // guards what follows
	gates  map[string]net.Listener
	open   map[net.Conn]bool
	closed bool

	told string // a folder of files with its addresses; "" if there are none
}

// desktop is the name under which engines in a virtual machine (Docker
// Desktop) know the machine around it, loopback interface included.
const desktop = "host.docker.internal"

// Network makes a network. Its addresses are chosen by the engine and then
// kept, so that a container that is taken out and put back can have the one it
// had: engines allow that only in networks whose range was asked for.
func (e *Engine) Network(ctx context.Context, more map[string]string) (*Network, error) {
	labels := e.Labels()
	maps.Copy(labels, more)
	var last error
	for range 5 { // somebody may take the range between the two
		n, err := e.NetworkCreate(ctx, e.Name(), client.NetworkCreateOptions{Driver: "bridge", Labels: labels})
		if err != nil {
			return nil, fmt.Errorf("make a network for the SUT: %w", err)
		}
		seen, err := e.NetworkInspect(ctx, n.ID, client.NetworkInspectOptions{})
		if _, rerr := e.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{}); errors.Join(err, rerr) != nil {
			return nil, fmt.Errorf("make a network for the SUT: %w", errors.Join(err, rerr))
		}
		i := slices.IndexFunc(seen.Network.IPAM.Config, func(c network.IPAMConfig) bool { return c.Subnet.Addr().Is4() && c.Gateway.IsValid() })
		if i < 0 {
			return nil, errors.New("make a network for the SUT: the engine gave it no IPv4 range")
		}
		ipam := seen.Network.IPAM.Config[i]
		n, last = e.NetworkCreate(ctx, e.Name(), client.NetworkCreateOptions{Driver: "bridge", Labels: labels,
			IPAM: &network.IPAM{Config: []network.IPAMConfig{{Subnet: ipam.Subnet, Gateway: ipam.Gateway}}}})
		if last == nil {
			return &Network{ID: n.ID, Name: e.Name(), Gateway: ipam.Gateway, gates: map[string]net.Listener{}, open: map[net.Conn]bool{}}, nil
		}
	}
	return nil, fmt.Errorf("make a network for the SUT: %w", last)
}

// loopback finds addresses of this machine's loopback interface in what a SUT
// is told, also as ssh lists hosts.
var loopback = regexp.MustCompile(`(127\.0\.0\.1|\[127\.0\.0\.1\]|localhost|\[::1\]):(\d{1,5})`)

// Translate says what text means inside the network. The SUT's own ports are
// where it must listen: on all its interfaces, so that it can be reached from
// outside. All others are the rig's, and get a gate.
func (n *Network) Translate(text string, own []string) (string, error) {
	var failed error
	out := loopback.ReplaceAllStringFunc(text, func(address string) string {
		host, port, _ := net.SplitHostPort(address)
		if slices.Contains(own, port) {
			return "0.0.0.0:" + port
		}
		at, err := n.gate(host, port)
		if err != nil {
			failed = err
		}
		if inside, _, _ := net.SplitHostPort(at); strings.HasPrefix(address, "[127") {
			at = "[" + inside + "]:" + port
		}
		return at
	})
	return out, failed
}

// Tell translates the files that are told: those that it returns are copies,
// which go with the network. Those for somebody else, by the user that a container
// runs as, can be read by all: ssh takes no key of one's own that is. In no network
// of their own, nil, nothing is to be translated.
func (n *Network) Tell(mounts []Mount, own []string, user string) ([]Mount, error) {
	if n == nil {
		return mounts, nil
	}
	id, _, _ := strings.Cut(user, ":")
	another := user != "" && id != "root" && id != strconv.Itoa(os.Getuid())
	mounts = slices.Clone(mounts)
	for i, m := range mounts {
		if !m.Told {
			continue
		}
		from, err := n.tell(m.From, own)
		if err == nil && another {
			err = os.Chmod(from, 0o644)
		}
		if err != nil {
			return nil, fmt.Errorf("tell the SUT what stands in %s: %w", m.From, err)
		}
		mounts[i].From = from
	}
	return mounts, nil
}

func (n *Network) tell(file string, own []string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text, err := n.Translate(string(b), own)
	if err != nil {
		return "", err
	}
	if n.told == "" {
		if n.told, err = os.MkdirTemp("", "andon-told-*"); err != nil {
			return "", err
		}
	}
	to, err := os.CreateTemp(n.told, "*-"+filepath.Base(file))
	if err != nil {
		return "", err
	}
	_, err = to.WriteString(text)
	return to.Name(), errors.Join(err, to.Chmod(info.Mode().Perm()), to.Close())
}

// gate opens the gate to an endpoint, unless it is open, and says where it is.
func (n *Network) gate(host, port string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := net.JoinHostPort(n.Gateway.String(), port)
	if n.gates[port] != nil {
		return at, nil
	}
	l, err := net.Listen("tcp", at)
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		return net.JoinHostPort(desktop, port), nil // the network is not on this machine but in its virtual machine
	}
	if err != nil {
		return "", fmt.Errorf("let the SUT reach the rig's %s: %w", net.JoinHostPort(host, port), err)
	}
	n.gates[port] = l
	n.wg.Go(func() { n.attend(l, net.JoinHostPort(host, port)) })
	return at, nil
}

// attend lets in whoever comes.
func (n *Network) attend(l net.Listener, to string) {
	for {
		in, err := l.Accept()
		if err != nil {
			return
		}
		n.wg.Go(func() { n.pass(in, to) })
	}
}

// pass copies both ways, and keeps half-closes what they are.
func (n *Network) pass(in net.Conn, to string) {
	defer n.forget(in)
	if !n.remember(in) {
		return
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		if t, ok := in.(*net.TCPConn); ok {
			_ = t.SetLinger(0) // refused, as nearly as one can after accepting
		}
		return
	}
	defer n.forget(out)
	if !n.remember(out) {
		return
	}
	var wg sync.WaitGroup
	wg.Go(func() { half(out, in) })
	wg.Go(func() { half(in, out) })
	wg.Wait()
}

func half(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if t, ok := to.(*net.TCPConn); ok && err != nil {
		_ = t.SetLinger(0) // a reset is passed on as one
		_ = t.Close()
	} else if ok {
		_ = t.CloseWrite()
	}
}

func (n *Network) remember(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.closed {
		n.open[c] = true
	}
	return !n.closed
}

func (n *Network) forget(c net.Conn) {
	_ = c.Close()
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.open, c)
}

// Close closes the gates and waits until nobody is in them. The network itself
// goes with [Engine.Clean].
func (n *Network) Close() {
	if n == nil {
		return
	}
	n.mu.Lock()
	n.closed = true
	for _, l := range n.gates {
		_ = l.Close()
	}
	for c := range n.open {
		_ = c.Close()
	}
	n.mu.Unlock()
	n.wg.Wait()
	if n.told != "" {
		_ = os.RemoveAll(n.told)
	}
}

// TranslateAll is Translate for an environment.
func (n *Network) TranslateAll(env map[string]string, own []string) (map[string]string, error) {
	out := make(map[string]string, len(env))
	for k, v := range env {
		t, err := n.Translate(v, own)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", k, err)
		}
		out[k] = t
	}
	return out, nil
}

// gone reports whether an error of the engine says that there is no such thing
// or that it is being removed already.
func gone(err error) bool {
	text := err.Error()
	return strings.Contains(text, "No such") || strings.Contains(text, "no such") || strings.Contains(text, "not found") || strings.Contains(text, "already in progress")
}
