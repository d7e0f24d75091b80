package fleet

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// A Server is a NATS server inside this process, for runs that bring their own.
// Who does not know its token does not get in.
type Server struct {
	server *server.Server
	dir    string
	url    string
}

// StartServer starts a server at listen, a host and a port; "" is a free port of
// the loopback interface.
func StartServer(listen string) (*Server, error) {
	host, port := "127.0.0.1", server.RANDOM_PORT
	if listen != "" {
		h, p, err := net.SplitHostPort(listen)
		if err != nil {
			return nil, fmt.Errorf("%q is no address such as 127.0.0.1:4222: %w", listen, err)
		}
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 65535 {
			return nil, fmt.Errorf("%q has no port of 0 to 65535", listen)
		}
		if host = h; n > 0 {
			port = n
		}
	}
	dir, err := os.MkdirTemp("", "andon-fleet-*")
	if err != nil {
		return nil, fmt.Errorf("make a directory for the NATS server: %w", err)
	}
	s := &Server{dir: dir}
	token := rand.Text()
	s.server, err = server.NewServer(&server.Options{ServerName: "andon-load", Host: host, Port: port, Authorization: token, JetStream: true, StoreDir: dir, NoSigs: true, NoLog: true})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start NATS server: %w", err), os.RemoveAll(dir))
	}
	go s.server.Start()
	if !s.server.ReadyForConnections(10 * time.Second) {
		return nil, errors.Join(fmt.Errorf("start NATS server at %s: it was not ready within 10 s; is its port in use?", net.JoinHostPort(host, strconv.Itoa(max(port, 0)))), s.Close())
	}
	s.url = (&url.URL{Scheme: "nats", User: url.User(token), Host: s.server.Addr().String()}).String()
	return s, nil
}

// URL is where agents join, with the token in it.
func (s *Server) URL() string { return s.url }

// Close ends the server and removes what it kept.
func (s *Server) Close() error {
	s.server.Shutdown()
	s.server.WaitForShutdown()
	return os.RemoveAll(s.dir)
}

// clean leaves credentials out of an address.
func clean(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = url.User("…")
	return u.Redacted()
}
