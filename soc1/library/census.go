package library

import (
	"fmt"
	"strings"

	"reperform/soc1"
)

// Extract is the table that a census of a control's population needs: one row
// for each item, drawn from the source that the population names. Where the
// organization's systems have other names, the columns are renamed in the
// query that draws the extract or in the attributes, whichever is easier.
type Extract struct {
	// Key are the columns that identify a row.
	Key []string `json:"key"`
	// Columns are the columns of the table, those of the key among them.
	Columns []Column `json:"columns"`
}

// Column is a column of an extract.
type Column struct {
	// Name is the name that the attributes use.
	Name string `json:"name"`
	// Type is text, integer, decimal, boolean, date or timestamp.
	Type string `json:"type"`
	// Meaning says what the values are.
	Meaning string `json:"meaning"`
	// Example is the value of an item that has no exception; nil is an empty
	// value.
	Example *string `json:"example"`
}

// SchemaType is the type as a schema of package population declares it.
func (c Column) SchemaType() string {
	if c.Type == "decimal" {
		return "decimal(18,6)"
	}
	return c.Type
}

// Attribute is one thing that a test looks for in every item of a population.
// With a Pass it is decided by the rows of the extract; without one, a person
// looks. Evidence that is absent never passes.
type Attribute struct {
	// Text says what is so of an item that passes.
	Text string `json:"text"`
	// Pass is the SQL expression that is true for an item that passes and false
	// for any other; see package population for the dialect.
	Pass string `json:"pass"`
	// NotApplicable is the SQL expression that is true for an item that the
	// attribute does not concern.
	NotApplicable string `json:"not_applicable"`
	// Fails are values that make an item fail that is otherwise like the
	// example of the columns; nil is an empty value.
	Fails map[string]*string `json:"fails"`
	// Exempt are values that take such an item out of the attribute's concern.
	Exempt map[string]*string `json:"exempt"`
}

// Manual reports whether a person decides item by item.
func (a Attribute) Manual() bool { return a.Pass == "" }

// Letter is the code of the n-th attribute of a control, from zero.
func Letter(n int) string { return string(rune('A' + n)) }

// Census turns a control of the library into the records of management's own
// test of every item of its population: the test, and after it the attributes
// that the rows decide. Those for a person are left out, because a census is
// evaluated by expressions alone; they keep their letters for a test by sample.
// The engagement and the control must be records of the workspace; population
// is the id of the frozen extract and may be empty until there is one. Ids
// begin with "t-" and the control's id. A control without an extract has none
// and is refused.
func Census(code, engagement, population string) ([]Record, error) {
	c, _, err := ControlOf(code)
	if err != nil {
		return nil, err
	}
	if c.Extract == nil {
		return nil, fmt.Errorf("%s has no extract: its attributes are for a person, so plan a test by sample or by one item", c.Code)
	}
	control := idOf(c.Code)
	test := "t-" + control
	t := soc1.TestOfControl{
		Code:       "T-" + c.Code,
		By:         soc1.ByManagement,
		Engagement: engagement,
		Control:    control,
		Method:     soc1.Census,
		Population: population,
		Procedures: []soc1.Procedure{{Nature: soc1.Reperformance, Text: procedureText(c)}},
	}
	var attributes []Record
	for i, a := range c.Attributes {
		if a.Manual() {
			continue
		}
		letter := Letter(i)
		id := test + "-" + strings.ToLower(letter)
		t.Attributes = append(t.Attributes, id)
		attributes = append(attributes, Record{Kind: "attribute", ID: id, Value: soc1.Attribute{
			Test: test, Code: letter, Text: a.Text, Pass: a.Pass, NotApplicable: a.NotApplicable, Order: i + 1,
		}})
	}
	return append([]Record{{Kind: "test_of_control", ID: test, Value: t}}, attributes...), nil
}

// procedureText is the step as a working paper prints it.
func procedureText(c Control) string {
	population := strings.ToLower(c.Population[:1]) + c.Population[1:]
	return "For every item of the population (" + population + "), reperformed each attribute from the fields recorded and looked into every exception."
}

// CSV is an extract as a file that holds one item without exceptions: a header
// and one line. It shows the layout to whoever draws the extract.
func (e Extract) CSV() string {
	names, values := make([]string, len(e.Columns)), make([]string, len(e.Columns))
	for i, c := range e.Columns {
		names[i] = c.Name
		if c.Example != nil {
			values[i] = quoted(*c.Example)
		}
	}
	return strings.Join(names, ",") + "\n" + strings.Join(values, ",") + "\n"
}

// quoted is a value of a CSV file, in quotes where it holds a comma, a quote
// or an end of line (RFC 4180).
func quoted(s string) string {
	if !strings.ContainsAny(s, ",\"\r\n") {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
