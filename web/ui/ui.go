// Package ui holds the components that every page of the web application is
// made of: the frame with its navigation, icons, people, pills, dialogs and
// empty states. They are typed structs and templates beside each other; they
// read nothing, decide nothing and carry no script or style of their own.
package ui

//go:generate go -C ../../tools tool templ generate -path ../web -log-level error

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// OnceField is the name under which a form carries its mark, see Once.
const OnceField = "_once"

// Frame is what surrounds the content of a page.
type Frame struct {
	// Asset gives the address of a style sheet, script or icon sprite.
	Asset func(name string) string
	// Parts are the style sheets and scripts that the page needs beside those of every
	// page, by name.
	Parts []string
	// Base is the path under which the workspace is served, without the
	// slash at its end.
	Base         string
	Organization string
	Title        string
	Crumbs       []Link
	Nav          []NavGroup
	// Here is the address of the page, which marks its place in the navigation.
	Here string
	// Self is the address with its query, to come back to.
	Self    string
	Person  Person
	Theme   string
	Density string
	Past    Past
	// Present says that the page has no past: the time machine is not offered.
	Present bool
	// Toast says in a few words what was just done.
	Toast string
	// Last are the positions of the ledgers up to which the page was made, as an
	// event stream takes them.
	Last string
}

// Link is a word with an address.
type Link struct{ Text, Href string }

// NavGroup is a part of the navigation.
type NavGroup struct {
	Title string
	Items []NavItem
}

// NavItem is one place of the navigation; Hot makes its count stand out, and
// Live is the address at which scripts ask for the count anew.
type NavItem struct {
	Icon, Text, Href, Count string
	Live                    string
	Hot                     bool
}

// Person is somebody as pages show them.
type Person struct {
	ID, Name, Title string
}

// Initials are the first letters of the first and the last name.
func (p Person) Initials() string {
	words := strings.Fields(p.Name)
	if len(words) == 0 {
		words = []string{p.ID}
	}
	first := []rune(words[0])
	out := ""
	if len(first) > 0 {
		out = string(unicode.ToUpper(first[0]))
	}
	if len(words) > 1 {
		last := []rune(words[len(words)-1])
		out += string(unicode.ToUpper(last[0]))
	}
	return out
}

// Hue is a class of colour that stays the same for a person.
func (p Person) Hue() string {
	h := fnv.New32a()
	h.Write([]byte(p.ID))
	return [...]string{"h0", "h1", "h2", "h3", "h4", "h5", "h6", "h7", "h8", "h9", "h10", "h11"}[h.Sum32()%12]
}

// Past is the point on the two clocks at which a page is shown; the zero value
// is the present.
type Past struct {
	// Effective is a date, Known a date or position; either may be empty.
	Effective, Known string
	// Text says in words which point that is.
	Text string
	// Leave is the address of the same page in the present.
	Leave string
}

// On tells whether the page shows the past.
func (p Past) On() bool { return p.Effective != "" || p.Known != "" }

// Status is a word with the weight of its colour and an icon.
type Status struct {
	Text string
	// Class is one of ok, bad, warn, info, or empty.
	Class string
	Icon  string
}

func initial(name string) string {
	for _, r := range name {
		return string(unicode.ToUpper(r))
	}
	return "R"
}

func title(f *Frame) string {
	if f.Organization == "" {
		return f.Title + " · Reperform"
	}
	return f.Title + " · " + f.Organization
}

// current marks the place in the navigation where the page stands.
func current(is bool) string {
	if is {
		return "page"
	}
	return "false"
}
