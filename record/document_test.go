package record_test

import (
	"encoding/json"
	"strings"
	"testing"

	"reperform/record"
	"reperform/soc1"
)

func kind(t *testing.T, name string) *record.Kind {
	t.Helper()
	k, err := record.Kinds.Kind(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestUnknownFieldsSurvive: what a newer program wrote is still there after
// this one rewrote the record, and what this one knows is what it wrote.
func TestUnknownFieldsSurvive(t *testing.T) {
	k := kind(t, "risk")
	before := json.RawMessage(`{"code":"R1","text":"Old.","owner":"p-1","heat":{"x":1},"tags":["a"]}`)
	doc, err := k.Encode(soc1.Risk{Code: "R1", Text: "New."}, before, false)
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		V    int             `json:"v"`
		Body json.RawMessage `json:"body"`
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		t.Fatal(err)
	}
	if d.V != 1 || !record.SameBody(d.Body, []byte(`{"code":"R1","text":"New.","heat":{"x":1},"tags":["a"]}`)) {
		t.Errorf("rewritten as %s", doc)
	}
	if _, err := k.Encode(soc1.Risk{}, json.RawMessage(`[1]`), false); err == nil || !strings.Contains(err.Error(), "not an object") {
		t.Errorf("a previous body that is no object: %v", err)
	}
}

// TestOlderProgramRefusesNewerForm: rewriting could lose meaning.
func TestOlderProgramRefusesNewerForm(t *testing.T) {
	k := kind(t, "risk")
	if err := k.Writable([]byte(`{"v":1,"body":{}}`)); err != nil {
		t.Error(err)
	}
	err := k.Writable([]byte(`{"v":2,"body":{}}`))
	if err == nil || err.Error() != "risk was written in form 2 by a newer program, this one knows form 1: upgrade before changing it" {
		t.Errorf("said %v", err)
	}
	if err := k.Writable([]byte(`nonsense`)); err == nil {
		t.Error("a document that is none is writable")
	}
}

// TestReferences finds the ids that a body refers to, in lists and in objects
// inside lists too.
func TestReferences(t *testing.T) {
	for _, c := range []struct{ kind, body, want string }{
		{"risk", `{"objectives":["a","b"],"owner":"p"}`, "objectives[0]=control_objective:a objectives[1]=control_objective:b owner=person:p"},
		{"assertion", `{"engagement":"e","modifications":[{"limb":"design","text":"x"},{"limb":"design","objective":"o","text":"x"}]}`, "engagement=engagement:e modifications[1].objective=control_objective:o"},
		{"test_of_control", `{"joins":[{"name":"n","population":"p1"},{"population":"p2"}]}`, "joins[0].population=population:p1 joins[1].population=population:p2"},
		{"risk", `{"objectives":[""],"owner":""}`, ""},
		{"risk", `{"objectives":null,"unknown":{"owner":"x"}}`, ""},
	} {
		refs, err := kind(t, c.kind).References([]byte(c.body))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range refs {
			got = append(got, r.Path+"="+r.Kind+":"+r.ID)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s %s: %v, want %s", c.kind, c.body, got, c.want)
		}
	}
	if _, err := kind(t, "risk").References([]byte(`[]`)); err == nil {
		t.Error("a list has no references")
	}
}

// TestRegistry: every field has a label, every reference names a kind.
func TestRegistry(t *testing.T) {
	var check func(name string, fields []record.Field)
	check = func(name string, fields []record.Field) {
		for _, f := range fields {
			if f.Label == "" {
				t.Errorf("%s.%s has no label", name, f.Name)
			}
			if f.Ref != "" {
				if _, err := record.Kinds.Kind(f.Ref); err != nil {
					t.Errorf("%s.%s refers to %q: %v", name, f.Name, f.Ref, err)
				}
			}
			if f.Type == record.Enum && len(f.Values) == 0 {
				t.Errorf("%s.%s has no values", name, f.Name)
			}
			check(name+"."+f.Name, f.Fields)
		}
	}
	for _, name := range record.Kinds.Names() {
		check(name, kind(t, name).Fields)
	}
	if _, err := record.Kinds.Kind("contrl"); err == nil || !strings.Contains(err.Error(), `there is no kind "contrl"; the kinds are acceptance`) {
		t.Errorf("said %v", err)
	}
}

// TestCheckID pins what may be an id.
func TestCheckID(t *testing.T) {
	for _, ok := range []string{"a", "pay-3-2", "t1-run-1.A.1", "A:b/c_d", strings.Repeat("x", 120)} {
		if err := record.CheckID(ok); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", " ", "-a", ".a", "/a", "../../etc", "a b", "a\n", "é", strings.Repeat("x", 121), "a/../b", "a//b", "a/", "a/."} {
		if record.CheckID(bad) == nil {
			t.Errorf("%q is an id", bad)
		}
	}
}

// TestRolesNameKinds holds the kinds that custom roles name to the registry:
// each exists, lives in the organization's ledger, and is called as it is.
func TestRolesNameKinds(t *testing.T) {
	for _, name := range soc1.RoleReads("").Values() {
		k, err := record.Kinds.Kind(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if k.Home == record.Examination {
			t.Errorf("%s lives in an examination", name)
		}
		if got := soc1.RoleReads(name).Label(); got != k.Plural {
			t.Errorf("roles call %s %q, the registry %q", name, got, k.Plural)
		}
	}
	for _, name := range soc1.RoleKeeps("").Values() {
		if k, err := record.Kinds.Kind(name); err != nil || k.Decision {
			t.Errorf("roles keep %s, which is no register: %v", name, err)
		}
	}
}

// TestPeek reads a part of a stored document, and nothing of what is none.
func TestPeek(t *testing.T) {
	k, err := record.Kinds.Kind("request")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := k.Encode(soc1.Request{Title: "Show it", To: "omar"}, nil, false)
	if err != nil {
		t.Fatal(err)
	}
	var x struct{ To string }
	if !record.Peek(doc, &x) || x.To != "omar" {
		t.Errorf("read %q", x.To)
	}
	for _, bad := range []string{"", "{", `{"v":1}`, `{"v":1,"body":7}`} {
		if record.Peek([]byte(bad), &x) {
			t.Errorf("%q was read", bad)
		}
	}
}
