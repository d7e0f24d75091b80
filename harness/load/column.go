package load

// Bits of what is known of a confirmation while the journal is read.
const (
	stTaken = 1 << iota
	stUnknown
	stRefused
	stPosted
	stDoubled
	stAltered
	stReported
)

// column is a byte for each of n confirmations. A block of them that have all
// come to what is usual takes no memory any more, so that the longest journal is
// judged in little; what comes later is still put down.
type column struct {
	n      uint64
	usual  uint8
	blocks []block
	spare  []*[chunkSize]uint8
}

// block is a part of a column: nothing is known of it, or all is as usual, or
// there are bytes.
type block struct {
	all   bool
	done  uint32 // how many are as usual
	bytes *[chunkSize]uint8
}

func newColumn(n uint64, usual uint8) *column {
	return &column{n: n, usual: usual, blocks: make([]block, (n+chunkSize-1)>>chunkBits)}
}

// set adds bits to confirmation seq, which is below n, and returns those that
// it had.
func (c *column) set(seq uint64, bits uint8) (old uint8) {
	b := &c.blocks[seq>>chunkBits]
	if b.all {
		if bits == c.usual {
			return c.usual
		}
		c.open(b, c.usual)
		b.all, b.done = false, chunkSize
	}
	if b.bytes == nil {
		c.open(b, 0)
	}
	p := &b.bytes[seq&(chunkSize-1)]
	old = *p
	*p |= bits
	switch {
	case old != c.usual && *p == c.usual:
		if b.done++; b.done == chunkSize {
			c.spare = append(c.spare, b.bytes)
			b.all, b.bytes = true, nil
		}
	case old == c.usual && *p != c.usual:
		b.done--
	}
	return old
}

// open makes room for the bytes of a block.
func (c *column) open(b *block, with uint8) {
	if k := len(c.spare); k > 0 {
		b.bytes, c.spare = c.spare[k-1], c.spare[:k-1]
	} else {
		b.bytes = new([chunkSize]uint8)
	}
	for i := range b.bytes {
		b.bytes[i] = with
	}
}

// at is what is known of the k-th of a block.
func (b *block) at(k uint64, usual uint8) uint8 {
	switch {
	case b.all:
		return usual
	case b.bytes == nil:
		return 0
	}
	return b.bytes[k]
}
