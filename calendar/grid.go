package calendar

import (
	"fmt"

	"reperform/overview"
	"reperform/soc1"
)

// Zoom is how wide the columns of a calendar are.
type Zoom string

// The widths.
const (
	Quarters Zoom = "quarter"
	Months   Zoom = "month"
	Weeks    Zoom = "week"
)

// Zooms are the widths from wide to narrow.
var Zooms = []Zoom{Quarters, Months, Weeks}

// Known reports whether there is such a width.
func (z Zoom) Known() bool { return z == Quarters || z == Months || z == Weeks }

// Label is the word a person reads.
func (z Zoom) Label() string {
	return map[Zoom]string{Quarters: "Quarters", Months: "Months", Weeks: "Weeks"}[z]
}

// State is how the occurrences of a control in a column stand together: the worst of
// them.
type State string

// The states, the worst first. NotOperating says that the control was not in
// operation on any day of the column, Nothing that no occurrence ends in it.
const (
	Missing      State = "missing"
	Late         State = "late"
	NotYetDue    State = "not_yet_due"
	Present      State = "present"
	NotOperating State = "not_in_operation"
	Nothing      State = ""
)

// States are those that people filter by.
var States = []State{Missing, Late, NotYetDue, Present, NotOperating}

// Label is the words a person reads.
func (s State) Label() string {
	return map[State]string{Missing: "Missing", Late: "Late", NotYetDue: "Not yet due", Present: "Present", NotOperating: "Not in operation", Nothing: "None expected"}[s]
}

// Column is a run of days.
type Column struct {
	overview.Occurrence
	Label string
}

// Columns divide the days of a period: by quarters, months or ISO weeks, the first
// and the last as far as the period reaches into them.
func Columns(z Zoom, from, to soc1.Date) []Column {
	var out []Column
	if !from.Valid() || !to.Valid() || to < from {
		return nil
	}
	for first := from; first != "" && first <= to; {
		var c Column
		switch z {
		case Quarters:
			c.To, c.Label = first.QuarterEnd(), fmt.Sprintf("Q%d %d", first.Quarter(), first.Year())
		case Weeks:
			c.To = first.AddDays(7 - first.ISOWeekday())
			c.Label = weekLabel(c.To)
		default:
			c.To, c.Label = soc1.NewDate(first.Year(), first.Month(), 1).AddMonths(1).AddDays(-1), fmt.Sprintf("%d-%02d", first.Year(), first.Month())
		}
		if c.To == "" || c.To > to {
			c.To = to
		}
		c.From = first
		out = append(out, c)
		first = c.To.AddDays(1)
	}
	return out
}

// weekLabel names the ISO week that ends on a Sunday: that of its Thursday.
func weekLabel(sunday soc1.Date) string {
	thursday := sunday.AddDays(-3)
	first := soc1.NewDate(thursday.Year(), 1, 1)
	return fmt.Sprintf("W%02d", first.DaysUntil(thursday)/7+1)
}

// Cell is what one control's occurrences that end in one column amount to.
type Cell struct {
	// Expected are those that are due, Covered those of them with evidence, Coming
	// those that are not due, and Ahead those of these that have evidence already.
	Expected, Covered, Coming, Ahead int
	// Operating says that the control was in operation on a day of the column.
	Operating bool
	State     State
}

// All is how many occurrences end in the column.
func (c Cell) All() int { return c.Expected + c.Coming }

// Done is how many of them have evidence.
func (c Cell) Done() int { return c.Covered + c.Ahead }

// Open is how many are due and have none.
func (c Cell) Open() int { return c.Expected - c.Covered }

// add counts another cell into one.
func (c *Cell) add(o Cell) {
	c.Expected, c.Covered, c.Coming, c.Ahead = c.Expected+o.Expected, c.Covered+o.Covered, c.Coming+o.Coming, c.Ahead+o.Ahead
	c.Operating = c.Operating || o.Operating
}

// judge sets the state of a cell; late is that of an occurrence that is due and that
// nothing covers.
func (c *Cell) judge(late State) {
	switch {
	case c.Open() > 0:
		c.State = late
	case c.Coming > c.Ahead:
		c.State = NotYetDue
	case c.All() > 0:
		c.State = Present
	case !c.Operating:
		c.State = NotOperating
	}
}

// Grid is a calendar: a row for each control in scope, in the order of the report.
type Grid struct {
	Zoom    Zoom
	Columns []Column
	// Cells by the place of the control in the overview, and column.
	Cells [][]Cell
	// Rows are the sums of the controls.
	Rows []Cell
	// Counted says of each control whether its frequency predicts occurrences.
	Counted []bool
	late    State
}

// Of lays out the occurrences that an overview counts.
func Of(o *overview.Overview, z Zoom) *Grid {
	g := &Grid{Zoom: z, Columns: Columns(z, o.Period.From, o.Period.To), late: State(o.Late()), Cells: make([][]Cell, len(o.Controls)), Rows: make([]Cell, len(o.Controls)), Counted: make([]bool, len(o.Controls))}
	room := make([]Cell, len(g.Columns)*len(o.Controls))
	for at := range o.Controls {
		cells := room[at*len(g.Columns) : (at+1)*len(g.Columns)]
		g.Counted[at] = o.Controls[at].Evidence.Counted
		for _, run := range o.Runs(at) {
			for i := range g.Columns {
				if c := &g.Columns[i]; run.From <= c.To && c.From <= run.To {
					cells[i].Operating = true
				}
			}
		}
		n := 0
		o.Visit(at, func(x overview.Occurrence, due, covered bool) {
			// Occurrences come in the order of their ends, version by version.
			if n >= len(g.Columns) || x.To < g.Columns[n].From {
				n = 0
			}
			for n < len(g.Columns)-1 && g.Columns[n].To < x.To {
				n++
			}
			c := &cells[n]
			switch {
			case due && covered:
				c.Expected++
				c.Covered++
			case due:
				c.Expected++
			case covered:
				c.Coming++
				c.Ahead++
			default:
				c.Coming++
			}
		})
		for i := range cells {
			cells[i].judge(g.late)
			g.Rows[at].add(cells[i])
		}
		g.Rows[at].judge(g.late)
		g.Cells[at] = cells
	}
	return g
}

// Totals are the sums of some controls, by column.
func (g *Grid) Totals(rows []int) []Cell {
	out := make([]Cell, len(g.Columns))
	for _, at := range rows {
		for i := range out {
			out[i].add(g.Cells[at][i])
		}
	}
	for i := range out {
		out[i].judge(g.late)
	}
	return out
}

// Has reports whether a control has a cell of one of the states.
func (g *Grid) Has(at int, states []State) bool {
	for _, c := range g.Cells[at] {
		for _, s := range states {
			if c.State == s {
				return true
			}
		}
	}
	return false
}
