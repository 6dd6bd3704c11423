package population

import (
	"fmt"
	"io"
	"strings"

	"reperform/population/duck"
	"reperform/population/tabular"
)

// parquetReader reads a Parquet file through the engine. Every value comes as
// its text and is converted like that of any other source, so that the same
// rules refuse what cannot be kept exactly.
type parquetReader struct {
	file   *tabular.File
	db     *duck.DB
	rows   *duck.Rows
	names  []string
	schema Schema // the columns whose type the file itself states
	row    int64
	cell   int         // the largest cell in bytes
	chunk  *duck.Chunk // the chunk being read, and
	next   int         // its first row not yet given
}

func (c *childServer) openParquet(file *tabular.File, s Source) (*parquetReader, error) {
	db, err := c.open("UTC")
	if err != nil {
		return nil, err
	}
	r := &parquetReader{file: file, db: db, cell: s.MaxCell}
	if r.cell <= 0 {
		r.cell = tabular.DefaultMaxCell
	}
	if err := r.open(s); err != nil {
		db.Close()
		return nil, err
	}
	return r, nil
}

func (r *parquetReader) open(s Source) error {
	from := " FROM read_parquet(" + duck.Literal(s.Path) + ")"
	columns, err := r.db.Describe("SELECT *" + from)
	if err != nil {
		return r.damaged(err)
	}
	var parts []string
	for _, c := range columns {
		r.names = append(r.names, c.Name)
		column := duck.Ident(c.Name)
		switch c.Type.Name {
		case "BLOB", "BIT":
			return &InputError{File: r.file.Name, Column: c.Name, Problem: "the column holds bytes (" + c.Type.Name + "), not text", Remedy: "write it as text, or leave it out of the extract"}
		case "LIST", "STRUCT", "MAP", "ARRAY", "UNION":
			parts = append(parts, "CAST(to_json("+column+") AS VARCHAR)")
		default:
			parts = append(parts, "CAST("+column+" AS VARCHAR)")
		}
		if t, ok := closedType(c.Type); ok && c.Type.Kind != duck.Huge {
			r.schema.Columns = append(r.schema.Columns, Column{Name: c.Name, Type: t})
		}
	}
	if err := tabular.CheckNames(r.file.Name, "", 0, r.names); err != nil {
		return err
	}
	r.rows, err = r.db.Query("SELECT " + strings.Join(parts, ", ") + from)
	if err != nil {
		return r.damaged(err)
	}
	return nil
}

func (r *parquetReader) damaged(err error) error {
	return &InputError{File: r.file.Name, Problem: "the Parquet file cannot be read: " + firstLine(err), Remedy: "write it again"}
}

func (r *parquetReader) Names() []string     { return r.names }
func (r *parquetReader) Typed() bool         { return true }
func (r *parquetReader) Warnings() []Warning { return nil }

// Close releases the engine; the file belongs to the caller.
func (r *parquetReader) Close() error {
	r.rows.Close()
	r.db.Close()
	return nil
}

func (r *parquetReader) Read(b *tabular.Batch) error {
	if r.chunk == nil || r.next == r.chunk.Size {
		chunk, err := r.rows.Next()
		if err != nil {
			return r.damaged(err)
		}
		if chunk == nil {
			return io.EOF
		}
		r.chunk, r.next = chunk, 0
	}
	b.Reset()
	for ; r.next < r.chunk.Size && !b.Full(); r.next++ {
		r.row++
		b.Begin(len(r.names), r.row)
		for i := range r.chunk.Vectors {
			v := &r.chunk.Vectors[i]
			if v.Null(r.next) {
				continue
			}
			value := v.Bytes(r.next)
			if len(value) > r.cell {
				return &InputError{File: r.file.Name, Row: r.row, Column: r.names[i], Problem: fmt.Sprintf("a cell is larger than the limit of %d bytes", r.cell), Remedy: "raise max_cell if such cells are expected"}
			}
			b.Set(i, len(r.names), value)
		}
	}
	return nil
}

// stated returns the declared columns and after them those whose type the file
// states, except keys, which are text unless declared otherwise.
func (r *parquetReader) stated(declared Schema, keys []string) Schema {
	out := Schema{Columns: append([]Column(nil), declared.Columns...)}
	for _, c := range r.schema.Columns {
		if declared.Find(c.Name) != nil {
			continue
		}
		for _, k := range keys {
			if k == c.Name {
				c.Type = Type{Kind: tabular.Text}
			}
		}
		out.Columns = append(out.Columns, c)
	}
	return out
}
