package record_test

import (
	"encoding/json"
	"strings"
	"testing"

	"reperform/soc1"
)

// TestHostileTextsAreNotRecorded: wherever a person's words stand in a record,
// in lists, objects and maps, and however their JSON is spelled.
func TestHostileTextsAreNotRecorded(t *testing.T) {
	for _, c := range []struct{ kind, body, field string }{
		{"risk", `{"code":"R1","text":"a\u001bb"}`, "text"},
		{"risk", "{\"code\":\"R1\",\"text\":\"a\u202eb\"}", "text"},
		{"risk", "{\"code\":\"R\u007f1\",\"text\":\"a\"}", "code"},
		{"risk", `{"code":"R1","text":"a\bb"}`, "text"},
		{"risk", `{"code":"R1","text":"a\rb"}`, "text"},
		{"engagement", `{"title":"T","auditor":{"firm":"F","city":"C\u009b"}}`, "auditor.city"},
		{"test_of_control", `{"procedures":[{"nature":"inspection","text":"fine"},{"nature":"inspection","text":"\u2066"}]}`, "procedures[1].text"},
		{"control", `{"code":"C","framework_ids":{"COSO":["CC1","CC\u00012"]}}`, "framework_ids.COSO[1]"},
	} {
		_, err := kind(t, c.kind).Encode(json.RawMessage(c.body), nil, false)
		if err == nil || !strings.Contains(err.Error(), c.field+": The text has the character U+") {
			t.Errorf("%s %s: %v", c.kind, c.body, err)
		}
		if _, err := kind(t, c.kind).Encode(json.RawMessage(c.body), nil, true); err != nil {
			t.Errorf("%s %s cannot be retired: %v", c.kind, c.body, err)
		}
	}
}

// TestWhatStoodMayStay: a record from before the rule can be changed elsewhere,
// and not made worse.
func TestWhatStoodMayStay(t *testing.T) {
	k := kind(t, "risk")
	before := json.RawMessage(`{"code":"R1","text":"bell\u0007"}`)
	if _, err := k.Encode(soc1.Risk{Code: "R2", Text: "bell\a"}, before, false); err != nil {
		t.Errorf("another field changed: %v", err)
	}
	if _, err := k.Encode(soc1.Risk{Code: "R2", Text: "bell\a\a"}, before, false); err == nil {
		t.Error("a second bell was recorded")
	}
}

// TestDataIsTakenAsItIs: keys and samples of values come from extracts.
func TestDataIsTakenAsItIs(t *testing.T) {
	x := soc1.Exception{Test: "t", Attribute: "A", ItemKeys: []string{"K\x1f1"}, Status: soc1.Open}
	if _, err := kind(t, "exception").Encode(x, nil, false); err != nil {
		t.Error(err)
	}
	x.Reason = "No\x1f"
	if _, err := kind(t, "exception").Encode(x, nil, false); err == nil {
		t.Error("a person's reason was taken as data")
	}
}
