// Package sftp puts an SFTP server in front of a share of package files: an
// SSH server on loopback with a host key, a user, a password and a user key
// of its own, made anew for each run.
//
// Behind a server a share can refuse: a file is locked, a removal is denied,
// a connection breaks while an upload is completed. What the share says, this
// package says in the protocol's words; it knows neither dialects nor faults.
package sftp

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/subtle"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/files"
)

// Config is what a server is made of.
type Config struct {
	Share    files.Config // Attended is set here
	Listen   string       // host:port; "" means a free port of 127.0.0.1
	User     string
	Password string // "" means that only the key opens
	// Keys is where the SUT finds its private key (id_ed25519) and the
	// server's public one (known_hosts); "" writes neither.
	Keys string
	Log  *slog.Logger // nil discards
}

// Transport is a [simulators.Keeper] behind an SFTP server.
type Transport struct {
	*files.Transport
	config   Config
	listener net.Listener
	server   *ssh.ServerConfig
	public   ssh.PublicKey // of the server

	mu    sync.Mutex // guards conns
	conns map[net.Conn]struct{}
	open  sync.WaitGroup // sessions
}

var _ simulators.Keeper = (*Transport)(nil)

// New makes the share and binds the address, so that its URL can be told to
// the SUT. The caller calls Serve or Close.
func New(c Config) (*Transport, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Share.Attended = true
	share, err := files.New(c.Share)
	if err != nil {
		return nil, err
	}
	t := &Transport{Transport: share, config: c, conns: map[net.Conn]struct{}{}}
	address := c.Listen
	if address == "" {
		address = "127.0.0.1:0"
	}
	if t.listener, err = net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("listen for SFTP on %s: %w", address, err)
	}
	if err := t.keys(); err != nil {
		return nil, errors.Join(err, t.listener.Close())
	}
	return t, nil
}

// keys makes the server's key and the user's, and says who may enter.
func (t *Transport) keys() error {
	_, host, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make a host key: %w", err)
	}
	signer, err := ssh.NewSignerFromKey(host)
	if err != nil {
		return fmt.Errorf("use the host key: %w", err)
	}
	_, user, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make a user key: %w", err)
	}
	public, err := ssh.NewPublicKey(user.Public())
	if err != nil {
		return fmt.Errorf("use the user key: %w", err)
	}
	denied := errors.New("not allowed")
	t.server = &ssh.ServerConfig{
		PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if t.config.Password == "" || c.User() != t.config.User || subtle.ConstantTimeCompare(password, []byte(t.config.Password)) != 1 {
				return nil, denied
			}
			return nil, nil
		},
		PublicKeyCallback: func(c ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if c.User() != t.config.User || string(key.Marshal()) != string(public.Marshal()) {
				return nil, denied
			}
			return nil, nil
		},
	}
	t.server.AddHostKey(signer)
	t.public = signer.PublicKey()
	if t.config.Keys == "" {
		return nil
	}
	block, err := ssh.MarshalPrivateKey(user, "andon")
	if err != nil {
		return fmt.Errorf("write the user key: %w", err)
	}
	if err := os.WriteFile(t.KeyFile(), pem.EncodeToMemory(block), 0o600); err != nil {
		return fmt.Errorf("write the user key: %w", err)
	}
	return t.SeenAt(t.Addr())
}

// Addr is the address of the server, host and port.
func (t *Transport) Addr() string { return t.listener.Addr().String() }

// SeenAt has the SUT know the server by the address that it is told of: of
// something in between, if it is not the server's. The config names a folder for
// keys.
func (t *Transport) SeenAt(address string) error {
	line := knownhosts.Line([]string{address}, t.public)
	if err := os.WriteFile(t.KnownHosts(), []byte(line+"\n"), 0o644); err != nil {
		return fmt.Errorf("write the host key: %w", err)
	}
	return nil
}

// KeyFile is the SUT's private key.
func (t *Transport) KeyFile() string { return filepath.Join(t.config.Keys, "id_ed25519") }

// KnownHosts is the file that names the server's public key.
func (t *Transport) KnownHosts() string { return filepath.Join(t.config.Keys, "known_hosts") }

// URL is where the SUT finds the server.
func (t *Transport) URL() string { return "sftp://" + t.listener.Addr().String() }

// Close frees the address of a transport that was never served.
func (t *Transport) Close() error {
	if err := t.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// Serve implements [simulators.Transport].
func (t *Transport) Serve(ctx context.Context, receive simulators.Receiver) error {
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := t.listener.Accept()
			if err != nil {
				return
			}
			if t.enter(conn) {
				t.open.Go(func() {
					defer t.leave(conn)
					t.session(conn)
				})
			}
		}
	})
	err := t.Transport.Serve(ctx, receive) // until ctx is done and imports have ended
	_ = t.listener.Close()
	t.mu.Lock()
	for c := range t.conns {
		_ = c.Close()
	}
	t.conns = nil
	t.mu.Unlock()
	accepting.Wait()
	t.open.Wait()
	return err
}

// enter notes a connection; false if none is taken any more.
func (t *Transport) enter(c net.Conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.conns == nil {
		_ = c.Close()
		return false
	}
	t.conns[c] = struct{}{}
	return true
}

func (t *Transport) leave(c net.Conn) {
	_ = c.Close()
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, c)
}

// session serves one connection until it ends.
func (t *Transport) session(conn net.Conn) {
	c, channels, requests, err := ssh.NewServerConn(conn, t.server)
	if err != nil {
		t.config.Log.Debug("ssh", "error", err)
		return
	}
	defer c.Close()
	var sessions sync.WaitGroup
	defer sessions.Wait()
	go ssh.DiscardRequests(requests) // ends with the connection
	for n := range channels {
		if n.ChannelType() != "session" {
			_ = n.Reject(ssh.UnknownChannelType, "only sessions")
			continue
		}
		channel, asked, err := n.Accept()
		if err != nil {
			return
		}
		sessions.Go(func() { t.channel(conn, channel, asked) })
	}
}

// channel waits to be asked for SFTP and speaks it.
func (t *Transport) channel(conn net.Conn, channel ssh.Channel, asked <-chan *ssh.Request) {
	defer channel.Close()
	for r := range asked {
		ok := r.Type == "subsystem" && len(r.Payload) > 4 && string(r.Payload[4:]) == "sftp"
		if err := r.Reply(ok, nil); err != nil {
			return
		}
		if ok {
			break
		}
	}
	go ssh.DiscardRequests(asked)
	h := &handlers{share: t.Transport, conn: conn}
	server := sftp.NewRequestServer(channel, sftp.Handlers{FileGet: h, FilePut: h, FileCmd: h, FileList: h})
	if err := server.Serve(); err != nil {
		t.config.Log.Debug("sftp", "error", err)
	}
	_ = server.Close()
}
