package sftp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	client "github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"

	"github.com/andon-rig/andon/simulators"
	"github.com/andon-rig/andon/simulators/transports/files"
	"github.com/andon-rig/andon/simulators/transports/files/sftp"
)

const user, password = "andon-erp", "open sesame"

// answerer imports files the way a test wants.
type answerer func(m simulators.Message) (simulators.Message, error)

func fine(simulators.Message) (simulators.Message, error) {
	return simulators.Message{Body: []byte("result"), Result: simulators.Result{Outcome: simulators.Applied, Status: 201}}, nil
}

func serve(t *testing.T, answer answerer) *sftp.Transport {
	t.Helper()
	s, err := sftp.New(sftp.Config{Share: files.Config{Root: t.TempDir(), Poll: time.Millisecond}, User: user, Password: password, Keys: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	before := runtime.NumGoroutine()
	go func() {
		ended <- s.Serve(ctx, func(_ context.Context, m simulators.Message) (simulators.Message, error) { return answer(m) })
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		until(t, "all goroutines have ended", func() bool { return runtime.NumGoroutine() <= before })
	})
	return s
}

func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(10 * time.Second)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("in vain: %s", what)
		}
	}
}

func address(s *sftp.Transport) string { return strings.TrimPrefix(s.URL(), "sftp://") }

func dial(t *testing.T, s *sftp.Transport, how ...ssh.AuthMethod) *client.Client {
	t.Helper()
	if len(how) == 0 {
		how = []ssh.AuthMethod{ssh.Password(password)}
	}
	conn, err := ssh.Dial("tcp", address(s), &ssh.ClientConfig{User: user, Auth: how, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewClient(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); conn.Close() })
	return c
}

func put(c *client.Client, path, body string) error {
	f, err := c.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write([]byte(body))
	return errors.Join(err, f.Close())
}

func TestUploadIsImported(t *testing.T) {
	for _, by := range []string{"rename", "direct"} {
		t.Run(by, func(t *testing.T) {
			var mu sync.Mutex
			var got []simulators.Message
			s := serve(t, func(m simulators.Message) (simulators.Message, error) {
				mu.Lock()
				defer mu.Unlock()
				got = append(got, m)
				return fine(m)
			})
			c := dial(t, s)
			first := "/in/confirmations.000001.csv"
			if by == "rename" {
				first += ".tmp"
			}
			if err := put(c, first, "HDR"); err != nil {
				t.Fatal(err)
			}
			if by == "rename" {
				if len(got) != 0 {
					t.Error("imported before it had its name")
				}
				if err := c.Rename(first, "/in/confirmations.000001.csv"); err != nil {
					t.Fatal(err)
				}
			}
			f, err := c.Open("/result/confirmations.000001.result.csv")
			if err != nil {
				t.Fatalf("there is no result after the upload: %v", err)
			}
			body, _ := io.ReadAll(f)
			if string(body) != "result" || len(got) != 1 || got[0].Name != "confirmations" || string(got[0].Body) != "HDR" {
				t.Errorf("result %q of %+v", body, got)
			}
		})
	}
}

// What a sender meets at the end of an upload, if it is to meet anything.
func TestUploadFails(t *testing.T) {
	for _, c := range []struct {
		symptom simulators.Symptom
		want    func(error) bool
	}{
		{simulators.NoSpace, func(err error) bool { return strings.Contains(err.Error(), "no space left on device") }},
		{simulators.Gateway, func(err error) bool { return strings.Contains(err.Error(), "SSH_FX_FAILURE") }},
		{simulators.Reset, func(err error) bool {
			return errors.Is(err, client.ErrSSHFxConnectionLost) || errors.Is(err, io.EOF) || errors.As(err, new(net.Error)) || strings.Contains(err.Error(), "connection lost")
		}},
	} {
		t.Run(string(c.symptom), func(t *testing.T) {
			s := serve(t, func(simulators.Message) (simulators.Message, error) {
				return simulators.Message{}, &simulators.LostError{Symptom: c.symptom}
			})
			sut := dial(t, s)
			if err := put(sut, "/in/a.000001.csv.tmp", "x"); err != nil {
				t.Fatal(err)
			}
			err := sut.Rename("/in/a.000001.csv.tmp", "/in/a.000001.csv")
			if err == nil || !c.want(err) {
				t.Errorf("the sender meets %v", err)
			}
			if left, err := dial(t, s).ReadDir("/in"); err != nil || len(left) != 0 {
				t.Errorf("left in in/: %v, %v", left, err)
			}
		})
	}
}

func TestFilesOfTheSystem(t *testing.T) {
	s := serve(t, fine)
	told := make(chan simulators.Outcome, 10)
	keep := func(m *simulators.Mishap) {
		t.Helper()
		err := s.Keep(context.Background(), simulators.Message{Name: "orders", Body: []byte("order"), Mishap: m}, func(r simulators.Result) { told <- r.Outcome })
		if err != nil {
			t.Fatal(err)
		}
		if o := <-told; o != simulators.Unknown {
			t.Fatalf("told %s", o)
		}
	}
	c := dial(t, s)

	keep(nil)
	f, err := c.Open("/out/orders.000001.csv")
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(f); string(b) != "order" {
		t.Errorf("read %q", b)
	}
	if err := c.Remove("/out/orders.000001.csv"); err != nil || <-told != simulators.Accepted {
		t.Errorf("remove: %v", err)
	}

	keep(nil)
	if err := c.Rename("/out/orders.000002.csv", "/rejected/orders.000002.csv"); err != nil || <-told != simulators.Refused {
		t.Errorf("reject: %v", err)
	}

	keep(&simulators.Mishap{Kind: simulators.FileUndelete, Times: 2})
	for range 2 {
		if err := c.Remove("/out/orders.000003.csv"); !os.IsPermission(err) {
			t.Errorf("remove what may not be removed: %v", err)
		}
	}
	if _, err := c.Open("/out/orders.000003.csv"); err != nil {
		t.Errorf("it can still be read: %v", err)
	}
	if err := c.Remove("/out/orders.000003.csv"); err != nil || <-told != simulators.Accepted {
		t.Errorf("the third time: %v", err)
	}

	keep(&simulators.Mishap{Kind: simulators.FileLocked, For: 50 * time.Millisecond})
	if _, err := c.Open("/out/orders.000004.csv"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("open what is locked: %v", err)
	}
	if err := c.Remove("/out/orders.000004.csv"); err == nil {
		t.Error("a locked file was removed")
	}
	until(t, "the lock is gone", func() bool { _, err := c.Open("/out/orders.000004.csv"); return err == nil })
	if err := c.Remove("/out/orders.000004.csv"); err != nil || <-told != simulators.Accepted {
		t.Errorf("remove: %v", err)
	}
}

func TestWhoMayEnter(t *testing.T) {
	s := serve(t, fine)
	key, err := os.ReadFile(s.KeyFile())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, s, ssh.PublicKeys(signer)).ReadDir("/out"); err != nil {
		t.Errorf("with the key: %v", err)
	}
	for name, c := range map[string]ssh.ClientConfig{
		"wrong password": {User: user, Auth: []ssh.AuthMethod{ssh.Password("guess")}},
		"no password":    {User: user, Auth: []ssh.AuthMethod{ssh.Password("")}},
		"wrong user":     {User: "root", Auth: []ssh.AuthMethod{ssh.Password(password)}},
	} {
		c.HostKeyCallback = ssh.InsecureIgnoreHostKey()
		if conn, err := ssh.Dial("tcp", address(s), &c); err == nil {
			conn.Close()
			t.Errorf("%s opens", name)
		}
	}
	// Nobody gets out of the share.
	for _, p := range []string{"/../../etc/passwd", "../../../../etc/passwd", "/in/../../../etc/passwd"} {
		if _, err := dial(t, s).Open(p); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("open %s: %v", p, err)
		}
	}
	if err := dial(t, s).Symlink("/etc/passwd", "/in/x.csv"); err == nil {
		t.Error("a link was made")
	}
}

// A standard client, which knows the server by its key and itself by its own.
func TestOpenSSH(t *testing.T) {
	program, err := exec.LookPath("sftp")
	if err != nil {
		t.Skip("there is no sftp; Debian: apt-get install openssh-client")
	}
	s := serve(t, fine)
	told := make(chan simulators.Outcome, 2)
	if err := s.Keep(context.Background(), simulators.Message{Name: "orders", Body: []byte("order")}, func(r simulators.Result) { told <- r.Outcome }); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine.csv"), []byte("confirmed"), 0o644); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(address(s))
	c := exec.Command(program, "-q", "-b", "-", "-P", port, "-F", "none", "-i", s.KeyFile(), "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none",
		"-o", "UserKnownHostsFile="+s.KnownHosts(), "-o", "StrictHostKeyChecking=yes", user+"@"+host)
	c.Dir = dir
	c.Stdin = strings.NewReader("ls -1 out\nget out/orders.000001.csv got.csv\nrm out/orders.000001.csv\n" +
		"put mine.csv in/confirmations.000001.csv.tmp\nrename in/confirmations.000001.csv.tmp in/confirmations.000001.csv\n" +
		"get result/confirmations.000001.result.csv\nls -1 archive\n")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"out/orders.000001.csv", "archive/confirmations.000001.csv"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("sftp does not show %s:\n%s", want, out)
		}
	}
	for file, want := range map[string]string{"got.csv": "order", "confirmations.000001.result.csv": "result"} {
		if b, err := os.ReadFile(filepath.Join(dir, file)); err != nil || string(b) != want {
			t.Errorf("%s is %q, %v", file, b, err)
		}
	}
	if first, second := <-told, <-told; first != simulators.Unknown || second != simulators.Accepted {
		t.Errorf("told %s, %s", first, second)
	}
}
