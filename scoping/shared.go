package scoping

import (
	"slices"
	"strings"

	"reperform/record"
	"reperform/soc1"
	"reperform/soc1/library"
)

// tsc is how objectives name the trust services criteria.
const tsc = "TSC-2017"

// SharedCriterion is a criterion of a SOC 2 report that objectives of the SOC 1
// report answer to as well, so that one test serves both.
type SharedCriterion struct {
	ID string
	// Objectives are the codes of the objectives, Refs their records where there
	// are some.
	Objectives []string
	Refs       []soc1.Ref
}

// category is the commitment that a criterion belongs to. The common criteria are
// part of every SOC 2 report.
func category(id string) soc1.Commitment {
	letters := strings.TrimRight(id, "0123456789.")
	switch letters {
	case "A":
		return soc1.CommitAvailability
	case "PI":
		return soc1.CommitIntegrity
	case "C":
		return soc1.CommitConfidentiality
	case "P":
		return soc1.CommitPrivacy
	}
	return soc1.CommitSecurity
}

// Shared lists the criteria that a SOC 1 and a SOC 2 report on the answers have in
// common, in the order of the criteria: by the organization's own objectives where
// they name criteria, else by those of the template library for the services'
// types, general IT controls among them. own tells which it was.
func Shared(a soc1.InterviewAnswers, objectives []record.Typed[soc1.ControlObjective], services []record.Typed[soc1.Service]) (out []SharedCriterion, own bool) {
	wanted := map[soc1.Commitment]bool{soc1.CommitSecurity: true}
	codes := []string{library.ITGC}
	for _, s := range a.Services {
		if len(s.Commitments) > 0 || slices.Contains(s.Asked, soc1.AskedSOC2) {
			for _, c := range s.Commitments {
				wanted[c] = true
			}
		}
		if x, ok := record.Find(services, s.Service); ok && x.Value.TemplateCode != "" && !slices.Contains(codes, x.Value.TemplateCode) {
			codes = append(codes, x.Value.TemplateCode)
		}
	}
	at := map[string]int{}
	add := func(id, code string, ref soc1.Ref) {
		if !wanted[category(id)] {
			return
		}
		i, ok := at[id]
		if !ok {
			i = len(out)
			at[id] = i
			out = append(out, SharedCriterion{ID: id})
		}
		out[i].Objectives = append(out[i].Objectives, code)
		if ref.ID != "" {
			out[i].Refs = append(out[i].Refs, ref)
		}
	}
	for _, o := range objectives {
		if o.Value.Omitted() {
			continue
		}
		for _, id := range o.Value.FrameworkIDs[tsc] {
			own = true
			add(id, o.Value.Code, o.Ref())
		}
	}
	if !own {
		for _, code := range codes {
			t, err := library.ServiceOf(code)
			if err != nil {
				continue
			}
			for _, o := range t.Objectives {
				for _, id := range o.Mappings["TSC"] {
					add(id, o.Code, soc1.Ref{})
				}
			}
		}
	}
	order := map[string]int{}
	for i, f := range library.FrameworkIDs() {
		if f.Framework == tsc {
			order[f.ID] = i
		}
	}
	slices.SortStableFunc(out, func(x, y SharedCriterion) int { return order[x.ID] - order[y.ID] })
	return out, own
}
