package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"reperform/app"
	"reperform/evaluation"
	"reperform/record"
	"reperform/soc1"
	"reperform/web/ui"
)

// paperPage is the working paper of a test.
type paperPage struct {
	f *ui.Frame
	*app.WorkingPaper
	// At is the page's own address, Back that of the list.
	At, Back string
	Code     string
	Control  ui.Link
	Sentence string
	Facts    []string
	State    ui.Status
	// Own says that it is management's own test.
	Own bool
	// Presence names the paper to others who look at it.
	Presence string
	Columns  []paperColumn
	Rows     []paperGridRow
	// Edit says that cells can be filled here.
	Edit bool
	// Data is what scripts need beside the table.
	Data any
	// Exceptions are listed below the grid.
	Exceptions []paperException
	Signatures []paperSignature
	Sign       []paperSign
	Refused    string
	// Decide is where exceptions are decided.
	Decide *paperDecision
	Blocks []string
	Flags  []evaluation.Flag
	Counts []paperCount
	Record string
	// RunText is what running the test does now; empty where it does nothing.
	RunText string
	Talk    *talk
	Exports []ui.Link
	// Adds says that an item is named by who looks at it.
	Adds bool
	// Population leads to what is tested; Attach and Derive to where it is frozen, while
	// it is not there.
	Population, Attach, Derive string
}

// paperColumn is an attribute at the head of the grid.
type paperColumn struct {
	Code, Text string
	// Computed says that its expression gives the outcome.
	Computed bool
	Href     string
}

// paperGridRow is an item with its cells.
type paperGridRow struct {
	N          int
	Key        string
	Stratum    string
	Cells      []paperCell
	Conclusion ui.Status
}

// paperCell is one field of the grid.
type paperCell struct {
	Attribute string
	// Outcome is empty for an open cell.
	Outcome  soc1.Outcome
	Revision int64
	// Auto says that an expression gave it, More that there is a note or evidence.
	Auto, More bool
}

// Text is what a cell says to whoever hears it.
func (c paperCell) Text() string {
	if c.Outcome == "" {
		return "Open"
	}
	return c.Outcome.Label()
}

type paperException struct {
	Link      ui.Link
	Attribute string
	Items     string
	Fact      string
	Status    ui.Status
	Reason    string
}

type paperSignature struct {
	As    string
	Who   ui.Person
	When  string
	State ui.Status
	// Since are what reopened the paper.
	Since []ui.Link
	More  int
}

// paperSign is a signature that can be given, or why not.
type paperSign struct {
	As   soc1.SignOffRole
	Text string
	Why  string
	// Done says that somebody has signed so already, and it holds.
	Done bool
}

type paperCount struct {
	Attribute, Text                       string
	Pass, Fail, NotApplicable, CannotTell string
}

// cellData is a result as scripts know it.
type cellData struct {
	Outcome     string     `json:"o"`
	Revision    int64      `json:"rev"`
	Note        string     `json:"note,omitempty"`
	Evidence    [][]string `json:"ev,omitempty"`
	Alternative string     `json:"alt,omitempty"`
	Reason      string     `json:"why,omitempty"`
	By          string     `json:"by,omitempty"`
	On          string     `json:"on,omitempty"`
	Auto        bool       `json:"auto,omitempty"`
	Href        string     `json:"href,omitempty"`
}

// computed tells whether an expression gave a result.
func computed(c *record.Typed[soc1.Result]) bool { return c.Value.Note == app.ComputedNote }

// cellsData are the results of a paper by item and attribute.
func (r *request) cellsData(w *app.WorkingPaper) map[string]map[string]cellData {
	out := map[string]map[string]cellData{}
	for i := range w.Items {
		it := &w.Items[i]
		row := map[string]cellData{}
		for j, c := range it.Cells {
			if c == nil {
				continue
			}
			row[w.Attributes[j].Value.Code] = r.cellData(c)
		}
		out[it.Key] = row
	}
	return out
}

func (r *request) cellData(c *record.Typed[soc1.Result]) cellData {
	v := c.Value
	d := cellData{Outcome: string(v.Outcome), Revision: c.Revision, Alternative: v.AlternativeProcedure, Reason: v.ChangeReason,
		By: r.headings().person(v.By).Name, On: dateText(string(v.TestedOn)), Auto: computed(c), Href: r.recordURL("result", c.ID)}
	if !d.Auto {
		d.Note = v.Note
	}
	for _, id := range v.Evidence {
		d.Evidence = append(d.Evidence, []string{id, r.headings().called("evidence", id), r.recordURL("evidence", id)})
	}
	return d
}

// paper shows the working paper of a test.
func (r *request) paper() error {
	refused := ""
	if w := r.worked(r.URL.Query().Get("ran")); w != nil {
		if _, err := w.result(); err != nil {
			refused = explain(err).Text
		}
	}
	return r.paperWith(http.StatusOK, refused)
}

func (r *request) paperWith(status int, refused string) error {
	return r.paperAgain(status, refused, nil, "")
}

// paperAgain shows the paper with a decision as it was typed, and why it was refused.
func (r *request) paperAgain(status int, refused string, typed url.Values, undecided string) error {
	if r.partly() {
		return withheld("A working paper follows from more than you read. Ask an administrator for a role that reads it.")
	}
	w, err := r.site.app.Paper(r.Context(), r.actor, r.ledger, r.PathValue("test"), r.asOf)
	if err != nil {
		return err
	}
	t := w.Test.Value
	p := &paperPage{WorkingPaper: w, At: r.paperURL(w.Test.ID), Back: r.url("%s/papers", r.at()), Code: t.Code, State: paperState(w.Paper), Facts: r.paperFacts(w),
		Own: r.ledger == app.OrganizationLedger, Record: r.recordURL("test_of_control", w.Test.ID), Refused: refused, Flags: w.Figures.Flags}
	if w.HasControl {
		p.Control = ui.Link{Text: w.Control.Value.Code, Href: r.url("/r/control/%s", url.PathEscape(w.Control.ID))}
		p.Sentence = w.Control.Value.Statement()
	}
	if !r.past.On() {
		p.Presence = spot{r.ledger, "test_of_control", w.Test.ID}.String()
		p.Edit = w.MayEnter && (t.Method == soc1.SampleMethod || t.Method == soc1.ObservationOnly)
	}
	for _, a := range w.Attributes {
		p.Columns = append(p.Columns, paperColumn{Code: a.Value.Code, Text: a.Value.Text, Computed: a.Value.Pass != "", Href: r.recordURL("attribute", a.ID)})
	}
	for i := range w.Items {
		p.Rows = append(p.Rows, gridRow(i, &w.Items[i], w.Attributes))
	}
	for _, f := range w.Figures.Blocks {
		p.Blocks = append(p.Blocks, f.Text)
	}
	p.exceptions(r)
	if err := p.decision(r, typed, undecided); err != nil {
		return err
	}
	p.signatures(r)
	p.counts()
	if !r.past.On() && w.MayRun {
		p.RunText = runText(w)
	}
	byPopulation := t.Method == soc1.SampleMethod || t.Method == soc1.Census || t.Population != ""
	switch {
	case w.HasPopulation:
		p.Population = r.populationURL(w.Population.ID)
	case byPopulation && !r.past.On() && w.MayRun:
		p.Attach, p.Derive = r.url("%s/populations/new?test=%s", r.at(), url.QueryEscape(w.Test.ID)), r.url("%s/populations/derive?test=%s", r.at(), url.QueryEscape(w.Test.ID))
	}
	if err := p.data(r); err != nil {
		return err
	}
	subject := soc1.Ref{Ledger: r.ledger, Kind: "test_of_control", ID: w.Test.ID}
	if p.Talk, err = r.talkOf(subject, p.At); err != nil {
		return err
	}
	p.Adds = p.Edit && t.Method == soc1.ObservationOnly && len(w.Attributes) > 0
	p.Exports = []ui.Link{{Text: "XLSX", Href: p.at("/xlsx")}, {Text: "CSV", Href: p.at("/csv")}}
	title := t.Code
	if p.Control.Text != "" {
		title += " · " + p.Control.Text
	}
	list := "Working papers"
	if p.Own {
		list = "Own tests"
	}
	if p.f, err = r.frame(title, []ui.Link{{Text: list, Href: r.at() + "/papers"}}); err != nil {
		return err
	}
	p.f.Here, p.f.Parts = r.at()+"/papers", []string{"paper.css", "paper.js"}
	switch r.URL.Query().Get("done") {
	case "signed":
		p.f.Toast = "Signed. What changes in the paper from now on reopens it."
	case "decided":
		p.f.Toast = "The decision is recorded in your name."
	}
	return r.write(status, ui.Page(p.f, paperActions(p), paperBody(p)))
}

// at is an address below the paper's own.
func (p *paperPage) at(path string) string {
	before, query, _ := strings.Cut(p.At, "?")
	if query != "" {
		query = "?" + query
	}
	return before + path + query
}

func gridRow(i int, it *evaluation.PaperItem, attributes []record.Typed[soc1.Attribute]) paperGridRow {
	row := paperGridRow{N: i + 1, Key: it.Key, Stratum: it.Stratum, Conclusion: itemState(it)}
	for j, c := range it.Cells {
		cell := paperCell{Attribute: attributes[j].Value.Code}
		if c != nil {
			cell.Outcome, cell.Revision, cell.Auto = c.Value.Outcome, c.Revision, computed(c)
			cell.More = !cell.Auto && (c.Value.Note != "" || len(c.Value.Evidence) > 0)
		}
		row.Cells = append(row.Cells, cell)
	}
	return row
}

// itemState is what the cells of an item come to.
func itemState(it *evaluation.PaperItem) ui.Status {
	for _, x := range it.Exceptions {
		if x.Value.Status == soc1.Confirmed {
			return ui.Status{Text: "Deviation", Class: "bad", Icon: "circle-alert"}
		}
	}
	none := len(it.Cells) > 0
	for _, c := range it.Cells {
		if c != nil && (c.Value.Outcome == soc1.Fail || c.Value.Outcome == soc1.CannotTell) {
			for _, x := range it.Exceptions {
				if x.Value.Status == soc1.Dismissed && x.Value.Attribute == c.Value.Attribute {
					return ui.Status{Text: "Dismissed", Class: "info", Icon: "circle-check"}
				}
			}
			return ui.Status{Text: "Exception", Class: "bad", Icon: "circle-alert"}
		}
		none = none && c != nil && c.Value.Outcome == soc1.NotApplicable
	}
	switch {
	case it.Open() > 0:
		return ui.Status{Text: "Not tested", Icon: "circle-dashed"}
	case none:
		return ui.Status{Text: "Does not count", Icon: "circle-dashed"}
	}
	return ui.Status{Text: "No exception", Class: "ok", Icon: "circle-check"}
}

var foundStates = map[soc1.ExceptionStatus]ui.Status{
	soc1.Open: {Text: "Undecided", Class: "warn", Icon: "circle-dot"}, soc1.Confirmed: {Text: "Confirmed", Class: "bad", Icon: "circle-alert"}, soc1.Dismissed: {Text: "Dismissed", Class: "info", Icon: "circle-check"}}

func (p *paperPage) exceptions(r *request) {
	for _, x := range p.WorkingPaper.Exceptions {
		e := paperException{Link: ui.Link{Text: "Attribute " + x.Value.Attribute, Href: r.recordURL("exception", x.ID)}, Attribute: x.Value.Attribute,
			Items: count(int(x.Value.Count()), "item"), Fact: x.Value.Fact, Status: foundStates[x.Value.Status], Reason: x.Value.Reason}
		if len(x.Value.ItemKeys) == 1 {
			e.Items = x.Value.ItemKeys[0]
		}
		p.Exceptions = append(p.Exceptions, e)
	}
}

// mostSince is how many records are named that reopened a paper.
const mostSince = 4

func (p *paperPage) signatures(r *request) {
	for i := range p.SignOffs {
		s := &p.SignOffs[i]
		x := paperSignature{As: s.Value.As.Label(), Who: r.headings().person(s.Value.By), When: momentText(string(s.Value.At), r.zone()), State: ui.Status{Text: "Holds", Class: "ok", Icon: "badge-check"}}
		if !s.Holds {
			x.State = ui.Status{Text: "Changed since", Class: "warn", Icon: "rotate-ccw"}
			for n, ref := range s.Since {
				if n == mostSince {
					x.More = len(s.Since) - n
					break
				}
				x.Since = append(x.Since, ui.Link{Text: r.sinceText(ref), Href: r.recordURL(ref.Kind, ref.ID)})
			}
		}
		p.Signatures = append(p.Signatures, x)
	}
	if r.past.On() {
		return
	}
	for _, as := range []soc1.SignOffRole{soc1.AsPreparer, soc1.AsReviewer} {
		text := "Sign as preparer"
		if as == soc1.AsReviewer {
			text = "Sign as reviewer"
		}
		p.Sign = append(p.Sign, paperSign{As: as, Text: text, Why: p.WhyNot[as], Done: p.Signed(as) != nil})
	}
}

// sinceText names a record that reopened a paper.
func (r *request) sinceText(ref soc1.Ref) string {
	if k, err := record.Kinds.Kind(ref.Kind); err == nil {
		if name := r.headings().called(ref.Kind, ref.ID); name != ref.ID && name != "" {
			return k.Title + " " + name
		}
		return k.Title + " " + clipped(ref.ID, 40)
	}
	return ref.ID
}

func (p *paperPage) counts() {
	for _, a := range p.Figures.Attributes {
		c := paperCount{Attribute: a.Code, Pass: thousands(int(a.Pass)), Fail: thousands(int(a.Fail)), NotApplicable: thousands(int(a.NotApplicable)), CannotTell: thousands(int(a.CannotTell))}
		if i := slices.IndexFunc(p.Columns, func(x paperColumn) bool { return x.Code == a.Code }); i >= 0 {
			c.Text = p.Columns[i].Text
		}
		p.Counts = append(p.Counts, c)
	}
}

// runText is what running a test would do; empty where nothing.
func runText(w *app.WorkingPaper) string {
	switch t := w.Test.Value; {
	case len(w.Attributes) == 0 || !w.HasPopulation:
		return ""
	case t.Method == soc1.Census && w.Run != nil:
		return "Run again"
	case t.Method == soc1.Census:
		return "Run"
	case t.Method == soc1.SampleMethod && len(w.Draws) == 0:
		return "Draw the sample"
	case t.Method == soc1.SampleMethod && w.Figures.Lacking > 0:
		return "Draw " + count(int(w.Figures.Lacking), "more item")
	}
	return ""
}

// data is what scripts need beside the table.
func (p *paperPage) data(r *request) error {
	type attribute struct {
		Code     string `json:"code"`
		Text     string `json:"text"`
		Computed bool   `json:"computed,omitempty"`
	}
	out := struct {
		Attributes []attribute                    `json:"attributes"`
		Cells      map[string]map[string]cellData `json:"cells"`
		Evidence   [][2]string                    `json:"evidence"`
	}{Cells: r.cellsData(p.WorkingPaper), Evidence: [][2]string{}, Attributes: []attribute{}}
	for _, c := range p.Columns {
		out.Attributes = append(out.Attributes, attribute{c.Code, c.Text, c.Computed})
	}
	if p.Edit {
		choices, err := r.evidenceChoices(p.Paper)
		if err != nil {
			return err
		}
		for _, e := range choices {
			out.Evidence = append(out.Evidence, [2]string{e.Href, e.Text})
		}
	}
	p.Data = out
	return nil
}

// paperCells answers with the results as they are now.
func (r *request) paperCells() error {
	w, err := r.site.app.Paper(r.Context(), r.actor, r.ledger, r.PathValue("test"), r.asOf)
	if err != nil {
		return err
	}
	return r.answer(http.StatusOK, r.cellsData(w))
}

// paperItems answers with what the population says of the items.
func (r *request) paperItems() error {
	rows, err := r.site.app.PaperRows(r.Context(), r.actor, r.ledger, r.PathValue("test"))
	if err != nil {
		return err
	}
	out := struct {
		Columns []string             `json:"columns"`
		Rows    map[string][]*string `json:"rows"`
	}{rows.Columns, rows.Rows}
	if out.Columns == nil {
		out.Columns = []string{}
	}
	return r.answer(http.StatusOK, out)
}

// enteredCell is the answer to one entry.
type enteredCell struct {
	Item      string    `json:"item"`
	Attribute string    `json:"attribute"`
	Cell      *cellData `json:"cell"`
	Revision  int64     `json:"rev"`
	Problem   string    `json:"problem,omitempty"`
	Needs     string    `json:"needs,omitempty"`
}

// enterCells records cells, each for itself.
func (r *request) enterCells() error {
	err := r.recordCells()
	if err == nil || errors.Is(err, ErrSignedOut) {
		return err
	}
	x := explain(err)
	if x.Status >= http.StatusInternalServerError {
		return err
	}
	return r.answer(x.Status, map[string]string{"problem": x.Text})
}

func (r *request) recordCells() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	var entries []app.CellEntry
	if err := json.Unmarshal([]byte(v.Get("cells")), &entries); err != nil {
		return badRequest("cells", errors.New("the cells cannot be read; load the page again, what was typed stays in this browser"))
	}
	answers, err := r.site.app.EnterCells(r.Context(), r.actor, r.ledger, r.PathValue("test"), entries)
	if err != nil {
		return err
	}
	out := make([]enteredCell, len(answers))
	for i, a := range answers {
		out[i] = enteredCell{Item: a.Item, Attribute: a.Attribute, Revision: a.Revision, Problem: a.Problem, Needs: a.Needs}
		if a.Needs == "reload" && a.Result != nil {
			out[i].Problem = fmt.Sprintf("%s recorded “%s” here meanwhile.", r.headings().person(a.Result.By).Name, strings.ToLower(a.Result.Outcome.Label()))
		}
		if a.Result != nil {
			c := r.cellData(&record.Typed[soc1.Result]{Record: record.Record{Revision: a.Revision, Kind: "result"}, Value: *a.Result})
			c.Href = ""
			out[i].Cell = &c
		}
	}
	return r.answer(http.StatusOK, out)
}

// signPaper signs the paper in the person's own name.
func (r *request) signPaper() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be signed; go back to today first"))
	}
	v, err := r.formValues()
	if err != nil {
		return err
	}
	_, err = r.site.app.SignPaper(r.Context(), r.actor, app.PaperSigning{Ledger: r.ledger, Test: r.PathValue("test"), As: soc1.SignOffRole(v.Get("as")), Seen: v.Get("seen")})
	var field *app.FieldError
	if errors.As(err, &field) {
		return r.paperWith(http.StatusUnprocessableEntity, field.Text)
	}
	if err != nil {
		return err
	}
	return r.redirect(r.paperURL(r.PathValue("test")) + "?done=signed")
}

// runPaper runs the test: draws its sample, computes what has an expression.
func (r *request) runPaper() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be tested; go back to today first"))
	}
	if _, err := r.formValues(); err != nil {
		return err
	}
	test := r.PathValue("test")
	// The test must be there and readable before it is run.
	if _, err := r.site.app.Paper(r.Context(), r.actor, r.ledger, test, record.AsOf{}); err != nil {
		return err
	}
	a, actor, ledger, to := r.site.app, r.actor, r.ledger, r.paperURL(test)
	w := r.work("Running the test", r.at()+"/papers", to+"?ran={work}", func(ctx context.Context) (string, error) {
		out, err := a.RunTests(ctx, actor, app.RunOptions{Ledger: ledger, Tests: []string{test}})
		if err != nil {
			return "", err
		}
		for _, o := range out {
			if o.Status == app.Waiting && o.Why != "" && len(o.Items) == 0 && o.Rows == 0 {
				return "", said(sentence(stopped(o.Why)))
			}
		}
		return to, nil
	})
	return r.followWork(w, func(err error) error {
		r.view, r.names = nil, nil
		if x := explain(err); x.Status == http.StatusUnprocessableEntity {
			return r.paperWith(http.StatusUnprocessableEntity, x.Text)
		}
		return err
	})
}

// noItems says why there is no grid.
func noItems(p *paperPage) string {
	switch t := p.Test.Value; {
	case t.Method == soc1.DidNotOperate:
		return "The control had no occasion to operate: " + t.NoOccurrence
	case !p.HasPopulation && t.Method == soc1.SampleMethod:
		return "The population is not there yet. Once it is frozen, the sample is drawn from it."
	case !p.HasPopulation && t.Method == soc1.Census:
		return "The population is not there yet. Once it is frozen, every item of it is tested."
	case len(p.Columns) == 0:
		return "The test has no attributes. Add what is looked for in each item."
	case t.Method == soc1.SampleMethod:
		return "No sample is drawn yet. It is drawn under the nonce that was committed before the population arrived, so that nobody chooses the items."
	}
	return "No item was looked at yet."
}

// attachToPaper records files as evidence of the paper's control, for the cells that will
// name it.
func (r *request) attachToPaper() error {
	err := r.recordPaperEvidence()
	if err == nil || errors.Is(err, ErrSignedOut) {
		return err
	}
	x := explain(err)
	if x.Status >= http.StatusInternalServerError {
		return err
	}
	return r.answer(x.Status, map[string]string{"problem": x.Text})
}

func (r *request) recordPaperEvidence() error {
	if r.past.On() {
		return badRequest("asof", errors.New("the past cannot be changed; go back to today first"))
	}
	w, err := r.site.app.Paper(r.Context(), r.actor, r.ledger, r.PathValue("test"), record.AsOf{})
	if err != nil {
		return err
	}
	v, files, err := r.valuesWithFiles()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return badRequest("files", errors.New("choose a file"))
	}
	title := w.Test.Value.Code + ": " + files[0].Name
	if item := strings.TrimSpace(v.Get("item")); item != "" {
		title = w.Test.Value.Code + ", " + item + ": " + files[0].Name
	}
	e := soc1.Evidence{Title: clipped(title, 200), Controls: []string{w.Test.Value.Control}}
	id, err := r.site.app.FileEvidence(r.Context(), r.actor, app.Filing{Ledger: r.ledger, Evidence: e, Files: files, Reason: "Attached to working paper " + w.Test.Value.Code + "."})
	if err != nil {
		return err
	}
	return r.answer(http.StatusOK, map[string]string{"id": id, "title": e.Title, "href": r.recordURL("evidence", id)})
}
