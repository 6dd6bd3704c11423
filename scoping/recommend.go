package scoping

import (
	"fmt"
	"slices"
	"strings"

	"reperform/english"
	"reperform/soc1"
)

// Customs of the trade on which a plan rests; no standard sets them.
const (
	// ReportMonths is how long a report takes after the last day that it speaks of:
	// the last tests, the reviews and the letters.
	ReportMonths = 2
	// ShortestMonths is the shortest period of a Type II report that is usually of
	// use to user auditors (rule SCP-02), LongestMonths the longest that is usual.
	ShortestMonths, LongestMonths = 6, 12
)

// ServiceAdvice is what the answers about one service come to.
type ServiceAdvice struct {
	Name string
	// SOC1 and SOC2 tell which report it belongs in.
	SOC1, SOC2 bool
}

// Recommendation is what an interview ends in.
type Recommendation struct {
	soc1.InterviewOutcome
	// Services are in the order of the answers.
	Services []ServiceAdvice
	// AsOf is the day proposed for a Type I report, empty without one.
	AsOf soc1.Date
	// From is the earliest first day of the period of a Type II report; Fixed says
	// that it begins on that very day, because a report ended on the day before.
	From  soc1.Date
	Fixed bool
}

// advising is a recommendation in the making.
type advising struct {
	a   soc1.InterviewAnswers
	on  soc1.Date
	out Recommendation
}

// Recommend derives the recommendation from answers given on a day. The answers
// must have no problems, see soc1.InterviewAnswers.Check.
func Recommend(a soc1.InterviewAnswers, on soc1.Date) Recommendation {
	r := advising{a: a, on: on}
	for i := range a.Services {
		r.service(i)
	}
	var one, two bool
	for _, s := range r.out.Services {
		one, two = one || s.SOC1, two || s.SOC2
	}
	switch {
	case one && two:
		r.out.Report = soc1.RecommendBoth
		r.because(&r.out.Reasons, nil, "Two reports for two kinds of readers: user auditors read the SOC 1 report, and those who ask about security and the like the SOC 2 report. What is shared is tested once.")
	case one:
		r.out.Report = soc1.RecommendSOC1
	case two:
		r.out.Report = soc1.RecommendSOC2
	default:
		r.out.Report = soc1.RecommendNeither
		r.because(&r.out.Reasons, nil, "No service bears on customers’ financial statements, nothing is promised that a SOC 2 report would cover, and nobody asks for one: a report would have no readers.")
	}
	r.out.Type = soc1.AdviseNone
	if one {
		r.kind()
	}
	return r.out
}

// because adds a reason with the answers that caused it.
func (r *advising) because(to *[]soc1.ReasonedPoint, answers []string, format string, args ...any) {
	*to = append(*to, soc1.ReasonedPoint{Text: fmt.Sprintf(format, args...), Answers: answers})
}

// steps says in words what a service does with transactions.
func steps(s soc1.ServiceAnswers) string {
	words := map[soc1.TransactionStep]string{soc1.Initiates: "initiates", soc1.Authorizes: "authorizes", soc1.Records: "records", soc1.Processes: "processes", soc1.ReportsOn: "reports"}
	var out []string
	for _, v := range soc1.TransactionStep("").Values() {
		if slices.Contains(s.Does, soc1.TransactionStep(v)) {
			out = append(out, words[soc1.TransactionStep(v)])
		}
	}
	switch {
	case len(out) == 0:
		return "hosts systems that handle customers’ transactions"
	case s.Hosts:
		return enumerated(out) + " customers’ transactions and hosts systems that do"
	}
	return enumerated(out) + " customers’ transactions"
}

// enumerated joins words as a sentence does.
func enumerated(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// service decides about one service.
func (r *advising) service(i int) {
	s := r.a.Services[i]
	path := func(fields ...string) []string {
		var out []string
		for _, f := range fields {
			out = append(out, fmt.Sprintf("services[%d].%s", i, f))
		}
		return out
	}
	touching := path("does")
	switch {
	case s.Hosts && len(s.Does) > 0:
		touching = path("does", "hosts")
	case s.Hosts:
		touching = path("hosts")
	}
	touches := s.Hosts || len(s.Does) > 0
	asked1, asked2 := slices.Contains(s.Asked, soc1.AskedSOC1), slices.Contains(s.Asked, soc1.AskedSOC2)
	advice := ServiceAdvice{Name: s.Name}
	why := &r.out.Reasons
	switch {
	case touches && (s.Effect == soc1.EffectAmounts || s.Effect == soc1.EffectSystems):
		advice.SOC1 = true
		effect := "customers book amounts that come from it"
		if s.Effect == soc1.EffectSystems {
			effect = "customers’ accounting systems run on it"
		}
		r.because(why, append(touching, path("effect")...), "%s %s, and %s: its controls are likely to be relevant to customers’ internal control over financial reporting, which is what a SOC 1 report is about.", s.Name, steps(s), effect)
		if !asked1 {
			r.because(&r.out.Open, path("asked"), "Nobody asks for a SOC 1 report on %s yet. Ask customers whether their auditors will: a report is made for its readers.", s.Name)
		}
	case touches && s.Effect == soc1.EffectUnknown && asked1:
		advice.SOC1 = true
		r.because(why, append(touching, path("asked", "effect")...), "%s %s, and customers’ auditors ask about it: they take it for relevant to financial reporting.", s.Name, steps(s))
		r.because(&r.out.Open, path("effect"), "Find out with customers’ auditors which accounts and assertions %s bears on, before the scope is settled.", s.Name)
	case touches && s.Effect == soc1.EffectUnknown:
		r.because(&r.out.Open, append(touching, path("effect")...), "%s %s, and it is not known what that means for customers’ financial statements. Until somebody finds out, it counts for no SOC 1 report.", s.Name, steps(s))
	case touches:
		r.because(why, append(touching, path("effect")...), "%s %s, but nothing in customers’ financial statements depends on them: a SOC 1 report has nothing to say about it.", s.Name, steps(s))
	default:
		r.because(why, append(touching, path("effect")...), "%s does nothing with customers’ transactions and hosts no systems that do: a SOC 1 report has nothing to say about it.", s.Name)
	}
	if asked1 && !advice.SOC1 {
		r.because(&r.out.Open, path("asked"), "Customers ask for a SOC 1 report on %s. It cannot be had: the section covers controls likely to be relevant to financial reporting. Ask what they need to know; where it is security or availability, a SOC 2 report answers it.", s.Name)
	}
	settled := touches && s.Effect == soc1.EffectUnknown
	switch {
	case asked2:
		advice.SOC2 = true
		if len(s.Commitments) == 0 {
			r.because(why, path("asked"), "Customers ask for a SOC 2 report on %s.", s.Name)
			r.because(&r.out.Open, path("commitments"), "Nothing is promised about %s. A SOC 2 report measures against commitments: write them down first.", s.Name)
			break
		}
		r.because(why, path("asked", "commitments"), "Customers ask for a SOC 2 report on %s, and %s.", s.Name, promised(s.Commitments))
	case len(s.Commitments) > 0 && !advice.SOC1 && !settled:
		advice.SOC2 = true
		r.because(why, path("commitments"), "On %s, %s: a SOC 2 report shows how that is kept.", s.Name, promised(s.Commitments))
	case len(s.Commitments) > 0:
		r.because(&r.out.Open, path("commitments", "asked"), "On %s, %s. Nobody asks for a SOC 2 report yet; a SOC 1 report does not answer for it beyond its general IT controls.", s.Name, promised(s.Commitments))
	}
	r.out.Services = append(r.out.Services, advice)
}

// promised says in words what is promised.
func promised(list []soc1.Commitment) string {
	var words []string
	for _, c := range list {
		words = append(words, strings.ToLower(c.Label()))
	}
	return enumerated(words) + english.Choose(len(words), " is", " are") + " promised to them"
}

// monthEnd is the last day of the month of a day, n months later.
func monthEnd(d soc1.Date, n int) soc1.Date {
	return soc1.NewDate(d.Year(), d.Month(), 1).AddMonths(n + 1).AddDays(-1)
}

// kind decides which type comes first, and when.
func (r *advising) kind() {
	a, o := r.a, &r.out
	thisMonth := soc1.NewDate(r.on.Year(), r.on.Month(), 1)
	switch a.Issued {
	case soc1.IssuedType2:
		o.Type, o.From, o.Fixed = soc1.AdviseType2, a.IssuedTo.AddDays(1), true
		r.because(&o.TypeReasons, []string{"issued", "issued_to"}, "A Type II report was issued up to %s. The next one begins on %s, so that no day is without a report; a Type I report would be a step back for readers who rely on operation.", a.IssuedTo, o.From)
		r.late()
		return
	case soc1.IssuedType1:
		o.Type, o.From, o.Fixed = soc1.AdviseType2, a.IssuedTo.AddDays(1), true
		r.because(&o.TypeReasons, []string{"issued", "issued_to"}, "A Type I report as of %s has shown the design. What user auditors rely on is operation: a Type II report from %s follows.", a.IssuedTo, o.From)
		r.late()
		return
	}
	begin := thisMonth.AddMonths(-int(a.OperatedMonths))
	if a.OperatedMonths == 0 {
		begin = thisMonth.AddMonths(1)
	}
	end := max(begin.AddMonths(ShortestMonths).AddDays(-1), thisMonth.AddDays(-1))
	report := end.AddMonths(ReportMonths)
	first := func(answers []string, format string, args ...any) {
		o.Type = soc1.AdviseType1First
		if o.AsOf == "" {
			o.AsOf = monthEnd(r.on, 0)
			if a.OperatedMonths == 0 {
				o.AsOf = monthEnd(r.on, 1)
			}
			o.From, o.Fixed = o.AsOf.AddDays(1), true
		}
		r.because(&o.TypeReasons, answers, format, args...)
	}
	o.Type, o.From = soc1.AdviseType2, begin
	if a.OperatedMonths == 0 {
		first([]string{"operated_months"}, "No month is behind the controls in which they operated and left evidence. A Type I report shows whether the design holds before a period is spent on it.")
	}
	if a.Deadline != "" && report > a.Deadline {
		first([]string{"operated_months", "deadline"}, "A report is needed by %s. With controls in operation since %s, a period of %d months ends on %s at the earliest, and its report is out about %s: too late. A Type I report can be there in time.",
			a.Deadline, begin, ShortestMonths, end, report)
	}
	if a.Needs == soc1.NeedsDesign {
		first([]string{"needs"}, "Customers’ auditors ask for now only whether controls are designed and in place, which a Type I report says.")
	}
	if o.Type == soc1.AdviseType1First {
		if a.Needs == soc1.NeedsOperation {
			second := monthEnd(o.AsOf, ShortestMonths)
			r.because(&o.Open, []string{"needs"}, "Customers’ auditors need evidence of operation, which a Type I report does not give. Tell them that a Type II report on %s to %s is out about %s.", o.From, second, second.AddMonths(ReportMonths))
		}
		if a.Deadline != "" && o.AsOf.AddMonths(ReportMonths) > a.Deadline {
			r.because(&o.Open, []string{"deadline"}, "Even a Type I report as of %s is out about %s, after %s. Agree on a later day with the customer.", o.AsOf, o.AsOf.AddMonths(ReportMonths), a.Deadline)
		}
	} else {
		in := ""
		if a.Deadline != "" {
			in = fmt.Sprintf(", in time for %s", a.Deadline)
		}
		r.because(&o.TypeReasons, []string{"operated_months", "deadline", "needs"}, "The controls have operated for %s and left evidence. A period of %d months or more can end on %s, and its report is out about %s%s. A Type I report before it would cost an examination and tell user auditors less.",
			english.Count(a.OperatedMonths, "month"), ShortestMonths, end, report, in)
	}
	if a.Needs == soc1.NeedsUnknown {
		r.because(&o.Open, []string{"needs"}, "Ask customers whether their auditors will rely on the controls: that takes a Type II report.")
	}
}

// late asks about a report that ended long ago, and about a deadline that the next
// one cannot meet.
func (r *advising) late() {
	a, o := r.a, &r.out
	if a.IssuedTo.AddMonths(LongestMonths) < r.on {
		r.because(&o.Open, []string{"issued_to"}, "More than %d months have passed since %s. The days since then need a longer period, two reports, or words to customers that nothing covers them.", LongestMonths, a.IssuedTo)
	}
	end := o.From.AddMonths(ShortestMonths).AddDays(-1)
	if a.Deadline != "" && end.AddMonths(ReportMonths) > a.Deadline {
		r.because(&o.Open, []string{"deadline"}, "A report is needed by %s. Even a period of %d months ends on %s, and its report is out about %s. Until then a bridge letter has to do.", a.Deadline, ShortestMonths, end, end.AddMonths(ReportMonths))
	}
}
