package web

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	// mostGroups is how many groups a page lists. Each is found by its place in
	// the order and not by looking at its rows, so that their number matters
	// and not that of the rows.
	mostGroups = 1000
	// mostFolds bounds the groups that an address names.
	mostFolds = 300
	// mostLoaded bounds the rows that a browser asks for again at once.
	mostLoaded = 5000
)

// folding says which groups of a register are shut: those named, or all but
// those named.
type folding struct {
	All   bool
	Named []string
}

// foldName is a group in an address: a short hash of what its rows are ordered
// by, whatever that is and however long.
var foldName = regexp.MustCompile(`^[0-9a-f]{10}$`)

func foldOf(group string) string {
	h := fnv.New64a()
	h.Write([]byte(group))
	return fmt.Sprintf("%010x", h.Sum64()>>24)
}

func readFolding(s string) folding {
	var f folding
	for _, name := range strings.Split(s, ",") {
		switch {
		case name == "*":
			f.All = true
		case foldName.MatchString(name) && len(f.Named) < mostFolds && !slices.Contains(f.Named, name):
			f.Named = append(f.Named, name)
		}
	}
	return f
}

func (f folding) String() string {
	if f.All {
		return strings.Join(append([]string{"*"}, f.Named...), ",")
	}
	return strings.Join(f.Named, ",")
}

// shut tells whether a group is.
func (f folding) shut(name string) bool { return slices.Contains(f.Named, name) != f.All }

// toggle shuts an open group or opens one that is shut.
func (f folding) toggle(name string) folding {
	return folding{f.All, toggled(f.Named, name)}
}

// stretch is where the rows of a group stand.
type stretch struct {
	group    string
	from, to int
}

// groups are those from a row on, and the first row of those that were too many;
// 0 when there are none.
func (g *register) groups(from int) (out []stretch, next int) {
	for i := min(max(0, from), g.Len()); i < g.Len(); {
		if len(out) == mostGroups {
			return out, i
		}
		s := stretch{group: g.group(i), from: i}
		_, s.to = g.span(s.group)
		out = append(out, s)
		i = s.to
	}
	return out, 0
}

// groupsOf makes the groups of a page. Their heads are all there, with how many
// records each has; rows stand below those that are open, as far as a page
// reaches, and come for the others when somebody looks at them.
func (r *request) groupsOf(p *registerPage, reg *register) error {
	if p.Query.In != "" {
		at := reg.behind(p.Query.In)
		if at >= reg.Len() {
			return nil
		}
		s := stretch{group: reg.group(at), from: at}
		_, s.to = reg.span(s.group)
		g := r.groupOf(p, reg, s)
		if err := r.fill(p, reg, &g, s, pageSize); err != nil {
			return err
		}
		p.Groups = append(p.Groups, g)
		return nil
	}
	all, next := reg.groups(p.Query.From)
	if len(all) > 0 {
		p.Start = all[0].from
	}
	if next > 0 {
		p.More = r.url("%s?%s", p.At, p.Query.values(func(q *query) { q.From = next }))
	}
	room, had := pageSize, loaded(r.Header)
	for _, s := range all {
		g := r.groupOf(p, reg, s)
		if g.Open {
			n := max(room, had[g.ID])
			if err := r.fill(p, reg, &g, s, n); err != nil {
				return err
			}
			room -= min(room, len(g.Rows))
		}
		p.Groups = append(p.Groups, g)
	}
	q := p.Query
	q.Fold = folding{All: !q.Fold.All}
	p.FoldAll = r.url("%s?%s", p.At, q.values(func(n *query) { n.From = p.Query.From }))
	return nil
}

func (r *request) groupOf(p *registerPage, reg *register, s stretch) rowGroup {
	f, _ := p.Kind.Field(reg.query.Group)
	from, to := reg.span(s.group)
	g := rowGroup{ID: foldOf(s.group), Title: groupTitle(r.show(f, fieldsOf(reg.At(s.from).Record)[f.Name])), Count: to - from}
	g.Open = !p.Query.Fold.shut(g.ID) || p.Query.In != ""
	g.Toggle = r.url("%s?%s", p.At, p.Query.values(func(q *query) { q.Fold, q.From = q.Fold.toggle(g.ID), p.Query.From }))
	return g
}

// fill adds the first rows of a stretch, and the address of those behind.
func (r *request) fill(p *registerPage, reg *register, g *rowGroup, s stretch, most int) error {
	end := min(s.from+most, s.to)
	if err := r.placed(p, reg, g, s.from, end); err != nil {
		return err
	}
	if g.Left = s.to - end; g.Left == 0 {
		return nil
	}
	behind := reg.before(s)
	if end > s.from {
		behind = reg.cursor(end - 1)
	}
	g.More = r.url("%s?%s", p.At, p.Query.values(func(q *query) { q.In = behind }))
	return nil
}

// loaded reads how many rows of which groups a browser shows already, so that
// these do not go when it asks for what has changed.
func loaded(h http.Header) map[string]int {
	out, room := map[string]int{}, mostLoaded
	for _, s := range strings.Split(h.Get("X-Loaded"), ",") {
		name, digits, _ := strings.Cut(s, ":")
		if n, err := strconv.Atoi(digits); err == nil && n > 0 && foldName.MatchString(name) {
			out[name] = min(n, room)
			room -= out[name]
		}
	}
	return out
}

// grouped tells whether the rows stand in groups.
func (p *registerPage) grouped() bool {
	_, ok := p.Kind.Field(p.Query.Group)
	return ok
}

// foldAllText is what the button says that shuts all groups, or opens them.
func foldAllText(p *registerPage) string {
	if p.Query.Fold.All {
		return "Expand all"
	}
	return "Collapse all"
}

func foldAllIcon(p *registerPage) string {
	if p.Query.Fold.All {
		return "chevron-down"
	}
	return "chevron-up"
}

// moreText says how many rows a group still has.
func moreText(g rowGroup) string {
	switch {
	case g.Left <= pageSize && len(g.Rows) == 0:
		return "Show " + count(g.Left, "record")
	case g.Left <= pageSize:
		return fmt.Sprintf("Show the last %d", g.Left)
	}
	return fmt.Sprintf("Show the next %d of %s", pageSize, thousands(g.Left))
}

// before is a cursor in front of a group's first row.
func (g *register) before(s stretch) string { return cursorOf(s.group+"\x00", "") }
