// Package tablestest starts a PostgreSQL server for tests.
//
// It knows nothing of tables.
package tablestest

import (
	"bytes"
	"database/sql"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // to knock at its door
)

// PostgreSQL starts a server of Debian's package postgresql on a free port of
// the loopback interface and returns the URL of an empty database. It ends with
// the test. Where there is no such package the test is skipped.
func PostgreSQL(t testing.TB) string {
	t.Helper()
	bin := installed()
	if bin == "" {
		t.Skip("there is no PostgreSQL below /usr/lib/postgresql: apt-get install postgresql")
	}
	dir, err := os.MkdirTemp("", "andon-postgresql-*")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	as, err := somebody(dir)
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	if out, err := as(bin+"/initdb", "-D", data, "-U", "andon", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := free(t)
	server := as(bin+"/postgres", "-D", data, "-h", "127.0.0.1", "-p", port, "-k", dir, "-c", "fsync=off", "-c", "synchronous_commit=off")
	var log bytes.Buffer
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGINT) // fast shutdown: sessions are ended
		_ = server.Wait()
	})
	url := fmt.Sprintf("postgres://andon@127.0.0.1:%s/postgres?sslmode=disable", port)
	await(t, url, &log)
	return url
}

// installed is the folder of the newest server there is; "" if there is none.
func installed() string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	slices.Sort(found)
	if len(found) == 0 {
		return ""
	}
	return filepath.Dir(found[len(found)-1])
}

// somebody runs commands in dir as a user who may run a server: root may not.
func somebody(dir string) (func(name string, args ...string) *exec.Cmd, error) {
	credential := (*syscall.Credential)(nil)
	if os.Geteuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			if u, err = user.Lookup("nobody"); err != nil {
				return nil, err
			}
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		if err := os.Chown(dir, uid, gid); err != nil {
			return nil, err
		}
		credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	return func(name string, args ...string) *exec.Cmd {
		c := exec.Command(name, args...)
		c.Dir, c.SysProcAttr = dir, &syscall.SysProcAttr{Credential: credential}
		return c
	}, nil
}

func free(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// await waits until the server answers.
func await(t testing.TB, url string, log *bytes.Buffer) {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for until := time.Now().Add(time.Minute); ; {
		if err = db.Ping(); err == nil {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("the server does not answer: %v\n%s", err, log)
		}
		<-time.After(20 * time.Millisecond)
	}
}
