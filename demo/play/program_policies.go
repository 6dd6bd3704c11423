package play

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// approvePolicies records what the management meeting decided before the program was
// kept here.
func (s *stage) approvePolicies(ctx context.Context) error {
	for _, p := range s.policies {
		_, err := s.app.DecidePolicy(ctx, manager, app.PolicyDeciding{Policy: p.id, Decision: soc1.PolicyApproved, By: p.Approver, On: "2024-12-10", Minutes: "Management meeting of December 10, 2024, item 3"})
		if err != nil {
			return err
		}
	}
	return nil
}

// decide approves a policy, or an exception from one, in the name of its approver.
func (y *season) decide(ctx context.Context, x app.PolicyDeciding) error {
	x.Decision = soc1.PolicyApproved
	_, err := y.app.DecidePolicy(ctx, signer, x)
	return err
}

// rewrite changes a policy.
func (y *season) rewrite(ctx context.Context, id, reason string, change func(*soc1.Policy)) error {
	v, err := y.app.View(ctx, manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		return err
	}
	p, err := record.One[soc1.Policy](ctx, v, "policy", id)
	if err != nil {
		return err
	}
	change(&p.Value)
	return y.put(ctx, manager, reason, app.RecordChange{Kind: "policy", ID: id, Revision: p.Revision, Value: p.Value})
}

// campaign opens a campaign, has those asked confirm within its days but some, and files
// the list as evidence once it is over.
func (y *season) campaign(id string, c soc1.PolicyCampaign, but ...string) {
	y.on(c.Opens, 9, func(ctx context.Context) error {
		c.Owner = manager
		return y.put(ctx, manager, "The campaign is opened.", app.RecordChange{Kind: "policy_campaign", ID: id, Effective: c.Opens, Value: c})
	})
	days := c.Opens.DaysUntil(min(c.Due, y.until))
	for _, who := range staff {
		if slices.Contains(but, who) {
			continue
		}
		y.on(c.Opens.AddDays(1+number(max(1, days-4), id, who)), 13, func(ctx context.Context) error {
			reg, err := y.app.Policies(ctx, who, record.AsOf{})
			if err != nil {
				return err
			}
			of := reg.Campaign(id)
			me := of.Of(who)
			if me == nil {
				return nil
			}
			seen := map[string]int64{}
			for i, a := range me.Answers {
				if a.Asked && a.Given == nil {
					seen[of.Policies[i].ID] = of.Policies[i].Approval.Value.Revision
				}
			}
			_, err = y.app.AcknowledgePolicies(ctx, who, id, seen)
			return err
		})
	}
	y.on(c.Due.AddDays(3), 16, func(ctx context.Context) error {
		_, err := y.app.FilePolicyCampaign(ctx, manager, id)
		return err
	})
}

// staff are those who are asked to confirm.
var staff = []string{"amara-osei", manager, signer, "thomas-bergqvist", "priya-raghunathan", "marcus-delacroix", "siobhan-kearney", "hiroshi-tanabe", "leila-farahani", "gustavo-almeida",
	"ngozi-eze", "peter-lindholm", "fatima-boukhari", "joanna-whitecloud", "kofi-mensah", "elena-petrova"}

// confirmed is the campaign of the year: everybody confirms the code and the policy on
// information security.
func (y *season) confirmed() {
	opens := max(y.day(1, 27), y.from.AddDays(7))
	y.campaign(fmt.Sprintf("policies-%d", y.year), soc1.PolicyCampaign{Title: fmt.Sprintf("Code and information security, %d", y.year), Policies: []string{"pol-conduct", "pol-security"},
		Opens: opens, Due: opens.AddDays(30), Why: "Once a year, as the code says.", Controls: []string{"el-1"}})
}

// reviewed looks at policies again, as they stand.
func (y *season) reviewed(on soc1.Date, ids ...string) {
	y.on(on, 10, func(ctx context.Context) error {
		for _, id := range ids {
			if err := y.decide(ctx, app.PolicyDeciding{Policy: id, Note: "Reviewed; it stays as it is."}); err != nil {
				return err
			}
		}
		return nil
	})
}

// policiesExamined is the year that is examined: each policy is reviewed in its turn, and
// all at the year's end.
func (y *season) policiesExamined() {
	y.reviewed(y.day(6, 2), "pol-payroll")
	y.reviewed(y.day(8, 4), "pol-client-data")
	y.reviewed(y.day(9, 3), "pol-tax")
	var all []string
	for _, p := range y.policies {
		all = append(all, p.id)
	}
	y.reviewed(y.day(12, 8), all...)
}

// policiesGoOn is what became of policies in the year under way: reviewed in their turn, one
// written anew and confirmed again, one waiting for its approver, and exceptions.
func (y *season) policiesGoOn() {
	y.reviewed(y.day(4, 2), "pol-client-data", "pol-tax")
	y.reviewed(y.day(5, 4), "pol-payroll")
	ask := func(id string, on soc1.Date, e soc1.PolicyException, approved bool) {
		y.on(on, 11, func(ctx context.Context) error {
			return y.put(ctx, e.Owner, "Asked for.", app.RecordChange{Kind: "policy_exception", ID: id, Effective: on, Value: e})
		})
		if approved {
			y.on(on.AddDays(2), 15, func(ctx context.Context) error {
				return y.decide(ctx, app.PolicyDeciding{Policy: e.Policy, Exception: id, Note: "For this time, with the weekly look at it."})
			})
		}
	}
	ask("pex-avocet", y.day(3, 9), soc1.PolicyException{Title: "Tax engine's service account keeps its secret", Policy: "pol-security", Owner: "fatima-boukhari",
		What: "The secret of the account by which Avocet reads tables is not rotated this year.", Why: "The vendor's connector takes a new secret only with release 9, which comes in January.",
		Instead: "The account signs in from two addresses only, and its sign-ins are looked at each week.", Controls: []string{"itgc-1-5"}, From: y.day(3, 16), Until: y.until.AddDays(45)}, true)
	ask("pex-dunlin", y.day(8, 3), soc1.PolicyException{Title: "Copies of the job scheduler once a day", Policy: "pol-operations", Owner: "peter-lindholm",
		What: "Dunlin's database is copied at night only, and not each hour.", Why: "The hourly copies slowed the jobs until the array was replaced.", Instead: "Its definitions are kept in the repository as well.",
		Controls: []string{"itgc-3-2"}, From: y.day(8, 10), Until: y.day(10, 30)}, true)
	ask("pex-releases", y.until.AddDays(-3), soc1.PolicyException{Title: "One approval for year-end tables", Policy: "pol-change", Owner: "gustavo-almeida",
		What: "Tables of the year's end are deployed with the approval of the tax lead alone from December 20 to 31.", Why: "Reviewers are on leave, and tables come late.", Instead: "They are reviewed by January 5 and compared with the published ones.",
		Controls: []string{"itgc-2-1"}, From: y.day(12, 20), Until: y.day(12, 31)}, false)
	y.on(y.day(10, 5), 10, func(ctx context.Context) error {
		return y.rewrite(ctx, "pol-change", "The limit for emergencies is shorter.", func(p *soc1.Policy) {
			p.Version = "3.2"
			p.Text = strings.Replace(p.Text, "within two business days", "by the end of the next business day", 1)
		})
	})
	y.on(y.day(10, 12), 10, func(ctx context.Context) error {
		return y.decide(ctx, app.PolicyDeciding{Policy: "pol-change", Again: true, Note: "Emergencies are ratified by the end of the next business day."})
	})
	y.campaign("policies-change", soc1.PolicyCampaign{Title: "Change management, version 3.2", Policies: []string{"pol-change", "pol-operations"}, Opens: y.day(10, 19), Due: max(y.day(11, 16), y.until.AddDays(9)),
		Why: "Emergencies are ratified a day earlier."}, "fatima-boukhari", "marcus-delacroix", "kofi-mensah", manager)
	y.on(y.day(10, 26), 11, func(ctx context.Context) error {
		return y.rewrite(ctx, "pol-operations", "The exercise of recovery is added.", func(p *soc1.Policy) {
			p.Version = "2.8"
			p.Text = strings.Replace(p.Text, "# Exceptions", "6. The recovery of all systems is exercised once a year, within the hours that contracts promise.\n\n# Exceptions", 1)
		})
	})
}
