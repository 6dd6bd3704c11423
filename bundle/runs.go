package bundle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"reperform/english"
	"reperform/evaluation"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/soc1"
)

// runs evaluates every test run again.
func (v *verifier) runs(work *record.View) error {
	populations, err := record.All[soc1.Population](v.ctx, work, "population")
	if err != nil {
		return err
	}
	runs, err := record.All[soc1.TestRun](v.ctx, work, "test_run")
	if err != nil {
		return err
	}
	for _, r := range runs {
		v.check("run/"+r.ID, fmt.Sprintf("Evaluated again, test run %s counts the same and finds the same exceptions.", r.ID), func() (string, error) { return v.evaluate(r, populations) })
	}
	return nil
}

func (v *verifier) evaluate(r record.Typed[soc1.TestRun], populations []record.Typed[soc1.Population]) (string, error) {
	run := r.Value
	if run.ResultFile.SHA256 != run.ResultHash {
		return "", fmt.Errorf("its result file has SHA-256 %s, its exceptions have hash %s", run.ResultFile.SHA256, run.ResultHash)
	}
	p, err := find(populations, run.Population)
	if err != nil {
		return "", err
	}
	if p.PopulationHash != run.PopulationHash {
		return "", fmt.Errorf("it ran over a population with hash %s, the population has %s", run.PopulationHash, p.PopulationHash)
	}
	if p.Zone != run.Zone {
		return "", fmt.Errorf("it ran in zone %s, the population is of zone %s", run.Zone, p.Zone)
	}
	in, err := v.input(p)
	if err != nil {
		return "", err
	}
	joined, err := v.joined(run, populations)
	if err != nil {
		return "", err
	}
	out := v.scratch("run "+r.ID, ".jsonl")
	defer os.Remove(out)
	q, err := procedure.Evaluation(run, in, joined, out)
	if err != nil {
		return "", err
	}
	m, err := v.opt.Engine.Evaluate(v.ctx, q)
	if err != nil {
		return "", err
	}
	if m.EngineVersion != run.EngineVersion && m.ResultHash != run.ResultHash {
		return "", skip{fmt.Sprintf("it was evaluated by engine %s, this program has %s, and the results differ", run.EngineVersion, m.EngineVersion)}
	}
	found, err := procedure.ReadExceptions(out)
	if err != nil {
		return "", err
	}
	items := procedure.Items(found)
	var counts []soc1.AttributeCount
	for _, x := range m.Attributes {
		counts = append(counts, soc1.AttributeCount{Attribute: x.Code, Pass: x.Counts.Pass, Fail: x.Counts.Fail, NotApplicable: x.Counts.NotApplicable, CannotTell: x.Counts.CannotTell})
	}
	switch {
	case !slices.Equal(counts, run.Counts):
		return "", fmt.Errorf("it counts %+v; recorded is %+v", counts, run.Counts)
	case m.Rows != run.RowCount:
		return "", fmt.Errorf("it reads %s; recorded are %d", english.Count(m.Rows, "row"), run.RowCount)
	case m.ResultHash != run.ResultHash || items != run.ExceptionCount:
		return "", fmt.Errorf("it finds %s with exceptions and hash %s; recorded are %d and %s", english.Count(items, "item"), m.ResultHash, run.ExceptionCount, run.ResultHash)
	}
	return fmt.Sprintf("%s, %s with exceptions, %s", english.Count(m.Rows, "row"), english.Count(items, "item"), m.ResultHash), nil
}

func (v *verifier) joined(run soc1.TestRun, populations []record.Typed[soc1.Population]) ([]population.Input, error) {
	var out []population.Input
	for _, j := range run.Joins {
		other, err := find(populations, j.Population)
		if err != nil {
			return nil, err
		}
		if other.PopulationHash != j.PopulationHash {
			return nil, fmt.Errorf("joined population %s has hash %s, the run recorded %s", j.Population, other.PopulationHash, j.PopulationHash)
		}
		in, err := v.input(other)
		if err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, nil
}

// finding is one line of a result file.
type finding struct {
	key, attribute string
	undecided      bool
}

// exceptions holds the exceptions of each test's latest run against the file
// that the run wrote: none was added and none removed.
func (v *verifier) exceptions(f *evaluation.File) {
	latest := map[string]record.Typed[soc1.TestRun]{}
	for _, r := range f.Runs {
		if l, ok := latest[r.Value.Test]; !ok || r.Pos > l.Pos {
			latest[r.Value.Test] = r
		}
	}
	for _, t := range f.Tests {
		r, ok := latest[t.ID]
		if !ok {
			continue
		}
		v.check("exceptions/"+r.ID, fmt.Sprintf("The exceptions recorded of test run %s are those that it found.", r.ID), func() (string, error) {
			return v.sameExceptions(r, f.Exceptions)
		})
	}
}

func (v *verifier) sameExceptions(r record.Typed[soc1.TestRun], all []record.Typed[soc1.Exception]) (string, error) {
	found, err := v.findings(r.Value.ResultFile)
	if err != nil {
		return "", err
	}
	left := map[finding]bool{}
	groups := map[finding]int64{}
	for _, x := range found {
		left[x] = true
		groups[finding{attribute: x.attribute, undecided: x.undecided}]++
	}
	for _, x := range all {
		e := x.Value
		if e.Run != r.ID {
			continue
		}
		if len(e.ItemKeys) == 0 {
			g := finding{attribute: e.Attribute, undecided: e.Undecided}
			if e.Group.ResultFile.SHA256 != r.Value.ResultFile.SHA256 || e.Group.Count != groups[g] {
				return "", fmt.Errorf("exception %s stands for %s of attribute %s; the run found %d", x.ID, english.Count(e.Group.Count, "item"), e.Attribute, groups[g])
			}
			for k := range left {
				if k.attribute == g.attribute && k.undecided == g.undecided {
					delete(left, k)
				}
			}
			continue
		}
		for _, key := range e.ItemKeys {
			k := finding{key, e.Attribute, e.Undecided}
			if !left[k] {
				return "", fmt.Errorf("exception %s names item %q for attribute %s, which the run did not find or another exception names", x.ID, key, e.Attribute)
			}
			delete(left, k)
		}
	}
	for _, k := range found {
		if left[k] {
			return "", fmt.Errorf("the run found item %q for attribute %s and %d more, of which there is no exception", k.key, k.attribute, len(left)-1)
		}
	}
	return english.Count(len(found), "exception"), nil
}

// maxFindings bounds the result files that are read into memory.
const maxFindings = 1 << 28

func (v *verifier) findings(f soc1.File) ([]finding, error) {
	if !isSHA256(f.SHA256) {
		return nil, fmt.Errorf("the run names no result file")
	}
	r, ok := v.c.open(partBlob + f.SHA256)
	if !ok {
		return nil, skip{"its result file is not in the bundle"}
	}
	if r.Size() > maxFindings {
		return nil, skip{fmt.Sprintf("its result file has %d bytes, more than are compared", r.Size())}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	sc := bufio.NewScanner(bytes.NewReader(b))
	sc.Buffer(nil, maxFindings)
	var out []finding
	for sc.Scan() {
		var x population.Exception
		if err := json.Unmarshal(sc.Bytes(), &x); err != nil {
			return nil, fmt.Errorf("result file, line %d: %w", len(out)+1, err)
		}
		out = append(out, finding{x.Key, x.Attribute, x.Outcome == population.CannotTell})
	}
	return out, sc.Err()
}

// computedNote is what a result says that the engine gave and no person.
const computedNote = "Computed by the attribute's expression."

// computed evaluates again what an expression decided for the items of a
// sample.
func (v *verifier) computed(f *evaluation.File, org *record.View) {
	for _, t := range f.Tests {
		if t.Value.Method != soc1.SampleMethod {
			continue
		}
		run := soc1.TestRun{Test: t.ID, Population: t.Value.Population}
		for _, a := range f.Attributes {
			if a.Value.Test == t.ID && a.Value.Pass != "" && (len(t.Value.Attributes) == 0 || slices.Contains(t.Value.Attributes, a.ID)) {
				run.Expressions = append(run.Expressions, soc1.Expression{Attribute: a.Value.Code, Pass: a.Value.Pass, NotApplicable: a.Value.NotApplicable})
			}
		}
		if len(run.Expressions) == 0 {
			continue
		}
		for _, j := range t.Value.Joins {
			p, _ := find(f.Populations, j.Population)
			run.Joins = append(run.Joins, soc1.DerivationInput{Name: j.Name, Population: j.Population, PopulationHash: p.PopulationHash, On: j.On})
		}
		v.check("results/"+t.ID, fmt.Sprintf("The results of test %s that an expression decided are what it gives.", t.Value.Code), func() (string, error) {
			return v.sameResults(run, f, org)
		})
	}
}

func (v *verifier) sameResults(run soc1.TestRun, f *evaluation.File, org *record.View) (string, error) {
	recorded := map[[2]string]soc1.Result{}
	var keys []string
	for _, r := range f.Results {
		if r.Value.Test != run.Test || replaced(f, run, r.Value.ItemKey) {
			continue
		}
		recorded[[2]string{r.Value.ItemKey, r.Value.Attribute}] = r.Value
		if !slices.Contains(keys, r.Value.ItemKey) {
			keys = append(keys, r.Value.ItemKey)
		}
	}
	if len(keys) == 0 {
		return "", skip{"no result is recorded yet"}
	}
	p, err := find(f.Populations, run.Population)
	if err != nil {
		return "", err
	}
	run.Zone = p.Zone
	in, err := v.input(p)
	if err != nil {
		return "", err
	}
	joined, err := v.joined(run, f.Populations)
	if err != nil {
		return "", err
	}
	holidays, err := v.holidays(org)
	if err != nil {
		return "", err
	}
	// The list of holidays may have grown since; one that was recorded must
	// give the results.
	var last error
	for _, run.Holidays = range holidays {
		q, err := procedure.Evaluation(run, in, joined, "")
		if err != nil {
			return "", err
		}
		found, err := v.opt.Engine.Outcomes(v.ctx, population.OutcomesRequest{Evaluation: q, Keys: keys})
		if err != nil {
			return "", err
		}
		n := 0
		if n, last = compareResults(run, found, recorded); last == nil {
			return english.Count(n, "result"), nil
		}
	}
	return "", last
}

// replaced reports whether an item was drawn for a test from another population
// only, by a draw that was replaced: its results count no more, and the test's
// population need not hold it.
func replaced(f *evaluation.File, run soc1.TestRun, key string) bool {
	elsewhere := false
	for _, s := range f.Samples {
		if s.Value.Test != run.Test || !slices.ContainsFunc(s.Value.Items, func(it soc1.SampleItem) bool { return it.Key == key }) {
			continue
		}
		if s.Value.Population == run.Population {
			return false
		}
		elsewhere = true
	}
	return elsewhere
}

func compareResults(run soc1.TestRun, found []population.ItemOutcomes, recorded map[[2]string]soc1.Result) (int, error) {
	n := 0
	for _, item := range found {
		for i, outcome := range item.Outcomes {
			r, ok := recorded[[2]string{item.Key, run.Expressions[i].Attribute}]
			switch {
			case !ok:
				continue
			case r.Outcome != soc1.Outcome(outcome) && (r.Note == computedNote || r.AlternativeProcedure == ""):
				return n, fmt.Errorf("item %q, attribute %s: the expression gives %s, recorded is %s", item.Key, run.Expressions[i].Attribute, outcome, r.Outcome)
			}
			n++
		}
	}
	return n, nil
}

// holidays are the lists that the organization recorded, the latest first.
func (v *verifier) holidays(org *record.View) ([][]soc1.Date, error) {
	history, err := org.History(v.ctx, "organization", "organization")
	if err != nil {
		return nil, err
	}
	var out [][]soc1.Date
	for _, h := range slices.Backward(history) {
		if h.Redacted {
			continue
		}
		o, err := record.Decode[soc1.Organization](h)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(l []soc1.Date) bool { return slices.Equal(l, o.Holidays) }) {
			out = append(out, o.Holidays)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("the organization's record is missing")
	}
	return out, nil
}
