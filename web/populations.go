package web

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// populationsPage lists the populations of a ledger.
type populationsPage struct {
	f    *ui.Frame
	Own  bool
	Rows []populationRow
	// New and Derive are where one is made; empty for who makes none.
	New, Derive string
	Register    string
}

type populationRow struct {
	ID, Title, Href string
	Rows, Hash      string
	Source, Period  string
	State           ui.Status
	Tests           []ui.Link
	Derived         bool
}

// populationsHere keeps out who does not read all of the ledger.
func (r *request) populationsHere() error {
	if r.partly() {
		return withheld("Populations are looked at by who reads all of the ledger. Ask an administrator for a role that does.")
	}
	// Whoever may not look into the ledger is told nothing of it.
	_, err := r.records()
	return err
}

// mayImport tells whether the actor freezes populations here; nil where so.
func (r *request) mayImport() error {
	if err := r.populationsHere(); err != nil {
		return err
	}
	if r.past.On() {
		return badRequest("asof", errors.New("nothing is frozen in the past; go back to today first"))
	}
	return nil
}

func (r *request) populationURL(id string) string {
	return r.url("%s/populations/%s", r.at(), url.PathEscape(id))
}

func (r *request) listPopulations() error {
	if err := r.populationsHere(); err != nil {
		return err
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	all, err := record.All[soc1.Population](r.Context(), v, "population")
	if err != nil {
		return err
	}
	tests, err := record.All[soc1.TestOfControl](r.Context(), v, "test_of_control")
	if err != nil {
		return err
	}
	p := &populationsPage{Own: r.ledger == app.OrganizationLedger, Register: r.url("%s/r/population", r.at())}
	if !r.past.On() {
		p.New, p.Derive = r.url("%s/populations/new", r.at()), r.url("%s/populations/derive", r.at())
	}
	for i := range all {
		p.Rows = append(p.Rows, r.populationRow(&all[i], tests))
	}
	slices.SortStableFunc(p.Rows, func(a, b populationRow) int { return cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)) })
	title := "Populations"
	if p.Own {
		title = "Populations of own tests"
	}
	if p.f, err = r.frame(title, nil); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = r.at()+"/populations", populationParts
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), populationsBody(p)))
}

func (r *request) populationRow(x *record.Typed[soc1.Population], tests []record.Typed[soc1.TestOfControl]) populationRow {
	p := x.Value
	row := populationRow{ID: x.ID, Title: p.Title, Href: r.populationURL(x.ID), Source: cmp.Or(p.SourceSystem, p.SourceFile.Name), Period: periodText(p), State: populationState(p), Derived: p.Derived.SQL != ""}
	if p.PopulationHash != "" {
		row.Rows, row.Hash = thousands(int(p.RowCount)), p.PopulationHash[:12]
	}
	row.Tests = r.usedBy(x.ID, tests)
	return row
}

// usedBy are the tests of a population.
func (r *request) usedBy(id string, tests []record.Typed[soc1.TestOfControl]) []ui.Link {
	var out []ui.Link
	for _, t := range tests {
		if t.Value.Population == id {
			out = append(out, ui.Link{Text: t.Value.Code, Href: r.paperURL(t.ID)})
		}
	}
	return out
}

func periodText(p soc1.Population) string {
	if p.PeriodFrom == "" {
		return ""
	}
	return dateText(string(p.PeriodFrom)) + " to " + dateText(string(p.PeriodTo))
}

// populationState is how far completeness and accuracy are.
func populationState(p soc1.Population) ui.Status {
	open := slices.ContainsFunc(p.Checks, func(c soc1.CompletenessCheck) bool { return !c.Passed && c.Note == "" })
	switch {
	case p.PopulationHash == "":
		return ui.Status{Text: "Not frozen", Icon: "circle-dashed"}
	case len(p.Checks) == 0:
		return ui.Status{Text: "Not checked", Icon: "circle-dashed"}
	case open:
		return ui.Status{Text: "Differences open", Class: "bad", Icon: "circle-alert"}
	case p.CompletenessConclusion == "":
		return ui.Status{Text: "To be concluded", Class: "warn", Icon: "circle-dot"}
	case p.Complete():
		return ui.Status{Text: "Complete and accurate", Class: "ok", Icon: "badge-check"}
	}
	return ui.Status{Text: "Concluded with differences", Class: "info", Icon: "circle-check"}
}

// attachPage is where a file is attached.
type attachPage struct {
	f        *ui.Frame
	Own      bool
	Action   string
	UploadTo string
	Test     string
	For      string
	// Extracts are files of evidence that can be read as tables.
	Extracts []option
	Problem  string
	Derive   string
}

func (r *request) newPopulation() error {
	return r.attachAgain(http.StatusOK, r.URL.Query().Get("test"), "")
}

func (r *request) attachAgain(status int, test, problem string) error {
	if err := r.mayImport(); err != nil {
		return err
	}
	p := &attachPage{Own: r.ledger == app.OrganizationLedger, Action: r.url("%s/populations/new", r.at()), Test: test, Problem: problem,
		Derive: r.url("%s/populations/derive?test=%s", r.at(), url.QueryEscape(test))}
	p.UploadTo = r.url("%s/populations/files?test=%s", r.at(), url.QueryEscape(test))
	if t, ok := r.testFor(test); ok {
		p.For = t.Value.Code
	}
	p.Extracts = r.extracts()
	var err error
	if p.f, err = r.populationFrame("Attach a population"); err != nil {
		return err
	}
	return r.write(status, ui.Page(p.f, noActions(), attachBody(p)))
}

// populationParts are what the pages of populations load beside what every page does.
var populationParts = []string{"population.css", "populations.js"}

func (r *request) populationFrame(title string) (*ui.Frame, error) {
	name := "Populations"
	if r.ledger == app.OrganizationLedger {
		name = "Populations of own tests"
	}
	f, err := r.frame(title, []ui.Link{{Text: name, Href: r.at() + "/populations"}})
	if err == nil {
		f.Here, f.Parts = r.at()+"/populations", populationParts
	}
	return f, err
}

// testFor is the test from whose paper somebody came.
func (r *request) testFor(id string) (t record.Typed[soc1.TestOfControl], ok bool) {
	if id == "" {
		return t, false
	}
	v, err := r.records()
	if err != nil {
		return t, false
	}
	t, err = record.One[soc1.TestOfControl](r.Context(), v, "test_of_control", id)
	return t, err == nil
}

// extracts are the files of evidence that could be read as populations: those of the
// ledger and, for an auditor, of the organization's.
func (r *request) extracts() []option {
	ledgers := []string{r.ledger}
	if r.ledger != app.OrganizationLedger {
		ledgers = append(ledgers, app.OrganizationLedger)
	}
	var out []option
	for _, l := range ledgers {
		v, err := r.site.app.View(r.Context(), r.actor, l, record.AsOf{})
		if err != nil || !v.Shows("evidence") {
			continue
		}
		all, err := record.All[soc1.Evidence](r.Context(), v, "evidence")
		if err != nil {
			continue
		}
		for _, e := range all {
			for _, f := range e.Value.Files {
				if _, err := (population.Source{Name: f.Name}).FormatOf(); err == nil {
					out = append(out, option{Value: l + "\x1f" + e.ID + "\x1f" + f.SHA256, Text: f.Name + " · " + e.Value.Title + " · " + sizeText(f.Size)})
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b option) int { return cmp.Compare(a.Text, b.Text) })
	return out
}

// uploadPopulation takes a file as scripts send it.
func (r *request) uploadPopulation() error {
	name, err := url.PathUnescape(r.Header.Get("X-File-Name"))
	if err != nil {
		name = r.Header.Get("X-File-Name")
	}
	if err := r.mayImport(); err != nil {
		return err
	}
	to, err := r.stage(name, r.body(), r.URL.Query().Get("test"))
	if err != nil {
		x := explain(err)
		if x.Status >= http.StatusInternalServerError {
			r.site.log.Error("a population was not taken in", "error", err.Error())
		}
		return r.answer(x.Status, map[string]string{"problem": x.Text})
	}
	return r.answer(http.StatusOK, map[string]string{"to": to})
}

// attachPopulation takes a file with the form, or an extract that is there already.
func (r *request) attachPopulation() error {
	if err := r.mayImport(); err != nil {
		return err
	}
	again := func(test string, err error) error {
		x := explain(err)
		if x.Status >= http.StatusInternalServerError || r.Context().Err() != nil {
			return err
		}
		return r.attachAgain(x.Status, test, x.Text)
	}
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "multipart/form-data" {
		v, err := r.formValues()
		if err != nil {
			return err
		}
		to, err := r.stageExtract(v)
		if err != nil {
			return again(v.Get("test"), err)
		}
		return r.redirect(to)
	}
	r.Body = io.NopCloser(r.body())
	m, err := r.MultipartReader()
	if err != nil {
		return badRequest("form", err)
	}
	test := r.URL.Query().Get("test")
	for {
		part, err := m.NextPart()
		if errors.Is(err, io.EOF) {
			return again(test, &app.FieldError{Field: "file", Text: "Choose a file first."})
		}
		if err != nil {
			return badRequest("form", fmt.Errorf("what was sent ends in the middle: %w", err))
		}
		if part.FormName() == "test" {
			b, err := io.ReadAll(io.LimitReader(part, 1000))
			if err != nil {
				return badRequest("form", err)
			}
			test = string(b)
		}
		if part.FormName() != "file" || part.FileName() == "" {
			continue
		}
		to, err := r.stage(part.FileName(), part, test)
		if err != nil {
			return again(test, err)
		}
		return r.redirect(to)
	}
}

func (r *request) stageExtract(v url.Values) (string, error) {
	parts := strings.Split(v.Get("extract"), "\x1f")
	if len(parts) != 3 {
		return "", &app.FieldError{Field: "extract", Text: "Choose an extract first."}
	}
	f, b, err := r.site.app.FileOf(r.Context(), r.actor, parts[0], "evidence", parts[1], parts[2])
	if err != nil {
		return "", err
	}
	defer b.Close()
	return r.stage(f.Name, b, v.Get("test"))
}

// stage takes a file in and begins to look at it.
func (r *request) stage(name string, body io.Reader, test string) (string, error) {
	f, err := r.site.app.StagePopulation(r.Context(), r.actor, r.ledger, name, body)
	if err != nil {
		return "", err
	}
	s := &stagedFile{actor: r.actor, ledger: r.ledger, Staged: f, form: r.firstForm(test)}
	r.site.staged.put(s, r.site.now())
	r.read(s)
	return r.stagedURL(s), nil
}

func (r *request) stagedURL(s *stagedFile) string {
	return r.url("%s/populations/staged/%s", r.at(), s.token)
}

// firstForm is what a form says before anybody typed: what the test asks for.
func (r *request) firstForm(test string) populationForm {
	form := populationForm{Purpose: string(soc1.AuditorPopulation), Test: test, Zone: r.zone().String()}
	if t, ok := r.testFor(test); ok {
		form.Control, form.From, form.To = t.Value.Control, string(t.Value.WindowFrom), string(t.Value.WindowTo)
	}
	return form
}
