package evaluation

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"reperform/record"
	"reperform/sampling"
	"reperform/soc1"
)

// remembered gives a story its past: nothing was changed yet, and the people and
// systems are as they should be.
func remembered(s *story) *story {
	s.Past = &Past{Results: map[string][]record.Typed[soc1.Result]{}, Exceptions: map[string][]record.Typed[soc1.Exception]{},
		First: map[soc1.Ref]int64{}, Recorded: map[int64]Recorded{}}
	s.Past.Systems = append(s.Past.Systems, rec(s, "system", "core", soc1.System{Name: "Core", InScope: true, Objectives: []string{"it-2"}}))
	s.Past.Letters = append(s.Past.Letters, rec(s, "representation_letter", "letter", soc1.RepresentationLetter{Engagement: "eng", Dated: "2026-02-10", SignedBy: "clerk", SignedOn: "2026-02-10"}))
	s.Past.Team = append(s.Past.Team, rec(s, "person", "senior", soc1.Person{Name: "Sam Iyer", Email: "sam@firm.example", Side: soc1.SideAuditFirm}))
	s.Past.Others = append(s.Past.Others, s.other("clerk", soc1.Person{Name: "Cleo Ahn", Email: "cleo@org.example", Side: soc1.SideServiceOrganization}))
	return s
}

func (s *story) other(id string, p soc1.Person) record.Typed[soc1.Person] {
	r := rec(s, "person", id, p)
	r.Ledger = "org"
	return r
}

func remembering(s *story, change func(s *story)) func() *story {
	return but(remembered(s), change)
}

// frozen is another population with as many rows.
func (s *story) frozen(id, hash string, rows int64) {
	p := s.Populations[0].Value
	p.PopulationHash, p.RowCount, p.Key = strings.Repeat(hash, 64), rows, s.Populations[0].Value.Key
	s.Populations = append(s.Populations, rec(s, "population", id, p))
}

// selection draws n of the rows for a test from a population of the story.
func (s *story) selection(test, id, population string, draw, rows, n int, reason string) {
	p, _ := record.Find(s.Populations, population)
	in := sampling.SeedInput{Algorithm: sampling.Algorithm, Engagement: "eng", Control: test, PopulationHash: p.Value.PopulationHash, Draw: int64(draw)}
	text, err := in.Text()
	if err != nil {
		panic(err)
	}
	in.Nonce = hex.EncodeToString(nonce)
	seed, err := in.Seed()
	if err != nil {
		panic(err)
	}
	picks, err := sampling.Select(seed, slices.Values(keys(1, rows)), int64(n))
	if err != nil {
		panic(err)
	}
	x := soc1.Sample{Test: test, Population: population, PopulationHash: p.Value.PopulationHash, SeedInput: text, Algorithm: sampling.Algorithm,
		NonceCommitment: s.Nonces[0].Value.Commitment, Draw: draw, N: n, Reason: reason}
	for _, p := range picks {
		x.Items = append(x.Items, soc1.SampleItem{Rank: int(p.Rank), Key: p.Key, HMAC: hex.EncodeToString(p.HMAC[:])})
	}
	s.Samples = append(s.Samples, rec(s, "sample", id, x))
}

// steered is the story that a draw from a second population tells: the same
// rows with a column more give another sample.
func steered(drawn bool) *story {
	s := remembered(payroll())
	s.sample("balance", 300, 59)
	s.frozen("pop-again", "c", 300)
	if drawn {
		id := s.test("balance", soc1.SampleMethod, func(t *soc1.TestOfControl) {
			t.SamplePlan, t.Population = soc1.SamplePlan{Model: soc1.Binomial, Confidence: 9500, Tolerable: 500, N: 59}, "pop-again"
		})
		s.attribute(id, "A", true)
		s.selection(id, "s-again", "pop-again", 1, 300, 59, "")
		s.results(id, "A", s.Samples[1].Value.Items)
	}
	return s
}

// changed gives the first result an earlier revision with another outcome.
func (s *story) changed(from, to soc1.Outcome, change ...func(*soc1.Result)) {
	was, now := s.Results[0], s.Results[0]
	was.Value.Outcome, now.Value.Outcome = from, to
	s.pos++
	now.Pos, now.Revision = s.pos, 2
	for _, f := range change {
		f(&now.Value)
	}
	s.Results[0] = now
	s.Past.First[soc1.Ref{Kind: "result", ID: was.ID}] = was.Pos
	s.Past.Results[was.ID] = []record.Typed[soc1.Result]{was, now}
	s.Past.Recorded[now.Pos] = Recorded{By: "junior", At: "2026-01-30T10:00:00.000000Z"}
}

// dismissed is a census in which n failures were dismissed as one group.
func dismissed(n int, change func(*soc1.Exception)) func() *story {
	return func() *story {
		s := payroll()
		id := s.census("balance", counted("A", int64(1000-n), int64(n), 0, 0))
		s.Evidence = append(s.Evidence, rec(s, "evidence", "ev-forms", soc1.Evidence{Title: "Forms"}))
		for _, key := range keys(1, n) {
			s.exception(id, "A", soc1.Dismissed, key)
			x := &s.Exceptions[len(s.Exceptions)-1].Value
			x.Reason, x.Evidence = "Approved on paper.", "Two signed forms with times before the deployment."
			change(x)
		}
		return s
	}
}

// relying is a clean engagement in which PAY-1.1 is automated and was tested
// once, and change management failed.
func relying(change ...func(*soc1.Conclusion)) *story {
	s := remembered(payroll())
	s.Objectives = append(s.Objectives, rec(s, "control_objective", "it-2", soc1.ControlObjective{Code: "IT-2", Title: "Change management", FrameworkIDs: map[string][]string{"TSC-2017": {"CC8.1"}}}))
	s.Controls[0].Value.Nature, s.Controls[0].Value.Systems = soc1.Automated, []string{"core"}
	id := s.test("balance", soc1.ObservationOnly, func(t *soc1.TestOfControl) { t.Population = "" })
	s.attribute(id, "A", true)
	s.result(id, "setting", "A", soc1.Pass)
	s.conclude("balance", soc1.Effective, change...)
	s.conclusion(soc1.Conclusion{Subject: soc1.OnObjective, SubjectID: "it-2", Limb: soc1.ConcludeOperating, Outcome: soc1.NotAchieved})
	return s
}

// pastCases are told anew each time: their changes must not add up.
func pastCases() []flagCase {
	return []flagCase{
		{"a sample told right, and remembered", func() *story { return remembered(sampled(59, 0)) }, ""},

		{"drawn again from the same rows with a column more", func() *story { return steered(true) }, "EVA-25"},
		{"the same rows frozen again and not drawn from", func() *story { return steered(false) }, "EVA-25"},
		{"frozen again before the draw", but(steered(false), func(s *story) { s.Populations[1].Pos = 1 }), "EVA-25"},
		{"frozen again, of other days", but(steered(false), func(s *story) {
			s.Populations[1].Value.PeriodFrom, s.Populations[1].Value.PeriodTo = "2024-01-01", "2024-12-31"
		}), ""},
		{"frozen again, of half the size", but(steered(false), func(s *story) { s.Populations[1].Value.RowCount = 150 }), ""},
		{"frozen again, and a census uses it", but(steered(false), func(s *story) {
			s.test("preview", soc1.Census, func(t *soc1.TestOfControl) { t.Population = "pop-again" })
		}), ""},
		{"the same file imported twice", but(steered(false), func(s *story) { s.Populations[1].Value.PopulationHash = hashes["pop"] }), ""},
		{"two halves of the year", but(steered(true), func(s *story) {
			s.Tests[0].Value.WindowTo, s.Tests[1].Value.WindowFrom = "2025-06-30", "2025-07-01"
		}), ""},
		{"two kinds of items", but(steered(true), func(s *story) {
			s.Populations[1].Value.Key, s.Populations[1].Value.RowCount = []string{"other_id"}, 900
		}), ""},
		{"drawn again for the same test", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.selection("t-1", "s-2", "pop", 2, 300, 59, "The first list was lost.")
			s.results("t-1", "A", s.Samples[1].Value.Items)
		}), "EVA-25"},
		{"drawn again from a corrected extract", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.frozen("pop-again", "c", 300)
			s.Tests[0].Value.Population = "pop-again"
			s.selection("t-1", "s-2", "pop-again", 2, 300, 59, "The first extract lacked December.")
			s.results("t-1", "A", s.Samples[1].Value.Items)
		}), "EVA-25"},
		{"the test was turned to another population and not drawn again", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.frozen("pop-again", "c", 300)
			s.Tests[0].Value.Population = "pop-again"
		}), "EVA-25 SMP-02"},

		{"a failure became a pass", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.changed(soc1.Fail, soc1.Pass, func(r *soc1.Result) { r.ChangeReason = "The form was found." })
		}), "EVA-26"},
		{"an undecided item was settled by another procedure", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.Evidence = append(s.Evidence, rec(s, "evidence", "ev", soc1.Evidence{Title: "Log"}))
			s.changed(soc1.CannotTell, soc1.Pass, func(r *soc1.Result) { r.AlternativeProcedure = "Compared with the bank’s own log." })
		}), "EVA-26"},
		{"a note was added", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.changed(soc1.Pass, soc1.Pass, func(r *soc1.Result) { r.Note = "Second page." })
		}), ""},
		{"the first outcome was redacted", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.changed(soc1.Fail, soc1.Pass)
			for _, list := range s.Past.Results {
				list[0].Redacted, list[0].Value = true, soc1.Result{}
			}
		}), "EVA-26"},

		{"dismissed on words", dismissed(3, func(*soc1.Exception) {}), "EVA-27"},
		{"many dismissed on words", dismissed(manyDismissed+1, func(*soc1.Exception) {}), "EVA-27"},
		{"dismissed with a letter, before more was asked", dismissed(1, func(x *soc1.Exception) { x.Evidence = "x" }), "EVA-27"},
		{"dismissed on evidence", dismissed(30, func(x *soc1.Exception) { x.EvidenceRefs = []string{"ev-forms"} }), ""},
		{"dismissed on evidence that is not there", dismissed(1, func(x *soc1.Exception) { x.EvidenceRefs = []string{"ev-gone"} }), "EVA-27"},
		{"an alternative procedure without evidence", but(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.Attributes[0].Value.Manual, s.Attributes[0].Value.Pass = false, "ok"
			s.Results[0].Value.AlternativeProcedure, s.Results[0].Value.Evidence = "Compared with the bank’s own log.", nil
		}), "EVA-27"},

		{"confirmed, then dismissed", remembering(dismissed(1, func(x *soc1.Exception) { x.EvidenceRefs = []string{"ev-forms"} })(), func(s *story) {
			now := s.Exceptions[0]
			was := now
			was.Value.Status, was.Value.Reason = soc1.Confirmed, "Nobody approved it."
			s.Past.Exceptions[now.ID] = []record.Typed[soc1.Exception]{was, now}
		}), "EVA-28"},

		{"a result after the conclusion", remembering(payroll(), func(s *story) {
			s.sample("balance", 300, 59)
			s.conclude("balance", soc1.Effective)
			s.Results[3].Pos = s.pos + 1
		}), "EVA-29"},
		{"a conclusion after the opinion", remembering(clean(), func(s *story) {
			s.Conclusions[2].Pos = s.pos + 1
		}), "EVA-29"},
		{"a deviation that was only revised", remembering(qualified(), func(s *story) {
			d := &s.Deviations[0]
			s.Past.First[soc1.Ref{Kind: "deviation", ID: d.ID}] = d.Pos
			d.Pos, d.Revision = s.pos+1, 2
		}), ""},

		{"one item while changes were not controlled", func() *story { return relying() }, "CTL-09"},
		{"one item, and what it rests on", func() *story {
			return relying(func(c *soc1.Conclusion) {
				c.Reliance = "Compared the configuration of January 2 and December 31, 2025."
			})
		}, ""},
		{"one item, changes were controlled", but(relying(), func(s *story) { s.Conclusions[1].Value.Outcome = soc1.Achieved }), ""},
		{"one item, changes failed on other days", but(relying(window("2025-07-01", "2025-12-31")), func(s *story) {
			s.Conclusions[1].Value.WindowTo = "2025-03-31"
			s.Tests[0].Value.WindowFrom = "2025-07-01"
		}), ""},
		{"one item, a control of changes failed", but(relying(), func(s *story) {
			s.Controls = append(s.Controls, rec(s, "control", "approve", soc1.Control{Code: "IT-2.1", Objectives: []string{"it-2"}}))
			s.Conclusions[1].Value.Subject, s.Conclusions[1].Value.SubjectID, s.Conclusions[1].Value.Outcome = soc1.OnControl, "approve", soc1.NotEffective
		}), "CTL-09"},
		{"one item, and nothing protects the system", but(relying(), func(s *story) { s.Past.Systems[0].Value.Objectives = nil }), "CTL-09"},
		{"one item of a control that names no system", but(relying(), func(s *story) { s.Controls[0].Value.Systems = nil }), "CTL-09"},
		{"a manual control looked at once", but(relying(), func(s *story) { s.Controls[0].Value.Nature = soc1.Manual }), ""},

		{"one of the team was one of management's people", remembering(payroll(), func(s *story) {
			p := s.other("senior", soc1.Person{Name: "S. Iyer", Side: soc1.SideServiceOrganization})
			p.Retired = true
			s.Past.Others = append(s.Past.Others, p)
		}), "EVA-30"},
		{"one of the team owns a control", remembering(payroll(), func(s *story) { s.Controls[0].Value.Reviewer = "senior" }), "EVA-30"},
		{"a namesake", remembering(payroll(), func(s *story) { s.Past.Others[0].Value.Name = "sam  IYER" }), "EVA-30"},
		{"an address of both", remembering(payroll(), func(s *story) { s.Past.Others[0].Value.Email = "Sam@firm.example" }), "EVA-30"},
		{"management's contact at the firm", remembering(payroll(), func(s *story) {
			s.Past.Others = append(s.Past.Others, s.other("senior", soc1.Person{Name: "Sam Iyer", Side: soc1.SideAuditFirm}))
		}), ""},
		{"no representation letter", remembering(clean(), func(s *story) { s.Past.Letters = nil }), "RPT-02"},
		{"a letter that nobody signed", remembering(clean(), func(s *story) { s.Past.Letters[0].Value.SignedBy = "" }), "RPT-02"},
		{"a letter signed on paper", remembering(clean(), func(s *story) {
			s.Past.Letters[0].Value.SignedBy, s.Past.Letters[0].Value.File = "", soc1.File{Name: "letter.pdf"}
		}), ""},
		{"a letter of another day", remembering(clean(), func(s *story) { s.Past.Letters[0].Value.Dated = "2026-02-09" }), "RPT-02"},
		{"a letter that bears the day of its signature", remembering(clean(), func(s *story) { s.Past.Letters[0].Value.Dated = "" }), ""},
		{"a letter of another engagement", remembering(clean(), func(s *story) { s.Past.Letters[0].Value.Engagement = "last" }), "RPT-02"},
		{"an included organization without a letter", remembering(clean(), func(s *story) {
			s.Past.Subs = append(s.Past.Subs, rec(s, "subservice_organization", "bank", soc1.SubserviceOrganization{Name: "Bank", Method: soc1.Inclusive}))
		}), "RPT-02"},
		{"an included organization with its letter", remembering(clean(), func(s *story) {
			s.Past.Subs = append(s.Past.Subs, rec(s, "subservice_organization", "bank", soc1.SubserviceOrganization{Name: "Bank", Method: soc1.Inclusive}))
			s.Past.Letters = append(s.Past.Letters, rec(s, "representation_letter", "its", soc1.RepresentationLetter{Engagement: "eng", SubserviceOrganization: "bank", SignedOn: "2026-02-10"}))
		}), ""},
		{"an organization that is carved out", remembering(clean(), func(s *story) {
			s.Past.Subs = append(s.Past.Subs, rec(s, "subservice_organization", "bank", soc1.SubserviceOrganization{Name: "Bank", Method: soc1.CarveOut}))
		}), ""},

		{"management's own testing", remembering(payroll(), func(s *story) {
			s.By, s.Controls[0].Value.Owner = soc1.ByManagement, "senior"
		}), ""},
	}
}

// What a flag weighs and says: who reads it decides by it.
func TestFlagsOfThePastSayWhatHappened(t *testing.T) {
	cases := pastCases()
	for _, c := range []struct {
		story    string
		severity Severity
		says     []string
	}{
		{"drawn again from the same rows with a column more", High, []string{"s-again (draw 1 of test T-2, from population pop-again)", "s-t-1 (draw 1 of test T-1, from population pop)",
			"results were recorded by then for 59 of 59 items", "left out are", "No reason is recorded."}},
		{"drawn again from a corrected extract", High, []string{`The reason given: "The first extract lacked December."`}},
		{"the same rows frozen again and not drawn from", High, []string{"pop-again, of 300 rows, was frozen after sample s-t-1"}},
		{"frozen again before the draw", Medium, []string{"was frozen before sample s-t-1"}},
		{"a failure became a pass", High, []string{"fail by senior on 2026-01-15 became pass by junior on 2026-01-15", `reason: "The form was found."`}},
		{"an undecided item was settled by another procedure", Medium, []string{"cannot tell by senior", `reason: "Compared with the bank`}},
		{"the first outcome was redacted", High, []string{"was redacted"}},
		{"dismissed on words", Medium, []string{"3 items of test T-1 were dismissed by senior on 2026-01-21 on words alone", "Two signed forms"}},
		{"many dismissed on words", High, []string{"11 items"}},
		{"dismissed with a letter, before more was asked", High, []string{"1 item of test T-1 was dismissed"}},
		{"confirmed, then dismissed", High, []string{`confirmed by senior on 2026-01-21 ("Nobody approved it.")`}},
		{"a result after the conclusion", Critical, []string{"stands since entry"}},
		{"one item while changes were not controlled", High, []string{"IT-2, change management, is concluded not achieved"}},
		{"one item, a control of changes failed", High, []string{"IT-2.1 of IT-2, change management, is concluded not effective"}},
		{"one item, and nothing protects the system", Medium, []string{"no objective on change management protects Core"}},
		{"one of the team was one of management's people", High, []string{"senior works on the examination for the firm and was recorded"}},
		{"one of the team owns a control", High, []string{"owns, performs or reviews the control PAY-1.1"}},
		{"a namesake", Medium, []string{"the same name: are they one person?"}},
	} {
		t.Run(c.story, func(t *testing.T) {
			i := slices.IndexFunc(cases, func(x flagCase) bool { return x.story == c.story })
			flags := cases[i].tell().Consequences().Flags
			if len(flags) != 1 || flags[0].Severity != c.severity {
				t.Fatalf("want one of %s:\n%s", c.severity, text(flags))
			}
			for _, words := range c.says {
				if !strings.Contains(flags[0].Text, words) {
					t.Errorf("%q does not say %q", flags[0].Text, words)
				}
			}
		})
	}
}
