package gap

import (
	"slices"
	"strings"
	"testing"

	"reperform/intake"
	"reperform/policies"
	"reperform/soc1"
)

// spoiled is one way of spoiling the program: the rule that fires, the record and
// the field that it names, and a part of what it says.
type spoiled struct {
	rule, subject, field, says string
	spoil                      func(p *program)
	// quiet undoes the finding without undoing what was spoiled: a reason, a
	// response, another record.
	quiet func(p *program)
}

func test(control string, change ...func(*soc1.TestOfControl)) soc1.TestOfControl {
	t := soc1.TestOfControl{Code: "T1", By: soc1.ByManagement, Engagement: "e", Control: control, Method: soc1.Census, Population: "p", PerformedBy: "zoe", PerformedOn: "2026-01-10", Reviewer: "bea", ReviewedOn: "2026-01-11",
		Procedures: []soc1.Procedure{{Nature: soc1.Inspection, Text: "Inspected each."}}}
	for _, c := range change {
		c(&t)
	}
	return t
}

func population(change ...func(*soc1.Population)) soc1.Population {
	p := soc1.Population{Title: "Runs of 2025", By: soc1.ByManagement, Purpose: soc1.AuditorPopulation, Engagement: "e", PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", RunAt: "2026-01-05T09:00:00-06:00", RowCount: 12,
		PopulationHash: strings.Repeat("a", 64), SourceSystem: "Payroll"}
	for _, c := range change {
		c(&p)
	}
	return p
}

var spoils = []spoiled{
	{"SCP-01", "e", "period_end", "not given", func(p *program) { p.engagement.PeriodEnd = ""; p.put("engagement", "e", p.engagement) }, nil},
	{"SCP-01", "e", "as_of", "no as-of date", func(p *program) {
		p.put("engagement", "e", soc1.Engagement{Title: "x", Type: soc1.Type1})
	}, nil},
	{"SCP-02", "e", "short_period_reason", "180 days", func(p *program) { p.engagement.PeriodEnd = "2025-06-29"; p.put("engagement", "e", p.engagement) },
		func(p *program) {
			p.engagement.ShortPeriodReason = "First report."
			p.put("engagement", "e", p.engagement)
		}},
	{"SCP-03", "e", "period_start", "31 days", func(p *program) {
		p.engagement.PriorReport = soc1.PriorReport{PeriodTo: "2024-11-30"}
		p.put("engagement", "e", p.engagement)
		p.was("control_objective", "o", "2024-01-01", "", p.objective)
	}, func(p *program) {
		p.put("bridge_letter", "b", soc1.BridgeLetter{Engagement: "e", From: "2024-12-01", To: "2024-12-31"})
	}},
	{"SCP-04", "new", "", "Garnishments", func(p *program) { p.put("service", "new", soc1.Service{Name: "Garnishments", InScope: true}) }, nil},
	{"SCP-05", "x", "objectives", "Archive", func(p *program) { p.put("system", "x", soc1.System{Name: "Archive", InScope: true}) },
		func(p *program) {
			p.put("system", "x", soc1.System{Name: "Archive", InScope: true, Exclusion: "It only keeps copies."})
		}},
	{"SCP-06", "D3", "body", "names Racine", func(p *program) {
		p.put("description_section", "D3", soc1.DescriptionSection{Criterion: soc1.D3, Title: "Records", Body: "Paper is kept in Racine for a year."})
	}, func(p *program) { p.put("location", "old", soc1.Location{Name: "Racine", InScope: true}) }},

	{"OBJ-01", "empty", "", "No control", func(p *program) {
		p.put("control_objective", "empty", soc1.ControlObjective{Code: "PAY-9", Title: "x", Text: "Controls provide reasonable assurance that returns are filed."})
		p.put("risk", "r9", soc1.Risk{Code: "R9", Text: "x", Objectives: []string{"empty"}, Response: "Insured."})
	}, func(p *program) {
		p.put("control_objective", "empty", soc1.ControlObjective{Code: "PAY-9", Title: "x", Text: "Controls provide reasonable assurance that returns are filed.", OmittedReason: "Clients file."})
	}},
	{"OBJ-02", "o", "", "one key control, PAY-1.1", func(p *program) { p.second.Key = false; p.control("c2", p.second) },
		func(p *program) {
			p.first.Nature = soc1.ITDependentManual
			p.first.InformationUsed = []string{"x"}
			p.control("c1", p.first)
		}},
	{"OBJ-03", "o", "text", "no outcome", func(p *program) {
		p.objective.Text = "The supervisor reviews payments."
		p.put("control_objective", "o", p.objective)
	}, nil},
	{"OBJ-03", "o", "text", "repeats the control PAY-1.1", func(p *program) {
		p.first.Text = "The payroll supervisor signs each run after it is funded and released, as recorded in the run log each day."
		p.control("c1", p.first)
		p.objective.Text = "Controls provide reasonable assurance that " + strings.ToLower(p.first.Text)
		p.put("control_objective", "o", p.objective)
	}, nil},
	{"OBJ-04", "o", "", "Nothing is recorded", func(p *program) {
		p.put("risk", "r", soc1.Risk{Code: "R1", Text: "x"})
	}, nil},
	{"OBJ-05", "r2", "", "R2", func(p *program) { p.put("risk", "r2", soc1.Risk{Code: "R2", Text: "x", Objectives: []string{"o"}}) },
		func(p *program) {
			p.put("risk", "r2", soc1.Risk{Code: "R2", Text: "x", Objectives: []string{"o"}, Response: "Insured."})
		}},
	{"OBJ-06", "pay", "PAY-1", "usual for", func(p *program) {
		p.put("control_objective", "o", soc1.ControlObjective{Code: "X-1", Title: "x", Text: p.objective.Text, Assertions: p.objective.Assertions})
		p.put("service", "pay", soc1.Service{Name: "Payroll", InScope: true, TemplateCode: "PAY"})
	}, func(p *program) {
		p.put("service", "pay", soc1.Service{Name: "Payroll", InScope: true, TemplateCode: ""})
	}},
	{"OBJ-07", "run", "cutoff", "cutoff", func(p *program) {
		p.put("assertion_relevance", "a", soc1.AssertionRelevance{TransactionClass: "run", Account: "wages", Assertions: []soc1.FinancialAssertion{soc1.Cutoff}})
	}, func(p *program) {
		p.objective.Assertions = append(p.objective.Assertions, soc1.Cutoff)
		p.put("control_objective", "o", p.objective)
	}},
	{"OBJ-08", "o", "change_note", "differs", func(p *program) {
		p.engagement.PriorReport = soc1.PriorReport{PeriodTo: "2024-12-31"}
		p.put("engagement", "e", p.engagement)
		before := p.objective
		before.Text = "Controls provide reasonable assurance that payments are authorized."
		p.was("control_objective", "o", "2024-01-01", "2025-02-28", before)
		p.was("control_objective", "o", "2025-03-01", "", p.objective)
	}, func(p *program) {
		p.objective.ChangeNote = "Accuracy was added."
		p.put("control_objective", "o", p.objective)
	}},

	{"CTL-01", "c1", "evidence", "how it is evidenced", func(p *program) { p.first.Evidence = ""; p.control("c1", p.first) }, nil},
	{"CTL-01", "c1", "text", "who performs it", func(p *program) {
		p.first.Text, p.first.Who = "Runs are compared with their funding before each release, and the comparison is signed.", ""
		p.control("c1", p.first)
	}, func(p *program) { p.first.Who = "The supervisor"; p.control("c1", p.first) }},
	{"CTL-02", "c1", "owner", "has no owner", func(p *program) { p.first.Owner = ""; p.control("c1", p.first) }, nil},
	{"CTL-02", "c1", "owner", "left on 2025-08-31", func(p *program) {
		p.put("person", "ann", soc1.Person{Name: "Ann", Side: soc1.SideServiceOrganization, ActiveTo: "2025-08-31"})
	}, func(p *program) { p.first.InOperationTo = "2025-08-31"; p.control("c1", p.first) }},
	{"CTL-02", "c1", "owner", "active from 2025-03-01", func(p *program) {
		p.put("person", "ann", soc1.Person{Name: "Ann", Side: soc1.SideServiceOrganization, ActiveFrom: "2025-03-01"})
	}, func(p *program) {
		before := p.first
		before.Owner = "bea"
		p.past["control"] = nil
		p.was("control", "c1", "2024-01-01", "2025-02-28", before)
		p.records["control"][0].Revision = 2
		p.was("control", "c2", "2024-01-01", "", p.second)
	}},
	{"CTL-03", "c9", "objectives", "no objective", func(p *program) { c := p.first; c.Objectives, c.Code = nil, "X"; p.control("c9", c) },
		func(p *program) {
			c := p.first
			c.Objectives, c.Code, c.Component = nil, "X", soc1.ControlEnvironment
			p.control("c9", c)
		}},
	{"CTL-04", "c1", "frequency", "no frequency", func(p *program) { p.first.Frequency = ""; p.control("c1", p.first) }, nil},
	{"CTL-05", "c1", "what", "“timely”", func(p *program) {
		p.first.What = "compares the register with the totals in a manner that is timely and holds the run until differences are cleared"
		p.control("c1", p.first)
	}, func(p *program) {
		p.first.What = "compares the register with the totals timely, within two days of the run, and holds the run until differences are cleared"
		p.control("c1", p.first)
	}},
	{"CTL-06", "c1", "reviewer", "ann both", func(p *program) { p.first.Segregated, p.first.Reviewer = true, "ann"; p.control("c1", p.first) },
		func(p *program) { p.first.Reviewer = "bea"; p.control("c1", p.first) }},
	{"CTL-07", "o", "", "Every control of PAY-1 is detective", func(p *program) { p.first.Type = soc1.Detective; p.control("c1", p.first) },
		func(p *program) { p.second.Type = soc1.Corrective; p.control("c2", p.second) }},
	{"CTL-08", "c2", "information_used", "relies on information", func(p *program) { p.second.Nature = soc1.ITDependentManual; p.control("c2", p.second) },
		func(p *program) { p.second.InformationUsed = []string{"p"}; p.control("c2", p.second) }},
	{"CTL-09", "c2", "systems", "in which system", func(p *program) { p.second.Nature = soc1.Automated; p.control("c2", p.second) },
		func(p *program) { p.second.Systems = []string{"s"}; p.control("c2", p.second) }},
	{"CTL-10", "c2", "precision", "is a review", func(p *program) {
		p.second.What, p.second.Exceptions = "reviews the list of open items", ""
		p.control("c2", p.second)
	}, func(p *program) { p.second.Precision = "Items over 30 days are escalated."; p.control("c2", p.second) }},
	{"CTL-11", "c2", "in_operation_from", "from 2025-04-01", func(p *program) {
		p.second.InOperationFrom = "2025-04-01"
		p.control("c2", p.second)
	}, func(p *program) {
		p.put("significant_change", "x", soc1.SignificantChange{What: "A new reconciliation.", When: "2025-04-01", Controls: []string{"c2"}})
	}},
	{"CTL-12", "c3", "what", "agree in", func(p *program) { c := p.first; c.Code = "PAY-1.3"; p.control("c3", c) },
		func(p *program) {
			c := p.first
			c.Code, c.What = "PAY-1.3", "files the returns with the agency that asked for them"
			p.control("c3", c)
		}},

	{"WLK-01", "c1", "", "no walkthrough", func(p *program) { p.audit() }, func(p *program) {
		for _, c := range []string{"c1", "c2"} {
			p.exam.put("walkthrough", "w"+c, soc1.Walkthrough{Control: c, PerformedOn: "2025-05-05", Steps: []soc1.Procedure{{Nature: soc1.Inspection, Text: "x"}}})
		}
	}},
	{"WLK-02", "w", "steps", "inquiry", func(p *program) {
		p.audit()
		p.exam.put("walkthrough", "w", soc1.Walkthrough{Control: "c1", PerformedOn: "2025-05-05", Steps: []soc1.Procedure{{Nature: soc1.Inquiry, Text: "Asked."}}})
	}, nil},

	{"POP-04", "p", "run_at", "2025-10-01", func(p *program) {
		p.put("population", "p", population(func(x *soc1.Population) {
			x.RunAt = "2025-10-01T09:00:00-05:00"
			x.PeriodTo = "2025-09-30"
			x.RowCount = 9
		}))
		p.put("test_of_control", "t", test("c1"))
	}, func(p *program) {
		p.put("population", "q", population())
		p.put("test_of_control", "t2", test("c1", func(t *soc1.TestOfControl) { t.Code, t.Population = "T2", "q" }))
	}},
	{"POP-05", "t", "method", "no items", func(p *program) {
		p.put("population", "p", population(func(x *soc1.Population) { x.RowCount = 0 }))
		p.put("test_of_control", "t", test("c1"))
	}, func(p *program) {
		p.put("test_of_control", "t", test("c1", func(t *soc1.TestOfControl) { t.Method, t.NoOccurrence = soc1.DidNotOperate, "The query." }))
	}},
	{"POP-06", "p", "row_count", "about 12 are expected", func(p *program) {
		p.put("population", "p", population(func(x *soc1.Population) { x.RowCount = 16 }))
		p.put("test_of_control", "t", test("c1"))
	}, func(p *program) { p.put("population", "p", population(func(x *soc1.Population) { x.RowCount = 15 })) }},
	{"POP-07", "p", "source_system", "production changes", func(p *program) {
		p.first.What = "approves production changes before they are released and holds the run until every difference is cleared"
		p.control("c1", p.first)
		p.put("population", "p", population(func(x *soc1.Population) { x.SourceSystem = "Ticket system" }))
		p.put("test_of_control", "t", test("c1"))
	}, func(p *program) {
		p.put("population", "p", population(func(x *soc1.Population) { x.SourceSystem = "Deployment log" }))
	}},

	{"SMP-04", "t", "sample_plan", "2025-Q3 and 2025-Q4", func(p *program) {
		p.put("population", "p", population())
		p.put("test_of_control", "t", test("c1", func(t *soc1.TestOfControl) { t.Method = soc1.SampleMethod }))
		p.put("sample", "s", soc1.Sample{Test: "t", N: 4, Items: []soc1.SampleItem{{Key: "2025-01-31"}, {Key: "2025-02-28"}, {Key: "2025-03-31"}, {Key: "2025-04-30"}}})
	}, func(p *program) {
		p.put("sample", "s", soc1.Sample{Test: "t", N: 4, Items: []soc1.SampleItem{{Key: "a", Stratum: "2025-Q1"}, {Key: "b", Stratum: "2025-Q2"}, {Key: "c", Stratum: "2025-Q3"}, {Key: "d", Stratum: "2025-Q4"}}})
	}},
	{"SMP-06", "s", "items", "1 item", func(p *program) {
		p.put("population", "p", population())
		p.put("test_of_control", "t", test("c1", func(t *soc1.TestOfControl) { t.Method = soc1.SampleMethod }))
		p.put("sample", "s", soc1.Sample{Test: "t", N: 2, Items: []soc1.SampleItem{{Key: "a"}, {Key: "b"}, {Key: "c"}}})
	}, func(p *program) {
		p.put("result", "x", soc1.Result{Test: "t", ItemKey: "b", Attribute: "A", Outcome: soc1.NotApplicable, Note: "A test run in the copy of the system."})
	}},

	{"TST-01", "c1", "", "no test", func(p *program) { p.audit() }, func(p *program) {
		for _, c := range []string{"c1", "c2"} {
			p.exam.put("test_of_control", "t"+c, test(c, func(t *soc1.TestOfControl) { t.By = soc1.ByAuditor }))
		}
	}},
	{"TST-02", "t", "procedures", "inquiry", func(p *program) {
		p.put("population", "p", population())
		p.put("test_of_control", "t", test("c1", func(t *soc1.TestOfControl) { t.Procedures = []soc1.Procedure{{Nature: soc1.Inquiry, Text: "Asked."}} }))
	}, func(p *program) { p.put("test_of_control", "t", test("c1")) }},
	{"TST-05", "t", "performed_by", "ann tests PAY-1.1", func(p *program) {
		p.put("population", "p", population())
		p.put("test_of_control", "t", test("c1", func(t *soc1.TestOfControl) { t.PerformedBy = "ann" }))
	}, func(p *program) { p.put("test_of_control", "t", test("c1")) }},
	{"TST-07", "ev", "period_from", "2024-11-01 to 2024-11-30", func(p *program) {
		p.put("population", "p", population())
		p.put("test_of_control", "t", test("c1"))
		p.put("evidence", "ev", soc1.Evidence{Title: "x", PeriodFrom: "2024-11-01", PeriodTo: "2024-11-30"})
		p.put("result", "x", soc1.Result{Test: "t", ItemKey: "b", Attribute: "A", Outcome: soc1.Pass, Evidence: []string{"ev"}})
	}, func(p *program) {
		p.put("evidence", "ev", soc1.Evidence{Title: "x", PeriodFrom: "2024-12-15", PeriodTo: "2025-01-14"})
	}},
	{"TST-08", "ev", "files", "“", func(p *program) {
		p.put("evidence", "ev", soc1.Evidence{Title: "x", Files: []soc1.File{{Name: "a “b”.pdf", SHA256: strings.Repeat("b", 64)}}})
		p.question.Missing = map[string]bool{strings.Repeat("b", 64): true}
	}, func(p *program) { p.question.Missing = map[string]bool{} }},
	{"TST-09", "ev", "", "4 tests", func(p *program) {
		p.put("population", "p", population())
		p.put("evidence", "ev", soc1.Evidence{Title: "x"})
		for _, n := range []string{"1", "2", "3", "4"} {
			p.put("test_of_control", "t"+n, test("c1"))
			p.put("result", "x"+n, soc1.Result{Test: "t" + n, ItemKey: "b", Attribute: "A", Outcome: soc1.Pass, Evidence: []string{"ev"}})
		}
	}, func(p *program) {
		p.put("result", "x4", soc1.Result{Test: "t4", ItemKey: "b", Attribute: "A", Outcome: soc1.Pass})
	}},
	{"DEV-07", "d", "repeat", "prior period", func(p *program) {
		p.put("engagement", "before", soc1.Engagement{Title: "SOC 1 2024", Type: soc1.Type2, PeriodStart: "2024-01-01", PeriodEnd: "2024-12-31"})
		p.put("population", "p", population())
		p.put("test_of_control", "t", test("c1"))
		p.put("test_of_control", "t0", test("c1", func(t *soc1.TestOfControl) { t.Engagement = "before" }))
		p.put("deviation", "d0", soc1.Deviation{Control: "c1", Test: "t0", ItemCount: 1, Fact: "x"})
		p.put("deviation", "d", soc1.Deviation{Control: "c1", Test: "t", ItemCount: 1, Fact: "x"})
	}, func(p *program) {
		p.put("deviation", "d", soc1.Deviation{Control: "c1", Test: "t", ItemCount: 1, Fact: "x", Repeat: true})
	}},

	{"CUE-01", "u", "objectives", "no objective", func(p *program) { p.put("cuec", "u", soc1.CUEC{Code: "CUEC-1", Text: "x"}) }, nil},
	{"CUE-02", "o", "", "Clients submit", func(p *program) {
		p.first.HowOften = "before each run that the client approves is released"
		p.first.What = "releases the run. Clients submit their hours before it"
		p.control("c1", p.first)
	}, func(p *program) { p.put("cuec", "u", soc1.CUEC{Code: "CUEC-1", Text: "x", Objectives: []string{"o"}}) }},
	{"CUE-03", "e", "", "does not speak", func(p *program) {
		p.put("cuec", "u", soc1.CUEC{Code: "CUEC-1", Text: "x", Objectives: []string{"o"}})
		p.question.Report = &Report{RestrictedUse: true, Limitations: true}
	}, func(p *program) { p.question.Report.UserEntityWording = true }},

	{"SUB-01", "v", "", "Norgate Print performs PAY-1.1", func(p *program) {
		p.put("vendor", "v", soc1.Vendor{Name: "Norgate Print"})
		p.first.Who = "An operator of Norgate Print"
		p.control("c1", p.first)
	}, func(p *program) { p.first.Who = "The print room"; p.control("c1", p.first) }},
	{"SUB-02", "s", "method", "No method", func(p *program) { p.monitored(soc1.SubserviceOrganization{Name: "Host"}) }, nil},
	{"SUB-03", "s", "", "carved out", func(p *program) { p.monitored(soc1.SubserviceOrganization{Name: "Host", Method: soc1.CarveOut}) },
		func(p *program) {
			p.put("csoc", "x", soc1.CSOC{Code: "CSOC-1", Text: "x", SubserviceOrganization: "s", Objectives: []string{"o"}})
		}},
	{"SUB-04", "s", "assertion_signed_on", "own signed assertion", func(p *program) {
		p.monitored(soc1.SubserviceOrganization{Name: "Host", Method: soc1.Inclusive, RepresentationLetterOn: "2026-01-18"})
	}, func(p *program) {
		p.put("assertion", "b", soc1.ManagementAssertion{Engagement: "e", SubserviceOrganization: "s", SignedOn: "2026-01-15"})
	}},
	{"SUB-05", "s", "monitoring_controls", "No control monitors", func(p *program) {
		p.carved(soc1.SubserviceReport{PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31"})
	}, func(p *program) {
		p.put("population", "p", population())
		p.put("test_of_control", "t", test("c1"))
		p.monitored(soc1.SubserviceOrganization{Name: "Host", Method: soc1.CarveOut, LatestReport: soc1.SubserviceReport{PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31"}})
	}},
	{"SUB-06", "s", "latest_report.period_to", "reaches to 2025-09-29", func(p *program) { p.carved(soc1.SubserviceReport{PeriodFrom: "2025-01-01", PeriodTo: "2025-09-29"}) },
		func(p *program) {
			p.carved(soc1.SubserviceReport{PeriodFrom: "2025-01-01", PeriodTo: "2025-09-29", BridgeLetterTo: "2025-12-31"})
		}},
	{"SUB-07", "s", "latest_report.user_entity_controls[0]", "Users review access", func(p *program) {
		p.carved(soc1.SubserviceReport{PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", UserEntityControls: []soc1.ExpectedOfUs{{Text: "Users review access."}}})
	}, func(p *program) {
		p.carved(soc1.SubserviceReport{PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31", UserEntityControls: []soc1.ExpectedOfUs{{Text: "Users review access.", Controls: []string{"c1"}}}})
	}},

	{"SUB-06", "sr", "period_to", "reaches to 2025-09-29", func(p *program) {
		p.carved(soc1.SubserviceReport{PeriodFrom: "2025-01-01", PeriodTo: "2025-12-31"})
		p.obtained(nil)
	}, func(p *program) {
		p.obtained(func(r *soc1.ObtainedReport) {
			r.BridgeLetters = []soc1.ObtainedBridge{{From: "2025-09-30", To: "2025-12-31"}}
		})
	}},
	{"SUB-07", "sr", "user_entity_controls[0]", "Users review access", func(p *program) {
		p.carved(soc1.SubserviceReport{})
		p.obtained(func(r *soc1.ObtainedReport) {
			r.UserEntityControls = []soc1.ExpectedOfUs{{Text: "Users review access."}}
		})
	}, func(p *program) {
		p.obtained(func(r *soc1.ObtainedReport) {
			r.UserEntityControls = []soc1.ExpectedOfUs{{Text: "Users review access.", Controls: []string{"c1"}}}
		})
	}},
	{"SUB-08", "sr", "exceptions[0]", "is not answered: 1 of 25", func(p *program) {
		p.carved(soc1.SubserviceReport{})
		p.obtained(func(r *soc1.ObtainedReport) {
			r.Exceptions = []soc1.ReportedException{{Deviation: "1 of 25."}}
		})
	}, func(p *program) {
		p.obtained(func(r *soc1.ObtainedReport) {
			r.Exceptions = []soc1.ReportedException{{Deviation: "1 of 25.", Affects: soc1.No, Why: "Another site."}}
		})
	}},
	{"SUB-09", "sr", "", "is to be confirmed", func(p *program) {
		p.carved(soc1.SubserviceReport{})
		p.put("subservice_report", "sr", report(nil))
	}, func(p *program) { p.obtained(nil) }},

	{"DSC-01", "e", "D4", "D4", func(p *program) { p.records["description_section"] = p.records["description_section"][:1] }, nil},
	{"DSC-02", "c1", "", "differently", func(p *program) {
		p.question.Report = &Report{RestrictedUse: true, Limitations: true, Statements: map[string][2]string{"c1": {"a", "b"}}}
	}, func(p *program) { p.question.Report.Statements["c1"] = [2]string{"a", "a"} }},
	{"DSC-03", "c1", "", "changed on 2025-06-01", func(p *program) {
		p.past["control"] = nil
		after := p.first
		after.HowOften = "after each run"
		p.put("control", "c1", after)
		p.was("control", "c1", "2024-01-01", "2025-05-31", p.first)
		p.was("control", "c1", "2025-06-01", "", after)
		p.was("control", "c2", "2024-01-01", "", p.second)
	}, func(p *program) {
		p.put("significant_change", "x", soc1.SignificantChange{What: "x", When: "2025-06-01", Controls: []string{"c1"}})
	}},
	{"DSC-04", "D5", "body", "“industry-leading”", func(p *program) { p.section("Our industry-leading portal prints the reports.") }, func(p *program) { p.section("Our portal prints the reports.") }},
	{"DSC-05", "D5", "body", "“TBD”", func(p *program) { p.section("Reports: TBD.") }, func(p *program) { p.section("Reports are printed.") }},
	{"DSC-06", "D5", "body", "a minimum length of 12”", func(p *program) { p.section("Passwords have a minimum length of 12.") }, func(p *program) { p.section("A minimum length of passwords is enforced.") }},

	{"RPT-01", "a", "signed_on", "not signed", func(p *program) { p.put("assertion", "a", soc1.ManagementAssertion{Engagement: "e"}) },
		func(p *program) { p.question.Today = "2025-12-31" }},
	{"RPT-01", "a", "signed_on", "after the date of the report", func(p *program) {
		p.put("assertion", "a", soc1.ManagementAssertion{Engagement: "e", SignedBy: "ann", SignedOn: "2026-01-19"})
	}, nil},
	{"EVT-01", "v", "", "was not assessed", func(p *program) { p.put("event", "v", late()) }, func(p *program) { p.weighed(nil) }},
	{"EVT-01", "v", "", "changed since", func(p *program) {
		p.put("event", "v", late())
		p.weighed(func(a *soc1.EventAssessment) { a.Revision = 7 })
	}, func(p *program) { p.weighed(nil) }},
	{"EVT-02", "v", "", "nothing takes it up", func(p *program) {
		p.put("event", "v", late())
		p.weighed(func(a *soc1.EventAssessment) {
			a.Controls = soc1.EventEffect{Answer: soc1.Yes, Why: "The check was skipped."}
		})
	}, func(p *program) {
		p.weighed(func(a *soc1.EventAssessment) {
			a.Controls = soc1.EventEffect{Answer: soc1.Yes, Why: "The check was skipped.", Answered: []soc1.Ref{{Kind: "description_section", ID: string(soc1.D3)}}}
		})
	}},
	{"EVT-02", "v", "told_on", "nothing says that they were told", func(p *program) {
		e := late()
		e.UserEntities = []string{"u"}
		p.put("event", "v", e)
		p.weighed(nil)
	}, func(p *program) {
		e := late()
		e.UserEntities, e.ToldOn = []string{"u"}, "2025-04-05"
		p.put("event", "v", e)
	}},
	{"EVT-03", "l", "", "1 of 2 asked has not confirmed", func(p *program) {
		p.put("event_confirmation", "w-bea", soc1.EventConfirmation{Engagement: "e", By: "bea", Through: "2026-01-17", On: "2026-01-17"})
	}, func(p *program) {
		p.put("event_confirmation", "w-bea-2", soc1.EventConfirmation{Engagement: "e", By: "bea", Through: "2026-01-19", On: "2026-01-19"})
	}},
	{"POL-01", "pol", "", "never approved, and 1 control carries it out", func(p *program) { p.policy(nil) }, func(p *program) { p.approved("2025-03-01") }},
	{"POL-01", "pol", "", "changed since it was approved on 2025-03-01", func(p *program) {
		p.approved("2025-03-01")
		p.policy(func(x *soc1.Policy) { x.Text = "Other words." })
	}, func(p *program) { p.policy(nil) }},
	{"POL-01", "pol", "", "was refused on 2025-03-01", func(p *program) {
		p.policy(nil)
		p.put("policy_approval", "d", soc1.PolicyApproval{Policy: "pol", Revision: 1, SHA256: policies.Digest(demanded()), Decision: soc1.PolicyRefused, By: "bea", On: "2025-03-01", Note: "Too long."})
	}, func(p *program) { p.approved("2025-03-02") }},
	{"POL-02", "pol", "review_months", "was to be looked at by 2025-03-01", func(p *program) {
		p.policy(nil)
		p.approved("2024-03-01")
	}, func(p *program) { p.policy(func(x *soc1.Policy) { x.ReviewMonths = 24 }) }},
	{"POL-03", "cam", "due", "1 of 2 asked has not confirmed", func(p *program) {
		p.policy(nil)
		p.approved("2025-03-01")
		p.put("policy_campaign", "cam", soc1.PolicyCampaign{Title: "Spring", Policies: []string{"pol"}, Audience: soc1.Audience{People: []string{"ann", "bea"}}, Opens: "2025-03-02", Due: "2025-04-01"})
		p.put("policy_acknowledgement", "w1", soc1.PolicyAcknowledgement{Campaign: "cam", Policy: "pol", Revision: 1, By: "ann", On: "2025-03-03"})
	}, func(p *program) {
		p.put("policy_acknowledgement", "w2", soc1.PolicyAcknowledgement{Campaign: "cam", Policy: "pol", Revision: 1, By: "bea", On: "2025-05-03"})
	}},
	{"POL-04", "ex", "", "nobody approved it as it stands", func(p *program) { p.departs(nil) }, func(p *program) { p.departs(func(e *soc1.PolicyException) { e.Ended = "2025-03-05" }) }},
	{"POL-04", "ex", "until", "was approved until 2025-04-01 and was not ended", func(p *program) {
		p.departs(nil)
		e := departing()
		p.put("policy_approval", "d2", soc1.PolicyApproval{Policy: "pol", Exception: "ex", Revision: 1, SHA256: policies.ExceptionDigest(e), Decision: soc1.PolicyApproved, By: "bea", On: "2025-03-01"})
	}, func(p *program) { p.departs(func(e *soc1.PolicyException) { e.Ended = "2025-04-02" }) }},
	{"TRN-01", "k", "", "1 person is overdue for \"Your part\" and performs or reviews controls in scope: Ann.", func(p *program) { p.teach("ann", "gil") }, func(p *program) {
		p.put("course_completion", "x", soc1.CourseCompletion{Course: "k", Revision: 1, Person: "ann", FinishedOn: "2026-01-19", Attempt: 1, Passed: true})
	}},
	{"TRN-02", "k", "", "nobody is asked to take it", func(p *program) {
		p.put("course", "k", soc1.Course{Title: "Your part", Owner: "ann", Body: "x", Controls: []string{"c1"}})
	}, func(p *program) { p.teach("bea"); p.took("bea") }},
	{"RPT-05", "e", "limitations", "inherent limitations", func(p *program) { p.question.Report = &Report{RestrictedUse: true} }, func(p *program) { p.question.Report.Limitations = true }},
	{"RPT-06", "x", "subsequent_events_through", "no day", func(p *program) { p.audit(); p.examined(func(e *soc1.Examination) { e.SubsequentEventsThrough = "" }) },
		func(p *program) { p.examined(func(e *soc1.Examination) { e.SubsequentEventsThrough = "2026-01-18" }) }},
	{"RPT-07", "e", "other_information", "Section V", func(p *program) {
		p.engagement.OtherInformation = true
		p.put("engagement", "e", p.engagement)
		p.question.Report = &Report{RestrictedUse: true, Limitations: true}
	}, func(p *program) { p.question.Report.OtherInformationDisclaimer = true }},
	{"RPT-08", "b", "to", "reaches to 2026-04-01", func(p *program) {
		p.put("bridge_letter", "b", soc1.BridgeLetter{Engagement: "e", From: "2026-01-01", To: "2026-04-01"})
	}, func(p *program) {
		p.put("bridge_letter", "b", soc1.BridgeLetter{Engagement: "e", From: "2026-01-01", To: "2026-03-31"})
	}},
	{"RPT-09", "e", "", "different dates", func(p *program) {
		p.question.Report = &Report{RestrictedUse: true, Limitations: true, Periods: map[string]string{"I": "2025", "II": "2024", "III": "2025"}}
	}, func(p *program) { p.question.Report.Periods["II"] = "2025" }},
	{"RPT-10", "x", "assembled_on", "by 2026-03-21", func(p *program) {
		p.audit()
		p.question.Today = "2026-03-22"
		p.examined(func(e *soc1.Examination) { e.ReleasedOn = "2026-01-20" })
	}, func(p *program) { p.question.Today = "2026-03-21" }},
	{"RPT-11", "x", "independence_concluded_on", "Nobody has concluded", func(p *program) { p.audit(); p.examined(func(e *soc1.Examination) { e.IndependenceConcludedOn = "" }) },
		func(p *program) { p.examined(func(*soc1.Examination) {}) }},
}

// audit asks as the service auditor, whose file is in order but for what a test
// spoils: nothing in it is tested yet.
func (p *program) audit() {
	p.question.By = soc1.ByAuditor
	p.examined(func(*soc1.Examination) {})
}

func (p *program) examined(change func(*soc1.Examination)) {
	e := soc1.Examination{Engagement: soc1.Ref{Ledger: "organization", Kind: "engagement", ID: "e"}, Firm: "F", OpenedOn: "2025-03-01", IndependenceConcludedOn: "2025-02-01", SubsequentEventsThrough: "2026-01-18"}
	change(&e)
	p.exam.put("examination", "x", e)
}

func (p *program) monitored(s soc1.SubserviceOrganization) {
	s.MonitoringControls = []string{"c1"}
	p.put("subservice_organization", "s", s)
}

func (p *program) carved(r soc1.SubserviceReport) {
	p.put("csoc", "x", soc1.CSOC{Code: "CSOC-1", Text: "x", SubserviceOrganization: "s", Objectives: []string{"o"}})
	p.put("subservice_organization", "s", soc1.SubserviceOrganization{Name: "Host", Method: soc1.CarveOut, LatestReport: r})
}

func (p *program) section(body string) {
	p.put("description_section", "D5", soc1.DescriptionSection{Criterion: soc1.D5, Title: "Reports", Body: body})
}

func matching(list []Finding, s spoiled) []Finding {
	var out []Finding
	for _, f := range list {
		if f.Rule.ID == s.rule && f.Subject.ID == s.subject && f.Field == s.field {
			out = append(out, f)
		}
	}
	return out
}

// A program in order has no finding, and each spoiled one has the finding that
// its rule is for, with the record, the field and the values; and where it can
// be answered without undoing it, the answer silences the rule.
func TestRules(t *testing.T) {
	for _, f := range newProgram(t).run() {
		t.Errorf("the program is in order, and yet: %s", f.String())
	}
	for _, s := range spoils {
		t.Run(s.rule+" "+s.says, func(t *testing.T) {
			p := newProgram(t)
			s.spoil(p)
			got := p.run()
			hits := matching(got, s)
			if len(hits) != 1 || !strings.Contains(hits[0].Text, s.says) {
				for _, f := range got {
					t.Log(f.String(), f.Field)
				}
				t.Fatalf("%s fires %d times about %s %q with %q", s.rule, len(hits), s.subject, s.field, s.says)
			}
			if r := hits[0].Rule; hits[0].Severity != r.Severity {
				t.Errorf("severity %s, the rule's is %s", hits[0].Severity, r.Severity)
			}
			if s.quiet == nil {
				return
			}
			s.quiet(p)
			if left := matching(p.run(), s); len(left) > 0 {
				t.Errorf("%s still fires: %s", s.rule, left[0].Text)
			}
		})
	}
}

// Every rule has a test: here, or where package evaluation decides it.
func TestEveryRuleIsTested(t *testing.T) {
	decided := []string{"POP-01", "POP-02", "POP-03", "SMP-01", "SMP-02", "SMP-03", "SMP-05", "TST-03", "TST-04", "TST-06", "TST-10", "DEV-01", "DEV-02", "DEV-03", "DEV-04", "DEV-05", "DEV-06", "DEV-08", "RPT-02", "RPT-03", "RPT-04"}
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.ID] {
			t.Errorf("two rules are called %s", r.ID)
		}
		seen[r.ID] = true
		here := slices.ContainsFunc(spoils, func(s spoiled) bool { return s.rule == r.ID })
		if here == slices.Contains(decided, r.ID) {
			t.Errorf("%s: tested here %v, decided by evaluation %v", r.ID, here, !here)
		}
		if !here && usual[r.ID] == "" {
			t.Errorf("package evaluation does not know %s", r.ID)
		}
		for _, s := range []string{r.Fires, r.Why, r.Remedy} {
			if s == "" {
				t.Errorf("%s lacks words", r.ID)
			}
		}
		if len(r.Reads) == 0 {
			t.Errorf("%s reads nothing", r.ID)
		}
	}
	if len(seen) != 97 {
		t.Errorf("%d rules, expected 97", len(seen))
	}
}

// report is one that a subservice organization gave.
func report(change func(*soc1.ObtainedReport)) soc1.ObtainedReport {
	r := soc1.ObtainedReport{SubserviceOrganization: "s", Title: "Hosting", Kind: soc1.ObtainedSOC1Type2, Auditor: "A", PeriodFrom: "2025-01-01", PeriodTo: "2025-09-29", Opinion: soc1.Unmodified, ReceivedOn: "2025-11-20"}
	if change != nil {
		change(&r)
	}
	return r
}

// obtained has the report, and its confirmation.
func (p *program) obtained(change func(*soc1.ObtainedReport)) {
	r := report(change)
	p.put("subservice_report", "sr", r)
	p.put("subservice_confirmation", "sc", soc1.SubserviceConfirmation{Report: "sr", Revision: 1, SHA256: intake.Digest(r), By: "ann", On: "2025-12-01", Conclusion: "It can be relied on."})
}

// demanded is a policy that a control carries out.
func demanded() soc1.Policy {
	return soc1.Policy{Title: "Access", Text: "Nobody approves their own access.", Owner: "ann", Approver: "bea", Controls: []string{"c1"}}
}

func (p *program) policy(change func(*soc1.Policy)) {
	x := demanded()
	if change != nil {
		change(&x)
	}
	p.put("policy", "pol", x)
}

// approved has the policy, and its approval on a day.
func (p *program) approved(on soc1.Date) {
	p.policy(nil)
	p.put("policy_approval", "of-"+string(on), soc1.PolicyApproval{Policy: "pol", Revision: 1, SHA256: policies.Digest(demanded()), Decision: soc1.PolicyApproved, By: "bea", On: on})
}

func departing() soc1.PolicyException {
	return soc1.PolicyException{Title: "One approval", Policy: "pol", What: "One person approves.", Why: "The other is ill.", Owner: "ann", Controls: []string{"c1"}, From: "2025-03-02", Until: "2025-04-01"}
}

// departs has an approved policy and an exception from it.
func (p *program) departs(change func(*soc1.PolicyException)) {
	p.approved("2025-03-01")
	e := departing()
	if change != nil {
		change(&e)
	}
	p.put("policy_exception", "ex", e)
}

func late() soc1.Event {
	return soc1.Event{Title: "Late file", Nature: soc1.EventIncident, Text: "It was sent late.", Began: "2025-04-02", Owner: "ann"}
}

// weighed puts an assessment of that event, by which nothing follows.
func (p *program) weighed(change func(*soc1.EventAssessment)) {
	no := soc1.EventEffect{Answer: soc1.No, Why: "It was sent the same day."}
	a := soc1.EventAssessment{Event: "v", Revision: 1, Engagement: "e", Description: no, Controls: no, Representations: no, Subsequent: no, AssessedBy: "ann", AssessedOn: "2025-04-10"}
	if change != nil {
		change(&a)
	}
	p.put("event_assessment", "a", a)
}

// teach assigns a course to people; gil has no part in any control.
func (p *program) teach(people ...string) {
	p.put("person", "gil", soc1.Person{Name: "Gil", Side: soc1.SideServiceOrganization})
	p.put("course", "k", soc1.Course{Title: "Your part", Owner: "ann", Body: "x", Controls: []string{"c1"}})
	p.put("training_assignment", "t", soc1.TrainingAssignment{Course: "k", Audience: soc1.Audience{People: people}, AssignedOn: "2025-02-01", Due: "2025-03-01", AssignedBy: "ann"})
}

// took has somebody pass that course.
func (p *program) took(who string) {
	p.put("course_completion", "x-"+who, soc1.CourseCompletion{Course: "k", Revision: 1, Person: who, FinishedOn: "2025-02-10", Attempt: 1, Passed: true})
}
