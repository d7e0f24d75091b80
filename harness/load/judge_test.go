package load

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/race"
)

// seeded is what goes wrong in a journal that a test writes.
type seeded struct {
	lost, doubled, altered, repeated, unknown, refused []uint64
	strangers                                          int
}

// write makes the journal of n confirmations, posted in another order than sent.
func (s seeded) write(t testing.TB, dir string, n uint64, w *Wording) {
	t.Helper()
	j, err := CreateJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	in := func(list []uint64) map[uint64]bool {
		m := map[uint64]bool{}
		for _, seq := range list {
			m[seq] = true
		}
		return m
	}
	lost, doubled, altered, repeated, unknown, refused := in(s.lost), in(s.doubled), in(s.altered), in(s.repeated), in(s.unknown), in(s.refused)
	sent, posted := j.sending(), [2]*writer{j.posting(), j.posting()}
	for seq := range n {
		r := Record{Seq: seq, Code: uint8(Taken), Try: 1, At: seq * 1000, Took: 80, Digest: w.says(seq)}
		if unknown[seq] {
			r.Code = uint8(Unknown)
		} else if refused[seq] {
			r.Code = uint8(Refused)
		}
		sent.add(&r)
		if lost[seq] || refused[seq] {
			continue
		}
		p := Record{Seq: seq, Code: uint8(Applied), At: seq*1000 + 90_000, Digest: w.says(seq)}
		if altered[seq] {
			p.Digest++
		}
		posted[seq&1].add(&p)
		if repeated[seq] {
			p.Code = uint8(Repeated)
			posted[0].add(&p)
		}
		if doubled[seq] {
			p.Code = uint8(Doubled)
			posted[1].add(&p)
		}
	}
	for range s.strangers {
		posted[0].add(&Record{Seq: NoSeq, Code: uint8(Invented)})
	}
	for _, w := range []*writer{sent, posted[0], posted[1]} {
		w.flush()
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestJudgeFindsExactlyWhatWasSeeded(t *testing.T) {
	w := neutralWording(t)
	const n = 50_000
	for round := range uint64(race.Rounds(8, 2)) {
		r := rand.New(rand.NewPCG(round, 1))
		some := map[uint64]bool{}
		pick := func(k int) (list []uint64) {
			for len(list) < k {
				if seq := r.Uint64N(n); !some[seq] {
					some[seq] = true
					list = append(list, seq)
				}
			}
			slices.Sort(list)
			return list
		}
		s := seeded{lost: pick(int(round)), doubled: pick(1 + r.IntN(9)), altered: pick(int(round / 2)), repeated: pick(5), unknown: pick(3), refused: pick(2), strangers: int(round % 3)}
		dir := t.TempDir()
		s.write(t, dir, n, w)
		e, err := Judge(dir, n, w)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			what string
			got  Wrong
			want []uint64
			more int
		}{{"lost", e.Lost, s.lost, 0}, {"doubled", e.Doubled, s.doubled, 0}, {"altered", e.Altered, s.altered, 0}, {"invented", e.Invented, nil, s.strangers}} {
			first := c.want[:min(len(c.want), mostExamples)]
			if c.got.Count != uint64(len(c.want)+c.more) || !slices.Equal(c.got.Examples, first) {
				t.Errorf("round %d: %d %s, the first %v; want %d, %v", round, c.got.Count, c.what, c.got.Examples, len(c.want)+c.more, first)
			}
		}
		if e.Verdict != evidence.Violated || e.Sent != n || e.Taken != n-5 || e.Unknown != 3 || e.Refused != 2 || e.Repeated != 5 || e.Posted != n-round-2 {
			t.Errorf("round %d: %+v", round, e)
		}
		if len(e.Doubled.Texts) == 0 || !strings.Contains(e.Doubled.Texts[0], w.keyText(s.doubled[0])) || !strings.Contains(e.Doubled.Texts[0], "order ") {
			t.Errorf("round %d: doubled ones are named %q", round, e.Doubled.Texts)
		}
	}
}

func TestJudgeBlamesNobodyForNothing(t *testing.T) {
	w, dir := neutralWording(t), t.TempDir()
	seeded{repeated: []uint64{3, 4}, unknown: []uint64{9}}.write(t, dir, 3000, w)
	if e, err := Judge(dir, 3000, w); err != nil || e.Verdict != evidence.Holds || e.Lost.Count+e.Doubled.Count+e.Altered.Count+e.Invented.Count > 0 || e.Posted != 3000 {
		t.Errorf("%+v, %v", e, err)
	}
	empty := t.TempDir()
	seeded{}.write(t, empty, 0, w)
	if e, err := Judge(empty, 10, w); err != nil || e.Verdict != evidence.Vacuous {
		t.Errorf("a run in which nothing happened is %+v, %v", e, err)
	}
}

func TestPostedThoughRefusedOrNeverSentIsInvented(t *testing.T) {
	w, dir := neutralWording(t), t.TempDir()
	j, err := CreateJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	s, p := j.sending(), j.posting()
	s.add(&Record{Seq: 0, Code: uint8(Taken)})
	s.add(&Record{Seq: 1, Code: uint8(Refused)})
	s.add(&Record{Seq: 3, Code: uint8(Taken)})
	for seq := range uint64(3) { // 2 was never sent
		p.add(&Record{Seq: seq, Code: uint8(Applied), Digest: w.says(seq)})
	}
	p.add(&Record{Seq: 3, Code: uint8(Reported)})
	s.flush()
	p.flush()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	e, err := Judge(dir, 4, w)
	if err != nil || e.Invented.Count != 2 || !slices.Equal(e.Invented.Examples, []uint64{1, 2}) || e.Lost.Count != 0 || e.Reported != 1 {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestDamagedJournalIsNoEvidence(t *testing.T) {
	w, dir := neutralWording(t), t.TempDir()
	seeded{}.write(t, dir, 3000, w)
	path := filepath.Join(dir, postedFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(whole)
	flipped[len(whole)/2] ^= 4
	for what, bytes := range map[string][]byte{"cut off": whole[:len(whole)-5], "in the head of a block": whole[:len(magic)+3], "flipped": flipped, "another file": []byte("hello, world"), "empty": nil} {
		if err := os.WriteFile(path, bytes, 0o644); err != nil {
			t.Fatal(err)
		}
		if e, err := Judge(dir, 3000, w); err == nil || !strings.Contains(err.Error(), postedFile) {
			t.Errorf("%s: %+v, %v; want an error that names the file", what, e, err)
		}
	}
}

func TestLedger(t *testing.T) {
	l := NewLedger(100_000, 1)
	for _, seq := range []uint64{5, 70_000, 1 << 39} {
		if e, _ := l.Post(seq, 1); e != Invented {
			t.Errorf("%d, which was never sent, is %s", seq, e)
		}
	}
	none := NewLedger(0, 1) // where nothing is posted nothing is kept
	none.Start(5, 1)
	if e, _ := none.Post(5, 1); e != Invented || none.Posted(5) {
		t.Errorf("a ledger of nothing says %s", e)
	}
	l.Start(5, 0)
	l.Start(70_000, 123)
	for i, c := range []struct {
		seq  uint64
		key  uint32
		want Effect
	}{{5, 1, Applied}, {5, 1, Repeated}, {5, 2, Doubled}, {5, 1, Repeated}, {70_000, 0, Applied}, {70_000, 0, Doubled}, {70_001, 1, Invented}} {
		got, at := l.Post(c.seq, c.key)
		if got != c.want || got == Applied && c.seq == 70_000 && at != 123 {
			t.Errorf("posting %d is %s, of %d; want %s", i, got, at, c.want)
		}
	}
	if !l.Posted(5) || l.Posted(6) {
		t.Error("who was posted is confused")
	}
}

// BenchmarkJudge judges ten million confirmations, 20 million records: the bar
// is 1.5 s.
func BenchmarkJudge(b *testing.B) {
	for _, n := range []uint64{1_000_000, 10_000_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			w, dir := neutralWording(b), b.TempDir()
			s := seeded{lost: []uint64{n / 3}, doubled: []uint64{n / 2}, altered: []uint64{n - 1}}
			s.write(b, dir, n, w)
			b.ReportAllocs()
			for b.Loop() {
				e, err := Judge(dir, n, w)
				if err != nil || e.Lost.Count != 1 || e.Doubled.Count != 1 || e.Altered.Count != 1 || e.Invented.Count != 0 {
					b.Fatalf("%+v, %v", e, err)
				}
			}
		})
	}
}
