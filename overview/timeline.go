package overview

import (
	"fmt"

	"reperform/soc1"
)

// Workstream is one bar of the audit timeline.
type Workstream struct {
	Key, Label string
	// From and To are its first and last day by the records; both are empty
	// when no record gives one yet.
	From, To soc1.Date
	// Done of Of is how far it is; Of is zero where nothing is counted.
	Done, Of int
	// Note says so in words.
	Note string
	// Refs are the records that the dates and counts came from.
	Refs []soc1.Ref
}

// spread widens a bar by a day.
func (w *Workstream) spread(on soc1.Date, ref soc1.Ref) {
	if on == "" {
		return
	}
	w.From, w.To = earliest(w.From, on), latest(w.To, on)
	w.Refs = append(w.Refs, ref)
}

// Timeline lists the workstreams of an engagement: its period, walkthroughs,
// testing, exceptions and report. Walkthroughs stand in the auditor's file and
// are listed for the auditor only. No date is planned or guessed: bars run from
// the first recorded day to the last; where work is unfinished, to today.
func (o *Overview) Timeline() []Workstream {
	out := []Workstream{o.periodStream()}
	if o.By == soc1.ByAuditor {
		out = append(out, o.walkthroughStream())
	}
	return append(out, o.testingStream(), o.exceptionStream(), o.reportStream())
}

func (o *Overview) periodStream() Workstream {
	w := Workstream{Key: "period", Label: "Period examined", From: o.Period.From, To: o.Period.To}
	if o.Question.Engagement != "" {
		w.Refs = []soc1.Ref{o.Engagement.Ref()}
	}
	w.Of = w.From.DaysUntil(w.To) + 1
	w.Done = min(max(w.From.DaysUntil(o.Question.Today)+1, 0), w.Of)
	w.Note = fmt.Sprintf("day %d of %d", w.Done, w.Of)
	switch {
	case !w.From.Valid() || !w.To.Valid():
		w = Workstream{Key: w.Key, Label: w.Label, Refs: w.Refs, Note: "no dates recorded"}
	case w.Done == w.Of:
		w.Note = "ended"
	case w.Done == 0:
		w.Note = "not begun"
	}
	return w
}

func (o *Overview) walkthroughStream() Workstream {
	w := Workstream{Key: "walkthroughs", Label: "Walkthroughs"}
	walked := map[int]bool{}
	for i := range o.records.Walkthroughs {
		x := &o.records.Walkthroughs[i]
		at, ok := o.place[x.Value.Control]
		if !ok || !o.concerns(x.Value.Engagement) || x.Value.PerformedOn > o.Question.Today {
			continue
		}
		walked[at] = true
		w.spread(x.Value.PerformedOn, x.Ref())
	}
	for at := range o.Controls {
		if o.Controls[at].Control.Key {
			w.Of++
			if walked[at] {
				w.Done++
			}
		}
	}
	w.Note = fmt.Sprintf("%d of %s", w.Done, plural(w.Of, "key control"))
	return w
}

func (o *Overview) testingStream() Workstream {
	w := Workstream{Key: "testing", Label: "Testing", Done: o.Mix.Tested(), Of: o.Mix.Total()}
	if o.By == soc1.ByManagement {
		w.Label = "Own testing"
	}
	for at := range o.Controls {
		s := &o.testing.by[at]
		if s.last == "" {
			continue
		}
		w.spread(s.first, s.lastRef)
		w.To = latest(w.To, s.last)
	}
	if w.From != "" && w.Done < w.Of {
		w.To = latest(w.To, o.Question.Today)
	}
	w.Note = fmt.Sprintf("%d of %s", w.Done, plural(w.Of, "control"))
	return w
}

func (o *Overview) exceptionStream() Workstream {
	w := Workstream{Key: "exceptions", Label: "Exceptions", Of: len(o.Exceptions)}
	for i := range o.Exceptions {
		x := &o.Exceptions[i]
		if x.Status != soc1.Open {
			w.Done++
			w.spread(x.DecidedOn, x.Ref)
			continue
		}
		// An exception carries no date until it is decided; it was found with
		// the work on its test.
		w.spread(o.testing.by[x.control].last, x.Ref)
	}
	open := w.Of - w.Done
	if w.From != "" && open > 0 {
		w.To = latest(w.To, o.Question.Today)
	}
	switch {
	case w.Of == 0:
		w.Note = "none found"
	case open == 0:
		w.Note = "all decided"
	default:
		w.Note = fmt.Sprintf("%d open", open)
	}
	return w
}

// reportStream runs from the first signature or date of the report to its
// release. Management sees its own signatures, the auditor opinion and release.
func (o *Overview) reportStream() Workstream {
	w := Workstream{Key: "report", Label: "Report", Note: "not begun"}
	step := func(on soc1.Date, ref soc1.Ref, note string) {
		w.Of++
		if on != "" && on <= o.Question.Today {
			w.Done++
			w.Note = note
			w.spread(on, ref)
		}
	}
	for i := range o.records.Assertions {
		if x := &o.records.Assertions[i]; o.concerns(x.Value.Engagement) && x.Value.SubserviceOrganization == "" {
			step(x.Value.SignedOn, x.Ref(), "assertion signed")
		}
	}
	for i := range o.records.Letters {
		if x := &o.records.Letters[i]; o.concerns(x.Value.Engagement) && x.Value.SubserviceOrganization == "" {
			step(x.Value.SignedOn, x.Ref(), "letter signed")
		}
	}
	if o.By != soc1.ByAuditor {
		return w
	}
	for i := range o.records.Opinions {
		if x := &o.records.Opinions[i]; o.concerns(x.Value.Engagement) {
			step(x.Value.On, x.Ref(), "opinion entered")
		}
	}
	for i := range o.records.Examinations {
		if x := &o.records.Examinations[i]; o.concerns(x.Value.Engagement.ID) {
			step(x.Value.ReleasedOn, x.Ref(), "released")
		}
	}
	return w
}
