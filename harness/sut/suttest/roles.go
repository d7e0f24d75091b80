package suttest

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What tells a test binary that it is to play a SUT.
const (
	roleVariable   = "ANDON_SUTTEST_ROLE"
	listenVariable = "ANDON_SUTTEST_LISTEN"
	stateVariable  = "ANDON_SUTTEST_STATE"
)

// Main runs the tests, or plays the SUT if the binary was started as one.
func Main(m *testing.M) {
	Play()
	os.Exit(m.Run())
}

// Play plays the SUT and exits, if the program was started as one.
func Play() {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role))
	}
}

// Env is what makes the test binary play a SUT, for tests that start it
// otherwise than through [Run].
func Env(role, port, state string) map[string]string {
	return map[string]string{roleVariable: role, listenVariable: "127.0.0.1:" + port, stateVariable: state}
}

// play is the SUT. It notes its process id and that of a child, so that the
// tests can see what became of them.
func play(role string) int {
	state := os.Getenv(stateVariable)
	if role == "child" {
		time.Sleep(time.Minute) // nobody waits for it; it is there to be left behind
		return 0
	}
	note(state, "pid", os.Getpid())
	if role == "dies" {
		fmt.Println("no license found")
		return 3
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleVariable+"=child")
	child.Stdout = os.Stdout // holds on to the log, as real children do
	if err := child.Start(); err != nil {
		fmt.Println("start child:", err)
		return 1
	}
	note(state, "child", child.Process.Pid)
	if role == "dies leaving child" {
		return 3
	}
	lives, err := os.OpenFile(filepath.Join(state, "lives"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = lives.WriteString("I")
	}
	if err != nil {
		fmt.Println("count lives:", err)
		return 1
	}
	if role == "chatty" {
		for range 16 << 10 {
			fmt.Println(strings.Repeat("x", 63))
		}
	}
	return serve(role)
}

// eaten is what the SUT has taken of the memory.
var eaten [][]byte

func serve(role string) int {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	mux := http.NewServeMux()
	mux.HandleFunc("/role", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, role) })
	mux.HandleFunc("/eat", func(http.ResponseWriter, *http.Request) {
		for range 64 {
			eaten = append(eaten, bytes.Repeat([]byte("x"), 1<<20)) // written to, or it takes nothing up
		}
	})
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if role == "unready" {
			fmt.Println("unready as ever")
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	failed := make(chan error, 1)
	go func() { failed <- http.ListenAndServe(os.Getenv(listenVariable), mux) }()
	for {
		select {
		case err := <-failed:
			fmt.Println(err)
			return 1
		case <-stop:
			fmt.Println("asked to stop")
			if role != "stubborn" {
				return 0
			}
		}
	}
}

// note keeps a process id; it is there completely or not at all.
func note(state, name string, pid int) {
	path := filepath.Join(state, name)
	if os.WriteFile(path+".new", fmt.Append(nil, pid), 0o600) == nil {
		_ = os.Rename(path+".new", path)
	}
}

// Gone reports whether a process is gone, or goes within patience.
func Gone(pid int, patience time.Duration) bool {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		if !there(pid) {
			return true
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// there reports whether a process exists and is more than a zombie that its
// parent, often somebody else's init, has not got round to.
func there(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil {
		return false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return os.IsNotExist(err) && !onLinux()
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return !strings.HasPrefix(rest, "Z") && !strings.HasPrefix(rest, "X")
}

func onLinux() bool {
	_, err := os.Stat("/proc/self/stat")
	return err == nil
}
