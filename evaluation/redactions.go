package evaluation

import (
	"context"
	"fmt"

	"reperform/record"
	"reperform/soc1"
)

// redactions reads what the organization redacted under the auditor's eyes. A
// law may demand it; the auditor must know all the same, because the report and
// the evaluation are without what stood there.
func (f *File) redactions(ctx context.Context, work, org *record.View) error {
	exams, err := record.All[soc1.Examination](ctx, work, "examination")
	if err != nil || len(exams) == 0 || exams[0].Value.OrganizationCheckpoint == "" {
		return err
	}
	days := f.window("", "")
	if f.Redactions, err = org.RedactedSince(ctx, exams[0].Value.OrganizationCheckpoint, days.From, days.To); err != nil {
		return fmt.Errorf("reading redactions of ledger %s: %w", org.Ledger(), err)
	}
	return nil
}

// redactionFlags flags each of them.
func (e *evaluation) redactionFlags() {
	for _, r := range e.Redactions {
		why := "without a reason that is shown"
		if r.Reason != "" {
			why = fmt.Sprintf("with the reason %q", r.Reason)
		}
		e.add("EVA-31", r.Ref(), nil, "Revision %d of %s %s was redacted on %s by %s, after the examination was opened, %s.", r.Revision, r.Kind, r.ID, r.Date(), r.By, why)
	}
}
