package load

import (
	"bytes"
	"os"
	"strconv"
	"time"
)

// machineIdle is how long the processors of this machine have had nothing to
// do, all together, and how long others had them whom we cannot see.
func machineIdle() (idle, stolen time.Duration, ok bool) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, 0, false
	}
	first, _, _ := bytes.Cut(stat, []byte("\n"))
	f := bytes.Fields(first) // cpu user nice system idle iowait irq softirq steal
	if len(f) < 9 || string(f[0]) != "cpu" {
		return 0, 0, false
	}
	at := func(i int) time.Duration {
		n, _ := strconv.ParseInt(string(f[i]), 10, 64) // the kernel wrote it
		return time.Duration(n) * time.Second / 100
	}
	return at(4) + at(5), at(8), true
}
