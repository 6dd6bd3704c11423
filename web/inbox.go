package web

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"reperform/app"
	"reperform/overview"
	"reperform/record"
	"reperform/remediation"
	"reperform/soc1"
	"reperform/web/ui"
)

// readMarks keeps what people have read. Items are references to records.
type readMarks interface {
	Mark(ctx context.Context, person string, items ...string) error
	Unmark(ctx context.Context, person string, items ...string) error
	Marks(ctx context.Context, person string, since time.Time) (map[string]time.Time, error)
}

// inboxPage is what waits for a person.
type inboxPage struct {
	f      *ui.Frame
	Groups []inboxGroup
	// Count is how many things want doing now, Late how many of them are late.
	Count, Late int
	// Marks says that what was read can be marked.
	Marks bool
	Back  string
}

// inboxGroup is what waits with the same urgency.
type inboxGroup struct {
	ID, Title, Hint string
	Items           []inboxItem
	// Closed groups are folded at first.
	Closed bool
}

// inboxItem is one thing that waits.
type inboxItem struct {
	// Key names it for read marks and within the page.
	Key, Anchor, Icon string
	Title             string
	// Why says why it is here.
	Why    string
	Record ui.Link
	Who    ui.Person
	// HTML is what was said or asked.
	HTML     string
	Due      string
	Late     bool
	Since    string
	StandsIn string
	Mention  *mentionItem
	Request  *asked
	// Do is the page on which the work is done, with what it is called.
	Do  ui.Link
	day soc1.Date
	For app.WaitingFor
}

// mentionItem is a comment that calls the person.
type mentionItem struct {
	saying
	// Action is where answers are sent, Root the comment that they answer.
	Action, Root string
	Read         bool
	Fresh        string
}

// inbox shows what waits for the person.
func (r *request) inbox() error {
	p, err := r.inboxOf()
	if err != nil {
		return err
	}
	if p.f, err = r.frame("Inbox", nil); err != nil {
		return err
	}
	return r.write(http.StatusOK, ui.Page(p.f, noActions(), inboxBody(p)))
}

// inboxOf gathers what waits, in groups, and keeps how many there are.
func (r *request) inboxOf() (*inboxPage, error) {
	stamp, err := r.inboxStamp()
	if err != nil {
		return nil, err
	}
	items, err := r.waiting()
	if err != nil {
		return nil, err
	}
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	p := &inboxPage{Marks: r.site.marks != nil, Back: r.site.base + "/inbox"}
	groups := []inboxGroup{
		{ID: "late", Title: "Overdue"},
		{ID: "week", Title: "This week"},
		{ID: "unread", Title: "Unread", Hint: "Comments that mention you and are not settled."},
		{ID: "undated", Title: "Waiting, without a date"},
		{ID: "later", Title: "Later", Closed: true},
		{ID: "read", Title: "Read, not settled", Closed: true, Hint: "They stay until somebody resolves them."},
	}
	for _, x := range items {
		n := 3
		switch {
		case x.Mention != nil && x.Mention.Read:
			n = 5
		case x.Mention != nil:
			n = 2
		case x.Late:
			n = 0
		case x.day == "":
		case x.day <= today.AddDays(soon):
			n = 1
		default:
			n = 4
		}
		groups[n].Items = append(groups[n].Items, x)
	}
	for i, g := range groups {
		if len(g.Items) == 0 {
			continue
		}
		if i < 4 {
			p.Count += len(g.Items)
		}
		p.Groups = append(p.Groups, g)
	}
	p.Late = len(groups[0].Items)
	r.site.inboxes.keep(r.actor, inboxCount{stamp: stamp, n: p.Count, late: p.Late})
	return p, nil
}

// waiting are the things that wait for the person, the most urgent first.
func (r *request) waiting() ([]inboxItem, error) {
	all, err := r.site.app.Waiting(r.Context(), r.actor)
	if err != nil {
		return nil, err
	}
	read := map[string]time.Time{}
	if r.site.marks != nil {
		if read, err = r.site.marks.Marks(r.Context(), r.actor, time.Time{}); err != nil {
			return nil, err
		}
	}
	var out []inboxItem
	may := r.mayFile()
	for _, w := range all {
		x, ok, err := r.inboxItem(w, read)
		if err != nil {
			return nil, err
		}
		if w.For == app.WaitsEvidence && !may {
			x.Do = ui.Link{Text: "Open", Href: x.Record.Href}
		}
		if ok {
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b inboxItem) int {
		return cmp.Compare(cmp.Or(string(a.day), "9999"), cmp.Or(string(b.day), "9999"))
	})
	return out, nil
}

// verbs say what is done on the page of what waits, and by which symbol.
var verbs = map[app.WaitingFor][2]string{
	app.WaitsPolicy: {"Open the policy", "scroll-text"}, app.WaitsSignature: {"Open and read", "file-text"}, app.WaitsException: {"Decide", "triangle-alert"},
	app.WaitsReview: {"Open the test", "list-checks"}, app.WaitsTest: {"Open the test", "flask-conical"}, app.WaitsEvidence: {"Add evidence", "file-check"},
	app.WaitsScores: {"Score", "scale"}, app.WaitsReveal: {"Open the session", "scale"},
	app.WaitsAnswer: {"Open", "message-square-text"}, app.WaitsClosing: {"Open", "message-square-text"}, app.WaitsMention: {"Open", "at-sign"},
	app.WaitsPerform: {"Perform", "clipboard-check"}, app.WaitsLook: {"Review", "clipboard-check"},
	app.WaitsPolicyDecision: {"Read and decide", "scroll-text"}, app.WaitsPolicyWord: {"Read and confirm", "scroll-text"}, app.WaitsPolicyException: {"Open the exception", "scroll-text"},
	app.WaitsSubserviceReport: {"Read and confirm", "network"}, app.WaitsSubserviceGap: {"See what is open", "network"},
	app.WaitsProposals:  {"Decide", "waypoints"},
	app.WaitsAssessment: {"Assess it", "calendar-clock"}, app.WaitsWord: {"Confirm", "calendar-clock"},
	app.WaitsCourse: {"Take it", "book-open"}, app.WaitsLateCourses: {"Look at it", "book-open"},
	app.WaitsPlan: {"Open the plan", "list-checks"}, app.WaitsRetest: {"Open the board", "flask-conical"}, app.WaitsLatePlan: {"Open the plan", "triangle-alert"},
}

// inboxItem words one thing. It is left out when what it is about cannot be
// read any more.
func (r *request) inboxItem(w app.WaitingItem, read map[string]time.Time) (inboxItem, bool, error) {
	x := inboxItem{Key: w.Ref.String(), Anchor: string(w.For) + "-" + w.Ref.ID, Icon: verbs[w.For][1], Title: strings.TrimSuffix(w.What, "."), For: w.For, day: w.Due, Late: w.Overdue}
	if w.Due != "" {
		x.Due = dateText(string(w.Due))
	}
	if w.Since != "" {
		x.Since = dateText(string(w.Since))
	}
	if w.StandingIn != "" {
		x.StandsIn = r.headings().person(w.StandingIn).Name
	}
	if name, href, ok := r.called(w.Ref.Ledger, w.Ref.Kind, w.Ref.ID); ok {
		x.Record = ui.Link{Text: name, Href: href}
	}
	x.Do = ui.Link{Text: verbs[w.For][0], Href: x.Record.Href}
	switch w.For {
	case app.WaitsMention:
		return r.mentionedIn(x, w.Ref, read)
	case app.WaitsAnswer, app.WaitsClosing:
		return r.requestItem(x, w)
	case app.WaitsEvidence:
		r.evidenceItem(&x, w)
	case app.WaitsPolicy:
		x.Title, x.Why = "Review the policy", "You own this policy"
		x.Do.Href = r.policyHref(w.Ref.ID)
	case app.WaitsPolicyDecision:
		x.Why = "You approve this policy"
		x.Do.Href = r.policyDecision(w.Ref)
	case app.WaitsPolicyWord:
		x.Why = "You are asked to confirm that you follow it"
		x.Do.Href = r.url("/policies/campaigns/%s", url.PathEscape(w.Ref.ID))
	case app.WaitsPolicyException:
		x.Why = "You asked for it"
	case app.WaitsSubserviceReport, app.WaitsSubserviceGap:
		x.Why = "You watch over this subservice organization"
		x.Do.Href = r.subserviceHref(w.Ref.Kind, w.Ref.ID, "")
	case app.WaitsProposals:
		x.Why = "You decide what is one control"
		x.Record = ui.Link{Text: "Mapping", Href: r.url("/mapping")}
		x.Do.Href = r.proposalsHref(w.Ref.ID)
	case app.WaitsSignature:
		x.Title, x.Why = "Read and sign: "+r.documentName(w.Ref), "Executives sign it"
		if r.maySign(w.Ref.Kind) {
			x.Do = ui.Link{Text: "Read and sign", Href: r.url("%s", signPath(w.Ref.Kind, w.Ref.ID))}
		}
	case app.WaitsException:
		x.Why = "You decide exceptions"
		x.Title = strings.Replace(x.Title, "test "+w.Ref.ID, strings.TrimPrefix(x.Record.Text, "test of control "), 1)
		open := url.Values{"f.test": {w.Ref.ID}, "f.status": {string(soc1.Open)}}
		x.Do.Href = r.url("%s/r/exception?%s", r.in(w.Ref.Ledger).at(), open.Encode())
	case app.WaitsScores, app.WaitsReveal:
		x.Why = "You are a participant"
		if w.For == app.WaitsReveal {
			x.Why = "You lead the session"
		}
		x.Do.Href = r.url("/risks/sessions/%s", url.PathEscape(w.Ref.ID))
	case app.WaitsPerform, app.WaitsLook:
		r.performItem(&x, w)
	case app.WaitsReview:
		x.Why = "You are its reviewer"
	case app.WaitsTest:
		x.Why = "It is assigned to you"
	case app.WaitsPlan:
		x.Why = "You own this plan"
	case app.WaitsRetest:
		x.Why = "You close plans"
		x.Do.Href = r.url("/remediation#plan-%s", url.PathEscape(w.Ref.ID))
	case app.WaitsAssessment:
		x.Why = "You say what events mean for the report"
		x.Do.Href = r.url("/events/%s", url.PathEscape(w.Ref.ID))
	case app.WaitsWord:
		x.Why = "You own controls in scope, or answer for the report"
		x.Do.Href = r.url("/events#asked")
	case app.WaitsCourse:
		x.Why = "You are asked to take it"
		x.Do.Href = r.url("/training/%s", url.PathEscape(w.Ref.ID))
	case app.WaitsLateCourses:
		x.Why = "You keep the course"
		x.Do.Href = r.url("/training/%s", url.PathEscape(w.Ref.ID))
	case app.WaitsLatePlan:
		x.Why = fmt.Sprintf("Plans that are more than %d days overdue wait for whoever closes them too", remediation.EscalateAfter)
	}
	return x, true, nil
}

// evidenceItem asks for the evidence of a control that is wanted next.
func (r *request) evidenceItem(x *inboxItem, w app.WaitingItem) {
	e := w.Evidence
	x.Key, x.Anchor, x.Since = w.Ref.String()+"#evidence", "evidence-"+w.Ref.ID, ""
	if name := strings.TrimPrefix(x.Record.Text, "control "); name != x.Record.Text {
		x.Title = "Evidence of " + name
	}
	role := "perform"
	switch {
	case e.Owner:
		role = "own"
	case x.StandsIn != "":
		role = "stand in for the owner of"
	}
	x.Why = "You " + role + " this control; "
	switch {
	case e.Due == "":
		x.Why += "nothing is filed for the period yet"
	case e.State == overview.Missing:
		x.Why += "the period has ended without that for " + spanText(e.For.From, e.For.To)
	default:
		x.Why += "wanted for " + spanText(e.For.From, e.For.To)
	}
	if e.Owed > 1 {
		x.Why += fmt.Sprintf(", the oldest of %d without evidence", e.Owed)
	}
	x.Do.Href = r.addWanted(w)
}

// performItem asks for the performance of a control, or for its review.
func (r *request) performItem(x *inboxItem, w app.WaitingItem) {
	p := w.Perform
	x.Key = w.Ref.String() + "#" + string(w.For) + string(p.For.To)
	name, href, ok := r.called(app.OrganizationLedger, "control", p.Control)
	if !ok {
		name = "control " + p.Control
	}
	x.Record = ui.Link{Text: name, Href: href}
	name = strings.TrimPrefix(name, "control ")
	when := spanText(p.For.From, p.For.To)
	if w.For == app.WaitsLook {
		x.Title, x.Why = "Review "+name+" for "+when, "You review this control; it was performed"
		if x.Since != "" {
			x.Why += " on " + x.Since
		}
		x.Do.Href = r.url("/calendar/of/%s?from=%s&to=%s", url.PathEscape(p.Control), p.For.To, p.For.To)
		return
	}
	x.Title, x.Since = "Perform "+name+" for "+when, ""
	switch {
	case p.Returned != "":
		x.Why = "It was returned: " + p.Returned
	case x.StandsIn != "":
		x.Why = "You stand in for the performer"
	default:
		x.Why = "You perform this control"
	}
	if p.Open > 1 {
		x.Why += fmt.Sprintf("; the oldest of %d that wait", p.Open)
	}
	x.Do.Href = r.performURL(p.Control, p.For)
}

// mentionedIn words a comment that calls the person.
func (r *request) mentionedIn(x inboxItem, ref soc1.Ref, read map[string]time.Time) (inboxItem, bool, error) {
	c, ok, err := r.calling(ref.Ledger, ref.ID)
	if err != nil || !ok {
		return x, false, err
	}
	about := c.Comment.Subject
	lines, err := r.site.app.Comments(r.Context(), r.actor, about)
	if errors.Is(err, record.ErrNotFound) {
		return x, false, nil
	}
	if err != nil {
		return x, false, err
	}
	root := cmp.Or(c.Comment.ReplyTo, ref.ID)
	m := &mentionItem{Root: root, Action: r.site.base + pathOf(about), Fresh: "c-" + newReference() + newReference()}
	for _, l := range lines {
		if l.Ledger != ref.Ledger {
			continue
		}
		if l.ID == ref.ID {
			m.saying = r.said(l, about)
		}
		if l.ID == root {
			m.MayResolve = l.MayResolve
		}
	}
	_, m.Read = read[x.Key]
	x.Mention, x.Who, x.HTML, x.Since = m, m.Who, m.HTML, m.When
	name, href, ok := r.called(about.Ledger, about.Kind, about.ID)
	if !ok {
		return x, false, nil
	}
	x.Record = ui.Link{Text: name, Href: href}
	x.Do = ui.Link{Text: "Open", Href: href + "#" + m.Anchor}
	x.Title, x.Why = m.Who.Name+" mentions you", ""
	return x, true, nil
}

// requestItem words a request that waits for an answer, or an answer that waits
// to be accepted.
func (r *request) requestItem(x inboxItem, w app.WaitingItem) (inboxItem, bool, error) {
	list, err := r.site.app.Requests(r.Context(), r.actor, w.Ref)
	if errors.Is(err, record.ErrNotFound) {
		return x, false, nil
	}
	if err != nil {
		return x, false, err
	}
	for _, l := range list.Lines {
		if l.ID != w.Ref.ID {
			continue
		}
		a, err := r.askedOf(l)
		if err != nil {
			return x, false, err
		}
		x.Request, x.Title, x.HTML, x.Who = &a, a.Title, a.HTML, a.By
		x.Why = a.By.Name + " asks you"
		x.Do = ui.Link{Text: "Open", Href: a.Record}
		if w.For == app.WaitsClosing {
			x.Who, x.Why = a.To, "You asked; answered by "+a.AnsweredBy
		}
		if a.Remark != "" && w.For == app.WaitsAnswer {
			x.Why += "; returned: " + clipped(a.Remark, 200)
		}
		about := l.Request.Subject
		if about.Kind == "" && len(l.Request.Controls) > 0 {
			about = soc1.Ref{Kind: "control", ID: l.Request.Controls[0]}
		}
		x.Record = ui.Link{}
		if name, href, ok := r.called(app.OrganizationLedger, about.Kind, about.ID); ok {
			x.Record = ui.Link{Text: name, Href: href}
		}
		return x, true, nil
	}
	return x, false, nil
}

// markRead marks comments as read, or as unread again.
func (r *request) markRead() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	if r.site.marks == nil {
		return errNowhere
	}
	calling, err := r.site.app.MentionsOf(r.Context(), r.actor)
	if err != nil {
		return err
	}
	var items []string
	for _, c := range calling {
		key := soc1.Ref{Ledger: c.Ledger, Kind: "comment", ID: c.ID}.String()
		if v.Get("all") == "1" || slices.Contains(v["item"], key) {
			items = append(items, key)
		}
	}
	if len(items) == 0 {
		return badRequest("item", errors.New("this does not wait for you; reload the page"))
	}
	if v.Get("on") == "0" {
		err = r.site.marks.Unmark(r.Context(), r.actor, items...)
	} else {
		err = r.site.marks.Mark(r.Context(), r.actor, items...)
	}
	if err != nil {
		return err
	}
	r.site.inboxes.drop(r.actor)
	if r.apart() {
		r.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return r.redirect(r.site.base + "/inbox")
}

// readThread marks as read what a thread said that calls the person.
func (r *request) readThread(ledger, root string) error {
	if r.site.marks == nil {
		return nil
	}
	calling, err := r.site.app.MentionsOf(r.Context(), r.actor)
	if err != nil {
		return err
	}
	var items []string
	for _, c := range calling {
		if c.Ledger == ledger && (c.ID == root || c.Comment.ReplyTo == root) {
			items = append(items, soc1.Ref{Ledger: ledger, Kind: "comment", ID: c.ID}.String())
		}
	}
	r.site.inboxes.drop(r.actor)
	return r.site.marks.Mark(r.Context(), r.actor, items...)
}

// inboxCounts remembers how much waits for whom, so that no page counts anew.
type inboxCounts struct {
	mu    sync.Mutex
	known map[string]inboxCount
}

// inboxCount is how much waits for a person, as long as the lists of records
// that it follows from are the same, and the day is.
type inboxCount struct {
	stamp   []any
	n, late int
}

// mostCounted bounds the people of whom a count is kept.
const mostCounted = 10_000

func (c *inboxCounts) keep(actor string, x inboxCount) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= mostCounted {
		c.known = map[string]inboxCount{}
	}
	c.known[actor] = x
}

func (c *inboxCounts) last(actor string) (inboxCount, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x, ok := c.known[actor]
	return x, ok
}

func (c *inboxCounts) drop(actor string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if x, ok := c.known[actor]; ok {
		x.stamp = nil
		c.known[actor] = x
	}
}

// inboxKinds are the kinds from which it follows what waits for whom.
var inboxKinds = []string{"comment", "request", "policy", "policy_approval", "policy_campaign", "policy_acknowledgement", "policy_exception", "subservice_organization", "subservice_report", "subservice_confirmation", "assertion", "representation_letter", "exception", "test_of_control", "evidence", "control", "performance", "business_calendar", "location", "organization", "engagement", "deputy", "person"}

// inboxStamp changes when what waits for the person may have changed.
func (r *request) inboxStamp() ([]any, error) {
	today, err := r.site.app.Today(r.Context())
	if err != nil {
		return nil, err
	}
	out := []any{today}
	for _, l := range append([]string{app.OrganizationLedger}, r.site.app.Ledgers(r.Context(), r.actor)...) {
		v, err := r.site.app.View(r.Context(), r.actor, l, record.AsOf{})
		if err != nil {
			continue
		}
		if !v.Shows("comment") || !v.Shows("request") {
			// Some comments or requests count that the lists do not hold.
			out = append(out, v.AsOf().Known)
		}
		for _, k := range inboxKinds {
			if !v.Shows(k) {
				continue
			}
			rows, err := v.Rows(r.Context(), k)
			if err != nil {
				return nil, err
			}
			out = append(out, rows)
		}
	}
	return out, nil
}

// inboxCount answers how much waits for the person.
func (r *request) inboxCount() error {
	stamp, err := r.inboxStamp()
	if err != nil {
		return err
	}
	x, ok := r.site.inboxes.last(r.actor)
	if !ok || !slices.Equal(x.stamp, stamp) {
		p, err := r.inboxOf()
		if err != nil {
			return err
		}
		x = inboxCount{n: p.Count, late: p.Late}
	}
	r.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(r.w).Encode(map[string]any{"count": x.n, "late": x.late, "text": inboxWords(x.n, x.late)})
}

// inboxWords says in a sentence how much waits.
func inboxWords(n, late int) string {
	switch {
	case n == 0:
		return "Nothing waits for you"
	case late == 0:
		return count(n, "thing") + " for you"
	}
	return fmt.Sprintf("%s for you, %d overdue", count(n, "thing"), late)
}

// inboxNav is the inbox in the navigation, with the count known last; scripts
// ask for the present one.
func (r *request) inboxNav() ui.NavItem {
	n := ui.NavItem{Icon: "inbox", Text: "Inbox", Href: "/inbox", Live: r.site.base + "/inbox/count"}
	if x, ok := r.site.inboxes.last(r.actor); ok && x.n > 0 {
		n.Count, n.Hot = fmt.Sprint(x.n), x.late > 0
	}
	return n
}

// whyText says in a line why something is here and since when.
func whyText(x inboxItem) string {
	var parts []string
	if x.Why != "" {
		parts = append(parts, x.Why)
	}
	if x.StandsIn != "" {
		parts = append(parts, "you stand in for "+x.StandsIn)
	}
	if x.Since != "" && (x.Mention != nil || x.Due == "") {
		if x.Mention != nil {
			parts = append(parts, x.Since)
		} else {
			parts = append(parts, "since "+x.Since)
		}
	}
	return strings.Join(parts, " · ")
}
