package training

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"reperform/soc1"
)

//go:embed courses/*.md
var courseFiles embed.FS

// BuiltIn is a course that comes with this program.
type BuiltIn struct {
	// ID is the name under which it is adopted.
	ID     string
	Course soc1.Course
	// Answers are what is right of its quiz.
	Answers []Answer
	// For is whom it was written for.
	For soc1.Audience
}

// audiences are whom the courses were written for, in the order in which they are
// offered.
var audiences = []struct {
	id  string
	who soc1.Audience
}{
	{"everybody", soc1.Audience{Everybody: true}},
	{"control-owner", soc1.Audience{Roles: []soc1.Role{soc1.ControlOwner}}},
	{"compliance-manager", soc1.Audience{Roles: []soc1.Role{soc1.ComplianceManager, soc1.Administrator}}},
	{"executive", soc1.Audience{Roles: []soc1.Role{soc1.Executive}}},
}

// BuiltIns are the courses that come with this program. Their texts belong to it, and
// tests hold them to the rules of every course.
var BuiltIns = sync.OnceValues(func() ([]BuiltIn, error) {
	var out []BuiltIn
	for _, a := range audiences {
		b, err := courseFiles.ReadFile(path.Join("courses", a.id+".md"))
		if err != nil {
			return nil, err
		}
		c, answers, err := ParseCourse(string(b))
		if err != nil {
			return nil, fmt.Errorf("course %s: %w", a.id, err)
		}
		c.BuiltIn = a.id
		out = append(out, BuiltIn{ID: a.id, Course: c, Answers: answers, For: a.who})
	}
	return out, nil
})

// BuiltInOf finds a course that comes with this program.
func BuiltInOf(id string) (BuiltIn, error) {
	all, err := BuiltIns()
	if err != nil {
		return BuiltIn{}, err
	}
	at := slices.IndexFunc(all, func(b BuiltIn) bool { return b.ID == id })
	if at < 0 {
		var ids []string
		for _, b := range all {
			ids = append(ids, b.ID)
		}
		return BuiltIn{}, fmt.Errorf("no course %q comes with this program; use one of %s", id, strings.Join(ids, ", "))
	}
	return all[at], nil
}
