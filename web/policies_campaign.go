package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/policies"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// campaignPage is one campaign.
type campaignPage struct {
	f *ui.Frame
	campaignRow
	Owner ui.Person
	// Read are the policies that the person has still to confirm, each with its text.
	Read              []readPolicy
	Confirm           string
	Problem           string
	People            []campaignPersonRow
	Heads             []ui.Link
	Unapproved        []ui.Link
	File, Edit, Whole string
	Filed             ui.Link
}

type readPolicy struct {
	ID, Title, Version, Text, Href string
	Revision                       int64
	Files                          []ui.Link
	On                             bool
}

type campaignPersonRow struct {
	Who     ui.Person
	Cells   []campaignCell
	Missing int
	// Cannot says that the person is asked and holds no role with which the page opens on
	// which they would answer.
	Cannot bool
}

type campaignCell struct{ Sign, Text, Class string }

// showCampaign shows one campaign: to read and confirm first, and who did.
func (r *request) showCampaign() error {
	return r.campaignAgain(http.StatusOK, r.PathValue("id"), nil, nil)
}

func (r *request) campaignAgain(status int, id string, ticked url.Values, wrong *app.FieldError) error {
	reg, err := r.policiesNow()
	if err != nil {
		return err
	}
	c := reg.Campaign(id)
	if c == nil {
		return fmt.Errorf("policy campaign %s: %w", id, record.ErrNotFound)
	}
	p := &campaignPage{campaignRow: r.campaignRow(c), Owner: r.headings().person(c.Value.Owner), Whole: r.recordURL("policy_campaign", id)}
	if wrong != nil {
		p.Problem = wrong.Text
	}
	if err := r.readCampaign(p, c, ticked); err != nil {
		return err
	}
	for _, x := range c.Policies {
		link := ui.Link{Text: x.Value.Title, Href: r.policyHref(x.ID)}
		p.Heads = append(p.Heads, link)
		if x.Approval == nil {
			p.Unapproved = append(p.Unapproved, link)
		}
	}
	for i := range c.People {
		x := &c.People[i]
		row := campaignPersonRow{Who: r.headings().person(x.Person.ID), Missing: x.Missing()}
		row.Cannot = row.Missing > 0 && !x.Reaches()
		for _, a := range x.Answers {
			switch {
			case a.Given != nil:
				row.Cells = append(row.Cells, campaignCell{"●", dateText(string(a.Given.Value.On)), "good"})
			case a.Asked:
				row.Cells = append(row.Cells, campaignCell{"○", "not yet", "open"})
			default:
				row.Cells = append(row.Cells, campaignCell{"", "not asked", "none"})
			}
		}
		p.People = append(p.People, row)
	}
	if !r.past.On() {
		if c.Asked > 0 && c.State != policies.Planned && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "evidence", "") == nil {
			p.File = p.Href + "/file"
		}
		if r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "policy_campaign", id) == nil {
			p.Edit = r.url("/r/policy_campaign/%s/edit", url.PathEscape(id))
		}
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	if e, err := record.One[soc1.Evidence](r.Context(), v, "evidence", "policies-"+id); err == nil && !e.Retired {
		p.Filed = ui.Link{Text: "Filed as evidence up to " + dateText(string(e.Value.PeriodTo)), Href: r.recordURL("evidence", e.ID)}
	}
	if p.f, err = r.frame(c.Value.Title, []ui.Link{{Text: "Policies", Href: r.url("/policies")}}); err != nil {
		return err
	}
	p.f.Here = r.url("/policies")
	if wrong != nil {
		p.f.Self = p.Href
	}
	return r.write(status, ui.Page(p.f, noActions(), campaignBody(p)))
}

// readCampaign is what the person has still to read and to confirm.
func (r *request) readCampaign(p *campaignPage, c *policies.Campaign, ticked url.Values) error {
	me := c.Of(r.actor)
	if me == nil || r.past.On() || c.State != policies.Open && c.State != policies.Late || r.site.app.MayAcknowledgePolicies(r.Context(), r.actor) != nil {
		return nil
	}
	p.Confirm = p.Href + "/confirm"
	for i, a := range me.Answers {
		if !a.Asked || a.Given != nil {
			continue
		}
		x := c.Policies[i]
		was, err := r.site.app.PolicyAt(r.Context(), r.actor, x.ID, x.Approval.Value.Revision)
		if err != nil {
			return err
		}
		read := readPolicy{ID: x.ID, Title: was.Value.Title, Version: x.Approval.Value.Version, Revision: x.Approval.Value.Revision, Text: r.document(was.Value.Text, 2), Href: r.policyHref(x.ID), On: ticked.Get("read-"+x.ID) != ""}
		if was.Value.Text == "" {
			read.Text = r.document(was.Value.Summary, 2)
		}
		for _, f := range was.Value.Files {
			read.Files = append(read.Files, ui.Link{Text: f.Name, Href: r.url("/r/policy/%s/files/%s", url.PathEscape(x.ID), f.SHA256)})
		}
		p.Read = append(p.Read, read)
	}
	return nil
}

// confirmCampaign records the person's word on what they ticked.
func (r *request) confirmCampaign() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	id := r.PathValue("id")
	seen := map[string]int64{}
	for name, values := range v {
		policy, ok := strings.CutPrefix(name, "read-")
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(values[0], 10, 64)
		if err != nil || n < 1 {
			return badRequest(name, errors.New("the form does not say which version was read; open the campaign again"))
		}
		seen[policy] = n
	}
	_, err = r.site.app.AcknowledgePolicies(r.Context(), r.actor, id, seen)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.campaignAgain(http.StatusUnprocessableEntity, id, v, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/policies/campaigns/%s", url.PathEscape(id)))
}

// fileCampaign records who confirmed as evidence.
func (r *request) fileCampaign() error {
	// It says nothing but its mark: sent twice, it is filed once.
	if _, err := r.formValues(); err != nil {
		return err
	}
	id, err := r.site.app.FilePolicyCampaign(r.Context(), r.actor, r.PathValue("id"))
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.campaignAgain(http.StatusUnprocessableEntity, r.PathValue("id"), nil, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.recordURL("evidence", id))
}

// startersPage is the starter set.
type startersPage struct {
	f       *ui.Frame
	Rows    []starterRow
	Problem string
}

type starterRow struct {
	app.StarterPolicy
	HTML     string
	Controls []string
	// There leads to the policy of the same title, where there is one.
	There string
	On    bool
}

// showStarters offers the starter set.
func (r *request) showStarters() error { return r.startersAgain(http.StatusOK, nil, nil) }

func (r *request) startersAgain(status int, ticked []string, wrong *app.FieldError) error {
	reg, err := r.policiesNow()
	if err != nil {
		return err
	}
	if err := r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "policy", ""); err != nil {
		return err
	}
	p := &startersPage{}
	if wrong != nil {
		p.Problem = wrong.Text
	}
	v, err := r.records()
	if err != nil {
		return err
	}
	controls, err := record.All[soc1.Control](r.Context(), v, "control")
	if err != nil {
		return err
	}
	for _, x := range app.StarterPolicies() {
		row := starterRow{StarterPolicy: x, HTML: r.document(x.Text, 2)}
		for i := range reg.Lines {
			if strings.EqualFold(reg.Lines[i].Value.Title, x.Title) {
				row.There = r.policyHref(reg.Lines[i].ID)
			}
		}
		for _, c := range controls {
			for _, code := range x.Controls {
				if strings.EqualFold(code, c.Value.Code) {
					row.Controls = append(row.Controls, c.Value.Code)
				}
			}
		}
		for _, t := range ticked {
			row.On = row.On || t == x.ID
		}
		p.Rows = append(p.Rows, row)
	}
	if p.f, err = r.frame("Starter set of policies", []ui.Link{{Text: "Policies", Href: r.url("/policies")}}); err != nil {
		return err
	}
	p.f.Here = r.url("/policies")
	return r.write(status, ui.Page(p.f, noActions(), startersBody(p)))
}

// adoptPolicies records what was chosen of the starter set.
func (r *request) adoptPolicies() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	_, err = r.site.app.AdoptPolicies(r.Context(), r.actor, v["policy"], "")
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.startersAgain(http.StatusUnprocessableEntity, v["policy"], wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.url("/policies"))
}
