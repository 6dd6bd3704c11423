package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"reperform/mapping"
	"reperform/population/tabular"
	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// FrameworkFile is a register of controls or a catalogue of requirements that somebody
// brings: a table, or an OSCAL document.
type FrameworkFile struct {
	Name  string
	Bytes []byte
	// Options say how a table is read.
	Options TableOptions
}

// FrameworkImport says what the file holds.
type FrameworkImport struct {
	// Framework is the framework, by its name with the edition or a short one.
	Framework string
	// New admits a framework that nothing names yet.
	New bool
	// Catalogue says that a table holds requirements; otherwise it holds controls. An
	// OSCAL document says itself what it is.
	Catalogue bool
	// Version is what the catalogue or register says of its version.
	Version string
	// Columns says what columns hold whose headings do not say it: field by heading. An
	// empty field leaves the column out.
	Columns map[string]string
	// LeaveOut leaves out every column whose heading is not known.
	LeaveOut bool
	// Effective is the day from which the records hold; empty is today.
	Effective soc1.Date
	// Reason is what the ledger keeps; empty names the file.
	Reason string
	DryRun bool
	// Shown is the plan that was looked at. Where the file would do something else by
	// now, nothing is recorded, and ErrFrameworkMoved comes beside the plan of now.
	Shown *FrameworkPlan
}

// FrameworkPlan is what an import does or did.
type FrameworkPlan struct {
	File, Sheet, Framework string
	// Catalogue says that requirements are imported, and not controls.
	Catalogue bool
	Rows      []FrameworkRow
	Warnings  []string
	// Ignored are the parts of an OSCAL document that are not taken over, with how many
	// there are.
	Ignored []string
	// Absent are the codes that were recorded before and are not in the file. They stay
	// as they are.
	Absent  []string
	changes []RecordChange
	// at are the rows of the changes.
	at []int
}

// FrameworkRow is what one row of a table, or one part of a document, does.
type FrameworkRow struct {
	Line int64
	Path string
	// Code is the control's code or the requirement's identifier.
	Code, Text, ID string
	Change         ChangeType
	Fields         []FieldChange
	// Tied is the control that this was decided to be, where the row changes its words.
	Tied     string
	Problems []FrameworkProblem
}

// FrameworkProblem is something wrong with a row, or with a part of a document.
type FrameworkProblem struct {
	ImportProblem
	// Path is where it stands in a document.
	Path string
}

func (p FrameworkProblem) String() string {
	if p.Path == "" {
		return p.ImportProblem.String()
	}
	s := p.File + ": " + p.Path + ": "
	if p.Value != "" && !strings.Contains(p.Message, p.Value) {
		s += fmt.Sprintf("value %q: ", p.Value)
	}
	return s + strings.TrimSuffix(p.Message+" "+p.Remedy, " ")
}

// Count is the number of rows that do something without a problem.
func (p *FrameworkPlan) Count(t ChangeType) int {
	n := 0
	for i := range p.Rows {
		if p.Rows[i].Change == t && len(p.Rows[i].Problems) == 0 {
			n++
		}
	}
	return n
}

// Bad is the number of rows with problems.
func (p *FrameworkPlan) Bad() int {
	n := 0
	for i := range p.Rows {
		if len(p.Rows[i].Problems) > 0 {
			n++
		}
	}
	return n
}

// ErrFrameworkMoved says that records changed after somebody looked at what a file does.
var ErrFrameworkMoved = errors.New("nothing was recorded, because records changed after you looked at what the file does")

// ErrFrameworkRows says that rows of the file are wrong, and that nothing was recorded.
var ErrFrameworkRows = errors.New("nothing was recorded, because the file has rows with problems")

// frameworkRow is what was read before it is compared with what is recorded.
type frameworkRow struct {
	line int64
	path string
	// cells are the texts by field.
	cells       map[string]string
	identifiers []string
}

// frameworkImporter plans one file.
type frameworkImporter struct {
	o     FrameworkImport
	file  string
	sheet string
	// heads are the headings by field.
	heads map[string]string
	plan  *FrameworkPlan
	reg   *mapping.Register
	known map[string]string
	app   *App
	// taken are the ids that records of the kind have or had.
	taken map[string]bool
	// numbers are identifiers that a spreadsheet may have shortened.
	numbers []string
}

// ImportFramework imports the register of another program, or a catalogue that the
// organization may use. Controls are found again by their codes and requirements by
// their identifiers, so that a later version of the file changes what is there and makes
// nothing twice; what was decided on a control stays. With a dry run nothing is recorded.
// Where a row is wrong, nothing is recorded either, and ErrFrameworkRows comes beside the
// plan, which says what is wrong.
func (a *App) ImportFramework(ctx context.Context, actor string, f FrameworkFile, o FrameworkImport) (*FrameworkPlan, error) {
	reg, err := a.Mapping(ctx, actor, record.AsOf{})
	if err != nil {
		return nil, err
	}
	if err := a.MayPut(ctx, actor, OrganizationLedger, "framework_control", ""); err != nil {
		return nil, err
	}
	im := &frameworkImporter{app: a, o: o, reg: reg, heads: map[string]string{}, file: filepath.Base(strings.ReplaceAll(f.Name, `\`, "/"))}
	if err := im.framework(); err != nil {
		return nil, err
	}
	im.plan = &FrameworkPlan{File: im.file, Framework: im.o.Framework, Catalogue: o.Catalogue}
	var rows []frameworkRow
	switch strings.ToLower(filepath.Ext(im.file)) {
	case ".json":
		rows, err = im.oscal(f.Bytes)
	case ".xml", ".yaml", ".yml":
		err = tableError(im.file, "OSCAL is read in JSON, and not in XML or YAML", "convert it to JSON first; OSCAL's own tools do")
	default:
		rows, err = im.table(ctx, f)
	}
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, tableError(im.file, "the file holds no row", "name the file that holds the register or the catalogue")
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	im.knownIDs()
	if err := im.takenIDs(ctx, actor); err != nil {
		return nil, err
	}
	if err := im.compare(rows, cmp.Or(o.Effective, today)); err != nil {
		return nil, err
	}
	moved := o.Shown != nil && !im.plan.same(o.Shown)
	bulk, err := a.PutRecords(ctx, actor, im.plan.changes, cmp.Or(o.Reason, fmt.Sprintf("Imported from %s.", im.file)), o.DryRun || moved || im.plan.Bad() > 0)
	if err != nil && !errors.Is(err, ErrBulk) {
		return nil, err
	}
	if bulk != nil {
		im.rehearsed(bulk)
	}
	if im.plan.Bad() > 0 || err != nil {
		return im.plan, fmt.Errorf("%s: %d of %d: %w", im.file, im.plan.Bad(), len(im.plan.Rows), ErrFrameworkRows)
	}
	if moved {
		return im.plan, fmt.Errorf("%s: %w", im.file, ErrFrameworkMoved)
	}
	return im.plan, nil
}

// same tells whether two plans of a file do the same to the same revisions.
func (p *FrameworkPlan) same(q *FrameworkPlan) bool {
	return slices.EqualFunc(p.changes, q.changes, func(a, b RecordChange) bool {
		return a.Kind == b.Kind && a.ID == b.ID && a.Revision == b.Revision
	})
}

// framework finds the framework that is named.
func (im *frameworkImporter) framework() error {
	name := strings.TrimSpace(im.o.Framework)
	if name == "" {
		return &FieldError{"framework", "Name the framework: " + strings.Join(FrameworkNames(im.reg), ", ") + ".", ""}
	}
	if known, err := FrameworkNamed(im.reg, name); err == nil {
		im.o.Framework = known
		return nil
	}
	if !im.o.New {
		return &FieldError{"framework", fmt.Sprintf("There is no framework %q. Known are %s. Say that it is a new one if that is meant.", name, strings.Join(FrameworkNames(im.reg), ", ")), ""}
	}
	im.o.Framework = name
	return nil
}

// knownIDs are the identifiers that the framework has, by what they are folded to.
func (im *frameworkImporter) knownIDs() {
	im.known = map[string]string{}
	if f := im.reg.Framework(im.o.Framework); f != nil {
		for i := range f.Requirements {
			if q := &f.Requirements[i]; q.Shipped || q.Words != nil {
				im.known[record.Fold(q.ID)] = q.ID
			}
		}
	}
}

// identify is an identifier as the framework writes it.
func (im *frameworkImporter) identify(raw string) (string, bool) {
	raw = strings.TrimSpace(raw)
	for _, s := range []string{raw, nistID(raw), "A." + raw} {
		if id, ok := im.known[record.Fold(s)]; ok {
			return id, true
		}
	}
	return raw, false
}

// nistID writes "ac-2.1" and "AC-02(01)" as NIST prints them, "AC-2(1)".
func nistID(s string) string {
	family, rest, ok := strings.Cut(strings.ToUpper(s), "-")
	if !ok {
		return s
	}
	rest = strings.NewReplacer("(", ".", ")", "", " ", "").Replace(rest)
	parts := strings.Split(rest, ".")
	for i := range parts {
		parts[i] = cmp.Or(strings.TrimLeft(parts[i], "0"), parts[i])
	}
	out := family + "-" + parts[0]
	for _, p := range parts[1:] {
		out += "(" + p + ")"
	}
	return out
}

// frameworkColumns are the fields of a table and the headings by which they are known.
var frameworkColumns = map[bool]map[string][]string{
	false: {
		"code": {"code", "control", "controlid", "controlno", "controlnumber", "id", "ref"}, "text": {"text", "statement", "description", "controldescription", "controlstatement", "controlactivity"},
		"identifiers": {"identifiers", "identifier", "criteria", "criterion", "requirements", "requirement", "frameworkids", "references"}, "owner": {"owner", "controlowner", "responsible"},
		"frequency": {"frequency"}, "evidence": {"evidence", "evidencedescription"},
	},
	true: {
		"identifier": {"identifier", "id", "code", "criterion", "requirement", "controlid", "number", "ref"}, "group": {"group", "category", "family", "section"},
		"title": {"title", "name"}, "text": {"text", "description", "statement"},
	},
}

// frameworkFields are the fields in the order in which they are told.
var frameworkFields = map[bool][]string{false: {"code", "text", "identifiers", "owner", "frequency", "evidence"}, true: {"identifier", "group", "title", "text"}}

// table reads a table.
func (im *frameworkImporter) table(ctx context.Context, f FrameworkFile) ([]frameworkRow, error) {
	if len(f.Bytes) == 0 {
		return nil, tableError(im.file, "the file is empty", "name the file that holds the register or the catalogue")
	}
	t, err := ReadTable(ctx, f.Name, f.Bytes, f.Options)
	if err != nil {
		return nil, err
	}
	im.sheet, im.plan.Sheet, im.plan.Warnings = t.Sheet, t.Sheet, t.Warnings
	if others := slices.DeleteFunc(slices.Clone(t.Sheets), func(s string) bool { return s == t.Sheet }); len(others) > 0 {
		im.plan.Warnings = append(im.plan.Warnings, fmt.Sprintf("Read is the sheet %q alone. Not read: %s.", t.Sheet, strings.Join(others, ", ")))
	}
	fields, err := im.columns(t)
	if err != nil {
		return nil, err
	}
	var out []frameworkRow
	for i := range t.Rows {
		r := frameworkRow{line: t.Rows[i].Line, cells: map[string]string{}}
		blank := true
		for c, name := range fields {
			cell := strings.TrimSpace(t.Rows[i].Cells[c])
			blank = blank && cell == ""
			if name != "" {
				r.cells[name] = cell
			}
		}
		if blank {
			continue
		}
		r.identifiers = split(r.cells["identifiers"])
		out = append(out, r)
	}
	return out, nil
}

// split takes the identifiers out of a cell.
func split(s string) []string {
	var out []string
	for _, x := range strings.FieldsFunc(s, func(c rune) bool { return c == ';' || c == ',' || c == '\n' }) {
		if x = strings.TrimSpace(x); x != "" {
			out = append(out, x)
		}
	}
	return out
}

// columns finds what each column holds. Nothing is guessed: a heading that is not known
// is refused, and whoever imports says what it holds.
func (im *frameworkImporter) columns(t *Table) ([]string, error) {
	known := frameworkColumns[im.o.Catalogue]
	fields := frameworkFields[im.o.Catalogue]
	wrong := func(heading, problem string) error {
		return &tabular.InputError{File: im.file, Sheet: im.sheet, Column: heading, Problem: problem, Remedy: "columns are " + strings.Join(fields, ", ") + "; say what this one holds, or that it is left out"}
	}
	said := map[string]string{}
	for heading, field := range im.o.Columns {
		if !slices.Contains(t.Columns, heading) {
			return nil, wrong(heading, "the file has no such column")
		}
		if field != "" && !slices.Contains(fields, field) {
			return nil, wrong(heading, fmt.Sprintf("there is no field %q", field))
		}
		said[heading] = field
	}
	out := make([]string, len(t.Columns))
	for i, heading := range t.Columns {
		field, ok := said[heading]
		if !ok {
			for _, f := range fields {
				if slices.Contains(known[f], plainHeading(heading)) {
					field = f
				}
			}
			if field == "" && !im.o.LeaveOut {
				return nil, wrong(heading, "this column is not known")
			}
		}
		if field == "" {
			im.plan.Warnings = append(im.plan.Warnings, fmt.Sprintf("The column %q is left out.", heading))
			continue
		}
		if first, twice := im.heads[field]; twice {
			return nil, wrong(heading, fmt.Sprintf("it holds %s, as %q does", field, first))
		}
		im.heads[field], out[i] = heading, field
	}
	needed := []string{"code", "text"}
	if im.o.Catalogue {
		needed = []string{"identifier"}
	}
	for _, f := range needed {
		if im.heads[f] == "" {
			return nil, tableError(im.file, fmt.Sprintf("no column holds %s", f), "name it so, or say which column holds it")
		}
	}
	return out, nil
}

// problem is something wrong with a row.
func (im *frameworkImporter) problem(r *frameworkRow, field, message, remedy string) FrameworkProblem {
	p := FrameworkProblem{ImportProblem: ImportProblem{File: im.file, Sheet: im.sheet, Row: r.line, Column: im.heads[field], Message: message, Remedy: remedy}, Path: r.path}
	if v := r.cells[field]; v != "" {
		p.Value = tabular.Printable([]byte(v))
	}
	return p
}

var frequencyWords = map[string]soc1.Frequency{
	"annually": soc1.Annual, "yearly": soc1.Annual, "semiannually": soc1.SemiAnnual, "twiceayear": soc1.SemiAnnual, "everysixmonths": soc1.SemiAnnual, "quarterly": soc1.Quarterly, "everyquarter": soc1.Quarterly,
	"permonth": soc1.Monthly, "perweek": soc1.Weekly, "eachday": soc1.Daily, "multipletimesaday": soc1.MultiplePerDay, "multipletimesperday": soc1.MultiplePerDay, "adhoc": soc1.AsNeeded,
	"continuous": soc1.AutomatedContinuous, "continuously": soc1.AutomatedContinuous, "automated": soc1.AutomatedContinuous,
}

func frequencyOf(s string) (soc1.Frequency, bool) {
	plain := plainHeading(s)
	for _, v := range soc1.Frequency("").Values() {
		if plainHeading(v) == plain || plainHeading(soc1.Frequency(v).Label()) == plain {
			return soc1.Frequency(v), true
		}
	}
	f, ok := frequencyWords[plain]
	return f, ok
}

// compare sets what was read against what is recorded.
func (im *frameworkImporter) compare(rows []frameworkRow, effective soc1.Date) error {
	key := "code"
	if im.plan.Catalogue {
		key = "identifier"
	}
	ids, first, recorded := im.taken, map[string]*frameworkRow{}, im.recorded()
	source := im.file
	if im.o.Version != "" {
		source += ", " + strings.TrimSpace(im.o.Version)
	}
	unlisted := 0
	for i := range rows {
		r := &rows[i]
		out := FrameworkRow{Line: r.line, Path: r.path, Text: r.cells["text"]}
		bad := func(field, message, remedy string) {
			out.Problems = append(out.Problems, im.problem(r, field, message, remedy))
		}
		for _, f := range frameworkFields[im.plan.Catalogue] {
			if s := r.cells[f]; r.path == "" && s != "" && strings.ContainsRune("=@", rune(s[0])) {
				bad(f, "The cell begins like a formula.", "Write the text that is meant; an apostrophe before it says that it is none.")
			}
			r.cells[f] = Unescaped(r.cells[f])
		}
		out.Code = r.cells[key]
		if r.path == "" {
			im.spreadsheetHabits(r, key, bad)
		}
		if im.plan.Catalogue {
			id, ok := im.identify(out.Code)
			if out.Code = id; !ok {
				unlisted++
			}
			r.cells[key] = id
		} else {
			im.controlCells(r, bad)
		}
		folded := record.Fold(out.Code)
		switch was := first[folded]; {
		case out.Code == "":
			bad(key, "The cell is empty.", "Give what the framework or the register calls it.")
		case was != nil && r.path != "":
			bad(key, fmt.Sprintf("%q stands at %s already.", out.Code, was.path), "Keep one of the two.")
		case was != nil:
			bad(key, fmt.Sprintf("%q stands in row %d already.", out.Code, was.line), "Keep one of the two.")
		default:
			first[folded] = r
		}
		change, tied, same := im.change(r, recorded[folded], source)
		if change.ID == "" {
			change.ID = freeOf(func(id string) bool { return ids[id] }, cmp.Or(IDFrom(im.o.Framework+" "+out.Code), "framework"))
			ids[change.ID] = true
			out.Change = Create
		} else if out.Change = Change; same {
			out.Change = Unchanged
		}
		change.Effective = max(effective, change.Effective)
		out.ID, out.Tied = change.ID, tied
		if len(out.Problems) == 0 && !same {
			im.plan.changes, im.plan.at = append(im.plan.changes, change), append(im.plan.at, len(im.plan.Rows))
		}
		im.plan.Rows = append(im.plan.Rows, out)
	}
	for folded, x := range recorded {
		if first[folded] == nil {
			im.plan.Absent = append(im.plan.Absent, x.code)
		}
	}
	slices.Sort(im.plan.Absent)
	if n := len(im.numbers); n > 0 {
		const most = 5
		told := strings.Join(im.numbers[:min(n, most)], ", ")
		if n > most {
			told += fmt.Sprintf(" and %d more", n-most)
		}
		im.plan.Warnings = append(im.plan.Warnings, fmt.Sprintf("Look at %s: a spreadsheet that takes an identifier for a number makes 5.1 of 5.10, and both are identifiers of %s.", told, im.o.Framework))
	}
	switch {
	case im.plan.Catalogue && unlisted > 0 && library.FrameworkTitle(im.o.Framework) != im.o.Framework:
		im.plan.Warnings = append(im.plan.Warnings, fmt.Sprintf("%d of the identifiers are none of those that come with the program for %s. They are taken as they stand.", unlisted, im.o.Framework))
	case !im.plan.Catalogue && len(im.known) == 0:
		im.plan.Warnings = append(im.plan.Warnings, fmt.Sprintf("No catalogue of %s is recorded, so its identifiers are taken as they stand.", im.o.Framework))
	}
	return nil
}

// controlCells checks what a row says of a control.
func (im *frameworkImporter) controlCells(r *frameworkRow, bad func(field, message, remedy string)) {
	if r.cells["text"] == "" {
		bad("text", "The control has no statement.", "Say what is done.")
	}
	if s := r.cells["frequency"]; s != "" {
		f, ok := frequencyOf(s)
		if !ok {
			bad("frequency", fmt.Sprintf("%q is no frequency.", s), "Write one of "+strings.Join(soc1.Frequency("").Values(), ", ")+", or nothing.")
		}
		r.cells["frequency"] = string(f)
	}
	var out []string
	for _, raw := range r.identifiers {
		id, ok := im.identify(raw)
		switch {
		case !ok && len(im.known) > 0:
			bad("identifiers", fmt.Sprintf("%s has no identifier %q.", im.o.Framework, raw), "Correct it, or import the catalogue that has it first.")
		case slices.Contains(out, id):
			bad("identifiers", fmt.Sprintf("%q is listed twice.", id), "List it once.")
		default:
			out = append(out, id)
		}
	}
	r.identifiers = out
}

// recordedRow is what is recorded of a control or a requirement.
type recordedRow struct {
	code        string
	at          record.Record
	control     *soc1.FrameworkControl
	requirement *soc1.FrameworkRequirement
	// tied is the code of the control that it is here.
	tied string
}

// recorded are the rows of earlier imports, by what they are folded to.
func (im *frameworkImporter) recorded() map[string]*recordedRow {
	out := map[string]*recordedRow{}
	f := im.reg.Framework(im.o.Framework)
	if f == nil {
		return out
	}
	if im.plan.Catalogue {
		for i := range f.Requirements {
			if q := f.Requirements[i].Words; q != nil {
				out[record.Fold(q.Value.Identifier)] = &recordedRow{code: q.Value.Identifier, at: q.Record, requirement: &q.Value}
			}
		}
		return out
	}
	for _, i := range f.Theirs {
		t := &im.reg.Theirs[i]
		x := &recordedRow{code: t.Value.Code, at: t.Record, control: &t.Value}
		if t.Control >= 0 {
			x.tied = im.reg.Controls[t.Control].Value.Code
		}
		out[record.Fold(t.Value.Code)] = x
	}
	return out
}

// takenIDs are the ids of the kind that cannot be given again: those of records that were
// taken out of use among them.
func (im *frameworkImporter) takenIDs(ctx context.Context, actor string) error {
	v, err := im.app.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return err
	}
	kind := "framework_control"
	if im.plan.Catalogue {
		kind = "framework_requirement"
	}
	list, err := v.Rows(ctx, kind)
	if err != nil {
		return err
	}
	im.taken = map[string]bool{}
	list.All(func(it *record.Item) bool {
		im.taken[it.Record.ID] = true
		return true
	})
	return nil
}

var (
	dateText    = regexp.MustCompile(`^\d{4}-\d\d-\d\d`)
	numericCode = regexp.MustCompile(`^\d+\.\d$`)
)

// spreadsheetHabits finds codes that a spreadsheet took for something else: for a date,
// which is refused, or for a number, by which 5.10 becomes 5.1 and is told.
func (im *frameworkImporter) spreadsheetHabits(r *frameworkRow, key string, bad func(field, message, remedy string)) {
	look := func(field, s string) {
		if dateText.MatchString(s) {
			bad(field, fmt.Sprintf("%q is a date.", s), "A spreadsheet took a code for one: format the column as text, and write the code again.")
		}
		if _, is := im.identify(s); !is || !numericCode.MatchString(s) {
			return
		}
		if _, longer := im.identify(s + "0"); longer {
			im.numbers = append(im.numbers, fmt.Sprintf("%q in row %d", s, r.line))
		}
	}
	look(key, r.cells[key])
	for _, id := range r.identifiers {
		look("identifiers", id)
	}
}

// change is what a row makes of what is recorded. The register's words are taken over,
// what was decided here stays. A file that says the same is no change, whatever its name.
func (im *frameworkImporter) change(r *frameworkRow, was *recordedRow, source string) (out RecordChange, tied string, same bool) {
	out = RecordChange{Ledger: OrganizationLedger, Kind: "framework_control"}
	if was != nil {
		out.ID, out.Revision, out.Effective = was.at.ID, was.at.Revision, soc1.Date(was.at.Effective)
	}
	if im.plan.Catalogue {
		out.Kind = "framework_requirement"
		v := soc1.FrameworkRequirement{Framework: im.o.Framework, Identifier: r.cells["identifier"], Group: r.cells["group"], Title: r.cells["title"], Text: r.cells["text"], Source: source}
		if was != nil {
			w := *was.requirement
			w.Source = source
			same = w == v
		}
		out.Value = v
		return out, "", same
	}
	v := soc1.FrameworkControl{Framework: im.o.Framework, Code: r.cells["code"], Text: r.cells["text"], Identifiers: r.identifiers, Owner: r.cells["owner"], Frequency: soc1.Frequency(r.cells["frequency"]), Evidence: r.cells["evidence"], Source: source}
	if was != nil {
		w := was.control
		v.Control, v.NotControls, v.Objectives = w.Control, w.NotControls, w.Objectives
		same = w.Code == v.Code && w.Text == v.Text && slices.Equal(w.Identifiers, v.Identifiers) && w.Owner == v.Owner && w.Frequency == v.Frequency && w.Evidence == v.Evidence
		if w.Text != v.Text || !slices.Equal(w.Identifiers, v.Identifiers) {
			tied = was.tied
		}
	}
	out.Value = v
	return out, tied, same
}

// rehearsed puts what recording says to the rows.
func (im *frameworkImporter) rehearsed(b *Bulk) {
	for i, it := range b.Items {
		row := &im.plan.Rows[im.plan.at[i]]
		row.Fields = it.Fields
		for _, p := range it.Problems {
			field, _, _ := strings.Cut(p.Field, ".")
			field, _, _ = strings.Cut(field, "[")
			row.Problems = append(row.Problems, im.problem(&frameworkRow{line: row.Line, path: row.Path}, field, p.Message, p.Remedy))
		}
	}
}
