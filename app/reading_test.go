package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/ledger"
	"reperform/record"
	"reperform/soc1"
)

// TestReaderOfSomeKinds: the firm's administrator reads the people of the
// examination and who was invited, and to that person nothing else was ever recorded in it.
func TestReaderOfSomeKinds(t *testing.T) {
	s := walled(t)
	r, err := s.app.Reader(s.ctx, "fay", exam)
	s.must(err)
	if r.Whole() || !r.Kind("person") || r.Kind("conclusion") || r.Kind("none") || r.Label() != "invitation,person" {
		t.Errorf("fay reads %+v", r)
	}
	whole, err := s.app.Reader(s.ctx, "helen", exam)
	s.must(err)
	if !whole.Whole() || !whole.Kind("none") || whole.Label() == r.Label() {
		t.Errorf("helen reads %+v", whole)
	}
	size := s.size("helen", exam)
	for _, asOf := range []record.AsOf{{}, {Known: size}, {Effective: "2026-03-01"}, {Known: size, Effective: "2026-03-01"}} {
		v, err := s.app.View(s.ctx, "fay", exam, asOf)
		s.must(err)
		for _, kind := range record.Kinds.Names() {
			all, err := v.All(s.ctx, kind)
			s.must(err)
			page, err := v.Page(s.ctx, kind, "", 10)
			s.must(err)
			versions, err := v.Versions(s.ctx, kind, "0000-01-01", "9999-12-31")
			s.must(err)
			if got := len(all) > 0 && len(page) > 0 && len(versions) > 0; got != (kind == "person" || kind == "invitation") {
				t.Errorf("as of %+v fay sees %d records of kind %s", asOf, len(all), kind)
			}
		}
		_, err = v.Get(s.ctx, "test_of_control", "t-it-1-1")
		if !errors.Is(err, record.ErrNotFound) {
			t.Errorf("a test that fay may not see: %v", err)
		}
	}
	// Everything that fay can ask tells people and nothing else.
	var told strings.Builder
	tell := func(what string, x any, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		b, err := json.Marshal(x)
		s.must(err)
		fmt.Fprintf(&told, "%s: %s\n", what, b)
	}
	lines, err := s.app.Log(s.ctx, "fay", exam, 0, 0)
	tell("log", lines, err)
	activity, err := s.app.Activity(s.ctx, "fay", app.ActivityQuery{Ledgers: []string{exam}, Count: true, Limit: 500})
	tell("activity", activity, err)
	files, err := s.app.Export(s.ctx, "fay", exam, record.AsOf{})
	tell("export", files, err)
	if len(files) != 1 || files["person.yaml"] == nil {
		t.Errorf("fay exports %d files", len(files))
	}
	diff, err := s.app.Diff(s.ctx, "fay", exam, record.AsOf{Known: 1}, record.AsOf{})
	tell("diff", diff, err)
	history, err := s.app.History(s.ctx, "fay", exam, "person", "helen")
	tell("history", history, err)
	for _, q := range []string{"t-it-1-1", "it-1", "leavers", "a"} {
		found, err := s.app.Search(s.ctx, "fay", q, 200)
		tell("search", found, err)
	}
	_, err = s.app.History(s.ctx, "fay", exam, "test_of_control", "t-it-1-1")
	_, none := s.app.History(s.ctx, "fay", exam, "test_of_control", "t-none")
	if err == nil || none == nil || err.Error() != strings.ReplaceAll(none.Error(), "t-none", "t-it-1-1") {
		t.Errorf("the history of a test that fay may not see: %v, of one that does not exist: %v", err, none)
	}
	for _, kind := range record.Kinds.Names() {
		if kind != "person" && kind != "invitation" && strings.Contains(told.String(), `"kind":"`+kind+`"`) {
			t.Errorf("fay is told of kind %s", kind)
		}
	}
	for _, secret := range []string{"t-it-1-1", "LEAVER-KEY", "pop-leavers", "No call is logged", "Isolated."} {
		if strings.Contains(told.String(), secret) {
			t.Errorf("fay is told %q: %s", secret, told.String())
		}
	}
	if int64(len(lines)) >= size || activity.Total != int64(len(activity.Lines)) || activity.Total == 0 {
		t.Errorf("fay sees %d of %d entries, %d commands, a total of %d", len(lines), size, len(activity.Lines), activity.Total)
	}
	// Proofs are of what may be read whole.
	people := map[int64]bool{}
	for _, l := range lines {
		people[l.Pos] = true
	}
	for pos := range size {
		_, err := s.app.Prove(s.ctx, "fay", exam, pos, nil)
		if err == nil && !people[pos] {
			t.Errorf("fay proves entry %d", pos)
		}
	}
	_, missing := s.app.Prove(s.ctx, "fay", exam, 1<<40, nil)
	var hidden int64
	for people[hidden] {
		hidden++
	}
	_, err = s.app.Prove(s.ctx, "fay", exam, hidden, nil)
	if err == nil || err.Error() != strings.ReplaceAll(missing.Error(), fmt.Sprint(int64(1)<<40), fmt.Sprint(hidden)) {
		t.Errorf("a hidden entry is told from a missing one: %v, %v", err, missing)
	}
	if _, _, err := s.app.Checkpoint(s.ctx, "fay", exam); err == nil {
		t.Error("fay is given a checkpoint")
	}
	if _, err := s.app.Evaluation(s.ctx, "fay", exam, engagement); err == nil {
		t.Error("fay is given figures")
	}
}

// TestEvaluationLeavesRecordsAlone: what is read from memory is shared, so what
// works on it may not change it.
func TestEvaluationLeavesRecordsAlone(t *testing.T) {
	s := told(t)
	for range 2 {
		f, err := s.app.Evaluation(s.ctx, "helen", exam, engagement)
		s.must(err)
		_ = f.Consequences()
	}
	sameAsStored[soc1.TestOfControl](s, "test_of_control")
	sameAsStored[soc1.Sample](s, "sample")
	sameAsStored[soc1.Result](s, "result")
	sameAsStored[soc1.TestRun](s, "test_run")
	sameAsStored[soc1.Deviation](s, "deviation")
	sameAsStored[soc1.Population](s, "population")
	sameAsStored[soc1.Attribute](s, "attribute")
}

func sameAsStored[T any](s *story, kind string) {
	s.t.Helper()
	v, err := s.app.View(s.ctx, "helen", exam, record.AsOf{})
	s.must(err)
	all, err := record.All[T](s.ctx, v, kind)
	s.must(err)
	for _, x := range all {
		fresh, err := record.Decode[T](x.Record)
		s.must(err)
		if !reflect.DeepEqual(fresh, x.Value) {
			s.t.Errorf("%s %s was changed in memory: %+v, stored is %+v", kind, x.ID, x.Value, fresh)
		}
	}
}

// asked is the oracle of Activity: every line of the log, looked at.
func asked(s *story, actor string, ledgers []string, q app.ActivityQuery) (out []string) {
	s.t.Helper()
	type at struct {
		time, key string
		pos       int64
	}
	var found []at
	for _, name := range ledgers {
		lines, err := s.app.Log(s.ctx, actor, name, 0, 0)
		s.must(err)
		for _, l := range lines {
			when, err := time.Parse(ledger.TimeFormat, l.Entry.Time)
			s.must(err)
			touches := q.Kind == "" && q.ID == ""
			for _, c := range l.Entry.Changes {
				touches = touches || (q.Kind == "" || c.Kind == q.Kind) && (q.ID == "" || c.ID == q.ID)
			}
			if touches && (q.Actor == "" || l.Entry.Actor == q.Actor) && strings.HasPrefix(l.Entry.Action, q.Action) &&
				(q.From.IsZero() || !when.Before(q.From)) && (q.To.IsZero() || when.Before(q.To)) &&
				l.Pos >= q.FromPos && (q.ToPos == 0 || l.Pos < q.ToPos) {
				found = append(found, at{l.Entry.Time, name, l.Pos})
			}
		}
	}
	slices.SortFunc(found, func(a, b at) int {
		if c := strings.Compare(b.time, a.time); c != 0 {
			return c
		}
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return int(b.pos - a.pos)
	})
	for _, f := range found {
		out = append(out, fmt.Sprintf("%s %d", f.key, f.pos))
	}
	return out
}

// TestActivity compares every filter, page by page, with a look at all lines.
func TestActivity(t *testing.T) {
	s := walled(t)
	rng := rand.New(rand.NewPCG(1, 2))
	pick := func(of ...string) string { return of[rng.IntN(len(of))] }
	start := time.Date(2026, 2, 20, 15, 0, 0, 0, time.UTC)
	seen := 0
	for range 400 {
		actor := pick("helen", "helen", "mei", "dana", "fay")
		ledgers := map[string][]string{"helen": {exam, app.OrganizationLedger}, "mei": {exam, app.OrganizationLedger}, "dana": {app.OrganizationLedger}, "fay": {exam}}[actor]
		q := app.ActivityQuery{Ledgers: ledgers, Actor: pick("", "", "helen", "dana", "nobody"), Action: pick("", "", "record.", "record.apply", "test", "zzz"),
			Kind: pick("", "", "risk", "person", "result", "none"), ID: pick("", "", "", "t-it-1-1", "helen", "it-1"), Limit: 1 + rng.IntN(9), Count: true}
		if rng.IntN(3) == 0 {
			q.From = start.Add(time.Duration(rng.IntN(40)) * time.Second)
		}
		if rng.IntN(3) == 0 {
			q.To = start.Add(time.Duration(rng.IntN(80)) * time.Second)
		}
		if rng.IntN(5) == 0 {
			q.FromPos, q.ToPos = int64(rng.IntN(5)), int64(rng.IntN(20))
		}
		want := asked(s, actor, ledgers, q)
		var got []string
		for {
			a, err := s.app.Activity(s.ctx, actor, q)
			s.must(err)
			if a.Total != int64(len(want)) {
				t.Fatalf("%s asks %+v: the total is %d, want %d", actor, q, a.Total, len(want))
			}
			for _, l := range a.Lines {
				got = append(got, fmt.Sprintf("%s %d", l.Ledger, l.First))
			}
			if q.Before = a.Next; a.Next == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s asks %+v:\n got %v\nwant %v", actor, q, got, want)
		}
		seen += len(got)
	}
	if seen < 150 {
		t.Errorf("the questions found %d lines only", seen)
	}
	for _, bad := range []string{"x", "AAAA", "MSBvcmc", "LTEgb3JnIC0x", strings.Repeat("A", 10000)} {
		if _, err := s.app.Activity(s.ctx, "helen", app.ActivityQuery{Before: bad}); err == nil {
			t.Errorf("the cursor %q is taken", bad)
		}
	}
}

// TestActivityOfOneLargeCommand shows the first changes, and how many there are.
func TestActivityOfOneLargeCommand(t *testing.T) {
	s := begin(t)
	var cs []app.RecordChange
	for i := range 1500 {
		cs = append(cs, app.RecordChange{Kind: "vendor", ID: fmt.Sprintf("v-%04d", i), Effective: "2026-01-31", Value: soc1.Vendor{Name: "A vendor", ServicesProvided: "Printing"}})
	}
	_, err := s.app.PutRecords(s.ctx, "dana", cs, "The list from purchasing.", false)
	s.must(err)
	a, err := s.app.Activity(s.ctx, "dana", app.ActivityQuery{Limit: 1})
	s.must(err)
	l := a.Lines[0]
	if l.Count != 1500 || len(l.Changes) != 50 || l.Last == l.First || l.Reason != "The list from purchasing." || l.RetroactiveDays != 20 {
		t.Errorf("the line is of %d changes, shows %d, %d to %d, %q, %d days", l.Count, len(l.Changes), l.First, l.Last, l.Reason, l.RetroactiveDays)
	}
	// A record in a later part leads to the command, and is the one shown.
	a, err = s.app.Activity(s.ctx, "dana", app.ActivityQuery{Kind: "vendor", ID: "v-1499", Count: true})
	s.must(err)
	if a.Total != 1 || len(a.Lines) != 1 || a.Lines[0].First != l.First || len(a.Lines[0].Changes) != 1 || a.Lines[0].Changes[0].ID != "v-1499" {
		t.Errorf("the record leads to %+v", a)
	}
}

func TestSearch(t *testing.T) {
	s := begin(t)
	put := func(id string, v soc1.Vendor) {
		t.Helper()
		s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: id, Revision: -1, Effective: "2025-01-01", Value: v}))
	}
	put("v-1", soc1.Vendor{Name: "Café Ångström", ServicesProvided: "Printing of pay slips"})
	put("v-2", soc1.Vendor{Name: "Angstrom Metals"})
	put("v-10", soc1.Vendor{Name: "Nothing to do with it"})
	ids := func(q string, limit int) (out []string) {
		t.Helper()
		found, err := s.app.Search(s.ctx, "dana", q, limit)
		s.must(err)
		for _, f := range found {
			out = append(out, f.ID)
		}
		return out
	}
	for q, want := range map[string][]string{
		"angstrom": {"v-1", "v-2"}, "ANGSTR cafe": {"v-1"}, "ångström met": {"v-2"}, "v-1": {"v-1", "v-10"}, "V-1": {"v-1", "v-10"},
		"slips printing": {"v-1"}, "ngstrom": nil, "angstrom zzz": nil, "": nil, "   ": nil, "%_'\"\x00\xff": nil, strings.Repeat("zzz", 50000): nil,
	} {
		if got := ids(q, 0); !slices.Equal(got, want) {
			t.Errorf("%.40q finds %v, want %v", q, got, want)
		}
	}
	if got := ids("v", 2); len(got) != 2 {
		t.Errorf("two were asked for: %v", got)
	}
	// It follows what is recorded, retired and renamed.
	put("v-2", soc1.Vendor{Name: "Renamed Works"})
	put("v-3", soc1.Vendor{Name: strings.Repeat("angstrom-", 100) + "<script>"})
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-1", Revision: -1, Retired: true}))
	for q, want := range map[string][]string{"angstrom": {"v-3"}, "renamed": {"v-2"}, "cafe": nil, "v-1": {"v-10"}, "met": nil} {
		if got := ids(q, 0); !slices.Equal(got, want) {
			t.Errorf("later, %q finds %v, want %v", q, got, want)
		}
	}
	found, err := s.app.Search(s.ctx, "dana", "it-1", 1)
	s.must(err)
	if len(found) != 1 || found[0].Rank != 0 || found[0].Title == "" {
		t.Errorf("an id finds %+v", found)
	}
}

func TestVersus(t *testing.T) {
	s := begin(t)
	change := func(rev int64, v soc1.Vendor) app.RecordChange {
		return app.RecordChange{Kind: "vendor", ID: "v-1", Revision: rev, Effective: "2026-02-20", Value: v, Reason: "As agreed."}
	}
	s.must(s.app.PutRecord(s.ctx, "dana", change(0, soc1.Vendor{Name: "Old", ServicesProvided: "Printing"})))
	s.must(s.app.PutRecord(s.ctx, "dana", change(1, soc1.Vendor{Name: "Theirs", ServicesProvided: "Printing, mail"})))
	mine := change(1, soc1.Vendor{Name: "Mine", ServicesProvided: "Printing", Monitoring: "Yearly."})
	var stale *app.StaleError
	if err := s.app.PutRecord(s.ctx, "dana", mine); !errors.As(err, &stale) || stale.Against != 1 || stale.Now != 2 {
		t.Fatalf("a change against an old revision: %v", err)
	}
	v, err := s.app.Versus(s.ctx, "dana", mine)
	s.must(err)
	if v.Base.Revision != 1 || v.Theirs.Revision != 2 || v.Theirs.Actor != "dana" || v.Theirs.Reason != "As agreed." || v.Theirs.Time == "" {
		t.Errorf("the versions are %+v", v)
	}
	got := map[string]string{}
	for _, f := range v.Fields {
		got[f.Path] = fmt.Sprintf("%s|%s|%s %t %t %t", f.Base, f.Theirs, f.Mine, f.ByThem, f.ByMe, f.Conflict)
	}
	want := map[string]string{"name": `"Old"|"Theirs"|"Mine" true true true`, "services_provided": `"Printing"|"Printing, mail"|"Printing" true false false`, "monitoring": `||"Yearly." false true false`}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the fields are %v, want %v", got, want)
	}
}

func TestPutPerson(t *testing.T) {
	s := begin(t)
	s.open()
	person := func(side soc1.Side, roles ...soc1.Role) soc1.Person {
		return soc1.Person{Name: "Nils Berg", Side: side, Roles: roles}
	}
	put := func(actor, name, id string, p soc1.Person) error {
		return s.app.PutPerson(s.ctx, actor, app.RecordChange{Ledger: name, ID: id, Value: p, Reason: "Joins."})
	}
	s.must(put("dana", "", "nils", person(soc1.SideServiceOrganization, soc1.ControlOwner)))
	if got := one[soc1.Person](s, "dana", app.OrganizationLedger, "person", "nils"); got.Effective != "2026-02-20" {
		t.Errorf("the person holds from %q", got.Effective)
	}
	s.must(put("helen", exam, "mei", person(soc1.SideAuditFirm, "firm_staff")))
	s.refused(put("dana", "", "eve", person(soc1.SideAuditFirm, "engagement_partner")), "no role of the audit firm")
	s.refused(put("nils", "", "eve", person(soc1.SideServiceOrganization, soc1.ControlOwner)), "you may not")
	s.refused(put("mei", exam, "eve", person(soc1.SideAuditFirm, "firm_staff")), "you may not")
	s.refused(put("dana", exam, "eve", person(soc1.SideAuditFirm, "firm_staff")), "no ledger")
	s.refused(put("dana", "", "no such id", person(soc1.SideServiceOrganization)), "is not an id")
	s.refused(put("dana", "", "nils", person(soc1.SideServiceOrganization)), "changed meanwhile")
	s.must(s.app.PutPerson(s.ctx, "dana", app.RecordChange{ID: "nils", Revision: 1, Retired: true, Reason: "Leaves."}))
	s.refused(s.app.PutPerson(s.ctx, "dana", app.RecordChange{ID: "nobody", Retired: true}), "no such record to retire")
	_, err := s.app.View(s.ctx, "nils", app.OrganizationLedger, record.AsOf{})
	s.refused(err, "there is no person")
}

func TestPutRecords(t *testing.T) {
	s := begin(t)
	vendor := func(id string, rev int64, name string) app.RecordChange {
		return app.RecordChange{Kind: "vendor", ID: id, Revision: rev, Value: soc1.Vendor{Name: name}}
	}
	size := s.size("dana", app.OrganizationLedger)
	whole := []app.RecordChange{vendor("v-1", 0, "One"), vendor("v-2", 0, "Two")}
	plan, err := s.app.PutRecords(s.ctx, "dana", whole, "From the list.", true)
	s.must(err)
	if len(plan.Items) != 2 || plan.Items[0].Change != app.Create || s.size("dana", app.OrganizationLedger) != size {
		t.Errorf("a dry run gives %+v and %d entries", plan, s.size("dana", app.OrganizationLedger)-size)
	}
	_, err = s.app.PutRecords(s.ctx, "dana", whole, "From the list.", false)
	s.must(err)
	if s.size("dana", app.OrganizationLedger) != size+1 {
		t.Error("two changes are not one command")
	}
	bad := []app.RecordChange{vendor("v-1", 1, "One again"), vendor("v-2", 7, "Stale"), vendor("v-2", 1, "Twice"), vendor("v-3", 0, ""), vendor("v 4", 0, "Four"),
		{Kind: "vendor", ID: "v-5", Retired: true}, {Kind: "person", ID: "eve", Value: soc1.Person{Name: "Eve", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"firm_staff"}}},
		{Kind: "risk", ID: "r-new", Value: soc1.Risk{Code: "R", Text: "It.", Objectives: []string{"none"}, Likelihood: 1, Impact: 1}}}
	plan, err = s.app.PutRecords(s.ctx, "dana", bad, "Wrong.", false)
	if !errors.Is(err, app.ErrBulk) || plan.Bad() != len(bad)-1 || s.size("dana", app.OrganizationLedger) != size+1 {
		t.Errorf("%d of %d are bad: %v", plan.Bad(), len(bad), err)
	}
	for i, words := range []string{"", "changed meanwhile", "stands twice", "name", "is not an id", "no such record", "audit firm", "objectives"} {
		if got := fmt.Sprint(plan.Items[i].Problems); !strings.Contains(got, words) || (len(plan.Items[i].Problems) == 0) != (words == "") {
			t.Errorf("item %d: %s, want %q", i, got, words)
		}
	}
	if st := plan.Items[1].Stale; st == nil || st.Now != 1 {
		t.Errorf("the stale item says %+v", st)
	}
	// Retiring and changing together; what changes nothing is left out.
	plan, err = s.app.PutRecords(s.ctx, "dana", []app.RecordChange{vendor("v-1", 1, "One"), {Kind: "vendor", ID: "v-2", Revision: 1, Retired: true}}, "Gone.", false)
	s.must(err)
	if plan.Items[0].Change != app.Unchanged || plan.Items[1].Change != app.Retire {
		t.Errorf("the changes are %+v", plan.Items)
	}
	v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	two, err := v.Get(s.ctx, "vendor", "v-2")
	s.must(err)
	if !two.Retired || !strings.Contains(string(two.Body), "Two") {
		t.Errorf("the retired record is %+v", two)
	}
	_, err = s.app.PutRecords(s.ctx, "omar", []app.RecordChange{vendor("v-1", 1, "Mine")}, "Mine.", false)
	if !errors.Is(err, app.ErrBulk) {
		t.Errorf("a control owner changes vendors: %v", err)
	}
}
