package scoping

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

// answered makes answers of services with the rest as of an organization that is
// new to the matter: a year of operation, no report yet, no deadline.
func answered(services ...soc1.ServiceAnswers) soc1.InterviewAnswers {
	return soc1.InterviewAnswers{Services: services, Issued: soc1.IssuedNone, OperatedMonths: 12, Needs: soc1.NeedsOperation}
}

var (
	all     = []soc1.TransactionStep{soc1.Initiates, soc1.Authorizes, soc1.Records, soc1.Processes, soc1.ReportsOn}
	payroll = soc1.ServiceAnswers{Name: "Payroll processing", Service: "payroll", Does: all, Effect: soc1.EffectAmounts, Asked: []soc1.ReportAsked{soc1.AskedSOC1}}
	wiki    = soc1.ServiceAnswers{Name: "Collaboration workspace", Effect: soc1.EffectNone, Asked: []soc1.ReportAsked{soc1.AskedSOC2}, Commitments: []soc1.Commitment{soc1.CommitSecurity, soc1.CommitAvailability}}
	loans   = soc1.ServiceAnswers{Name: "Loan servicing", Does: []soc1.TransactionStep{soc1.Records, soc1.Processes, soc1.ReportsOn}, Effect: soc1.EffectAmounts, Asked: []soc1.ReportAsked{soc1.AskedSOC1}}
	hosting = soc1.ServiceAnswers{Name: "Hosting of loan portals", Hosts: true, Effect: soc1.EffectNone, Asked: []soc1.ReportAsked{soc1.AskedSOC2}, Commitments: []soc1.Commitment{soc1.CommitSecurity, soc1.CommitAvailability}}
)

// What an audit partner would say of companies as they come.
func TestRecommend(t *testing.T) {
	for _, c := range []struct {
		name    string
		answers soc1.InterviewAnswers
		report  soc1.RecommendedReport
		kind    soc1.TypeAdvice
		says    []string // words of reasons and of open points
		because []string // answers that must have caused something
	}{
		{"payroll", answered(payroll), soc1.RecommendSOC1, soc1.AdviseType2,
			[]string{"initiates, authorizes, records, processes and reports customers’ transactions", "likely to be relevant to customers’ internal control over financial reporting"}, []string{"services[0].does", "services[0].effect", "operated_months"}},
		{"pure SaaS collaboration", answered(wiki), soc1.RecommendSOC2, soc1.AdviseNone, []string{"Customers ask for a SOC 2 report", "security and availability are promised"}, []string{"services[0].asked", "services[0].commitments"}},
		{"collaboration nobody asks about", answered(soc1.ServiceAnswers{Name: "Wiki", Effect: soc1.EffectNone, Commitments: []soc1.Commitment{soc1.CommitSecurity}}), soc1.RecommendSOC2, soc1.AdviseNone,
			[]string{"security is promised to them: a SOC 2 report shows how that is kept"}, nil},
		{"loan servicing and hosting", answered(loans, hosting), soc1.RecommendBoth, soc1.AdviseType2, []string{"What is shared is tested once", "Hosting of loan portals hosts systems"}, nil},
		{"one service for both", answered(soc1.ServiceAnswers{Name: "Claims", Does: all, Effect: soc1.EffectAmounts, Asked: []soc1.ReportAsked{soc1.AskedSOC1, soc1.AskedSOC2}, Commitments: []soc1.Commitment{soc1.CommitPrivacy}}),
			soc1.RecommendBoth, soc1.AdviseType2, []string{"privacy is promised"}, nil},
		{"logistics", answered(soc1.ServiceAnswers{Name: "Parcel tracking", Does: []soc1.TransactionStep{soc1.Records}, Effect: soc1.EffectNone}), soc1.RecommendNeither, soc1.AdviseNone,
			[]string{"nothing in customers’ financial statements depends on them", "would have no readers"}, []string{"services[0].effect"}},
		{"logistics asked for SOC 1", answered(soc1.ServiceAnswers{Name: "Parcel tracking", Effect: soc1.EffectNone, Asked: []soc1.ReportAsked{soc1.AskedSOC1}}), soc1.RecommendNeither, soc1.AdviseNone,
			[]string{"It cannot be had"}, []string{"services[0].asked"}},
		{"data center of financial systems", answered(soc1.ServiceAnswers{Name: "Colocation", Hosts: true, Effect: soc1.EffectSystems, Asked: []soc1.ReportAsked{soc1.AskedSOC1}}), soc1.RecommendSOC1, soc1.AdviseType2,
			[]string{"customers’ accounting systems run on it"}, []string{"services[0].hosts", "services[0].effect"}},
		{"effect unknown, auditors ask", answered(soc1.ServiceAnswers{Name: "Time keeping", Does: []soc1.TransactionStep{soc1.Records}, Effect: soc1.EffectUnknown, Asked: []soc1.ReportAsked{soc1.AskedSOC1}}), soc1.RecommendSOC1, soc1.AdviseType2,
			[]string{"customers’ auditors ask about it", "Find out with customers’ auditors"}, nil},
		{"effect unknown, nobody asks", answered(soc1.ServiceAnswers{Name: "Time keeping", Does: []soc1.TransactionStep{soc1.Records}, Effect: soc1.EffectUnknown, Commitments: []soc1.Commitment{soc1.CommitSecurity}}), soc1.RecommendNeither, soc1.AdviseNone,
			[]string{"Until somebody finds out, it counts for no SOC 1 report"}, []string{"services[0].effect"}},
		{"payroll with promises that nobody asks about", answered(soc1.ServiceAnswers{Name: "Payroll", Does: all, Effect: soc1.EffectAmounts, Asked: []soc1.ReportAsked{soc1.AskedSOC1}, Commitments: []soc1.Commitment{soc1.CommitPrivacy}}), soc1.RecommendSOC1, soc1.AdviseType2,
			[]string{"Nobody asks for a SOC 2 report yet"}, []string{"services[0].commitments"}},
		{"asked for SOC 2 without a promise", answered(soc1.ServiceAnswers{Name: "Chat", Effect: soc1.EffectNone, Asked: []soc1.ReportAsked{soc1.AskedSOC2}}), soc1.RecommendSOC2, soc1.AdviseNone, []string{"write them down first"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, p := range c.answers.Check("2026-02-10") {
				t.Errorf("the case itself: %s", p)
			}
			r := Recommend(c.answers, "2026-02-10")
			if r.Report != c.report || r.Type != c.kind {
				t.Errorf("%s, %s; expected %s, %s\n%s", r.Report, r.Type, c.report, c.kind, told(r))
			}
			for _, s := range c.says {
				if !strings.Contains(told(r), s) {
					t.Errorf("it does not say %q:\n%s", s, told(r))
				}
			}
			caused := map[string]bool{}
			for _, p := range slices.Concat(r.Reasons, r.TypeReasons, r.Open) {
				for _, a := range p.Answers {
					caused[a] = true
				}
			}
			for _, a := range c.because {
				if !caused[a] {
					t.Errorf("nothing is said because of %s:\n%s", a, told(r))
				}
			}
		})
	}
}

func told(r Recommendation) string {
	var b strings.Builder
	for _, p := range slices.Concat(r.Reasons, r.TypeReasons, r.Open) {
		fmt.Fprintf(&b, "%s %v\n", p.Text, p.Answers)
	}
	return b.String()
}

// Which type comes first, and from when.
func TestType(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*soc1.InterviewAnswers)
		want   soc1.TypeAdvice
		asOf   soc1.Date
		from   soc1.Date
		fixed  bool
		says   string
	}{
		{"a year of operation", func(a *soc1.InterviewAnswers) {}, soc1.AdviseType2, "", "2025-02-01", false, "can end on 2026-01-31"},
		{"nothing operated yet", func(a *soc1.InterviewAnswers) { a.OperatedMonths = 0 }, soc1.AdviseType1First, "2026-03-31", "2026-04-01", true, "whether the design holds"},
		{"three months, no deadline", func(a *soc1.InterviewAnswers) { a.OperatedMonths = 3 }, soc1.AdviseType2, "", "2025-11-01", false, "can end on 2026-04-30, and its report is out about 2026-06-30"},
		{"three months, deadline too near", func(a *soc1.InterviewAnswers) { a.OperatedMonths, a.Deadline = 3, "2026-06-29" }, soc1.AdviseType1First, "2026-02-28", "2026-03-01", true, "too late"},
		{"three months, deadline just met", func(a *soc1.InterviewAnswers) { a.OperatedMonths, a.Deadline = 3, "2026-06-30" }, soc1.AdviseType2, "", "2025-11-01", false, "in time for 2026-06-30"},
		{"a deadline that nothing meets", func(a *soc1.InterviewAnswers) { a.OperatedMonths, a.Deadline = 3, "2026-03-15" }, soc1.AdviseType1First, "2026-02-28", "2026-03-01", true, "Even a Type I report"},
		{"design is all that is asked", func(a *soc1.InterviewAnswers) { a.Needs = soc1.NeedsDesign }, soc1.AdviseType1First, "2026-02-28", "2026-03-01", true, "only whether controls are designed"},
		{"nobody asked what is needed", func(a *soc1.InterviewAnswers) { a.Needs = soc1.NeedsUnknown }, soc1.AdviseType2, "", "2025-02-01", false, "Ask customers whether their auditors will rely"},
		{"after a Type I", func(a *soc1.InterviewAnswers) { a.Issued, a.IssuedTo = soc1.IssuedType1, "2025-10-31" }, soc1.AdviseType2, "", "2025-11-01", true, "has shown the design"},
		{"after a Type II", func(a *soc1.InterviewAnswers) { a.Issued, a.IssuedTo = soc1.IssuedType2, "2025-12-31" }, soc1.AdviseType2, "", "2026-01-01", true, "no day is without a report"},
		{"long after a Type II", func(a *soc1.InterviewAnswers) { a.Issued, a.IssuedTo = soc1.IssuedType2, "2024-12-31" }, soc1.AdviseType2, "", "2025-01-01", true, "More than 12 months"},
		{"after a Type II, needed sooner", func(a *soc1.InterviewAnswers) {
			a.Issued, a.IssuedTo, a.Deadline = soc1.IssuedType2, "2025-12-31", "2026-05-31"
		}, soc1.AdviseType2, "", "2026-01-01", true, "a bridge letter has to do"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := answered(payroll)
			c.change(&a)
			r := Recommend(a, "2026-02-10")
			if r.Type != c.want || r.AsOf != c.asOf || r.From != c.from || r.Fixed != c.fixed || !strings.Contains(told(r), c.says) {
				t.Errorf("%s as of %q, from %q (fixed %v); expected %s as of %q, from %q (%v), saying %q:\n%s", r.Type, r.AsOf, r.From, r.Fixed, c.want, c.asOf, c.from, c.fixed, c.says, told(r))
			}
		})
	}
}

// What two reports share are criteria of the categories wanted, by the organization's
// own objectives or by the library's.
func TestShared(t *testing.T) {
	services := []record.Typed[soc1.Service]{{Record: record.Record{ID: "payroll"}, Value: soc1.Service{Name: "Payroll", TemplateCode: "PAY"}}}
	ids := func(list []SharedCriterion) (out []string) {
		for _, s := range list {
			out = append(out, s.ID+"="+strings.Join(s.Objectives, "+"))
		}
		return out
	}
	p := payroll
	p.Asked = []soc1.ReportAsked{soc1.AskedSOC1, soc1.AskedSOC2}
	got, own := Shared(answered(p), nil, services)
	want := []string{"CC6.1=ITGC-1", "CC6.2=ITGC-1", "CC6.3=ITGC-1", "CC6.4=ITGC-5", "CC6.6=ITGC-6", "CC6.8=ITGC-6", "CC7.1=ITGC-6", "CC7.2=ITGC-3+ITGC-6", "CC7.3=ITGC-6", "CC7.4=ITGC-6", "CC7.5=ITGC-4", "CC8.1=ITGC-2+ITGC-7"}
	if own || !slices.Equal(ids(got), want) {
		t.Errorf("security alone, own %v: %v", own, ids(got))
	}
	p.Commitments = []soc1.Commitment{soc1.CommitAvailability, soc1.CommitIntegrity}
	got, _ = Shared(answered(p), nil, services)
	for _, id := range []string{"A1.2=ITGC-4+ITGC-5", "A1.3=ITGC-4"} {
		if !slices.Contains(ids(got), id) {
			t.Errorf("availability lacks %s: %v", id, ids(got))
		}
	}
	if !slices.ContainsFunc(ids(got), func(s string) bool { return strings.HasPrefix(s, "PI1.5=PAY-1+") }) {
		t.Errorf("processing integrity does not come from the payroll objectives: %v", ids(got))
	}
	mine := []record.Typed[soc1.ControlObjective]{
		{Record: record.Record{ID: "it-1", Kind: "control_objective"}, Value: soc1.ControlObjective{Code: "IT-1", FrameworkIDs: map[string][]string{"TSC-2017": {"CC6.1", "P1.1"}}}},
		{Record: record.Record{ID: "it-2"}, Value: soc1.ControlObjective{Code: "IT-2", OmittedReason: "x", FrameworkIDs: map[string][]string{"TSC-2017": {"CC8.1"}}}},
	}
	if got, own = Shared(answered(p), mine, services); !own || !slices.Equal(ids(got), []string{"CC6.1=IT-1"}) || len(got[0].Refs) != 1 {
		t.Errorf("own objectives: %v %v", own, ids(got))
	}
}
