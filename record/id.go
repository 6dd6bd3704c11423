package record

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}$`)

// CheckNewID refuses what cannot be the id of a new record: beside what is no id,
// the word under which the application offers the form for one.
func CheckNewID(id string) error {
	if id == "new" {
		return fmt.Errorf("the id %q is taken by the form for a new record; choose another", id)
	}
	return CheckID(id)
}

// CheckID refuses what cannot be the id that a person gives to a record. Ids
// are chosen once, never changed, and hold no personal data.
func CheckID(id string) error {
	if idPattern.MatchString(id) && !slices.ContainsFunc(strings.Split(id, "/"), func(part string) bool { return part == "" || part == "." || part == ".." }) {
		return nil
	}
	return fmt.Errorf("%q is not an id; use letters, digits, dots, dashes, underscores, colons and slashes, at most 120, beginning with a letter or digit, and nothing empty or of dots alone between slashes", id)
}
