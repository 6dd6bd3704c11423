package web

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/remediation"
	"reperform/soc1"
	"reperform/web/ui"
)

// plansOf are the plans that are open by their records, for pages that lead from
// what was found to the plan that answers it.
type plansOf struct {
	r    *request
	open []record.Typed[soc1.Remediation]
	// exceptions and tests find what stands about a control.
	exceptions []record.Typed[soc1.Exception]
	tests      []record.Typed[soc1.TestOfControl]
	// may says that the person can make a plan.
	may bool
}

// plansNow are the plans of the organization, for pages about its own program; about
// an auditor's file there are none.
func (r *request) plansNow() (*plansOf, error) {
	p := &plansOf{r: r}
	if r.ledger != app.OrganizationLedger {
		return p, nil
	}
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	all, err := record.All[soc1.Remediation](r.Context(), v, "remediation")
	if err != nil {
		return nil, err
	}
	closings, err := record.All[soc1.RemediationClosing](r.Context(), v, "remediation_closing")
	if err != nil {
		return nil, err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if !remediation.Covers(remediation.LastClosing(closings, x.ID, today), x.Value) {
			p.open = append(p.open, x)
		}
	}
	if p.exceptions, err = record.All[soc1.Exception](r.Context(), v, "exception"); err != nil {
		return nil, err
	}
	if p.tests, err = record.All[soc1.TestOfControl](r.Context(), v, "test_of_control"); err != nil {
		return nil, err
	}
	p.may = !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "remediation", "") == nil
	return p, nil
}

// answered is the open plan that answers something, by its key.
func (p *plansOf) answered(key string) (ui.Link, bool) {
	i := slices.IndexFunc(p.open, func(x record.Typed[soc1.Remediation]) bool { return slices.Contains(x.Value.Keys(), key) })
	if i < 0 {
		return ui.Link{}, false
	}
	return ui.Link{Text: "Planned: " + clipped(p.open[i].Value.Title, 60), Href: p.r.url("/r/remediation/%s", url.PathEscape(p.open[i].ID))}, true
}

// link leads to the plan that answers a finding, or to a new one that begins with
// what is known; it is empty where there is none and none can be made.
func (p *plansOf) link(f soc1.AnsweredFinding, remedy, engagement string) ui.Link {
	if x, ok := p.answered(f.Key()); ok {
		return x
	}
	if f.Kind == "exception" {
		if x, ok := p.answered("exception/" + f.Record); ok {
			return x
		}
	}
	if !p.may {
		return ui.Link{}
	}
	v := url.Values{"findings.0.rule": {f.Rule}, "findings.0.kind": {f.Kind}, "findings.0.record": {f.Record}}
	if f.Field != "" {
		v.Set("findings.0.field", f.Field)
	}
	v.Set("title", p.title(remedy, f.Kind, f.Record))
	owner := ""
	if f.Kind == "control" {
		owner = p.owner(f.Record)
	}
	return p.blank(v, engagement, owner)
}

// ofControl is link for the exceptions that stand about a control.
func (p *plansOf) ofControl(control, engagement string) ui.Link {
	var ids []string
	for _, x := range p.exceptions {
		t, ok := record.Find(p.tests, x.Value.Test)
		if !ok || t.Value.Control != control || x.Value.Status == soc1.Dismissed || engagement != "" && t.Value.Engagement != engagement {
			continue
		}
		if l, ok := p.answered("exception/" + x.ID); ok {
			return l
		}
		ids = append(ids, x.ID)
	}
	if !p.may || len(ids) == 0 {
		return ui.Link{}
	}
	return p.blank(url.Values{"exceptions": ids, "title": {p.title("Correct the cause.", "control", control)}}, engagement, p.owner(control))
}

// ofPerformance is link for the exceptions of a performance.
func (p *plansOf) ofPerformance(id string, v soc1.Performance, engagement string) ui.Link {
	if l, ok := p.answered("performance/" + id); ok {
		return l
	}
	if !p.may {
		return ui.Link{}
	}
	return p.blank(url.Values{"performances": {id}, "title": {p.title("Correct the cause of the exceptions.", "control", v.Control)}}, engagement, p.owner(v.Control))
}

func (p *plansOf) blank(v url.Values, engagement, owner string) ui.Link {
	for name, x := range map[string]string{"engagement": engagement, "owner": owner} {
		if x != "" {
			v.Set(name, x)
		}
	}
	return ui.Link{Text: "Plan it", Href: p.r.url("/r/remediation/new?%s", v.Encode())}
}

// title proposes what a plan is called: what is to be done, and about what.
func (p *plansOf) title(remedy, kind, id string) string {
	first, _, _ := strings.Cut(remedy, ".")
	name := id
	if h, ok := p.r.headings().heading(kind, id); ok && h.Code != "" {
		name = h.Code
	} else if kind == "exception" {
		name, _, _ = strings.Cut(id, ".")
	}
	return fmt.Sprintf("%s: %s", name, lowerFirst(clipped(first, 100)))
}

func (p *plansOf) owner(control string) string {
	it := p.r.headings().item("control", control)
	if it == nil {
		return ""
	}
	c, err := record.Value[soc1.Control](it)
	if err != nil {
		return ""
	}
	return c.Owner
}
