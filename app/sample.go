package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"reperform/identity"
	"reperform/population"
	"reperform/procedure"
	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

func shortHash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:8])
}

// runSample draws the sample when there is none, lets the engine judge what has
// an expression, enters the results given, and draws on for items that turned
// out not to be applicable.
func (a *App) runSample(ctx context.Context, actor string, opt RunOptions, c testCase, pop soc1.Population, rows []ResultRow, o TestOutcome) (TestOutcome, error) {
	id, s, err := a.currentSample(ctx, opt.Ledger, c.id)
	if err != nil {
		return o, err
	}
	if s != nil && s.PopulationHash != pop.PopulationHash {
		err = errWaiting{fmt.Sprintf("its sample was drawn from population %s, and it tests %s now; draw again with `reperform sample redraw %s`, which records why", s.Population, c.test.Population, c.id)}
	} else if s == nil {
		id, s, err = a.draw(ctx, actor, opt, c, pop, 1, "")
	}
	if err != nil {
		if len(rows) > 0 {
			return o, err
		}
		return waiting(o, err)
	}
	for {
		computed, err := a.computedCells(ctx, opt.Ledger, c, pop, *s)
		if err != nil {
			return waiting(o, err)
		}
		if o, err = a.enterResults(ctx, actor, opt, c, id, s, append(computed, rows...), o); err != nil {
			return o, err
		}
		rows = nil
		more, err := a.replaceNotApplicable(ctx, actor, opt, c, pop, id, s)
		if err != nil || !more {
			if o.Status != Done {
				for _, it := range s.Items {
					o.Items = append(o.Items, it.Key)
				}
			}
			return o, err
		}
	}
}

// currentSample is the latest draw of a test, expansions included.
func (a *App) currentSample(ctx context.Context, name, test string) (string, *soc1.Sample, error) {
	v, err := a.latest(name)
	if err != nil {
		return "", nil, err
	}
	all, err := record.All[soc1.Sample](ctx, v, "sample")
	if err != nil {
		return "", nil, err
	}
	var id string
	var last *soc1.Sample
	var pos int64 = -1
	for i, s := range all {
		if s.Value.Test == test && s.Pos > pos {
			id, last, pos = s.ID, &all[i].Value, s.Pos
		}
	}
	return id, last, nil
}

// SampleSize is how many items the plan of a test asks for.
func sampleSize(c testCase, rows int64) (int64, error) {
	p := c.test.SamplePlan
	n := int64(p.N)
	if n == 0 {
		var err error
		if n, err = plannedSize(c, rows); err != nil {
			return 0, err
		}
	}
	return min(n, rows), nil
}

// plannedSize computes the size by the plan's model, or by the frequency table.
func plannedSize(c testCase, rows int64) (int64, error) {
	p, m := c.test.SamplePlan, c.engagement.Method
	model := firstOf(p.Model, m.Model)
	if !model.Statistical() {
		table, err := sampling.FindFrequencyTable(firstOf(p.FrequencyTable, m.FrequencyTable, sampling.SuggestedTable))
		if err != nil {
			return 0, err
		}
		f, err := sampling.ParseFrequency(string(c.control.Frequency))
		if err != nil {
			return 0, fmt.Errorf("control %s: %w", c.control.Code, err)
		}
		risk, err := sampling.ParseRiskLevel(string(firstOf(p.Risk, m.Risk, soc1.RiskLevel("low"))))
		if err != nil {
			return 0, err
		}
		size, err := table.Size(sampling.SizeInput{Frequency: f, Risk: risk, Population: rows, Rules: 1})
		return size.Items, err
	}
	in, err := planInput(c, rows)
	if err != nil {
		return 0, err
	}
	if sequential(c) {
		plan, err := sampling.PlanSequential(in)
		if err != nil {
			return 0, err
		}
		return plan.Stages[0].Items, nil
	}
	plan, err := sampling.Plan(in)
	return plan.N, err
}

// planInput is what the plan of a test, or else the engagement's method, asks
// of the sample. A plan in two stages is computed by the binomial model.
func planInput(c testCase, rows int64) (sampling.PlanInput, error) {
	p, m := c.test.SamplePlan, c.engagement.Method
	in := sampling.PlanInput{Population: rows, Model: sampling.Binomial}
	var err error
	model := firstOf(p.Model, m.Model)
	if !model.Statistical() {
		return in, fmt.Errorf("its size comes from a frequency table")
	}
	if !sequential(c) {
		if in.Model, err = sampling.ParseModel(string(model)); err != nil {
			return in, err
		}
	}
	if in.Confidence, err = sampling.BasisPoints(int64(firstOf(p.Confidence, m.Confidence, 9500))); err != nil {
		return in, err
	}
	if in.Tolerable, err = sampling.BasisPoints(int64(firstOf(p.Tolerable, m.Tolerable, 500))); err != nil {
		return in, err
	}
	in.Expected, err = sampling.BasisPoints(int64(firstOf(p.Expected, m.Expected)))
	return in, err
}

// firstOf is the first value that says something.
func firstOf[T comparable](xs ...T) T {
	var zero T
	for _, x := range xs {
		if x != zero {
			return x
		}
	}
	return zero
}

// draw selects the items under the auditor's nonce, or without one for
// management's own test, and records the draw. Beside another draw it needs a
// reason: every population has a seed of its own, so whoever knows the nonce could
// try until a sample pleases.
func (a *App) draw(ctx context.Context, actor string, opt RunOptions, c testCase, pop soc1.Population, number int, reason string) (string, *soc1.Sample, error) {
	n, err := sampleSize(c, pop.RowCount)
	if err != nil {
		return "", nil, err
	}
	s := soc1.Sample{Test: c.id, Population: c.test.Population, PopulationHash: pop.PopulationHash, Algorithm: sampling.Algorithm, Draw: number, N: int(n), Reason: reason}
	if err := a.rank(ctx, opt.Ledger, c, pop, &s, n); err != nil {
		return "", nil, err
	}
	id := fmt.Sprintf("%s-draw-%d", c.id, number)
	req := request{actor: actor, ledger: opt.Ledger, may: identity.SampleDraw, kind: "sample", action: "sample.draw", reason: opt.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if err := a.mayDraw(tx); err != nil {
			return err
		}
		if _, ok, err := tx.Get("sample", id); err != nil || ok {
			return errors.Join(err, fmt.Errorf("the sample of test %s was drawn meanwhile by somebody else; run the test again", c.test.Code))
		}
		if reason == "" {
			beside, err := a.drawsBeside(tx, c)
			if err != nil {
				return err
			}
			if len(beside) > 0 {
				x := beside[0]
				return errWaiting{fmt.Sprintf("control %s was drawn from already, from population %s (sample %s), and %s may hold nearly the same items; draw with `reperform sample redraw %s`, which records why",
					c.control.Code, x.Value.Population, x.ID, c.test.Population, c.id)}
			}
		}
		return tx.Put("sample", id, "", s)
	})
	return id, &s, err
}

// drawsBeside are the draws that one more for the test would stand beside.
func (a *App) drawsBeside(tx *Tx, c testCase) ([]record.Typed[soc1.Sample], error) {
	for _, kind := range []string{"sample", "test_of_control"} {
		tx.guard(kind, "")
	}
	f, err := a.load(tx.ctx, tx.view, c.test.Engagement, false)
	if err != nil {
		return nil, err
	}
	return f.DrawsBeside(c.id), nil
}

// mayDraw refuses draws after the nonce was disclosed: they could be steered.
func (a *App) mayDraw(tx *Tx) error {
	if tx.req.ledger == OrganizationLedger {
		return nil
	}
	n, err := get[soc1.Nonce](tx, "nonce", "nonce-1")
	if err != nil {
		return err
	}
	if n.Revealed != "" {
		return fmt.Errorf("the nonce of %s is disclosed, so a draw could be foreseen; no more samples are drawn in this examination", tx.req.ledger)
	}
	return nil
}

// rank fills the sample with the n lowest ranked items. What is recorded of
// the seed input leaves the nonce out: it is disclosed at release.
func (a *App) rank(ctx context.Context, name string, c testCase, pop soc1.Population, s *soc1.Sample, n int64) error {
	var err error
	if s.SeedInput, err = procedure.SeedInput(c.test.Engagement, c.test.Control, pop.PopulationHash, s.Draw).Text(); err != nil {
		return err
	}
	nonce := ""
	if name != OrganizationLedger {
		secret, err := a.committedNonce(ctx, name)
		if err != nil {
			return err
		}
		commitment := sampling.Commit(secret)
		s.NonceCommitment = hex.EncodeToString(commitment[:])
		nonce = hex.EncodeToString(secret)
	}
	seed, err := procedure.Seed(*s, nonce)
	if err != nil {
		return err
	}
	e, err := a.populationEngine()
	if err != nil {
		return err
	}
	input, err := a.frozenInput(ctx, name, pop)
	if err != nil {
		return err
	}
	keep := map[string]int64{}
	for _, it := range s.Items {
		keep[it.Stratum]++
	}
	s.Items, err = procedure.Select(ctx, e, input, pop.Zone, c.test.SamplePlan.StratifyBy, seed, n, keep)
	return err
}

// computedCells are the results that the engine gives for the sample's items.
func (a *App) computedCells(ctx context.Context, name string, c testCase, pop soc1.Population, s soc1.Sample) ([]ResultRow, error) {
	_, q, err := a.question(ctx, name, c, pop)
	if err != nil || len(q.Attributes) == 0 {
		return nil, err
	}
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	keys := make([]string, len(s.Items))
	for i, it := range s.Items {
		keys[i] = it.Key
	}
	found, err := e.Outcomes(ctx, population.OutcomesRequest{Evaluation: q, Keys: keys})
	if err != nil {
		return nil, err
	}
	var out []ResultRow
	for _, item := range found {
		for i, outcome := range item.Outcomes {
			out = append(out, ResultRow{File: "population " + c.test.Population, Test: c.id, Cell: soc1.Result{ItemKey: item.Key,
				Attribute: q.Attributes[i].Code, Outcome: soc1.Outcome(outcome), Note: ComputedNote}, computed: true})
		}
	}
	return out, nil
}

// replaceNotApplicable draws on when items turned out not to be applicable on
// any attribute: they do not count towards n, the next ranked item is drawn.
func (a *App) replaceNotApplicable(ctx context.Context, actor string, opt RunOptions, c testCase, pop soc1.Population, id string, s *soc1.Sample) (bool, error) {
	v, err := a.latest(opt.Ledger)
	if err != nil {
		return false, err
	}
	results, err := record.All[soc1.Result](ctx, v, "result")
	if err != nil {
		return false, err
	}
	na := map[string]int{}
	for _, r := range results {
		if r.Value.Test == c.id && r.Value.Outcome == soc1.NotApplicable {
			na[r.Value.ItemKey]++
		}
	}
	void := int64(0)
	for _, it := range s.Items {
		if na[it.Key] == len(c.attributes) {
			void++
		}
	}
	want := min(int64(s.N)+void, pop.RowCount)
	if int64(len(s.Items)) >= want {
		return false, nil
	}
	next := *s
	if err := a.rank(ctx, opt.Ledger, c, pop, &next, want); err != nil {
		return false, err
	}
	req := request{actor: actor, ledger: opt.Ledger, may: identity.SampleDraw, kind: "sample", action: "sample.draw_next", reason: opt.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if err := a.mayDraw(tx); err != nil {
			return err
		}
		if now, err := get[soc1.Sample](tx, "sample", id); err != nil || len(now.Items) != len(s.Items) {
			return errors.Join(err, fmt.Errorf("the sample of test %s was drawn on meanwhile by somebody else; run the test again", c.test.Code))
		}
		return tx.Put("sample", id, "", next)
	})
	*s = next
	return err == nil, err
}
