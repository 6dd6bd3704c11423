package identity

import (
	"fmt"
	"slices"
)

// CustomRole is what a role gives that the service organization made itself. It
// names kinds; the policies say which kinds a role can open at all.
type CustomRole struct {
	// ReadsAll says that every kind is read that custom roles can open, Reads and
	// Keeps name them one by one.
	ReadsAll     bool
	Reads, Keeps []string
	// What holders do beside: comment, make requests, answer their own, and build
	// the draft report.
	Comments, Asks, Answers, BuildsDraft bool
}

// reads reports whether the role reads records of a kind. What is kept is read.
func (c CustomRole) reads(kind string) bool {
	return c.ReadsAll || slices.Contains(c.Reads, kind) || slices.Contains(c.Keeps, kind)
}

// custom is a set of what a person's custom roles give for the kind asked for.
type custom uint8

// What custom roles give. The places are those of customWords.
const (
	holdsCustom  custom = 1 << iota // the person holds such a role, whatever it gives
	customReads                     // records of the kind asked for
	customKeeps                     // the same to write
	readsSubject                    // records of the kind that the comment asked for is about
	customComments
	customAsks
	customAnswers
	customBuilds
)

// customWords are the words of the policies.
var customWords = []string{"holds", "reads", "keeps", "reads_subject", "comments", "asks", "answers", "builds_draft"}

// customOf is what custom roles give for a kind, and for the kind that a comment
// is about. It says what the roles claim; the policies decide what of it counts.
func customOf(held []CustomRole, kind, about string) (out custom) {
	for _, c := range held {
		out |= holdsCustom
		for _, x := range []struct {
			gives bool
			bit   custom
		}{
			{c.reads(kind), customReads}, {slices.Contains(c.Keeps, kind), customKeeps}, {about != "" && c.reads(about), readsSubject},
			{c.Comments, customComments}, {c.Asks, customAsks}, {c.Answers, customAnswers}, {c.BuildsDraft && c.ReadsAll, customBuilds},
		} {
			if x.gives {
				out |= x.bit
			}
		}
	}
	return out
}

// CheckCustomRoles says whether a person of a side may carry custom roles in the
// person record of a ledger of a class; every writer of person records asks it.
// They are the service organization's own, in its own ledger.
func CheckCustomRoles(side, class string, ids []string) error {
	switch {
	case len(ids) == 0:
		return nil
	case class != Organization:
		return fmt.Errorf("custom_roles: %q is a role that the service organization made, and counts in its own ledger alone; remove it here", ids[0])
	case side != ServiceOrganization:
		return fmt.Errorf("custom_roles: a person of the side %q cannot hold %q, because custom roles are for people of the service organization; correct the side or remove the role", side, ids[0])
	}
	return nil
}
