package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/harness/verify"
)

// rabbitAt is where Debian keeps the program itself, which runs as anybody.
const rabbitAt = "/usr/lib/rabbitmq/bin/rabbitmq-server"

// rabbit starts a broker of its own and returns its address.
func rabbit(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(rabbitAt); err != nil {
		t.Skip("there is no RabbitMQ: apt-get install rabbitmq-server")
	}
	for tries := 1; ; tries++ {
		at, said := tryRabbit(t)
		if said == "" {
			return at
		}
		if t.Log("RabbitMQ ended, perhaps as a port was taken meanwhile:\n", said); tries == 3 {
			t.FailNow()
		}
	}
}

// tryRabbit returns what the broker said if it ended before it answered.
func tryRabbit(t *testing.T) (at, said string) {
	t.Helper()
	dir := t.TempDir()
	ports := freePorts(t, 3)
	env := append(os.Environ(), "HOME="+dir, "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT="+ports[0], "RABBITMQ_NODENAME=andon-"+ports[1]+"@localhost",
		"RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT="+ports[1], "RABBITMQ_DIST_PORT="+ports[2],
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}", "RABBITMQ_LOGS=-")
	for _, name := range []string{"MNESIA_BASE", "LOG_BASE", "ENABLED_PLUGINS_FILE", "PID_FILE", "CONF_ENV_FILE", "CONFIG_FILE"} {
		env = append(env, "RABBITMQ_"+name+"="+filepath.Join(dir, strings.ToLower(name)))
	}
	var out output
	c := exec.Command(rabbitAt)
	c.Env, c.Stdout, c.Stderr, c.SysProcAttr = env, &out, &out, &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }()
	t.Cleanup(func() {
		select {
		case <-ended:
		default:
			_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			<-ended
		}
		end := exec.Command("epmd", "-kill") // the names of Erlang's nodes, which it has started beside
		end.Env = env
		_ = end.Run()
		for limit := time.Now().Add(10 * time.Second); os.RemoveAll(dir) != nil && time.Now().Before(limit); { // what still writes there is about to end
			time.Sleep(50 * time.Millisecond)
		}
	})
	at = "amqp://127.0.0.1:" + ports[1]
	for limit := time.Now().Add(2 * time.Minute); ; {
		if conn, err := amqp.Dial(at); err == nil {
			_ = conn.Close()
			return at, ""
		}
		select {
		case <-ended:
			return "", out.String() + "."
		case <-time.After(200 * time.Millisecond):
		}
		if time.Now().After(limit) {
			t.Fatalf("RabbitMQ does not answer:\n%s", out.String())
		}
	}
}

// output keeps what a process says.
type output struct {
	sync.Mutex
	b bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.Lock()
	defer o.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.Lock()
	defer o.Unlock()
	return o.b.String()
}

func freePorts(t *testing.T, n int) (ports []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	}
	return ports
}

// Messages are caught from an exchange, and a bridge that fails verifies
// nothing there either.
func TestMessagesOverAMQP(t *testing.T) {
	address := rabbit(t)
	u, err := verify.Address(address, false, "amqp")
	if err != nil {
		t.Fatal(err)
	}
	for topic, want := range map[string]string{"": "needs --topic exchange", "erp": "there is no such exchange", "/key": "needs --topic exchange"} {
		if _, err := verify.Subscribe(t.Context(), u, topic, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("topic %q: got %v", topic, err)
		}
	}
	provider := newPublisher(t, address)
	for _, c := range []struct {
		name, topic string
		emits       func(ctx context.Context)
		want        evidence.Verdict
		text        string
	}{
		{"one", "erp", func(ctx context.Context) { provider.emit(ctx, "erp.orders", goodEvent) }, evidence.Holds, ""},
		{"one, by its key", "erp/erp.*", func(ctx context.Context) { provider.emit(ctx, "erp.orders", goodEvent) }, evidence.Holds, ""},
		{"of another type", "erp", func(ctx context.Context) { provider.emit(ctx, "erp.orders", `{"no": "1000001", "revision": "7"}`) }, evidence.Violated, "$.revision"},
		{"by another key", "erp/erp.*", func(ctx context.Context) { provider.emit(ctx, "mes.orders", goodEvent) }, evidence.Inconclusive, "nothing came"},
		{"none", "erp", func(context.Context) {}, evidence.Inconclusive, "nothing came"},
		{"two", "erp", func(ctx context.Context) {
			provider.emit(ctx, "erp.orders", goodEvent)
			provider.emit(ctx, "erp.orders", goodEvent)
		}, evidence.Inconclusive, "two messages came"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := verify.Subscribe(t.Context(), u, c.topic, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}()
			s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.emits(r.Context()) }))
			defer s.Close()
			b := &verify.Bridge{Trigger: at(t, s.URL), Listener: l, Timeout: 5 * time.Second, Quiet: time.Second}
			if c.text == "nothing came" {
				b.Timeout = time.Second
			}
			r := replay(t, verify.Target{Bridge: b}, eventPact).All[0]
			if told := fmt.Sprint(r.Text, r.Breaches); r.Verdict != c.want || !strings.Contains(told, c.text) {
				t.Errorf("got %s %s, want %s %s", r.Verdict, told, c.want, c.text)
			}
		})
	}
}

// A publisher is a provider that has an exchange.
type publisher struct {
	t  *testing.T
	ch *amqp.Channel
}

func newPublisher(t *testing.T, at string) publisher {
	t.Helper()
	c, err := amqp.Dial(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	ch, err := c.Channel()
	if err == nil {
		err = ch.ExchangeDeclare("erp", "topic", false, false, false, false, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return publisher{t, ch}
}

func (p publisher) emit(ctx context.Context, key, body string) {
	if err := p.ch.PublishWithContext(ctx, "erp", key, false, false, amqp.Publishing{ContentType: "application/json", Body: []byte(body)}); err != nil {
		p.t.Error(err)
	}
}
