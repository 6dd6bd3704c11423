package typst

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"
)

// objectsPerStream is how many objects share one compressed object stream.
const objectsPerStream = 200

// pdfWriter writes a document with object streams and a cross-reference stream
// (ISO 32000-1, 7.5.7 and 7.5.8). pdfcpu's own writer walks Go maps, so that no
// two of its files are alike, and stamps the current time; this one writes
// objects by ascending number.
type pdfWriter struct {
	out   bytes.Buffer
	where []location
}

// location is one line of the cross-reference stream.
type location struct {
	kind         byte // 0 free, 1 at an offset, 2 in an object stream
	first, index int  // offset and 0, or the stream's number and the index within
}

func writePDF(doc *model.XRefTable, id [16]byte) ([]byte, error) {
	if doc.Root == nil || doc.Info == nil {
		return nil, fmt.Errorf("typst: writing the PDF: no catalog or no Info dictionary")
	}
	numbers := slices.Sorted(maps.Keys(doc.Table))
	w := &pdfWriter{where: make([]location, numbers[len(numbers)-1]+1)}
	w.out.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")

	// The catalog and the Info dictionary stay readable to simple tools.
	plain := map[int]bool{doc.Root.ObjectNumber.Value(): true, doc.Info.ObjectNumber.Value(): true}
	var packed []int
	for _, n := range numbers {
		entry := doc.Table[n]
		if n == 0 || entry == nil || entry.Free || entry.Object == nil {
			continue
		}
		switch o := entry.Object.(type) {
		case types.StreamDict:
			if err := w.stream(n, o.Dict, o.Raw); err != nil {
				return nil, fmt.Errorf("typst: writing the PDF: object %d: %w", n, err)
			}
		case types.ObjectStreamDict, types.XRefStreamDict, *types.ObjectStreamDict, *types.XRefStreamDict:
			// The input's own packing, which ours replaces.
		default:
			if !plain[n] {
				packed = append(packed, n)
				continue
			}
			body, err := appendObject(nil, o)
			if err != nil {
				return nil, fmt.Errorf("typst: writing the PDF: object %d: %w", n, err)
			}
			w.begin(n)
			w.out.Write(body)
			w.out.WriteString("\nendobj\n")
		}
	}
	for chunk := range slices.Chunk(packed, objectsPerStream) {
		if err := w.pack(doc, chunk); err != nil {
			return nil, fmt.Errorf("typst: writing the PDF: %w", err)
		}
	}
	if err := w.crossReferences(doc, id); err != nil {
		return nil, fmt.Errorf("typst: writing the PDF: %w", err)
	}
	return w.out.Bytes(), nil
}

func (w *pdfWriter) begin(n int) {
	w.where[n] = location{kind: 1, first: w.out.Len()}
	fmt.Fprintf(&w.out, "%d 0 obj\n", n)
}

// stream writes a stream object; data are in the encoding that the dictionary
// names, and are compressed when it names none and that makes them smaller.
func (w *pdfWriter) stream(n int, dict types.Dict, data []byte) error {
	dict = maps.Clone(dict)
	_, encoded := dict["Filter"]
	isMetadata := dict["Type"] == types.Name("Metadata") // readable without a PDF library
	if !encoded && !isMetadata {
		if smaller := deflate(data); len(smaller) < len(data) {
			data = smaller
			dict["Filter"] = types.Name("FlateDecode")
		}
	}
	dict["Length"] = types.Integer(len(data))
	head, err := appendObject(nil, dict)
	if err != nil {
		return err
	}
	w.begin(n)
	w.out.Write(head)
	w.out.WriteString("\nstream\n")
	w.out.Write(data)
	w.out.WriteString("\nendstream\nendobj\n")
	return nil
}

// pack writes several objects into one compressed object stream.
func (w *pdfWriter) pack(doc *model.XRefTable, numbers []int) error {
	var index, bodies []byte
	self := len(w.where)
	w.where = append(w.where, location{})
	for i, n := range numbers {
		index = fmt.Appendf(index, "%d %d ", n, len(bodies))
		var err error
		if bodies, err = appendObject(bodies, doc.Table[n].Object); err != nil {
			return fmt.Errorf("object %d: %w", n, err)
		}
		bodies = append(bodies, '\n')
		w.where[n] = location{kind: 2, first: self, index: i}
	}
	dict := types.Dict{
		"Type":  types.Name("ObjStm"),
		"N":     types.Integer(len(numbers)),
		"First": types.Integer(len(index)),
	}
	return w.stream(self, dict, append(index, bodies...))
}

func (w *pdfWriter) crossReferences(doc *model.XRefTable, id [16]byte) error {
	self := len(w.where)
	start := w.out.Len()
	w.where = append(w.where, location{kind: 1, first: start})
	var rows []byte
	for n, l := range w.where {
		if l.kind == 0 {
			// Unused numbers are free and never to be used again.
			generation := byte(0)
			if n == 0 {
				generation = 0xFF
			}
			rows = append(rows, 0, 0, 0, 0, 0, generation, generation)
			continue
		}
		rows = append(rows, l.kind, byte(l.first>>24), byte(l.first>>16), byte(l.first>>8), byte(l.first), byte(l.index>>8), byte(l.index))
	}
	dict := types.Dict{
		"Type": types.Name("XRef"),
		"Size": types.Integer(len(w.where)),
		"W":    types.Array{types.Integer(1), types.Integer(4), types.Integer(2)},
		"Root": *doc.Root,
		"Info": *doc.Info,
		"ID":   types.Array{hexID(id), hexID(id)},
	}
	if err := w.stream(self, dict, rows); err != nil {
		return err
	}
	fmt.Fprintf(&w.out, "startxref\n%d\n%%%%EOF\n", start)
	return nil
}

// appendObject writes a direct object. Dictionaries are in the order of their
// keys.
func appendObject(b []byte, o types.Object) ([]byte, error) {
	switch o := o.(type) {
	case nil:
		return append(b, "null"...), nil
	case types.Boolean:
		return strconv.AppendBool(b, bool(o)), nil
	case types.Integer:
		return strconv.AppendInt(b, int64(o), 10), nil
	case types.Float:
		return strconv.AppendFloat(b, float64(o), 'f', -1, 64), nil
	case types.Name:
		return append(b, o.PDFString()...), nil
	case types.StringLiteral:
		return append(b, o.PDFString()...), nil
	case types.HexLiteral:
		return append(b, o.PDFString()...), nil
	case types.IndirectRef:
		return append(b, o.PDFString()...), nil
	case types.Array:
		b = append(b, '[')
		for i, item := range o {
			if i > 0 {
				b = append(b, ' ')
			}
			var err error
			if b, err = appendObject(b, item); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case types.Dict:
		b = append(b, "<<"...)
		for _, key := range slices.Sorted(maps.Keys(o)) {
			b = append(b, types.Name(key).PDFString()...)
			b = append(b, ' ')
			var err error
			if b, err = appendObject(b, o[key]); err != nil {
				return nil, err
			}
		}
		return append(b, ">>"...), nil
	}
	return nil, fmt.Errorf("cannot write an object of type %T", o)
}

func deflate(data []byte) []byte {
	var b bytes.Buffer
	z, _ := zlib.NewWriterLevel(&b, zlib.BestCompression) // the level is valid
	_, _ = z.Write(data)                                  // a bytes.Buffer does not fail
	_ = z.Close()
	return b.Bytes()
}
