package policies

import (
	"cmp"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Facts are what a register is made of. Records are those of the organization's
// ledger as they are known, without those that are retired.
type Facts struct {
	Today            soc1.Date
	Policies         []record.Typed[soc1.Policy]
	Decisions        []Decision
	Campaigns        []record.Typed[soc1.PolicyCampaign]
	Acknowledgements []record.Typed[soc1.PolicyAcknowledgement]
	Exceptions       []record.Typed[soc1.PolicyException]
	People           []record.Typed[soc1.Person]
}

// Register is where all policies stand.
type Register struct {
	Today soc1.Date
	// Lines are the policies, by title.
	Lines []Line
	// Campaigns are those that ask or asked to confirm, the latest first.
	Campaigns []Campaign
	// Exceptions are all, the most pressing first.
	Exceptions []Exception
}

// Line is a policy and where it stands.
type Line struct {
	record.Typed[soc1.Policy]
	Standing
	// Decisions are all decisions on it, the latest first.
	Decisions []*Decision
	// Audience are the people who have to know it today, by name.
	Audience []Reader
	// Exceptions are those from it that are not over.
	Exceptions []*Exception
}

// Confirmed is how many of the audience have confirmed it as it is in force.
func (l *Line) Confirmed() int {
	n := 0
	for _, r := range l.Audience {
		if r.Given != nil {
			n++
		}
	}
	return n
}

// Reader is somebody who has to know a policy.
type Reader struct {
	Person record.Typed[soc1.Person]
	// Given is the latest confirmation that still counts; nil without one.
	Given *Acknowledgement
}

// Acknowledgement is somebody's word.
type Acknowledgement = record.Typed[soc1.PolicyAcknowledgement]

// CampaignState is where a campaign stands.
type CampaignState int

// The states, the most pressing first.
const (
	// Late is past due, and somebody has not confirmed.
	Late CampaignState = iota
	// Open asks.
	Open
	// Planned opens later.
	Planned
	// Complete has everybody's word.
	Complete
	// Over was ended with somebody missing.
	Over
	// Nobody asks nobody: no version of its policies is in force, or nobody belongs to its
	// audience.
	Nobody
)

// Label is the words a person reads.
func (s CampaignState) Label() string {
	return [...]string{"Overdue", "Open", "Opens later", "Complete", "Ended, incomplete", "Asks nobody"}[s]
}

// Campaign is a campaign and who has confirmed what.
type Campaign struct {
	record.Typed[soc1.PolicyCampaign]
	State CampaignState
	// Policies are those it asks about.
	Policies []CampaignPolicy
	// People are those it asks, those who lag behind first.
	People []CampaignPerson
	// Asked is how many confirmations it wants, Given how many there are.
	Asked, Given int
}

// CampaignPolicy is a policy of a campaign.
type CampaignPolicy struct {
	record.Typed[soc1.Policy]
	// Approval is that of the version to be confirmed; nil while none is in force, and
	// then nobody is asked about it.
	Approval *Decision
}

// CampaignPerson is somebody asked, with one answer for each policy of the campaign.
type CampaignPerson struct {
	Person  record.Typed[soc1.Person]
	Answers []Answer
}

// Reaches reports whether the person holds a role with which policies are confirmed here.
// Custom roles open registers and not these pages.
func (p *CampaignPerson) Reaches() bool {
	return slices.ContainsFunc(p.Person.Value.Roles, func(r soc1.Role) bool {
		return slices.Contains([]soc1.Role{soc1.Administrator, soc1.ComplianceManager, soc1.ControlOwner, soc1.Executive, soc1.ReadOnly}, r)
	})
}

// Missing are the policies that the person has still to confirm.
func (p *CampaignPerson) Missing() int {
	n := 0
	for _, a := range p.Answers {
		if a.Asked && a.Given == nil {
			n++
		}
	}
	return n
}

// Answer is what somebody said of one policy.
type Answer struct {
	// Asked says that the person is asked about it.
	Asked bool
	// Given is their confirmation; nil without one.
	Given *Acknowledgement
}

// Of makes the register.
func Of(f *Facts) *Register {
	r := &Register{Today: f.Today}
	for _, e := range f.Exceptions {
		x := exception(e, f.Decisions, f.Today)
		if x.State != Ended && x.State != NotGranted && !slices.ContainsFunc(f.Policies, func(p record.Typed[soc1.Policy]) bool { return p.ID == e.Value.Policy }) {
			x.State = Void
		}
		r.Exceptions = append(r.Exceptions, x)
	}
	slices.SortStableFunc(r.Exceptions, func(a, b Exception) int {
		return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Value.Until, b.Value.Until), cmp.Compare(a.ID, b.ID))
	})
	words := latestWords(f)
	for _, p := range f.Policies {
		l := Line{Typed: p, Standing: Stand(p, f.Decisions, f.Today), Decisions: own(f.Decisions, p.ID, "", f.Today)}
		slices.Reverse(l.Decisions)
		for _, x := range f.People {
			if !p.Value.Audience.Includes(x.ID, x.Value, f.Today) {
				continue
			}
			reader := Reader{Person: x}
			if w := words[word{x.ID, p.ID}]; w != nil && l.Since != "" && w.Value.On >= l.Since {
				reader.Given = w
			}
			l.Audience = append(l.Audience, reader)
		}
		for i := range r.Exceptions {
			if e := &r.Exceptions[i]; e.Value.Policy == p.ID && e.State != Ended && e.State != NotGranted {
				l.Exceptions = append(l.Exceptions, e)
			}
		}
		r.Lines = append(r.Lines, l)
	}
	slices.SortStableFunc(r.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Value.Title, b.Value.Title), cmp.Compare(a.ID, b.ID))
	})
	for _, c := range f.Campaigns {
		r.Campaigns = append(r.Campaigns, r.campaign(c, f))
	}
	slices.SortStableFunc(r.Campaigns, func(a, b Campaign) int {
		return cmp.Or(cmp.Compare(b.Value.Opens, a.Value.Opens), cmp.Compare(a.ID, b.ID))
	})
	return r
}

type word struct{ person, policy string }

// latestWords are everybody's latest confirmations of each policy.
func latestWords(f *Facts) map[word]*Acknowledgement {
	out := map[word]*Acknowledgement{}
	for i := range f.Acknowledgements {
		a := &f.Acknowledgements[i]
		k := word{a.Value.By, a.Value.Policy}
		if old := out[k]; a.Value.On <= f.Today && (old == nil || record.Later(*a, *old) > 0) {
			out[k] = a
		}
	}
	return out
}

func (r *Register) campaign(t record.Typed[soc1.PolicyCampaign], f *Facts) Campaign {
	c := Campaign{Typed: t}
	v := t.Value
	for _, id := range v.Policies {
		i := slices.IndexFunc(f.Policies, func(p record.Typed[soc1.Policy]) bool { return p.ID == id })
		p := CampaignPolicy{}
		if i >= 0 {
			p.Typed = f.Policies[i]
		} else if slices.ContainsFunc(f.Acknowledgements, func(a Acknowledgement) bool { return a.Value.Campaign == t.ID && a.Value.Policy == id }) {
			// It was retired; that people confirmed it stays.
			p.Typed.ID, p.Typed.Kind, p.Typed.Value.Title = id, "policy", id
		} else {
			continue
		}
		until := r.Today
		if v.Ended != "" {
			until = min(until, v.Ended)
		}
		p.Approval = forceOn(own(f.Decisions, id, "", r.Today), v.Opens, until)
		c.Policies = append(c.Policies, p)
	}
	// Who was there when it was due, or is today before that, is asked: whoever came
	// later is asked by the next.
	day := min(r.Today, v.Due)
	if v.Ended != "" {
		day = min(day, v.Ended)
	}
	day = max(day, v.Opens)
	given := map[word]*Acknowledgement{}
	for i := range f.Acknowledgements {
		if a := &f.Acknowledgements[i]; a.Value.Campaign == t.ID && a.Value.On <= r.Today {
			given[word{a.Value.By, a.Value.Policy}] = a
		}
	}
	for _, x := range withThoseWhoLeft(f.People, given) {
		p := CampaignPerson{Person: x, Answers: make([]Answer, len(c.Policies))}
		asked := false
		for i, policy := range c.Policies {
			audience := v.Audience
			if audience.None() {
				audience = policy.Value.Audience
			}
			a := &p.Answers[i]
			a.Given = given[word{x.ID, policy.ID}]
			a.Asked = a.Given != nil || policy.Approval != nil && audience.Includes(x.ID, x.Value, day)
			if a.Asked {
				asked = true
				c.Asked++
			}
			if a.Given != nil {
				c.Given++
			}
		}
		if asked {
			c.People = append(c.People, p)
		}
	}
	slices.SortStableFunc(c.People, func(a, b CampaignPerson) int {
		return cmp.Or(cmp.Compare(b.Missing(), a.Missing()), cmp.Compare(a.Person.Value.Name, b.Person.Value.Name), cmp.Compare(a.Person.ID, b.Person.ID))
	})
	switch complete := c.Given == c.Asked && c.Asked > 0; {
	case v.Opens > r.Today:
		c.State = Planned
	case complete:
		c.State = Complete
	case c.Asked == 0:
		c.State = Nobody
	case v.Ended != "" && v.Ended <= r.Today:
		c.State = Over
	case v.Due < r.Today:
		c.State = Late
	default:
		c.State = Open
	}
	return c
}

// withThoseWhoLeft adds those who confirmed and whose records are retired since: their
// word stays.
func withThoseWhoLeft(people []record.Typed[soc1.Person], given map[word]*Acknowledgement) []record.Typed[soc1.Person] {
	known := map[string]bool{}
	for _, p := range people {
		known[p.ID] = true
	}
	out := slices.Clone(people)
	for k := range given {
		if !known[k.person] {
			known[k.person] = true
			var p record.Typed[soc1.Person]
			p.ID, p.Kind, p.Value.Name = k.person, "person", k.person
			out = append(out, p)
		}
	}
	return out
}

// Finished is the last day on which a campaign that is complete or was ended had
// anything to wait for; empty for one that still asks.
func (c *Campaign) Finished() soc1.Date {
	switch c.State {
	case Over:
		return c.Value.Ended
	case Complete:
		var last soc1.Date
		for _, p := range c.People {
			for _, a := range p.Answers {
				if a.Given != nil {
					last = max(last, a.Given.Value.On)
				}
			}
		}
		return last
	}
	return ""
}

// Asking are the campaigns that wait for somebody's word, those due first.
func (r *Register) Asking(person string) []*Campaign {
	var out []*Campaign
	for i := range r.Campaigns {
		c := &r.Campaigns[i]
		if c.State != Open && c.State != Late {
			continue
		}
		if slices.ContainsFunc(c.People, func(p CampaignPerson) bool { return p.Person.ID == person && p.Missing() > 0 }) {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b *Campaign) int { return cmp.Compare(a.Value.Due, b.Value.Due) })
	return out
}

// Of gives the part of somebody in a campaign; nil where they are not asked.
func (c *Campaign) Of(person string) *CampaignPerson {
	for i := range c.People {
		if c.People[i].Person.ID == person {
			return &c.People[i]
		}
	}
	return nil
}

// Line gives the line of a policy; nil where there is none.
func (r *Register) Line(id string) *Line {
	for i := range r.Lines {
		if r.Lines[i].ID == id {
			return &r.Lines[i]
		}
	}
	return nil
}

// Campaign gives a campaign; nil where there is none.
func (r *Register) Campaign(id string) *Campaign {
	for i := range r.Campaigns {
		if r.Campaigns[i].ID == id {
			return &r.Campaigns[i]
		}
	}
	return nil
}
