package web

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/url"
	"slices"
	"sort"
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
	// More is the address of the next rows; empty when there are none.
	More string
	// New is the address for a new record; empty when the person cannot make one.
	New string
	// At is the register's own address without its query.
	At string
	// Ledger is named where it is not the organization's.
	Ledger string
}

// column is a field shown as a column.
type column struct {
	Field record.Field
	On    bool
	// Sort is the address that sorts by it, Order is "", "up" or "down".
	Sort, Order string
}

// rowGroup are rows with the same value of the field grouped by.
type rowGroup struct {
	Title string
	Count int
	Rows  []row
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
}

func readQuery(v url.Values) query {
	q := query{Words: strings.TrimSpace(v.Get("q")), Group: v.Get("group"), After: v.Get("after"), Filters: map[string]string{}}
	q.Sort, q.Down = strings.CutPrefix(v.Get("sort"), "-")
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
	next.After = ""
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
	k, err := record.Kinds.Kind(r.PathValue("kind"))
	if err != nil {
		return errNowhere
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	all, err := v.List(r.Context(), k.Name)
	if err != nil {
		return err
	}
	q := readQuery(r.URL.Query())
	p := &registerPage{Kind: k, Query: q, At: r.at() + "/r/" + k.Name, Total: len(all)}
	if r.at() != "" {
		p.Ledger = r.ledger
	}
	if err := r.chooseColumns(p); err != nil {
		return err
	}
	chosen := r.chosen(k, all, q)
	p.Shown = len(chosen)
	r.filters(p, all)
	r.rows(p, chosen)
	if !k.Decision && !r.past.On() {
		p.New = r.url("%s/new", p.At)
	}
	if r.partial() && r.Header.Get("HX-Target") == "rows" {
		p.f = r.plainFrame(k.Plural)
		return r.write(200, registerRows(p))
	}
	f, err := r.frame(k.Plural, nil)
	if err != nil {
		return err
	}
	p.f = f
	return r.write(200, ui.Page(f, registerActions(p), registerBody(p)))
}

// preferred are the columns that a register shows at first; a kind that is not
// named here shows its first short fields.
var preferred = map[string][]string{
	"control":                 {"objectives", "nature", "type", "frequency", "key", "owner"},
	"control_objective":       {"assertions", "services"},
	"risk":                    {"objectives", "likelihood", "impact"},
	"person":                  {"title", "side", "roles", "active_to"},
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

// chosen are the records that the query asks for, in its order.
func (r *request) chosen(k *record.Kind, all []record.Record, q query) []record.Record {
	words := strings.Fields(strings.ToLower(q.Words))
	out := make([]record.Record, 0, len(all))
	for _, x := range all {
		if r.matches(k, x, words, q.Filters) {
			out = append(out, x)
		}
	}
	r.order(k, out, q)
	return out
}

func (r *request) matches(k *record.Kind, x record.Record, words []string, filters map[string]string) bool {
	if len(filters) > 0 {
		fields := fieldsOf(x)
		for name, want := range filters {
			if _, ok := k.Field(name); !ok || !holds(fields[name], want) {
				return false
			}
		}
	}
	if len(words) == 0 {
		return true
	}
	have := r.site.words.of(x)
	for _, w := range words {
		if !strings.Contains(have, w) {
			return false
		}
	}
	return true
}

// order sorts by the group, then by the field asked for, then by heading.
func (r *request) order(k *record.Kind, rs []record.Record, q query) {
	type keyed struct {
		group, by, head string
		r               record.Record
	}
	list := make([]keyed, len(rs))
	for i, x := range rs {
		list[i] = keyed{group: r.sortKey(k, x, q.Group), head: natural(record.HeadingOf(x).String()), r: x}
		if q.Sort != "" && q.Sort != "heading" {
			list[i].by = r.sortKey(k, x, q.Sort)
		}
	}
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.group != b.group {
			return a.group < b.group
		}
		c := cmp.Or(cmp.Compare(a.by, b.by), cmp.Compare(a.head, b.head), cmp.Compare(a.r.ID, b.r.ID))
		if q.Down {
			return c > 0
		}
		return c < 0
	})
	for i := range list {
		rs[i] = list[i].r
	}
}

func (r *request) sortKey(k *record.Kind, x record.Record, name string) string {
	f, ok := k.Field(name)
	if name == "" || !ok {
		return ""
	}
	raw := fieldsOf(x)[name]
	if f.Type == record.Enum && !f.List {
		// An enumeration has an order of its own.
		return fmt.Sprintf("%03d", slices.Index(f.Values, text(raw)))
	}
	return natural(r.show(f, raw).Sort)
}

// natural makes numbers in a text sort by their value: PAY-3.2 before PAY-3.10.
func natural(s string) string {
	var b strings.Builder
	s = strings.ToLower(s)
	for i := 0; i < len(s); {
		j := i
		for j < len(s) && s[j] >= '0' && s[j] <= '9' {
			j++
		}
		if j > i && j-i < 12 {
			fmt.Fprintf(&b, "%012s", s[i:j])
			i = j
			continue
		}
		if j == i {
			j++
		}
		b.WriteString(s[i:j])
		i = j
	}
	return b.String()
}

// rows makes the rows of one page.
func (r *request) rows(p *registerPage, rs []record.Record) {
	start := 0
	if p.Query.After != "" {
		if id, err := base64.RawURLEncoding.DecodeString(p.Query.After); err == nil {
			if i := slices.IndexFunc(rs, func(x record.Record) bool { return x.ID == string(id) }); i >= 0 {
				start = i + 1
			}
		}
	}
	end := min(start+pageSize, len(rs))
	counts := map[string]int{}
	group, _ := p.Kind.Field(p.Query.Group)
	title := func(x record.Record) string {
		if p.Query.Group == "" {
			return ""
		}
		return groupTitle(r.show(group, fieldsOf(x)[group.Name]))
	}
	if p.Query.Group != "" {
		for _, x := range rs {
			counts[title(x)]++
		}
	}
	for _, x := range rs[start:end] {
		t := title(x)
		if len(p.Groups) == 0 || p.Groups[len(p.Groups)-1].Title != t {
			p.Groups = append(p.Groups, rowGroup{Title: t, Count: counts[t]})
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Rows = append(g.Rows, r.row(p, x))
	}
	if end < len(rs) {
		p.More = r.url("%s?%s", p.At, p.Query.values(func(q *query) {
			q.After = base64.RawURLEncoding.EncodeToString([]byte(rs[end-1].ID))
		}))
	}
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

func (r *request) row(p *registerPage, x record.Record) row {
	h := record.HeadingOf(x)
	// What has a code alone is opened by it.
	if h.Text == "" {
		h.Text, h.Code = h.Code, ""
	}
	out := row{ID: x.ID, Code: h.Code, Heading: h.Text, Href: r.recordURL(x.Kind, x.ID), Revision: x.Revision}
	fields := fieldsOf(x)
	for _, c := range p.Columns {
		out.Cells = append(out.Cells, r.show(c.Field, fields[c.Field.Name]))
	}
	return out
}

// filters offers the fields with few values, as they occur.
func (r *request) filters(p *registerPage, all []record.Record) {
	for _, f := range p.Kind.Fields {
		if f.Type != record.Enum && f.Type != record.Boolean && f.Ref != "person" && f.Ref != "control_objective" && f.Ref != "control" {
			continue
		}
		counts := map[string]int{}
		for _, x := range all {
			for _, v := range valuesOf(fieldsOf(x)[f.Name]) {
				counts[v]++
			}
		}
		if len(counts) == 0 || len(counts) > 60 {
			continue
		}
		name := f.Name
		fl := filter{Field: f, Clear: r.url("%s?%s", p.At, p.Query.values(func(q *query) { delete(q.Filters, name) }))}
		values := make([]string, 0, len(counts))
		for v := range counts {
			values = append(values, v)
		}
		for _, v := range values {
			words := r.word(f, v)
			c := choice{Text: words, Count: counts[v], On: p.Query.Filters[name] == v,
				Href: r.url("%s?%s", p.At, p.Query.values(func(q *query) { q.Filters[name] = v }))}
			if c.On {
				fl.On = words
			}
			fl.Choices = append(fl.Choices, c)
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
		return f.Label
	case f.Ref == "person":
		return r.headings().person(v).Name
	case f.Ref != "":
		return r.link(f.Ref, v).Text
	}
	return v
}
