package scoping

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

// rec makes a record of a value.
func rec[T any](kind, id string, rev int64, v T) record.Typed[T] {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return record.Typed[T]{Record: record.Record{Ledger: "org", Kind: kind, ID: id, Revision: rev, Pos: rev + 10, Body: b}, Value: v}
}

// company is a small program with one of everything, and a few things missing.
func company() *Records {
	return &Records{
		Engagement: rec("engagement", "soc1", 1, soc1.Engagement{Title: "SOC 1", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31", Services: []string{"payroll"},
			SubserviceOrganizations: []string{"host"}, Exclusions: []soc1.ScopeExclusion{{What: "tax", Why: "A report of its own."}, {What: "Paper archive", Why: "Nothing depends on it."}}}),
		Services: []record.Typed[soc1.Service]{
			rec("service", "payroll", 1, soc1.Service{Name: "Payroll", InScope: true, Order: 1}), rec("service", "tax", 1, soc1.Service{Name: "Tax", InScope: true, Order: 2}),
			rec("service", "clocks", 1, soc1.Service{Name: "Clocks", Exclusion: "Clients record hours."}), rec("service", "training", 1, soc1.Service{Name: "Training"}),
		},
		Classes: []record.Typed[soc1.TransactionClass]{
			rec("transaction_class", "runs", 2, soc1.TransactionClass{Name: "Runs", Services: []string{"payroll"}}), rec("transaction_class", "forms", 1, soc1.TransactionClass{Name: "Forms", Services: []string{"payroll"}}),
			rec("transaction_class", "deposits", 1, soc1.TransactionClass{Name: "Deposits", Services: []string{"tax"}}),
		},
		Accounts: []record.Typed[soc1.Account]{rec("account", "wages", 1, soc1.Account{Name: "Wages"}), rec("account", "taxes", 1, soc1.Account{Name: "Taxes"})},
		Relevance: []record.Typed[soc1.AssertionRelevance]{
			rec("assertion_relevance", "r1", 1, soc1.AssertionRelevance{TransactionClass: "runs", Account: "wages", Assertions: []soc1.FinancialAssertion{soc1.Completeness, soc1.Accuracy, soc1.Cutoff}, Why: "Posted."}),
			rec("assertion_relevance", "r2", 1, soc1.AssertionRelevance{TransactionClass: "deposits", Account: "taxes", Assertions: []soc1.FinancialAssertion{soc1.Accuracy}}),
		},
		Objectives: []record.Typed[soc1.ControlObjective]{
			rec("control_objective", "pay-1", 1, soc1.ControlObjective{Code: "PAY-1", Title: "Input", Assertions: []soc1.FinancialAssertion{soc1.Completeness}, TransactionClasses: []string{"runs"}, Order: 1}),
			rec("control_objective", "it-1", 1, soc1.ControlObjective{Code: "IT-1", Title: "Access", Assertions: []soc1.FinancialAssertion{soc1.Accuracy, soc1.Completeness}, Order: 2}),
			rec("control_objective", "tax-1", 1, soc1.ControlObjective{Code: "TAX-1", Title: "Deposits", Assertions: []soc1.FinancialAssertion{soc1.Accuracy}, TransactionClasses: []string{"deposits"}, Order: 3}),
			rec("control_objective", "old", 1, soc1.ControlObjective{Code: "OLD", Title: "Old", OmittedReason: "Not performed.", Order: 4}),
		},
		Systems: []record.Typed[soc1.System]{
			rec("system", "engine", 1, soc1.System{Name: "Engine", InScope: true, Services: []string{"payroll", "tax"}, SubserviceOrganization: "host", Objectives: []string{"it-1"}, Locations: []string{"north"}}),
			rec("system", "crm", 1, soc1.System{Name: "CRM", Exclusion: "Prospects only."}), rec("system", "lonely", 1, soc1.System{Name: "Lonely", InScope: true}),
		},
		Locations: []record.Typed[soc1.Location]{rec("location", "north", 1, soc1.Location{Name: "North", InScope: true}), rec("location", "south", 1, soc1.Location{Name: "South"})},
		Entities:  []record.Typed[soc1.LegalEntity]{rec("legal_entity", "main", 1, soc1.LegalEntity{Name: "Main", InScope: true, Services: []string{"payroll"}})},
		Subservice: []record.Typed[soc1.SubserviceOrganization]{
			rec("subservice_organization", "host", 1, soc1.SubserviceOrganization{Name: "Host", Method: soc1.CarveOut}), rec("subservice_organization", "bank", 1, soc1.SubserviceOrganization{Name: "Bank", Method: soc1.CarveOut}),
		},
		CSOCs: []record.Typed[soc1.CSOC]{rec("csoc", "c1", 1, soc1.CSOC{Code: "CSOC-1", SubserviceOrganization: "host", Objectives: []string{"it-1"}})},
		Users: []record.Typed[soc1.UserEntity]{
			rec("user_entity", "u1", 1, soc1.UserEntity{Name: "Many", Entities: 40, FiscalYearEnd: "12-31"}), rec("user_entity", "u2", 1, soc1.UserEntity{Name: "Tax only", FiscalYearEnd: "12-31", Services: []string{"tax"}}),
			rec("user_entity", "u3", 1, soc1.UserEntity{Name: "Names it", FiscalYearEnd: "12-31", Services: []string{"tax"}, ReliesOn: []soc1.UserReliance{{Account: "wages"}}}), rec("user_entity", "u4", 1, soc1.UserEntity{Name: "Left", FiscalYearEnd: "12-31", Until: "2024-12-31"}),
		},
	}
}

// What is in scope says because of what; what is out says why; what is missing
// jumps out.
func TestMap(t *testing.T) {
	s := Map(company())
	for _, c := range []struct {
		kind, id string
		in       bool
		because  string
		hole     string
	}{
		{"service", "payroll", true, "The engagement examines it.", ""},
		{"service", "tax", false, "A report of its own.", ""},
		{"service", "clocks", false, "Clients record hours.", ""},
		{"service", "training", false, "It is not marked in scope.", "No reason is recorded"},
		{"transaction_class", "runs", true, "Payroll processes it.", ""},
		{"transaction_class", "forms", true, "Payroll processes it.", "It bears on no account"},
		{"transaction_class", "deposits", false, "No service in scope processes it.", ""},
		{"account", "wages", true, "Runs reaches it.", ""},
		{"account", "taxes", false, "No class in scope reaches it.", ""},
		{"control_objective", "pay-1", true, "assertions that Runs bears on", ""},
		{"control_objective", "it-1", true, "Engine rests on it.", ""},
		{"control_objective", "tax-1", true, "It is recorded and not omitted.", "It serves no class of transactions in scope"},
		{"control_objective", "old", false, "Not performed.", ""},
		{"system", "engine", true, "Payroll runs on it.", ""},
		{"system", "crm", false, "Prospects only.", ""},
		{"system", "lonely", true, "It is marked in scope.", "No service in scope"},
		{"location", "north", true, "Engine runs there.", ""},
		{"location", "south", false, "It is not marked in scope.", "No reason is recorded"},
		{"legal_entity", "main", true, "It provides Payroll.", ""},
		{"subservice_organization", "host", true, "IT-1 needs its control CSOC-1.", ""},
		{"subservice_organization", "bank", false, "The engagement names other", "No reason is recorded"},
	} {
		x := s.Item(c.kind, c.id)
		var why []string
		for _, b := range x.Because {
			why = append(why, b.Text)
		}
		if x.In != c.in || !strings.Contains(strings.Join(why, " "), c.because) || !strings.HasPrefix(x.Hole, c.hole) || (c.hole == "") != (x.Hole == "") {
			t.Errorf("%s %s: in %v because %v, hole %q", c.kind, c.id, x.In, why, x.Hole)
		}
	}
	for _, kind := range Kinds {
		for _, x := range s.Items[kind] {
			if len(x.Because) == 0 && x.Hole == "" {
				t.Errorf("%s %s says nothing", kind, x.Ref.ID)
			}
		}
	}
	if len(s.Excluded) != 1 || s.Excluded[0].What != "Paper archive" {
		t.Errorf("exclusions without a record: %+v", s.Excluded)
	}
	var rows []string
	for _, r := range s.Rows {
		line := r.Service.Ref.ID + ">" + r.Class.Ref.ID
		if r.Account != nil {
			line += ">" + r.Account.Ref.ID
			for _, c := range r.Cells {
				if c.Relevant {
					line += fmt.Sprintf(" %s:%d+%d hole=%v", c.Assertion, len(c.Objectives), len(c.General), c.Hole())
				}
			}
		}
		rows = append(rows, line)
	}
	if want := []string{"payroll>runs>wages completeness:1+1 hole=false accuracy:0+1 hole=false cutoff:0+0 hole=true", "payroll>forms"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q", rows)
	}
	if len(s.Touched) != 1 || s.Touched[0].Entities != 41 || s.Users != 42 {
		t.Errorf("touched %+v of %d", s.Touched, s.Users)
	}
	if b := s.Bases[0]; b.System.Ref.ID != "engine" || b.Operator.Name != "Host" || len(b.Services) != 1 || len(b.Locations) != 1 || len(b.Objectives) != 1 {
		t.Errorf("base %+v", b)
	}
	// Without an engagement everything that is marked is in scope.
	r := company()
	r.Engagement = record.Typed[soc1.Engagement]{}
	if s := Map(r); !s.Item("service", "tax").In || !s.Item("subservice_organization", "bank").In || s.Item("service", "clocks").In {
		t.Error("without an engagement, the marks do not decide")
	}
}

// A freeze names what is in scope with its revisions; what comes, goes and changes
// afterwards is seen, and nothing else.
func TestChanges(t *testing.T) {
	before := Map(company())
	f := soc1.ScopeFreeze{Engagement: "soc1"}
	frozen := map[soc1.Ref]record.Record{}
	for _, r := range before.Frozen() {
		ref := soc1.Ref{Kind: r.Kind, ID: r.ID, Revision: r.Revision}
		f.Items, frozen[ref] = append(f.Items, ref), r
	}
	sum, err := Digest(before.Frozen())
	if err != nil || len(sum) != 64 {
		t.Fatal(sum, err)
	}
	was := func(r soc1.Ref) (record.Record, bool) { x, ok := frozen[r]; return x, ok }
	none := func(string, string) (record.Record, bool) { return record.Record{}, false }
	if got := before.Changes(f, 12, none, was); len(got) != 0 {
		t.Fatalf("the frozen scope differs from itself: %+v", got)
	}
	now := company()
	now.Services[0] = rec("service", "payroll", 2, soc1.Service{Name: "Payroll", InScope: true, Order: 1, Description: "All of it."})
	now.Locations[1] = rec("location", "south", 2, soc1.Location{Name: "South", InScope: true, Purpose: "Call center."})
	now.Relevance[0] = rec("assertion_relevance", "r1", 1, soc1.AssertionRelevance{TransactionClass: "deposits", Account: "wages", Assertions: []soc1.FinancialAssertion{soc1.Completeness}})
	now.Systems[2] = rec("system", "lonely", 3, soc1.System{Name: "Lonely", Exclusion: "Not used."})
	now.Users = nil
	after := Map(now)
	latest := func(kind, id string) (record.Record, bool) {
		if x := after.Item(kind, id); x != nil {
			return x.rec, true
		}
		return record.Record{}, false
	}
	var got []string
	for _, c := range after.Changes(f, 12, latest, was) {
		got = append(got, fmt.Sprintf("%s %s/%s %d>%d @%d %v", c.What, c.Ref.Kind, c.Ref.ID, c.Was, c.Ref.Revision, c.Pos, c.Fields))
	}
	if want := []string{"changed service/payroll 1>2 @12 [description]", "removed account/wages 1>1 @-1 []", "removed assertion_relevance/r1 1>1 @-1 []", "removed system/lonely 1>3 @13 []", "added location/south 0>2 @12 []"}; !slices.Equal(got, want) {
		t.Errorf("changes %q", got)
	}
	if again, err := Digest(after.Frozen()); err != nil || again == sum {
		t.Errorf("another scope has the same digest: %v", err)
	}
	// Any bit of what a record says counts.
	r := slices.Clone(before.Frozen())
	r[0].Body = append(slices.Clone(r[0].Body[:len(r[0].Body)-1]), ' ', '}')
	if other, err := Digest(r); err != nil || other == sum {
		t.Errorf("the digest does not bind what records say: %v", err)
	}
	r[0].Body, r[0].Redacted = nil, true
	if _, err := Digest(r); err == nil {
		t.Error("a record without content is hashed")
	}
}

// The digest is the one that docs/FORMAT.md describes: computed by hand with printf and
// sha256sum, it never changes.
func TestDigestIsAsDescribed(t *testing.T) {
	sum, err := Digest([]record.Record{
		{Kind: "service", ID: "payroll", Revision: 2, Body: json.RawMessage(`{"name":"Payroll","in_scope":true}`)},
		{Kind: "system", ID: "engine", Revision: 1, Body: json.RawMessage(`{"name":"Engine","in_scope":true}`)},
	})
	if want := "889c42ad29c79fdc0a372eaf06b157b75b4d68315b358de41d782a18a192c79d"; err != nil || sum != want {
		t.Errorf("%s, expected %s (%v)", sum, want, err)
	}
}
