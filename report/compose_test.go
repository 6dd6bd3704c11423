package report

import (
	"encoding/json"
	"testing"
)

// An entity-level control without a component has an empty cell; the template
// walks over its paragraphs and must find a list.
func TestAnEmptyCellIsAList(t *testing.T) {
	b, err := json.Marshal(cell(""))
	if err != nil {
		t.Fatal(err)
	}
	if string(b) != `{"paras":[]}` {
		t.Fatalf("an empty cell is %s; the template needs an empty list", b)
	}
}
