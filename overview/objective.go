package overview

import "reperform/soc1"

// Mix counts controls by status.
type Mix struct {
	Counts [4]int
	// Refs are the controls of each status.
	Refs [4][]soc1.Ref
}

func (m *Mix) add(s Status, ref soc1.Ref) {
	m.Counts[s]++
	m.Refs[s] = append(m.Refs[s], ref)
}

// Total is the number of controls counted.
func (m *Mix) Total() int { return m.Counts[0] + m.Counts[1] + m.Counts[2] + m.Counts[3] }

// Percents are the shares of the statuses; they add up to 100, and ring, bar
// and text all show these numbers. See Shares.
func (m *Mix) Percents() [4]int { return [4]int(Shares(100, m.Counts[:]...)) }

// Percent is the share of one status out of Percents.
func (m *Mix) Percent(s Status) int { return m.Percents()[s] }

// Tested is the number of controls on which testing came to an end: effective,
// or with an exception.
func (m *Mix) Tested() int { return m.Counts[Effective] + m.Counts[Exception] }

// ObjectiveLine is an objective with its controls.
type ObjectiveLine struct {
	// Ref is empty for the group of controls at entity level.
	Ref       soc1.Ref
	Objective soc1.ControlObjective
	// Controls are places in the overview's list, in the report's order.
	Controls []int
	Mix      Mix
}

// EntityLevel reports whether this is the group of controls that belong to no
// objective.
func (l *ObjectiveLine) EntityLevel() bool { return l.Ref == soc1.Ref{} }
