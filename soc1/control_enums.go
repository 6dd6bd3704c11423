package soc1

import (
	"strconv"
	"strings"
)

// ControlNature is by whom or what a control is performed.
type ControlNature string

// The natures of a control; an IT-dependent manual control is a person's who
// relies on information that a system produced.
const (
	Manual            ControlNature = "manual"
	Automated         ControlNature = "automated"
	ITDependentManual ControlNature = "it_dependent_manual"
)

var controlNatures = enumeration{
	{"manual", "Manual"}, {"automated", "Automated"}, {"it_dependent_manual", "IT-dependent manual"},
}

// Values lists the stored spellings.
func (ControlNature) Values() []string { return controlNatures.values() }

// Label is the word a person reads.
func (n ControlNature) Label() string { return controlNatures.label(string(n)) }

// ControlType is what a control does about an error.
type ControlType string

// The types of a control.
const (
	Preventive ControlType = "preventive"
	Detective  ControlType = "detective"
	Corrective ControlType = "corrective"
)

var controlTypes = enumeration{{"preventive", "Preventive"}, {"detective", "Detective"}, {"corrective", "Corrective"}}

// Values lists the stored spellings.
func (ControlType) Values() []string { return controlTypes.values() }

// Label is the word a person reads.
func (t ControlType) Label() string { return controlTypes.label(string(t)) }

// Frequency is how often a control operates.
type Frequency string

// The frequencies of the vocabulary.
const (
	Annual              Frequency = "annual"
	SemiAnnual          Frequency = "semi_annual"
	Quarterly           Frequency = "quarterly"
	Monthly             Frequency = "monthly"
	Weekly              Frequency = "weekly"
	Daily               Frequency = "daily"
	MultiplePerDay      Frequency = "multiple_per_day"
	AsNeeded            Frequency = "as_needed"
	AutomatedContinuous Frequency = "automated_continuous"
)

var frequencies = enumeration{
	{"annual", "Annual"}, {"semi_annual", "Semi-annual"}, {"quarterly", "Quarterly"}, {"monthly", "Monthly"},
	{"weekly", "Weekly"}, {"daily", "Daily"}, {"multiple_per_day", "Many times a day"}, {"as_needed", "As needed"},
	{"automated_continuous", "Automated, continuous"},
}

// Values lists the stored spellings.
func (Frequency) Values() []string { return frequencies.values() }

// Label is the word a person reads.
func (f Frequency) Label() string { return frequencies.label(string(f)) }

// ExpectedCount is how many times a control of this frequency should have
// operated from one day to another, both included. Annual to monthly
// frequencies count whole months, a remainder of at least half a month as one
// more, and round to the nearest occurrence; weekly counts sevens of days,
// rounded likewise; daily is businessDays, the working days of the period as
// the organization's calendar has them. ok is false where the frequency
// predicts no number (as needed, many times a day, continuous) and where the
// dates are not in order.
func (f Frequency) ExpectedCount(from, to Date, businessDays int) (count int, ok bool) {
	if !from.Valid() || !to.Valid() || to.Before(from) {
		return 0, false
	}
	every := map[Frequency]int{Annual: 12, SemiAnnual: 6, Quarterly: 3, Monthly: 1}[f]
	switch {
	case every != 0:
		return (2*months(from, to) + every) / (2 * every), true
	case f == Weekly:
		return (2*(from.DaysUntil(to)+1) + 7) / 14, true
	case f == Daily:
		return businessDays, true
	}
	return 0, false
}

// months counts the months of a window whose ends are both included, a
// remainder of at least half of the month begun as one more.
func months(from, to Date) int {
	n := (to.Year()-from.Year())*12 + to.Month() - from.Month()
	for n > 0 && from.AddMonths(n).DaysUntil(to) < -1 {
		n--
	}
	// The month begun runs from the n-th anniversary to the day before the
	// next one.
	begun, next := from.AddMonths(n), from.AddMonths(n+1)
	if length := begun.DaysUntil(next); length > 0 && 2*(begun.DaysUntil(to)+1) >= length {
		n++
	}
	return n
}

// COSOComponent is a component of the COSO Internal Control framework (2013).
type COSOComponent string

// The five components.
const (
	ControlEnvironment       COSOComponent = "control_environment"
	RiskAssessment           COSOComponent = "risk_assessment"
	ControlActivities        COSOComponent = "control_activities"
	InformationCommunication COSOComponent = "information_communication"
	Monitoring               COSOComponent = "monitoring"
)

var cosoComponents = enumeration{
	{"control_environment", "Control environment"}, {"risk_assessment", "Risk assessment"},
	{"control_activities", "Control activities"}, {"information_communication", "Information and communication"},
	{"monitoring", "Monitoring activities"},
}

// Values lists the stored spellings.
func (COSOComponent) Values() []string { return cosoComponents.values() }

// Label is the word a person reads.
func (x COSOComponent) Label() string { return cosoComponents.label(string(x)) }

// Principle is the number of a COSO principle, "P1" to "P17". The text of the
// principles is under copyright and is not reproduced.
type Principle string

// Values lists the stored spellings.
func (Principle) Values() []string {
	out := make([]string, 17)
	for i := range out {
		out[i] = "P" + strconv.Itoa(i+1)
	}
	return out
}

// Label is the number with its component, "Principle 10 (Control activities)".
func (p Principle) Label() string {
	component := p.Component()
	if component == "" {
		return string(p)
	}
	return "Principle " + strings.TrimPrefix(string(p), "P") + " (" + component.Label() + ")"
}

// topics say in our own words what each principle is about.
var topics = [17]string{
	"Integrity and conduct", "Oversight that is independent of management", "Structure, authority and reporting lines", "People who are able to do their work", "Everybody answers for their controls",
	"Objectives clear enough to see what threatens them", "Risks found and weighed", "The risk of fraud", "Changes that matter are noticed",
	"Controls chosen to answer risks", "General controls over technology", "Policies and procedures that carry controls out",
	"Information that controls can rely on", "Telling people inside", "Telling people outside",
	"Watching whether controls are there and work", "Deficiencies told to who can correct them",
}

// Topic says in a few words of our own what the principle is about; empty for no
// principle.
func (p Principle) Topic() string {
	n, err := strconv.Atoi(strings.TrimPrefix(string(p), "P"))
	if err != nil || n < 1 || n > len(topics) {
		return ""
	}
	return topics[n-1]
}

// Component is the component that the principle belongs to: 1–5 control
// environment, 6–9 risk assessment, 10–12 control activities, 13–15
// information and communication, 16–17 monitoring; empty for no principle.
func (p Principle) Component() COSOComponent {
	n, err := strconv.Atoi(strings.TrimPrefix(string(p), "P"))
	switch {
	case err != nil || string(p) != "P"+strconv.Itoa(n) || n < 1 || n > 17:
		return ""
	case n <= 5:
		return ControlEnvironment
	case n <= 9:
		return RiskAssessment
	case n <= 12:
		return ControlActivities
	case n <= 15:
		return InformationCommunication
	}
	return Monitoring
}
