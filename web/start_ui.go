package web

import (
	"fmt"
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
)

// useTitle is the title offered for a new engagement.
func useTitle(asOf, to soc1.Date) string {
	if asOf != "" {
		return fmt.Sprintf("SOC 1 Type 1, %d", asOf.Year())
	}
	return fmt.Sprintf("SOC 1 Type 2, %d", to.Year())
}

func userEntities(n int64) string {
	if n == 1 {
		return "1 user entity"
	}
	return thousands(int(n)) + " user entities"
}

// answerText is an answer as people read it.
func answerText(in input) string {
	var out []string
	switch {
	case in.Field.Type == record.Boolean:
		return map[bool]string{true: "yes", false: "no"}[in.Value == "true"]
	case in.Field.List:
		for _, v := range in.Field.Values {
			if slices.Contains(in.Values, v) {
				out = append(out, in.Field.ValueLabel(v))
			}
		}
	case in.Field.Type == record.Enum:
		out = append(out, in.Field.ValueLabel(in.Value))
	case in.Field.Type == record.Date:
		out = append(out, dateText(in.Value))
	default:
		out = append(out, in.Value)
	}
	if s := strings.Join(out, "; "); s != "" {
		return s
	}
	return "none"
}

// answersText are the answers about one service in one sentence.
func answersText(parts []input) string {
	var out []string
	for _, in := range parts {
		if !strings.HasSuffix(in.Name, ".name") && !strings.HasSuffix(in.Name, ".service") {
			out = append(out, in.Field.Label+": "+answerText(in))
		}
	}
	return strings.Join(out, ". ") + "."
}

func criteriaText(n int) string {
	if n == 1 {
		return "1 criterion"
	}
	return fmt.Sprintf("%d criteria", n)
}

// fieldOf is the last part of an input's name: the field of a service.
func fieldOf(in input) string { return in.Name[strings.LastIndexByte(in.Name, '.')+1:] }

// recorded tells whether the questions are about a service of the register, which
// already has its name.
func recorded(parts []input) bool {
	return slices.ContainsFunc(parts, func(in input) bool { return fieldOf(in) == "service" && in.Value != "" })
}

// firstAsked is the field of a service that is asked first.
func firstAsked(parts []input) string {
	if recorded(parts) {
		return "does"
	}
	return "name"
}

// asListed puts the values of an enumeration into its own order: what is asked
// stands in one place, whatever is chosen.
func asListed(parts []input) {
	for _, in := range parts {
		slices.SortStableFunc(in.Options, func(a, b option) int {
			return slices.Index(in.Field.Values, a.Value) - slices.Index(in.Field.Values, b.Value)
		})
	}
}
