package web

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"reperform/app"
	"reperform/mapping"
	"reperform/record"
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
		row := frameworkRow{Framework: f, Href: r.frameworkHref(f.Name, nil), Proposed: r.frameworkHref(f.Name, url.Values{"view": {"proposals"}}), Answered: f.Counted(mapping.Answered), Tied: f.Tied(reg), Covered: f.CoveredObjectives()}
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
	// Query is what the page was asked, to come back to it.
	Query string
	// Past is what a form keeps of the point in time.
	Past  []ui.Link
	Paged paging
	// Find and Ties narrow the controls down.
	Find string
	Ties []option
	// CSV and XLSX are the exports, Means what the words for how far stand for.
	CSV, XLSX string
	Means     []ui.Link
}

// paging is a part of a list that is too long for one page.
type paging struct {
	From, To, Of int
	Prev, Next   string
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
	// More leads to those that are not shown.
	More ui.Link
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
	// Evidence says what is filed of the control that it is, once for both.
	Evidence ui.Link
	// Decide opens what can be decided, where that is not open.
	Decide string
	Open   bool
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

// How much of a list is on a page.
const (
	requirementsOfPage = 200
	proposalsOfPage    = 25
	theirsOfPage       = 40
	// coversShown is how many covers of an objective are shown among the others.
	coversShown = 8
)

// cut is the part of a list that is asked for. A page beyond the end is the last: the list
// shrinks while people decide.
func (r *request) cut(name string, q url.Values, n, size int) (paging, error) {
	at := 1
	if s := q.Get("page"); s != "" {
		var err error
		if at, err = strconv.Atoi(s); err != nil || at < 1 {
			return paging{}, badRequest("page", fmt.Errorf("there is no page %q", clipped(s, 20)))
		}
	}
	at = min(at, max((n+size-1)/size, 1))
	p := paging{From: (at-1)*size + 1, To: min(at*size, n), Of: n}
	to := func(page int) string {
		x := url.Values{}
		for k, v := range q {
			if k != "decide" && k != "asof" && k != "known" {
				x[k] = v
			}
		}
		x.Set("page", strconv.Itoa(page))
		return r.frameworkHref(name, x)
	}
	if at > 1 {
		p.Prev = to(at - 1)
	}
	if p.To < n {
		p.Next = to(at + 1)
	}
	return p, nil
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
	for _, v := range []struct{ name, text string }{{"", "Requirements"}, {"objectives", "Objectives"}, {"controls", fmt.Sprintf("Controls there (%s)", thousands(len(f.Theirs)))}, {"proposals", fmt.Sprintf("Proposals (%s)", thousands(len(f.Proposals)))}} {
		l := frameworkView{Text: v.text, Current: "false", Href: r.frameworkHref(name, nil)}
		if v.name == p.View {
			l.Current = "page"
		}
		if v.name != "" {
			l.Href = r.frameworkHref(name, url.Values{"view": {v.name}})
		}
		p.Views = append(p.Views, l)
	}
	p.Query = backOf(q).Encode()
	list := cmp.Or(p.View, "requirements")
	if !slices.Contains(mapping.TableNames, list) {
		return badRequest("view", fmt.Errorf("there is no view %q", clipped(p.View, 40)))
	}
	at := "/mapping/of/" + url.PathEscape(name) + "/coverage."
	p.CSV, p.XLSX = r.url("%scsv?list=%s", at, list), r.url("%sxlsx", at)
	switch p.View {
	case "objectives":
		err = r.coveredRows(p, reg, q)
	case "controls":
		err = r.theirRows(p, reg, q)
	case "proposals":
		err = r.proposalCards(p, reg, q)
	default:
		err = r.requirementRows(p, reg, q)
	}
	if err != nil {
		return err
	}
	if p.f, err = r.frame(f.Title, []ui.Link{{Text: "Mapping", Href: r.url("/mapping")}}); err != nil {
		return err
	}
	p.f.Here = r.url("/mapping")
	if wrong != nil {
		p.f.Self = r.frameworkHref(name, backOf(q))
	}
	return r.write(status, ui.Page(p.f, noActions(), frameworkBody(p)))
}

// backOf is what of a question leads back to the same part of a page.
func backOf(q url.Values) url.Values {
	out := url.Values{}
	for _, k := range []string{"view", "page", "find", "tied", "objective"} {
		if s := q.Get(k); s != "" {
			out.Set(k, clipped(s, 200))
		}
	}
	return out
}

// pastInputs keep the point in time in a form whose fields are its address.
func (r *request) pastInputs() []ui.Link {
	var out []ui.Link
	for _, x := range [][2]string{{"asof", r.past.Effective}, {"known", r.past.Known}} {
		if x[1] != "" {
			out = append(out, ui.Link{Text: x[0], Href: x[1]})
		}
	}
	return out
}

func (r *request) controlLinks(reg *mapping.Register, at []int) []ui.Link {
	var out []ui.Link
	for _, i := range at {
		out = append(out, ui.Link{Text: reg.Controls[i].Value.Code, Href: r.recordURL("control", reg.Controls[i].ID)})
	}
	return out
}

// requirementRows are the requirements of the group and the state that are asked for.
func (r *request) requirementRows(p *frameworkPage, reg *mapping.Register, q url.Values) error {
	var groups []string
	p.Past = r.pastInputs()
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
	var match []int
	for i := range p.F.Requirements {
		x := &p.F.Requirements[i]
		if group != "" && group != "*" && x.Group != group || show != "" && x.Answer.Key() != show {
			continue
		}
		match = append(match, i)
	}
	var err error
	if p.Paged, err = r.cut(p.F.Name, q, len(match), requirementsOfPage); err != nil {
		return err
	}
	for _, i := range match[p.Paged.From-1 : p.Paged.To] {
		x := &p.F.Requirements[i]
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
	return nil
}

// means explains the words for how far, the strongest first.
func means() []ui.Link {
	var out []ui.Link
	for _, v := range soc1.CoverageStrength("").Values() {
		s := soc1.CoverageStrength(v)
		out = append(out, ui.Link{Text: s.Label(), Href: s.Means()})
	}
	for _, b := range mapping.Bases {
		if b != mapping.Judged {
			out = append(out, ui.Link{Text: b.Label(), Href: b.Means()})
		}
	}
	return out
}

// coveredRows are the objectives with what covers each: of one objective all, of all the
// strongest.
func (r *request) coveredRows(p *frameworkPage, reg *mapping.Register, q url.Values) error {
	p.Means = means()
	only := q.Get("objective")
	for i := range p.F.Objectives {
		o := &reg.Objectives[i]
		if only != "" && o.ID != only {
			continue
		}
		row := coveredRow{Code: o.Value.Code, Title: o.Value.Title, Href: r.recordURL("control_objective", o.ID), IDs: strings.Join(p.F.Objectives[i].IDs, ", ")}
		covers := p.F.Objectives[i].Covers
		if more := len(covers) - coversShown; only == "" && more > 0 {
			covers = covers[:coversShown]
			row.More = ui.Link{Text: fmt.Sprintf("%s more, none stronger", thousands(more)), Href: r.frameworkHref(p.F.Name, url.Values{"view": {"objectives"}, "objective": {o.ID}})}
		}
		for n := range covers {
			c := &covers[n]
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
	if only != "" && len(p.Covered) == 0 {
		return badRequest("objective", fmt.Errorf("there is no objective %q", clipped(only, 60)))
	}
	return nil
}

func (r *request) reuseAction(t *mapping.Their) string {
	return r.url("/mapping/reuse/%s", url.PathEscape(t.ID))
}

// proposalCards are the pairs that could be one control.
func (r *request) proposalCards(p *frameworkPage, reg *mapping.Register, q url.Values) error {
	var err error
	if p.Paged, err = r.cut(p.F.Name, q, len(p.F.Proposals), proposalsOfPage); err != nil {
		return err
	}
	for _, x := range p.F.Proposals[p.Paged.From-1 : p.Paged.To] {
		t, c := &reg.Theirs[x.Their], &reg.Controls[x.Control]
		card := proposalCard{Proposal: x, Their: t, TheirHref: r.recordURL("framework_control", t.ID), OursHref: r.recordURL("control", c.ID), OursID: c.ID, OursCode: c.Value.Code, OursText: c.Value.Statement(), Action: r.reuseAction(t),
			Shares: strings.Join(x.Words, ", "), Because: "Both name " + strings.Join(x.IDs, ", ")}
		if x.ByObjective {
			card.Because = "The objective of " + c.Value.Code + " names " + strings.Join(x.IDs, ", ") + ", and so does " + t.Value.Code
		}
		if x.SameFrequency {
			card.Because += "; both operate equally often"
		}
		p.Proposals = append(p.Proposals, card)
	}
	return nil
}

// theirMatch are the controls of the program that are asked for, by their places.
func theirMatch(p *frameworkPage, reg *mapping.Register, q url.Values) ([]int, error) {
	p.Find = clipped(tidy(q.Get("find")), 100)
	ties := q.Get("tied")
	p.Ties = []option{{Value: "", Text: "Tied or not", On: ties == ""}, {Value: "yes", Text: "Tied to a control here", On: ties == "yes"}, {Value: "no", Text: "Not tied", On: ties == "no"}}
	if ties != "" && ties != "yes" && ties != "no" {
		return nil, badRequest("tied", fmt.Errorf("there is no choice %q", clipped(ties, 20)))
	}
	words := strings.Fields(strings.ToLower(p.Find))
	var out []int
	for _, n := range p.F.Theirs {
		t := &reg.Theirs[n]
		if ties != "" && (ties == "yes") != (t.Control >= 0) {
			continue
		}
		text := strings.ToLower(t.Value.Code + " " + t.Value.Text + " " + strings.Join(t.Value.Identifiers, " "))
		if slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			continue
		}
		out = append(out, n)
	}
	return out, nil
}

// theirRows are the controls of the framework's program, and the controls here without a
// counterpart there.
func (r *request) theirRows(p *frameworkPage, reg *mapping.Register, q url.Values) error {
	match, err := theirMatch(p, reg, q)
	if err != nil {
		return err
	}
	p.Past, p.Means, p.Alone = r.pastInputs(), means(), r.controlLinks(reg, p.F.Alone)
	// What somebody decides on is on the page, wherever it stands in the list.
	open := cmp.Or(p.Typed.Get("their"), q.Get("decide"))
	if i := slices.IndexFunc(match, func(n int) bool { return reg.Theirs[n].ID == open }); i >= 0 {
		q = maps.Clone(q)
		q.Set("page", strconv.Itoa(i/theirsOfPage+1))
		p.Query = backOf(q).Encode()
	}
	if p.Paged, err = r.cut(p.F.Name, q, len(match), theirsOfPage); err != nil {
		return err
	}
	filed, err := r.filedOf(reg, match[p.Paged.From-1:p.Paged.To])
	if err != nil {
		return err
	}
	for _, n := range match[p.Paged.From-1 : p.Paged.To] {
		t := &reg.Theirs[n]
		row := theirRow{Their: t, Href: r.recordURL("framework_control", t.ID), Action: r.reuseAction(t), Label: t.Value.Code, Open: p.May && open == t.ID}
		if p.May && !row.Open {
			to := backOf(q)
			to.Set("decide", t.ID)
			row.Decide = r.frameworkHref(p.F.Name, to) + "#their-" + url.PathEscape(t.ID)
		}
		if t.Control >= 0 {
			c := &reg.Controls[t.Control]
			row.Same = ui.Link{Text: c.Value.Code, Href: r.recordURL("control", c.ID)}
			row.Evidence = filed[c.ID]
		}
		var covers []string
		for _, c := range t.Covers {
			s := reg.Objectives[c.Objective].Value.Code + ": " + lowerFirst(c.Says())
			if c.Why != "" {
				s += " (" + strings.TrimSuffix(clipped(c.Why, 200), ".") + ")"
			}
			covers = append(covers, s)
		}
		row.Covers = strings.Join(covers, "; ")
		if row.Open {
			r.decisionOptions(p, reg)
		}
		p.Theirs = append(p.Theirs, row)
	}
	return nil
}

// filedOf says what evidence the controls here have that some controls of the program are,
// with where it is: it is filed once and counts for both.
func (r *request) filedOf(reg *mapping.Register, theirs []int) (map[string]ui.Link, error) {
	n, last := map[string]int{}, map[string]string{}
	for _, i := range theirs {
		if c := reg.Theirs[i].Control; c >= 0 {
			n[reg.Controls[c].ID] = 0
		}
	}
	if len(n) == 0 {
		return nil, nil
	}
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	evidence, err := record.All[soc1.Evidence](r.Context(), v, "evidence")
	if err != nil {
		return nil, err
	}
	for i := range evidence {
		x := &evidence[i].Value
		for _, c := range x.Controls {
			if _, ok := n[c]; ok {
				n[c]++
				last[c] = max(last[c], string(cmp.Or(x.PeriodTo, x.AsOf)))
			}
		}
	}
	out := map[string]ui.Link{}
	for c, k := range n {
		l := ui.Link{Text: "No evidence of it is filed yet; one upload will count for both"}
		if k > 0 {
			l.Text, l.Href = count(k, "record")+" of evidence", r.url("/r/evidence?%s", url.Values{"f.controls": {c}}.Encode())
			if last[c] != "" {
				l.Text += ", the latest to " + dateText(last[c])
			}
		}
		out[c] = l
	}
	return out, nil
}

// decisionOptions are what can be chosen for the control that is decided on.
func (r *request) decisionOptions(p *frameworkPage, reg *mapping.Register) {
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

// proposalsHref is where the proposals for a control of another program are decided.
func (r *request) proposalsHref(their string) string {
	if reg, err := r.mappingNow(); err == nil {
		if t := reg.Their(their); t != nil {
			return r.frameworkHref(t.Value.Framework, url.Values{"view": {"proposals"}})
		}
	}
	return r.url("/mapping")
}

// reuseControl records a decision on a control of another program.
func (r *request) reuseControl() error {
	if err := r.notOfPast(); err != nil {
		return err
	}
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
	back, wrongBack := url.ParseQuery(v.Get("back"))
	if wrongBack != nil || back.Get("view") == "" {
		back = url.Values{"view": {"controls"}}
	}
	back = backOf(back)
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		v.Set("their", x.Their)
		return r.frameworkAgain(http.StatusUnprocessableEntity, framework, back, v, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.frameworkHref(framework, back))
}
