package demo

import "strconv"

// filesADay is how many payment files leave on a business day.
const filesADay = 20

// gatewayChange is the first day of the gateway Curlew.
var gatewayChange = day(6, 16)

// sent is what left on one day.
type sent struct{ files, amount int64 }

// payments writes the payment files of both gateways and the daily
// reconciliation with the bank.
func (p *part) payments() error {
	perDay := p.size.of(filesADay, 2)
	byDay := map[int]*sent{}
	old := p.expect("t-pay-5-2-a", 3)
	number := int64(0)
	err := p.file("sandpiper_files_2025.csv", ',', "FILE_NO,VALUE_DATE,ENTRIES,AMOUNT,BUILD_DIGEST,BANK_DIGEST,RELEASE_1,RELEASE_2,RELEASED_AT,SENT_AT", func(t *table) {
		for _, d := range p.cal.business {
			if d >= gatewayChange {
				return
			}
			for range perDay {
				number++
				f := p.paymentFile(d, byDay)
				t.code("SP-", number, 6)
				t.date(f.value)
				t.number(f.entries)
				t.cents(f.amount)
				t.text(f.digest)
				t.text(f.digest)
				t.text(f.first)
				t.text(f.second)
				t.moment(f.released)
				t.moment(f.sent)
				t.add("AMOUNT", f.amount)
				t.end()
				old.item(nil, pass, pass, pass)
			}
		}
	})
	if err != nil {
		return err
	}
	if err := p.curlew(perDay, byDay); err != nil {
		return err
	}
	return p.bankDaily(byDay)
}

type paymentFile struct {
	value           int
	entries, amount int64
	digest          string
	first, second   string
	released, sent  int64
}

func (p *part) paymentFile(d int, byDay map[int]*sent) paymentFile {
	f := paymentFile{value: p.cal.after(d, 1), entries: int64(p.between(6, 420)), digest: p.digest()}
	f.amount = f.entries*int64(p.between(120000, 270000)) + int64(p.rng.IntN(100))
	f.first, f.second = p.two(treasury)
	f.released = at(d, 9, 0, 0) + p.minutes(0, 440)
	f.sent = f.released + p.minutes(1, 12)
	s := byDay[d]
	if s == nil {
		s = &sent{}
		byDay[d] = s
	}
	s.files++
	s.amount += f.amount
	return f
}

// curlew writes the new gateway's log, one JSON object a line. The bank's
// digest of one file of the second day was not stored.
func (p *part) curlew(perDay int, byDay map[int]*sent) error {
	test := p.expect("t-pay-5-2-b", 3)
	return p.file("curlew_files_2025.jsonl", ',', "", func(t *table) {
		number := int64(0)
		var b []byte
		quoted := func(name, value string) {
			b = append(append(append(append(append(b, ',', '"'), name...), '"', ':', '"'), value...), '"')
		}
		for _, d := range p.cal.business {
			if d < gatewayChange {
				continue
			}
			for k := range perDay {
				number++
				f := p.paymentFile(d, byDay)
				missing := d == gatewayChange+1 && k == 1
				b = append(appendCode(append(b[:0], `{"file_id":"`...), "CW-", number, 6), '"')
				quoted("value_date", p.cal.date(f.value))
				b = strconv.AppendInt(append(b, `,"entries":`...), f.entries, 10)
				quoted("amount", string(appendCents(nil, f.amount)))
				quoted("build_digest", f.digest)
				outcome := pass
				if missing {
					b = append(b, `,"bank_digest":null`...)
					outcome = cannotTell
				} else {
					quoted("bank_digest", f.digest)
				}
				quoted("release_1", f.first)
				quoted("release_2", f.second)
				quoted("released_at", string(appendMoment(nil, p.cal, f.released, 'T')))
				quoted("sent_at", string(appendMoment(nil, p.cal, f.sent, 'T')))
				b = append(b, '}')
				t.line(b)
				t.add("amount", f.amount)
				test.item(func() string { return codeOf("CW-", number, 6) }, outcome, pass, pass)
				if missing {
					test.because(0, "bank digest missing", codeOf("CW-", number, 6))
				}
			}
		}
	})
}

// bankDaily writes the reconciliation of each business day. On four days the
// bank confirmed a file on the following day.
func (p *part) bankDaily(byDay map[int]*sent) error {
	test := p.expect("t-pay-5-3", 3)
	differs := map[int]bool{day(2, 12): true, day(4, 8): true, day(8, 5): true, day(12, 2): true}
	return p.file("bittern_bank_daily_2025.csv", ',', "BUS_DATE,FILES_SENT,FILES_CONF,AMT_SENT,AMT_CONF,EXPLANATION,PREPARED_BY,PREPARED_AT,REVIEWED_BY,REVIEWED_AT", func(t *table) {
		for _, d := range p.cal.business {
			s := byDay[d]
			prepared, reviewed := p.two(treasury[4:])
			next := p.cal.after(d, 1)
			files, amount, why := s.files, s.amount, ""
			if differs[d] {
				files, amount, why = files-1, amount-int64(p.between(1000000, 9000000)), "one file confirmed on the next day"
			}
			t.date(d)
			t.number(s.files)
			t.number(files)
			t.cents(s.amount)
			t.cents(amount)
			t.text(why)
			t.text(prepared)
			t.moment(at(next, 9, 0, 0) + p.minutes(0, 150))
			t.text(reviewed)
			t.moment(at(next, 14, 0, 0) + p.minutes(0, 140))
			t.add("AMT_SENT", s.amount)
			t.end()
			test.item(nil, pass, pass, pass)
		}
	})
}

// treasury writes the monthly reconciliations of the fiduciary accounts and
// the reversals. One reconciliation was reviewed late.
func (p *part) treasury() error {
	const accounts = 14
	test := p.expect("t-pay-5-4-a", 3)
	err := p.file("bittern_fiduciary_2025.csv", ';', "RECON_ID,ACCOUNT,MONTH_END,BANK_BALANCE,LEDGER_BALANCE,ITEMS_TOTAL,ITEMS,PREPARED_BY,PREPARED_ON,REVIEWED_BY,REVIEWED_ON", func(t *table) {
		// The reconciliations performed in the year: of December 2024, which is
		// month 0 here, to November 2025.
		for month := range 12 {
			end := monthEnd(month)
			for a := 1; a <= accounts; a++ {
				ledger, items := int64(p.between(20000000, 900000000)), int64(p.between(-4000000, 9000000))
				prepared, reviewed := p.two(treasury)
				preparedOn := p.cal.after(end, p.between(2, 5))
				reviewedOn := p.cal.after(preparedOn, p.between(1, 3))
				late := month == 5 && a == 7
				if late {
					reviewedOn = p.cal.after(end, 14)
				}
				id := codeOf("FID-", int64(a), 2)
				key := codeOf(id+"/2025-", int64(month), 2)
				if month == 0 {
					key = id + "/2024-12"
				}
				t.text(key)
				t.text(id)
				t.date(end)
				t.grouped(ledger + items)
				t.grouped(ledger)
				t.grouped(items)
				t.number(int64(p.between(1, 9)))
				t.text(prepared)
				t.date(preparedOn)
				t.text(reviewed)
				t.date(reviewedOn)
				t.add("BANK_BALANCE", ledger+items)
				t.end()
				test.item(func() string { return key }, passIf(!late), pass, pass)
			}
		}
	})
	if err != nil {
		return err
	}
	return p.file("bittern_reversals_2025.csv", ',', "ITEM_NO,CLIENT_ID,KIND,ENTERED,AMOUNT,REQUEST_NO,APPROVED_BY", func(t *table) {
		const n = 268
		kinds := []string{"STOP", "REVERSAL", "REISSUE", "REISSUE"}
		for i := range n {
			amount := int64(p.between(4000, 420000))
			t.code("RV-", int64(i+1), 4)
			t.text(clientID(p.rng.IntN(clientCount)))
			t.text(p.one(kinds))
			t.date(p.spread(i, n))
			t.cents(amount)
			t.code("CASE-", int64(p.between(200000, 241300)), 6)
			t.text(p.one(treasury))
			t.add("AMOUNT", amount)
			t.end()
		}
	})
}
