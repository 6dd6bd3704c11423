package app

import (
	"context"
	"fmt"
	"strings"

	"reperform/english"
	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// Evaluation loads one side's testing of an engagement, with its past: an
// examination's, or management's own when the ledger is the organization's.
func (a *App) Evaluation(ctx context.Context, actor, name, engagement string) (*evaluation.File, error) {
	if err := a.wholly(ctx, actor, name); err != nil {
		return nil, err
	}
	work, err := a.present(ctx, name, "")
	if err != nil {
		return nil, err
	}
	return a.load(ctx, work, engagement, true)
}

// figures loads what figures need, without the past.
func (a *App) figures(ctx context.Context, actor, name, engagement string) (*evaluation.File, error) {
	work, err := a.View(ctx, actor, name, record.AsOf{})
	if err != nil {
		return nil, err
	}
	return a.load(ctx, work, engagement, false)
}

func (a *App) load(ctx context.Context, work *record.View, engagement string, past bool) (*evaluation.File, error) {
	org, err := a.latest(OrganizationLedger)
	if err != nil {
		return nil, err
	}
	f, err := evaluation.Load(ctx, work, org, engagement)
	if err != nil || !past {
		return f, err
	}
	return f, f.LoadPast(ctx, work, org)
}

// WorkLedger is where the actor's tests of an engagement live: in the
// examination's ledger for people of the firm, else in the organization's.
func (a *App) WorkLedger(ctx context.Context, actor, engagement string) string {
	if engagement != "" {
		name := ExaminationLedger(engagement)
		for _, l := range a.Ledgers(ctx, actor) {
			if l == name {
				return name
			}
		}
	}
	return OrganizationLedger
}

// ExceededLimits lists the sampled tests whose upper limit exceeds the
// tolerable rate, as sentences. No rate alone makes a control ineffective.
func (a *App) ExceededLimits(ctx context.Context, actor string, opt RunOptions) ([]string, error) {
	if err := a.wholly(ctx, actor, opt.Ledger); err != nil {
		return nil, err
	}
	v, err := a.present(ctx, opt.Ledger, "")
	if err != nil {
		return nil, err
	}
	tests, err := record.All[soc1.TestOfControl](ctx, v, "test_of_control")
	if err != nil {
		return nil, err
	}
	files := map[string]*evaluation.File{}
	var out []string
	for _, t := range tests {
		eng := t.Value.Engagement
		if t.Value.Method != soc1.SampleMethod || !opt.chooses(t.ID, t.Value) {
			continue
		}
		f := files[eng]
		if f == nil {
			if f, err = a.figures(ctx, actor, opt.Ledger, eng); err != nil {
				return nil, err
			}
			files[eng] = f
		}
		g, err := f.Figures(t.ID)
		if err != nil {
			return nil, err
		}
		if g.Exceeds() {
			out = append(out, fmt.Sprintf("test %s: %d of %s %s; the upper limit %s exceeds the tolerable rate %s",
				g.Code, g.DeviationItems, english.Count(g.Tested, "item"), english.Choose(g.DeviationItems, "deviates", "deviate"), g.Sample.UpperPercent, g.Sample.Tolerable))
		}
	}
	return out, nil
}

// unblocked refuses a conclusion on operation while a test of the control
// still waits for something.
func (a *App) unblocked(tx *Tx, c soc1.Conclusion) error {
	if c.Subject != soc1.OnControl || c.Limb != soc1.ConcludeOperating {
		return nil
	}
	f, err := a.load(tx.ctx, tx.view, c.Engagement, false)
	if err != nil {
		return err
	}
	var why []string
	for _, t := range f.Tests {
		if t.Value.Control != c.SubjectID {
			continue
		}
		g, err := f.Figures(t.ID)
		if err != nil {
			return err
		}
		for _, b := range g.Blocks {
			why = append(why, g.Code+": "+b.Text+" "+b.Remedy)
		}
	}
	if len(why) == 0 {
		return nil
	}
	return fmt.Errorf("no conclusion on control %s may be entered yet:\n%s", c.SubjectID, strings.Join(why, "\n"))
}
