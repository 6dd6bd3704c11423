package library

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"

	"reperform/soc1"
)

//go:embed policies/*.md
var policyFiles embed.FS

// Policy is a policy of the starter set: a text to begin with, in our own words, that
// demands what the controls of the library do.
type Policy struct {
	// ID is its short name, "access-control".
	ID string
	// Title and Summary are as in [soc1.Policy].
	Title, Summary string
	// ReviewMonths is after how many months it is looked at again.
	ReviewMonths int
	// Audience is who confirms it.
	Audience soc1.Audience
	// Controls are the codes of the library's controls that carry it out.
	Controls []string
	// Text is the policy itself, in Markdown.
	Text string
}

// Policies are the starter set, by title.
func Policies() []Policy { return slices.Clone(policies()) }

// PolicyOf is a policy of the starter set.
func PolicyOf(id string) (Policy, bool) {
	for _, p := range policies() {
		if p.ID == id {
			return p, true
		}
	}
	return Policy{}, false
}

var policies = sync.OnceValue(func() []Policy {
	names, err := fs.Glob(policyFiles, "policies/*.md")
	if err != nil {
		panic(err)
	}
	var out []Policy
	for _, name := range names {
		b, err := policyFiles.ReadFile(name)
		if err != nil {
			panic(err)
		}
		p, err := readPolicy(string(b))
		if err != nil {
			// The files are part of the program, and a test reads them all.
			panic(fmt.Sprintf("library: %s: %v", name, err))
		}
		p.ID = strings.TrimSuffix(strings.TrimPrefix(name, "policies/"), ".md")
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Policy) int { return strings.Compare(a.Title, b.Title) })
	return out
})

// readPolicy reads a file: lines of a name and a value between two lines of dashes, and
// then the text.
func readPolicy(s string) (Policy, error) {
	var p Policy
	head, text, ok := strings.Cut(strings.TrimPrefix(s, "---\n"), "\n---\n")
	if !ok {
		return p, fmt.Errorf("it has no head between lines of dashes")
	}
	p.Text = strings.TrimSpace(text) + "\n"
	for line := range strings.Lines(head) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ":")
		if value = strings.TrimSpace(value); !ok || value == "" {
			return p, fmt.Errorf("the line %q is no name with a value", line)
		}
		switch name {
		case "title":
			p.Title = value
		case "summary":
			p.Summary = value
		case "review_months":
			n, err := strconv.Atoi(value)
			if err != nil {
				return p, err
			}
			p.ReviewMonths = n
		case "audience":
			if value == "everybody" {
				p.Audience.Everybody = true
				continue
			}
			for _, r := range strings.Split(strings.TrimPrefix(value, "roles "), ",") {
				p.Audience.Roles = append(p.Audience.Roles, soc1.Role(strings.TrimSpace(r)))
			}
		case "controls":
			for _, c := range strings.Split(value, ",") {
				p.Controls = append(p.Controls, strings.TrimSpace(c))
			}
		default:
			return p, fmt.Errorf("nothing is called %q", name)
		}
	}
	return p, nil
}
