package app

import (
	"cmp"
	"context"
	"fmt"

	"reperform/overview"
	"reperform/readiness"
	"reperform/record"
	"reperform/report"
	"reperform/soc1"
)

// Readiness says how far a program stands from its examination, by what the
// overview counts and what the rules find, those on the draft of the report
// included where the question is of today. It is refused to whoever does not read
// all of the ledger.
func (a *App) Readiness(ctx context.Context, actor string, opt GapOptions) (*readiness.Assessment, error) {
	opt.Draft = opt.AsOf == (record.AsOf{})
	found, err := a.Gaps(ctx, actor, opt)
	if err != nil {
		return nil, err
	}
	ledger := cmp.Or(opt.Ledger, OrganizationLedger)
	work, err := a.View(ctx, actor, ledger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	org, err := a.organizationBeside(ctx, actor, ledger, work, opt.AsOf)
	if err != nil {
		return nil, err
	}
	q := overview.Question{Engagement: found.Question.Engagement, Today: found.Question.Today}
	if q.Engagement == "" {
		q = overview.Ask(nil, found.Question.Today)
	}
	var e soc1.Engagement
	if q.Engagement != "" {
		x, err := record.One[soc1.Engagement](ctx, org, "engagement", q.Engagement)
		if err != nil {
			return nil, err
		}
		e = x.Value
	}
	days := q.Days(e)
	var reader overview.Reader
	records, err := reader.Load(ctx, found.Question.By, org, work, days.From, days.To, overview.Released{})
	if err != nil {
		return nil, err
	}
	o, err := records.Make(q)
	if err != nil {
		return nil, err
	}
	said, err := record.All[soc1.ReadinessAssessment](ctx, org, "readiness_assessment")
	if err != nil {
		return nil, err
	}
	return readiness.Of(o, found, said), nil
}

// organizationBeside is the organization's ledger as of the same moment as a ledger
// of tests.
func (a *App) organizationBeside(ctx context.Context, actor, ledger string, work *record.View, at record.AsOf) (*record.View, error) {
	if ledger == OrganizationLedger {
		return work, nil
	}
	beside := record.AsOf{Effective: at.Effective}
	if at.Known > 0 {
		var err error
		if beside.Known, err = a.knownBeside(ctx, actor, ledger, at.Known); err != nil {
			return nil, err
		}
	}
	return a.View(ctx, actor, OrganizationLedger, beside)
}

// ReadinessReport typesets what Readiness says as a PDF, for management alone.
func (a *App) ReadinessReport(ctx context.Context, actor string, opt GapOptions) ([]byte, error) {
	x, err := a.Readiness(ctx, actor, opt)
	if err != nil {
		return nil, err
	}
	org, err := a.organization(ctx)
	if err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	e, err := a.typesetter(ctx)
	if err != nil {
		return nil, err
	}
	cover := readiness.Cover{Organization: cmp.Or(org.LegalName, org.Name), System: x.Engagement.Value.SystemName, Letter: report.LetterPaper(org.Country),
		State: fmt.Sprintf("%s with %d entries", v.Ledger(), v.AsOf().Known), Program: programVersion}
	m := x.Document(cover, &documentNames{ctx: ctx, v: v})
	m.Date = x.Today
	a.progress("typesetting the readiness report", 0, 0)
	return report.Render(ctx, e, m)
}

// WriteReadinessReport writes the readiness report as a PDF. The file appears whole
// or not at all.
func (a *App) WriteReadinessReport(ctx context.Context, actor string, opt GapOptions, path string) error {
	pdf, err := a.ReadinessReport(ctx, actor, opt)
	if err != nil {
		return err
	}
	return writeWhole(path, pdf)
}

// documentNames reads names from a view; what is not there is called by its id.
type documentNames struct {
	ctx context.Context
	v   *record.View
}

func (n *documentNames) Person(id string) string {
	p, err := record.One[soc1.Person](n.ctx, n.v, "person", id)
	if err != nil {
		return id
	}
	return p.Value.Name
}

func (n *documentNames) Record(ref soc1.Ref) string {
	kind := ref.Kind
	if k, err := record.Kinds.Kind(ref.Kind); err == nil {
		kind = k.Title
	}
	x, err := n.v.Get(n.ctx, ref.Kind, ref.ID)
	if err != nil {
		return kind + " " + ref.ID
	}
	h := record.HeadingOf(x)
	if h.Code != "" {
		return kind + " " + h.Code
	}
	return kind + "\n" + h.String()
}
