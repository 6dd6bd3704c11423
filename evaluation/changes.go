package evaluation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/record"
	"reperform/soc1"
)

// changeFlags finds outcomes and decisions that were changed after they were
// first recorded. Every revision stays in the ledger; these flags bring it up.
func (e *evaluation) changeFlags() {
	if e.Past == nil {
		return
	}
	for _, r := range e.Results {
		e.outcomeChanges(r, e.Past.Results[r.ID])
	}
	for _, x := range e.Exceptions {
		e.decisionChanges(x, e.Past.Exceptions[x.ID])
	}
}

// outcomeChanges flags a cell whose outcome differs between its revisions.
func (e *evaluation) outcomeChanges(now record.Typed[soc1.Result], revisions []record.Typed[soc1.Result]) {
	var steps []string
	sources := []soc1.Ref{}
	severity := Medium
	for i, r := range revisions {
		if r.Redacted {
			steps = append(steps, fmt.Sprintf("the outcome recorded with entry %d was redacted", r.Pos))
			severity = High
			continue
		}
		if i == 0 || revisions[i-1].Redacted || revisions[i-1].Value.Outcome == r.Value.Outcome {
			continue
		}
		before := revisions[i-1]
		sources = append(sources, before.Ref())
		why := cmp.Or(strings.TrimSpace(r.Value.ChangeReason), strings.TrimSpace(r.Value.AlternativeProcedure))
		if why == "" {
			why = "no reason is recorded"
		} else {
			why = fmt.Sprintf("reason: %q", why)
		}
		at := e.Past.Recorded[r.Pos]
		steps = append(steps, fmt.Sprintf("%s by %s on %s became %s by %s on %s, recorded with entry %d at %s (%s)",
			lower(before.Value.Outcome.Label()), before.Value.By, before.Value.TestedOn, lower(r.Value.Outcome.Label()), cmp.Or(at.By, r.Value.By), r.Value.TestedOn, r.Pos, at.At, why))
		if graver(before.Value, r.Value) {
			severity = High
		}
	}
	if len(steps) == 0 {
		return
	}
	e.add("EVA-26", now.Ref(), sources, "Test %s, item %s, attribute %s: %s.", e.codeOf(now.Value.Test), now.Value.ItemKey, now.Value.Attribute, strings.Join(steps, "; "))
	e.loose[len(e.loose)-1].Severity = severity
}

// graver reports whether a change takes a deviation away: a failure is one no
// more, or an item that nobody could tell is settled without another procedure.
func graver(before, after soc1.Result) bool {
	switch before.Outcome {
	case soc1.Fail:
		return true
	case soc1.CannotTell:
		return after.Outcome != soc1.Fail && blank(after.AlternativeProcedure)
	}
	return after.Outcome == soc1.NotApplicable
}

func lower(s string) string { return strings.ToLower(s) }

// decisionChanges flags an exception that was confirmed once and is dismissed.
func (e *evaluation) decisionChanges(now record.Typed[soc1.Exception], revisions []record.Typed[soc1.Exception]) {
	if now.Value.Status != soc1.Dismissed {
		return
	}
	i := slices.IndexFunc(revisions, func(x record.Typed[soc1.Exception]) bool { return x.Value.Status == soc1.Confirmed })
	if i < 0 {
		return
	}
	was := revisions[i].Value
	e.add("EVA-28", now.Ref(), []soc1.Ref{revisions[i].Ref()}, "The exception %s of test %s, %s, was confirmed by %s on %s (%q) and dismissed by %s on %s (%q).", now.ID, now.Value.Test,
		english.Count(now.Value.Count(), "item"), was.DecidedBy, was.DecidedOn, was.Reason, now.Value.DecidedBy, now.Value.DecidedOn, now.Value.Reason)
}

// orderFlags finds conclusions, and an opinion, that are older than what they
// rest on: whoever entered them had not seen what stands now.
func (e *evaluation) orderFlags() {
	if e.Past == nil {
		return
	}
	type basis struct {
		ref  soc1.Ref
		what string
		pos  int64
	}
	last := map[string]basis{}
	control := map[string]string{}
	for _, t := range e.Tests {
		control[t.ID] = t.Value.Control
	}
	rests := func(test, what string, r record.Record, pos int64) {
		if c := control[test]; c != "" && pos > last[c].pos {
			last[c] = basis{r.Ref(), what + " " + r.ID, pos}
		}
	}
	for _, r := range e.Results {
		rests(r.Value.Test, "result", r.Record, r.Pos)
	}
	for _, r := range e.Runs {
		rests(r.Value.Test, "test run", r.Record, r.Pos)
	}
	for _, x := range e.Exceptions {
		rests(x.Value.Test, "exception", x.Record, x.Pos)
	}
	for _, d := range e.Deviations {
		rests(d.Value.Test, "deviation", d.Record, e.first(d.Record))
	}
	var newest record.Typed[soc1.Conclusion]
	for _, c := range e.Conclusions {
		if newest.ID == "" || record.Later(c, newest) > 0 {
			newest = c
		}
		b, ok := last[c.Value.SubjectID]
		if c.Value.Subject == soc1.OnControl && c.Value.Limb == soc1.ConcludeOperating && ok && b.ref.Ledger == c.Ledger && b.pos >= c.Pos {
			e.add("EVA-29", c.Ref(), []soc1.Ref{b.ref}, "The conclusion %s on the operation of %s stands since entry %d, and %s came or changed with entry %d.", c.ID, c.Value.SubjectID, c.Pos, b.what, b.pos)
		}
	}
	if e.opinion != nil && newest.ID != "" && (newest.Pos > e.opinion.Pos || newest.Pos == e.opinion.Pos && newest.Slot > e.opinion.Slot) {
		e.add("EVA-29", e.opinion.Ref(), []soc1.Ref{newest.Ref()}, "The opinion stands since entry %d, and conclusion %s since entry %d.", e.opinion.Pos, newest.ID, newest.Pos)
	}
}
