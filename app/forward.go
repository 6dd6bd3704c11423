package app

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
)

// Forward is what became of what one report speaks of, up to another.
type Forward struct {
	Before, After *scoping.Side
	// Days lie between the two: 0 where the later begins on the day after the earlier
	// ended, negative where they overlap.
	Days        int
	Differences []scoping.Difference
	Today       soc1.Date
	// Engagements are all, the latest first.
	Engagements []record.Typed[soc1.Engagement]
}

// CompareReports tells what came, went and changed between what one report spoke of on
// its last day and what another speaks of on its own, or today where that is still to
// come. before empty is the report that ended before the other began; after empty is the
// one that is under way or ended last. Both are told as they are known now.
func (a *App) CompareReports(ctx context.Context, actor, before, after string) (*Forward, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	out := &Forward{Today: today}
	if out.Engagements, err = record.All[soc1.Engagement](ctx, v, "engagement"); err != nil {
		return nil, err
	}
	slices.SortFunc(out.Engagements, func(x, y record.Typed[soc1.Engagement]) int {
		return strings.Compare(string(y.Value.End())+y.ID, string(x.Value.End())+x.ID)
	})
	if after, err = engagementOf(out.Engagements, OrganizationLedger, after, today); err != nil {
		return nil, err
	}
	late, ok := record.Find(out.Engagements, after)
	if !ok {
		return nil, &FieldError{"after", "No report is planned yet. Record an engagement first.", "reperform kinds engagement"}
	}
	if before == "" {
		before = earlier(out.Engagements, late)
	}
	early, ok := record.Find(out.Engagements, before)
	if !ok {
		if before == "" {
			return nil, &FieldError{"before", fmt.Sprintf("No report ended before %s, so there is nothing to compare it with.", late.Value.Title), ""}
		}
		return nil, &FieldError{"before", fmt.Sprintf("There is no engagement %q.", before), "reperform get engagement"}
	}
	if early.ID == late.ID {
		return nil, &FieldError{"before", fmt.Sprintf("%s would be compared with itself. Name an earlier report as before, or leave it out: then it is the one that ended before.", late.Value.Title), "reperform get engagement"}
	}
	if early.Value.End() > late.Value.End() {
		return nil, &FieldError{"before", fmt.Sprintf("%s ends after %s. Compare them the other way round.", early.Value.Title, late.Value.Title), ""}
	}
	out.Days = scoping.Between(early.Value, late.Value)
	for _, x := range []struct {
		e    record.Typed[soc1.Engagement]
		into **scoping.Side
	}{{early, &out.Before}, {late, &out.After}} {
		on := min(x.e.Value.End(), today)
		view, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{Effective: on})
		if err != nil {
			return nil, err
		}
		if *x.into, err = scoping.ReadSide(ctx, view, x.e, on); err != nil {
			return nil, err
		}
	}
	out.Differences = scoping.Compare(out.Before, out.After)
	return out, nil
}

// earlier is the report that ended last before another did, of those of the same
// services where there are such.
func earlier(all []record.Typed[soc1.Engagement], e record.Typed[soc1.Engagement]) string {
	best, same := "", false
	for _, x := range all {
		if x.ID == e.ID || x.Value.End() >= e.Value.End() {
			continue
		}
		alike := slices.Equal(x.Value.Services, e.Value.Services)
		if best == "" || alike && !same {
			best, same = x.ID, alike
		}
	}
	return best
}

// Rolling says how a report is rolled forward. What is empty follows from the report.
type Rolling struct {
	// From is the report that is rolled forward.
	From string
	// ID and Title are those of the new one; empty, they have the new year where the old
	// ones have the old.
	ID, Title string
	// Start and End are its period; empty, it begins on the day after the last and is as
	// long. Of a Type I report End is the day, a year later where it is empty.
	Start, End soc1.Date
	Reason     string
}

// Rolled is what rolling a report forward would record.
type Rolled struct {
	ID    string
	Value soc1.Engagement
	// Sections and Others are sections of the description and items of Section V that
	// belong to the old report alone, and are taken over for the new one.
	Sections, Others int
}

// NextReport says what rolling a report forward would record, and records nothing.
func (a *App) NextReport(ctx context.Context, actor string, x Rolling) (*Rolled, error) {
	out, _, err := a.rolled(ctx, actor, x)
	return out, err
}

// RollForward records the next report: the engagement with the period that follows, its
// prior report, its services, objectives and exclusions, and the sections of the
// description and the items of Section V that belong to the old report alone. What is
// shared by all reports stays shared. Tests, letters and conclusions are made anew.
func (a *App) RollForward(ctx context.Context, actor string, x Rolling) (*Rolled, error) {
	out, changes, err := a.rolled(ctx, actor, x)
	if err != nil {
		return nil, err
	}
	reason := strings.TrimSpace(x.Reason)
	if reason == "" {
		reason = fmt.Sprintf("Rolled forward from %s.", out.Value.PriorReport.Title)
	}
	bulk, err := a.PutRecords(ctx, actor, changes, reason, false)
	if err != nil {
		return nil, bulkProblem(bulk, err)
	}
	return out, nil
}

func (a *App) rolled(ctx context.Context, actor string, x Rolling) (*Rolled, []RecordChange, error) {
	if err := a.wholly(ctx, actor, OrganizationLedger); err != nil {
		return nil, nil, err
	}
	if err := a.MayPut(ctx, actor, OrganizationLedger, "engagement", ""); err != nil {
		return nil, nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, nil, err
	}
	all, err := record.All[soc1.Engagement](ctx, v, "engagement")
	if err != nil {
		return nil, nil, err
	}
	old, ok := record.Find(all, x.From)
	if !ok {
		return nil, nil, &FieldError{"from", fmt.Sprintf("There is no engagement %q.", x.From), "reperform get engagement"}
	}
	e := old.Value
	if e.Auditor.Firm != "" {
		e.PriorReport.Auditor = e.Auditor.Firm
	}
	e.PriorReport.Title, e.PriorReport.PeriodFrom, e.PriorReport.PeriodTo = old.Value.Title, old.Value.Start(), old.Value.End()
	e.LegalHold = ""
	if e.Type == soc1.Type1 {
		e.AsOf = x.End
		if x.End == "" {
			e.AsOf = old.Value.AsOf.AddMonths(12)
		}
	} else if e.PeriodStart, e.PeriodEnd, err = following(old.Value, x); err != nil {
		return nil, nil, err
	}
	if e.End() <= old.Value.End() {
		return nil, nil, &FieldError{"end", fmt.Sprintf("The report ends on %s, and the one before on %s. Give a later day.", e.End(), old.Value.End()), ""}
	}
	e.Title = strings.TrimSpace(x.Title)
	if e.Title == "" {
		e.Title = inYear(old.Value.Title, old.Value.End(), e.End())
	}
	if e.Title == old.Value.Title {
		return nil, nil, &FieldError{"title", "Two reports would have one title. Give the new one its own.", ""}
	}
	for _, other := range all {
		if o := other.Value; other.ID != x.ID && o.Type == e.Type && o.Start() == e.Start() && o.End() == e.End() && slices.Equal(o.Services, e.Services) {
			return nil, nil, &FieldError{"start", fmt.Sprintf("%s (%s) is of the same services and the same days already. Open that one, or give other days.", o.Title, other.ID), ""}
		}
	}
	out := &Rolled{ID: strings.TrimSpace(x.ID), Value: e}
	if out.ID == "" {
		if out.ID = inYear(old.ID, old.Value.End(), e.End()); out.ID == old.ID {
			if out.ID, err = a.newID("engagement-", ""); err != nil {
				return nil, nil, err
			}
		}
	}
	if _, taken := record.Find(all, out.ID); taken {
		return nil, nil, &FieldError{"id", fmt.Sprintf("There is an engagement %q already: it was rolled forward before. Open that one, or give another id.", out.ID), ""}
	}
	// What was taken out of use keeps its id: what is proposed makes way for it.
	free, err := freeID(ctx, v, "engagement", out.ID)
	if err != nil {
		return nil, nil, err
	}
	if free != out.ID && strings.TrimSpace(x.ID) != "" {
		return nil, nil, &FieldError{"id", fmt.Sprintf("An engagement %q was taken out of use, and an id is not given twice. Give another id, such as %s.", out.ID, free), ""}
	}
	out.ID = free
	today, err := a.Today(ctx)
	if err != nil {
		return nil, nil, err
	}
	changes := []RecordChange{{Ledger: OrganizationLedger, Kind: "engagement", ID: out.ID, Effective: today, Value: e}}
	sections, err := record.All[soc1.DescriptionSection](ctx, v, "description_section")
	if err != nil {
		return nil, nil, err
	}
	for _, s := range sections {
		if s.Value.Engagement == old.ID {
			s.Value.Engagement = out.ID
			id, err := freeID(ctx, v, "description_section", ofReport(s.ID, old.ID, out.ID))
			if err != nil {
				return nil, nil, err
			}
			changes = append(changes, RecordChange{Ledger: OrganizationLedger, Kind: "description_section", ID: id, Effective: today, Value: s.Value})
			out.Sections++
		}
	}
	others, err := record.All[soc1.OtherInformation](ctx, v, "other_information")
	if err != nil {
		return nil, nil, err
	}
	for _, s := range others {
		if s.Value.Engagement == old.ID {
			s.Value.Engagement = out.ID
			id, err := freeID(ctx, v, "other_information", ofReport(s.ID, old.ID, out.ID))
			if err != nil {
				return nil, nil, err
			}
			changes = append(changes, RecordChange{Ledger: OrganizationLedger, Kind: "other_information", ID: id, Effective: today, Value: s.Value})
			out.Others++
		}
	}
	return out, changes, nil
}

// following is the period that follows that of a report.
func following(e soc1.Engagement, x Rolling) (start, end soc1.Date, err error) {
	if start = x.Start; start == "" {
		start = e.PeriodEnd.AddDays(1)
	}
	if end = x.End; end == "" {
		// As many whole months as the last, where it had whole months.
		months := 0
		for months < 36 && e.PeriodStart.AddMonths(months+1).AddDays(-1) <= e.PeriodEnd {
			months++
		}
		if e.PeriodStart.AddMonths(months).AddDays(-1) == e.PeriodEnd {
			end = start.AddMonths(months).AddDays(-1)
		} else {
			end = start.AddDays(e.PeriodStart.DaysUntil(e.PeriodEnd))
		}
	}
	switch {
	case !start.Valid():
		return "", "", &FieldError{"start", fmt.Sprintf("%q is no day. Write it as 2025-01-01.", string(start)), ""}
	case !end.Valid():
		return "", "", &FieldError{"end", fmt.Sprintf("%q is no day. Write it as 2025-12-31.", string(end)), ""}
	}
	return start, end, nil
}

var yearPattern = regexp.MustCompile(`\d+`)

// inYear puts the year of one day in the place of that of another.
func inYear(s string, from, to soc1.Date) string {
	return yearPattern.ReplaceAllStringFunc(s, func(n string) string {
		if n == strconv.Itoa(from.Year()) {
			return strconv.Itoa(to.Year())
		}
		return n
	})
}

// ofReport is the id of what is taken over for another report.
func ofReport(id, from, to string) string {
	if strings.Contains(id, from) {
		return strings.ReplaceAll(id, from, to)
	}
	return id + "-" + to
}
