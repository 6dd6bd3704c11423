package notify

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"reperform/app"
	"reperform/desk"
	"reperform/english"
	"reperform/mail"
	"reperform/record"
	"reperform/soc1"
)

const (
	// often is how often it is looked whose summary is due.
	often = 30 * time.Second
	// began is where it is kept since when summaries are sent at all: what was
	// due before that nobody expects any more.
	began = "notify/began"
	// soon is how many days ahead counts as this week.
	soon = 7
)

// late is how long after its hour a summary is still sent, when the
// installation was down.
func late(m desk.MailSettings) time.Duration {
	if m.Digest == desk.Weekly {
		return 72 * time.Hour
	}
	return 20 * time.Hour
}

// summarize queues summaries as they come due, until the context ends.
func (s *Service) summarize(ctx context.Context) {
	tick := time.NewTicker(often)
	defer tick.Stop()
	done := map[string]time.Time{}
	for {
		if err := s.summaries(ctx, done); err != nil && ctx.Err() == nil {
			s.log.Error("summaries could not be made", "error", err.Error())
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// summaries queues what is due by now. Done remembers for whom it was looked,
// and up to which hour.
func (s *Service) summaries(ctx context.Context, done map[string]time.Time) error {
	now := s.now()
	first, err := s.beganAt(ctx, now)
	if err != nil {
		return err
	}
	zone, err := s.app.Zone(ctx)
	if err != nil {
		return err
	}
	all, err := s.readers(ctx)
	if err != nil {
		return err
	}
	for _, r := range all {
		due := r.settings.Last(now, zone)
		// An hour chosen after it had struck begins with the next one.
		if due.IsZero() || !due.After(r.since) || !due.After(first) || now.Sub(due) > late(r.settings) || !due.After(done[r.PersonID]) {
			continue
		}
		if err := s.summaryOf(ctx, r, due); err != nil {
			// One person's records must not keep the others waiting.
			s.log.Error("a summary could not be made", "error", err.Error())
			continue
		}
		done[r.PersonID] = due
	}
	return nil
}

func (s *Service) beganAt(ctx context.Context, now time.Time) (time.Time, error) {
	text, err := s.desk.Bookmark(ctx, began)
	if err != nil {
		return time.Time{}, err
	}
	if text == "" {
		return now, s.desk.SetBookmark(ctx, began, now.UTC().Format(time.RFC3339Nano))
	}
	return time.Parse(time.RFC3339Nano, text)
}

// summaryOf queues a person's summary for an hour, unless that was done or there
// is nothing to say.
func (s *Service) summaryOf(ctx context.Context, r reader, due time.Time) error {
	name, hour := "notify/summary/"+r.PersonID, due.UTC().Format(time.RFC3339)
	before, err := s.desk.Bookmark(ctx, name)
	if err != nil || before >= hour {
		return err
	}
	l, something, err := s.summary(ctx, r)
	if err != nil {
		return err
	}
	if something {
		if _, err := s.queue(ctx, "summary/"+r.PersonID+"/"+hour, "summary", r.PersonID, l, due.Add(late(r.settings))); err != nil {
			return err
		}
	}
	return s.desk.SetBookmark(ctx, name, hour)
}

// summary is what waits for a person, as they would read it themselves. Of what
// waits in an examination it says that something does: no number, no record.
func (s *Service) summary(ctx context.Context, r reader) (l mail.Letter, something bool, err error) {
	all, err := s.app.Waiting(ctx, r.PersonID)
	if err != nil || len(all) == 0 {
		return l, false, err
	}
	today, err := s.app.Today(ctx)
	if err != nil {
		return l, false, err
	}
	subjects, err := s.mentionSubjects(ctx, r.PersonID)
	if err != nil {
		return l, false, err
	}
	overdue, week, later := mail.Part{Heading: "Overdue"}, mail.Part{Heading: "Due within a week"}, mail.Part{Heading: "Later, or without a date"}
	var examinations []string
	n := 0
	for _, w := range all {
		if w.Ref.Ledger != app.OrganizationLedger {
			if !slices.Contains(examinations, w.Ref.Ledger) {
				examinations = append(examinations, w.Ref.Ledger)
			}
			continue
		}
		n++
		part := &later
		switch {
		case w.Overdue:
			part = &overdue
		case w.Due != "" && w.Due <= today.AddDays(soon):
			part = &week
		}
		part.Items = append(part.Items, s.item(ctx, r, w, subjects))
	}
	l = mail.Letter{To: mail.Address{Name: r.DisplayName, Mailbox: r.Email}, From: s.from(ctx, r.PersonID),
		Action: mail.Link{Text: "Open what waits for you", Href: s.public + waitingPath},
		Why:    "You get this mail because you asked for a summary, " + rhythm(r.settings) + ".", Settings: s.public + settingsPath, Unsubscribe: s.unsubscribeURL(ctx, r.PersonID, desk.SummaryMail)}
	l.Subject = summarySubject(n, len(overdue.Items))
	for _, p := range []mail.Part{overdue, week, later} {
		if len(p.Items) > mostItems {
			rest := len(p.Items) - mostItems
			p.Items = append(p.Items[:mostItems], mail.Item{Link: mail.Link{Text: fmt.Sprintf("and %d more", rest)}})
		}
		if len(p.Items) > 0 {
			l.Parts = append(l.Parts, p)
		}
	}
	for _, e := range examinations {
		l.Parts = append(l.Parts, mail.Part{Text: fmt.Sprintf("Something waits for you in the examination %s. Open it to see what; mails do not say.", strings.TrimPrefix(e, "exam-"))})
	}
	return l, true, nil
}

func summarySubject(n, overdue int) string {
	switch {
	case n == 0:
		return "Something waits for you in an examination"
	case overdue == 0:
		return english.Count(n, "thing") + english.Choose(n, " waits", " wait") + " for you"
	case overdue == n:
		return english.Count(n, "thing") + english.Choose(n, " that waits", " that wait") + " for you" + english.Choose(n, " is", " are") + " overdue"
	}
	return fmt.Sprintf("%s wait for you, %d overdue", english.Count(n, "thing"), overdue)
}

// mentionSubjects are the records that comments which call a person are about.
func (s *Service) mentionSubjects(ctx context.Context, person string) (map[string]app.CommentLine, error) {
	all, err := s.app.MentionsOf(ctx, person)
	out := map[string]app.CommentLine{}
	for _, c := range all {
		out[c.Ledger+"/"+c.ID] = c
	}
	return out, err
}

// item is one thing that waits in the organization's records.
func (s *Service) item(ctx context.Context, r reader, w app.WaitingItem, mentions map[string]app.CommentLine) mail.Item {
	i := mail.Item{Link: mail.Link{Text: strings.TrimSuffix(w.What, "."), Href: s.recordURL(w.Ref)}}
	switch c, ok := mentions[w.Ref.Ledger+"/"+w.Ref.ID]; {
	case w.For == app.WaitsMention && ok:
		i.Text = fmt.Sprintf("Answer %s, who mentions you on %s", s.nameFor(ctx, r.PersonID, c.Comment.By), s.heading(ctx, r.PersonID, c.Comment.Subject))
		i.Href = s.recordURL(c.Comment.Subject)
	case w.For == app.WaitsAssessment:
		i.Href = s.public + "/events/" + url.PathEscape(w.Ref.ID)
	case w.For == app.WaitsWord:
		i.Href = s.public + "/events#asked"
	case w.For == app.WaitsPolicyWord:
		i.Href = s.public + "/policies/campaigns/" + url.PathEscape(w.Ref.ID)
	case (w.For == app.WaitsPolicyDecision || w.For == app.WaitsPolicy) && w.Ref.Kind == "policy":
		i.Href = s.public + "/policies/of/" + url.PathEscape(w.Ref.ID)
	case w.For == app.WaitsSubserviceReport:
		i.Href = s.public + "/subservice/" + url.PathEscape(w.Ref.ID)
	case w.For == app.WaitsSubserviceGap:
		i.Href = s.public + "/subservice#sub-" + url.PathEscape(w.Ref.ID)
	case w.For == app.WaitsProposals:
		i.Href = s.public + "/mapping"
	case w.For == app.WaitsCourse, w.For == app.WaitsLateCourses:
		i.Href = s.courseURL(w.Ref.ID)
	case w.For == app.WaitsEvidence:
		i.Text = "Provide evidence that " + s.heading(ctx, r.PersonID, w.Ref) + " operated" + daysText(w.Evidence)
	case w.For == app.WaitsPerform:
		// What the reviewer says of it is somebody's words, and stays in the record.
		i.Text = "Perform " + s.heading(ctx, r.PersonID, soc1.Ref{Ledger: w.Ref.Ledger, Kind: "control", ID: w.Perform.Control}) + occurrenceText(w.Perform)
		if w.Perform.Returned != "" {
			i.Text += " again; it was returned"
		}
		i.Href = s.performURL(w.Perform, true)
	case w.For == app.WaitsLook:
		i.Text = "Review the performance of " + s.heading(ctx, r.PersonID, soc1.Ref{Ledger: w.Ref.Ledger, Kind: "control", ID: w.Perform.Control}) + occurrenceText(w.Perform)
		i.Href = s.performURL(w.Perform, false)
	case w.For == app.WaitsAnswer:
		// Why a request was returned is somebody's words, and stays in the record.
		i.Text = "Answer the request “" + s.heading(ctx, r.PersonID, w.Ref) + "”"
		if x, err := s.app.Record(ctx, r.PersonID, w.Ref.Ledger, w.Ref.Kind, w.Ref.ID, record.AsOf{}); err == nil {
			if q, err := record.Decode[soc1.Request](x); err == nil && q.Status == soc1.RequestReturned {
				i.Text += " again; it was returned"
			}
		}
	}
	var notes []string
	if w.Due != "" {
		notes = append(notes, "due "+dateText(w.Due))
	}
	if w.Evidence != nil && w.Evidence.Owed > 1 {
		notes = append(notes, fmt.Sprintf("%d occurrences without", w.Evidence.Owed))
	}
	if w.Perform != nil && w.Perform.Open > 1 {
		notes = append(notes, fmt.Sprintf("the oldest of %d", w.Perform.Open))
	}
	if w.StandingIn != "" {
		notes = append(notes, "for "+s.nameFor(ctx, r.PersonID, w.StandingIn))
	}
	i.Note = strings.Join(notes, ", ")
	return i
}

// daysText says for when evidence is wanted.
func daysText(e *app.EvidenceWanted) string {
	if e.For.From == e.For.To {
		return " on " + dateText(e.For.From)
	}
	return " from " + dateText(e.For.From) + " to " + dateText(e.For.To)
}

// performURL is the page on which an occurrence is performed, or looked at.
func (s *Service) performURL(p *app.PerformWanted, perform bool) string {
	at := s.public + "/calendar/of/" + url.PathEscape(p.Control)
	if !perform {
		return at + "?from=" + string(p.For.To) + "&to=" + string(p.For.To)
	}
	return at + "/perform?from=" + string(p.For.From) + "&to=" + string(p.For.To)
}

// occurrenceText says for when a control is performed.
func occurrenceText(p *app.PerformWanted) string {
	if p.For.From == p.For.To {
		return " for " + dateText(p.For.From)
	}
	return " for " + dateText(p.For.From) + " to " + dateText(p.For.To)
}

// rhythm says in words when summaries come.
func rhythm(m desk.MailSettings) string {
	hour := fmt.Sprintf("at %d:00", m.Hour)
	if m.Digest == desk.Weekly {
		return "each " + m.Weekday.String() + " " + hour
	}
	return "each day " + hour
}
