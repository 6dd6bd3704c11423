package web

import (
	"fmt"
	"strings"
)

// policyNote is what was typed beside a decision on the policy itself.
func policyNote(p *policyPage) string {
	if p.Typed.Exception != "" || p.Typed.Minutes != "" {
		return ""
	}
	return p.Typed.Note
}

// exceptionNote is what was typed beside a decision on this exception.
func exceptionNote(p *policyPage, x *exceptionRow) string {
	if p.Typed.Exception != x.ID {
		return ""
	}
	return p.Typed.Note
}

// shortened keeps the beginning and the end of a long run of words that stayed.
func shortened(s string) string {
	const ends, most = 8, 24
	words := strings.Fields(s)
	if len(words) <= most {
		return s
	}
	return strings.Join(words[:ends], " ") + " … " + strings.Join(words[len(words)-ends:], " ")
}

func policyCount(n int) string {
	if n == 1 {
		return "1 policy"
	}
	return fmt.Sprintf("%d policies", n)
}
