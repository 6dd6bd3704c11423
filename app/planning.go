package app

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"reperform/ascode"
	"reperform/english"
	"reperform/identity"
	"reperform/planning"
	"reperform/record"
	"reperform/soc1"
)

// Planning is the plan of an examination as somebody sees it.
type Planning struct {
	*planning.Plan
	Ledger string
	// Digest is what an approval would be over; empty where nothing can be approved.
	Digest string
	// MayAccept, MayConfirm, MayPlan say what the actor may do.
	MayAccept, MayConfirm, MayPlan bool
	// WhyNot says why the actor cannot approve; empty where they can. With a remark it
	// may be less.
	WhyNot string
	// NeedsRemark says that a remark is what is missing.
	NeedsRemark bool
}

// ExaminationPlan is the plan of an examination, as of now or of a date. Who does not read all of
// the ledger is refused: a plan with holes is none.
func (a *App) ExaminationPlan(ctx context.Context, actor, name string, at record.AsOf) (*Planning, error) {
	if err := a.wholly(ctx, actor, name); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, name, at)
	if err != nil {
		return nil, err
	}
	org, err := a.organizationBeside(ctx, actor, name, v, at)
	if err != nil {
		return nil, err
	}
	p, err := a.planOf(ctx, actor, v, org)
	if err != nil {
		return nil, err
	}
	out := &Planning{Plan: p, Ledger: name}
	may := func(act identity.Action, kind string) bool {
		return a.authorize(ctx, actor, act, identity.Resource{Ledger: name, Kind: kind, Owner: actor}) == nil
	}
	out.MayAccept, out.MayConfirm = may(identity.EngagementAccept, "acceptance"), may(identity.IndependenceWord, "independence_confirmation")
	out.MayPlan = may(identity.Put, "test_of_control")
	if out.Digest, err = p.Digest(); err != nil {
		out.WhyNot = err.Error()
		return out, nil
	}
	out.WhyNot = deniedText(a.authorize(ctx, actor, identity.PlanApprove, identity.Resource{Ledger: name, Kind: "plan_approval", Owner: actor}))
	if out.WhyNot == "" {
		if out.WhyNot = p.Unapprovable(actor, ""); out.WhyNot != "" && p.Unapprovable(actor, "said") == "" {
			out.NeedsRemark = true
		}
	}
	return out, nil
}

// planOf makes the plan of two views. An organization's ledger has none.
func (a *App) planOf(ctx context.Context, actor string, v, org *record.View) (*planning.Plan, error) {
	if v.Ledger() == OrganizationLedger {
		return nil, errors.New("an examination is planned in the auditor's ledger; name that")
	}
	exams, err := record.All[soc1.Examination](ctx, v, "examination")
	if err != nil {
		return nil, err
	}
	if len(exams) == 0 {
		return nil, fmt.Errorf("ledger %s examines no engagement: %w", v.Ledger(), record.ErrNotFound)
	}
	id := exams[0].Value.Engagement.ID
	f := &planning.Facts{RecordedBy: func(pos int64) (string, error) {
		by, _, err := v.Recorded(ctx, pos)
		return by, err
	}}
	if f.Engagement, err = record.One[soc1.Engagement](ctx, org, "engagement", id); err != nil {
		return nil, err
	}
	var errs [15]error
	f.Objectives, errs[0] = record.All[soc1.ControlObjective](ctx, org, "control_objective")
	f.Controls, errs[1] = record.All[soc1.Control](ctx, org, "control")
	f.Risks, errs[2] = record.All[soc1.Risk](ctx, org, "risk")
	f.Versions, errs[3] = org.Versions(ctx, "control", f.Engagement.Value.Start(), f.Engagement.Value.End())
	f.Tests, errs[4] = record.All[soc1.TestOfControl](ctx, v, "test_of_control")
	f.Attributes, errs[5] = record.All[soc1.Attribute](ctx, v, "attribute")
	f.Populations, errs[6] = record.All[soc1.Population](ctx, v, "population")
	f.Acceptances, errs[7] = record.All[soc1.Acceptance](ctx, v, "acceptance")
	f.Confirmations, errs[8] = record.All[soc1.IndependenceConfirmation](ctx, v, "independence_confirmation")
	f.Materialities, errs[9] = record.All[soc1.Materiality](ctx, v, "materiality")
	f.Timetables, errs[10] = record.All[soc1.Timetable](ctx, v, "timetable")
	f.Profiles, errs[11] = record.All[soc1.MethodProfile](ctx, v, "method_profile")
	f.Approvals, errs[12] = record.All[soc1.PlanApproval](ctx, v, "plan_approval")
	f.Team, errs[13] = record.All[soc1.Person](ctx, v, "person")
	f.Prior, errs[14] = a.priorExamination(ctx, actor, v.Ledger(), f.Engagement)
	if err := cmp.Or(errs[:]...); err != nil {
		return nil, err
	}
	f.Tests = slices.DeleteFunc(f.Tests, func(t record.Typed[soc1.TestOfControl]) bool { return t.Value.Engagement != id })
	return planning.Of(f)
}

// priorExamination is the examination before this one that the actor reads, nil without
// one. Whoever does not read it is not told that it is there.
func (a *App) priorExamination(ctx context.Context, actor, name string, now record.Typed[soc1.Engagement]) (*planning.Prior, error) {
	org, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	var out *planning.Prior
	for _, l := range a.Ledgers(ctx, actor) {
		if l == OrganizationLedger || l == name || a.wholly(ctx, actor, l) != nil {
			continue
		}
		v, err := a.View(ctx, actor, l, record.AsOf{})
		if err != nil {
			return nil, err
		}
		exams, err := record.All[soc1.Examination](ctx, v, "examination")
		if err != nil {
			return nil, err
		}
		for _, x := range exams {
			e, err := record.One[soc1.Engagement](ctx, org, "engagement", x.Value.Engagement.ID)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if e.ID == now.ID || e.Value.End() >= now.Value.End() || out != nil && e.Value.End() <= out.Engagement.Value.End() {
				continue
			}
			out = &planning.Prior{Ledger: l, Engagement: e}
			var errs [3]error
			out.Tests, errs[0] = record.All[soc1.TestOfControl](ctx, v, "test_of_control")
			out.Attributes, errs[1] = record.All[soc1.Attribute](ctx, v, "attribute")
			out.Controls, errs[2] = record.All[soc1.Control](ctx, org.At(e.Value.End()), "control")
			if err := cmp.Or(errs[:]...); err != nil {
				return nil, err
			}
			out.Tests = slices.DeleteFunc(out.Tests, func(t record.Typed[soc1.TestOfControl]) bool { return t.Value.Engagement != e.ID })
		}
	}
	return out, nil
}

// planned makes the plan within a decision and guards all that it follows from in the
// examination's ledger.
func (tx *Tx) planned() (*planning.Plan, error) {
	for _, kind := range []string{"examination", "test_of_control", "attribute", "population", "acceptance", "independence_confirmation", "materiality", "timetable", "method_profile", "plan_approval", "person"} {
		tx.guard(kind, "")
	}
	org, err := tx.app.View(tx.ctx, tx.req.actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	return tx.app.planOf(tx.ctx, tx.req.actor, tx.view, org)
}

// examined is the engagement that a ledger examines.
func (tx *Tx) examined() (string, error) {
	exams, err := list[soc1.Examination](tx, "examination")
	if err != nil {
		return "", err
	}
	if len(exams) == 0 {
		return "", fmt.Errorf("ledger %s examines no engagement: %w", tx.req.ledger, record.ErrNotFound)
	}
	return exams[0].Value.Engagement.ID, nil
}

// Accepting is what the engagement partner decides.
type Accepting struct {
	Ledger        string                    `json:"-"`
	Preconditions []soc1.PreconditionAnswer `json:"preconditions"`
	Competence    string                    `json:"competence"`
	Decision      soc1.AcceptanceDecision   `json:"decision"`
	Conclusion    string                    `json:"conclusion"`
}

// AcceptEngagement records the partner's decision on the engagement. What the firm
// concluded on its independence stays a field of the examination, which RPT-11 reads and
// whoever keeps that record fills.
func (a *App) AcceptEngagement(ctx context.Context, actor string, x Accepting) (string, error) {
	if err := a.admit(ctx, actor, identity.EngagementAccept, identity.Resource{Ledger: x.Ledger, Kind: "acceptance"}); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	id, err := a.newID("accepted-", "")
	if err != nil {
		return "", err
	}
	value := soc1.Acceptance{Preconditions: slices.Clone(x.Preconditions), Competence: strings.TrimSpace(x.Competence), Decision: x.Decision, Conclusion: strings.TrimSpace(x.Conclusion), By: actor, On: today}
	for i := range value.Preconditions {
		value.Preconditions[i].Why = strings.TrimSpace(value.Preconditions[i].Why)
	}
	req := request{actor: actor, ledger: x.Ledger, may: identity.EngagementAccept, kind: "acceptance", action: "engagement.accept", reason: "The engagement was " + string(x.Decision) + "."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		var err error
		if value.Engagement, err = tx.examined(); err != nil {
			return err
		}
		for _, p := range value.Validate() {
			return &FieldError{p.Field, strings.TrimSpace(p.Message + " " + p.Remedy), ""}
		}
		return tx.Put("acceptance", id, "", value)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// Confirming is somebody's word on their independence.
type Confirming struct {
	Ledger      string                    `json:"-"`
	Independent soc1.Answer               `json:"independent"`
	Threats     []soc1.IndependenceThreat `json:"threats"`
}

// ConfirmIndependence records the actor's own word. Whoever owns, performs or reviews a
// control of the organization is refused: no safeguard makes up for examining one's own
// work.
func (a *App) ConfirmIndependence(ctx context.Context, actor string, x Confirming) (string, error) {
	own := identity.Resource{Ledger: x.Ledger, Kind: "independence_confirmation", Owner: actor}
	if err := a.admit(ctx, actor, identity.IndependenceWord, own); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	id, err := a.newID("independent-", "")
	if err != nil {
		return "", err
	}
	value := soc1.IndependenceConfirmation{By: actor, Independent: x.Independent, Threats: slices.Clone(x.Threats), On: today}
	for i := range value.Threats {
		t := &value.Threats[i]
		t.Text, t.Safeguard = strings.TrimSpace(t.Text), strings.TrimSpace(t.Safeguard)
	}
	req := request{actor: actor, ledger: x.Ledger, may: identity.IndependenceWord, kind: "independence_confirmation", owner: actor, action: "independence.confirm", reason: "My word on my independence."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		var err error
		if value.Engagement, err = tx.examined(); err != nil {
			return err
		}
		for _, p := range value.Validate() {
			return &FieldError{p.Field, strings.TrimSpace(p.Message + " " + p.Remedy), ""}
		}
		if value.Independent == soc1.Yes {
			org, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
			if err != nil {
				return err
			}
			controls, err := record.All[soc1.Control](ctx, org, "control")
			if err != nil {
				return err
			}
			for _, c := range controls {
				if slices.Contains([]string{c.Value.Owner, c.Value.Performer, c.Value.Reviewer}, actor) {
					return &FieldError{"independent", fmt.Sprintf("You own, perform or review control %s of the organization, and so cannot be independent of it.", c.Value.Code), ""}
				}
			}
		}
		return tx.Put("independence_confirmation", id, "", value)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// TakePlan records the proposed tests of some keys with their attributes, all or none,
// and returns the ids of the tests. A proposal that a test answers to is not taken twice.
func (a *App) TakePlan(ctx context.Context, actor, name string, keys []string) ([]string, error) {
	if len(keys) == 0 {
		return nil, &FieldError{"key", "Choose at least one proposal.", ""}
	}
	if err := a.admit(ctx, actor, identity.Put, identity.Resource{Ledger: name, Kind: "test_of_control"}); err != nil {
		return nil, err
	}
	if err := a.authorize(ctx, actor, identity.Put, identity.Resource{Ledger: name, Kind: "attribute"}); err != nil {
		return nil, err
	}
	var ids []string
	req := request{actor: actor, ledger: name, may: identity.Put, kind: "test_of_control", action: "plan.take", reason: "Taken over from the proposal: " + english.Count(len(keys), "test") + "."}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		ids = nil
		p, err := tx.planned()
		if err != nil {
			return err
		}
		today, err := a.Today(ctx)
		if err != nil {
			return err
		}
		seen := map[string]bool{}
		for _, key := range keys {
			if seen[key] {
				continue
			}
			seen[key] = true
			x := p.Find(key)
			switch {
			case x == nil:
				return &FieldError{"key", fmt.Sprintf("Nothing is proposed under %q. Look at the plan again.", key), ""}
			case x.Problem != "":
				return &FieldError{"key", key + ": " + x.Problem, ""}
			case x.Planned != nil:
				return &FieldError{"key", fmt.Sprintf("%s is planned already, as test %s.", key, x.Planned.Value.Code), ""}
			}
			id, err := tx.take(key, x, today)
			if err != nil {
				return err
			}
			ids = append(ids, id)
		}
		return nil
	})
	return ids, err
}

// take records one proposal under an id that is free.
func (tx *Tx) take(key string, x *planning.Proposal, today soc1.Date) (string, error) {
	base := "t-" + strings.NewReplacer(".", "-").Replace(strings.TrimPrefix(key, planning.PriorKey))
	base = strings.Replace(base, "t-t-", "t-", 1)
	id := base
	for n := 2; ; n++ {
		_, there, err := tx.Get("test_of_control", id)
		if err != nil {
			return "", err
		}
		if !there {
			break
		}
		id = fmt.Sprintf("%s-%d", base, n)
	}
	t := x.Test
	t.Attributes = nil
	from := cmp.Or(t.WindowFrom, today)
	for i, v := range x.Attributes {
		v.Test = id
		aid := id + "-" + strings.ToLower(cmp.Or(v.Code, fmt.Sprint(i+1)))
		t.Attributes = append(t.Attributes, aid)
		if err := tx.Put("attribute", aid, from, v); err != nil {
			return "", err
		}
	}
	return id, tx.Put("test_of_control", id, from, t)
}

// PlanApproving is a second person's approval.
type PlanApproving struct {
	Ledger string
	// Seen is the digest of the plan that the person looked at.
	Seen   string
	Remark string
}

// ApprovePlan approves the plan in the actor's own name. Who recorded a part of what it
// says now does not approve it.
func (a *App) ApprovePlan(ctx context.Context, actor string, x PlanApproving) (string, error) {
	id, err := a.newID("approved-", "")
	if err != nil {
		return "", err
	}
	remark := strings.TrimSpace(x.Remark)
	req := request{actor: actor, ledger: x.Ledger, may: identity.PlanApprove, kind: "plan_approval", owner: actor, action: "plan.approve", reason: "The plan of the examination was approved."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		p, err := tx.planned()
		if err != nil {
			return err
		}
		digest, err := p.Digest()
		if err != nil {
			return err
		}
		if digest != x.Seen {
			return &FieldError{"seen", "The plan was changed meanwhile. Look at it again, then approve.", ""}
		}
		if why := p.Unapprovable(actor, remark); why != "" {
			return &FieldError{"remark", why, ""}
		}
		return tx.Put("plan_approval", id, "", soc1.PlanApproval{Engagement: p.Engagement.ID, By: actor, At: a.now(), SHA256: digest, Records: int64(p.Records()), Position: tx.snap.Size, Remark: remark})
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// MethodFile is the method profile of an examination as a file, which the firm brings
// into the next one.
func (a *App) MethodFile(ctx context.Context, actor, name string) ([]byte, error) {
	p, err := a.ExaminationPlan(ctx, actor, name, record.AsOf{})
	if err != nil {
		return nil, err
	}
	if p.Profile == nil {
		return nil, fmt.Errorf("no method profile is recorded in ledger %s: %w", name, record.ErrNotFound)
	}
	b, err := a.ExportRecords(ctx, actor, name, "method_profile", record.AsOf{}, []string{p.Profile.ID})
	if err != nil {
		return nil, err
	}
	// The firm's method is no record of this examination alone.
	var kept [][]byte
	for _, line := range bytes.SplitAfter(b, []byte("\n")) {
		if !bytes.HasPrefix(line, []byte("ledger:")) {
			kept = append(kept, line)
		}
	}
	return bytes.Join(kept, nil), nil
}

// maxMethodFile bounds a file with a method.
const maxMethodFile = 1 << 20

// ImportMethod records the method profile of a file. A version that is there already
// and says something else is refused: what tests were planned by stays what it was.
func (a *App) ImportMethod(ctx context.Context, actor, name, file string, content []byte) (string, error) {
	if err := a.admit(ctx, actor, identity.Put, identity.Resource{Ledger: name, Kind: "method_profile"}); err != nil {
		return "", err
	}
	if len(content) > maxMethodFile {
		return "", &FieldError{"file", "The file is too large for a method profile.", ""}
	}
	items, problems := ascode.Parse(record.Kinds, file, content)
	if err := problems.Err(); err != nil {
		return "", &FieldError{"file", err.Error(), ""}
	}
	if len(items) != 1 || items[0].Kind != "method_profile" {
		return "", &FieldError{"file", "The file holds something else than one method profile.", ""}
	}
	value, ok := items[0].Value.(*soc1.MethodProfile)
	if !ok {
		return "", &FieldError{"file", "The file holds no method profile.", ""}
	}
	id := items[0].ID
	if err := record.CheckNewID(id); err != nil {
		return "", &FieldError{"file", err.Error(), ""}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	req := request{actor: actor, ledger: name, may: identity.Put, kind: "method_profile", action: "record.put", reason: "The firm's method, version " + value.Version + "."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, p := range value.Validate() {
			return &FieldError{"file", strings.TrimSpace(p.Field + ": " + p.Message + " " + p.Remedy), ""}
		}
		all, err := list[soc1.MethodProfile](tx, "method_profile")
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.Value.TableName() == value.TableName() {
				if reflect.DeepEqual(x.Value, *value) {
					return &FieldError{"file", fmt.Sprintf("Version %s of %s is recorded already.", value.Version, value.Name), ""}
				}
				return &FieldError{"file", fmt.Sprintf("Version %s of %s is recorded already and says something else. Give the file a version of its own.", value.Version, value.Name), ""}
			}
		}
		return tx.Put("method_profile", id, cmp.Or(soc1.Date(items[0].Effective), today), *value)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}
