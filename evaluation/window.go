package evaluation

import (
	"cmp"
	"slices"

	"reperform/soc1"
)

// Window is a run of days, both ends included.
type Window struct {
	From soc1.Date `json:"from"`
	To   soc1.Date `json:"to"`
}

// String is the window as a sentence has it: "2025-01-01 to 2025-06-30", or the
// one day.
func (w Window) String() string {
	if w.From == w.To {
		return string(w.From)
	}
	return string(w.From) + " to " + string(w.To)
}

// overlaps reports whether the windows share a day.
func (w Window) overlaps(o Window) bool { return w.From <= o.To && o.From <= w.To }

// coveredBy reports whether every day of the window lies in one of the others.
func (w Window) coveredBy(others []Window) bool {
	sorted := slices.SortedFunc(slices.Values(others), func(a, b Window) int { return cmp.Compare(a.From, b.From) })
	next := w.From
	for _, o := range sorted {
		if o.From > next {
			return false
		}
		if o.To >= w.To {
			return true
		}
		if o.To >= next {
			next = o.To.AddDays(1)
		}
	}
	return false
}

// window fills open ends with those of the engagement: an as-of date is a
// window of one day.
func (f *File) window(from, to soc1.Date) Window {
	w := Window{From: from, To: to}
	if from == "" {
		w.From = f.Engagement.Value.Start()
	}
	if to == "" {
		w.To = f.Engagement.Value.End()
	}
	return w
}
