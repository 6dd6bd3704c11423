package evaluation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// File is what one side's testing of an engagement consists of: the service
// auditor's file, or management's own tests. It may be loaded from views or
// built as a value; nothing here changes it.
type File struct {
	// By says whose work it is.
	By soc1.Party
	// Engagement, Objectives, Controls, Risks, Assertions and Responses are
	// the organization's records.
	Engagement record.Typed[soc1.Engagement]
	Objectives []record.Typed[soc1.ControlObjective]
	Controls   []record.Typed[soc1.Control]
	Risks      []record.Typed[soc1.Risk]
	Assertions []record.Typed[soc1.ManagementAssertion]
	Responses  []record.Typed[soc1.ManagementResponse]
	// The rest is the work of the side that tests.
	Tests       []record.Typed[soc1.TestOfControl]
	Attributes  []record.Typed[soc1.Attribute]
	Populations []record.Typed[soc1.Population]
	Samples     []record.Typed[soc1.Sample]
	Runs        []record.Typed[soc1.TestRun]
	Results     []record.Typed[soc1.Result]
	Exceptions  []record.Typed[soc1.Exception]
	Deviations  []record.Typed[soc1.Deviation]
	Conclusions []record.Typed[soc1.Conclusion]
	Opinions    []record.Typed[soc1.Opinion]
	SignOffs    []record.Typed[soc1.SignOff]
	Evidence    []record.Typed[soc1.Evidence]
	Nonces      []record.Typed[soc1.Nonce]
	// Redactions are the documents of the organization that lie within the
	// engagement and were redacted after the examination had been opened.
	Redactions []record.Redaction
	// GroupItems are the item keys of grouped exceptions by exception id, as
	// the caller read them from the result files. It is optional: without them
	// the overlap of groups is unknown and the figures give bounds.
	GroupItems map[string][]string
	// Past is how the records came to be what they are; LoadPast reads it. It
	// is optional: without it, nothing is flagged that only the past tells.
	Past *Past
	// Tables are the firm's own frequency tables beside those of package
	// sampling.
	Tables []sampling.FrequencyTable

	// byTest are the results of each test, and rows what they were read from, where Load
	// made them: of many tests each looks at its own.
	byTest map[string][]record.Typed[soc1.Result]
	rows   *record.List
}

// Load reads a file from two views: work is the ledger that holds tests and
// results (an examination's, or the organization's own for management's
// tests), org the organization's. Records of other engagements are left out,
// and so are retired and redacted ones. It fails when the engagement does not
// exist or a record cannot be read.
func Load(ctx context.Context, work, org *record.View, engagement string) (*File, error) {
	f := &File{By: soc1.ByAuditor}
	if work.Ledger() == org.Ledger() {
		f.By = soc1.ByManagement
	}
	var err error
	if f.Engagement, err = record.One[soc1.Engagement](ctx, org, "engagement", engagement); err != nil {
		return nil, fmt.Errorf("engagement to evaluate: %w", err)
	}
	mine := func(id string) bool { return id == engagement }
	l := loader{ctx: ctx}
	f.Objectives = load(&l, org, "control_objective", all[soc1.ControlObjective])
	f.Controls = load(&l, org, "control", all[soc1.Control])
	f.Risks = load(&l, org, "risk", all[soc1.Risk])
	f.Assertions = load(&l, org, "assertion", func(x soc1.ManagementAssertion) bool { return mine(x.Engagement) })
	f.Responses = load(&l, org, "management_response", func(x soc1.ManagementResponse) bool { return mine(x.Engagement) })

	f.Tests = load(&l, work, "test_of_control", func(x soc1.TestOfControl) bool { return mine(x.Engagement) })
	tests := map[string]bool{}
	for _, t := range f.Tests {
		tests[t.ID] = true
	}
	f.Attributes = load(&l, work, "attribute", func(x soc1.Attribute) bool { return tests[x.Test] })
	// Populations are shared between tests and joined by others, so all of
	// them are kept.
	f.Populations = load(&l, work, "population", all[soc1.Population])
	f.Samples = load(&l, work, "sample", func(x soc1.Sample) bool { return tests[x.Test] })
	f.Runs = load(&l, work, "test_run", func(x soc1.TestRun) bool { return tests[x.Test] })
	f.readResults(&l, work)
	f.Exceptions = load(&l, work, "exception", func(x soc1.Exception) bool { return tests[x.Test] })
	f.Deviations = load(&l, work, "deviation", func(x soc1.Deviation) bool { return tests[x.Test] })
	f.Conclusions = load(&l, work, "conclusion", func(x soc1.Conclusion) bool { return mine(x.Engagement) })
	f.Opinions = load(&l, work, "opinion", func(x soc1.Opinion) bool { return mine(x.Engagement) })
	f.SignOffs = load(&l, work, "sign_off", func(x soc1.SignOff) bool { return tests[x.Test] })
	f.Evidence = load(&l, work, "evidence", all[soc1.Evidence])
	f.Nonces = load(&l, work, "nonce", all[soc1.Nonce])
	if l.err == nil && f.By == soc1.ByAuditor {
		f.Tables, l.err = firmTables(ctx, work)
	}
	if l.err == nil && f.By == soc1.ByAuditor {
		l.err = f.redactions(ctx, work, org)
	}
	return f, l.err
}

// Again is the file for the papers of its tests, after nothing but results changed in work:
// what people record most is what they found, and each paper looks at its own test's. Its
// Results are empty.
func (f *File) Again(ctx context.Context, work *record.View) (*File, error) {
	rows, err := work.Rows(ctx, "result")
	if err != nil {
		return nil, err
	}
	now := *f
	now.Results, now.rows, now.byTest = nil, rows, maps.Clone(f.byTest)
	old, come := rows.Changes(f.rows)
	gone, fresh := map[string]bool{}, map[string][]record.Typed[soc1.Result]{}
	for _, it := range old {
		gone[it.ID] = true
		r, err := record.Value[soc1.Result](it)
		if err != nil {
			return nil, err
		}
		if _, touched := fresh[r.Test]; !touched {
			fresh[r.Test] = nil
		}
	}
	for _, it := range come {
		r, err := record.Value[soc1.Result](it)
		if err != nil {
			return nil, err
		}
		if _, mine := record.Find(f.Tests, r.Test); mine && it.Live() {
			fresh[r.Test] = append(fresh[r.Test], record.Typed[soc1.Result]{Record: it.Record, Value: r})
		}
	}
	for test, more := range fresh {
		kept := slices.DeleteFunc(slices.Clone(now.byTest[test]), func(r record.Typed[soc1.Result]) bool { return gone[r.ID] })
		kept = append(kept, more...)
		slices.SortFunc(kept, func(a, b record.Typed[soc1.Result]) int { return cmp.Compare(a.ID, b.ID) })
		now.byTest[test] = kept
	}
	return &now, nil
}

// readResults reads the results of the file's tests.
func (f *File) readResults(l *loader, work *record.View) {
	if l.err != nil {
		return
	}
	tests := make(map[string]bool, len(f.Tests))
	for _, t := range f.Tests {
		tests[t.ID] = true
	}
	if f.rows, l.err = work.Rows(l.ctx, "result"); l.err != nil {
		return
	}
	f.Results = load(l, work, "result", func(x soc1.Result) bool { return tests[x.Test] })
	f.byTest = make(map[string][]record.Typed[soc1.Result], len(f.Tests))
	for _, r := range f.Results {
		f.byTest[r.Value.Test] = append(f.byTest[r.Value.Test], r)
	}
}

// loader keeps the first error, so that a file is read top-down.
type loader struct {
	ctx context.Context
	err error
}

func all[T any](T) bool { return true }

func load[T any](l *loader, v *record.View, kind string, keep func(T) bool) []record.Typed[T] {
	if l.err != nil {
		return nil
	}
	list, err := record.All[T](l.ctx, v, kind)
	if err != nil {
		l.err = fmt.Errorf("reading %s records of ledger %s: %w", kind, v.Ledger(), err)
		return nil
	}
	return slices.DeleteFunc(list, func(r record.Typed[T]) bool { return !keep(r.Value) })
}

// Opinion is the opinion entered last, nil when there is none.
func (f *File) Opinion() *record.Typed[soc1.Opinion] {
	if len(f.Opinions) == 0 {
		return nil
	}
	last := slices.MaxFunc(f.Opinions, record.Later[soc1.Opinion])
	return &last
}

// refs are the references of records.
func refs[T any](list []record.Typed[T]) []soc1.Ref {
	out := make([]soc1.Ref, len(list))
	for i, r := range list {
		out[i] = r.Ref()
	}
	return out
}

// scope are the objectives of the engagement in the order of the report.
func (f *File) scope() []record.Typed[soc1.ControlObjective] {
	chosen := f.Engagement.Value.Objectives
	var out []record.Typed[soc1.ControlObjective]
	for _, o := range f.Objectives {
		if o.Value.Omitted() || len(chosen) > 0 && !slices.Contains(chosen, o.ID) {
			continue
		}
		out = append(out, o)
	}
	slices.SortStableFunc(out, func(a, b record.Typed[soc1.ControlObjective]) int {
		return cmp.Or(cmp.Compare(a.Value.Order, b.Value.Order), cmp.Compare(a.Value.Code, b.Value.Code), cmp.Compare(a.ID, b.ID))
	})
	return out
}
