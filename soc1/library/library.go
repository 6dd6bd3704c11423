// Package library is the product's own starter library: nine service types of
// SOC 1 practice (general IT controls and eight kinds of service) with their
// control objectives, risks, controls and complementary user entity controls,
// and the identifiers of the frameworks they are mapped to. It promises that
// what Records returns is valid, that its ids are stable from one version of
// the program to the next, and that every reference between its records can
// be resolved within what it returns. The wording is original and a starting
// point: no set of objectives is right for an organization before somebody has
// tailored it. Of the frameworks it holds identifiers only, since their texts
// are under copyright; the mappings are this library's own opinion.
package library

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// files are the library's data: a file for each service type, named by its
// code, and two tables. In links.json are the two relations that the
// templates do not state: which objectives need a complementary user entity
// control, and which of several risks of an objective a control answers.
//
//go:embed services/*.json links.json framework_ids.csv
var files embed.FS

// ITGC is the code of the general IT controls, which every other service type
// includes by default.
const ITGC = "ITGC"

// Service is a service type with everything the library has for it.
type Service struct {
	// Code is the short name that begins every id of the type, such as "PAY".
	Code string `json:"service"`
	// Name is the type in words.
	Name string `json:"name"`
	// CUECs are the complementary user entity controls.
	CUECs []CUEC `json:"cuecs"`
	// Objectives are the control objectives in the order of the process.
	Objectives []Objective `json:"objectives"`
}

// CUEC is a complementary user entity control of a service type.
type CUEC struct {
	// Code is as printed in a report, "PAY-CUEC-1".
	Code string `json:"id"`
	// Text is the control expected of user entities.
	Text string `json:"text"`
}

// Objective is a control objective of a service type.
type Objective struct {
	// Code is as printed in a report, "PAY-3".
	Code string `json:"id"`
	// Title is a short name.
	Title string `json:"title"`
	// Text is the objective as a sentence.
	Text string `json:"objective"`
	// Assertions are the financial statement assertions, as words.
	Assertions []string `json:"assertions"`
	// Risks are what could go wrong.
	Risks []string `json:"risks"`
	// Mappings are framework identifiers by the library's short name of the
	// framework.
	Mappings map[string][]string `json:"mappings"`
	// Controls are the controls that achieve the objective.
	Controls []Control `json:"controls"`
}

// Control is a control of an objective.
type Control struct {
	// Code is as printed in a report, "PAY-3.2".
	Code string `json:"id"`
	// Nature is as soc1.ControlNature spells it.
	Nature string `json:"nature"`
	// Type is as soc1.ControlType spells it.
	Type string `json:"type"`
	// Frequency is as soc1.Frequency spells it.
	Frequency string `json:"frequency"`
	// Text is the control as a report states it: who does what on which
	// source, by when, from which difference on something is followed up, and
	// what is left behind. Its amounts, days and rates are starters.
	Text string `json:"control"`
	// Precision is the expectation of a review or reconciliation and the
	// difference from which on something is investigated.
	Precision string `json:"precision"`
	// Segregated says that the control needs two different people.
	Segregated bool `json:"segregated"`
	// Population says what the items of a test are; "As PAY-1.1" stands for
	// the population of that control.
	Population string `json:"population"`
	// Extract is the table that a census of the population needs, nil where
	// only a person can look.
	Extract *Extract `json:"extract"`
	// Attributes are what a test looks for in every item.
	Attributes []Attribute `json:"attributes"`
	// Test is how an auditor might test it.
	Test string `json:"test"`
}

// links are the relations that the templates do not state.
type links struct {
	CUECObjectives map[string][]string `json:"cuec_objectives"`
	ControlRisks   map[string][]int    `json:"control_risks"`
}

// order is the library's order of the service types, the general IT controls
// first.
var order = []string{ITGC, "PAY", "CLM", "FND", "LON", "RCM", "CUS", "DCH", "SAA"}

// Services returns the service types in the library's order, the general IT
// controls first. The caller may change what it gets.
func Services() []Service {
	out := make([]Service, len(order))
	for i, code := range order {
		out[i] = read(code)
	}
	return out
}

// read reads one service type anew.
func read(code string) Service {
	var s Service
	load("services/"+strings.ToLower(code)+".json", &s)
	return s
}

// ServiceOf returns the service type of a code, in either case; the error
// names the codes there are. The caller may change what it gets.
func ServiceOf(code string) (Service, error) {
	i, err := place(code)
	if err != nil {
		return Service{}, err
	}
	return read(order[i]), nil
}

// place is where a code stands in the library's order.
func place(code string) (int, error) {
	i := slices.IndexFunc(order, func(c string) bool { return strings.EqualFold(c, strings.TrimSpace(code)) })
	if i < 0 {
		return 0, fmt.Errorf("the template library has no service type %q; use one of: %s", code, strings.Join(order, ", "))
	}
	return i, nil
}

// allServices reads the service types once, for Records; they are never
// handed out.
var allServices = sync.OnceValue(Services)

// allLinks reads the relations once; they are never handed out.
var allLinks = sync.OnceValue(func() links {
	var l links
	load("links.json", &l)
	return l
})

// load decodes one embedded file. The files are part of the program and
// tested with it, so that a fault in one is a fault of the program.
func load(name string, into any) {
	data, err := files.ReadFile(name)
	if err == nil {
		d := json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		err = d.Decode(into)
	}
	if err != nil {
		panic(fmt.Sprintf("library: the embedded file %s cannot be read: %v", name, err))
	}
}

// population is the population of a control, with "As PAY-1.1" resolved; the
// chain of such references has no circle, which a test proves.
func (s Service) population(c Control) string {
	for range len(s.Objectives) {
		other, found := strings.CutPrefix(c.Population, "As ")
		if !found {
			return c.Population
		}
		next, ok := s.control(other)
		if !ok {
			return c.Population
		}
		c = next
	}
	return c.Population
}

// ControlOf returns a control by its code, in either case, with its objective
// and with its population resolved; the error says how codes look. The caller
// may change what it gets.
func ControlOf(code string) (Control, Objective, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	prefix, _, _ := strings.Cut(code, "-")
	s, err := ServiceOf(prefix)
	if err != nil {
		return Control{}, Objective{}, fmt.Errorf("the template library has no control %q; codes look like PAY-1.2, and %w", code, err)
	}
	for _, o := range s.Objectives {
		for _, c := range o.Controls {
			if c.Code == code {
				c.Population = s.population(c)
				return c, o, nil
			}
		}
	}
	return Control{}, Objective{}, fmt.Errorf("the template library has no control %q; `reperform templates show %s` lists those of the service type", code, s.Code)
}

// control finds a control of the service type by its code.
func (s Service) control(code string) (Control, bool) {
	for _, o := range s.Objectives {
		if i := slices.IndexFunc(o.Controls, func(c Control) bool { return c.Code == code }); i >= 0 {
			return o.Controls[i], true
		}
	}
	return Control{}, false
}
