package load

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// A Journal is the evidence of a load: two files of records of fixed size, one
// for what was sent and one for what was posted, in blocks with a checksum each.
// It takes constant memory, however long the run is.
type Journal struct {
	sent, posted journalFile
}

type journalFile struct {
	mu  sync.Mutex // guards what follows
	f   *os.File
	err error // the first
}

// Names of the files in the folder of a run.
const (
	sentFile   = "sent.bin"
	postedFile = "posted.bin"
)

// A Record is what is kept of one sending or one posting.
type Record struct {
	Seq    uint64 // the confirmation; [NoSeq] if what was posted names none of ours
	Code   uint8  // an [Outcome] or an [Effect]
	Try    uint8  // of a sending, from 1
	Late   uint16 // of a sending: µs from when it was due to when it was sent; stops at 65535
	At     uint64 // ns after the start of the run: of a sending when it was due, of a posting when it came
	Took   uint32 // of a sending: µs from when it was due to its answer; of a posting: hash of its key
	Digest uint32 // of what it states
}

// NoSeq stands for no confirmation of this run.
const NoSeq = maxSeq - 1

const (
	recordSize  = 24
	blockRows   = 512
	blockHead   = 8 // length and checksum
	magic       = "ANDONLD1"
	atBits      = 48
	mostPerRead = blockRows * recordSize
)

func (r *Record) put(b []byte) {
	_ = b[recordSize-1]
	binary.LittleEndian.PutUint64(b, r.Seq|uint64(r.Code)<<seqBits|uint64(r.Try)<<(seqBits+8))
	binary.LittleEndian.PutUint64(b[8:], min(r.At, 1<<atBits-1)|uint64(r.Late)<<atBits)
	binary.LittleEndian.PutUint32(b[16:], r.Took)
	binary.LittleEndian.PutUint32(b[20:], r.Digest)
}

func (r *Record) get(b []byte) {
	_ = b[recordSize-1]
	a, t := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
	r.Seq, r.Code, r.Try = a&(maxSeq-1), uint8(a>>seqBits), uint8(a>>(seqBits+8))
	r.At, r.Late = t&(1<<atBits-1), uint16(t>>atBits)
	r.Took, r.Digest = binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:])
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CreateJournal begins a journal in dir.
func CreateJournal(dir string) (*Journal, error) {
	j := &Journal{}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create journal: %w", err)
	}
	return j, errors.Join(j.sent.create(filepath.Join(dir, sentFile)), j.posted.create(filepath.Join(dir, postedFile)))
}

func (f *journalFile) create(path string) (err error) {
	if f.f, err = os.Create(path); err == nil {
		_, err = f.f.WriteString(magic)
	}
	if err != nil {
		return fmt.Errorf("create journal: %w", err)
	}
	return nil
}

// Close ends the journal. Its writers must have been flushed. The error is the
// first that writing met: then the evidence is not complete.
func (j *Journal) Close() error { return errors.Join(j.sent.close(), j.posted.close()) }

func (f *journalFile) close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return errors.Join(f.err, f.f.Close())
}

// A writer fills blocks for one goroutine.
type writer struct {
	to   *journalFile
	rows int
	b    [blockHead + blockRows*recordSize]byte
}

func (j *Journal) sending() *writer { return &writer{to: &j.sent} }
func (j *Journal) posting() *writer { return &writer{to: &j.posted} }

func (w *writer) add(r *Record) {
	r.put(w.b[blockHead+w.rows*recordSize:])
	if w.rows++; w.rows == blockRows {
		w.flush()
	}
}

// flush writes what is there; errors are kept until the journal is closed.
func (w *writer) flush() {
	if w.rows == 0 {
		return
	}
	body := w.b[blockHead : blockHead+w.rows*recordSize]
	binary.LittleEndian.PutUint32(w.b[:], uint32(len(body)))
	binary.LittleEndian.PutUint32(w.b[4:], crc32.Checksum(body, castagnoli))
	w.to.mu.Lock()
	defer w.to.mu.Unlock()
	if _, err := w.to.f.Write(w.b[:blockHead+len(body)]); err != nil && w.to.err == nil {
		w.to.err = fmt.Errorf("write journal: %w", err)
	}
	w.rows = 0
}

// readJournal shows each block of a journal's file to see. A block that is cut
// off or damaged is an error that names its place.
func readJournal(path string, see func(rows []byte)) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read journal: %w", err)
	}
	defer f.Close()
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || string(head) != magic {
		return fmt.Errorf("read journal: %s does not begin with %s; is it a file of andon load?", path, magic)
	}
	r := &blockReader{f: f, buf: make([]byte, 1<<20), at: int64(len(magic))}
	for {
		rows, err := r.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read journal: %s at byte %d: %w", path, r.at, err)
		}
		see(rows)
	}
}

// blockReader reads large pieces and hands out blocks.
type blockReader struct {
	f          *os.File
	buf        []byte
	begin, end int
	at         int64 // of the block that comes next
}

// need has n bytes ready, or says why not.
func (r *blockReader) need(n int) error {
	for r.end-r.begin < n {
		if r.begin > 0 {
			r.end = copy(r.buf, r.buf[r.begin:r.end])
			r.begin = 0
		}
		k, err := r.f.Read(r.buf[r.end:])
		r.end += k
		if err == io.EOF && k == 0 {
			if r.end == 0 {
				return io.EOF
			}
			return io.ErrUnexpectedEOF
		}
		if err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

func (r *blockReader) next() ([]byte, error) {
	if err := r.need(blockHead); err != nil {
		return nil, err
	}
	n, sum := binary.LittleEndian.Uint32(r.buf[r.begin:]), binary.LittleEndian.Uint32(r.buf[r.begin+4:])
	if n == 0 || n > mostPerRead || n%recordSize != 0 {
		return nil, fmt.Errorf("a block of %d bytes is none", n)
	}
	if err := r.need(blockHead + int(n)); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	rows := r.buf[r.begin+blockHead:][:n]
	if crc32.Checksum(rows, castagnoli) != sum {
		return nil, errors.New("the block's checksum does not fit")
	}
	r.begin += blockHead + int(n)
	r.at += blockHead + int64(n)
	return rows, nil
}
