package demo

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ObtainedReport is the report on its own controls that a subservice organization of the
// company gave for a year, as a PDF: the same bytes every time. Fernbrook's ends with June
// and notes an exception; Stonevale's ends with August.
func ObtainedReport(organization string, year int) (name string, pdf []byte) {
	switch organization {
	case "fernbrook":
		return fmt.Sprintf("fernbrook-soc1-type2-%d.pdf", year), paper(fernbrook(year))
	case "stonevale":
		return fmt.Sprintf("stonevale-soc1-type2-%d.pdf", year), paper(stonevale(year))
	}
	panic("demo: " + organization + " gives no report")
}

// paperLine is a line of a paper; a paragraph is broken where it is laid out.
type paperLine struct {
	size int
	bold bool
	text string
}

func title(s string) paperLine { return paperLine{22, true, s} }
func head(s string) paperLine  { return paperLine{14, true, s} }
func para(s string) paperLine  { return paperLine{11, false, s} }

// obtained lays out what every such report has, in our own words.
func obtained(long, short, system, from, to, dated, auditor, place, carved string, tests, expected []string) [][]paperLine {
	opinion := []paperLine{head("Independent Service Auditor’s Report"), para("To the management of " + long), head("Scope"),
		para(fmt.Sprintf("We have examined %s’s description of its %s throughout the period %s to %s, and the suitability of the design and the operating effectiveness of the controls stated in it to achieve the related control objectives.", short, system, from, to))}
	if carved != "" {
		opinion = append(opinion, para(fmt.Sprintf("%s uses %s, a subservice organization, to supply power and cooling. The description leaves its controls out: it excludes the control objectives and related controls of the subservice organization.", short, carved)))
	}
	opinion = append(opinion, para("The description says that some control objectives can be achieved only if complementary user entity controls are suitably designed and operate effectively. We did not examine them."),
		head("Opinion"),
		para(fmt.Sprintf("In our opinion, in all material respects, the description fairly presents the %s that was designed and implemented throughout the period %s to %s, the controls were suitably designed, and those that we tested operated effectively throughout the period.", system, from, to)),
		para(auditor), para(place), para(dated))
	results := []paperLine{head("Control Objectives, Controls, Tests and Results")}
	for _, s := range tests {
		results = append(results, para(s))
	}
	users := []paperLine{head("Complementary User Entity Controls"), para(short + "’s controls were designed on the assumption that each user entity has these controls:")}
	for i, s := range expected {
		users = append(users, para(fmt.Sprintf("%d. %s", i+1, s)))
	}
	return [][]paperLine{
		{title(long), {16, false, "SOC 1 Type 2 Report"}, para("Report on the " + system), para(from + " to " + to), para("An invented report of an invented company.")},
		{head("Contents"), para("Independent Service Auditor’s Report   3"), para("Control Objectives, Controls, Tests and Results   4"), para("Complementary User Entity Controls   5")},
		opinion, results, users,
	}
}

func fernbrook(y int) [][]paperLine {
	return obtained("Fernbrook Clearing Bank, N.A.", "Fernbrook", "payment origination system", fmt.Sprintf("October 1, %d", y-1), fmt.Sprintf("June 30, %d", y), fmt.Sprintf("August 7, %d", y),
		"Abernathy Castellanos LLP", "Philadelphia, Pennsylvania", "",
		[]string{
			"PO-1.1 A payment file is accepted only over an authenticated channel. Inspected 25 sessions. No exceptions noted.",
			"PO-1.2 The digest of each file is computed on receipt and returned to the sender. Reperformed 25 digests. No exceptions noted.",
			"PO-2.1 Each entry of an accepted file is originated once, on its value date. Reperformed 40 entries. No exceptions noted.",
			"PO-3.2 Returned entries are reported on the next business day. Inspected 25 returned entries. Exception noted. For 1 of 25 entries the report was sent two business days after the return.",
			"PO-4.1 Changes of signers are made only on the written order of the account holder. Inspected 15 changes. No exceptions noted.",
		},
		[]string{
			"User entities limit who may release payment files, and review these people each quarter.",
			"User entities compare each file with the confirmation and the digest that the bank returns.",
			"User entities reconcile their accounts with the statements each month.",
			"User entities tell the bank within one business day of people who may no longer release files.",
			"User entities follow up entries that are returned within two business days.",
			"User entities keep the keys of the channel in a device that nobody can read.",
			"User entities review each year the list of signers that the bank sends.",
		})
}

func stonevale(y int) [][]paperLine {
	return obtained("Stonevale Hosting Cooperative", "Stonevale", "hosting system", fmt.Sprintf("November 1, %d", y-1), fmt.Sprintf("August 31, %d", y), fmt.Sprintf("October 16, %d", y),
		"Abernathy Castellanos LLP", "Philadelphia, Pennsylvania", "Northlight Power Inc.",
		[]string{
			"HA-1.1 Access to the data centers is limited to people who were authorized. Inspected 25 badges. No exceptions noted.",
			"HA-1.3 Visitors sign in and out. Inspected 25 entries of the visitor log. Exception noted. For 2 of 25 entries of the second site the exit time was missing.",
			"HA-2.1 Administrative access to the virtual machine layer is reviewed each quarter. Inspected three reviews. No exceptions noted.",
			"HA-3.1 Changes to the infrastructure are authorized, tested and approved. Inspected 25 changes. No exceptions noted.",
			"HA-4.2 Storage is replicated between the sites, and failures raise an alarm. Inspected 10 alarms. Deviation noted. 1 of 10 alarms was answered after 55 minutes instead of 30; no replication was lost.",
		},
		[]string{
			"User entities authorize who may order work in the data centers, and tell Stonevale of those who leave within a day.",
			"User entities review access to the management console each quarter.",
			"User entities use a second factor at the management console.",
			"User entities encrypt what they send to the hosting platform.",
			"User entities set up and test the backup of their own databases.",
			"User entities correct vulnerabilities of the systems that they operate on the platform.",
		})
}

// paper lays lines out on pages of US letter size. It writes only what a reader of PDF
// needs: the standard fonts, one column, a number at the foot.
func paper(pages [][]paperLine) []byte {
	var out bytes.Buffer
	var at []int
	object := func(s string) {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(at), s)
	}
	out.WriteString("%PDF-1.4\n")
	kids := make([]string, len(pages))
	for i := range pages {
		kids[i] = fmt.Sprintf("%d 0 R", 5+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R /Lang (en-US) >>")
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(pages)))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>")
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Times-Bold /Encoding /WinAnsiEncoding >>")
	for n, lines := range pages {
		var c bytes.Buffer
		y := 700
		write := func(size int, font, text string, y int) {
			fmt.Fprintf(&c, "BT /%s %d Tf 72 %d Td (%s) Tj ET\n", font, size, y, literal(text))
		}
		for _, l := range lines {
			font := "R"
			if l.bold {
				font = "B"
			}
			for _, s := range broken(l.text, 1050/l.size) {
				write(l.size, font, s, y)
				y -= l.size * 4 / 3
			}
			y -= l.size
		}
		write(9, "R", fmt.Sprint(n+1), 40)
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Resources << /Font << /R 3 0 R /B 4 0 R >> >> >>", 6+2*n))
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", c.Len()+1, c.String()))
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, n := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, start)
	return out.Bytes()
}

// broken breaks a text into lines of at most so many letters.
func broken(s string, most int) []string {
	var out []string
	line := ""
	for _, w := range strings.Fields(s) {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > most {
			out = append(out, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + w)
	}
	return append(out, line)
}

// literal is a text as a string of PDF, in the letters of WinAnsi.
func literal(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '’':
			b.WriteString(`\222`)
		case r == '(' || r == ')' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < 0x80:
			b.WriteRune(r)
		default:
			panic(fmt.Sprintf("demo: the paper has no letter %q", r))
		}
	}
	return b.String()
}
