package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"reperform/population/tabular"
	"reperform/record"
	"reperform/soc1"
)

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
		if err := record.CheckNewID(id); err != nil {
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
