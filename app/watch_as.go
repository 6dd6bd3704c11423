package app

import (
	"context"
	"maps"
)

// WatchAs is Watch for an actor who was told only of ledgers that may be read:
// one that may not is not told from its first entry, which would cost its whole
// length and show nothing.
func (a *App) WatchAs(ctx context.Context, actor string, from map[string]int64) *Watcher {
	if from == nil {
		return a.Watch(ctx, nil)
	}
	from = maps.Clone(from)
	for name, size := range a.sizes() {
		if _, told := from[name]; told {
			continue
		}
		if _, err := a.reader(ctx, actor, name); err != nil {
			from[name] = size
		}
	}
	return a.Watch(ctx, from)
}
