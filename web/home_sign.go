package web

import (
	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// homeSign is what waits for a signature or an approval, and what was signed and
// reads otherwise since.
type homeSign struct {
	Lines []behindRow
	// How says how a signature is given.
	How string
	// Report says what is known here of the release, which is nothing.
	Report string
}

// homeSign lists it.
func (r *request) homeSign(d *matrixData) (*homeSign, error) {
	signs := r.maySign("assertion")
	s := &homeSign{How: "An executive reads and signs the assertion and the letter here, on a page of their own, or by the command reperform sign. A policy is approved on its page, by its approver."}
	if signs {
		s.How = "You read the text in full, see what is still open, and confirm with your password or passkey."
	}
	if d.o.Engagement.ID != "" {
		s.Report = "The firm tells of its release by handing it over; management’s records do not show it."
	}
	changed, err := r.signedOtherwise(d)
	if err != nil {
		return nil, err
	}
	s.Lines = append(s.Lines, changed...)
	for _, x := range d.o.ToSign("") {
		row := behindRow{Text: x.Title, Kind: "To sign"}
		if len(x.Refs) > 0 {
			ref := x.Refs[0]
			row.Href = r.behindRef(ref).Href
			switch {
			case ref.Kind == "engagement":
				row.Kind = "Not drafted yet"
			case ref.Kind == "policy":
				if row.Kind = "To approve"; !r.past.On() {
					row.Href = r.policyDecision(ref)
				}
			case signs:
				row.Href = r.url("%s", signPath(ref.Kind, ref.ID))
			}
		}
		if x.Who != "" {
			row.Who = r.headings().person(x.Who)
		}
		s.Lines = append(s.Lines, row)
	}
	return s, nil
}

// signedOtherwise are documents of the engagement under whose signature the text
// has changed.
func (r *request) signedOtherwise(d *matrixData) ([]behindRow, error) {
	if d.o.Engagement.ID == "" || r.past.On() {
		return nil, nil
	}
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	var refs []soc1.Ref
	assertions, err := record.All[soc1.ManagementAssertion](r.Context(), v, "assertion")
	if err != nil {
		return nil, err
	}
	for _, x := range assertions {
		if x.Value.Engagement == d.o.Engagement.ID && x.Value.SignedOn != "" && x.Value.SubserviceOrganization == "" {
			refs = append(refs, x.Ref())
		}
	}
	letters, err := record.All[soc1.RepresentationLetter](r.Context(), v, "representation_letter")
	if err != nil {
		return nil, err
	}
	for _, x := range letters {
		if x.Value.Engagement == d.o.Engagement.ID && x.Value.SignedOn != "" && x.Value.SubserviceOrganization == "" {
			refs = append(refs, x.Ref())
		}
	}
	var out []behindRow
	for _, ref := range refs {
		ref.Ledger = app.OrganizationLedger
		st, err := r.signedState(ref.Kind, ref.ID)
		if err != nil {
			return nil, err
		}
		if st == nil || st.Class != "bad" {
			continue
		}
		k, err := record.Kinds.Kind(ref.Kind)
		if err != nil {
			return nil, err
		}
		out = append(out, behindRow{Text: k.Title, Kind: st.Text, Href: r.recordURL(ref.Kind, ref.ID)})
	}
	return out, nil
}

// documentName is how a document that is signed is called: its kind, and the
// engagement that it is about. Its record has no title.
func (r *request) documentName(ref soc1.Ref) string {
	k, err := record.Kinds.Kind(ref.Kind)
	if err != nil {
		return ref.ID
	}
	v, err := r.records()
	if err != nil {
		return k.Title
	}
	x, err := v.Get(r.Context(), ref.Kind, ref.ID)
	if err != nil {
		return k.Title
	}
	var about string
	switch ref.Kind {
	case "assertion":
		if d, err := record.Decode[soc1.ManagementAssertion](x); err == nil {
			about = d.Engagement
		}
	case "representation_letter":
		if d, err := record.Decode[soc1.RepresentationLetter](x); err == nil {
			about = d.Engagement
		}
	}
	if h, ok := r.headings().heading("engagement", about); ok {
		return k.Title + ", " + h.String()
	}
	return k.Title
}
