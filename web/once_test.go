package web

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

var onceMark = regexp.MustCompile(`name="` + ui.OnceField + `" value="([A-Z0-9]+)"`)

// mark is that of a form on a page.
func (m *matrixHouse) mark(who, path string) string {
	m.t.Helper()
	w := m.get(who, path)
	found := onceMark.FindStringSubmatch(w.Body.String())
	if w.Code != http.StatusOK || found == nil {
		m.t.Fatalf("%s: %d, and no form with a mark: %s", path, w.Code, words(w.Body.String()))
	}
	return found[1]
}

// What is sent twice is done once, and the second leads to what the first made; what is
// typed into the form afterwards is another thing, and so is the form of another
// person.
func TestSentTwiceIsDoneOnce(t *testing.T) {
	m := newMatrixHouse(t)
	id, err := m.app.AdoptCourse(t.Context(), manager, app.Adopting{BuiltIn: "control-owner"})
	if err != nil {
		t.Fatal(err)
	}
	starters := app.StarterPolicies()
	kinds := func(kind string) int {
		t.Helper()
		v, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
		if err != nil {
			t.Fatal(err)
		}
		all, err := v.List(t.Context(), kind)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	twice := func(kind, form, to string, v url.Values, change string) {
		t.Helper()
		before := kinds(kind)
		v.Set(ui.OnceField, m.mark(manager, form))
		first := m.post(manager, to, v)
		second := m.post(manager, to, v)
		if first.Code != http.StatusSeeOther || second.Code != http.StatusSeeOther || first.Header().Get("Location") != second.Header().Get("Location") {
			t.Errorf("%s: %d to %q, then %d to %q: %s", to, first.Code, first.Header().Get("Location"), second.Code, second.Header().Get("Location"), words(first.Body.String()+second.Body.String()))
		}
		if n := kinds(kind) - before; n != 1 {
			t.Errorf("%s: %d records of %s", to, n, kind)
		}
		if change == "" {
			return
		}
		v.Set(change, v.Get(change)+" and more")
		if third := m.post(manager, to, v); third.Code != http.StatusSeeOther || kinds(kind)-before != 2 {
			t.Errorf("%s: what was typed anew is not recorded: %d", to, third.Code)
		}
	}
	twice("training_assignment", "/training/"+id+"/assign", "/training/"+id+"/assign", url.Values{"due": {"2025-12-31"}, "everybody": {"yes"}, "reason": {"Yearly"}}, "reason")
	twice("course", "/training/course/new", "/training/course/new", url.Values{"title": {"Another"}, "owner": {manager}, "body": {"Read."}}, "title")
	twice("policy_exception", "/r/policy_exception/new", "/r/policy_exception/new", url.Values{"title": {"One approval"}, "policy": {"pol-change"}, "what": {"One."}, "why": {"Ill."}, "owner": {manager}, "from": {"2025-11-01"}, "until": {"2025-12-31"}, "_reason": {"Asked."}}, "title")
	twice("policy_campaign", "/r/policy_campaign/new", "/r/policy_campaign/new", url.Values{"title": {"Autumn"}, "policies": {"pol-change"}, "audience.everybody": {"true"}, "opens": {"2025-11-20"}, "due": {"2025-12-15"}, "why": {"Yearly."}, "_reason": {"Asked."}}, "title")
	twice("event", "/r/event/new", "/r/event/new", url.Values{"title": {"Outage"}, "nature": {"incident"}, "text": {"Down."}, "began": {"2025-11-10"}, "owner": {manager}, "_reason": {"Seen."}}, "title")
	twice("policy_approval", "/policies/of/pol-change?text=now", "/policies/of/pol-change/decide", url.Values{"revision": {"1"}, "decision": {"approved"}, "minuted": {"yes"}, "minutes": {"Meeting."}, "by": {"ruth-villanueva"}, "on": {"2025-11-19"}}, "minutes")
	twice("policy", "/policies/starters", "/policies/starters", url.Values{"policy": {starters[0].ID}}, "")
	twice("course", "/training", "/training/adopt", url.Values{"course": {"everybody"}}, "")
	// Evidence of an assignment, from the page of the course; and a repeat without a
	// mark, as of a script, which says the very same.
	v, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	all, err := record.All[soc1.TrainingAssignment](t.Context(), v, "training_assignment")
	if err != nil {
		t.Fatal(err)
	}
	twice("evidence", "/training/"+id, "/training/"+id+"/evidence", url.Values{"assignment": {all[0].ID}}, "")
	// Who confirmed in a campaign is filed again in the same record, and once for a click.
	campaign := soc1.PolicyCampaign{Title: "Now", Policies: []string{"pol-change"}, Audience: soc1.Audience{Everybody: true}, Opens: "2025-11-01", Due: "2025-12-15", Why: "Yearly."}
	if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "policy_campaign", ID: "now", Effective: "2025-11-01", Value: campaign, Reason: "x"}); err != nil {
		t.Fatal(err)
	}
	filed := url.Values{ui.OnceField: {m.mark(manager, "/policies/campaigns/now")}}
	for range 2 {
		if w := m.post(manager, "/policies/campaigns/now/file", filed); w.Code != http.StatusSeeOther {
			t.Errorf("filing a campaign: %d %s", w.Code, words(w.Body.String()))
		}
	}
	if e, err := m.app.Record(t.Context(), manager, app.OrganizationLedger, "evidence", "policies-now", record.AsOf{}); err != nil || e.Revision != 1 {
		t.Errorf("filed twice by one click: revision %d, %v", e.Revision, err)
	}
	// A text that no record may hold comes back as it was typed, with its field.
	for to, v := range map[string]url.Values{
		"/training/course/new":        {"title": {"Turned \u202egnp.exe"}, "owner": {manager}, "body": {"Kept words."}},
		"/training/" + id + "/assign": {"due": {"2026-03-31"}, "everybody": {"yes"}, "reason": {"Kept words. \u202e"}},
	} {
		if w := m.post(manager, to, v); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "Kept words.") || !strings.Contains(w.Body.String(), "U+202E") {
			t.Errorf("%s with a mark that turns its text: %d %s", to, w.Code, words(w.Body.String()))
		}
	}
	before := kinds("training_assignment")
	same := url.Values{"due": {"2026-01-31"}, "everybody": {"yes"}}
	for range 2 {
		if w := m.post(manager, "/training/"+id+"/assign", same); w.Code != http.StatusSeeOther {
			t.Errorf("%d", w.Code)
		}
	}
	if n := kinds("training_assignment") - before; n != 1 {
		t.Errorf("%d assignments that say the same", n)
	}
	// What is refused may be sent again.
	mark := m.mark(manager, "/training/"+id+"/assign")
	wrong := url.Values{"due": {"2020-01-01"}, "everybody": {"yes"}, ui.OnceField: {mark}}
	for range 2 {
		if w := m.post(manager, "/training/"+id+"/assign", wrong); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), "has passed") {
			t.Errorf("%d", w.Code)
		}
	}
}

// The second waits for the first, and takes its place where that was refused.
func TestSecondWaitsForFirst(t *testing.T) {
	var o doneOnce
	now := time.Date(2025, 11, 20, 15, 0, 0, 0, time.UTC)
	first, before, err := o.begin(t.Context(), "k", now)
	if first == nil || before != nil || err != nil {
		t.Fatal("the first does not begin")
	}
	type told struct{ mine, before *doing }
	heard := make(chan told)
	ask := func() {
		mine, before, _ := o.begin(context.Background(), "k", now)
		heard <- told{mine, before}
	}
	go ask()
	select {
	case <-heard:
		t.Fatal("the second did not wait")
	case <-time.After(20 * time.Millisecond):
	}
	o.end(first)
	second := <-heard
	if second.mine == nil || second.before != nil {
		t.Fatal("after a refusal the second does not begin")
	}
	go ask()
	second.mine.to = "/there"
	o.end(second.mine)
	if third := <-heard; third.mine != nil || third.before == nil || third.before.to != "/there" {
		t.Error("the third is not led to what the second made")
	}
	if mine, _, _ := o.begin(t.Context(), "k", now.Add(onceFor+time.Second)); mine == nil {
		t.Error("it is kept for longer than an hour")
	}
}
