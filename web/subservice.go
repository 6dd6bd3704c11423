package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"reperform/app"
	"reperform/intake"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// subservicePage is where all subservice organizations stand.
type subservicePage struct {
	f    *ui.Frame
	Sums []string
	// For names the report whose period is to be covered; empty without one.
	For, Period string
	Rows        []subserviceRow
	// Others are organizations that the report does not list.
	Others   []otherOrganization
	Upload   *reportUpload
	Register string
	Reports  string
	New      string
}

type otherOrganization struct {
	ID, Name, Href, Method string
	Papers                 []ui.Link
}

type subserviceRow struct {
	*intake.Line
	Href   string
	Owner  ui.Person
	Strip  []stripMonth
	Runs   []stripRun
	Says   string
	Papers []reportRow
	Notes  string
	Todo   []subserviceMatter
	Next   ui.Link
}

// stripMonth is a month of a strip of coverage.
type stripMonth struct{ Letter, Name, Class, Sign, Words string }

// stripRun are months next to each other that are covered alike.
type stripRun struct {
	Class, Sign, When, Words string
	N                        int
}

type reportRow struct {
	*intake.Report
	Href, When, Said string
	State            ui.Status
	Letters          []string
}

type subserviceMatter struct{ Text, Href, Icon string }

// reportUpload is the form in which a report is taken in.
type reportUpload struct {
	To, ID, Chosen, Problem, At string
	Organizations               []option
}

var obtainedStates = map[intake.State]ui.Status{
	intake.Waiting: {Text: "To be confirmed", Class: "warn", Icon: "circle-dashed"}, intake.Changed: {Text: "Changed since confirmed", Class: "warn", Icon: "pencil"},
	intake.Confirmed: {Text: "Confirmed", Class: "ok", Icon: "circle-check"},
}

// monthSigns are shape and word of each state: colour is never the only difference.
var monthSigns = map[intake.MonthState][3]string{
	intake.MonthReport: {"report", "●", "within a report"}, intake.MonthBridge: {"letter", "◐", "by bridge letter"}, intake.MonthGap: {"gap", "○", "open"}, intake.MonthAhead: {"ahead", "◌", "still to come"},
}

var matterIcons = map[intake.MatterKind]string{
	intake.MatterMissing: "circle-alert", intake.MatterToConfirm: "circle-dashed", intake.MatterGap: "calendar-clock", intake.MatterOpinion: "scale",
	intake.MatterException: "triangle-alert", intake.MatterCUEC: "link-2", intake.MatterNoted: "info",
}

// withheldSubservice is what whoever reads a part of the ledger is told.
const withheldSubservice = withheld("Where subservice organizations stand follows from all of the records, and you read a part of them. Ask an administrator for a role that reads all.")

func (r *request) subserviceNow() (*intake.Register, error) {
	if r.partly() {
		return nil, withheldSubservice
	}
	return r.site.app.Subservice(r.Context(), r.actor, app.SubserviceOptions{AsOf: r.asOf})
}

// reportHref is the page of a report, organizationHref the place of an organization.
func (r *request) reportHref(id string) string { return r.url("/subservice/%s", url.PathEscape(id)) }
func (r *request) organizationHref(id string) string {
	return r.url("/subservice") + "#sub-" + url.PathEscape(id)
}

// subserviceHref is where what is open about a record is put right.
func (r *request) subserviceHref(kind, id, field string) string {
	if kind != "subservice_report" {
		return r.organizationHref(id)
	}
	at := r.reportHref(id)
	switch field {
	case "":
	case "period_to":
		// What reaches further is a letter.
		at = r.url("/subservice/%s?add=letter", url.PathEscape(id)) + "#at-bridge_letters"
	case "review":
		at += "#confirm"
	default:
		at += "#at-" + strings.NewReplacer("[", ".", "]", "").Replace(field)
	}
	return at
}

// listSubservice shows where all subservice organizations stand.
func (r *request) listSubservice() error {
	return r.subserviceAgain(http.StatusOK, nil)
}

func (r *request) subserviceAgain(status int, up *reportUpload) error {
	reg, err := r.subserviceNow()
	if err != nil {
		return err
	}
	p := &subservicePage{Register: r.url("/r/subservice_organization"), Reports: r.url("/r/subservice_report"), Upload: up}
	if e := reg.Engagement; e.ID != "" {
		p.For = e.Value.Title
		if reg.From != "" && reg.To != "" {
			p.Period = dateText(string(reg.From)) + " to " + dateText(string(reg.To))
		}
	}
	wait, gaps, todo := 0, 0, 0
	for i := range reg.Lines {
		l := &reg.Lines[i]
		p.Rows = append(p.Rows, r.subserviceRow(l))
		gaps += l.Gaps
		todo += len(l.Open)
		for j := range l.Reports {
			if !l.Reports[j].Counts() {
				wait++
			}
		}
	}
	if err := r.otherOrganizations(p, reg); err != nil {
		return err
	}
	p.Sums = []string{count(len(reg.Lines), "subservice organization")}
	if wait > 0 {
		p.Sums = append(p.Sums, count(wait, "report")+" to confirm")
	}
	if gaps > 0 {
		p.Sums = append(p.Sums, count(gaps, "month")+" open")
	}
	if todo == 0 && len(reg.Lines) > 0 {
		p.Sums = append(p.Sums, "nothing is open")
	}
	if !r.past.On() && r.site.app.MayPut(r.Context(), r.actor, app.OrganizationLedger, "subservice_report", "") == nil && len(reg.Lines)+len(p.Others) > 0 {
		if p.Upload == nil {
			p.Upload = &reportUpload{ID: newReportID()}
		}
		p.Upload.To = r.url("/subservice")
		if p.Upload.Chosen == "" {
			p.Upload.Chosen = r.URL.Query().Get("for")
		}
		for i := range reg.Lines {
			l := &reg.Lines[i]
			p.Upload.Organizations = append(p.Upload.Organizations, option{Value: l.ID, Text: l.Value.Name, On: p.Upload.Chosen == l.ID})
		}
		for _, o := range p.Others {
			p.Upload.Organizations = append(p.Upload.Organizations, option{Value: o.ID, Text: o.Name, On: p.Upload.Chosen == o.ID})
		}
	}
	p.New = r.newHref("subservice_organization")
	if r.past.On() {
		p.New = ""
	}
	if p.f, err = r.frame("Subservice organizations", nil); err != nil {
		return err
	}
	p.f.Here = r.url("/subservice")
	if status != http.StatusOK {
		p.f.Self = r.url("/subservice")
	}
	return r.write(status, ui.Page(p.f, noActions(), subserviceBody(p)))
}

// otherOrganizations are those that the report under way does not list, with their
// reports.
func (r *request) otherOrganizations(p *subservicePage, reg *intake.Register) error {
	v, err := r.records()
	if err != nil {
		return err
	}
	all, err := record.All[soc1.SubserviceOrganization](r.Context(), v, "subservice_organization")
	if err != nil {
		return err
	}
	reports, err := record.All[soc1.ObtainedReport](r.Context(), v, "subservice_report")
	if err != nil {
		return err
	}
	for _, o := range all {
		if reg.Line(o.ID) != nil {
			continue
		}
		x := otherOrganization{ID: o.ID, Name: o.Value.Name, Href: r.recordURL("subservice_organization", o.ID), Method: o.Value.Method.Label()}
		for _, one := range reports {
			if one.Value.SubserviceOrganization == o.ID {
				x.Papers = append(x.Papers, ui.Link{Text: one.Value.Title, Href: r.reportHref(one.ID)})
			}
		}
		p.Others = append(p.Others, x)
	}
	return nil
}

func (r *request) subserviceRow(l *intake.Line) subserviceRow {
	x := subserviceRow{Line: l, Href: r.recordURL("subservice_organization", l.ID)}
	if l.Value.Owner != "" {
		x.Owner = r.headings().person(l.Value.Owner)
	}
	x.Strip, x.Runs = stripOf(l.Months)
	var sums []string
	for _, s := range []struct {
		n    int
		what string
	}{{l.Covered, "within a report"}, {l.Bridged, "by bridge letter"}, {l.Gaps, "open"}, {l.Ahead, "still to come"}} {
		if s.n > 0 {
			sums = append(sums, fmt.Sprintf("%s %s", count(s.n, "month"), s.what))
		}
	}
	x.Says = strings.Join(sums, ", ")
	for i := range l.Reports {
		x.Papers = append(x.Papers, r.reportRow(&l.Reports[i]))
	}
	if l.LatestOf == nil && l.Latest.PeriodTo.Valid() {
		x.Notes = "Noted in its record: " + l.Latest.Title
		if l.Latest.PeriodFrom.Valid() {
			x.Notes += fmt.Sprintf(", %s to %s", dateText(string(l.Latest.PeriodFrom)), dateText(string(l.Latest.PeriodTo)))
		}
		if l.Latest.BridgeLetterTo.Valid() {
			x.Notes += "; bridge letter to " + dateText(string(l.Latest.BridgeLetterTo))
		}
		x.Notes += "."
	}
	for _, m := range l.Open {
		x.Todo = append(x.Todo, subserviceMatter{m.Text, r.matterHref(l, m), matterIcons[m.Kind]})
	}
	if len(l.Open) > 0 && !r.past.On() {
		x.Next = r.nextStep(l, l.Open[0])
	}
	return x
}

// matterHref is where something open is put right.
func (r *request) matterHref(l *intake.Line, m intake.Matter) string {
	if m.Kind == intake.MatterGap && l.LatestOf != nil {
		return r.url("/subservice/%s?add=letter", url.PathEscape(l.LatestOf.ID)) + "#at-bridge_letters"
	}
	if m.Ref.Kind == "subservice_report" {
		return r.subserviceHref(m.Ref.Kind, m.Ref.ID, m.Field)
	}
	return r.url("/subservice?for=%s", url.QueryEscape(l.ID)) + "#take-in"
}

// nextStep names what comes next of an organization.
func (r *request) nextStep(l *intake.Line, m intake.Matter) ui.Link {
	text := map[intake.MatterKind]string{
		intake.MatterMissing: "Take in its report", intake.MatterToConfirm: "Read and confirm", intake.MatterGap: "Add a bridge letter", intake.MatterOpinion: "See the opinion",
		intake.MatterException: "Answer the exception", intake.MatterCUEC: "Map the control expected of us", intake.MatterNoted: "Take in its report",
	}[m.Kind]
	if m.Kind == intake.MatterGap && l.LatestOf == nil {
		text = "Take in a newer report"
	}
	return ui.Link{Text: text, Href: r.matterHref(l, m)}
}

func stripOf(months []intake.Month) ([]stripMonth, []stripRun) {
	var strip []stripMonth
	var runs []stripRun
	for i, m := range months {
		s := monthSigns[m.State]
		name := coverMonth(m.From)
		strip = append(strip, stripMonth{Letter: name[:3], Name: name, Class: s[0], Sign: s[1], Words: s[2]})
		if i > 0 && months[i-1].State == m.State {
			run := &runs[len(runs)-1]
			run.N++
			first, _, _ := strings.Cut(run.When, " to ")
			run.When = first + " to " + name
			continue
		}
		runs = append(runs, stripRun{Class: s[0], Sign: s[1], When: name, Words: s[2], N: 1})
	}
	for i := range runs {
		// The year is said once where both ends are in it.
		if a, b, ok := strings.Cut(runs[i].When, " to "); ok && a[len(a)-5:] == b[len(b)-5:] {
			runs[i].When = a[:len(a)-5] + " to " + b
		}
	}
	return strip, runs
}

func coverMonth(d soc1.Date) string {
	word, _, _ := strings.Cut(d.Long(), " ")
	return fmt.Sprintf("%s %d", word, d.Year())
}

func daysOfReport(v soc1.ObtainedReport) string {
	switch {
	case v.PeriodFrom != "" && v.PeriodTo != "":
		return dateText(string(v.PeriodFrom)) + " to " + dateText(string(v.PeriodTo))
	case v.PeriodTo != "":
		return "to " + dateText(string(v.PeriodTo))
	case v.AsOf != "":
		return "as of " + dateText(string(v.AsOf))
	}
	return "period not entered"
}

func (r *request) reportRow(x *intake.Report) reportRow {
	out := reportRow{Report: x, Href: r.reportHref(x.ID), When: daysOfReport(x.Value), State: obtainedStates[x.State]}
	if c := x.Confirmation; c != nil && x.Counts() {
		out.Said = "by " + r.headings().person(c.Value.By).Name + ", " + dateText(string(c.Value.On))
	}
	for _, b := range x.Value.BridgeLetters {
		out.Letters = append(out.Letters, "Bridge letter, "+dateText(string(b.From))+" to "+dateText(string(b.To)))
	}
	return out
}

// readReports keeps what PDFs propose for a while: it follows from their bytes alone. One
// is read at a time, because a hostile one may take all that it is allowed.
type readReports struct {
	once    sync.Once
	reading chan struct{}
	mu      sync.Mutex
	kept    []readReport
}

// turn waits until nobody else has a PDF read; the function that it returns ends it.
func (k *readReports) turn(ctx context.Context) (func(), error) {
	k.once.Do(func() { k.reading = make(chan struct{}, 1) })
	select {
	case k.reading <- struct{}{}:
		return func() { <-k.reading }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type readReport struct {
	sha256    string
	proposals *intake.Proposals
	unread    string
}

// mostRead is how many are kept.
const mostRead = 16

func (k *readReports) find(sha256 string) (readReport, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, x := range k.kept {
		if x.sha256 == sha256 {
			return x, true
		}
	}
	return readReport{}, false
}

// of reads a file, or knows what it proposed before. Why a file proposes nothing is an
// answer, too.
func (k *readReports) of(ctx context.Context, f soc1.File, read func(context.Context, soc1.File) (*intake.Proposals, error)) (readReport, error) {
	if x, ok := k.find(f.SHA256); ok {
		return x, nil
	}
	end, err := k.turn(ctx)
	if err != nil {
		return readReport{}, err
	}
	defer end()
	if x, ok := k.find(f.SHA256); ok {
		return x, nil
	}
	x := readReport{sha256: f.SHA256}
	var none *app.FieldError
	switch x.proposals, err = read(ctx, f); {
	case ctx.Err() != nil:
		// Whoever asked went away; that says nothing of the file.
		return x, ctx.Err()
	case errors.As(err, &none):
		x.unread = none.Text
	case err != nil:
		return x, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept = append(k.kept, x); len(k.kept) > mostRead {
		k.kept = slices.Delete(k.kept, 0, 1)
	}
	return x, nil
}

// pdfOf is the file of a report that is read: the first PDF among its files.
func pdfOf(v soc1.ObtainedReport) (soc1.File, bool) {
	for _, f := range v.Files {
		if f.MediaType == "application/pdf" {
			return f, true
		}
	}
	if len(v.Files) > 0 {
		return v.Files[0], true
	}
	return soc1.File{}, false
}

// subserviceByHand leads from a record to the page on which the work with it is done.
func (r *request) subserviceByHand(kind, id string) ui.Link {
	switch kind {
	case "subservice_organization":
		return ui.Link{Text: "Coverage and reports", Href: r.organizationHref(id)}
	case "subservice_report":
		return ui.Link{Text: "Read and confirm", Href: r.reportHref(id)}
	}
	v, err := r.records()
	if err != nil {
		return ui.Link{}
	}
	c, err := record.One[soc1.SubserviceConfirmation](r.Context(), v, "subservice_confirmation", id)
	if err != nil {
		return ui.Link{}
	}
	return ui.Link{Text: "The report", Href: r.reportHref(c.Value.Report)}
}
