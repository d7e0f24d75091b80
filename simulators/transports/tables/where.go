package tables

import (
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Password is what the URL of a database says of its user in confidence; "" if
// it says nothing.
func Password(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		return ""
	}
	if p, said := u.User.Password(); said {
		return p
	}
	return u.Query().Get("password")
}

// OnThisMachine reports whether the database at a URL can only be one of this
// machine: behind each address that the URL means, also by the environment, is
// the loopback interface or a socket of the file system.
func OnThisMachine(at string) (bool, error) {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return false, errNoURL
	}
	c, err := pgconn.ParseConfig(at)
	if err != nil {
		return false, errNoURL // what it says may hold the password
	}
	if !local(c.Host) {
		return false, nil
	}
	for _, f := range c.Fallbacks {
		if !local(f.Host) {
			return false, nil
		}
	}
	return true, nil
}

// Address is where the server of a database listens, as host:port; "" if it is
// no socket of TCP.
func Address(at string) string {
	c, err := pgconn.ParseConfig(at)
	if err != nil || strings.HasPrefix(c.Host, "/") || strings.HasPrefix(c.Host, "@") {
		return ""
	}
	return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
}

// Via is the URL of the same database by a road to its server that begins at
// address, on which nothing is encrypted: who stands there must see what is
// said.
func Via(at, address string) string {
	u, err := url.Parse(at)
	if err != nil {
		return at
	}
	q := u.Query()
	for _, elsewhere := range []string{"host", "hostaddr", "port"} {
		q.Del(elsewhere)
	}
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = address, plain20(q)
	return u.String()
}

var errNoURL = errors.New("url: not one such as postgres://user@127.0.0.1:5432/name")

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") || ip != nil && ip.IsLoopback()
}
