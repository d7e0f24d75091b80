package external_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/andon-rig/andon/harness/sut"
	"github.com/andon-rig/andon/harness/sut/external"
)

// running is a SUT that somebody else runs; it is ready after so many probes.
func running(t *testing.T, readyAfter int64) (url string, up *atomic.Bool) {
	t.Helper()
	var probes atomic.Int64
	up = &atomic.Bool{}
	up.Store(true)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if probes.Add(1) <= readyAfter || !up.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, up
}

func driver(t *testing.T, url string, within time.Duration) *external.Driver {
	t.Helper()
	d, err := external.New(external.Config{TestSystem: true, Ready: sut.Ready{HTTP: url, Within: within}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestUnmarkedSystemIsRefused(t *testing.T) {
	if _, err := external.New(external.Config{}); err == nil || !strings.Contains(err.Error(), "testSystem: true") {
		t.Errorf("a system that may be production: %v; want a refusal with its remedy", err)
	}
}

func TestWaitsUntilReady(t *testing.T) {
	url, up := running(t, 2)
	d := driver(t, url, 10*time.Second)
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if alive, why := d.Alive(); !alive {
		t.Errorf("not alive: %s", why)
	}
	up.Store(false)
	if alive, why := d.Alive(); alive || !strings.Contains(why, "503") {
		t.Errorf("alive %v, because %q; want a no that says what was heard", alive, why)
	}
}

func TestNeverReady(t *testing.T) {
	url, up := running(t, 0)
	up.Store(false)
	var start *sut.StartError
	if err := driver(t, url, 150*time.Millisecond).Start(t.Context(), nil); !errors.As(err, &start) || !strings.Contains(err.Error(), url) {
		t.Errorf("a SUT that is not ready: %v; want a StartError that names it", err)
	}
}

func TestNotRunning(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	if err := driver(t, s.URL, 150*time.Millisecond).Start(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "is it running?") {
		t.Errorf("nobody is there: %v; want the question whether it runs", err)
	}
}

func TestIsNotOursToEnd(t *testing.T) {
	url, _ := running(t, 0)
	d := driver(t, url, time.Second)
	if err := d.Start(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if alive, why := d.Alive(); !alive {
		t.Errorf("stopping an external SUT ended it: %s", why)
	}
	if _, ok := any(d).(sut.Breaker); ok {
		t.Error("it can be broken, although it is not ours")
	}
}

func TestWithoutProbeItIsTakenForReady(t *testing.T) {
	d := driver(t, "", 0)
	if err := d.Start(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if alive, _ := d.Alive(); !alive {
		t.Error("it is not known to be down, so it counts as alive")
	}
}
