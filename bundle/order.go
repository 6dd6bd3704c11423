package bundle

import (
	"fmt"
	"slices"

	"reperform/english"
	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
)

// order checks that the work was done in an order in which it could be done:
// nothing was recorded before what it rests on. Positions in the ledger decide,
// which no clock can falsify.
func (v *verifier) order(work *record.View, f *evaluation.File) {
	v.check("order/populations", "Every population was derived after those it is derived from.", func() (string, error) { return v.orderPopulations(f) })
	v.check("order/samples", "Every sample was drawn after its population was frozen, and every result was recorded after its item was drawn.", func() (string, error) { return v.orderSamples(work, f) })
	v.check("order/runs", "Every run came after the populations that it read.", func() (string, error) { return v.orderRuns(f) })
	v.check("order/deviations", "Every deviation was written up after its exceptions were found.", func() (string, error) { return v.orderDeviations(f) })
	v.check("order/conclusions", "Every conclusion on operation was entered after the results that it rests on.", func() (string, error) { return v.orderConclusions(f) })
	if v.ab.Work != v.ab.Organization {
		v.check("order/opinion", "The opinion was entered after the conclusions.", func() (string, error) { return v.orderOpinion(f) })
	}
}

func (v *verifier) firstOf(kind, id string) int64 {
	first, _ := v.mem.span(v.ab.Work, kind, id)
	return first
}

// after demands that one record was first recorded after another.
func (v *verifier) after(kind, id string, pos int64, thanKind, thanID string) error {
	than := v.firstOf(thanKind, thanID)
	if than < 0 {
		return fmt.Errorf("%s %s names %s %s, which does not exist", kind, id, thanKind, thanID)
	}
	if pos <= than {
		return fmt.Errorf("%s %s was recorded with entry %d, %s %s with entry %d", kind, id, pos, thanKind, thanID, than)
	}
	return nil
}

func (v *verifier) orderPopulations(f *evaluation.File) (string, error) {
	n := 0
	for _, p := range f.Populations {
		for _, in := range p.Value.Derived.Inputs {
			if err := v.after("population", p.ID, v.firstOf("population", p.ID), "population", in.Population); err != nil {
				return "", err
			}
			n++
		}
	}
	return english.Count(n, "input"), nil
}

func (v *verifier) orderSamples(work *record.View, f *evaluation.File) (string, error) {
	drawn := map[string]map[string]int64{}
	for _, s := range f.Samples {
		if err := v.after("sample", s.ID, v.firstOf("sample", s.ID), "population", s.Value.Population); err != nil {
			return "", err
		}
		history, err := work.History(v.ctx, "sample", s.ID)
		if err != nil {
			return "", err
		}
		items := drawn[s.Value.Test]
		if items == nil {
			items = map[string]int64{}
			drawn[s.Value.Test] = items
		}
		for _, h := range history {
			one, err := record.Decode[soc1.Sample](h)
			if err != nil {
				return "", err
			}
			for _, it := range one.Items {
				if at, ok := items[it.Key]; !ok || h.Pos < at {
					items[it.Key] = h.Pos
				}
			}
		}
	}
	n := 0
	for _, r := range f.Results {
		at, ok := drawn[r.Value.Test][r.Value.ItemKey]
		if !ok {
			continue // Whether it belongs to the sample is a matter of the figures.
		}
		if pos := v.firstOf("result", r.ID); pos <= at {
			return "", fmt.Errorf("result %s was recorded with entry %d, its item was drawn with entry %d", r.ID, pos, at)
		}
		n++
	}
	return english.Count(n, "result"), nil
}

func (v *verifier) orderRuns(f *evaluation.File) (string, error) {
	for _, r := range f.Runs {
		pos := v.firstOf("test_run", r.ID)
		read := []string{r.Value.Population}
		for _, j := range r.Value.Joins {
			read = append(read, j.Population)
		}
		for _, p := range read {
			if err := v.after("test_run", r.ID, pos, "population", p); err != nil {
				return "", err
			}
		}
	}
	return english.Count(len(f.Runs), "run"), nil
}

func (v *verifier) orderDeviations(f *evaluation.File) (string, error) {
	for _, d := range f.Deviations {
		for _, x := range d.Value.Exceptions {
			if err := v.after("deviation", d.ID, d.Pos, "exception", x); err != nil {
				return "", err
			}
		}
	}
	return english.Count(len(f.Deviations), "deviation"), nil
}

// orderConclusions compares conclusions as they stand with results and
// decisions as they stand: what changed later asks for the conclusion again.
func (v *verifier) orderConclusions(f *evaluation.File) (string, error) {
	type basis struct {
		what string
		pos  int64
	}
	last := map[string]basis{}
	control := map[string]string{}
	for _, t := range f.Tests {
		control[t.ID] = t.Value.Control
	}
	rests := func(test, what string, pos int64) {
		if c := control[test]; c != "" && pos > last[c].pos {
			last[c] = basis{what, pos}
		}
	}
	for _, r := range f.Results {
		rests(r.Value.Test, "result "+r.ID, r.Pos)
	}
	for _, r := range f.Runs {
		rests(r.Value.Test, "test run "+r.ID, v.firstOf("test_run", r.ID))
	}
	for _, x := range f.Exceptions {
		rests(x.Value.Test, "exception "+x.ID, x.Pos)
	}
	for _, d := range f.Deviations {
		rests(d.Value.Test, "deviation "+d.ID, v.firstOf("deviation", d.ID))
	}
	n := 0
	for _, c := range f.Conclusions {
		if c.Value.Subject != soc1.OnControl || c.Value.Limb != soc1.ConcludeOperating {
			continue
		}
		if b, ok := last[c.Value.SubjectID]; ok && c.Pos <= b.pos {
			return "", fmt.Errorf("conclusion %s stands since entry %d, %s since entry %d", c.ID, c.Pos, b.what, b.pos)
		}
		n++
	}
	return english.Count(n, "conclusion"), nil
}

func (v *verifier) orderOpinion(f *evaluation.File) (string, error) {
	o := f.Opinion()
	if o == nil {
		return "", skip{"no opinion is entered yet"}
	}
	i := slices.IndexFunc(f.Conclusions, func(c record.Typed[soc1.Conclusion]) bool { return c.Pos >= o.Pos })
	if i >= 0 {
		c := f.Conclusions[i]
		return "", fmt.Errorf("opinion %s stands since entry %d, conclusion %s since entry %d", o.ID, o.Pos, c.ID, c.Pos)
	}
	return english.Count(len(f.Conclusions), "conclusion"), nil
}
