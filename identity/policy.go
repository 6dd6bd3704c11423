package identity

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"

	"github.com/cedar-policy/cedar-go"
)

// policyFiles are the policies as an auditor reads them.
//
//go:embed policies/*.cedar
var policyFiles embed.FS

// PolicyFiles gives the policies as they are decided by, one text a file name,
// for a page or a command that shows them.
func PolicyFiles() fs.FS {
	sub, err := fs.Sub(policyFiles, "policies")
	if err != nil {
		// The name is a constant and valid, so Sub cannot refuse it.
		panic(err)
	}
	return sub
}

// policySet is the parsed policies with what a refused person reads.
type policySet struct {
	cedar *cedar.PolicySet
	// scoped are, by action, the policies whose scope does not leave the action
	// out. The others cannot decide about it, so that they are not asked: most name
	// the actions that they are about.
	scoped   map[Action]*cedar.PolicySet
	remedies map[string]string // by policy id; only policies that forbid
}

// loadPolicies parses every policy file. Each policy needs an id of its own,
// because a decision names the policies that made it.
func loadPolicies(files fs.FS) (*policySet, error) {
	names, err := fs.Glob(files, "*.cedar")
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	set := &policySet{cedar: cedar.NewPolicySet(), scoped: map[Action]*cedar.PolicySet{}, remedies: map[string]string{}}
	for _, a := range AllActions() {
		set.scoped[a] = cedar.NewPolicySet()
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("policies: %w", err)
		}
		if err := set.add(name, text); err != nil {
			return nil, err
		}
	}
	return set, nil
}

// add parses the policies of one file.
func (s *policySet) add(name string, text []byte) error {
	list, err := cedar.NewPolicyListFromBytes(name, text)
	if err != nil {
		return fmt.Errorf("policies: %s does not parse: %w; correct the file", name, err)
	}
	for _, policy := range list {
		notes := policy.Annotations()
		id, line := string(notes["id"]), policy.Position().Line
		if id == "" {
			return fmt.Errorf(`policies: %s line %d: the policy has no id; write @id("…") above it`, name, line)
		}
		if !s.cedar.Add(cedar.PolicyID(id), policy) {
			return fmt.Errorf("policies: %s line %d: the id %q is taken; give the policy another", name, line, id)
		}
		about, err := scopeOf(policy)
		if err != nil {
			return fmt.Errorf("policies: %s line %d: %w", name, line, err)
		}
		for action, scoped := range s.scoped {
			if about == nil || slices.Contains(about, action) {
				scoped.Add(cedar.PolicyID(id), policy)
			}
		}
		if remedy := string(notes["remedy"]); remedy != "" {
			s.remedies[id] = remedy
		}
	}
	return nil
}

// scopeOf gives the actions that the scope of a policy names; nil for any. The scope
// is read from the policy's JSON, whose form Cedar documents and keeps.
func scopeOf(policy *cedar.Policy) ([]Action, error) {
	text, err := policy.MarshalJSON()
	if err != nil {
		return nil, err
	}
	type entity struct{ Type, ID string }
	var p struct {
		Action struct {
			Op       string
			Entity   entity
			Entities []entity
		}
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, err
	}
	switch scope := p.Action; {
	case scope.Op == "All":
		return nil, nil
	case scope.Op == "==" || scope.Op == "in" && scope.Entity != (entity{}):
		return []Action{Action(scope.Entity.ID)}, nil
	case scope.Op == "in":
		named := []Action{}
		for _, e := range scope.Entities {
			named = append(named, Action(e.ID))
		}
		return named, nil
	default:
		return nil, fmt.Errorf("the scope of actions %q is not known", scope.Op)
	}
}
