package scoping

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

func side(bodies map[string]string) *Side {
	s := &Side{items: map[[2]string]record.Record{}}
	for name, body := range bodies {
		kind, id, _ := strings.Cut(name, "/")
		revision := int64(1)
		if strings.Contains(body, "new") {
			revision = 2
		}
		s.items[[2]string{kind, id}] = record.Record{Kind: kind, ID: id, Revision: revision, Body: json.RawMessage(body)}
	}
	return s
}

// TestCompare tells what came, went and changed, in the order of kinds, and nothing of
// what is as it was. How a control is performed is told apart, and is no change of it.
func TestCompare(t *testing.T) {
	before := side(map[string]string{"control/a": `{"code":"A","what":"looks","performer":"p"}`, "control/due": `{"code":"D","due_business_days":5}`, "control/same": `{"code":"S"}`, "system/gone": `{"name":"Old"}`, "service/p": `{"name":"Payroll"}`})
	after := side(map[string]string{"control/a": `{"code":"A","what":"looks new","key":true,"performer":"q"}`, "control/due": `{"code":"D","due_business_days":7,"checklist":["new"]}`, "control/same": `{"code":"S"}`, "control/more": `{"code":"new"}`, "service/p": `{"name":"Payroll"}`})
	var got []string
	for _, d := range Compare(before, after) {
		line := fmt.Sprintf("%s %s/%s", d.What, d.Ref.Kind, d.Ref.ID)
		for _, f := range d.Fields {
			line += fmt.Sprintf(" %s:%s>%s", f.Name, f.Before, f.After)
		}
		got = append(got, line)
	}
	want := `changed control/a key:>true what:"looks">"looks new"|added control/more|arranged control/a performer:"p">"q"|arranged control/due checklist:>["new"] due_business_days:5>7|removed system/gone`
	if s := strings.Join(got, "|"); s != want {
		t.Errorf("it is\n%s\nexpected\n%s", s, want)
	}
	if before.Len("control") != 3 || after.Len("control") != 4 || after.Len("system") != 0 {
		t.Error("the records are not counted")
	}
}

// TestBetween counts the days between two reports.
func TestBetween(t *testing.T) {
	year := func(from, to soc1.Date) soc1.Engagement {
		return soc1.Engagement{Type: soc1.Type2, PeriodStart: from, PeriodEnd: to}
	}
	a := year("2024-01-01", "2024-12-31")
	for from, want := range map[soc1.Date]int{"2025-01-01": 0, "2025-02-01": 31, "2024-12-01": -31} {
		if n := Between(a, year(from, "2025-12-31")); n != want {
			t.Errorf("to %s lie %d days, expected %d", from, n, want)
		}
	}
}
