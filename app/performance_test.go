package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// closing is a workspace in which a month is closed: pat performs, rita reviews, sam
// stands in. Its clock stands where the test puts it.
type closing struct {
	*story
	now time.Time
}

const monthly = `kind: control
id: rec
effective: 2025-01-01
code: REC-1
text: The treasury reconciles bank and books each month.
nature: manual
type: detective
frequency: monthly
owner: olaf
performer: pat
reviewer: rita
segregated: true
performed_here: true
due_business_days: 3
checklist: [Agree the bank statement]
balances: [Bank, Books]
`

func close1(t *testing.T) *closing {
	t.Helper()
	c := &closing{story: &story{t: t, ctx: t.Context()}}
	c.at("2025-01-15T18:00:00Z")
	var err error
	tick := func() time.Time { c.now = c.now.Add(time.Millisecond); return c.now }
	c.app, err = app.Init(t.Context(), t.TempDir()+"/w", soc1.Organization{Name: "Alder", Timezone: "America/Chicago", Currency: "USD", Holidays: []soc1.Date{"2025-01-01", "2025-02-17"}},
		"dana", soc1.Person{Name: "Dana Pell", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator", "compliance_manager"}}, app.Options{Now: tick})
	c.must(err)
	t.Cleanup(func() { c.app.Close() })
	yaml := ""
	for _, id := range []string{"olaf", "pat", "rita", "sam"} {
		yaml += person(id, "", "service_organization", "control_owner")
	}
	_, err = c.apply("dana", yaml+person("gail", "", "service_organization", "read_only")+monthly)
	c.must(err)
	return c
}

func (c *closing) at(instant string) {
	c.t.Helper()
	var err error
	c.now, err = time.Parse(time.RFC3339, instant)
	c.must(err)
}

// january is its performance with balances that agree.
func january() app.Performing {
	return app.Performing{Control: "rec", From: "2025-01-01", To: "2025-01-31", Outcome: soc1.PerformedClean, Checklist: []soc1.ChecklistAnswer{{Text: "Agree the bank statement", Answer: soc1.StepDone}},
		Reconciliation: soc1.Reconciliation{First: soc1.Money{Minor: 10700, Currency: "USD"}, Second: soc1.Money{Minor: 10000, Currency: "USD"}, Items: []soc1.ReconcilingItem{{What: "Check 7", Minor: 700, Since: "2025-01-20"}}}}
}

func (c *closing) signs(who string, p app.Performing, field string, words ...string) {
	c.t.Helper()
	_, err := c.app.Perform(c.ctx, who, p)
	if field == "" {
		c.must(err)
		return
	}
	c.refused(err, words...)
	var wrong *app.FieldError
	if !errors.As(err, &wrong) || wrong.Field != field {
		c.t.Fatalf("%v stands beside no field %q", err, field)
	}
}

// covered says how the occurrences of a control in a year stand.
func (c *closing) covered(control string, at record.AsOf) string {
	c.t.Helper()
	o, err := c.app.Occurrences(c.ctx, "dana", "", at)
	c.must(err)
	s := ""
	for _, x := range o.Expectations(control) {
		s += string(x.State[0])
	}
	return s
}

// waits are what waits for a person, by reason.
func (c *closing) waits(who string) []string {
	c.t.Helper()
	items, err := c.app.Waiting(c.ctx, who)
	c.must(err)
	var out []string
	for _, i := range items {
		s := string(i.For) + " " + i.Ref.ID + " " + string(i.Due)
		if i.Overdue {
			s += " overdue"
		}
		out = append(out, s)
	}
	return out
}

// TestPerform closes a month: a task waits, is signed, becomes evidence, waits for its
// reviewer, is returned and is no evidence, and is signed again.
func TestPerform(t *testing.T) {
	c := close1(t)
	// The last evening of January in Chicago is February in UTC: not over yet.
	c.at("2025-02-01T03:30:00Z")
	c.signs("pat", january(), "")
	p, err := record.One[soc1.Performance](c.ctx, c.view("dana"), "performance", "rec-2025-01-31")
	c.must(err)
	if v := p.Value; v.PerformedOn != "2025-01-31" || v.DueOn != "2025-02-05" || v.Status != soc1.PerformanceSigned || v.Performer != "pat" || v.ControlRevision != 1 || v.FiledAs != "ev-rec-2025-01-31" {
		t.Errorf("signed: %+v", v)
	}
	e, err := record.One[soc1.Evidence](c.ctx, c.view("dana"), "evidence", p.Value.FiledAs)
	c.must(err)
	if v := e.Value; v.PeriodFrom != "2025-01-01" || v.PeriodTo != "2025-01-31" || !slices.Equal(v.Controls, []string{"rec"}) {
		t.Errorf("filed: %+v", v)
	}
	// Both are one command.
	if p.Pos != e.Pos {
		t.Errorf("signature at %d, evidence at %d", p.Pos, e.Pos)
	}
	c.at("2025-02-03T18:00:00Z")
	if got := c.covered("rec", record.AsOf{}); got != "pnnnnnnnnnnn" {
		t.Errorf("signed: %s", got)
	}
	if got := c.waits("rita"); !slices.Equal(got, []string{"review_performance rec-2025-01-31 2025-02-07"}) {
		t.Errorf("the reviewer has %q", got)
	}
	if got := c.waits("pat"); len(got) > 0 {
		t.Errorf("the performer has %q", got)
	}
	c.signs("pat", january(), "performer", "It was signed on 2025-01-31.")

	// Nobody but the reviewer returns it, and not without a reason.
	for _, who := range []string{"pat", "olaf", "sam", "dana", "gail"} {
		if err := c.app.ReviewPerformance(c.ctx, who, app.Review{ID: p.ID, Accept: true}); err == nil {
			t.Errorf("%s accepts it", who)
		}
	}
	c.refused(c.app.ReviewPerformance(c.ctx, "rita", app.Review{ID: p.ID, Remark: "no"}), "Say in a sentence")
	c.refused(c.app.ReviewPerformance(c.ctx, "rita", app.Review{ID: p.ID, Accept: true, Revision: 7}), "was changed meanwhile")
	c.must(c.app.ReviewPerformance(c.ctx, "rita", app.Review{ID: p.ID, Remark: "Check 7 was presented already; please look again."}))
	if got := c.covered("rec", record.AsOf{}); got != "nnnnnnnnnnnn" {
		t.Errorf("returned: %s", got)
	}
	c.at("2025-02-06T18:00:00Z")
	if got := c.covered("rec", record.AsOf{}); got != "lnnnnnnnnnnn" {
		t.Errorf("returned and late: %s", got)
	}
	if got := c.waits("pat"); !slices.Equal(got, []string{"perform_control rec 2025-02-05 overdue"}) {
		t.Errorf("the performer has %q", got)
	}
	again := january()
	again.Reconciliation.Items[0].Since = "2025-01-21"
	c.signs("pat", again, "")
	c.must(c.app.ReviewPerformance(c.ctx, "rita", app.Review{ID: p.ID, Accept: true}))
	p, err = record.One[soc1.Performance](c.ctx, c.view("dana"), "performance", p.ID)
	c.must(err)
	if v := p.Value; v.DaysLate() != 1 || v.SignedOffOn() != "2025-02-06" || v.Status != soc1.PerformanceAccepted || p.Revision != 4 {
		t.Errorf("signed off: %+v, revision %d", v, p.Revision)
	}
	if got := c.covered("rec", record.AsOf{}); got != "pnnnnnnnnnnn" {
		t.Errorf("signed off: %s", got)
	}
	if err := c.app.ReviewPerformance(c.ctx, "rita", app.Review{ID: p.ID, Accept: true}); err == nil {
		t.Error("accepted twice")
	}
	// No file writes what a command decides.
	if _, err := c.apply("dana", "kind: performance\nid: typed\ncontrol: rec\n"); err == nil || !strings.Contains(err.Error(), "decisions") {
		t.Errorf("a file signs: %v", err)
	}
	if err := c.app.PutRecord(c.ctx, "pat", app.RecordChange{Kind: "performance", ID: "put", Value: p.Value, Reason: "x"}); err == nil {
		t.Error("a form signs")
	}
}

// view is what somebody reads now.
func (c *closing) view(who string) *record.View {
	c.t.Helper()
	v, err := c.app.View(c.ctx, who, app.OrganizationLedger, record.AsOf{})
	c.must(err)
	return v
}

// TestPerformRefused signs what cannot be signed; nothing of it is recorded.
func TestPerformRefused(t *testing.T) {
	c := close1(t)
	c.at("2025-02-10T18:00:00Z")
	before := c.view("dana").AsOf().Known
	for name, x := range map[string]struct {
		edit  func(*app.Performing)
		field string
		words string
	}{
		"no date":                   {func(p *app.Performing) { p.To = "31.1.2025" }, "to", "are no dates"},
		"half a month":              {func(p *app.Performing) { p.From = "2025-01-15" }, "to", "REC-1 has no occurrence from 2025-01-15 to 2025-01-31. The one that ends on 2025-01-31 began on 2025-01-01."},
		"no end of a month":         {func(p *app.Performing) { p.To = "2025-01-30" }, "to", "has no occurrence"},
		"a month to come":           {func(p *app.Performing) { p.From, p.To = "2025-03-01", "2025-03-31" }, "performer", "begins on 2025-03-01"},
		"a month that is not over":  {func(p *app.Performing) { p.From, p.To = "2025-02-01", "2025-02-28" }, "performer", "as of 2025-02-28, which has not come"},
		"before the control":        {func(p *app.Performing) { p.From, p.To = "2023-12-01", "2023-12-31" }, "to", "was not recorded on 2023-12-31"},
		"no outcome":                {func(p *app.Performing) { p.Outcome = "" }, "outcome", "Say what came of it"},
		"an unanswered item":        {func(p *app.Performing) { p.Checklist[0].Answer = "" }, "checklist[0]", "Answer the item"},
		"another checklist":         {func(p *app.Performing) { p.Checklist[0].Text = "Agree nothing" }, "checklist[0]", "was changed meanwhile"},
		"no checklist":              {func(p *app.Performing) { p.Checklist = nil }, "checklist", "has 1 items, and 0 are answered"},
		"another revision":          {func(p *app.Performing) { p.Revision = 9 }, "control", "revision 1 holds"},
		"an item undone":            {func(p *app.Performing) { p.Checklist[0].Answer = soc1.StepNotDone }, "outcome", "was not done"},
		"a cent unexplained":        {func(p *app.Performing) { p.Reconciliation.First.Minor++ }, "outcome", "leave USD 0.01 of the difference unexplained"},
		"no balances":               {func(p *app.Performing) { p.Reconciliation = soc1.Reconciliation{} }, "reconciliation.first", "Give both balances"},
		"two currencies":            {func(p *app.Performing) { p.Reconciliation.Second.Currency = "EUR" }, "reconciliation.second.currency", "two currencies"},
		"exceptions without words":  {func(p *app.Performing) { p.Outcome = soc1.PerformedExcept }, "exceptions", "nothing says which"},
		"not performed, no reason":  {func(p *app.Performing) { p.Outcome, p.Reason = soc1.NotPerformed, "busy" }, "reason", "nothing says why"},
		"evidence that there isn't": {func(p *app.Performing) { p.Evidence = []string{"none"} }, "evidence", `no evidence "none"`},
	} {
		p := january()
		x.edit(&p)
		t.Run(name, func(t *testing.T) { c.t = t; c.signs("pat", p, x.field, x.words) })
	}
	c.t = t
	for _, who := range []string{"olaf", "rita", "sam", "dana", "gail", "nobody"} {
		_, err := c.app.Perform(c.ctx, who, january())
		var denied *identity.DeniedError
		if err == nil || who != "nobody" && !errors.As(err, &denied) {
			t.Errorf("%s signs for pat: %v", who, err)
		}
	}
	if now := c.view("dana").AsOf().Known; now != before {
		t.Errorf("refused, and the ledger grew from %d to %d", before, now)
	}
}

// TestPerformApart holds performer and reviewer apart, also by deputies, and keeps out
// who was re-assigned or left.
func TestPerformApart(t *testing.T) {
	c := close1(t)
	deputy := func(of, by string) {
		_, err := c.apply("dana", "kind: deputy\nid: d-"+of+"-"+by+"\neffective: 2025-02-01\nperson: "+of+"\ndeputy: "+by+"\nfrom: 2025-02-01\nuntil: 2025-02-28\nscope: [control_owner]\n")
		c.must(err)
	}
	c.at("2025-02-04T18:00:00Z")
	deputy("pat", "sam")
	c.signs("sam", january(), "")
	p, err := record.One[soc1.Performance](c.ctx, c.view("dana"), "performance", "rec-2025-01-31")
	c.must(err)
	if p.Value.Performer != "sam" || p.Value.PerformerFor != "pat" {
		t.Fatalf("a deputy signs in another name: %+v", p.Value)
	}
	// Who performed reviews neither as the reviewer's deputy nor as the one stood in for.
	deputy("rita", "sam")
	deputy("rita", "pat")
	for _, who := range []string{"sam", "pat"} {
		c.refused(c.app.ReviewPerformance(c.ctx, who, app.Review{ID: p.ID, Accept: true}), "must be different people")
		if got := c.waits(who); slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "review_performance") }) {
			t.Errorf("%s is offered to review: %q", who, got)
		}
	}
	// Another deputy of the reviewer does, in their own name.
	deputy("rita", "olaf")
	c.must(c.app.ReviewPerformance(c.ctx, "olaf", app.Review{ID: p.ID, Accept: true}))

	// The reviewer does not perform, as the performer's deputy either.
	c.at("2025-03-04T18:00:00Z")
	february := january()
	february.From, february.To = "2025-02-01", "2025-02-28"
	c.refusedDeputy("pat", "rita")
	c.signs("rita", february, "performer", "You review this control.")
	// From a day on somebody else performs it, for earlier months too.
	_, err = c.apply("dana", strings.Replace(strings.Replace(monthly, "performer: pat", "performer: olaf", 1), "effective: 2025-01-01", "effective: 2025-03-03", 1))
	c.must(err)
	if _, err := c.app.Perform(c.ctx, "pat", february); err == nil {
		t.Error("who was re-assigned signs")
	}
	// Who left signs nothing, and nobody for them.
	_, err = c.apply("dana", "kind: person\nid: olaf\neffective: 2025-03-03\nname: Olaf\nside: service_organization\nroles: [control_owner]\nactive_to: 2025-03-03\n")
	c.must(err)
	c.signs("olaf", february, "performer", "It is performed by whom the control names today")
}

func (c *closing) refusedDeputy(of, by string) {
	c.t.Helper()
	_, err := c.apply("dana", "kind: deputy\nid: late-"+of+"-"+by+"\neffective: 2025-03-01\nperson: "+of+"\ndeputy: "+by+"\nfrom: 2025-03-01\nuntil: 2025-03-31\nscope: [control_owner]\n")
	c.must(err)
}

// TestOwnerKeepsApart: the owner of a control that is performed here writes its words,
// and not who performs and who reviews it.
func TestOwnerKeepsApart(t *testing.T) {
	c := close1(t)
	if _, err := c.apply("olaf", strings.Replace(monthly, "each month", "each calendar month", 1)); err != nil {
		t.Errorf("the owner changes the text: %v", err)
	}
	for _, x := range [][2]string{{"segregated: true", "segregated: false"}, {"reviewer: rita", "reviewer: olaf"}, {"performer: pat", "performer: olaf"}, {"performed_here: true", "performed_here: false"}, {"due_business_days: 3", "due_business_days: 30"}, {"checklist: [Agree the bank statement]", "checklist: []"}} {
		_, err := c.apply("olaf", strings.Replace(monthly, x[0], x[1], 1))
		c.refused(err, "The owner of a control changes neither")
	}
}

// TestReconciliationCarries lists what was open before, and says so.
func TestReconciliationCarries(t *testing.T) {
	c := close1(t)
	c.at("2025-02-04T18:00:00Z")
	c.signs("pat", january(), "")
	c.at("2025-03-04T18:00:00Z")
	p := january()
	p.From, p.To = "2025-02-01", "2025-02-28"
	p.Reconciliation.Items = []soc1.ReconcilingItem{{What: "Fee", Minor: 700, Since: "2025-02-27"}}
	c.signs("pat", p, "reconciliation.items", `"Check 7" of USD 7.00 was open`)
	task, err := c.app.Task(c.ctx, "pat", "rec", p.From, p.To)
	c.must(err)
	if len(task.Carried) != 1 || task.Before.To != "2025-01-31" || !task.MayPerform {
		t.Fatalf("carried %+v", task)
	}
	p.Reconciliation.Items = append(p.Reconciliation.Items, soc1.ReconcilingItem{What: "Check 7", Minor: 700, Since: "2025-01-20", ClearedOn: "2025-02-03"})
	c.signs("pat", p, "")
	x, err := record.One[soc1.Performance](c.ctx, c.view("dana"), "performance", "rec-2025-02-28")
	c.must(err)
	if items := x.Value.Reconciliation.Items; items[0].Carried || !items[1].Carried {
		t.Errorf("carried: %+v", items)
	}
	// What was cleared in February is not carried on.
	task, err = c.app.Task(c.ctx, "pat", "rec", "2025-03-01", "2025-03-31")
	c.must(err)
	if len(task.Carried) != 1 || task.Carried[0].What != "Fee" {
		t.Errorf("carried on: %+v", task.Carried)
	}
}

// TestNotPerformed leaves a reason, no evidence and no task, and can be made good.
func TestNotPerformed(t *testing.T) {
	c := close1(t)
	c.at("2025-02-10T18:00:00Z")
	c.signs("pat", app.Performing{Control: "rec", From: "2025-01-01", To: "2025-01-31", Outcome: soc1.NotPerformed, Reason: "The bank sent no statement in January."}, "")
	if got := c.covered("rec", record.AsOf{}); got != "lnnnnnnnnnnn" {
		t.Errorf("not performed: %s", got)
	}
	if got := c.waits("pat"); len(got) > 0 {
		t.Errorf("the performer has %q", got)
	}
	if _, err := record.One[soc1.Evidence](c.ctx, c.view("dana"), "evidence", "ev-rec-2025-01-31"); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("it left evidence: %v", err)
	}
	c.signs("pat", january(), "")
	if got := c.covered("rec", record.AsOf{}); got != "pnnnnnnnnnnn" {
		t.Errorf("made good: %s", got)
	}
}
