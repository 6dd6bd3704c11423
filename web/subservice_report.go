package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/intake"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// subserviceReportPage is one report: what it says, each fact beside its passage, and
// what that means here.
type subserviceReportPage struct {
	f      *ui.Frame
	Line   *intake.Line
	Report *intake.Report
	State  ui.Status
	Said   string
	Who    ui.Person
	// Facts are the fields that the report itself answers, in the order of a report.
	Facts      []reportFact
	Exceptions []reportMember
	Expected   []reportMember
	Letters    []reportMember
	// Leftover are passages that are not in the record.
	Leftover []intake.Proposal
	// Unread says why the PDF proposes nothing; Read that it was read.
	Unread string
	Read   bool
	Cut    string
	Doubts []string
	// PDF is where the file is shown, empty without one that can be.
	PDF, File, FileName string
	// Action is where the form goes; empty for whoever may not change the record.
	Action     string
	MayConfirm bool
	// Add is what somebody came to add.
	Add string
	// Closed says that the facts stand confirmed, and are folded away.
	Closed     bool
	Revision   int64
	Conclusion string
	Problem    string
	Problems   map[string]string
	Record     string
}

// reportFact are fields that stand in one row, with the passages that propose them.
type reportFact struct {
	Inputs   []input
	Passages []shownPassage
	// Pair says that the fields are short and stand beside each other; Ours, that the
	// report does not answer them.
	Pair, Ours bool
}

// reportRows are the fields that stand in one row.
var reportRows = [][]string{{"title"}, {"report_kind"}, {"auditor"}, {"period_from", "period_to"}, {"as_of"}, {"dated"}, {"opinion", "opinion_words"}, {"scope"}, {"carved_out"}, {"received_on"}}

var reportHints = map[string]string{"title": "How it is called here.", "received_on": "The day we got it; the report does not say.", "as_of": "Of a Type I report alone."}

// reportMember is an exception, a control expected of us or a letter.
type reportMember struct {
	Name, Title string
	// Says are the parts that the report answers, Means those that the organization does.
	Says, Means []input
	Passage     *shownPassage
	New         bool
	State       ui.Status
	Anchor      string
	// Letter is the file that is recorded with a letter, Sent one that the form names.
	Letter ui.Link
	Sent   sentFile
	// TakesFile says that it may be given one.
	TakesFile bool
}

// shownPassage is where something was found.
type shownPassage struct {
	Page   int
	Href   string
	Pieces []intake.Piece
	// Proposed is what it proposes where the field says something else.
	Proposed string
}

// showReport shows one report.
func (r *request) showReport() error { return r.reportAgain(http.StatusOK, nil) }

// typedReport is what a form held that is shown again.
type typedReport struct {
	body       map[string]any
	revision   int64
	conclusion string
	problem    string
	problems   map[string]string
}

func (r *request) reportNow(id string) (*intake.Line, *intake.Report, error) {
	reg, err := r.subserviceNow()
	if err != nil {
		return nil, nil, err
	}
	l, x := reg.Report(id)
	if x != nil {
		return l, x, nil
	}
	// An organization that the report under way does not list has reports, too.
	v, err := r.records()
	if err != nil {
		return nil, nil, err
	}
	one, err := record.One[soc1.ObtainedReport](r.Context(), v, "subservice_report", id)
	if err != nil {
		return nil, nil, err
	}
	o, err := record.One[soc1.SubserviceOrganization](r.Context(), v, "subservice_organization", one.Value.SubserviceOrganization)
	if err != nil {
		return nil, nil, err
	}
	confirmations, err := record.All[soc1.SubserviceConfirmation](r.Context(), v, "subservice_confirmation")
	if err != nil {
		return nil, nil, err
	}
	reg = intake.Of(&intake.Facts{Today: reg.Today, Organizations: []record.Typed[soc1.SubserviceOrganization]{o}, Reports: []record.Typed[soc1.ObtainedReport]{one}, Confirmations: confirmations})
	if l, x = reg.Report(id); x == nil {
		return nil, nil, fmt.Errorf("report %s: %w", id, record.ErrNotFound)
	}
	return l, x, nil
}

func (r *request) reportAgain(status int, typed *typedReport) error {
	l, x, err := r.reportNow(r.PathValue("id"))
	if err != nil {
		return err
	}
	k, err := record.Kinds.Kind("subservice_report")
	if err != nil {
		return err
	}
	p := &subserviceReportPage{Line: l, Report: x, State: obtainedStates[x.State], Revision: x.Revision, Record: r.recordURL("subservice_report", x.ID), Problems: map[string]string{}}
	if c := x.Confirmation; c != nil {
		p.Who, p.Said, p.Conclusion = r.headings().person(c.Value.By), dateText(string(c.Value.On)), c.Value.Conclusion
		p.Closed = x.Counts()
	}
	values := x.Value
	b, err := json.Marshal(values)
	if err != nil {
		return err
	}
	if typed != nil {
		p.Revision, p.Conclusion, p.Problem, p.Problems, p.Closed = typed.revision, typed.conclusion, typed.problem, typed.problems, false
		if b, err = json.Marshal(typed.body); err != nil {
			return err
		}
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	if !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "subservice_report", x.ID) == nil {
		p.Action = r.reportHref(x.ID)
		p.MayConfirm = r.site.app.MayConfirmSubserviceReport(r.Context(), r.actor, l.Value.Owner) == nil
	}
	if r.URL.Query().Get("add") == "letter" {
		p.Add = "Letter"
	}
	found := &intake.Proposals{}
	if f, ok := pdfOf(x.Value); ok {
		at := r.recordURL("subservice_report", x.ID) + "/files/" + url.PathEscape(f.SHA256)
		p.File, p.FileName = at, f.Name
		if previewOf(f) == "pdf" {
			p.PDF = at + "/raw/" + url.PathEscape(f.Name)
		}
		read, err := r.site.reports.of(r.Context(), f, r.readReport)
		if err != nil {
			return err
		}
		p.Unread, p.Read = read.unread, read.proposals != nil
		if read.proposals != nil {
			found, p.Doubts = read.proposals, read.proposals.Doubts
			if found.Cut {
				p.Cut = fmt.Sprintf("The report has %s, and not all of them were read.", count(found.Pages, "page"))
			}
		}
	} else if !x.Counts() {
		p.Unread = "No file was taken in with this report. Enter by hand what it says."
	}
	p.fill(r.inputs(reportFields(k), raw, "", p.Problems), found)
	if typed != nil {
		r.sentLetters(p, typed.body)
	}
	if p.f, err = r.frame(clipped(x.Value.Title, 90), []ui.Link{{Text: "Subservice organizations", Href: r.url("/subservice")}}); err != nil {
		return err
	}
	p.f.Here = r.url("/subservice")
	if typed != nil {
		p.f.Self = r.reportHref(x.ID)
	}
	return r.write(status, ui.Page(p.f, noActions(), subserviceReportBody(p)))
}

// sentLetters names the files that came with a form that has to be corrected.
func (r *request) sentLetters(p *subserviceReportPage, body map[string]any) {
	letters, _ := body["bridge_letters"].([]any)
	for i, x := range letters {
		m, _ := x.(map[string]any)
		f, ok := m["file"].(soc1.File)
		if !ok || i >= len(p.Letters) {
			continue
		}
		if p.Letters[i].Letter.Text != f.Name {
			p.Letters[i].Letter = ui.Link{}
		}
		for _, s := range r.sentAgain([]soc1.File{f}) {
			p.Letters[i].Sent = s
		}
	}
}

// reportFields are those of the form: files and who reads it are kept elsewhere.
func reportFields(k *record.Kind) []record.Field {
	var out []record.Field
	for _, f := range formFields(k) {
		if f.Name == "subservice_organization" || f.Name == "owner" || f.Name == "files" {
			continue
		}
		if f.Name == "bridge_letters" {
			f.Fields = slices.DeleteFunc(slices.Clone(f.Fields), func(x record.Field) bool { return x.Name == "file" })
		}
		out = append(out, f)
	}
	return out
}

// fill puts the fields beside the passages that propose them.
func (p *subserviceReportPage) fill(inputs []input, found *intake.Proposals) {
	passage := func(x intake.Proposal, now, shown string) shownPassage {
		s := shownPassage{Page: x.Page, Pieces: x.Pieces()}
		if p.PDF != "" {
			s.Href = fmt.Sprintf("%s#page=%d", p.PDF, x.Page)
		}
		if now != x.Value {
			s.Proposed = shown
		}
		return s
	}
	one := map[string]*intake.Proposal{"report_kind": found.Kind, "auditor": found.Auditor, "period_from": found.PeriodFrom, "period_to": found.PeriodTo, "as_of": found.AsOf, "dated": found.Dated, "opinion": found.Opinion, "scope": found.Scope}
	byName := map[string]input{}
	for _, in := range inputs {
		byName[in.Field.Name] = in
	}
	left := make([]intake.Proposal, len(found.Exceptions))
	for i, x := range found.Exceptions {
		left[i] = x.Proposal
	}
	p.Exceptions = p.members(byName["exceptions"], []string{"control", "deviation", "page"}, "deviation", left, passage)
	p.Expected = p.members(byName["user_entity_controls"], []string{"code", "text"}, "text", found.UserEntityControls, passage)
	p.Letters = p.members(byName["bridge_letters"], []string{"from", "to", "dated", "changes"}, "", nil, passage)
	for _, names := range reportRows {
		fact := reportFact{Pair: names[0] == "period_from", Ours: names[0] == "title" || names[0] == "received_on" || names[0] == "as_of"}
		var proposed []intake.Proposal
		var now []string
		for _, name := range names {
			in := byName[name]
			fact.Inputs = append(fact.Inputs, in)
			if x := one[name]; x != nil {
				said := ""
				if in.Value != x.Value {
					said = labelOf(in, x.Value)
				}
				// Two days of one sentence are marked in it together.
				if n := len(proposed); n > 0 && proposed[n-1].Passage == x.Passage && proposed[n-1].Page == x.Page {
					proposed[n-1].Words = append(slices.Clone(proposed[n-1].Words), x.Words...)
					now[n-1] = strings.TrimPrefix(now[n-1]+" … "+said, " … ")
					now[n-1] = strings.TrimSuffix(now[n-1], " … ")
					continue
				}
				proposed, now = append(proposed, *x), append(now, said)
			}
		}
		for i, x := range proposed {
			s := passage(x, x.Value, "")
			s.Proposed = now[i]
			fact.Passages = append(fact.Passages, s)
		}
		if names[0] == "carved_out" {
			for _, x := range found.CarvedOut {
				said := x.Value
				if !slices.Contains(lines(byName["carved_out"].Value), x.Value) {
					said = ""
				}
				fact.Passages = append(fact.Passages, passage(x, said, x.Value))
			}
		}
		p.Facts = append(p.Facts, fact)
	}
	answered := func(m *reportMember, ok bool, yes, no string) {
		m.State = ui.Status{Text: no, Class: "warn", Icon: "circle-dashed"}
		if ok {
			m.State = ui.Status{Text: yes, Class: "ok", Icon: "circle-check"}
		}
	}
	v := p.Report.Value
	for i := range p.Letters {
		m := &p.Letters[i]
		if m.TakesFile = true; i < len(v.BridgeLetters) && v.BridgeLetters[i].File.SHA256 != "" {
			f := v.BridgeLetters[i].File
			m.Letter = ui.Link{Text: f.Name, Href: p.Record + "/files/" + url.PathEscape(f.SHA256)}
		}
	}
	for i := range p.Exceptions {
		if m := &p.Exceptions[i]; !m.New && i < len(v.Exceptions) {
			answered(m, v.Exceptions[i].Answered(), "Answered", "Not answered")
		}
	}
	for i := range p.Expected {
		if m := &p.Expected[i]; !m.New && i < len(v.UserEntityControls) {
			c := v.UserEntityControls[i]
			answered(m, len(c.Controls) > 0 || strings.TrimSpace(c.NotApplicable) != "", "Mapped", "Open")
			if len(c.Controls) == 0 && strings.TrimSpace(c.NotApplicable) != "" {
				m.State.Text = "Does not apply"
			}
		}
	}
}

// labelOf is a value as a person reads it.
func labelOf(in input, value string) string {
	for _, o := range in.Options {
		if o.Value == value {
			return o.Text
		}
	}
	if soc1.Date(value).Valid() {
		return dateText(value)
	}
	return value
}

// members are the members of a list, each beside the passage whose words it has most of.
func (p *subserviceReportPage) members(in input, says []string, text string, left []intake.Proposal, passage func(intake.Proposal, string, string) shownPassage) []reportMember {
	left = slices.Clone(left)
	var out []reportMember
	texts := make([]string, len(in.Members))
	for i, parts := range in.Members {
		m := reportMember{Name: fmt.Sprintf("%s.%d", in.Name, i), Title: fmt.Sprint(i + 1), New: i == len(in.Members)-1}
		m.Anchor = "at-" + m.Name
		for _, x := range parts {
			if slices.Contains(says, x.Field.Name) {
				m.Says = append(m.Says, x)
			} else {
				m.Means = append(m.Means, x)
			}
			if x.Field.Name == text {
				texts[i] = x.Value
			}
		}
		out = append(out, m)
	}
	take := func(i, j int) {
		s := passage(left[j], strings.TrimSpace(texts[i]), left[j].Value)
		out[i].Passage = &s
		left = slices.Delete(left, j, j+1)
	}
	for i := range out {
		if j := slices.IndexFunc(left, func(x intake.Proposal) bool { return x.Value == strings.TrimSpace(texts[i]) }); j >= 0 && !out[i].New {
			take(i, j)
		}
	}
	for i := range out {
		if out[i].New || out[i].Passage != nil || texts[i] == "" {
			continue
		}
		best, most := -1, 0.5
		for j, x := range left {
			if s := sharedWords(texts[i], x.Value); s > most {
				best, most = j, s
			}
		}
		if best >= 0 {
			take(i, best)
		}
	}
	p.Leftover = append(p.Leftover, left...)
	return out
}

// sharedWords is which part of the words of the shorter text stands in the other.
func sharedWords(a, b string) float64 {
	x, y := strings.Fields(strings.ToLower(a)), strings.Fields(strings.ToLower(b))
	if len(x) > len(y) {
		x, y = y, x
	}
	n := 0
	for _, w := range x {
		if slices.Contains(y, w) {
			n++
		}
	}
	if len(x) == 0 {
		return 0
	}
	return float64(n) / float64(len(x))
}

// readReport reads a PDF as the person who asks.
func (r *request) readReport(ctx context.Context, f soc1.File) (*intake.Proposals, error) {
	return r.site.app.ReadSubserviceReport(ctx, r.actor, f)
}
