package ascode

import (
	"strings"
	"testing"

	"reperform/record"
)

// A few hundred bytes of aliases can stand for gigabytes, so none is read.
func TestAliasesAreRefused(t *testing.T) {
	_, ps := Parse(record.Kinds, "bomb.yaml", []byte("kind: risk\nid: r\ncode: &a R\ntext: *a\n"))
	if len(ps) != 1 || ps[0].Line != 4 || !strings.Contains(ps[0].Message, "aliases are not read") {
		t.Fatalf("an alias gives %v; want one problem at line 4", ps)
	}
	var into struct {
		A, B string
	}
	if err := ParseInto("spec.yaml", []byte("a: &x v\nb: *x\n"), &into); err == nil || !strings.Contains(err.Error(), "spec.yaml:2") {
		t.Fatalf("an alias in a file of settings gives %v; want a problem at line 2", err)
	}
}
