package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"reperform/ascode"
	"reperform/gap"
	"reperform/identity"
	"reperform/record"
	"reperform/remediation"
	"reperform/soc1"
)

// RemediationOptions say of which plans and when.
type RemediationOptions struct {
	// AsOf is the point on the two clocks; the zero value is the present.
	AsOf record.AsOf
	// deep asks the rules on the draft and on the files too.
	deep bool
}

// Remediation is how far the plans are, asked of the rules now. It is refused to
// whoever does not read all of the organization's ledger, as the rules are.
func (a *App) Remediation(ctx context.Context, actor string, opt RemediationOptions) (*remediation.Board, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, opt.AsOf)
	if err != nil {
		return nil, err
	}
	f := &remediation.Facts{Found: map[string]*gap.Result{}}
	if f.Today, err = a.Today(ctx); err != nil {
		return nil, err
	}
	if opt.AsOf.Effective != "" && opt.AsOf.Effective < f.Today {
		f.Today = opt.AsOf.Effective
	}
	if err := readFacts(ctx, v, f); err != nil {
		return nil, err
	}
	engagements := []string{""}
	for _, p := range f.Plans {
		if !slices.Contains(engagements, p.Value.Engagement) {
			engagements = append(engagements, p.Value.Engagement)
		}
	}
	for _, e := range engagements {
		q := GapOptions{Engagement: e, AsOf: opt.AsOf, Today: f.Today, Draft: opt.deep, Files: opt.deep}
		if f.Found[e], err = a.Gaps(ctx, actor, q); err != nil {
			return nil, err
		}
	}
	return remediation.Of(f), nil
}

// readFacts reads the records that plans are judged by.
func readFacts(ctx context.Context, v *record.View, f *remediation.Facts) (err error) {
	read := func(err error, more error) error {
		if err != nil {
			return err
		}
		return more
	}
	var more error
	f.Plans, err = record.All[soc1.Remediation](ctx, v, "remediation")
	f.Closings, more = record.All[soc1.RemediationClosing](ctx, v, "remediation_closing")
	err = read(err, more)
	f.Exceptions, more = record.All[soc1.Exception](ctx, v, "exception")
	err = read(err, more)
	f.Deviations, more = record.All[soc1.Deviation](ctx, v, "deviation")
	err = read(err, more)
	f.Tests, more = record.All[soc1.TestOfControl](ctx, v, "test_of_control")
	err = read(err, more)
	f.Conclusion, more = record.All[soc1.Conclusion](ctx, v, "conclusion")
	err = read(err, more)
	f.Performances, more = record.All[soc1.Performance](ctx, v, "performance")
	err = read(err, more)
	f.Controls, more = record.All[soc1.Control](ctx, v, "control")
	return read(err, more)
}

// MayCloseRemediation tells whether the actor may close plans; the error says who
// may.
func (a *App) MayCloseRemediation(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.RemediationClose, identity.Resource{Ledger: OrganizationLedger, Kind: "remediation_closing"})
}

// outcomes say in a closing how a matter stood.
var outcomes = map[remediation.Standing]soc1.SettledBy{remediation.Silent: soc1.SettledSilent, remediation.Retested: soc1.SettledRetest, remediation.Dismissed: soc1.SettledDismissed,
	remediation.Stands: soc1.Standing, remediation.Unknown: soc1.Standing, remediation.Performed: soc1.SettledPerformed}

// CloseRemediation records that a plan is done and returns the id of the closing.
// Every rule that the plan answers has to be silent about its record now, every
// exception and deviation to be followed by a test that was concluded effective, and
// every plan before it to be closed. Where something of that is not so, only an
// explanation closes it, which is kept with what stood.
func (a *App) CloseRemediation(ctx context.Context, actor, id, explanation string) (string, error) {
	// Who may close is asked first: others learn nothing of what was found.
	if err := a.admit(ctx, actor, identity.RemediationClose, identity.Resource{Ledger: OrganizationLedger, Kind: "remediation_closing"}); err != nil {
		return "", err
	}
	closing, err := a.newID("closed-", "")
	if err != nil {
		return "", err
	}
	explanation = strings.TrimSpace(explanation)
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.RemediationClose, kind: "remediation_closing", action: "remediation.close", reason: explanation}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		// Whatever the decision rests on is read before the rules are asked, so that
		// a change meanwhile is a conflict.
		for _, kind := range []string{"remediation", "remediation_closing", "exception", "deviation", "test_of_control", "conclusion", "performance"} {
			tx.guard(kind, "")
		}
		plan, err := get[soc1.Remediation](tx, "remediation", id)
		if err != nil {
			return err
		}
		for _, f := range plan.Findings {
			if rule, ok := gap.RuleOf(f.Rule); ok {
				for _, kind := range rule.Reads {
					tx.guard(kind, "")
				}
			}
		}
		b, err := a.Remediation(ctx, actor, RemediationOptions{deep: needsDeep(plan)})
		if err != nil {
			return err
		}
		at := slices.IndexFunc(b.Plans, func(p remediation.Plan) bool { return p.ID == id })
		if at < 0 {
			return fmt.Errorf("remediation %q: %w", id, record.ErrNotFound)
		}
		p := &b.Plans[at]
		if p.Stage == remediation.Closed {
			return &FieldError{"plan", fmt.Sprintf("The plan was closed on %s, and nothing that it answers stands again.", p.ClosedOn), ""}
		}
		value := soc1.RemediationClosing{Plan: id, Explanation: explanation, ClosedBy: actor, ClosedOn: b.Today, Waited: p.Waits}
		var stands []string
		for _, m := range p.Matters {
			value.Outcomes = append(value.Outcomes, soc1.RemediationOutcome{What: m.Key, Settled: outcomes[m.Standing], Test: m.Test.ID, Text: m.Text})
			if !m.Standing.Settled() {
				stands = append(stands, m.Key+": "+m.Text)
			}
		}
		for _, w := range p.Waits {
			stands = append(stands, "The plan "+w+", on which it depends, is not closed.")
		}
		if len(stands) > 0 && !soc1.Substantive(explanation) {
			return &FieldError{"explanation", strings.Join(stands, " ") + " Put that right first, or explain in a sentence why it can be closed nevertheless.", ""}
		}
		return tx.Put("remediation_closing", closing, "", value)
	})
	if err != nil {
		return "", err
	}
	return closing, nil
}

// needsDeep tells whether a plan answers a rule that reads the draft or the files.
func needsDeep(p soc1.Remediation) bool {
	return slices.ContainsFunc(p.Findings, func(f soc1.AnsweredFinding) bool {
		rule, ok := gap.RuleOf(f.Rule)
		return ok && rule.Given != gap.RecordsAlone
	})
}

// ownerNotes are the fields of a plan that its owner writes; the rest says what has
// been agreed.
var ownerNotes = []string{"steps", "evidence", "hours_actual", "cost_actual", "cause"}

// remediationProblem says what is wrong with a plan beyond the record alone: rules
// that there are not, plans that depend on each other in a circle, and what its
// owner changes of what others agreed with them.
func (p *planner) remediationProblem(it *ascode.Item, stored json.RawMessage) (path, message, remedy string) {
	plan, ok := it.Value.(*soc1.Remediation)
	if !ok {
		return "", "", ""
	}
	if p.tx.app.authorize(p.tx.ctx, p.tx.req.actor, identity.Put, identity.Resource{Ledger: p.tx.req.ledger, Kind: it.Kind}) != nil {
		if name := changedBesides(it.Kind, stored, it.Body, ownerNotes); name != "" || it.Retired {
			return name, "The owner of a plan notes its steps, its evidence and what it took.", "Ask the compliance manager to change the rest."
		}
	}
	if it.Retired {
		return "", "", ""
	}
	for i, f := range plan.Findings {
		if _, ok := gap.RuleOf(f.Rule); !ok {
			return fmt.Sprintf("findings[%d].rule", i), fmt.Sprintf("There is no rule %q.", f.Rule), "List the rules with: reperform gaps rules"
		}
		if _, err := record.Kinds.Kind(f.Kind); err != nil {
			return fmt.Sprintf("findings[%d].kind", i), fmt.Sprintf("There is no kind of record %q.", f.Kind), "Name the kind as the finding does, such as control."
		}
	}
	if c := remediation.Circle(it.ID, p.before); c != nil {
		return "depends_on", "The plans depend on each other in a circle: " + strings.Join(c, " → ") + ".", "Take one of these dependencies out."
	}
	return "", "", ""
}

// before are the plans on which one depends, by the files or by the ledger.
func (p *planner) before(id string) []string {
	var last *ascode.Item
	for _, x := range p.all[p.tx.req.ledger] {
		if x.Kind == "remediation" && x.ID == id && (last == nil || x.Effective >= last.Effective) {
			last = x
		}
	}
	if last != nil {
		if last.Retired {
			return nil
		}
		return fields(last.Body, "depends_on")
	}
	r, ok, err := p.tx.Get("remediation", id)
	if err != nil || !ok || r.Retired {
		return nil
	}
	return fields(r.Body, "depends_on")
}

// changedBesides names a field that differs between two bodies and is none of those
// listed; empty where there is none.
func changedBesides(name string, before, after json.RawMessage, but []string) string {
	var a, b map[string]json.RawMessage
	_ = json.Unmarshal(before, &a)
	_ = json.Unmarshal(after, &b)
	kind, err := record.Kinds.Kind(name)
	if err != nil {
		return ""
	}
	for _, f := range kind.Fields {
		if slices.Contains(but, f.Name) {
			continue
		}
		wrap := func(x json.RawMessage) json.RawMessage {
			if len(x) == 0 {
				return json.RawMessage(`{}`)
			}
			return json.RawMessage(`{"x":` + string(x) + `}`)
		}
		if !record.SameBody(wrap(a[f.Name]), wrap(b[f.Name])) {
			return f.Name
		}
	}
	return ""
}
