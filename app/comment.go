package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// Commenting is a comment to be written.
type Commenting struct {
	// Ledger is where it is kept: empty for the ledger of the author's side,
	// which is the organization's for management and guests, and for the firm
	// that of the examination, be it about a record of the organization's.
	Ledger string
	// ID of the comment; empty lets the program choose one. An adapter that
	// chooses it can send twice and is refused the second time.
	ID string
	// Subject is the record; its ledger empty is the organization's.
	Subject  soc1.Ref
	Text     string
	Mentions []string
	// ReplyTo is the comment answered, in the same ledger.
	ReplyTo string
}

// Comment records a comment and returns its ledger and id. The author must be
// able to read the record, and so must everybody mentioned.
func (a *App) Comment(ctx context.Context, actor string, c Commenting) (ledger, id string, err error) {
	if c.Subject.Ledger == "" {
		c.Subject.Ledger = OrganizationLedger
	}
	if c.Ledger == "" {
		if c.Ledger, err = a.commentHome(ctx, actor, c.Subject.Ledger); err != nil {
			return "", "", err
		}
	}
	if id, err = a.newID("c-", c.ID); err != nil {
		return "", "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", "", err
	}
	req := request{actor: actor, ledger: c.Ledger, may: identity.CommentWrite, kind: "comment", action: "comment.write", reason: "Commented."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if _, taken, err := tx.Get("comment", id); err != nil {
			return err
		} else if taken {
			return fmt.Errorf("there is a comment %q already", id)
		}
		subject := c.Subject
		if c.ReplyTo != "" {
			answered, err := get[soc1.Comment](tx, "comment", c.ReplyTo)
			if err != nil {
				return err
			}
			if answered.ReplyTo != "" {
				return fmt.Errorf("comment %s is an answer itself; answer comment %s", c.ReplyTo, answered.ReplyTo)
			}
			if about := within(answered.Subject, c.Ledger); about.Kind != subject.Kind || about.ID != subject.ID || about.Ledger != subject.Ledger {
				return fmt.Errorf("comment %s is about %s, not about %s", c.ReplyTo, about, subject)
			}
		}
		if err := tx.commentable(subject); err != nil {
			return err
		}
		if err := tx.mentionable(subject, c.Mentions); err != nil {
			return err
		}
		if subject.Ledger == c.Ledger {
			subject.Ledger = ""
		}
		return tx.Put("comment", id, today, soc1.Comment{Subject: subject, Text: c.Text, Mentions: c.Mentions, By: actor, WrittenAt: a.now(), ReplyTo: c.ReplyTo})
	})
	if err != nil {
		return "", "", err
	}
	return c.Ledger, id, nil
}

// commentHome finds the ledger in which the actor's comments are kept: that of
// the record if it is an examination's, otherwise the organization's, or, for a
// person of the firm, the one examination that they work on.
func (a *App) commentHome(ctx context.Context, actor, subject string) (string, error) {
	if subject != OrganizationLedger {
		return subject, nil
	}
	if err := a.log.Refresh(ctx); err != nil {
		return "", err
	}
	if a.authorize(ctx, actor, identity.CommentWrite, identity.Resource{Ledger: OrganizationLedger, Kind: "comment"}) == nil {
		return OrganizationLedger, nil
	}
	homes := a.where(ctx, actor, identity.CommentWrite, "comment")
	switch len(homes) {
	case 0:
		return OrganizationLedger, nil // Where the refusal has its words.
	case 1:
		return homes[0], nil
	}
	return "", fmt.Errorf("you work on several examinations (%s); say to which the comment belongs", strings.Join(homes, ", "))
}

// talkAbout are comments of a ledger on a record, as the policies are asked about
// them. On a record of another ledger they are asked about all comments.
func (a *App) talkAbout(ledger string, subject soc1.Ref) identity.Resource {
	r := identity.Resource{Ledger: ledger, Kind: "comment"}
	if subject.Ledger == ledger {
		r.About = subject.Kind
	}
	return r
}

// overhears lists the ledgers whose comments on a record the actor may read.
func (a *App) overhears(ctx context.Context, actor string, subject soc1.Ref) []string {
	var out []string
	for _, l := range a.log.Ledgers() {
		if a.authorize(ctx, actor, identity.Read, a.talkAbout(l, subject)) == nil {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// where lists the ledgers in which the actor may do something to a kind.
func (a *App) where(ctx context.Context, actor string, act identity.Action, kind string) []string {
	var out []string
	for _, l := range a.log.Ledgers() {
		if a.authorize(ctx, actor, act, identity.Resource{Ledger: l, Kind: kind}) == nil {
			out = append(out, l)
		}
	}
	slices.Sort(out)
	return out
}

// within makes the ledger of a reference explicit.
func within(ref soc1.Ref, ledger string) soc1.Ref {
	if ref.Ledger == "" {
		ref.Ledger = ledger
	}
	return ref
}

// commentable refuses a record that the author may not read or that is not
// there. Reading is asked first, so that nothing is told of what is hidden.
func (tx *Tx) commentable(ref soc1.Ref) error {
	if _, err := record.Kinds.Kind(ref.Kind); err != nil {
		return err
	}
	if ref.Kind == "comment" {
		return errors.New("a comment is answered, not commented on; name it as the comment replied to")
	}
	r, whose, err := tx.app.reachOf(tx.ctx, tx.req.actor, ref.Ledger, ref.Kind)
	if err != nil {
		return err
	}
	if ref.Ledger != tx.req.ledger && ref.Ledger != OrganizationLedger {
		return fmt.Errorf("a comment on a record of ledger %s belongs there; write it in that ledger", ref.Ledger)
	}
	x, ok, err := tx.foreign(ref.Ledger, ref.Kind, ref.ID)
	if err != nil {
		return err
	}
	if !ok || !r.within(whose, ref.Kind, x) {
		return fmt.Errorf("%s %q does not exist in ledger %s: %w", ref.Kind, ref.ID, ref.Ledger, record.ErrNotFound)
	}
	if ref.Revision > x.Revision {
		return fmt.Errorf("%s %s has no revision %d; the latest is %d", ref.Kind, ref.ID, ref.Revision, x.Revision)
	}
	return nil
}

// mentionable refuses people who would not see what they are called to: whoever
// is mentioned is recorded in the comment's ledger, reads its comments and reads
// the record. Looking nowhere else keeps a mention from telling who is on the
// other side of the wall.
func (tx *Tx) mentionable(ref soc1.Ref, people []string) error {
	for _, id := range people {
		_, err := get[soc1.Person](tx, "person", id)
		if err != nil && !isNotFound(err) {
			return err
		}
		if err == nil {
			err = tx.app.authorize(tx.ctx, id, identity.Read, tx.app.talkAbout(tx.req.ledger, ref))
		}
		if err == nil {
			err = tx.app.authorize(tx.ctx, id, identity.Read, identity.Resource{Ledger: ref.Ledger, Kind: ref.Kind})
		}
		if err != nil {
			return fmt.Errorf("mentions: there is no %q who may read this record and its comments; mention somebody who does", id)
		}
	}
	return nil
}

// EditComment changes the text and the mentions of the actor's own comment.
// Revision is the one read; another in between is a *StaleError, and -1 does not
// care. What was said before stays in the history.
func (a *App) EditComment(ctx context.Context, actor, ledger, id string, revision int64, text string, mentions []string) error {
	req := request{actor: actor, ledger: ledger, may: identity.CommentWrite, kind: "comment", owner: a.ownerNow(ctx, ledger, "comment", id),
		action: "comment.edit", reason: "Edited."}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		c, err := get[soc1.Comment](tx, "comment", id)
		if err != nil {
			return err
		}
		if now := tx.snap.Version("comment", id); revision >= 0 && now != revision {
			return &StaleError{Kind: "comment", ID: id, Against: revision, Now: now}
		}
		fresh := slices.DeleteFunc(slices.Clone(mentions), func(p string) bool { return slices.Contains(c.Mentions, p) })
		if err := tx.mentionable(within(c.Subject, ledger), fresh); err != nil {
			return err
		}
		if c.Text == text && slices.Equal(c.Mentions, mentions) {
			return nil
		}
		c.Text, c.Mentions = text, mentions
		return tx.Put("comment", id, "", c)
	})
	return err
}

// ResolveComment marks a comment and its answers as settled, or opens them
// again. Its author does it, the owner of the record, a compliance manager; in
// an examination its author, a manager or the partner.
func (a *App) ResolveComment(ctx context.Context, actor, ledger, id string, resolved bool) error {
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	action := "comment.resolve"
	if !resolved {
		action = "comment.reopen"
	}
	req := request{actor: actor, ledger: ledger, may: identity.CommentResolve, kind: "comment", owner: a.resolver(ctx, actor, ledger, id), action: action}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		c, err := get[soc1.Comment](tx, "comment", id)
		switch {
		case err != nil:
			return err
		case c.ReplyTo != "":
			return fmt.Errorf("comment %s is an answer; resolve comment %s", id, c.ReplyTo)
		case c.Resolved == resolved:
			return nil
		}
		c.Resolved, c.ResolvedBy, c.ResolvedOn = resolved, "", ""
		if resolved {
			c.ResolvedBy, c.ResolvedOn = actor, today
		}
		return tx.Put("comment", id, "", c)
	})
	return err
}

// resolver is whose a comment is when it is to be resolved: its author's, or the
// record's owner's where that is who asks.
func (a *App) resolver(ctx context.Context, actor, ledger, id string) string {
	v, err := a.latest(ledger)
	if err != nil {
		return ""
	}
	c, err := record.One[soc1.Comment](ctx, v, "comment", id)
	if err != nil {
		return ""
	}
	if s := c.Value.Subject; s.Ledger == "" && c.Value.By != actor && a.ownerNow(ctx, ledger, s.Kind, s.ID) == actor {
		return actor
	}
	return c.Value.By
}
