package soc1

import (
	"fmt"
	"unicode/utf8"
)

// CommentLimit is the longest text of a comment, in characters.
const CommentLimit = 10_000

// Comment is what a person says about a record, in the ledger of the person's
// own side. It decides nothing and is no evidence.
type Comment struct {
	// Subject is the record that it is about.
	Subject Ref `json:"subject" label:"About" required:"true"`
	// Text is what is said, in Markdown.
	Text string `json:"text" label:"Comment" required:"true" multiline:"true" sensitive:"confidential"`
	// Mentions are the people whose attention is asked.
	Mentions []string `json:"mentions,omitempty" label:"Mentions" ref:"person"`
	// By is the author.
	By string `json:"by" label:"By" ref:"person" required:"true"`
	// WrittenAt is when it was first written.
	WrittenAt Instant `json:"written_at" label:"Written at" required:"true"`
	// ReplyTo is the comment answered; answers are about the same record.
	ReplyTo string `json:"reply_to,omitempty" label:"Reply to" ref:"comment"`
	// Resolved says that nothing is left to do about it and its answers.
	Resolved bool `json:"resolved,omitempty" label:"Resolved"`
	// ResolvedBy is who resolved it.
	ResolvedBy string `json:"resolved_by,omitempty" label:"Resolved by" ref:"person"`
	// ResolvedOn is the day on which it was resolved.
	ResolvedOn Date `json:"resolved_on,omitempty" label:"Resolved on"`
}

// Validate checks the comment alone.
func (x Comment) Validate() []Problem {
	c := examine(x)
	n := utf8.RuneCountInString(x.Text)
	c.when(n > CommentLimit, "text", fmt.Sprintf("The comment has %d characters.", n), fmt.Sprintf("Shorten it to %d, or attach a document as evidence.", CommentLimit))
	c.when(x.Resolved != (x.ResolvedBy != "" && x.ResolvedOn != ""), "resolved", "The resolution is incomplete.", "Name who resolved it and on which day, or neither.")
	c.when(x.Resolved && x.ReplyTo != "", "resolved", "An answer is not resolved by itself.", "Resolve the comment that it answers.")
	return c.problems
}
