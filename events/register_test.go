package events

import (
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

const today = soc1.Date("2026-02-10")

func typed[T any](kind, id string, v T) record.Typed[T] {
	return record.Typed[T]{Record: record.Record{Ledger: "org", Kind: kind, ID: id, Revision: 1}, Value: v}
}

// year is a report on 2025 with two people in it and nothing that happened.
func year() *Facts {
	return &Facts{
		Engagement: typed("engagement", "e", soc1.Engagement{Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31", Objectives: []string{"o"}}),
		Today:      today,
		Objectives: []record.Typed[soc1.ControlObjective]{typed("control_objective", "o", soc1.ControlObjective{}), typed("control_objective", "other", soc1.ControlObjective{})},
		Controls: []record.Typed[soc1.Control]{
			typed("control", "c", soc1.Control{Owner: "olga", Performer: "olga", Objectives: []string{"o"}}),
			typed("control", "d", soc1.Control{Owner: "nobody-here", Objectives: []string{"other"}}),
		},
		People: []record.Typed[soc1.Person]{
			typed("person", "olga", soc1.Person{Name: "Olga", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.ControlOwner}}),
			typed("person", "ellen", soc1.Person{Name: "Ellen", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.Executive}}),
			typed("person", "left", soc1.Person{Name: "Left", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.Executive}, ActiveTo: "2025-11-30"}),
			typed("person", "nobody-here", soc1.Person{Name: "Other", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{soc1.ControlOwner}}),
			typed("person", "pat", soc1.Person{Name: "Pat", Side: soc1.SideAuditFirm, Roles: []soc1.Role{soc1.EngagementPartner}}),
		},
		Exists: func(r soc1.Ref) bool { return r.ID != "gone" },
	}
}

func happened(began, ended, known soc1.Date) soc1.Event {
	return soc1.Event{Title: "Late file", Reference: "INC-7", Nature: soc1.EventIncident, Text: "It was late.", Began: began, Ended: ended, KnownOn: known, Owner: "olga"}
}

func (f *Facts) add(e soc1.Event) *Facts {
	f.Events = append(f.Events, typed("event", "v", e))
	return f
}

func (f *Facts) letter(dated soc1.Date, text string) *Facts {
	f.Letters = append(f.Letters, typed("representation_letter", "l", soc1.RepresentationLetter{Engagement: "e", Dated: dated, Disclosures: text}))
	return f
}

func no() soc1.EventEffect { return soc1.EventEffect{Answer: soc1.No, Why: "It does not."} }

func yes(by ...soc1.Ref) soc1.EventEffect {
	return soc1.EventEffect{Answer: soc1.Yes, Why: "It does.", Answered: by}
}

func (f *Facts) assessed(change func(*soc1.EventAssessment)) *Facts {
	a := soc1.EventAssessment{Event: "v", Revision: 1, Engagement: "e", Description: no(), Controls: no(), Representations: no(), Subsequent: no(), AssessedBy: "dan", AssessedOn: "2026-01-10"}
	if change != nil {
		change(&a)
	}
	x := typed("event_assessment", "a"+string(rune('0'+len(f.Assessments))), a)
	x.Pos = int64(len(f.Assessments) + 1)
	f.Assessments = append(f.Assessments, x)
	return f
}

func TestPlaces(t *testing.T) {
	lasts := happened("2024-11-01", "", "")
	lasts.Lasts = true
	for _, c := range []struct {
		what  string
		event soc1.Event
		dated soc1.Date
		want  Place
	}{
		{"the first day of the period", happened("2025-01-01", "", ""), "", Within},
		{"the last day of the period", happened("2025-12-31", "", ""), "", Within},
		{"begun before, over in the period", happened("2024-12-20", "2025-01-01", ""), "", Within},
		{"begun before and going on", lasts, "", Within},
		{"over the day before the period", happened("2024-12-20", "2024-12-31", ""), "", Before},
		{"over before, learned of in the period", happened("2024-12-20", "2024-12-31", "2025-03-01"), "", Learned},
		{"in the period, learned of after it", happened("2025-12-30", "", "2026-01-08"), "", LearnedLate},
		{"the day after the period", happened("2026-01-01", "", ""), "", Subsequent},
		{"on the day of the report", happened("2026-01-31", "", ""), "2026-01-31", Subsequent},
		{"the day after the report", happened("2026-02-01", "", ""), "2026-01-31", After},
		{"in the period, found after the report", happened("2025-06-01", "", "2026-02-05"), "2026-01-31", FoundLater},
		{"over before the period, found after the report", happened("2024-06-01", "", "2026-02-05"), "2026-01-31", After},
		{"a report dated ahead asks up to today", happened("2026-02-01", "", ""), "2026-03-31", Subsequent},
	} {
		f := year().add(c.event)
		if c.dated != "" {
			f.letter(c.dated, "")
		}
		r := Of(f)
		if got := r.Lines[0].Place; got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got.Label(), c.want.Label())
		}
		if asked := r.Lines[0].State != NotAsked; asked != c.want.Asked() {
			t.Errorf("%s: asked %v", c.what, asked)
		}
	}
	leap := year().add(happened("2024-02-29", "", ""))
	leap.Engagement.Value = soc1.Engagement{Type: soc1.Type1, AsOf: "2024-02-29"}
	if got := Of(leap).Lines[0].Place; got != Within {
		t.Errorf("on the very day of a Type I report: %s", got.Label())
	}
}

// TestWhatFollows spoils and answers one consequence after the other.
func TestWhatFollows(t *testing.T) {
	told := happened("2025-04-02", "", "")
	told.UserEntities, told.ToldOn = []string{"u", "w"}, "2025-04-03"
	untold := told
	untold.ToldOn = ""
	section := soc1.Ref{Kind: "significant_change", ID: "s"}
	gone := soc1.Ref{Kind: "significant_change", ID: "gone"}
	for _, c := range []struct {
		what   string
		facts  *Facts
		state  State
		aspect Aspect
		text   string
	}{
		{"nobody assessed it", year().add(told), Unassessed, 0, ""},
		{"nothing follows", year().add(told).assessed(nil), Settled, UserEntities, "2 user entities were affected, and told on 2025-04-03."},
		{"user entities were not told", year().add(untold).assessed(nil), Open, UserEntities, "nothing says that they were told"},
		{"the description is silent", year().add(told).assessed(func(a *soc1.EventAssessment) { a.Description = yes() }), Open, Description, "nothing takes it up"},
		{"what described it is gone", year().add(told).assessed(func(a *soc1.EventAssessment) { a.Description = yes(gone) }), Open, Description, "no longer there"},
		{"the description tells of it", year().add(told).assessed(func(a *soc1.EventAssessment) { a.Description = yes(gone, section) }), Settled, Description, "has to tell of it, and it is taken up."},
		{"the control is not taken up", year().add(told).assessed(func(a *soc1.EventAssessment) { a.Controls = yes() }), Open, Controls, "nothing takes it up"},
		{"there is no letter", year().add(told).assessed(func(a *soc1.EventAssessment) { a.Representations = yes() }), Open, Representations, "no letter"},
		{"the letter is silent", year().add(told).letter("2026-01-31", "Nothing.").assessed(func(a *soc1.EventAssessment) { a.Representations = yes() }), Open, Representations, "neither its title nor its reference"},
		{"the letter discloses it", year().add(told).letter("2026-01-31", "As told under inc-7.").assessed(func(a *soc1.EventAssessment) { a.Representations = yes() }), Settled, Representations, "and it does"},
		{"the letter of a subservice organization does not count", func() *Facts {
			f := year().add(told).letter("2026-01-31", "As told under inc-7.").assessed(func(a *soc1.EventAssessment) { a.Representations = yes() })
			f.Letters[0].Value.SubserviceOrganization = "s"
			return f
		}(), Open, Representations, "no letter"},
		{"another report's assessment does not count", func() *Facts {
			f := year().add(told).assessed(nil)
			f.Assessments[0].Value.Engagement = "another"
			return f
		}(), Unassessed, 0, ""},
		{"the later assessment counts", year().add(told).assessed(func(a *soc1.EventAssessment) { a.Controls = yes() }).assessed(nil), Settled, UserEntities, "told on"},
		{"something became known since", func() *Facts {
			f := year().add(told).assessed(nil)
			f.Events[0].Revision = 2
			return f
		}(), Outdated, UserEntities, "told on"},
	} {
		l := Of(c.facts).Lines[0]
		if l.State != c.state {
			t.Errorf("%s: %s, want %s", c.what, l.State.Label(), c.state.Label())
		}
		at := slices.IndexFunc(l.Matters, func(m Matter) bool { return m.Aspect == c.aspect })
		if c.text == "" {
			if len(l.Matters) > 0 {
				t.Errorf("%s: %v", c.what, l.Matters)
			}
			continue
		}
		if at < 0 || !strings.Contains(l.Matters[at].Text, c.text) {
			t.Errorf("%s: %v, want %q", c.what, l.Matters, c.text)
			continue
		}
		if m := l.Matters[at]; m.Done != (m.Settle == "") {
			t.Errorf("%s: done %v, and %q would settle it", c.what, m.Done, m.Settle)
		}
	}
}

func TestWords(t *testing.T) {
	f := year()
	names := func(list []Word) string {
		var out []string
		for _, w := range list {
			out = append(out, w.Person.Value.Name+" "+string(w.Through))
		}
		return strings.Join(out, ", ")
	}
	confirm := func(by string, through soc1.Date, engagement string) {
		f.Confirmations = append(f.Confirmations, typed("event_confirmation", by+string(through), soc1.EventConfirmation{Engagement: engagement, By: by, Through: through, On: through}))
	}
	check := func(what, words, lagging string, through, wanted soc1.Date) {
		t.Helper()
		r := Of(f)
		if got := names(r.Words); got != words {
			t.Errorf("%s: asked are %q, want %q", what, got, words)
		}
		if got := names(r.Lagging()); got != lagging {
			t.Errorf("%s: %q lag behind, want %q", what, got, lagging)
		}
		if r.Through != through || r.Wanted() != wanted {
			t.Errorf("%s: through %q, wanted %q", what, r.Through, r.Wanted())
		}
	}
	check("nobody confirmed", "Ellen , Olga ", "Ellen , Olga ", "", "2025-12-31")
	confirm("olga", "2025-12-31", "e")
	confirm("olga", "2025-06-30", "e")
	confirm("ellen", "2026-01-31", "another report")
	check("one did", "Ellen , Olga 2025-12-31", "Ellen ", "", "2025-12-31")
	confirm("ellen", "2026-01-31", "e")
	check("both did", "Olga 2025-12-31, Ellen 2026-01-31", "", "2025-12-31", "2025-12-31")
	f.letter("2026-01-31", "")
	check("the report is dated", "Olga 2025-12-31, Ellen 2026-01-31", "Olga 2025-12-31", "2025-12-31", "2026-01-31")
	f.Today = "2025-12-31"
	check("the period is not over", "Olga 2025-12-31, Ellen 2026-01-31", "", "2025-12-31", "")
}

func TestSentences(t *testing.T) {
	e := happened("2025-04-02", "2025-04-03", "")
	e.Transactions, e.Amount = 1200, soc1.Money{Minor: 512300, Currency: "USD"}
	for want, change := range map[string]func(*soc1.Event){
		"Late file (INC-7), incident, April 2, 2025 to April 3, 2025: 1,200 transactions, USD 5,123.00; not yet put right.":          func(*soc1.Event) {},
		"Late file (INC-7), incident, April 2, 2025 to April 3, 2025: 1,200 transactions, USD 5,123.00; put right on April 4, 2025.": func(e *soc1.Event) { e.ResolvedOn = "2025-04-04" },
		"Late file, allegation of fraud, since April 2, 2025; open.": func(e *soc1.Event) {
			*e = soc1.Event{Title: e.Title, Nature: soc1.EventFraud, Began: e.Began, Lasts: true}
		},
		"Late file, change, April 2, 2025.": func(e *soc1.Event) { *e = soc1.Event{Title: e.Title, Nature: soc1.EventChange, Began: e.Began} },
		"Late file (INC-7), incident, April 2, 2025 to April 3, 2025: 1 transaction, USD 5,123.00; not yet put right.": func(e *soc1.Event) { e.Transactions = 1 },
	} {
		x := e
		change(&x)
		if got := Sentence(x, today); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	f := year().add(e).assessed(func(a *soc1.EventAssessment) { a.Subsequent = yes() })
	if got := Of(f).Disclosure(); len(got) != 1 || !strings.HasPrefix(got[0], "Late file (INC-7)") {
		t.Errorf("for the letter: %q", got)
	}
	if got := Of(year().add(e).assessed(nil)).Disclosure(); len(got) != 0 {
		t.Errorf("nothing is to be disclosed, and there is %q", got)
	}
}
