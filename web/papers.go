package web

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// papersPage lists the working papers of a ledger.
type papersPage struct {
	f      *ui.Frame
	Groups []papersOf
	// Own says that the tests are management's own, which give no assurance to others.
	Own bool
	New string
}

type papersOf struct {
	Title, Sum string
	Rows       []paperRow
}

// paperRow is a paper in the list.
type paperRow struct {
	ID, Code, Href string
	Control        string
	Statement      string
	Method         string
	Items, Open    string
	Exceptions     ui.Status
	Prepared       signedBy
	Reviewed       signedBy
	Notes          int
	State          ui.Status
}

// signedBy is a signature as lists show it.
type signedBy struct {
	Who ui.Person
	On  string
	// Gone says that the paper changed after it.
	Gone bool
}

// papers lists the working papers.
func (r *request) papers() error {
	if r.partly() {
		return withheld("Working papers follow from more than you read. Ask an administrator for a role that reads it.")
	}
	all, err := r.site.app.Papers(r.Context(), r.actor, r.ledger, r.asOf)
	if err != nil {
		return err
	}
	p := &papersPage{Own: r.ledger == app.OrganizationLedger}
	if !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, r.ledger, "test_of_control", "") == nil {
		p.New = r.url("%s/r/test_of_control/new", r.at())
	}
	for _, e := range all {
		g := papersOf{Title: e.Engagement.Value.Title}
		prepared, reviewed := 0, 0
		for _, x := range e.Papers {
			row := r.paperRow(x, e.Notes[x.Test.ID])
			if x.Signed(soc1.AsPreparer) != nil {
				prepared++
			}
			if x.Signed(soc1.AsReviewer) != nil {
				reviewed++
			}
			g.Rows = append(g.Rows, row)
		}
		g.Sum = fmt.Sprintf("%s, %d signed by a preparer, %d by a reviewer", count(len(g.Rows), "paper"), prepared, reviewed)
		p.Groups = append(p.Groups, g)
	}
	title := "Working papers"
	if p.Own {
		title = "Own tests"
	}
	if p.f, err = r.frame(title, nil); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = r.at()+"/papers", []string{"paper.css"}
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), papersBody(p)))
}

func (r *request) paperURL(test string) string {
	return r.url("%s/papers/%s", r.at(), url.PathEscape(test))
}

func (r *request) paperRow(x *evaluation.Paper, notes int) paperRow {
	t := x.Test.Value
	row := paperRow{ID: x.Test.ID, Code: t.Code, Href: r.paperURL(x.Test.ID), Control: t.Control, Method: t.Method.Label(), Notes: notes,
		Prepared: r.signedBy(x, soc1.AsPreparer), Reviewed: r.signedBy(x, soc1.AsReviewer), State: paperState(x)}
	if x.HasControl {
		row.Control, row.Statement = x.Control.Value.Code, x.Control.Value.Statement()
	}
	switch {
	case t.Method == soc1.Census && x.Run != nil:
		row.Items = thousands(int(x.Run.Value.RowCount))
	case len(x.Items) > 0:
		row.Items = thousands(len(x.Items))
		if n := x.Open(); n > 0 {
			row.Open = thousands(n)
		}
	}
	e := x.Figures.Exceptions
	open := e.Open + x.Figures.CannotTellUnresolved
	switch {
	case open > 0:
		row.Exceptions = ui.Status{Text: fmt.Sprintf("%d undecided", open), Class: "warn", Icon: "circle-dot"}
	case e.Confirmed > 0:
		row.Exceptions = ui.Status{Text: fmt.Sprintf("%d confirmed", e.Confirmed), Class: "bad", Icon: "circle-alert"}
	}
	return row
}

// signedBy is who signed last in a role, and whether that still holds.
func (r *request) signedBy(x *evaluation.Paper, as soc1.SignOffRole) signedBy {
	for i := range x.SignOffs {
		if s := &x.SignOffs[i]; s.Value.As == as {
			return signedBy{Who: r.headings().person(s.Value.By), On: dateText(string(s.Value.At.Date())), Gone: !s.Holds}
		}
	}
	return signedBy{}
}

// paperState is how far a paper is.
func paperState(x *evaluation.Paper) ui.Status {
	switch {
	case x.Reopened(soc1.AsPreparer) != nil || x.Reopened(soc1.AsReviewer) != nil:
		return ui.Status{Text: "Reopened", Class: "warn", Icon: "rotate-ccw"}
	case x.Signed(soc1.AsReviewer) != nil:
		return ui.Status{Text: "Reviewed", Class: "ok", Icon: "badge-check"}
	case x.Signed(soc1.AsPreparer) != nil:
		return ui.Status{Text: "To be reviewed", Class: "info", Icon: "clock"}
	case x.Test.Value.Method == soc1.DidNotOperate:
		return ui.Status{Text: "No occurrence", Icon: "circle-dashed"}
	case x.Run == nil && len(x.Items) == 0:
		return ui.Status{Text: "Not begun", Icon: "circle-dashed"}
	case x.Open() > 0:
		return ui.Status{Text: "In work", Class: "info", Icon: "circle-dot"}
	default:
		return ui.Status{Text: "Tested", Class: "info", Icon: "circle-check"}
	}
}

// paperFacts are what the head of a paper says in short.
func (r *request) paperFacts(w *app.WorkingPaper) []string {
	t := w.Test.Value
	out := []string{t.Method.Label()}
	if w.HasPopulation {
		out = append(out, "population "+thousands(int(w.Population.Value.RowCount)))
	}
	if t.Method == soc1.SampleMethod && len(w.Draws) > 0 {
		what := "drawn under the committed nonce"
		if w.Draws[0].Value.NonceCommitment == "" {
			what = "drawn from an open seed"
		}
		out = append(out, what+", draw "+fmt.Sprint(max(w.Draws[0].Value.Draw, 1)))
		if len(w.Draws) > 1 {
			out = append(out, "expanded "+count(len(w.Draws)-1, "time"))
		}
	}
	if win := w.Figures.Window; win.From != "" {
		out = append(out, strings.TrimSpace(dateText(string(win.From))+" to "+dateText(string(win.To))))
	}
	return out
}

// evidenceChoices are the evidence records of the ledger that a cell can rest on: those
// that the paper rests on already come first, then those of its control.
func (r *request) evidenceChoices(p *evaluation.Paper) ([]ui.Link, error) {
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Evidence](r.Context(), v, "evidence")
	if err != nil {
		return nil, err
	}
	used := map[string]bool{}
	for i := range p.Items {
		for _, c := range p.Items[i].Cells {
			if c != nil {
				for _, id := range c.Value.Evidence {
					used[id] = true
				}
			}
		}
	}
	rank := func(e record.Typed[soc1.Evidence]) int {
		switch {
		case used[e.ID]:
			return 0
		case slices.Contains(e.Value.Controls, p.Test.Value.Control):
			return 1
		}
		return 2
	}
	slices.SortStableFunc(all, func(a, b record.Typed[soc1.Evidence]) int { return cmp.Compare(rank(a), rank(b)) })
	out := []ui.Link{}
	for _, e := range all {
		out = append(out, ui.Link{Text: e.Value.Title, Href: e.ID})
	}
	return out, nil
}
