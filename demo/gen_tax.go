package demo

// jurisdictions are the federal authority and the 21 states in which clients
// have employees.
var jurisdictions = []string{"US", "IA", "IL", "WI", "MN", "MO", "NE", "SD", "KS", "IN", "MI", "OH", "KY", "TN", "AR", "OK", "CO", "GA", "NC", "VA", "PA", "AZ"}

// extended are the deposits that were paid on the date to which a state had
// moved its due date, one day after the date in Avocet's calendar.
const extended = 3

// taxes writes deposits, their daily reconciliation, returns, notices and the
// comparison of year-end forms.
func (p *part) taxes() error {
	if err := p.deposits(); err != nil {
		return err
	}
	err := p.file("avocet_daily_2025.csv", ',', "BUS_DATE,DUE_COUNT,MADE_COUNT,DUE_AMT,MADE_AMT,BANK_DEBIT,NOTE,SIGNED_BY", func(t *table) {
		for _, d := range p.cal.business {
			count, amount := int64(p.between(12, 44)), int64(p.between(20000000, 400000000))
			t.date(d)
			t.number(count)
			t.number(count)
			t.cents(amount)
			t.cents(amount)
			t.cents(amount)
			t.text("")
			t.text(p.one(taxTeam))
			t.end()
		}
	})
	if err != nil {
		return err
	}
	if err := p.returns(); err != nil {
		return err
	}
	err = p.file("avocet_notices_2025.csv", ',', "NOTICE_NO,RECEIVED,AGENCY,CLIENT_ID,LOGGED,DUE,ANSWERED,CLIENT_TOLD", func(t *table) {
		const n = 312
		for i := range n {
			d := p.spread(i, n)
			logged := p.cal.after(d, p.between(0, 1))
			t.code("N-", int64(i+1), 4)
			t.date(d)
			t.text(p.one(jurisdictions))
			if misdirected(i) {
				// A notice to an employer who is no client is sent back.
				t.text("NOT-A-CLIENT")
			} else {
				t.text(clientID(p.rng.IntN(clientCount)))
			}
			t.date(logged)
			t.date(d + 30)
			t.date(min(p.cal.after(logged, p.between(1, 12)), extracted))
			t.date(min(p.cal.after(logged, p.between(0, 4)), extracted))
			t.end()
		}
	})
	if err != nil {
		return err
	}
	return p.yearEnd()
}

// misdirected says which notices concern no client.
func misdirected(i int) bool { return i%35 == 34 }

func (p *part) deposits() error {
	test := p.expect("t-pay-6-1", 3)
	taxes := []string{"FED-INCOME", "STATE-INCOME", "UNEMPLOYMENT", "LOCAL"}
	return p.file("avocet_deposits_2025.csv", ',', "Deposit,Client,Jurisdiction,Tax,Liability,Amount,Due Date,Paid On,Confirmation,Status", func(t *table) {
		const n = 6512
		moved := 0
		for i := range n {
			key := func() string { return codeOf("D", int64(i+1), 6) }
			d := p.spread(i, n)
			state := p.one(jurisdictions)
			zero := p.rng.IntN(100) < 2
			late := !zero && moved < extended && d >= day(5, 15)
			if late {
				state, d = "WI", day(5, 15)
				moved++
			}
			amount := int64(p.between(4000, 9000000))
			t.code("D", int64(i+1), 6)
			t.text(clientID(p.rng.IntN(clientCount)))
			t.text(state)
			t.text(p.one(taxes))
			if zero {
				t.cents(0)
				t.cents(0)
				t.text(p.cal.american(d))
				t.text("")
				t.text("")
				t.text("ZERO")
				t.end()
				test.item(key, notApplicable, notApplicable, notApplicable)
				continue
			}
			paid := d
			switch {
			case late:
				paid = p.cal.after(d, 1)
			case p.rng.IntN(10) < 3:
				paid = p.cal.notAfter(d - 1)
			}
			t.cents(amount)
			t.cents(amount)
			t.text(p.cal.american(d))
			t.text(p.cal.american(paid))
			t.code("EF", int64(p.between(100000000, 999999999)), 9)
			t.text("PAID")
			t.add("Amount", amount)
			t.end()
			test.item(key, passIf(!late), pass, pass)
		}
	})
}

func (p *part) returns() error {
	test := p.expect("t-pay-6-3", 3)
	return p.file("avocet_returns_2025.csv", ',', "RETURN_ID,CLIENT_ID,JURISDICTION,QUARTER,REGISTER_TOTAL,RETURN_TOTAL,REVIEWED_BY,REVIEWED_AT,FILED_AT,DUE", func(t *table) {
		// The returns filed in the year: of the fourth quarter of 2024, which is
		// quarter 0 here, to the third of 2025.
		due := []int{day(1, 31), day(4, 30), day(7, 31), day(10, 31)}
		for q := range 4 {
			quarter := codeOf("2025Q", int64(q), 1)
			if q == 0 {
				quarter = "2024Q4"
			}
			for i := range clientCount {
				register := int64(p.between(60000, 40000000))
				filed := p.cal.notAfter(due[q] - p.between(3, 16))
				reviewed := p.cal.notAfter(filed - p.between(1, 4))
				t.text(quarter + codeOf("-", int64(i+1), 4))
				t.text(clientID(i * 7 % (clientCount - newClientCount)))
				t.text(jurisdictions[i%len(jurisdictions)])
				t.text(quarter)
				t.cents(register)
				filedTotal := register + int64(p.between(-60, 60))
				t.cents(filedTotal)
				t.text(p.one(taxTeam))
				t.moment(at(reviewed, 9, 0, 0) + p.minutes(0, 400))
				t.moment(at(filed, 10, 0, 0) + p.minutes(0, 300))
				t.date(due[q])
				t.add("RETURN_TOTAL", filedTotal)
				t.end()
				test.item(nil, pass, pass, pass)
			}
		}
	})
}

func (p *part) yearEnd() error {
	test := p.expect("t-pay-7-3", 2)
	return p.file("avocet_year_end_2024.csv", ',', "CLIENT_ID,FORMS,FORMS_TOTAL,RETURNS_TOTAL,EXPLANATION,REVIEWED_BY,REVIEWED_AT,RELEASED_AT", func(t *table) {
		const n = 588 // six of them left at the end of 2024
		for i := range n {
			total := int64(p.between(4000000, 900000000))
			returns, why := total+int64(p.between(-45, 45)), ""
			if i%84 == 40 {
				returns, why = total-int64(p.between(20000, 90000)), "amended return of the third quarter of 2024"
			}
			released := at(p.cal.business[9+i%8], 10, 0, 0) + p.minutes(0, 300)
			t.code("C", int64(9995+i), 5)
			t.number(int64(p.between(4, 400)))
			t.cents(total)
			t.cents(returns)
			t.text(why)
			t.text("kmensah")
			t.moment(released - p.minutes(200, 4000))
			t.moment(released)
			t.add("FORMS_TOTAL", total)
			t.end()
			test.item(nil, pass, pass)
		}
	})
}
