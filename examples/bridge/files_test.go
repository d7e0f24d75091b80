package bridge

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// shareWorld is a world whose ERP is a share behind an SFTP server, on which an
// import job answers every file with the result that a test wants.
type shareWorld struct {
	*world
	files  *sftp.Client // of the test
	mu     sync.Mutex   // guards what follows
	refuse int          // how many removals are still refused
	in     []string     // files that were uploaded, by name and content
	result string       // RES and ROW of each; "" gives none
}

func newShareWorld(w *world) *shareWorld {
	w.t.Helper()
	s := &shareWorld{world: w, result: "RES;f;applied;201;1;1;;;;\r\nROW;1;r;201;4900000001;;;\r\n"}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		w.t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		w.t.Fatal(err)
	}
	known := filepath.Join(w.t.TempDir(), "known_hosts")
	if err := os.WriteFile(known, []byte(knownhosts.Line([]string{listener.Addr().String()}, signer.PublicKey())+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	config := &ssh.ServerConfig{PasswordCallback: func(ssh.ConnMetadata, []byte) (*ssh.Permissions, error) { return nil, nil }}
	config.AddHostKey(signer)
	memory := sftp.InMemHandler()
	handlers := memory
	handlers.FileCmd = commands{s, memory.FileCmd}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSFTP(conn, config, handlers)
		}
	}()
	w.t.Cleanup(func() { listener.Close() })
	conn, err := ssh.Dial("tcp", listener.Addr().String(), &ssh.ClientConfig{User: "test", Auth: []ssh.AuthMethod{ssh.Password("x")}, HostKeyCallback: ssh.InsecureIgnoreHostKey()})
	if err != nil {
		w.t.Fatal(err)
	}
	if s.files, err = sftp.NewClient(conn); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { s.files.Close(); conn.Close() })
	for _, d := range []string{"in", "out", "result", "archive", "error", "rejected"} {
		if err := s.files.Mkdir("/" + d); err != nil {
			w.t.Fatal(err)
		}
	}
	w.config.Dialect = dialectFiles
	w.config.ERP = Endpoint{URL: "sftp://" + listener.Addr().String(), Client: "bridge", Secret: "s3cret", KnownHosts: known}
	return s
}

func serveSFTP(conn net.Conn, config *ssh.ServerConfig, handlers sftp.Handlers) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for n := range channels {
		channel, asked, err := n.Accept()
		if err != nil {
			return
		}
		go func() {
			for r := range asked {
				_ = r.Reply(r.Type == "subsystem", nil)
			}
		}()
		go func() {
			_ = sftp.NewRequestServer(channel, handlers).Serve()
			_ = channel.Close()
		}()
	}
}

// commands refuses some removals, and imports what is uploaded.
type commands struct {
	s *shareWorld
	sftp.FileCmder
}

func (c commands) PosixRename(r *sftp.Request) error {
	err := c.FileCmder.(sftp.PosixRenameFileCmder).PosixRename(r)
	if err == nil && strings.HasPrefix(r.Target, "/in/") {
		go c.s.imported(strings.TrimPrefix(r.Target, "/in/"))
	}
	return err
}

func (c commands) Filecmd(r *sftp.Request) error {
	c.s.mu.Lock()
	refused := r.Method == "Remove" && strings.HasPrefix(r.Filepath, "/out/") && c.s.refuse > 0
	if refused {
		c.s.refuse--
	}
	c.s.mu.Unlock()
	if refused {
		return sftp.ErrSSHFxPermissionDenied
	}
	return c.FileCmder.Filecmd(r)
}

// imported answers an upload.
func (s *shareWorld) imported(file string) {
	f, err := s.files.Open("/in/" + file)
	if err != nil {
		return
	}
	b, _ := io.ReadAll(f)
	f.Close()
	s.mu.Lock()
	s.in = append(s.in, file+"\n"+string(b))
	result := s.result
	s.mu.Unlock()
	if result == "" {
		_ = s.files.Remove("/in/" + file)
		s.note()
		return
	}
	s.put("result/"+(&filesSide{}).resultOf(file), fmt.Sprintf("HDR;files/v1;result;ERP;x;x\r\n%sTRL;%d;0\r\n", result, strings.Count(result, "\r\n")))
	_ = s.files.Rename("/in/"+file, "/archive/"+file)
	s.note()
}

func (s *shareWorld) uploads() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.in)
}

func (s *shareWorld) put(path, body string) *sftp.File {
	f, err := s.files.Create("/" + path)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := f.Write([]byte(body)); err != nil {
		s.t.Fatal(err)
	}
	return f
}

func (s *shareWorld) lies(path string) bool {
	_, err := s.files.Stat("/" + path)
	return err == nil
}

// gone waits until a file is gone.
func (s *shareWorld) gone(path string) {
	s.t.Helper()
	for begun := time.Now(); s.lies(path); s.pass(5 * time.Millisecond) {
		if time.Since(begun) > 10*time.Second {
			s.t.Fatalf("%s is still there", path)
		}
	}
}

// orderFile is the export of an order, and the message it must become.
func orderFile(id string) (message, string) {
	event := "order-released/" + id + "/1"
	return message{"erp", "orders", event, ""}, "HDR;files/v1;orders;ERP;f;2026-03-02T05:30:00+01:00\r\n" +
		"ORD;" + event + ";2026-03-02T05:30:00+01:00;" + id + ";PUMP-7;C;200;EA;;2026-03-02T22:00:00+01:00;4;L-1\r\n" +
		"OPR;0010;Machine housing;WC-1;1500;61.5;\r\nCMP;0010;CASTING-3;200;EA\r\nTRL;3;400\r\n"
}

// halfAFile is what brings M62 to light: a file that is still being written.
func halfAFile(w *world) []string {
	s := newShareWorld(w)
	s.start()
	m, body := orderFile("4711")
	half := strings.Index(body, "OPR")
	f := s.put("out/orders.000001.csv", body[:half-20]) // in the middle of the line ORD
	for range 60 {                                      // sound, it lies there all the while
		if s.pass(5 * time.Millisecond); !s.lies("out/orders.000001.csv") {
			break
		}
	}
	_, _ = f.Write([]byte(body[half-20:])) // into nothing, if it has been taken
	f.Close()
	s.settled(m)
	return s.judge(m)
}

// cannotBeRemoved is what brings M63 to light.
func cannotBeRemoved(w *world) []string {
	s := newShareWorld(w)
	s.refuse = 3
	s.start()
	m, body := orderFile("4711")
	s.put("out/orders.000001.csv", body).Close()
	s.gone("out/orders.000001.csv")
	s.settled(m)
	return s.judge(m)
}

// postedInPart is what brings M22 to light where files are posted: the only row
// of a file is refused.
func postedInPart(w *world) []string {
	s := newShareWorld(w)
	m := consumption("1", 1, "CASTING-3", "BAD", "1", "EA")
	w.erp.refuse[m.event] = lotExpired
	s.result = "RES;f;partly;207;1;0;;;;\r\nROW;1;" + m.event + ";422;;lot-expired;data-quality;it has expired\r\n"
	s.start()
	s.sendAll(m)
	s.settled(m)
	return s.judge(m)
}

func TestFilesBecomeMessages(t *testing.T) {
	s := newShareWorld(newWorld(t, ""))
	s.start()
	var ms []message
	for n, id := range []string{"4711", "4712", "4713"} {
		m, body := orderFile(id)
		switch n {
		case 1: // after an update of the ERP
			body = "\ufeff" + body
		case 2: // the same file again, under another name
			s.put("out/orders.000009.csv", strings.ReplaceAll(body, "\r\n", "\n")).Close()
		}
		ms = append(ms, m)
		s.put(fmt.Sprintf("out/orders.%06d.csv", n+1), body).Close()
	}
	s.put("out/.orders.000004.csv.tmp", "not a file yet").Close()
	s.settled(ms...)
	if got := s.judge(ms...); len(got) > 0 {
		t.Errorf("complaints: %q", got)
	}
	s.gone("out/orders.000009.csv")
	if !s.lies("out/.orders.000004.csv.tmp") {
		t.Error("a file that has no name yet was touched")
	}
}

func TestMissingNumberIsWaitedFor(t *testing.T) {
	s := newShareWorld(newWorld(t, ""))
	s.start()
	first, body := orderFile("4711")
	later, laterBody := orderFile("4712")
	s.put("out/orders.000002.csv", laterBody).Close()
	s.pass(150 * time.Millisecond)
	if n := len(s.mes.effectsOf(later.event)); n != 0 {
		t.Fatal("taken before the number before it")
	}
	s.put("out/orders.000001.csv", body).Close()
	s.settled(first, later)
	if got := s.judge(first, later); len(got) > 0 {
		t.Errorf("complaints: %q", got)
	}
}

func TestPostingByFile(t *testing.T) {
	s := newShareWorld(newWorld(t, ""))
	s.start()
	s.sendAll(confirmation("4711", 3))
	s.must("a file", func() bool { return len(s.uploads()) == 1 })
	got := s.uploads()[0]
	if !strings.HasPrefix(got, "confirmations.000001.csv\nHDR;files/v1;confirmations;MES;") || !strings.Contains(got, "\r\nCNF;") || !strings.Contains(got, "\r\nTRL;1;") {
		t.Errorf("uploaded\n%s", got)
	}
	s.gone("in/confirmations.000001.csv")
	if rs := s.surfaced(confirmation("4711", 3).event); len(rs) > 0 {
		t.Errorf("reported: %+v", rs)
	}
}

// A file that vanishes without a result leaves a doubt, and what is done about
// it was agreed upon.
func TestLostResult(t *testing.T) {
	m := confirmation("4711", 3)
	t.Run("repeat", func(t *testing.T) {
		s := newShareWorld(newWorld(t, ""))
		s.config.Timeout = 200 * time.Millisecond
		s.result = ""
		s.start()
		s.sendAll(m)
		s.must("it is left there again", func() bool { return len(s.uploads()) >= 2 })
		s.mu.Lock()
		s.result = "RES;f;refused;409;1;0;already-posted;business;;known\r\nROW;1;" + m.event + ";409;;already-posted;business;known\r\n"
		s.mu.Unlock()
		s.pass(600 * time.Millisecond)
		if rs := s.surfaced(m.event); len(rs) > 0 {
			t.Errorf("what was posted before was reported: %+v", rs)
		}
		n := len(s.uploads())
		s.pass(600 * time.Millisecond)
		if more := len(s.uploads()); more != n {
			t.Errorf("%d uploads after it was known to be posted", more-n)
		}
	})
	t.Run("stop", func(t *testing.T) {
		s := newShareWorld(newWorld(t, ""))
		s.config.Timeout, s.config.InDoubt = 200*time.Millisecond, "stop"
		s.result = ""
		s.start()
		s.sendAll(m)
		s.must("a person is told", func() bool { return len(s.surfaced(m.event)) == 1 })
		if r := s.surfaced(m.event)[0]; r.Class != technical || !strings.Contains(r.Reason, "in-doubt") || len(s.uploads()) != 1 {
			t.Errorf("%d uploads, report %+v", len(s.uploads()), r)
		}
	})
}

// What is only accepted is handed in again, since no other result will come; of a
// status that nobody knows the rows say more.
func TestResultThatIsNoYes(t *testing.T) {
	m := confirmation("4711", 3)
	for name, c := range map[string]struct {
		result string
		again  bool
	}{
		"accepted":                   {"RES;f;accepted;202;0;0;;;;\r\n", true},
		"unknown, without a row":     {"RES;f;odd;299;0;0;;;;\r\n", true},
		"unknown, with a row posted": {"RES;f;odd;299;1;1;;;;\r\nROW;1;" + m.event + ";201;4900000001;;;\r\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShareWorld(newWorld(t, ""))
			s.result = c.result
			s.start()
			s.sendAll(m)
			s.must("a file", func() bool { return len(s.uploads()) >= 1 })
			if got := s.until(500*time.Millisecond, func() bool { return len(s.uploads()) >= 2 }); got != c.again {
				t.Errorf("left there again: %v, want %v", got, c.again)
			}
		})
	}
}

// What a record has no room for and nobody knows is refused, not left out.
func TestRecordsOfWhatNobodyKnows(t *testing.T) {
	m := consumption("4711", 1, "CASTING-3", "L-1", "1", "EA")
	for name, c := range map[string]struct{ was, is, want string }{
		"as agreed":    {"", "", ""},
		"another word": {`"Consumed"`, `"Reclaimed"`, `nobody knows the word "Reclaimed"`},
		"its own word": {`"Consumed"`, `{"$":"Other","@OtherValue":"Reclaimed"}`, `nobody knows the word "Reclaimed"`},
		"scrap":        {`"Consumed"`, `{"$":"Other","@OtherValue":"Scrap"}`, ""},
		"not UTF-8":    {`L-1`, "L-\xfc", "is not UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			it := &item{name: m.name, body: []byte(strings.ReplaceAll(m.body, c.was, c.is))}
			if c.was == "" {
				it.body = []byte(m.body)
			}
			_, _, err := recordsOf(it, new(big.Rat))
			if got := fmt.Sprint(err); (err == nil) != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestReadFlat(t *testing.T) {
	_, body := orderFile("4711")
	var form FileForm
	if rs, err := form.read([]byte(body), ""); err != nil || len(rs) != 3 {
		t.Errorf("whole: %v, %v", rs, err)
	}
	for cut := range len(body) {
		if rs, err := form.read([]byte(body[:cut]), ""); err == nil {
			t.Fatalf("cut off after %d bytes it was read as %v", cut, rs)
		}
	}
	odd := line{"CNF", `a;b "c"`, "two\r\nlines", " blank ", "Ä"}
	written, err := form.write("n", "id", "at", []line{odd}, new(big.Rat))
	if err != nil {
		t.Fatal(err)
	}
	rs, err := form.read(written, "")
	if err != nil || len(rs) != 1 || !slices.Equal(rs[0], odd) {
		t.Errorf("got %q, %v; want %q", rs, err, odd)
	}
}
