package intake

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

// Facts are what a register is made of. Records are those of the organization's ledger
// as they are known, without those that are retired.
type Facts struct {
	Today soc1.Date
	// Engagement is the report whose period is to be covered; the zero value where none
	// is planned, and then nothing is said of coverage.
	Engagement    record.Typed[soc1.Engagement]
	Organizations []record.Typed[soc1.SubserviceOrganization]
	Reports       []record.Typed[soc1.ObtainedReport]
	Confirmations []Confirmation
	// Control tells whether there is a control of an id.
	Control func(id string) bool
}

// Confirmation is somebody's word on a report.
type Confirmation = record.Typed[soc1.SubserviceConfirmation]

// Register is where all subservice organizations stand.
type Register struct {
	Today      soc1.Date
	Engagement record.Typed[soc1.Engagement]
	// From and To are the days that the organization's own report speaks of; empty
	// without one.
	From, To soc1.Date
	// Lines are the organizations, in their order in the report.
	Lines []Line
}

// Line is a subservice organization and where it stands.
type Line struct {
	record.Typed[soc1.SubserviceOrganization]
	// Reports are those taken in, the latest first.
	Reports []Report
	Coverage
	// Latest is its latest report: that of the confirmed report, where there is one, and
	// else what the organization's record has of one.
	Latest soc1.SubserviceReport
	// LatestOf is the confirmed report behind Latest; nil where it was noted only.
	LatestOf *Report
	// Open is what is open, the most pressing first.
	Open []Matter
}

// State is where a report stands.
type State int

// The states.
const (
	// Waiting was taken in, and nobody has confirmed it.
	Waiting State = iota
	// Changed was confirmed and says something else now.
	Changed
	// Confirmed is confirmed as it stands.
	Confirmed
)

// Label is the words a person reads.
func (s State) Label() string {
	return [...]string{"To be confirmed", "Changed since confirmed", "Confirmed"}[s]
}

// Key is its spelling in output.
func (s State) Key() string { return [...]string{"waiting", "changed", "confirmed"}[s] }

// Report is a report taken in and where it stands.
type Report struct {
	record.Typed[soc1.ObtainedReport]
	State State
	// Confirmation is the latest on what stands, or on what stood before; nil without one.
	Confirmation *Confirmation
}

// Counts reports whether the report counts.
func (r *Report) Counts() bool { return r.State == Confirmed }

// End is the last day that it speaks of.
func (r *Report) End() soc1.Date { return cmp.Or(r.Value.PeriodTo, r.Value.AsOf) }

// MatterKind is what is open.
type MatterKind string

// The matters, the most pressing first.
const (
	MatterMissing   MatterKind = "no_report"
	MatterToConfirm MatterKind = "to_confirm"
	MatterGap       MatterKind = "gap"
	MatterOpinion   MatterKind = "opinion"
	MatterException MatterKind = "exception"
	MatterCUEC      MatterKind = "user_entity_control"
	MatterNoted     MatterKind = "noted_only"
)

// Matter is something open about a subservice organization.
type Matter struct {
	Kind MatterKind `json:"kind"`
	Text string     `json:"text"`
	Ref  soc1.Ref   `json:"ref"`
	// Field is where, within the record.
	Field string `json:"field,omitempty"`
}

// Of makes the register.
func Of(f *Facts) *Register {
	out := &Register{Today: f.Today, Engagement: f.Engagement}
	if e := f.Engagement; e.ID != "" {
		out.From, out.To = e.Value.Start(), e.Value.End()
	}
	for _, o := range f.Organizations {
		if list := f.Engagement.Value.SubserviceOrganizations; len(list) > 0 && !slices.Contains(list, o.ID) {
			continue
		}
		out.Lines = append(out.Lines, f.line(out, o))
	}
	slices.SortStableFunc(out.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), cmp.Compare(a.Value.Name, b.Value.Name))
	})
	return out
}

// Line is the line of an organization; nil without one.
func (r *Register) Line(id string) *Line {
	for i := range r.Lines {
		if r.Lines[i].ID == id {
			return &r.Lines[i]
		}
	}
	return nil
}

// Report finds a report and the organization's line.
func (r *Register) Report(id string) (*Line, *Report) {
	for i := range r.Lines {
		for j := range r.Lines[i].Reports {
			if x := &r.Lines[i].Reports[j]; x.ID == id {
				return &r.Lines[i], x
			}
		}
	}
	return nil, nil
}

func (f *Facts) line(r *Register, o record.Typed[soc1.SubserviceOrganization]) Line {
	l := Line{Typed: o, Latest: o.Value.LatestReport}
	for _, x := range f.Reports {
		if x.Value.SubserviceOrganization == o.ID {
			l.Reports = append(l.Reports, f.report(x))
		}
	}
	slices.SortStableFunc(l.Reports, func(a, b Report) int {
		return cmp.Or(-cmp.Compare(a.End(), b.End()), -cmp.Compare(a.Value.ReceivedOn, b.Value.ReceivedOn), record.Later(b.Typed, a.Typed))
	})
	for i := range l.Reports {
		if x := &l.Reports[i]; x.Counts() && x.Value.Kind.Covers() {
			l.LatestOf, l.Latest = x, latest(x)
			break
		}
	}
	if o.Value.Method == soc1.CarveOut && r.From.Valid() && r.To.Valid() {
		l.Coverage = cover(&l, r.From, r.To, f.Today)
	}
	l.Open = f.open(&l)
	return l
}

// report says where a report stands. What was confirmed later than the day in question
// had not been confirmed on it.
func (f *Facts) report(x record.Typed[soc1.ObtainedReport]) Report {
	out := Report{Typed: x}
	now := Digest(x.Value)
	for i := range f.Confirmations {
		c := &f.Confirmations[i]
		if c.Value.Report != x.ID || c.Value.On > f.Today {
			continue
		}
		same := c.Value.SHA256 == now
		if same && (out.State != Confirmed || record.Later(*out.Confirmation, *c) <= 0) {
			out.State, out.Confirmation = Confirmed, c
		}
		if !same && out.State != Confirmed && (out.Confirmation == nil || record.Later(*out.Confirmation, *c) <= 0) {
			out.State, out.Confirmation = Changed, c
		}
	}
	return out
}

// latest is a confirmed report as the organization's record would have it.
func latest(r *Report) soc1.SubserviceReport {
	v := r.Value
	out := soc1.SubserviceReport{Title: v.Title, Auditor: v.Auditor, PeriodFrom: v.PeriodFrom, PeriodTo: v.PeriodTo, Opinion: v.Opinion, ReceivedOn: v.ReceivedOn,
		Review: r.Confirmation.Value.Conclusion, UserEntityControls: v.UserEntityControls}
	for _, b := range v.BridgeLetters {
		out.BridgeLetterTo = max(out.BridgeLetterTo, b.To)
	}
	return out
}

func (f *Facts) open(l *Line) []Matter {
	var out []Matter
	add := func(kind MatterKind, ref soc1.Ref, field, format string, args ...any) {
		out = append(out, Matter{kind, fmt.Sprintf(format, args...), ref, field})
	}
	if l.Value.Method == soc1.CarveOut && len(l.Months) > 0 && !l.Latest.PeriodTo.Valid() {
		add(MatterMissing, l.Ref(), "", "No confirmed Type II report on its controls is here.")
	}
	for i := range l.Reports {
		switch r := &l.Reports[i]; r.State {
		case Waiting:
			add(MatterToConfirm, r.Ref(), "", "“%s” is to be confirmed: nothing of it counts yet.", r.Value.Title)
		case Changed:
			add(MatterToConfirm, r.Ref(), "", "“%s” was changed since it was confirmed on %s: confirm it again.", r.Value.Title, r.Confirmation.Value.On)
		}
	}
	if n := l.Gaps; n > 0 && l.Latest.PeriodTo.Valid() {
		add(MatterGap, l.Ref(), "", "%s of our period %s covered by no report and no bridge letter: %s.%s", english.Count(n, "month"), english.Choose(n, "is", "are"), l.gapMonths(), l.advice())
	}
	for i := range l.Reports {
		r := &l.Reports[i]
		if !r.Counts() || !l.bears(r) {
			continue
		}
		if r.Value.Opinion.Modified() {
			add(MatterOpinion, r.Ref(), "opinion", "Its opinion is modified: %s. See what that means for our objectives.", strings.ToLower(r.Value.Opinion.Label()))
		}
		for j, e := range r.Value.Exceptions {
			if !e.Answered() {
				add(MatterException, r.Ref(), fmt.Sprintf("exceptions[%d]", j), "Its exception is not answered: %s", clip(e.Deviation))
			}
		}
		for j, c := range r.Value.UserEntityControls {
			if !f.Meets(c) {
				add(MatterCUEC, r.Ref(), fmt.Sprintf("user_entity_controls[%d]", j), "No control of ours meets what it expects: %s", clip(c.Text))
			}
		}
	}
	if l.LatestOf == nil && l.Latest.PeriodTo.Valid() {
		add(MatterNoted, l.Ref(), "latest_report", "Its latest report is noted only. Take it in and confirm it.")
	}
	return out
}

// Meets tells whether a control that is expected of us is met by one that there is, or
// does not concern us.
func (f *Facts) Meets(c soc1.ExpectedOfUs) bool {
	return strings.TrimSpace(c.NotApplicable) != "" || slices.ContainsFunc(c.Controls, func(id string) bool { return f.Control == nil || f.Control(id) })
}

// bears tells whether a confirmed report matters for the period: it is the latest, or
// reaches into it.
func (l *Line) bears(r *Report) bool {
	return r == l.LatestOf || len(l.Months) > 0 && r.End() >= l.Months[0].From || len(l.Months) == 0
}

func clip(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 140 {
		return string(r[:139]) + "…"
	}
	return s
}

// Advice in words where the last months of the period are open.
func (l *Line) advice() string {
	switch l.Bridge {
	case scoping.BridgeLetter:
		return " A bridge letter would span the end of it."
	case scoping.TooLong:
		return fmt.Sprintf(" The %s to its end are more than a bridge letter customarily spans; ask for a newer report, or look yourselves.", english.Count(l.BridgeMonths, "month"))
	}
	return ""
}
