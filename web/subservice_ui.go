package web

import "strings"

// wrong tells whether something is to be put right in it, so that it is shown open.
func (m *reportMember) wrong() bool {
	for _, in := range append(append([]input(nil), m.Says...), m.Means...) {
		if in.Problem != "" {
			return true
		}
	}
	return false
}

// indefinite is a noun with its article.
func indefinite(noun string) string {
	if noun == "" {
		return ""
	}
	if strings.ContainsRune("AEIOU", rune(noun[0])) {
		return "an " + strings.ToLower(noun)
	}
	return "a " + strings.ToLower(noun)
}
