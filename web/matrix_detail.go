package web

import (
	"net/url"

	"reperform/app"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// matrixDetail is a control beside the matrix: its fields, and in brief who
// changed what.
type matrixDetail struct {
	*recordPage
	Row *matrixRow
	// Close is the matrix without it, Full the record's own page.
	Close, Full string
	Evidence    overview.Coverage
	Items       string
	// Earlier is how many revisions are not listed.
	Earlier int
}

// briefly is how many revisions stand beside the matrix.
const briefly = 4

// matrixDetail reads the control that is open.
func (r *request) matrixDetail(d *matrixData, q matrixQuery) (*matrixDetail, error) {
	line, ok := d.o.Control(q.Open)
	if !ok {
		return nil, errNowhere
	}
	org, _, err := r.matrixViews()
	if err != nil {
		return nil, err
	}
	k, err := record.Kinds.Kind("control")
	if err != nil {
		return nil, err
	}
	x, err := org.Get(r.Context(), k.Name, q.Open)
	if err != nil {
		return nil, err
	}
	out := &matrixDetail{recordPage: &recordPage{Kind: k, Record: x, Heading: record.HeadingOf(x)}, Evidence: line.Evidence}
	for i := range d.rows {
		if d.rows[i].ID == q.Open {
			out.Row = &d.rows[i]
		}
	}
	out.Close = r.matrixURL(q, func(n *matrixQuery) { n.Open, n.Rows = "", q.Rows })
	out.Full = r.url("/r/control/%s", url.PathEscape(x.ID))
	if r.matrixRights(d).may(line, r.actor) {
		out.Edit = r.url("/r/control/%s/edit", url.PathEscape(x.ID))
	}
	fields := fieldsOf(x)
	for _, f := range k.Fields {
		s := shownField{Field: f, Cell: r.show(f, fields[f.Name])}
		if out.Edit != "" {
			s.Edit = out.Edit + "?field=" + url.QueryEscape(f.Name)
		}
		if !s.Cell.Empty() {
			out.Fields = append(out.Fields, s)
		}
	}
	if out.Events, err = r.controlEvents(k, x.ID, org.AsOf()); err != nil {
		return nil, err
	}
	out.Earlier = max(0, len(out.Events)-briefly)
	out.Events = out.Events[:min(briefly, len(out.Events))]
	out.Items = count(line.Evidence.Items, "evidence record")
	out.f = &ui.Frame{Asset: r.asset, Base: r.site.base}
	ref := soc1.Ref{Ledger: app.OrganizationLedger, Kind: k.Name, ID: x.ID}
	if out.Talk, err = r.talkOf(ref, r.matrixURL(q, func(n *matrixQuery) { n.Rows = q.Rows })); err != nil {
		return nil, err
	}
	return out, nil
}

// controlEvents is the control's history in the organization's ledger, from
// wherever it is looked at.
func (r *request) controlEvents(k *record.Kind, id string, asOf record.AsOf) ([]event, error) {
	org := *r
	if r.ledger != app.OrganizationLedger {
		org.ledger = app.OrganizationLedger
		if r.asOf.Known > 0 {
			org.asOf.Known = asOf.Known
		}
	}
	return org.events(k, id)
}
