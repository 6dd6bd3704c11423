package wording

import (
	"reperform/soc1"

	"reperform/english"
)

// Subservice is a subservice organization as a sentence names it.
type Subservice struct {
	Name, Functions string
}

// Facts are what the sentences depend on. Nothing here is text of its own:
// every field follows from records.
type Facts struct {
	// Org is the organization's name, OrgFull its registered one.
	Org, OrgFull string
	// System is the system's name, Title the title of the description.
	System, Title string
	Firm          string
	Type2         bool
	// AsOf, From and To are dates written out.
	AsOf, From, To string
	// CUEC and CSOC say that such complementary controls are recorded.
	CUEC, CSOC          bool
	CarveOut, Inclusive []Subservice
	// Other says that the report has a Section V of other information.
	Other bool
	// Users are the intended users where the engagement names some.
	Users string
	// Excluded are services that the report does not cover.
	Excluded []string
	// Opinions by limb; empty when no opinion was entered.
	Opinions soc1.OpinionLimbs
	// Bases counts the basis paragraphs by kind of opinion.
	Bases map[soc1.OpinionType]int
	// Stated are the limbs on which management's assertion states exceptions,
	// with their number.
	Stated map[soc1.OpinionLimb]int
	// Management says that the tests shown are management's own.
	Management bool
	// Sub is the subservice organization whose assertion is being written.
	Sub Subservice
	// Methods and natures that occur among the tests shown.
	Census, Sampled, One, NotOperated           bool
	Inquiry, Observation, Inspection, Reperform bool
	// Ranked says that the samples were ranked by a seed; ByTable and ByRate
	// say how their sizes were found.
	Ranked, ByTable, ByRate bool
	// IPE names the procedures recorded on completeness and accuracy.
	IPE []string
	// Nonce says that the auditor's nonce was revealed.
	Nonce bool
	// Anchored says that the file anchors the organization's ledger.
	Anchored bool
	// Responses says that management's responses are printed.
	Responses bool
}

// limbs are the limbs that the type of report has.
func (f *Facts) limbs() []soc1.OpinionLimb {
	if f.Type2 {
		return []soc1.OpinionLimb{soc1.LimbDescription, soc1.LimbDesign, soc1.LimbOperating}
	}
	return []soc1.OpinionLimb{soc1.LimbDescription, soc1.LimbDesign}
}

// Entered reports whether a person entered an opinion.
func (f *Facts) Entered() bool { return f.Opinions.Description != "" }

// Is reports whether the opinion on a limb is of a kind.
func (f *Facts) Is(limb, kind string) bool {
	return f.Opinions.Of(soc1.OpinionLimb(limb)) == soc1.OpinionType(kind)
}

// Expressed reports whether an opinion on a limb was entered and is not
// disclaimed. What nobody entered is never expressed.
func (f *Facts) Expressed(limb string) bool {
	o := f.Opinions.Of(soc1.OpinionLimb(limb))
	return o != "" && o != soc1.Disclaimer && (f.Type2 || limb != string(soc1.LimbOperating))
}

// all reports whether the opinion on every limb is of a kind.
func (f *Facts) all(kind soc1.OpinionType) bool {
	for _, l := range f.limbs() {
		if f.Opinions.Of(l) != kind {
			return false
		}
	}
	return true
}

// Any reports whether the opinion on some limb is of a kind.
func (f *Facts) Any(kind string) bool { return len(f.of(soc1.OpinionType(kind))) > 0 }

func (f *Facts) of(kind soc1.OpinionType) []soc1.OpinionLimb {
	var out []soc1.OpinionLimb
	for _, l := range f.limbs() {
		if f.Opinions.Of(l) == kind {
			out = append(out, l)
		}
	}
	return out
}

// Opines reports whether an opinion is expressed on at least one limb, as
// against a disclaimer on all.
func (f *Facts) Opines() bool { return f.Entered() && !f.Disclaimed() }

// Disclaimed reports whether no opinion is expressed on any limb.
func (f *Facts) Disclaimed() bool { return f.all(soc1.Disclaimer) }

// PartlyDisclaimed reports whether some limbs and not all are disclaimed.
func (f *Facts) PartlyDisclaimed() bool { return f.Any("disclaimer") && !f.Disclaimed() }

// AllQualified reports whether the qualification goes before all limbs at once.
func (f *Facts) AllQualified() bool { return f.all(soc1.Qualified) }

// Kinds are the modifications that occur, the gravest first.
func (f *Facts) Kinds() []soc1.OpinionType {
	var out []soc1.OpinionType
	for _, k := range []soc1.OpinionType{soc1.Adverse, soc1.Disclaimer, soc1.Qualified} {
		if f.Any(string(k)) {
			out = append(out, k)
		}
	}
	return out
}

// OpinionTitle is the heading of the opinion.
func (f *Facts) OpinionTitle() string {
	var words []string
	for _, k := range f.Kinds() {
		words = append(words, title(k))
	}
	switch {
	case len(words) == 0:
		return "Opinion"
	case len(words) == 1 && f.PartlyDisclaimed():
		return "Opinion and Disclaimer of Opinion"
	}
	return list(words)
}

// BasisTitle is the heading of the basis paragraphs of a kind.
func (f *Facts) BasisTitle(kind string) string { return "Basis for " + title(soc1.OpinionType(kind)) }

func title(k soc1.OpinionType) string {
	switch k {
	case soc1.Adverse:
		return "Adverse Opinion"
	case soc1.Disclaimer:
		return "Disclaimer of Opinion"
	case soc1.Qualified:
		return "Qualified Opinion"
	}
	return "Opinion"
}

// OurOpinion is how the sentence on evidence names the opinion: "our
// opinion", "our qualified opinion", "our adverse and qualified opinions".
func (f *Facts) OurOpinion() string {
	var words []string
	for _, k := range []soc1.OpinionType{soc1.Adverse, soc1.Qualified} {
		if f.Any(string(k)) {
			words = append(words, string(k))
		}
	}
	switch len(words) {
	case 0:
		return "our opinion"
	case 1:
		return "our " + words[0] + " opinion"
	}
	return "our " + list(words) + " opinions"
}

// Matters is "matter" or "matters" after the number of basis paragraphs.
func (f *Facts) Matters(kind string) string {
	return english.Choose(f.Bases[soc1.OpinionType(kind)], "matter", "matters")
}

// States reports whether management states an exception on a limb.
func (f *Facts) States(limb string) bool { return f.Stated[soc1.OpinionLimb(limb)] > 0 }

// StatedMatters is "matter" or "matters" after the number of exceptions that
// management states on a limb.
func (f *Facts) StatedMatters(limb string) string {
	return english.Choose(f.Stated[soc1.OpinionLimb(limb)], "matter", "matters")
}

// DisclaimedSubjects names the limbs on which no opinion is expressed.
func (f *Facts) DisclaimedSubjects() string { return list(f.subjects(soc1.Disclaimer, true)) }

// ExaminedSubjects names the limbs on which an opinion is expressed, all when
// none was entered.
func (f *Facts) ExaminedSubjects() string {
	if f.Disclaimed() {
		return list(f.subjects(soc1.Disclaimer, true))
	}
	return list(f.subjects(soc1.Disclaimer, false))
}

func (f *Facts) subjects(kind soc1.OpinionType, is bool) []string {
	var out []string
	for _, l := range f.limbs() {
		if (f.Opinions.Of(l) == kind) != is {
			continue
		}
		switch l {
		case soc1.LimbDescription:
			out = append(out, "the fairness of the presentation of the description")
		case soc1.LimbDesign:
			out = append(out, "the suitability of the design of the controls")
		case soc1.LimbOperating:
			out = append(out, "the operating effectiveness of the controls")
		}
	}
	return out
}

// CarveOutNames and InclusiveNames are the names alone.
func (f *Facts) CarveOutNames() []string { return names(f.CarveOut) }

// InclusiveNames are the names of the included subservice organizations.
func (f *Facts) InclusiveNames() []string { return names(f.Inclusive) }

func names(list []Subservice) []string {
	var out []string
	for _, s := range list {
		out = append(out, s.Name)
	}
	return out
}

// CarveOutPhrases and InclusivePhrases are names with functions, for a list in
// running text.
func (f *Facts) CarveOutPhrases() []string { return phrases(f.CarveOut) }

// InclusivePhrases are the included ones with their functions.
func (f *Facts) InclusivePhrases() []string { return phrases(f.Inclusive) }

func phrases(list []Subservice) []string {
	var out []string
	for _, s := range list {
		if s.Functions == "" {
			out = append(out, s.Name)
			continue
		}
		out = append(out, s.Name+" ("+s.Functions+")")
	}
	return out
}

// Paragraphs is "paragraph" or "paragraphs" after the number of basis
// paragraphs.
func (f *Facts) Paragraphs(kind string) string {
	return english.Choose(f.Bases[soc1.OpinionType(kind)], "paragraph", "paragraphs")
}
