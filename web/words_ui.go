package web

import (
	"fmt"
	"strings"
	"unicode"
)

// count writes a number with its noun: "1 record", "3 records".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%s %ss", thousands(n), noun)
}

// thousands writes a number with separators.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func countText(p *registerPage) string {
	if p.Shown == p.Total {
		return count(p.Total, "record")
	}
	return fmt.Sprintf("%s of %s", thousands(p.Shown), count(p.Total, "record"))
}

// lowerFirst makes a title part of a sentence, except for abbreviations.
func lowerFirst(s string) string {
	r := []rune(s)
	if len(r) < 2 || unicode.IsUpper(r[1]) {
		return s
	}
	r[0] = unicode.ToLower(r[0])
	return string(r)
}

// clipped is the beginning of a long text.
func clipped(s string, n int) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= n {
		return string(r)
	}
	return strings.TrimSpace(string(r[:n-1])) + "…"
}

func ariaSort(order string) string {
	switch order {
	case "up":
		return "ascending"
	case "down":
		return "descending"
	}
	return "none"
}

func onText(on bool) string {
	if on {
		return "true"
	}
	return "false"
}

// emptyTexts say what belongs into an empty register and what to do first.
var emptyTexts = map[string]string{
	"control":                 "A control says who does what, how often, what happens to exceptions, and which evidence it leaves. Start from the library of your kind of service, or write the first one.",
	"control_objective":       "An objective is an outcome that controls give reasonable assurance of. Start with one for each class of transactions that your service processes.",
	"risk":                    "A risk is what could keep an objective from being achieved. Every objective needs at least one, and every risk a control.",
	"evidence":                "Evidence shows that a control was performed. It has four dates: the period it covers, the day it speaks of, when it was captured and when it was received.",
	"engagement":              "An engagement is one report that is to be made: its type, its period or date, the standards, and the firm.",
	"service":                 "A service is what user entities buy from you. Only what bears on their financial reporting belongs in scope.",
	"system":                  "A system is the software, infrastructure and people that process user entities' transactions.",
	"subservice_organization": "A subservice organization is a vendor whose controls are needed, together with yours, to achieve an objective.",
	"cuec":                    "A complementary user entity control is one that your customers must perform, without which an objective is not achieved.",
	"csoc":                    "A complementary subservice organization control is assumed at a carved-out subservice organization.",
}

func emptyText(kind string) string {
	if s, ok := emptyTexts[kind]; ok {
		return s
	}
	return "Records appear here as soon as somebody makes one."
}

// commaBefore sets a word apart where there is one.
func commaBefore(s string) string {
	if s == "" {
		return ""
	}
	return ", " + s
}
