package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"reperform/identity"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/soc1"
)

// runCensus evaluates every attribute over every item, seals the file of
// exceptions, and records manifest and exceptions in one command.
func (a *App) runCensus(ctx context.Context, actor string, opt RunOptions, c testCase, pop soc1.Population, o TestOutcome) (TestOutcome, error) {
	o.Rows = pop.RowCount
	for _, x := range c.attributes {
		if x.Pass == "" {
			o.Why = fmt.Sprintf("attribute %s has no expression, and a census is evaluated by expressions; give one, or choose a sample", x.Code)
			return o, nil
		}
	}
	run, q, err := a.question(ctx, opt.Ledger, c, pop)
	if err != nil {
		return waiting(o, err)
	}
	runs, err := a.runsOf(ctx, opt.Ledger, c.id)
	if err != nil {
		return o, err
	}
	if n := len(runs); n > 0 && sameQuestion(runs[n-1].Value, run) {
		last := runs[n-1].Value
		o.Status, o.Counts, o.Exceptions = UpToDate, last.Counts, last.ExceptionCount
		return o, nil
	}
	e, err := a.populationEngine()
	if err != nil {
		return o, err
	}
	id := fmt.Sprintf("%s-run-%d", c.id, len(runs)+1)
	if q.ExceptionsPath, err = a.scratch(id + ".jsonl"); err != nil {
		return o, err
	}
	run.Started = a.now()
	m, err := e.Evaluate(ctx, q)
	if err != nil {
		return o, err
	}
	run.Ended = a.now()
	if m.PopulationHash != "" && m.PopulationHash != pop.PopulationHash {
		return o, fmt.Errorf("the population read has hash %s, the one recorded %s", m.PopulationHash, pop.PopulationHash)
	}
	found, err := procedure.ReadExceptions(m.ExceptionsPath)
	if err != nil {
		return o, err
	}
	if run.ResultFile, err = a.keep(ctx, opt.Ledger, m.ExceptionsPath, id+".jsonl"); err != nil {
		return o, err
	}
	run.EngineVersion, run.ExceptionCount, run.ResultHash = m.EngineVersion, procedure.Items(found), m.ResultHash
	for _, x := range m.Attributes {
		run.Counts = append(run.Counts, soc1.AttributeCount{Attribute: x.Code, Pass: x.Counts.Pass, Fail: x.Counts.Fail, NotApplicable: x.Counts.NotApplicable, CannotTell: x.Counts.CannotTell})
	}
	for _, w := range m.Warnings {
		run.Warnings = append(run.Warnings, w.String())
	}
	if err := a.recordRun(ctx, actor, opt, id, run, exceptionsOf(id, c.id, run, found)); err != nil {
		return o, err
	}
	o.Status, o.Counts, o.Exceptions, o.Warnings = Done, run.Counts, run.ExceptionCount, run.Warnings
	return o, nil
}

func (a *App) runsOf(ctx context.Context, name, test string) ([]record.Typed[soc1.TestRun], error) {
	v, err := a.latest(name)
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.TestRun](ctx, v, "test_run")
	if err != nil {
		return nil, err
	}
	var out []record.Typed[soc1.TestRun]
	for _, r := range all {
		if r.Value.Test == test {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(x, y record.Typed[soc1.TestRun]) int { return int(x.Pos - y.Pos) })
	return out, nil
}

// sameQuestion tells whether two runs ask the same of the same data.
func sameQuestion(x, y soc1.TestRun) bool {
	return x.PopulationHash == y.PopulationHash && x.Zone == y.Zone && slices.Equal(x.Expressions, y.Expressions) &&
		slices.Equal(x.Joins, y.Joins) && slices.Equal(x.Holidays, y.Holidays)
}

// exceptionsOf makes the records of a run's exceptions: single ones up to a
// thousand for an attribute, beyond that one record that stands for the file.
func exceptionsOf(runID, test string, run soc1.TestRun, found []population.Exception) []encoded {
	type group struct {
		attribute string
		outcome   population.Outcome
	}
	by := map[group][]string{}
	var order []group
	for _, x := range found {
		g := group{x.Attribute, x.Outcome}
		if _, ok := by[g]; !ok {
			order = append(order, g)
		}
		by[g] = append(by[g], x.Key)
	}
	slices.SortFunc(order, func(x, y group) int {
		return compareText(x.attribute+"\x00"+string(x.outcome), y.attribute+"\x00"+string(y.outcome))
	})
	var out []encoded
	for _, g := range order {
		x := soc1.Exception{Test: test, Run: runID, Attribute: g.attribute, Undecided: g.outcome == population.CannotTell, Status: soc1.Open}
		mark := ""
		if x.Undecided {
			mark = "u"
		}
		if keys := by[g]; len(keys) > soc1.MaxItemKeys {
			x.Group = soc1.ExceptionGroup{CauseHint: "All items with this outcome of attribute " + g.attribute + ".", Count: int64(len(keys)), ResultFile: run.ResultFile}
			out = append(out, encoded{"exception", fmt.Sprintf("%s.%s%s", runID, g.attribute, mark), x})
			continue
		}
		for i, k := range by[g] {
			one := x
			one.ItemKeys = []string{k}
			out = append(out, encoded{"exception", fmt.Sprintf("%s.%s%s.%d", runID, g.attribute, mark, i+1), one})
		}
	}
	return out
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// recordRun records manifest and exceptions together. Exceptions of an earlier
// run that nobody decided are retired: this run asks again.
func (a *App) recordRun(ctx context.Context, actor string, opt RunOptions, id string, run soc1.TestRun, exceptions []encoded) error {
	req := request{actor: actor, ledger: opt.Ledger, may: identity.TestRun, kind: "test_run", action: "test.run", reason: opt.Reason}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		old, err := list[soc1.Exception](tx, "exception")
		if err != nil {
			return err
		}
		for _, x := range old {
			if x.Value.Test == run.Test && x.Value.Run != "" && x.Value.Status == soc1.Open {
				if err := tx.put("exception", x.ID, "", x.Value, true); err != nil {
					return err
				}
			}
		}
		if _, ok, err := tx.Get("test_run", id); err != nil || ok {
			return errors.Join(err, fmt.Errorf("test %s was run meanwhile by somebody else; run it again", run.Test))
		}
		if err := tx.Put("test_run", id, "", run); err != nil {
			return err
		}
		for _, x := range exceptions {
			if err := tx.Put(x.kind, x.id, "", x.value); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}
