package app_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reperform/app"
	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// giveaway stands in the remark of a blind score; whoever reads it has read the score.
const giveaway = "zebrafish"

func (s *story) session(risks ...string) string {
	s.t.Helper()
	id, err := s.app.OpenRiskSession(s.ctx, "dana", app.RiskOpening{Title: "Risk assessment 2025", Engagement: engagement, Participants: []string{"dana", "olive", "omar"}, Risks: risks, Due: "2026-12-31"})
	s.must(err)
	return id
}

func rated(risk string, likelihood, impact, residualLikelihood, residualImpact int, remark string) soc1.RiskRating {
	return soc1.RiskRating{Risk: risk, Likelihood: likelihood, Impact: impact, ResidualLikelihood: residualLikelihood, ResidualImpact: residualImpact, Remark: remark}
}

// While a session is blind, nothing that its facilitator can ask for tells a score:
// no record, history, log, activity, search, export or file, and neither do the
// bytes on the disk.
func TestBlindScoresAreToldNowhere(t *testing.T) {
	s := begin(t)
	id := s.session()
	omars := []soc1.RiskRating{rated("it-1-r1", 5, 4, 3, 3, giveaway)}
	commitment, err := s.app.ScoreRisks(s.ctx, "omar", id, omars)
	s.must(err)
	_, err = s.app.ScoreRisks(s.ctx, "olive", id, []soc1.RiskRating{rated("it-1-r1", 2, 2, 1, 1, giveaway), rated("pay-1-r1", 3, 3, 0, 0, "")})
	s.must(err)

	for _, actor := range []string{"dana", "olive"} {
		asked := 0
		look := func(what string, v any, err error) {
			t.Helper()
			s.must(err)
			b, err := json.Marshal(v)
			s.must(err)
			// Bodies may be JSON within JSON, or bytes of files.
			for _, word := range []string{giveaway, `residual_likelihood":3`, `residual_likelihood\":3`, `"salt":"`, `\"salt\":\"`} {
				if bytes.Contains(b, []byte(word)) {
					t.Errorf("%s tells %s a blind score: %s", what, actor, b)
				}
			}
			asked++
		}
		v, err := s.app.View(s.ctx, actor, app.OrganizationLedger, record.AsOf{})
		s.must(err)
		scores, err := v.List(s.ctx, "risk_score")
		look("View.List", scores, err)
		if len(scores) != 2 {
			t.Fatalf("%d scores are recorded", len(scores))
		}
		for _, r := range scores {
			look("View.Get", must(v.Get(s.ctx, r.Kind, r.ID)), nil)
			var body map[string]any
			s.must(json.Unmarshal(r.Body, &body))
			for name := range body {
				if !slices.Contains([]string{"session", "by", "on", "scored", "commitment"}, name) {
					t.Errorf("a blind score has the field %s", name)
				}
			}
			h, err := s.app.History(s.ctx, actor, app.OrganizationLedger, r.Kind, r.ID)
			look("History", h, err)
		}
		log, err := s.app.Log(s.ctx, actor, app.OrganizationLedger, 0, 500)
		look("Log", log, err)
		happened, err := s.app.Activity(s.ctx, actor, app.ActivityQuery{Count: true, Limit: 500})
		look("Activity", happened, err)
		found, err := s.app.Search(s.ctx, actor, giveaway, 50)
		look("Search", found, err)
		if len(found) > 0 {
			t.Errorf("a search finds a blind score: %+v", found)
		}
		waits, err := s.app.Waiting(s.ctx, actor)
		look("Waiting", waits, err)
		files, err := s.app.Export(s.ctx, actor, app.OrganizationLedger, record.AsOf{})
		s.must(err)
		for name, b := range files {
			look("Export "+name, string(b), nil)
		}
		_, err = s.app.ExportRecords(s.ctx, actor, app.OrganizationLedger, "risk_score", record.AsOf{}, nil)
		s.refused(err, "not written by files")
		standing, err := s.app.RiskSession(s.ctx, actor, id, record.AsOf{})
		look("RiskSession", standing, err)
		risks, err := s.app.Risks(s.ctx, actor, app.RiskOptions{})
		look("Risks", risks.Standings, err)
		if asked < 12 {
			t.Errorf("only %d answers were looked at", asked)
		}
		if standing.Scorers[2].Scored != 1 || standing.Scorers[1].Scored != 2 || len(standing.Risks[0].Scores) > 0 {
			t.Errorf("%+v", standing.Scorers)
		}
	}
	own, err := s.app.OwnRiskScores(s.ctx, "dana", id)
	s.must(err)
	if len(own) > 0 {
		t.Errorf("the facilitator, who has not scored, is told %v", own)
	}
	if own, err = s.app.OwnRiskScores(s.ctx, "omar", id); err != nil || !slices.Equal(own, omars) {
		t.Errorf("omar finds %v, %v", own, err)
	}

	// The commitment is an address, but none of a file: evidence that names it is
	// refused or gives no bytes.
	_, err = s.apply("dana", "kind: evidence\nid: ev-trick\neffective: 2026-01-02\ntitle: Trick\nsource: system_generated\ncontrols: [it-1-1]\nfiles:\n- name: x.json\n  media_type: application/json\n  size: 1\n  sha256: "+commitment+"\n")
	if err == nil {
		_, _, err = s.app.FileOf(s.ctx, "dana", app.OrganizationLedger, "evidence", "ev-trick", commitment)
	}
	if err == nil {
		t.Error("the facilitator opened sealed scores as a file")
	}

	s.must(filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(giveaway)) {
			t.Errorf("%s holds a blind score in the clear", path)
		}
		return err
	}))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// A session from its opening to the ratings that it leaves, and everything that it
// refuses on the way.
func TestRiskSession(t *testing.T) {
	s := begin(t)
	open := func(change func(*app.RiskOpening)) error {
		o := app.RiskOpening{Title: "x", Engagement: engagement, Participants: []string{"omar"}}
		change(&o)
		_, err := s.app.OpenRiskSession(s.ctx, "dana", o)
		return err
	}
	var denied *identity.DeniedError
	if _, err := s.app.OpenRiskSession(s.ctx, "omar", app.RiskOpening{Title: "x", Participants: []string{"omar"}}); !errors.As(err, &denied) {
		t.Errorf("a control owner opens a session: %v", err)
	}
	s.refused(open(func(o *app.RiskOpening) { o.Title = " " }), "title:")
	s.refused(open(func(o *app.RiskOpening) { o.Participants = nil }), "Nobody is invited")
	s.refused(open(func(o *app.RiskOpening) { o.Participants = []string{"nobody"} }), `"nobody" does not exist`)
	s.refused(open(func(o *app.RiskOpening) { o.Participants = []string{"omar", "omar"} }), "listed twice")
	s.refused(open(func(o *app.RiskOpening) { o.Due = "2020-01-01" }), "has passed")
	s.refused(open(func(o *app.RiskOpening) { o.Risks = []string{"none"} }), `"none" does not exist`)
	s.refused(open(func(o *app.RiskOpening) { o.Engagement = "none" }), `"none"`)
	_, err := s.apply("dana", "kind: person\nid: gone\neffective: '2024-01-01'\nname: Gus Gone\nside: service_organization\nroles: [control_owner]\nactive_to: '2024-12-31'\n---\n"+
		"kind: person\nid: rolf\neffective: '2024-01-01'\nname: Rolf\nside: service_organization\nroles: [read_only]\n---\n"+
		"kind: person\nid: gina\neffective: '2024-01-01'\nname: Gina\nside: guest\nroles: [external_assessor]\n")
	s.must(err)
	s.refused(open(func(o *app.RiskOpening) { o.Participants = []string{"gone"} }), "left on 2024-12-31")
	s.refused(open(func(o *app.RiskOpening) { o.Participants = []string{"gina"} }), "no role of the organization")
	s.must(open(func(o *app.RiskOpening) { o.ID, o.Participants = "readers", []string{"rolf"} }))
	s.refused(open(func(o *app.RiskOpening) { o.ID = "readers" }), "already")

	id := s.session("it-1-r1", "pay-1-r1")
	score := func(actor string, list ...soc1.RiskRating) error {
		_, err := s.app.ScoreRisks(s.ctx, actor, id, list)
		return err
	}
	s.refused(score("rolf", rated("it-1-r1", 3, 3, 0, 0, "")), "not among the participants")
	s.refused(score("omar", rated("it-1-r1", 6, 3, 0, 0, "")), "outside 1 to 5")
	s.refused(score("omar", rated("it-1-r1", -1, 3, 0, 0, "")), "outside 1 to 5")
	s.refused(score("omar", rated("it-1-r1", 0, 3, 0, 0, "")), `"Likelihood" is missing`)
	s.refused(score("omar", rated("it-1-r1", 3, 3, 2, 0, "")), "Only one half")
	s.refused(score("omar", rated("it-1-r1", 3, 3, 4, 3, "")), "likelier than without")
	s.refused(score("omar", rated("it-1-r1", 3, 3, 0, 0, ""), rated("it-1-r1", 2, 2, 0, 0, "")), "rated twice")
	s.refused(score("omar", rated("none", 3, 3, 0, 0, "")), "not in question")
	s.refused(score("omar"), `"Scores" is missing`)
	reveal := func() ([]string, error) { return s.app.RevealRiskScores(s.ctx, "dana", id) }
	_, err = reveal()
	s.refused(err, "nobody has scored yet")
	s.refused(s.app.AgreeRisk(s.ctx, "dana", id, rated("it-1-r1", 3, 3, 2, 2, "We agree.")), "still blind")

	// Twice: the second replaces the first, and both commitments stay.
	s.must(score("omar", rated("it-1-r1", 1, 1, 0, 0, "")))
	s.must(score("omar", rated("pay-1-r1", 5, 4, 2, 3, "Keyed by hand."), rated("it-1-r1", 4, 4, 2, 2, "")))
	s.must(score("dana", rated("it-1-r1", 2, 4, 1, 3, ""), rated("pay-1-r1", 2, 4, 1, 1, "")))
	s.must(score("olive", rated("it-1-r1", 2, 2, 1, 1, "")))
	past, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "risk_score", id+".omar")
	s.must(err)
	if len(past) != 2 {
		t.Errorf("%d revisions", len(past))
	}
	waits := func(actor string) string {
		list, err := s.app.Waiting(s.ctx, actor)
		s.must(err)
		var out []string
		for _, x := range list {
			if x.Ref.ID == id {
				out = append(out, x.What)
			}
		}
		return strings.Join(out, "|")
	}
	if got := waits("olive") + "/" + waits("omar") + "/" + waits("dana"); got != `Score the other 1 of 2 risks in "Risk assessment 2025".//` {
		t.Errorf("waits: %s", got)
	}

	// What olive sealed is lost.
	v, err := s.app.RiskSession(s.ctx, "dana", id, record.AsOf{})
	s.must(err)
	s.must(app.LoseSealed(s.ctx, s.app, v.Scorers[1].Commitment))
	if _, err := s.app.RevealRiskScores(s.ctx, "omar", id); !errors.As(err, &denied) {
		t.Errorf("a participant reveals: %v", err)
	}
	lost, err := reveal()
	s.must(err)
	if !slices.Equal(lost, []string{"olive"}) {
		t.Errorf("lost: %v", lost)
	}
	_, err = reveal()
	s.refused(err, "revealed once")
	s.refused(score("olive", rated("it-1-r1", 3, 3, 0, 0, "")), "Nobody scores after having seen")
	v, err = s.app.RiskSession(s.ctx, "omar", id, record.AsOf{})
	s.must(err)
	if got := fmt.Sprint(v.Risks[0].By, v.Risks[0].Spread(), v.Risks[1].By, v.Risks[1].Spread(), v.Scorers[1].Lost != ""); got != "[dana omar] 2 [dana omar] 3 true" {
		t.Error(got)
	}
	proof, err := s.app.VerifyRiskSession(s.ctx, "omar", id)
	s.must(err)
	if proof.Checked != 2 || len(proof.Troubles) != 1 || !strings.HasPrefix(proof.Troubles[0], "olive: The sealed scores") {
		t.Errorf("%+v", proof)
	}

	s.refused(s.app.AgreeRisk(s.ctx, "dana", id, rated("it-1-r1", 3, 3, 2, 2, " ")), "reason:")
	s.refused(s.app.AgreeRisk(s.ctx, "dana", id, rated("none", 3, 3, 2, 2, "x")), "not in question")
	s.refused(s.app.AgreeRisk(s.ctx, "dana", id, rated("it-1-r1", 3, 9, 2, 2, "x")), "outside 1 to 5")
	s.must(s.app.AgreeRisk(s.ctx, "dana", id, rated("it-1-r1", 3, 3, 2, 2, "Between the two.")))
	s.must(s.app.AgreeRisk(s.ctx, "dana", id, rated("it-1-r1", 3, 4, 2, 2, "The impact is as both scored it.")))
	_, err = s.app.CloseRiskSession(s.ctx, "dana", id, "")
	s.refused(err, "nothing is agreed on PAY-1-R1")
	s.must(s.app.AgreeRisk(s.ctx, "dana", id, rated("pay-1-r1", 5, 4, 3, 4, "Keyed by hand.")))
	s.refused(s.app.ConsiderRisk(s.ctx, "dana", id, soc1.RiskConsideration{Prompt: "none", Note: "x"}), `no prompt "none"`)
	s.must(s.app.ConsiderRisk(s.ctx, "dana", id, soc1.RiskConsideration{Prompt: "fraud_override", Objective: "pay-1", Note: "Administrators cannot release files.", Risks: []string{"pay-1-r1"}}))
	n, err := s.app.CloseRiskSession(s.ctx, "dana", id, "Next in a year.")
	s.must(err)
	if n != 2 {
		t.Errorf("%d risks changed", n)
	}
	_, err = s.app.CloseRiskSession(s.ctx, "dana", id, "")
	s.refused(err, "cannot be changed any more")
	history, err := s.app.History(s.ctx, "dana", app.OrganizationLedger, "risk", "pay-1-r1")
	s.must(err)
	b, err := json.Marshal(history)
	s.must(err)
	if !strings.Contains(string(b), "Agreed in risk session "+id) {
		t.Errorf("the history does not name the session: %s", b)
	}
	all, err := s.app.Risks(s.ctx, "omar", app.RiskOptions{})
	s.must(err)
	i := slices.IndexFunc(all.Standings, func(x app.RiskStanding) bool { return x.Ref.ID == "pay-1-r1" })
	x := all.Standings[i]
	if x.Residual.Score() != 12 || x.Inherent.Score() != 20 || x.Before == nil || len(x.Points) != 2 || x.Moved() != 12-x.Points[0].Rating().Score() || !x.Alarming() || x.Unmitigated() {
		t.Errorf("%+v", x)
	}
	s.must(s.app.WithdrawRiskSession(s.ctx, "dana", "readers", "Opened by mistake."))
	s.refused(func() error {
		_, err := s.app.ScoreRisks(s.ctx, "rolf", "readers", []soc1.RiskRating{rated("it-1-r1", 3, 3, 0, 0, "")})
		return err
	}(), "Withdrawn")
}
