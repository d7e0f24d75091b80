package main

import (
	"os/exec"
	"strings"
	"testing"
)

const (
	passed  = `{"Action":"run","Package":"p","Test":"TestA"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}` + "\n" + `{"Action":"pass","Package":"p","Test":"TestA"}` + "\n"
	skipped = `{"Action":"output","Package":"p","Test":"TestB","Output":"=== RUN   TestB\n"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:7: no chromium\n"}` + "\n" + `{"Action":"output","Package":"p","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}` + "\n" + `{"Action":"skip","Package":"p","Test":"TestB"}` + "\n"
	failed  = `{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:9: got 1, want 2\n"}` + "\n" + `{"Action":"fail","Package":"p","Test":"TestC"}` + "\n"
	hung    = `{"Action":"output","Package":"p","Test":"TestD","Output":"panic: too late\n"}` + "\n"
	closing = `{"Action":"output","Package":"p","Output":"-test.shuffle 7\n"}` + "\n" + `{"Action":"output","Package":"p","Output":"PASS\n"}` + "\n" + `{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}` + "\n" + `{"Action":"pass","Package":"p"}` + "\n"
	broken  = `{"Action":"output","Package":"p","Output":"-test.shuffle 7\n"}` + "\n" + `{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}` + "\n" + `{"Action":"fail","Package":"p"}` + "\n"
	empty   = `{"Action":"output","Package":"q","Output":"?   \tq\t[no test files]\n"}` + "\n" + `{"Action":"skip","Package":"q"}` + "\n"
)

func TestTell(t *testing.T) {
	for name, tc := range map[string]struct{ in, out, skips string }{
		"a test that passed says nothing":    {passed + closing, "ok  \tp\t0.1s\n", ""},
		"a skip is named with its reason":    {skipped + closing, "ok  \tp\t0.1s\n", "p TestB: b_test.go:7: no chromium"},
		"a failure is told":                  {failed, "    c_test.go:9: got 1, want 2\n", ""},
		"with the seed of its package":       {failed + broken, "    c_test.go:9: got 1, want 2\n-test.shuffle 7\nFAIL\tp\t0.1s\n", ""},
		"so is what never ended":             {hung, "panic: too late\n", ""},
		"a package without tests is no skip": {empty, "?   \tq\t[no test files]\n", ""},
		"other lines stay":                   {"FAIL p [build failed]\n", "FAIL p [build failed]\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			skips, err := tell(strings.NewReader(tc.in), &out)
			if err != nil || out.String() != tc.out || strings.Join(skips, "\n") != tc.skips {
				t.Errorf("got %q, skips %q, %v; want %q, %q", out.String(), skips, err, tc.out, tc.skips)
			}
		})
	}
}

func TestExitStatus(t *testing.T) {
	for script, want := range map[string]int{
		"printf '%s' '" + passed + closing + "'":         0,
		"printf '%s' '" + skipped + closing + "'":        1,
		"printf '%s' '" + failed + "'; exit 3":           3,
		"printf '%s' '" + skipped + failed + "'; exit 1": 1,
	} {
		var out strings.Builder
		if got, err := run(exec.Command("sh", "-c", script), &out); got != want || err != nil {
			t.Errorf("%s: exit %d, %v; want %d\n%s", script, got, err, want, out.String())
		}
	}
}
