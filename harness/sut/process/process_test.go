package process_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/process"
	"github.com/andon-rig/andon/harness/sut/suttest"
)

func TestMain(m *testing.M) {
	rigRole()
	suttest.Main(m)
}

func TestDriver(t *testing.T) {
	suttest.Run(t, func(t *testing.T, s suttest.Spec) sut.Driver {
		d, err := process.New(process.Config{Command: s.Command, Ready: s.Ready, Log: s.Log, Patience: 700 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		return d
	})
}

// TestNothingIsDoneToWhoIsGone: two faults may strike at once, and the second
// finds nobody.
func TestNothingIsDoneToWhoIsGone(t *testing.T) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = up.Serve(listen) }()
	defer up.Close()
	d, err := process.New(process.Config{Command: []string{"/bin/sh", "-c", "sleep 60"}, Ready: sut.Ready{HTTP: "http://" + listen.Addr().String(), Within: 20 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := d.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := d.Pause(t.Context()); !errors.Is(err, sut.ErrNotRunning) {
		t.Errorf("pause: %v", err)
	}
	if d.Able(sut.LimitingMemory) != nil {
		return
	}
	if err := d.LimitMemory(t.Context(), 1<<20); !errors.Is(err, sut.ErrNotRunning) {
		t.Errorf("limit memory: %v", err)
	}
}

func TestMistakesHaveRemedies(t *testing.T) {
	for name, command := range map[string][]string{"none": nil, "empty": {""}, "missing": {"./no-such-bridge"}} {
		t.Run(name, func(t *testing.T) {
			if _, err := process.New(process.Config{Command: command}); err == nil {
				t.Error("was taken")
			} else {
				t.Log(err)
			}
		})
	}
}

func TestTailIsBounded(t *testing.T) {
	d, err := process.New(process.Config{Command: []string{"/bin/sh", "-c", "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; printf 'last \\377 words'; exit 1"},
		Ready: sut.Ready{HTTP: "http://127.0.0.1:1/", Within: 20 * time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Start(t.Context(), nil)
	if err == nil {
		t.Fatal("a dead SUT was taken for ready")
	}
	tail := d.Tail()
	if len(tail) != 12 || tail[0] != "line 2989" || tail[11] != "last � words" {
		t.Errorf("the tail is %q", tail)
	}
}
