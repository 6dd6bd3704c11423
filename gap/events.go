package gap

import (
	"strings"

	"reperform/english"
	"reperform/events"
	"reperform/soc1"
)

// eventKinds are the kinds that the register of events is made of.
var eventKinds = []string{"engagement", "event", "event_assessment", "event_confirmation", "representation_letter", "control", "control_objective", "person"}

var eventRules = []Rule{
	{ID: "EVT-01", Severity: High, Fires: "something happened that the report asks about, and what it means was not assessed, or not as it is known now",
		Why: "Management represents that it disclosed what matters; of what nobody looked at it cannot.", Remedy: "Assess it for the report.",
		Reads: eventKinds, find: unassessed},
	{ID: "EVT-02", Severity: High, Fires: "an event bears on the report, and the description, the letter or a plan does not take it up, or affected user entities were not told",
		Why: "What bears on the report and stands nowhere in it makes it misleading.", Remedy: "Take it up where it belongs, and name that in the assessment.",
		Reads: append(events.TakesUp[:len(events.TakesUp):len(events.TakesUp)], eventKinds...), find: notTakenUp},
	{ID: "EVT-03", Severity: Medium, Fires: "the representation letter is dated, and somebody who was to be asked has not confirmed that they know of nothing else",
		Why: "A register proves what stands in it; that nothing is missing rests on the word of those who would know.", Remedy: "Ask them to confirm up to the day of the letter.",
		Reads: eventKinds, find: unconfirmed},
}

// happened is the register of events; nil where the question is about no report.
func happened(f *Facts) *events.Register {
	if f.Engagement.ID == "" {
		return nil
	}
	return made(f, "events "+string(f.Today), append(events.TakesUp[:len(events.TakesUp):len(events.TakesUp)], eventKinds...), func() *events.Register {
		return events.Of(&events.Facts{Engagement: f.Engagement, Today: f.Today,
			Events: of[soc1.Event](f, "event"), Assessments: of[soc1.EventAssessment](f, "event_assessment"),
			Confirmations: of[soc1.EventConfirmation](f, "event_confirmation"), Letters: of[soc1.RepresentationLetter](f, "representation_letter"),
			Controls: of[soc1.Control](f, "control"), Objectives: of[soc1.ControlObjective](f, "control_objective"), People: of[soc1.Person](f, "person"),
			Exists: func(ref soc1.Ref) bool { return there(f, ref) }})
	})
}

// there tells whether a record of the organization is there and in use.
func there(f *Facts, ref soc1.Ref) bool {
	if !f.org.Shows(ref.Kind) {
		return false
	}
	l, err := f.org.Rows(f.ctx, ref.Kind)
	if err != nil {
		f.err = err
		return false
	}
	it := l.Get(ref.ID)
	return it != nil && it.Live()
}

// bears are the objectives of the controls that an event concerns.
func bears(f *Facts, e soc1.Event) []string {
	var out []string
	for _, c := range of[soc1.Control](f, "control") {
		for _, id := range e.Controls {
			if c.ID == id {
				out = append(out, c.Value.Objectives...)
			}
		}
	}
	return out
}

func unassessed(f *Facts, x *found) {
	r := happened(f)
	if r == nil {
		return
	}
	for i := range r.Lines {
		switch l := &r.Lines[i]; l.State {
		case events.Unassessed:
			x.at(l.Ref(), "", bears(f, l.Value), "%q (%s, %s) was not assessed for the report.", l.Value.Title, strings.ToLower(l.Value.Nature.Label()), strings.ToLower(l.Place.Label()))
		case events.Outdated:
			x.at(l.Ref(), "", bears(f, l.Value), "%q was assessed on %s and changed since.", l.Value.Title, l.Assessment.Value.AssessedOn).Sources = []soc1.Ref{l.Assessment.Ref()}
		}
	}
}

func notTakenUp(f *Facts, x *found) {
	r := happened(f)
	if r == nil {
		return
	}
	for i := range r.Lines {
		l := &r.Lines[i]
		for _, m := range l.Matters {
			if m.Done {
				continue
			}
			field := ""
			if m.Aspect == events.UserEntities {
				field = "told_on"
			}
			y := x.at(l.Ref(), field, bears(f, l.Value), "%s: %s %s", l.Value.Title, m.Text, m.Settle)
			y.Sources = append([]soc1.Ref{l.Assessment.Ref()}, m.By...)
		}
	}
}

func unconfirmed(f *Facts, x *found) {
	r := happened(f)
	if r == nil || r.Dated == "" || r.Dated > f.Today {
		return
	}
	lagging := r.Lagging()
	if len(lagging) == 0 {
		return
	}
	y := x.at(r.Letter.Ref(), "", nil, "The letter is dated %s, and %d of %d asked %s not confirmed up to that day.", r.Dated,
		len(lagging), len(r.Words), english.Choose(len(lagging), "has", "have"))
	y.Sources = append(y.Sources, peopleOf(lagging)...)
}

func peopleOf(words []events.Word) []soc1.Ref {
	var out []soc1.Ref
	for _, w := range words {
		out = append(out, w.Person.Ref())
	}
	return out
}
