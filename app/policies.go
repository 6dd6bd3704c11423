package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"reperform/ascode"
	"reperform/english"
	"reperform/identity"
	"reperform/ledger"
	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// Policies says where all policies stand. It is refused to whoever does not read all of
// the organization's ledger: a part of it would say that less was approved.
func (a *App) Policies(ctx context.Context, actor string, asOf record.AsOf) (*policies.Register, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, asOf)
	if err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	if asOf.Effective != "" && asOf.Effective < today {
		today = asOf.Effective
	}
	return policiesOf(ctx, v, today)
}

// policyKinds are the kinds that the register of policies is made of.
var policyKinds = []string{"policy", "policy_approval", "policy_campaign", "policy_acknowledgement", "policy_exception", "person"}

func policiesOf(ctx context.Context, v *record.View, today soc1.Date) (*policies.Register, error) {
	l := listing{ctx: ctx, view: v}
	f := &policies.Facts{Today: today, Policies: listed[soc1.Policy](&l, "policy"), Decisions: listed[soc1.PolicyApproval](&l, "policy_approval"),
		Campaigns: listed[soc1.PolicyCampaign](&l, "policy_campaign"), Acknowledgements: listed[soc1.PolicyAcknowledgement](&l, "policy_acknowledgement"),
		Exceptions: listed[soc1.PolicyException](&l, "policy_exception"), People: listed[soc1.Person](&l, "person")}
	if l.err != nil {
		return nil, l.err
	}
	return policies.Of(f), nil
}

// PolicyAt is a policy as it was written in a revision: what was approved or confirmed
// is read there and not in what stands now.
func (a *App) PolicyAt(ctx context.Context, actor, id string, revision int64) (record.Typed[soc1.Policy], error) {
	var none record.Typed[soc1.Policy]
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return none, err
	}
	if !v.Shows("policy") {
		return none, fmt.Errorf("policy %s: %w", id, record.ErrNotFound)
	}
	revisions, err := v.History(ctx, "policy", id)
	if err != nil {
		return none, err
	}
	i := slices.IndexFunc(revisions, func(r record.Record) bool { return r.Revision == revision })
	if i < 0 {
		return none, fmt.Errorf("policy %s has no revision %d: %w", id, revision, record.ErrNotFound)
	}
	value, err := record.Decode[soc1.Policy](revisions[i])
	return record.Typed[soc1.Policy]{Record: revisions[i], Value: value}, err
}

// StarterPolicy is a policy of the starter set.
type StarterPolicy = library.Policy

// StarterPolicies are the starter set, by title: it is the program's own, and no record.
func StarterPolicies() []StarterPolicy { return library.Policies() }

// AdoptPolicies records policies of the starter set as drafts that the actor owns, with
// the controls of the organization that carry them out, and returns their ids. They hold
// from a day on; empty is today. What is there already is refused by name, and then
// nothing is recorded.
func (a *App) AdoptPolicies(ctx context.Context, actor string, ids []string, effective soc1.Date) ([]string, error) {
	if len(ids) == 0 {
		return nil, &FieldError{"policies", "Choose at least one.", "reperform policies starters"}
	}
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	if err := a.MayPut(ctx, actor, OrganizationLedger, "policy", ""); err != nil {
		return nil, err
	}
	view, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	controls, err := record.All[soc1.Control](ctx, view, "control")
	if err != nil {
		return nil, err
	}
	byCode := map[string]string{}
	for _, c := range controls {
		byCode[strings.ToLower(c.Value.Code)] = c.ID
	}
	var changes []RecordChange
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		p, ok := library.PolicyOf(id)
		if !ok {
			return nil, &FieldError{"policies", fmt.Sprintf("The starter set has no policy %q.", id), "reperform policies starters"}
		}
		v := soc1.Policy{Title: p.Title, Version: "0.1", Summary: p.Summary, Text: p.Text, Owner: actor, ReviewMonths: p.ReviewMonths, Audience: p.Audience}
		for _, code := range p.Controls {
			if c := byCode[strings.ToLower(code)]; c != "" {
				v.Controls = append(v.Controls, c)
			}
		}
		changes = append(changes, RecordChange{Ledger: OrganizationLedger, Kind: "policy", ID: "pol-" + p.ID, Value: v})
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	if effective == "" {
		effective = today
	}
	titles := map[string]bool{}
	there, err := record.All[soc1.Policy](ctx, view, "policy")
	if err != nil {
		return nil, err
	}
	for _, p := range there {
		titles[strings.ToLower(p.Value.Title)] = true
	}
	out := make([]string, len(changes))
	for i := range changes {
		changes[i].Effective, out[i] = effective, changes[i].ID
		if titles[strings.ToLower(changes[i].Value.(soc1.Policy).Title)] {
			return nil, &FieldError{"policies", fmt.Sprintf("There is a policy %q already. Change it there, or leave it out.", changes[i].Value.(soc1.Policy).Title), ""}
		}
		// What was taken over before and retired is another policy: its approvals and its
		// exceptions are not those of the new one.
		for n := 2; ; n++ {
			_, err := a.Record(ctx, actor, OrganizationLedger, "policy", out[i], record.AsOf{})
			if isNotFound(err) {
				break
			} else if err != nil {
				return nil, err
			}
			out[i] = fmt.Sprintf("%s-%d", changes[i].ID, n)
		}
		changes[i].ID = out[i]
	}
	bulk, err := a.PutRecords(ctx, actor, changes, "From the starter set.", false)
	if err != nil {
		return nil, bulkProblem(bulk, err)
	}
	return out, nil
}

// bulkProblem is the first thing that kept a bulk change from being recorded.
func bulkProblem(bulk *Bulk, err error) error {
	if bulk == nil {
		return err
	}
	for _, it := range bulk.Items {
		for _, p := range it.Problems {
			return &FieldError{p.Field, it.ID + ": " + p.Message + " " + p.Remedy, ""}
		}
	}
	return err
}

// ownerWrites are the fields of a policy that its owner writes: what an approval is about.
// The rest says whose it is, who approves it and whom it concerns.
var ownerWrites = []string{"title", "version", "summary", "text", "files"}

// policyProblem says what is wrong with a change of a policy by its owner alone.
func (p *planner) policyProblem(it *ascode.Item, stored json.RawMessage) (path, message, remedy string) {
	if it.Kind != "policy" || p.tx.app.authorize(p.tx.ctx, p.tx.req.actor, identity.Put, identity.Resource{Ledger: p.tx.req.ledger, Kind: it.Kind}) == nil {
		return "", "", ""
	}
	if r, ok, err := p.tx.Get(it.Kind, it.ID); err != nil || ok && r.Retired {
		return "id", "The policy is retired.", "Ask the compliance manager, who takes it into use again."
	}
	if name := changedBesides(it.Kind, stored, it.Body, ownerWrites); name != "" {
		return name, "The owner of a policy writes its title, version, summary, text and files.", "Ask the compliance manager to change the rest."
	}
	return "", "", ""
}

// MayDecidePolicy tells whether the actor may decide on policies that somebody approves;
// the error says who may.
func (a *App) MayDecidePolicy(ctx context.Context, actor, approver string) error {
	return a.authorize(ctx, actor, identity.PolicyDecide, identity.Resource{Ledger: OrganizationLedger, Kind: "policy_approval", Owner: approver})
}

// MayMinutePolicy tells whether the actor may record what was decided elsewhere.
func (a *App) MayMinutePolicy(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.PolicyMinute, identity.Resource{Ledger: OrganizationLedger, Kind: "policy_approval"})
}

// PolicyDeciding is a decision on a policy as it stands, or on an exception from one.
type PolicyDeciding struct {
	Policy string
	// Exception is the exception decided on; empty for the policy itself.
	Exception string
	// Seen is the revision that was read; 0 does not care. Where another text stands by
	// now, nothing is recorded.
	Seen     int64
	Decision soc1.PolicyDecision
	// From is the day from which it holds; empty is the day of the decision.
	From  soc1.Date
	Again bool
	Note  string

	// Minutes says where somebody else decided, who is By, on the day On. They are empty
	// where the actor decides.
	Minutes string
	By      string
	On      soc1.Date
}

// DecidePolicy records a decision on a policy as it stands, or on an exception from one,
// and returns its id. The policy's approver decides, or who stands in for them; nobody
// decides on what they own or wrote. A compliance manager records what was decided
// elsewhere, with the minutes.
func (a *App) DecidePolicy(ctx context.Context, actor string, x PolicyDeciding) (string, error) {
	minuted := strings.TrimSpace(x.Minutes) != "" || x.By != ""
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.PolicyDecide, kind: "policy_approval", action: "policy.decide"}
	if minuted {
		req.may, req.action = identity.PolicyMinute, "policy.minute"
		if err := a.admit(ctx, actor, req.may, identity.Resource{Ledger: OrganizationLedger, Kind: "policy_approval"}); err != nil {
			return "", err
		}
	} else if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return "", err
	}
	now, err := a.Record(ctx, actor, OrganizationLedger, "policy", x.Policy, record.AsOf{})
	if err != nil {
		return "", err
	}
	known, err := record.Decode[soc1.Policy](now)
	if err != nil {
		return "", err
	}
	if !minuted {
		req.owner = known.Approver
		if req.owner == "" {
			return "", &FieldError{"approver", "The policy names nobody who approves it. Name somebody first.", ""}
		}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	d := soc1.PolicyApproval{Policy: x.Policy, Exception: x.Exception, Decision: x.Decision, By: actor, On: today, From: x.From, Again: x.Again, Note: strings.TrimSpace(x.Note)}
	if minuted {
		if d.Minutes, d.By, d.On = strings.TrimSpace(x.Minutes), x.By, x.On; d.Minutes == "" || d.By == "" || d.On == "" {
			return "", &FieldError{"minutes", "Say who decided, on which day, and where that can be read up.", ""}
		}
		if d.On > today {
			return "", &FieldError{"on", "Nothing was decided on a day that is still to come.", ""}
		}
	}
	if d.From == d.On {
		d.From = ""
	}
	switch {
	case x.Decision != soc1.PolicyApproved && x.Decision != soc1.PolicyRefused:
		return "", &FieldError{"decision", "Say whether it is approved or refused.", ""}
	case x.Exception != "" && (x.From != "" || x.Again):
		return "", &FieldError{"from", "An exception holds from the day that it names. Leave this out.", ""}
	}
	id, err := a.newID("decided-", "")
	if err != nil {
		return "", err
	}
	req.reason = cmp.Or(d.Note, decidedWhy(d))
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if err := tx.decidable(&d, x.Seen, known.Approver, minuted, actor); err != nil {
			return err
		}
		if err := fieldProblem(d.Validate()); err != nil {
			return err
		}
		// Sent twice, it is one decision.
		same, err := madeAlready(tx, "policy_approval", func(x soc1.PolicyApproval) bool { return x == d })
		if err != nil || same != "" {
			id = same
			return err
		}
		return tx.Put("policy_approval", id, "", d)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// decidable checks that what was read is what stands, and that whoever decides neither
// owns nor wrote it, and completes the decision with what was read.
func (tx *Tx) decidable(d *soc1.PolicyApproval, seen int64, approver string, minuted bool, actor string) error {
	p, r, err := taken[soc1.Policy](tx, "policy", d.Policy)
	if err != nil {
		return err
	}
	if !minuted && p.Approver != approver {
		return &FieldError{"approver", "The policy names another approver meanwhile. Open it again.", ""}
	}
	d.Revision, d.Version, d.SHA256 = r.Revision, p.Version, policies.Digest(p)
	kind, id, owner, title := "policy", d.Policy, p.Owner, p.Title
	if d.Exception != "" {
		e, x, err := taken[soc1.PolicyException](tx, "policy_exception", d.Exception)
		if err != nil {
			return err
		}
		if e.Policy != d.Policy {
			return &FieldError{"exception", fmt.Sprintf("It is no exception from %q.", p.Title), ""}
		}
		d.Revision, d.Version, d.SHA256 = x.Revision, "", policies.ExceptionDigest(e)
		kind, id, owner, title = "policy_exception", d.Exception, e.Owner, e.Title
	} else if p.Text == "" && len(p.Files) == 0 && d.Decision == soc1.PolicyApproved {
		return &FieldError{"text", "There is nothing to read yet. Write the policy, or add its file.", ""}
	}
	written, err := tx.wording(kind, id)
	if err != nil {
		return err
	}
	if seen != 0 && (seen < written.since || seen > d.Revision) {
		return &FieldError{"revision", fmt.Sprintf("%q was changed since you read it. Read it again, and decide then.", title), ""}
	}
	switch {
	case d.By == owner:
		return &FieldError{"by", "Whoever owns it does not approve it. Ask somebody else, and name them as its approver.", ""}
	case written.by == d.By:
		return &FieldError{"by", "Whoever wrote it does not approve it. Ask somebody else, and name them as its approver.", ""}
	case minuted && d.By == actor:
		return &FieldError{"by", "Nobody records their own approval from minutes. Have somebody else record it, or decide as the policy's approver.", ""}
	}
	by, _, err := taken[soc1.Person](tx, "person", d.By)
	switch {
	case err != nil || by.Side != soc1.SideServiceOrganization:
		return &FieldError{"by", fmt.Sprintf("Nobody of the organization is %q.", d.By), ""}
	case !by.ActiveOn(d.On):
		return &FieldError{"by", fmt.Sprintf("%s did not hold a position on %s.", by.Name, d.On), ""}
	case minuted && written.on != "" && d.On < written.on:
		return &FieldError{"on", fmt.Sprintf("What stands now is written since %s: nobody decided on it before. Where the document is older than its record, let the record hold from its own day.", written.on), ""}
	}
	return nil
}

// taken reads a record that must be in use, decoded and as it is.
func taken[T any](tx *Tx, kind, id string) (T, record.Record, error) {
	v, err := get[T](tx, kind, id)
	if err != nil {
		return v, record.Record{}, err
	}
	r, _, err := tx.Get(kind, id)
	return v, r, err
}

// wordingOf is since which revision the words of a record are what they are, and who
// wrote them.
type wordingOf struct {
	since int64
	by    string
	// on is the day from which the revision holds, which can lie before it was recorded.
	on soc1.Date
}

func (tx *Tx) wording(kind, id string) (wordingOf, error) {
	var out wordingOf
	revisions, err := tx.view.History(tx.ctx, kind, id)
	if err != nil {
		return out, err
	}
	digest := ""
	for _, r := range revisions {
		if r.Redacted || r.Retired {
			continue
		}
		now := ""
		if kind == "policy" {
			v, err := record.Decode[soc1.Policy](r)
			if err != nil {
				return out, err
			}
			now = policies.Digest(v)
		} else {
			v, err := record.Decode[soc1.PolicyException](r)
			if err != nil {
				return out, err
			}
			now = policies.ExceptionDigest(v)
		}
		if now == digest {
			continue
		}
		digest, out.since, out.on = now, r.Revision, soc1.Date(r.Effective)
		if out.by, err = tx.app.actorAt(tx.ctx, OrganizationLedger, r.Pos); err != nil {
			return out, err
		}
	}
	return out, nil
}

// actorAt is who made the entry at a position.
func (a *App) actorAt(ctx context.Context, name string, pos int64) (string, error) {
	actor := ""
	err := record.Leaves(ctx, a.store, name, pos, pos+1, func(_ int64, e ledger.Entry) error {
		actor = e.Actor
		return nil
	})
	return actor, err
}

func decidedWhy(d soc1.PolicyApproval) string {
	what := "The policy"
	if d.Exception != "" {
		what = "The exception"
	}
	return fmt.Sprintf("%s is %s.", what, strings.ToLower(d.Decision.Label()))
}

// MayAcknowledgePolicies tells whether the actor may confirm policies.
func (a *App) MayAcknowledgePolicies(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.PolicyConfirm, identity.Resource{Ledger: OrganizationLedger, Kind: "policy_acknowledgement", Owner: actor})
}

// AcknowledgePolicies records the actor's own word that they have read policies of a
// campaign and follow them, each in the version that the campaign asks about, and returns
// how many were confirmed. Seen are the revisions that were read, by policy; nothing is
// recorded where another is asked about.
func (a *App) AcknowledgePolicies(ctx context.Context, actor, campaign string, seen map[string]int64) (int, error) {
	if err := a.admit(ctx, actor, identity.PolicyConfirm, identity.Resource{Ledger: OrganizationLedger, Kind: "policy_acknowledgement", Owner: actor}); err != nil {
		return 0, err
	}
	if len(seen) == 0 {
		return 0, &FieldError{"policy", "Tick what you have read.", ""}
	}
	today, err := a.Today(ctx)
	if err != nil {
		return 0, err
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.PolicyConfirm, kind: "policy_acknowledgement", owner: actor, action: "policy.confirm",
		reason: "I have read " + english.Choose(len(seen), "it and follow it.", "them and follow them.")}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, kind := range policyKinds {
			tx.guard(kind, "")
		}
		reg, err := policiesOf(ctx, tx.view, today)
		if err != nil {
			return err
		}
		c := reg.Campaign(campaign)
		if c == nil {
			return fmt.Errorf("policy campaign %q: %w", campaign, record.ErrNotFound)
		}
		switch c.State {
		case policies.Planned:
			return &FieldError{"campaign", fmt.Sprintf("It opens on %s.", c.Value.Opens), ""}
		case policies.Over:
			return &FieldError{"campaign", fmt.Sprintf("It was ended on %s.", c.Value.Ended), ""}
		}
		me := c.Of(actor)
		for _, id := range slices.Sorted(maps.Keys(seen)) {
			i := slices.IndexFunc(c.Policies, func(p policies.CampaignPolicy) bool { return p.ID == id })
			switch {
			case i < 0:
				return &FieldError{"policy", fmt.Sprintf("The campaign does not ask about a policy %q.", id), ""}
			case me == nil || !me.Answers[i].Asked:
				return &FieldError{"policy", fmt.Sprintf("You are not asked to confirm %q.", c.Policies[i].Value.Title), ""}
			case me.Answers[i].Given != nil:
				return &FieldError{"policy", fmt.Sprintf("You confirmed %q on %s.", c.Policies[i].Value.Title, me.Answers[i].Given.Value.On), ""}
			}
			read := c.Policies[i].Approval.Value
			if seen[id] != 0 && seen[id] != read.Revision {
				return &FieldError{"policy", fmt.Sprintf("Another version of %q is asked about meanwhile. Read it, and confirm then.", c.Policies[i].Value.Title), ""}
			}
			x := soc1.PolicyAcknowledgement{Campaign: campaign, Policy: id, Revision: read.Revision, Version: read.Version, By: actor, On: today}
			if err := tx.Put("policy_acknowledgement", acknowledgementID(campaign, id, actor), "", x); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return len(seen), nil
}

// acknowledgementID is the id of somebody's word on a policy in a campaign: there is
// one.
func acknowledgementID(campaign, policy, person string) string {
	return campaign + "-" + policy + "-" + person
}

// FilePolicyCampaign records who confirmed what in a campaign as evidence, as a table in
// CSV, and returns the id of the evidence. It is evidence of the controls that the
// campaign performs, and not of those that carry its policies out: that people follow a
// rule on access shows no grant of access. Filed again, the record is revised.
func (a *App) FilePolicyCampaign(ctx context.Context, actor, campaign string) (string, error) {
	if err := a.MayPut(ctx, actor, OrganizationLedger, "evidence", ""); err != nil {
		return "", err
	}
	reg, err := a.Policies(ctx, actor, record.AsOf{})
	if err != nil {
		return "", err
	}
	c := reg.Campaign(campaign)
	if c == nil {
		return "", fmt.Errorf("policy campaign %q: %w", campaign, record.ErrNotFound)
	}
	if c.State == policies.Planned || c.Asked == 0 {
		return "", &FieldError{"campaign", "It asks nobody yet, and so shows nothing.", ""}
	}
	kept, err := a.KeepFile(ctx, actor, OrganizationLedger, "policy-confirmations-"+campaign+".csv", bytes.NewReader(CampaignTable(c)))
	if err != nil {
		return "", err
	}
	at := a.now()
	v := soc1.Evidence{Title: "Confirmations of policies: " + c.Value.Title, PeriodFrom: c.Value.Opens, PeriodTo: cmp.Or(c.Finished(), reg.Today), Controls: c.Value.Controls, CapturedAt: at, ReceivedAt: at,
		Source: "Confirmed in this workspace", HowObtained: "Each person confirmed in their own name; the confirmations are recorded beside it.",
		Description: fmt.Sprintf("%d of %s given by %s.", c.Given, english.Count(c.Asked, "confirmation"), reg.Today), Files: []soc1.File{kept.File}}
	id := "policies-" + campaign
	change := RecordChange{Ledger: OrganizationLedger, Kind: "evidence", ID: id, Revision: -1, Effective: v.PeriodTo, Value: v, Reason: "Filed from the campaign."}
	if err := a.PutRecord(ctx, actor, change); err != nil {
		return "", err
	}
	return id, nil
}

// CampaignTable is who was asked to confirm what and when they did, as CSV.
func CampaignTable(c *policies.Campaign) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{"person", "name", "policy", "title", "version", "revision", "confirmed_on"})
	for _, p := range c.People {
		for i, x := range p.Answers {
			if !x.Asked {
				continue
			}
			row := []string{p.Person.ID, PlainCell(p.Person.Value.Name), c.Policies[i].ID, PlainCell(c.Policies[i].Value.Title), "", "", ""}
			if d := c.Policies[i].Approval; d != nil {
				row[4], row[5] = PlainCell(d.Value.Version), fmt.Sprint(d.Value.Revision)
			}
			if g := x.Given; g != nil {
				row[4], row[5], row[6] = PlainCell(g.Value.Version), fmt.Sprint(g.Value.Revision), string(g.Value.On)
			}
			_ = w.Write(row)
		}
	}
	w.Flush()
	return b.Bytes()
}
