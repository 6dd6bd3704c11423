package library

import (
	"fmt"
	"slices"
	"strings"

	"reperform/soc1"
)

// Record is one record that a template gives a workspace to start with.
type Record struct {
	// Kind is control_objective, risk, control or cuec.
	Kind string
	// ID is stable: "pay-3", "pay-3-r1", "pay-3-2", "pay-cuec-1".
	ID string
	// Value is a soc1.ControlObjective, soc1.Risk, soc1.Control or soc1.CUEC.
	Value any
}

// Records turns the service type of a code into records, with the general IT
// controls after them when asked for: all objectives, then risks, controls
// and complementary user entity controls, each kind in the order of the
// report. Every record is valid and refers only to records returned with it.
// All controls are marked as key, since the library holds none that its
// objective could do without; the mark is the first thing to tailor. A
// control is mapped to the framework identifiers of its objective.
func Records(code string, withITGC bool) ([]Record, error) {
	i, err := place(code)
	if err != nil {
		return nil, err
	}
	types := []Service{allServices()[i]}
	if withITGC && order[i] != ITGC {
		types = append(types, allServices()[slices.Index(order, ITGC)])
	}
	var out []Record
	for _, each := range []func(Service, int) []Record{objectives, risks, controls, cuecs} {
		for _, t := range types {
			out = append(out, each(t, rank(t.Code))...)
		}
	}
	return out, nil
}

// rank is where the objectives of a service type begin in the order of a
// report that may combine several types: in the library's order, the general
// IT controls last, as reports usually have them.
func rank(code string) int {
	if code == ITGC {
		return 100 * len(order)
	}
	return 100 * slices.Index(order, code)
}

// idOf makes the record's id of a code: "PAY-3.2" is "pay-3-2".
func idOf(code string) string { return strings.ReplaceAll(strings.ToLower(code), ".", "-") }

// idsOf makes ids of codes.
func idsOf(codes []string) []string {
	out := make([]string, len(codes))
	for i, code := range codes {
		out[i] = idOf(code)
	}
	return out
}

// riskCode is the code of the n-th risk of an objective, "PAY-3-R1".
func riskCode(objective string, n int) string { return fmt.Sprintf("%s-R%d", objective, n) }

func objectives(s Service, rank int) []Record {
	var out []Record
	for i, o := range s.Objectives {
		out = append(out, Record{Kind: "control_objective", ID: idOf(o.Code), Value: soc1.ControlObjective{
			Code:         o.Code,
			Title:        o.Title,
			Text:         o.Text,
			Assertions:   o.assertions(),
			FrameworkIDs: o.frameworks(),
			Order:        rank + i + 1,
		}})
	}
	return out
}

func risks(s Service, _ int) []Record {
	var out []Record
	for _, o := range s.Objectives {
		for i, text := range o.Risks {
			code := riskCode(o.Code, i+1)
			out = append(out, Record{Kind: "risk", ID: idOf(code), Value: soc1.Risk{
				Code:       code,
				Text:       text,
				Objectives: []string{idOf(o.Code)},
			}})
		}
	}
	return out
}

func controls(s Service, _ int) []Record {
	var out []Record
	for _, o := range s.Objectives {
		for i, c := range o.Controls {
			out = append(out, Record{Kind: "control", ID: idOf(c.Code), Value: soc1.Control{
				Code:               c.Code,
				Text:               c.Text,
				Nature:             soc1.ControlNature(c.Nature),
				Type:               soc1.ControlType(c.Type),
				Frequency:          soc1.Frequency(c.Frequency),
				Key:                true,
				Segregated:         c.Segregated,
				Precision:          c.Precision,
				Component:          o.component(),
				Principles:         o.principles(),
				Assertions:         o.assertions(),
				Objectives:         []string{idOf(o.Code)},
				Risks:              o.risksOf(c),
				FrameworkIDs:       o.frameworks(),
				PopulationHint:     s.population(c),
				ExpectedAttributes: texts(c.Attributes),
				SuggestedTest:      c.Test,
				Order:              i + 1,
			}})
		}
	}
	return out
}

func cuecs(s Service, rank int) []Record {
	var out []Record
	for i, x := range s.CUECs {
		out = append(out, Record{Kind: "cuec", ID: idOf(x.Code), Value: soc1.CUEC{
			Code:       x.Code,
			Text:       x.Text,
			Objectives: idsOf(allLinks().CUECObjectives[x.Code]),
			Order:      rank + i + 1,
		}})
	}
	return out
}

// texts are what the attributes look for, in words.
func texts(attributes []Attribute) []string {
	out := make([]string, len(attributes))
	for i, a := range attributes {
		out[i] = a.Text
	}
	return out
}

// risksOf are the ids of the risks that a control answers: those that
// links.json names, or the only risk of the objective.
func (o Objective) risksOf(c Control) []string {
	numbers, named := allLinks().ControlRisks[c.Code]
	if !named && len(o.Risks) == 1 {
		numbers = []int{1}
	}
	var out []string
	for _, n := range numbers {
		out = append(out, idOf(riskCode(o.Code, n)))
	}
	return out
}

// assertions translates the words of the templates, of which one names two
// assertions that are audited as one.
func (o Objective) assertions() []soc1.FinancialAssertion {
	var out []soc1.FinancialAssertion
	for _, word := range o.Assertions {
		value, _, _ := strings.Cut(strings.ToLower(word), "/")
		out = append(out, soc1.FinancialAssertion(value))
	}
	return out
}

// principles are the COSO principles of the objective.
func (o Objective) principles() []soc1.Principle {
	var out []soc1.Principle
	for _, id := range o.Mappings["COSO"] {
		out = append(out, soc1.Principle(id))
	}
	return out
}

// component is the COSO component of the objective's first principle.
func (o Objective) component() soc1.COSOComponent {
	for _, p := range o.principles() {
		return p.Component()
	}
	return ""
}
