package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"reperform/app"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// derivePage is a query with what it gives, before it is frozen.
type derivePage struct {
	f        *ui.Frame
	Own      bool
	Action   string
	Form     populationForm
	SQL      string
	Key      string
	Inputs   []deriveInput
	Purposes []option
	Controls []option
	Problem  *populationProblem
	// Marked are the lines of the query around the place of an error.
	Marked  []markedLine
	Preview *population.Preview
	For     string
	Back    string
}

// deriveInput is a population that the query may read.
type deriveInput struct {
	ID, Title, Name, Rows string
	On                    bool
	Columns               []string
}

type markedLine struct {
	N             int
	Before, After string
	Here          bool
}

func (r *request) derivePopulation() error {
	if err := r.mayImport(); err != nil {
		return err
	}
	if w := r.worked(r.URL.Query().Get("work")); w != nil && w.typed != nil {
		_, err := w.result()
		return r.deriveAgain(http.StatusOK, w.typed, err, nil)
	}
	return r.deriveAgain(http.StatusOK, url.Values{"test": {r.URL.Query().Get("test")}}, nil, nil)
}

var notInName = regexp.MustCompile(`[^a-z0-9]+`)

// inputName proposes how a query calls a population.
func inputName(id string) string {
	s := strings.Trim(notInName.ReplaceAllString(strings.ToLower(strings.TrimPrefix(id, "pop-")), "_"), "_")
	if s == "" || s[0] >= '0' && s[0] <= '9' {
		s = "p_" + s
	}
	return s
}

func (r *request) deriveAgain(status int, v url.Values, problem error, preview *population.Preview) error {
	test := v.Get("test")
	p := &derivePage{Own: r.ledger == app.OrganizationLedger, Action: r.url("%s/populations/derive", r.at()), SQL: v.Get("sql"), Key: v.Get("key"), Preview: preview}
	if len(v) > 1 {
		p.Form = formOf(v, populationForm{})
	} else {
		p.Form = r.firstForm(test)
	}
	p.Form.Test = test
	if problem != nil {
		p.Problem = problemOf(problem)
		p.Marked = markedLines(p.SQL, p.Problem)
	}
	p.Purposes, p.Controls = purposeOptions(p.Form.Purpose), r.controlOptions(p.Form.Control)
	if t, ok := r.testFor(test); ok {
		p.For, p.Back = t.Value.Code, r.paperURL(t.ID)
	}
	view, err := r.records()
	if err != nil {
		return err
	}
	all, err := record.All[soc1.Population](r.Context(), view, "population")
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Value.PopulationHash == "" {
			continue
		}
		in := deriveInput{ID: x.ID, Title: x.Value.Title, Rows: count(int(x.Value.RowCount), "row"), Name: cmp.Or(v.Get("name."+x.ID), inputName(x.ID)), On: slices.Contains(v["input"], x.ID)}
		for _, c := range x.Value.Columns {
			if c.Transform != soc1.Dropped {
				in.Columns = append(in.Columns, c.Name+" "+strings.ToLower(c.Type))
			}
		}
		p.Inputs = append(p.Inputs, in)
	}
	// What is read already stands first.
	slices.SortStableFunc(p.Inputs, func(a, b deriveInput) int {
		return cmp.Or(boolInt(b.On)-boolInt(a.On), cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)))
	})
	if p.f, err = r.populationFrame("Derive a population"); err != nil {
		return err
	}
	return r.write(status, ui.Page(p.f, noActions(), deriveBody(p)))
}

// markedLines are the line of an error, cut where it is, with one before and one behind.
func markedLines(sql string, p *populationProblem) []markedLine {
	if p.Line == 0 {
		return nil
	}
	var out []markedLine
	for i, s := range strings.Split(sql, "\n") {
		n := i + 1
		if n < p.Line-1 || n > p.Line+1 {
			continue
		}
		x := markedLine{N: n, Before: s}
		if at := []rune(s); n == p.Line {
			cut := min(max(p.At-1, 0), len(at))
			x.Before, x.After, x.Here = string(at[:cut]), string(at[cut:]), true
		}
		out = append(out, x)
	}
	return out
}

// derived is what a form asks to derive.
func (r *request) derived(v url.Values) (app.DeriveSpec, error) {
	spec := app.DeriveSpec{Ledger: r.ledger, Reason: "Derived in the browser."}
	p := soc1.Population{Zone: v.Get("zone")}
	// A query comes from a browser with its own ends of lines.
	p.Derived.SQL = strings.ReplaceAll(v.Get("sql"), "\r\n", "\n")
	for _, id := range v["input"] {
		p.Derived.Inputs = append(p.Derived.Inputs, soc1.DerivationInput{Name: strings.TrimSpace(v.Get("name." + id)), Population: id})
	}
	for k := range strings.SplitSeq(v.Get("key"), ",") {
		if k = strings.TrimSpace(k); k != "" {
			p.Key = append(p.Key, k)
		}
	}
	spec.Population = p
	switch {
	case strings.TrimSpace(p.Derived.SQL) == "":
		return spec, &app.FieldError{Field: "sql", Text: "Write the query."}
	case len(p.Derived.Inputs) == 0:
		return spec, &app.FieldError{Field: "input", Text: "Tick at least one population that the query reads."}
	}
	return spec, nil
}

// runDerivation shows what a query gives, or freezes it.
func (r *request) runDerivation() error {
	if err := r.mayImport(); err != nil {
		return err
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	v.Set("sql", strings.ReplaceAll(v.Get("sql"), "\r\n", "\n"))
	again := func(err error) error {
		if x := explain(err); app.IsInternal(err) || x.Status == http.StatusForbidden || x.Status == http.StatusNotFound {
			return err
		}
		return r.deriveAgain(http.StatusUnprocessableEntity, v, err, nil)
	}
	spec, err := r.derived(v)
	if err != nil {
		return again(err)
	}
	if v.Get("do") != "freeze" {
		preview, err := r.site.app.PreviewDerivation(r.Context(), r.actor, spec)
		if err != nil {
			return again(err)
		}
		return r.deriveAgain(http.StatusOK, v, nil, preview)
	}
	form := formOf(v, populationForm{})
	p, err := r.described(form)
	if err != nil {
		return again(err)
	}
	if len(spec.Population.Key) == 0 {
		return again(&app.FieldError{Field: "key", Text: "Nothing identifies an item yet. Name the columns that together are different in every row."})
	}
	p.Derived, p.Key = spec.Population.Derived, spec.Population.Key
	spec.Population = p
	if spec.ID, err = r.populationID(form); err != nil {
		return again(err)
	}
	a, actor, done := r.site.app, r.actor, r.populationURL(spec.ID)+"?done=frozen"
	w := r.work("Deriving "+form.Title, r.at()+"/populations", r.url("%s/populations/derive?work={work}", r.at()), func(ctx context.Context) (string, error) {
		if _, err := a.DerivePopulation(ctx, actor, spec); err != nil {
			return "", err
		}
		return done, r.site.tie(ctx, actor, spec.Ledger, form.Test, spec.ID)
	})
	return r.followWork(w, again)
}
