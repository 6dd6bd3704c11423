package identity

import (
	"embed"
	"fmt"
	"io/fs"

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
	cedar    *cedar.PolicySet
	remedies map[string]string // by policy id; only policies that forbid
}

// loadPolicies parses every policy file. Each policy needs an id of its own,
// because a decision names the policies that made it.
func loadPolicies(files fs.FS) (*policySet, error) {
	names, err := fs.Glob(files, "*.cedar")
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	set := &policySet{cedar: cedar.NewPolicySet(), remedies: map[string]string{}}
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
		if remedy := string(notes["remedy"]); remedy != "" {
			s.remedies[id] = remedy
		}
	}
	return nil
}
