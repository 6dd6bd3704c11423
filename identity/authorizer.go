package identity

import (
	"slices"
	"sync"

	"github.com/cedar-policy/cedar-go"
)

// Principal is who asks.
type Principal struct {
	// ID is the person's id; the empty id may do nothing.
	ID string
	// Side is ServiceOrganization, AuditFirm or Guest.
	Side string
	// Roles are those that the person holds in the ledger asked about. The
	// caller resolves them from the person records of that very ledger; roles
	// carried over into an examination's ledger would open the wall. One
	// question differs: the organization's ledger records no role of the firm,
	// so a person of the firm who asks for it brings the roles held in an
	// examination of that organization, or read_only where management recorded
	// the person as a reader, and never both.
	Roles []Role
	// Acting are those of the roles that the person does not hold but has as
	// somebody's deputy; Roles holds them too.
	Acting []Role
	// Custom are the roles of the organization's own making that the person holds
	// in the ledger asked about, which is the organization's: they count nowhere
	// else.
	Custom []CustomRole
	// StandsInFor are the people for whose controls the person acts as a
	// deputy, as far as the record asked for is among them.
	StandsInFor []string
	// Represents is the subservice organization that a guest speaks for.
	Represents string
}

// Resource is what is asked for.
type Resource struct {
	// Ledger is the ledger's name. It stands in refusals; no policy sees it.
	Ledger string
	// Class is Organization or Examination.
	Class string
	// Kind is the record's kind, such as "control"; "bundle" for a bundle.
	Kind string
	// Owner is the id of the person who owns the record as it stands before
	// the action, empty for a new record and where nobody does; the owner of a
	// note is its author. Taking the owner from the revision that is being
	// written would let anybody claim a record.
	Owner string
	// By is ByManagement or ByAuditor where the record says whose work it is.
	By string
	// Concerns is the subservice organization that the record is about, where
	// it is about one.
	Concerns string
	// About is the kind of the record that a comment is about, where the question
	// is about comments on records of one kind and not about all comments.
	About string
}

// Decision is the answer.
type Decision struct {
	// Allowed says whether the action may proceed.
	Allowed bool
	// Policies are the ids of the policies that decided, sorted: those that
	// permitted, or those that forbade; empty where no policy permits. They are
	// for the auditor's eye: shown to a person whom the wall stops they would
	// tell what Check hides.
	Policies []string
}

// question is everything of a request that policies can see. Ids of people are
// reduced to whether the owner is the person who asks, so that few questions
// exist and answers can be kept.
type question struct {
	roles  uint16 // bits by place; unknownRole for any that is not known
	acting uint16 // those of the roles that a deputy has from somebody else
	side   string
	action int8
	class  string
	kind   string
	by     string
	owner  ownership
	// concerns says that the record is about the subservice organization that
	// the person represents.
	concerns bool
	named    bool
	// custom is what custom roles give for the kind, about what a comment is about.
	custom custom
	about  string
}

// unknownRole is the bit of a role that this program does not know.
const unknownRole = 1 << 15

// ownership is whose a record is, from the view of the person who asks.
type ownership uint8

const (
	nobodys ownership = iota
	own
	principals // of somebody for whom the person stands in
	anothers
)

// cacheLimit bounds the number of kept answers. The registered kinds make a
// few thousand questions; only a caller that invents kinds reaches the limit,
// and then the answers are forgotten and found again.
const cacheLimit = 1 << 15

// Authorizer decides by the embedded policies. It is safe for concurrent use.
type Authorizer struct {
	policies *policySet

	mu    sync.RWMutex
	known map[question]Decision
}

// New reads the embedded policies. An error means that this build of the
// program carries policies that do not parse.
func New() (*Authorizer, error) {
	policies, err := loadPolicies(PolicyFiles())
	if err != nil {
		return nil, err
	}
	return &Authorizer{policies: policies, known: map[question]Decision{}}, nil
}

// Decide says whether the person may do the action on the resource, and by
// which policies. An action, role, side or class that this program does not
// know is refused. Answers are kept, so asking again costs well under a
// microsecond.
func (a *Authorizer) Decide(p Principal, act Action, r Resource) Decision {
	place := act.place()
	if place < 0 {
		return Decision{}
	}
	q := ask(p, place, r)
	a.mu.RLock()
	d, found := a.known[q]
	a.mu.RUnlock()
	if !found {
		d = a.evaluate(q)
		a.keep(q, d)
	}
	// The caller gets a list of its own: a kept answer must not change.
	return Decision{Allowed: d.Allowed, Policies: slices.Clone(d.Policies)}
}

// kindLimit bounds the names of kinds in kept questions, in bytes; registered
// kinds are far shorter, and a longer name costs an evaluation each time.
const kindLimit = 64

// keep remembers an answer.
func (a *Authorizer) keep(q question, d Decision) {
	if len(q.kind) > kindLimit || len(q.about) > kindLimit {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= cacheLimit {
		clear(a.known)
	}
	a.known[q] = d
}

// ask reduces a request to what policies can see. Spellings that no policy
// knows become one, so that they share one answer.
func ask(p Principal, action int, r Resource) question {
	q := question{
		side:   oneOf(p.Side, ServiceOrganization, AuditFirm, Guest),
		action: int8(action),
		class:  oneOf(r.Class, Organization, Examination),
		kind:   r.Kind,
		named:  p.ID != "",
		roles:  bits(p.Roles),
		acting: bits(p.Acting),
		custom: customOf(p.Custom, r.Kind, r.About),
		about:  r.About,
	}
	q.concerns = p.Represents != "" && p.Represents == r.Concerns
	if r.By != "" {
		q.by = oneOf(r.By, ByManagement, ByAuditor)
	}
	switch {
	case r.Owner == "":
		q.owner = nobodys
	case r.Owner == p.ID:
		q.owner = own
	case slices.Contains(p.StandsInFor, r.Owner):
		q.owner = principals
	default:
		q.owner = anothers
	}
	return q
}

// bits is a set of roles.
func bits(list []Role) uint16 {
	var set uint16
	for _, role := range list {
		if i := role.place(); i >= 0 {
			set |= 1 << i
		} else {
			set |= unknownRole
		}
	}
	return set
}

// unknown stands for every spelling that no policy knows.
const unknown = "unknown"

// oneOf gives the value if it is one of those known, otherwise unknown.
func oneOf(value string, known ...string) string {
	if slices.Contains(known, value) {
		return value
	}
	return unknown
}

// The entities that policies see; ids of people and records are not among
// them.
var (
	personWhoAsks = cedar.NewEntityUID("Person", "the person who asks")
	stoodInFor    = cedar.NewEntityUID("Person", "the person stood in for")
	anotherPerson = cedar.NewEntityUID("Person", "another person")
	record        = cedar.NewEntityUID("Record", "the record asked for")
)

// evaluate puts the question to the policies.
func (a *Authorizer) evaluate(q question) Decision {
	verdict, why := cedar.Authorize(a.policies.scoped[actions[q.action].action], q.entities(), cedar.Request{
		Principal: personWhoAsks,
		Action:    cedar.NewEntityUID("Action", cedar.String(actions[q.action].action)),
		Resource:  record,
	})
	d := Decision{Allowed: verdict == cedar.Allow}
	for _, reason := range why.Reasons {
		d.Policies = append(d.Policies, string(reason.PolicyID))
	}
	// Cedar leaves out a policy that fails to evaluate. Were that one of the
	// wall's, leaving it out would open the wall; so a failure refuses.
	if len(why.Errors) > 0 {
		d = Decision{}
		for _, failure := range why.Errors {
			d.Policies = append(d.Policies, string(failure.PolicyID))
		}
	}
	slices.Sort(d.Policies)
	return d
}

// entities describes the person and the record in the words of the policies.
func (q question) entities() cedar.EntityMap {
	what := cedar.RecordMap{
		"class": cedar.String(q.class),
		"kind":  cedar.String(q.kind),
		"by":    cedar.String(q.by),
		"about": cedar.String(q.about),

		"concernsTheirs": cedar.Boolean(q.concerns),
	}
	switch q.owner {
	case own:
		what["owner"] = personWhoAsks
	case principals:
		what["owner"] = stoodInFor
	case anothers:
		what["owner"] = anotherPerson
	}
	return cedar.EntityMap{
		personWhoAsks: {UID: personWhoAsks, Attributes: cedar.NewRecord(cedar.RecordMap{
			"side":       cedar.String(q.side),
			"roles":      spelling(q.roles),
			"acting":     spelling(q.acting),
			"custom":     q.custom.spelling(),
			"standsIn":   stoodInFor,
			"identified": cedar.Boolean(q.named),
		})},
		record: {UID: record, Attributes: cedar.NewRecord(what)},
	}
}

// spelling gives what custom roles give in the words of the policies.
func (c custom) spelling() cedar.Set {
	words := make([]cedar.Value, 0, len(customWords))
	for i, word := range customWords {
		if c&(1<<i) != 0 {
			words = append(words, cedar.String(word))
		}
	}
	return cedar.NewSet(words...)
}

// spelling gives a set of roles in the words of the policies.
func spelling(set uint16) cedar.Set {
	words := make([]cedar.Value, 0, len(roles))
	for i := range roles {
		if set&(1<<i) != 0 {
			words = append(words, cedar.String(roles[i].role))
		}
	}
	if set&unknownRole != 0 {
		words = append(words, cedar.String(unknown))
	}
	return cedar.NewSet(words...)
}
