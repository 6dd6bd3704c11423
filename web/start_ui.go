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
