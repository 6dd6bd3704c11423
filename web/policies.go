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

// policiesPage is where all policies stand.
type policiesPage struct {
	f    *ui.Frame
	Sums []string
	// Mine are campaigns that wait for the person's word.
	Mine       []campaignRow
	Rows       []policyRow
	Campaigns  []campaignRow
	Exceptions []exceptionRow
	// Links to what the person may begin; empty where they may not.
	New, NewCampaign, NewException, Starters string
	// Missing is how many policies of the starter set are not there.
	Missing                                  int
	Register, RegisterAcks, RegisterCampaign string
}

type policyRow struct {
	*policies.Line
	Href, Says, Review string
	State              ui.Status
	Owner              ui.Person
	Late               bool
	Exceptions         int
}

type campaignRow struct {
	// NotBegun says from when it asks; empty of one that began.
	NotBegun string
	*policies.Campaign
	Href, When string
	State      ui.Status
	Percent    int
}

type exceptionRow struct {
	*policies.Exception
	Href, When, Policy, PolicyHref string
	State                          ui.Status
	Owner                          ui.Person
	// Decide is where a decision goes, empty where the person makes none.
	Decide, Edit string
	Said         *saidPolicy
}

var policyStates = map[policies.State]ui.Status{
	policies.Overdue: {Text: "Review overdue", Class: "bad", Icon: "calendar-clock"}, policies.Draft: {Text: "Not approved", Class: "warn", Icon: "circle-dashed"},
	policies.Refused: {Text: "Refused", Class: "bad", Icon: "circle-alert"}, policies.Changed: {Text: "Changed since approved", Class: "warn", Icon: "pencil"},
	policies.Due: {Text: "Review due", Class: "warn", Icon: "calendar-clock"}, policies.Coming: {Text: "Approved, not yet in force", Class: "info", Icon: "circle-dot"},
	policies.InForce: {Text: "In force", Class: "ok", Icon: "circle-check"},
}

var campaignStates = map[policies.CampaignState]ui.Status{
	policies.Late: {Text: "Overdue", Class: "bad", Icon: "circle-alert"}, policies.Open: {Text: "Open", Class: "info", Icon: "circle-dot"},
	policies.Planned: {Text: "Opens later", Icon: "circle-dashed"}, policies.Complete: {Text: "Complete", Class: "ok", Icon: "circle-check"},
	policies.Over: {Text: "Ended, incomplete", Class: "warn", Icon: "circle-alert"}, policies.Nobody: {Text: "Asks nobody", Class: "warn", Icon: "circle-dashed"},
}

var exceptionStates = map[policies.ExceptionState]ui.Status{
	policies.Expired: {Text: "Run out, not ended", Class: "bad", Icon: "circle-alert"}, policies.Unapproved: {Text: "Not approved", Class: "bad", Icon: "circle-alert"},
	policies.Void: {Text: "Its policy was retired", Class: "warn", Icon: "circle-alert"}, policies.Asked: {Text: "Asked for", Class: "warn", Icon: "circle-dashed"}, policies.Running: {Text: "Runs", Class: "info", Icon: "circle-dot"},
	policies.Ahead: {Text: "Approved, begins later", Icon: "circle-dot"}, policies.NotGranted: {Text: "Refused", Icon: "circle-alert"}, policies.Ended: {Text: "Ended", Icon: "circle-check"},
}

// withheldPolicies is what whoever reads a part of the ledger is told.
const withheldPolicies = withheld("Where policies stand follows from all of the records, and you read a part of them. Ask an administrator for a role that reads all.")

func (r *request) policiesNow() (*policies.Register, error) {
	if r.partly() {
		return nil, withheldPolicies
	}
	return r.site.app.Policies(r.Context(), r.actor, r.asOf)
}

// listPolicies shows where all policies stand.
func (r *request) listPolicies() error {
	reg, err := r.policiesNow()
	if err != nil {
		return err
	}
	p := &policiesPage{Register: r.url("/r/policy"), RegisterAcks: r.url("/r/policy_acknowledgement"), RegisterCampaign: r.url("/r/policy_campaign")}
	counts := map[policies.State]int{}
	have := map[string]bool{}
	for i := range reg.Lines {
		l := &reg.Lines[i]
		counts[l.State]++
		have[strings.ToLower(l.Value.Title)] = true
		p.Rows = append(p.Rows, r.policyRow(l, reg.Today))
	}
	p.Sums = []string{policyCount(len(reg.Lines)), fmt.Sprintf("%d in force as they stand", counts[policies.InForce]+counts[policies.Due]+counts[policies.Overdue])}
	if n := counts[policies.Draft] + counts[policies.Changed] + counts[policies.Refused]; n > 0 {
		p.Sums = append(p.Sums, fmt.Sprintf("%d to approve", n))
	}
	if n := counts[policies.Overdue] + counts[policies.Due]; n > 0 {
		p.Sums = append(p.Sums, fmt.Sprintf("%d to review", n))
	}
	for i := range reg.Campaigns {
		p.Campaigns = append(p.Campaigns, r.campaignRow(&reg.Campaigns[i]))
	}
	if !r.past.On() && r.site.app.MayAcknowledgePolicies(r.Context(), r.actor) == nil {
		for _, c := range reg.Asking(r.actor) {
			p.Mine = append(p.Mine, r.campaignRow(c))
		}
	}
	for i := range reg.Exceptions {
		p.Exceptions = append(p.Exceptions, r.exceptionRow(reg, &reg.Exceptions[i]))
	}
	for _, x := range app.StarterPolicies() {
		if !have[strings.ToLower(x.Title)] {
			p.Missing++
		}
	}
	if !r.past.On() {
		if p.New = r.newHref("policy"); p.New != "" {
			p.Starters = r.url("/policies/starters")
		}
		p.NewCampaign = r.newHref("policy_campaign")
		p.NewException = r.newException("")
	}
	if p.f, err = r.frame("Policies", nil); err != nil {
		return err
	}
	p.f.Here = r.url("/policies")
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), policiesBody(p)))
}

// newException is the form in which the person asks for an exception in their own name.
func (r *request) newException(policy string) string {
	if r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "policy_exception", "") != nil {
		return ""
	}
	q := url.Values{"owner": {r.actor}}
	if policy != "" {
		q.Set("policy", policy)
	}
	return r.url("/r/policy_exception/new?%s", q.Encode())
}

func (r *request) policyHref(id string) string { return r.url("/policies/of/%s", url.PathEscape(id)) }

// policyDecision is where a policy, or an exception from one, is decided on.
func (r *request) policyDecision(ref soc1.Ref) string {
	if ref.Kind == "policy" {
		return r.policyHref(ref.ID) + "?text=now#decide"
	}
	v, err := r.records()
	if err != nil {
		return r.url("/policies")
	}
	e, err := record.One[soc1.PolicyException](r.Context(), v, "policy_exception", ref.ID)
	if err != nil {
		return r.url("/policies")
	}
	if p, err := v.Get(r.Context(), "policy", e.Value.Policy); err != nil || p.Retired {
		return r.recordURL("policy_exception", ref.ID)
	}
	return r.policyHref(e.Value.Policy) + "#exception-" + url.PathEscape(ref.ID)
}

func (r *request) policyRow(l *policies.Line, today soc1.Date) policyRow {
	x := policyRow{Line: l, Href: r.policyHref(l.ID), State: policyStates[l.State], Owner: r.headings().person(l.Value.Owner), Exceptions: len(l.Exceptions)}
	switch {
	case l.InForce != nil && l.InForce.Value.Version != "":
		x.Says = "Version " + l.InForce.Value.Version + " since " + dateText(string(l.Began))
	case l.InForce != nil:
		x.Says = "In force since " + dateText(string(l.Began))
	case l.Coming != nil:
		x.Says = "In force from " + dateText(string(l.Coming.Value.Holds()))
	}
	if l.InForce != nil && l.Coming != nil {
		x.Says += "; another text from " + dateText(string(l.Coming.Value.Holds()))
	}
	if l.ReviewDue != "" {
		x.Review, x.Late = dateText(string(l.ReviewDue)), l.ReviewDue < today
	}
	return x
}

func (r *request) campaignRow(c *policies.Campaign) campaignRow {
	x := campaignRow{Campaign: c, Href: r.url("/policies/campaigns/%s", url.PathEscape(c.ID)), State: campaignStates[c.State],
		When: dateText(string(c.Value.Opens)) + " to " + dateText(string(c.Value.Due))}
	if c.State == policies.Planned {
		x.NotBegun = "Not begun: nobody is asked before " + dateText(string(c.Value.Opens))
	}
	if c.Asked > 0 {
		x.Percent = 100 * c.Given / c.Asked
	}
	return x
}

func (r *request) exceptionRow(reg *policies.Register, e *policies.Exception) exceptionRow {
	x := exceptionRow{Exception: e, Href: r.recordURL("policy_exception", e.ID), State: exceptionStates[e.State], Owner: r.headings().person(e.Value.Owner),
		When: dateText(string(e.Value.From)) + " to " + dateText(string(e.Value.Until)), PolicyHref: r.policyHref(e.Value.Policy) + "#exception-" + url.PathEscape(e.ID)}
	if e.State == policies.Void {
		// The policy has no page any more.
		x.Policy, x.PolicyHref = "a policy that was retired", x.Href
	}
	if l := reg.Line(e.Value.Policy); l != nil {
		x.Policy = l.Value.Title
		if e.Asks() && !r.past.On() && e.Value.Owner != r.actor && r.decides(l) {
			x.Decide = r.policyHref(l.ID) + "/decide"
		}
	}
	if e.Read != nil {
		x.Said = r.saidPolicy(e.Read)
	}
	if !r.past.On() && e.State != policies.Ended && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "policy_exception", e.ID) == nil {
		x.Edit = r.url("/r/policy_exception/%s/edit?focus=ended", url.PathEscape(e.ID))
	}
	return x
}

// decides tells whether the person may decide on a policy: its approver, or who stands
// in for them.
func (r *request) decides(l *policies.Line) bool {
	return l.Value.Approver != "" && r.site.app.MayDecidePolicy(r.Context(), r.actor, l.Value.Approver) == nil
}

// saidPolicy is a decision as it is shown.
type saidPolicy struct {
	Who                         ui.Person
	On, What, Note, Minutes, At string
	Refused                     bool
	Href                        string
}

func (r *request) saidPolicy(d *policies.Decision) *saidPolicy {
	v := d.Value
	s := &saidPolicy{Who: r.headings().person(v.By), On: dateText(string(v.On)), What: v.Decision.Label(), Note: v.Note, Minutes: v.Minutes,
		Refused: v.Decision == soc1.PolicyRefused, Href: r.recordURL("policy_approval", d.ID)}
	if v.Version != "" {
		s.What += ", version " + v.Version
	}
	if v.From != "" {
		s.At = "In force from " + dateText(string(v.From))
	}
	return s
}

// policyPage is one policy: its text in force, what became of it since, and who decided.
type policyPage struct {
	f    *ui.Frame
	Line *policies.Line
	// Text is what is shown, as HTML that the renderer made; Shown says which text it is.
	Text, Shown string
	// Now leads to the text that stands now, Force to that in force; empty for the one
	// that is shown.
	Now, Force string
	State      ui.Status
	Summary    string
	Files      []ui.Link
	Facts      []eventFact
	Owner      ui.Person
	Approver   ui.Person
	Says       []*saidPolicy
	Exceptions []exceptionRow
	Changes    []diffWord
	// Decide is where a decision goes; empty where the person makes none, and then NoForm
	// says why where they could think that they do. Minute is where somebody else's goes.
	Decide, NoForm, Minute string
	People                 []choiceOf
	Again                  bool
	Typed                  app.PolicyDeciding
	Problem, At            string
	NewException           string
	Record, Edit           string
	Readers                []askedWord
	Today                  string
}

type choiceOf struct{ Value, Text string }

// showPolicy shows one policy.
func (r *request) showPolicy() error {
	return r.policyAgain(http.StatusOK, r.PathValue("id"), r.URL.Query().Get("text") == "now", app.PolicyDeciding{}, nil)
}

func (r *request) policyAgain(status int, id string, now bool, typed app.PolicyDeciding, wrong *app.FieldError) error {
	reg, err := r.policiesNow()
	if err != nil {
		return err
	}
	l := reg.Line(id)
	if l == nil {
		return fmt.Errorf("policy %s: %w", id, record.ErrNotFound)
	}
	p := &policyPage{Line: l, State: policyStates[l.State], Owner: r.headings().person(l.Value.Owner), Approver: r.headings().person(l.Value.Approver), Typed: typed, Today: string(reg.Today),
		Record: r.recordURL("policy", id), Summary: l.Value.Summary}
	if wrong != nil {
		p.Problem, p.At = wrong.Text, wrong.Field
	}
	shown := l.Value
	p.Shown = "The text as it stands, which nobody has approved yet."
	switch {
	case l.InForce != nil && l.InForce.Value.SHA256 == policies.Digest(l.Value):
		p.Shown = "In force since " + dateText(string(l.Began)) + "."
	case l.InForce != nil:
		was, err := r.site.app.PolicyAt(r.Context(), r.actor, id, l.InForce.Value.Revision)
		if err != nil {
			return err
		}
		now = now || wrong != nil
		if !now {
			shown = was.Value
			p.Shown, p.Now = "In force since "+dateText(string(l.Began))+". It was changed since, and the change is not in force.", r.policyHref(id)+"?text=now"
		} else {
			p.Shown, p.Force = "The text as it stands, which is not in force.", r.policyHref(id)
			p.Changes = diffWords(was.Value.Text, l.Value.Text)
		}
	}
	p.Text, p.Summary = r.document(shown.Text, 2), shown.Summary
	for _, file := range shown.Files {
		p.Files = append(p.Files, ui.Link{Text: file.Name, Href: r.url("/r/policy/%s/files/%s", url.PathEscape(id), file.SHA256)})
	}
	p.Facts = r.policyFacts(l)
	for _, d := range l.Decisions {
		p.Says = append(p.Says, r.saidPolicy(d))
	}
	for _, e := range l.Exceptions {
		p.Exceptions = append(p.Exceptions, r.exceptionRow(reg, e))
	}
	for _, a := range l.Audience {
		w := askedWord{Who: r.headings().person(a.Person.ID), Nothing: a.Given == nil, Late: a.Given == nil}
		if a.Given != nil {
			w.Through = dateText(string(a.Given.Value.On))
		}
		p.Readers = append(p.Readers, w)
	}
	if !r.past.On() {
		if err := r.policyForms(p, l); err != nil {
			return err
		}
	}
	if p.f, err = r.frame(l.Value.Title, []ui.Link{{Text: "Policies", Href: r.url("/policies")}}); err != nil {
		return err
	}
	p.f.Here = r.url("/policies")
	if wrong != nil {
		p.f.Self = r.policyHref(id)
	}
	return r.write(status, ui.Page(p.f, noActions(), policyBody(p)))
}

// policyForms are the forms that the person is offered.
func (r *request) policyForms(p *policyPage, l *policies.Line) error {
	p.NewException = r.newException(l.ID)
	if r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "policy", l.ID) == nil {
		p.Edit = r.url("/r/policy/%s/edit", url.PathEscape(l.ID))
	}
	switch {
	case l.Value.Approver == "":
		p.NoForm = "Nobody is named who approves it. Name somebody in the record: its owner does not approve it."
	case l.Value.Owner == r.actor && r.decides(l):
		p.NoForm = "You own this policy, and so somebody else approves it."
	case r.decides(l):
		p.Decide = r.policyHref(l.ID) + "/decide"
	}
	p.Again = len(l.Audience) > 0 && l.InForce != nil
	if r.site.app.MayMinutePolicy(r.Context(), r.actor) == nil {
		p.Minute = r.policyHref(l.ID) + "/decide"
		v, err := r.records()
		if err != nil {
			return err
		}
		people, err := record.All[soc1.Person](r.Context(), v, "person")
		if err != nil {
			return err
		}
		for _, x := range people {
			if x.Value.Side == soc1.SideServiceOrganization && x.ID != l.Value.Owner {
				p.People = append(p.People, choiceOf{x.ID, x.Value.Name})
			}
		}
	}
	return nil
}

func (r *request) policyFacts(l *policies.Line) []eventFact {
	var out []eventFact
	v := l.Value
	if l.ReviewDue != "" {
		out = append(out, eventFact{Name: "To be reviewed by", Text: fmt.Sprintf("%s, every %s", dateText(string(l.ReviewDue)), count(v.Months(), "month"))})
	} else {
		out = append(out, eventFact{Name: "Reviewed", Text: "every " + count(v.Months(), "month") + " once it is in force"})
	}
	if v.Version != "" {
		out = append(out, eventFact{Name: "Version as it stands", Text: v.Version})
	}
	f := eventFact{Name: "Controls that carry it out"}
	for _, id := range v.Controls {
		f.Links = append(f.Links, ui.Link{Text: r.optionText("control", id), Href: r.recordURL("control", id)})
	}
	if len(f.Links) == 0 {
		f.Text = "None is named."
	}
	return append(out, f)
}

// document renders a document that somebody wrote, its headings lowered by some ranks.
func (r *request) document(s string, below int) string {
	p := &prose{host: r.Host, base: r.site.base, document: true, below: below, record: r.called,
		person: func(string) (string, string, bool) { return "", "", false }}
	return p.html(s)
}

// decidePolicy records a decision on a policy or on an exception from it.
func (r *request) decidePolicy() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	seen, err := strconv.ParseInt(v.Get("revision"), 10, 64)
	if err != nil || seen < 1 {
		return badRequest("revision", errors.New("the form does not say which revision was read; open the policy again"))
	}
	x := app.PolicyDeciding{Policy: r.PathValue("id"), Exception: v.Get("exception"), Seen: seen, Decision: soc1.PolicyDecision(v.Get("decision")), Again: v.Get("again") != "",
		Note: tidy(v.Get("note")), Minutes: tidy(v.Get("minutes")), By: v.Get("by")}
	day := func(name string) soc1.Date {
		s := strings.TrimSpace(v.Get(name))
		if s == "" {
			return ""
		}
		d, wrong := soc1.ParseDate(s)
		if wrong != nil && err == nil {
			err = &app.FieldError{Field: name, Text: fmt.Sprintf("%q is no day. Write it as 2025-12-31.", clipped(s, 40))}
		}
		return d
	}
	x.From, x.On = day("from"), day("on")
	if v.Get("minuted") != "" && err == nil && (x.Minutes == "" || x.By == "" || x.On == "") {
		err = &app.FieldError{Field: "minutes", Text: "Say who decided, on which day, and where that can be read up."}
	}
	if err == nil {
		_, err = r.site.app.DecidePolicy(r.Context(), r.actor, x)
	}
	var wrong *app.FieldError
	switch {
	case errors.As(err, &wrong):
		return r.policyAgain(http.StatusUnprocessableEntity, x.Policy, true, x, wrong)
	case err != nil:
		return err
	}
	return r.redirect(r.policyHref(x.Policy))
}

// byHand leads from a record to the page on which the work with it is done.
func (r *request) byHand(kind, id string) ui.Link {
	if r.ledger != app.OrganizationLedger || r.partly() {
		return ui.Link{}
	}
	switch kind {
	case "policy":
		return ui.Link{Text: "Read it, and decide", Href: r.policyHref(id)}
	case "policy_campaign":
		return ui.Link{Text: "Who confirmed", Href: r.url("/policies/campaigns/%s", url.PathEscape(id))}
	case "policy_exception":
		to := r.policyDecision(soc1.Ref{Kind: kind, ID: id})
		if to == r.recordURL(kind, id) {
			return ui.Link{Text: "Its policy was retired: end it", Href: r.url("/r/policy_exception/%s/edit?focus=ended", url.PathEscape(id))}
		}
		return ui.Link{Text: "On the page of the policy", Href: r.policyDecision(soc1.Ref{Kind: kind, ID: id})}
	case "subservice_organization", "subservice_report", "subservice_confirmation":
		return r.subserviceByHand(kind, id)
	}
	return ui.Link{}
}
