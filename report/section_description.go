package report

import (
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// chapters are the parts of the description in the order of the criteria,
// each under a heading that a reader of the report understands.
var chapters = []struct {
	criterion soc1.Criterion
	title     string
}{
	{soc1.D1, "Services and Classes of Transactions"},
	{soc1.D2, "Procedures from Initiation to Reporting"},
	{soc1.D3, "Records and Supporting Information"},
	{soc1.D4, "Significant Events and Conditions other than Transactions"},
	{soc1.D5, "Preparation of Reports and Other Information"},
	{soc1.D6, "Subservice Organizations"},
	{soc1.D7, "Control Objectives, Controls, and Complementary Controls"},
	{soc1.D8, "Other Aspects of Internal Control"},
	{soc1.D9, "Significant Changes during the Period"},
	{soc1.D10, "Completeness of the Description"},
	{soc1.CriterionOther, "Further Information about the System"},
}

var components = []struct {
	criterion soc1.Criterion
	component soc1.COSOComponent
}{
	{soc1.CriterionControlEnvironment, soc1.ControlEnvironment},
	{soc1.CriterionRiskAssessment, soc1.RiskAssessment},
	{soc1.CriterionControlActivities, soc1.ControlActivities},
	{soc1.CriterionInformationCommunication, soc1.InformationCommunication},
	{soc1.CriterionMonitoring, soc1.Monitoring},
}

// sectionIII is management's description of the system.
func (m *material) sectionIII() (Section, error) {
	var p part
	intro, err := m.wording.Block("section_3", "introduction", m.facts)
	if err != nil {
		return Section{}, err
	}
	p.texts(intro)
	for _, c := range chapters {
		if c.criterion == soc1.D9 && !m.facts.Type2 {
			continue
		}
		var body part
		written := m.written(&body, c.criterion)
		tables := len(body.blocks)
		if err := m.computed(&body, c.criterion); err != nil {
			return Section{}, err
		}
		if c.criterion == soc1.CriterionOther && !written {
			continue
		}
		p.heading(2, c.title)
		// A list of reports does not tell how they are prepared, nor a list of
		// names what a service is; all other tables speak for themselves.
		told := len(body.blocks) > tables && c.criterion != soc1.D5 && (c.criterion != soc1.D1 || m.servicesTold())
		if !written && !told {
			m.missing(&p, c.criterion, c.title)
		}
		p.add(body.blocks...)
	}
	return Section{ID: "III", Title: "Section III: " + m.facts.Title, Running: "Section III: Description of the System", Blocks: p.blocks}, nil
}

// servicesTold reports whether the records say what each service is.
func (m *material) servicesTold() bool {
	for _, s := range m.services {
		if s.Value.InScope && strings.TrimSpace(s.Value.Description) == "" {
			return false
		}
	}
	return true
}

// missing marks a criterion without any text.
func (m *material) missing(p *part, c soc1.Criterion, title string) {
	name := string(c) + " (" + title + ")"
	for _, x := range components {
		if x.criterion == c {
			name = "the component " + strings.ToLower(x.component.Label())
		}
	}
	m.gap("III", nil, "Management records a description_section for it.", "No text for %s.", name)
	p.box(ToneGap, "", "[No text for "+name+"]")
}

// written prints the sections that management wrote for a criterion.
func (m *material) written(p *part, c soc1.Criterion) bool {
	found := false
	for _, s := range m.sections {
		if s.Value.Criterion != c || strings.TrimSpace(s.Value.Body) == "" {
			continue
		}
		found = true
		p.heading(3, s.Value.Title)
		p.add(fromMarkdown(s.Value.Body, s.Value.Title)...)
	}
	return found
}

// computed prints what records say on a criterion beside the text.
func (m *material) computed(p *part, c soc1.Criterion) error {
	switch c {
	case soc1.D1:
		m.scope(p)
	case soc1.D2:
		m.flows(p)
	case soc1.D5:
		m.keyReports(p)
	case soc1.D6:
		return m.subservice(p)
	case soc1.D7:
		return m.objectivesAndUsers(p)
	case soc1.D8:
		m.entityLevel(p)
	case soc1.D9:
		m.changed(p)
	}
	return nil
}

// scope lists services, systems, and locations.
func (m *material) scope(p *part) {
	var rows []Row
	for _, text := range paras(m.organization.Value.Description) {
		p.add(Block{Kind: KindParagraph, Text: text.Text})
	}
	for _, s := range m.services {
		if s.Value.InScope {
			rows = append(rows, row(strong(s.Value.Name), cell(s.Value.Description)))
		}
	}
	p.table("Services covered by this report", columns("Service|30", "Description|70"), rows)
	rows = nil
	for _, c := range m.classes {
		rows = append(rows, row(strong(c.Value.Name), cell(m.serviceNames(c.Value.Services))))
	}
	p.table("Classes of transactions", columns("Class of transactions|50", "Services|50"), rows)
	rows = nil
	for _, s := range m.systems {
		operated := m.facts.Org
		if x := m.sub(s.Value.SubserviceOrganization); x != nil {
			operated = x.Name
		}
		rows = append(rows, row(strong(s.Value.Name), cell(s.Value.SystemType.Label()), cell(s.Value.Purpose), cell(operated)))
	}
	p.table("Systems within the scope", columns("System|22", "Type|16", "Purpose|40", "Operated by|22"), rows)
	rows = nil
	for _, l := range m.locations {
		place := l.Value.City
		if l.Value.Country != "" {
			place = strings.TrimPrefix(place+", "+l.Value.Country, ", ")
		}
		rows = append(rows, row(strong(l.Value.Name), cell(place), cell(l.Value.Purpose)))
	}
	p.table("Locations within the scope", columns("Location|28", "Place|27", "Purpose|45"), rows)
}

func (m *material) serviceNames(ids []string) string {
	var out []string
	for _, s := range m.services {
		for _, id := range ids {
			if s.ID == id && s.Value.InScope {
				out = append(out, s.Value.Name)
			}
		}
	}
	return strings.Join(out, ", ")
}

// flows follows each class of transactions from initiation to report.
func (m *material) flows(p *part) {
	for _, c := range m.classes {
		t := c.Value
		var rows []Row
		for _, step := range []struct{ name, text string }{
			{"Initiated", t.Initiated}, {"Authorized", t.Authorized}, {"Recorded", t.Recorded},
			{"Processed", t.Processed}, {"Corrected", t.Corrected}, {"Reported", t.Reported},
		} {
			if strings.TrimSpace(step.text) != "" {
				rows = append(rows, row(strong(step.name), cell(step.text)))
			}
		}
		p.table(t.Name+": from initiation to report", columns("Stage|18", "Procedure|82"), rows)
	}
}

// keyReports lists the reports sent to user entities.
func (m *material) keyReports(p *part) {
	var rows []Row
	for _, r := range m.reports {
		rows = append(rows, row(strong(r.Value.Title), cell(r.Value.SourceSystem), cell(r.Value.Query)))
	}
	p.table("Key reports provided to user entities", columns("Report|40", "Source system|25", "Report or query|35"), rows)
}

// subservice lists subservice organizations with the method and the controls
// expected of those carved out.
func (m *material) subservice(p *part) error {
	if len(m.subs) == 0 {
		return nil
	}
	intro, err := m.wording.Block("section_3", "subservice", m.facts)
	if err != nil {
		return err
	}
	p.texts(intro)
	var rows []Row
	for _, s := range m.subs {
		rows = append(rows, row(strong(s.Value.Name), cell(s.Value.ServicesProvided), cell(s.Value.Method.Label()), cell(m.monitoring(s))))
	}
	p.table("Subservice organizations", columns("Name|20", "Services provided|32", "Method|13", "Monitoring by "+m.facts.Org+"|35"), rows)
	return m.csocTable(p)
}

func (m *material) monitoring(s record.Typed[soc1.SubserviceOrganization]) string {
	text := strings.TrimSpace(s.Value.Monitoring)
	var codes []string
	for _, c := range m.controls {
		for _, id := range s.Value.MonitoringControls {
			if c.id == id {
				codes = append(codes, c.now().value.Code)
			}
		}
	}
	if len(codes) > 0 {
		text = strings.TrimSpace(sentence(text) + " Controls: " + strings.Join(codes, ", ") + ".")
	}
	if text == "" {
		ref := s.Ref()
		m.gap("III", &ref, "Management records the monitoring, or the controls that monitor it, in the subservice organization’s record.", "Nothing is recorded on how %s is monitored.", s.Value.Name)
		return "[No monitoring is recorded]"
	}
	return text
}

func (m *material) csocTable(p *part) error {
	carved := false
	for _, s := range m.subs {
		if s.Value.Method != soc1.CarveOut {
			continue
		}
		carved = true
		has := false
		for _, c := range m.csocs {
			has = has || c.Value.SubserviceOrganization == s.ID
		}
		if !has {
			ref := s.Ref()
			m.gap("III", &ref, "Management records the controls expected of it as csoc.", "No complementary control is recorded for %s, which is carved out.", s.Value.Name)
		}
	}
	if !carved || len(m.csocs) == 0 {
		return nil
	}
	intro, err := m.wording.Block("section_3", "csoc", m.facts)
	if err != nil {
		return err
	}
	p.heading(3, intro.Title)
	p.texts(intro)
	var rows []Row
	for _, c := range m.csocs {
		rows = append(rows, row(strong(c.Value.Code), cell(m.sub(c.Value.SubserviceOrganization).Name), cell(c.Value.Text), cell(m.linked("Complementary subservice organization control "+c.Value.Code, c.Ref(), c.Value.Objectives))))
	}
	p.table("Complementary subservice organization controls", columns("Number|13", "Subservice organization|21", "Control expected|44", "Control objectives|22"), rows)
	return nil
}

// linked lists the objectives of a complementary control and notes when there
// is none: only controls that an objective needs belong in the report.
func (m *material) linked(what string, ref soc1.Ref, objectives []string) string {
	codes := m.objectiveCodes(objectives)
	if strings.HasPrefix(codes, "[") {
		m.gap("III", &ref, "Management names the objectives that need it, or retires it.", "%s belongs to no control objective of the report.", what)
	}
	return codes
}

// objectivesAndUsers lists the objectives and the controls expected of user
// entities.
func (m *material) objectivesAndUsers(p *part) error {
	if len(m.objectives) == 0 {
		return nil
	}
	intro, err := m.wording.Block("section_3", "d7", m.facts)
	if err != nil {
		return err
	}
	p.texts(intro)
	var rows []Row
	for _, o := range m.objectives {
		list := m.controlsOf(o.ID)
		sources := []soc1.Ref{o.Ref()}
		for _, c := range list {
			sources = append(sources, c.refs()...)
		}
		n := m.claim("objective/"+o.ID+"/controls", "controls of control objective "+o.Value.Code, number(int64(len(list))), sources...)
		rows = append(rows, row(strong(o.Value.Code), cell(o.Value.Title), cell(n)))
	}
	p.table("Control objectives", columns("Number|18", "Control objective|67", "Controls|15|right"), rows)
	users, err := m.wording.Block("section_3", "cuec", m.facts)
	if err != nil {
		return err
	}
	if len(m.cuecs) == 0 {
		return nil
	}
	p.heading(3, users.Title)
	p.texts(users)
	rows = nil
	for _, c := range m.cuecs {
		rows = append(rows, row(strong(c.Value.Code), cell(c.Value.Text), cell(m.linked("Complementary user entity control "+c.Value.Code, c.Ref(), c.Value.Objectives))))
	}
	p.table("Complementary user entity controls", columns("Number|15", "Control expected of user entities|60", "Control objectives|25"), rows)
	return nil
}

// entityLevel prints the five components with their text and the controls of
// the whole entity.
func (m *material) entityLevel(p *part) {
	whole := len(p.blocks) > 0 // a text on the criterion as a whole may stand for the components
	var body part
	for _, c := range components {
		var own part
		if !m.written(&own, c.criterion) {
			if whole {
				continue
			}
			own.heading(3, c.component.Label())
			m.missing(&own, c.criterion, "")
		}
		body.add(own.blocks...)
	}
	p.add(body.blocks...)
	var rows []Row
	for _, k := range m.entityControls() {
		v := k.now().value
		text := Cell{}
		for _, ver := range k.versions {
			if d := dates(ver.from, ver.until); d != "" {
				text.Paras = append(text.Paras, role("small", d)...)
			}
			text.Paras = append(text.Paras, paras(ver.statement)...)
		}
		rows = append(rows, row(strong(v.Code), text, cell(v.Component.Label())))
	}
	p.table("Entity-level controls", columns("Number|15", "Control|60", "Component|25"), rows)
}

// changed lists the significant changes of the period.
func (m *material) changed(p *part) {
	var rows []Row
	for _, c := range m.changes {
		what := cell(c.Value.What)
		if c.Value.Title != "" {
			what.Paras = append(role("strong", c.Value.Title), what.Paras...)
		}
		rows = append(rows, row(cell(c.Value.When.Long()), what, cell(c.Value.Effect)))
	}
	p.table("Significant changes during the period", columns("Date|20", "Change|45", "Effect|35"), rows)
}
