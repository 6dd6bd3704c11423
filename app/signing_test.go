package app_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// TestSigning follows an assertion from its draft over its signature to a change
// afterwards.
func TestSigning(t *testing.T) {
	s := begin(t)
	read := func(known int64) *app.Signing {
		t.Helper()
		x, err := s.app.Signing(s.ctx, "olive", "assertion", "assertion-2025", known)
		s.must(err)
		return x
	}
	draft := read(0)
	if draft.Signed != nil || draft.Earlier != nil || draft.Differs || draft.Revision != 1 || draft.Known < 2 || draft.Engagement != engagement {
		t.Errorf("the draft: %+v", draft)
	}
	if !strings.Contains(draft.Title, "Alder Payroll Services, Inc.") || !strings.Contains(draft.Text, "the controls operated effectively throughout the period") || strings.Contains(draft.Text, "draft") {
		t.Errorf("the text is not that of Section II: %s\n%s", draft.Title, draft.Text)
	}
	if sum := sha256.Sum256([]byte(draft.Text)); hex.EncodeToString(sum[:]) != draft.SHA256 {
		t.Error("the hash is not that of the text")
	}
	styles := map[string]int{}
	for _, l := range draft.Lines {
		styles[l.Style]++
		if !strings.Contains(draft.Text, l.Text) {
			t.Errorf("the page shows a line that is not hashed: %q", l.Text)
		}
	}
	if styles["heading"] < 2 || styles["item"] < 5 || styles[""] < 2 {
		t.Errorf("lines of the text: %v", styles)
	}

	// Whatever the text is made of changes it, and then what was read is not
	// signed.
	stale := app.Signature{Kind: "assertion", ID: "assertion-2025", Revision: draft.Revision, SHA256: draft.SHA256}
	_, err := s.apply("dana", "kind: subservice_organization\nid: bank\neffective: '2025-01-01'\nname: Shoal Bank\nmethod: carve_out\nservices_provided: Payments\n")
	s.must(err)
	var changed *app.TextChangedError
	if err := s.app.Sign(s.ctx, "olive", stale); !errors.As(err, &changed) || !strings.Contains(err.Error(), "nothing was signed") {
		t.Errorf("a text that changed since it was read was signed: %v", err)
	}
	now := read(0)
	if now.SHA256 == draft.SHA256 || !strings.Contains(now.Text, "Shoal Bank") {
		t.Errorf("a subservice organization does not change the text: %s", now.Text)
	}
	if before := read(draft.Known); before.SHA256 != draft.SHA256 {
		t.Error("what was read before cannot be read again")
	}
	// So does the record itself.
	d := one[soc1.ManagementAssertion](s, "dana", app.OrganizationLedger, "assertion", "assertion-2025")
	d.Value.Modifications = []soc1.AssertionModification{{Limb: soc1.LimbOperating, Objective: "it-1", Text: "Accounts were disabled late."}}
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "assertion", ID: "assertion-2025", Revision: d.Revision, Effective: "2026-02-20", Value: d.Value}))
	if err := s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025", Revision: now.Revision, SHA256: now.SHA256}); !errors.As(err, &changed) || changed.Against != 1 || changed.Now != 2 {
		t.Errorf("an assertion that changed since it was read was signed: %v", err)
	}
	now = read(0)
	if !strings.Contains(now.Text, "Accounts were disabled late.") {
		t.Errorf("a stated exception is not in the text: %s", now.Text)
	}

	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025", Revision: now.Revision, SHA256: now.SHA256, Statement: " Read with Dana. "}))
	signed := read(0)
	if g := signed.Signed; g == nil || g.By != "olive" || g.Title != "Chief Executive Officer" || g.On != "2026-02-20" || g.SHA256 != now.SHA256 || g.Statement != "Read with Dana." || g.Revision != 3 || signed.Differs {
		t.Errorf("the signature: %+v, differs %v", signed.Signed, signed.Differs)
	}
	s.refused(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025"}), "is signed already, by olive on 2026-02-20")

	// What it is made of changes again: the signature stands under other words.
	_, err = s.apply("dana", "kind: subservice_organization\nid: bank\neffective: '2025-01-01'\nname: Shoal Bank, N.A.\nmethod: carve_out\nservices_provided: Payments\n")
	s.must(err)
	if after := read(0); after.Signed == nil || !after.Differs {
		t.Errorf("a text that changed under its signature: %+v", after)
	}
	if then := read(signed.Signed.Pos + 1); then.SHA256 != signed.SHA256 || then.Differs {
		t.Error("what was signed cannot be read again")
	}
	// A revision without the signature waits to be signed again, and tells of it.
	d = one[soc1.ManagementAssertion](s, "dana", app.OrganizationLedger, "assertion", "assertion-2025")
	d.Value.SignedBy, d.Value.SignedTitle, d.Value.SignedOn, d.Value.SignedSHA256 = "", "", "", ""
	s.must(s.app.PutRecord(s.ctx, "dana", app.RecordChange{Kind: "assertion", ID: "assertion-2025", Revision: d.Revision, Effective: "2026-02-20", Value: d.Value}))
	again := read(0)
	if again.Signed != nil || again.Earlier == nil || again.Earlier.Revision != 3 || again.Differs {
		t.Errorf("taken away: %+v", again)
	}
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "assertion-2025", SHA256: again.SHA256}))
	if g := read(0).Signed; g == nil || g.Revision != 5 || g.Statement != "Signed." {
		t.Errorf("signed again: %+v", g)
	}
}

// TestSigningLetters signs letters with and without a date of their own, and
// refuses what is not theirs to sign.
func TestSigningLetters(t *testing.T) {
	s := begin(t)
	letter := func(id, more string) {
		t.Helper()
		_, err := s.apply("dana", "kind: representation_letter\nid: "+id+"\neffective: '2026-02-01'\nengagement: soc1-2025\n"+more)
		s.must(err)
	}
	letter("dated", "dated: '2026-02-18'\nstatements: [We told you all.]\ndisclosures: |\n  Nothing.\n  Nothing else.\n")
	letter("undated", "")
	x, err := s.app.Signing(s.ctx, "olive", "representation_letter", "dated", 0)
	s.must(err)
	for _, want := range []string{"Dated: February 18, 2026", "1. We told you all.", "Nothing else.", "Alder Payroll Services, Inc."} {
		if !strings.Contains(x.Text, want) {
			t.Errorf("the letter does not read %q:\n%s", want, x.Text)
		}
	}
	s.refused(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "dated", Dated: "2026-02-20"}), "is dated 2026-02-18")
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "dated", SHA256: x.SHA256}))

	x, err = s.app.Signing(s.ctx, "olive", "representation_letter", "undated", 0)
	s.must(err)
	if x.Dated != "" || !strings.Contains(x.Text, "[no date yet]") {
		t.Errorf("a letter without a date: %+v", x)
	}
	s.refused(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "undated", Dated: "2026-02-30"}), "dated")
	s.refused(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "undated", Dated: "2026-02-21"}), "comes after the day of its signature, 2026-02-20")
	s.must(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "representation_letter", ID: "undated", SHA256: x.SHA256, Dated: "2026-02-19"}))
	got := one[soc1.RepresentationLetter](s, "dana", app.OrganizationLedger, "representation_letter", "undated").Value
	after, err := s.app.Signing(s.ctx, "dana", "representation_letter", "undated", 0)
	s.must(err)
	if got.Dated != "2026-02-19" || got.SignedOn != "2026-02-20" || after.SHA256 != got.SignedSHA256 || after.Differs {
		t.Errorf("dated with the signature: %+v, reads %s", got, after.SHA256)
	}
	// The hash belongs to the signature, and so does no file bring one.
	_, err = s.apply("dana", "kind: representation_letter\nid: dated\neffective: '2026-02-01'\nengagement: soc1-2025\nsigned_on: '2026-02-20'\nsigned_by: olive\nsigned_title: Chief Executive Officer\nsigned_sha256: "+strings.Repeat("0", 64)+"\n")
	s.refused(err, "a file cannot sign for a person")

	_, err = s.apply("dana", "kind: subservice_organization\nid: bank\neffective: '2025-01-01'\nname: Shoal Bank\nmethod: inclusive\nservices_provided: Payments\n---\n"+
		"kind: assertion\nid: of-bank\neffective: '2026-02-01'\nengagement: soc1-2025\nsubservice_organization: bank\n")
	s.must(err)
	s.refused(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "of-bank"}), "whose own management signs it")
	s.refused(s.app.Sign(s.ctx, "olive", app.Signature{Kind: "policy", ID: "p"}), "policy")
	if err := s.app.Sign(s.ctx, "olive", app.Signature{Kind: "assertion", ID: "none"}); !errors.Is(err, record.ErrNotFound) {
		t.Errorf("an assertion that does not exist: %v", err)
	}
}

// TestMaySign is the table of who signs, and who reads what is signed.
func TestMaySign(t *testing.T) {
	s := walled(t)
	for actor, may := range map[string]struct{ signs, reads bool }{
		"olive": {true, true}, "dana": {false, true}, "amy": {false, true}, "cora": {false, true}, "omar": {false, true}, "rita": {false, true},
		"xavier": {}, "sue": {}, "uma": {}, "helen": {false, true}, "zed": {},
	} {
		for _, kind := range []string{"assertion", "representation_letter"} {
			if err := s.app.MaySign(s.ctx, actor, kind); (err == nil) != may.signs {
				t.Errorf("%s signs a %s: %v", actor, kind, err)
			}
		}
		if err := s.app.MaySign(s.ctx, actor, "policy"); err == nil {
			t.Errorf("%s signs policies", actor)
		}
		_, err := s.app.Signing(s.ctx, actor, "representation_letter", "letter-2025", 0)
		var denied *identity.DeniedError
		if (err == nil) != may.reads || err != nil && actor != "zed" && !errors.As(err, &denied) {
			t.Errorf("%s reads what is signed: %v", actor, err)
		}
		if before := s.size("dana", app.OrganizationLedger); !may.signs {
			if err := s.app.Sign(s.ctx, actor, app.Signature{Kind: "representation_letter", ID: "letter-2025"}); err == nil || s.size("dana", app.OrganizationLedger) != before {
				t.Errorf("%s signed: %v", actor, err)
			}
		}
	}
}
