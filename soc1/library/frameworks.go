package library

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
)

// FrameworkID is one identifier of a framework.
type FrameworkID struct {
	// Framework is the framework with its edition, such as "COSO-2013".
	Framework string
	// ID is the identifier, such as "P10".
	ID string
	// Group is the part of the framework it belongs to.
	Group string
	// Note distinguishes levels where the framework has them, such as "base"
	// and "enhancement".
	Note string
}

// frameworkNames maps the short names that the templates use to the
// frameworks and editions of framework_ids.csv.
var frameworkNames = map[string]string{
	"COSO":   "COSO-2013",
	"TSC":    "TSC-2017",
	"ISO":    "ISO27001-2022-AnnexA",
	"800-53": "NIST-800-53r5",
	"CSF":    "NIST-CSF-2.0",
	"PCI":    "PCI-DSS-4.0.1",
	"COBIT":  "COBIT-2019",
	"SOX":    "SOX-ITGC",
}

// FrameworkIDs returns every identifier known, in the order of the file.
func FrameworkIDs() []FrameworkID {
	data, err := files.ReadFile("framework_ids.csv")
	if err != nil {
		panic(fmt.Sprintf("library: the embedded file framework_ids.csv cannot be read: %v", err))
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = 4
	rows, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("library: the embedded file framework_ids.csv cannot be read: %v", err))
	}
	var out []FrameworkID
	for _, row := range rows[1:] {
		out = append(out, FrameworkID{Framework: row[0], ID: row[1], Group: row[2], Note: row[3]})
	}
	return out
}

// identifier is a framework and one of its identifiers.
type identifier struct{ framework, id string }

var knownIDs = sync.OnceValue(func() map[identifier]bool {
	known := map[identifier]bool{}
	for _, f := range FrameworkIDs() {
		known[identifier{f.Framework, f.ID}] = true
	}
	return known
})

// Known reports whether a framework, named with its edition, has an
// identifier.
func Known(framework, id string) bool { return knownIDs()[identifier{framework, id}] }

// frameworks translates an objective's mappings. An entry that is a remark
// and no identifier ("application control" under SOX, which says that the
// objective is not about general IT controls) is left out.
func (o Objective) frameworks() map[string][]string {
	out := map[string][]string{}
	for short, ids := range o.Mappings {
		name := frameworkNames[short]
		for _, id := range ids {
			if Known(name, id) {
				out[name] = append(out[name], id)
			}
		}
	}
	return out
}

// Frameworks are the frameworks whose identifiers come with the program, each with its
// edition, in the order of the file.
func Frameworks() []string {
	var out []string
	for _, f := range FrameworkIDs() {
		if len(out) == 0 || out[len(out)-1] != f.Framework {
			out = append(out, f.Framework)
		}
	}
	return out
}

// FrameworkNamed is the framework, with its edition, that a short name or the name
// itself stands for, in any case.
func FrameworkNamed(s string) (string, bool) {
	for short, name := range frameworkNames {
		if strings.EqualFold(s, short) || strings.EqualFold(s, name) {
			return name, true
		}
	}
	return "", false
}

// FrameworkTitle is how people call a framework; the name itself where nothing else is
// known.
func FrameworkTitle(name string) string {
	if t, ok := frameworkTitles[name]; ok {
		return t
	}
	return name
}

var frameworkTitles = map[string]string{
	"COSO-2013":            "COSO Internal Control 2013",
	"TSC-2017":             "SOC 2 trust services criteria 2017",
	"ISO27001-2022-AnnexA": "ISO/IEC 27001:2022 Annex A",
	"NIST-800-53r5":        "NIST SP 800-53 Rev. 5",
	"NIST-CSF-2.0":         "NIST Cybersecurity Framework 2.0",
	"PCI-DSS-4.0.1":        "PCI DSS 4.0.1",
	"COBIT-2019":           "COBIT 2019",
	"SOX-ITGC":             "General IT controls (SOX)",
}
