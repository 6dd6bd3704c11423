package web

import (
	"encoding/json"
	"slices"
	"strings"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// actions are what commands are called in the record, with the words that follow
// a name. Old entries keep their names, so that none is ever taken away.
var actions = []struct{ action, words string }{
	{"comment.edit", "edited a comment"},
	{"comment.reopen", "opened a comment again"},
	{"comment.resolve", "resolved a comment"},
	{"comment.write", "commented"},
	{"conclude", "concluded"},
	{"control.perform", "signed the performance of a control"},
	{"course.keep", "kept a course"},
	{"course.take", "took a course"},
	{"deviation.record", "recorded a deviation"},
	{"document.redact", "redacted a document"},
	{"engagement.accept", "decided on the acceptance of the engagement"},
	{"event.assess", "assessed an event"},
	{"event.confirm", "confirmed that nothing else is known"},
	{"evidence.attach", "attached files to evidence"},
	{"examination.open", "opened the examination"},
	{"exception.confirmed", "confirmed exceptions"},
	{"exception.dismissed", "dismissed exceptions"},
	{"exception.open", "opened exceptions again"},
	{"gap.accept", "accepted a gap"},
	{"gap.withdraw", "withdrew the acceptance of a gap"},
	{"independence.confirm", "gave word on independence"},
	{"invitation.accept", "accepted an invitation"},
	{"invitation.revoke", "revoked an invitation"},
	{"nonce.disclose", "disclosed the nonce of a sample"},
	{"opine", "gave the opinion"},
	{"performance.review", "reviewed the performance of a control"},
	{"person.invite", "invited"},
	{"person.put", "recorded a person"},
	{"plan.approve", "approved the plan of the examination"},
	{"plan.take", "took proposed tests into the plan"},
	{"policy.confirm", "confirmed policies"},
	{"policy.decide", "decided on a policy"},
	{"policy.minute", "recorded a decision on a policy"},
	{"population.check", "checked a population"},
	{"population.derive", "derived a population"},
	{"population.import", "imported a population"},
	{"record.apply", "recorded from files"},
	{"record.bulk", "recorded together"},
	{"record.put", "recorded"},
	{"release", "released"},
	{"remediation.close", "closed a remediation plan"},
	{"report.issue", "issued the report"},
	{"report.release", "released the report"},
	{"request.answer", "answered a request"},
	{"request.close", "closed a request"},
	{"request.make", "made a request"},
	{"result.record", "recorded a result"},
	{"review", "signed off a review"},
	{"risk.agree", "agreed on a rating"},
	{"risk.close", "closed a risk session"},
	{"risk.consider", "considered a prompt"},
	{"risk.open", "opened a risk session"},
	{"risk.reveal", "revealed the scores of a risk session"},
	{"risk.score", "scored risks"},
	{"risk.withdraw", "withdrew a risk session"},
	{"sample.draw", "drew a sample"},
	{"sample.draw_next", "drew the next items of a sample"},
	{"sample.expand", "expanded a sample"},
	{"scope.freeze", "froze the scope"},
	{"scope.interview", "answered the interview on the report"},
	{"sign", "signed"},
	{"backup.record", "recorded a backup"},
	{"backup.try", "tried a backup"},
	{"paper.sign", "signed off a working paper"},
	{"program.record", "recorded the version of the program"},
	{"subservice.confirm", "confirmed a subservice organization’s report"},
	{"test.run", "performed a test"},
	{"training.assign", "assigned a course"},
	{"workspace.init", "set up the workspace"},
}

// actionWords is a command as people read it after the name of who gave it.
func actionWords(s string) string {
	for _, a := range actions {
		if a.action == s {
			return a.words
		}
	}
	return strings.NewReplacer(".", " ", "_", " ").Replace(s)
}

// actionOptions are the actions to narrow the list to, in the order of their
// words. One that the address names and that is none of them stays.
func actionOptions(on string) []option {
	var out []option
	known := on == ""
	for _, a := range actions {
		out = append(out, option{a.action, sentence(a.words), a.action == on})
		known = known || a.action == on
	}
	if !known {
		out = append(out, option{on, sentence(actionWords(on)), true})
	}
	slices.SortStableFunc(out, func(a, b option) int { return strings.Compare(a.Text, b.Text) })
	return out
}

// nameOf is how a record is called among others: its kind with its code or its
// heading, or its id where it cannot be read any more.
func (r *request) nameOf(ledger, kind, id string) string {
	if words, ok := r.acceptance(ledger, kind, id); ok {
		return words
	}
	if words, _, ok := r.called(ledger, kind, id); ok {
		return words
	}
	if k, err := record.Kinds.Kind(kind); err == nil {
		return lowerFirst(k.Title) + " " + id
	}
	return kind + " " + id
}

// acceptance calls the acceptance of a gap by what it is about: it has neither
// code nor title.
func (r *request) acceptance(ledger, kind, id string) (string, bool) {
	if kind != "gap_acceptance" {
		return "", false
	}
	v, err := r.latest(ledger)
	if err != nil || !v.Shows(kind) {
		return "", false
	}
	x, err := v.Get(r.Context(), kind, id)
	var a soc1.GapAcceptance
	if err != nil || x.Redacted || json.Unmarshal(x.Body, &a) != nil {
		return "", false
	}
	about, _, ok := r.called(app.OrganizationLedger, a.Subject.Kind, a.Subject.ID)
	if !ok {
		about = strings.ReplaceAll(a.Subject.Kind, "_", " ") + " " + a.Subject.ID
	}
	return a.Rule + " about " + about, true
}
