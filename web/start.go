package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/scoping"
	"reperform/soc1"
	"reperform/web/chart"
	"reperform/web/ui"
)

// startPage is the interview on which report is needed, with what follows from it.
type startPage struct {
	f *ui.Frame
	// Services are the questions about each service, the last of them for one more;
	// About are the others.
	Services [][]input
	About    []input
	Names    []string
	Problem  string
	Problems map[string]string
	// Wrong lead to the answers that have problems.
	Wrong []ui.Link
	// Action is where answers go; empty in the past, where nothing is asked.
	Action string
	// May tells whether the answers can be recorded, Draft whether a proposal can be
	// taken up.
	May, Draft bool
	Advice     *startAdvice
	// Shown is the interview that is shown, nil where there is none; Earlier are the
	// others.
	Shown   *startShown
	Earlier []startShown
}

// startShown is a recorded interview.
type startShown struct {
	ID, When, Href, Entry string
	Who                   ui.Person
	// Same tells that deriving it again gives the same; Now is what it gives else.
	Same bool
	Now  string
	Says string
	On   bool
}

// startAdvice is a recommendation as it is shown.
type startAdvice struct {
	Outcome  soc1.InterviewOutcome
	Services []scoping.ServiceAdvice
	AsOf     soc1.Date
	Shared   []startShared
	Own      bool
	Periods  []startPeriod
	More     int
	// Nobody says that no user entity is recorded, by whose year-ends a period could be
	// proposed.
	Nobody string
	// Engagements are those that can take the dates up.
	Engagements []option
	label       func(path string) string
}

type startShared struct {
	ID         string
	Objectives []ui.Link
}

// startPeriod is one proposal with its picture.
type startPeriod struct {
	scoping.Proposal
	Anchor  string
	Picture chart.HTML
}

// mostPeriods are how many proposals the page shows.
const mostPeriods = 5

// interviewKind is the kind of the answers, with the fields of a service and the
// others.
func interviewKind() (k *record.Kind, answers, service record.Field, err error) {
	if k, err = record.Kinds.Kind("scope_interview"); err != nil {
		return k, answers, service, err
	}
	answers, _ = k.Field("answers")
	for _, f := range answers.Fields {
		if f.Name == "services" {
			service = f
		}
	}
	return k, answers, service, nil
}

// start shows the last interview, or the questions.
func (r *request) start() error {
	list, err := r.site.app.Interviews(r.Context(), r.actor, r.asOf)
	if err != nil {
		return err
	}
	if r.partly() {
		return withheld("What follows from the interview rests on more registers than you read. Ask an administrator for a role that reads them.")
	}
	p := &startPage{}
	id := r.URL.Query().Get("id")
	var chosen *record.Typed[soc1.ScopeInterview]
	for i := range list {
		if id == list[i].ID || id == "" && i == 0 {
			chosen = &list[i]
		}
	}
	if id != "" && chosen == nil {
		return errNowhere
	}
	answers, err := r.startAnswers(chosen)
	if err != nil {
		return err
	}
	if chosen != nil {
		got, err := r.site.app.Advise(r.Context(), r.actor, chosen.Value.Answers, chosen.Value.AnsweredOn, r.asOf, 0)
		if err != nil {
			return err
		}
		// The recommendation is what was recorded; periods follow from today's
		// user entities.
		now := got.InterviewOutcome
		got.InterviewOutcome = chosen.Value.Outcome
		p.Advice = r.startAdvice(got, chosen.Value.Answers)
		for i := range list {
			x := r.startShown(&list[i])
			x.On = &list[i] == chosen
			if x.On {
				x.Same = reflect.DeepEqual(now, chosen.Value.Outcome)
				x.Now = now.Report.Label() + ". " + now.Type.Label() + "."
				p.Shown = &x
				continue
			}
			p.Earlier = append(p.Earlier, x)
		}
	}
	return r.startWith(http.StatusOK, p, answers)
}

func (r *request) startShown(i *record.Typed[soc1.ScopeInterview]) startShown {
	return startShown{ID: i.ID, When: dateText(string(i.Value.AnsweredOn)), Who: r.headings().person(i.Value.AnsweredBy), Href: r.url("/start?id=%s", url.QueryEscape(i.ID)), Entry: r.url("/entry/%d", i.Pos),
		Says: i.Value.Outcome.Report.Label() + ". " + i.Value.Outcome.Type.Label() + "."}
}

// startAnswers are the answers that the form begins with: those of an interview, or
// the services of the register with nothing answered.
func (r *request) startAnswers(i *record.Typed[soc1.ScopeInterview]) (map[string]any, error) {
	if i != nil {
		return asMap(i.Value.Answers)
	}
	v, err := r.records()
	if err != nil {
		return nil, err
	}
	services, err := record.All[soc1.Service](r.Context(), v, "service")
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(services, func(a, b record.Typed[soc1.Service]) int { return a.Value.Order - b.Value.Order })
	var list []any
	for _, s := range services {
		list = append(list, map[string]any{"name": s.Value.Name, "service": s.ID})
	}
	return map[string]any{"services": list}, nil
}

func asMap(v any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	return out, json.Unmarshal(b, &out)
}

// startWith writes the page with answers in its form.
func (r *request) startWith(status int, p *startPage, answers map[string]any) error {
	_, all, service, err := interviewKind()
	if err != nil {
		return err
	}
	raw := map[string]json.RawMessage{}
	for name, v := range answers {
		if raw[name], err = json.Marshal(v); err != nil {
			return err
		}
	}
	for _, f := range all.Fields {
		if f.Name != service.Name {
			p.About = append(p.About, r.input(f, raw[f.Name], f.Name, p.Problems))
		}
	}
	in := r.input(service, raw[service.Name], service.Name, p.Problems)
	p.Services = in.Members
	for _, parts := range in.Members {
		asListed(parts)
		name := ""
		for _, x := range parts {
			if strings.HasSuffix(x.Name, ".name") {
				name = x.Value
			}
		}
		p.Names = append(p.Names, name)
	}
	if p.Problems["services"] != "" {
		p.Problem = p.Problems["services"]
	}
	if !r.past.On() {
		p.Action = r.site.base + "/start"
		p.May = r.site.app.MayRecordInterview(r.Context(), r.actor) == nil
		p.Draft = r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "engagement", "") == nil
	}
	if p.f, err = r.frame("SOC 1 or SOC 2?", nil); err != nil {
		return err
	}
	p.f.Here = "/start"
	return r.write(status, ui.Page(p.f, noActions(), startBody(p)))
}

// postStart shows what follows from answers, and records them where that is asked.
func (r *request) postStart() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	if r.partly() {
		return withheld("What follows from the interview rests on more registers than you read. Ask an administrator for a role that reads them.")
	}
	keep := v.Get("do") == "record"
	v.Del("do")
	_, all, _, err := interviewKind()
	if err != nil {
		return err
	}
	body, problems, err := decodeForm(all.Fields, v)
	if err != nil {
		return err
	}
	var answers soc1.InterviewAnswers
	b, err := json.Marshal(body)
	if err == nil {
		err = json.Unmarshal(b, &answers)
	}
	if err != nil {
		return badRequest("form", err)
	}
	p := &startPage{Problems: problems}
	if len(problems) == 0 {
		got, err := r.site.app.Advise(r.Context(), r.actor, answers, "", record.AsOf{}, 0)
		var wrong *app.AnswersError
		switch {
		case errors.As(err, &wrong):
			for _, x := range wrong.Problems {
				if problems[x.Field] == "" {
					problems[x.Field] = strings.TrimSpace(x.Message + " " + x.Remedy)
				}
			}
		case err != nil:
			return err
		default:
			p.Advice = r.startAdvice(got, answers)
		}
	}
	if len(problems) > 0 {
		label := answerLabels(answers)
		for _, path := range slices.Sorted(maps.Keys(problems)) {
			p.Wrong = append(p.Wrong, ui.Link{Text: label(path), Href: answerAnchor(path)})
		}
		p.Problem = fmt.Sprintf("%s to be put right before anything follows.", count(len(problems), "answer")+isAre(len(problems)))
		return r.startWith(http.StatusUnprocessableEntity, p, body)
	}
	if keep {
		_, err := r.site.app.RecordInterview(r.Context(), r.actor, answers)
		var denied *identity.DeniedError
		switch {
		case err == nil:
			return r.redirect(r.site.base + "/start")
		case errors.As(err, &denied), app.IsInternal(err):
			return err
		}
		p.Problem = refusal(err)
		return r.startWith(http.StatusUnprocessableEntity, p, body)
	}
	return r.startWith(http.StatusOK, p, body)
}

func isAre(n int) string {
	if n == 1 {
		return " is"
	}
	return " are"
}

// startAdvice lays a recommendation out.
func (r *request) startAdvice(got *app.Advised, answers soc1.InterviewAnswers) *startAdvice {
	a := &startAdvice{Outcome: got.InterviewOutcome, Services: got.Services, AsOf: got.AsOf, Own: got.Own, label: answerLabels(answers)}
	for _, s := range got.Shared {
		x := startShared{ID: s.ID}
		for i, code := range s.Objectives {
			l := ui.Link{Text: code}
			if i < len(s.Refs) {
				l.Href = r.recordURL(s.Refs[i].Kind, s.Refs[i].ID)
			}
			x.Objectives = append(x.Objectives, l)
		}
		a.Shared = append(a.Shared, x)
	}
	for i := range got.Proposals {
		if i == mostPeriods {
			a.More = len(got.Proposals) - i
			break
		}
		anchor := fmt.Sprintf("period-%d", i)
		a.Periods = append(a.Periods, startPeriod{Proposal: got.Proposals[i], Anchor: anchor, Picture: coveragePicture(&got.Proposals[i], got.Question.Prior, anchor)})
	}
	if got.Type != soc1.AdviseNone && len(got.Proposals) == 0 {
		a.Nobody = r.url("/r/user_entity/new")
	}
	if v, err := r.records(); err == nil {
		all, _ := record.All[soc1.Engagement](r.Context(), v, "engagement")
		for _, e := range all {
			a.Engagements = append(a.Engagements, option{Value: e.ID, Text: e.Value.Title})
		}
	}
	return a
}

// answerLabels names answers as the page asks them.
func answerLabels(answers soc1.InterviewAnswers) func(path string) string {
	_, all, service, err := interviewKind()
	return func(path string) string {
		var n int
		var field string
		if err == nil {
			if c, e := fmt.Sscanf(path, "services[%d].%s", &n, &field); c == 2 && e == nil && n < len(answers.Services) {
				for _, f := range service.Fields {
					if f.Name == field {
						return answers.Services[n].Name + ": " + lowerFirst(f.Label)
					}
				}
			}
			for _, f := range all.Fields {
				if f.Name == path {
					return lowerFirst(f.Label)
				}
			}
		}
		return path
	}
}

// answerAnchor is the field of an answer on the page.
func answerAnchor(path string) string {
	return "#" + strings.NewReplacer("[", ".", "]", "").Replace(path)
}

// coveragePicture draws what a period means for fiscal years.
func coveragePicture(p *scoping.Proposal, prior scoping.Window, id string) chart.HTML {
	first, last := p.From, p.To
	for _, c := range p.Coverage {
		first, last = min(first, c.From), max(last, c.To)
	}
	first = soc1.NewDate(first.Year(), first.Month(), 1)
	at := func(d soc1.Date) int { return first.DaysUntil(d) }
	c := chart.Coverage{ID: id, Title: "Fiscal years and the period", Days: at(last) + 1, From: at(p.From), To: at(p.To), Label: spanText(p.From, p.To),
		Columns: []string{"Year-end", "Fiscal year", "Within the period", "Left to its end"}}
	for i, m := 0, first; m <= last; i, m = i+1, m.AddMonths(1) {
		k := chart.Tick{Day: at(m)}
		if i%3 == 0 {
			k.Label = fmt.Sprintf("%s %02d", monthShort(m), m.Year()%100)
		}
		c.Ticks = append(c.Ticks, k)
	}
	for _, x := range p.Coverage {
		row := chart.CoverageRow{Label: fmt.Sprintf("%s (%d)", x.End.Label(), x.Entities),
			Cells: []string{spanText(x.From, x.To), fmt.Sprintf("%d of %d days", x.Days, x.Of), "nothing"}}
		switch x.Bridge {
		case scoping.NoBridge:
			row.Note = "reaches the year-end"
		case scoping.BridgeLetter:
			row.Note = "bridge letter, " + gapMonths(x.GapMonths)
			row.Cells[2] = gapMonths(x.GapMonths) + ", by bridge letter"
		default:
			row.Note = gapMonths(x.GapMonths) + " open"
			row.Cells[2] = gapMonths(x.GapMonths) + ", too long for a letter"
		}
		if x.Prior > 0 {
			row.Cells[1] += fmt.Sprintf(", %d in the report before", x.Prior)
			row.Stretches = append(row.Stretches, chart.Stretch{From: at(max(x.From, prior.From)), To: at(min(x.To, prior.To, p.From.AddDays(-1))), Tone: chart.Info})
		}
		if open := min(x.To, p.From.AddDays(-1)); x.Days+x.Prior < x.Of && x.From <= open && x.Prior == 0 {
			row.Stretches = append(row.Stretches, chart.Stretch{From: at(x.From), To: at(open), Tone: chart.Mute, Hollow: true})
		}
		row.Stretches = append(row.Stretches, chart.Stretch{From: at(max(x.From, p.From)), To: at(min(x.To, p.To)), Tone: chart.OK})
		if x.To > p.To {
			tone := chart.Warn
			if x.Bridge == scoping.TooLong {
				tone = chart.Bad
			}
			row.Stretches = append(row.Stretches, chart.Stretch{From: at(max(x.From, p.To.AddDays(1))), To: at(x.To), Tone: tone, Hollow: true})
		}
		c.Rows = append(c.Rows, row)
	}
	return c.Figure()
}

func gapMonths(n int) string { return count(n, "month") }

// useProposal records the dates of a proposal in an engagement.
func (r *request) useProposal() error {
	v, err := r.formValues()
	if err != nil {
		return err
	}
	d := app.PeriodDraft{Engagement: v.Get("engagement"), Title: strings.TrimSpace(v.Get("title")), Type: soc1.Type2, Reason: "Proposed from the year-ends of user entities."}
	if v.Get("as_of") != "" {
		d.Type, d.Reason = soc1.Type1, "A Type I report first, as the interview recommends."
	}
	for _, x := range []struct {
		name string
		to   *soc1.Date
	}{{"as_of", &d.AsOf}, {"from", &d.From}, {"to", &d.To}} {
		if v.Get(x.name) == "" {
			continue
		}
		if *x.to, err = soc1.ParseDate(v.Get(x.name)); err != nil {
			return badRequest(x.name, err)
		}
	}
	if d.Engagement == "" {
		if d.Title == "" {
			return badRequest("title", errors.New("name the new engagement, or choose one that exists"))
		}
		if d.Engagement = app.IDFrom(d.Title); d.Engagement == "" {
			d.Engagement = "engagement-" + newReference()
		}
		view, err := r.records()
		if err != nil {
			return err
		}
		if _, err := view.Get(r.Context(), "engagement", d.Engagement); err == nil {
			return badRequest("title", fmt.Errorf("there is an engagement %q already; choose it, or give another title", d.Engagement))
		}
	} else {
		d.Title = ""
	}
	err = r.site.app.DraftEngagement(r.Context(), r.actor, d)
	var denied *identity.DeniedError
	if err != nil && (errors.As(err, &denied) || app.IsInternal(err)) {
		return err
	}
	if err != nil {
		return badRequest("engagement", err)
	}
	return r.redirect(r.site.base + "/r/engagement/" + url.PathEscape(d.Engagement))
}
