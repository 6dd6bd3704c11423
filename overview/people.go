package overview

import (
	"cmp"
	"slices"

	"reperform/policies"
	"reperform/soc1"
)

// Signature is a document that waits for a signature or an approval.
type Signature struct {
	// Title names the document.
	Title string
	// Who is the id of the person named to sign; empty when nobody is.
	Who string
	// Refs are its record; empty when there is none yet.
	Refs []soc1.Ref
}

// ToSign lists what waits for a signature: management's assertion, the
// representation letter, and policies nobody approved. Of a person it lists
// what names them and what names nobody; an empty id asks for everything.
func (o *Overview) ToSign(person string) []Signature {
	var out []Signature
	add := func(title, who string, refs ...soc1.Ref) {
		if person == "" || who == "" || who == person {
			out = append(out, Signature{Title: title, Who: who, Refs: refs})
		}
	}
	found := false
	for i := range o.records.Assertions {
		x := &o.records.Assertions[i]
		if !o.concerns(x.Value.Engagement) {
			continue
		}
		found = found || x.Value.SubserviceOrganization == ""
		if x.Value.SubserviceOrganization == "" && x.Value.SignedOn == "" {
			add("Management’s assertion", x.Value.SignedBy, x.Ref())
		}
	}
	if !found && o.Question.Engagement != "" {
		add("Management’s assertion", "", o.Engagement.Ref())
	}
	found = false
	for i := range o.records.Letters {
		x := &o.records.Letters[i]
		if !o.concerns(x.Value.Engagement) {
			continue
		}
		found = found || x.Value.SubserviceOrganization == ""
		if x.Value.SubserviceOrganization == "" && x.Value.SignedOn == "" {
			add("Representation letter", x.Value.SignedBy, x.Ref())
		}
	}
	if !found && o.Question.Engagement != "" {
		add("Representation letter", "", o.Engagement.Ref())
	}
	for i := range o.records.Policies {
		if x := &o.records.Policies[i]; policies.Stand(*x, o.records.Decisions, o.Question.Today).Asks() {
			add(x.Value.Title, x.Value.Approver, x.Ref())
		}
	}
	return out
}

// Duty is one thing on the list of a person.
type Duty struct {
	// Title names it and Detail says what is asked.
	Title, Detail string
	// Due is the day by which it is wanted; empty when the records give none.
	Due soc1.Date
	// Late says that the day has passed.
	Late bool
	Refs []soc1.Ref
}

// MyControl is a control as its owner sees it.
type MyControl struct {
	Line *ControlLine
	// Due is the day on which evidence is wanted next, For the occurrence that it
	// is wanted for, as Wanted has them; both empty where nothing is dated.
	Due  soc1.Date
	For  Occurrence
	Late bool
}

// MyWork is the list that a control owner gets through in two minutes.
type MyWork struct {
	// Controls are those that the person owns or performs, most urgent first.
	Controls []MyControl
	// Duties are exceptions and other matters of these controls, and whatever
	// the caller adds: comments that mention the person, items returned.
	Duties []Duty
	// Overdue counts controls with evidence overdue.
	Overdue int
}

// Work lists what waits for a person, most urgent first. more are duties that
// other records know of; they are sorted in.
func (o *Overview) Work(person string, more ...Duty) MyWork {
	var w MyWork
	for i := range o.Controls {
		line := &o.Controls[i]
		if person == "" || line.Control.Owner != person && line.Control.Performer != person {
			continue
		}
		m := MyControl{Line: line, Due: line.Wanted.Due, Late: line.Wanted.State.Owed()}
		if m.Due != "" {
			m.For = line.Wanted.For
		}
		if m.Late {
			w.Overdue++
		}
		w.Controls = append(w.Controls, m)
		for _, n := range o.testing.by[i].open {
			x := &o.Exceptions[n]
			w.Duties = append(w.Duties, Duty{Title: line.Control.Code + " " + line.Title, Detail: "Exception open, " + plural(int(x.Items), "item") + ". Say what happened.",
				Refs: []soc1.Ref{x.Ref, line.Ref}})
		}
	}
	w.Duties = append(w.Duties, more...)
	slices.SortStableFunc(w.Controls, func(a, b MyControl) int {
		return cmp.Compare(undatedLast(a.Due), undatedLast(b.Due))
	})
	slices.SortStableFunc(w.Duties, func(a, b Duty) int { return cmp.Compare(undatedLast(a.Due), undatedLast(b.Due)) })
	for i := range w.Duties {
		if d := &w.Duties[i]; d.Due != "" && d.Due < o.Question.Today {
			d.Late = true
		}
	}
	return w
}
