package app

import (
	"encoding/json"

	"reperform/identity"
)

// ownerOf is who owns a record as policies mean it: the author of what is said,
// the person asked or invited, the person who is stood in for.
func ownerOf(kind string, body json.RawMessage) string {
	name := "owner"
	switch kind {
	case "working_paper_note", "comment", "event_confirmation", "policy_acknowledgement", "independence_confirmation", "plan_approval":
		name = "by"
	case "deputy", "invitation", "course_completion":
		name = "person"
	case "request":
		name = "to"
	}
	return field(body, name)
}

// inOwnName tells whether records of a kind are made in one's own name: a deputy is
// named by who is stood in for, an assessment written by its assessor, an event told
// by who reports it, an exception asked for by who needs it, a subservice organization's
// report taken in by who reads it.
func inOwnName(kind string) bool {
	return kind == "deputy" || kind == "readiness_assessment" || kind == "event" || kind == "policy_exception" || kind == "subservice_report"
}

// concerns is the subservice organization that a record is about.
func concerns(kind, id string, body json.RawMessage) string {
	switch kind {
	case "subservice_organization":
		return id
	case "csoc":
		return field(body, "subservice_organization")
	}
	return ""
}

// about is a stored record as the policies are asked about it.
func about(ledger, kind, id string, body json.RawMessage) identity.Resource {
	return identity.Resource{Ledger: ledger, Kind: kind, Owner: ownerOf(kind, body), Concerns: concerns(kind, id, body)}
}

// fields reads a list of texts of a body.
func fields(body json.RawMessage, name string) []string {
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return nil
	}
	var list []string
	_ = json.Unmarshal(m[name], &list)
	return list
}
