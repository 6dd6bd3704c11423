package duck

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/big"
	"strconv"
	"time"
	"unsafe"

	b "github.com/duckdb/duckdb-go-bindings"
)

// Kind names a physical type as this package distinguishes them.
type Kind uint8

// The kinds that values may have at the border. Every other type of the engine
// is Other and can be named but not read.
const (
	Other Kind = iota
	Bool
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Huge
	Decimal
	Varchar
	Blob
	Date
	Timestamp
	TimestampTZ
	Double
)

// Type is a column's type.
type Type struct {
	Kind         Kind
	Width, Scale uint8
	// Name is the engine's name of the type, for messages.
	Name string
}

// Column is a column of a result.
type Column struct {
	Name string
	Type Type
}

// Rows is a streaming result.
type Rows struct {
	Columns []Column
	stmt    b.PreparedStatement
	res     b.Result
	chunk   b.DataChunk
	view    Chunk
}

// Chunk is a part of a result; its vectors are valid until the next call.
type Chunk struct {
	Size    int
	Vectors []Vector
}

// Vector is one column of a chunk.
type Vector struct {
	Type  Type
	data  unsafe.Pointer
	valid unsafe.Pointer
	width uintptr
}

// Next returns the next chunk, or nil at the end.
func (r *Rows) Next() (*Chunk, error) {
	if r.chunk.Ptr != nil {
		b.DestroyDataChunk(&r.chunk)
	}
	if b.StreamFetchChunk(r.res, &r.chunk) == b.StateError {
		text := b.ResultError(&r.res)
		if text == "" {
			return nil, nil
		}
		return nil, &Error{Text: text}
	}
	r.view.Size = int(b.DataChunkGetSize(r.chunk))
	if r.view.Size == 0 {
		return nil, nil
	}
	r.view.Vectors = r.view.Vectors[:0]
	for i := range r.Columns {
		v := b.DataChunkGetVector(r.chunk, b.IdxT(i))
		r.view.Vectors = append(r.view.Vectors, Vector{
			Type: r.Columns[i].Type, data: b.VectorGetData(v), valid: b.VectorGetValidity(v),
			width: r.Columns[i].Type.bytes(),
		})
	}
	return &r.view, nil
}

// Close releases the result.
func (r *Rows) Close() {
	if r.chunk.Ptr != nil {
		b.DestroyDataChunk(&r.chunk)
	}
	b.DestroyResult(&r.res)
	b.DestroyPrepare(&r.stmt)
}

// Null reports whether the value in a row is NULL.
func (v *Vector) Null(row int) bool {
	if v.valid == nil {
		return false
	}
	word := *(*uint64)(unsafe.Add(v.valid, uintptr(row>>6)*8))
	return word&(1<<(uint(row)&63)) == 0
}

func (v *Vector) at(row int) unsafe.Pointer { return unsafe.Add(v.data, uintptr(row)*v.width) }

// Bool returns a boolean value.
func (v *Vector) Bool(row int) bool { return *(*bool)(v.at(row)) }

// Int returns the value of an integer, date or timestamp type of at most 64 bits.
func (v *Vector) Int(row int) int64 {
	p := v.at(row)
	switch v.Type.Kind {
	case Int8:
		return int64(*(*int8)(p))
	case Int16:
		return int64(*(*int16)(p))
	case Int32, Date:
		return int64(*(*int32)(p))
	case Uint8:
		return int64(*(*uint8)(p))
	case Uint16:
		return int64(*(*uint16)(p))
	case Uint32:
		return int64(*(*uint32)(p))
	default:
		return *(*int64)(p)
	}
}

// Bytes returns the bytes of a text or blob, nil for NULL; they are valid until
// the next chunk.
func (v *Vector) Bytes(row int) []byte {
	if v.Null(row) {
		return nil // what lies in the vector at a NULL is not initialized
	}
	p := v.at(row)
	n := *(*uint32)(p)
	if n <= 12 {
		return unsafe.Slice((*byte)(unsafe.Add(p, 4)), n)
	}
	return unsafe.Slice(*(**byte)(unsafe.Add(p, 8)), n)
}

// huge returns a 128-bit value.
func (v *Vector) huge(row int) *big.Int {
	p := v.at(row)
	return fromParts(*(*uint64)(p), *(*int64)(unsafe.Add(p, 8)))
}

func fromParts(low uint64, high int64) *big.Int {
	n := big.NewInt(high)
	n.Lsh(n, 64)
	return n.Add(n, new(big.Int).SetUint64(low))
}

// Unscaled returns a decimal or integer value as an integer: the decimal's
// value times ten to the power of its scale.
func (v *Vector) Unscaled(row int) (small int64, large *big.Int) {
	switch v.Type.Kind {
	case Huge:
		return 0, v.huge(row)
	case Decimal:
		switch v.width {
		case 2:
			return int64(*(*int16)(v.at(row))), nil
		case 4:
			return int64(*(*int32)(v.at(row))), nil
		case 8:
			return *(*int64)(v.at(row)), nil
		}
		return 0, v.huge(row)
	case Uint64:
		u := *(*uint64)(v.at(row))
		if u>>63 == 0 {
			return int64(u), nil
		}
		return 0, new(big.Int).SetUint64(u)
	}
	return v.Int(row), nil
}

// AppendText appends the value's plain text: integers and decimals in digits
// with exactly the type's scale, dates and timestamps in ISO form with six
// places of seconds (UTC with a Z for those with a zone), booleans as true and
// false. NULL appends nothing.
func (v *Vector) AppendText(dst []byte, row int) ([]byte, error) {
	if v.Null(row) {
		return dst, nil
	}
	switch v.Type.Kind {
	case Bool:
		return strconv.AppendBool(dst, v.Bool(row)), nil
	case Varchar, Blob:
		return append(dst, v.Bytes(row)...), nil
	case Decimal, Huge, Uint64:
		small, large := v.Unscaled(row)
		if large != nil {
			return AppendBig(dst, large, int(v.Type.Scale)), nil
		}
		return AppendDecimal(dst, small, int(v.Type.Scale)), nil
	case Date:
		return AppendDate(dst, v.Int(row)), nil
	case Timestamp:
		return AppendTimestamp(dst, v.Int(row)), nil
	case TimestampTZ:
		return append(AppendTimestamp(dst, v.Int(row)), 'Z'), nil
	case Double:
		return strconv.AppendFloat(dst, *(*float64)(v.at(row)), 'g', -1, 64), nil
	case Other:
		return nil, fmt.Errorf("a value of type %s cannot be read here", v.Type.Name)
	}
	return strconv.AppendInt(dst, v.Int(row), 10), nil
}

// AppendBig appends an unscaled integer of any size with a decimal point.
func AppendBig(dst []byte, n *big.Int, scale int) []byte {
	digits := new(big.Int).Abs(n).String()
	if n.Sign() < 0 {
		dst = append(dst, '-')
	}
	return appendPoint(dst, digits, scale)
}

// AppendDecimal appends an unscaled integer with a decimal point.
func AppendDecimal(dst []byte, n int64, scale int) []byte {
	if scale == 0 {
		return strconv.AppendInt(dst, n, 10)
	}
	u := uint64(n)
	if n < 0 {
		dst = append(dst, '-')
		u = -u
	}
	var buf [24]byte
	digits := strconv.AppendUint(buf[:0], u, 10)
	if len(digits) <= scale {
		dst = append(dst, '0', '.')
		for range scale - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-scale:]...)
}

func appendPoint(dst []byte, digits string, scale int) []byte {
	if scale == 0 {
		return append(dst, digits...)
	}
	for len(digits) <= scale {
		digits = "0" + digits
	}
	dst = append(dst, digits[:len(digits)-scale]...)
	dst = append(dst, '.')
	return append(dst, digits[len(digits)-scale:]...)
}

// civil converts days since 1970-01-01 to a proleptic Gregorian date, by Howard
// Hinnant's "chrono-compatible low-level date algorithms" (civil_from_days).
func civil(days int64) (year int64, month, day int) {
	z := days + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	d := doy - (153*mp+2)/5 + 1
	m := mp + 3
	if m > 12 {
		m -= 12
	}
	y := yoe + era*400
	if m <= 2 {
		y++
	}
	return y, int(m), int(d)
}

func appendPadded(dst []byte, n int64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for n > 0 || width > 0 {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
		width--
	}
	return append(dst, buf[i:]...)
}

// AppendDate appends days since 1970-01-01 as YYYY-MM-DD.
func AppendDate(dst []byte, days int64) []byte {
	y, m, d := civil(days)
	if y < 0 {
		dst = append(dst, '-')
		y = -y
	}
	dst = appendPadded(dst, y, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, int64(m), 2)
	dst = append(dst, '-')
	return appendPadded(dst, int64(d), 2)
}

// AppendTimestamp appends microseconds since 1970-01-01T00:00:00 in ISO form
// with six places of seconds.
func AppendTimestamp(dst []byte, micros int64) []byte {
	const day = int64(24 * time.Hour / time.Microsecond)
	days := micros / day
	rest := micros % day
	if rest < 0 {
		days--
		rest += day
	}
	dst = AppendDate(dst, days)
	dst = append(dst, 'T')
	seconds := rest / 1e6
	dst = appendPadded(dst, seconds/3600, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, seconds/60%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, seconds%60, 2)
	dst = append(dst, '.')
	return appendPadded(dst, rest%1e6, 6)
}

func (t Type) bytes() uintptr {
	switch t.Kind {
	case Bool, Int8, Uint8:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32, Date:
		return 4
	case Huge, Varchar, Blob:
		return 16
	case Decimal:
		switch {
		case t.Width <= 4:
			return 2
		case t.Width <= 9:
			return 4
		case t.Width <= 18:
			return 8
		}
		return 16
	}
	return 8
}

var kinds = map[b.Type]struct {
	kind Kind
	name string
}{
	b.TypeBoolean: {Bool, "BOOLEAN"}, b.TypeTinyInt: {Int8, "TINYINT"}, b.TypeSmallInt: {Int16, "SMALLINT"},
	b.TypeInteger: {Int32, "INTEGER"}, b.TypeBigInt: {Int64, "BIGINT"}, b.TypeUTinyInt: {Uint8, "UTINYINT"},
	b.TypeUSmallInt: {Uint16, "USMALLINT"}, b.TypeUInteger: {Uint32, "UINTEGER"}, b.TypeUBigInt: {Uint64, "UBIGINT"},
	b.TypeHugeInt: {Huge, "HUGEINT"}, b.TypeDecimal: {Decimal, "DECIMAL"}, b.TypeVarchar: {Varchar, "VARCHAR"},
	b.TypeBlob: {Blob, "BLOB"}, b.TypeDate: {Date, "DATE"}, b.TypeTimestamp: {Timestamp, "TIMESTAMP"},
	b.TypeTimestampTZ: {TimestampTZ, "TIMESTAMP WITH TIME ZONE"}, b.TypeDouble: {Double, "DOUBLE"},
	b.TypeFloat: {Other, "FLOAT"}, b.TypeInterval: {Other, "INTERVAL"}, b.TypeTime: {Other, "TIME"},
	b.TypeList: {Other, "LIST"}, b.TypeStruct: {Other, "STRUCT"}, b.TypeMap: {Other, "MAP"}, b.TypeArray: {Other, "ARRAY"},
	b.TypeEnum: {Other, "ENUM"}, b.TypeUUID: {Other, "UUID"}, b.TypeTimestampS: {Other, "TIMESTAMP_S"},
	b.TypeTimestampMS: {Other, "TIMESTAMP_MS"}, b.TypeTimestampNS: {Other, "TIMESTAMP_NS"}, b.TypeUHugeInt: {Other, "UHUGEINT"},
	b.TypeSQLNull: {Other, "NULL"}, b.TypeBit: {Other, "BIT"}, b.TypeTimeTZ: {Other, "TIME WITH TIME ZONE"}, b.TypeUnion: {Other, "UNION"},
}

func typeOf(lt b.LogicalType) Type {
	id := b.GetTypeId(lt)
	k, ok := kinds[id]
	if !ok {
		return Type{Kind: Other, Name: fmt.Sprintf("type %d", id)}
	}
	t := Type{Kind: k.kind, Name: k.name}
	if t.Kind == Decimal {
		t.Width, t.Scale = b.DecimalWidth(lt), b.DecimalScale(lt)
		t.Name = fmt.Sprintf("DECIMAL(%d,%d)", t.Width, t.Scale)
	}
	return t
}

// putHuge writes a 128-bit integer in the engine's layout.
func putHuge(dst []byte, low uint64, high int64) {
	binary.LittleEndian.PutUint64(dst, low)
	binary.LittleEndian.PutUint64(dst[8:], uint64(high))
}

// AllTrue reports whether the first n values of a boolean vector are all true.
func (v *Vector) AllTrue(n int) bool {
	if !v.noNulls(n) {
		return false
	}
	return bytes.Count(unsafe.Slice((*byte)(v.data), n), []byte{1}) == n
}

// NoneTrue reports whether none of the first n values of a boolean vector is
// true; it may say false where it is in doubt because of NULLs.
func (v *Vector) NoneTrue(n int) bool {
	return bytes.IndexByte(unsafe.Slice((*byte)(v.data), n), 1) < 0
}

func (v *Vector) noNulls(n int) bool {
	if v.valid == nil {
		return true
	}
	words := unsafe.Slice((*uint64)(v.valid), (n+63)/64)
	for i, w := range words {
		full := ^uint64(0)
		if rest := n - i*64; rest < 64 {
			full = 1<<uint(rest) - 1
		}
		if w&full != full {
			return false
		}
	}
	return true
}
