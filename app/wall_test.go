package app_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"reperform/app"
	"reperform/bundle"
	"reperform/identity"
	"reperform/population"
	"reperform/record"
	"reperform/soc1"
)

// absent is an engagement like the one examined, of which there is no
// examination.
const absent = "soc1-zzzz"

// place is what a call is made on.
type place struct{ ledger, engagement string }

// call is one method of App on a place.
type call struct {
	// writes says that the call would append if it were allowed.
	writes bool
	// slow calls typeset; they are made by few.
	slow bool
	do   func(s *story, actor string, p place) (any, error)
}

// calls maps every exported method of App to calls of it. A method that is
// missing here fails the test: whoever adds one says how the wall stands.
func calls() map[string][]call {
	read := func(do func(s *story, actor string, p place) (any, error)) []call { return []call{{do: do}} }
	write := func(do func(s *story, actor string, p place) (any, error)) []call {
		return []call{{writes: true, do: do}}
	}
	nothing := func(f func(s *story, actor string, p place) error) func(*story, string, place) (any, error) {
		return func(s *story, actor string, p place) (any, error) { return nil, f(s, actor, p) }
	}
	// alike is an answer that is the same wherever it is asked; the organization's
	// own records name the engagement that nobody examines.
	alike := func(v any, err error) (any, error) {
		if err != nil {
			return nil, err
		}
		b, err := json.Marshal(v)
		return strings.ReplaceAll(string(b), absent, engagement), err
	}
	control := func(c soc1.Conclusion) soc1.Conclusion {
		c.Subject, c.SubjectID, c.Outcome, c.Reasons = soc1.OnControl, "it-1-1", soc1.Effective, "Because."
		return c
	}
	var out = map[string][]call{
		"Close": nil, "DefaultActor": nil, "Dir": nil,
		// Warm tells nothing. Watch tells everything to the process itself, which
		// asks Reader before it passes anything on.
		"Warm": nil, "Watch": nil, "WatchAs": nil,
		// Entries is one number of all ledgers together, for the operator alone.
		"Entries": nil,
		// Standing is for whoever lets people sign in, and shown to nobody.
		"Standing": nil,
		// OwnRoles tells of the actor alone.
		"OwnRoles": read(func(s *story, actor string, _ place) (any, error) { return s.app.OwnRoles(s.ctx, actor) }),
		"Zone":     read(func(s *story, _ string, _ place) (any, error) { z, err := s.app.Zone(s.ctx); return z.String(), err }),
		"Reader": read(func(s *story, actor string, p place) (any, error) {
			r, err := s.app.Reader(s.ctx, actor, p.ledger)
			if err != nil {
				return nil, err
			}
			return r.Label(), nil
		}),
		"Activity": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Activity(s.ctx, actor, app.ActivityQuery{Ledgers: []string{p.ledger}, Count: true})
			}},
			{do: func(s *story, actor string, _ place) (any, error) {
				return alike(s.app.Activity(s.ctx, actor, app.ActivityQuery{Count: true, Limit: 500}))
			}},
			{do: func(s *story, actor string, _ place) (any, error) {
				return alike(s.app.Activity(s.ctx, actor, app.ActivityQuery{ID: "t-it-1-1", Count: true}))
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Activity(s.ctx, actor, app.ActivityQuery{Ledgers: []string{p.ledger}, Before: "x"})
			}},
		},
		"Search": {
			{do: func(s *story, actor string, p place) (any, error) {
				return alike(s.app.Search(s.ctx, actor, "t-it-1-1", 0))
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return alike(s.app.Search(s.ctx, actor, "helen", 0))
			}},
			{do: func(s *story, actor string, p place) (any, error) { return alike(s.app.Search(s.ctx, actor, "l", 200)) }},
		},
		"Versus": read(func(s *story, actor string, p place) (any, error) {
			return s.app.Versus(s.ctx, actor, app.RecordChange{Ledger: p.ledger, Kind: "evidence", ID: "ev-calls", Revision: 1, Value: soc1.Evidence{Title: "Mine"}})
		}),
		"PeopleRights": read(func(s *story, actor string, p place) (any, error) {
			return s.app.PeopleRights(s.ctx, actor, p.ledger)
		}),
		"PeopleLedgers": read(func(s *story, actor string, _ place) (any, error) {
			return s.app.PeopleLedgers(s.ctx, actor), nil
		}),
		"AcceptInvitations": read(func(s *story, actor string, _ place) (any, error) {
			return nil, s.app.AcceptInvitations(s.ctx, actor)
		}),
		"MayPut": {
			{do: nothing(func(s *story, actor string, p place) error {
				return s.app.MayPut(s.ctx, actor, p.ledger, "test_of_control", "t-it-1-1")
			})},
			{do: nothing(func(s *story, actor string, p place) error { return s.app.MayPut(s.ctx, actor, p.ledger, "person", "") })},
		},
		"Today": read(func(s *story, _ string, _ place) (any, error) { return s.app.Today(s.ctx) }),
		"View": read(func(s *story, actor string, p place) (any, error) {
			v, err := s.app.View(s.ctx, actor, p.ledger, record.AsOf{})
			if v != nil {
				return v.AsOf(), err
			}
			return nil, err
		}),
		"Ledgers": read(func(s *story, actor string, _ place) (any, error) { return s.app.Ledgers(s.ctx, actor), nil }),
		"WorkLedger": read(func(s *story, actor string, p place) (any, error) {
			return s.app.WorkLedger(s.ctx, actor, p.engagement), nil
		}),
		"History": read(func(s *story, actor string, p place) (any, error) {
			return s.app.History(s.ctx, actor, p.ledger, "test_of_control", "t-it-1-1")
		}),
		"GrownAt": {
			{do: func(s *story, actor string, p place) (any, error) { return s.app.GrownAt(s.ctx, actor, p.ledger, 2) }},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.GrownAt(s.ctx, actor, p.ledger, 1<<40)
			}},
		},
		"KnownAt": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.KnownAt(s.ctx, actor, p.ledger, "2026-02-20")
			}},
			{do: func(s *story, actor string, p place) (any, error) { return s.app.KnownAt(s.ctx, actor, p.ledger, "2") }},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.KnownAt(s.ctx, actor, p.ledger, "never")
			}},
		},
		"Diff": read(func(s *story, actor string, p place) (any, error) {
			return s.app.Diff(s.ctx, actor, p.ledger, record.AsOf{Known: 1}, record.AsOf{})
		}),
		"Export": read(func(s *story, actor string, p place) (any, error) {
			return s.app.Export(s.ctx, actor, p.ledger, record.AsOf{})
		}),
		"Log": read(func(s *story, actor string, p place) (any, error) { return s.app.Log(s.ctx, actor, p.ledger, 0, 0) }),
		"Checkpoint": read(func(s *story, actor string, p place) (any, error) {
			note, key, err := s.app.Checkpoint(s.ctx, actor, p.ledger)
			return string(note) + key, err
		}),
		"Prove": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Prove(s.ctx, actor, p.ledger, 0, nil)
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Prove(s.ctx, actor, p.ledger, 0, []byte("a note"))
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Prove(s.ctx, actor, p.ledger, 1<<40, nil)
			}},
		},
		"VerifyLedgers": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.VerifyLedgers(s.ctx, actor, p.ledger, nil, true)
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.VerifyLedgers(s.ctx, actor, p.ledger, []byte("a note"), false)
			}},
			{do: func(s *story, actor string, _ place) (any, error) {
				return s.app.VerifyLedgers(s.ctx, actor, "", nil, false)
			}},
		},
		"ProfilePopulation": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.ProfilePopulation(s.ctx, actor, p.ledger, "pop-leavers")
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.ProfilePopulation(s.ctx, actor, p.ledger, "pop-none")
			}},
		},
		"Evaluation": {
			{do: func(s *story, actor string, p place) (any, error) { return s.evaluation(actor, p.ledger, p.engagement) }},
			{do: func(s *story, actor string, p place) (any, error) { return s.evaluation(actor, p.ledger, "soc1-none") }},
		},
		"ExceededLimits": read(func(s *story, actor string, p place) (any, error) {
			return s.app.ExceededLimits(s.ctx, actor, app.RunOptions{Ledger: p.ledger})
		}),
		"ReportModel": read(func(s *story, actor string, p place) (any, error) {
			return s.app.ReportModel(s.ctx, actor, p.engagement)
		}),
		"BuildReport": {{slow: true, do: func(s *story, actor string, p place) (any, error) {
			return s.app.BuildReport(s.ctx, actor, p.engagement, filepath.Join(s.t.TempDir(), "r.pdf"))
		}}},
		"ExportBundle": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.bundled(actor, p.engagement, bundle.ForFile)
			}},
			{slow: true, do: func(s *story, actor string, p place) (any, error) {
				return s.bundled(actor, p.engagement, bundle.ForReport)
			}},
		},
		"Apply": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.Apply(s.ctx, actor, s.items(person("eve", p.ledger, "audit_firm", "engagement_partner")), app.ApplyOptions{Reason: "Let me in."})
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Apply(s.ctx, actor, s.items(person("mei", p.ledger, "audit_firm", "firm_staff")), app.ApplyOptions{DryRun: true})
			}},
			// Whether a reference leads somewhere tells what exists.
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Apply(s.ctx, actor, s.items(attribute(p.ledger, "t-it-1-1")), app.ApplyOptions{DryRun: true})
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Apply(s.ctx, actor, s.items(attribute(p.ledger, "t-none")), app.ApplyOptions{DryRun: true})
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.Apply(s.ctx, actor, s.items(attribute("", "t-it-1-1")), app.ApplyOptions{Ledger: p.ledger})
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Apply(s.ctx, actor, s.items("kind: evidence\nid: ev-calls\nretired: true\nledger: "+p.ledger+"\n"), app.ApplyOptions{DryRun: true})
			}},
			// Of two ledgers, neither is written.
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.Apply(s.ctx, actor, s.items(risk("r-beside", "")+attribute(p.ledger, "t-it-1-1")), app.ApplyOptions{})
			}},
		},
		"AttachEvidence": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.AttachEvidence(s.ctx, actor, p.ledger, "ev-calls", []string{testdata("org.yaml")}, "Attached.")
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.AttachEvidence(s.ctx, actor, p.ledger, "ev-none", []string{testdata("none")}, "Attached.")
			}},
		},
		"ImportPopulation": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.ImportPopulation(s.ctx, actor, imported(p.ledger, "pop-leavers", testdata("leavers.csv"), "leaver"))
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.ImportPopulation(s.ctx, actor, imported(p.ledger, "pop-new", testdata("leavers.csv"), "leaver"))
			}},
		},
		"DerivePopulation": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.DerivePopulation(s.ctx, actor, derived(p.ledger, "pop-again"))
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.DerivePopulation(s.ctx, actor, derived(p.ledger, "pop-leavers"))
			}},
		},
		"CheckPopulation": write(func(s *story, actor string, p place) (any, error) {
			return s.app.CheckPopulation(s.ctx, actor, p.ledger, "pop-leavers", app.CheckSpec{Checks: []population.CheckSpec{{Kind: "duplicate_keys"}}})
		}),
		"RunTests": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.RunTests(s.ctx, actor, app.RunOptions{Ledger: p.ledger})
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.RunTests(s.ctx, actor, app.RunOptions{Ledger: p.ledger, Controls: []string{"none"}})
			}},
		},
		"ExpandSample": write(func(s *story, actor string, p place) (any, error) {
			return s.app.ExpandSample(s.ctx, actor, p.ledger, "t-pay-1-1", 2, "Curious.")
		}),
		"RedrawSample": write(func(s *story, actor string, p place) (any, error) {
			return s.app.RedrawSample(s.ctx, actor, p.ledger, "t-pay-1-1", "The first items do not please me.")
		}),
		"DecideExceptions": write(func(s *story, actor string, p place) (any, error) {
			return s.app.DecideExceptions(s.ctx, actor, app.ExceptionDecision{Ledger: p.ledger, Test: "t-it-1-1", Status: soc1.Dismissed, Reason: "It is nothing.", Evidence: "None."})
		}),
		"RecordDeviation": write(nothing(func(s *story, actor string, p place) error {
			return s.app.RecordDeviation(s.ctx, actor, p.ledger, "dev-t-it-1-1", soc1.Deviation{Test: "t-it-1-1", Fact: "Nothing."}, "Mine.")
		})),
		"Conclude": {
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.Conclude(s.ctx, actor, p.ledger, "c-new", control(soc1.Conclusion{Engagement: p.engagement, Limb: soc1.ConcludeOperating}))
			})},
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.Conclude(s.ctx, actor, p.ledger, "c-new", control(soc1.Conclusion{Engagement: p.engagement, Limb: soc1.ConcludeDesign}))
			})},
		},
		"Opine": write(nothing(func(s *story, actor string, p place) error {
			return s.app.Opine(s.ctx, actor, p.ledger, "opinion-1", unmodified())
		})),
		"DiscloseNonce": write(nothing(func(s *story, actor string, p place) error {
			return s.app.DiscloseNonce(s.ctx, actor, p.ledger, "Curious.")
		})),
		"ReleaseReport": write(nothing(func(s *story, actor string, p place) error {
			return s.app.ReleaseReport(s.ctx, actor, p.engagement, "Everybody")
		})),
		"IssueReport": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.IssueReport(s.ctx, actor, p.engagement, "", filepath.Join(s.t.TempDir(), "r.pdf"))
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.IssueReport(s.ctx, actor, p.engagement, "Curious.", "/nowhere/at/all.pdf")
			}},
		},
		"IssuedReport": read(func(s *story, actor string, p place) (any, error) {
			return s.app.IssuedReport(s.ctx, actor, p.engagement, filepath.Join(s.t.TempDir(), "r.pdf"))
		}),
		"Release": write(nothing(func(s *story, actor string, p place) error {
			return s.app.Release(s.ctx, actor, p.ledger, "mine", soc1.Release{What: "All", ToWhom: "Me", Revisions: []soc1.Ref{{Kind: "deviation", ID: "dev-t-it-1-1", Revision: 1}}})
		})),
		"Redactable": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Redactable(s.ctx, actor, p.ledger, 0, 1)
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Redactable(s.ctx, actor, p.ledger, 1<<30, 1)
			}},
		},
		"RedactDocument": {
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.RedactDocument(s.ctx, actor, p.ledger, 0, 1, "Away with it.")
			})},
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.RedactDocument(s.ctx, actor, p.ledger, 1<<30, 1, "Away with it.")
			})},
		},
		"OpenExamination": write(func(s *story, actor string, p place) (any, error) {
			if p.engagement == absent {
				p.engagement = engagement
			}
			return s.app.OpenExamination(s.ctx, p.engagement, "", actor, soc1.Person{Name: "Anybody", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}})
		}),
		"Records": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Records(s.ctx, actor, p.ledger, "test_of_control", record.AsOf{})
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Records(s.ctx, actor, p.ledger, "person", record.AsOf{Known: 1})
			}},
		},
		"Record": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Record(s.ctx, actor, p.ledger, "test_of_control", "t-it-1-1", record.AsOf{})
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Record(s.ctx, actor, p.ledger, "test_of_control", "none", record.AsOf{})
			}},
		},
		"Names": read(func(s *story, actor string, p place) (any, error) { return s.app.Names(s.ctx, actor, p.ledger) }),
		"Invite": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.Invite(s.ctx, actor, app.Inviting{Ledger: p.ledger, ID: "inv-new", Person: "eve", As: soc1.Person{Name: "Eve", Email: "eve@example.com", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}}})
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return s.app.Invite(s.ctx, actor, app.Inviting{Ledger: p.ledger, ID: "inv-new", Person: "helen", As: soc1.Person{Name: "Eve", Email: "eve@example.com", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"firm_staff"}}})
			}},
		},
		"AcceptInvitation": {
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.AcceptInvitation(s.ctx, actor, p.ledger, "inv-exam")
			})},
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.AcceptInvitation(s.ctx, actor, p.ledger, "inv-none")
			})},
		},
		"RevokeInvitation": write(nothing(func(s *story, actor string, p place) error {
			return s.app.RevokeInvitation(s.ctx, actor, p.ledger, "inv-exam", "No.")
		})),
		"Comment": {
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return first(s.app.Comment(s.ctx, actor, app.Commenting{Ledger: p.ledger, ID: "c-new", Subject: soc1.Ref{Ledger: p.ledger, Kind: "test_of_control", ID: "t-it-1-1"}, Text: "Hm."}))
			}},
			{writes: true, do: func(s *story, actor string, p place) (any, error) {
				return first(s.app.Comment(s.ctx, actor, app.Commenting{ID: "c-new", Subject: soc1.Ref{Ledger: p.ledger, Kind: "test_of_control", ID: "none"}, Text: "Hm.", Mentions: []string{"mei"}}))
			}},
		},
		"EditComment": {
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.EditComment(s.ctx, actor, p.ledger, "c-exam", 1, "Hm.", []string{"mei"})
			})},
			{writes: true, do: nothing(func(s *story, actor string, p place) error {
				return s.app.EditComment(s.ctx, actor, p.ledger, "c-none", 1, "Hm.", nil)
			})},
		},
		"ResolveComment": write(nothing(func(s *story, actor string, p place) error {
			return s.app.ResolveComment(s.ctx, actor, p.ledger, "c-exam", true)
		})),
		"Comments": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Comments(s.ctx, actor, soc1.Ref{Ledger: p.ledger, Kind: "test_of_control", ID: "t-it-1-1"})
			}},
			// What the firm says about the organization's records is the firm's.
			{do: func(s *story, actor string, _ place) (any, error) {
				return s.app.Comments(s.ctx, actor, soc1.Ref{Kind: "control", ID: "it-1-1"})
			}},
		},
		"CommentCounts": read(func(s *story, actor string, p place) (any, error) {
			n, err := s.app.CommentCounts(s.ctx, actor, []soc1.Ref{{Ledger: p.ledger, Kind: "test_of_control", ID: "t-it-1-1"}, {Kind: "control", ID: "it-1-1"}})
			return len(n), err
		}),
		"CommentHomes": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.CommentHomes(s.ctx, actor, soc1.Ref{Ledger: p.ledger, Kind: "test_of_control", ID: "t-it-1-1"})
			}},
			{do: func(s *story, actor string, _ place) (any, error) {
				return s.app.CommentHomes(s.ctx, actor, soc1.Ref{Kind: "control", ID: "it-1-1"})
			}},
		},
		"Mentionable": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Mentionable(s.ctx, actor, p.ledger, soc1.Ref{Ledger: p.ledger, Kind: "test_of_control", ID: "t-it-1-1"})
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Mentionable(s.ctx, actor, p.ledger, soc1.Ref{Kind: "control", ID: "it-1-1"})
			}},
			{do: func(s *story, actor string, _ place) (any, error) {
				return s.app.Mentionable(s.ctx, actor, "", soc1.Ref{Kind: "control", ID: "it-1-1"})
			}},
		},
		"Gaps": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Gaps(s.ctx, actor, app.GapOptions{Ledger: p.ledger, Draft: true, Files: true})
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Gaps(s.ctx, actor, app.GapOptions{Ledger: p.ledger, Engagement: p.engagement, AsOf: record.AsOf{Known: 3}})
			}},
		},
		"WithdrawGap": {
			{do: func(s *story, actor string, _ place) (any, error) {
				return nil, s.app.WithdrawGap(s.ctx, actor, "accept-none", "x")
			}},
		},
		"Requests": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Requests(s.ctx, actor, soc1.Ref{Ledger: p.ledger, Kind: "test_of_control", ID: "t-it-1-1"})
			}},
			{do: func(s *story, actor string, _ place) (any, error) {
				return s.app.Requests(s.ctx, actor, soc1.Ref{Kind: "control", ID: "it-1-1"})
			}},
		},
		"Askable": {
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Askable(s.ctx, actor, soc1.Ref{Ledger: p.ledger, Kind: "test_of_control", ID: "t-it-1-1"})
			}},
		},
		"MentionsOf": read(func(s *story, actor string, _ place) (any, error) { return s.app.MentionsOf(s.ctx, actor) }),
		"Waiting": read(func(s *story, actor string, _ place) (any, error) {
			// The engagement that nobody examines waits for its signatures, too.
			items, err := s.app.Waiting(s.ctx, actor)
			return strings.ReplaceAll(s.text(items, nil), absent, engagement), err
		}),
		// Requests concern the organization's ledger alone.
		"Request": {{do: func(s *story, actor string, _ place) (any, error) {
			return s.app.Request(s.ctx, actor, app.Asking{ID: "req-x", Title: "More", To: "helen"})
		}}},
		"AnswerRequest": {{do: nothing(func(s *story, actor string, _ place) error {
			return s.app.AnswerRequest(s.ctx, actor, "req-none", "Here.", nil)
		})}},
		"CloseRequest": {{do: nothing(func(s *story, actor string, _ place) error {
			return s.app.CloseRequest(s.ctx, actor, "req-none", soc1.RequestAccepted, "")
		})}},
		// Signing concerns the organization's ledger alone. The engagement that nobody
		// examines has documents of its own, which read as those of the other.
		"MaySign": {{do: nothing(func(s *story, actor string, _ place) error { return s.app.MaySign(s.ctx, actor, "assertion") })}},
		"Signing": {
			{do: func(s *story, actor string, _ place) (any, error) {
				return s.app.Signing(s.ctx, actor, "representation_letter", "letter-2025", 0)
			}},
			{do: func(s *story, actor string, p place) (any, error) {
				return s.app.Signing(s.ctx, actor, "test_of_control", "t-it-1-1", 0)
			}},
		},
		"Remarks": read(func(s *story, actor string, p place) (any, error) { return s.app.Remarks(s.ctx, actor, p.engagement) }),
		"Sign": {{do: nothing(func(s *story, actor string, _ place) error {
			return s.app.Sign(s.ctx, actor, app.Signature{Kind: "assertion", ID: "none"})
		})}},
	}
	maps.Copy(out, tableCalls())
	maps.Copy(out, scopeCalls())
	maps.Copy(out, fileCalls())
	maps.Copy(out, planCalls())
	maps.Copy(out, riskCalls())
	maps.Copy(out, calendarCalls())
	maps.Copy(out, eventCalls())
	maps.Copy(out, policyCalls())
	maps.Copy(out, trainingCalls())
	maps.Copy(out, mappingCalls())
	maps.Copy(out, backupCalls())
	maps.Copy(out, paperCalls())
	maps.Copy(out, planningCalls())
	maps.Copy(out, populationCalls())
	maps.Copy(out, subserviceCalls())
	return out
}

// first is the first of what a method gives.
func first(x, _ string, err error) (any, error) { return x, err }

func attribute(ledger, test string) string {
	text := "kind: attribute\nid: x-new\neffective: '2025-01-01'\ntest: " + test + "\ncode: X\ntext: Anything.\nmanual: true\n"
	if ledger != "" {
		text += "ledger: " + ledger + "\n"
	}
	return text + "---\n"
}

func risk(id, more string) string {
	return "kind: risk\nid: " + id + "\neffective: '2024-01-01'\ncode: R-" + id + "\ntext: Something goes wrong.\nobjectives: [it-1]\nlikelihood: 3\nimpact: 4\n" + more + "---\n"
}

func (s *story) evaluation(actor, ledger, engagement string) (any, error) {
	f, err := s.app.Evaluation(s.ctx, actor, ledger, engagement)
	if err != nil {
		return nil, err
	}
	return f.Consequences(), nil
}

// bundled gives the bytes of a bundle as text.
func (s *story) bundled(actor, engagement string, audience bundle.Audience) (any, error) {
	path := filepath.Join(s.t.TempDir(), "b")
	if _, err := s.app.ExportBundle(s.ctx, actor, engagement, audience, false, path); err != nil {
		if _, serr := os.Stat(path); serr == nil {
			s.t.Errorf("a bundle refused with %q was written", err)
		}
		return nil, err
	}
	b, err := os.ReadFile(path)
	return len(b) > 0, errors.Join(err, s.bundleHidesExam(b))
}

func (s *story) bundleHidesExam(b []byte) error {
	for _, secret := range secrets {
		if strings.Contains(string(b), secret) {
			return fmt.Errorf("management's bundle holds %q", secret)
		}
	}
	return nil
}

// secrets are words that only the examination's ledger holds.
var secrets = []string{exam, "LEAVER-KEY", "CHANGE-KEY", "acct-1", "Call log inspected", "No call is logged", "T-ITG-1.1", "T-PAY-1.1", "Quartermaine", "Obuya", "Helen", "pop-leavers", "Isolated."}

// walled is an examination told to its end, beside another one and an
// engagement that nobody examines, with people of every role.
func walled(t *testing.T) *story {
	s := told(t)
	// The engagement that nobody examines has what the other one has.
	people := ""
	for id, role := range map[string]string{"amy": "administrator", "cora": "compliance_manager", "rita": "read_only", "bea": "compliance_manager"} {
		people += person(id, "", "service_organization", role)
	}
	people += person("rob", "", "audit_firm", "read_only")
	people += person("xavier", "", "guest", "external_assessor") + person("uma", "", "guest", "user_auditor")
	people += "kind: subservice_organization\nid: sub-1\neffective: '2024-01-01'\nname: Hosting\nservices_provided: Hosts.\nmethod: carve_out\n---\n"
	people += strings.Replace(person("sue", "", "guest", "subservice_organization"), "---", "represents: sub-1\n---", 1)
	people += person("dora", "", "service_organization", "read_only")
	people += "kind: deputy\nid: dep-dora\neffective: '2024-01-01'\nperson: omar\ndeputy: dora\nfrom: 2026-01-01\nuntil: 2026-12-31\nscope: [control_owner]\n---\n"
	// Roles of the organization's own making stop at the wall as the others do.
	people += everyRole + customPerson("ira", "r-all")
	_, err := s.apply("amy", people)
	s.refused(err, "no person \"amy\"")
	_, err = s.apply("dana", people)
	s.must(err)
	for _, it := range s.items(string(mustRead(t, testdata("org.yaml")))) {
		if it.Kind != "engagement" {
			continue
		}
		for _, id := range []string{absent, "soc1-2026"} {
			e := *it.Value.(*soc1.Engagement)
			s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "engagement", ID: id, Effective: "2025-01-01", Value: e}))
		}
	}
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "assertion", ID: "assertion-" + absent, Effective: "2025-01-01", Value: soc1.ManagementAssertion{Engagement: absent}}))
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "representation_letter", ID: "letter-" + absent, Effective: "2025-01-01", Value: soc1.RepresentationLetter{Engagement: absent, Dated: "2026-02-20"}}))
	_, err = s.app.OpenExamination(s.ctx, "soc1-2026", "", "paul", soc1.Person{Name: "Paul Other", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"engagement_partner"}})
	s.must(err)
	_, err = s.apply("helen", person("quinn", exam, "audit_firm", "quality_reviewer")+person("fay", exam, "audit_firm", "firm_administrator")+person("bea", exam, "audit_firm", "engagement_partner"))
	s.must(err)
	// What is said and who is invited in the file stays in it.
	_, err = s.app.Invite(s.ctx, "helen", app.Inviting{Ledger: exam, ID: "inv-exam", Person: "nils", As: soc1.Person{Name: "Nils Quartermaine", Email: "nils@example.com", Side: soc1.SideAuditFirm, Roles: []soc1.Role{"firm_staff"}}})
	s.must(err)
	for id, subject := range map[string]soc1.Ref{"c-exam": {Ledger: exam, Kind: "test_of_control", ID: "t-it-1-1"}, "c-org": {Kind: "control", ID: "it-1-1"}} {
		_, _, err = s.app.Comment(s.ctx, "mei", app.Commenting{ID: id, Subject: subject, Text: "Obuya should look at this.", Mentions: []string{"carla", "mei"}})
		s.must(err)
	}
	return s
}

func mustRead(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// outsiders stand outside the examination.
var outsiders = []string{"dana", "amy", "cora", "omar", "olive", "rita", "bea", "rob", "paul", "zed", "", "xavier", "sue", "uma", "dora", "ira"}

// TestWall makes every call of every method on the examination's ledger as
// everybody who stands outside it, and compares with the same call on a ledger
// that does not exist.
func TestWall(t *testing.T) {
	s := walled(t)
	table := calls()
	typ := reflect.TypeFor[*app.App]()
	for i := range typ.NumMethod() {
		if _, ok := table[typ.Method(i).Name]; !ok {
			t.Errorf("App.%s is not in the table of this test: add how the wall stands for it", typ.Method(i).Name)
		}
	}
	for name := range table {
		if _, ok := typ.MethodByName(name); !ok {
			t.Errorf("App has no method %s; remove it from the table", name)
		}
	}
	there, nowhere := place{exam, engagement}, place{app.ExaminationLedger(absent), absent}
	for name, cs := range table {
		for i, c := range cs {
			for _, actor := range outsiders {
				if c.slow && actor != "cora" && actor != "zed" && actor != "omar" {
					continue
				}
				at := fmt.Sprintf("%s (call %d) by %q", name, i+1, actor)
				before, orgBefore := s.size("helen", exam), s.size("dana", app.OrganizationLedger)
				got, gotErr := c.do(s, actor, there)
				want, wantErr := c.do(s, actor, nowhere)
				if after := s.size("helen", exam); after != before {
					t.Fatalf("%s appended to the examination", at)
				}
				if after := s.size("dana", app.OrganizationLedger); after != orgBefore {
					t.Errorf("%s appended to the organization's ledger beside", at)
				}
				gotText, wantText := s.text(got, gotErr), s.text(want, wantErr)
				if alike := strings.ReplaceAll(wantText, absent, engagement); gotText != alike {
					i := 0
					for i < min(len(gotText), len(alike)) && gotText[i] == alike[i] {
						i++
					}
					i = max(0, i-100)
					t.Errorf("%s tells the examination from one that does not exist:\n got …%.400s\nwant …%.400s", at, gotText[i:], alike[i:])
				}
				if actor == "paul" || actor == "rob" {
					// People of the firm read the organization's ledger, which names the firm.
					continue
				}
				clean := strings.ReplaceAll(gotText, exam, "")
				for _, secret := range secrets[1:] {
					if gotErr == nil && strings.Contains(clean, secret) {
						t.Errorf("%s tells %q: %.600s", at, secret, gotText)
					}
				}
				if gotErr == nil && strings.Contains(gotText, exam) {
					t.Errorf("%s names the examination: %.600s", at, gotText)
				}
			}
		}
	}
}

// text is everything that a call told.
func (s *story) text(v any, err error) string {
	var b []byte
	if err == nil {
		var jerr error
		if b, jerr = json.Marshal(v); jerr != nil {
			s.t.Fatal(jerr)
		}
	} else if v != nil && !reflect.ValueOf(v).IsZero() {
		// What came along with an error was told as well.
		b, _ = json.Marshal(v)
	}
	text := string(b)
	if err != nil {
		var d *identity.DeniedError
		kind := fmt.Sprintf("%T", err)
		if errors.As(err, &d) {
			kind = fmt.Sprintf("%+v", *d)
		}
		text += " error " + err.Error() + " " + kind
	}
	return text
}
