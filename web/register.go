package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/record"
	"reperform/web/ui"
)

// pageSize is how many rows a register shows at a time.
const pageSize = 100

// registerPage is a register as it is shown.
type registerPage struct {
	f       *ui.Frame
	Kind    *record.Kind
	Columns []column
	// Others are the fields that could be shown as well.
	Others  []column
	Groups  []rowGroup
	Total   int
	Shown   int
	Query   query
	Filters []filter
	// More is the address of the next rows, or of the next groups; empty when
	// there are none.
	More string
	// FoldAll is the address with all groups shut, or with all of them open.
	FoldAll string
	// May says that the person may change records here.
	May bool
	// New, Import and Bulk are the addresses for a new record, for many from a
	// file, and for changing those chosen; empty when the person may not.
	New, Import, Bulk string
	// Exports are the files of what is shown.
	Exports []ui.Link
	// Match is the query that all rows match.
	Match string
	// Views are the saved views; nil where there are none to be had.
	Views *savedViews
	// Start is the place of the first row in this page, from 0.
	Start int
	// Names is what the rows are called.
	Names string
	// At is the register's own address without its query.
	At string
	// Ledger is named where it is not the organization's.
	Ledger string
	as     rowAs
}

// column is a field shown as a column.
type column struct {
	Field record.Field
	On    bool
	// Sort is the address that sorts by it, Order is "", "up" or "down".
	Sort, Order string
}

// rowGroup are rows with the same value of the field grouped by; rows that stand
// in no groups are one without a name.
type rowGroup struct {
	ID    string
	Title string
	Count int
	Rows  []placedRow
	// Open says that its rows are shown; Toggle is the address with it shut, or
	// open.
	Open   bool
	Toggle string
	// Left are its rows behind those here, and More the address of the next ones.
	Left int
	More string
}

// row is one record.
type row struct {
	ID       string
	Code     string
	Heading  string
	Href     string
	Revision int64
	Cells    []cell
}

// Width is how many columns the table has.
func (p *registerPage) Width() int { return len(p.Columns) + 1 + boolInt(p.May) }

// Name is what a row is called for somebody who does not see it.
func (x row) Name() string {
	if x.Code != "" {
		return x.Code
	}
	return clipped(x.Heading, 60)
}

// sortValue is the order of a query as its address has it.
func sortValue(q query) string {
	if q.Down {
		return "-" + q.Sort
	}
	return q.Sort
}

// filter is a field that can be filtered by, with its choices.
type filter struct {
	Field   record.Field
	Choices []choice
	// On is how the choice made reads; empty without one.
	On string
	// Clear is the address without it.
	Clear string
}

type choice struct {
	Text, Href string
	On         bool
	Count      int
}

// query is what the address asks of a register.
type query struct {
	Words   string
	Sort    string
	Down    bool
	Group   string
	Columns []string
	Filters map[string]string
	After   string
	// From is the place of the first row that is wanted, from 0.
	From int
	// Fold are the groups that are shut.
	Fold folding
	// In is the place in a group behind which its rows are wanted.
	In string
}

func readQuery(v url.Values) query {
	q := query{Words: strings.TrimSpace(v.Get("q")), Group: v.Get("group"), After: v.Get("after"), Filters: map[string]string{}}
	q.Sort, q.Down = strings.CutPrefix(v.Get("sort"), "-")
	q.From, _ = strconv.Atoi(v.Get("from"))
	q.Fold, q.In = readFolding(v.Get("fold")), v.Get("in")
	for _, c := range v["col"] {
		q.Columns = append(q.Columns, strings.Split(c, ",")...)
	}
	for name := range v {
		if f, ok := strings.CutPrefix(name, "f."); ok && v.Get(name) != "" {
			q.Filters[f] = v.Get(name)
		}
	}
	return q
}

// values is the query as part of an address, with changes made by set.
func (q query) values(set func(*query)) string {
	next := q
	next.Filters = map[string]string{}
	for k, v := range q.Filters {
		next.Filters[k] = v
	}
	next.Columns = slices.Clone(q.Columns)
	next.After, next.From, next.In = "", 0, ""
	set(&next)
	v := url.Values{}
	put := func(name, value string) {
		if value != "" {
			v.Set(name, value)
		}
	}
	put("q", next.Words)
	put("group", next.Group)
	put("after", next.After)
	put("in", next.In)
	if next.Group != "" {
		put("fold", next.Fold.String())
	}
	if next.From > 0 {
		v.Set("from", strconv.Itoa(next.From))
	}
	put("col", strings.Join(next.Columns, ","))
	if next.Sort != "" {
		if next.Down {
			v.Set("sort", "-"+next.Sort)
		} else {
			v.Set("sort", next.Sort)
		}
	}
	for k, x := range next.Filters {
		put("f."+k, x)
	}
	return v.Encode()
}

// list shows a register.
func (r *request) list() error {
	reg, err := r.register(r.PathValue("kind"), readQuery(r.URL.Query()))
	if err != nil {
		return err
	}
	k := reg.kind
	p := &registerPage{Kind: k, Query: reg.query, At: r.at() + "/r/" + k.Name, Total: reg.list.Live(), Shown: reg.Len(), Names: k.Plural}
	if r.at() != "" {
		p.Ledger = r.ledger
	}
	if err := r.chooseColumns(p); err != nil {
		return err
	}
	p.May, p.f = r.mayChange(reg), r.plainFrame(k.Plural)
	if err := r.rows(p, reg); err != nil {
		return err
	}
	if r.partial() && r.Header.Get("HX-Target") == "rows" || r.Header.Get("X-Part") == "rows" {
		r.w.Header().Set("X-Total", strconv.Itoa(p.Shown))
		if p.grouped() {
			return r.write(200, groupRows(p))
		}
		return r.write(200, registerRows(p))
	}
	r.filters(p, reg)
	r.registerLinks(p)
	if p.Views, err = r.registerViewsOf(p); err != nil {
		return err
	}
	f, err := r.frame(k.Plural, nil)
	if err != nil {
		return err
	}
	p.f = f
	return r.write(200, ui.Page(f, registerActions(p), registerBody(p)))
}

// registerLinks are the addresses that a register leads to.
func (r *request) registerLinks(p *registerPage) {
	all := p.Query.values(func(q *query) { q.From = 0 })
	for _, x := range exportFormats {
		if x.format != "yaml" || !p.Kind.Decision {
			p.Exports = append(p.Exports, ui.Link{Text: x.text, Href: r.url("%s/export/%s/%s?%s", r.at(), p.Kind.Name, x.format, all)})
		}
	}
	p.Match = all
	if p.May {
		p.New = r.url("%s/new", p.At)
		p.Import = r.url("%s/import/%s", r.at(), p.Kind.Name)
		p.Bulk = r.url("%s/bulk/%s", r.at(), p.Kind.Name)
	}
}

// preferred are the columns that a register shows at first; a kind that is not
// named here shows its first short fields.
var preferred = map[string][]string{
	"control":                 {"objectives", "nature", "type", "frequency", "key", "owner"},
	"control_objective":       {"assertions", "services"},
	"risk":                    {"objectives", "likelihood", "impact"},
	"person":                  {"title", "side", "roles", "custom_roles", "active_to"},
	"role":                    {"purpose", "reads", "keeps", "comments", "reads_all"},
	"evidence":                {"controls", "as_of", "period_from", "period_to", "source"},
	"engagement":              {"type", "period_start", "period_end", "as_of", "standard_set"},
	"subservice_organization": {"method", "services_provided", "monitoring_controls"},
	"cuec":                    {"objectives"},
	"csoc":                    {"subservice_organization", "objectives"},
	"test_of_control":         {"control", "method", "population", "performed_by", "performed_on", "reviewer"},
	"exception":               {"test", "attribute", "status", "decided_by", "decided_on"},
	"deviation":               {"control", "test", "item_count", "extent"},
	"conclusion":              {"subject", "subject_id", "limb", "outcome", "by", "on"},
	"result":                  {"test", "attribute", "outcome", "by", "tested_on"},
	"population":              {"source_system", "row_count", "period_from", "period_to"},
}

// heads are the fields that a row's heading already shows.
var heads = []string{"code", "title", "name"}

func (r *request) chooseColumns(p *registerPage) error {
	names := p.Query.Columns
	if len(names) == 0 {
		names = preferred[p.Kind.Name]
	}
	if len(names) == 0 {
		for _, f := range p.Kind.Fields {
			if len(names) < 5 && short(f) && !slices.Contains(heads, f.Name) {
				names = append(names, f.Name)
			}
		}
	}
	for _, name := range names {
		f, ok := p.Kind.Field(name)
		if !ok {
			return badRequest("col", fmt.Errorf("%s have no field %q", p.Kind.Plural, name))
		}
		p.Columns = append(p.Columns, r.column(p, f, true))
	}
	for _, f := range p.Kind.Fields {
		if !slices.Contains(heads, f.Name) {
			p.Others = append(p.Others, r.column(p, f, slices.Contains(names, f.Name)))
		}
	}
	for _, name := range []string{p.Query.Sort, p.Query.Group} {
		if _, ok := p.Kind.Field(name); name != "" && name != "heading" && !ok {
			return badRequest("sort", fmt.Errorf("%s have no field %q", p.Kind.Plural, name))
		}
	}
	return nil
}

func short(f record.Field) bool {
	return !f.Multiline && f.Type != record.Object && f.Type != record.Map
}

func (r *request) column(p *registerPage, f record.Field, on bool) column {
	c := column{Field: f, On: on}
	if p.Query.Sort == f.Name {
		c.Order = "up"
		if p.Query.Down {
			c.Order = "down"
		}
	}
	c.Sort = r.url("%s?%s", p.At, p.Query.values(func(q *query) {
		q.Sort, q.Down = f.Name, p.Query.Sort == f.Name && !p.Query.Down
	}))
	return c
}

// rows makes the rows of one page.
func (r *request) rows(p *registerPage, reg *register) error {
	if p.grouped() {
		return r.groupsOf(p, reg)
	}
	start := min(max(0, p.Query.From), reg.Len())
	if p.Query.After != "" {
		start = reg.behind(p.Query.After)
	}
	end := min(start+pageSize, reg.Len())
	p.Start = start
	var g rowGroup
	if err := r.placed(p, reg, &g, start, end); err != nil {
		return err
	}
	p.Groups = []rowGroup{g}
	if end < reg.Len() {
		p.More = r.url("%s?%s", p.At, p.Query.values(func(q *query) { q.After = reg.cursor(end - 1) }))
	}
	return nil
}

func groupTitle(c cell) string {
	switch {
	case c.Person != nil:
		return c.Person.Name
	case len(c.Links) > 0:
		var out []string
		for _, l := range c.Links {
			out = append(out, l.Text)
		}
		return strings.Join(out, ", ")
	case c.Text != "":
		return c.Text
	}
	return "None"
}

func (r *request) row(p *registerPage, x *record.Item, fields map[string]json.RawMessage) row {
	h := x.Heading()
	// What has a code alone is opened by it.
	if h.Text == "" {
		h.Text, h.Code = h.Code, ""
	}
	out := row{ID: x.ID, Code: h.Code, Heading: h.Text, Href: r.recordURL(x.Kind, x.ID), Revision: x.Revision}
	for _, c := range p.Columns {
		out.Cells = append(out.Cells, r.show(c.Field, fields[c.Field.Name]))
	}
	return out
}

// mostChoices is how many values of a field a filter offers.
const mostChoices = 60

// filterable tells whether a field has few values that people choose among.
func filterable(f record.Field) bool {
	return f.Type == record.Enum || f.Type == record.Boolean || f.Ref == "person" || f.Ref == "control_objective" || f.Ref == "control"
}

// filters offers the fields with few values, as they occur.
func (r *request) filters(p *registerPage, reg *register) {
	for _, f := range p.Kind.Fields {
		if !filterable(f) && p.Query.Filters[f.Name] == "" {
			continue
		}
		counts := reg.list.Tally(f.Name)
		on := p.Query.Filters[f.Name]
		if (len(counts) == 0 || len(counts) > mostChoices) && on == "" {
			continue
		}
		name := f.Name
		fl := filter{Field: f, Clear: r.url("%s?%s", p.At, p.Query.values(func(q *query) { delete(q.Filters, name) }))}
		if on != "" {
			fl.On = r.word(f, on)
		}
		// The choices differ in one value of the address.
		to := r.url("%s?%s", p.At, p.Query.values(func(q *query) { q.Filters[name] = "\x00" }))
		before, after, _ := strings.Cut(to, "%00")
		if len(counts) <= mostChoices {
			for v, n := range counts {
				fl.Choices = append(fl.Choices, choice{Text: r.word(f, v), Count: n, On: on == v, Href: before + url.QueryEscape(v) + after})
			}
		}
		slices.SortFunc(fl.Choices, func(a, b choice) int { return cmp.Compare(natural(a.Text), natural(b.Text)) })
		p.Filters = append(p.Filters, fl)
	}
}

// word is a value of a field as people read it.
func (r *request) word(f record.Field, v string) string {
	switch {
	case f.Type == record.Enum:
		return f.ValueLabel(v)
	case f.Type == record.Boolean:
		return "Yes"
	case f.Ref == "person":
		return r.headings().person(v).Name
	case f.Ref != "":
		return r.link(f.Ref, v).Text
	}
	return v
}
