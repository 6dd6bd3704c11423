package web

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"reperform/app"
	"reperform/record"
	"reperform/soc1"
)

// fresh is the same site without anything kept.
func (m *matrixHouse) fresh() *matrixHouse {
	m.t.Helper()
	s, err := New(m.site.opt)
	if err != nil {
		m.t.Fatal(err)
	}
	return &matrixHouse{t: m.t, app: m.app, site: s, h: s.Handler(), now: m.now}
}

var registerTable = regexp.MustCompile(`(?s)<table class="mx" id="register".*?</table>`)

// Rows that were kept read as rows that are made now: after their record
// changed, after one that they name did, at another place, for another person,
// as of another day, and with other columns.
func TestKeptRows(t *testing.T) {
	m := newMatrixHouse(t)
	change := func(kind, id string) {
		t.Helper()
		v, err := m.app.View(t.Context(), manager, app.OrganizationLedger, record.AsOf{})
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case "control":
			c := m.control(id)
			c.Value.Code = "A-" + c.Value.Code
			c.Value.Owner = manager
			err = m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: kind, ID: id, Revision: c.Revision, Effective: "2025-11-20", Value: c.Value, Reason: "x"})
		case "control_objective":
			c, oerr := record.One[soc1.ControlObjective](t.Context(), v, kind, id)
			if oerr != nil {
				t.Fatal(oerr)
			}
			c.Value.Code = "ZZ" + c.Value.Code
			err = m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: kind, ID: id, Revision: c.Revision, Effective: "2025-11-20", Value: c.Value, Reason: "x"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	paths := []string{"/r/control", "/r/control?sort=-frequency", "/r/control?group=owner", "/r/control?col=owner,risks&q=payroll", "/r/control?asof=2025-06-30", "/r/control?from=7"}
	people := []string{manager, owner, "elena-petrova"}
	same := func(when string) {
		t.Helper()
		other := m.fresh()
		for _, path := range paths {
			for _, who := range people {
				kept, made := registerTable.FindString(m.page(who, path)), registerTable.FindString(other.page(who, path))
				if kept == "" || kept != made {
					t.Errorf("%s, %s as %s: rows that were kept differ from new ones:\n%s\n%s", when, path, who, kept, made)
				}
			}
		}
	}
	same("at first")
	const id = "pay-5-1"
	change("control", id)
	same("after a control changed")
	change("control_objective", m.control(id).Value.Objectives[0])
	same("after the code of an objective changed")
	if p := registerTable.FindString(m.page(manager, "/r/control")); !strings.Contains(p, ">ZZ") || !strings.Contains(p, "A-") {
		t.Error("the new codes are not shown")
	}
	// What is kept is bounded.
	const most = 4096
	for i := range 3 * most {
		m.site.shown.Put(shownKey{&record.Item{}, rowAs(fmt.Sprint(i))}, shownRow{})
	}
	if n := m.site.shown.Len(); n > 2*most {
		t.Errorf("%d rows are kept, at most %d should be", n, 2*most)
	}
}

// Whoever reads part of a ledger has rows of their own.
func TestKeptRowsArePersonal(t *testing.T) {
	m := newMatrixHouse(t)
	as := func(who string) rowAs {
		return m.site.onBehalf(t.Context(), lookedAt{actor: who, ledger: app.OrganizationLedger}).rowAs(&registerPage{})
	}
	if as(manager) != as("elena-petrova") {
		t.Error("two who read everything do not share rows")
	}
	if as("nobody") == as(manager) {
		t.Error("whoever reads nothing shares rows with those who read everything")
	}
}

// Whoever follows makes the matrix that people look at anew, and forgets what
// was kept when something is redacted.
func TestFollow(t *testing.T) {
	m := newMatrixHouse(t)
	m.page(owner, "/matrix")
	m.page(owner, "/r/control")
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.site.Follow(ctx)
	}()
	eventually := func(what string, ok func() bool) {
		t.Helper()
		for begun := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Since(begun) > time.Minute {
				t.Fatal("in vain: " + what)
			}
		}
	}
	kept := func() (out []*matrixData) {
		m.site.matrices.mu.Lock()
		defer m.site.matrices.mu.Unlock()
		for _, x := range m.site.matrices.kept {
			out = append(out, x.data)
		}
		return out
	}
	before := kept()
	if len(before) != 1 {
		t.Fatalf("%d matrices, expected 1", len(before))
	}
	toggle := func() {
		t.Helper()
		c := m.control("pay-5-1")
		c.Value.Key = !c.Value.Key
		if err := m.app.PutRecord(t.Context(), manager, app.RecordChange{Kind: "control", ID: "pay-5-1", Revision: c.Revision, Effective: "2025-11-20", Value: c.Value, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
	// A watcher begins with the present, so what changes before it began may pass.
	for begun := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		toggle()
		time.Sleep(20 * time.Millisecond)
		if now := kept(); len(now) == 1 && now[0] != before[0] {
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("nobody made the matrix anew")
		}
	}
	eventually("the matrix rests on the control as it is", func() bool {
		d := kept()[0]
		return slices.ContainsFunc(d.rows, func(x matrixRow) bool { return x.ID == "pay-5-1" && x.Key == m.control("pay-5-1").Value.Key })
	})
	m.page(manager, "/r/person")
	v, err := m.app.View(t.Context(), administrator, app.OrganizationLedger, record.AsOf{})
	if err != nil {
		t.Fatal(err)
	}
	gone, err := record.One[soc1.Person](t.Context(), v, "person", "elena-petrova")
	if err != nil {
		t.Fatal(err)
	}
	gone.Value.Name = "Former reader"
	if err := m.app.PutPerson(t.Context(), administrator, app.RecordChange{Kind: "person", ID: gone.ID, Revision: gone.Revision, Effective: "2025-11-20", Value: gone.Value, Reason: "She asked for it."}); err != nil {
		t.Fatal(err)
	}
	m.page(manager, "/r/person")
	if err := m.app.RedactDocument(t.Context(), administrator, app.OrganizationLedger, gone.Pos, gone.Slot, "She asked for it."); err != nil {
		t.Fatal(err)
	}
	eventually("rows that show who was redacted are forgotten", func() bool { return m.site.shown.Len() == 0 })
	stop()
	<-done
}
