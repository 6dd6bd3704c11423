package app

import (
	"context"
	"fmt"
	"slices"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// Asking is a request to be made.
type Asking struct {
	// ID of the request; empty lets the program choose one.
	ID    string
	Title string
	Text  string
	To    string
	Due   soc1.Date
	// Subject is the record of the organization's that it is about; the zero
	// value is none. The person asked must be able to read it.
	Subject  soc1.Ref
	Controls []string
}

// Request asks a person for something by a day, in the organization's ledger,
// and returns the id of the request. The person asked must be able to read it.
func (a *App) Request(ctx context.Context, actor string, q Asking) (string, error) {
	id, err := a.newID("req-", q.ID)
	if err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	if q.Due != "" && q.Due < today {
		return "", fmt.Errorf("due: %s has passed; name a day from %s on, or none", q.Due, today)
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.RequestMake, kind: "request", action: "request.make", reason: q.Title}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		if _, taken, err := tx.Get("request", id); err != nil {
			return err
		} else if taken {
			return fmt.Errorf("there is a request %q already", id)
		}
		if _, err := get[soc1.Person](tx, "person", q.To); err != nil {
			return fmt.Errorf("to: %w", err)
		}
		if a.authorize(ctx, q.To, identity.Read, identity.Resource{Ledger: OrganizationLedger, Kind: "request", Owner: q.To}) != nil {
			return fmt.Errorf("to: %s holds no role that reads a request; ask somebody else, or an administrator for the role", q.To)
		}
		controls, err := tx.askedAbout(q)
		if err != nil {
			return err
		}
		if err := tx.named("controls", "control", q.Controls); err != nil {
			return err
		}
		for _, c := range controls {
			if _, err := get[soc1.Control](tx, "control", c); err != nil {
				return fmt.Errorf("controls: %w", err)
			}
		}
		subject := q.Subject
		subject.Ledger = ""
		return tx.Put("request", id, "", soc1.Request{Title: q.Title, Text: q.Text, To: q.To, Due: q.Due, Subject: subject, Controls: controls,
			By: actor, On: today, Status: soc1.RequestOpen})
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// named refuses records that the actor names and does not read, in the words for
// one that is not there: naming must not be a way of asking what there is.
func (tx *Tx) named(field, kind string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := tx.app.authorize(tx.ctx, tx.req.actor, identity.Read, identity.Resource{Ledger: tx.req.ledger, Kind: kind})
	if err != nil {
		return fmt.Errorf("%s: %s %q does not exist in ledger %s: %w", field, kind, ids[0], tx.req.ledger, record.ErrNotFound)
	}
	return nil
}

// askedAbout checks the record that a request is about and gives its controls:
// those named, and those that the record is or speaks of, so that whoever
// stands in for their owner may answer.
func (tx *Tx) askedAbout(q Asking) ([]string, error) {
	if q.Subject == (soc1.Ref{}) {
		return q.Controls, nil
	}
	ref := within(q.Subject, OrganizationLedger)
	if ref.Ledger != OrganizationLedger || ref.Kind == "comment" || ref.Kind == "request" {
		return nil, fmt.Errorf("subject: a request is about a record of the organization's, not about %s", ref)
	}
	if _, err := record.Kinds.Kind(ref.Kind); err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	if err := tx.app.authorize(tx.ctx, tx.req.actor, identity.Read, identity.Resource{Ledger: ref.Ledger, Kind: ref.Kind}); err != nil {
		return nil, fmt.Errorf("subject: %w", err)
	}
	x, ok, err := tx.foreign(ref.Ledger, ref.Kind, ref.ID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("subject: %s %q does not exist: %w", ref.Kind, ref.ID, record.ErrNotFound)
	}
	if tx.app.authorize(tx.ctx, q.To, identity.Read, identity.Resource{Ledger: ref.Ledger, Kind: ref.Kind}) != nil {
		return nil, fmt.Errorf("to: %s may not read this record; ask somebody who does", q.To)
	}
	controls := slices.Clone(q.Controls)
	for _, c := range controlsOf(ref.Kind, ref.ID, x.Body) {
		if !slices.Contains(controls, c) {
			controls = append(controls, c)
		}
	}
	return controls, nil
}

// AnswerRequest records the answer of the person asked, or of who stands in for
// them: words, evidence that is recorded, or both.
func (a *App) AnswerRequest(ctx context.Context, actor, id, answer string, evidence []string) error {
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.RequestAnswer, kind: "request", action: "request.answer", reason: "Answered."}
	if v, err := a.latest(OrganizationLedger); err == nil {
		if r, err := v.Get(ctx, "request", id); err == nil {
			req.owner, req.controls = ownerOf("request", r.Body), controlsOf("request", id, r.Body)
		}
	}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		q, err := get[soc1.Request](tx, "request", id)
		if err != nil {
			return err
		}
		if !q.Waits() {
			return fmt.Errorf("request %s is %s; there is nothing to answer", id, q.Status)
		}
		if err := tx.named("evidence", "evidence", evidence); err != nil {
			return err
		}
		for _, e := range evidence {
			if _, err := get[soc1.Evidence](tx, "evidence", e); err != nil {
				return fmt.Errorf("evidence: %w", err)
			}
		}
		q.Status, q.Answer, q.Evidence, q.AnsweredBy, q.AnsweredOn = soc1.RequestAnswered, answer, evidence, actor, today
		q.Remark, q.ClosedBy, q.ClosedOn = "", "", ""
		return tx.Put("request", id, "", q)
	})
	return err
}

// CloseRequest accepts an answer, returns it, or withdraws the request; the last
// two say why.
func (a *App) CloseRequest(ctx context.Context, actor, id string, status soc1.RequestStatus, remark string) error {
	today, err := a.Today(ctx)
	if err != nil {
		return err
	}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.RequestMake, kind: "request", action: "request.close", reason: remark}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		q, err := get[soc1.Request](tx, "request", id)
		if err != nil {
			return err
		}
		switch {
		case status != soc1.RequestAccepted && status != soc1.RequestReturned && status != soc1.RequestWithdrawn:
			return fmt.Errorf("a request is accepted, returned or withdrawn, not %q", status)
		case status == soc1.RequestWithdrawn && (q.Status == soc1.RequestAccepted || q.Status == soc1.RequestWithdrawn):
			return fmt.Errorf("request %s is %s already", id, q.Status)
		case status != soc1.RequestWithdrawn && q.Status != soc1.RequestAnswered:
			return fmt.Errorf("request %s is %s; only an answer is accepted or returned", id, q.Status)
		case status == soc1.RequestAccepted && q.AnsweredBy == actor:
			return fmt.Errorf("request %s was answered by you; another compliance manager accepts the answer", id)
		}
		q.Status, q.Remark, q.ClosedBy, q.ClosedOn = status, remark, actor, today
		return tx.Put("request", id, "", q)
	})
	return err
}
