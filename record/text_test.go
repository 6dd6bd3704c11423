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

// TestLongTextsAreNotRecorded: a line has so many characters and a text so many
// bytes, wherever they stand, and the refusal names field, length and limit.
func TestLongTextsAreNotRecorded(t *testing.T) {
	line, text := strings.Repeat("ü", soc1.LineLimit), strings.Repeat("ü", soc1.TextLimit/2)
	encode := func(k string, body any, before json.RawMessage) error {
		t.Helper()
		_, err := kind(t, k).Encode(body, before, false)
		return err
	}
	if err := encode("risk", soc1.Risk{Code: line, Text: text}, nil); err != nil {
		t.Errorf("the longest texts: %v", err)
	}
	for _, c := range []struct {
		kind string
		body any
		want string
	}{
		{"risk", soc1.Risk{Code: line + "x"}, "code: Code has 1,001 characters. Shorten it to 1,000"},
		{"risk", soc1.Risk{Code: "R", Text: text + "x"}, "text: What could go wrong has 200,001 bytes of text. Shorten it to 200,000 bytes"},
		{"engagement", map[string]any{"auditor": map[string]any{"firm": line + "x"}}, "auditor.firm: Firm has 1,001 characters"},
		{"representation_letter", map[string]any{"statements": []string{"a", line + "x"}}, "statements[1]: "},
		{"control", map[string]any{"framework_ids": map[string]any{"COSO": []string{line + "x"}}}, "framework_ids.COSO[0]: "},
	} {
		if err := encode(c.kind, c.body, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.300v, want %s", c.kind, err, c.want)
		}
		if _, err := kind(t, c.kind).Encode(c.body, nil, true); err != nil {
			t.Errorf("%s cannot be retired: %.300v", c.kind, err)
		}
	}
	// What was recorded before the rule may stay, and not grow.
	before := json.RawMessage(`{"code":"R1","text":"` + text + text + `"}`)
	if err := encode("risk", soc1.Risk{Code: "R2", Text: text + text}, before); err != nil {
		t.Errorf("another field changed: %.300v", err)
	}
	if err := encode("risk", soc1.Risk{Code: "R2", Text: text + text + "x"}, before); err == nil {
		t.Error("what is too long has grown")
	}
	// Values of data are as long as the data has them.
	if err := encode("exception", soc1.Exception{Test: "t", Attribute: "A", ItemKeys: []string{line + line}, Status: soc1.Open}, nil); err != nil {
		t.Error(err)
	}
}
