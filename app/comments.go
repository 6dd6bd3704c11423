package app

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// CommentLine is a comment as it stands.
type CommentLine struct {
	Ledger   string `json:"ledger"`
	ID       string `json:"id"`
	Revision int64  `json:"revision"`
	// Settled says that the comment, or the one it answers, is resolved.
	Settled bool         `json:"settled,omitempty"`
	Comment soc1.Comment `json:"comment"`
}

// comments remembers the comments of each ledger, by subject and by the person
// mentioned, for as long as none of them changes.
type comments struct {
	mu    sync.Mutex
	known map[string]*talk
}

// talk is what is said in one ledger.
type talk struct {
	version, redacted int64
	about             map[soc1.Ref][]CommentLine
	calling           map[string][]CommentLine
}

// talkIn reads the comments of a ledger, at most once between two changes. The
// caller has asked whether the actor may read them.
func (a *App) talkIn(ctx context.Context, ledger string) (*talk, error) {
	snap, err := a.log.Snapshot(ledger)
	if err != nil {
		return nil, err
	}
	version := snap.Version("comment", "")
	a.talk.mu.Lock()
	defer a.talk.mu.Unlock()
	if t := a.talk.known[ledger]; t != nil && t.version == version && t.redacted == snap.Redacted {
		return t, nil
	}
	all, err := record.All[soc1.Comment](ctx, record.NewView(a.store, ledger, record.AsOf{Known: snap.Size}), "comment")
	if err != nil {
		return nil, err
	}
	resolved := map[string]bool{}
	for _, c := range all {
		resolved[c.ID] = c.Value.Resolved
	}
	t := &talk{version: version, redacted: snap.Redacted, about: map[soc1.Ref][]CommentLine{}, calling: map[string][]CommentLine{}}
	for _, c := range all {
		c.Value.Subject = within(c.Value.Subject, ledger)
		l := CommentLine{Ledger: ledger, ID: c.ID, Revision: c.Revision, Settled: c.Value.Resolved || resolved[c.Value.ReplyTo], Comment: c.Value}
		of := soc1.Ref{Ledger: c.Value.Subject.Ledger, Kind: c.Value.Subject.Kind, ID: c.Value.Subject.ID}
		t.about[of] = append(t.about[of], l)
		for _, p := range c.Value.Mentions {
			t.calling[p] = append(t.calling[p], l)
		}
	}
	if a.talk.known == nil {
		a.talk.known = map[string]*talk{}
	}
	a.talk.known[ledger] = t
	return t, nil
}

// forget drops what is remembered, after a redaction.
func (c *comments) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = nil
}

// Comments lists what the actor may read of what is said about a record, in
// the order in which it was written: in the organization's ledger and in every
// examination's that the actor works on. The revision of the subject does not
// matter, and its ledger empty is the organization's.
func (a *App) Comments(ctx context.Context, actor string, subject soc1.Ref) ([]CommentLine, error) {
	subject = within(subject, OrganizationLedger)
	subject.Revision = 0
	if _, err := a.Record(ctx, actor, subject.Ledger, subject.Kind, subject.ID, record.AsOf{}); err != nil {
		return nil, err
	}
	out := []CommentLine{}
	for _, l := range a.where(ctx, actor, identity.Read, "comment") {
		t, err := a.talkIn(ctx, l)
		if err != nil {
			return nil, err
		}
		out = append(out, t.about[subject]...)
	}
	inOrder(out)
	return out, nil
}

// MentionsOf lists the comments that call the actor and are not settled, the
// actor's own left out. What the actor may no longer read is not among them.
func (a *App) MentionsOf(ctx context.Context, actor string) ([]CommentLine, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	out := []CommentLine{}
	for _, l := range a.where(ctx, actor, identity.Read, "comment") {
		t, err := a.talkIn(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, c := range t.calling[actor] {
			s := c.Comment.Subject
			if c.Settled || c.Comment.By == actor || a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: s.Ledger, Kind: s.Kind}) != nil {
				continue
			}
			out = append(out, c)
		}
	}
	inOrder(out)
	return out, nil
}

// inOrder sorts by when a comment was written; ids break ties.
func inOrder(list []CommentLine) {
	slices.SortStableFunc(list, func(x, y CommentLine) int {
		return cmp.Or(x.Comment.WrittenAt.Compare(y.Comment.WrittenAt), cmp.Compare(x.ID, y.ID))
	})
}
