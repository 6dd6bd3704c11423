package demo

// Counts and dates of the year's changes to programs.
const (
	deploymentCount = 1802
	unapproved      = 61 // by svc-release, while the rule was off
	unapprovedCalc  = 38 // of them in the repository of the calculation
	onPaper         = 2  // approved on paper while the directory was down
	emergencyCount  = 38
	repositoryCount = 42
	dataFixes       = 347
)

// The rule was off from March 3 to May 16, both days included.
var ruleOff, ruleBack = day(3, 3), day(5, 17)

var repositories = makeRepositories()

func makeRepositories() []string {
	out := []string{"plover-calc", "plover-reports"}
	names := []string{"plover", "heron", "avocet", "bittern", "curlew"}
	parts := []string{"api", "batch", "core", "export", "jobs", "rules", "schema", "screens"}
	for _, n := range names {
		for _, s := range parts {
			out = append(out, n+"-"+s)
		}
	}
	return out[:repositoryCount]
}

// deploymentFlaws places what a right engine flags among the deployments.
func (p *part) deploymentFlaws() (withoutApproval, paper map[int]bool) {
	var window, outage []int
	for i := range deploymentCount {
		switch d := p.spread(i, deploymentCount); {
		case d >= ruleOff && d < ruleBack:
			window = append(window, i)
		case d == day(9, 9):
			outage = append(outage, i)
		}
	}
	withoutApproval, paper = map[int]bool{}, map[int]bool{}
	for j := range unapproved {
		withoutApproval[window[j*(len(window)-1)/(unapproved-1)]] = true
	}
	for _, i := range outage[:onPaper] {
		paper[i] = true
	}
	return withoutApproval, paper
}

// changes writes deployments, the daily record of the protection rules and
// the direct changes of data.
func (p *part) changes() error {
	if err := p.deployments(); err != nil {
		return err
	}
	test := p.expect("t-itgc-2-2", 1)
	err := p.file("tern_rules_daily_2025.tsv", '\t', "CHECK_ID,DAY,REPOSITORY,PROTECTED,REVIEWS_REQUIRED,ADMIN_BYPASS", func(t *table) {
		for d := range yearDays {
			for i, name := range repositories {
				key := p.cal.date(d) + "/" + name
				off := i < 2 && d >= ruleOff && d < ruleBack
				t.text(key)
				t.date(d)
				t.text(name)
				if off {
					t.text("N")
					t.number(0)
				} else {
					t.text("Y")
					t.number(1)
				}
				t.text("N")
				t.end()
				test.item(func() string { return key }, passIf(!off))
			}
		}
	})
	if err != nil {
		return err
	}
	fixes := p.expect("t-itgc-2-4", 3)
	return p.file("database_audit_2025.csv", ',', "STATEMENT_ID,DATABASE_NAME,ENGINEER,EXECUTED_AT,REQUEST,APPROVER,APPROVED_AT,LISTED_ON", func(t *table) {
		databases := []string{"plover", "avocet", "bittern"}
		for i := range dataFixes {
			d := p.spread(i, dataFixes)
			engineer, approver := p.two(engineers)
			executed := at(d, 9, 0, 0) + p.minutes(0, 480)
			month := 1
			for monthEnd(month) < d {
				month++
			}
			t.code("DF-", int64(i+1), 4)
			t.text(p.one(databases))
			t.text(engineer)
			t.offsetTime(executed)
			t.code("DR-", int64(900+i), 5)
			t.text(approver)
			t.offsetTime(executed - p.minutes(10, 900))
			t.date(p.cal.after(monthEnd(month), p.between(1, 3)))
			t.end()
			fixes.item(nil, pass, pass, pass)
		}
	})
}

func (p *part) deployments() error {
	withoutApproval, paper := p.deploymentFlaws()
	test, ratified := p.expect("t-itgc-2-1", 3), p.expect("t-itgc-2-3", 2)
	return p.file("tern_deployments_2025.csv", ',', "DEPLOY_ID,REPOSITORY,COMMIT,AUTHOR,APPROVER,APPROVED_AT,TESTS,TICKET,DEPLOYED_BY,DEPLOYED_AT,EMERGENCY,RATIFIED_BY,RATIFIED_AT", func(t *table) {
		flawed, emergencies := 0, 0
		for i := range deploymentCount {
			key := func() string { return codeOf("DP-", int64(i+1), 5) }
			d := p.spread(i, deploymentCount)
			author, approver := p.two(engineers)
			repository, by := p.one(repositories), "tern-pipeline"
			deployed := at(d, 9, 0, 0) + p.minutes(0, 510)
			emergency := i%46 == 23 && emergencies < emergencyCount && !withoutApproval[i] && !paper[i]
			if withoutApproval[i] {
				author, by = engineers[flawed%7], "svc-release"
				repository = repositories[1]
				if flawed*unapprovedCalc/unapproved != (flawed+1)*unapprovedCalc/unapproved {
					repository = repositories[0]
				}
				flawed++
			}
			t.code("DP-", int64(i+1), 5)
			t.text(repository)
			t.text(p.digest()[:10])
			t.text(author)
			if withoutApproval[i] || paper[i] {
				t.text("")
				t.text("")
			} else {
				t.text(approver)
				t.offsetTime(deployed - p.minutes(5, 1500))
			}
			t.text("PASSED")
			t.code("CH-", int64(40000+i), 5)
			t.text(by)
			t.offsetTime(deployed)
			if emergency {
				emergencies++
				other, _ := p.two([]string{"galmeida", "galmeida-deputy"})
				t.text("Y")
				t.text(other)
				t.offsetTime(at(p.cal.after(d, 1), 9, 0, 0) + p.minutes(0, 400))
				ratified.item(nil, pass, pass)
			} else {
				t.text("N")
				t.text("")
				t.text("")
			}
			t.end()
			test.item(key, pass, pass, passIf(!withoutApproval[i] && !paper[i]))
			switch {
			case withoutApproval[i]:
				test.because(2, "svc-release", key())
			case paper[i]:
				test.because(2, "on paper", key())
			}
		}
	})
}
