package play

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"reperform/app"
	"reperform/ascode"
	"reperform/soc1"
)

// The seasons of the example: the year that is examined, and, once a new one
// is under way, that of the day on which the example is performed.
const (
	// opens is the month of the new year from which it is told: before, the
	// company is busy with the examination of the last.
	opens = 3
	// begins is the first month in whose course a performance tells it.
	begins = 4
)

// season is one year of management's own program: owners file evidence, most of
// it in time, the compliance manager tests, asks and reminds. Everything is an
// event of a day; what would happen after the last day told does not.
type season struct {
	*stage
	year       int
	engagement string
	// from is the first day on which something is recorded, until the last.
	from, until soc1.Date
	events      []event
	filings     map[filing][]app.RecordChange
}

// ownedControl is a control of the example with its latest wording.
type ownedControl struct {
	id string
	soc1.Control
}

// ratedRisk and keptPolicy are likewise.
type ratedRisk struct {
	id string
	soc1.Risk
}

type keptPolicy struct {
	id string
	soc1.Policy
}

// filing is what one person files on one day.
type filing struct {
	on soc1.Date
	by string
}

// season prepares a year. Nothing is recorded before from or after until.
func (s *stage) season(year int, engagement string, from, until soc1.Date) []event {
	y := &season{stage: s, year: year, engagement: engagement, from: from, until: until, filings: map[filing][]app.RecordChange{}}
	if engagement != s.plan.Engagement {
		y.opening()
		y.plans()
		y.performing()
		y.policiesGoOn()
		y.obtained()
	} else {
		y.policiesExamined()
		y.mapped()
	}
	y.confirmed()
	y.scope()
	y.evidence()
	y.ratings()
	y.ownTests()
	y.requests()
	y.happened()
	y.trained()
	for _, f := range slices.SortedFunc(maps.Keys(y.filings), func(a, b filing) int {
		return cmp.Or(cmp.Compare(a.on, b.on), cmp.Compare(a.by, b.by))
	}) {
		changes := y.filings[f]
		y.exactly(f.on, 18, func(ctx context.Context) error { return y.put(ctx, f.by, "Evidence filed.", changes...) })
	}
	return y.events
}

// capital begins a word with a capital letter.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// remember keeps what later years are told with: the latest wording of each
// control, risk and policy of the example, and its engagement.
func (s *stage) remember(items []*ascode.Item) {
	at := map[string]int{}
	for _, it := range items {
		switch v := it.Value.(type) {
		case *soc1.Control:
			if n, again := at[it.ID]; again {
				s.controls[n].Control = *v
				continue
			}
			at[it.ID] = len(s.controls)
			s.controls = append(s.controls, ownedControl{it.ID, *v})
		case *soc1.Risk:
			s.risks = append(s.risks, ratedRisk{it.ID, *v})
		case *soc1.Policy:
			s.policies = append(s.policies, keptPolicy{it.ID, *v})
		case *soc1.Engagement:
			s.engaged = *v
		}
	}
}

// on plans an event, unless its day is outside what is told. What would have
// been done before the first day is done on it.
func (y *season) on(day soc1.Date, hour int, do func(context.Context) error) {
	day = max(workday(day), y.from)
	if day > y.until {
		return
	}
	y.events = append(y.events, event{on: day, hour: hour, do: func(ctx context.Context) error {
		y.at(day, hour)
		return do(ctx)
	}})
}

func (y *season) put(ctx context.Context, by, reason string, changes ...app.RecordChange) error {
	b, err := y.app.PutRecords(ctx, by, changes, reason, false)
	if b != nil {
		for _, it := range b.Items {
			for _, p := range it.Problems {
				return fmt.Errorf("%s %s by %s: %s: %s %s", it.Kind, it.ID, by, p.Field, p.Message, p.Remedy)
			}
		}
	}
	return err
}

// day is a day of the season's year.
func (y *season) day(month, day int) soc1.Date { return soc1.NewDate(y.year, month, day) }

// workday is the day itself or the Monday after a weekend.
func workday(d soc1.Date) soc1.Date {
	if n := d.ISOWeekday(); n > 5 {
		return d.AddDays(8 - n)
	}
	return d
}

// number is the same small number for the same words, in every performance.
func number(n int, words ...any) int {
	h := fnv.New32a()
	fmt.Fprint(h, words...)
	return int(h.Sum32() % uint32(n))
}

// keeper files the evidence of a control: its owner, or the compliance manager
// for owners who only read or sign.
func keeper(owner string) string {
	switch owner {
	case signer, "elena-petrova":
		return manager
	}
	return owner
}

// mostly are the frequencies whose evidence is filed once a month.
var mostly = []soc1.Frequency{soc1.Weekly, soc1.Monthly}

// unshown are controls that left nothing in the year: they had no occasion, or
// nobody filed it yet.
var unshown = []string{"pay-1-4", "itgc-3-4", "el-7"}

// evidence files what controls leave, some days after each month, quarter or
// half-year.
func (y *season) evidence() {
	for _, k := range y.controls {
		switch {
		case k.Frequency == soc1.Daily:
			// Lists of days are filed twice a month, and to the day when
			// somebody asks.
			for m := 1; m <= 12; m++ {
				first := y.day(m, 1)
				for _, half := range [][2]soc1.Date{{first, first.AddDays(14)}, {first.AddDays(15), first.AddMonths(1).AddDays(-1)}} {
					if half[0] <= y.until && y.until < half[1] {
						half[1] = y.until
					}
					y.file(k, half[0], half[1])
				}
			}
		case slices.Contains(mostly, k.Frequency):
			for m := 1; m <= 12; m++ {
				y.file(k, y.day(m, 1), y.day(m, 1).AddMonths(1).AddDays(-1))
			}
		case k.Frequency == soc1.Quarterly:
			for q := 1; q <= 4; q++ {
				y.file(k, y.day(3*q-2, 1), y.day(3*q-2, 1).QuarterEnd())
			}
		case k.Frequency == soc1.Annual:
			day := workday(y.day(4+number(6, k.id, "annual"), 6+number(14, k.id)))
			y.file(k, day, day)
		case !slices.Contains(unshown, k.id):
			y.file(k, y.day(1, 1), y.day(6, 30))
			y.file(k, y.day(7, 1), y.day(12, 31))
		}
	}
}

// file plans the filing of one piece of evidence. What one person files for a
// month is one command, but for what comes late.
func (y *season) file(k ownedControl, from, to soc1.Date) {
	if y.missing(k.id, to) || y.performedHere(k.id, to) {
		return
	}
	by, on := keeper(k.Owner), to.AddDays(3+number(6, k.Owner, to.Month()))
	if number(13, k.id, to) == 0 {
		on = on.AddDays(18 + number(20, k.id))
	}
	if k.Frequency == soc1.Daily {
		on = min(on, max(y.until, to))
	}
	on = max(workday(on), y.from)
	if on > y.until && k.Frequency == soc1.Daily && to <= y.until {
		on = y.until
	}
	if on > y.until {
		return
	}
	e := soc1.Evidence{Title: leaves(k.Evidence) + ", " + span(from, to), Controls: []string{k.id}, Source: keptIn(k.Systems),
		HowObtained: "Exported by the owner of the control and filed unchanged.", ReceivedAt: y.moment(on, 18)}
	if k.id == "itgc-3-3" && y.engagement != y.plan.Engagement {
		// The list of transfers shows the copies of the databases, too.
		e.Controls = append(e.Controls, "itgc-4-1")
	}
	if from == to {
		e.AsOf = to
	} else {
		e.PeriodFrom, e.PeriodTo = from, to
	}
	f := filing{on, by}
	y.filings[f] = append(y.filings[f], app.RecordChange{Kind: "evidence", ID: fmt.Sprintf("ev-%s-%s", k.id, to), Value: e})
}

// missing says which evidence is not there. In a year that is over it is what
// was never found; in one under way it is what the owners still owe.
func (y *season) missing(control string, to soc1.Date) bool {
	month := string(to)[:7]
	if y.complete() {
		return control == "itgc-2-4" && month == fmt.Sprintf("%d-04", y.year) || control == "el-9" && month == fmt.Sprintf("%d-03", y.year)
	}
	ago := func(n int) string { return string(soc1.NewDate(y.until.Year(), y.until.Month(), 1).AddMonths(-n))[:7] }
	quarter := string(y.until.QuarterStart().AddDays(-1))[:7]
	switch control {
	case "itgc-1-6":
		return month == ago(1) || month == ago(2)
	case "pay-6-2":
		return month == ago(1)
	case "itgc-2-4":
		return month == ago(4)
	case "itgc-4-2", "el-9":
		return month == quarter
	}
	return false
}

// complete says that the year is over in what is told.
func (y *season) complete() bool { return y.until >= y.day(12, 31) }

// moment is an hour of a day in the company's zone.
func (s *stage) moment(on soc1.Date, hour int) soc1.Instant {
	return soc1.Instant(time.Date(on.Year(), time.Month(on.Month()), on.Day(), hour, 0, 0, 0, s.zone).Format(time.RFC3339))
}

// leaves names the evidence of a control in a few words: of "the reconciliation
// with list of items, preparer and reviewer" the reconciliation.
func leaves(evidence string) string {
	s := strings.TrimPrefix(strings.TrimSpace(evidence), "the ")
	for _, end := range []string{", ", " with ", " filed ", " in ", " that ", " by ", "; "} {
		if i := strings.Index(s, end); i >= 8 {
			s = s[:i]
		}
	}
	return capital(s)
}

// span names days as people title a file: a month, a quarter, a day.
func span(from, to soc1.Date) string {
	month := func(d soc1.Date) string { return time.Month(d.Month()).String() }
	switch {
	case from == to:
		return from.Long()
	case from.Month() == to.Month():
		return fmt.Sprintf("%s %d", month(to), to.Year())
	}
	return fmt.Sprintf("%s to %s %d", month(from), month(to), to.Year())
}

// keptIn names the system that evidence comes from.
func keptIn(systems []string) string {
	if len(systems) == 0 {
		return "The owner’s files"
	}
	return capital(strings.ReplaceAll(systems[0], "-", " "))
}

// ratings record what remains of each risk with the controls in operation. In
// the first year all are rated at a workshop; later those that changed.
func (y *season) ratings() {
	rate := func(reason string, residual func(id string, r soc1.Risk) (likelihood, impact int)) func(context.Context) error {
		return func(ctx context.Context) error {
			var changes []app.RecordChange
			for i := range y.risks {
				r := &y.risks[i]
				l, n := residual(r.id, r.Risk)
				if l == r.ResidualLikelihood && n == r.ResidualImpact {
					continue
				}
				r.ResidualLikelihood, r.ResidualImpact = l, n
				changes = append(changes, app.RecordChange{Kind: "risk", ID: r.id, Revision: -1, Value: r.Risk})
			}
			return y.put(ctx, manager, reason, changes...)
		}
	}
	if y.engagement == y.plan.Engagement {
		y.assess(func(id string, r soc1.Risk) (int, int) {
			l, n := r.Likelihood-min(1, number(4, id)), r.Impact-number(2, id, "impact")
			if strings.HasPrefix(id, "pay-5") || strings.HasPrefix(id, "pay-7") {
				l--
			}
			return max(l, 1), max(n, 1)
		})
		y.on(y.day(5, 30), 10, rate("61 deployments went out without an approval: the risks are rated again.", changed(map[string][2]int{"itgc-2-r1": {3, 4}, "itgc-2-r2": {3, 5}})))
		return
	}
	y.on(y.day(4, 17), 10, rate("Risk workshop after the examination: the rule is enforced on every repository.", changed(map[string][2]int{"itgc-2-r1": {2, 4}, "itgc-2-r2": {2, 4}, "pay-1-r2": {2, 4}})))
	y.on(y.day(9, 11), 10, rate("Two attempts at a diversion of net pay in August: rated again.", changed(map[string][2]int{"pay-2-r2": {4, 4}})))
}

// changed are ratings of some risks; the others stay.
func changed(now map[string][2]int) func(string, soc1.Risk) (int, int) {
	return func(id string, r soc1.Risk) (int, int) {
		if x, ok := now[id]; ok {
			return x[0], x[1]
		}
		return r.ResidualLikelihood, r.ResidualImpact
	}
}
