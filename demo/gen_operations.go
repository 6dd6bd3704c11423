package demo

// operations writes the operators' daily report, interfaces, schedule
// changes, copies, restore tests and the recovery exercise.
func (p *part) operations() error {
	err := p.file("dunlin_daily_2025.csv", ',', "BUS_DATE,JOBS,FAILED,TICKETS,SIGNED_BY,SIGNED_AT", func(t *table) {
		for _, d := range p.cal.business {
			failed := int64(p.rng.IntN(4))
			t.date(d)
			t.number(212)
			t.number(failed)
			t.number(failed)
			t.text(p.one(operators))
			t.moment(at(d, 7, 5, 0) + p.minutes(0, 50))
			t.end()
		}
	})
	if err != nil {
		return err
	}
	if err := p.interfaces(); err != nil {
		return err
	}
	err = p.file("dunlin_schedule_2025.csv", ',', "CHANGE_ID,CHANGED_AT,JOB,REQUESTED_BY,CHANGED_BY,REQUEST", func(t *table) {
		const n = 87
		for i := range n {
			requested, changed := p.two(operators)
			d := p.spread(i, n)
			t.code("JS-", int64(i+1), 4)
			t.date(d)
			t.code("JOB-", int64(p.between(1, 212)), 3)
			t.text(requested)
			t.text(changed)
			t.code("OPS-", int64(9000+i), 5)
			t.end()
		}
	})
	if err != nil {
		return err
	}
	if err := p.backups(); err != nil {
		return err
	}
	err = p.file("restore_tests_2025.csv", ',', "TEST_ID,QUARTER,TESTED_ON,DATABASES,SIGNED_BY", func(t *table) {
		for q, d := range []int{day(3, 19), day(6, 18), day(9, 24), day(12, 10)} {
			t.code("RT-2025Q", int64(q+1), 1)
			t.code("2025Q", int64(q+1), 1)
			t.date(d)
			t.number(6)
			t.text("plindholm")
			t.end()
		}
	})
	if err != nil {
		return err
	}
	return p.file("recovery_exercises_2025.csv", ',', "EXERCISE_ID,HELD_ON,SITE,ACTIONS", func(t *table) {
		t.text("RX-2025")
		t.date(day(10, 4))
		t.text("Stonevale second site")
		t.number(4)
		t.end()
	})
}

// interfaces writes both sides' counts of the five interfaces, each day. Two
// of them do not run on days on which banks are closed.
func (p *part) interfaces() error {
	test := p.expect("t-itgc-3-3", 1)
	return p.file("dunlin_interfaces_2025.csv", ',', "ROW_ID,INTERFACE,DAY,STATE,SENT_RECORDS,RECEIVED_RECORDS,SENT_AMOUNT,RECEIVED_AMOUNT", func(t *table) {
		names := []string{"HERON-PLOVER", "PLOVER-BITTERN", "PLOVER-AVOCET", "PLOVER-GATEWAY", "BANK-BITTERN"}
		for d := range yearDays {
			for i, name := range names {
				t.text(name + "/" + p.cal.date(d))
				t.text(name)
				t.date(d)
				if i >= 3 && !p.cal.isOpen(d) {
					t.text("NO-RUN")
					for range 4 {
						t.text("")
					}
					t.end()
					test.item(nil, notApplicable)
					continue
				}
				records := int64(p.between(40, 4900))
				amount := records * int64(p.between(40000, 190000))
				t.text("RUN")
				t.number(records)
				t.number(records)
				t.cents(amount)
				t.cents(amount)
				t.add("SENT_AMOUNT", amount)
				t.end()
				test.item(nil, pass)
			}
		}
	})
}

// failedCopies is how many daily copies failed; each has a ticket.
const failedCopies = 11

func (p *part) backups() error {
	test := p.expect("t-itgc-4-1", 2)
	return p.file("dunlin_copies_2025.csv", ',', "COPY_ID,DATABASE_NAME,DAY,ENDED_AT,STATUS,REPLICA_AT,TICKET", func(t *table) {
		databases := []string{"plover", "heron", "avocet", "curlew", "bittern", "rookery"}
		n, failed := 0, 0
		for d := range yearDays {
			for _, name := range databases {
				n++
				ended := at(d, 2, 0, 0) + p.minutes(0, 150)
				t.text(name + "/" + p.cal.date(d))
				t.text(name)
				t.date(d)
				t.moment(ended)
				if n%193 == 101 && failed < failedCopies {
					failed++
					t.text("FAILED")
					t.text("")
					t.code("OPS-", int64(6000+n), 5)
					test.item(nil, pass, notApplicable)
				} else {
					t.text("OK")
					t.moment(ended + p.minutes(5, 60))
					t.text("")
					test.item(nil, pass, pass)
				}
				t.end()
			}
		}
	})
}

// security writes findings, alerts and incidents.
func (p *part) security() error {
	test := p.expect("t-itgc-5-1", 1)
	err := p.file("scan_findings_2025.csv", ',', "FINDING_ID,SEVERITY,FOUND_ON,STATE,CLOSED_ON,ACCEPTED_BY", func(t *table) {
		const n = 648
		for i := range n {
			// What was found in December is due in the next year.
			d := p.cal.business[i*228/n]
			severity, limit := "HIGH", 30
			if p.rng.IntN(100) < 17 {
				severity, limit = "CRITICAL", 15
			}
			t.code("VL-", int64(i+1), 5)
			t.text(severity)
			t.date(d)
			switch {
			case i%31 == 30:
				t.text("FALSE-POSITIVE")
				t.text("")
				t.text("")
				test.item(nil, notApplicable)
			case i%54 == 20:
				t.text("ACCEPTED")
				t.text("")
				t.text("fboukhari")
				test.item(nil, pass)
			default:
				t.text("CLOSED")
				t.date(d + p.between(1, limit-1))
				t.text("")
				test.item(nil, pass)
			}
			t.end()
		}
	})
	if err != nil {
		return err
	}
	alerts := p.expect("t-itgc-5-2", 2)
	err = p.file("security_alerts_2025.csv", ',', "ALERT_ID,KIND,RAISED_AT,ASSESSED_AT,DISPOSITION", func(t *table) {
		const n = 2904
		kinds, ends := []string{"SIGN-IN", "ENDPOINT", "NETWORK", "DATA"}, []string{"BENIGN", "BENIGN", "BENIGN", "TUNED", "INCIDENT"}
		for i := range n {
			raised := at(i*yearDays/n, 0, 0, 0) + p.minutes(0, 1380)
			t.code("AL-", int64(i+1), 5)
			if i%56 == 13 {
				t.text("TEST")
				t.offsetTime(raised)
				t.text("")
				t.text("")
				alerts.item(nil, notApplicable, notApplicable)
			} else {
				t.text(p.one(kinds))
				t.offsetTime(raised)
				t.offsetTime(raised + p.minutes(2, 57))
				t.text(p.one(ends))
				alerts.item(nil, pass, pass)
			}
			t.end()
		}
	})
	if err != nil {
		return err
	}
	return p.file("incidents_2025.csv", ',', "INCIDENT_NO,OPENED,CLASS,CLOSED", func(t *table) {
		const n = 46
		classes := []string{"MINOR", "MINOR", "MINOR", "MODERATE"}
		major := map[int]int{7: day(2, 11), 18: day(5, 16), 22: day(6, 17)}
		for i := range n {
			d := p.spread(i, n)
			class := p.one(classes)
			if on, ok := major[i]; ok {
				d, class = on, "MAJOR"
			}
			t.code("IN-", int64(i+1), 4)
			t.date(d)
			t.text(class)
			t.date(min(d+p.between(1, 20), extracted))
			t.end()
		}
	})
}
