package evaluation

import (
	"fmt"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// independenceFlags looks for people of the firm's team among the organization's
// own. The wall keeps management out of the file; it cannot see that somebody
// belongs to both sides.
func (e *evaluation) independenceFlags() {
	if e.Past == nil || e.By != soc1.ByAuditor {
		return
	}
	for _, p := range e.Past.Team {
		if p.Value.Side != soc1.SideAuditFirm {
			continue
		}
		if e.ofBothSides(p) {
			continue
		}
		e.namesakes(p)
	}
}

// ofBothSides flags a person who is known to the organization's ledger as one of
// its people, or as owner, performer or reviewer of a control.
func (e *evaluation) ofBothSides(p record.Typed[soc1.Person]) bool {
	var sources []soc1.Ref
	is := "was"
	for _, o := range e.Past.Others {
		if o.ID == p.ID && !o.Redacted && o.Value.Side == soc1.SideServiceOrganization {
			sources = append(sources, o.Ref())
			if last := e.lastOther(o.ID); !last.Retired && !last.Redacted && last.Value.Side == soc1.SideServiceOrganization {
				is = "is"
			}
		}
	}
	if len(sources) > 0 {
		e.add("EVA-30", p.Ref(), sources, "%s works on the examination for the firm and %s recorded in the organization's ledger as one of its people.", p.ID, is)
	}
	for _, k := range e.Controls {
		if v := k.Value; slices.Contains([]string{v.Owner, v.Performer, v.Reviewer}, p.ID) {
			sources = append(sources, k.Ref())
			e.add("EVA-30", p.Ref(), []soc1.Ref{k.Ref()}, "%s works on the examination for the firm and owns, performs or reviews the control %s.", p.ID, v.Code)
		}
	}
	return len(sources) > 0
}

func (e *evaluation) lastOther(id string) record.Typed[soc1.Person] {
	var last record.Typed[soc1.Person]
	for _, o := range e.Past.Others {
		if o.ID == id && o.Revision > last.Revision {
			last = o
		}
	}
	return last
}

// namesakes asks about people of the organization with the name or the address
// of somebody of the team.
func (e *evaluation) namesakes(p record.Typed[soc1.Person]) {
	told := map[string]bool{}
	for _, o := range e.Past.Others {
		if o.ID == p.ID || o.Redacted || told[o.ID] || o.Value.Side != soc1.SideServiceOrganization {
			continue
		}
		var shared []string
		if same(o.Value.Name, p.Value.Name) {
			shared = append(shared, "name")
		}
		if same(o.Value.Email, p.Value.Email) {
			shared = append(shared, "email address")
		}
		if len(shared) == 0 {
			continue
		}
		told[o.ID] = true
		e.add("EVA-30", p.Ref(), []soc1.Ref{o.Ref()}, "%s of the firm's team and %s of the organization have the same %s: are they one person?", p.ID, o.ID, strings.Join(shared, " and "))
		flag := &e.loose[len(e.loose)-1]
		flag.Severity = Medium
		flag.Remedy = fmt.Sprintf("Ask, and record the answer in the firm's conclusion on independence; if they are one person, %s may not work on the examination.", p.ID)
	}
}

// same compares what people write, without regard to case and blanks.
func same(a, b string) bool {
	a, b = strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " ")
	return a != "" && strings.EqualFold(a, b)
}
