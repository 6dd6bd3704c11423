package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/mapping"
	"reperform/soc1"
	"reperform/web/ui"
)

// mappingPage is how the program stands against all frameworks.
type mappingPage struct {
	f *ui.Frame
	// Used are those that something recorded names, Others the rest.
	Used, Others []frameworkRow
	Import       string
	Register     string
	Catalogues   string
}

type frameworkRow struct {
	*mapping.Framework
	Href, Proposed          string
	Answered, Tied, Covered int
}

// withheldMapping is what whoever reads a part of the ledger is told.
const withheldMapping = withheld("What covers which requirement follows from all of the records, and you read a part of them. Ask an administrator for a role that reads all.")

func (r *request) mappingNow() (*mapping.Register, error) {
	if r.partly() {
		return nil, withheldMapping
	}
	return r.site.app.Mapping(r.Context(), r.actor, r.asOf)
}

func (r *request) frameworkHref(name string, q url.Values) string {
	at := r.url("/mapping/of/%s", url.PathEscape(name))
	if len(q) == 0 {
		return at
	}
	sign := "?"
	if strings.Contains(at, "?") {
		sign = "&"
	}
	return at + sign + q.Encode()
}

// mayMap tells whether the person decides on controls of other programs.
func (r *request) mayMap() bool {
	return !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "framework_control", "") == nil
}

// listMapping shows all frameworks.
func (r *request) listMapping() error {
	reg, err := r.mappingNow()
	if err != nil {
		return err
	}
	p := &mappingPage{Register: r.url("/r/framework_control"), Catalogues: r.url("/r/framework_requirement")}
	if r.mayMap() {
		p.Import = r.url("/mapping/import")
	}
	for i := range reg.Frameworks {
		f := &reg.Frameworks[i]
		row := frameworkRow{Framework: f, Href: r.frameworkHref(f.Name, nil), Proposed: r.frameworkHref(f.Name, url.Values{"view": {"controls"}}), Answered: f.Counted(mapping.Answered), Tied: f.Tied(reg), Covered: f.CoveredObjectives()}
		if f.Used() {
			p.Used = append(p.Used, row)
		} else {
			p.Others = append(p.Others, row)
		}
	}
	if p.f, err = r.frame("Mapping", nil); err != nil {
		return err
	}
	p.f.Here = r.url("/mapping")
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), mappingBody(p)))
}

// frameworkPage is one framework: its requirements, the objectives, or its controls.
type frameworkPage struct {
	f       *ui.Frame
	F       *mapping.Framework
	View    string
	Views   []frameworkView
	Sums    []string
	Groups  []option
	Shows   []option
	Rows    []requirementRow
	Covered []coveredRow
	// Proposals, Theirs and Alone are of the view of controls.
	Proposals []proposalCard
	Theirs    []theirRow
	Alone     []ui.Link
	Controls  []option
	// Objectives, Natures and Types are what a new control is made with, Strengths what a
	// judgement says.
	Objectives     []option
	Natures, Types []option
	Strengths      []option
	May            bool
	Here           string
	Problem        string
	At             string
	Typed          url.Values
}

type frameworkView struct {
	Text, Href string
	// Current is what aria-current says.
	Current string
}

type requirementRow struct {
	*mapping.Requirement
	Title, Href                string
	State                      ui.Status
	Ours, Reused, There, Aimed []ui.Link
}

type coveredRow struct {
	Code, Title, Href string
	IDs               string
	Covers            []coverRow
}

type coverRow struct {
	Code, Href, Says, Why string
	State                 ui.Status
}

type proposalCard struct {
	mapping.Proposal
	Their                      *mapping.Their
	TheirHref, OursHref        string
	OursID, OursCode, OursText string
	Action, Shares, Because    string
}

type theirRow struct {
	*mapping.Their
	Href, Action, Label string
	Same                ui.Link
	Covers              string
	Open                bool
}

var answerStates = map[mapping.Answer]ui.Status{
	mapping.Answered: {Text: "Answered here", Class: "ok", Icon: "circle-check"}, mapping.Elsewhere: {Text: "Elsewhere only", Class: "info", Icon: "circle-dot"},
	mapping.Aimed: {Text: "Objective only", Class: "warn", Icon: "circle-dashed"}, mapping.Hole: {Text: "Nothing", Icon: "circle-dashed"},
}

func coverState(c *mapping.Cover) ui.Status {
	switch {
	case c == nil:
		return ui.Status{Text: "Nothing", Class: "bad", Icon: "circle-alert"}
	case c.Strength == soc1.CoversFully:
		return ui.Status{Text: "In full", Class: "ok", Icon: "circle-check"}
	case c.Strength == soc1.CoversPartially:
		return ui.Status{Text: "In part", Class: "warn", Icon: "circle-dot"}
	case c.Strength == soc1.Supports:
		return ui.Status{Text: "Supports it", Class: "warn", Icon: "circle-dot"}
	case c.Basis == mapping.Same:
		return ui.Status{Text: "Same control", Class: "info", Icon: "link-2"}
	}
	return ui.Status{Text: "Shares identifiers", Icon: "hash"}
}

// longFramework is from how many requirements on a framework is shown group by group.
const longFramework = 150

// showFramework shows one framework.
func (r *request) showFramework() error {
	return r.frameworkAgain(http.StatusOK, r.PathValue("framework"), r.URL.Query(), nil, nil)
}

func (r *request) frameworkAgain(status int, name string, q url.Values, typed url.Values, wrong *app.FieldError) error {
	reg, err := r.mappingNow()
	if err != nil {
		return err
	}
	f := reg.Framework(name)
	if f == nil {
		return badRequest("framework", fmt.Errorf("there is no framework %q", clipped(name, 60)))
	}
	p := &frameworkPage{F: f, View: q.Get("view"), Here: r.frameworkHref(name, nil), May: r.mayMap(), Typed: typed}
	if wrong != nil {
		p.Problem, p.At = wrong.Text, wrong.Field
	}
	p.Sums = []string{fmt.Sprintf("%d %% answered here", f.Percent()), fmt.Sprintf("%s of %s", thousands(f.Counted(mapping.Answered)), count(len(f.Requirements), "requirement"))}
	if len(f.Theirs) > 0 {
		p.Sums = append(p.Sums, fmt.Sprintf("%d of %s tied", f.Tied(reg), count(len(f.Theirs), "control")))
	}
	for _, v := range []struct{ name, text string }{{"", "Requirements"}, {"objectives", "Objectives"}, {"controls", fmt.Sprintf("Controls and proposals (%d)", len(f.Proposals))}} {
		l := frameworkView{Text: v.text, Current: "false", Href: r.frameworkHref(name, nil)}
		if v.name == p.View {
			l.Current = "page"
		}
		if v.name != "" {
			l.Href = r.frameworkHref(name, url.Values{"view": {v.name}})
		}
		p.Views = append(p.Views, l)
	}
	switch p.View {
	case "objectives":
		r.coveredRows(p, reg)
	case "controls":
		r.theirRows(p, reg)
	case "":
		r.requirementRows(p, reg, q)
	default:
		return badRequest("view", fmt.Errorf("there is no view %q", clipped(p.View, 40)))
	}
	if p.f, err = r.frame(f.Title, []ui.Link{{Text: "Mapping", Href: r.url("/mapping")}}); err != nil {
		return err
	}
	p.f.Here = r.url("/mapping")
	if wrong != nil {
		p.f.Self = r.frameworkHref(name, url.Values{"view": {"controls"}})
	}
	return r.write(status, ui.Page(p.f, noActions(), frameworkBody(p)))
}

func (r *request) controlLinks(reg *mapping.Register, at []int) []ui.Link {
	var out []ui.Link
	for _, i := range at {
		out = append(out, ui.Link{Text: reg.Controls[i].Value.Code, Href: r.recordURL("control", reg.Controls[i].ID)})
	}
	return out
}

// requirementRows are the requirements of the group and the state that are asked for.
func (r *request) requirementRows(p *frameworkPage, reg *mapping.Register, q url.Values) {
	var groups []string
	for i := range p.F.Requirements {
		if g := p.F.Requirements[i].Group; g != "" && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	group, show := q.Get("group"), q.Get("show")
	long := len(p.F.Requirements) > longFramework && len(groups) > 1
	if long && group == "" && show == "" {
		group = groups[0]
	}
	if len(groups) > 1 {
		p.Groups = append(p.Groups, option{Value: "*", Text: "All groups", On: group == "*"})
		for _, g := range groups {
			p.Groups = append(p.Groups, option{Value: g, Text: g, On: g == group})
		}
	}
	p.Shows = []option{{Value: "", Text: "Whatever names them", On: show == ""}}
	for _, a := range mapping.Answers {
		p.Shows = append(p.Shows, option{Value: a.Key(), Text: fmt.Sprintf("%s (%s)", a.Label(), thousands(p.F.Counted(a))), On: show == a.Key()})
	}
	for i := range p.F.Requirements {
		x := &p.F.Requirements[i]
		if group != "" && group != "*" && x.Group != group || show != "" && x.Answer.Key() != show {
			continue
		}
		row := requirementRow{Requirement: x, State: answerStates[x.Answer], Ours: r.controlLinks(reg, x.Controls), Reused: r.controlLinks(reg, x.Reused)}
		if x.Words != nil {
			row.Title, row.Href = x.Words.Value.Title, r.recordURL("framework_requirement", x.Words.ID)
			if row.Title == "" {
				row.Title = clipped(x.Words.Value.Text, 120)
			}
		}
		for _, n := range x.Theirs {
			row.There = append(row.There, ui.Link{Text: reg.Theirs[n].Value.Code, Href: r.recordURL("framework_control", reg.Theirs[n].ID)})
		}
		for _, n := range x.Objectives {
			row.Aimed = append(row.Aimed, ui.Link{Text: reg.Objectives[n].Value.Code, Href: r.recordURL("control_objective", reg.Objectives[n].ID)})
		}
		p.Rows = append(p.Rows, row)
	}
}

// coveredRows are the objectives with what covers each.
func (r *request) coveredRows(p *frameworkPage, reg *mapping.Register) {
	for i := range p.F.Objectives {
		o := &reg.Objectives[i]
		row := coveredRow{Code: o.Value.Code, Title: o.Value.Title, Href: r.recordURL("control_objective", o.ID), IDs: strings.Join(p.F.Objectives[i].IDs, ", ")}
		for n := range p.F.Objectives[i].Covers {
			c := &p.F.Objectives[i].Covers[n]
			t := &reg.Theirs[c.Their]
			x := coverRow{Code: t.Value.Code, Href: r.recordURL("framework_control", t.ID), State: coverState(c), Why: c.Why}
			if c.Basis == mapping.Same && t.Control >= 0 {
				x.Says = "It is " + reg.Controls[t.Control].Value.Code + "."
			}
			if len(c.IDs) > 0 {
				x.Says = strings.TrimSpace(x.Says + " Both name " + strings.Join(c.IDs, ", ") + ".")
			}
			row.Covers = append(row.Covers, x)
		}
		p.Covered = append(p.Covered, row)
	}
}

// theirRows are the controls of the framework's program, what is proposed for them, and
// the controls here without a counterpart there.
func (r *request) theirRows(p *frameworkPage, reg *mapping.Register) {
	action := func(t *mapping.Their) string { return r.url("/mapping/reuse/%s", url.PathEscape(t.ID)) }
	for _, x := range p.F.Proposals {
		t, c := &reg.Theirs[x.Their], &reg.Controls[x.Control]
		card := proposalCard{Proposal: x, Their: t, TheirHref: r.recordURL("framework_control", t.ID), OursHref: r.recordURL("control", c.ID), OursID: c.ID, OursCode: c.Value.Code, OursText: c.Value.Statement(), Action: action(t),
			Shares: strings.Join(x.Words, ", "), Because: "Both name " + strings.Join(x.IDs, ", ")}
		if x.ByObjective {
			card.Because = "The objective of " + c.Value.Code + " names " + strings.Join(x.IDs, ", ") + ", and so does " + t.Value.Code
		}
		if x.SameFrequency {
			card.Because += "; both operate equally often"
		}
		p.Proposals = append(p.Proposals, card)
	}
	for _, n := range p.F.Theirs {
		t := &reg.Theirs[n]
		row := theirRow{Their: t, Href: r.recordURL("framework_control", t.ID), Action: action(t), Label: t.Value.Code, Open: p.Typed.Get("their") == t.ID}
		if t.Control >= 0 {
			c := &reg.Controls[t.Control]
			row.Same = ui.Link{Text: c.Value.Code, Href: r.recordURL("control", c.ID)}
		}
		var covers []string
		for _, c := range t.Covers {
			covers = append(covers, reg.Objectives[c.Objective].Value.Code+": "+lowerFirst(c.Says()))
		}
		row.Covers = strings.Join(covers, "; ")
		p.Theirs = append(p.Theirs, row)
	}
	p.Alone = r.controlLinks(reg, p.F.Alone)
	for i := range reg.Controls {
		p.Controls = append(p.Controls, option{Value: reg.Controls[i].ID, Text: reg.Controls[i].Value.Code + " " + clipped(reg.Controls[i].Value.Statement(), 60)})
	}
	for i := range reg.Objectives {
		p.Objectives = append(p.Objectives, option{Value: reg.Objectives[i].ID, Text: reg.Objectives[i].Value.Code + " " + clipped(reg.Objectives[i].Value.Title, 60)})
	}
	for _, v := range soc1.ControlNature("").Values() {
		p.Natures = append(p.Natures, option{Value: v, Text: soc1.ControlNature(v).Label()})
	}
	for _, v := range soc1.ControlType("").Values() {
		p.Types = append(p.Types, option{Value: v, Text: soc1.ControlType(v).Label()})
	}
	for _, v := range soc1.CoverageStrength("").Values() {
		p.Strengths = append(p.Strengths, option{Value: v, Text: soc1.CoverageStrength(v).Label()})
	}
}

// reuseControl records a decision on a control of another program.
func (r *request) reuseControl() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	seen, err := strconv.ParseInt(v.Get("revision"), 10, 64)
	if err != nil || seen < 1 {
		return badRequest("revision", errors.New("the form does not say which revision was looked at; open the page again"))
	}
	x := app.Reusing{Their: r.PathValue("id"), Seen: seen, Why: tidy(v.Get("why"))}
	switch v.Get("decision") {
	case "same":
		x.Control = v.Get("control")
	case "not":
		x.Not = v.Get("control")
	case "untie":
		x.Untie = true
	case "make":
		x.Make = &app.MakingControl{Code: tidy(v.Get("code")), Nature: soc1.ControlNature(v.Get("nature")), Type: soc1.ControlType(v.Get("type"))}
		if o := v.Get("objective"); o != "" {
			x.Make.Objectives = []string{o}
		}
	case "cover":
		x.Covers = &soc1.ObjectiveCoverage{Objective: v.Get("objective"), Strength: soc1.CoverageStrength(v.Get("strength")), Why: x.Why}
		if x.Covers.Objective == "" {
			err = &app.FieldError{Field: "objective", Text: "Choose the objective that it covers."}
		}
	default:
		return badRequest("decision", errors.New("the form does not say what is decided; open the page again"))
	}
	if err == nil {
		_, err = r.site.app.ReuseControl(r.Context(), r.actor, x)
	}
	framework := v.Get("framework")
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		v.Set("their", x.Their)
		return r.frameworkAgain(http.StatusUnprocessableEntity, framework, url.Values{"view": {"controls"}}, v, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.frameworkHref(framework, url.Values{"view": {"controls"}}))
}
