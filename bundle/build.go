package bundle

import (
	"context"
	"fmt"

	"reperform/ledger"
	"reperform/record"
	"reperform/report"
	"reperform/soc1"
)

// reportInput fixes what a report is built from.
type reportInput struct {
	engagement, work, organization string
	workPoint                      ledger.Checkpoint
	known                          map[string]int64
	program                        string
	released                       bool
}

// BuildReport builds the report's model from the latest checkpoints of a log.
// The draft marks go only when the caller says released and the records bear
// it out: a release by the engagement partner of the opinion as it stands.
func BuildReport(ctx context.Context, log *ledger.Log, work, organization, engagement, program string, released bool) (*report.Model, error) {
	in := reportInput{engagement: engagement, work: work, organization: organization, known: map[string]int64{}, program: program, released: released}
	for _, name := range []string{organization, work} {
		note, err := log.Checkpoint(name)
		if err != nil {
			return nil, err
		}
		g, err := log.Genesis(name)
		if err != nil {
			return nil, err
		}
		if in.workPoint, err = ledger.ParseCheckpoint(note, g.Key); err != nil {
			return nil, fmt.Errorf("ledger %s: %w", name, err)
		}
		in.known[name] = in.workPoint.Size
	}
	return buildReport(ctx, log.Store(), in)
}

// buildReport builds the report's model from a store, a workspace's or a
// bundle's: the same code, so that the same records give the same bytes.
func buildReport(ctx context.Context, s ledger.Store, in reportInput) (*report.Model, error) {
	src := report.Source{Engagement: in.engagement, Checkpoint: in.workPoint, Program: in.program, Released: in.released,
		Organization: record.NewView(s, in.organization, record.AsOf{Known: in.known[in.organization]})}
	if in.work == in.organization {
		// Management's own draft is never a report.
		src.Released = false
		return report.Build(ctx, src)
	}
	if src.Released {
		var err error
		if src.Released, _, err = releasedBy(ctx, s, in.work, in.known[in.work], in.engagement); err != nil {
			return nil, err
		}
	}
	src.Examination = record.NewView(s, in.work, record.AsOf{Known: in.known[in.work]})
	exams, err := record.All[soc1.Examination](ctx, src.Examination, "examination")
	if err != nil {
		return nil, err
	}
	if len(exams) > 0 {
		if src.Anchor, err = ledger.PeekCheckpoint([]byte(exams[0].Value.OrganizationCheckpoint)); err != nil {
			return nil, fmt.Errorf("examination %s: %w", exams[0].ID, err)
		}
	}
	return report.Build(ctx, src)
}
