package gap

import (
	"cmp"
	"context"
	"slices"

	"reperform/record"
	"reperform/soc1"
)

// Acceptance is somebody's decision to live with a finding until a day.
type Acceptance struct {
	Ref soc1.Ref
	soc1.GapAcceptance
}

// Result is everything that was found for a question.
type Result struct {
	Question Question
	// Findings are ordered by severity, then by rule and subject.
	Findings []Finding
	// Ran are the rules that were run, Skipped those that have nothing to read
	// here: the auditor's file when management asks, or a draft that was not given.
	Ran, Skipped []*Rule
}

// Open are the findings that nobody accepted.
func (r *Result) Open() []*Finding {
	var out []*Finding
	for i := range r.Findings {
		if r.Findings[i].Accepted == nil {
			out = append(out, &r.Findings[i])
		}
	}
	return out
}

// Count is the number of open findings of a severity.
func (r *Result) Count(s Severity) int {
	n := 0
	for _, f := range r.Open() {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Engine runs rules and remembers what they found, so that asking again costs
// only the rules whose records changed. Its zero value is ready; it is not safe
// for concurrent use.
type Engine struct {
	keeper keeper
	found  map[string]kept
	// ran counts the rules that were run, for tests.
	ran int
}

// Run answers a question. org is the organization's ledger; work holds the tests
// of the side asked about: the same ledger for management, the examination's for
// its auditor. It fails when the engagement does not exist or a record cannot be
// read.
func (e *Engine) Run(ctx context.Context, q Question, org, work Source) (*Result, error) {
	if e.found == nil {
		e.found, e.keeper = map[string]kept{}, keeper{lists: map[string]kept{}, made: map[string]kept{}}
	}
	f := &Facts{Question: q, ctx: ctx, org: org, work: work, kept: &e.keeper}
	if err := f.load(); err != nil {
		return nil, err
	}
	out := &Result{Question: q}
	for _, r := range Rules() {
		if r.Whose == AuditorFile && q.By != soc1.ByAuditor || !r.Given.in(q) {
			out.Skipped = append(out.Skipped, r)
			continue
		}
		out.Ran = append(out.Ran, r)
		list := e.one(f, r)
		if f.err != nil {
			return nil, f.err
		}
		out.Findings = append(out.Findings, list...)
	}
	f.accept(out.Findings)
	slices.SortStableFunc(out.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(Severities, a.Severity), slices.Index(Severities, b.Severity)), cmp.Compare(a.Rule.ID, b.Rule.ID),
			cmp.Compare(a.Subject.Kind, b.Subject.Kind), cmp.Compare(a.Subject.ID, b.Subject.ID), cmp.Compare(a.Field, b.Field))
	})
	return out, f.err
}

// one gives what a rule finds. What depends on more than records is found anew.
func (e *Engine) one(f *Facts, r *Rule) []Finding {
	key := r.ID + "\x00" + f.org.Ledger() + "\x00" + f.work.Ledger() + "\x00" + f.Question.Engagement
	stamp := f.stamp(r.Reads)
	if x, ok := e.found[key]; ok && x.stamp == stamp && r.Given == RecordsAlone {
		return x.value.([]Finding)
	}
	e.ran++
	x := &found{rule: r}
	r.find(f, x)
	if r.Given == RecordsAlone {
		e.found[key] = kept{stamp, x.list}
	}
	return x.list
}

// accept marks the findings that somebody accepted until today or later. Of
// several acceptances the last one counts.
func (f *Facts) accept(list []Finding) {
	by := map[string]*Acceptance{}
	for _, a := range of[soc1.GapAcceptance](f, "gap_acceptance") {
		v := a.Value
		r, ok := RuleOf(v.Rule)
		if !ok || r.Never || v.Engagement != "" && v.Engagement != f.Engagement.ID || v.ExpiresOn < f.Today || v.AcceptedOn > f.Today {
			continue
		}
		key := (&Finding{Rule: r, Subject: v.Subject, Field: v.Field}).Key()
		if before := by[key]; before == nil || before.AcceptedOn < v.AcceptedOn {
			by[key] = &Acceptance{a.Ref(), v}
		}
	}
	for i := range list {
		list[i].Accepted = by[list[i].Key()]
	}
}

var _ Source = (*record.View)(nil)
