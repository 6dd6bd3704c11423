package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"reperform/english"
	"reperform/identity"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/soc1"
)

// RunOptions choose what to test.
type RunOptions struct {
	// Ledger is whose tests: the organization's (management's own) or an
	// examination's.
	Ledger string
	// Engagement narrows to one engagement, Controls to some controls.
	Engagement string
	Controls   []string
	// Tests narrows to some tests by id.
	Tests []string
	// Results are cells of grids that people judged, to be entered.
	Results []ResultRow
	// Reason is recorded with what is run, "Tests run." when it is empty. A
	// computed outcome that differs from the one recorded needs one.
	Reason string

	// given is the reason as the caller gave it.
	given string
}

// chooses tells whether the options mean a test.
func (opt RunOptions) chooses(id string, t soc1.TestOfControl) bool {
	return (opt.Engagement == "" || t.Engagement == opt.Engagement) &&
		(len(opt.Controls) == 0 || slices.Contains(opt.Controls, t.Control)) &&
		(len(opt.Tests) == 0 || slices.Contains(opt.Tests, id))
}

// TestStatus says what running did with one test.
type TestStatus string

// The states of a test after running.
const (
	// Done: evaluated, or all results entered.
	Done TestStatus = "done"
	// UpToDate: evaluated before over the same population by the same
	// expressions.
	UpToDate TestStatus = "up_to_date"
	// Waiting: something only a person can give is missing; Why says what.
	Waiting TestStatus = "waiting"
	// Failed: the test could not be run as it stands, because of an expression
	// for example; Why says what is wrong.
	Failed TestStatus = "failed"
)

// TestOutcome is what running one test gave.
type TestOutcome struct {
	Test    string          `json:"test"`
	Code    string          `json:"code"`
	Control string          `json:"control"`
	Method  soc1.TestMethod `json:"method"`
	Status  TestStatus      `json:"status"`
	Why     string          `json:"why,omitempty"`
	Rows    int64           `json:"rows,omitempty"`
	// Counts by attribute of what the engine or people found.
	Counts []soc1.AttributeCount `json:"counts,omitempty"`
	// Exceptions found by this run.
	Exceptions int64 `json:"exceptions"`
	// Items lists the sample's keys while results are awaited.
	Items    []string `json:"items,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
}

// testCase is a test with what it needs.
type testCase struct {
	id         string
	test       soc1.TestOfControl
	attributes []soc1.Attribute
	control    soc1.Control
	engagement soc1.Engagement
	org        soc1.Organization
}

// RunTests executes every test that can be executed: a census by its
// attributes; a sample by drawing it and entering the results given. A test
// that waits for a person stops nothing else, and neither does one that fails:
// its outcome says so, and all such errors are returned together, beside the
// outcomes.
func (a *App) RunTests(ctx context.Context, actor string, opt RunOptions) ([]TestOutcome, error) {
	if err := a.admit(ctx, actor, identity.TestRun, identity.Resource{Ledger: opt.Ledger, Kind: "test_run"}); err != nil {
		return nil, err
	}
	if err := a.writable(); err != nil {
		return nil, err
	}
	opt.given, opt.Reason = opt.Reason, firstOf(opt.Reason, "Tests run.")
	cases, err := a.testCases(ctx, opt)
	if err != nil {
		return nil, err
	}
	rows, err := resultsByTest(cases, opt.Results)
	if err != nil {
		return nil, err
	}
	out := []TestOutcome{}
	var failed []error
	for i, c := range cases {
		a.progress(fmt.Sprintf("test %s", c.test.Code), int64(i), int64(len(cases)))
		o, err := a.runOne(ctx, actor, opt, c, rows[c.id])
		if err != nil {
			o.Status, o.Why = Failed, err.Error()
			failed = append(failed, fmt.Errorf("test %s (%s): %w", c.test.Code, c.id, err))
		}
		out = append(out, o)
		// A failing disk fails for all alike; what the engine says is of one test.
		var engine *population.InputError
		if ctx.Err() != nil || IsInternal(err) && !errors.As(err, &engine) {
			break
		}
	}
	return out, errors.Join(failed...)
}

func (a *App) testCases(ctx context.Context, opt RunOptions) ([]testCase, error) {
	v, err := a.latest(opt.Ledger)
	if err != nil {
		return nil, err
	}
	orgView, err := a.latest(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	org, err := a.organization(ctx)
	if err != nil {
		return nil, err
	}
	tests, err := record.All[soc1.TestOfControl](ctx, v, "test_of_control")
	if err != nil {
		return nil, err
	}
	attributes, err := record.All[soc1.Attribute](ctx, v, "attribute")
	if err != nil {
		return nil, err
	}
	var cases []testCase
	for _, t := range tests {
		if !opt.chooses(t.ID, t.Value) {
			continue
		}
		c := testCase{id: t.ID, test: t.Value, attributes: attributesOf(t.ID, t.Value, attributes), org: org}
		eng, err := record.One[soc1.Engagement](ctx, orgView, "engagement", t.Value.Engagement)
		if err != nil {
			return nil, fmt.Errorf("test %s: %w", t.ID, err)
		}
		control, err := record.One[soc1.Control](ctx, orgView, "control", t.Value.Control)
		if err != nil {
			return nil, fmt.Errorf("test %s: %w", t.ID, err)
		}
		c.engagement, c.control = eng.Value, control.Value
		cases = append(cases, c)
	}
	for _, want := range opt.Controls {
		if !slices.ContainsFunc(cases, func(c testCase) bool { return c.test.Control == want }) {
			return nil, fmt.Errorf("there is no test of control %q in ledger %s", want, opt.Ledger)
		}
	}
	return cases, nil
}

// attributesOf are those that the test names, or all that name the test.
func attributesOf(id string, t soc1.TestOfControl, all []record.Typed[soc1.Attribute]) []soc1.Attribute {
	var out []soc1.Attribute
	for _, x := range all {
		if x.Value.Test == id && (len(t.Attributes) == 0 || slices.Contains(t.Attributes, x.ID)) {
			out = append(out, x.Value)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Code < out[j].Code })
	return out
}

func (a *App) runOne(ctx context.Context, actor string, opt RunOptions, c testCase, rows []ResultRow) (TestOutcome, error) {
	o := TestOutcome{Test: c.id, Code: c.test.Code, Control: c.test.Control, Method: c.test.Method, Status: Waiting}
	pop, err := a.testPopulation(ctx, opt.Ledger, c.test.Population)
	if err != nil {
		return o, err
	}
	needs := c.test.Method == soc1.Census || c.test.Method == soc1.SampleMethod
	switch {
	case needs && pop == nil:
		o.Why = "the population is not there yet"
		if c.test.Population != "" {
			o.Why = fmt.Sprintf("population %s is not there yet", c.test.Population)
		}
		return o, nil
	case len(c.attributes) == 0 && c.test.Method != soc1.DidNotOperate:
		o.Why = "the test has no attributes"
		return o, nil
	}
	switch c.test.Method {
	case soc1.Census:
		return a.runCensus(ctx, actor, opt, c, *pop, o)
	case soc1.SampleMethod:
		return a.runSample(ctx, actor, opt, c, *pop, rows, o)
	case soc1.ObservationOnly:
		return a.enterResults(ctx, actor, opt, c, "", nil, rows, o)
	case soc1.DidNotOperate:
		return didNotOperate(c, pop, o), nil
	}
	o.Why = fmt.Sprintf("method %q is not one this program runs", c.test.Method)
	return o, nil
}

func (a *App) testPopulation(ctx context.Context, name, id string) (*soc1.Population, error) {
	if id == "" {
		return nil, nil
	}
	v, err := a.latest(name)
	if err != nil {
		return nil, err
	}
	p, err := record.One[soc1.Population](ctx, v, "population", id)
	if isNotFound(err) {
		return nil, nil
	}
	return &p.Value, err
}

// didNotOperate holds when the population that would show an occurrence is
// empty, or when none is given and the evidence is described.
func didNotOperate(c testCase, pop *soc1.Population, o TestOutcome) TestOutcome {
	switch {
	case pop == nil && c.test.Population != "":
		o.Why = fmt.Sprintf("population %s is not there yet", c.test.Population)
	case pop != nil && pop.RowCount > 0:
		o.Why = fmt.Sprintf("the population has %s: the control did operate; choose another method", english.Count(pop.RowCount, "item"))
	default:
		o.Status = Done
	}
	return o
}

// question puts together what a run asks: the expressions of the attributes
// that have one, over the population and the joined ones.
func (a *App) question(ctx context.Context, name string, c testCase, pop soc1.Population) (soc1.TestRun, population.EvaluateRequest, error) {
	var q population.EvaluateRequest
	run := soc1.TestRun{Test: c.id, Population: c.test.Population, PopulationHash: pop.PopulationHash, Zone: pop.Zone, Holidays: c.org.Holidays, RowCount: pop.RowCount}
	for _, x := range c.attributes {
		if x.Pass != "" {
			run.Expressions = append(run.Expressions, soc1.Expression{Attribute: x.Code, Pass: x.Pass, NotApplicable: x.NotApplicable})
		}
	}
	if len(run.Expressions) == 0 {
		return run, q, nil
	}
	in, err := a.frozenInput(ctx, name, pop)
	if err != nil {
		return run, q, err
	}
	var joined []population.Input
	for _, j := range c.test.Joins {
		other, err := a.testPopulation(ctx, name, j.Population)
		if err != nil {
			return run, q, err
		}
		if other == nil {
			return run, q, errWaiting{fmt.Sprintf("joined population %s is not there yet", j.Population)}
		}
		ji, err := a.frozenInput(ctx, name, *other)
		if err != nil {
			return run, q, err
		}
		joined = append(joined, ji)
		run.Joins = append(run.Joins, soc1.DerivationInput{Name: j.Name, Population: j.Population, PopulationHash: other.PopulationHash, On: j.On})
	}
	q, err = procedure.Evaluation(run, in, joined, "")
	return run, q, err
}

// errWaiting is not a failure: something is not there yet.
type errWaiting struct{ why string }

func (e errWaiting) Error() string { return e.why }

func waiting(o TestOutcome, err error) (TestOutcome, error) {
	var w errWaiting
	if errors.As(err, &w) {
		o.Status, o.Why = Waiting, w.why
		return o, nil
	}
	return o, err
}
