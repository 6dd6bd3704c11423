package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"reperform/bundle"
	"reperform/gap"
	"reperform/identity"
	"reperform/ledger"
	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// GapOptions say what is asked of the rules.
type GapOptions struct {
	// Ledger is whose testing counts: the organization's, where management's own
	// tests stand, or an examination's. Empty is the organization's.
	Ledger string
	// Engagement is the report in question; empty is the one that is under way or
	// ended last.
	Engagement string
	// AsOf is the point on the two clocks; the zero value is the present.
	AsOf record.AsOf
	// Today is the day of the question; empty is today, or the day of AsOf.
	Today soc1.Date
	// Draft asks for the rules on the draft of the report too, which is built for
	// it, and Files for those on the files of evidence, each of which is read. Of
	// the past there is neither.
	Draft, Files bool
}

// gapEngines keep what the rules found, one for each ledger of tests: whoever may
// ask at all reads the whole of it.
type gapEngines struct {
	mu sync.Mutex
	by map[string]*gap.Engine
}

// Gaps runs the rules over a program and its testing. It is refused to whoever
// does not read all of the ledger: what a rule finds in a part would be another
// thing.
func (a *App) Gaps(ctx context.Context, actor string, opt GapOptions) (*gap.Result, error) {
	name := cmp.Or(opt.Ledger, OrganizationLedger)
	if err := a.wholly(ctx, actor, name); err != nil {
		return nil, err
	}
	if name != OrganizationLedger {
		if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
			return nil, err
		}
	}
	work, err := a.View(ctx, actor, name, opt.AsOf)
	if err != nil {
		return nil, err
	}
	org := work
	if name != OrganizationLedger {
		at := record.AsOf{Effective: opt.AsOf.Effective}
		if opt.AsOf.Known > 0 {
			if at.Known, err = a.knownBeside(ctx, actor, name, opt.AsOf.Known); err != nil {
				return nil, err
			}
		}
		if org, err = a.View(ctx, actor, OrganizationLedger, at); err != nil {
			return nil, err
		}
	}
	q := gap.Question{By: soc1.ByManagement, Today: opt.Today}
	if name != OrganizationLedger {
		q.By = soc1.ByAuditor
	}
	if q.Today == "" {
		if q.Today, err = a.Today(ctx); err != nil {
			return nil, err
		}
		if opt.AsOf.Effective != "" && opt.AsOf.Effective < q.Today {
			q.Today = opt.AsOf.Effective
		}
	}
	engagements, err := record.All[soc1.Engagement](ctx, org, "engagement")
	if err != nil {
		return nil, err
	}
	if q.Engagement, err = engagementOf(engagements, name, opt.Engagement, q.Today); err != nil {
		return nil, err
	}
	if opt.Draft && opt.AsOf == (record.AsOf{}) && q.Engagement != "" {
		if q.Report, err = a.draftFacts(ctx, name, q.Engagement); err != nil {
			return nil, err
		}
	}
	if opt.Files && opt.AsOf == (record.AsOf{}) {
		if q.Missing, err = a.missingFiles(ctx, work); err != nil {
			return nil, err
		}
	}
	if opt.AsOf != (record.AsOf{}) {
		// The past is asked for once and not kept.
		var e gap.Engine
		return e.Run(ctx, q, org, work)
	}
	a.gaps.mu.Lock()
	defer a.gaps.mu.Unlock()
	if a.gaps.by == nil {
		a.gaps.by = map[string]*gap.Engine{}
	}
	if a.gaps.by[name] == nil {
		a.gaps.by[name] = &gap.Engine{}
	}
	return a.gaps.by[name].Run(ctx, q, org, work)
}

// draftFacts builds the draft of a report from a ledger's tests and reads it.
func (a *App) draftFacts(ctx context.Context, work, engagement string) (*gap.Report, error) {
	m, err := bundle.BuildReport(ctx, a.log, work, OrganizationLedger, engagement, programVersion, false)
	if err != nil {
		return nil, err
	}
	org, err := a.latest(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	e, err := record.One[soc1.Engagement](ctx, org, "engagement", engagement)
	if err != nil {
		return nil, err
	}
	controls, err := record.All[soc1.Control](ctx, org, "control")
	if err != nil {
		return nil, err
	}
	codes := make([]string, len(controls))
	for i, c := range controls {
		codes[i] = c.Value.Code
	}
	said := m.Read(codes, e.Value.Type == soc1.Type1)
	out := &gap.Report{UserEntityWording: said.UserEntityControls, RestrictedUse: said.RestrictedUse, Limitations: said.Limitations,
		OtherInformationDisclaimer: said.OtherInformation, Periods: said.Periods, Statements: map[string][2]string{}}
	for _, c := range controls {
		if text, ok := said.Stated[c.Value.Code]; ok {
			out.Statements[c.ID] = [2]string{text, strings.Join(strings.Fields(c.Value.Statement()), " ")}
		}
	}
	return out, nil
}

// missingFiles reads every file of evidence in a ledger and gives the SHA-256 of
// those that are gone or are not what was recorded.
func (a *App) missingFiles(ctx context.Context, work *record.View) (map[string]bool, error) {
	list, err := record.All[soc1.Evidence](ctx, work, "evidence")
	if err != nil {
		return nil, err
	}
	files := map[string]soc1.File{}
	for _, e := range list {
		for _, f := range e.Value.Files {
			files[f.SHA256] = f
		}
	}
	rep := &ledger.Report{}
	a.verifyBlobs(ctx, work.Ledger(), files, rep)
	out := map[string]bool{}
	for _, p := range rep.Problems {
		out[p.Where] = true
	}
	return out, ctx.Err()
}

// knownBeside is how far the organization's ledger had grown when another one
// had a size.
func (a *App) knownBeside(ctx context.Context, actor, name string, size int64) (int64, error) {
	lines, err := a.Log(ctx, actor, name, size-1, 1)
	if err != nil {
		return 0, err
	}
	if len(lines) == 0 {
		return 0, fmt.Errorf("the ledger %s has no entry %d", name, size-1)
	}
	return a.KnownAt(ctx, actor, OrganizationLedger, lines[0].Entry.Time)
}

// engagementOf chooses the report in question: that of the examination, the one
// named, or the one that pages ask about. Before any is planned there is none, and
// rules about a period have nothing to say.
func engagementOf(all []record.Typed[soc1.Engagement], ledger, id string, today soc1.Date) (string, error) {
	if ledger == OrganizationLedger && id == "" {
		return overview.Ask(all, today).Engagement, nil
	}
	for _, e := range all {
		if ledger != OrganizationLedger && ExaminationLedger(e.ID) == ledger || ledger == OrganizationLedger && e.ID == id {
			return e.ID, nil
		}
	}
	if id != "" {
		return "", &FieldError{"engagement", fmt.Sprintf("There is no engagement %q.", id), "reperform get engagement"}
	}
	return "", nil
}

// GapAccepting is somebody's decision to live with a finding.
type GapAccepting struct {
	Rule    string
	Subject soc1.Ref
	Field   string
	// Engagement is the report for which it holds.
	Engagement string
	Reason     string
	// Until is the last day on which it holds, a year from today at most.
	Until soc1.Date
}

// MayAcceptGaps tells whether the actor may accept what a rule finds; the error
// says who may.
func (a *App) MayAcceptGaps(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.GapAccept, identity.Resource{Ledger: OrganizationLedger, Kind: "gap_acceptance"})
}

// WithdrawGap takes back an acceptance, the actor's own or another's: what it was
// about is open again. Who may accept may withdraw.
func (a *App) WithdrawGap(ctx context.Context, actor, id, reason string) error {
	if strings.TrimSpace(reason) == "" {
		return &FieldError{"reason", "Say why it holds no longer.", ""}
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.GapAccept, kind: "gap_acceptance", action: "gap.withdraw", reason: reason}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		x, ok, err := tx.Get("gap_acceptance", id)
		if err != nil {
			return err
		}
		if !ok || x.Retired {
			return fmt.Errorf("acceptance %s: %w", id, record.ErrNotFound)
		}
		return tx.put("gap_acceptance", id, "", x.Body, true)
	})
	return err
}

// AcceptGap records that the actor accepts what a rule finds now, and returns the
// id of the acceptance. What does not fire cannot be accepted, nor what must be
// put right.
func (a *App) AcceptGap(ctx context.Context, actor string, g GapAccepting) (string, error) {
	rule, ok := gap.RuleOf(g.Rule)
	if !ok {
		return "", &FieldError{"rule", fmt.Sprintf("There is no rule %q.", g.Rule), "reperform gaps rules"}
	}
	if rule.Never {
		return "", &FieldError{"rule", fmt.Sprintf("What %s finds cannot be accepted. %s", rule.ID, rule.Remedy), ""}
	}
	if strings.TrimSpace(g.Reason) == "" {
		return "", &FieldError{"reason", "Say why the organization can live with it until then.", ""}
	}
	// Who may accept is asked first: others learn nothing of what was found.
	if err := a.admit(ctx, actor, identity.GapAccept, identity.Resource{Ledger: OrganizationLedger, Kind: "gap_acceptance"}); err != nil {
		return "", err
	}
	found, err := a.Gaps(ctx, actor, GapOptions{Engagement: g.Engagement})
	if err != nil {
		return "", err
	}
	g.Subject.Revision = 0
	i := slices.IndexFunc(found.Findings, func(f gap.Finding) bool {
		return f.Rule == rule && f.Subject.Kind == g.Subject.Kind && f.Subject.ID == g.Subject.ID && f.Field == g.Field
	})
	if i < 0 {
		about := g.Subject.Kind + " " + g.Subject.ID
		if g.Field != "" {
			about += ", field " + g.Field
		}
		return "", &FieldError{"rule", fmt.Sprintf("%s finds nothing about %s now, so there is nothing to accept.", rule.ID, about), "reperform gaps --rule " + rule.ID}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	if g.Until < today {
		return "", &FieldError{"until", fmt.Sprintf("%s has passed. Give the last day on which it shall hold, a year from today at most.", cmp.Or(string(g.Until), "No day")), ""}
	}
	id, err := a.newID("accept-", "")
	if err != nil {
		return "", err
	}
	value := soc1.GapAcceptance{Rule: rule.ID, Subject: soc1.Ref{Kind: g.Subject.Kind, ID: g.Subject.ID}, Field: g.Field, Engagement: g.Engagement, Reason: g.Reason, AcceptedBy: actor, AcceptedOn: today, ExpiresOn: g.Until}
	if problems := value.Validate(); len(problems) > 0 {
		p := problems[0]
		if p.Field == "expires_on" {
			p.Field = "until"
		}
		return "", &FieldError{p.Field, p.Message + " " + p.Remedy, ""}
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.GapAccept, kind: "gap_acceptance", action: "gap.accept", reason: g.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error { return tx.Put("gap_acceptance", id, "", value) })
	if err != nil {
		return "", err
	}
	return id, nil
}
