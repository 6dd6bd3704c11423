package tabular

// BatchRows is the number of rows that a batch holds at most. It equals the
// engine's vector size, so that a batch fills one chunk.
const BatchRows = 2048

// batchBytes ends a batch early, so that a file of large cells does not fill
// the memory with batches; a single row may exceed it.
const batchBytes = 4 << 20

// Full says whether the batch should take no further row.
func (b *Batch) Full() bool { return b.Rows >= BatchRows || len(b.data) >= batchBytes }

// span locates a field in a batch's data; a field that is NULL in the source
// itself (JSON's null, an absent cell) has from = nullSpan.
type span struct{ from, to uint32 }

const nullSpan = ^uint32(0)

// Batch is a number of rows as the source spells them: fields row by row.
type Batch struct {
	Rows  int
	data  []byte
	spans []span
	lines []int64
}

// Reset empties the batch.
func (b *Batch) Reset() {
	b.Rows = 0
	b.data = b.data[:0]
	b.spans = b.spans[:0]
	b.lines = b.lines[:0]
}

// field returns the bytes of a field and whether the source says NULL.
func (b *Batch) field(row, column, columns int) (value []byte, null bool) {
	s := b.spans[row*columns+column]
	if s.from == nullSpan {
		return nil, true
	}
	return b.data[s.from:s.to], false
}

// Line is the line (or sheet row) on which a row begins.
func (b *Batch) Line(row int) int64 { return b.lines[row] }

// Reader yields the records of a source.
type Reader interface {
	// Names are the columns' names in the source's order.
	Names() []string
	// Read fills the batch with the next rows; io.EOF after the last.
	Read(b *Batch) error
	// Warnings are the remarks made so far.
	Warnings() []Warning
	// Typed says whether an empty text differs from NULL in this source.
	Typed() bool
	Close() error
}

// Begin adds a row whose fields are all NULL.
func (b *Batch) Begin(columns int, line int64) {
	for range columns {
		b.spans = append(b.spans, span{from: nullSpan})
	}
	b.lines = append(b.lines, line)
	b.Rows++
}

// Set gives a field of the last row its value.
func (b *Batch) Set(column, columns int, value []byte) {
	from := uint32(len(b.data))
	b.data = append(b.data, value...)
	b.spans[(b.Rows-1)*columns+column] = span{from, uint32(len(b.data))}
}

// Text is a field of a row as the source spells it; empty where it has none.
func (b *Batch) Text(row, column, columns int) string {
	value, _ := b.field(row, column, columns)
	return string(value)
}
