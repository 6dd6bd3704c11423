package app

import (
	"context"

	"reperform/overview"
	"reperform/record"
)

// Occurrences is the overview behind the evidence calendar: of an engagement, or of
// that in question where none is named, as of a point on the two clocks. It is refused
// to whoever does not read all of the organization's ledger, because its numbers would
// be wrong and not only fewer.
func (a *App) Occurrences(ctx context.Context, actor, engagement string, at record.AsOf) (*overview.Overview, error) {
	return a.riskScope(ctx, actor, engagement, at)
}
