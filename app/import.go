package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/population/tabular"
	"reperform/record"
	"reperform/soc1"
)

// Columns of a table that hold no field of the kind.
const (
	// ColumnID holds the id of the record that a row is about.
	ColumnID = "id"
	// ColumnRevision holds the revision that the row was exported from, so that
	// what was changed in the file can be told from what was changed meanwhile.
	ColumnRevision = "revision"
)

// ImportOptions say what the columns of a table hold and what rows do.
type ImportOptions struct {
	Ledger, Kind string
	// Fields are, for each column of the table, the field that it holds, ColumnID,
	// ColumnRevision, or nothing.
	Fields []string
	// Key is what finds the record that a row is about: ColumnID, or a field that
	// names records. Empty makes a new record of every row.
	Key string
	// KeepBlank leaves a field as it is where the cell is empty; otherwise the
	// field becomes empty.
	KeepBlank bool
	// Effective is the date from which the changes hold; empty is today, and for a
	// revision that takes effect later, that date.
	Effective soc1.Date
}

// ImportPlan is what importing a table does, row by row.
type ImportPlan struct {
	Rows []ImportRow
	// Changes are what is recorded, in the order of the rows that change anything.
	Changes []RecordChange
}

// ImportRow is what one row does, or why it cannot.
type ImportRow struct {
	Line    int64
	ID      string
	Heading string
	Change  ChangeType
	Fields  []FieldChange
	// Problems keep everything from being recorded.
	Problems []ImportProblem
}

// ImportProblem is something wrong with a row: what, where, and what to do.
type ImportProblem struct {
	File, Sheet string
	Row         int64
	// Column is the heading of the cell, Value its text made printable; both are
	// empty where the problem is not in one cell.
	Column, Value   string
	Message, Remedy string
}

func (p ImportProblem) String() string {
	if p.Value != "" && strings.Contains(p.Message, p.Value) {
		p.Value = ""
	}
	return (&tabular.InputError{File: p.File, Sheet: p.Sheet, Row: p.Row, Column: p.Column, Value: p.Value, Problem: strings.TrimSuffix(p.Message, "."), Remedy: p.Remedy}).Error()
}

// Count is the number of rows that do something of the kind without a problem.
func (p *ImportPlan) Count(t ChangeType) int {
	n := 0
	for i := range p.Rows {
		if p.Rows[i].Change == t && len(p.Rows[i].Problems) == 0 {
			n++
		}
	}
	return n
}

// Bad is the number of rows with problems.
func (p *ImportPlan) Bad() int {
	n := 0
	for i := range p.Rows {
		if len(p.Rows[i].Problems) > 0 {
			n++
		}
	}
	return n
}

// GuessColumns proposes what the columns of a table hold, by their headings: the
// names and labels of the kind's fields.
func GuessColumns(k *record.Kind, columns []string) []string {
	out := make([]string, len(columns))
	taken := map[string]bool{}
	for i, heading := range columns {
		h := plainHeading(heading)
		guess := ""
		switch h {
		case "id", "recordid":
			guess = ColumnID
		case "revision", "rev":
			guess = ColumnRevision
		}
		// A name counts before a label, whole before the plural of the other.
		for _, same := range []func(f *record.Field) bool{
			func(f *record.Field) bool { return plainHeading(f.Name) == h },
			func(f *record.Field) bool { return plainHeading(f.Label) == h },
			func(f *record.Field) bool { return singular(plainHeading(f.Label)) == singular(h) },
			func(f *record.Field) bool { return singular(plainHeading(f.Name)) == singular(h) },
		} {
			for j := range k.Fields {
				if guess == "" && !taken[k.Fields[j].Name] && same(&k.Fields[j]) {
					guess = k.Fields[j].Name
				}
			}
		}
		if guess != "" && !taken[guess] {
			taken[guess], out[i] = true, guess
		}
	}
	return out
}

// plainHeading leaves letters and digits of a heading, without case.
func plainHeading(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127 {
			return r
		}
		return -1
	}, record.Fold(s))
}

func singular(s string) string { return strings.TrimSuffix(s, "s") }

// importer plans the rows of one table.
type importer struct {
	ctx   context.Context
	t     *Table
	o     ImportOptions
	kind  *record.Kind
	view  *record.View
	list  *record.List
	names *record.Names
	today soc1.Date
	// fields are those that columns hold.
	fields []*record.Field
	keys   map[string][]string
	ids    map[string]int64
	plan   *ImportPlan
	// rows are the places in the plan of the changes.
	rows []int
}

// PlanImport says what importing a table would do, as far as the actor may read
// and change the records, and changes nothing. What is planned is recorded by
// PutRecords with the plan's changes, all or nothing.
//
// A cell that says what an export would write for the record leaves its field
// alone. With a column of revisions, a row is compared with the revision that it
// was exported from, so that only what was edited in the file counts; where
// somebody has changed the same field meanwhile, the row has a problem.
func (a *App) PlanImport(ctx context.Context, actor string, t *Table, o ImportOptions) (*ImportPlan, error) {
	o.Ledger = cmp.Or(o.Ledger, OrganizationLedger)
	kind, err := record.Kinds.Kind(o.Kind)
	if err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, o.Ledger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	if kind.Decision {
		return nil, fmt.Errorf("%s are decisions and come from commands of their own", kind.Plural)
	}
	im := &importer{ctx: ctx, t: t, o: o, kind: kind, view: v, ids: map[string]int64{}, plan: &ImportPlan{}}
	views := []*record.View{v}
	if o.Ledger != OrganizationLedger {
		if org, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{}); err == nil {
			views = append(views, org)
		}
	}
	im.names = record.NewNames(ctx, views...)
	if im.today, err = a.Today(ctx); err != nil {
		return nil, err
	}
	if im.list, err = v.Rows(ctx, kind.Name); err != nil {
		return nil, err
	}
	if err := im.columns(); err != nil {
		return nil, err
	}
	for i := range t.Rows {
		if err := im.row(&t.Rows[i]); err != nil {
			return nil, err
		}
	}
	return im.plan, a.rehearse(ctx, actor, im)
}

// columns checks what the columns are said to hold.
func (im *importer) columns() error {
	if len(im.o.Fields) != len(im.t.Columns) {
		return fmt.Errorf("the table has %d columns and %d are described; choose again what they hold", len(im.t.Columns), len(im.o.Fields))
	}
	seen := map[string]string{}
	im.fields = make([]*record.Field, len(im.o.Fields))
	for i, name := range im.o.Fields {
		if name == "" {
			continue
		}
		if first, twice := seen[name]; twice {
			return fmt.Errorf("the columns %q and %q are both said to hold %s; leave one of them out", first, im.t.Columns[i], im.called(name))
		}
		seen[name] = im.t.Columns[i]
		if name == ColumnID || name == ColumnRevision {
			continue
		}
		f, ok := im.kind.Field(name)
		if !ok {
			return fmt.Errorf("%s have no field %q", im.kind.Plural, name)
		}
		im.fields[i] = &f
	}
	if !slices.ContainsFunc(im.fields, func(f *record.Field) bool { return f != nil }) {
		return errors.New("no column holds a field of the records; choose for at least one what it holds")
	}
	key := im.o.Key
	switch {
	case key == "":
		return nil
	case seen[key] == "":
		return fmt.Errorf("rows are to be matched by %s, and no column holds it", im.called(key))
	case key == ColumnID:
		return nil
	}
	f, ok := im.kind.Field(key)
	if !ok || !KeyField(f) {
		return fmt.Errorf("rows cannot be matched by %s: it does not name one record", im.called(key))
	}
	im.keys = map[string][]string{}
	im.list.All(func(it *record.Item) bool {
		if it.Live() {
			if m, err := it.Fields(); err == nil {
				if s := strings.TrimSpace(record.Cell(&f, m[key], im.names)); s != "" {
					im.keys[record.Fold(s)] = append(im.keys[record.Fold(s)], it.ID)
				}
			}
		}
		return true
	})
	return nil
}

// KeyField tells whether a field may name records: a text or a reference of one
// value.
func KeyField(f record.Field) bool {
	return !f.List && !f.Multiline && f.Type == record.Text
}

func (im *importer) called(name string) string {
	switch name {
	case ColumnID:
		return "the id"
	case ColumnRevision:
		return "the revision"
	}
	if f, ok := im.kind.Field(name); ok {
		return fmt.Sprintf("%q", f.Label)
	}
	return fmt.Sprintf("%q", name)
}

// rehearse asks what recording the plan would do, and puts what it says to the
// rows.
func (a *App) rehearse(ctx context.Context, actor string, im *importer) error {
	if len(im.plan.Changes) == 0 {
		return nil
	}
	bulk, err := a.PutRecords(ctx, actor, im.plan.Changes, "Rehearsed.", true)
	if err != nil && !errors.Is(err, ErrBulk) {
		return err
	}
	for i, it := range bulk.Items {
		at := im.rows[i]
		row, source := &im.plan.Rows[at], &im.t.Rows[at]
		row.Fields = it.Fields
		for _, p := range it.Problems {
			field, _, _ := strings.Cut(p.Field, ".")
			field, _, _ = strings.Cut(field, "[")
			x := im.problem(source, field, p.Message, p.Remedy)
			if f, ok := im.kind.Field(field); ok && x.Column == "" {
				x.Column = f.Label
			}
			row.Problems = append(row.Problems, x)
		}
		if it.Change == Unchanged && len(it.Problems) == 0 {
			row.Change = Unchanged
		}
	}
	return nil
}
