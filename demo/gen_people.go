package demo

import "strconv"

// Counts of the people register and of the directory.
const (
	personCount   = 640 // everyone employed at some time in the year
	leaverCount   = 223
	noAccount     = 9 // leavers who never had an account
	firstLeaver   = 200
	joinerCount   = 262
	eventCount    = 6014
	grantCount    = 1452
	baseGrants    = 262
	recertLines   = 1040
	elevationSize = 1120
)

func personID(i int) string  { return codeOf("P-", int64(10001+i), 5) }
func accountID(i int) string { return codeOf("u", int64(50001+i*3), 5) }

// leaving is how a person left. The first four differ from the rule: three
// were entered late by one department, and one came back the next day.
type leaving struct {
	person, day int
	daysLate    int
	rehired     bool
	account     bool
}

// leavings lists everyone who left, by person.
func (p *part) leavings() []leaving {
	p.rng = random("leavers")
	late := map[int]leaving{
		31: {day: day(9, 5), daysLate: 4}, 77: {day: day(9, 12), daysLate: 7}, 118: {day: day(9, 12), daysLate: 9},
		60: {day: day(3, 31), rehired: true}, 176: {day: day(8, 29)},
	}
	out := make([]leaving, leaverCount)
	for k := range out {
		l, special := late[k]
		if !special {
			l.day = p.spread(k*97%leaverCount, leaverCount)
		}
		l.person, l.account = firstLeaver+k, k < 180 || k >= 180+noAccount
		out[k] = l
	}
	return out
}

// people writes the people register's events and the directory's accounts
// and disablements.
func (p *part) people() error {
	leavers := p.leavings()
	if err := p.events(leavers); err != nil {
		return err
	}
	missing := map[int]bool{}
	for _, l := range leavers {
		missing[l.person] = !l.account
	}
	err := p.file("rookery_accounts_2025.csv", ',', "ACCOUNT_ID,PERSON_ID,CREATED_ON", func(t *table) {
		for i := range personCount {
			if missing[i] {
				continue
			}
			t.text(accountID(i))
			t.text(personID(i))
			t.text("2024-" + codeOf("", int64(1+i%12), 2) + "-15")
			t.end()
		}
	})
	if err != nil {
		return err
	}
	test := p.expect("t-itgc-1-2", 1)
	return p.file("rookery_disablements_2025.csv", ',', "EVENT_ID,ACCOUNT_ID,DISABLED_AT,REASON,BY", func(t *table) {
		event := int64(0)
		write := func(person int, when int64, reason string) {
			event++
			t.code("DX-", event, 5)
			t.text(accountID(person))
			t.universal(when)
			t.text(reason)
			t.text("identity-team")
			t.end()
		}
		for k, l := range leavers {
			key := func() string { return personID(l.person) }
			switch {
			case !l.account:
				test.item(key, notApplicable)
				continue
			case l.rehired:
				test.item(key, fail)
				test.because(0, "rehired", key())
				continue
			case l.daysLate > 0:
				write(l.person, at(p.cal.after(l.day, l.daysLate), 10, 0, 0)+p.minutes(0, 300), "LEAVER")
				test.item(key, fail)
				test.because(0, "entered late", key())
				continue
			case k == 176:
				write(l.person, at(l.day, 17, 42, 10), "LEAVER")
			case k%3 == 0:
				write(l.person, at(p.cal.after(l.day, 1), 8, 0, 0)+p.minutes(0, 400), "LEAVER")
			default:
				// Evenings of one day are the next day in universal time.
				write(l.person, at(l.day, 17, 0, 0)+p.minutes(0, 380), "LEAVER")
			}
			test.item(key, pass)
			if k%12 == 0 {
				// Somebody who stays lost a device; the account was back within
				// the day.
				write(k/12, at(p.cal.business[k], 9, 0, 0)+p.minutes(0, 300), "LOST-FACTOR")
			}
		}
	})
}

// events writes one JSON object a line: who joined, moved and left, and the
// many other entries of a people register.
func (p *part) events(leavers []leaving) error {
	return p.file("people_register_2025.jsonl", ',', "", func(t *table) {
		var b []byte
		number := int64(0)
		units := []string{"Payroll Operations", "Service Desk", "Tax Operations", "Treasury", "Engineering", "IT Operations", "Year-end Documents"}
		write := func(person, d int, event string) {
			number++
			b = append(b[:0], `{"event_no":`...)
			b = strconv.AppendInt(b, number, 10)
			b = append(append(b, `,"person_id":"`...), personID(person)...)
			b = append(append(b, `","event":"`...), event...)
			b = append(append(b, `","event_date":"`...), p.cal.date(d)...)
			b = append(append(b, `","unit":"`...), units[person%len(units)]...)
			t.line(append(b, `"}`...))
		}
		for _, l := range leavers {
			write(l.person, l.day, "LEAVE")
			if l.rehired {
				write(l.person, l.day+1, "JOIN")
			}
		}
		for i := range joinerCount - 1 {
			write(firstLeaver+leaverCount+i%(personCount-firstLeaver-leaverCount), p.spread(i, joinerCount), "JOIN")
		}
		others := []string{"MOVE", "TITLE", "MANAGER", "PAY", "PAY", "SCHEDULE", "ABSENCE"}
		for t.rows < eventCount {
			i := int(t.rows)
			write(p.rng.IntN(personCount), p.spread(i, eventCount), p.one(others))
		}
	})
}

var accessRoles = []string{"PLOVER-PROCESS", "HERON-DESK", "AVOCET-TAX", "BITTERN-LEDGER", "TREASURY-RELEASE", "TERN-DEVELOP", "DUNLIN-OPERATE"}

// access writes grants and requests, the quarterly reviews, the elevated
// sessions and the monthly review of service accounts.
func (p *part) access() error {
	requests, err := p.grants()
	if err != nil {
		return err
	}
	err = p.file("ticket_access_requests_2025.csv", ';', "REQUEST_NO,OPENED_AT,REQUESTER,APPROVER,APPROVED_AT,APPROVED_ROLE", func(t *table) {
		for _, r := range requests {
			t.code("AR-", r.number, 5)
			t.offsetTime(r.approved - p.minutes(10, 600))
			t.text(r.requester)
			t.text(r.approver)
			t.offsetTime(r.approved)
			t.text(r.role)
			t.end()
		}
	})
	if err != nil {
		return err
	}
	if err := p.recertifications(); err != nil {
		return err
	}
	test := p.expect("t-itgc-1-4", 3)
	err = p.file("rookery_elevations_2025.csv", ',', "SESSION_ID,ENGINEER,APPROVER,TICKET,APPROVED_AT,OPENED_AT,CLOSED_AT", func(t *table) {
		for i := range elevationSize {
			engineer, approver := p.two(engineers)
			approved := at(i*yearDays/elevationSize, 0, 0, 0) + p.minutes(0, 1300)
			opened := approved + p.minutes(1, 20)
			t.code("E-", int64(i+1), 4)
			t.text(engineer)
			t.text(approver)
			t.code("OPS-", int64(7000+i), 5)
			t.offsetTime(approved)
			t.offsetTime(opened)
			t.offsetTime(opened + p.minutes(10, 470))
			t.end()
			test.item(nil, pass, pass, pass)
		}
	})
	if err != nil {
		return err
	}
	return p.file("rookery_service_accounts_2025.csv", ',', "MONTH_END,ACCOUNTS,WITHOUT_OWNER,OLD_KEYS,SIGNED_BY,SIGNED_ON", func(t *table) {
		for month := 1; month <= 12; month++ {
			t.date(monthEnd(month))
			t.number(int64(p.between(118, 131)))
			t.number(int64(p.rng.IntN(2)))
			t.number(int64(p.rng.IntN(4)))
			t.text("fboukhari")
			t.date(p.cal.notAfter(monthEnd(month) - p.between(0, 3)))
			t.end()
		}
	})
}

type accessRequest struct {
	number              int64
	approved            int64
	requester, approver string
	role                string
}

// grants writes the directory's grants. One grant names a role by its new
// name while its request has the former one.
func (p *part) grants() ([]accessRequest, error) {
	test := p.expect("t-itgc-1-1", 3)
	var requests []accessRequest
	err := p.file("rookery_grants_2025.csv", ',', "GRANT_ID,USER_ID,ROLE,GRANTED_AT,REQUEST_NO", func(t *table) {
		base := 0
		for i := range grantCount {
			granted := at(p.spread(i, grantCount), 8, 30, 0) + p.minutes(0, 480)
			user := p.one(users)
			key := func() string { return codeOf("G-", int64(i+1), 5) }
			t.code("G-", int64(i+1), 5)
			t.text(user)
			if i%11%5 == 4 && base < baseGrants {
				base++
				t.text("BASE-STAFF")
				t.universal(granted)
				t.text("")
				t.end()
				test.item(key, notApplicable, notApplicable, notApplicable)
				continue
			}
			role := p.one(accessRoles)
			r := accessRequest{number: int64(3000 + i), approved: granted - p.minutes(15, 2800), requester: user, role: role}
			for r.approver = p.one(users); r.approver == user; {
				r.approver = p.one(users)
			}
			renamed := i == 402
			if renamed {
				role, r.role = "TREASURY-RELEASE", "TREAS-APPROVE"
			}
			requests = append(requests, r)
			t.text(role)
			t.universal(granted)
			t.code("AR-", r.number, 5)
			t.end()
			test.item(key, pass, pass, passIf(!renamed))
		}
	})
	return requests, err
}

// recertifications writes every line of the four quarterly reviews.
func (p *part) recertifications() error {
	test := p.expect("t-itgc-1-3", 2)
	return p.file("rookery_reviews_2025.csv", ',', "LINE_ID,QUARTER,USER_ID,ROLE,REVIEWER,DECISION,DECIDED_ON,REMOVED_ON", func(t *table) {
		starts := []int{day(1, 13), day(4, 14), day(7, 14), day(10, 14)}
		for q, start := range starts {
			for i := range recertLines {
				user, reviewer := p.two(users)
				decided := p.cal.after(start, p.between(1, 9))
				t.text(codeOf("2025Q", int64(q+1), 1) + codeOf("/", int64(i+1), 4))
				t.text(codeOf("2025Q", int64(q+1), 1))
				t.text(user)
				t.text(p.one(accessRoles))
				t.text(reviewer)
				removed := p.rng.IntN(1000) < 24
				if removed {
					t.text("REMOVE")
				} else {
					t.text("KEEP")
				}
				t.date(decided)
				if removed {
					t.date(p.cal.after(decided, p.between(1, 7)))
				} else {
					t.text("")
				}
				t.end()
				test.item(nil, pass, pass.unless(!removed))
			}
		}
	})
}
