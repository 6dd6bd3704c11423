package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/overview"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// populationPage is one population: what is frozen, what it looks like, and whether it is
// complete and accurate.
type populationPage struct {
	f       *ui.Frame
	Own     bool
	ID      string
	P       soc1.Population
	State   ui.Status
	Period  string
	Rows    string
	Columns []populationColumn
	Facts   []populationFact
	IPE     []populationFact
	Tests   []ui.Link
	Inputs  []ui.Link
	Record  string
	Action  string
	// Edit says that checks may be made here.
	Edit bool
	// Frozen says that it was frozen a moment ago.
	Frozen bool
	// Profile is what it looks like; Reading says how far it is looked at.
	Profile  *populationProfile
	Reading  *workPage
	Unread   string
	Expected []expectedRow
	Steps    []populationStep
	Trace    []traceRow
	TraceN   int
	// Typed is what was typed into the step at fault.
	Typed   url.Values
	At      string
	Problem string
	Lacking []string
	// Conclusion says who concluded, and when.
	Concluded string
	ConBy     ui.Person
}

type populationFact struct{ Name, Text string }

type populationColumn struct {
	Name, Type, Stored, Blank, From, To, Total string
}

// expectedRow compares the number of items with what a control's frequency says.
type expectedRow struct {
	Control  ui.Link
	Text     string
	Expected string
	State    ui.Status
	Drawing  chart.HTML
}

// populationStep is one test of completeness or accuracy.
type populationStep struct {
	Kind soc1.CheckKind
	// Do is its name in forms.
	Do    string
	Title string
	Why   string
	Done  []doneCheck
	State ui.Status
	// What it asks for.
	Columns   []option
	Column    bool
	Number    string
	NumberFor string
	Others    []option
	Hint      string
	Lack      string
}

// doneCheck is a check that was made.
type doneCheck struct {
	soc1.CompletenessCheck
	Who   ui.Person
	When  string
	State ui.Status
}

type traceRow struct {
	I    int
	Item soc1.TracedItem
}

func (r *request) population() error { return r.populationAgain(http.StatusOK, "", "", nil) }

func (r *request) populationAgain(status int, at, problem string, typed url.Values) error {
	if err := r.populationsHere(); err != nil {
		return err
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	x, err := record.One[soc1.Population](r.Context(), v, "population", r.PathValue("id"))
	if err != nil {
		return err
	}
	tests, err := record.All[soc1.TestOfControl](r.Context(), v, "test_of_control")
	if err != nil {
		return err
	}
	p := &populationPage{Own: r.ledger == app.OrganizationLedger, ID: x.ID, P: x.Value, State: populationState(x.Value), Period: periodText(x.Value), Rows: count(int(x.Value.RowCount), "row"),
		Tests: r.usedBy(x.ID, tests), Record: r.recordURL("population", x.ID), Action: r.populationURL(x.ID), At: at, Problem: problem, Typed: typed}
	p.Frozen = r.URL.Query().Get("done") == "frozen"
	p.Edit = !r.past.On() && x.Value.PopulationHash != ""
	p.facts(r)
	if err := p.expected(r, tests); err != nil {
		return err
	}
	if x.Value.PopulationHash != "" {
		p.look(r)
	}
	if err := p.steps(r, v); err != nil {
		return err
	}
	if p.f, err = r.populationFrame(x.Value.Title); err != nil {
		return err
	}
	if p.Frozen {
		p.f.Toast = "Frozen. Nothing changes it from now on."
	}
	return r.write(status, ui.Page(p.f, noActions(), populationBody(p)))
}

// facts are what is frozen, and where the information comes from.
func (p *populationPage) facts(r *request) {
	x := p.P
	fact := func(list *[]populationFact, name, text string) {
		if text != "" {
			*list = append(*list, populationFact{name, text})
		}
	}
	unique := "different in every row"
	if !x.KeyUnique {
		unique = "not different in every row"
	}
	if x.PopulationHash != "" {
		fact(&p.Facts, "Rows", thousands(int(x.RowCount)))
		fact(&p.Facts, "Key", strings.Join(x.Key, ", ")+", "+unique)
		fact(&p.Facts, "Period", p.Period)
		fact(&p.Facts, "Time zone", x.Zone)
		fact(&p.Facts, "Population hash", x.PopulationHash)
		fact(&p.Facts, "Frozen file", "SHA-256 "+x.Frozen.SHA256)
	}
	if x.SourceFile.Name != "" {
		fact(&p.Facts, "File received", x.SourceFile.Name+", "+sizeText(x.SourceFile.Size)+", SHA-256 "+x.SourceFile.SHA256)
	}
	fact(&p.Facts, "Read by", x.EngineVersion)
	for _, l := range []struct{ name, text, lacks string }{
		{"Purpose", x.Purpose.Label(), ""}, {"Source system", x.SourceSystem, "the system that it was drawn from"}, {"Query or report", x.Query, "the query or the name of the report"},
		{"Parameters", x.Parameters, "the parameters it was run with"}, {"Run by", x.RunBy, "who ran it"}, {"Run at", momentOrEmpty(r, x.RunAt), "when it was run"}} {
		fact(&p.IPE, l.name, l.text)
		if l.text == "" && l.lacks != "" && x.Derived.SQL == "" {
			p.Lacking = append(p.Lacking, l.lacks)
		}
	}
	for _, in := range x.Derived.Inputs {
		p.Inputs = append(p.Inputs, ui.Link{Text: in.Name + " = " + r.headings().called("population", in.Population), Href: r.populationURL(in.Population)})
	}
	totals := map[string]string{}
	for _, t := range x.ControlTotals {
		totals[t.Column] = t.Total
	}
	for _, c := range x.Columns {
		row := populationColumn{Name: c.Name, Type: typeName(strings.ToLower(c.Type)), From: shortTime(c.Min), To: shortTime(c.Max), Total: totals[c.Name]}
		if c.Transform != "" && c.Transform != soc1.Kept {
			row.Stored = c.Transform.Label()
		}
		if c.Nulls > 0 {
			row.Blank = thousands(int(c.Nulls))
		}
		p.Columns = append(p.Columns, row)
	}
	if x.CompletenessConclusion != "" {
		p.Concluded, p.ConBy = dateText(string(x.CompletenessOn)), r.headings().person(x.CompletenessBy)
	}
}

// shortTime leaves out the parts of a second that are none.
func shortTime(s string) string { return strings.Replace(s, ".000000", "", 1) }

func momentOrEmpty(r *request, at soc1.Instant) string {
	if at == "" {
		return ""
	}
	return momentText(string(at), r.zone())
}

// expected compares the number of items with what the frequencies of the controls say.
func (p *populationPage) expected(r *request, tests []record.Typed[soc1.TestOfControl]) error {
	ids := slices.Clone(p.P.Controls)
	from, to := p.P.PeriodFrom, p.P.PeriodTo
	for _, t := range tests {
		if t.Value.Population == p.ID {
			if !slices.Contains(ids, t.Value.Control) {
				ids = append(ids, t.Value.Control)
			}
			from, to = cmp.Or(from, t.Value.WindowFrom), cmp.Or(to, t.Value.WindowTo)
		}
	}
	if len(ids) == 0 || p.P.PopulationHash == "" {
		return nil
	}
	v, err := r.latest(app.OrganizationLedger)
	if err != nil {
		return nil //nolint:nilerr // who does not read the controls sees no comparison
	}
	calendars, err := r.calendars(v)
	if err != nil {
		return err
	}
	for _, id := range ids {
		c, err := record.One[soc1.Control](r.Context(), v, "control", id)
		if errors.Is(err, record.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		row := expectedRow{Control: ui.Link{Text: c.Value.Code, Href: r.url("/r/control/%s", url.PathEscape(id))}}
		if !from.Valid() || !to.Valid() {
			row.Text = "Without a period there is nothing to compare with."
			p.Expected = append(p.Expected, row)
			continue
		}
		list, counted := calendars.Of(&c.Value).Occurrences(c.Value.Frequency, max(from, c.Value.InOperationFrom), to)
		frequency := strings.ToLower(c.Value.Frequency.Label())
		if !counted {
			row.Text = fmt.Sprintf("It operates %s, so that its frequency says nothing of how many items there are.", frequency)
			p.Expected = append(p.Expected, row)
			continue
		}
		want, got := len(list), int(p.P.RowCount)
		row.Expected = thousands(want)
		row.Text = fmt.Sprintf("It operates %s: %s expected, %s frozen.", frequency, count(want, "item"), thousands(got))
		d := max(got-want, want-got)
		switch {
		case d == 0:
			row.State = ui.Status{Text: "As expected", Class: "ok", Icon: "circle-check"}
		case 4*d <= want:
			row.State = ui.Status{Text: fmt.Sprintf("%s off", thousands(d)), Class: "info", Icon: "info"}
		default:
			row.State = ui.Status{Text: "More than a quarter off", Class: "bad", Icon: "circle-alert"}
		}
		row.Drawing = chart.Columns{ID: "expected-" + id, Title: "Items expected and frozen", Bars: []chart.Column{{Label: "expected", Value: int64(want), Tone: chart.Mute}, {Label: "frozen", Value: int64(got), Tone: chart.Info}}, Width: 220, Height: 110}.SVG()
		p.Expected = append(p.Expected, row)
	}
	return nil
}

// calendars are the business calendars on record.
func (r *request) calendars(v *record.View) (*overview.Calendars, error) {
	orgs, err := record.All[soc1.Organization](r.Context(), v, "organization")
	if err != nil {
		return nil, err
	}
	named, err := record.All[soc1.BusinessCalendar](r.Context(), v, "business_calendar")
	if err != nil {
		return nil, err
	}
	places, err := record.All[soc1.Location](r.Context(), v, "location")
	return overview.CalendarsOf(orgs, named, places), err
}

// look shows the profile, or says how far it is made.
func (p *populationPage) look(r *request) {
	a, actor, ledger, id := r.site.app, r.actor, r.ledger, p.ID
	var found *population.Profile
	w := r.work("Looking at "+p.P.Title, r.at()+"/populations", "", func(ctx context.Context) (string, error) {
		x, err := a.ProfilePopulation(ctx, actor, ledger, id)
		found = x
		return r.populationURL(id), err
	})
	if !w.wait(r.Context()) {
		stage, percent := w.state()
		p.Reading = &workPage{What: w.what, Stage: stage, Percent: percent, At: r.workURL(w)}
		return
	}
	if _, err := w.result(); err != nil {
		p.Unread = stopped(explain(err).Text)
		return
	}
	p.Profile = r.profileOf(&p.P, found)
}

// dateColumns, sumColumns and others are the columns that a step can be about.
func columnsOf(p soc1.Population, now string, fits func(soc1.Column) bool) []option {
	var out []option
	for _, c := range p.Columns {
		if c.Transform != soc1.Dropped && fits(c) {
			out = append(out, option{Value: c.Name, Text: c.Name, On: c.Name == now})
		}
	}
	return out
}

func isTime(c soc1.Column) bool {
	t := strings.ToLower(c.Type)
	return strings.HasPrefix(t, "date") || strings.HasPrefix(t, "timestamp")
}

func isNumber(c soc1.Column) bool {
	t := strings.ToLower(c.Type)
	return t == "integer" || strings.HasPrefix(t, "decimal")
}

func isCounted(c soc1.Column) bool { return slices.Contains([]string{"text", "integer"}, c.Type) }

func anyColumn(soc1.Column) bool { return true }

// steps are the tests of completeness and accuracy in the order in which one makes them.
func (p *populationPage) steps(r *request, v *record.View) error {
	all, err := record.All[soc1.Population](r.Context(), v, "population")
	if err != nil {
		return err
	}
	now := func(name string) string { return p.Typed.Get(name) }
	var others []option
	for _, o := range all {
		if o.ID != p.ID && o.Value.PopulationHash != "" {
			others = append(others, option{Value: o.ID, Text: o.Value.Title, On: o.ID == now("other")})
		}
	}
	x := p.P
	period := func(columns []option) string {
		switch {
		case len(columns) == 0:
			return "No column holds dates or times."
		case x.PeriodFrom == "" || x.PeriodTo == "":
			return "The population states no period."
		}
		return ""
	}
	lacks := func(columns []option, text string) string {
		if len(columns) == 0 {
			return text
		}
		return ""
	}
	times, numbers := columnsOf(x, now("column"), isTime), columnsOf(x, now("column"), isNumber)
	counted := columnsOf(x, now("column"), isCounted)
	p.Steps = []populationStep{
		{Do: "count", Kind: soc1.SecondSourceCount, Title: "Row count", Why: "The number of rows that the source states, on its screen or in its log, is the number that is frozen.", Number: "number", NumberFor: "Rows that the source states", Hint: "Look it up at the source, not in the file."},
		{Do: "control_total", Kind: soc1.ControlTotals, Title: "Control totals", Why: "A total that the source states is the total of the column.", Column: true, Columns: numbers, Number: "text", NumberFor: "Total that the source states", Lack: lacks(numbers, "No column holds numbers.")},
		{Do: "sequence_gaps", Kind: soc1.SequenceGap, Title: "Gaps in a sequence", Why: "Numbers that the source gives out one after the other are all there.", Column: true, Columns: counted, Lack: lacks(counted, "No column holds numbers or texts that end in one.")},
		{Do: "duplicate_keys", Kind: soc1.DuplicateKey, Title: "Duplicates", Why: "No item is in the list twice.", Hint: "The key is " + strings.Join(x.Key, ", ") + "."},
		{Do: "out_of_period", Kind: soc1.OutOfPeriod, Title: "Period edges", Why: "Every row lies within the period, and none is undated.", Column: true, Columns: times, Lack: period(times), Hint: p.Period},
		{Do: "empty_days", Kind: soc1.EmptyDay, Title: "Days without a row", Why: "Every business day of the period has rows; a day without one may be missing from the extract.", Column: true, Columns: times, Lack: period(times), Hint: p.Period},
		{Do: "required", Kind: soc1.OtherCheck, Title: "Blanks", Why: "What a test reads is filled in every row.", Column: true, Columns: columnsOf(x, now("column"), anyColumn)},
		{Do: "schema_drift", Kind: soc1.SchemaDrift, Title: "Columns since the last period", Why: "Names, types and order are those of the population of the period before, or the query has changed.", Others: others, Lack: lacks(others, "No other population is frozen here.")},
		{Do: "query_inspection", Kind: soc1.QueryInspection, Title: "Query and parameters", Why: "The query, the filters and the parameters leave nothing out that should be in the list. Somebody reads them."},
		{Do: "list_to_source", Kind: soc1.ListToSource, Title: "List to source", Why: "Items drawn from the list are followed to the source: what the list says of them is accurate."},
		{Do: "source_to_list", Kind: soc1.SourceToList, Title: "Source to list", Why: "Items taken from the source are looked for in the list: what happened is in it.", Others: others},
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		s.State = ui.Status{Text: "Not made", Icon: "circle-dashed"}
		for _, c := range x.Checks {
			if c.Check != s.Kind {
				continue
			}
			d := doneCheck{CompletenessCheck: c, State: checkState(c), When: dateText(string(c.On))}
			if c.By != "" {
				d.Who = r.headings().person(c.By)
			}
			s.Done = append(s.Done, d)
			if s.State.Class != "bad" {
				s.State = d.State
			}
			if c.Check == soc1.ListToSource {
				for j, item := range c.Items {
					p.Trace = append(p.Trace, traceRow{j, item})
				}
			}
		}
	}
	p.TraceN = max(len(p.Trace), int(min(x.RowCount, 25)))
	return nil
}

func checkState(c soc1.CompletenessCheck) ui.Status {
	open := slices.ContainsFunc(c.Items, func(x soc1.TracedItem) bool { return x.Outcome == "" })
	switch {
	case c.Passed:
		return ui.Status{Text: "Agrees", Class: "ok", Icon: "circle-check"}
	case open:
		return ui.Status{Text: "To be traced", Class: "info", Icon: "circle-dot"}
	case c.Note != "":
		return ui.Status{Text: "Differs, explained", Class: "info", Icon: "info"}
	}
	return ui.Status{Text: "Differs", Class: "bad", Icon: "circle-alert"}
}

// checkPopulation makes one step, or concludes.
func (r *request) checkPopulation() error {
	if err := r.populationsHere(); err != nil {
		return err
	}
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be checked; go back to today first"))
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	do, id := v.Get("do"), r.PathValue("id")
	// What is behind the wall is not there, whatever is asked of it.
	view, err := r.records()
	if err != nil {
		return err
	}
	if _, err := record.One[soc1.Population](r.Context(), view, "population", id); err != nil {
		return err
	}
	again := func(err error) error {
		x := problemOf(err)
		if app.IsInternal(err) || explain(err).Status == http.StatusForbidden {
			return err
		}
		r.view, r.names = nil, nil
		return r.populationAgain(http.StatusUnprocessableEntity, do, strings.TrimSpace(x.Text+" "+x.Remedy), v)
	}
	act, err := r.step(do, id, v)
	if err != nil {
		return again(err)
	}
	to := r.populationURL(id) + "#step-" + do
	if do == "explain" {
		to = r.populationURL(id) + "#completeness"
	}
	w := r.work("Checking", r.at()+"/populations", to, func(ctx context.Context) (string, error) { return to, act(ctx) })
	return r.followWork(w, again)
}

// step is what a form asks to be done.
func (r *request) step(do, id string, v url.Values) (func(context.Context) error, error) {
	a, actor, ledger := r.site.app, r.actor, r.ledger
	note := strings.TrimSpace(v.Get("note"))
	check := func(c population.CheckSpec, notes ...string) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, err := a.CheckPopulation(ctx, actor, ledger, id, app.CheckSpec{Add: true, Checks: []population.CheckSpec{c}, Notes: notes, Previous: v.Get("other")})
			return err
		}, nil
	}
	field := func(name, text string) (func(context.Context) error, error) {
		return nil, &app.FieldError{Field: name, Text: text}
	}
	column := v.Get("column")
	switch do {
	case "count", "control_total":
		expected := strings.ReplaceAll(strings.TrimSpace(v.Get("expected")), ",", "")
		if expected == "" {
			return field("expected", "Say what the source states.")
		}
		if note == "" {
			return field("note", "Say where the source states it: a screen, a log, a report.")
		}
		return check(population.CheckSpec{Kind: do, Column: column, Expected: expected}, note)
	case "sequence_gaps", "out_of_period", "empty_days", "required":
		if column == "" {
			return field("column", "Choose a column.")
		}
		return check(population.CheckSpec{Kind: do, Column: column}, note)
	case "duplicate_keys":
		return check(population.CheckSpec{Kind: do})
	case "schema_drift":
		if v.Get("other") == "" {
			return field("other", "Choose the population of the period before.")
		}
		return check(population.CheckSpec{Kind: do}, "Compared with "+r.headings().called("population", v.Get("other"))+".")
	case "query_inspection":
		if v.Get("outcome") == "" {
			return field("outcome", "Say whether the query leaves anything out.")
		}
		if note == "" {
			return field("note", "Say what was read, and what it shows.")
		}
		c := soc1.CompletenessCheck{Check: soc1.QueryInspection, Expected: "nothing is left out", Actual: "read by a person", Passed: v.Get("outcome") == "pass", Note: note}
		return func(ctx context.Context) error {
			_, err := a.CheckPopulation(ctx, actor, ledger, id, app.CheckSpec{Add: true, Entered: []soc1.CompletenessCheck{c}})
			return err
		}, nil
	case "list_to_source":
		n, err := strconv.Atoi(strings.TrimSpace(v.Get("n")))
		if err != nil {
			return field("n", "Say how many items are drawn.")
		}
		return func(ctx context.Context) error { return a.DrawTrace(ctx, actor, ledger, id, n) }, nil
	case "trace":
		var items []soc1.TracedItem
		for i, key := range v["key"] {
			items = append(items, soc1.TracedItem{Key: key, Outcome: soc1.Outcome(v.Get("outcome." + strconv.Itoa(i))), Note: v.Get("note." + strconv.Itoa(i))})
		}
		return func(ctx context.Context) error { return a.RecordTrace(ctx, actor, ledger, id, items) }, nil
	case "source_to_list":
		t := app.SourceTrace{Population: v.Get("other"), Keys: lines(v.Get("keys")), How: note}
		if t.Population != "" {
			n, err := strconv.Atoi(strings.TrimSpace(v.Get("n")))
			if err != nil {
				return field("n", "Say how many items are drawn.")
			}
			t.N = n
		}
		return func(ctx context.Context) error { return a.TraceSource(ctx, actor, ledger, id, t) }, nil
	case "explain":
		return func(ctx context.Context) error {
			return a.NoteCheck(ctx, actor, ledger, id, soc1.CheckKind(v.Get("check")), column, note)
		}, nil
	case "conclude":
		if note == "" {
			return field("note", "Say what the checks come to: may the list be relied on?")
		}
		return func(ctx context.Context) error {
			_, err := a.CheckPopulation(ctx, actor, ledger, id, app.CheckSpec{Add: true, Conclusion: note})
			return err
		}, nil
	}
	return nil, badRequest("do", fmt.Errorf("%q is no step of completeness and accuracy", clipped(do, 40)))
}
