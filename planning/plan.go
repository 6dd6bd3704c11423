package planning

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// Plan is the plan of an examination as it stands.
type Plan struct {
	Engagement  record.Typed[soc1.Engagement]
	Acceptance  *record.Typed[soc1.Acceptance]
	Team        []Member
	Materiality *record.Typed[soc1.Materiality]
	Timetable   *record.Typed[soc1.Timetable]
	// Profile is the method recorded last.
	Profile *record.Typed[soc1.MethodProfile]
	// Groups are the controls in scope by objective; one that serves several stands
	// under the first.
	Groups []Group
	// Approvals are the approvals of the plan, the latest first.
	Approvals []Approved
	// Planners are those who recorded what the plan says now.
	Planners []string
	// Prior is last year's examination, nil without one.
	Prior *Prior
	Steps []Step

	records []record.Record
	bodies  map[soc1.Ref]any
}

// Member is somebody on the team, with their word on their independence.
type Member struct {
	Person record.Typed[soc1.Person]
	// Word is the latest one; nil before it is given.
	Word *record.Typed[soc1.IndependenceConfirmation]
}

// Group are the controls of an objective.
type Group struct {
	// Objective is empty for controls at the level of the entity.
	Objective record.Typed[soc1.ControlObjective]
	Lines     []Line
}

// Line is one control with what is proposed and what is planned.
type Line struct {
	Control record.Typed[soc1.Control]
	// Risk is the column of the frequency table, RiskWhy says why.
	Risk    soc1.RiskLevel
	RiskWhy Reason
	// Proposals are the tests proposed.
	Proposals []Proposal
	// Others are planned tests that answer to no proposal.
	Others []record.Typed[soc1.TestOfControl]
	// Earlier are last year's tests of the control.
	Earlier []Earlier
	// Note says why nothing is proposed.
	Note string
}

// Planned reports whether a test of the control is planned.
func (l *Line) Planned() bool {
	return len(l.Others) > 0 || slices.ContainsFunc(l.Proposals, func(p Proposal) bool { return p.Planned != nil })
}

// Approved is an approval and whether it still holds.
type Approved struct {
	record.Typed[soc1.PlanApproval]
	// Holds says that the plan is what was approved.
	Holds bool
	// Since are the records that were recorded after it.
	Since []soc1.Ref
}

// StepState is how far a step is.
type StepState int

// The states.
const (
	Missing StepState = iota
	Underway
	Attention
	Done
)

// Key is the state as machines read it.
func (s StepState) Key() string {
	return []string{"missing", "underway", "attention", "done"}[s]
}

// Label is the word a person reads.
func (s StepState) Label() string {
	return []string{"Not done", "Under way", "Look at it", "Done"}[s]
}

// Step is one step of planning.
type Step struct {
	Key, Title string
	State      StepState
	// Text says what there is, or what is missing.
	Text string
	// By are the records that it follows from.
	By []soc1.Ref
}

// Step is the step of a key.
func (p *Plan) Step(key string) Step {
	i := slices.IndexFunc(p.Steps, func(s Step) bool { return s.Key == key })
	return p.Steps[i]
}

// Of makes the plan of facts.
func Of(f *Facts) (*Plan, error) {
	id := f.Engagement.ID
	p := &Plan{Engagement: f.Engagement, Prior: f.Prior, bodies: map[soc1.Ref]any{}}
	p.Acceptance = latest(f.Acceptances, id, func(x soc1.Acceptance) string { return x.Engagement })
	p.Materiality = latest(f.Materialities, id, func(x soc1.Materiality) string { return x.Engagement })
	p.Timetable = latest(f.Timetables, id, func(x soc1.Timetable) string { return x.Engagement })
	p.Profile = latest(f.Profiles, id, nil)
	for _, x := range f.Team {
		if x.Value.Side != soc1.SideAuditFirm || !works(x.Value) {
			continue
		}
		m := Member{Person: x}
		m.Word = latest(f.Confirmations, x.ID, func(c soc1.IndependenceConfirmation) string {
			if c.Engagement != id {
				return ""
			}
			return c.By
		})
		p.Team = append(p.Team, m)
	}
	p.lines(f)
	if err := p.gather(f); err != nil {
		return nil, err
	}
	p.approvals(f)
	p.steps()
	return p, nil
}

// works tells those who work on the examination from the firm's administrator.
func works(x soc1.Person) bool {
	return slices.ContainsFunc(x.Roles, func(r soc1.Role) bool { return r != "firm_administrator" })
}

// lines puts the controls under their objectives.
func (p *Plan) lines(f *Facts) {
	seen := map[string]bool{}
	add := func(g Group, want func(soc1.Control) bool) {
		for _, c := range f.Controls {
			if !seen[c.ID] && want(c.Value) {
				seen[c.ID] = true
				g.Lines = append(g.Lines, f.line(p, c))
			}
		}
		slices.SortStableFunc(g.Lines, func(a, b Line) int {
			return cmp.Or(cmp.Compare(a.Control.Value.Order, b.Control.Value.Order), cmp.Compare(a.Control.Value.Code, b.Control.Value.Code), cmp.Compare(a.Control.ID, b.Control.ID))
		})
		if len(g.Lines) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	for _, o := range f.objectives() {
		add(Group{Objective: o}, func(c soc1.Control) bool { return slices.Contains(c.Objectives, o.ID) })
	}
	add(Group{}, soc1.Control.EntityLevel)
}

// Lines are the controls in scope, in the order of the plan.
func (p *Plan) Lines() []*Line {
	var out []*Line
	for i := range p.Groups {
		for j := range p.Groups[i].Lines {
			out = append(out, &p.Groups[i].Lines[j])
		}
	}
	return out
}

// Untested are the controls of objectives that no test is planned for although one is
// proposed.
func (p *Plan) Untested() []*Line {
	return slices.DeleteFunc(p.Lines(), func(l *Line) bool {
		return l.Planned() || len(l.Proposals) == 0 || l.Control.Value.EntityLevel()
	})
}

// Tests counts what is planned, and in how many tests it differs from what is proposed.
func (p *Plan) Tests() (planned, differing, open int) {
	for _, l := range p.Lines() {
		planned += len(l.Others)
		for _, x := range l.Proposals {
			switch {
			case x.Planned == nil:
				open++
			case len(x.Differs) > 0:
				differing++
				fallthrough
			default:
				planned++
			}
		}
	}
	return planned, differing, open
}

// gather collects what an approval is over. What happens to a plan while it is carried
// out is no change of it: the population that arrives for a test, who tested and
// reviewed it and when, and that a milestone was reached.
func (p *Plan) gather(f *Facts) error {
	add := func(r record.Record, value any) {
		p.records = append(p.records, r)
		p.bodies[r.Ref()] = value
	}
	if p.Acceptance != nil {
		add(p.Acceptance.Record, p.Acceptance.Value)
	}
	if p.Materiality != nil {
		add(p.Materiality.Record, p.Materiality.Value)
	}
	if p.Timetable != nil {
		t := p.Timetable.Value
		t.Milestones = slices.Clone(t.Milestones)
		for i := range t.Milestones {
			t.Milestones[i].DoneOn = ""
		}
		add(p.Timetable.Record, t)
	}
	if p.Profile != nil {
		add(p.Profile.Record, p.Profile.Value)
	}
	for _, t := range f.Tests {
		v := t.Value
		v.PerformedBy, v.PerformedOn, v.Reviewer, v.ReviewedOn, v.Population = "", "", "", "", ""
		add(t.Record, v)
		for _, a := range attributesOf(f.Attributes, t) {
			add(a.Record, a.Value)
		}
	}
	slices.SortStableFunc(p.records, func(a, b record.Record) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	p.records = slices.CompactFunc(p.records, func(a, b record.Record) bool { return a.Kind == b.Kind && a.ID == b.ID })
	for _, r := range p.records {
		// That an engagement is accepted is the partner's decision and no part of planning it.
		if r.Kind == "acceptance" || f.RecordedBy == nil {
			continue
		}
		by, err := f.RecordedBy(r.Pos)
		if err != nil {
			return err
		}
		if !slices.Contains(p.Planners, by) {
			p.Planners = append(p.Planners, by)
		}
	}
	return nil
}

// Records counts the records of the plan.
func (p *Plan) Records() int { return len(p.records) }

// Digest is the SHA-256 over the records of the plan, in order of kind and id: one line
// each of kind, id and the SHA-256 of the record's JSON. It leaves out what is recorded
// while a plan is carried out, as gather says.
func (p *Plan) Digest() (string, error) {
	h := sha256.New()
	for _, r := range p.records {
		if r.Redacted {
			return "", fmt.Errorf("%s %s was redacted, so the plan cannot be approved as a whole", r.Kind, r.ID)
		}
		body, err := json.Marshal(p.bodies[r.Ref()])
		if err != nil {
			return "", err
		}
		sum := sha256.Sum256(body)
		fmt.Fprintf(h, "%s %s %s\n", r.Kind, r.ID, hex.EncodeToString(sum[:]))
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// approvals holds the approvals to the plan.
func (p *Plan) approvals(f *Facts) {
	now, err := p.Digest()
	for _, x := range f.Approvals {
		if x.Value.Engagement != p.Engagement.ID {
			continue
		}
		a := Approved{Typed: x, Holds: err == nil && x.Value.SHA256 == now}
		if !a.Holds {
			for _, r := range p.records {
				if r.Pos >= x.Value.Position && r.Pos != x.Pos {
					a.Since = append(a.Since, r.Ref())
				}
			}
		}
		p.Approvals = append(p.Approvals, a)
	}
	slices.SortStableFunc(p.Approvals, func(a, b Approved) int { return -record.Later(a.Typed, b.Typed) })
}

// Approved is the approval that holds; nil without one.
func (p *Plan) Approved() *Approved {
	for i := range p.Approvals {
		if p.Approvals[i].Holds {
			return &p.Approvals[i]
		}
	}
	return nil
}

// Unconfirmed are the members of the team who have not given their word, and those who
// say that they are not independent.
func (p *Plan) Unconfirmed() (silent, dependent []string) {
	for _, m := range p.Team {
		switch {
		case m.Word == nil:
			silent = append(silent, m.Person.ID)
		case m.Word.Value.Independent != soc1.Yes:
			dependent = append(dependent, m.Person.ID)
		}
	}
	return silent, dependent
}

// Unapprovable says why a person cannot approve the plan as it stands; empty where they
// can.
func (p *Plan) Unapprovable(actor, remark string) string {
	silent, dependent := p.Unconfirmed()
	planned, _, _ := p.Tests()
	switch {
	case p.Acceptance == nil:
		return "The engagement is not accepted yet."
	case p.Acceptance.Value.Decision != soc1.Accepted:
		return "The engagement was declined."
	case len(dependent) > 0:
		return english.Count(len(dependent), "member") + " of the team " + english.Choose(len(dependent), "is", "are") + " not independent by their own word. Take them off the team first."
	case len(silent) > 0:
		return english.Count(len(silent), "member") + " of the team " + english.Choose(len(silent), "has", "have") + " not confirmed their independence."
	case p.Materiality == nil:
		return "Nobody has said in words what would be material."
	case p.Timetable == nil:
		return "There is no timetable."
	case p.Profile == nil:
		return "There is no method profile."
	case planned == 0 && p.Engagement.Value.Type != soc1.Type1:
		return "No test is planned."
	case slices.Contains(p.Planners, actor):
		return "You recorded a part of the plan, and a second person approves it."
	case len(p.Untested()) > 0 && remark == "":
		n := len(p.Untested())
		return "No test is planned for " + english.Count(n, "control") + ". Plan them, or say in the remark why not."
	}
	if a := p.Approved(); a != nil && a.Value.By == actor {
		return "You have approved it, and nothing changed since."
	}
	return ""
}

// steps are the steps with their state.
func (p *Plan) steps() {
	add := func(key, title string, state StepState, text string, by ...soc1.Ref) {
		p.Steps = append(p.Steps, Step{key, title, state, text, by})
	}
	switch a := p.Acceptance; {
	case a == nil:
		add("acceptance", "Acceptance", Missing, "The engagement partner answers the preconditions and accepts or declines.")
	case a.Value.Decision == soc1.Declined:
		add("acceptance", "Acceptance", Attention, "Declined on "+a.Value.On.Long()+".", a.Ref())
	default:
		add("acceptance", "Acceptance", Done, "Accepted on "+a.Value.On.Long()+"; every precondition is met.", a.Ref())
	}
	silent, dependent := p.Unconfirmed()
	var words []soc1.Ref
	threats := 0
	for _, m := range p.Team {
		if m.Word != nil {
			words = append(words, m.Word.Ref())
			threats += len(m.Word.Value.Threats)
		}
	}
	told := ""
	if threats > 0 {
		told = " " + english.Count(threats, "threat") + english.Choose(threats, " is", " are") + " told, with safeguards."
	}
	switch n := len(p.Team); {
	case len(dependent) > 0:
		add("team", "Team and independence", Attention, fmt.Sprintf("%d of %d say that they are not independent.", len(dependent), n), words...)
	case len(silent) == n:
		add("team", "Team and independence", Missing, "Each of "+english.Count(n, "member")+" gives their own word.")
	case len(silent) > 0:
		add("team", "Team and independence", Underway, fmt.Sprintf("%d of %d have confirmed.%s", n-len(silent), n, told), words...)
	default:
		add("team", "Team and independence", Done, fmt.Sprintf("All %d have confirmed.%s", n, told), words...)
	}
	if m := p.Materiality; m == nil {
		add("materiality", "Materiality", Missing, "Say in words what would matter to user entities and their auditors.")
	} else {
		add("materiality", "Materiality", Done, m.Value.Users, m.Ref())
	}
	if t := p.Timetable; t == nil {
		add("timetable", "Timetable", Missing, "Milestones with their days, and whether a part is tested at interim.")
	} else {
		text := english.Count(len(t.Value.Milestones), "milestone") + ", the last on " + t.Value.Milestones[len(t.Value.Milestones)-1].On.Long() + ". "
		if t.Value.InterimTo != "" {
			text += "Interim through " + t.Value.InterimTo.Long() + ", then roll-forward."
		} else {
			text += "The period is tested at once."
		}
		add("timetable", "Timetable", Done, text, t.Ref())
	}
	if m := p.Profile; m == nil {
		add("method", "Method", Missing, "The firm’s frequency table, rates and expansion rule. Until then the suggested table sizes samples.")
	} else {
		add("method", "Method", Done, fmt.Sprintf("%s, version %s: %s confidence, %s tolerable, %s expected.", m.Value.Name, m.Value.Version, m.Value.ConfidenceRate().Percent(), m.Value.TolerableRate().Percent(), m.Value.Expected.Percent()), m.Ref())
	}
	planned, differing, open := p.Tests()
	text := english.Count(planned, "test") + " planned"
	if differing > 0 {
		text += fmt.Sprintf(", %d differ from the proposal", differing)
	}
	if open > 0 {
		text += fmt.Sprintf(", %d more proposed", open)
	}
	switch n := len(p.Untested()); {
	case p.Engagement.Value.Type == soc1.Type1:
		add("plan", "Plan of the tests", Done, "Type I: design and implementation by walkthrough; operating effectiveness is not tested.")
	case planned == 0:
		add("plan", "Plan of the tests", Missing, text+".")
	case n > 0:
		add("plan", "Plan of the tests", Underway, text+"; "+english.Count(n, "control")+" without a test.")
	default:
		add("plan", "Plan of the tests", Done, text+".")
	}
	switch {
	case len(p.Approvals) == 0:
		add("approval", "Approval", Missing, "A manager or the partner who planned nothing of it approves the plan.")
	case p.Approved() == nil:
		a := p.Approvals[0]
		add("approval", "Approval", Attention, "The plan was changed after it was approved: "+english.Count(len(a.Since), "record")+".", append([]soc1.Ref{a.Ref()}, a.Since...)...)
	default:
		a := p.Approved()
		add("approval", "Approval", Done, fmt.Sprintf("Approved on %s, %d records.", a.Value.At.Date().Long(), a.Value.Records), a.Ref())
	}
}
