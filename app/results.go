package app

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"reperform/ascode"
	"reperform/english"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// ResultRow is one cell of a grid that a person judged, as a file gives it.
type ResultRow struct {
	File string
	Line int
	// Test is the id or the code of the test. The cell's reason for a change
	// counts only where its outcome differs from the one recorded.
	Test string
	Cell soc1.Result
	// computed says that an expression gave the outcome.
	computed bool
}

// ComputedNote marks a result that an expression gave.
const ComputedNote = "Computed by the attribute's expression."

var resultColumns = []string{"test", "item", "attribute", "outcome", "evidence", "note", "alternative_procedure", "tested_on", "reason"}

// ReadResults reads a CSV file of results with a header line: test, item,
// attribute and outcome are needed; evidence (ids separated by blanks), note,
// alternative_procedure, tested_on and reason (why a recorded outcome is
// changed) may be given.
func ReadResults(file string, r io.Reader) ([]ResultRow, error) {
	cr := csv.NewReader(r)
	head, err := cr.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: the first line must name the columns %s: %w", file, strings.Join(resultColumns, ", "), err)
	}
	at := map[string]int{}
	for i, h := range head {
		h = strings.TrimPrefix(strings.TrimSpace(h), "\ufeff")
		if !slices.Contains(resultColumns, h) {
			return nil, fmt.Errorf("%s:1: there is no column %q here; the columns are %s", file, h, strings.Join(resultColumns, ", "))
		}
		at[h] = i
	}
	for _, need := range resultColumns[:4] {
		if _, ok := at[need]; !ok {
			return nil, fmt.Errorf("%s:1: the column %s is missing", file, need)
		}
	}
	var out []ResultRow
	var problems ascode.Problems
	for {
		rec, err := cr.Read()
		if errors.Is(err, io.EOF) {
			return out, problems.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		line, _ := cr.FieldPos(0)
		cell := func(name string) string {
			if i, ok := at[name]; ok {
				return strings.TrimSpace(rec[i])
			}
			return ""
		}
		row := ResultRow{File: file, Line: line, Test: cell("test"), Cell: soc1.Result{
			ItemKey: cell("item"), Attribute: cell("attribute"), Outcome: soc1.Outcome(cell("outcome")), Evidence: strings.Fields(cell("evidence")),
			Note: cell("note"), AlternativeProcedure: cell("alternative_procedure"), ChangeReason: cell("reason"), TestedOn: soc1.Date(cell("tested_on"))}}
		if !slices.Contains(row.Cell.Outcome.Values(), string(row.Cell.Outcome)) {
			problems = append(problems, row.problem("outcome", fmt.Sprintf("%q is not an outcome.", row.Cell.Outcome), "Use "+strings.Join(row.Cell.Outcome.Values(), ", ")+"."))
		}
		for _, need := range resultColumns[:3] {
			if cell(need) == "" {
				problems = append(problems, row.problem(need, "The cell is empty.", "Fill it in."))
			}
		}
		out = append(out, row)
	}
}

func (r ResultRow) problem(field, message, remedy string) ascode.Problem {
	return ascode.Problem{File: r.File, Line: r.Line, Field: field, Message: message, Remedy: remedy}
}

// CheckResults refuses a cell that is given twice: the later would silently
// replace the earlier.
func CheckResults(rows []ResultRow) error {
	type cell struct{ test, item, attribute string }
	first := map[cell]ResultRow{}
	var problems ascode.Problems
	for _, r := range rows {
		at := cell{r.Test, r.Cell.ItemKey, r.Cell.Attribute}
		if before, twice := first[at]; twice {
			problems = append(problems, r.problem("item", fmt.Sprintf("The cell of item %q and attribute %s is given twice; the first time at %s:%d.", r.Cell.ItemKey, r.Cell.Attribute, before.File, before.Line), "Keep one."))
			continue
		}
		first[at] = r
	}
	return problems.Err()
}

// resultsByTest sorts the rows to the tests they belong to.
func resultsByTest(cases []testCase, rows []ResultRow) (map[string][]ResultRow, error) {
	out := map[string][]ResultRow{}
	var problems ascode.Problems
	if err := CheckResults(rows); err != nil {
		return nil, err
	}
	for _, r := range rows {
		i := slices.IndexFunc(cases, func(c testCase) bool { return c.id == r.Test || c.test.Code == r.Test })
		if i < 0 {
			problems = append(problems, r.problem("test", fmt.Sprintf("There is no test %q among those run.", r.Test), "Use the id or the code of a test."))
			continue
		}
		c := cases[i]
		switch j := slices.IndexFunc(c.attributes, func(x soc1.Attribute) bool { return x.Code == r.Cell.Attribute }); {
		case j < 0:
			problems = append(problems, r.problem("attribute", fmt.Sprintf("Test %s has no attribute %q.", c.test.Code, r.Cell.Attribute), "Use the code of one of its attributes."))
		case c.test.Method == soc1.Census:
			problems = append(problems, r.problem("test", fmt.Sprintf("Test %s is a census; its results are computed.", c.test.Code), "Resolve what the data cannot tell by deciding the exception, with evidence."))
		case c.attributes[j].Pass != "" && r.Cell.AlternativeProcedure == "":
			problems = append(problems, r.problem("attribute", fmt.Sprintf("Attribute %s of test %s is computed by its expression.", r.Cell.Attribute, c.test.Code), "Leave the row out; where the data cannot tell, give the alternative_procedure that does."))
		}
		out[c.id] = append(out[c.id], r)
	}
	return out, problems.Err()
}

// enterResults records the cells given for the items. Of a sample only its
// items may be judged; an observation names its one item itself.
func (a *App) enterResults(ctx context.Context, actor string, opt RunOptions, c testCase, sampleID string, s *soc1.Sample, rows []ResultRow, o TestOutcome) (TestOutcome, error) {
	today, err := a.Today(ctx)
	if err != nil {
		return o, err
	}
	var problems ascode.Problems
	if s != nil {
		for _, r := range rows {
			if !slices.ContainsFunc(s.Items, func(it soc1.SampleItem) bool { return it.Key == r.Cell.ItemKey }) {
				problems = append(problems, r.problem("item", fmt.Sprintf("%q is not in the sample of test %s.", r.Cell.ItemKey, c.test.Code), "Only items that were drawn are tested; `reperform test run` lists them."))
			}
		}
	}
	if err := problems.Err(); err != nil {
		return o, err
	}
	req := request{actor: actor, ledger: opt.Ledger, may: identity.ResultRecord, kind: "result", action: "result.record", reason: opt.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		for _, r := range rows {
			if err := a.enterCell(tx, opt, c, sampleID, today, actor, r); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return o, err
	}
	return a.gridStatus(ctx, opt.Ledger, c, s, o)
}

// enterCell records one cell. Entered again as it is, it changes nothing; with
// another outcome, it needs a reason.
func (a *App) enterCell(tx *Tx, opt RunOptions, c testCase, sampleID string, today soc1.Date, actor string, r ResultRow) error {
	cell := r.Cell
	cell.Test, cell.Sample, cell.By = c.id, sampleID, actor
	given := cell.TestedOn != ""
	if !given {
		cell.TestedOn = today
	}
	if err := firstError(cell.Validate()); err != nil {
		return ascode.Problems{r.problem("", err.Error(), "")}
	}
	if cell.TestedOn > today {
		return ascode.Problems{r.problem("tested_on", fmt.Sprintf("The day %s has not come yet.", cell.TestedOn), "Give the day on which the item was tested, or leave the cell empty for today.")}
	}
	for _, ev := range cell.Evidence {
		_, ok, err := tx.Get("evidence", ev)
		if err != nil {
			return err
		}
		if !ok {
			return ascode.Problems{r.problem("evidence", fmt.Sprintf("There is no evidence %q.", ev), "Record the evidence before the result that rests on it.")}
		}
	}
	id := resultID(c.id, cell.ItemKey, cell.Attribute)
	old, exists, err := tx.Get("result", id)
	if err != nil {
		return err
	}
	// A result that was taken back left the cell open.
	exists = exists && !old.Retired
	var before soc1.Result
	if exists {
		if before, err = record.Decode[soc1.Result](old); err != nil {
			return err
		}
		sameDay := !given || before.TestedOn == cell.TestedOn
		same := sameDay && before.Outcome == cell.Outcome && before.Note == cell.Note && slices.Equal(before.Evidence, cell.Evidence) && before.AlternativeProcedure == cell.AlternativeProcedure
		if same || r.computed && before.AlternativeProcedure != "" {
			// What another procedure settled is not computed away again.
			return nil
		}
	}
	if cell.AlternativeProcedure != "" && cell.AlternativeProcedure != before.AlternativeProcedure && !soc1.Substantive(cell.AlternativeProcedure) {
		return ascode.Problems{r.problem("alternative_procedure", fmt.Sprintf("%q does not say how the item was tested.", cell.AlternativeProcedure), "Describe the procedure: what was inspected instead, and what it shows.")}
	}
	switch {
	case !exists:
		cell.ChangeReason = ""
	case before.Outcome == cell.Outcome:
		cell.ChangeReason = before.ChangeReason
	default:
		if cell.ChangeReason, err = changeReason(opt, before, r); err != nil {
			return err
		}
	}
	if err := firstError(cell.Validate()); err != nil {
		return ascode.Problems{r.problem("", err.Error(), "")}
	}
	if err := tx.Put("result", id, "", cell); err != nil {
		return err
	}
	if exists && before.Outcome == cell.Outcome {
		return nil
	}
	return raise(tx, id, cell)
}

// changeReason is why a recorded outcome is changed: the row's own reason, the
// alternative procedure that settles what could not be told, or, for what an
// expression gives, the reason that was given for the run.
func changeReason(opt RunOptions, before soc1.Result, r ResultRow) (string, error) {
	why, field, remedy := r.Cell.ChangeReason, "reason", "Say in the column reason what shows that it was wrong, in twenty characters or more; the earlier outcome stays on record."
	switch {
	case r.computed:
		why, field, remedy = opt.given, "outcome", "Say with --reason why the expression, or what it reads, was changed; the earlier outcome stays on record."
	case why == "" && before.Outcome == soc1.CannotTell && r.Cell.AlternativeProcedure != "":
		return "", nil
	}
	if !soc1.Substantive(why) {
		return "", ascode.Problems{r.problem(field, fmt.Sprintf("Item %q, attribute %s, is recorded as %s by %s; it would become %s without a reason.",
			before.ItemKey, before.Attribute, before.Outcome, before.By, r.Cell.Outcome), remedy)}
	}
	return why, nil
}

// raise opens an exception for a cell that fails or cannot be told. One that
// stands for the cell stays: open, it says what was found last; confirmed, it is
// a deviation already; dismissed, it was dismissed for what was found then, and
// is open again. A cell that passes leaves its exception for a person to decide.
func raise(tx *Tx, id string, cell soc1.Result) error {
	if cell.Outcome != soc1.Fail && cell.Outcome != soc1.CannotTell {
		return nil
	}
	x := soc1.Exception{Test: cell.Test, Attribute: cell.Attribute, ItemKeys: []string{cell.ItemKey}, Undecided: cell.Outcome == soc1.CannotTell, Fact: cell.Note, Status: soc1.Open}
	old, ok, err := tx.Get("exception", id)
	if err != nil {
		return err
	}
	if ok {
		before, err := record.Decode[soc1.Exception](old)
		if err != nil {
			return err
		}
		if before.Status == soc1.Confirmed || before.Status == soc1.Open && before.Undecided == x.Undecided && before.Fact == x.Fact {
			return nil
		}
	}
	return tx.Put("exception", id, "", x)
}

// resultID names a cell; keys may hold anything, so they enter by their hash.
func resultID(test, key, attribute string) string {
	return fmt.Sprintf("%s.%s.%s", test, attribute, shortHash(key))
}

// gridStatus counts the results by attribute and finds the cells still empty.
func (a *App) gridStatus(ctx context.Context, name string, c testCase, s *soc1.Sample, o TestOutcome) (TestOutcome, error) {
	v, err := a.latest(name)
	if err != nil {
		return o, err
	}
	all, err := record.All[soc1.Result](ctx, v, "result")
	if err != nil {
		return o, err
	}
	have := map[[2]string]soc1.Outcome{}
	items := map[string]bool{}
	for _, r := range all {
		if r.Value.Test == c.id {
			have[[2]string{r.Value.ItemKey, r.Value.Attribute}] = r.Value.Outcome
			items[r.Value.ItemKey] = true
		}
	}
	if s != nil {
		clear(items)
		for _, it := range s.Items {
			items[it.Key] = true
		}
	}
	o.Rows, o.Counts, o.Exceptions = int64(len(items)), nil, 0
	// Asked again after items were added, the test may be waiting once more.
	o.Status, o.Why = Waiting, ""
	missing := 0
	failing := map[string]bool{}
	for _, x := range c.attributes {
		n := soc1.AttributeCount{Attribute: x.Code}
		for key := range items {
			switch have[[2]string{key, x.Code}] {
			case soc1.Pass:
				n.Pass++
			case soc1.Fail:
				n.Fail++
				failing[key] = true
			case soc1.NotApplicable:
				n.NotApplicable++
			case soc1.CannotTell:
				n.CannotTell++
				failing[key] = true
			default:
				missing++
			}
		}
		o.Counts = append(o.Counts, n)
	}
	o.Exceptions = int64(len(failing))
	switch {
	case len(items) == 0:
		o.Why = "no result has been entered"
	case missing > 0:
		o.Why = fmt.Sprintf("%s no result yet", english.Count(missing, "cell")+english.Choose(missing, " has", " have"))
	default:
		o.Status = Done
	}
	return o, nil
}
