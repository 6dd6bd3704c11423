package web

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"reperform/overview"
	"reperform/soc1"
)

// matrixCross is a table of objectives against something else: how many
// controls stand where both meet, and where one is wanted and none is.
type matrixCross struct {
	Caption, Corner string
	Columns         []crossHead
	Rows            []crossRow
	// Totals are by column, Total is of all controls counted once.
	Totals []crossCell
	Total  crossCell
	Holes  int
	// What says which cells are holes.
	What string
}

type crossHead struct {
	Code, Title, Href string
	Level             overview.Level
	Rated             bool
}

type crossRow struct {
	Head  crossHead
	Cells []crossCell
	Total crossCell
}

// crossCell is a number with the list behind it. Hole says that a control is
// wanted here and there is none.
type crossCell struct {
	Count int
	Href  string
	Hole  bool
}

// cross makes the table of the view asked for.
func (r *request) cross(d *matrixData, q matrixQuery, match []bool) *matrixCross {
	switch q.View {
	case "assertions":
		return r.crossAssertions(d, q, match)
	case "principles":
		return r.crossPrinciples(d, q, match)
	}
	return r.crossRisks(d, q, match)
}

// crossPrinciples sets the seventeen principles of COSO's five components against the
// entity level and the objectives: the entity level is where most of them are served.
func (r *request) crossPrinciples(d *matrixData, q matrixQuery, match []bool) *matrixCross {
	c := &matrixCross{Caption: "Controls by COSO principle and objective", Corner: "Principle",
		What: "A hole is a principle that no control serves, at the entity level or below."}
	// Most principles are served at the entity level, which comes first here.
	order := make([]int, len(d.o.Objectives))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return boolInt(d.o.Objectives[b].EntityLevel()) - boolInt(d.o.Objectives[a].EntityLevel())
	})
	for _, n := range order {
		c.Columns = append(c.Columns, r.objectiveHead(d, q, n))
		c.Totals = append(c.Totals, r.crossCount(d, q, match, d.o.Objectives[n].Controls, [][2]string{{"objective", orNone(d.o.Objectives[n].Ref.ID)}}, false))
	}
	for _, id := range soc1.Principle("").Values() {
		p := soc1.Principle(id)
		row := crossRow{Head: crossHead{Code: id, Title: p.Topic() + " (" + lowerFirst(p.Component().Label()) + ")",
			Href: r.matrixURL(q, func(n *matrixQuery) { n.View = ""; n.Sets["principle"] = []string{id} })}}
		for _, n := range order {
			row.Cells = append(row.Cells, r.crossCount(d, q, match, d.o.Objectives[n].Controls, [][2]string{{"principle", id}, {"objective", orNone(d.o.Objectives[n].Ref.ID)}}, false))
		}
		row.Total = r.crossCount(d, q, match, d.all(), [][2]string{{"principle", id}}, true)
		c.Rows = append(c.Rows, row)
	}
	c.close(r, d, q, match)
	return c
}

func (r *request) crossAssertions(d *matrixData, q matrixQuery, match []bool) *matrixCross {
	c := &matrixCross{Caption: "Controls by objective and financial statement assertion", Corner: "Objective",
		What: "A hole is an assertion that the objective names and none of its controls serves."}
	var columns []string
	for _, a := range soc1.FinancialAssertion("").Values() {
		used := len(d.names["assertion"][a]) > 0
		for i := range d.o.Objectives {
			used = used || slices.Contains(d.o.Objectives[i].Objective.Assertions, soc1.FinancialAssertion(a))
		}
		if used {
			columns = append(columns, a)
			c.Columns = append(c.Columns, crossHead{Title: soc1.FinancialAssertion(a).Label()})
		}
	}
	for n := range d.o.Objectives {
		o := &d.o.Objectives[n]
		row := crossRow{Head: r.objectiveHead(d, q, n)}
		for _, a := range columns {
			row.Cells = append(row.Cells, r.crossCount(d, q, match, o.Controls, [][2]string{{"objective", orNone(o.Ref.ID)}, {"assertion", a}},
				slices.Contains(o.Objective.Assertions, soc1.FinancialAssertion(a))))
		}
		row.Total = r.crossCount(d, q, match, o.Controls, [][2]string{{"objective", orNone(o.Ref.ID)}}, !o.EntityLevel())
		c.Rows = append(c.Rows, row)
	}
	for _, a := range columns {
		c.Totals = append(c.Totals, r.crossCount(d, q, match, d.all(), [][2]string{{"assertion", a}}, false))
	}
	c.close(r, d, q, match)
	return c
}

func (r *request) crossRisks(d *matrixData, q matrixQuery, match []bool) *matrixCross {
	c := &matrixCross{Caption: "Controls by risk and objective", Corner: "Risk",
		What: "A hole is a risk that threatens the objective and that none of its controls answers."}
	for n := range d.o.Objectives {
		c.Columns = append(c.Columns, r.objectiveHead(d, q, n))
		c.Totals = append(c.Totals, r.crossCount(d, q, match, d.o.Objectives[n].Controls, [][2]string{{"objective", orNone(d.o.Objectives[n].Ref.ID)}}, false))
	}
	for _, i := range d.risksInOrder() {
		x := &d.o.Risks[i]
		row := crossRow{Head: crossHead{Code: x.Risk.Code, Title: x.Risk.Text, Href: r.url("/r/risk/%s", x.Ref.ID), Level: x.Rating().Level(), Rated: true}}
		for n := range d.o.Objectives {
			o := &d.o.Objectives[n]
			row.Cells = append(row.Cells, r.crossCount(d, q, match, x.Controls, [][2]string{{"risk", x.Ref.ID}, {"objective", orNone(o.Ref.ID)}},
				slices.Contains(x.Risk.Objectives, o.Ref.ID) && x.Risk.Response == ""))
		}
		row.Total = r.crossCount(d, q, match, x.Controls, [][2]string{{"risk", x.Ref.ID}}, x.Risk.Response == "")
		c.Rows = append(c.Rows, row)
	}
	c.close(r, d, q, match)
	return c
}

// risksInOrder are the places of the risks, by the first objective that each
// threatens or, through its controls, concerns.
func (d *matrixData) risksInOrder() []int {
	first := make([]int, len(d.o.Risks))
	out := make([]int, len(d.o.Risks))
	for i := range d.o.Risks {
		out[i], first[i] = i, len(d.o.Objectives)
		for n := range d.o.Objectives {
			if slices.Contains(d.o.Risks[i].Risk.Objectives, d.o.Objectives[n].Ref.ID) {
				first[i] = min(first[i], n)
			}
		}
		for _, at := range d.o.Risks[i].Controls {
			for _, n := range d.o.Controls[at].Objectives {
				first[i] = min(first[i], n)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b int) int { return first[a] - first[b] })
	return out
}

func (r *request) objectiveHead(d *matrixData, q matrixQuery, n int) crossHead {
	o := &d.o.Objectives[n]
	if o.EntityLevel() {
		return crossHead{Code: "Entity", Title: "Entity-level controls"}
	}
	return crossHead{Code: o.Objective.Code, Title: o.Objective.Title, Href: r.url("/r/control_objective/%s", o.Ref.ID)}
}

// crossCount counts the controls that match the page's filters and these
// values; its address is the list of exactly these.
func (r *request) crossCount(d *matrixData, q matrixQuery, match []bool, among []int, want [][2]string, wanted bool) crossCell {
	var c crossCell
	for _, i := range among {
		in := match[i]
		for _, f := range want {
			in = in && slices.Contains(d.facets[f[0]][i], f[1])
		}
		c.Count += boolInt(in)
	}
	c.Hole = wanted && c.Count == 0
	if c.Count > 0 {
		c.Href = r.matrixURL(q, func(n *matrixQuery) {
			n.View = ""
			for _, f := range want {
				n.Sets[f[0]] = []string{f[1]}
			}
		})
	}
	return c
}

func (c *matrixCross) close(r *request, d *matrixData, q matrixQuery, match []bool) {
	c.Total = r.crossCount(d, q, match, d.all(), nil, false)
	for _, row := range c.Rows {
		n := 0
		for _, x := range row.Cells {
			n += boolInt(x.Hole)
		}
		// A row without any control is a hole even where no cell wants one.
		c.Holes += max(n, boolInt(row.Total.Hole))
	}
}

// all are the places of all controls.
func (d *matrixData) all() []int {
	out := make([]int, len(d.rows))
	for i := range out {
		out[i] = i
	}
	return out
}

// crossCells writes the numbers of a row. They are hundreds, so they are
// written as text and not as components.
func crossCells(cells []crossCell, class string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		var b strings.Builder
		for _, c := range cells {
			b.WriteString(`<td class="` + crossClass(c, class) + `">`)
			switch {
			case c.Hole:
				b.WriteString(`<span>None</span>`)
			case c.Count == 0:
				b.WriteString(`<span class="mut" aria-hidden="true">·</span><span class="vh">not wanted</span>`)
			default:
				b.WriteString(`<a href="` + templ.EscapeString(c.Href) + `">` + strconv.Itoa(c.Count) + `<span class="vh"> controls</span></a>`)
			}
			b.WriteString(`</td>`)
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
}
