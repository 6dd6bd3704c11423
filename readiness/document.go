package readiness

import (
	"fmt"
	"strings"

	"reperform/english"
	"reperform/gap"
	"reperform/report"
	"reperform/soc1"
)

// Mark stands on every page of the document.
const Mark = "Internal – management’s own view – no opinion expressed"

// Names gives people and records their names in the document.
type Names interface {
	// Person is a person's name; Record what a record is called.
	Person(id string) string
	Record(ref soc1.Ref) string
}

// Cover is what the document says of whom it is about and what it was made from.
type Cover struct {
	Organization, System string
	// Letter chooses US letter paper.
	Letter bool
	// State names the state of the ledger, Program the program.
	State, Program string
}

// Document lays the assessment out for paper. It is for management and whoever
// assesses with it: it names what could modify an opinion, and belongs in nothing
// that customers are given.
func (a *Assessment) Document(c Cover, names Names) *report.Model {
	d := report.Document{Kind: "Readiness Report", Organization: c.Organization, Description: "Readiness of the " + firstOf(c.System, "system") + " for its examination",
		When: a.when(), For: "For management only", Mark: Mark, Use: "For management only; not for customers or their auditors", State: c.State, Letter: c.Letter, Program: c.Program}
	return d.Model(a.summary(), a.makeup(), a.objectives(), a.matters(names), a.said(names))
}

func firstOf(list ...string) string {
	for _, s := range list {
		if strings.TrimSpace(s) != "" {
			return s
		}
	}
	return ""
}

func (a *Assessment) when() string {
	when := "As of " + a.Today.Long()
	switch e := a.Engagement.Value; {
	case a.Engagement.ID == "":
		return when
	case e.Type == soc1.Type1:
		return when + ", for a Type I examination as of " + e.AsOf.Long()
	default:
		return when + ", for a Type II examination of " + e.PeriodStart.Long() + " to " + e.PeriodEnd.Long()
	}
}

func (a *Assessment) summary() *report.Composer {
	s := report.Compose("summary", "Summary", "Summary")
	s.Box(report.ToneNotice, "What this is", "Management’s own view of how far the program stands from its examination, worked out from the records on the day stated. It is no assurance, and software does not express opinions: the service auditor forms their own.")
	s.Paragraph(fmt.Sprintf("The readiness score is %d of 100. Of %s, %d ready, %d with open work and %d at risk.", a.Score.Score,
		english.Count(len(a.Objectives), "control objective"), a.Count(Ready), a.Count(Open), a.Count(AtRisk)))
	s.Paragraph(fmt.Sprintf("%s were run. Open are %s; %s accepted by management for a while.", english.Count(a.Rules, "rule"), a.foundWords(), english.Choose(a.Accepted, "1 more is", fmt.Sprintf("%d more are", a.Accepted))))
	grave := 0
	for i := range a.Matters {
		if a.Matters[i].Grave {
			grave++
		}
	}
	if len(a.Matters) == 0 {
		s.Paragraph("Nothing is known today that could modify the opinion.")
	} else {
		s.Paragraph(fmt.Sprintf("%s could modify the opinion, %s of them by a critical finding or a control that failed. They follow with what would settle each.",
			english.Count(len(a.Matters), "matter"), englishNumber(grave)))
	}
	return s
}

func englishNumber(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

func (a *Assessment) foundWords() string {
	var out []string
	for i, s := range gap.Severities {
		out = append(out, fmt.Sprintf("%d %s", a.Found[i], s))
	}
	return strings.Join(out[:2], ", ") + " and " + out[2] + " " + english.Choose(a.Found[0]+a.Found[1]+a.Found[2], "finding", "findings")
}

func (a *Assessment) makeup() *report.Composer {
	s := report.Compose("score", "What the Score Is Made Of", "Score")
	s.Paragraph("The score is the weighted mean of what is counted below, rounded down. The points add up to it. It decides nothing.")
	var rows [][]string
	for _, c := range a.Score.Components {
		of := "nothing to count"
		if c.Of > 0 {
			of = fmt.Sprintf("%d of %d", c.Done, c.Of)
		}
		rows = append(rows, []string{c.Label + "\n" + c.Rule, of, fmt.Sprint(c.Weight), fmt.Sprint(c.Points)})
	}
	s.Table("The readiness score", []string{"What is counted|58", "There|18", "Weight|12|right", "Points|12|right"}, rows)
	return s
}

func (a *Assessment) objectives() *report.Composer {
	s := report.Compose("objectives", "Control Objectives", "Control objectives")
	s.Paragraph("An objective is ready when its controls are tested and effective, no evidence is owed, and no rule finds anything critical or high about it. It is at risk when a rule finds something critical, a control of it has an exception that stands, or it has no control.")
	var rows [][]string
	for i := range a.Objectives {
		o := &a.Objectives[i]
		rows = append(rows, []string{o.Code + "\n" + o.Title, o.Standing.Label(), strings.Join(o.Why, "\n"), fmt.Sprintf("%d of %d", o.Effective, o.Controls), fmt.Sprintf("%d of %d", o.Covered, o.Expected)})
	}
	s.Table("Where each control objective stands", []string{"Objective|30", "Standing|14", "Because of|26", "Controls effective|14|right", "Evidence there|16|right"}, rows)
	return s
}

func (a *Assessment) matters(names Names) *report.Composer {
	s := report.Compose("matters", "Matters That Could Modify the Opinion", "Matters")
	s.Paragraph("Management’s view of what a service auditor could qualify an opinion for, gravest first. What management accepted for a while is listed too: the service auditor may see it otherwise.")
	for i := range a.Matters {
		m := &a.Matters[i]
		title := m.Aspect.Label()
		if m.Code != "" {
			title += ": " + m.Code + " " + m.Title
		}
		s.Heading(2, title)
		var rows [][]string
		for _, l := range m.Lines {
			what := l.Text
			if l.Accepted {
				what += "\nAccepted by management for a while."
			}
			rows = append(rows, []string{firstOf(l.Rule, "Test"), names.Record(l.Subject), what, l.Settle})
		}
		s.Table(title, []string{"Found by|11", "Record|21", "What stands|37", "What would settle it|31"}, rows)
	}
	if len(a.Matters) == 0 {
		s.Paragraph("There is none today.")
	}
	return s
}

func (a *Assessment) said(names Names) *report.Composer {
	s := report.Compose("assessments", "Assessments by People", "Assessments")
	if len(a.Said) == 0 {
		s.Paragraph("Nobody has recorded a readiness assessment for this engagement.")
	}
	codes := map[string]string{}
	for i := range a.Objectives {
		codes[a.Objectives[i].Ref.ID] = a.Objectives[i].Code
	}
	for _, x := range a.Said {
		v := x.Value
		s.Heading(2, v.Title)
		by := "By " + names.Person(v.Owner)
		if v.Firm != "" {
			by += ", " + v.Firm
		}
		if v.FinishedOn != "" {
			by += ", finished on " + v.FinishedOn.Long()
		} else {
			by += "; not finished yet"
		}
		if v.Overall != "" {
			by += ". Overall: " + strings.ToLower(v.Overall.Label())
		}
		s.Paragraph(by + ".")
		for _, text := range []string{v.Scope, v.Summary} {
			if text != "" {
				s.Paragraph(text)
			}
		}
		var rows [][]string
		for _, o := range v.Objectives {
			rows = append(rows, []string{firstOf(codes[o.Objective], o.Objective), o.Rating.Label(), o.Remarks, o.Recommendation})
		}
		s.Table("Ratings of "+v.Title, []string{"Objective|12", "Rating|16", "Remarks|38", "Recommendation|34"}, rows)
	}
	return s
}
