package repotest

import (
	"regexp"
	"strings"
	"testing"

	"reperform/record"
)

// TestVocabularyKnowsEveryKind wants a word of the trade for every kind, and no
// kind that does not exist: a term in backticks that names a field or a role
// stands behind the kind it belongs to.
func TestVocabularyKnowsEveryKind(t *testing.T) {
	doc := string(read(t, "docs/VOCABULARY.md"))
	for _, kind := range record.Kinds.Names() {
		if !regexp.MustCompile("`" + kind + "(`|\\.)").MatchString(doc) {
			t.Errorf("docs/VOCABULARY.md has no word for kind %s", kind)
		}
	}
	for _, m := range regexp.MustCompile("`([a-z_]+)\\.([a-z_]+)`").FindAllStringSubmatch(doc, -1) {
		k, err := record.Kinds.Kind(m[1])
		if err != nil {
			t.Errorf("docs/VOCABULARY.md names %s: %v", m[0], err)
			continue
		}
		if _, ok := k.Field(m[2]); !ok {
			t.Errorf("docs/VOCABULARY.md names %s, and kind %s has no such field", m[0], m[1])
		}
	}
	if strings.Count(doc, "\n| ") < 50 {
		t.Error("docs/VOCABULARY.md has lost its tables")
	}
}
