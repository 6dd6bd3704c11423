// Package readiness says how far a program stands from an examination, in
// management's own view: the score with its make-up, where each objective stands,
// and the matters that could modify the opinion, each with what would settle it. It
// puts together what the overview counts and what the rules find, and what people
// who assessed the program say of it. It promises that every number names its
// records, and that nothing of an auditor's file enters it unless it was asked of
// that file. It concludes nothing: an opinion is the service auditor's.
package readiness
