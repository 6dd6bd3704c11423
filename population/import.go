package population

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"reperform/english"
	"reperform/population/duck"
	"reperform/population/tabular"
)

// Detect reads a source to its end and proposes a schema; declared columns and
// those named in keys are taken as given.
func (e *Engine) Detect(ctx context.Context, source Source, declared Schema, keys []string) (*Detection, error) {
	var out Detection
	q := detectRequest{Source: source, Schema: declared, Keys: keys}
	if err := absolute(&q.Source.Path, &q.Source.Name); err != nil {
		return nil, err
	}
	err := e.call(ctx, "detect", []string{q.Source.Path}, q, &out, nil, nil)
	if err != nil {
		return nil, err
	}
	return &out, nil
}

// Import freezes a source: it reads it once (twice if columns are to be
// detected), converts every value exactly, and writes one Parquet file, which
// appears at the request's Output only when everything has succeeded. Errors
// about the input are *InputError.
func (e *Engine) Import(ctx context.Context, q ImportRequest) (*Frozen, error) {
	if _, err := os.Lstat(q.Output); err == nil {
		return nil, &InputError{File: q.Output, Problem: "the output exists already", Remedy: "a frozen population is never overwritten: choose another path"}
	}
	if err := absolute(&q.Source.Path, &q.Source.Name); err != nil {
		return nil, err
	}
	q.Zone = zoneOrUTC(q.Zone)
	var out Frozen
	err := e.call(ctx, "import", []string{q.Source.Path}, q, &out, nil, func(work string) error {
		return publish(filepath.Join(work, frozenName), q.Output)
	})
	if err != nil {
		return nil, err
	}
	out.Path = q.Output
	return &out, nil
}

// zoneOrUTC makes the default explicit, so that it is recorded.
func zoneOrUTC(zone string) string {
	if zone == "" {
		return "UTC"
	}
	return zone
}

// absolute makes a path absolute, because the child runs elsewhere, and keeps
// the name by which people know the file.
func absolute(path, name *string) error {
	if *name == "" {
		*name = filepath.Base(*path)
	}
	abs, err := filepath.Abs(*path)
	*path = abs
	return err
}

const frozenName = "frozen.parquet"

type detectRequest struct {
	Source Source   `json:"source"`
	Schema Schema   `json:"schema"`
	Keys   []string `json:"keys"`
}

func (c *childServer) detect(q detectRequest) (*Detection, error) {
	format, err := q.Source.FormatOf()
	if err != nil {
		return nil, err
	}
	file, err := tabular.OpenFile(q.Source)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := c.reader(file, q.Source, format)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	t := &ticker{c: c, stage: "detecting"}
	d, err := tabular.Detect(&ticking{r, t, file}, file.Name, stated(r, q.Schema, q.Keys), q.Keys)
	if err != nil {
		return nil, err
	}
	d.Format, d.Sheet = format, tabular.SheetOf(r)
	return d, nil
}

// ticking reports progress as batches are read.
type ticking struct {
	tabular.Reader
	t    *ticker
	file *tabular.File
}

func (r *ticking) Read(b *tabular.Batch) error {
	err := r.Reader.Read(b)
	r.t.tick(100*float64(r.file.Offset())/float64(max(r.file.Size, 1)), 0)
	return err
}

func (c *childServer) reader(file *tabular.File, s Source, format string) (tabular.Reader, error) {
	if format == "parquet" {
		return c.openParquet(file, s)
	}
	return tabular.NewReader(file, s)
}

// stated adds to a schema what the source itself states of its types.
func stated(r tabular.Reader, declared Schema, keys []string) Schema {
	if p, ok := r.(*parquetReader); ok {
		return p.stated(declared, keys)
	}
	return declared
}

func (c *childServer) importSource(q ImportRequest) (*Frozen, error) {
	format, err := q.Source.FormatOf()
	if err != nil {
		return nil, err
	}
	out := &Frozen{SourceName: q.Source.Name, Zone: q.Zone, Key: q.Key, Transforms: q.Transforms}
	file, err := tabular.OpenFile(q.Source)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	out.SourceBytes = file.Size
	r, err := c.reader(file, q.Source, format)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	schema := stated(r, q.Schema, q.Key)
	var detected []Warning
	if !complete(schema, r.Names()) {
		d, err := c.detect(detectRequest{q.Source, q.Schema, q.Key})
		if err != nil {
			return nil, err
		}
		schema, detected = d.Schema, d.Warnings
	}
	schema = ordered(schema, r.Names())
	out.Schema = &schema
	conv, err := tabular.NewConverter(file.Name, tabular.SheetOf(r), r.Names(), r.Typed(), requireKeys(schema, q.Key), q.Transforms, q.HashKey)
	if err != nil {
		return nil, err
	}
	for _, k := range q.Key {
		if !slices.ContainsFunc(conv.Outputs(), func(o tabular.Output) bool { return o.Name == k }) {
			return nil, &InputError{File: file.Name, Column: k, Problem: "the key names a column that the population does not have", Remedy: "name a column that is kept"}
		}
	}
	db, err := c.open(q.Zone)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	if out.EngineVersion, err = engineVersion(db); err != nil {
		return nil, err
	}
	t := &ticker{c: c, stage: "reading"}
	source := newPipeline(&ticking{r, t, file}, conv, c.settings.Threads)
	path := filepath.Join(c.settings.Work, frozenName)
	err = c.writeFrozen(db, path, source)
	twice := source.stop()
	if err != nil {
		os.Remove(path)
		return nil, storage(err, q.Output)
	}
	for i, row := range twice {
		if row > 0 {
			out.Warnings = append(out.Warnings, Warning{Column: conv.Outputs()[i].Name, Row: row, Problem: "the zone's clocks showed this time twice; the earlier instant was taken", Remedy: "export instants with their offset from UTC"})
		}
	}
	// Columns whose type was detected were remarked on when that was done.
	declared := stated(r, q.Schema, q.Key)
	for i, o := range conv.Outputs() {
		if declared.Find(o.Name) == nil && !slices.Contains(q.Key, o.Name) {
			continue
		}
		if w := source.absent[i].Warning(o.Name); w != nil {
			out.Warnings = append(out.Warnings, *w)
		}
	}
	if out.SourceSHA256, err = file.Finish(); err != nil {
		return nil, err
	}
	if len(detected) == 0 {
		detected = r.Warnings()
	}
	out.Warnings = append(out.Warnings, detected...)
	for _, o := range conv.Outputs() {
		out.Columns = append(out.Columns, FrozenField{Name: o.Name, Type: o.Type})
	}
	return out, c.describe(db, path, out)
}

// complete says whether the schema declares every column.
func complete(s Schema, names []string) bool {
	for _, n := range names {
		if s.Find(n) == nil {
			return false
		}
	}
	return true
}

// ordered returns the declarations in the source's order, and after them those
// that the source does not have, which the converter refuses by name.
func ordered(s Schema, names []string) Schema {
	var out Schema
	for _, n := range names {
		if c := s.Find(n); c != nil {
			out.Columns = append(out.Columns, *c)
		}
	}
	for _, c := range s.Columns {
		if !slices.Contains(names, c.Name) {
			out.Columns = append(out.Columns, c)
		}
	}
	return out
}

// requireKeys refuses blank keys without changing the schema that is recorded.
func requireKeys(s Schema, key []string) Schema {
	out := Schema{Columns: slices.Clone(s.Columns)}
	for i := range out.Columns {
		if slices.Contains(key, out.Columns[i].Name) {
			out.Columns[i].Required = true
		}
	}
	return out
}

// writeFrozen writes the frozen form: Parquet, in the source's order, with a
// fixed size of row groups and a fixed codec, so that the same input gives the
// same bytes.
func (c *childServer) writeFrozen(db *duck.DB, path string, p *pipeline) error {
	return c.writeSource(db, path, &duck.Source{Columns: p.conv.EngineColumns(), Fill: p.fill})
}

func (c *childServer) writeSource(db *duck.DB, path string, source *duck.Source) error {
	// The source is read by one thread, and a second would only spin beside it
	// waiting for work; the conversion has its own goroutines.
	if err := db.Exec("SET threads=1"); err != nil {
		return err
	}
	release, err := db.Register("reperform_source", source)
	if err != nil {
		return err
	}
	defer release()
	err = db.Exec("COPY (SELECT * FROM reperform_source()) TO " + duck.Literal(path) + parquetOptions)
	if source.Err() != nil {
		return source.Err()
	}
	if err != nil {
		return err
	}
	return db.Exec(fmt.Sprintf("SET threads=%d", c.settings.Threads))
}

const parquetOptions = " (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"

// describe fills in what is read back from the frozen file.
func (c *childServer) describe(db *duck.DB, path string, out *Frozen) error {
	t := &ticker{c: c, stage: "hashing"}
	s, err := summarize(db, path, out.Columns, c.settings.Work, func(rows int64) { t.tick(db.Progress(), rows) })
	if err != nil {
		return storage(err, "temporary files")
	}
	out.Rows, out.Columns, out.PopulationHash = s.rows, s.columns, s.hash
	if out.FrozenSHA256, out.FrozenBytes, err = hashFile(path); err != nil {
		return err
	}
	if len(out.Key) == 0 {
		return nil
	}
	duplicates, example, err := duplicateKeys(db, path, out.Key, out.Columns)
	if err != nil {
		return storage(err, "temporary files")
	}
	out.KeyUnique = duplicates == 0
	if duplicates > 0 {
		out.Warnings = append(out.Warnings, Warning{Column: strings.Join(out.Key, ", "), Problem: fmt.Sprintf("the key is not unique: %s more than once, for example %q", english.Count(duplicates, "key")+english.Choose(duplicates, " occurs", " occur"), example), Remedy: "choose a key that identifies a row, or correct the extract; attributes cannot be evaluated until then"})
	}
	return nil
}

// duplicateKeys counts the keys that occur more than once and names the
// smallest of them.
func duplicateKeys(db *duck.DB, path string, key []string, columns []FrozenField) (count int64, example string, err error) {
	row, err := db.One("SELECT count(*), min(k) FROM (SELECT " + keyExpression(key, columns, "") + " AS k FROM read_parquet(" + duck.Literal(path) + ") GROUP BY k HAVING count(*) > 1)")
	if err != nil {
		return 0, "", err
	}
	var n int64
	_, err = fmt.Sscan(row[0], &n)
	return n, row[1], err
}

func hashFile(path string) (string, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), n, err
}

func selectList(columns []FrozenField) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = duck.Ident(c.Name)
	}
	return strings.Join(names, ", ")
}

// sameTypes checks that a file holds the columns that a record says it holds.
func sameTypes(have []duck.Column, want []FrozenField) error {
	if len(have) != len(want) {
		return fmt.Errorf("the frozen file has %s where the record has %d", english.Count(len(have), "column"), len(want))
	}
	for i := range have {
		if e := tabular.EngineType(want[i].Type); have[i].Type.Name != e.Name {
			return fmt.Errorf("column %q of the frozen file is %s where the record has %s", want[i].Name, have[i].Type.Name, e.Name)
		}
	}
	return nil
}

func diskFullText(text string) bool {
	for _, s := range []string{"No space left on device", "File too large", "Disk quota exceeded", "max_temp_directory_size"} {
		if strings.Contains(text, s) {
			return true
		}
	}
	return false
}

// publish moves a finished file to its place, which must be free: it is
// complete there or absent, also after a power failure.
func publish(from, to string) error {
	// The engine creates files for all to read.
	if err := os.Chmod(from, 0o600); err != nil {
		return err
	}
	if err := syncFile(from); err != nil {
		return storage(err, to)
	}
	err := os.Link(from, to)
	if err == nil {
		os.Remove(from)
		return syncDir(filepath.Dir(to))
	}
	if errors.Is(err, os.ErrExist) {
		return &InputError{File: to, Problem: "the output exists already", Remedy: "a frozen population is never overwritten: choose another path"}
	}
	// Another file system, or one without links: copy beside it, then rename.
	partial := to + ".partial"
	if err := copyFile(from, partial); err != nil {
		os.Remove(partial)
		return storage(err, to)
	}
	if err := os.Rename(partial, to); err != nil {
		os.Remove(partial)
		return err
	}
	os.Remove(from)
	return syncDir(filepath.Dir(to))
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	return errors.Join(err, out.Close())
}

func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
