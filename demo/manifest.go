package demo

import (
	"cmp"
	"slices"
)

// Manifest says what the generator wrote and what a right engine finds in it.
type Manifest struct {
	// Seed is what everything was drawn from.
	Seed uint64 `json:"seed"`
	// Size is the name of the size.
	Size string `json:"size"`
	// Files are the extracts, by name.
	Files []FileManifest `json:"files"`
	// Tests are the expectations of every census, by test.
	Tests []TestExpectation `json:"tests"`
}

// FileManifest describes one extract.
type FileManifest struct {
	Name   string `json:"name"`
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Totals are control totals by column, as exact decimals.
	Totals map[string]string `json:"totals,omitempty"`
}

// TestExpectation is what a census finds for the attributes of one test.
type TestExpectation struct {
	// Test is the record's id.
	Test string `json:"test"`
	// Rows is the number of rows of the test's population.
	Rows int64 `json:"rows"`
	// Attributes are in the order of their codes.
	Attributes []AttributeExpectation `json:"attributes"`
}

// AttributeExpectation counts outcomes and names the items that do not pass.
type AttributeExpectation struct {
	Code           string   `json:"code"`
	Pass           int64    `json:"pass"`
	Fail           int64    `json:"fail"`
	NotApplicable  int64    `json:"not_applicable"`
	CannotTell     int64    `json:"cannot_tell"`
	FailKeys       []string `json:"fail_keys,omitempty"`
	CannotTellKeys []string `json:"cannot_tell_keys,omitempty"`
	// Causes group the keys above by what the generator did to the items.
	Causes []Cause `json:"causes,omitempty"`
}

// Cause is what several items of an attribute have in common; the plan's
// decisions name causes.
type Cause struct {
	Name string   `json:"name"`
	Keys []string `json:"keys"`
}

// Keys are the items of a cause; none when the attribute has no such cause.
func (a AttributeExpectation) Keys(cause string) []string {
	for _, c := range a.Causes {
		if c.Name == cause {
			return c.Keys
		}
	}
	return nil
}

// File finds an extract by its name.
func (m Manifest) File(name string) (FileManifest, bool) {
	i := slices.IndexFunc(m.Files, func(f FileManifest) bool { return f.Name == name })
	if i < 0 {
		return FileManifest{}, false
	}
	return m.Files[i], true
}

// Test finds the expectation of a test by its id.
func (m Manifest) Test(id string) (TestExpectation, bool) {
	i := slices.IndexFunc(m.Tests, func(t TestExpectation) bool { return t.Test == id })
	if i < 0 {
		return TestExpectation{}, false
	}
	return m.Tests[i], true
}

// outcome is what the generator meant a cell to be.
type outcome int

const (
	pass outcome = iota
	fail
	notApplicable
	cannotTell
)

// passIf is pass or fail.
func passIf(ok bool) outcome {
	if ok {
		return pass
	}
	return fail
}

// unless is the outcome, or not applicable.
func (o outcome) unless(na bool) outcome {
	if na {
		return notApplicable
	}
	return o
}

// expect begins the expectation of a test with attributes A, B, C….
func expect(test string, attributes int) *TestExpectation {
	t := &TestExpectation{Test: test}
	for i := range attributes {
		t.Attributes = append(t.Attributes, AttributeExpectation{Code: string(rune('A' + i))})
	}
	return t
}

// item counts one row; the key is made only when it is needed.
func (t *TestExpectation) item(key func() string, outcomes ...outcome) {
	t.Rows++
	for i, o := range outcomes {
		a := &t.Attributes[i]
		switch o {
		case pass:
			a.Pass++
		case fail:
			a.Fail++
			a.FailKeys = append(a.FailKeys, key())
		case notApplicable:
			a.NotApplicable++
		case cannotTell:
			a.CannotTell++
			a.CannotTellKeys = append(a.CannotTellKeys, key())
		}
	}
}

// because says what was done to the item counted last, for one attribute.
func (t *TestExpectation) because(attribute int, cause, key string) {
	a := &t.Attributes[attribute]
	i := slices.IndexFunc(a.Causes, func(c Cause) bool { return c.Name == cause })
	if i < 0 {
		a.Causes = append(a.Causes, Cause{Name: cause})
		i = len(a.Causes) - 1
	}
	a.Causes[i].Keys = append(a.Causes[i].Keys, key)
}

// sorted puts a manifest into its stable order.
func (m *Manifest) sorted() {
	slices.SortFunc(m.Files, func(a, b FileManifest) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(m.Tests, func(a, b TestExpectation) int { return cmp.Compare(a.Test, b.Test) })
	for _, t := range m.Tests {
		for i := range t.Attributes {
			slices.Sort(t.Attributes[i].FailKeys)
			slices.Sort(t.Attributes[i].CannotTellKeys)
		}
	}
}
