package app

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// WaitingFor is why something waits for a person.
type WaitingFor string

// The reasons.
const (
	WaitsMention   WaitingFor = "mention"
	WaitsAnswer    WaitingFor = "answer_request"
	WaitsClosing   WaitingFor = "close_request"
	WaitsPolicy    WaitingFor = "review_policy"
	WaitsSignature WaitingFor = "sign"
	WaitsException WaitingFor = "decide_exceptions"
	WaitsReview    WaitingFor = "review_test"
	WaitsTest      WaitingFor = "perform_test"
	WaitsEvidence  WaitingFor = "provide_evidence"
	WaitsPlan      WaitingFor = "carry_out_plan"
	WaitsRetest    WaitingFor = "retest_plan"
	WaitsLatePlan  WaitingFor = "overdue_plan"
	WaitsScores    WaitingFor = "score_risks"
	WaitsReveal    WaitingFor = "reveal_scores"
	WaitsPerform   WaitingFor = "perform_control"
	WaitsLook      WaitingFor = "review_performance"
	// An event to assess, and one's word that one knows of nothing else.
	WaitsAssessment WaitingFor = "assess_event"
	WaitsWord       WaitingFor = "confirm_events"
	// A policy or an exception to decide on, policies to confirm, an exception that has
	// run out.
	WaitsPolicyDecision  WaitingFor = "decide_policy"
	WaitsPolicyWord      WaitingFor = "confirm_policies"
	WaitsPolicyException WaitingFor = "end_policy_exception"
	// A course to take, and people who are overdue for a course of one's own.
	WaitsCourse      WaitingFor = "take_course"
	WaitsLateCourses WaitingFor = "overdue_course"
	// A subservice organization's report to confirm, and one that is missing.
	WaitsSubserviceReport WaitingFor = "confirm_subservice_report"
	WaitsSubserviceGap    WaitingFor = "obtain_subservice_report"
	// Controls of another program that could be one with a control here.
	WaitsProposals WaitingFor = "decide_proposals"
)

// WaitingItem is one thing that waits for a person.
type WaitingItem struct {
	For WaitingFor `json:"for"`
	// What is to be done, in words.
	What string `json:"what"`
	// Ref is the record that it is about, with its ledger.
	Ref soc1.Ref `json:"ref"`
	// Due is the day by which, empty where none is set.
	Due soc1.Date `json:"due,omitempty"`
	// Overdue says that it should have been done by now: its day has passed or,
	// of evidence, has come.
	Overdue bool `json:"overdue,omitempty"`
	// Since is the day from which it has waited, empty where the records do
	// not say.
	Since soc1.Date `json:"since,omitempty"`
	// StandingIn names whose work it is when the person is a deputy.
	StandingIn string `json:"standing_in,omitempty"`
	// Evidence is what is wanted, of evidence alone.
	Evidence *EvidenceWanted `json:"evidence,omitempty"`
	// Perform is the occurrence that is to be performed or reviewed, of these alone.
	Perform *PerformWanted `json:"perform,omitempty"`
}

// Waiting lists what waits for the actor, what is due first before what is not:
// derived from the records as they stand, and from nothing that anybody ticked.
func (a *App) Waiting(ctx context.Context, actor string) ([]WaitingItem, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	mentions, err := a.MentionsOf(ctx, actor)
	if err != nil {
		return nil, err
	}
	out := waitingMentions(mentions)
	for _, l := range a.log.Ledgers() {
		w := waiter{app: a, ctx: ctx, actor: actor, ledger: l, today: today}
		items, err := w.all()
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
	}
	for i := range out {
		out[i].Overdue = out[i].Overdue || out[i].Due != "" && out[i].Due < today
	}
	slices.SortStableFunc(out, byUrgency)
	return out, nil
}

// byUrgency puts what is due first, then what has waited longest.
func byUrgency(x, y WaitingItem) int {
	last := func(d soc1.Date) string { return cmp.Or(string(d), "9999-12-31") }
	return cmp.Or(cmp.Compare(last(x.Due), last(y.Due)), cmp.Compare(last(x.Since), last(y.Since)),
		cmp.Compare(x.Ref.String(), y.Ref.String()), cmp.Compare(x.For, y.For))
}

func waitingMentions(list []CommentLine) []WaitingItem {
	out := []WaitingItem{}
	for _, c := range list {
		out = append(out, WaitingItem{For: WaitsMention, What: fmt.Sprintf("Answer or settle what %s says about %s %s.", c.Comment.By, words(c.Comment.Subject.Kind), c.Comment.Subject.ID),
			Ref: soc1.Ref{Ledger: c.Ledger, Kind: "comment", ID: c.ID}, Since: c.Comment.WrittenAt.Date()})
	}
	return out
}

// words is a kind as a sentence has it.
func words(kind string) string {
	k, err := record.Kinds.Kind(kind)
	if err != nil {
		return kind
	}
	return strings.ToLower(k.Title)
}

// waiter looks through one ledger for one person.
type waiter struct {
	app    *App
	ctx    context.Context
	actor  string
	ledger string
	today  soc1.Date
	// deputies are those for whose controls the actor stands in today.
	deputies []standIn
}

// may asks whether the actor may do something to a kind of the ledger.
func (w *waiter) may(act identity.Action, kind string) bool {
	return w.app.authorize(w.ctx, w.actor, act, identity.Resource{Ledger: w.ledger, Kind: kind}) == nil
}

func (w *waiter) all() ([]WaitingItem, error) {
	_, deputies, err := w.app.principal(w.ctx, w.actor, w.ledger)
	if err != nil {
		return nil, err
	}
	for _, d := range deputies {
		if d.from <= w.today && w.today <= d.until && slices.Contains(d.roles, identity.ControlOwner) {
			w.deputies = append(w.deputies, d)
		}
	}
	// From memory, where each record is decoded once for everybody.
	v, err := w.app.present(w.ctx, w.ledger, "")
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	for _, look := range []func(*record.View) ([]WaitingItem, error){w.requests, w.policies, w.signatures, w.exceptions, w.tests, w.plans, w.evidence, w.tasks, w.reviews, w.sessions, w.happenings, w.courses, w.subservice, w.proposals} {
		items, err := look(v)
		if err != nil {
			return nil, err
		}
		out = append(out, items...)
	}
	return out, nil
}

// mine reports whether work that is somebody's, on some controls, is the
// actor's, and for whom the actor then stands in.
func (w *waiter) mine(owner string, controls []string) (standsInFor string, mine bool) {
	if owner == w.actor {
		return "", owner != ""
	}
	for _, d := range w.deputies {
		if d.of == owner && d.covers(controls) {
			return owner, true
		}
	}
	return "", false
}

func (w *waiter) ref(r record.Record) soc1.Ref {
	return soc1.Ref{Ledger: w.ledger, Kind: r.Kind, ID: r.ID}
}

func (w *waiter) requests(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger {
		return nil, nil
	}
	reads := w.app.authorize(w.ctx, w.actor, identity.Read, identity.Resource{Ledger: w.ledger, Kind: "request", Owner: w.actor}) == nil
	if !reads {
		return nil, nil
	}
	all, err := record.All[soc1.Request](w.ctx, v, "request")
	var out []WaitingItem
	for _, q := range all {
		x := WaitingItem{Ref: w.ref(q.Record), Due: q.Value.Due, Since: q.Value.On}
		of, mine := w.mine(q.Value.To, q.Value.Controls)
		switch {
		case mine && q.Value.Waits():
			x.For, x.What, x.StandingIn = WaitsAnswer, fmt.Sprintf("Answer the request %q.", q.Value.Title), of
			if q.Value.Status == soc1.RequestReturned {
				x.What, x.Since = fmt.Sprintf("Answer the request %q again; it was returned: %s", q.Value.Title, q.Value.Remark), q.Value.ClosedOn
			}
		case q.Value.By == w.actor && q.Value.Status == soc1.RequestAnswered:
			x.For, x.What, x.Since, x.Due = WaitsClosing, fmt.Sprintf("Accept or return the answer to %q.", q.Value.Title), q.Value.AnsweredOn, ""
		default:
			continue
		}
		out = append(out, x)
	}
	return out, err
}

func (w *waiter) signatures(v *record.View) ([]WaitingItem, error) {
	if w.ledger != OrganizationLedger || !w.may(identity.AssertionSign, "assertion") {
		return nil, nil
	}
	assertions, err := record.All[soc1.ManagementAssertion](w.ctx, v, "assertion")
	if err != nil {
		return nil, err
	}
	var out []WaitingItem
	wait := func(r record.Record, what, engagement string) {
		out = append(out, WaitingItem{For: WaitsSignature, What: fmt.Sprintf("Read and sign %s for engagement %s.", what, engagement), Ref: w.ref(r), Since: soc1.Date(r.Effective)})
	}
	for _, x := range assertions {
		if x.Value.SignedOn == "" && x.Value.SubserviceOrganization == "" {
			wait(x.Record, "management's assertion", x.Value.Engagement)
		}
	}
	letters, err := record.All[soc1.RepresentationLetter](w.ctx, v, "representation_letter")
	for _, x := range letters {
		if x.Value.SignedOn == "" && x.Value.SubserviceOrganization == "" {
			wait(x.Record, "the representation letter", x.Value.Engagement)
		}
	}
	return out, err
}

// exceptions waits for who decides them, one item for each test.
func (w *waiter) exceptions(v *record.View) ([]WaitingItem, error) {
	if !w.may(identity.ExceptionDecide, "exception") {
		return nil, nil
	}
	all, err := record.All[soc1.Exception](w.ctx, v, "exception")
	count := map[string]int64{}
	for _, x := range all {
		if x.Value.Status == soc1.Open {
			count[x.Value.Test] += max(1, int64(len(x.Value.ItemKeys)), x.Value.Group.Count)
		}
	}
	var out []WaitingItem
	for test, n := range count {
		what := fmt.Sprintf("Decide the exceptions of test %s, which concern %d items.", test, n)
		if n == 1 {
			what = fmt.Sprintf("Decide the exception of test %s.", test)
		}
		out = append(out, WaitingItem{For: WaitsException, What: what, Ref: soc1.Ref{Ledger: w.ledger, Kind: "test_of_control", ID: test}})
	}
	return out, err
}

// tests waits for who is named to perform them, and then for who reviews them.
func (w *waiter) tests(v *record.View) ([]WaitingItem, error) {
	if !w.may(identity.Read, "test_of_control") {
		return nil, nil
	}
	all, err := record.All[soc1.TestOfControl](w.ctx, v, "test_of_control")
	var out []WaitingItem
	for _, t := range all {
		switch {
		case t.Value.PerformedOn == "" && t.Value.PerformedBy == w.actor:
			out = append(out, WaitingItem{For: WaitsTest, What: fmt.Sprintf("Perform test %s of control %s.", t.Value.Code, t.Value.Control), Ref: w.ref(t.Record), Since: soc1.Date(t.Effective)})
		case t.Value.PerformedOn != "" && t.Value.ReviewedOn == "" && t.Value.Reviewer == w.actor:
			out = append(out, WaitingItem{For: WaitsReview, What: fmt.Sprintf("Review test %s of control %s.", t.Value.Code, t.Value.Control), Ref: w.ref(t.Record), Since: t.Value.PerformedOn})
		}
	}
	return out, err
}
