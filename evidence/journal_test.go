package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
)

// sink is a file whose writes last as long as the test likes.
type sink struct {
	began chan int // is sent the size of a write that has begun
	end   chan error

	mu     sync.Mutex // guards what follows
	file   bytes.Buffer
	writes int
}

func (s *sink) Write(p []byte) (int, error) {
	if s.began != nil {
		s.began <- len(p)
		if err := <-s.end; err != nil {
			return 0, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	return s.file.Write(p)
}

// has reports whether what was appended with this text has been written.
func (s *sink) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Contains(s.file.Bytes(), []byte(text))
}

// TestFlushReturnsWhenItsRecordsAreWritten is what "before the SUT hears"
// rests on, however many flush at once.
func TestFlushReturnsWhenItsRecordsAreWritten(t *testing.T) {
	s := &sink{}
	j := NewJournal(s)
	var wg sync.WaitGroup
	for w := range 32 {
		wg.Go(func() {
			for i := range 200 {
				name := fmt.Sprintf("step-%d-%d.", w, i)
				j.Append(Step{Name: name})
				if err := j.Flush(); err != nil {
					t.Error(err)
				}
				if !s.has(name) {
					t.Errorf("flush returned before %s was written", name)
					return
				}
			}
		})
	}
	wg.Wait()
	text := s.file.Bytes()
	for i := range j.Records() {
		line, rest, _ := bytes.Cut(text, []byte("\n"))
		if want := fmt.Appendf(nil, `{"seq":%d,`, i+1); !bytes.HasPrefix(line, want) {
			t.Fatalf("line %d is %s", i+1, line)
		}
		text = rest
	}
	if len(text) > 0 {
		t.Errorf("%d bytes too many", len(text))
	}
}

// TestThoseWhoWaitAreWrittenTogether: while one write lasts, all others gather
// for the next.
func TestThoseWhoWaitAreWrittenTogether(t *testing.T) {
	s := &sink{began: make(chan int), end: make(chan error)}
	j := NewJournal(s)
	var wg sync.WaitGroup
	flush := func() {
		wg.Go(func() {
			if err := j.Flush(); err != nil {
				t.Error(err)
			}
		})
	}
	j.Append(Step{Name: "first"})
	flush()
	one := <-s.began
	for range 10 {
		j.Append(Step{Name: "later"})
		flush()
	}
	s.end <- nil
	if ten := <-s.began; ten < 10*one {
		t.Errorf("%d bytes were written for ten records after %d for one", ten, one)
	}
	s.end <- nil
	wg.Wait()
	if s.writes != 2 {
		t.Errorf("%d writes, want 2", s.writes)
	}
}

func TestAllHearOfAWriteThatFailed(t *testing.T) {
	s := &sink{began: make(chan int), end: make(chan error)}
	j := NewJournal(s)
	full := errors.New("disk full")
	errs := make(chan error)
	flush := func() { errs <- j.Flush() }
	j.Append(Step{Name: "first"})
	go flush()
	<-s.began
	for range 3 {
		j.Append(Step{Name: "later"})
		go flush()
	}
	s.end <- nil
	if err := <-errs; err != nil {
		t.Errorf("the first was written and yet: %v", err)
	}
	<-s.began
	s.end <- full
	for range 3 {
		if err := <-errs; !errors.Is(err, full) {
			t.Errorf("got %v, want %v", err, full)
		}
	}
	if !errors.Is(j.Err(), full) {
		t.Errorf("the journal says %v", j.Err())
	}
}

// TestRecordsAreAllOfThemInOrder asks at every size around a chunk, and sees
// that what was handed out stays as it was.
func TestRecordsAreAllOfThemInOrder(t *testing.T) {
	j := NewJournal(nil)
	if got := j.Records(); len(got) != 0 {
		t.Errorf("a new journal has %d records", len(got))
	}
	var asked [][]Record
	for n := 1; n <= 3*chunk+2; n++ {
		j.Append(Step{Name: "x"})
		if around := n % chunk; around <= 1 || around == chunk-1 {
			asked = append(asked, j.Records(), j.Records())
			if last := asked[len(asked)-1]; len(last) != n || cap(last) != n {
				t.Errorf("after %d: %d records, room for %d", n, len(last), cap(last))
			}
		}
	}
	for _, records := range asked {
		for i, r := range records {
			if r.Seq != uint64(i+1) {
				t.Fatalf("record %d of %d is number %d", i+1, len(records), r.Seq)
			}
		}
	}
}
