package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"github.com/xuri/excelize/v2"
)

// Counts of the full year that the description of the system states.
const (
	clientCount    = 640
	newClientCount = 58
	bankChanges    = 11964 // employee bank-detail changes that were used
	bankCancelled  = 486
	staffChanges   = 4318
	importCount    = 30112
)

// clientID is the number of the i-th client, from 0.
func clientID(i int) string { return codeOf("C", int64(10001+i), 5) }

var payCycles = []string{"WEEKLY", "BIWEEKLY", "SEMIMONTHLY", "MONTHLY"}

// cycleOf gives a fifth of the clients a weekly calendar, and most of the
// others one of two weeks.
func cycleOf(i int) string {
	switch m := i % 20; {
	case m < 4:
		return payCycles[0]
	case m < 13:
		return payCycles[1]
	case m < 18:
		return payCycles[2]
	}
	return payCycles[3]
}

// liveDay is the day on which a client went live; clients of earlier years
// are live from before the year.
func liveDay(cal *calendar, i int) int {
	k := i - (clientCount - newClientCount)
	switch {
	case k < 0:
		return firstDay
	case i == 621:
		return day(3, 17)
	}
	return cal.business[12+k*37%220]
}

// clients writes the client master as a workbook, the way the register
// exports it.
func (p *part) clients() error {
	const name = "client_master_2025.xlsx"
	p.rng = random(name)
	book := excelize.NewFile()
	defer book.Close()
	const sheet = "Clients"
	if err := book.SetSheetName("Sheet1", sheet); err != nil {
		return err
	}
	w, err := book.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	if err := w.SetRow("A1", []any{"CLIENT_ID", "LIVE_DATE", "PAY_CYCLE", "STATUS", "ONBOARDING", "SETUP_BY", "SETUP_DONE", "REVIEWED_BY", "REVIEWED_ON", "RELEASED_ON"}); err != nil {
		return err
	}
	test := p.expect("t-pay-1-2", 2)
	for i := range clientCount {
		live := liveDay(p.cal, i)
		setup, review := p.two(setupTeam)
		row := []any{clientID(i), "2024-01-02", cycleOf(i), "ACTIVE", "STANDARD", setup, "", review, "", ""}
		if live >= 0 {
			released := p.cal.notAfter(live - p.between(1, 6))
			reviewed := p.cal.notAfter(released - p.between(0, 3))
			if i == 621 {
				released, reviewed = day(3, 13), day(3, 12)
			}
			done := p.cal.notAfter(reviewed - p.between(1, 5))
			row[1], row[6], row[8], row[9] = p.cal.date(live), p.cal.date(done), p.cal.date(reviewed), p.cal.date(released)
			test.item(func() string { return clientID(i) }, pass, pass)
		}
		cell, err := excelize.CoordinatesToCellName(1, i+2)
		if err != nil {
			return err
		}
		if err := w.SetRow(cell, row); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	path := filepath.Join(p.dir, name)
	if err := book.SaveAs(path); err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(b)
	p.files = append(p.files, FileManifest{Name: name, Rows: clientCount, Bytes: int64(len(b)), SHA256: hex.EncodeToString(sum[:])})
	return nil
}

// The bank-detail changes that a right engine flags. Six lie on two days of
// August on which the desk was short of staff, one is a slip in November, and
// two were confirmed under the number of a duplicate request.
const (
	neverCalled = iota + 1
	calledLate
	calledUnderDuplicate
)

type bankFlaw struct{ kind, day int }

// bankFlaws places the flaws by the change's position in tenths of a percent
// of the list.
func bankFlaws(n int) map[int]bankFlaw {
	august, next := day(8, 18), day(8, 19)
	at := n * 157 / 250
	return map[int]bankFlaw{
		at: {neverCalled, august}, at + 2: {neverCalled, august}, at + 3: {calledLate, august},
		at + 5: {neverCalled, next}, at + 6: {neverCalled, next}, at + 8: {calledLate, next},
		n * 215 / 250: {calledLate, day(11, 10)},
		n * 60 / 250:  {calledUnderDuplicate, day(3, 28)}, n * 131 / 250: {calledUnderDuplicate, day(7, 11)},
	}
}

// standing writes the changes that the service desk keyed.
func (p *part) standing() error {
	test := p.expect("t-pay-2-3", 3)
	const used, cancelled = bankChanges, bankCancelled
	n := used + cancelled
	flaws := bankFlaws(n)
	every := n / cancelled
	err := p.file("heron_bank_changes_2025.csv.gz", ';', "CHANGE_ID,CLIENT_ID,EMPLOYEE,ACCOUNT_NO,REQUESTED_AT,STATUS,KEYED_BY,CALLBACK_AT,CALLBACK_BY,NUMBER_FROM,FIRST_USE_AT", func(t *table) {
		left := cancelled
		for i := range n {
			flaw := flaws[i]
			d := p.spread(i, n)
			if flaw.kind != 0 {
				d = flaw.day
			}
			keyed, called := p.two(deskTeam)
			requested := at(d, 8, 0, 0) + p.minutes(0, 480)
			callback := requested + p.minutes(20, 400)
			use := at(p.cal.after(d, p.between(2, 5)), 9, 0, 0)
			gone := flaw.kind == 0 && left > 0 && i%every == every-1
			a, rest := pass, pass
			t.code("BD-", int64(i+1), 6)
			t.text(clientID(p.rng.IntN(clientCount)))
			t.code("E", int64(p.between(100001, 135200)), 6)
			t.code("", int64(p.between(10000000, 99999999)), 8)
			t.moment(requested)
			switch {
			case gone:
				left--
				t.text("CANCELLED")
				a, rest = notApplicable, notApplicable
			default:
				t.text("ACTIVE")
			}
			t.text(keyed)
			switch {
			case gone || flaw.kind == neverCalled || flaw.kind == calledUnderDuplicate:
				t.text("")
				t.text("")
				t.text("")
				if !gone {
					a, rest = fail, notApplicable
				}
			default:
				if flaw.kind == calledLate {
					callback, a = use+p.minutes(300, 2000), fail
				}
				t.moment(callback)
				t.text(called)
				t.text("MASTER")
			}
			if gone {
				t.text("")
			} else {
				t.moment(use)
			}
			t.end()
			test.item(func() string { return codeOf("BD-", int64(i+1), 6) }, a, rest, rest)
			switch {
			case flaw.kind == calledUnderDuplicate:
				test.because(0, "confirmed under a duplicate request", codeOf("BD-", int64(i+1), 6))
			case flaw.kind != 0:
				test.because(0, "used before call-back", codeOf("BD-", int64(i+1), 6))
			}
		}
	})
	if err != nil {
		return err
	}
	checked := p.expect("t-pay-2-4", 3)
	err = p.file("heron_staff_changes_2025.csv", ',', "CHANGE_ID,CLIENT_ID,EMPLOYEE,FIELD,REQUEST_REF,KEYED_BY,KEYED_AT,VERIFIED_BY,VERIFIED_AT", func(t *table) {
		fields := []string{"HOURLY_RATE", "SALARY", "ADDRESS", "FILING_STATUS", "DEDUCTION", "HIRE", "LEAVE"}
		for i := range staffChanges {
			keyed, verified := p.two(deskTeam)
			when := at(p.spread(i, staffChanges), 8, 0, 0) + p.minutes(0, 420)
			t.code("SC-", int64(i+1), 5)
			t.text(clientID(p.rng.IntN(clientCount)))
			t.code("E", int64(p.between(100001, 135200)), 6)
			t.text(p.one(fields))
			t.code("CASE-", int64(p.between(200000, 241300)), 6)
			t.text(keyed)
			t.moment(when)
			t.text(verified)
			t.moment(when + p.minutes(10, 150))
			t.end()
			checked.item(nil, pass, pass, pass)
		}
	})
	if err != nil {
		return err
	}
	return p.file("plover_client_bank_2025.csv", ',', "CHANGE_NO,CLIENT_ID,REQUESTED,KEYED_BY,CALLBACK_AT,SECOND_APPROVER,ACTIVATED_AT", func(t *table) {
		const n = 212
		for i := range n {
			d := p.spread(i, n)
			keyed, second := p.two(deskTeam)
			called := at(d, 9, 0, 0) + p.minutes(0, 400)
			t.code("CB-", int64(i+1), 4)
			t.text(clientID(p.rng.IntN(clientCount)))
			t.date(d)
			t.text(keyed)
			t.moment(called)
			t.text(second)
			t.moment(called + p.minutes(30, 2000))
			t.end()
		}
	})
}

// imports writes the log of import files.
func (p *part) imports() error {
	totals, posted := p.expect("t-pay-3-1", 2), p.expect("t-pay-3-3", 1)
	n := p.size.of(importCount, 400)
	digests := map[string]int{}
	err := p.file("heron_imports_2025.tsv", '\t', "FILE_ID,CLIENT_ID,RECEIVED_AT,DIGEST,BATCH,DECL_HEADS,ACT_HEADS,DECL_HOURS,ACT_HOURS,DECL_GROSS,ACT_GROSS,STATUS,POSTED_AT", func(t *table) {
		var recent [64]string
		for i := range n {
			d := p.spread(i, n)
			received := at(d, 7, 0, 0) + p.minutes(0, 560)
			heads := int64(p.between(4, 70))
			hours := heads*7500 + int64(p.rng.IntN(4000))
			gross := hours * int64(p.between(1800, 4400)) / 100
			status, declared, declaredGross, digest := "ACCEPTED", heads, gross, p.digest()
			switch x := p.rng.IntN(1000); {
			case x < 29:
				status, declared, declaredGross = "REJECTED", heads+int64(p.between(1, 3)), gross+int64(p.between(100, 90000))
			case x < 36 && i > 200:
				status, digest = "DUPLICATE", recent[p.rng.IntN(len(recent))]
			}
			if status == "ACCEPTED" {
				recent[i%len(recent)] = digest
				digests[digest]++
			} else if _, known := digests[digest]; !known {
				digests[digest] = 0
			}
			t.code("IMP-", int64(i+1), 7)
			t.text(clientID(p.rng.IntN(clientCount)))
			t.moment(received)
			t.text(digest)
			t.code("B", int64(500000+i), 6)
			t.number(declared)
			t.number(heads)
			t.cents(hours)
			t.cents(hours)
			t.grouped(declaredGross)
			t.grouped(gross)
			t.text(status)
			if status == "ACCEPTED" {
				t.moment(received + p.minutes(1, 6))
				totals.item(nil, pass, notApplicable)
			} else {
				t.text("")
				totals.item(nil, notApplicable, pass)
			}
			t.add("ACT_GROSS", gross)
			t.end()
		}
	})
	for range digests {
		posted.item(nil, pass)
	}
	return err
}
