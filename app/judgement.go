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

// ExceptionDecision confirms or dismisses exceptions, singly or as a group with
// one cause.
type ExceptionDecision struct {
	Ledger string
	// IDs names exceptions; or Test, and optionally Attribute and Items,
	// choose them by what they have in common.
	IDs       []string
	Test      string
	Attribute string
	Items     []string
	Status    soc1.ExceptionStatus
	Reason    string
	// To dismiss, something must show that the control operated: EvidenceRefs
	// are records of it, Evidence describes it where there are none.
	Evidence     string
	EvidenceRefs []string
	Fact         string
	// Within refuses exceptions of any other test.
	Within string
	// OpenOnly refuses what somebody decided meanwhile.
	OpenOnly bool
	// On is the day of the decision; empty is today.
	On soc1.Date
}

// DecideExceptions records the decision and returns the ids it concerned.
func (a *App) DecideExceptions(ctx context.Context, actor string, d ExceptionDecision) ([]string, error) {
	if d.Status != soc1.Confirmed && d.Status != soc1.Dismissed {
		return nil, errors.New("an exception is confirmed or dismissed")
	}
	if len(d.IDs) == 0 && d.Test == "" {
		return nil, errors.New("name the exceptions, or the test whose exceptions are meant")
	}
	on, err := a.day(ctx, d.On)
	if err != nil {
		return nil, err
	}
	var done []string
	req := request{actor: actor, ledger: d.Ledger, may: identity.ExceptionDecide, kind: "exception", action: "exception." + string(d.Status), reason: d.Reason}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		done = done[:0]
		chosen, err := choose(tx, d)
		if err != nil {
			return err
		}
		for _, ref := range d.EvidenceRefs {
			if _, ok, err := tx.Get("evidence", ref); err != nil || !ok {
				return errors.Join(err, fmt.Errorf("there is no evidence %q in ledger %s; record the evidence before the decision that rests on it", ref, d.Ledger))
			}
		}
		for _, x := range chosen {
			v := x.Value
			switch {
			case d.Within != "" && v.Test != d.Within:
				return &FieldError{"x", fmt.Sprintf("Exception %s is of another test.", x.ID), ""}
			case d.OpenOnly && v.Status != soc1.Open:
				return &FieldError{"x", fmt.Sprintf("Exception %s was %s meanwhile. Look at it again.", x.ID, strings.ToLower(v.Status.Label())), ""}
			}
			v.Status, v.DecidedBy, v.DecidedOn, v.Reason, v.Evidence, v.EvidenceRefs = d.Status, actor, on, d.Reason, d.Evidence, d.EvidenceRefs
			if d.Fact != "" {
				v.Fact = d.Fact
			}
			if err := firstError(v.Unfounded()); err != nil {
				return fmt.Errorf("exception %s: %w", x.ID, err)
			}
			if err := tx.Put("exception", x.ID, "", v); err != nil {
				return err
			}
			done = append(done, x.ID)
		}
		return nil
	})
	return done, err
}

func choose(tx *Tx, d ExceptionDecision) ([]record.Typed[soc1.Exception], error) {
	all, err := list[soc1.Exception](tx, "exception")
	if err != nil {
		return nil, err
	}
	var out []record.Typed[soc1.Exception]
	for _, id := range d.IDs {
		i := slices.IndexFunc(all, func(x record.Typed[soc1.Exception]) bool { return x.ID == id })
		if i < 0 {
			return nil, fmt.Errorf("there is no exception %q in ledger %s", id, d.Ledger)
		}
		out = append(out, all[i])
	}
	if d.Test == "" {
		return out, nil
	}
	for _, x := range all {
		v := x.Value
		if v.Test != d.Test || v.Status != soc1.Open || d.Attribute != "" && v.Attribute != d.Attribute {
			continue
		}
		if len(d.Items) > 0 && !slices.ContainsFunc(v.ItemKeys, func(k string) bool { return slices.Contains(d.Items, k) }) {
			continue
		}
		out = append(out, x)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("test %s has no open exception like that", d.Test)
	}
	return out, nil
}

// RecordDeviation writes up confirmed exceptions of one cause. The number of
// items is counted, never entered.
func (a *App) RecordDeviation(ctx context.Context, actor, ledger, id string, d soc1.Deviation, reason string) error {
	req := request{actor: actor, ledger: ledger, may: identity.DeviationRecord, kind: "deviation", action: "deviation.record", reason: reason}
	_, err := a.decide(ctx, req, func(tx *Tx) error {
		items := map[string]bool{}
		grouped := int64(0)
		for _, xid := range d.Exceptions {
			x, err := get[soc1.Exception](tx, "exception", xid)
			if err != nil {
				return err
			}
			switch {
			case x.Test != d.Test:
				return fmt.Errorf("exception %s is of test %s, the deviation of test %s", xid, x.Test, d.Test)
			case x.Status != soc1.Confirmed:
				return fmt.Errorf("exception %s is %s; only a confirmed exception is a deviation", xid, strings.ToLower(x.Status.Label()))
			}
			for _, k := range x.ItemKeys {
				items[k] = true
			}
			grouped += x.Group.Count
		}
		d.ItemCount = int64(len(items)) + grouped
		test, err := get[soc1.TestOfControl](tx, "test_of_control", d.Test)
		if err != nil {
			return err
		}
		d.Control = test.Control
		return tx.Put("deviation", id, "", d)
	})
	return err
}

// judged are the kinds that a conclusion and a release rest on.
var judged = []string{"test_of_control", "attribute", "population", "sample", "test_run", "result", "exception", "deviation"}

// Conclude records what a person concluded about a control or an objective.
// Nothing is pre-filled; while something stands in the way it is refused.
func (a *App) Conclude(ctx context.Context, actor, ledger, id string, c soc1.Conclusion) error {
	on, err := a.day(ctx, c.On)
	if err != nil {
		return err
	}
	c.By, c.On = actor, on
	req := request{actor: actor, ledger: ledger, may: identity.Conclude, kind: "conclusion", action: "conclude", reason: c.Reasons}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		kind := "control"
		if c.Subject == soc1.OnObjective {
			kind = "control_objective"
		}
		if _, ok, err := tx.foreign(OrganizationLedger, kind, c.SubjectID); err != nil {
			return err
		} else if !ok {
			return fmt.Errorf("there is no %s %q to conclude on", kind, c.SubjectID)
		}
		// What the conclusion rests on may not change before it is recorded.
		for _, k := range judged {
			tx.guard(k, "")
		}
		if err := a.unblocked(tx, c); err != nil {
			return err
		}
		return tx.Put("conclusion", id, "", c)
	})
	return err
}

// Opine records the partner's opinion.
func (a *App) Opine(ctx context.Context, actor, ledger, id string, o soc1.Opinion) error {
	on, err := a.day(ctx, o.On)
	if err != nil {
		return err
	}
	o.By, o.On = actor, on
	req := request{actor: actor, ledger: ledger, may: identity.Opine, kind: "opinion", action: "opine", reason: "The engagement partner's opinion."}
	_, err = a.decide(ctx, req, func(tx *Tx) error {
		tx.guard("conclusion", "")
		return tx.Put("opinion", id, "", o)
	})
	return err
}

func (a *App) day(ctx context.Context, on soc1.Date) (soc1.Date, error) {
	if on != "" {
		return on, nil
	}
	return a.Today(ctx)
}
