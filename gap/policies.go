package gap

import (
	"reperform/english"
	"reperform/policies"
	"reperform/soc1"
)

// policyKinds are the kinds that the register of policies is made of.
var policyKinds = []string{"policy", "policy_approval", "policy_campaign", "policy_acknowledgement", "policy_exception", "person", "control"}

var policyRules = []Rule{
	{ID: "POL-01", Severity: Medium, Fires: "a policy that controls carry out was never approved, or its text was changed since",
		Why: "Controls are measured by what management demands; what nobody approved is no demand.", Remedy: "Have the approver decide on it as it stands.",
		Reads: policyKinds, find: unapproved},
	{ID: "POL-02", Severity: Medium, Fires: "a policy in force was not looked at again by the day on which that was due",
		Why: "What nobody has looked at for a year no longer says what is done.", Remedy: "Look at it, and have it approved again, changed or not.",
		Reads: policyKinds, find: unreviewed},
	{ID: "POL-03", Severity: Medium, Fires: "a campaign is past due, and somebody has not confirmed",
		Why: "That people know what is demanded of them rests on their word.", Remedy: "Remind them, or end the campaign with the reason.",
		Reads: policyKinds, find: notConfirmed},
	{ID: "POL-04", Severity: Medium, Fires: "somebody departs from a policy without an approval, or longer than was approved",
		Why: "An exception that nobody granted is a deviation.", Remedy: "Have it approved as it stands, give it a later end and have that approved, or end it.",
		Reads: policyKinds, find: departures},
}

func policiesOf(f *Facts) *policies.Register {
	return made(f, "policies "+string(f.Today), policyKinds, func() *policies.Register {
		return policies.Of(&policies.Facts{Today: f.Today, Policies: of[soc1.Policy](f, "policy"), Decisions: of[soc1.PolicyApproval](f, "policy_approval"),
			Campaigns: of[soc1.PolicyCampaign](f, "policy_campaign"), Acknowledgements: of[soc1.PolicyAcknowledgement](f, "policy_acknowledgement"),
			Exceptions: of[soc1.PolicyException](f, "policy_exception"), People: of[soc1.Person](f, "person")})
	})
}

// carried are the objectives of the controls that carry something out.
func carried(f *Facts, controls []string) []string {
	return bears(f, soc1.Event{Controls: controls})
}

func unapproved(f *Facts, x *found) {
	r := policiesOf(f)
	for i := range r.Lines {
		l := &r.Lines[i]
		if len(l.Value.Controls) == 0 {
			continue
		}
		switch l.State {
		case policies.Draft:
			x.at(l.Ref(), "", carried(f, l.Value.Controls), "%q was never approved, and %s it out.", l.Value.Title, controlsCarry(len(l.Value.Controls)))
		case policies.Refused:
			x.at(l.Ref(), "", carried(f, l.Value.Controls), "%q was refused on %s as it stands.", l.Value.Title, l.Read.Value.On).Sources = []soc1.Ref{l.Read.Ref()}
		case policies.Changed, policies.Overdue:
			if l.Read == nil && l.InForce != nil {
				x.at(l.Ref(), "", carried(f, l.Value.Controls), "%q was changed since it was approved on %s.", l.Value.Title, l.InForce.Value.On).Sources = []soc1.Ref{l.InForce.Ref()}
			}
		}
	}
}

func controlsCarry(n int) string {
	return english.Count(n, "control") + english.Choose(n, " carries", " carry")
}

func unreviewed(f *Facts, x *found) {
	r := policiesOf(f)
	for i := range r.Lines {
		if l := &r.Lines[i]; l.State == policies.Overdue {
			x.at(l.Ref(), "review_months", carried(f, l.Value.Controls), "%q was to be looked at by %s; it was approved last on %s.", l.Value.Title, l.ReviewDue, l.InForce.Value.On).Sources = []soc1.Ref{l.InForce.Ref()}
		}
	}
}

func notConfirmed(f *Facts, x *found) {
	r := policiesOf(f)
	for i := range r.Campaigns {
		c := &r.Campaigns[i]
		if c.State != policies.Late {
			continue
		}
		var controls []string
		for _, p := range c.Policies {
			controls = append(controls, p.Value.Controls...)
		}
		missing := 0
		var who []soc1.Ref
		for j := range c.People {
			if c.People[j].Missing() > 0 {
				missing++
				who = append(who, c.People[j].Person.Ref())
			}
		}
		x.at(c.Ref(), "due", carried(f, controls), "%q was due on %s, and %d of %d asked %s not confirmed.", c.Value.Title, c.Value.Due, missing, len(c.People), english.Choose(missing, "has", "have")).Sources = who
	}
}

func departures(f *Facts, x *found) {
	r := policiesOf(f)
	for i := range r.Exceptions {
		e := &r.Exceptions[i]
		switch e.State {
		case policies.Unapproved:
			x.at(e.Ref(), "", carried(f, e.Value.Controls), "%q runs from %s, and nobody approved it as it stands.", e.Value.Title, e.Value.From)
		case policies.Expired:
			x.at(e.Ref(), "until", carried(f, e.Value.Controls), "%q was approved until %s and was not ended.", e.Value.Title, e.Value.Until).Sources = []soc1.Ref{e.Read.Ref()}
		}
	}
}
