package evaluation

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// A story is a file under construction. Its records are told one after another,
// as an audit goes: each becomes known after the one before.
type story struct {
	*File
	pos int64
}

func rec[T any](s *story, kind, id string, v T) record.Typed[T] {
	s.pos++
	return record.Typed[T]{Record: record.Record{Ledger: "exam", Kind: kind, ID: id, Revision: 1, Pos: s.pos}, Value: v}
}

var hashes = map[string]string{"pop": strings.Repeat("a", 64), "other": strings.Repeat("b", 64)}

// payroll begins a Type II engagement over 2025 with one objective, PAY-1, the
// risk r-pay, and two key controls that answer it.
func payroll() *story {
	s := &story{File: &File{By: soc1.ByAuditor}}
	s.Engagement = rec(s, "engagement", "eng", soc1.Engagement{Title: "2025", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31",
		StandardSet: soc1.SSAE18And21, Method: soc1.Method{Confidence: 9500, Tolerable: 500, Model: soc1.Binomial}})
	s.Objectives = append(s.Objectives, rec(s, "control_objective", "pay-1", soc1.ControlObjective{Code: "PAY-1", Title: "Input"}))
	s.Risks = append(s.Risks, rec(s, "risk", "r-pay", soc1.Risk{Code: "R1", Objectives: []string{"pay-1"}}))
	commitment := sampling.Commit(nonce)
	s.Nonces = append(s.Nonces, rec(s, "nonce", "nonce-1", soc1.Nonce{Engagement: "eng", Commitment: hex.EncodeToString(commitment[:])}))
	s.control("balance", "PAY-1.1")
	s.control("preview", "PAY-1.2")
	return s
}

func (s *story) control(id, code string) {
	s.Controls = append(s.Controls, rec(s, "control", id, soc1.Control{Code: code, Key: true, Nature: soc1.Manual, Owner: "owner", Performer: "clerk",
		Frequency: soc1.MultiplePerDay, Objectives: []string{"pay-1"}, Risks: []string{"r-pay"}}))
}

func (s *story) test(control string, method soc1.TestMethod, change ...func(*soc1.TestOfControl)) string {
	id := fmt.Sprintf("t-%d", len(s.Tests)+1)
	t := soc1.TestOfControl{Code: strings.ToUpper(id), By: soc1.ByAuditor, Engagement: "eng", Control: control, Method: method, Population: "pop",
		Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected."}}, PerformedBy: "senior", PerformedOn: "2026-01-20", Reviewer: "manager", ReviewedOn: "2026-01-25"}
	for _, f := range change {
		f(&t)
	}
	s.Tests = append(s.Tests, rec(s, "test_of_control", id, t))
	return id
}

func (s *story) attribute(test, code string, manual bool) {
	a := soc1.Attribute{Test: test, Code: code, Text: code, Manual: manual}
	if !manual {
		a.Pass = "ok_" + code
	}
	s.Attributes = append(s.Attributes, rec(s, "attribute", test+"-"+code, a))
}

func (s *story) population(rows int64) {
	s.Populations = append(s.Populations, rec(s, "population", "pop", soc1.Population{Title: "Runs", By: soc1.ByAuditor, RowCount: rows, PopulationHash: hashes["pop"],
		PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", Checks: []soc1.CompletenessCheck{{Check: soc1.SecondSourceCount, Passed: true}}}))
}

// counted is an attribute's outcomes: pass, fail, not applicable, cannot tell.
func counted(code string, pass, fail, notApplicable, cannotTell int64) soc1.AttributeCount {
	return soc1.AttributeCount{Attribute: code, Pass: pass, Fail: fail, NotApplicable: notApplicable, CannotTell: cannotTell}
}

// census tests every row by the attributes counted.
func (s *story) census(control string, counts ...soc1.AttributeCount) string {
	id := s.test(control, soc1.Census)
	rows := counts[0].Total()
	if len(s.Populations) == 0 {
		s.population(rows)
	}
	run := soc1.TestRun{Test: id, Population: "pop", PopulationHash: hashes["pop"], RowCount: rows, EngineVersion: "duckdb 1", Counts: counts}
	for _, c := range counts {
		s.attribute(id, c.Attribute, false)
		run.Expressions = append(run.Expressions, soc1.Expression{Attribute: c.Attribute, Pass: "ok_" + c.Attribute})
	}
	s.Runs = append(s.Runs, rec(s, "test_run", "run-"+id, run))
	return id
}

// keys are items by number: keys(1, 60) are B001 to B060.
func keys(from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("B%03d", i))
	}
	return out
}

// sample plans and draws n of the rows B001 … and passes all of them for
// attribute A.
func (s *story) sample(control string, rows, n int, change ...func(*soc1.SamplePlan)) string {
	plan := soc1.SamplePlan{Model: soc1.Binomial, Confidence: 9500, Tolerable: 500, N: n}
	for _, f := range change {
		f(&plan)
	}
	id := s.test(control, soc1.SampleMethod, func(t *soc1.TestOfControl) { t.SamplePlan = plan })
	if len(s.Populations) == 0 {
		s.population(int64(rows))
	}
	s.attribute(id, "A", true)
	s.drawn(id, "s-"+id, rows, n)
	s.results(id, "A", s.Samples[len(s.Samples)-1].Value.Items)
	return id
}

// nonce is the auditor's, committed before the population arrives.
var nonce = []byte(strings.Repeat("n", 32))

// disclose reveals the nonce, as at release.
func (s *story) disclose() {
	s.Nonces[0].Value.Revealed = hex.EncodeToString(nonce)
	s.Nonces[0].Revision++
}

// drawn draws n of the rows under the auditor's nonce. What is recorded of the
// seed input leaves the nonce out.
func (s *story) drawn(test, id string, rows, n int) *soc1.Sample {
	in := sampling.SeedInput{Algorithm: sampling.Algorithm, Engagement: "eng", Control: test, PopulationHash: hashes["pop"]}
	text, err := in.Text()
	if err != nil {
		panic(err)
	}
	in.Nonce = hex.EncodeToString(nonce)
	seed, err := in.Seed()
	if err != nil {
		panic(err)
	}
	picks, err := sampling.Select(seed, slices.Values(keys(1, rows)), int64(n))
	if err != nil {
		panic(err)
	}
	x := soc1.Sample{Test: test, Population: "pop", PopulationHash: hashes["pop"], SeedInput: text, Algorithm: sampling.Algorithm,
		NonceCommitment: s.Nonces[0].Value.Commitment, Draw: 1, N: n}
	for _, p := range picks {
		x.Items = append(x.Items, soc1.SampleItem{Rank: int(p.Rank), Key: p.Key, HMAC: hex.EncodeToString(p.HMAC[:])})
	}
	s.Samples = append(s.Samples, rec(s, "sample", id, x))
	return &s.Samples[len(s.Samples)-1].Value
}

func (s *story) results(test, attribute string, items []soc1.SampleItem) {
	for _, item := range items {
		s.result(test, item.Key, attribute, soc1.Pass)
	}
}

func (s *story) result(test, key, attribute string, outcome soc1.Outcome) *soc1.Result {
	id := fmt.Sprintf("%s-%s-%s-%d", test, key, attribute, len(s.Results))
	s.Results = append(s.Results, rec(s, "result", id, soc1.Result{Test: test, ItemKey: key, Attribute: attribute, Outcome: outcome,
		Evidence: []string{"ev"}, By: "senior", TestedOn: "2026-01-15"}))
	return &s.Results[len(s.Results)-1].Value
}

// set changes the result of the item drawn at a place.
func (s *story) set(test string, place int, outcome soc1.Outcome) string {
	at := 0
	for i := range s.Results {
		if r := &s.Results[i].Value; r.Test == test {
			if at == place {
				r.Outcome = outcome
				return r.ItemKey
			}
			at++
		}
	}
	panic("no such result")
}

func (s *story) exception(test, attribute string, status soc1.ExceptionStatus, items ...string) string {
	id := fmt.Sprintf("x-%d", len(s.Exceptions)+1)
	x := soc1.Exception{Test: test, Attribute: attribute, ItemKeys: items, Status: status}
	if status != soc1.Open {
		x.DecidedBy, x.DecidedOn = "senior", "2026-01-21"
	}
	s.Exceptions = append(s.Exceptions, rec(s, "exception", id, x))
	return id
}

// group is an exception of many items that are known by number.
func (s *story) group(test, attribute string, status soc1.ExceptionStatus, count int64) string {
	id := s.exception(test, attribute, status)
	s.Exceptions[len(s.Exceptions)-1].Value.Group = soc1.ExceptionGroup{CauseHint: "same", Count: count}
	return id
}

// undecided is an open exception of items that the data cannot tell.
func (s *story) undecided(test, attribute string, items ...string) {
	s.exception(test, attribute, soc1.Open, items...)
	s.Exceptions[len(s.Exceptions)-1].Value.Undecided = true
}

func (s *story) deviation(control, test string, items int64, exceptions ...string) *soc1.Deviation {
	id := fmt.Sprintf("d-%d", len(s.Deviations)+1)
	s.Deviations = append(s.Deviations, rec(s, "deviation", id, soc1.Deviation{Exceptions: exceptions, Test: test, Control: control, ItemCount: items,
		Fact: "f", Cause: "c", Effect: "e", Response: "r"}))
	return &s.Deviations[len(s.Deviations)-1].Value
}

// found confirms items as exceptions and reports them as one deviation.
func (s *story) found(control, test string, items ...string) *soc1.Deviation {
	x := s.exception(test, "A", soc1.Confirmed, items...)
	return s.deviation(control, test, int64(len(items)), x)
}

func (s *story) conclude(control string, outcome soc1.Verdict, change ...func(*soc1.Conclusion)) {
	s.conclusion(soc1.Conclusion{Subject: soc1.OnControl, SubjectID: control, Limb: soc1.ConcludeOperating, Outcome: outcome}, change...)
}

func (s *story) objective(limb soc1.ConclusionLimb, outcome soc1.Verdict, change ...func(*soc1.Conclusion)) {
	s.conclusion(soc1.Conclusion{Subject: soc1.OnObjective, SubjectID: "pay-1", Limb: limb, Outcome: outcome}, change...)
}

func (s *story) conclusion(c soc1.Conclusion, change ...func(*soc1.Conclusion)) {
	c.Engagement, c.Reasons, c.By, c.On = "eng", "because", "partner", "2026-02-01"
	for _, f := range change {
		f(&c)
	}
	s.Conclusions = append(s.Conclusions, rec(s, "conclusion", fmt.Sprintf("c-%d", len(s.Conclusions)+1), c))
}

// opine enters an opinion on description, design and operation; a modified
// limb gets a basis that names PAY-1.
func (s *story) opine(description, design, operating soc1.OpinionType) *soc1.Opinion {
	o := soc1.Opinion{Engagement: "eng", Limbs: soc1.OpinionLimbs{Description: description, Design: design, Operating: operating},
		By: "partner", On: "2026-02-10", ReportDate: "2026-02-10"}
	for _, limb := range []soc1.OpinionLimb{soc1.LimbDescription, soc1.LimbDesign, soc1.LimbOperating} {
		if o.Limbs.Of(limb).Modified() {
			o.Basis = append(o.Basis, soc1.OpinionBasis{Limb: limb, Objective: "pay-1", Text: "Input was not balanced."})
		}
	}
	s.Opinions = append(s.Opinions, rec(s, "opinion", fmt.Sprintf("opinion-%d", len(s.Opinions)+1), o))
	return &s.Opinions[len(s.Opinions)-1].Value
}

// concluded is a clean engagement up to the partner's opinion: both controls
// tested whole and effective, the objective achieved on both limbs.
func concluded() *story {
	s := payroll()
	s.census("balance", counted("A", 1000, 0, 0, 0))
	s.census("preview", counted("A", 1000, 0, 0, 0))
	s.conclude("balance", soc1.Effective)
	s.conclude("preview", soc1.Effective)
	s.objective(soc1.ConcludeDesign, soc1.Achieved)
	s.objective(soc1.ConcludeOperating, soc1.Achieved)
	return s
}

func clean() *story {
	s := concluded()
	s.opine(soc1.Unmodified, soc1.Unmodified, soc1.Unmodified)
	return s
}

func (s *story) figures(t *testing.T, test string) Figures {
	t.Helper()
	f, err := s.Figures(test)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func rulesOf(flags []Flag) []string {
	var out []string
	for _, f := range flags {
		if !slices.Contains(out, f.Rule) {
			out = append(out, f.Rule)
		}
	}
	slices.Sort(out)
	return out
}

func text(flags []Flag) string {
	var out []string
	for _, f := range flags {
		out = append(out, f.String())
	}
	return strings.Join(out, "\n")
}
