package bridge

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// A share is the folder that the bridge exchanges files in. Paths have
// slashes; each call ends within the limit of a request.
type share interface {
	list(folder string) ([]os.FileInfo, error)
	read(path string) ([]byte, error)
	write(path string, b []byte) error // under this name from the start
	move(from, to string) error
	remove(path string) error
}

// openShare finds out from its URL where a share is.
func openShare(at Endpoint, limit time.Duration) (share, error) {
	u, err := url.Parse(at.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("share %q: %w", at.URL, err)
	case u.Scheme == "file":
		return folder(filepath.FromSlash(u.Path)), nil
	case u.Scheme == "sftp" && u.Host != "":
		return newRemote(u.Host, at, limit)
	}
	return nil, fmt.Errorf("share %q: not a URL such as file:///srv/exchange or sftp://host:22", at.URL)
}

// folder is a share on a disk of this machine, or mounted.
type folder string

func (f folder) at(p string) string { return filepath.Join(string(f), filepath.FromSlash(p)) }

func (f folder) list(p string) (infos []os.FileInfo, err error) {
	entries, err := os.ReadDir(f.at(p))
	for _, e := range entries {
		if info, err := e.Info(); err == nil { // else it has gone meanwhile
			infos = append(infos, info)
		}
	}
	return infos, err
}

func (f folder) read(p string) ([]byte, error)  { return os.ReadFile(f.at(p)) }
func (f folder) write(p string, b []byte) error { return os.WriteFile(f.at(p), b, 0o644) }
func (f folder) move(from, to string) error     { return os.Rename(f.at(from), f.at(to)) }
func (f folder) remove(p string) error          { return os.Remove(f.at(p)) }

// remote is a share behind an SFTP server. It keeps a few sessions, because a
// server answers the requests of one session one after the other.
type remote struct {
	host   string
	config *ssh.ClientConfig
	limit  time.Duration
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	idle   chan *session
}

// session is a connection; broken once something went wrong on it.
type session struct {
	conn   *ssh.Client
	client *sftp.Client
}

// mostSessions is how many connections are kept open.
const mostSessions = 8

func newRemote(host string, at Endpoint, limit time.Duration) (*remote, error) {
	hosts, err := knownhosts.New(at.KnownHosts)
	if err != nil {
		return nil, fmt.Errorf("known hosts: %w", err)
	}
	r := &remote{host: host, limit: limit, dial: new(net.Dialer).DialContext, idle: make(chan *session, mostSessions),
		config: &ssh.ClientConfig{User: at.Client, HostKeyCallback: hosts}}
	if at.Key != "" {
		b, err := os.ReadFile(at.Key)
		if err != nil {
			return nil, fmt.Errorf("key: %w", err)
		}
		key, err := ssh.ParsePrivateKey(b)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", at.Key, err)
		}
		r.config.Auth = append(r.config.Auth, ssh.PublicKeys(key))
	}
	if at.Secret != "" {
		r.config.Auth = append(r.config.Auth, ssh.Password(at.Secret))
	}
	return r, nil
}

// errNotSent says that nothing has reached the server.
var errNotSent = errors.New("no connection")

// with lends a session to do. One that has failed in a way the server did not
// word is closed: what else it would say is anybody's guess.
func (r *remote) with(do func(*sftp.Client) error) error {
	s, err := r.take()
	if err != nil {
		return errors.Join(errNotSent, err)
	}
	late := time.AfterFunc(r.limit, func() { _ = s.conn.Close() })
	err = do(s.client)
	if !late.Stop() || err != nil && !worded(err) {
		s.close()
		return err
	}
	select {
	case r.idle <- s:
	default:
		s.close()
	}
	return err
}

// worded reports whether an error is the server's answer, and not a sign that
// there is none.
func worded(err error) bool {
	var status *sftp.StatusError
	return errors.As(err, &status) || errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission)
}

func (r *remote) take() (*session, error) {
	select {
	case s := <-r.idle:
		return s, nil
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.limit)
	defer cancel()
	plain, err := r.dial(ctx, "tcp", r.host)
	if err != nil {
		return nil, err
	}
	_ = plain.SetDeadline(time.Now().Add(r.limit)) // a server that greets nobody is not waited for
	secure, channels, requests, err := ssh.NewClientConn(plain, r.host, r.config)
	if err != nil {
		return nil, errors.Join(err, plain.Close())
	}
	conn := ssh.NewClient(secure, channels, requests)
	client, err := sftp.NewClient(conn)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	_ = plain.SetDeadline(time.Time{})
	return &session{conn, client}, nil
}

func (s *session) close() {
	_ = s.conn.Close() // first: a client waits for its server to end the session
	_ = s.client.Close()
}

// close ends the sessions that nobody uses.
func (r *remote) close() {
	for {
		select {
		case s := <-r.idle:
			s.close()
		default:
			return
		}
	}
}

func (r *remote) list(p string) (infos []os.FileInfo, err error) {
	err = r.with(func(c *sftp.Client) error {
		infos, err = c.ReadDir("/" + p)
		return err
	})
	return infos, err
}

func (r *remote) read(p string) (b []byte, err error) {
	err = r.with(func(c *sftp.Client) error {
		f, err := c.Open("/" + p)
		if err != nil {
			return err
		}
		b, err = io.ReadAll(io.LimitReader(f, mostBody))
		return errors.Join(err, f.Close())
	})
	return b, err
}

func (r *remote) write(p string, b []byte) error {
	return r.with(func(c *sftp.Client) error {
		f, err := c.Create("/" + p)
		if err != nil {
			return err
		}
		_, err = f.Write(b)
		return errors.Join(err, f.Close())
	})
}

func (r *remote) move(from, to string) error {
	return r.with(func(c *sftp.Client) error { return c.PosixRename("/"+from, "/"+to) })
}

func (r *remote) remove(p string) error {
	return r.with(func(c *sftp.Client) error { return c.Remove("/" + p) })
}

// present reports whether a file is there; an error if that cannot be told.
func present(s share, folder, file string) (bool, error) {
	infos, err := s.list(folder)
	for _, i := range infos {
		if i.Name() == file {
			return true, nil
		}
	}
	return false, err
}

// until calls look now and then until it says that it has what it wants, or
// ctx is done.
func until(ctx context.Context, every time.Duration, look func() bool) bool {
	for !look() {
		if ctx.Err() != nil {
			return false
		}
		sleep(ctx, every)
	}
	return true
}

// fileNumber is the number in a file's name, 0 if there is none: what stands
// before the last point.
func fileNumber(file string) int {
	stem := file[:max(0, strings.LastIndexByte(file, '.'))]
	return number(stem[strings.LastIndexAny(stem, "._-")+1:])
}

// fileKind is what stands before the number: "orders".
func fileKind(file string) string {
	stem := file[:max(0, strings.LastIndexByte(file, '.'))]
	if i := strings.LastIndexAny(stem, "._-"); i > 0 && number(stem[i+1:]) > 0 {
		stem = stem[:i]
	}
	return strings.ToLower(stem)
}
