package load

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// mostTrace is how many times a trace may have: 80 MiB of them.
const mostTrace = 10_000_000

// ReadTrace reads when confirmations were made in a plant: a time for each line,
// or the first of several columns parted by a comma, semicolon or tab, as a
// timestamp (RFC 3339), seconds or a duration such as 1m2.5s. The first line may be
// headings; empty lines and those that begin with # are passed over. What is
// returned counts from the first. Times must not go back.
func ReadTrace(r io.Reader) (times []time.Duration, err error) {
	in := bufio.NewScanner(r)
	var zero, last time.Duration
	for n := 1; in.Scan(); n++ {
		text := strings.TrimSpace(strings.TrimPrefix(in.Text(), "\ufeff"))
		if i := strings.IndexAny(text, ",;\t"); i >= 0 {
			text = strings.TrimSpace(text[:i])
		}
		text = strings.Trim(text, `"`)
		if text == "" || text[0] == '#' {
			continue
		}
		at, err := traceTime(text)
		switch {
		case err != nil && len(times) == 0 && n == 1:
			continue // headings
		case err != nil:
			return nil, fmt.Errorf("line %d: %w", n, err)
		case len(times) == 0:
			zero, last = at, at
		case at < last:
			return nil, fmt.Errorf("line %d: %s is before the time of the line above; sort the file by time", n, text)
		case len(times) == mostTrace:
			return nil, fmt.Errorf("line %d: a trace has at most %d times", n, mostTrace)
		}
		last = at
		times = append(times, at-zero)
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read trace: %w", err)
	}
	if len(times) == 0 {
		return nil, errors.New("there is no time in it")
	}
	return times, nil
}

// traceTime reads a time of a trace, after whatever moment.
func traceTime(text string) (time.Duration, error) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.Sub(time.Unix(946684800, 0)), nil // durations reach 292 years
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && s >= 0 && s < 1e9 {
		return time.Duration(s * float64(time.Second)), nil
	}
	if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, fmt.Errorf("%q is no time: neither a timestamp such as 2026-03-01T06:00:00.250Z nor seconds nor a duration", text)
}

// Replay is the shape of a trace, so many times as fast as it was, and of at most
// so long; 0 is all of it.
func Replay(times []time.Duration, speed float64, lasts time.Duration) (*Shape, error) {
	if !(speed > 0 && speed <= 1e6) {
		return nil, fmt.Errorf("a speed of %v; it must be above 0 and at most a million", speed)
	}
	s := &Shape{}
	last := time.Duration(-1)
	for _, t := range times {
		at := max(time.Duration(float64(t)/speed), last+1) // no two are due at the same instant
		if lasts > 0 && at >= lasts {
			break
		}
		s.trace = append(s.trace, at)
		last = at
	}
	s.total = uint64(len(s.trace))
	if s.length = last + 1; lasts > 0 && len(s.trace) < len(times) {
		s.length = lasts
	}
	return s, nil
}
