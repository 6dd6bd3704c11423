package intake

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"reperform/soc1"
)

// Page is the text of one page of a report, in lines.
type Page struct {
	Number int
	Text   string
}

// Proposal is what a passage of a report says about a field. A person confirms it; it
// counts for nothing before.
type Proposal struct {
	// Value is as the record would have it.
	Value string `json:"value"`
	// Page and Passage are where it was taken from.
	Page    int    `json:"page"`
	Passage string `json:"passage"`
	// Words are those of the passage that say it, for whoever shows the passage.
	Words []string `json:"words,omitempty"`
}

// Piece is a part of a passage; Said tells that it is among the words that say it.
type Piece struct {
	Text string
	Said bool
}

// Pieces cut the passage at the words that say what is proposed. Letters count whether
// large or small; words that are not there, because the passage was cut, mark nothing.
func (p Proposal) Pieces() []Piece {
	said := make([]bool, len(p.Passage))
	low := strings.ToLower(p.Passage)
	for _, w := range p.Words {
		w = strings.ToLower(w)
		if at := strings.Index(low, w); w != "" && len(low) == len(p.Passage) && at >= 0 {
			for i := at; i < at+len(w); i++ {
				said[i] = true
			}
		}
	}
	var out []Piece
	for i, from := 1, 0; i <= len(said); i++ {
		if i == len(said) || said[i] != said[from] {
			out = append(out, Piece{p.Passage[from:i], said[from]})
			from = i
		}
	}
	return out
}

// ProposedException is a passage that may note an exception.
type ProposedException struct {
	// Control is the code that stands last before it, empty without one.
	Control string `json:"control,omitempty"`
	Proposal
}

// Proposals are what the text of a report proposes; nil and empty where no passage says
// anything.
type Proposals struct {
	// Pages is how many pages the document has; Cut says that not all were read.
	Pages int  `json:"pages"`
	Cut   bool `json:"cut,omitempty"`

	Kind       *Proposal `json:"kind,omitempty"`
	Auditor    *Proposal `json:"auditor,omitempty"`
	PeriodFrom *Proposal `json:"period_from,omitempty"`
	PeriodTo   *Proposal `json:"period_to,omitempty"`
	AsOf       *Proposal `json:"as_of,omitempty"`
	Dated      *Proposal `json:"dated,omitempty"`
	Opinion    *Proposal `json:"opinion,omitempty"`
	Scope      *Proposal `json:"scope,omitempty"`

	CarvedOut          []Proposal          `json:"carved_out,omitempty"`
	Exceptions         []ProposedException `json:"exceptions,omitempty"`
	UserEntityControls []Proposal          `json:"user_entity_controls,omitempty"`

	// Doubts say where passages speak against each other.
	Doubts []string `json:"doubts,omitempty"`
}

// Draft is the report as the proposals would have it.
func (p *Proposals) Draft() soc1.ObtainedReport {
	value := func(x *Proposal) string {
		if x == nil {
			return ""
		}
		return x.Value
	}
	v := soc1.ObtainedReport{Kind: soc1.ObtainedKind(value(p.Kind)), Auditor: value(p.Auditor), PeriodFrom: soc1.Date(value(p.PeriodFrom)), PeriodTo: soc1.Date(value(p.PeriodTo)),
		AsOf: soc1.Date(value(p.AsOf)), Dated: soc1.Date(value(p.Dated)), Opinion: soc1.OpinionType(value(p.Opinion)), Scope: value(p.Scope)}
	if p.Opinion != nil {
		v.OpinionWords = fmt.Sprintf("%s (page %d)", p.Opinion.Passage, p.Opinion.Page)
	}
	for _, x := range p.CarvedOut {
		v.CarvedOut = append(v.CarvedOut, x.Value)
	}
	for _, x := range p.Exceptions {
		v.Exceptions = append(v.Exceptions, soc1.ReportedException{Control: x.Control, Deviation: x.Value, Page: x.Page})
	}
	for _, x := range p.UserEntityControls {
		v.UserEntityControls = append(v.UserEntityControls, soc1.ExpectedOfUs{Text: x.Value})
	}
	return v
}

// The most of each list that is proposed: more is no list of a report.
const mostProposed = 120

// longestPassage is how much of a passage is quoted.
const longestPassage = 700

// Propose reads the text of a report. It looks for the phrases that AT-C 320 reports use
// and proposes nothing where none of them stands.
func Propose(pages []Page) *Proposals {
	d := &document{}
	for _, p := range pages {
		d.add(p)
	}
	out := &Proposals{Pages: len(pages)}
	d.days(out)
	d.kind(out)
	d.opinion(out)
	d.auditor(out)
	d.scope(out)
	d.carvedOut(out)
	d.exceptions(out)
	d.expected(out)
	return out
}

// document is the text in lines and in sentences, each with its page.
type document struct {
	lines, sentences []Proposal
}

func (d *document) add(p Page) {
	var flow []string
	flush := func() {
		for _, s := range sentences(strings.Join(flow, " ")) {
			d.sentences = append(d.sentences, Proposal{Page: p.Number, Passage: s})
		}
		flow = nil
	}
	all := strings.Split(strings.TrimSpace(p.Text), "\n")
	for i, l := range all {
		l = strings.Join(strings.Fields(l), " ")
		d.lines = append(d.lines, Proposal{Page: p.Number, Passage: l})
		// The number of a page is no part of its last sentence, nor of its first.
		if l == "" || (i == 0 || i == len(all)-1) && footer.MatchString(l) {
			flush()
			continue
		}
		flow = append(flow, l)
	}
	flush()
}

var stops = regexp.MustCompile(`([.!?][”"’)]*)\s+([“"(]?[\p{Lu}•])`)

// abbreviations end no sentence.
var abbreviations = regexp.MustCompile(`(?:\b(?:No|Inc|Corp|Co|Ltd|U\.S|N\.A|e\.g|i\.e|Mr|Ms|Dr|St)|\b[A-Z])\.$`)

func sentences(s string) []string {
	var out []string
	from := 0
	for _, m := range stops.FindAllStringSubmatchIndex(s, -1) {
		if abbreviations.MatchString(s[from:m[3]]) {
			continue
		}
		out = append(out, strings.TrimSpace(s[from:m[3]]))
		from = m[4]
	}
	if rest := strings.TrimSpace(s[from:]); rest != "" {
		out = append(out, rest)
	}
	return out
}

const (
	month   = `(?:January|February|March|April|May|June|July|August|September|October|November|December)`
	dateRE  = `(?:` + month + `\s+\d{1,2},?\s+\d{4}|\d{1,2}\s+` + month + `,?\s+\d{4}|\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4})`
	between = `\s*(?:to|through|until|–|—|-)\s*`
)

var (
	periodRE = regexp.MustCompile(`(?i)(throughout the period|for the period|during the period|period)(?:\s+(?:of|from))?\s+(` + dateRE + `)` + between + `(` + dateRE + `)`)
	asOfRE   = regexp.MustCompile(`(?i)\bas of\s+(` + dateRE + `)`)
	onlyDate = regexp.MustCompile(`^(?i:` + dateRE + `)$`)
	words    = regexp.MustCompile(`(?i)(` + month + `)\s+(\d{1,2}),?\s+(\d{4})`)
	wordsUK  = regexp.MustCompile(`(?i)(\d{1,2})\s+(` + month + `),?\s+(\d{4})`)
	slashes  = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{4})$`)
	monthsOf = []string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
)

// date is a day in words; empty where there is no such day. Days between slashes are
// taken the American way, month first.
func date(s string) soc1.Date {
	s = strings.TrimSpace(s)
	number := func(s string) int { n, _ := strconv.Atoi(s); return n }
	y, m, day := 0, 0, 0
	switch {
	case soc1.Date(s).Valid():
		return soc1.Date(s)
	case slashes.MatchString(s):
		x := slashes.FindStringSubmatch(s)
		y, m, day = number(x[3]), number(x[1]), number(x[2])
	case words.MatchString(s):
		x := words.FindStringSubmatch(s)
		y, m, day = number(x[3]), slices.Index(monthsOf, strings.ToLower(x[1]))+1, number(x[2])
	case wordsUK.MatchString(s):
		x := wordsUK.FindStringSubmatch(s)
		y, m, day = number(x[3]), slices.Index(monthsOf, strings.ToLower(x[2]))+1, number(x[1])
	}
	if d := soc1.Date(fmt.Sprintf("%04d-%02d-%02d", y, m, day)); d.Valid() {
		return d
	}
	return ""
}

func quote(s string) string {
	if r := []rune(s); len(r) > longestPassage {
		return string(r[:longestPassage-1]) + "…"
	}
	return s
}

func (p Proposal) saying(value string, words ...string) *Proposal {
	return &Proposal{Value: value, Page: p.Page, Passage: quote(p.Passage), Words: words}
}

// days are the period, the day that a Type I report is as of, and that of the report.
func (d *document) days(out *Proposals) {
	type span struct{ from, to soc1.Date }
	count := map[span]int{}
	first := map[span]Proposal{}
	words := map[span][]string{}
	var order []span
	for _, s := range d.sentences {
		for _, m := range periodRE.FindAllStringSubmatch(s.Passage, -1) {
			x := span{date(m[2]), date(m[3])}
			if x.from == "" || x.to == "" || x.to <= x.from {
				continue
			}
			if _, ok := first[x]; !ok {
				first[x], words[x] = s, m[2:4]
				order = append(order, x)
			}
			// The opinion and the description say throughout.
			if count[x]++; strings.EqualFold(m[1], "throughout the period") {
				count[x] += 2
			}
		}
	}
	if len(order) > 0 {
		best := order[0]
		for _, x := range order {
			if count[x] > count[best] {
				best = x
			}
		}
		out.PeriodFrom, out.PeriodTo = first[best].saying(string(best.from), words[best][0]), first[best].saying(string(best.to), words[best][1])
		for _, x := range order {
			if x != best {
				out.Doubts = append(out.Doubts, fmt.Sprintf("Page %d speaks of a period from %s to %s, too.", first[x].Page, x.from, x.to))
			}
		}
		return
	}
	for _, s := range d.sentences {
		low := strings.ToLower(s.Passage)
		if m := asOfRE.FindStringSubmatch(s.Passage); m != nil && date(m[1]) != "" && (strings.Contains(low, "design") || strings.Contains(low, "description")) {
			out.AsOf = s.saying(string(date(m[1])), m[1])
			return
		}
	}
}

var (
	socRE  = regexp.MustCompile(`(?i)\bSOC\s*([12])\b`)
	typeRE = regexp.MustCompile(`(?i)\bType\s*(I{1,2}|[12])\b`)
)

// kind wants the kind and the type in one passage, or what only such a report says.
func (d *document) kind(out *Proposals) {
	name := func(soc, typ string) string { return "soc" + soc + "_type" + typ }
	both := d.sentences
	both = append(slices.Clone(d.lines), both...)
	for _, s := range both {
		soc, typ := socRE.FindStringSubmatch(s.Passage), typeRE.FindStringSubmatch(s.Passage)
		if soc == nil || typ == nil {
			continue
		}
		t := "1"
		if typ[1] == "2" || strings.EqualFold(typ[1], "ii") {
			t = "2"
		}
		out.Kind = s.saying(name(soc[1], t), soc[0], typ[0])
		break
	}
	if out.Kind == nil {
		for _, s := range d.sentences {
			low := strings.ToLower(s.Passage)
			if strings.Contains(low, "operating effectiveness of") && strings.Contains(low, "control objectives") && out.PeriodTo != nil {
				out.Kind = s.saying(string(soc1.ObtainedSOC1Type2), "operating effectiveness of", "control objectives")
				return
			}
			if strings.Contains(low, "suitability of the design of controls") && strings.Contains(low, "control objectives") && out.AsOf != nil {
				out.Kind = s.saying(string(soc1.ObtainedSOC1Type1), "suitability of the design of controls", "control objectives")
				return
			}
		}
		return
	}
	switch over := soc1.ObtainedKind(out.Kind.Value).OverPeriod(); {
	case over && out.PeriodTo == nil && out.AsOf != nil:
		out.Doubts = append(out.Doubts, fmt.Sprintf("Page %d calls it a Type II report, and no period stands in it.", out.Kind.Page))
	case !over && out.PeriodTo != nil:
		out.Doubts = append(out.Doubts, fmt.Sprintf("Page %d calls it a Type I report, and page %d speaks of a period.", out.Kind.Page, out.PeriodTo.Page))
	}
}

var (
	inOurOpinion = regexp.MustCompile(`(?i)\bin our opinion\b`)
	exceptFor    = regexp.MustCompile(`(?i)\bexcept (?:for|that)\b`)
	notFairly    = regexp.MustCompile(`(?i)(?:does not|do not|did not|was not|were not)\s+(?:fairly|present|suitably|operat)|not fairly present|not suitably designed|did not operate effectively`)
	disclaims    = regexp.MustCompile(`(?i)(?:unable|not able) to obtain sufficient|because of the (?:significance|effects?) of the matters?.*do not express an opinion|scope of our work was not sufficient`)
	headed       = regexp.MustCompile(`(?i)^(?:basis for )?(qualified opinion|adverse opinion|disclaimer of opinion)$`)
)

// opinion is taken from the sentence that gives it. A disclaimer that every report has,
// on other information or on controls of others, is none.
func (d *document) opinion(out *Proposals) {
	var plain, modified *Proposal
	for _, s := range d.sentences {
		switch {
		case disclaims.MatchString(s.Passage):
			modified = s.saying(string(soc1.Disclaimer), disclaims.FindString(s.Passage))
		case !inOurOpinion.MatchString(s.Passage):
			continue
		case exceptFor.MatchString(s.Passage):
			modified = s.saying(string(soc1.Qualified), inOurOpinion.FindString(s.Passage), exceptFor.FindString(s.Passage))
		case notFairly.MatchString(s.Passage):
			modified = s.saying(string(soc1.Adverse), inOurOpinion.FindString(s.Passage), notFairly.FindString(s.Passage))
		case strings.Contains(strings.ToLower(s.Passage), "in all material respects") && plain == nil:
			plain = s.saying(string(soc1.Unmodified), inOurOpinion.FindString(s.Passage), "in all material respects")
		}
		if modified != nil {
			break
		}
	}
	var heading *Proposal
	for _, l := range d.lines {
		if m := headed.FindStringSubmatch(l.Passage); m != nil {
			kind := soc1.Qualified
			switch strings.ToLower(m[1])[0] {
			case 'a':
				kind = soc1.Adverse
			case 'd':
				kind = soc1.Disclaimer
			}
			heading = l.saying(string(kind), l.Passage)
			break
		}
	}
	switch {
	case modified != nil:
		out.Opinion = modified
		if heading != nil && heading.Value != modified.Value {
			out.Doubts = append(out.Doubts, fmt.Sprintf("Page %d bears the heading “%s”.", heading.Page, heading.Passage))
		}
	case heading != nil:
		out.Opinion = heading
	default:
		out.Opinion = plain
	}
}

var firm = regexp.MustCompile(`(?:\bLLP|\bLLC|\bP\.?C\.?|\bPLLC|\bCPAs?|Certified Public Accountants)\.?$`)

// auditor is the firm that signed, in a line of its own, after the opinion where one was
// found; the date stands near it.
func (d *document) auditor(out *Proposals) {
	found := -1
	for i, l := range d.lines {
		if len(l.Passage) > 90 || !firm.MatchString(l.Passage) || strings.Count(l.Passage, " ") > 10 {
			continue
		}
		if out.Opinion == nil || l.Page >= out.Opinion.Page {
			found = i
			break
		}
		if found < 0 {
			found = i
		}
	}
	if found < 0 {
		return
	}
	out.Auditor = d.lines[found].saying(d.lines[found].Passage, d.lines[found].Passage)
	for i := found + 1; i < len(d.lines) && i <= found+6; i++ {
		if l := d.lines[i]; onlyDate.MatchString(l.Passage) && date(l.Passage) != "" {
			out.Dated = l.saying(string(date(l.Passage)), l.Passage)
			return
		}
	}
	for i := found - 1; i >= 0 && i >= found-4; i-- {
		if l := d.lines[i]; onlyDate.MatchString(l.Passage) && date(l.Passage) != "" {
			out.Dated = l.saying(string(date(l.Passage)), l.Passage)
			return
		}
	}
}

var examined = regexp.MustCompile(`(?i)\bwe have examined\b.*\bdescription of its\s+(.+?)\s+(?:throughout|for the period|as of|for processing)`)

func (d *document) scope(out *Proposals) {
	for _, s := range d.sentences {
		if m := examined.FindStringSubmatch(s.Passage); m != nil && len(m[1]) < 200 {
			out.Scope = s.saying(strings.Trim(m[1], " “”\",;"), strings.Trim(m[1], " “”\",;"))
			return
		}
	}
}

var uses = regexp.MustCompile(`\buses\s+((?:\p{Lu}[\p{L}\d.&’'-]*)(?:\s+(?:\p{Lu}[\p{L}\d.&’'-]*|of|and|&))*(?:,\s+(?:N\.A\.|Inc\.|LLC))?)[\s,]`)

// carvedOut are subservice organizations of its own: the sentence names one and the
// section says that controls of others are left out.
func (d *document) carvedOut(out *Proposals) {
	seen := map[string]bool{}
	for i, s := range d.sentences {
		m := uses.FindStringSubmatch(s.Passage + " ")
		if m == nil || seen[m[1]] || len(out.CarvedOut) >= 20 {
			continue
		}
		near := strings.ToLower(s.Passage)
		for j := i + 1; j < len(d.sentences) && j <= i+2; j++ {
			near += " " + strings.ToLower(d.sentences[j].Passage)
		}
		if strings.Contains(near, "subservice organization") || strings.Contains(near, "carve-out") || strings.Contains(near, "excludes the control objectives") {
			seen[m[1]] = true
			out.CarvedOut = append(out.CarvedOut, *s.saying(m[1], m[1]))
		}
	}
}

var (
	noted     = regexp.MustCompile(`(?i)\b(?:exceptions?|deviations?)\s*(?:(?:was|were|is|are)\s+)?(?:noted|identified|found)\b|\b(?:exception|deviation)s?\s*:`)
	noneNoted = regexp.MustCompile(`(?i)\b(?:no|without|not?\s+any)\s+(?:relevant\s+)?(?:exceptions?|deviations?)|\b(?:exceptions?|deviations?)\s*(?:noted|identified)?\s*:\s*(?:none|no\b|n/a)`)
	general   = regexp.MustCompile(`(?i)\b(?:if|whether|where|when|any)\b[^.]{0,60}\b(?:exceptions?|deviations?)\b`)
	code      = regexp.MustCompile(`\b[A-Z]{1,6}[- ]?\d+(?:\.\d+){0,3}\b`)
)

// exceptions are passages that may note one; what the report says of exceptions in
// general, or that there are none, is left out.
func (d *document) exceptions(out *Proposals) {
	last, page := "", 0
	for i, s := range d.sentences {
		if s.Page != page {
			page = s.Page
		}
		loc := noted.FindStringIndex(s.Passage)
		before := s.Passage
		if loc != nil {
			before = s.Passage[:loc[0]]
		}
		for _, c := range code.FindAllString(before, -1) {
			if !strings.HasPrefix(c, "SOC") && !strings.HasPrefix(c, "AT") && !strings.HasPrefix(c, "CUEC") {
				last = c
			}
		}
		if loc == nil || noneNoted.MatchString(s.Passage) || general.MatchString(s.Passage) || len(out.Exceptions) >= mostProposed {
			continue
		}
		text := strings.TrimSpace(s.Passage[loc[0]:])
		// "Exception noted." says nothing without what follows it.
		for j := i + 1; j < len(d.sentences) && j <= i+2 && len(text) < 200 && d.sentences[j].Page == s.Page && !noted.MatchString(d.sentences[j].Passage) && !noneNoted.MatchString(d.sentences[j].Passage) && !startsRow.MatchString(d.sentences[j].Passage); j++ {
			text += " " + d.sentences[j].Passage
		}
		out.Exceptions = append(out.Exceptions, ProposedException{Control: last, Proposal: Proposal{Value: quote(text), Page: s.Page, Passage: quote(strings.TrimSpace(before + text)), Words: []string{s.Passage[loc[0]:loc[1]]}}})
	}
}

// startsRow is how the next row of a table of tests begins.
var startsRow = regexp.MustCompile(`^[A-Z]{1,6}[- ]?\d+(?:\.\d+)+\b`)

var (
	heading = regexp.MustCompile(`(?i)^(?:[\divx]+[.)]?\s+|section\s+[\divx]+[.:]?\s*)?(?:complementary user[- ]entity controls?(?: considerations)?|user[- ]?(?:entity|control) (?:controls?|considerations)|complementary controls (?:of|at) user (?:entities|organizations))(?:\s*\(CUECs?\))?:?$`)
	item    = regexp.MustCompile(`^(?:[•‣▪◦●∙–—*-]|\(?\d{1,3}[.)]|\(?[a-z][.)]|CUEC[-\s#]?\d+[.:)]?)\s+(\S.*)$`)
	number  = regexp.MustCompile(`^(?:[•‣▪◦●∙–—*-]|\(?\d{1,3}[.)]|CUEC[-\s#]?\d+[.:)]?)$`)
	title   = regexp.MustCompile(`^(?:(?:section|part)\s+[\divxIVX]+\b.*|(?:[IVX]+\.|\d+\.\d+)\s+\p{Lu}.*|(?:\p{Lu}[\p{L}’'-]*)(?:\s+(?:\p{Lu}[\p{L}’'-]*|and|of|the|for|to|on|in|by|&))*)$`)
	footer  = regexp.MustCompile(`^(?:page\s+)?\d{1,4}(?:\s*(?:/|of)\s*\d{1,4})?$`)
)

// farthest is over how many pages a list of controls of user entities runs.
const farthest = 8

// expected are the items of the list under the heading of complementary user entity
// controls. A heading in a table of contents has no items under it.
func (d *document) expected(out *Proposals) {
	seen := map[string]bool{}
	for i := 0; i < len(d.lines); i++ {
		if !heading.MatchString(d.lines[i].Passage) {
			continue
		}
		var current *Proposal
		keep := func() {
			if current != nil && len(strings.Fields(current.Value)) >= 3 && !seen[current.Value] && len(out.UserEntityControls) < mostProposed {
				seen[current.Value] = true
				current.Passage = quote(current.Passage)
				out.UserEntityControls = append(out.UserEntityControls, *current)
			}
			current = nil
		}
		blank := false
		for j := i + 1; j < len(d.lines) && d.lines[j].Page <= d.lines[i].Page+farthest; j++ {
			l := d.lines[j]
			m := item.FindStringSubmatch(l.Passage)
			switch {
			case l.Passage == "" || footer.MatchString(l.Passage):
				blank = blank || l.Passage == ""
				continue
			case m != nil:
				keep()
				current = &Proposal{Value: m[1], Page: l.Page, Passage: l.Passage}
			case number.MatchString(l.Passage):
				keep()
				current = &Proposal{Page: l.Page, Passage: l.Passage}
			case title.MatchString(l.Passage) && (current == nil || strings.HasSuffix(current.Value, ".") || blank) && !heading.MatchString(l.Passage) && (len(out.UserEntityControls) > 0 || current != nil):
				keep()
				i, j = j-1, len(d.lines)
			case current != nil && blank && strings.HasSuffix(current.Value, "."):
				// A paragraph after an item is no part of it.
				keep()
			case current != nil:
				current.Value = strings.TrimSpace(current.Value + " " + l.Passage)
				current.Passage += " " + l.Passage
			}
			blank = false
		}
		keep()
	}
}
