package app

import (
	"cmp"
	"context"
	"slices"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// RequestLine is a request as it stands.
type RequestLine struct {
	ID       string       `json:"id"`
	Revision int64        `json:"revision"`
	Request  soc1.Request `json:"request"`
	// MayAnswer and MayClose say what the actor may do with it, so that a page
	// offers nothing that would be refused.
	MayAnswer bool `json:"may_answer,omitempty"`
	MayClose  bool `json:"may_close,omitempty"`
}

// RequestList is what was asked about a record.
type RequestList struct {
	Lines []RequestLine `json:"lines"`
	// MayAsk says that the actor may ask somebody for something about it.
	MayAsk bool `json:"may_ask,omitempty"`
}

// Requests lists what was asked about a record of the organization's, in the
// order of the days on which it was asked: requests that name it as their
// subject, among their controls or as evidence, and the request itself where
// the record is one. The revision of the subject does not matter.
func (a *App) Requests(ctx context.Context, actor string, subject soc1.Ref) (RequestList, error) {
	var out RequestList
	subject = within(subject, OrganizationLedger)
	subject.Revision = 0
	if _, err := a.Record(ctx, actor, subject.Ledger, subject.Kind, subject.ID, record.AsOf{}); err != nil {
		return out, err
	}
	if subject.Ledger != OrganizationLedger {
		return out, nil
	}
	reach, whose, err := a.reachOf(ctx, actor, OrganizationLedger, "request")
	if err != nil {
		// Who reads the record need not read what is asked about it.
		return out, nil
	}
	v, err := a.present(ctx, OrganizationLedger, "")
	if err != nil {
		return out, err
	}
	all, err := record.All[soc1.Request](ctx, v, "request")
	if err != nil {
		return out, err
	}
	closes := a.authorize(ctx, actor, identity.RequestMake, identity.Resource{Ledger: OrganizationLedger, Kind: "request"}) == nil
	out.MayAsk = closes && subject.Kind != "request" && subject.Kind != "comment"
	for _, q := range all {
		if !concernsRecord(q, subject) || !reach.within(whose, "request", q.Record) {
			continue
		}
		out.Lines = append(out.Lines, a.requestLine(ctx, actor, q, closes))
	}
	slices.SortStableFunc(out.Lines, func(x, y RequestLine) int {
		return cmp.Or(cmp.Compare(x.Request.On, y.Request.On), cmp.Compare(x.ID, y.ID))
	})
	return out, nil
}

func concernsRecord(q record.Typed[soc1.Request], subject soc1.Ref) bool {
	if s := q.Value.Subject; s.Kind == subject.Kind && s.ID == subject.ID {
		return true
	}
	switch subject.Kind {
	case "control":
		return slices.Contains(q.Value.Controls, subject.ID)
	case "evidence":
		return slices.Contains(q.Value.Evidence, subject.ID)
	case "request":
		return q.ID == subject.ID
	}
	return false
}

func (a *App) requestLine(ctx context.Context, actor string, q record.Typed[soc1.Request], closes bool) RequestLine {
	line := RequestLine{ID: q.ID, Revision: q.Revision, Request: q.Value, MayClose: closes}
	if q.Value.Waits() {
		res := identity.Resource{Ledger: OrganizationLedger, Kind: "request", Owner: q.Value.To}
		line.MayAnswer = a.authorizeOn(ctx, actor, identity.RequestAnswer, res, q.Value.Controls) == nil
	}
	return line
}

// Askable lists the people whom the actor may ask for something about a record
// of the organization's: those who may answer and read it. It is refused to who
// makes no requests.
func (a *App) Askable(ctx context.Context, actor string, subject soc1.Ref) ([]PersonName, error) {
	if err := a.admit(ctx, actor, identity.RequestMake, identity.Resource{Ledger: OrganizationLedger, Kind: "request"}); err != nil {
		return nil, err
	}
	subject = within(subject, OrganizationLedger)
	if subject.Ledger != OrganizationLedger {
		return []PersonName{}, nil
	}
	names, err := a.Names(ctx, actor, OrganizationLedger)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, func(p PersonName) bool {
		return a.authorize(ctx, p.ID, identity.RequestAnswer, identity.Resource{Ledger: OrganizationLedger, Kind: "request", Owner: p.ID}) != nil ||
			a.authorize(ctx, p.ID, identity.Read, identity.Resource{Ledger: OrganizationLedger, Kind: subject.Kind}) != nil
	}), nil
}
