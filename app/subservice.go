package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/intake"
	"reperform/intake/pdftext"
	"reperform/record"
	"reperform/soc1"
)

// SubserviceOptions say which report asks.
type SubserviceOptions struct {
	// Engagement is the report; empty is the one that is under way or ended last.
	Engagement string
	// AsOf is the point on the two clocks; the zero value is the present.
	AsOf record.AsOf
}

// MostReportBytes is the largest PDF that is read.
const MostReportBytes = pdftext.MostBytes

// Subservice says where all subservice organizations stand: their reports, how these
// cover the period, and what is open. It is refused to whoever does not read all of the
// organization's ledger.
func (a *App) Subservice(ctx context.Context, actor string, opt SubserviceOptions) (*intake.Register, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	if opt.AsOf.Effective != "" && opt.AsOf.Effective < today {
		today = opt.AsOf.Effective
	}
	return subserviceOf(ctx, v, opt.Engagement, today)
}

// subserviceOf makes the register of a view.
func subserviceOf(ctx context.Context, v *record.View, engagement string, today soc1.Date) (*intake.Register, error) {
	l := listing{ctx: ctx, view: v}
	engagements := listed[soc1.Engagement](&l, "engagement")
	controls := map[string]bool{}
	f := &intake.Facts{Today: today, Organizations: listed[soc1.SubserviceOrganization](&l, "subservice_organization"), Reports: listed[soc1.ObtainedReport](&l, "subservice_report"),
		Confirmations: listed[soc1.SubserviceConfirmation](&l, "subservice_confirmation"), Control: func(id string) bool { return controls[id] }}
	for _, c := range listed[soc1.Control](&l, "control") {
		controls[c.ID] = true
	}
	if l.err != nil {
		return nil, l.err
	}
	id, err := engagementOf(engagements, OrganizationLedger, engagement, today)
	if err != nil {
		return nil, err
	}
	f.Engagement, _ = record.Find(engagements, id)
	return intake.Of(f), nil
}

// ReadSubserviceReport proposes what a report says, from the text of a PDF that KeepFile
// took in. Nothing is recorded: a person looks at each proposal. It is for whoever may
// take in reports, and of a report that is recorded for whoever may read it: who checks
// what was confirmed checks it against the same passages.
func (a *App) ReadSubserviceReport(ctx context.Context, actor string, f soc1.File) (*intake.Proposals, error) {
	if err := a.MayPut(ctx, actor, OrganizationLedger, "subservice_report", ""); err != nil {
		if there, rerr := a.inReportOf(ctx, actor, f); rerr != nil || !there {
			return nil, err
		}
	}
	if f.Size > pdftext.MostBytes {
		return nil, unreadable(pdftext.ErrTooLarge)
	}
	if err := a.heldAll(ctx, OrganizationLedger, []soc1.File{f}); err != nil {
		return nil, err
	}
	b, err := a.sealedBytes(ctx, OrganizationLedger, f)
	if err != nil {
		return nil, err
	}
	return a.proposals(ctx, b)
}

// inReportOf says whether a file is of a report that the actor reads.
func (a *App) inReportOf(ctx context.Context, actor string, f soc1.File) (bool, error) {
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return false, err
	}
	all, err := record.All[soc1.ObtainedReport](ctx, v, "subservice_report")
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(x record.Typed[soc1.ObtainedReport]) bool {
		_, ok := pickFile(x.Value.Files, f.SHA256, nil)
		return ok
	}), nil
}

// ProposeFromPDF proposes what a report says, from a PDF that is kept nowhere.
func (a *App) ProposeFromPDF(ctx context.Context, actor string, r io.Reader) (*intake.Proposals, error) {
	if err := a.MayPut(ctx, actor, OrganizationLedger, "subservice_report", ""); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(r, pdftext.MostBytes+1))
	if err != nil {
		return nil, err
	}
	return a.proposals(ctx, b)
}

func (a *App) proposals(ctx context.Context, b []byte) (*intake.Proposals, error) {
	if len(a.opt.ReadPDF) == 0 {
		return nil, errors.New("this program was started without a reader of PDF")
	}
	text, err := pdftext.Read(ctx, a.opt.ReadPDF, b)
	if err != nil {
		return nil, unreadable(err)
	}
	pages := make([]intake.Page, len(text.Pages))
	for i, p := range text.Pages {
		pages[i] = intake.Page(p)
	}
	out := intake.Propose(pages)
	out.Pages, out.Cut = text.Of, text.Cut
	return out, nil
}

// unreadable says why nothing is proposed, and what to do.
func unreadable(err error) error {
	for _, known := range []error{pdftext.ErrNotPDF, pdftext.ErrEncrypted, pdftext.ErrNoText, pdftext.ErrTooLarge, pdftext.ErrUnread} {
		if errors.Is(err, known) {
			return &FieldError{"file", upperFirst(known.Error()) + ". Enter by hand what the report says.", ""}
		}
	}
	return err
}

// DraftSubserviceReport is what the record of a report begins with: what the text of its
// PDF, which KeepFile took in, proposes, as far as a record may have it. Where there is no
// text the draft has the file alone, and a person enters the rest. Nothing is recorded.
func (a *App) DraftSubserviceReport(ctx context.Context, actor, organization string, f soc1.File) (soc1.ObtainedReport, error) {
	v := soc1.ObtainedReport{}
	if err := a.MayPut(ctx, actor, OrganizationLedger, "subservice_report", ""); err != nil {
		return v, err
	}
	o, err := a.Record(ctx, actor, OrganizationLedger, "subservice_organization", organization, record.AsOf{})
	if errors.Is(err, record.ErrNotFound) {
		return v, &FieldError{"subservice_organization", "Choose whose report it is.", ""}
	}
	if err != nil {
		return v, err
	}
	whose, err := record.Decode[soc1.SubserviceOrganization](o)
	if err != nil {
		return v, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return v, err
	}
	if f.SHA256 != "" {
		p, err := a.ReadSubserviceReport(ctx, actor, f)
		var none *FieldError
		switch {
		case errors.As(err, &none):
		case err != nil:
			return v, err
		default:
			v = p.Draft()
		}
		v.Files = []soc1.File{f}
	}
	if v.Kind == "" {
		v.Kind = soc1.ObtainedOther
	}
	v.SubserviceOrganization, v.Owner, v.ReceivedOn = organization, actor, today
	v.Title = "Report of " + whose.Name
	if v.Kind != soc1.ObtainedOther {
		v.Title = v.Kind.Label() + " report of " + whose.Name
	}
	if day := v.PeriodTo; day != "" {
		v.Title += " to " + day.Long()
	} else if v.AsOf != "" {
		v.Title += " as of " + v.AsOf.Long()
	}
	// Passages that speak against each other make no record; the person sees them all.
	for _, x := range v.Validate() {
		switch x.Field {
		case "period_from":
			v.PeriodFrom, v.PeriodTo = "", ""
		case "period_to", "as_of", "dated":
			v.Dated = ""
			if x.Field == "as_of" && v.Kind.OverPeriod() {
				v.AsOf = ""
			}
		}
	}
	if len(v.Validate()) > 0 {
		v.PeriodFrom, v.PeriodTo, v.AsOf, v.Dated = "", "", "", ""
	}
	return v, nil
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// TakeInSubserviceReport records a report with the files that KeepFile took in, and
// returns its id. An id that is there already is revised, where its revision is the one
// seen. It counts once somebody confirms it.
func (a *App) TakeInSubserviceReport(ctx context.Context, actor, id string, seen int64, v soc1.ObtainedReport, reason string) (string, error) {
	if err := a.heldAll(ctx, OrganizationLedger, v.Files); err != nil {
		return "", err
	}
	made, err := a.newID("report-", id)
	if err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	if v.ReceivedOn > today {
		return "", &FieldError{"received_on", "Nothing was received on a day that is still to come.", ""}
	}
	if seen == 0 {
		if err := a.takenIn(ctx, actor, v); err != nil {
			return "", err
		}
	}
	change := RecordChange{Ledger: OrganizationLedger, Kind: "subservice_report", ID: made, Revision: seen, Effective: today, Value: v, Reason: reason}
	if strings.TrimSpace(reason) == "" {
		change.Reason = "A subservice organization's report taken in."
	}
	if err := a.PutRecord(ctx, actor, change); err != nil {
		return "", err
	}
	return made, nil
}

// takenIn refuses a file that a report of the same organization has already: taken in
// twice, everything in it would be asked twice.
func (a *App) takenIn(ctx context.Context, actor string, v soc1.ObtainedReport) error {
	view, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return err
	}
	all, err := record.All[soc1.ObtainedReport](ctx, view, "subservice_report")
	if err != nil {
		return err
	}
	for _, x := range all {
		if x.Retired || x.Value.SubserviceOrganization != v.SubserviceOrganization {
			continue
		}
		for _, f := range v.Files {
			if _, there := pickFile(x.Value.Files, f.SHA256, nil); there {
				return &FieldError{"file", fmt.Sprintf("This very file is taken in already, as “%s”. Go on there.", x.Value.Title), "reperform get subservice_report " + x.ID}
			}
		}
	}
	return nil
}

// MayConfirmSubserviceReport tells whether the actor may confirm reports of a subservice
// organization that somebody watches over; the error says who may.
func (a *App) MayConfirmSubserviceReport(ctx context.Context, actor, owner string) error {
	return a.authorize(ctx, actor, identity.SubserviceConfirm, identity.Resource{Ledger: OrganizationLedger, Kind: "subservice_confirmation", Owner: owner})
}

// SubserviceConfirming is somebody's own word on a report.
type SubserviceConfirming struct {
	Report string
	// Seen is the revision that was read; 0 does not care. Where the record has something
	// else from the report by now, nothing is recorded.
	Seen int64
	// Conclusion is what the report means for the organization.
	Conclusion string
}

// ConfirmSubserviceReport records the actor's own word that a report says what its record
// has, and returns the id of the confirmation. Everything that coverage and rules rest on
// must be there. Whoever watches over the organization confirms, who stands in for them,
// or a compliance manager.
func (a *App) ConfirmSubserviceReport(ctx context.Context, actor string, x SubserviceConfirming) (string, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return "", err
	}
	now, err := a.Record(ctx, actor, OrganizationLedger, "subservice_report", x.Report, record.AsOf{})
	if err != nil {
		return "", err
	}
	known, err := record.Decode[soc1.ObtainedReport](now)
	if err != nil {
		return "", err
	}
	owner := ""
	if o, err := a.Record(ctx, actor, OrganizationLedger, "subservice_organization", known.SubserviceOrganization, record.AsOf{}); err == nil {
		owner = ownerOf("subservice_organization", o.Body)
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	id, err := a.newID("confirmed-", "")
	if err != nil {
		return "", err
	}
	c := soc1.SubserviceConfirmation{Report: x.Report, By: actor, On: today, Conclusion: strings.TrimSpace(x.Conclusion)}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.SubserviceConfirm, kind: "subservice_confirmation", owner: owner, action: "subservice.confirm",
		reason: "I have read the report; it says what is recorded."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		v, r, err := taken[soc1.ObtainedReport](tx, "subservice_report", x.Report)
		if err != nil {
			return err
		}
		o, _, err := taken[soc1.SubserviceOrganization](tx, "subservice_organization", v.SubserviceOrganization)
		if err != nil {
			return err
		}
		if o.Owner != owner || v.SubserviceOrganization != known.SubserviceOrganization {
			return &FieldError{"report", "Somebody else watches over the organization meanwhile. Open it again.", ""}
		}
		c.Revision, c.SHA256 = r.Revision, intake.Digest(v)
		if x.Seen != 0 && x.Seen != r.Revision {
			before, err := tx.reportAt(x.Report, x.Seen)
			if err != nil {
				return err
			}
			if before == nil || intake.Digest(*before) != c.SHA256 {
				return &FieldError{"revision", fmt.Sprintf("%q was changed since you read it. Read it again, and confirm then.", v.Title), ""}
			}
		}
		said, err := tx.List("subservice_confirmation")
		if err != nil {
			return err
		}
		for _, r := range said {
			had, err := record.Decode[soc1.SubserviceConfirmation](r)
			if err != nil {
				return err
			}
			// A form that is sent twice is one word.
			if had.Report == c.Report && had.SHA256 == c.SHA256 && had.By == actor && had.On == today && had.Conclusion == c.Conclusion {
				id = r.ID
				return nil
			}
		}
		if missing := v.Wanting(); len(missing) > 0 {
			return &FieldError{missing[0], "This is missing. A report is confirmed with its auditor, its days, its opinion and the day it was received.", ""}
		}
		if c.Conclusion == "" {
			return &FieldError{"conclusion", "Say what the report means for us.", ""}
		}
		if err := fieldProblem(c.Validate()); err != nil {
			return err
		}
		return tx.Put("subservice_confirmation", id, "", c)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// reportAt is a report as a revision had it; nil without that revision.
func (tx *Tx) reportAt(id string, revision int64) (*soc1.ObtainedReport, error) {
	revisions, err := tx.view.History(tx.ctx, "subservice_report", id)
	if err != nil {
		return nil, err
	}
	for _, r := range revisions {
		if r.Revision == revision && !r.Redacted && !r.Retired {
			v, err := record.Decode[soc1.ObtainedReport](r)
			return &v, err
		}
	}
	return nil, nil
}
