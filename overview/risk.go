package overview

import (
	"cmp"
	"slices"

	"reperform/soc1"
)

// Rating is a likelihood and an impact, 1 to 5 each; zero means not rated.
type Rating struct{ Likelihood, Impact int }

// Rated reports whether both halves are given and on the scale.
func (r Rating) Rated() bool {
	return r.Likelihood >= 1 && r.Likelihood <= 5 && r.Impact >= 1 && r.Impact <= 5
}

// Score is likelihood times impact, 1 to 25; zero when not rated.
func (r Rating) Score() int { return r.Likelihood * r.Impact }

// Level is the band that a rating falls in.
type Level int

// The levels: a score of 1 to 3, 4 to 8, 9 to 14, and from 15.
const (
	Unrated Level = iota
	Low
	Moderate
	High
	Severe
)

// Label is the word a person reads.
func (l Level) Label() string {
	return [...]string{"Not rated", "Low", "Moderate", "High", "Severe"}[l]
}

// Level is the band of the score.
func (r Rating) Level() Level {
	switch s := r.Score(); {
	case !r.Rated():
		return Unrated
	case s >= 15:
		return Severe
	case s >= 9:
		return High
	case s >= 4:
		return Moderate
	}
	return Low
}

// RiskLine is a risk in scope.
type RiskLine struct {
	Ref  soc1.Ref
	Risk soc1.Risk
	// Inherent is the rating before controls, Residual with them.
	Inherent, Residual Rating
	// Controls are places of the controls that answer it.
	Controls []int
}

// Rating is the residual rating, or the inherent one where no residual is
// given: what is not said to be lower counts as it was.
func (l *RiskLine) Rating() Rating {
	if l.Residual.Rated() {
		return l.Residual
	}
	return l.Inherent
}

// Answered reports whether a control in scope answers the risk, or its record
// says how it is met otherwise.
func (l *RiskLine) Answered() bool { return len(l.Controls) > 0 || l.Risk.Response != "" }

// risks finds the risks in scope and joins them to controls.
func (o *Overview) risks() {
	objectives := map[string]bool{}
	for i := range o.Objectives {
		objectives[o.Objectives[i].Ref.ID] = true
	}
	answers := map[string][]int{}
	for at := range o.Controls {
		for _, id := range o.Controls[at].Control.Risks {
			if n := answers[id]; len(n) == 0 || n[len(n)-1] != at {
				answers[id] = append(answers[id], at)
			}
		}
	}
	for i := range o.records.Risks {
		x := &o.records.Risks[i]
		threatens := slices.ContainsFunc(x.Value.Objectives, func(id string) bool { return objectives[id] })
		if !threatens && len(answers[x.ID]) == 0 {
			continue
		}
		o.Risks = append(o.Risks, RiskLine{Ref: x.Ref(), Risk: x.Value, Controls: answers[x.ID],
			Inherent: Rating{x.Value.Likelihood, x.Value.Impact}, Residual: Rating{x.Value.ResidualLikelihood, x.Value.ResidualImpact}})
	}
	slices.SortStableFunc(o.Risks, func(a, b RiskLine) int {
		return cmp.Or(cmp.Compare(a.Risk.Code, b.Risk.Code), cmp.Compare(a.Ref.ID, b.Ref.ID))
	})
	for n := range o.Risks {
		rating := o.Risks[n].Rating()
		for _, at := range o.Risks[n].Controls {
			line := &o.Controls[at]
			line.Risks = append(line.Risks, n)
			if rating.Rated() && rating.Score() > line.Rating.Score() {
				line.Rating = rating
			}
		}
	}
}

// Cell is one field of a heat map.
type Cell struct {
	Count int
	Refs  []soc1.Ref
}

// HeatMap counts risks by likelihood and impact.
type HeatMap struct {
	// Cells by likelihood and impact, each less one.
	Cells [5][5]Cell
	// Unrated are the risks that have no such rating; they are in no cell.
	Unrated []soc1.Ref
}

// Rated is the number of risks in cells.
func (h *HeatMap) Rated() int {
	n := 0
	for i := range h.Cells {
		for j := range h.Cells[i] {
			n += h.Cells[i][j].Count
		}
	}
	return n
}

// Inherent is the heat map before controls.
func (o *Overview) Inherent() HeatMap { return o.heat(func(l *RiskLine) Rating { return l.Inherent }) }

// Residual is the heat map with controls in operation. A risk without a
// residual rating is not in it, whatever its inherent one.
func (o *Overview) Residual() HeatMap { return o.heat(func(l *RiskLine) Rating { return l.Residual }) }

func (o *Overview) heat(of func(*RiskLine) Rating) HeatMap {
	var h HeatMap
	for i := range o.Risks {
		l := &o.Risks[i]
		r := of(l)
		if !r.Rated() {
			h.Unrated = append(h.Unrated, l.Ref)
			continue
		}
		c := &h.Cells[r.Likelihood-1][r.Impact-1]
		c.Count++
		c.Refs = append(c.Refs, l.Ref)
	}
	return h
}
