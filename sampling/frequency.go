package sampling

import (
	"fmt"
	"slices"
)

// Frequency is how often a control operates.
type Frequency string

const (
	Annual              Frequency = "annual"
	SemiAnnual          Frequency = "semi_annual"
	Quarterly           Frequency = "quarterly"
	Monthly             Frequency = "monthly"
	Weekly              Frequency = "weekly"
	Daily               Frequency = "daily"
	MultiplePerDay      Frequency = "multiple_per_day"
	AsNeeded            Frequency = "as_needed"            // sized by the population
	AutomatedContinuous Frequency = "automated_continuous" // one test for each rule or configuration
)

// Frequencies lists the frequencies from the rarest to the automated.
func Frequencies() []Frequency {
	return []Frequency{Annual, SemiAnnual, Quarterly, Monthly, Weekly, Daily, MultiplePerDay, AsNeeded, AutomatedContinuous}
}

// ParseFrequency reads a frequency by its exact name.
func ParseFrequency(text string) (Frequency, error) {
	if f := Frequency(text); slices.Contains(Frequencies(), f) {
		return f, nil
	}
	return "", fmt.Errorf("frequency %s is not known; use one of %v", quoted(text), Frequencies())
}

// RiskLevel is the assessed risk of a control, which chooses a table's column.
type RiskLevel string

const (
	LowRisk      RiskLevel = "low"
	ModerateRisk RiskLevel = "moderate" // only in tables that have the column
	HighRisk     RiskLevel = "high"
)

// ParseRiskLevel reads low, moderate or high.
func ParseRiskLevel(text string) (RiskLevel, error) {
	switch r := RiskLevel(text); r {
	case LowRisk, ModerateRisk, HighRisk:
		return r, nil
	}
	return "", fmt.Errorf("risk %s is not known; use low, moderate or high", quoted(text))
}

// FrequencyTable maps a control's frequency and risk to a sample size. No
// standard sets such sizes; a firm chooses a table, or supplies its own, and
// answers for it. Rows are looked at first; a table without rows sizes every
// control by its population through Steps.
type FrequencyTable struct {
	Name   string           `json:"name"`            // by which the table is chosen
	Source string           `json:"source"`          // where it is from and what it is worth, for a working paper
	Rows   []FrequencyRow   `json:"rows,omitempty"`  // from the rarest frequency to the most common
	Steps  []PopulationStep `json:"steps,omitempty"` // by population, ascending
}

// FrequencyRow is the size for one frequency.
type FrequencyRow struct {
	Frequency Frequency `json:"frequency"`
	// Occurrences is the population of twelve months that the row stands for; an
	// as-needed control takes the row nearest to its own population. A row "many
	// per day" begins right above the daily one, at 251; a row "as needed" serves
	// populations up to its number.
	Occurrences int64 `json:"occurrences"`
	// Low, Moderate and High are items to test; Moderate may be 0 in a table
	// without that column.
	Low      int64 `json:"low"`
	Moderate int64 `json:"moderate,omitempty"`
	High     int64 `json:"high"`
	// Percent, when above 0, replaces them by a share of the population, rounded
	// up to a whole item.
	Percent int64 `json:"percent,omitempty"`
}

// PopulationStep is the size for populations up to a number of items.
type PopulationStep struct {
	UpTo    int64 `json:"up_to,omitempty"`   // largest population of the step; 0 in the last step, without end
	Items   int64 `json:"items,omitempty"`   // items to test, unless Percent is given
	Percent int64 `json:"percent,omitempty"` // share of the population, rounded up
	Min     int64 `json:"min,omitempty"`     // at least this many with Percent
	Max     int64 `json:"max,omitempty"`     // at most this many with Percent; 0 is no limit
}

// SizeInput is the control whose sample is sized.
type SizeInput struct {
	Frequency  Frequency `json:"frequency"`
	Risk       RiskLevel `json:"risk"`
	Population int64     `json:"population"` // occurrences in the period
	Rules      int64     `json:"rules"`      // rules or configurations of an automated control; 0 is read as 1
}

// Size is a sample size with the table's row that gave it.
type Size struct {
	Items  int64  `json:"items"`
	Table  string `json:"table"`
	Basis  string `json:"basis"`            // which row or step, in words
	Capped bool   `json:"capped,omitempty"` // the table asks for more than there is: every occurrence is tested
}

// Size looks up the number of items to test. An as-needed control takes the row
// whose occurrences are nearest to its population, the more frequent row when
// two are equally near, unless the table has a row "as needed" that serves it or
// sizes by population. An automated control is tested once for each rule, whatever the population. The
// size is never more than the population; a population of 0 gives 0 items, for
// which absence of occurrence is to be shown instead.
//
// It fails when the table is not valid, has no row for the frequency, or lacks
// the risk's column.
func (t FrequencyTable) Size(in SizeInput) (Size, error) {
	if err := t.Validate(); err != nil {
		return Size{}, err
	}
	if _, err := ParseFrequency(string(in.Frequency)); err != nil {
		return Size{}, err
	}
	if _, err := ParseRiskLevel(string(in.Risk)); err != nil {
		return Size{}, err
	}
	if in.Population < 0 || in.Population > MaxPopulation || in.Rules < 0 || in.Rules > MaxPopulation {
		return Size{}, fmt.Errorf("population %d, rules %d: counts lie between 0 and %d", in.Population, in.Rules, int64(MaxPopulation))
	}
	if in.Frequency == AutomatedContinuous {
		rules := max(in.Rules, 1)
		return Size{Items: rules, Table: t.Name, Basis: fmt.Sprintf("automated: 1 for each of %d rules or configurations", rules)}, nil
	}
	items, basis, err := t.lookup(in)
	if err != nil {
		return Size{}, err
	}
	return Size{Items: min(items, in.Population), Table: t.Name, Basis: basis, Capped: items > in.Population}, nil
}

func (t FrequencyTable) lookup(in SizeInput) (items int64, basis string, err error) {
	i := slices.IndexFunc(t.Rows, func(r FrequencyRow) bool { return r.Frequency == in.Frequency })
	if i >= 0 && (in.Frequency != AsNeeded || in.Population <= t.Rows[i].Occurrences) {
		items, err = t.Rows[i].items(t.Name, in)
		return items, fmt.Sprintf("row %s, %s risk", in.Frequency, in.Risk), err
	}
	if len(t.Steps) > 0 {
		for _, step := range t.Steps {
			if step.UpTo == 0 || in.Population <= step.UpTo {
				return step.items(in.Population), fmt.Sprintf("population of %d", in.Population), nil
			}
		}
	}
	row, found := t.nearest(in.Population)
	if in.Frequency != AsNeeded || !found {
		return 0, "", fmt.Errorf("table %s has no row for %s; choose another table, or size the control as_needed by its population", t.Name, in.Frequency)
	}
	items, err = row.items(t.Name, in)
	return items, fmt.Sprintf("as needed, population of %d: row %s, %s risk", in.Population, row.Frequency, in.Risk), err
}

// nearest is the row for an as-needed control of a population.
func (t FrequencyTable) nearest(population int64) (FrequencyRow, bool) {
	var nearest FrequencyRow
	for _, row := range t.Rows {
		if row.Frequency == AsNeeded {
			continue
		}
		if nearest.Frequency == "" || distance(row.Occurrences, population) <= distance(nearest.Occurrences, population) {
			nearest = row
		}
	}
	return nearest, nearest.Frequency != ""
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

func (r FrequencyRow) items(table string, in SizeInput) (int64, error) {
	if r.Percent > 0 {
		return max(1, shareOf(r.Percent, in.Population)), nil
	}
	items := map[RiskLevel]int64{LowRisk: r.Low, ModerateRisk: r.Moderate, HighRisk: r.High}[in.Risk]
	if items == 0 {
		return 0, fmt.Errorf("table %s has no column for %s risk in its row %s; use low or high", table, in.Risk, r.Frequency)
	}
	return items, nil
}

func (s PopulationStep) items(population int64) int64 {
	if s.Percent == 0 {
		return s.Items
	}
	items := max(s.Min, shareOf(s.Percent, population))
	if s.Max > 0 {
		items = min(items, s.Max)
	}
	return items
}

// shareOf is a whole percentage of a count, rounded up.
func shareOf(percent, count int64) int64 { return (percent*count + 99) / 100 }

// Validate says what a table lacks: a name, a source, rows or steps in ascending
// order without repetition, sizes of at least 1 that do not fall with the risk.
func (t FrequencyTable) Validate() error {
	if t.Name == "" || t.Source == "" {
		return fmt.Errorf("frequency table %s: a table needs a name and a source", quoted(t.Name))
	}
	if len(t.Rows) == 0 && len(t.Steps) == 0 {
		return fmt.Errorf("frequency table %s: it has neither rows nor steps", t.Name)
	}
	for i, row := range t.Rows {
		if err := row.validate(); err != nil {
			return fmt.Errorf("frequency table %s, row %d: %w", t.Name, i+1, err)
		}
		if i > 0 && row.Occurrences < t.Rows[i-1].Occurrences {
			return fmt.Errorf("frequency table %s, row %d: %d occurrences follow %d; order the rows from the rarest", t.Name, i+1, row.Occurrences, t.Rows[i-1].Occurrences)
		}
		if slices.ContainsFunc(t.Rows[:i], func(r FrequencyRow) bool { return r.Frequency == row.Frequency }) {
			return fmt.Errorf("frequency table %s, row %d: %s stands there twice; keep one", t.Name, i+1, row.Frequency)
		}
	}
	for i, step := range t.Steps {
		if err := step.validate(); err != nil {
			return fmt.Errorf("frequency table %s, step %d: %w", t.Name, i+1, err)
		}
		last := i == len(t.Steps)-1
		if last != (step.UpTo == 0) {
			return fmt.Errorf("frequency table %s, step %d: the last step, and only it, has no up_to", t.Name, i+1)
		}
		if i > 0 && !last && step.UpTo <= t.Steps[i-1].UpTo {
			return fmt.Errorf("frequency table %s, step %d: up_to %d follows %d; order the steps by population", t.Name, i+1, step.UpTo, t.Steps[i-1].UpTo)
		}
	}
	return nil
}

func (r FrequencyRow) validate() error {
	if _, err := ParseFrequency(string(r.Frequency)); err != nil {
		return err
	}
	if r.Frequency == AutomatedContinuous {
		return fmt.Errorf("an automated control is tested once for each rule; leave its row out")
	}
	if r.Occurrences < 1 || r.Occurrences > MaxPopulation {
		return fmt.Errorf("%d occurrences; give the number in twelve months, at least 1", r.Occurrences)
	}
	if r.Percent != 0 {
		return checkPercent(r.Percent)
	}
	if r.Low < 1 || r.High < r.Low || r.High > MaxPlan || r.Moderate != 0 && (r.Moderate < r.Low || r.Moderate > r.High) {
		return fmt.Errorf("sizes low %d, moderate %d, high %d; sizes are at least 1, at most %d, and do not fall with the risk", r.Low, r.Moderate, r.High, MaxPlan)
	}
	return nil
}

func (s PopulationStep) validate() error {
	if s.UpTo < 0 || s.UpTo > MaxPopulation {
		return fmt.Errorf("up_to %d; give the largest population of the step", s.UpTo)
	}
	if s.Percent != 0 {
		if s.Items != 0 || s.Min < 1 || s.Max < 0 || s.Max > 0 && s.Max < s.Min {
			return fmt.Errorf("items %d, min %d, max %d; with percent leave items out and give min of at least 1 and max not below it, or 0", s.Items, s.Min, s.Max)
		}
		return checkPercent(s.Percent)
	}
	if s.Items < 1 || s.Items > MaxPlan {
		return fmt.Errorf("%d items; give 1 to %d", s.Items, MaxPlan)
	}
	return nil
}

func checkPercent(percent int64) error {
	if percent < 1 || percent > 100 {
		return fmt.Errorf("percent %d; give 1 to 100", percent)
	}
	return nil
}
