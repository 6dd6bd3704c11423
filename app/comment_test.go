package app_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// said is the ids of comments.
func said(lines []app.CommentLine) string {
	var out []string
	for _, l := range lines {
		out = append(out, l.ID)
	}
	return strings.Join(out, " ")
}

// talking is a workspace in which people of every side may comment.
func talking(t *testing.T) *story {
	s := begin(t)
	s.open()
	_, err := s.apply("helen", person("carla", exam, "audit_firm", "firm_manager")+person("mei", exam, "audit_firm", "firm_staff")+person("quinn", exam, "audit_firm", "quality_reviewer"))
	s.must(err)
	_, err = s.apply("dana", person("rita", "", "service_organization", "read_only")+person("rob", "", "audit_firm", "read_only")+
		person("xavier", "", "guest", "external_assessor")+person("uma", "", "guest", "user_auditor")+person("nora", "", "user_entity", ""))
	s.must(err)
	return s
}

// TestComments tells a conversation on both sides of the wall.
func TestComments(t *testing.T) {
	s := talking(t)
	control := soc1.Ref{Kind: "control", ID: "it-1-1"}
	say := func(actor, id, text string, more ...string) error {
		_, _, err := s.app.Comment(s.ctx, actor, app.Commenting{ID: id, Subject: control, Text: text, Mentions: more})
		return err
	}
	read := func(actor string) string {
		l, err := s.app.Comments(s.ctx, actor, control)
		if err != nil {
			return "refused"
		}
		return said(l)
	}
	s.must(say("dana", "c-1", "Who reviews it in **July**?", "omar"))
	s.must(say("xavier", "c-2", "The statement names no reviewer.", "dana"))
	s.must(say("mei", "c-3", "Ask about July.", "carla"))
	s.must(say("quinn", "c-4", "Is July in the population?", "mei"))
	s.refused(say("dana", "c-1", "Twice."), "already")

	// A comment stays on its author's side.
	for actor, want := range map[string]string{"dana": "c-1 c-2", "omar": "c-1 c-2", "rita": "c-1 c-2", "xavier": "c-1 c-2", "rob": "c-1 c-2",
		"mei": "c-1 c-2 c-3 c-4", "helen": "c-1 c-2 c-3 c-4", "uma": "refused", "zed": "refused", "nora": "refused"} {
		if got := read(actor); got != want {
			t.Errorf("%s reads %q, expected %q", actor, got, want)
		}
	}
	for actor, want := range map[string]string{"omar": "c-1", "dana": "c-2", "carla": "c-3", "mei": "c-4", "helen": "", "uma": ""} {
		l, err := s.app.MentionsOf(s.ctx, actor)
		s.must(err)
		if said(l) != want {
			t.Errorf("%s is called by %q, expected %q", actor, said(l), want)
		}
	}

	// Who reads only, or stands outside, does not comment.
	for _, actor := range []string{"rita", "rob", "uma", "nora", "zed"} {
		if say(actor, "c-x", "Me too.") == nil {
			t.Errorf("%s commented", actor)
		}
	}
	// Whoever is mentioned must see it; the other side's people are not told of.
	for actor, others := range map[string][]string{"dana": {"mei", "uma", "zed", "nora"}, "mei": {"dana", "xavier", "zed"}} {
		var told []string
		for _, other := range others {
			err := say(actor, "c-x", "Look.", other)
			s.refused(err, "mentions")
			told = append(told, strings.ReplaceAll(err.Error(), other, "X"))
		}
		if len(slices.Compact(told)) != 1 {
			t.Errorf("what %s is told differs: %q", actor, told)
		}
	}
	s.must(say("dana", "c-5", "For the firm's reader.", "rob", "xavier"))

	for _, c := range []struct {
		actor string
		c     app.Commenting
		want  string
	}{
		{"dana", app.Commenting{Subject: soc1.Ref{Kind: "control", ID: "none"}, Text: "?"}, "does not exist"},
		{"dana", app.Commenting{Subject: soc1.Ref{Kind: "spell", ID: "none"}, Text: "?"}, `no kind "spell"`},
		{"dana", app.Commenting{Subject: soc1.Ref{Kind: "comment", ID: "c-1"}, Text: "?"}, "answered, not commented on"},
		{"dana", app.Commenting{Subject: soc1.Ref{Kind: "control", ID: "it-1-1", Revision: 9}, Text: "?"}, "no revision 9"},
		{"dana", app.Commenting{Subject: control, Text: "  "}, "Comment"},
		{"dana", app.Commenting{Subject: control, Text: strings.Repeat("x", 10_001)}, "10001 characters"},
		{"dana", app.Commenting{Subject: control, Text: "a\xff"}, "UTF-8"},
		{"dana", app.Commenting{Subject: soc1.Ref{Kind: "control", ID: "pay-1-1"}, Text: "?", ReplyTo: "c-1"}, "is about"},
		{"dana", app.Commenting{Subject: control, Text: "?", ReplyTo: "c-3"}, "does not exist"},
		{"dana", app.Commenting{ID: "no id", Subject: control, Text: "?"}, "is not an id"},
		{"dana", app.Commenting{Ledger: exam, Subject: control, Text: "?"}, "there is no ledger"},
		{"mei", app.Commenting{Ledger: app.OrganizationLedger, Subject: control, Text: "?"}, "written by the organization alone"},
		{"xavier", app.Commenting{Subject: soc1.Ref{Kind: "person", ID: "omar"}, Text: "?"}, "you may not read"},
		{"xavier", app.Commenting{Subject: soc1.Ref{Ledger: exam, Kind: "test_of_control", ID: "t-it-1-1"}, Text: "?"}, "there is no ledger"},
	} {
		_, _, err := s.app.Comment(s.ctx, c.actor, c.c)
		s.refused(err, c.want)
	}

	// Answers, edits and their history.
	_, _, err := s.app.Comment(s.ctx, "omar", app.Commenting{ID: "c-6", Subject: control, Text: "I do.", ReplyTo: "c-1"})
	s.must(err)
	_, _, err = s.app.Comment(s.ctx, "dana", app.Commenting{Subject: control, Text: "Thanks.", ReplyTo: "c-6"})
	s.refused(err, "answer comment c-1")
	s.refused(s.app.EditComment(s.ctx, "omar", app.OrganizationLedger, "c-1", -1, "Nobody.", nil), "belongs to its author")
	s.must(s.app.EditComment(s.ctx, "dana", app.OrganizationLedger, "c-1", 1, "Who reviews it in June?", []string{"omar"}))
	var stale *app.StaleError
	if err := s.app.EditComment(s.ctx, "dana", app.OrganizationLedger, "c-1", 1, "Who?", nil); !errors.As(err, &stale) || stale.Now != 2 {
		t.Errorf("an edit of what has changed: %v", err)
	}
	s.refused(s.app.EditComment(s.ctx, "dana", app.OrganizationLedger, "c-none", -1, "?", nil), "does not exist")
	h, err := s.app.History(s.ctx, "rita", app.OrganizationLedger, "comment", "c-1")
	s.must(err)
	if len(h) != 2 || !strings.Contains(string(h[0].Body), "July") {
		t.Errorf("what was said before is lost: %+v", h)
	}

	// Resolving: the author, the record's owner, who manages; and it is reversible.
	resolve := func(actor, ledger, id string, on bool) error {
		return s.app.ResolveComment(s.ctx, actor, ledger, id, on)
	}
	s.refused(resolve("olive", app.OrganizationLedger, "c-1", true), "you may not")
	s.refused(resolve("xavier", app.OrganizationLedger, "c-1", true), "A guest reads and comments")
	s.refused(resolve("omar", app.OrganizationLedger, "c-6", true), "resolve comment c-1")
	s.must(resolve("omar", app.OrganizationLedger, "c-1", true)) // omar owns the control
	if l, err := s.app.MentionsOf(s.ctx, "omar"); err != nil || len(l) != 0 {
		t.Errorf("a settled comment still calls: %v, %v", l, err)
	}
	s.must(resolve("dana", app.OrganizationLedger, "c-1", false))
	if l, err := s.app.MentionsOf(s.ctx, "omar"); err != nil || said(l) != "c-1" {
		t.Errorf("a comment opened again does not call: %v, %v", l, err)
	}
	s.must(resolve("xavier", app.OrganizationLedger, "c-2", true))
	s.refused(resolve("mei", exam, "c-4", true), "you may not")
	s.must(resolve("carla", exam, "c-4", true))
	s.refused(resolve("omar", exam, "c-3", true), "there is no ledger")

	// A plain record of the kind cannot be put, and files do not hold comments.
	v, err := s.app.View(s.ctx, "dana", app.OrganizationLedger, record.AsOf{})
	s.must(err)
	c, err := record.One[soc1.Comment](s.ctx, v, "comment", "c-1")
	s.must(err)
	if s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "comment", ID: "c-1", Revision: -1, Value: c.Value}) == nil {
		t.Error("a comment was put as a plain record")
	}

	// What is redacted is no longer shown.
	ledger, err := s.app.Log(s.ctx, "dana", app.OrganizationLedger, c.Pos, 1)
	s.must(err)
	s.must(s.app.RedactDocument(s.ctx, "dana", app.OrganizationLedger, ledger[0].Pos, c.Slot, "It named a customer."))
	if got := read("dana"); strings.Contains(got, "c-1") {
		t.Errorf("a redacted comment is shown: %s", got)
	}
}

// TestCommentsTogether lets many people comment at once; nothing is lost.
func TestCommentsTogether(t *testing.T) {
	s := talking(t)
	var wg sync.WaitGroup
	for i := range 24 {
		actor := []string{"dana", "omar", "olive", "xavier"}[i%4]
		wg.Go(func() {
			_, _, err := s.app.Comment(s.ctx, actor, app.Commenting{ID: fmt.Sprintf("c-%d", i), Subject: soc1.Ref{Kind: "control", ID: "it-1-1"}, Text: "Hm.", Mentions: []string{"omar"}})
			if err == nil {
				_, err = s.app.Comments(s.ctx, actor, soc1.Ref{Kind: "control", ID: "it-1-1"})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	l, err := s.app.Comments(s.ctx, "dana", soc1.Ref{Kind: "control", ID: "it-1-1"})
	if err != nil || len(l) != 24 {
		t.Errorf("%d comments of 24: %v", len(l), err)
	}
}

// TestWaiting asks what waits for whom.
func TestWaiting(t *testing.T) {
	s := talking(t)
	waits := func(a *app.App, actor string) []string {
		items, err := a.Waiting(s.ctx, actor)
		s.must(err)
		var out []string
		for _, x := range items {
			line := fmt.Sprintf("%s %s due %s", x.For, x.Ref, x.Due)
			if x.StandingIn != "" {
				line += " for " + x.StandingIn
			}
			out = append(out, line)
			if x.What == "" || x.Ref.Ledger == "" {
				t.Errorf("%s: an item without words or place: %+v", actor, x)
			}
		}
		return out
	}
	expect := func(actor string, want ...string) {
		t.Helper()
		if got := waits(s.app, actor); !slices.Equal(got, want) {
			t.Errorf("for %s wait\n%s\nexpected\n%s", actor, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	// The control of each year is owed since the year ended; those that operate as
	// needed are asked for without a date.
	yearly := "provide_evidence org/control/conduct due 2026-01-01"
	evidence := func(id string) string { return "provide_evidence org/control/" + id + " due " }
	// The period is over, so that everybody who would know is asked for their word.
	word := "confirm_events org/engagement/soc1-2025 due "
	expect("omar", yearly, evidence("it-1-1"), evidence("pay-1-1"), word)
	expect("olive", "sign org/assertion/assertion-2025 due ", "sign org/representation_letter/letter-2025 due ", word)
	for _, actor := range []string{"omar", "olive"} {
		_, err := s.app.ConfirmEvents(s.ctx, actor, app.EventConfirming{})
		s.must(err)
	}
	expect("omar", yearly, evidence("it-1-1"), evidence("pay-1-1"))
	expect("olive", "sign org/assertion/assertion-2025 due ", "sign org/representation_letter/letter-2025 due ")
	expect("zed")
	expect("uma")
	expect("")

	_, err := s.apply("dana", "kind: evidence\nid: ev-1\neffective: '2025-06-30'\ntitle: Reviews of June\ncontrols: [it-1-1]\nperiod_from: 2025-06-01\nperiod_to: 2025-06-30\n---\n"+
		"kind: evidence\nid: ev-2\neffective: '2024-06-30'\ntitle: Of an earlier year\ncontrols: [conduct]\nas_of: 2024-06-30\n---\n"+
		"kind: policy\nid: p-1\neffective: '2024-01-01'\ntitle: Access\ntext: x\nowner: omar\n---\n"+
		"kind: policy\nid: p-2\neffective: '2024-01-01'\ntitle: Payroll\ntext: x\nowner: omar\n---\n")
	s.must(err)
	for id, on := range map[string]soc1.Date{"p-1": "2025-03-01", "p-2": "2025-09-01"} {
		_, err := s.app.DecidePolicy(s.ctx, "dana", app.PolicyDeciding{Policy: id, Decision: soc1.PolicyApproved, By: "olive", On: on, Minutes: "Meeting."})
		s.must(err)
	}
	_, err = s.app.Request(s.ctx, "dana", app.Asking{ID: "req-1", Title: "List of leavers", To: "omar", Due: "2026-02-25", Controls: []string{"it-1-1"}})
	s.must(err)
	_, _, err = s.app.Comment(s.ctx, "dana", app.Commenting{ID: "c-1", Subject: soc1.Ref{Kind: "control", ID: "conduct"}, Text: "See this.", Mentions: []string{"omar"}})
	s.must(err)
	expect("omar", yearly, "answer_request org/request/req-1 due 2026-02-25", "review_policy org/policy/p-1 due 2026-03-01", evidence("pay-1-1"), "mention org/comment/c-1 due ")

	// A deputy sees what waits for the controls they were named for.
	_, err = s.apply("omar", deputyOf("d-1", "omar", "rita", "scope: [control_owner]\ncontrols: [it-1-1, pay-1-1]"))
	s.must(err)
	expect("rita", "answer_request org/request/req-1 due 2026-02-25 for omar", evidence("pay-1-1")+" for omar")

	// The request's way to its end.
	s.refused(s.app.AnswerRequest(s.ctx, "olive", "req-1", "Here.", nil), "you may not answer")
	s.refused(s.app.AnswerRequest(s.ctx, "omar", "req-1", "", nil), "no answer")
	s.refused(s.app.AnswerRequest(s.ctx, "omar", "req-1", "Here.", []string{"ev-none"}), "does not exist")
	s.refused(s.app.AnswerRequest(s.ctx, "omar", "req-none", "Here.", nil), "you may not answer")
	s.refused(s.app.CloseRequest(s.ctx, "dana", "req-1", soc1.RequestAccepted, ""), "only an answer")
	s.must(s.app.AnswerRequest(s.ctx, "rita", "req-1", "Attached.", []string{"ev-1"}))
	s.refused(s.app.AnswerRequest(s.ctx, "omar", "req-1", "Again.", nil), "nothing to answer")
	expect("dana", "close_request org/request/req-1 due ")
	s.refused(s.app.CloseRequest(s.ctx, "omar", "req-1", soc1.RequestAccepted, ""), "you may not")
	s.refused(s.app.CloseRequest(s.ctx, "dana", "req-1", soc1.RequestReturned, " "), "without saying why")
	s.must(s.app.CloseRequest(s.ctx, "dana", "req-1", soc1.RequestReturned, "July is missing."))
	expect("rita", "answer_request org/request/req-1 due 2026-02-25 for omar", evidence("pay-1-1")+" for omar")
	s.must(s.app.AnswerRequest(s.ctx, "omar", "req-1", "With July.", nil))
	s.must(s.app.CloseRequest(s.ctx, "dana", "req-1", soc1.RequestAccepted, ""))
	expect("dana")
	s.refused(s.app.CloseRequest(s.ctx, "dana", "req-1", soc1.RequestWithdrawn, "Late."), "already")
	for _, q := range []struct {
		q    app.Asking
		want string
	}{{app.Asking{Title: "x", To: "zed"}, "to:"}, {app.Asking{Title: "x", To: "uma"}, "holds no role"}, {app.Asking{Title: "x", To: "omar", Controls: []string{"none"}}, "controls:"}, {app.Asking{To: "omar"}, "Title"}} {
		_, err := s.app.Request(s.ctx, "dana", q.q)
		s.refused(err, q.want)
	}
	_, err = s.app.Request(s.ctx, "omar", app.Asking{Title: "x", To: "dana"})
	s.refused(err, "you may not make")
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025"}))
	expect("olive", "sign org/representation_letter/letter-2025 due ")
}

// TestWaitingInTheFile asks what waits for the people of the firm.
func TestWaitingInTheFile(t *testing.T) {
	s := walled(t)
	items, err := s.app.Waiting(s.ctx, "carla")
	s.must(err)
	var got []string
	for _, x := range items {
		got = append(got, string(x.For)+" "+x.Ref.String())
	}
	for _, want := range []string{"mention " + exam + "/comment/c-exam", "mention " + exam + "/comment/c-org"} {
		if !slices.Contains(got, want) {
			t.Errorf("for carla wait %q, not %q", got, want)
		}
	}
	if slices.ContainsFunc(got, func(x string) bool { return strings.Contains(x, "org/") && !strings.Contains(x, "comment") }) {
		t.Errorf("management's work waits for the firm: %q", got)
	}
}

// TestCommentRights asks who is offered what, and who may be called.
func TestCommentRights(t *testing.T) {
	s := talking(t)
	control := soc1.Ref{Kind: "control", ID: "it-1-1"}
	s.must(second(s.app.Comment(s.ctx, "dana", app.Commenting{ID: "c-1", Subject: control, Text: "One."})))
	s.must(second(s.app.Comment(s.ctx, "mei", app.Commenting{ID: "c-2", Subject: control, Text: "Two."})))
	// What a line offers is what the command accepts.
	for _, actor := range []string{"dana", "omar", "olive", "rita", "rob", "xavier", "mei", "carla", "helen", "quinn"} {
		lines, err := s.app.Comments(s.ctx, actor, control)
		s.must(err)
		for _, l := range lines {
			if err := s.app.EditComment(s.ctx, actor, l.Ledger, l.ID, -1, l.Comment.Text, nil); (err == nil) != l.MayEdit {
				t.Errorf("%s is offered to edit %s: %t, and then %v", actor, l.ID, l.MayEdit, err)
			}
			if err := s.app.ResolveComment(s.ctx, actor, l.Ledger, l.ID, false); (err == nil) != l.MayResolve {
				t.Errorf("%s is offered to resolve %s: %t, and then %v", actor, l.ID, l.MayResolve, err)
			}
		}
	}
	for actor, want := range map[string]string{"dana": "org", "omar": "org", "xavier": "org", "rita": "", "rob": "", "mei": exam, "quinn": exam} {
		homes, err := s.app.CommentHomes(s.ctx, actor, control)
		s.must(err)
		if strings.Join(homes, " ") != want {
			t.Errorf("%s may comment in %v, expected %q", actor, homes, want)
		}
	}
	if homes, err := s.app.CommentHomes(s.ctx, "uma", control); err == nil {
		t.Errorf("a user auditor may comment in %v", homes)
	}
	// Whoever is offered may be called, and nobody else.
	for _, actor := range []string{"dana", "mei", "xavier"} {
		offered, err := s.app.Mentionable(s.ctx, actor, "", control)
		s.must(err)
		ok := map[string]bool{}
		for _, p := range offered {
			ok[p.ID] = true
		}
		if ok[actor] || len(offered) == 0 {
			t.Errorf("%s is offered %v", actor, offered)
		}
		for i, other := range []string{"dana", "omar", "rita", "rob", "xavier", "uma", "nora", "mei", "carla", "quinn", "zed"} {
			if other == actor {
				continue
			}
			_, _, err := s.app.Comment(s.ctx, actor, app.Commenting{ID: fmt.Sprintf("m-%s-%d", actor, i), Subject: control, Text: "You?", Mentions: []string{other}})
			if (err == nil) != ok[other] {
				t.Errorf("%s is offered to call %s: %t, and then %v", actor, other, ok[other], err)
			}
		}
	}
	if _, err := s.app.Mentionable(s.ctx, "rita", "", control); err == nil {
		t.Error("a reader is told whom to mention")
	}
	n, err := s.app.CommentCounts(s.ctx, "omar", []soc1.Ref{control, {Kind: "control", ID: "conduct"}})
	s.must(err)
	mine, err := s.app.Comments(s.ctx, "omar", control)
	s.must(err)
	if len(n) != 1 || n[control] != len(mine) {
		t.Errorf("counted are %v, listed %d", n, len(mine))
	}
}

func second(_, _ string, err error) error { return err }

// TestRequestsAbout asks for things about records, and who is offered what.
func TestRequestsAbout(t *testing.T) {
	s := talking(t)
	_, err := s.apply("dana", "kind: evidence\nid: ev-1\neffective: '2025-06-30'\ntitle: Reviews of June\ncontrols: [it-1-1]\nperiod_from: 2025-06-01\nperiod_to: 2025-06-30\n---\n"+
		"kind: policy\nid: p-1\neffective: '2024-01-01'\ntitle: Access\nowner: omar\n")
	s.must(err)
	for id, subject := range map[string]soc1.Ref{"q-control": {Kind: "control", ID: "it-1-1"}, "q-evidence": {Kind: "evidence", ID: "ev-1"}, "q-policy": {Kind: "policy", ID: "p-1"}} {
		_, err := s.app.Request(s.ctx, "dana", app.Asking{ID: id, Title: "More", To: "omar", Subject: subject})
		s.must(err)
	}
	about := func(actor string, ref soc1.Ref) string {
		list, err := s.app.Requests(s.ctx, actor, ref)
		if err != nil {
			return "refused"
		}
		var out []string
		for _, l := range list.Lines {
			word := l.ID
			if l.MayAnswer {
				word += " answers"
			}
			if l.MayClose {
				word += " closes"
			}
			out = append(out, word)
		}
		if list.MayAsk {
			out = append(out, "asks")
		}
		return strings.Join(out, ", ")
	}
	// What is asked about evidence concerns its controls.
	for _, c := range []struct {
		actor string
		ref   soc1.Ref
		want  string
	}{
		{"omar", soc1.Ref{Kind: "control", ID: "it-1-1"}, "q-control answers, q-evidence answers"},
		{"dana", soc1.Ref{Kind: "control", ID: "it-1-1"}, "q-control closes, q-evidence closes, asks"},
		{"omar", soc1.Ref{Kind: "evidence", ID: "ev-1"}, "q-evidence answers"},
		{"olive", soc1.Ref{Kind: "policy", ID: "p-1"}, "q-policy"},
		{"dana", soc1.Ref{Kind: "request", ID: "q-policy"}, "q-policy closes"},
		{"xavier", soc1.Ref{Kind: "control", ID: "it-1-1"}, ""},
		{"uma", soc1.Ref{Kind: "control", ID: "it-1-1"}, "refused"},
		{"dana", soc1.Ref{Ledger: exam, Kind: "test_of_control", ID: "t-it-1-1"}, "refused"},
	} {
		if got := about(c.actor, c.ref); got != c.want {
			t.Errorf("%s is shown about %s %q, expected %q", c.actor, c.ref, got, c.want)
		}
	}
	for _, c := range []struct {
		q    app.Asking
		want string
	}{
		{app.Asking{Title: "x", To: "omar", Subject: soc1.Ref{Kind: "control", ID: "none"}}, "does not exist"},
		{app.Asking{Title: "x", To: "omar", Subject: soc1.Ref{Kind: "spell", ID: "none"}}, `no kind "spell"`},
		{app.Asking{Title: "x", To: "omar", Subject: soc1.Ref{Kind: "request", ID: "q-policy"}}, "not about org/request"},
		{app.Asking{Title: "x", To: "omar", Subject: soc1.Ref{Ledger: exam, Kind: "test_of_control", ID: "t-it-1-1"}}, "of the organization's"},
		{app.Asking{Title: "x", To: "omar", Due: "2020-01-01"}, "has passed"},
	} {
		_, err := s.app.Request(s.ctx, "dana", c.q)
		s.refused(err, c.want)
	}
	who, err := s.app.Askable(s.ctx, "dana", soc1.Ref{Kind: "control", ID: "it-1-1"})
	s.must(err)
	for _, p := range who {
		if slices.Contains([]string{"rita", "rob", "xavier", "uma", "nora", "mei"}, p.ID) {
			t.Errorf("%s is offered to be asked", p.ID)
		}
	}
	if _, err := s.app.Askable(s.ctx, "omar", soc1.Ref{Kind: "control", ID: "it-1-1"}); err == nil || len(who) == 0 {
		t.Errorf("who may be asked: %v, and a control owner is told", who)
	}
	// A test waits for who is to perform it.
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "test_of_control", ID: "own-1", Value: soc1.TestOfControl{Code: "O-1", By: soc1.ByManagement, Engagement: engagement, Control: "it-1-1",
		Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspect."}}, Method: soc1.Census, PerformedBy: "olive"}}))
	items, err := s.app.Waiting(s.ctx, "olive")
	s.must(err)
	if !slices.ContainsFunc(items, func(x app.WaitingItem) bool { return x.For == app.WaitsTest && x.Ref.ID == "own-1" }) {
		t.Errorf("for olive wait %v", items)
	}
}
