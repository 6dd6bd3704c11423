package gap

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

// book is a ledger in memory, for rules that read records and their versions.
type book struct {
	t       testing.TB
	ledger  string
	records map[string][]record.Record
	past    map[string][]record.Version
	lists   map[string]*record.List
	hidden  map[string]bool
}

func newBook(t testing.TB, ledger string) *book {
	return &book{t: t, ledger: ledger, records: map[string][]record.Record{}, past: map[string][]record.Version{}, lists: map[string]*record.List{}, hidden: map[string]bool{}}
}

func (b *book) Ledger() string { return b.ledger }

func (b *book) Shows(kind string) bool { return !b.hidden[kind] }

func (b *book) Rows(_ context.Context, kind string) (*record.List, error) {
	if b.lists[kind] == nil {
		l := b.records[kind]
		slices.SortFunc(l, func(x, y record.Record) int { return cmp.Compare(x.ID, y.ID) })
		b.lists[kind] = record.ListOf(l)
	}
	return b.lists[kind], nil
}

func (b *book) Versions(_ context.Context, kind string, from, to soc1.Date) ([]record.Version, error) {
	var out []record.Version
	for _, v := range b.past[kind] {
		if v.From <= to && (v.Until == "" || v.Until >= from) {
			out = append(out, v)
		}
	}
	return out, nil
}

func (b *book) encode(kind, id string, revision int64, value any) record.Record {
	b.t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		b.t.Fatal(err)
	}
	return record.Record{Ledger: b.ledger, Kind: kind, ID: id, Revision: revision, Body: body}
}

// put adds a record or replaces it.
func (b *book) put(kind, id string, value any) {
	b.t.Helper()
	b.records[kind] = slices.DeleteFunc(b.records[kind], func(r record.Record) bool { return r.ID == id })
	b.records[kind] = append(b.records[kind], b.encode(kind, id, 1, value))
	delete(b.lists, kind)
}

// was adds a version in force within dates.
func (b *book) was(kind, id string, from, until soc1.Date, value any) {
	b.t.Helper()
	r := b.encode(kind, id, int64(len(b.past[kind])+1), value)
	b.past[kind] = append(b.past[kind], record.Version{Record: r, From: from, Until: until})
	delete(b.lists, kind)
}

// program is a small program in which no rule finds anything; tests spoil one
// thing of it.
type program struct {
	*book
	engagement soc1.Engagement
	objective  soc1.ControlObjective
	first      soc1.Control
	second     soc1.Control
	exam       *book
	question   Question
}

func newProgram(t testing.TB) *program {
	p := &program{book: newBook(t, "organization"), exam: newBook(t, "exam-e"), question: Question{Engagement: "e", Today: "2026-01-20", By: soc1.ByManagement}}
	p.engagement = soc1.Engagement{Title: "SOC 1 2025", Type: soc1.Type2, PeriodStart: "2025-01-01", PeriodEnd: "2025-12-31", StandardSet: soc1.SSAE18And21}
	p.objective = soc1.ControlObjective{Code: "PAY-1", Title: "Payment", Text: "Controls provide reasonable assurance that payments are authorized and processed completely and accurately.",
		Assertions: []soc1.FinancialAssertion{soc1.Completeness, soc1.Accuracy}}
	p.first = soc1.Control{Code: "PAY-1.1", Who: "The payroll supervisor", What: "compares the register of each run with the totals that the run was funded for and holds the run until every difference is cleared", HowOften: "before each run is released",
		Exceptions: "Differences are investigated before the run is released.", Evidence: "the signed comparison kept with the run", Nature: soc1.Manual, Type: soc1.Preventive, Frequency: soc1.Monthly, Key: true,
		Owner: "ann", Performer: "ann", Reviewer: "bea", Objectives: []string{"o"}, Risks: []string{"r"}}
	p.second = soc1.Control{Code: "PAY-1.2", Who: "A treasury analyst", What: "agrees the bank statement to the ledger of client funds", HowOften: "each business day", Exceptions: "Open items are cleared within two business days.",
		Evidence: "the reconciliation in the close folder", Nature: soc1.Manual, Type: soc1.Detective, Frequency: soc1.Daily, Key: true, Owner: "bea", Objectives: []string{"o"}, Risks: []string{"r"}}
	p.put("engagement", "e", p.engagement)
	p.put("control_objective", "o", p.objective)
	p.put("risk", "r", soc1.Risk{Code: "R1", Text: "A payment is made twice.", Objectives: []string{"o"}, Likelihood: 2, Impact: 4})
	p.control("c1", p.first)
	p.control("c2", p.second)
	p.put("person", "ann", soc1.Person{Name: "Ann", Side: soc1.SideServiceOrganization})
	p.put("person", "bea", soc1.Person{Name: "Bea", Side: soc1.SideServiceOrganization})
	p.put("service", "pay", soc1.Service{Name: "Payroll", InScope: true})
	p.put("transaction_class", "run", soc1.TransactionClass{Name: "Runs", Services: []string{"pay"}, Initiated: "By clients.", Authorized: "By clients.", Recorded: "In the register.", Processed: "Overnight.", Reported: "In the register.", Corrected: "By reversal."})
	p.put("account", "wages", soc1.Account{Name: "Wages"})
	p.put("assertion_relevance", "a", soc1.AssertionRelevance{TransactionClass: "run", Account: "wages", Assertions: []soc1.FinancialAssertion{soc1.Completeness}})
	p.put("system", "s", soc1.System{Name: "Ledger", InScope: true, Objectives: []string{"o"}})
	p.put("location", "hq", soc1.Location{Name: "Milwaukee", InScope: true})
	p.put("location", "old", soc1.Location{Name: "Racine"})
	for i, c := range []soc1.Criterion{soc1.D3, soc1.D4, soc1.D5, soc1.D6, soc1.D8, soc1.D9} {
		p.put("description_section", string(c), soc1.DescriptionSection{Criterion: c, Title: c.Label(), Body: "The organization keeps its records for seven years.", Order: i})
	}
	p.put("assertion", "a", soc1.ManagementAssertion{Engagement: "e", SignedBy: "ann", SignedOn: "2026-01-15"})
	p.put("representation_letter", "l", soc1.RepresentationLetter{Engagement: "e", Dated: "2026-01-18", SignedBy: "ann", SignedOn: "2026-01-18"})
	for _, id := range []string{"ann", "bea"} {
		p.put("event_confirmation", "w-"+id, soc1.EventConfirmation{Engagement: "e", By: id, Through: "2026-01-18", On: "2026-01-18"})
	}
	return p
}

// control puts a control that was the same since before the period.
func (p *program) control(id string, c soc1.Control) {
	p.put("control", id, c)
	p.past["control"] = slices.DeleteFunc(p.past["control"], func(v record.Version) bool { return v.ID == id })
	p.was("control", id, "2024-01-01", "", c)
}

// run answers the question with an engine of its own.
func (p *program) run() []Finding {
	p.t.Helper()
	var e Engine
	var work Source = p.book
	if p.question.By == soc1.ByAuditor {
		work = p.exam
	}
	res, err := e.Run(context.Background(), p.question, p.book, work)
	if err != nil {
		p.t.Fatal(err)
	}
	return res.Findings
}
