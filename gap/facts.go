package gap

import (
	"context"
	"fmt"
	"slices"

	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Source is one ledger as of a point on the two clocks; *record.View is one.
type Source interface {
	Ledger() string
	// Shows tells whether records of a kind may be read.
	Shows(kind string) bool
	// Rows lists the records of a kind.
	Rows(ctx context.Context, kind string) (*record.List, error)
	// Versions lists the versions of a kind's records in force within dates.
	Versions(ctx context.Context, kind string, from, to soc1.Date) ([]record.Version, error)
}

// Question is what is asked: about which engagement, on which day, and of whose
// testing.
type Question struct {
	// Engagement is the id of the engagement; empty where none is planned yet.
	Engagement string
	// Today is the day of the question in the organization's zone.
	Today soc1.Date
	// By is whose tests count: management's own, or the service auditor's.
	By soc1.Party
	// Missing are the SHA-256 of files that the store no longer holds or that
	// are not what they were; nil where nobody looked.
	Missing map[string]bool
	// Report is what the draft of the report says, nil where none was built.
	Report *Report
}

// Report is what a rule needs to know of the draft of the report.
type Report struct {
	// UserEntityWording says that scope paragraph, opinion and assertion carry
	// the words on complementary user entity controls.
	UserEntityWording bool
	// RestrictedUse and Limitations say that these paragraphs are there.
	RestrictedUse, Limitations bool
	// OtherInformationDisclaimer says that the scope paragraph disclaims
	// Section V.
	OtherInformationDisclaimer bool
	// Periods are the dates that each of the sections I to IV states, as text.
	Periods map[string]string
	// Statements are the statements of controls by control in Sections III and
	// IV.
	Statements map[string][2]string
}

// Facts are the records that rules read, decoded once for each state of a kind.
type Facts struct {
	Question
	Engagement record.Typed[soc1.Engagement]
	// Start and End are the first and last day that the report speaks of.
	Start, End soc1.Date

	ctx       context.Context
	org, work Source
	kept      *keeper
	err       error
}

// keeper holds decoded lists by ledger and kind, and what was made of them.
type keeper struct {
	lists map[string]kept
	made  map[string]kept
	texts map[string]*reading
}

// kept is a value with the stamps of what it was made of.
type kept struct {
	stamp string
	value any
}

// of lists the records in use of a kind, of the ledger that holds it for this
// question. What cannot be read is none.
func of[T any](f *Facts, kind string) []record.Typed[T] {
	s := f.source(kind)
	if f.err != nil || s == nil || !s.Shows(kind) {
		return nil
	}
	l, err := s.Rows(f.ctx, kind)
	if err != nil {
		f.err = fmt.Errorf("reading %s records of ledger %s: %w", kind, s.Ledger(), err)
		return nil
	}
	key, stamp := s.Ledger()+"/"+kind, fmt.Sprint(l.Stamp())
	if x, ok := f.kept.lists[key]; ok && x.stamp == stamp {
		return x.value.([]record.Typed[T])
	}
	out := make([]record.Typed[T], 0, l.Live())
	l.All(func(it *record.Item) bool {
		if !it.Live() {
			return true
		}
		v, err := record.Value[T](it)
		if err != nil {
			f.err = fmt.Errorf("ledger %s: %w", s.Ledger(), err)
			return false
		}
		out = append(out, record.Typed[T]{Record: it.Record, Value: v})
		return true
	})
	f.kept.lists[key] = kept{stamp, out}
	return out
}

// source is the ledger that holds a kind: tests and what belongs to them stand
// in the ledger of whoever tests, everything else in the organization's.
func (f *Facts) source(kind string) Source {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		f.err = err
		return nil
	}
	switch k.Home {
	case record.Organization:
		return f.org
	case record.Examination:
		if f.By != soc1.ByAuditor {
			return nil
		}
		return f.work
	}
	if kind == "person" {
		return f.org
	}
	return f.work
}

// made gives a value that follows from kinds, made once for each state of them
// and each question.
func made[V any](f *Facts, name string, kinds []string, make func() V) V {
	stamp := f.stamp(kinds)
	if x, ok := f.kept.made[name]; ok && x.stamp == stamp {
		return x.value.(V)
	}
	v := make()
	f.kept.made[name] = kept{stamp, v}
	return v
}

// stamp tells one state of kinds from another, for this question.
func (f *Facts) stamp(kinds []string) string {
	b := fmt.Appendf(nil, "%s\x00%s\x00%s\x00%s\x00%s", f.Question.Engagement, f.Today, f.By, f.org.Ledger(), f.work.Ledger())
	for _, kind := range kinds {
		s := f.source(kind)
		if s == nil || !s.Shows(kind) {
			b = append(b, 0, '-')
			continue
		}
		l, err := s.Rows(f.ctx, kind)
		if err != nil {
			f.err = fmt.Errorf("reading %s records of ledger %s: %w", kind, s.Ledger(), err)
			return ""
		}
		b = fmt.Appendf(b, "\x00%d", l.Stamp())
	}
	return string(b)
}

// load reads the engagement in question; without one, the rules about a period
// have nothing to say.
func (f *Facts) load() error {
	f.Engagement, _ = record.Find(of[soc1.Engagement](f, "engagement"), f.Question.Engagement)
	if f.err == nil && f.Question.Engagement != "" && f.Engagement.ID == "" {
		return fmt.Errorf("there is no engagement %q in ledger %s", f.Question.Engagement, f.org.Ledger())
	}
	if e := f.Engagement.Value; f.Engagement.ID != "" {
		f.Start, f.End = e.Start(), e.End()
	}
	return f.err
}

// type2 tells whether the engagement covers a period.
func (f *Facts) type2() bool { return f.Engagement.Value.Type == soc1.Type2 }

// dated tells whether the days that the report speaks of are known.
func (f *Facts) dated() bool { return f.Start.Valid() && f.End.Valid() && f.Start <= f.End }

// during lists the versions of a kind in force within dates.
func (f *Facts) during(kind string, from, to soc1.Date) []record.Version {
	if f.err != nil || !f.org.Shows(kind) {
		return nil
	}
	return made(f, "versions/"+kind+"/"+string(from)+"/"+string(to), []string{kind}, func() []record.Version {
		v, err := f.org.Versions(f.ctx, kind, from, to)
		if err != nil {
			f.err = fmt.Errorf("reading versions of %s records: %w", kind, err)
		}
		return v
	})
}

// has tells whether a list is empty, meaning all, or names an id.
func has(ids []string, id string) bool { return len(ids) == 0 || slices.Contains(ids, id) }

// objectives are those in scope of the engagement; without one, all that are not
// omitted.
func (f *Facts) objectives() []record.Typed[soc1.ControlObjective] {
	return made(f, "objectives", []string{"control_objective", "engagement"}, func() []record.Typed[soc1.ControlObjective] {
		var out []record.Typed[soc1.ControlObjective]
		for _, o := range of[soc1.ControlObjective](f, "control_objective") {
			if !o.Value.Omitted() && has(f.Engagement.Value.Objectives, o.ID) {
				out = append(out, o)
			}
		}
		return out
	})
}

// linked are controls by objective, risk and id.
type linked struct {
	all         []record.Typed[soc1.Control]
	byID        map[string]*record.Typed[soc1.Control]
	byObjective map[string][]*record.Typed[soc1.Control]
	byRisk      map[string][]*record.Typed[soc1.Control]
}

func (f *Facts) controls() *linked {
	return made(f, "controls", []string{"control"}, func() *linked {
		l := &linked{all: of[soc1.Control](f, "control"), byID: map[string]*record.Typed[soc1.Control]{}, byObjective: map[string][]*record.Typed[soc1.Control]{}, byRisk: map[string][]*record.Typed[soc1.Control]{}}
		for i := range l.all {
			c := &l.all[i]
			l.byID[c.ID] = c
			for _, o := range c.Value.Objectives {
				l.byObjective[o] = append(l.byObjective[o], c)
			}
			for _, x := range c.Value.Risks {
				l.byRisk[x] = append(l.byRisk[x], c)
			}
		}
		return l
	})
}

// inScope are the controls of the objectives in scope, and those of the entity
// as a whole.
func (f *Facts) inScope() []*record.Typed[soc1.Control] {
	return made(f, "controls in scope", []string{"control", "control_objective", "engagement"}, func() []*record.Typed[soc1.Control] {
		listed := map[string]bool{}
		for _, o := range f.objectives() {
			listed[o.ID] = true
		}
		l := f.controls()
		var out []*record.Typed[soc1.Control]
		for i := range l.all {
			c := &l.all[i]
			if c.Value.EntityLevel() || slices.ContainsFunc(c.Value.Objectives, func(id string) bool { return listed[id] }) {
				out = append(out, c)
			}
		}
		return out
	})
}

// subservice are the subservice organizations that concern the engagement.
func (f *Facts) subservice() []record.Typed[soc1.SubserviceOrganization] {
	var out []record.Typed[soc1.SubserviceOrganization]
	for _, s := range of[soc1.SubserviceOrganization](f, "subservice_organization") {
		if has(f.Engagement.Value.SubserviceOrganizations, s.ID) {
			out = append(out, s)
		}
	}
	return out
}

// sections are those of the engagement's description.
func (f *Facts) sections() []record.Typed[soc1.DescriptionSection] {
	var out []record.Typed[soc1.DescriptionSection]
	for _, s := range of[soc1.DescriptionSection](f, "description_section") {
		if s.Value.Engagement == "" || s.Value.Engagement == f.Engagement.ID {
			out = append(out, s)
		}
	}
	return out
}

// mine tells whether a record of testing belongs to the engagement and to the
// side that is asked about.
func (f *Facts) mine(engagement string, by soc1.Party) bool {
	return engagement == f.Engagement.ID && (by == "" || by == f.By)
}

// tests are those of the engagement by the side asked about.
func (f *Facts) tests() []record.Typed[soc1.TestOfControl] {
	var out []record.Typed[soc1.TestOfControl]
	for _, t := range of[soc1.TestOfControl](f, "test_of_control") {
		if f.mine(t.Value.Engagement, t.Value.By) {
			out = append(out, t)
		}
	}
	return out
}

// testKinds are what the evaluation of a file reads.
var testKinds = []string{"engagement", "control_objective", "control", "risk", "assertion", "representation_letter", "management_response", "test_of_control", "attribute", "population",
	"sample", "test_run", "result", "exception", "deviation", "conclusion", "opinion", "evidence", "nonce"}

// flags are what package evaluation finds, by rule.
func (f *Facts) flags() map[string][]evaluation.Flag {
	return made(f, "flags", testKinds, func() map[string][]evaluation.Flag {
		out := map[string][]evaluation.Flag{}
		org, ok := f.org.(*record.View)
		work, also := f.work.(*record.View)
		if !ok || !also || f.Engagement.ID == "" {
			return out
		}
		file, err := evaluation.Load(f.ctx, work, org, f.Engagement.ID)
		if err != nil {
			f.err = err
			return out
		}
		for _, x := range file.Consequences().Flags {
			out[x.Rule] = append(out[x.Rule], x)
		}
		return out
	})
}

// evaluated is a rule that package evaluation decides.
func evaluated(id string) func(*Facts, *found) {
	return func(f *Facts, x *found) {
		for _, flag := range f.flags()[id] {
			y := x.at(flag.Subject, "", f.behind(flag.Subject), "%s", flag.Text)
			y.Sources = flag.Sources
			// A flag may weigh less than its rule where its text says why.
			if flag.Severity != usual[id] {
				y.Severity = flag.Severity
			}
		}
	}
}

// behind are the objectives that a record of testing bears on, by the control that
// is tested; none where it concerns them all.
func (f *Facts) behind(ref soc1.Ref) []string {
	control := ref.ID
	switch ref.Kind {
	case "control_objective":
		return []string{ref.ID}
	case "control":
	default:
		control = f.tested()[soc1.Ref{Kind: ref.Kind, ID: ref.ID}]
	}
	return f.objectivesOf(control)
}

// tested is the control behind each record of testing.
func (f *Facts) tested() map[soc1.Ref]string {
	return made(f, "tested", testKinds, func() map[soc1.Ref]string {
		out := map[soc1.Ref]string{}
		by := map[string]string{}
		for _, t := range of[soc1.TestOfControl](f, "test_of_control") {
			by[t.ID] = t.Value.Control
			out[soc1.Ref{Kind: "test_of_control", ID: t.ID}] = t.Value.Control
		}
		for _, x := range of[soc1.Exception](f, "exception") {
			out[soc1.Ref{Kind: "exception", ID: x.ID}] = by[x.Value.Test]
		}
		for _, x := range of[soc1.Deviation](f, "deviation") {
			out[soc1.Ref{Kind: "deviation", ID: x.ID}] = x.Value.Control
		}
		for _, x := range of[soc1.Sample](f, "sample") {
			out[soc1.Ref{Kind: "sample", ID: x.ID}] = by[x.Value.Test]
		}
		for _, x := range of[soc1.Attribute](f, "attribute") {
			out[soc1.Ref{Kind: "attribute", ID: x.ID}] = by[x.Value.Test]
		}
		for _, x := range of[soc1.Conclusion](f, "conclusion") {
			if x.Value.Subject == soc1.OnControl {
				out[soc1.Ref{Kind: "conclusion", ID: x.ID}] = x.Value.SubjectID
			}
		}
		return out
	})
}

// usual are the severities that package evaluation gives its flags.
var usual = func() map[string]Severity {
	out := map[string]Severity{}
	for _, r := range evaluation.Rules() {
		out[r.ID] = r.Severity
	}
	return out
}()
