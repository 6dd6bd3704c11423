package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"reperform/overview"
	"reperform/web/ui"
)

func levelClass(l overview.Level) string {
	return [...]string{"l0", "l1", "l2", "l3", "l4"}[l]
}

func groupID(g matrixGroup) string {
	if g.Continued {
		return "g-" + g.ID + "-on"
	}
	return "g-" + g.ID
}

func matrixCount(p *matrixPage) string {
	if p.Shown == p.Total {
		return count(p.Total, "control")
	}
	return fmt.Sprintf("%s of %s", thousands(p.Shown), count(p.Total, "control"))
}

func sideText(p *matrixPage) string {
	here := p.Here
	if here == "" {
		here = "All controls"
	}
	if p.Auditor {
		return here + ", the auditor’s statuses"
	}
	return here
}

// ownOnly names the person where only their own controls may be changed.
func ownOnly(p *matrixPage) string {
	if p.Rights.Any && !p.Rights.All {
		return p.actor()
	}
	return ""
}

func (p *matrixPage) actor() string { return p.person }

// presence is where others see who looks at the matrix; none in the past.
func (p *matrixPage) presence() string {
	if p.f.Past.On() {
		return ""
	}
	return spot{p.ledger, "control", ""}.String()
}

// clearQuery is the query without words and filters.
func clearQuery(p *matrixPage) string {
	q := matrixQuery{Engagement: p.Query.Engagement, View: p.Query.View, Rows: matrixRows}
	v := url.Values{}
	if s := q.values(nil); s != "" {
		v, _ = url.ParseQuery(s)
	}
	keepPast(v, p.f.Past)
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

func keepPast(v url.Values, past ui.Past) {
	if past.Effective != "" {
		v.Set("asof", past.Effective)
	}
	if past.Known != "" {
		v.Set("known", past.Known)
	}
}

// hiddenValues are what the form for words carries along: everything else.
func hiddenValues(p *matrixPage) []ui.Link {
	v, err := url.ParseQuery(p.Query.values(func(q *matrixQuery) { q.Words, q.Open = "", "" }))
	if err != nil {
		return nil
	}
	keepPast(v, p.f.Past)
	var out []ui.Link
	for name := range v {
		out = append(out, ui.Link{Text: name, Href: v.Get(name)})
	}
	slices.SortFunc(out, func(a, b ui.Link) int { return strings.Compare(a.Text, b.Text) })
	return out
}

// skipInDetail are fields that the head of the detail shows already.
func skipInDetail(name string) bool {
	return slices.Contains([]string{"code", "text", "who", "what", "how_often", "exceptions", "evidence"}, name)
}

func earlierText(n int) string { return count(n, "earlier revision") }

// sideName is short for whose statuses are shown.
func sideName(p *matrixPage) string {
	if p.Auditor {
		return "Auditor’s statuses"
	}
	return "Management’s statuses"
}

func tabTitle(s string) string {
	if s == "List" {
		return "Controls by objective"
	}
	return "Objectives × " + strings.ToLower(s)
}

func crossClass(c crossCell, class string) string {
	if c.Hole {
		return strings.TrimSpace("hole " + class)
	}
	return class
}
