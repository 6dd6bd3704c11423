package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"reperform/app"
	"reperform/identity"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// stagedFile is a file that waits to be frozen, with what was seen in it and typed so far.
type stagedFile struct {
	token, actor, ledger string
	until                time.Time

	mu sync.Mutex
	*app.Staged
	source    population.Source
	detection *population.Detection
	// form is what was typed, problem what was wrong with it.
	form    populationForm
	columns []columnForm
	problem *populationProblem
	// reading or freezing is under way.
	under *work
}

// populationProblem is what is wrong, and where.
type populationProblem struct {
	Text, Remedy             string
	File, Sheet, Row, Column string
	Value, Field             string
	// SQL errors have a line and the place in it.
	Line, At int
}

// populationForm is what is typed about a population.
type populationForm struct {
	Title, Purpose, Control, From, To, Zone      string
	System, Query, Parameters, RunBy, RunAt, Why string
	// Test is the paper from which somebody came.
	Test string
}

// columnForm is what is chosen for a column.
type columnForm struct {
	Type, Do, Format, Decimal, Thousands, Nulls, Zone string
	Key                                               bool
}

// stagedFiles are those of everybody.
type stagedFiles struct {
	mu  sync.Mutex
	all map[string]*stagedFile
}

// Bounds of what waits.
const (
	stagedFor  = 4 * time.Hour
	mostStaged = 4
)

func (s *stagedFiles) put(x *stagedFile, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[string]*stagedFile{}
	}
	x.token, x.until = rand.Text(), now.Add(stagedFor)
	var mine []*stagedFile
	for k, o := range s.all {
		if now.After(o.until) {
			o.Discard()
			delete(s.all, k)
		} else if o.actor == x.actor {
			mine = append(mine, o)
		}
	}
	slices.SortFunc(mine, func(a, b *stagedFile) int { return a.until.Compare(b.until) })
	for len(mine) >= mostStaged {
		mine[0].Discard()
		delete(s.all, mine[0].token)
		mine = mine[1:]
	}
	s.all[x.token] = x
}

func (s *stagedFiles) get(token, actor, ledger string) *stagedFile {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.all[token]; x != nil && x.actor == actor && x.ledger == ledger {
		return x
	}
	return nil
}

func (s *stagedFiles) drop(x *stagedFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x.Discard()
	delete(s.all, x.token)
}

// read looks at a file anew.
func (r *request) read(s *stagedFile) {
	source, a, actor, ledger := s.source, r.site.app, r.actor, r.ledger
	s.problem, s.detection = nil, nil
	s.under = r.work("Reading "+s.Name, r.at()+"/populations", r.stagedURL(s), func(ctx context.Context) (string, error) {
		d, err := a.DetectPopulation(ctx, actor, ledger, s.Staged, source, population.Schema{}, nil)
		s.mu.Lock()
		defer s.mu.Unlock()
		if err != nil {
			s.problem = problemOf(err)
			return "", err
		}
		s.detection, s.columns = d, nil
		proposed := false
		for i, c := range d.Schema.Columns {
			f := columnForm{Type: c.Type.String(), Do: string(population.Keep), Format: c.Format}
			// The first column that is different in every row and is no amount.
			if k := c.Type.Kind; !proposed && d.Columns[i].Unique && (k == "text" || k == "integer") {
				f.Key, proposed = true, true
			}
			s.columns = append(s.columns, f)
		}
		return "", nil
	})
}

// problemOf says what is wrong in parts.
func problemOf(err error) *populationProblem {
	var in *population.InputError
	var sql *population.SQLError
	var field *app.FieldError
	switch {
	case errors.As(err, &in):
		p := &populationProblem{Text: stopped(in.Problem), Remedy: stopped(in.Remedy), File: in.File, Sheet: in.Sheet, Column: in.Column, Value: in.Value}
		if in.Row > 0 {
			p.Row = thousands(int(in.Row))
		}
		return p
	case errors.As(err, &sql):
		text := stopped(strings.TrimRight(sql.Problem, "!"))
		if sql.Line > 0 {
			text = fmt.Sprintf("Line %d, character %d: %s", sql.Line, sql.Column, text)
		}
		return &populationProblem{Text: text, Remedy: stopped(sql.Remedy), Line: sql.Line, At: sql.Column, Field: "sql"}
	case errors.As(err, &field):
		return &populationProblem{Text: field.Text, Field: field.Field}
	}
	return &populationProblem{Text: stopped(explain(err).Text)}
}

// stagedPage shows what a file holds, before anything of it is frozen.
type stagedPage struct {
	f      *ui.Frame
	Own    bool
	Name   string
	Size   string
	SHA256 string
	Action string
	// Reading is where one asks how far the file is read; empty once it is.
	Reading  *workPage
	Problem  *populationProblem
	Form     populationForm
	Controls []option
	Purposes []option
	D        *population.Detection
	Columns  []stagedColumn
	Source   population.Source
	// Text says that the file is a text, which has an encoding and a delimiter.
	Text, Workbook bool
	For            string
	Back           string
	NoKey          bool
}

type stagedColumn struct {
	columnForm
	I        int
	Name     string
	Examples []string
	Blank    string
	Unique   bool
	Types    []option
	Warnings []string
	Bad      bool
}

var actionNames = []option{{Value: string(population.Keep), Text: "Keep"}, {Value: string(population.Drop), Text: "Drop"}, {Value: string(population.Mask), Text: "Mask but for the end"}, {Value: string(population.MaskAll), Text: "Mask"}, {Value: string(population.KeyedHash), Text: "Keyed hash"}}

func (r *request) stagedNow() (*stagedFile, error) {
	if err := r.mayImport(); err != nil {
		return nil, err
	}
	s := r.site.staged.get(r.PathValue("token"), r.actor, r.ledger)
	if s == nil {
		return nil, said("The file is not here any more: it waits for a few hours, and until the program restarts. Nothing of it was recorded; attach it again.")
	}
	return s, nil
}

func (r *request) stagedPopulation() error {
	s, err := r.stagedNow()
	if err != nil {
		return err
	}
	return r.stagedAgain(http.StatusOK, s)
}

func (r *request) stagedAgain(status int, s *stagedFile) error {
	p := &stagedPage{Own: r.ledger == app.OrganizationLedger, Name: s.Name, Size: sizeText(s.Size), SHA256: s.SHA256, Action: r.stagedURL(s)}
	s.mu.Lock()
	under := s.under
	s.mu.Unlock()
	if under != nil && !under.wait(r.Context()) {
		stage, percent := under.state()
		p.Reading = &workPage{What: under.what, Stage: stage, Percent: percent, At: r.workURL(under)}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p.Problem, p.Form, p.Source = s.problem, s.form, s.source
	if p.Reading == nil {
		p.D = s.detection
	}
	format, err := population.Source{Name: s.Name}.FormatOf()
	if err != nil {
		return err
	}
	p.Text, p.Workbook = format == "csv" || format == "tsv", format == "xlsx"
	if p.D != nil {
		p.columns(s)
	}
	p.Purposes, p.Controls = purposeOptions(s.form.Purpose), r.controlOptions(s.form.Control)
	if t, ok := r.testFor(s.form.Test); ok {
		p.For, p.Back = t.Value.Code, r.paperURL(t.ID)
	}
	if p.f, err = r.populationFrame(s.Name); err != nil {
		return err
	}
	return r.write(status, ui.Page(p.f, noActions(), stagedBody(p)))
}

func (p *stagedPage) columns(s *stagedFile) {
	p.NoKey = true
	for i, c := range p.D.Schema.Columns {
		x := stagedColumn{columnForm: s.columns[i], I: i, Name: c.Name, Examples: p.D.Columns[i].Examples, Unique: p.D.Columns[i].Unique}
		if n := p.D.Columns[i].Blank; n > 0 {
			x.Blank = thousands(int(n))
		}
		types := []string{"text", "integer", "decimal(18,2)", "decimal(18,4)", "decimal(38,10)", "boolean", "date", "timestamp", "timestamptz"}
		for _, t := range []string{c.Type.String(), x.Type} {
			if !slices.Contains(types, t) {
				types = append(types, t)
			}
		}
		for _, t := range types {
			x.Types = append(x.Types, option{Value: t, Text: typeName(t), On: t == x.Type})
		}
		for _, w := range p.D.Warnings {
			if w.Column == c.Name {
				w.Column = ""
				x.Warnings = append(x.Warnings, stopped(w.String()))
			}
		}
		x.Bad = p.Problem != nil && p.Problem.Column == c.Name
		p.NoKey = p.NoKey && !x.Key
		p.Columns = append(p.Columns, x)
	}
}

// typeName is a type as people call it.
func typeName(t string) string {
	switch t {
	case "text":
		return "Text"
	case "integer":
		return "Whole number"
	case "boolean":
		return "Yes or no"
	case "date":
		return "Date"
	case "timestamp":
		return "Date and time"
	case "timestamptz":
		return "Instant"
	}
	if inner, ok := strings.CutPrefix(t, "decimal("); ok {
		if _, scale, ok := strings.Cut(strings.TrimSuffix(inner, ")"), ","); ok {
			return "Decimal, " + scale + " places"
		}
	}
	return t
}

func purposeOptions(now string) []option {
	var out []option
	for _, v := range soc1.PopulationPurpose("").Values() {
		out = append(out, option{Value: v, Text: soc1.PopulationPurpose(v).Label(), On: v == now})
	}
	return out
}

// controlOptions are the controls that a population may serve to test.
func (r *request) controlOptions(now string) []option {
	out := []option{{Value: "", Text: "None yet", On: now == ""}}
	v, err := r.latest(app.OrganizationLedger)
	if err != nil {
		return out
	}
	all, err := record.All[soc1.Control](r.Context(), v, "control")
	if err != nil {
		return out
	}
	slices.SortStableFunc(all, func(a, b record.Typed[soc1.Control]) int { return cmp.Compare(a.Value.Code, b.Value.Code) })
	for _, c := range all {
		out = append(out, option{Value: c.ID, Text: c.Value.Code + " " + clipped(c.Value.Statement(), 80), On: c.ID == now})
	}
	return out
}

// formOf reads what was typed about a population.
func formOf(v url.Values, before populationForm) populationForm {
	get := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	return populationForm{Title: get("title"), Purpose: get("purpose"), Control: get("control"), From: get("from"), To: get("to"), Zone: get("zone"), System: get("system"), Query: get("query"),
		Parameters: get("parameters"), RunBy: get("run_by"), RunAt: get("run_at"), Test: cmp.Or(before.Test, get("test"))}
}

// described makes the description of a form, or says which field is wrong.
func (r *request) described(f populationForm) (soc1.Population, error) {
	p := soc1.Population{Title: f.Title, Purpose: soc1.PopulationPurpose(f.Purpose), Zone: f.Zone, SourceSystem: f.System, Query: f.Query, Parameters: f.Parameters, RunBy: f.RunBy}
	wrong := func(field, text string) (soc1.Population, error) { return p, &app.FieldError{Field: field, Text: text} }
	if f.Title == "" {
		return wrong("title", "Say what the items are.")
	}
	if !slices.Contains(p.Purpose.Values(), f.Purpose) {
		return wrong("purpose", "Choose what the information is for.")
	}
	for _, d := range []struct {
		field, text string
		into        *soc1.Date
	}{{"from", f.From, &p.PeriodFrom}, {"to", f.To, &p.PeriodTo}} {
		if d.text == "" {
			continue
		}
		day, err := soc1.ParseDate(d.text)
		if err != nil {
			return wrong(d.field, "This is not a date.")
		}
		*d.into = day
	}
	if p.PeriodFrom != "" && p.PeriodTo != "" && p.PeriodTo < p.PeriodFrom {
		return wrong("to", "The period ends before it begins.")
	}
	zone, err := time.LoadLocation(f.Zone)
	if f.Zone != "" && (err != nil || f.Zone == "Local") {
		return wrong("zone", "This is not the name of a time zone. Give the IANA name, such as America/Chicago.")
	}
	if f.RunAt != "" {
		at, err := time.ParseInLocation("2006-01-02T15:04", f.RunAt, zone)
		if err != nil {
			return wrong("run_at", "This is not a date with a time.")
		}
		p.RunAt = soc1.Instant(at.UTC().Format(time.RFC3339))
	}
	if f.Control != "" {
		p.Controls = []string{f.Control}
	}
	if t, ok := r.testFor(f.Test); ok {
		p.Engagement = t.Value.Engagement
	}
	return p, nil
}

// populationID is the id of what is frozen: that which the test asks for, or one made of
// the title.
func (r *request) populationID(f populationForm) (string, error) {
	v, err := r.latest(r.ledger)
	if err != nil {
		return "", err
	}
	free := func(id string) (bool, error) {
		_, err := v.Get(r.Context(), "population", id)
		if errors.Is(err, record.ErrNotFound) {
			return record.CheckNewID(id) == nil, nil
		}
		return false, err
	}
	if t, ok := r.testFor(f.Test); ok && t.Value.Population != "" {
		if ok, err := free(t.Value.Population); ok || err != nil {
			return t.Value.Population, err
		}
	}
	stem := idOf(f.Title)
	for n := 1; n < 1000; n++ {
		id := stem
		if n > 1 {
			id += "-" + strconv.Itoa(n)
		}
		if ok, err := free(id); ok || err != nil {
			return id, err
		}
	}
	return "", errors.New("too many populations have this title; choose another")
}

// idOf makes an id of a title.
func idOf(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	return "pop-" + cmp.Or(strings.Trim(b.String(), "-"), "x")
}

// freezePopulation reads the file again by other options, freezes it, or discards it.
func (r *request) freezePopulation() error {
	s, err := r.stagedNow()
	if err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	if v.Get("do") == "discard" {
		r.site.staged.drop(s)
		return r.redirect(r.url("%s/populations", r.at()))
	}
	s.mu.Lock()
	if s.under != nil {
		select {
		case <-s.under.over:
		default:
			s.mu.Unlock()
			return r.redirect(r.stagedURL(s))
		}
	}
	s.keep(v)
	if v.Get("do") == "read" {
		err := s.options(v)
		if err != nil {
			s.problem = problemOf(err)
		} else {
			r.read(s)
		}
		s.mu.Unlock()
		if err != nil {
			return r.stagedAgain(http.StatusUnprocessableEntity, s)
		}
		return r.redirect(r.stagedURL(s))
	}
	w, err := r.freeze(s)
	if err != nil {
		s.problem = problemOf(err)
		s.mu.Unlock()
		return r.stagedAgain(http.StatusUnprocessableEntity, s)
	}
	s.under = w
	s.mu.Unlock()
	return r.followWork(w, func(err error) error {
		if app.IsInternal(err) {
			return err
		}
		return r.stagedAgain(http.StatusUnprocessableEntity, s)
	})
}

// keep keeps what was typed.
func (s *stagedFile) keep(v url.Values) {
	s.form, s.problem = formOf(v, s.form), nil
	for i := range s.columns {
		get := func(name string) string { return v.Get(name + "." + strconv.Itoa(i)) }
		s.columns[i] = columnForm{Type: get("type"), Do: get("do"), Format: strings.TrimSpace(get("format")), Decimal: get("decimal"), Thousands: get("thousands"), Nulls: get("nulls"), Zone: strings.TrimSpace(get("tz")), Key: get("key") != ""}
	}
}

// options reads how the file is to be read.
func (s *stagedFile) options(v url.Values) error {
	s.source = population.Source{Sheet: v.Get("sheet"), Encoding: v.Get("encoding"), Delimiter: v.Get("delimiter")}
	if s.source.Delimiter == "tab" {
		s.source.Delimiter = "\t"
	}
	if n := strings.TrimSpace(v.Get("skip")); n != "" {
		skip, err := strconv.Atoi(n)
		if err != nil || skip < 0 || skip > 1000 {
			return &app.FieldError{Field: "skip", Text: "Give the number of lines before the header, up to 1,000."}
		}
		s.source.SkipRows = skip
	}
	return nil
}

// chosen are the schema, the transforms and the key of what was chosen.
func (s *stagedFile) chosen() (population.Schema, []population.Transform, []string, error) {
	var schema population.Schema
	var transforms []population.Transform
	var key []string
	for i, c := range s.detection.Schema.Columns {
		f := s.columns[i]
		t, err := population.ParseType(f.Type)
		if err != nil {
			return schema, nil, nil, &population.InputError{File: s.Name, Column: c.Name, Problem: err.Error(), Remedy: "choose a type"}
		}
		one := population.Column{Name: c.Name, Type: t, Decimal: f.Decimal, Thousands: f.Thousands, Zone: f.Zone}
		if t.Kind == "date" || t.Kind == "timestamp" || t.Kind == "timestamptz" {
			one.Format = f.Format
		}
		if f.Nulls != "" {
			one.Nulls = lines(f.Nulls)
		}
		schema.Columns = append(schema.Columns, one)
		if f.Do != "" && f.Do != string(population.Keep) {
			transforms = append(transforms, population.Transform{Column: c.Name, Action: population.Action(f.Do)})
		}
		if f.Key {
			if f.Do == string(population.Drop) || f.Do == string(population.Mask) || f.Do == string(population.MaskAll) {
				return schema, nil, nil, &population.InputError{File: s.Name, Column: c.Name, Problem: "the column is part of the key, and is dropped or masked", Remedy: "keep it or make it a keyed hash, or choose another key"}
			}
			key = append(key, c.Name)
		}
	}
	if len(key) == 0 {
		return schema, nil, nil, &app.FieldError{Field: "key", Text: "Nothing identifies an item yet. Tick the columns that together are different in every row."}
	}
	return schema, transforms, key, nil
}

// freeze begins to freeze a file.
func (r *request) freeze(s *stagedFile) (*work, error) {
	if s.detection == nil {
		return nil, &app.FieldError{Field: "file", Text: "The file could not be read yet. Say how it is read, then read it again."}
	}
	p, err := r.described(s.form)
	if err != nil {
		return nil, err
	}
	schema, transforms, key, err := s.chosen()
	if err != nil {
		return nil, err
	}
	p.Key = key
	id, err := r.populationID(s.form)
	if err != nil {
		return nil, err
	}
	source := s.source
	source.Path, source.Name = s.Path, s.Name
	spec := app.ImportSpec{ID: id, Ledger: r.ledger, Population: p, Source: source, Schema: schema, Transforms: transforms, Reason: "Frozen in the browser."}
	done, test, a, actor := r.populationURL(id)+"?done=frozen", s.form.Test, r.site.app, r.actor
	return r.work("Freezing "+s.Name, r.at()+"/populations", r.stagedURL(s), func(ctx context.Context) (string, error) {
		_, err := a.ImportPopulation(ctx, actor, spec)
		if err == nil {
			err = r.site.tie(ctx, actor, spec.Ledger, test, id)
		}
		if err != nil {
			s.mu.Lock()
			s.problem = problemOf(err)
			s.mu.Unlock()
			return "", err
		}
		r.site.staged.drop(s)
		return done, nil
	}), nil
}

// tie lets the test from whose paper somebody came test what was frozen, where it names
// no population yet and they may change it.
func (s *Site) tie(ctx context.Context, actor, ledger, test, id string) error {
	if test == "" {
		return nil
	}
	v, err := s.app.View(ctx, actor, ledger, record.AsOf{})
	if err != nil {
		return err
	}
	t, err := record.One[soc1.TestOfControl](ctx, v, "test_of_control", test)
	if err != nil || t.Value.Population == id {
		return nil // nothing to tie it to
	}
	if t.Value.Population != "" || s.app.MayPut(ctx, actor, ledger, "test_of_control", test) != nil {
		return nil
	}
	value := t.Value
	value.Population = id
	err = s.app.PutRecord(ctx, actor, app.RecordChange{Ledger: ledger, Kind: "test_of_control", ID: test, Revision: t.Revision, Effective: soc1.Date(t.Effective), Value: value, Reason: "Its population was frozen."})
	var denied *identity.DeniedError
	if errors.As(err, &denied) {
		return nil
	}
	return err
}
