package duck

/*
#include <stdint.h>
#include <stddef.h>

// The few prototypes of DuckDB's C interface that are called with callbacks or
// in a loop. They are declared here because the bindings keep their header to
// themselves; the C interface is stable and the linker checks the names.
void *duckdb_bind_get_extra_info(void *info);
void *duckdb_function_get_extra_info(void *info);
void duckdb_vector_assign_string_element_len(void *vector, uint64_t index, const char *str, uint64_t len);

extern void reperformSourceBind(void *info);
extern void reperformSourceInit(void *info);
extern void reperformSourceFill(void *info, void *chunk);

// One call for a column of texts instead of one for each text: ends[i] is where
// text i ends in the buffer, and it begins where the one before ended.
static void reperform_put_texts(void *vector, const char *bytes, const uint32_t *ends, uint64_t n) {
	uint32_t from = 0;
	for (uint64_t i = 0; i < n; i++) {
		duckdb_vector_assign_string_element_len(vector, i, bytes + from, ends[i] - from);
		from = ends[i];
	}
}
*/
import "C"

import (
	"fmt"
	"runtime/cgo"
	"unsafe"

	b "github.com/duckdb/duckdb-go-bindings"
)

// ChunkRows is the number of rows that one chunk holds.
var ChunkRows = int(b.VectorSize())

// Source gives rows to the engine. Fill writes the next rows, at most
// ChunkRows, and returns how many; zero ends the source. The engine calls it
// from one thread at a time, in order.
type Source struct {
	Columns []Column
	Fill    func(w *Writer) (int, error)

	err    error
	handle cgo.Handle
}

// Err is the error that Fill returned, which the engine only passes on as text.
func (s *Source) Err() error { return s.err }

// Writer gives access to the vectors of the chunk being filled.
type Writer struct {
	chunk   b.DataChunk
	columns []Column
}

// Register makes the source readable as a table function without arguments.
// The returned function releases the Go side and is called after the last
// statement that reads it.
func (d *DB) Register(name string, s *Source) (release func(), err error) {
	s.handle = cgo.NewHandle(s)
	tf := b.CreateTableFunction()
	defer b.DestroyTableFunction(&tf)
	b.TableFunctionSetName(tf, name)
	b.TableFunctionSetExtraInfo(tf, handlePointer(s.handle), nil)
	b.TableFunctionSetBind(tf, unsafe.Pointer(C.reperformSourceBind))
	b.TableFunctionSetInit(tf, unsafe.Pointer(C.reperformSourceInit))
	b.TableFunctionSetFunction(tf, unsafe.Pointer(C.reperformSourceFill))
	if b.RegisterTableFunction(d.conn, tf) == b.StateError {
		s.handle.Delete()
		return nil, fmt.Errorf("duckdb: cannot register the source %s", name)
	}
	return s.handle.Delete, nil
}

// handlePointer passes a handle, which is a number and not an address, through
// C's void pointer.
func handlePointer(h cgo.Handle) unsafe.Pointer {
	return *(*unsafe.Pointer)(unsafe.Pointer(&h))
}

func handleOf(p unsafe.Pointer) *Source {
	return cgo.Handle(uintptr(p)).Value().(*Source)
}

//export reperformSourceBind
func reperformSourceBind(info unsafe.Pointer) {
	s := handleOf(C.duckdb_bind_get_extra_info(info))
	for _, c := range s.Columns {
		lt := c.Type.logical()
		b.BindAddResultColumn(b.BindInfo{Ptr: info}, c.Name, lt)
		b.DestroyLogicalType(&lt)
	}
}

//export reperformSourceInit
func reperformSourceInit(info unsafe.Pointer) {
	b.InitSetMaxThreads(b.InitInfo{Ptr: info}, 1)
}

//export reperformSourceFill
func reperformSourceFill(info, chunk unsafe.Pointer) {
	s := handleOf(C.duckdb_function_get_extra_info(info))
	if s.err != nil {
		b.FunctionSetError(b.FunctionInfo{Ptr: info}, s.err.Error())
		return
	}
	w := &Writer{chunk: b.DataChunk{Ptr: chunk}, columns: s.Columns}
	n, err := s.Fill(w)
	if err != nil {
		s.err = err
		b.FunctionSetError(b.FunctionInfo{Ptr: info}, err.Error())
		return
	}
	b.DataChunkSetSize(w.chunk, b.IdxT(n))
}

func (t Type) logical() b.LogicalType {
	if t.Kind == Decimal {
		return b.CreateDecimalType(t.Width, t.Scale)
	}
	for id, k := range kinds {
		if k.kind == t.Kind && t.Kind != Other {
			return b.CreateLogicalType(id)
		}
	}
	return b.CreateLogicalType(b.TypeVarchar)
}

func (w *Writer) vector(column int) (b.Vector, unsafe.Pointer) {
	v := b.DataChunkGetVector(w.chunk, b.IdxT(column))
	return v, b.VectorGetData(v)
}

// Nulls marks rows of a column as NULL; null(i) says which of the first n.
func (w *Writer) Nulls(column int, null []bool) {
	v, _ := w.vector(column)
	var mask unsafe.Pointer
	for i, isNull := range null {
		if !isNull {
			continue
		}
		if mask == nil {
			b.VectorEnsureValidityWritable(v)
			mask = b.VectorGetValidity(v)
		}
		word := (*uint64)(unsafe.Add(mask, uintptr(i>>6)*8))
		*word &^= 1 << (uint(i) & 63)
	}
}

// Ints writes a column of booleans (0 and 1), integers, dates, timestamps or
// decimals of at most 18 digits (unscaled).
func (w *Writer) Ints(column int, values []int64) {
	_, p := w.vector(column)
	switch w.columns[column].Type.bytes() {
	case 1:
		for i, x := range values {
			*(*int8)(unsafe.Add(p, i)) = int8(x)
		}
	case 2:
		for i, x := range values {
			*(*int16)(unsafe.Add(p, 2*i)) = int16(x)
		}
	case 4:
		for i, x := range values {
			*(*int32)(unsafe.Add(p, 4*i)) = int32(x)
		}
	case 8:
		copy(unsafe.Slice((*int64)(p), len(values)), values)
	default:
		for i, x := range values {
			putHuge(unsafe.Slice((*byte)(unsafe.Add(p, 16*i)), 16), uint64(x), x>>63)
		}
	}
}

// Int128 is a signed integer in two's complement.
type Int128 struct {
	Low  uint64
	High int64
}

// Huge writes a column of decimals of more than 18 digits (unscaled).
func (w *Writer) Huge(column int, values []Int128) {
	_, p := w.vector(column)
	for i, x := range values {
		putHuge(unsafe.Slice((*byte)(unsafe.Add(p, 16*i)), 16), x.Low, x.High)
	}
}

// Texts writes a column of texts: text i ends at ends[i] in data and begins
// where the one before it ended. A NULL is written as an empty text.
func (w *Writer) Texts(column int, data []byte, ends []uint32) {
	if len(ends) == 0 {
		return
	}
	v, _ := w.vector(column)
	if len(data) == 0 {
		data = []byte{0}
	}
	C.reperform_put_texts(v.Ptr, (*C.char)(unsafe.Pointer(&data[0])), (*C.uint32_t)(unsafe.Pointer(&ends[0])), C.uint64_t(len(ends)))
}

// Copy writes the first n rows of a result's vector, which must be of the
// column's type, into a column.
func (w *Writer) Copy(column int, from *Vector, n int) {
	v, p := w.vector(column)
	if from.Type.Kind == Varchar || from.Type.Kind == Blob {
		for row := range n {
			if !from.Null(row) {
				b.VectorAssignStringElementLen(v, b.IdxT(row), from.Bytes(row))
			}
		}
	} else {
		size := uintptr(n) * from.width
		copy(unsafe.Slice((*byte)(p), size), unsafe.Slice((*byte)(from.data), size))
	}
	if from.valid == nil {
		return
	}
	b.VectorEnsureValidityWritable(v)
	mask := b.VectorGetValidity(v)
	words := (n + 63) / 64
	copy(unsafe.Slice((*uint64)(mask), words), unsafe.Slice((*uint64)(from.valid), words))
}
