package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/soc1"
	"reperform/web/ui"
)

// mostShownRows is how many items of one exception are shown with their values.
const mostShownRows = 5

// paperDecision is the form that decides exceptions, with what was typed.
type paperDecision struct {
	// Open are the exceptions that nobody decided.
	Open []openException
	// Groups are sets of them that can be decided together: all, or one attribute's.
	Groups []ui.Link
	// Records are the evidence that a dismissal can rest on.
	Records []ui.Link
	// Why says why the reader decides nothing; empty where they may.
	Why string
	// Waits says that the values are still to be read.
	Waits   bool
	Refused string
	typed   url.Values
}

func (d *paperDecision) text(name string) string     { return d.typed.Get(name) }
func (d *paperDecision) has(name, value string) bool { return slices.Contains(d.typed[name], value) }
func (d *paperDecision) labelOf(x openException) string {
	return "Attribute " + x.Attribute + ", " + x.Items
}

// openException is an exception with what the population says of its items.
type openException struct {
	paperException
	ID    string
	Cause string
	Cells [][]ui.Link
}

// decision lists what is open; who may decide it sees the form.
func (p *paperPage) decision(r *request, typed url.Values, refused string) error {
	d := &paperDecision{typed: typed, Refused: refused, Why: p.WhyNotDecide}
	p.Decide = d
	if r.past.On() {
		return nil
	}
	var rows *app.PaperRows
	for i, x := range p.WorkingPaper.Exceptions {
		if x.Value.Status != soc1.Open {
			continue
		}
		if rows == nil {
			// The page does not wait for the engine: its script asks for the rows, and then
			// for this part of the page again.
			kept, ok, err := r.site.app.KeptPaperRows(r.Context(), r.actor, r.ledger, p.Test.ID)
			if err != nil {
				return err
			}
			if rows = kept; !ok {
				rows, d.Waits = &app.PaperRows{}, p.HasPopulation
			}
		}
		o := openException{paperException: p.Exceptions[i], ID: x.ID, Cause: x.Value.Group.CauseHint}
		for _, key := range x.Value.ItemKeys {
			values, ok := rows.Rows[key]
			if !ok || len(o.Cells) == mostShownRows {
				continue
			}
			var cells []ui.Link
			for j, v := range values {
				if v != nil && j < len(rows.Columns) {
					cells = append(cells, ui.Link{Text: rows.Columns[j], Href: *v})
				}
			}
			o.Cells = append(o.Cells, cells)
		}
		d.Open = append(d.Open, o)
		if g := x.Value.Attribute; !slices.ContainsFunc(d.Groups, func(l ui.Link) bool { return l.Href == g }) {
			d.Groups = append(d.Groups, ui.Link{Text: "All undecided of attribute " + g, Href: g})
		}
	}
	if len(d.Open) == 0 || d.Why != "" {
		return nil
	}
	var err error
	d.Records, err = r.evidenceChoices(p.Paper)
	return err
}

// decideExceptions confirms or dismisses exceptions of the paper, those that were chosen
// or all undecided ones of an attribute.
func (r *request) decideExceptions() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be decided; go back to today first"))
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	test := r.PathValue("test")
	d := app.ExceptionDecision{Ledger: r.ledger, IDs: v["x"], Status: soc1.ExceptionStatus(v.Get("status")), Reason: strings.TrimSpace(v.Get("reason")),
		Fact: strings.TrimSpace(v.Get("fact")), Evidence: strings.TrimSpace(v.Get("evidence")), EvidenceRefs: v["record"], OpenOnly: true, Within: test}
	if g := v.Get("group"); g != "" {
		d.IDs, d.Test, d.Attribute = nil, test, g
	}
	switch {
	case d.Status != soc1.Confirmed && d.Status != soc1.Dismissed:
		err = &app.FieldError{Field: "status", Text: "Say whether the exceptions are confirmed or dismissed."}
	case len(d.IDs) == 0 && d.Test == "":
		err = &app.FieldError{Field: "x", Text: "Choose the exceptions, or all undecided ones of an attribute."}
	case d.Reason == "":
		err = &app.FieldError{Field: "reason", Text: "Say why."}
	default:
		_, err = r.site.app.DecideExceptions(r.Context(), r.actor, d)
	}
	if err == nil {
		return r.redirect(r.paperURL(test) + "?done=decided")
	}
	if x := explain(err); x.Status == http.StatusUnprocessableEntity {
		return r.paperAgain(x.Status, "", v, x.Text)
	}
	return err
}
