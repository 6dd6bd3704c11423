package demo

import (
	"cmp"
	"slices"
)

// employee is what a pay line needs to know of a paid person.
type employee struct {
	hourly   bool
	rate     int64 // cents an hour, or cents of salary a run
	pretax   int64 // basis points of gross
	federal  int64 // basis points of gross
	deducted int64 // cents a run
}

// run is one payroll run.
type run struct {
	client, day int
	offCycle    bool
}

// runs writes the payroll lines, the runs and their funding: one pass, since
// each line adds to its run and each run to its funding.
func (p *part) runs() error {
	p.rng = random("employees")
	n := p.size.of(clientCount, 8)
	staff, first := make([][]employee, n), make([]int, n)
	for c, next := 0, 100001; c < n; c++ {
		staff[c], first[c] = p.staff(c), next
		next += len(staff[c])
	}
	list := p.calendarRuns(n)
	slices.SortStableFunc(list, func(a, b run) int { return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.client, b.client)) })
	totals := make([]int64, len(list))
	lines := make([]int, len(list))
	test := p.expect("t-pay-4-2", 3)
	err := p.file("plover_pay_lines_2025.csv", ',', "LINE_ID,RUN_ID,EMPLOYEE,LINE_TYPE,HOURS,RATE,GROSS,PRETAX,FEDERAL,FICA,OTHER,NET", func(t *table) {
		line := int64(0)
		for i, r := range list {
			if void(i) {
				continue
			}
			if p.ctx.Err() != nil {
				return
			}
			people := staff[r.client]
			from, to := 0, len(people)
			if r.offCycle {
				from = p.rng.IntN(len(people))
				to = min(len(people), from+p.between(1, 3))
			}
			for e := from; e < to; e++ {
				line++
				totals[i] += p.payLine(t, test, line, int64(i+1), int64(first[r.client]+e), people[e])
			}
			lines[i] = to - from
		}
	})
	if err != nil {
		return err
	}
	if err := p.runList(list, lines, totals); err != nil {
		return err
	}
	return p.funding(list, totals)
}

// staff draws the employees of a client: 55 on average, 4 to 412.
func (p *part) staff(client int) []employee {
	cube := p.rng.IntN(1000) * p.rng.IntN(1000) / 1000 * p.rng.IntN(1000) / 1000
	count := 4 + cube*408/1000
	switch client {
	case 0:
		count = 412
	case 1:
		count = 4
	}
	periods := map[string]int64{"WEEKLY": 52, "BIWEEKLY": 26, "SEMIMONTHLY": 24, "MONTHLY": 12}[cycleOf(client)]
	out := make([]employee, count)
	for i := range out {
		e := employee{hourly: p.rng.IntN(100) < 58, pretax: int64(p.rng.IntN(9)) * 100, federal: int64(p.between(60, 160)) * 10, deducted: int64(p.rng.IntN(4000))}
		e.rate = int64(p.between(1450, 5200))
		if !e.hourly {
			e.rate = int64(p.between(42000, 165000)) * 100 / periods
		}
		out[i] = e
	}
	return out
}

// calendarRuns lists the regular runs of the clients' calendars and the
// off-cycle runs.
func (p *part) calendarRuns(clients int) []run {
	var out []run
	for c := range clients {
		live := liveDay(p.cal, c)
		add := func(d int) {
			if d = p.cal.notAfter(d); d > live && d >= 1 {
				out = append(out, run{client: c, day: d})
			}
		}
		switch cycleOf(c) {
		case "WEEKLY":
			for d := 2; d < yearDays; d += 7 { // January 3, 2025, was a Friday
				add(d)
			}
		case "BIWEEKLY":
			for d := 2 + 7*(c%2); d < yearDays; d += 14 {
				add(d)
			}
		case "SEMIMONTHLY":
			for m := 1; m <= 12; m++ {
				add(day(m, 15))
				add(monthEnd(m))
			}
		default:
			for m := 1; m <= 12; m++ {
				add(monthEnd(m))
			}
		}
	}
	for i, n := 0, p.size.of(421, 80); i < n; i++ {
		out = append(out, run{client: p.rng.IntN(clients * 9 / 10), day: p.cal.business[4+i*245/n], offCycle: true})
	}
	return out
}

// void says whether the i-th run was withdrawn before approval.
func void(i int) bool { return i%331 == 330 }

// payLine writes a line and returns its net pay in cents.
func (p *part) payLine(t *table, test *TestExpectation, id, runNo, person int64, e employee) int64 {
	gross, kind := e.rate, "S"
	var hours int64
	if e.hourly {
		kind = "H"
		hours = int64(p.between(120, 360)) * 25 // quarters of an hour, in hundredths
		gross = (hours*e.rate + 50) / 100
	}
	pretax := gross * e.pretax / 10000
	federal := (gross - pretax) * e.federal / 10000
	fica := (gross*62+500)/1000 + (gross*145+5000)/10000
	net := gross - pretax - federal - fica - e.deducted
	t.code("", id, 8)
	t.code("R", runNo, 6)
	t.code("E", person, 6)
	t.text(kind)
	if e.hourly {
		t.cents(hours)
		t.cents(e.rate)
	} else {
		t.text("")
		t.text("")
	}
	t.cents(gross)
	t.cents(pretax)
	t.cents(federal)
	t.cents(fica)
	t.cents(e.deducted)
	t.cents(net)
	t.end()
	t.add("GROSS", gross)
	t.add("NET", net)
	test.item(func() string { return codeOf("", id, 8) }, pass.unless(!e.hourly), pass, pass)
	return net
}

// mobileApprovals is how many runs were approved on the mobile screen that
// recorded universal time until January 10: they seem approved too late.
const mobileApprovals = 6

// runList writes the runs with approval, finalization and publication.
func (p *part) runList(list []run, lines []int, totals []int64) error {
	approved, agreed := p.expect("t-pay-4-4", 2), p.expect("t-pay-7-1", 2)
	mobile := 0
	return p.file("plover_runs_2025.csv", ',', "RUN_ID,CLIENT_ID,KIND,PAY_DATE,STATUS,LINES,REQUESTED_BY,RELEASED_BY,APPROVED_AT,APPROVER_ROLE,FINALIZED_AT,REGISTER_NET,PAYMENT_NET,LEDGER_NET,PUBLISHED_AT", func(t *table) {
		for i, r := range list {
			key := func() string { return codeOf("R", int64(i+1), 6) }
			t.code("R", int64(i+1), 6)
			t.text(clientID(r.client))
			if r.offCycle {
				t.text("OFF")
			} else {
				t.text("REG")
			}
			t.date(r.day)
			if void(i) {
				t.text("VOID")
				t.number(0)
				for range 9 {
					t.text("")
				}
				t.end()
				approved.item(key, notApplicable, notApplicable)
				agreed.item(key, notApplicable, notApplicable)
				continue
			}
			t.text("FINAL")
			t.number(int64(lines[i]))
			if r.offCycle {
				t.code("CONTACT-", int64(r.client*10+p.between(1, 3)), 5)
				t.text(p.one(deskTeam))
			} else {
				t.text("")
				t.text("")
			}
			finalized := at(p.cal.notAfter(r.day-2), 12, 0, 0) + p.minutes(0, 300)
			approval := finalized - p.minutes(3, 180)
			late := mobile < mobileApprovals && r.day >= 3 && r.day <= 9
			if late {
				mobile++
				approval += 6 * 3600
			}
			t.moment(approval)
			t.text("PAYROLL_APPROVER")
			t.moment(finalized)
			for range 3 {
				t.cents(totals[i])
			}
			t.moment(finalized + p.minutes(2, 30))
			t.add("REGISTER_NET", totals[i])
			t.end()
			approved.item(key, passIf(approval <= finalized), pass)
			if late {
				approved.because(0, "mobile screen", key())
			}
			agreed.item(key, pass, pass)
		}
	})
}

// creditApprovals is how many runs were released on credit.
const creditApprovals = 96

// funding writes the treasury's match of each run.
func (p *part) funding(list []run, totals []int64) error {
	test := p.expect("t-pay-5-1", 1)
	credit := 0
	return p.file("bittern_funding_2025.csv", ',', "RUN_ID,LIABILITY,CLEARED_AMT,CLEARED_AT,CREDIT_REF,RELEASED_AT", func(t *table) {
		for i, r := range list {
			key := func() string { return codeOf("R", int64(i+1), 6) }
			t.code("R", int64(i+1), 6)
			t.cents(totals[i])
			if void(i) {
				t.text("")
				t.text("")
				t.text("")
				t.text("")
				t.end()
				test.item(key, notApplicable)
				continue
			}
			released := at(p.cal.notAfter(r.day-1), 13, 0, 0) + p.minutes(0, 90)
			if i%190 == 11 && credit < creditApprovals {
				credit++
				t.text("")
				t.text("")
				t.code("CR-", int64(credit), 4)
			} else {
				t.cents(totals[i])
				t.moment(released - p.minutes(5, 240))
				t.text("")
			}
			t.moment(released)
			t.add("LIABILITY", totals[i])
			t.end()
			test.item(key, pass)
		}
	})
}

// processing writes the daily list at the cutoff, the flags and the changes
// of tax content.
func (p *part) processing() error {
	err := p.file("plover_cutoff_2025.csv", ',', "BUS_DATE,OPEN_AT_CUTOFF,CONTACTED,SIGNED_BY,SIGNED_AT", func(t *table) {
		for _, d := range p.cal.business {
			open := int64(p.between(3, 22))
			t.date(d)
			t.number(open)
			t.number(open)
			t.text(p.one(deskTeam))
			t.moment(at(d, 16, 40, 0) + p.minutes(0, 45))
			t.end()
		}
	})
	if err != nil {
		return err
	}
	test := p.expect("t-pay-4-3", 2)
	err = p.file("plover_flags_2025.csv", ',', "FLAG_ID,RUN_ID,RULE,RUN_STATUS,RAISED_AT,RESOLVED_AT,RESOLVED_BY,REASON,RELEASED_AT", func(t *table) {
		const n = 5212
		rules := []string{"NET-VARIANCE", "NET-VARIANCE", "NET-VARIANCE", "NET-ZERO", "TERMINATED"}
		reasons := []string{"BONUS", "FINAL-PAY", "UNPAID-LEAVE", "RATE-CHANGE", "FIRST-PAY", "CORRECTED"}
		for i := range n {
			raised := at(p.spread(i, n), 8, 0, 0) + p.minutes(0, 300)
			withdrawn := p.rng.IntN(1000) < 14
			t.code("VF-", int64(i+1), 5)
			t.code("R", int64(1+i*19000/n), 6)
			t.text(p.one(rules))
			if withdrawn {
				t.text("WITHDRAWN")
				t.moment(raised)
				for range 4 {
					t.text("")
				}
				t.end()
				test.item(nil, notApplicable, notApplicable)
				continue
			}
			resolved := raised + p.minutes(4, 240)
			t.text("RELEASED")
			t.moment(raised)
			t.moment(resolved)
			t.text(p.one(deskTeam))
			t.text(p.one(reasons))
			t.moment(resolved + p.minutes(1, 90))
			t.end()
			test.item(nil, pass, pass)
		}
	})
	if err != nil {
		return err
	}
	return p.file("avocet_rules_2025.csv", ',', "RULE_NO,JURISDICTION,WHAT,EFFECTIVE,ENTERED_BY,TESTED_ON,APPROVED_BY,APPROVED_ON", func(t *table) {
		const n, january = 143, 61
		what := []string{"RATE", "TABLE", "LIMIT", "LOCAL-RATE"}
		for i := range n {
			effective := 0
			if i >= january {
				effective = day(1+1+(i-january)*11/(n-january), 1)
			}
			tested := p.cal.notAfter(effective - p.between(8, 20))
			t.code("TR-", int64(i+1), 4)
			t.text(p.one(jurisdictions))
			t.text(p.one(what))
			t.date(effective)
			t.text(p.one(taxTeam))
			t.date(tested)
			t.text("htanabe")
			t.date(p.cal.notAfter(min(tested+p.between(1, 3), effective-1)))
			t.end()
		}
	})
}
