package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

const leaversTest = "t-it-1-1"

// TestCensusRunsOnce runs a census again with nothing changed, and with its
// expression changed.
func TestCensusRunsOnce(t *testing.T) {
	s := begin(t)
	s.plan()
	o := s.run("mei", exam, leaversTest)
	if o.Status != app.Done || o.Rows != 40 || o.Exceptions == 0 || len(o.Counts) != 1 {
		t.Fatalf("the census: %+v", o)
	}
	before := s.size("helen", exam)
	again := s.run("mei", exam, leaversTest)
	if again.Status != app.UpToDate || again.Exceptions != o.Exceptions || s.size("helen", exam) != before {
		t.Errorf("run again with nothing changed: %+v", again)
	}
	open := all[soc1.Exception](s, "helen", exam, "exception")
	if int64(len(open)) != o.Exceptions {
		t.Fatalf("%d exceptions recorded, %d found", len(open), o.Exceptions)
	}
	// One is decided and stays; the others are asked again.
	_, err := s.app.DecideExceptions(s.ctx, "carla", app.ExceptionDecision{Ledger: exam, IDs: []string{open[0].ID}, Status: soc1.Confirmed, Reason: "Agreed.", Fact: "It is."})
	s.must(err)
	attr := one[soc1.Attribute](s, "helen", exam, "attribute", "t-it-1-1-a").Value
	attr.Pass = strings.Replace(attr.Pass, "add_business_days(last_day, 1)", "add_business_days(last_day, 90)", 1)
	s.must(s.app.PutRecord(s.ctx, "mei", app.RecordChange{Ledger: exam, Kind: "attribute", ID: "t-it-1-1-a", Revision: 1, Effective: "2025-01-01", Value: attr}))
	third := s.run("mei", exam, leaversTest)
	if third.Status != app.Done {
		t.Fatalf("run again with another expression: %+v", third)
	}
	runs := all[soc1.TestRun](s, "helen", exam, "test_run")
	if len(runs) != 2 || runs[0].Value.PopulationHash != runs[1].Value.PopulationHash {
		t.Errorf("%d runs are recorded", len(runs))
	}
	for _, x := range all[soc1.Exception](s, "helen", exam, "exception") {
		if x.Value.Run == runs[0].ID && x.ID != open[0].ID {
			t.Errorf("exception %s of the earlier run, which nobody decided, is still open", x.ID)
		}
	}
	kept := one[soc1.Exception](s, "helen", exam, "exception", open[0].ID).Value
	if kept.Status != soc1.Confirmed {
		t.Errorf("the decided exception of the earlier run: %+v", kept)
	}
}

// TestManyFailuresAreOneGroup fails more items than single records are made for.
func TestManyFailuresAreOneGroup(t *testing.T) {
	s := begin(t)
	s.open()
	var b strings.Builder
	b.WriteString("leaver,account,last_day\n")
	for i := range soc1.MaxItemKeys + 1 {
		fmt.Fprintf(&b, "L%05d,A%05d,2025-03-03\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "many.csv")
	s.must(os.WriteFile(path, []byte(b.String()), 0o600))
	_, err := s.app.ImportPopulation(s.ctx, "helen", imported(exam, "pop-leavers", path, "leaver"))
	s.must(err)
	s.load("helen", exam, "pop-accounts", "accounts.csv", "account")
	s.load("helen", exam, "pop-changes", "changes.csv", "change")
	s.must(s.derive("helen", exam, "pop-bank-changes"))
	s.file("helen", "exam.yaml")
	before := s.size("helen", exam)
	o := s.run("mei", exam, leaversTest)
	if o.Exceptions != soc1.MaxItemKeys+1 {
		t.Fatalf("%d exceptions found, expected %d", o.Exceptions, soc1.MaxItemKeys+1)
	}
	xs := all[soc1.Exception](s, "helen", exam, "exception")
	if len(xs) != 1 || xs[0].Value.Group.Count != soc1.MaxItemKeys+1 || len(xs[0].Value.ItemKeys) != 0 || xs[0].Value.Group.ResultFile.SHA256 == "" {
		t.Fatalf("%d records: %+v", len(xs), xs)
	}
	if grown := s.size("helen", exam) - before; grown != 1 {
		t.Errorf("manifest and exceptions took %d entries, expected one command", grown)
	}
	ids, err := s.app.DecideExceptions(s.ctx, "carla", app.ExceptionDecision{Ledger: exam, Test: leaversTest, Status: soc1.Confirmed, Reason: "One cause.", Fact: "No account was found."})
	s.must(err)
	s.must(s.app.RecordDeviation(s.ctx, "carla", exam, "dev-1", soc1.Deviation{Code: "1", Exceptions: ids, Test: leaversTest, Fact: "No account was found.", Extent: soc1.Systematic}, "Written up."))
	if d := one[soc1.Deviation](s, "helen", exam, "deviation", "dev-1").Value; d.ItemCount != soc1.MaxItemKeys+1 {
		t.Errorf("the deviation counts %d items", d.ItemCount)
	}
}

// TestExceptionsDecided refuses what has no ground.
func TestExceptionsDecided(t *testing.T) {
	s := begin(t)
	s.plan()
	s.run("mei", exam, leaversTest)
	xs := all[soc1.Exception](s, "helen", exam, "exception")
	decide := func(d app.ExceptionDecision) error {
		d.Ledger = exam
		_, err := s.app.DecideExceptions(s.ctx, "carla", d)
		return err
	}
	s.refused(decide(app.ExceptionDecision{Status: soc1.Confirmed}), "name the exceptions")
	s.refused(decide(app.ExceptionDecision{IDs: []string{"x"}, Status: soc1.Open}), "confirmed or dismissed")
	s.refused(decide(app.ExceptionDecision{IDs: []string{"x"}, Status: soc1.Confirmed, Reason: "R."}), "no exception")
	if err := decide(app.ExceptionDecision{IDs: []string{xs[0].ID}, Status: soc1.Dismissed, Reason: "R."}); err == nil {
		t.Error("an exception was dismissed without evidence")
	}
	d := soc1.Deviation{Code: "1", Exceptions: []string{xs[0].ID}, Test: leaversTest, Fact: "F.", Extent: soc1.Isolated}
	s.refused(s.app.RecordDeviation(s.ctx, "carla", exam, "dev-1", d, "W."), "only a confirmed exception")
	_, err := s.app.DecideExceptions(s.ctx, "mei", app.ExceptionDecision{Ledger: exam, IDs: []string{xs[0].ID}, Status: soc1.Confirmed, Reason: "R.", Fact: "F."})
	s.refused(err, "you may not")
	s.must(decide(app.ExceptionDecision{IDs: []string{xs[0].ID}, Status: soc1.Confirmed, Reason: "R.", Fact: "F."}))
	d.Test = "t-pay-1-1"
	s.refused(s.app.RecordDeviation(s.ctx, "carla", exam, "dev-1", d, "W."), "is of test")
}

// TestConclusions are refused while something waits, and the report goes only
// when all is there.
func TestConclusions(t *testing.T) {
	s := begin(t)
	s.plan()
	s.refused(s.app.ReleaseReport(s.ctx, "helen", engagement, "The specified parties."), "")
	s.run("mei", exam, leaversTest)
	s.judge("mei", exam, payTest, fifthFails)
	for _, limb := range []struct {
		subject string
		words   string
	}{{"it-1-1", "T-ITG-1.1"}, {"pay-1-1", "T-PAY-1.1"}} {
		err := s.app.Conclude(s.ctx, "carla", exam, "c-1", soc1.Conclusion{Engagement: engagement, Subject: soc1.OnControl, SubjectID: limb.subject, Limb: soc1.ConcludeOperating, Outcome: soc1.Effective, Reasons: "R."})
		s.refused(err, "may be entered yet", limb.words)
	}
	s.refused(s.app.Conclude(s.ctx, "carla", exam, "c-1", soc1.Conclusion{Engagement: engagement, Subject: soc1.OnControl, SubjectID: "none", Limb: soc1.ConcludeDesign, Outcome: soc1.Effective, Reasons: "R."}), "to conclude on")
	s.decided()
	s.refused(s.app.Conclude(s.ctx, "mei", exam, "c-1", soc1.Conclusion{Engagement: engagement, Subject: soc1.OnControl, SubjectID: "it-1-1", Limb: soc1.ConcludeOperating, Outcome: soc1.Effective, Reasons: "R."}), "you may not")
	s.must(s.conclude())
	s.refused(s.app.ReleaseReport(s.ctx, "helen", engagement, "The specified parties."), "no opinion")
	s.refused(s.app.Opine(s.ctx, "carla", exam, "opinion-1", unmodified()), "you may not", "engagement partner")
	s.must(s.app.Opine(s.ctx, "helen", exam, "opinion-1", unmodified()))
	s.refused(s.app.ReleaseReport(s.ctx, "helen", engagement, "The specified parties."), "nonce is not disclosed")
	s.must(s.app.DiscloseNonce(s.ctx, "helen", exam, "The draws are over."))
	s.refused(s.app.DiscloseNonce(s.ctx, "helen", exam, "Again."), "disclosed already")
	// The assertion is not signed.
	s.refused(s.app.ReleaseReport(s.ctx, "helen", engagement, "The specified parties."), "cannot be released while")
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025", On: "2026-02-20"}))
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "letter-2025", On: "2026-02-20"}))
	s.file("dana", "complete.yaml")
	s.must(s.app.ReleaseReport(s.ctx, "helen", engagement, "The specified parties."))
	m, err := s.app.ReportModel(s.ctx, "helen", engagement)
	s.must(err)
	if m.Draft != "" {
		t.Errorf("draft mark %q though released", m.Draft)
	}
	// The id of the report's release is not free for another.
	s.refused(s.app.Release(s.ctx, "helen", exam, "report", soc1.Release{What: "W", ToWhom: "M"}), "its own command")
	s.refused(s.app.Release(s.ctx, "helen", exam, "some", soc1.Release{What: "W", ToWhom: "M", Revisions: []soc1.Ref{{Kind: "deviation", ID: "dev-t-it-1-1", Revision: 9}}}), "to release")
	s.must(s.app.Release(s.ctx, "helen", exam, "some", soc1.Release{What: "W", ToWhom: "M", Revisions: []soc1.Ref{{Kind: "deviation", ID: "dev-t-it-1-1", Revision: 1}}}))
	s.refused(s.app.RedactDocument(s.ctx, "helen", exam, 3, 1, "Away."), "released")
}

// TestRedaction takes a document out and leaves proofs and the rest.
func TestRedaction(t *testing.T) {
	s := begin(t)
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-1", Effective: "2025-01-01", Value: soc1.Vendor{Name: "Unspeakable"}, Reason: "The reason stays."}))
	h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "vendor", "v-1")
	s.must(err)
	s.refused(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, h[0].Pos, h[0].Slot, ""), "say why")
	s.refused(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, h[0].Pos, 99, "R."), "no document")
	s.refused(s.app.RedactDocument(s.ctx, "omar", app.OrganizationLedger, h[0].Pos, h[0].Slot, "R."), "you may not")
	s.must(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, h[0].Pos, h[0].Slot, "A request under the law."))
	v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	list, err := v.List(s.ctx, "vendor")
	s.must(err)
	if len(list) != 0 {
		t.Errorf("the redacted record is still listed: %+v", list)
	}
	reports, err := s.app.VerifyLedgers(s.ctx, "dana", app.OrganizationLedger, nil, true)
	s.must(err)
	if reports[0].Redacted != 1 || reports[0].Err() != nil {
		t.Errorf("after a redaction: %d redacted, %v", reports[0].Redacted, reports[0].Err())
	}
	s.app.Close()
	for path, b := range everything(t, s.dir, func(p string) bool { return strings.Contains(p, "ledger.db") }) {
		if strings.Contains(string(b), "Unspeakable") {
			t.Errorf("%s still holds what was redacted", filepath.Base(path))
		}
	}
}

// keysOf are the items of a sample in the order of their ranks.
func keysOf(x soc1.Sample) []string {
	var out []string
	for _, it := range x.Items {
		out = append(out, it.Key)
	}
	return out
}

func subset(small, large []string) bool {
	return !slices.ContainsFunc(small, func(k string) bool { return !slices.Contains(large, k) })
}

// TestRedactionReachesMemory: what pages answer from holds nothing of what was
// redacted, in the process that redacted and in one that was open meanwhile.
func TestRedactionReachesMemory(t *testing.T) {
	s := begin(t)
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-1", Effective: "2025-01-01", Value: soc1.Vendor{Name: "Unspeakable"}, Reason: "An Unspeakable vendor."}))
	h, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "vendor", "v-1")
	s.must(err)
	_, c, err := s.app.Comment(s.ctx, "dana", app.Commenting{Subject: soc1.Ref{Kind: "control", ID: "it-1-1"}, Text: "Unspeakable indeed."})
	s.must(err)
	said := one[soc1.Comment](s, "dana", app.OrganizationLedger, "comment", c)
	other := s.reopen()
	shown := func(a *app.App) string {
		t.Helper()
		var b strings.Builder
		for _, asOf := range []record.AsOf{{}, {Effective: "2025-06-30"}} {
			v, err := a.View(s.ctx, "dana", app.OrganizationLedger, asOf)
			s.must(err)
			l, err := v.List(s.ctx, "vendor")
			s.must(err)
			for _, r := range l {
				fmt.Fprintf(&b, "%s\n", r.Body)
			}
		}
		found, err := a.Search(s.ctx, "dana", "unspeak", 0)
		s.must(err)
		comments, err := a.Comments(s.ctx, "dana", soc1.Ref{Kind: "control", ID: "it-1-1"})
		s.must(err)
		done, err := a.Activity(s.ctx, "dana", app.ActivityQuery{})
		s.must(err)
		fmt.Fprintf(&b, "%v\n%v\n%v", found, comments, done)
		return b.String()
	}
	for _, a := range []*app.App{s.app, other} {
		if got := shown(a); strings.Count(got, "Unspeakable") < 4 {
			t.Fatalf("before the redaction: %s", got)
		}
	}
	s.must(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, said.Pos, said.Slot, "A request under the law."))
	s.must(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, h[0].Pos, h[0].Slot, "A request under the law."))
	s.must(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, h[0].Pos, 0, "A request under the law."))
	for i, a := range []*app.App{s.app, other} {
		if got := shown(a); strings.Contains(got, "Unspeakable") {
			t.Errorf("process %d still shows what was redacted: %s", i+1, got)
		}
	}
}

// TestOneBadTestStopsNoOther: an expression that is wrong fails its own test,
// and all that is wrong is said together.
func TestOneBadTestStopsNoOther(t *testing.T) {
	s := begin(t)
	s.plan()
	_, err := s.apply("helen", `
kind: attribute
id: t-it-1-1-a
ledger: exam-soc1-2025
effective: '2025-01-01'
test: t-it-1-1
code: A
text: The account was disabled.
pass: disabled_att IS NOT NULL
`)
	s.must(err)
	out, err := s.app.RunTests(s.ctx, "mei", app.RunOptions{Ledger: exam, Engagement: engagement})
	s.refused(err, "test T-ITG-1.1", "disabled_att")
	status := map[string]app.TestStatus{}
	for _, o := range out {
		status[o.Test] = o.Status
		if o.Status == app.Failed && !strings.Contains(o.Why, "disabled_att") {
			t.Errorf("test %s failed: %s", o.Test, o.Why)
		}
	}
	if status["t-it-1-1"] != app.Failed || status["t-pay-1-1"] != app.Waiting || len(status) != 2 {
		t.Errorf("the tests are %v", status)
	}
	if app.IsInternal(err) {
		t.Error("a wrong expression is the program's fault")
	}
	if n := len(all[soc1.Sample](s, "mei", exam, "sample")); n != 1 {
		t.Errorf("%d samples were drawn, want that of the test that can be run", n)
	}
}

// TestControlCharactersAreNotRecorded: by no way that takes words from people.
func TestControlCharactersAreNotRecorded(t *testing.T) {
	s := begin(t)
	_, err := s.apply("dana", "kind: vendor\nid: v-1\nname: \"Red\\e[31m\"\n")
	s.refused(err, "files.yaml:3:", "name", "U+001B", "Remove it")
	_, err = s.app.Apply(s.ctx, "dana", s.items("kind: vendor\nid: v-1\nname: Red\n"), app.ApplyOptions{Reason: "Because\x07."})
	s.refused(err, "reason", "U+0007")
	s.refused(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-1", Value: soc1.Vendor{Name: "\u202edeR"}, Reason: "R."}), "name", "U+202E")
	_, _, err = s.app.Comment(s.ctx, "dana", app.Commenting{Subject: soc1.Ref{Kind: "control", ID: "it-1-1"}, Text: "Hm\x00."})
	s.refused(err, "text", "U+0000")
	_, err = s.app.OpenExamination(s.ctx, engagement, "", "helen", soc1.Person{Name: "Helen\u009b", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}})
	s.refused(err, "name", "control character")
	_, err = app.Init(s.ctx, filepath.Join(t.TempDir(), "w"), soc1.Organization{Name: "Al\x1bder", Timezone: "UTC", Currency: "USD"}, "dana",
		soc1.Person{Name: "Dana", Side: soc1.SideServiceOrganization, Roles: []soc1.Role{"administrator"}}, s.options())
	s.refused(err, "name", "U+001B")
}

// TestLongTextsAreNotRecorded: by no way that takes words from people.
func TestLongTextsAreNotRecorded(t *testing.T) {
	s := begin(t)
	line, text := strings.Repeat("x", soc1.LineLimit+1), strings.Repeat("x", soc1.TextLimit+1)
	_, err := s.apply("dana", "kind: vendor\nid: v-1\nname: "+line+"\n")
	s.refused(err, "files.yaml:3:", "name", "1,001 characters", "1,000")
	s.refused(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "vendor", ID: "v-1", Value: soc1.Vendor{Name: "V", ServicesProvided: text}, Reason: "R."}), "services_provided", "200,001 bytes", "200,000")
	bulk, err := s.app.PutRecords(s.ctx, "dana", []app.RecordChange{{Kind: "vendor", ID: "v-1", Value: soc1.Vendor{Name: line}}}, "R.", true)
	if err == nil || bulk.Bad() != 1 || bulk.Items[0].Problems[0].Field != "name" || !strings.Contains(bulk.Items[0].Problems[0].Message, "1,001 characters") {
		t.Errorf("many at once: %v, %+v", err, bulk)
	}
	_, err = s.app.Apply(s.ctx, "dana", s.items("kind: vendor\nid: v-1\nname: Red\n"), app.ApplyOptions{Reason: text})
	s.refused(err, "reason", "200,001 bytes")
	_, err = s.app.OpenExamination(s.ctx, engagement, "", "helen", soc1.Person{Name: line, Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}})
	s.refused(err, "name", "1,001 characters")
}
