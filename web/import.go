package web

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// upload is a file that waits to be imported, with what was chosen so far.
type upload struct {
	bytes   []byte
	name    string
	table   *app.Table
	options app.TableOptions
	o       app.ImportOptions
	plan    *app.ImportPlan
}

// registerTables lists the addresses of exports, imports and changes of many.
func (s *Site) registerTables() {
	for _, at := range []string{"", "/x/{ledger}"} {
		s.add("GET "+at+"/export/{kind}/{format}", (*request).export)
		s.add("GET "+at+"/import/{kind}", (*request).importForm)
		s.add("POST "+at+"/import/{kind}", (*request).receive)
		s.add("GET "+at+"/import/{kind}/{token}", (*request).importMapping)
		s.add("POST "+at+"/import/{kind}/{token}", (*request).importStep)
		s.add("GET "+at+"/choices/{kind}", (*request).choices)
		s.add("POST "+at+"/check/{kind}", (*request).check)
		s.add("POST "+at+"/bulk/{kind}", (*request).choose)
		s.add("GET "+at+"/bulk/{kind}/{token}", (*request).bulkForm)
		s.add("POST "+at+"/bulk/{kind}/{token}", (*request).bulkStep)
	}
}

// importPage is one of the three steps of an import.
type importPage struct {
	f    *ui.Frame
	Kind *record.Kind
	// Back is the register, Action where the form of the step goes, Begin the
	// first step.
	Back, Action, Begin string
	Problem             string
	// Table, Columns and the choices are the second step's.
	Table     *app.Table
	Columns   []mappedColumn
	Keys      []option
	Sheets    []option
	Encodings []option
	KeepBlank bool
	Effective string
	// Plan is the third step's.
	Plan        *app.ImportPlan
	Shown       []importLine
	Hidden      int
	Counts      []planCount
	Reason      string
	NoReason    bool
	Recordable  bool
	Consequence string
}

// mappedColumn is a column of the file with what it is said to hold.
type mappedColumn struct {
	Heading string
	Samples []string
	Options []option
	Name    string
}

// planCount is how many rows do what.
type planCount struct {
	Text, Class string
	N           int
}

// importLine is a row of the dry run.
type importLine struct {
	Line     int64
	Outcome  string
	Class    string
	ID, Name string
	Href     string
	Changes  []change
	Problems []string
}

// mostImportLines bounds the rows that a dry run shows.
const mostImportLines = 300

// changeable is the kind of the address, if records of it may be written from
// files and the present is looked at.
func (r *request) changeable() (*record.Kind, error) {
	k, err := r.kind()
	if err != nil {
		return nil, err
	}
	if k.Decision {
		return nil, badRequest("kind", fmt.Errorf("%s come from commands of their own", k.Plural))
	}
	if r.past.On() {
		return nil, badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	// Whoever may read nothing here is told so, before any file is read.
	if err := r.shown(k); err != nil {
		return nil, err
	}
	return k, nil
}

func (r *request) importPageOf(k *record.Kind) *importPage {
	return &importPage{Kind: k, Back: r.url("%s/r/%s", r.at(), k.Name), Begin: r.url("%s/import/%s", r.at(), k.Name)}
}

func (r *request) showImport(status int, p *importPage) error {
	f, err := r.frame("Import", []ui.Link{{Text: p.Kind.Plural, Href: r.at() + "/r/" + p.Kind.Name}})
	if err != nil {
		return err
	}
	p.f, f.Here = f, r.at()+"/r/"+p.Kind.Name
	return r.write(status, ui.Page(f, noActions(), importBody(p)))
}

func (r *request) importForm() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	// The form is for who changes one record of the register at least.
	if denied := r.site.app.MayPut(r.Context(), r.actor, r.ledger, k.Name, ""); denied != nil {
		reg, err := r.register(k.Name, query{})
		if err != nil {
			return err
		}
		if !r.mayChange(reg) {
			return denied
		}
	}
	p := r.importPageOf(k)
	p.Action = p.Begin
	return r.showImport(http.StatusOK, p)
}

// receive takes the file. It is read at once, so that what is wrong with it is
// said before anything else is asked.
func (r *request) receive() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	again := func(status int, err error) error {
		p := r.importPageOf(k)
		p.Action, p.Problem = p.Begin, stopped(err.Error())
		return r.showImport(status, p)
	}
	// The form's own lines take little beside the file.
	r.Body = http.MaxBytesReader(r.w, r.Body, app.MostTableBytes+64<<10)
	name, b, err := r.uploaded()
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return again(http.StatusRequestEntityTooLarge, fmt.Errorf("the file is larger than %d MB; split it, or import it as a population", app.MostTableBytes>>20))
	case err != nil:
		return again(http.StatusBadRequest, err)
	case len(b) == 0:
		return again(http.StatusUnprocessableEntity, errors.New("choose a file that is not empty"))
	}
	u := &upload{bytes: b, name: name}
	if err := r.readUpload(k, u); err != nil {
		return r.unreadable(err, func() error {
			// A text in another encoding, or another sheet, is chosen beside what is wrong.
			if t, ok := r.keepUnread(k, u); ok {
				return r.redirect(r.url("%s/import/%s/%s", r.at(), k.Name, t))
			}
			return again(http.StatusUnprocessableEntity, err)
		})
	}
	token, err := r.site.waiting.put(&waitingTable{actor: r.actor, ledger: r.ledger, kind: k.Name, size: len(b) * 4, upload: u}, r.site.now())
	if err != nil {
		return again(http.StatusServiceUnavailable, err)
	}
	return r.redirect(r.url("%s/import/%s/%s", r.at(), k.Name, token))
}

// unreadable tells a wrong file from a machine that fails.
func (r *request) unreadable(err error, wrong func() error) error {
	if explain(err).Status >= http.StatusInternalServerError || r.Context().Err() != nil {
		return err
	}
	return wrong()
}

// keepUnread keeps a text that is not UTF-8, read in the encoding that it seems
// to have: the samples show whether that is right, and another can be chosen.
func (r *request) keepUnread(k *record.Kind, u *upload) (string, bool) {
	guess := encodings[1]
	switch {
	case strings.HasSuffix(strings.ToLower(u.name), ".xlsx"):
		return "", false
	case bytes.HasPrefix(u.bytes, []byte("\xff\xfe")), bytes.HasPrefix(u.bytes, []byte("\xfe\xff")):
		guess = encodings[3]
	case utf8.Valid(u.bytes):
		return "", false
	}
	u.options.Encoding = guess.Value
	if r.readUpload(k, u) != nil {
		return "", false
	}
	u.table.Warnings = append(u.table.Warnings, fmt.Sprintf("The file is not UTF-8; it was read as %s. Look at the samples below, and choose another encoding where letters are wrong.", guess.Text))
	token, err := r.site.waiting.put(&waitingTable{actor: r.actor, ledger: r.ledger, kind: k.Name, size: len(u.bytes) * 4, upload: u}, r.site.now())
	return token, err == nil
}

// uploaded is the one file of a form.
func (r *request) uploaded() (string, []byte, error) {
	m, err := r.MultipartReader()
	if err != nil {
		return "", nil, errors.New("the form holds no file; choose one and send it again")
	}
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return "", nil, errors.New("the form holds no file; choose one and send it again")
		}
		if err != nil {
			return "", nil, fmt.Errorf("the upload was cut short: %w", err)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		b, err := io.ReadAll(part)
		if err != nil {
			return "", nil, fmt.Errorf("the upload was cut short: %w", err)
		}
		return clipped(part.FileName(), 200), b, nil
	}
}

// readUpload reads the table and proposes what its columns hold.
func (r *request) readUpload(k *record.Kind, u *upload) error {
	t, err := app.ReadTable(r.Context(), u.name, u.bytes, u.options)
	if err != nil {
		return err
	}
	same := u.table != nil && slices.Equal(u.table.Columns, t.Columns)
	u.table = t
	if same {
		return nil
	}
	fields := app.GuessColumns(k, t.Columns)
	u.o = app.ImportOptions{Ledger: r.ledger, Kind: k.Name, Fields: fields, KeepBlank: !slices.Contains(fields, app.ColumnRevision)}
	switch {
	case slices.Contains(fields, app.ColumnID):
		u.o.Key = app.ColumnID
	case slices.Contains(fields, "code"):
		u.o.Key = "code"
	}
	return nil
}

var encodings = []option{{Value: "utf-8", Text: "UTF-8"}, {Value: "windows-1252", Text: "Windows-1252 (Western Europe, Excel)"}, {Value: "latin-1", Text: "ISO 8859-1 (Latin 1)"}, {Value: "utf-16", Text: "UTF-16"}}

// waits finds what the address names.
func (r *request) waits(k *record.Kind) (*waitingTable, error) {
	return r.site.waiting.get(r.PathValue("token"), r.actor, r.ledger, k.Name, r.site.now())
}

// gone leads back to where one begins.
func (r *request) gone(k *record.Kind, to string) error {
	p := r.importPageOf(k)
	p.Action, p.Problem = p.Begin, stopped(errGone.Error())
	if to != "" {
		p.Begin = to
	}
	return r.showImport(http.StatusGone, p)
}

func (r *request) importMapping() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	t, err := r.waits(k)
	if err != nil || t.upload == nil {
		return r.gone(k, "")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return r.showImport(http.StatusOK, r.mappingPage(k, t.upload, nil))
}

// mappingPage is the second step: what the columns hold.
func (r *request) mappingPage(k *record.Kind, u *upload, problem error) *importPage {
	p := r.importPageOf(k)
	p.Table, p.KeepBlank, p.Effective = u.table, u.o.KeepBlank, string(u.o.Effective)
	p.Action = r.url("%s/import/%s/%s", r.at(), k.Name, r.PathValue("token"))
	if problem != nil {
		p.Problem = stopped(problem.Error())
	}
	targets := []option{{Value: "", Text: "Leave out"}, {Value: app.ColumnID, Text: "Id"}, {Value: app.ColumnRevision, Text: "Revision exported"}}
	for _, f := range formFields(k) {
		targets = append(targets, option{Value: f.Name, Text: f.Label})
	}
	for i, h := range u.table.Columns {
		c := mappedColumn{Heading: h, Name: fmt.Sprintf("column.%d", i)}
		for _, o := range targets {
			o.On = o.Value == u.o.Fields[i]
			c.Options = append(c.Options, o)
		}
		for _, row := range u.table.Rows {
			if s := strings.TrimSpace(row.Cells[i]); s != "" {
				c.Samples = append(c.Samples, clipped(s, 60))
			}
			if len(c.Samples) == 3 {
				break
			}
		}
		p.Columns = append(p.Columns, c)
	}
	p.Keys = []option{{Value: app.ColumnID, Text: "Id", On: u.o.Key == app.ColumnID}}
	for _, f := range k.Fields {
		if app.KeyField(f) {
			p.Keys = append(p.Keys, option{Value: f.Name, Text: f.Label, On: u.o.Key == f.Name})
		}
	}
	p.Keys = append(p.Keys, option{Value: "", Text: "Nothing: every row is a new record", On: u.o.Key == ""})
	for _, s := range u.table.Sheets {
		p.Sheets = append(p.Sheets, option{Value: s, Text: s, On: s == u.table.Sheet})
	}
	if len(u.table.Sheets) == 0 {
		for _, e := range encodings {
			e.On = e.Value == cmp.Or(u.options.Encoding, "utf-8")
			p.Encodings = append(p.Encodings, e)
		}
	}
	return p
}

// importStep goes on: reads the file another way, rehearses, or records.
func (r *request) importStep() error {
	k, err := r.changeable()
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	t, err := r.waits(k)
	if err != nil || t.upload == nil {
		return r.gone(k, "")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.upload
	switch v.Get("_step") {
	case "read":
		was := u.options
		u.options = app.TableOptions{Sheet: v.Get("_sheet"), Encoding: v.Get("_encoding")}
		if err := r.readUpload(k, u); err != nil {
			u.options = was
			return r.unreadable(err, func() error { return r.showImport(http.StatusUnprocessableEntity, r.mappingPage(k, u, err)) })
		}
		return r.showImport(http.StatusOK, r.mappingPage(k, u, nil))
	case "rehearse":
		if err := readMapping(u, v); err != nil {
			return r.showImport(http.StatusUnprocessableEntity, r.mappingPage(k, u, err))
		}
		return r.rehearse(k, u, "")
	case "record":
		return r.recordImport(k, t, v)
	}
	return badRequest("_step", errors.New("the form does not say what is to be done; open it again"))
}

// readMapping takes what a form says of the columns.
func readMapping(u *upload, v url.Values) error {
	fields := make([]string, len(u.table.Columns))
	for i := range fields {
		fields[i] = v.Get(fmt.Sprintf("column.%d", i))
	}
	on, err := effective(v)
	if err != nil {
		return err
	}
	u.o.Fields, u.o.Key, u.o.KeepBlank, u.o.Effective = fields, v.Get("_key"), v.Get("_blank") != "empties", on
	return nil
}

// rehearse shows what the import would do.
func (r *request) rehearse(k *record.Kind, u *upload, note string) error {
	plan, err := r.site.app.PlanImport(r.Context(), r.actor, u.table, u.o)
	if err != nil {
		if explain(err).Status != http.StatusUnprocessableEntity {
			return err
		}
		return r.showImport(http.StatusUnprocessableEntity, r.mappingPage(k, u, err))
	}
	u.plan = plan
	return r.showPlan(http.StatusOK, k, u, note, fmt.Sprintf("Imported from %s.", u.table.File), false)
}

func (r *request) showPlan(status int, k *record.Kind, u *upload, problem, reason string, noReason bool) error {
	p := r.importPageOf(k)
	p.Action = r.url("%s/import/%s/%s", r.at(), k.Name, r.PathValue("token"))
	p.Begin, p.Table, p.Plan, p.Problem, p.Reason, p.NoReason = p.Action, u.table, u.plan, problem, reason, noReason
	create, change, same, bad := u.plan.Count(app.Create), u.plan.Count(app.Change), u.plan.Count(app.Unchanged), u.plan.Bad()
	p.Counts = []planCount{{"new", "ok", create}, {"changed", "info", change}, {"unchanged", "", same}, {"with problems", "bad", bad}}
	p.Recordable = bad == 0 && create+change > 0
	switch {
	case bad > 0:
		p.Consequence = fmt.Sprintf("%s with problems. Nothing is recorded as long as there are any: correct the file and upload it again, or correct what the columns hold.", count(bad, "row"))
	case create+change == 0:
		p.Consequence = "Every row says what is recorded already. There is nothing to record."
	}
	// What is wrong comes first, then what changes; what does not is counted only.
	for _, wrong := range []bool{true, false} {
		for i := range u.plan.Rows {
			row := &u.plan.Rows[i]
			if len(row.Problems) > 0 != wrong || !wrong && row.Change == app.Unchanged {
				continue
			}
			if len(p.Shown) == mostImportLines {
				p.Hidden++
				continue
			}
			p.Shown = append(p.Shown, r.importLine(k, row))
		}
	}
	return r.showImport(status, p)
}

func (r *request) importLine(k *record.Kind, row *app.ImportRow) importLine {
	l := importLine{Line: row.Line, ID: row.ID, Name: clipped(row.Heading, 90)}
	switch {
	case len(row.Problems) > 0:
		l.Outcome, l.Class = "Problem", "bad"
	case row.Change == app.Create:
		l.Outcome, l.Class = "New", "ok"
	default:
		l.Outcome, l.Class = "Changed", "info"
	}
	if row.Change != app.Create && row.ID != "" {
		l.Href = r.recordURL(k.Name, row.ID)
	}
	for _, c := range row.Fields {
		l.Changes = append(l.Changes, r.changed(k, c))
	}
	for _, x := range row.Problems {
		l.Problems = append(l.Problems, x.String())
	}
	return l
}

// recordImport records what was rehearsed, all of it or nothing.
func (r *request) recordImport(k *record.Kind, t *waitingTable, v url.Values) error {
	u := t.upload
	if u.plan == nil {
		return r.showImport(http.StatusOK, r.mappingPage(k, u, nil))
	}
	reason := strings.TrimSpace(v.Get("_reason"))
	if reason == "" {
		return r.showPlan(http.StatusUnprocessableEntity, k, u, "", "", true)
	}
	if u.plan.Bad() > 0 {
		return r.showPlan(http.StatusUnprocessableEntity, k, u, "", reason, false)
	}
	_, err := r.site.app.PutRecords(r.Context(), r.actor, u.plan.Changes, reason, false)
	switch {
	case errors.Is(err, app.ErrBulk):
		// Somebody was faster: the rows are looked at again as the records stand now.
		r.view, r.names = nil, nil
		return r.rehearse(k, u, "Nothing was recorded: records changed after you looked at this. Below is what the file would do now; look at it again.")
	case err != nil:
		return err
	}
	r.site.waiting.done(t)
	return r.redirect(r.url("%s/r/%s", r.at(), k.Name))
}

// holdsFrom is the date from which a change of a record holds: today, and for a
// revision that takes effect later, that date.
func holdsFrom(x record.Record, today soc1.Date) soc1.Date {
	return max(today, soc1.Date(x.Effective))
}
