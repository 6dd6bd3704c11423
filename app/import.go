package app

import (
	"cmp"
	"context"
	"encoding/json"
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

// cell is the text under the heading of a field.
func (im *importer) cell(r *TableRow, name string) string {
	i := slices.Index(im.o.Fields, name)
	if i < 0 || name == "" {
		return ""
	}
	return strings.TrimSpace(Unescaped(r.Cells[i]))
}

// Unescaped takes the apostrophe from a text that an export put before it so
// that no spreadsheet takes it for a formula.
func Unescaped(s string) string {
	if len(s) > 1 && s[0] == '\'' && strings.ContainsRune("=+-@\t\r", rune(s[1])) {
		return s[1:]
	}
	return s
}

// row plans one row.
func (im *importer) row(r *TableRow) error {
	out := ImportRow{Line: r.Line}
	bad := func(field, message, remedy string) {
		out.Problems = append(out.Problems, im.problem(r, field, message, remedy))
	}
	defer func() { im.plan.Rows = append(im.plan.Rows, out) }()
	now, ok := im.find(r, bad)
	if !ok {
		return nil
	}
	base := now
	if now != nil {
		out.ID, out.Heading = now.ID, record.HeadingOf(*now).String()
		if rev := im.cell(r, ColumnRevision); rev != "" {
			old, err := im.revision(*now, rev)
			if err != nil {
				return err
			}
			if old == nil {
				bad(ColumnRevision, fmt.Sprintf("The record has no revision %q; the latest is %d.", rev, now.Revision), "Export it again, or leave this column out.")
				return nil
			}
			base = old
		}
	}
	body, edits := im.edits(r, base, now, bad)
	if len(out.Problems) > 0 {
		return nil
	}
	if now != nil && edits == 0 {
		out.Change = Unchanged
		return nil
	}
	change := RecordChange{Ledger: im.o.Ledger, Kind: im.kind.Name, Effective: cmp.Or(im.o.Effective, im.today)}
	if now != nil {
		out.Change, change.ID, change.Revision = Change, now.ID, now.Revision
		if d := soc1.Date(now.Effective); im.o.Effective == "" && d > change.Effective {
			change.Effective = d
		}
	} else {
		out.Change = Create
		change.ID = im.newID(r, body)
		out.ID = change.ID
	}
	if first, twice := im.ids[change.ID]; twice {
		bad(cmp.Or(im.o.Key, ColumnID), fmt.Sprintf("Row %d is about the record %s already.", first, change.ID), "Leave one of the two out.")
		return nil
	}
	im.ids[change.ID] = r.Line
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	p := im.kind.New()
	if err := json.Unmarshal(b, p); err != nil {
		bad("", "The row does not make "+articled(im.kind.Title)+": "+err.Error()+".", "Compare it with an exported one.")
		return nil
	}
	value, ok := im.kind.Deref(p).(interface{ Validate() []soc1.Problem })
	if !ok {
		return fmt.Errorf("kind %s has no rules", im.kind.Name)
	}
	if out.Heading == "" {
		out.Heading = record.HeadingOf(record.Record{Kind: im.kind.Name, ID: change.ID, Body: b}).String()
	}
	change.Value = value
	im.plan.Changes = append(im.plan.Changes, change)
	im.rows = append(im.rows, len(im.plan.Rows))
	return nil
}

func articled(title string) string {
	title = strings.ToLower(title)
	if strings.ContainsRune("aeiou", rune(title[0])) {
		return "an " + title
	}
	return "a " + title
}

// find is the record that a row is about; nil for a new one.
func (im *importer) find(r *TableRow, bad func(field, message, remedy string)) (*record.Record, bool) {
	switch im.o.Key {
	case "":
		return nil, true
	case ColumnID:
		id := im.cell(r, ColumnID)
		if id == "" {
			return nil, true
		}
		if it := im.list.Get(id); it != nil {
			return im.usable(it, ColumnID, bad)
		}
		if err := record.CheckID(id); err != nil {
			bad(ColumnID, stop(err.Error()), "Leave the cell empty to have an id chosen.")
			return nil, false
		}
		return nil, true
	}
	text := im.cell(r, im.o.Key)
	if text == "" {
		bad(im.o.Key, "The cell by which rows are matched is empty.", "Fill it in, or match rows by their ids.")
		return nil, false
	}
	ids := im.keys[record.Fold(text)]
	switch len(ids) {
	case 0:
		return nil, true
	case 1:
		return im.usable(im.list.Get(ids[0]), im.o.Key, bad)
	}
	bad(im.o.Key, fmt.Sprintf("%d records have this value: %s.", len(ids), strings.Join(ids[:min(len(ids), 5)], ", ")), "Match rows by their ids.")
	return nil, false
}

func (im *importer) usable(it *record.Item, field string, bad func(field, message, remedy string)) (*record.Record, bool) {
	switch {
	case it.Redacted:
		bad(field, "The record was redacted and cannot be changed by a table.", "Remove the row.")
		return nil, false
	case it.Retired:
		bad(field, "The record is retired.", "Remove the row, or bring the record back in its form first.")
		return nil, false
	}
	return &it.Record, true
}

// revision is the one that a row was exported from; nil when there is none.
func (im *importer) revision(now record.Record, text string) (*record.Record, error) {
	if text == fmt.Sprint(now.Revision) {
		return &now, nil
	}
	all, err := im.view.History(im.ctx, im.kind.Name, now.ID)
	if err != nil {
		return nil, err
	}
	for i := range all {
		if fmt.Sprint(all[i].Revision) == text && !all[i].Redacted {
			return &all[i], nil
		}
	}
	return nil, nil
}

func open(r *record.Record) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if r != nil {
		_ = json.Unmarshal(r.Body, &m)
	}
	return m
}

// edits makes the body of a row: the record as it stands with the cells that
// say something else than the revision they came from.
func (im *importer) edits(r *TableRow, base, now *record.Record, bad func(field, message, remedy string)) (map[string]json.RawMessage, int) {
	body, was := open(now), open(base)
	if body == nil {
		body = map[string]json.RawMessage{}
	}
	n := 0
	for i, f := range im.fields {
		if f == nil {
			continue
		}
		text := r.Cells[i]
		blank := strings.TrimSpace(text) == ""
		if blank && (im.o.KeepBlank || base == nil) || base != nil && sameCell(f, text, record.Cell(f, was[f.Name], im.names)) {
			continue
		}
		v, err := record.ParseCell(f, Unescaped(text), im.names)
		if err != nil {
			bad(f.Name, stop(err.Error()), "")
			continue
		}
		b, err := json.Marshal(v)
		if err != nil {
			bad(f.Name, stop(err.Error()), "")
			continue
		}
		if v == nil {
			b = nil
		}
		switch changed := base != now && !alike(was[f.Name], body[f.Name]); {
		case alike(b, body[f.Name]):
			continue
		case changed:
			bad(f.Name, fmt.Sprintf("Somebody changed this field after the file was exported: it was %q and is %q now.", shortly(record.Cell(f, was[f.Name], im.names)), shortly(record.Cell(f, body[f.Name], im.names))),
				"Decide which holds; to take yours, write the present revision into the column of revisions.")
			continue
		}
		n++
		if b == nil {
			delete(body, f.Name)
		} else {
			body[f.Name] = b
		}
	}
	return body, n
}

func shortly(s string) string { return tabular.Printable([]byte(s)) }

func alike(a, b json.RawMessage) bool {
	if empty(a) || empty(b) {
		return empty(a) && empty(b)
	}
	return record.SameBody(a, b)
}

// sameCell tells whether a cell says what an export writes, as far as
// spreadsheets keep it: line ends, spaces around and apostrophes aside.
func sameCell(f *record.Field, got, exported string) bool {
	plain := func(s string) string {
		return strings.TrimSpace(strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n"))
	}
	got, exported = plain(got), plain(exported)
	if got == exported || plain(Unescaped(got)) == exported {
		return true
	}
	if f.Type == record.Boolean && !f.List {
		yes, known := map[string]bool{"yes": true, "true": true, "no": false, "false": false, "": false}[strings.ToLower(got)]
		return known && yes == (exported == "Yes")
	}
	return plain(CutCell(exported)) == got
}

// LongestCell is how many characters a cell of a workbook holds.
const LongestCell = 32767

// cutMark stands at the end of a text that did not fit.
const cutMark = "… [cut by the export: a cell holds no more]"

// CutCell is a text as a workbook holds it: whole, or its beginning with a mark
// that says so. A cell that was cut changes nothing when it is imported.
func CutCell(s string) string {
	if len(s) <= LongestCell || units16(s) <= LongestCell {
		return s
	}
	units, room := 0, LongestCell-units16(cutMark)
	for i, r := range s {
		if units++; r > 0xFFFF {
			units++
		}
		if units > room {
			return s[:i] + cutMark
		}
	}
	return s
}

// units16 counts a text as spreadsheets do.
func units16(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

func stop(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

func (im *importer) problem(r *TableRow, field, message, remedy string) ImportProblem {
	p := ImportProblem{File: im.t.File, Sheet: im.t.Sheet, Row: r.Line, Message: message, Remedy: remedy}
	if i := slices.Index(im.o.Fields, field); i >= 0 && field != "" {
		p.Column, p.Value = im.t.Columns[i], tabular.Printable([]byte(r.Cells[i]))
	}
	return p
}

// newID is the id of a new record: what the row says, or one made of what names
// it, with a number where it is taken.
func (im *importer) newID(r *TableRow, body map[string]json.RawMessage) string {
	if im.o.Key == ColumnID {
		if id := im.cell(r, ColumnID); id != "" {
			return id
		}
	}
	id := ""
	for _, name := range []string{im.o.Key, "code", "title", "name", "text", "what"} {
		var s string
		if _ = json.Unmarshal(body[name], &s); id == "" {
			id = IDFrom(s)
		}
	}
	if id == "" {
		id = strings.ReplaceAll(im.kind.Name, "_", "-")
	}
	for n := 1; ; n++ {
		next := id
		if n > 1 {
			next = fmt.Sprintf("%s-%d", id, n)
		}
		if _, taken := im.ids[next]; !taken && im.list.Get(next) == nil {
			return next
		}
	}
}

// IDFrom makes an id of a text: lower-case letters, digits and dashes; empty when
// it has none of them.
func IDFrom(s string) string {
	var b strings.Builder
	for _, c := range record.Fold(s) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 48 {
			break
		}
	}
	return strings.Trim(b.String(), "-")
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
