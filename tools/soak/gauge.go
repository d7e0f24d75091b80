package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"sync"

	"github.com/andon-rig/andon/harness/sut"
)

// reading is what the rig, which is this process, and the bridge take up.
type reading struct {
	goroutines float64
	files      float64 // open descriptors
	heap       float64 // MiB that live after a collection
	memory     float64 // MiB resident
	records    float64 // in the journal
	sutFiles   float64
	sutThreads float64
	sutMemory  float64 // MiB resident
}

const mib = 1 << 20

// look reads everything but the heap, which costs a collection.
func look(s sut.Sampler) (r reading) {
	r.goroutines = float64(runtime.NumGoroutine())
	r.files, r.memory = own()
	if s != nil {
		if u, err := s.Sample(); err == nil {
			r.sutFiles, r.sutThreads, r.sutMemory = float64(u.Files), float64(u.Threads), float64(u.Memory)/mib
		}
	}
	return r
}

// own is what this process alone takes up, without its children: open
// descriptors and MiB resident; zero where /proc does not tell.
func own() (files, memory float64) {
	if fds, err := os.ReadDir("/proc/self/fd"); err == nil {
		files = float64(len(fds) - 1) // one is the look itself
	}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		if f := bytes.Fields(statm); len(f) > 1 {
			pages, _ := strconv.Atoi(string(f[1])) // the kernel wrote it
			memory = float64(pages*os.Getpagesize()) / mib
		}
	}
	return files, memory
}

// collect returns the heap in MiB that lives after everything was given back
// that can be.
func collect() float64 {
	for range 3 { // what lies in a pool goes with the second, and what it held open with its finalizer after that
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / mib
}

// floor keeps the least of several readings: what is there however little is
// going on. What trouble holds open for a while is not in it; what leaks is.
type floor struct {
	mu    sync.Mutex // guards what follows
	least reading
	n     int
}

func (f *floor) add(r reading) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n++; f.n == 1 {
		f.least = r
		return
	}
	l := &f.least
	for _, x := range []struct {
		least *float64
		now   float64
	}{
		{&l.goroutines, r.goroutines}, {&l.files, r.files}, {&l.memory, r.memory},
		{&l.sutFiles, r.sutFiles}, {&l.sutThreads, r.sutThreads}, {&l.sutMemory, r.sutMemory},
	} {
		if x.now > 0 && (x.now < *x.least || *x.least == 0) { // zero was not read
			*x.least = x.now
		}
	}
}

// take returns the least of each figure since the last time, and begins anew.
func (f *floor) take() reading {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n = 0
	return f.least
}
