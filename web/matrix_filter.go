package web

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/overview"
	"reperform/record"
	"reperform/soc1"
)

// matrixQuery is what an address asks of the matrix.
type matrixQuery struct {
	Engagement string
	// View is empty for the list, or "assertions", "risks" or "principles".
	View  string
	Words string
	// Sets are the values wanted, by facet: any of them suffices.
	Sets map[string][]string
	// Closed are the objectives whose rows are folded away.
	Closed []string
	// Open is the control shown at the side.
	Open string
	// Rows is how many rows the page has, From where it begins.
	Rows, From int
}

// noValue stands in addresses for "has none".
const noValue = "none"

// matrixFacet is one thing to filter by.
type matrixFacet struct {
	name, label string
	of          func(*overview.Overview, *overview.ControlLine) []string
	// chip says that it is always offered; others show when they are used.
	chip bool
}

var matrixFacets = []matrixFacet{
	{"status", "Status", func(_ *overview.Overview, c *overview.ControlLine) []string { return []string{c.Status.Slug()} }, true},
	{"owner", "Owner", func(_ *overview.Overview, c *overview.ControlLine) []string { return some(c.Owner.Ref.ID) }, true},
	{"objective", "Objective", func(o *overview.Overview, c *overview.ControlLine) []string {
		var out []string
		for _, n := range c.Objectives {
			out = append(out, orNone(o.Objectives[n].Ref.ID))
		}
		return out
	}, true},
	{"frequency", "Frequency", func(_ *overview.Overview, c *overview.ControlLine) []string { return some(string(c.Control.Frequency)) }, true},
	{"nature", "Nature", func(_ *overview.Overview, c *overview.ControlLine) []string { return some(string(c.Control.Nature)) }, true},
	{"key", "Key controls", func(_ *overview.Overview, c *overview.ControlLine) []string {
		if c.Control.Key {
			return []string{"yes"}
		}
		return []string{"no"}
	}, false},
	{"type", "Type", func(_ *overview.Overview, c *overview.ControlLine) []string { return some(string(c.Control.Type)) }, false},
	{"assertion", "Assertion", func(_ *overview.Overview, c *overview.ControlLine) []string {
		var out []string
		for _, a := range c.Control.Assertions {
			out = append(out, string(a))
		}
		return some(out...)
	}, false},
	{"principle", "COSO principle", func(_ *overview.Overview, c *overview.ControlLine) []string {
		var out []string
		for _, p := range c.Control.Principles {
			out = append(out, string(p))
		}
		return some(out...)
	}, false},
	{"risk", "Risk", func(o *overview.Overview, c *overview.ControlLine) []string {
		var out []string
		for _, n := range c.Risks {
			out = append(out, o.Risks[n].Ref.ID)
		}
		return some(out...)
	}, false},
	// overdue is told by newMatrixData, for all controls at once.
	{"overdue", "Evidence missing", func(*overview.Overview, *overview.ControlLine) []string { return nil }, false},
}

// anyMonth stands in addresses for evidence missing in any month.
const anyMonth = "any"

// overdueFacet are the months whose evidence each control owes.
func overdueFacet(o *overview.Overview) [][]string {
	months := o.Months()
	out := make([][]string, len(o.Controls))
	for at, line := range o.MonthsOf() {
		for i, m := range line {
			if m.Missing() > 0 {
				out[at] = append(out[at], string(months[i])[:7])
			}
		}
		if len(out[at]) > 0 {
			out[at] = append(out[at], anyMonth)
		} else {
			out[at] = []string{noValue}
		}
	}
	return out
}

func some(values ...string) []string {
	values = slices.DeleteFunc(values, func(s string) bool { return s == "" })
	if len(values) == 0 {
		return []string{noValue}
	}
	return values
}

func orNone(s string) string {
	if s == "" {
		return noValue
	}
	return s
}

// matrixRows is how many rows a page has at first.
const matrixRows = 100

// mostMatrixRows bounds what one page may hold.
const mostMatrixRows = 5000

func readMatrixQuery(v url.Values) (matrixQuery, error) {
	q := matrixQuery{Engagement: v.Get("engagement"), View: v.Get("view"), Words: strings.TrimSpace(v.Get("q")), Open: v.Get("open"), Rows: matrixRows, Sets: map[string][]string{}}
	if q.View != "" && q.View != "assertions" && q.View != "risks" && q.View != "principles" {
		return q, badRequest("view", fmt.Errorf("there is no view %q: the list, assertions, risks and principles are", clipped(q.View, 40)))
	}
	for _, f := range matrixFacets {
		q.Sets[f.name] = listed(v[f.name])
	}
	q.Closed = listed(v["closed"])
	if s := v.Get("rows"); s == "all" {
		q.Rows = mostMatrixRows
	} else if s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return q, badRequest("rows", fmt.Errorf("%q is not a number of rows", clipped(s, 20)))
		}
		q.Rows = min(n, mostMatrixRows)
	}
	if s := v.Get("from"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			return q, badRequest("from", fmt.Errorf("%q is not a number of rows", clipped(s, 20)))
		}
		q.From = n
	}
	return q, nil
}

// listed are the values of a parameter, given several times or with commas.
func listed(in []string) []string {
	var out []string
	for _, s := range in {
		for x := range strings.SplitSeq(s, ",") {
			if x = strings.TrimSpace(x); x != "" && !slices.Contains(out, x) {
				out = append(out, x)
			}
		}
	}
	return out
}

// values is the query as part of an address, with changes made by set. A
// change of what is shown begins again with the first rows.
func (q matrixQuery) values(set func(*matrixQuery)) string {
	next := q
	next.Sets, next.Closed = maps.Clone(q.Sets), slices.Clone(q.Closed)
	next.Rows, next.From = matrixRows, 0
	if set != nil {
		set(&next)
	}
	v := url.Values{}
	put := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	put("engagement", next.Engagement)
	put("view", next.View)
	put("q", next.Words)
	put("open", next.Open)
	put("closed", strings.Join(next.Closed, ","))
	for _, f := range matrixFacets {
		put(f.name, strings.Join(next.Sets[f.name], ","))
	}
	switch {
	case next.Rows >= mostMatrixRows:
		v.Set("rows", "all")
	case next.Rows != matrixRows:
		v.Set("rows", strconv.Itoa(next.Rows))
	}
	if next.From > 0 {
		v.Set("from", strconv.Itoa(next.From))
	}
	return v.Encode()
}

// toggled is a list with a value added or taken away.
func toggled(list []string, value string) []string {
	if i := slices.Index(list, value); i >= 0 {
		return slices.Delete(slices.Clone(list), i, i+1)
	}
	return append(slices.Clone(list), value)
}

// matches tells which controls the query asks for; except leaves one facet
// out, to count its choices.
func (d *matrixData) matches(q matrixQuery, except string) []bool {
	words := strings.Fields(record.Fold(q.Words))
	var wanted []wantedFacet
	for _, f := range matrixFacets {
		if want := q.Sets[f.name]; len(want) > 0 && f.name != except {
			wanted = append(wanted, wantedFacet{d.facets[f.name], want})
		}
	}
	out := make([]bool, len(d.rows))
	for i := range out {
		out[i] = d.match(i, wanted, words)
	}
	return out
}

// wantedFacet is a facet's values by control, and those that are asked for.
type wantedFacet struct {
	values [][]string
	want   []string
}

func (d *matrixData) match(i int, wanted []wantedFacet, words []string) bool {
	for _, f := range wanted {
		if !slices.ContainsFunc(f.values[i], func(v string) bool { return slices.Contains(f.want, v) }) {
			return false
		}
	}
	for _, w := range words {
		if !strings.Contains(d.words[i], w) {
			return false
		}
	}
	return true
}

// matrixChip is a filter as the page shows it.
type matrixChip struct {
	Name, Label string
	Choices     []choice
	// On are the words of what was chosen; empty without.
	On string
	// Clear is the address without it.
	Clear string
}

// chips offers what can be filtered by, each value with how many controls it
// would show together with the other filters.
func (r *request) chips(d *matrixData, q matrixQuery, page []bool) []matrixChip {
	var out []matrixChip
	for _, f := range matrixFacets {
		on := q.Sets[f.name]
		if f.name == "key" || !f.chip && len(on) == 0 {
			continue
		}
		name := f.name
		c := matrixChip{Name: name, Label: f.label, Clear: r.matrixURL(q, func(q *matrixQuery) { q.Sets[name] = nil })}
		counts := map[string]int{}
		match := page
		if len(on) > 0 {
			match = d.matches(q, name)
		}
		for i, values := range d.facets[name] {
			for _, v := range values {
				if match[i] {
					counts[v]++
				}
			}
		}
		for _, v := range d.order[name] {
			x := choice{Text: d.names[name][v], Count: counts[v], On: slices.Contains(on, v),
				Href: r.matrixURL(q, func(q *matrixQuery) { q.Sets[name] = toggled(q.Sets[name], v) })}
			c.Choices = append(c.Choices, x)
			if x.On && c.On == "" {
				c.On = clipped(x.Text, 28)
			}
		}
		if len(on) > 1 {
			c.On = fmt.Sprint(len(on))
		} else if len(on) == 1 && c.On == "" {
			c.On = clipped(on[0], 28)
		}
		out = append(out, c)
	}
	return out
}

// ordered are values in the order in which people expect them.
func (d *matrixData) ordered(facet string, values map[string]string) []string {
	rank := func(string) int { return 0 }
	k, _ := record.Kinds.Kind("control")
	switch facet {
	case "status":
		rank = func(v string) int {
			return slices.IndexFunc(overview.Statuses[:], func(s overview.Status) bool { return s.Slug() == v })
		}
	case "frequency", "nature", "type":
		f, _ := k.Field(facet)
		rank = func(v string) int { return slices.Index(f.Values, v) }
	case "overdue":
		rank = func(v string) int { n, _ := strconv.Atoi(strings.ReplaceAll(v, "-", "")); return n }
	case "objective":
		rank = func(v string) int {
			return slices.IndexFunc(d.o.Objectives, func(l overview.ObjectiveLine) bool { return orNone(l.Ref.ID) == v })
		}
	}
	out := slices.Collect(maps.Keys(values))
	slices.SortFunc(out, func(a, b string) int {
		switch {
		case a == noValue || b == noValue:
			return boolInt(a == noValue) - boolInt(b == noValue)
		case rank(a) != rank(b):
			return rank(a) - rank(b)
		}
		return strings.Compare(natural(values[a]), natural(values[b]))
	})
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// facetWord is a value as people read it.
func (d *matrixData) facetWord(facet, v string) string {
	if v == noValue {
		if facet == "objective" {
			return "Entity-level controls"
		}
		return "None"
	}
	switch facet {
	case "status":
		for _, s := range overview.Statuses {
			if s.Slug() == v {
				return s.Label()
			}
		}
	case "owner":
		for i := range d.o.Controls {
			if d.o.Controls[i].Owner.Ref.ID == v {
				return d.o.Controls[i].Owner.Name
			}
		}
	case "objective":
		for i := range d.o.Objectives {
			if x := &d.o.Objectives[i]; x.Ref.ID == v {
				return x.Objective.Code + " · " + x.Objective.Title
			}
		}
	case "risk":
		for i := range d.o.Risks {
			if x := &d.o.Risks[i]; x.Ref.ID == v {
				return x.Risk.Code
			}
		}
	case "overdue":
		if v == anyMonth {
			return "Any month"
		}
		return monthText(v)
	case "key":
		return map[string]string{"yes": "Key controls", "no": "Not key"}[v]
	case "frequency":
		return soc1.Frequency(v).Label()
	case "nature":
		return soc1.ControlNature(v).Label()
	case "type":
		return soc1.ControlType(v).Label()
	case "assertion":
		return soc1.FinancialAssertion(v).Label()
	case "principle":
		return strings.TrimSpace(v + " " + soc1.Principle(v).Topic())
	}
	return v
}

// described are the filters in words, for paper and exports.
func (d *matrixData) described(q matrixQuery) []string {
	var out []string
	for _, f := range matrixFacets {
		var words []string
		for _, v := range q.Sets[f.name] {
			words = append(words, d.facetWord(f.name, v))
		}
		if len(words) > 0 {
			out = append(out, f.label+": "+strings.Join(words, " or "))
		}
	}
	if q.Words != "" {
		out = append(out, fmt.Sprintf("Words: %q", q.Words))
	}
	return out
}

// matrixURL is the matrix's address with a changed query.
func (r *request) matrixURL(q matrixQuery, set func(*matrixQuery)) string {
	if s := q.values(set); s != "" {
		return r.url("%s/matrix?%s", r.at(), s)
	}
	return r.url("%s/matrix", r.at())
}
