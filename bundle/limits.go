package bundle

import "fmt"

// limits says in plain words what this bundle does not establish, even where
// every claim holds. A reader who sees "0 fail" must not take it for more.
func (v *verifier) limits() []string {
	var out []string
	draft := true
	if m, err := v.model(); err == nil {
		draft = m.Draft != ""
	}
	switch {
	case v.ab.Work == v.ab.Organization:
		out = append(out, "that a service auditor examined anything: the work is management's own")
	case v.issue != nil:
		out = append(out,
			"that whoever issued the report was the engagement partner, and had released it: the records of both are in the auditor's file",
			"that no later issue replaced this one: of later entries only hashes are shown; ask the service auditor")
	case draft:
		out = append(out, "that the report was issued, or reads as it will when it is: it is a draft")
	case v.ab.For == ForReport:
		out = append(out, "that these bytes were issued: no entry that issues them is shown")
	}
	if v.ab.For == ForReport {
		out = append(out, "that the report's figures follow from the working papers: a bundle for a report shows none of them, the auditor's file does")
	} else {
		out = append(out, "that the populations hold everything that happened: their completeness is the auditor's work, on record here",
			"that conclusions and opinion are right: people entered them, with reasons")
	}
	if len(v.issuances) > 0 {
		out = append(out, "that the report beside the ledgers is one that was issued: it reads as of this bundle, and what was issued are files of their own")
	}
	switch size := v.ab.Known[v.ab.Work]; {
	case v.bound == v.ab.Work && v.boundSize < size:
		what := fmt.Sprintf("that the entries after the checkpoint given, which covers %d of %d, were not written anew by whoever holds the signing key", v.boundSize, size)
		if v.issue != nil && v.issue.pos >= v.boundSize {
			what += "; the entry that issues the report is one of them"
		}
		out = append(out, what)
	case v.bound != v.ab.Work:
		out = append(out, "that whoever holds the signing keys did not write the ledgers anew: only a checkpoint that left the machine earlier shows that (--checkpoint)")
	}
	if !v.held("key") {
		out = append(out, "whose keys signed the ledgers: only the bundle says it (--key, --checkpoint)")
	}
	return out
}

// held reports whether a claim holds.
func (v *verifier) held(id string) bool {
	for _, c := range v.out.Claims {
		if c.ID == id {
			return c.Status == Holds
		}
	}
	return false
}
