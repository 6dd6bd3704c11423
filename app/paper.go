package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/ascode"
	"reperform/english"
	"reperform/evaluation"
	"reperform/identity"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
)

// WorkingPaper is the paper of a test as somebody sees it.
type WorkingPaper struct {
	*evaluation.Paper
	// Ledger is where it lies, Engagement whose report it belongs to.
	Ledger     string
	Engagement record.Typed[soc1.Engagement]
	// Digest is what a signature would sign; empty where nothing can be signed.
	Digest string
	// Notes counts the review notes that are not cleared.
	Notes int
	// MayEnter says that the actor may record results, MayRun that they may run the test.
	MayEnter, MayRun bool
	// WhyNotDecide says why the actor cannot decide exceptions; empty where they can.
	WhyNotDecide string
	// WhyNot says for each role why the actor cannot sign now; empty where they can.
	WhyNot map[soc1.SignOffRole]string
}

// Paper is the working paper of a test in a ledger, as of now or of a date. Who does not
// read all of the ledger is refused: a paper with holes is none.
func (a *App) Paper(ctx context.Context, actor, name, test string, at record.AsOf) (*WorkingPaper, error) {
	if err := a.wholly(ctx, actor, name); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, name, at)
	if err != nil {
		return nil, err
	}
	t, err := record.One[soc1.TestOfControl](ctx, v, "test_of_control", test)
	if err != nil {
		return nil, err
	}
	f, err := a.fileAt(ctx, actor, v, t.Value.Engagement, at)
	if err != nil {
		return nil, err
	}
	p, err := f.file.Paper(test)
	if err != nil {
		return nil, err
	}
	w := &WorkingPaper{Paper: p, Ledger: name, Engagement: f.file.Engagement, WhyNot: map[soc1.SignOffRole]string{}}
	if w.Digest, err = p.Digest(); err != nil {
		w.WhyNot[soc1.AsPreparer], w.WhyNot[soc1.AsReviewer] = err.Error(), err.Error()
	}
	if w.Notes, err = a.openNotes(ctx, name, test); err != nil {
		return nil, err
	}
	w.MayEnter = a.authorize(ctx, actor, identity.ResultRecord, identity.Resource{Ledger: name, Kind: "result"}) == nil
	w.MayRun = a.authorize(ctx, actor, identity.TestRun, identity.Resource{Ledger: name, Kind: "test_run"}) == nil
	w.WhyNotDecide = deniedText(a.authorize(ctx, actor, identity.ExceptionDecide, identity.Resource{Ledger: name, Kind: "exception"}))
	for as, act := range signActions {
		if w.WhyNot[as] == "" {
			w.WhyNot[as] = deniedText(a.authorize(ctx, actor, act, identity.Resource{Ledger: name, Kind: "sign_off", Owner: actor}))
		}
		if w.WhyNot[as] == "" {
			w.WhyNot[as] = unsignable(p, as, actor, w.Notes)
		}
	}
	return w, nil
}

var signActions = map[soc1.SignOffRole]identity.Action{soc1.AsPreparer: identity.PaperSign, soc1.AsReviewer: identity.Review}

// unsignable says why a person cannot sign a paper as it stands; empty where they can.
func unsignable(p *evaluation.Paper, as soc1.SignOffRole, actor string, notes int) string {
	if p.Signed(as) != nil && p.Signed(as).Value.By == actor {
		return "You have signed it, and nothing changed since."
	}
	if n := p.Open(); n > 0 {
		return english.Count(n, "cell") + english.Choose(n, " has", " have") + " no result yet."
	}
	if as == soc1.AsPreparer {
		for _, b := range p.Figures.Blocks {
			// Deciding exceptions is a reviewer's part, and so comes after.
			if b.Rule != "EVA-21" {
				return b.Text
			}
		}
		return ""
	}
	by := p.Signed(soc1.AsPreparer)
	switch {
	case by == nil:
		return "Nobody has signed it as its preparer since it last changed."
	case by.Value.By == actor:
		return "You prepared it, and another person reviews it."
	case slices.Contains(p.Testers(), actor):
		return "You recorded results in it, and another person reviews it."
	case notes > 0:
		return english.Count(notes, "review note") + english.Choose(notes, " is", " are") + " not cleared."
	}
	for _, b := range p.Figures.Blocks {
		return b.Text
	}
	return ""
}

// openNotes counts the comments on a test that nobody resolved: the review notes.
func (a *App) openNotes(ctx context.Context, name, test string) (int, error) {
	t, err := a.talkIn(ctx, name)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, l := range t.about[soc1.Ref{Ledger: name, Kind: "test_of_control", ID: test}] {
		if l.Comment.ReplyTo == "" && !l.Settled {
			n++
		}
	}
	return n, nil
}

// PaperSigning is a signature under a paper.
type PaperSigning struct {
	Ledger, Test string
	As           soc1.SignOffRole
	// Seen is the digest of the paper that the person looked at.
	Seen string
}

// SignPaper signs the working paper of a test in the actor's own name. A reviewer is
// another person than the preparer and than everybody who recorded a result in it, and
// signs only what has no open review note and no exception that nobody decided.
func (a *App) SignPaper(ctx context.Context, actor string, x PaperSigning) (string, error) {
	act, ok := signActions[x.As]
	if !ok {
		return "", &FieldError{"as", fmt.Sprintf("%q is not as what a paper is signed; sign as %s.", x.As, strings.Join(x.As.Values(), " or ")), ""}
	}
	id, err := a.newID("sign-", "")
	if err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	req := request{actor: actor, ledger: x.Ledger, may: act, kind: "sign_off", owner: actor, action: "paper.sign", reason: "The working paper was signed off."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, kind := range append(judged[:len(judged):len(judged)], "evidence", "comment", "sign_off") {
			tx.guard(kind, "")
		}
		t, err := get[soc1.TestOfControl](tx, "test_of_control", x.Test)
		if err != nil {
			return err
		}
		f, err := a.load(ctx, tx.view, t.Engagement, false)
		if err != nil {
			return err
		}
		p, err := f.Paper(x.Test)
		if err != nil {
			return err
		}
		digest, err := p.Digest()
		if err != nil {
			return err
		}
		if digest != x.Seen {
			return &FieldError{"seen", "The paper was changed meanwhile. Look at it again, then sign.", ""}
		}
		notes, err := a.openNotes(ctx, x.Ledger, x.Test)
		if err != nil {
			return err
		}
		if why := unsignable(p, x.As, actor, notes); why != "" {
			return &FieldError{"as", why, ""}
		}
		if x.As == soc1.AsPreparer {
			t.PerformedBy, t.PerformedOn = actor, today
			if t.Reviewer == actor {
				t.Reviewer = ""
			}
			t.ReviewedOn = ""
		} else {
			t.Reviewer, t.ReviewedOn = actor, today
		}
		if err := tx.Put("test_of_control", x.Test, soc1.Date(p.Test.Effective), t); err != nil {
			return err
		}
		return tx.Put("sign_off", id, "", soc1.SignOff{Test: x.Test, As: x.As, By: actor, At: a.now(), SHA256: digest, Records: int64(p.Records()), Position: tx.snap.Size})
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// PaperRows are the rows of a population that a paper's items stand for.
type PaperRows struct {
	Columns []string
	// Rows are the values by item key, in the order of the columns; nil is no value.
	Rows map[string][]*string
}

// rowsKey names rows that were read: a population never changes once it is frozen.
type rowsKey struct{ ledger, population, keys string }

// mostExceptionRows is of how many items of one undecided exception the rows are read,
// mostUndecided of how many in all.
const (
	mostExceptionRows = 5
	mostUndecided     = 500
)

// rowsOf are the items of a paper whose rows are shown: those of its grid, and of
// exceptions that nobody decided the first.
func rowsOf(p *evaluation.Paper) []string {
	var keys []string
	seen := map[string]bool{}
	add := func(key string) {
		if !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	for i := range p.Items {
		add(p.Items[i].Key)
	}
	undecided := 0
	for _, x := range p.Exceptions {
		if x.Value.Status != soc1.Open {
			continue
		}
		for n, key := range x.Value.ItemKeys {
			if n == mostExceptionRows || undecided == mostUndecided {
				break
			}
			undecided++
			add(key)
		}
	}
	return keys[:min(len(keys), population.MaxSelected)]
}

// KeptPaperRows are the rows of a paper where somebody asked for them before: reading them
// takes the engine a moment, for which a page does not wait.
func (a *App) KeptPaperRows(ctx context.Context, actor, name, test string) (*PaperRows, bool, error) {
	p, err := a.Paper(ctx, actor, name, test, record.AsOf{})
	if err != nil || !p.HasPopulation {
		return nil, false, err
	}
	rows, ok := a.rows.Get(rowsKey{name, p.Population.Value.PopulationHash, shortHash(strings.Join(rowsOf(p.Paper), "\x00"))})
	return rows, ok, nil
}

// PaperRows reads what the population says of the items of a paper. It is kept for the
// next who asks.
func (a *App) PaperRows(ctx context.Context, actor, name, test string) (*PaperRows, error) {
	p, err := a.Paper(ctx, actor, name, test, record.AsOf{})
	if err != nil {
		return nil, err
	}
	out := &PaperRows{Rows: map[string][]*string{}}
	keys := rowsOf(p.Paper)
	if !p.HasPopulation || len(keys) == 0 {
		return out, nil
	}
	pop := p.Population.Value
	at := rowsKey{name, pop.PopulationHash, shortHash(strings.Join(keys, "\x00"))}
	if kept, ok := a.rows.Get(at); ok {
		return kept, nil
	}
	if err := a.writable(); err != nil {
		return nil, err
	}
	dropped := a.rows.Dropped()
	e, err := a.populationEngine()
	if err != nil {
		return nil, err
	}
	in, err := a.frozenInput(ctx, name, pop)
	if err != nil {
		return nil, err
	}
	rows, err := e.Rows(ctx, population.RowsRequest{Population: in, Zone: pop.Zone, Keys: keys})
	if err != nil {
		return nil, err
	}
	for _, c := range in.Columns {
		out.Columns = append(out.Columns, c.Name)
	}
	for _, r := range rows {
		out.Rows[r.Key] = r.Values
	}
	a.rows.PutSince(dropped, at, out)
	return out, nil
}

// CellEntry is what a person does to one cell of a paper. What is nil stays as it is.
type CellEntry struct {
	Item      string `json:"item"`
	Attribute string `json:"attribute"`
	// Seen is the revision of the result that the person saw, 0 for an open cell.
	Seen int64 `json:"seen"`
	// Outcome is what was found; empty opens the cell again.
	Outcome     soc1.Outcome `json:"outcome"`
	Note        *string      `json:"note,omitempty"`
	Evidence    *[]string    `json:"evidence,omitempty"`
	Alternative *string      `json:"alternative,omitempty"`
	// Reason says why a recorded outcome is changed or taken back.
	Reason string `json:"reason,omitempty"`
}

// CellAnswer says what became of an entry.
type CellAnswer struct {
	Item      string `json:"item"`
	Attribute string `json:"attribute"`
	// Revision and Result are what is recorded now; Result is nil for an open cell.
	Revision int64        `json:"revision"`
	Result   *soc1.Result `json:"result,omitempty"`
	// Problem says why the entry was not recorded; empty where it was. Needs names what
	// would let it be: "reason" or "alternative".
	Problem string `json:"problem,omitempty"`
	Needs   string `json:"needs,omitempty"`
}

// maxCells bounds the entries of one command.
const maxCells = 2000

// EnterCells records what was found for cells of a paper, each for itself: one that
// cannot be recorded is answered with why and keeps no other back. A cell that somebody
// else filled meanwhile is not overwritten.
func (a *App) EnterCells(ctx context.Context, actor, name, test string, entries []CellEntry) ([]CellAnswer, error) {
	if len(entries) > maxCells {
		return nil, fmt.Errorf("%d cells are more than the %d that are recorded at a time", len(entries), maxCells)
	}
	if err := a.admit(ctx, actor, identity.ResultRecord, identity.Resource{Ledger: name, Kind: "result"}); err != nil {
		return nil, err
	}
	c, err := a.paperCase(ctx, name, test)
	if err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	var answers []CellAnswer
	req := request{actor: actor, ledger: name, may: identity.ResultRecord, kind: "result", action: "result.record", reason: "Results entered in the working paper."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		drawn, err := tx.drawn(c)
		if err != nil {
			return err
		}
		answers = make([]CellAnswer, len(entries))
		for i, e := range entries {
			before := len(tx.drafts)
			if answers[i], err = tx.enter(c, drawn, today, e); err != nil {
				return err
			}
			if answers[i].Problem != "" && len(tx.drafts) != before {
				return fmt.Errorf("item %q, attribute %s: a cell that was refused was recorded in part", e.Item, e.Attribute)
			}
		}
		return nil
	})
	return answers, err
}

// paperCase is a test with its attributes, as far as cells need it.
func (a *App) paperCase(ctx context.Context, name, test string) (testCase, error) {
	v, err := a.present(ctx, name, "")
	if err != nil {
		return testCase{}, err
	}
	t, err := record.One[soc1.TestOfControl](ctx, v, "test_of_control", test)
	if err != nil {
		return testCase{}, err
	}
	f, err := a.paperFile(ctx, name, t.Value.Engagement)
	if err != nil {
		return testCase{}, err
	}
	return testCase{id: test, test: t.Value, attributes: attributesOf(test, t.Value, f.file.Attributes)}, nil
}

// drawn are the items that may have results, with the sample of each; nil where anything
// may be looked at.
func (tx *Tx) drawn(c testCase) (map[string]string, error) {
	if c.test.Method != soc1.SampleMethod {
		return nil, nil
	}
	samples, err := list[soc1.Sample](tx, "sample")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, s := range samples {
		if s.Value.Test != c.id {
			continue
		}
		for _, it := range s.Value.Items {
			if out[it.Key] == "" {
				out[it.Key] = s.ID
			}
		}
	}
	return out, nil
}

// enter records one entry, or says why not. An error is of the program or the disk.
func (tx *Tx) enter(c testCase, drawn map[string]string, today soc1.Date, e CellEntry) (CellAnswer, error) {
	out := CellAnswer{Item: e.Item, Attribute: e.Attribute}
	refuse := func(needs, format string, args ...any) (CellAnswer, error) {
		out.Problem, out.Needs = fmt.Sprintf(format, args...), needs
		return out, nil
	}
	id := resultID(c.id, e.Item, e.Attribute)
	old, there, err := tx.Get("result", id)
	if err != nil {
		return out, err
	}
	var before soc1.Result
	out.Revision = old.Revision
	if there = there && !old.Retired; there {
		if before, err = record.Decode[soc1.Result](old); err != nil {
			return out, err
		}
		out.Result = &before
	}
	i := slices.IndexFunc(c.attributes, func(x soc1.Attribute) bool { return x.Code == e.Attribute })
	sample := drawn[e.Item]
	switch {
	case c.test.Method != soc1.SampleMethod && c.test.Method != soc1.ObservationOnly:
		return refuse("", "Test %s is no test item by item; its results are computed.", c.test.Code)
	case i < 0:
		return refuse("", "Test %s has no attribute %q.", c.test.Code, e.Attribute)
	case e.Item == "":
		return refuse("", "The item has no key.")
	case drawn != nil && sample == "":
		return refuse("", "%q was not drawn for test %s; only items that were drawn are tested.", e.Item, c.test.Code)
	case e.Outcome != "" && !slices.Contains(e.Outcome.Values(), string(e.Outcome)):
		return refuse("", "%q is not an outcome; it is one of %s.", e.Outcome, strings.Join(e.Outcome.Values(), ", "))
	}
	now := before
	now.Test, now.Sample, now.ItemKey, now.Attribute, now.Outcome, now.ChangeReason, now.TestedOn = c.id, sample, e.Item, e.Attribute, e.Outcome, strings.TrimSpace(e.Reason), ""
	if e.Note != nil {
		now.Note = strings.TrimSpace(*e.Note)
	}
	if e.Evidence != nil {
		now.Evidence = *e.Evidence
	}
	if e.Alternative != nil {
		now.AlternativeProcedure = strings.TrimSpace(*e.Alternative)
	}
	if c.attributes[i].Pass != "" && now.AlternativeProcedure == "" {
		return refuse("alternative", "Attribute %s is computed by its expression. Where the data cannot tell, say by which other procedure the item was tested.", e.Attribute)
	}
	if old.Revision != e.Seen && there && (before.Outcome != now.Outcome || e.Note != nil && before.Note != now.Note) {
		return refuse("reload", "%s recorded %s here meanwhile.", before.By, strings.ToLower(before.Outcome.Label()))
	}
	if e.Outcome == "" {
		return tx.reopen(out, id, before, there, now.ChangeReason)
	}
	if len(now.Evidence) == 0 {
		now.Evidence = nil
	}
	// The rest is what a file of results goes through, too.
	if !there {
		now.ChangeReason = ""
	}
	err = tx.app.enterCell(tx, RunOptions{Ledger: tx.req.ledger}, c, sample, today, tx.req.actor, ResultRow{Test: c.id, Cell: now})
	if err != nil {
		if IsInternal(err) {
			return out, err
		}
		needs := ""
		if there && before.Outcome != now.Outcome && !soc1.Substantive(now.ChangeReason) {
			needs = "reason"
			return refuse(needs, "It is recorded as %s. Say in twenty characters or more what shows that this was wrong; it stays on record.", strings.ToLower(before.Outcome.Label()))
		}
		return refuse(needs, "%s", plainProblem(err))
	}
	r, _, err := tx.Get("result", id)
	if err != nil {
		return out, err
	}
	recorded, err := record.Decode[soc1.Result](r)
	out.Revision, out.Result = r.Revision, &recorded
	return out, err
}

// reopen takes a result back, so that the cell is open again. What was recorded stays in
// its history, and an exception that it raised stays until somebody decides it.
func (tx *Tx) reopen(out CellAnswer, id string, before soc1.Result, there bool, reason string) (CellAnswer, error) {
	if !there {
		return out, nil
	}
	if !soc1.Substantive(reason) {
		out.Problem, out.Needs = fmt.Sprintf("It is recorded as %s. Say in twenty characters or more why the cell is opened again; it stays on record.", strings.ToLower(before.Outcome.Label())), "reason"
		return out, nil
	}
	before.ChangeReason, before.By = reason, tx.req.actor
	if err := tx.put("result", id, "", before, true); err != nil {
		return out, err
	}
	out.Revision, out.Result = out.Revision+1, nil
	return out, nil
}

// plainProblem is what is wrong and what to do, without the place in a file: a cell of a
// page has none.
func plainProblem(err error) string {
	var ps ascode.Problems
	if errors.As(err, &ps) {
		var out []string
		for _, p := range ps {
			out = append(out, strings.TrimSpace(p.Message+" "+p.Remedy))
		}
		return strings.Join(out, " ")
	}
	return err.Error()
}
