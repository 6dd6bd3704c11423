package app

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"reperform/identity"
	"reperform/record"
	"reperform/soc1"
)

// RiskOpening is a session that begins.
type RiskOpening struct {
	// ID is the session's; empty is a random one.
	ID         string
	Title      string
	Engagement string
	// Participants are those invited to score.
	Participants []string
	// Risks are those in question; empty is every risk that threatens an objective
	// of the report or is answered by one of its controls.
	Risks []string
	// Due is the last day for scores; empty sets none.
	Due soc1.Date
}

// leads is who leads sessions, as the policies are asked.
var leads = identity.Resource{Ledger: OrganizationLedger, Kind: "risk_session"}

// MayLeadRisks tells whether the actor may open and lead risk sessions; the error
// says who may.
func (a *App) MayLeadRisks(ctx context.Context, actor string) error {
	return a.authorize(ctx, actor, identity.RiskLead, leads)
}

func (a *App) leading(actor, action, reason string) request {
	return request{actor: actor, ledger: OrganizationLedger, may: identity.RiskLead, kind: leads.Kind, action: action, reason: reason}
}

// OpenRiskSession invites people to score risks, each alone first, and returns the
// id of the session.
func (a *App) OpenRiskSession(ctx context.Context, actor string, o RiskOpening) (string, error) {
	if err := a.admit(ctx, actor, identity.RiskLead, leads); err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case strings.TrimSpace(o.Title) == "":
		return "", &FieldError{"title", "Name the session, such as \"Risk assessment 2026\".", ""}
	case len(o.Participants) == 0:
		return "", &FieldError{"participants", "Nobody is invited. Name at least one participant.", "reperform get person"}
	case o.Due != "" && o.Due < today:
		return "", &FieldError{"due", fmt.Sprintf("%s has passed. Give today or a later day.", o.Due), ""}
	}
	in, err := a.riskScope(ctx, actor, o.Engagement, record.AsOf{})
	if err != nil {
		return "", err
	}
	if o.Engagement == "" {
		o.Engagement = in.Engagement.ID
	}
	if o.Engagement == "" {
		return "", &FieldError{"engagement", "Name the report whose risks are assessed.", "reperform get engagement"}
	}
	asked := slices.Clone(o.Risks)
	if len(asked) == 0 {
		for _, l := range in.Risks {
			asked = append(asked, l.Ref.ID)
		}
	}
	if len(asked) == 0 {
		return "", &FieldError{"risks", "The report has no risks yet, so there is nothing to score. Record what could go wrong first.", "reperform kinds risk"}
	}
	id, err := a.newID("session-", o.ID)
	if err != nil {
		return "", err
	}
	value := soc1.RiskSession{Title: strings.TrimSpace(o.Title), Engagement: o.Engagement, Facilitator: actor, Participants: o.Participants, OpenedOn: today, Due: o.Due, Phase: soc1.RiskBlind}
	_, err = a.decide(ctx, a.leading(actor, "risk.open", value.Title), func(tx *Tx) error {
		if _, there, err := tx.Get("risk_session", id); err != nil || there {
			return errors.Join(err, errIf(there, &FieldError{"id", fmt.Sprintf("There is a session %q already. Give another id.", id), ""}))
		}
		if _, err := get[soc1.Engagement](tx, "engagement", o.Engagement); err != nil {
			return err
		}
		for _, p := range o.Participants {
			if err := a.mayScore(tx, p, today); err != nil {
				return err
			}
		}
		v := value
		for _, r := range asked {
			if _, err := get[soc1.Risk](tx, "risk", r); err != nil {
				return fmt.Errorf("risks: %w", err)
			}
			x, _, err := tx.Get("risk", r)
			if err != nil {
				return err
			}
			v.Risks = append(v.Risks, soc1.Ref{Kind: "risk", ID: r, Revision: x.Revision})
		}
		return tx.Put("risk_session", id, "", v)
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

func errIf(when bool, err error) error {
	if !when {
		return nil
	}
	return err
}

// mayScore refuses to invite who could not score: people of another side, those
// without a role, and those who left.
func (a *App) mayScore(tx *Tx, person string, today soc1.Date) error {
	p, err := get[soc1.Person](tx, "person", person)
	if err != nil {
		return fmt.Errorf("participants: %w", err)
	}
	if p.ActiveTo != "" && p.ActiveTo < today {
		return &FieldError{"participants", fmt.Sprintf("%s left on %s. Invite somebody else.", p.Name, p.ActiveTo), ""}
	}
	err = a.authorize(tx.ctx, person, identity.RiskScore, identity.Resource{Ledger: OrganizationLedger, Kind: "risk_score", Owner: person})
	var denied *identity.DeniedError
	if errors.As(err, &denied) {
		return &FieldError{"participants", fmt.Sprintf("%s holds no role of the organization, and such people alone assess its risks. Invite somebody else.", p.Name), ""}
	}
	return err
}

// riskScoreID is the record of a participant in a session.
func riskScoreID(session, person string) string { return session + "." + person }

// ScoreRisks commits the actor to scores in a session: what is recorded is their
// number and a hash that binds them; the scores themselves are sealed until the
// session is revealed. Scores given before are replaced as a whole; their
// commitment stays in the history.
func (a *App) ScoreRisks(ctx context.Context, actor, session string, scores []soc1.RiskRating) (string, error) {
	own := identity.Resource{Ledger: OrganizationLedger, Kind: "risk_score", Owner: actor}
	if err := a.admit(ctx, actor, identity.RiskScore, own); err != nil {
		return "", err
	}
	// Refused before anything is sealed; decided again below, on what is then known.
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return "", err
	}
	s, err := record.One[soc1.RiskSession](ctx, v, "risk_session", session)
	if err != nil {
		return "", err
	}
	if err := scorable(s.Value, actor, scores); err != nil {
		return "", err
	}
	salt := make([]byte, 32)
	if _, err := io.ReadFull(randomness(a.opt), salt); err != nil {
		return "", err
	}
	// In the order of the session, whatever that of the form.
	order := map[string]int{}
	for i, r := range s.Value.Risks {
		order[r.ID] = i
	}
	scores = slices.Clone(scores)
	slices.SortStableFunc(scores, func(x, y soc1.RiskRating) int { return cmp.Compare(order[x.Risk], order[y.Risk]) })
	ballot := riskBallot{Session: session, By: actor, Salt: hex.EncodeToString(salt), Scores: scores}
	if ps := soc1.CheckRisks(scores); len(ps) > 0 {
		return "", problemError(ps[0])
	}
	for _, r := range scores {
		for _, p := range []*soc1.Problem{soc1.TextProblem("remark", r.Remark), soc1.LengthProblem("remark", "The remark", r.Remark, true)} {
			if p != nil {
				return "", problemError(*p)
			}
		}
	}
	if err := a.writable(); err != nil {
		return "", err
	}
	ref, err := a.sealed.Put(ctx, OrganizationLedger, bytes.NewReader(ballot.bytes()))
	if err != nil {
		return "", err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return "", err
	}
	value := soc1.RiskScore{Session: session, By: actor, On: today, Scored: int64(len(scores)), Commitment: ref.String()}
	req := request{actor: actor, ledger: OrganizationLedger, may: identity.RiskScore, kind: "risk_score", owner: actor, action: "risk.score"}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		s, err := get[soc1.RiskSession](tx, "risk_session", session)
		if err != nil {
			return err
		}
		if err := scorable(s, actor, scores); err != nil {
			return err
		}
		return tx.Put("risk_score", riskScoreID(session, actor), "", value)
	})
	if err != nil {
		return "", err
	}
	return value.Commitment, nil
}

// scorable refuses scores of people who are not invited, after the reveal, and of
// risks that are not in question.
func scorable(s soc1.RiskSession, actor string, scores []soc1.RiskRating) error {
	switch {
	case !slices.Contains(s.Participants, actor):
		return &FieldError{"session", "You are not among the participants of the session. Ask its facilitator.", ""}
	case s.Phase != soc1.RiskBlind:
		return &FieldError{"session", fmt.Sprintf("Scores were revealed, or the session ended; it is %q. Nobody scores after having seen the others.", s.Phase.Label()), ""}
	}
	for _, r := range scores {
		if !s.Asks(r.Risk) {
			return &FieldError{"risk", fmt.Sprintf("Risk %q is not in question in the session.", r.Risk), ""}
		}
	}
	return nil
}

// unseal reads the sealed scores behind a commitment and checks them against it.
func (a *App) unseal(ctx context.Context, s soc1.RiskScore) (riskBallot, error) {
	var out riskBallot
	sum, err := hex.DecodeString(s.Commitment)
	if err != nil || len(sum) != 32 {
		return out, errors.New("the commitment is not a SHA-256")
	}
	r, err := a.sealed.Open(ctx, OrganizationLedger, [32]byte(sum))
	if err != nil {
		return out, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(b, &out); err != nil {
		return out, err
	}
	if out.commitment() != s.Commitment || out.Session != s.Session || out.By != s.By {
		return out, errors.New("what is sealed is not what was committed")
	}
	return out, nil
}

// OwnRiskScores are what the actor has scored in a session, for them alone: while the
// session is blind nobody else gets an answer from anywhere.
func (a *App) OwnRiskScores(ctx context.Context, actor, session string) ([]soc1.RiskRating, error) {
	if err := a.admit(ctx, actor, identity.RiskScore, identity.Resource{Ledger: OrganizationLedger, Kind: "risk_score", Owner: actor}); err != nil {
		return nil, err
	}
	v, err := a.View(ctx, actor, OrganizationLedger, record.AsOf{})
	if err != nil {
		return nil, err
	}
	x, err := record.One[soc1.RiskScore](ctx, v, "risk_score", riskScoreID(session, actor))
	switch {
	case errors.Is(err, record.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case x.Value.By != actor:
		return nil, nil
	case x.Value.RevealedOn != "":
		return x.Value.Scores, nil
	}
	b, err := a.unseal(ctx, x.Value)
	if err != nil {
		return nil, fmt.Errorf("your scores of %s are sealed and cannot be read (%w); score again", x.Value.On, err)
	}
	return b.Scores, nil
}

// RevealRiskScores opens the scores of all participants in one command and moves the
// session on: from then on nobody scores. It returns the participants whose sealed
// scores could not be read; that is recorded too.
func (a *App) RevealRiskScores(ctx context.Context, actor, session string) ([]string, error) {
	if err := a.admit(ctx, actor, identity.RiskLead, leads); err != nil {
		return nil, err
	}
	today, err := a.Today(ctx)
	if err != nil {
		return nil, err
	}
	var lost []string
	_, err = a.decide(ctx, a.leading(actor, "risk.reveal", "The scores are revealed."), func(tx *Tx) error {
		lost = nil
		s, err := get[soc1.RiskSession](tx, "risk_session", session)
		if err != nil {
			return err
		}
		if s.Phase != soc1.RiskBlind {
			return fmt.Errorf("the session is %q; scores are revealed once", s.Phase.Label())
		}
		n := 0
		for _, p := range s.Participants {
			id := riskScoreID(session, p)
			r, there, err := tx.Get("risk_score", id)
			if err != nil {
				return err
			}
			if !there || r.Redacted {
				continue
			}
			x, err := record.Decode[soc1.RiskScore](r)
			if err != nil {
				return err
			}
			n++
			x.RevealedOn = today
			if b, err := a.unseal(ctx, x); err == nil {
				x.Salt, x.Scores = b.Salt, b.Scores
			} else if ctx.Err() != nil {
				return ctx.Err()
			} else {
				x.Lost = "The sealed scores behind the commitment are gone or damaged."
				lost = append(lost, p)
			}
			if err := tx.Put("risk_score", id, "", x); err != nil {
				return err
			}
		}
		if n == 0 {
			return errors.New("nobody has scored yet, so there is nothing to reveal; wait for the first scores, or withdraw the session")
		}
		s.Phase, s.RevealedOn, s.RevealedBy = soc1.RiskTogether, today, actor
		return tx.Put("risk_session", session, "", s)
	})
	return lost, err
}
