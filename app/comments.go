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
	// MayEdit and MayResolve say what the actor may do with it, so that a page
	// offers nothing that would be refused.
	MayEdit    bool `json:"may_edit,omitempty"`
	MayResolve bool `json:"may_resolve,omitempty"`
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
	for _, l := range a.overhears(ctx, actor, subject) {
		t, err := a.talkIn(ctx, l)
		if err != nil {
			return nil, err
		}
		out = append(out, a.withRights(ctx, actor, l, subject, t.about[subject])...)
	}
	inOrder(out)
	return out, nil
}

// withRights copies lines about one record and says what the actor may do.
func (a *App) withRights(ctx context.Context, actor, ledger string, subject soc1.Ref, lines []CommentLine) []CommentLine {
	if len(lines) == 0 {
		return nil
	}
	may := func(act identity.Action, owner string) bool {
		return a.authorize(ctx, actor, act, identity.Resource{Ledger: ledger, Kind: "comment", Owner: owner}) == nil
	}
	edits, settles := may(identity.CommentWrite, actor), may(identity.CommentResolve, actor)
	owns := subject.Ledger == ledger && a.ownerNow(ctx, ledger, subject.Kind, subject.ID) == actor
	others := map[string]bool{}
	out := slices.Clone(lines)
	for i := range out {
		by := out[i].Comment.By
		out[i].MayEdit = edits && by == actor
		if out[i].Comment.ReplyTo != "" {
			continue
		}
		if by == actor || owns {
			out[i].MayResolve = settles
			continue
		}
		if _, asked := others[by]; !asked {
			others[by] = may(identity.CommentResolve, by)
		}
		out[i].MayResolve = others[by]
	}
	return out
}

// CommentCounts counts, for each of some records, the comments that the actor
// may read. Records without any, and those that may not be read, are not among
// the answers. A ledger empty is the organization's; revisions do not matter.
func (a *App) CommentCounts(ctx context.Context, actor string, subjects []soc1.Ref) (map[soc1.Ref]int, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	out := map[soc1.Ref]int{}
	for _, l := range a.log.Ledgers() {
		// Who reads nothing of a ledger overhears nothing in it.
		heard, err := a.reader(ctx, actor, l)
		if err != nil {
			continue
		}
		t, err := a.talkIn(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, s := range subjects {
			of := within(s, OrganizationLedger)
			of.Revision = 0
			n := len(t.about[of])
			if n == 0 || !heard.Kind("comment") && (of.Ledger != l || !heard.Talks(of.Kind)) {
				continue
			}
			if r, err := a.reader(ctx, actor, of.Ledger); err == nil && r.Kind(of.Kind) {
				out[s] += n
			}
		}
	}
	return out, nil
}

// CommentHomes lists the ledgers in which the actor may comment on a record:
// none for who only reads, several for a person of the firm who works on
// several examinations and looks at a record of the organization's.
func (a *App) CommentHomes(ctx context.Context, actor string, subject soc1.Ref) ([]string, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	subject = within(subject, OrganizationLedger)
	if subject.Kind == "comment" {
		return nil, nil
	}
	if _, _, err := a.reachOf(ctx, actor, subject.Ledger, subject.Kind); err != nil {
		return nil, err
	}
	homes := a.where(ctx, actor, identity.CommentWrite, "comment")
	if subject.Ledger != OrganizationLedger || slices.Contains(homes, OrganizationLedger) {
		homes = slices.DeleteFunc(homes, func(l string) bool { return l != subject.Ledger })
	}
	return homes, nil
}

// Mentionable lists the people whom the actor may mention in a comment on a
// record: those recorded in the comment's ledger who read its comments and the
// record. The ledger empty is the one in which the actor's comments are kept.
func (a *App) Mentionable(ctx context.Context, actor, ledger string, subject soc1.Ref) ([]PersonName, error) {
	subject = within(subject, OrganizationLedger)
	var err error
	if ledger == "" {
		if ledger, err = a.commentHome(ctx, actor, subject.Ledger); err != nil {
			return nil, err
		}
	}
	if err := a.admit(ctx, actor, identity.CommentWrite, identity.Resource{Ledger: ledger, Kind: "comment"}); err != nil {
		return nil, err
	}
	if _, err := a.Record(ctx, actor, subject.Ledger, subject.Kind, subject.ID, record.AsOf{}); err != nil {
		return nil, err
	}
	names, err := a.Names(ctx, actor, ledger)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(p PersonName) bool {
		return p.ID == actor || a.authorize(ctx, p.ID, identity.Read, a.talkAbout(ledger, subject)) != nil ||
			a.authorize(ctx, p.ID, identity.Read, identity.Resource{Ledger: subject.Ledger, Kind: subject.Kind}) != nil
	}), nil
}

// MentionsOf lists the comments that call the actor and are not settled, the
// actor's own left out. What the actor may no longer read is not among them.
func (a *App) MentionsOf(ctx context.Context, actor string) ([]CommentLine, error) {
	if err := a.log.Refresh(ctx); err != nil {
		return nil, err
	}
	out := []CommentLine{}
	for _, l := range a.log.Ledgers() {
		if _, err := a.reader(ctx, actor, l); err != nil {
			continue
		}
		t, err := a.talkIn(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, c := range t.calling[actor] {
			s := c.Comment.Subject
			if c.Settled || c.Comment.By == actor || a.authorize(ctx, actor, identity.Read, a.talkAbout(l, s)) != nil || a.authorize(ctx, actor, identity.Read, identity.Resource{Ledger: s.Ledger, Kind: s.Kind}) != nil {
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
